//! The config: its file, its faults, and where it is looked for.

#![expect(clippy::disallowed_methods, reason = "tests make the files that the config is found in")]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zonewright::config::{self, Config, Overrides, SECTIONS};
use zonewright::diagnostic::Severity;
use zonewright::diagnostic::render::{Format, render};
use zonewright::lint::{Level, Settings};
use zonewright::source::{Source, Sources};

const COMMITTED: &str = include_str!("../../config/zonewright.toml");

fn parse(text: impl Into<Vec<u8>>) -> Result<Config, String> {
    let mut sources = Sources::default();
    let file = sources.add(Source::new("zonewright.toml", text.into()));
    Config::parse(&sources, file, Path::new("/base")).map_err(|findings| {
        let mut text = String::new();
        for finding in findings {
            render(Format::Full, &finding, &sources, false, &mut text);
            text.push('\n');
        }
        text
    })
}

#[test]
fn the_committed_file_holds_the_defaults() {
    let mut committed = parse(COMMITTED).unwrap();
    // What rules go by is written for the zones beside the file.
    let lint = std::mem::take(&mut committed.lint);
    let Settings { lowest_ttl, highest_ttl, alias_steps, mass_change_percent, .. } = Settings::default();
    assert_eq!((lint.lowest_ttl, lint.highest_ttl), (lowest_ttl, highest_ttl));
    assert_eq!((lint.alias_steps, lint.mass_change_percent), (alias_steps, mass_change_percent));
    let severities = vec![("dmarc-missing", Level::On(Severity::Warning)), ("documentation-address", Level::Off)];
    assert_eq!((lint.mirrors, lint.severities.everywhere), (None, severities));
    assert_eq!(format!("{committed:#?}"), format!("{:#?}", Config::defaults(Path::new("/base"))));
    assert_eq!(format!("{:#?}", parse("").unwrap()), format!("{committed:#?}"));
}

#[test]
fn the_committed_file_holds_every_key_with_a_comment_above() {
    for (section, keys) in SECTIONS {
        // No zone and no owner is configured by default, so those sections stand in a comment.
        let is_list = ["owners", "source.zone", "zone"].contains(section);
        let header = match *section {
            "source.zone" => "# [source.zone.\"almalinux.org\"]".to_owned(),
            _ if is_list => format!("# [[{section}]]"),
            _ => format!("[{section}]"),
        };
        let mut lines = COMMITTED.lines().skip_while(|line| *line != header).skip(1);
        let body: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with('[')).collect();
        for key in *keys {
            // What has no default stands in a comment too.
            let is_it = |line: &&str| line.strip_prefix("# ").unwrap_or(line).starts_with(&format!("{key} = "));
            let place = body.iter().position(is_it).unwrap_or_else(|| panic!("`{key}` is not below `{header}`"));
            assert!(is_list || body[place - 1].starts_with('#'), "`{key}` has no comment");
        }
    }
}

#[test]
fn every_setting_of_a_repository_is_read() {
    let text = r#"
        [source]
        repository = "ssh://git@example.org/dns.git"
        branch = "live/zones"
        path = ""
        every = "never"
        fetch_deadline = "5s"
        fetch_octets = 2_000_000
        allow_rewind = true
        allowed_signers = "keys/ssh"
        allowed_keys = "/keys/pgp"
        "#;
    insta::assert_debug_snapshot!("repository_settings", parse(text).unwrap().source.repository);
}

#[test]
fn where_a_repository_is_tells_how_it_is_read() {
    use zonewright::config::Location;
    let rows = [
        ("dns.git", Some(Location::Local("/base/dns.git".into()))),
        ("/srv/dns.git", Some(Location::Local("/srv/dns.git".into()))),
        ("https://example.org/dns.git", Some(Location::Remote("https://example.org/dns.git".into()))),
        ("git@example.org:dns.git", Some(Location::Remote("git@example.org:dns.git".into()))),
        ("file:///srv/dns.git", Some(Location::Remote("file:///srv/dns.git".into()))),
        ("ssh://git@example.org/dns.git", Some(Location::Remote("ssh://git@example.org/dns.git".into()))),
        ("https://ada:secret@example.org/dns.git", None),
        ("http://example.org/dns.git", None),
        ("git://example.org/dns.git", None),
        ("ext::sh -c true", None),
        ("--upload-pack=true", None),
        ("", None),
    ];
    for (text, location) in rows {
        let parsed = parse(&*format!("[source]\nrepository = \"{text}\"\n"));
        assert_eq!(
            parsed.ok().and_then(|config| config.source.repository).map(|found| found.location),
            location,
            "{text}"
        );
    }
    for branch in ["", "-x", "a..b", "a b", "a/", "a.lock", "@", "a@{1}", ".a"] {
        let text = format!("[source]\nrepository = \"dns.git\"\nbranch = \"{branch}\"\n");
        assert!(parse(&*text).is_err(), "a branch `{branch}`");
    }
    assert!(parse("[source]\nbranch = \"main\"\n").is_err(), "a branch of no repository");
    assert!(parse("[source]\ndirectory = \"zones\"\nrepository = \"dns.git\"\n").is_err(), "two sources");
}

