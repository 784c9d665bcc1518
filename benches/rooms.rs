//! What each room costs on seeded zones of growing size: parse, build, compile, and `respond` by outcome.
//!
//! `cargo bench` prints the table. Figures of one machine compare with each other, not with another machine's.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use divan::{Bencher, black_box, counter::BytesCount, counter::ItemsCount};
use zonewright::authority::{Authority, BATCH, Catalog, HashKey};
use zonewright::dns::{Name, Rtype};
use zonewright::server::{Policy, Served, Transport, ask, respond, warm};
use zonewright::source::{Source, Sources};
use zonewright::zone::{self, Zone};
use zonewright::zonefile::{self, Include, Limits, Parsed};

const KEY: HashKey = HashKey(*b"a key for bench!");
const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

fn main() {
    divan::main();
}

/// A number that looks random and is the same in every run (Knuth's multiplicative hash).
fn scatter(index: usize) -> u32 {
    (index as u32).wrapping_mul(2_654_435_761)
}

fn text(names: usize) -> String {
    let mut text = String::from(
        "$ORIGIN bench.test.\n$TTL 3600\n@ SOA ns1 host 1 7200 1800 1209600 300\n@ NS ns1\nns1 A 192.0.2.1\n*.wild A 192.0.2.2\nalias CNAME ns1\n",
    );
    for index in 0..names {
        let [a, b, c, _] = scatter(index).to_be_bytes();
        text += &format!("h{:08x} IN A 10.{a}.{b}.{c}\n", scatter(index));
    }
    text
}

fn parse(text: &str) -> (Sources, Parsed) {
    let mut sources = Sources::default();
    let root = sources.add(Source::new("bench", text.as_bytes()));
    let include: &mut Include<'_> = &mut |_, _| unreachable!("nothing is included");
    let parsed = zonefile::parse(&mut sources, root, &apex(), &Limits::default(), include);
    (sources, parsed)
}

fn apex() -> Name {
    Name::absolute("bench.test").expect("a name")
}

fn zone(names: usize) -> Zone {
    let (sources, parsed) = parse(&text(names));
    let root = sources.iter().next().expect("the zone's own file").0;
    zone::build(&apex(), root, parsed, &sources).zone.expect("a zone without errors")
}

fn served(names: usize) -> Served {
    let authority = Arc::new(Authority::compile(&zone(names), KEY));
    Served::new(Catalog::new(KEY, [(apex(), Some(authority))]), Policy::default())
}

#[divan::bench(args = SIZES, sample_count = 5)]
fn parse_text(bencher: Bencher<'_, '_>, names: usize) {
    let text = text(names);
    bencher.counter(BytesCount::of_str(&text)).bench(|| parse(black_box(&text)));
}

#[divan::bench(args = SIZES, sample_count = 5)]
fn build_zone(bencher: Bencher<'_, '_>, names: usize) {
    let text = text(names);
    bencher.counter(ItemsCount::new(names)).with_inputs(|| parse(&text)).bench_values(|(sources, parsed)| {
        let root = sources.iter().next().expect("the zone's own file").0;
        zone::build(&apex(), root, parsed, &sources)
    });
}

#[divan::bench(args = SIZES, sample_count = 5)]
fn compile_zone(bencher: Bencher<'_, '_>, names: usize) {
    let zone = zone(names);
    bencher.counter(ItemsCount::new(names)).bench(|| Authority::compile(black_box(&zone), KEY));
}

/// Questions that walk over the whole zone, so that a large one is not answered from the processor's cache.
fn questions(outcome: &str, names: usize) -> Vec<Vec<u8>> {
    let question = |index: usize| {
        let name = match outcome {
            "positive" => format!("h{:08x}.bench.test", scatter(index * 7919 % names)),
            "nxdomain" => format!("no{index}.bench.test"),
            "wildcard" => format!("x{index}.wild.bench.test"),
            _ => "alias.bench.test".to_owned(),
        };
        ask(Name::absolute(&name).expect("a name").as_ref(), Rtype::A, false)
    };
    (0..4096).map(question).collect()
}

#[divan::bench(args = [("positive", 1_000), ("positive", 100_000), ("positive", 1_000_000), ("nxdomain", 1_000), ("nxdomain", 1_000_000), ("wildcard", 1_000), ("alias", 1_000)])]
fn respond_to_4096(bencher: Bencher<'_, '_>, (outcome, names): (&str, usize)) {
    let (served, questions) = (served(names), questions(outcome, names));
    let client = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut out = vec![0; 65_535];
    bencher.counter(ItemsCount::new(questions.len())).bench_local(|| {
        for batch in questions.chunks(BATCH) {
            warm(batch.iter().map(Vec::as_slice), &served);
            for question in batch {
                black_box(respond(black_box(question), client, Transport::Udp, &served, &mut out));
            }
        }
    });
}
