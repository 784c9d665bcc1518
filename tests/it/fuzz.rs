//! The bodies of the fuzz targets as properties: random octets, and octets that look a little like what is expected.

#![expect(clippy::disallowed_methods, reason = "fixtures are what the bodies are shown too")]

#[expect(unreachable_pub, reason = "public to the fuzz targets, which are another crate")]
#[path = "../fuzz/src/lib.rs"]
mod bodies;

use proptest::prelude::*;

/// Pieces of zone text, so that random ones get further than their first character.
fn zone_text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("\n".to_owned()),
        Just("@ 60 IN SOA ns host 1 2 3 4 5\n@ 60 NS ns\n".to_owned()),
        "[ \t()\";@.*\\\\$]",
        "[a-z]{1,3}",
        "\\$(ORIGIN|TTL|INCLUDE|GENERATE) ",
        "(IN|CH|A|AAAA|NS|MX|TXT|CNAME|DNAME|SOA|SRV|CAA|HTTPS|TYPE1|\\\\#|60|1h) ",
        "(192\\.0\\.2\\.1|2001:db8::1|\"a b\"|\\\\065|ü)",
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes())
}

/// Our fixtures, good and bad, with a piece of one put in place of a piece of another.
fn spliced_fixture() -> impl Strategy<Value = Vec<u8>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/zonefile");
    let files = ["good", "bad"].into_iter().flat_map(|set| std::fs::read_dir(folder.join(set)).unwrap());
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "zone"));
    paths.sort();
    let texts: Vec<_> = paths.iter().map(|path| std::fs::read(path).unwrap()).collect();
    let index = || any::<proptest::sample::Index>();
    (index(), index(), [index(), index(), index(), index()], 0usize..30).prop_map(move |(one, other, cuts, reach)| {
        let (one, other) = (one.get(&texts), other.get(&texts));
        let [start, end, from, to] = cuts;
        let start = start.index(one.len());
        let end = start + end.index(reach + 1).min(one.len() - start);
        let from = from.index(other.len());
        let to = from + to.index(reach + 1).min(other.len() - from);
        [&one[..start], &other[from..to], &one[end..]].concat()
    })
}

fn message() -> impl Strategy<Value = Vec<u8>> {
    let name = prop_oneof![
        Just("\x01a"),
        Just("\x01w\x01a"),
        Just("\x01x\x01c\x01a"),
        Just("\x04many\x01a"),
        Just("\x01x\x01d\x01a"),
        Just("\x01b")
    ];
    let rtype = prop_oneof![Just(1u16), Just(28), Just(255), Just(16), Just(65), Just(43), Just(252), any::<u16>()];
    let class = prop_oneof![4 => Just(1u16), 1 => Just(3), 1 => any::<u16>()];
    let opt = proptest::option::of((any::<u16>(), any::<u8>(), proptest::collection::vec(any::<u8>(), 0..12)));
    let noise = proptest::collection::vec((0usize..64, any::<u8>()), 0..3);
    (any::<u16>(), name, rtype, class, opt, noise).prop_map(|(flags, name, rtype, class, opt, noise)| {
        let mut octets = vec![1, 2];
        octets.extend((flags & 0x7FFF).to_be_bytes());
        octets.extend([0, 1, 0, 0, 0, 0, 0, u8::from(opt.is_some())]);
        octets.extend(name.as_bytes());
        octets.push(0);
        octets.extend(rtype.to_be_bytes());
        octets.extend(class.to_be_bytes());
        if let Some((payload, version, options)) = opt {
            octets.extend([0, 0, 41]);
            octets.extend(payload.to_be_bytes());
            octets.extend([0, version % 3, 0x80, 0, 0, options.len() as u8]);
            octets.extend(options);
        }
        for (at, octet) in noise {
            if let Some(place) = octets.get_mut(at) {
                *place = octet;
            }
        }
        octets
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn any_octets_are_judged_as_zone_text(octets in prop_oneof![proptest::collection::vec(any::<u8>(), 0..200), zone_text()]) {
        bodies::zone_text(&octets);
    }

    #[test]
    fn spliced_fixtures_are_judged_as_zone_text(octets in spliced_fixture()) {
        bodies::zone_text(&octets);
    }

    #[test]
    fn any_datagram_gets_a_well_formed_reply_or_none(octets in prop_oneof![proptest::collection::vec(any::<u8>(), 0..80), message()]) {
        bodies::message(&octets);
    }

    #[test]
    fn rdata_goes_through_text_and_back(octets in proptest::collection::vec(any::<u8>(), 0..60)) {
        bodies::rdata(&octets);
    }

    #[test]
    fn any_config_is_taken_or_refused_with_findings(text in prop_oneof![".{0,80}", "(\\[(server|source|access|limits|zone)\\]\n([a-z_]{1,8} = (1|\"x\"|\\[\\]|true)\n){0,3}){0,3}"]) {
        bodies::config(text.as_bytes());
    }
}