#[test]
fn every_setting_is_read() {
    let config = parse(
        r#"
        [server]
        listen = ["192.0.2.1:53", "[2001:db8::1]:53"]
        threads = 4
        engine = "hickory"
        udp_payload = 4096
        version = "zonewright"
        id = "ams1"
        nsid = "hex:00FF"
        control = "run/control"
        state = "run/state"
        [tcp]
        connections = 400
        connections_per_client = 40
        first_query = "1s"
        idle = "2s"
        slow = "300ms"
        [source]
        directory = "dns/zones"
        poll = "200ms"
        [access]
        query = ["192.0.2.0/24", "2001:db8::1"]
        [limits]
        file_octets = 1_000
        entry_octets = 600
        findings = 3
        include_depth = 2
        includes = 7
        generated_octets = 8
        lost_names_percent = 100
        [lint]
        dnskey-missing = "off"
        nsec3-iterated = "error"
        ttl-mismatch = "note"
        organisation = ["example.org"]
        host_exceptions = ["A_*.Example.org."]
        served_elsewhere = ["dyn.example.org"]
        mirrors = "dns/mirrors.d"
        lowest_ttl = 1
        highest_ttl = 2
        alias_steps = 3
        mass_change_percent = 4
        critical_names = ["www.example.org."]
        [lint.zone."example.net"]
        dnskey-missing = "warning"
        [[owners]]
        subtree = "Mail.example.org."
        types = ["mx", "TYPE65534"]
        people = ["@ada"]
        teams = ["mail"]
        [[owners]]
        subtree = "."
        teams = ["dns"]
        [[zone]]
        name = "Example.ORG."
        [[zone]]
        name = "."
        [[zone]]
        name = "example.net"
        file = "./net/example"
        "#,
    )
    .unwrap();
    insta::assert_debug_snapshot!("every_setting", config);
}

/// All faults of a file are shown in one run, each with its line, column and what to type.
#[test]
fn faults_are_shown_together() {
    let table = [
        (
            "unknown_keys",
            "lissten = 1\npoll = \"5s\"\n[server]\nlisten_on = []\nudp-payload = 5\nthread = 1\nxyzzy = 0\n[acess]\n[[zone]]\n\
             name = \"a\"\nfiel = \"b\"\n",
        ),
        (
            "wrong_types",
            "access = 3\n[server]\nlisten = \"127.0.0.1:53\"\nthreads = \"four\"\nversion = 1.5\nudp_payload = 70000\n\
             [source]\npoll = 5\ndirectory = [\"a\"]\n[zone]\nname = \"a\"\n",
        ),
        (
            "bad_values",
            "[server]\nlisten = [\"127.0.0.1\", \"::1\", \"localhost:53\", \"127.0.0.1:53\", \"127.0.0.1:053\"]\nthreads = 5000\n\
             udp_payload = 511\nnsid = \"hex:abc\"\nengine = \"steam\"\n[tcp]\nconnections = 1000001\nidle = \"99ms\"\nslow = \"2h\"\n[source]\ndirectory = \"\"\npoll = \"5 s\"\n[access]\n\
             query = [\"192.0.2.1/24\", \"any\", \"::/0\"]\n[limits]\nfile_octets = 0\nentry_octets = 100\nfindings = 0\n\
             include_depth = 65\nincludes = -1\ngenerated_octets = 1.5\nlost_names_percent = 101\n",
        ),
        (
            "bad_lint",
            "[lint]\nnsec3-iterrated = \"note\"\norganization = []\nnsec3-iterated = \"loud\"\nrrsig-expired = 5\n\
             bad-name = \"off\"\ncritical_names = [\"a..b\"]\nlowest_ttl = 2147483648\nhighest_ttl = -1\nalias_steps = 17\n\
             mass_change_percent = 101\nhost_exceptions = \"x\"\nmirrors = 1\nserved_elsewhere = [1]\n\
             [lint.zone.\"a..b\"]\n[lint.zone.a]\nduplicate-record = \"off\"\nlowest_ttl = 1\n[lint.zone.\"A.\"]\n",
        ),
        ("lint_zone_is_no_section", "[lint]\nzone = 5\n"),
        ("empty_listen", "server.listen = []\n"),
        (
            "bad_zones",
            "[[zone]]\nname = \"example.org\"\n[[zone]]\nname = \"EXAMPLE.org.\"\n[[zone]]\nfile = \"a\"\n[[zone]]\n\
             name = \"a..b\"\n[[zone]]\nname = \"up\"\nfile = \"../up.zone\"\n[[zone]]\nname = \"abs\"\nfile = \"/etc/passwd\"\n\
             [[zone]]\nname = \"none\"\nfile = \"\"\n[[zone]]\nname = 5\n",
        ),
        (
            "bad_owners",
            "[[owners]]\nsubtree = \"a\"\n[[owners]]\nsubtree = \"a..b\"\npeople = [\"ada\"]\n[[owners]]\nteams = [\"x\"]\n\
             [[owners]]\nsubtree = \"b\"\npeople = []\nteams = []\n[[owners]]\nsubtree = \"c\"\ntypes = [\"MXX\", \"ANY\", \"xyzzy\"]\n\
             people = [\"@\"]\n[[owners]]\nsubtree = \"d\"\ntypes = []\npeople = [\"ada\"]\n[[owners]]\nsubtree = \"e\"\n\
             types = [\"A\", \"MX\"]\nteams = [\"x\"]\n[[owners]]\nsubtree = \"E.\"\ntypes = [\"TXT\", \"mx\", \"TXT\"]\n\
             teams = [\"y\"]\n[[owners]]\nsubtree = \"f\"\nteams = [\"x\"]\n[[owners]]\nsubtree = \"f\"\nteam = [\"y\"]\n\
             peeple = [\"z\"]\nteams = [\"w\"]\n[[owners]]\nsubtree = 5\npeople = \"ada\"\n",
        ),
        ("owners_is_no_list", "[owners]\nsubtree = \"a\"\n"),
        ("bad_syntax", "[server\nthreads = 1\nthreads = 2\nid = \"no end\n[limits]\nfindings = 1_\n"),
        ("duplicate_key", "[server]\nthreads = 1\n[source]\n[server]\nthreads = 2\n"),
    ];
    for (name, text) in table {
        insta::assert_snapshot!(format!("config_{name}"), parse(text).expect_err(name));
    }
    insta::assert_snapshot!("config_not_utf8", parse(b"# fa\xe7ade\n".as_slice()).expect_err("not UTF-8"));
}

