//! What tests share: where data is, how to skip aloud, zones from text, queries and what comes back.

#![expect(clippy::disallowed_methods, reason = "tests are told by the environment what they may skip")]

pub(crate) mod client;
pub(crate) mod command;
pub(crate) mod disk;
pub(crate) mod fixture;
pub(crate) mod git;
pub(crate) mod history;
pub(crate) mod message;
pub(crate) mod running;
pub(crate) mod server;

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use zonewright::authority::{Authority, Catalog, HashKey};
use zonewright::control::{Root, load};
use zonewright::diagnostic::Diagnostic;
use zonewright::dns::Name;
use zonewright::lint::Settings;
use zonewright::review::{Reviewed, Snapshot};
use zonewright::server::{Policy, Served};
use zonewright::source::{Source, Sources};
use zonewright::zone::{self, Zone};
use zonewright::zonefile::{self, IncludeRefusal, Limits};

/// A fixed key: tests are repeatable.
pub(crate) const KEY: HashKey = HashKey(*b"zonewright tests");

/// Says on standard error itself, past the harness that swallows prints, that a test is skipped for want of `what` (one of
/// `peers`, `shared`); fails instead where `ZONEWRIGHT_REQUIRE` lists it.
pub(crate) fn skip(what: &str, why: &str) {
    let required = std::env::var("ZONEWRIGHT_REQUIRE").unwrap_or_default();
    assert!(!required.split(',').any(|one| one == what), "{why}, and ZONEWRIGHT_REQUIRE lists `{what}`");
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    writeln!(std::io::stderr(), "SKIPPED {test}: {why}").expect("standard error is open");
}

/// The folder of data that is not part of the repository: `$ZONEWRIGHT_SHARED`, or `shared` beside the checkout.
pub(crate) fn shared(part: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).parent().map(|parent| parent.join("shared"));
    let folder = std::env::var_os("ZONEWRIGHT_SHARED").map(PathBuf::from).or_else(beside)?.join(part);
    if folder.exists() {
        return Some(folder);
    }
    skip("shared", &format!("{} is not there", folder.display()));
    None
}

/// A zone's text parsed and built, its includes refused.
pub(crate) fn build(apex: &str, text: impl AsRef<[u8]>) -> (Option<Zone>, Vec<Diagnostic>, Sources) {
    build_with(apex, text, &mut |_, _| Err(refusal()))
}

/// The same with an answer to includes.
pub(crate) fn build_with(
    apex: &str,
    text: impl AsRef<[u8]>,
    include: &mut zonefile::Include<'_>,
) -> (Option<Zone>, Vec<Diagnostic>, Sources) {
    let apex = Name::absolute(apex).expect("the apex is a name");
    let mut sources = Sources::default();
    let root = sources.add(Source::new("zone", text.as_ref()));
    let parsed = zonefile::parse(&mut sources, root, &apex, &Limits::default(), include);
    let built = zone::build(&apex, root, parsed, &sources);
    (built.zone, built.findings, sources)
}

pub(crate) fn refusal() -> IncludeRefusal {
    IncludeRefusal { unreadable: true, headline: "no includes here".into(), why: String::new(), fix: String::new() }
}

/// A zone that must be right.
pub(crate) fn authority(apex: &str, text: impl AsRef<[u8]>) -> Arc<Authority> {
    let (zone, findings, _) = build(apex, text);
    let zone = zone.unwrap_or_else(|| panic!("{apex} cannot be served: {:?}", headlines(&findings)));
    Arc::new(Authority::compile(&zone, KEY))
}

/// What is served from zones given as apex and text.
pub(crate) fn served<'t>(zones: impl IntoIterator<Item = (&'t str, &'t str)>) -> Served {
    let zones = zones
        .into_iter()
        .map(|(apex, text)| (Name::absolute(apex).expect("the apex is a name"), Some(authority(apex, text))));
    Served::new(Catalog::new(KEY, zones), Policy::default())
}

/// A tree of zones given as apex and text, those that are wrong included.
pub(crate) fn snapshot(zones: &[(&str, impl AsRef<[u8]>)], policy: Policy) -> Snapshot {
    let reviewed = |(apex, text): &(&str, _)| {
        let (zone, _, sources) = build(apex, text);
        Reviewed { name: Name::absolute(apex).expect("the apex is a name"), zone, sources }
    };
    Snapshot::new(zones.iter().map(reviewed).collect(), policy, KEY)
}

/// Each finding as code, line, column and headline.
pub(crate) fn headlines(findings: &[Diagnostic]) -> Vec<String> {
    findings.iter().map(|finding| format!("{}: {}", finding.code.name, finding.headline)).collect()
}

/// The zone directory of the repository.
pub(crate) fn zone_directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("zones")
}

/// The repository's own zones, read from disk as the server reads them.
pub(crate) fn repository_zones() -> Vec<(Name, Zone)> {
    let root = Root::open(&zone_directory()).expect("the zone directory");
    let listing = load::zone_files(&root, &[]).expect("its zones");
    let read = |listed: &load::ZoneFile| {
        load::load_listed(&root, listed, &load::Terms::now(&Limits::default(), &Settings::default()))
    };
    let zone = |loaded: load::Loaded| {
        let zone = loaded.zone.unwrap_or_else(|| panic!("{}: {:?}", loaded.name, headlines(&loaded.findings)));
        (loaded.name, zone)
    };
    listing.zones.iter().map(read).map(zone).collect()
}

/// What is served from zones that are built.
pub(crate) fn serve_all(zones: &[(Name, Zone)]) -> Served {
    let compile = |(name, zone): &(Name, Zone)| (name.clone(), Some(Arc::new(Authority::compile(zone, KEY))));
    Served::new(Catalog::new(KEY, zones.iter().map(compile)), Policy::default())
}
