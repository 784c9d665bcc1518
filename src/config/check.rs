//! Spec → settings: whether values make sense, alone and together.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::ops::{Range, RangeInclusive};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use toml::Spanned;

use super::lint;
use super::problems::Problems;
use super::spec::{self, Key, Spec};
use super::{Config, canary, owners, repository, serials, webhook};
use crate::dns::{Name, NameError};
use crate::server::{Engine, LARGEST_UDP, Policy, TcpSettings};
use crate::zonefile::Limits;

/// The most octets of a character-string (RFC 1035 §3.3), which is how the server tells its version and id.
const MAX_STRING: usize = 255;

/// Replaces in `config`, which holds defaults, what `spec` gives; what makes no sense goes to `problems`.
pub(super) fn apply(spec: Spec, config: &mut Config, problems: &mut Problems<'_>) {
    let spec::Server { listen, threads, engine, udp_payload, version, id, nsid, control, state } = spec.server;
    replace(&mut config.server.listen, listeners(listen, problems));
    replace(&mut config.server.transport.threads, threads.checked(problems, |&count| (count <= 1024).then_some(count)));
    replace(&mut config.server.transport.engine, engine.checked(problems, |name| Engine::named(name)));
    connections(spec.tcp, &mut config.server.transport.tcp, problems);
    config.server.control = path_or_default(control, &config.base, problems);
    config.server.state = path_or_default(state, &config.base, problems);

    let policy: &mut Policy = &mut config.policy;
    let payload = |&octets: &u16| (512..=LARGEST_UDP).contains(&octets).then_some(octets);
    replace(&mut policy.udp_payload, udp_payload.checked(problems, payload));
    policy.version = version.checked(problems, short_text).filter(|text| !text.is_empty());
    policy.id = id.checked(problems, short_text).filter(|text| !text.is_empty());
    policy.nsid = nsid.checked(problems, |text| text_or_hex(text)).filter(|octets| !octets.is_empty());
    replace(&mut policy.allow_query, networks(spec.access.query, problems));

    let source = spec.source;
    let poll = |text: &String| duration_within(text, Duration::from_millis(100)..=Duration::from_secs(86_400));
    replace(&mut config.source.poll, source.poll.clone().checked(problems, poll));
    let path = |path: &String| (!path.is_empty()).then(|| config.base.join(path));
    let directory = source.directory.clone().checked(problems, path);
    replace(&mut config.source.directory, directory);
    let serial = [source.serial.clone(), source.serial_style.clone()];
    config.source.repository = repository::read(source, &config.base, problems);
    config.lint.serials = serials::read(serial, spec.source_zones, problems);
    config.source.zones = zones(spec.zones, problems);
    config.canary = canary::read(spec.canary, problems);
    config.webhook = webhook::read(spec.webhook, &config.base, problems);

    let spec::Limits {
        file_octets,
        entry_octets,
        findings,
        include_depth,
        includes,
        generated_octets,
        lost_names_percent,
    } = spec.limits;
    let limits: &mut Limits = &mut config.limits;
    replace(&mut limits.file_octets, file_octets.checked(problems, |&octets| (octets >= 1).then_some(octets)));
    replace(&mut limits.entry_octets, entry_octets.checked(problems, |&octets| (octets >= 512).then_some(octets)));
    let count = |&count: &u32| (1..=1_000_000).contains(&count).then_some(count as usize);
    replace(&mut limits.findings, findings.checked(problems, count));
    let depth = |&depth: &u16| (depth <= 64).then_some(usize::from(depth));
    replace(&mut limits.include_depth, include_depth.checked(problems, depth));
    let count = |&count: &u32| (count <= 1_000_000).then_some(count as usize);
    replace(&mut limits.includes, includes.checked(problems, count));
    replace(&mut limits.generated_octets, generated_octets.checked(problems, |&octets| Some(octets)));
    let percent = |&percent: &u8| (percent <= 100).then_some(percent);
    replace(&mut config.lost_names_percent, lost_names_percent.checked(problems, percent));
    config.lint.severities.everywhere = lint::levels(spec.levels, lint::KEYS, problems);
    config.lint.severities.zones = lint::zone_levels(spec.zone_levels, problems);
    lint::apply(spec.lint, config, problems);
    config.lint.owners = owners::read(spec.owners, problems);
}