#[test]
fn durations_have_a_unit_and_bounds() {
    let table = [
        ("100ms", Some(100)),
        ("99ms", None),
        ("5s", Some(5_000)),
        ("2m", Some(120_000)),
        ("1h", Some(3_600_000)),
        ("1d", Some(86_400_000)),
        ("25h", None),
        ("5", None),
        ("s", None),
        ("", None),
        ("-5s", None),
        ("1.5s", None),
        ("99999999999999999999d", None),
        ("18446744073709551615d", None),
    ];
    for (text, milliseconds) in table {
        let poll = parse(format!("[source]\npoll = \"{text}\"\n")).ok().map(|config| config.source.poll);
        assert_eq!(poll, milliseconds.map(Duration::from_millis), "{text}");
    }
}

#[test]
fn the_nearest_directory_with_a_config_is_the_base() {
    let tree = tempfile::tempdir().unwrap();
    let (outer, inner) = (tree.path().join("outer"), tree.path().join("outer/inner/deep"));
    std::fs::create_dir_all(outer.join("config")).unwrap();
    std::fs::create_dir_all(&inner).unwrap();
    let outer_file = outer.join("config/zonewright.toml");
    std::fs::write(&outer_file, "[source]\ndirectory = \"z\"\n").unwrap();
    assert_eq!(config::find(&inner), Some(outer_file.clone()));
    assert_eq!(Config::load(Some(&outer_file), &Overrides::default()).unwrap().source.directory, outer.join("z"));

    let inner_file = inner.join("zonewright.toml");
    std::fs::write(&inner_file, "").unwrap();
    assert_eq!(config::find(&inner), Some(inner_file.clone()));
    assert_eq!(config::find(&outer.join("config")), Some(outer_file));
    let loaded = Config::load(Some(&inner_file), &Overrides::default()).unwrap();
    assert_eq!((loaded.base, loaded.path), (inner, Some(inner_file)));
}

#[test]
fn the_command_line_wins() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("zonewright.toml");
    std::fs::write(&file, "[server]\nthreads = 2\n[[zone]]\nname = \"example.org\"\n").unwrap();
    let listen: Vec<SocketAddr> = vec!["127.0.0.1:0".parse().unwrap()];
    let overrides = Overrides { zones: Some(PathBuf::from("/elsewhere")), listen: listen.clone(), threads: Some(3) };
    let config = Config::load(Some(&file), &overrides).unwrap();
    assert_eq!((config.server.listen, config.server.transport.threads), (listen, 3));
    assert_eq!((config.source.directory, config.source.zones), (PathBuf::from("/elsewhere"), vec![]));
}

#[test]
fn a_config_that_cannot_be_read_is_named() {
    let error = Config::load(Some(Path::new("/nonexistent/zonewright.toml")), &Overrides::default()).unwrap_err();
    assert_eq!(error.to_string(), "reading the config /nonexistent/zonewright.toml");
}