fn connections(spec: spec::Tcp, tcp: &mut TcpSettings, problems: &mut Problems<'_>) {
    let spec::Tcp { connections, connections_per_client, first_query, idle, slow } = spec;
    let count = |&count: &u32| (count <= 1_000_000).then_some(count as usize);
    replace(&mut tcp.connections, connections.checked(problems, count));
    replace(&mut tcp.connections_per_client, connections_per_client.checked(problems, count));
    let span = |text: &String| duration_within(text, Duration::from_millis(100)..=Duration::from_secs(3_600));
    replace(&mut tcp.first_query, first_query.checked(problems, span));
    replace(&mut tcp.idle, idle.checked(problems, span));
    replace(&mut tcp.slow, slow.checked(problems, span));
}

/// A path below the config's place; none, which is a default place, for `""`.
pub(super) fn path_or_default(key: Key<String>, base: &Path, problems: &mut Problems<'_>) -> Option<PathBuf> {
    let path = key.checked(problems, |path| Some(path.clone())).filter(|path| !path.is_empty());
    path.map(|path| base.join(path))
}

pub(super) fn replace<T>(setting: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *setting = given;
    }
}

fn listeners(key: Key<Vec<Spanned<String>>>, problems: &mut Problems<'_>) -> Option<Vec<SocketAddr>> {
    let texts = key.checked(problems, |texts| (!texts.is_empty()).then(|| texts.clone()))?;
    let mut seen: Vec<(SocketAddr, &Spanned<String>)> = Vec::new();
    for text in &texts {
        let Ok(address) = text.get_ref().parse::<SocketAddr>() else {
            problems.push(bad_listener(text, problems));
            continue;
        };
        // Port 0 asks the system for a port of its own each time.
        match seen.iter().find(|(known, _)| *known == address && address.port() != 0) {
            Some((_, first)) => problems.push(
                problems
                    .finding(text.span(), format!("`{address}` is listened on twice"))
                    .also(problems.span(first.span()), "first here")
                    .why("an address and port can be bound once")
                    .fix("delete one of the two"),
            ),
            None => seen.push((address, text)),
        }
    }
    Some(seen.into_iter().map(|(address, _)| address).collect())
}

fn bad_listener(text: &Spanned<String>, problems: &Problems<'_>) -> crate::diagnostic::Diagnostic {
    let written = text.get_ref();
    let finding = problems.finding(text.span(), format!("expected an address and a port, found `{written}`"));
    match written.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => {
            finding.label("the port is missing").fix(format!("write `\"{}\"`", SocketAddr::new(address, 53)))
        }
        Err(_) => finding.label("names are not looked up").fix("write it like `\"127.0.0.1:53\"` or `\"[::1]:53\"`"),
    }
}

fn networks(key: Key<Vec<Spanned<String>>>, problems: &mut Problems<'_>) -> Option<Vec<IpNet>> {
    let texts = key.checked(problems, |texts| Some(texts.clone()))?;
    let mut networks = Vec::with_capacity(texts.len());
    for text in &texts {
        let written = text.get_ref();
        // An address alone is the network of that one host.
        let network = written.parse::<IpNet>().or_else(|_| written.parse::<IpAddr>().map(IpNet::from));
        match network {
            Ok(network) if network.trunc() == network => networks.push(network),
            Ok(network) => problems.push(
                problems
                    .finding(text.span(), format!("`{written}` is an address inside a network, not a network"))
                    .why(format!(
                        "bits after the first {} are set, so one of the two numbers is a slip",
                        network.prefix_len()
                    ))
                    .fix(format!(
                        "write `\"{}\"` for the network, or `\"{}\"` for the host",
                        network.trunc(),
                        network.addr()
                    )),
            ),
            Err(_) => {
                problems.push(problems.finding(text.span(), format!("expected a network, found `{written}`")).fix(
                    "write an address and the length of its prefix, like `\"192.0.2.0/24\"` or `\"2001:db8::/32\"`",
                ))
            }
        }
    }
    Some(networks)
}

/// How long a text is once the id of a commit, 64 digits at most, stands where it says `{commit}`.
fn told_octets(text: &str) -> usize {
    text.len() + text.matches("{commit}").count() * (64 - "{commit}".len())
}

#[expect(clippy::ptr_arg, reason = "it checks a key whose type is String")]
fn short_text(text: &String) -> Option<String> {
    (told_octets(text) <= MAX_STRING).then(|| text.clone())
}

fn text_or_hex(text: &str) -> Option<Vec<u8>> {
    let octets = match text.strip_prefix("hex:") {
        Some(digits) => data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok()?,
        None if told_octets(text) <= MAX_STRING => text.as_bytes().to_vec(),
        None => return None,
    };
    (octets.len() <= MAX_STRING).then_some(octets)
}

/// A duration that is neither too short nor too long.
pub(super) fn duration_within(text: &str, range: RangeInclusive<Duration>) -> Option<Duration> {
    duration(text).filter(|duration| range.contains(duration))
}

/// A whole number and its unit, such as `5s`.
fn duration(text: &str) -> Option<Duration> {
    let unit_at = text.find(|char: char| !char.is_ascii_digit())?;
    let (number, unit) = text.split_at(unit_at);
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(milliseconds).map(Duration::from_millis)
}

fn zones(tables: Vec<Spanned<spec::Zone>>, problems: &mut Problems<'_>) -> Vec<(Name, PathBuf)> {
    let mut zones: Vec<(Name, PathBuf)> = Vec::new();
    // Where each was named first; names differ in case only where they are one zone's.
    let mut places: HashMap<Name, Range<usize>> = HashMap::new();
    for table in tables {
        let header = table.span();
        let spec::Zone { name, file } = table.into_inner();
        let place = name.given.as_ref().map_or(header, Spanned::span);
        let Some(text) = name.given else {
            if name.is_present {
                continue;
            }
            problems.push(problems.finding(place, "a zone has no name").fix("add `name = \"example.org\"`"));
            continue;
        };
        let Some(name) = zone_name(&text, problems) else { continue };
        let key = name.as_ref().to_lower();
        if let Some(first) = places.get(&key) {
            let first = problems.span(first.clone());
            let twice = problems.finding(place, format!("the zone `{name}` is there twice")).also(first, "first here");
            problems.push(twice.why("a zone is served from one file").fix("delete one of the two sections"));
            continue;
        }
        let file = file.checked(problems, |path| plain_path(path)).unwrap_or_else(|| default_file(&name));
        zones.push((name, file));
        places.insert(key, place);
    }
    zones
}

/// What the section of each zone says; a name that is none, or that another spelling of it had before, goes to `problems`.
pub(super) fn by_zone<T>(sections: Vec<(Spanned<String>, T)>, problems: &mut Problems<'_>) -> Vec<(Name, T)> {
    let (mut zones, mut seen) = (Vec::new(), HashSet::new());
    for (text, said) in sections {
        let Some(name) = zone_name(&text, problems) else { continue };
        if seen.insert(name.as_ref().to_lower()) {
            zones.push((name, said));
        } else {
            let finding = problems.finding(text.span(), format!("the zone `{name}` is there twice"));
            problems.push(finding.fix("put all that is said of it into one section"));
        }
    }
    zones
}

fn zone_name(text: &Spanned<String>, problems: &mut Problems<'_>) -> Option<Name> {
    let unnamed = |error: NameError| {
        let finding = problems.finding(text.span(), format!("`{}` is no zone's name", text.get_ref()));
        problems.push(finding.label(error.to_string()));
    };
    Name::absolute(text.get_ref()).map_err(unnamed).ok()
}

/// A path that goes down only.
pub(super) fn plain_path(path: &str) -> Option<PathBuf> {
    let path = Path::new(path);
    let is_plain = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    let path: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
    (is_plain && path.file_name().is_some()).then_some(path)
}

/// The file that a zone is read from unless the config names one: its name and `.zone`, `root.zone` for the root.
fn default_file(zone: &Name) -> PathBuf {
    let name = zone.to_string();
    let stem = if zone.as_ref().is_root() { "root" } else { name.trim_end_matches('.') };
    PathBuf::from(format!("{stem}.zone"))
}
