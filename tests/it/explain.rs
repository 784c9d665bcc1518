//! Why a name is answered as it is: the walk, with the line of each record.

use zonewright::dns::{Name, Rtype};
use zonewright::review::explain::explain;
use zonewright::review::{Place, Snapshot};
use zonewright::server::Policy;
use zonewright::zonefile::rdata;

use crate::support;

const ZONE: &str = "\
$TTL 300
@ SOA ns host 1 7200 1800 1209600 60
@ NS ns
ns A 192.0.2.53
www CNAME web
web A 192.0.2.1
web A 192.0.2.2
out CNAME host.example.net.
*.w CNAME www
x.ent A 192.0.2.3
sub NS ns.sub
ns.sub A 192.0.2.4
d DNAME ent
loop CNAME pool
pool CNAME loop
";

fn tree() -> Snapshot {
    support::snapshot(&[("example.org", ZONE), ("broken.test", "@ A x\n")], Policy::default())
}

#[test]
fn each_way_to_an_answer_is_told() {
    let tree = tree();
    let questions = [
        ("web.example.org", "A"),
        ("web.example.org", "TXT"),
        ("a.w.example.org", "A"),
        ("out.example.org", "A"),
        ("ent.example.org", "A"),
        ("nope.ent.example.org", "A"),
        ("www.sub.example.org", "A"),
        ("ns.sub.example.org", "A"),
        ("sub.example.org", "DS"),
        ("x.d.example.org", "A"),
        ("loop.example.org", "A"),
        ("www.broken.test", "A"),
        ("example.net", "A"),
    ];
    let told = questions.map(|(name, rtype)| {
        let rtype = rdata::from_mnemonic(rtype.as_bytes()).expect("a type");
        let explanation = explain(&tree, &Name::absolute(name).expect("a name"), rtype).expect("an answer");
        explanation.print(&|_| None)
    });
    insta::assert_snapshot!("explain", told.join("\n"));
}

#[test]
fn an_author_stands_beside_the_line_that_is_theirs() {
    let name = Name::absolute("web.example.org").expect("a name");
    let explanation = explain(&tree(), &name, Rtype::A).expect("an answer");
    let author = |place: &Place| (place.line == 7).then(|| "1a2b3c4 by Jo".to_owned());
    let text = explanation.print(&author);
    assert!(text.contains("at zone:7, 1a2b3c4 by Jo\n") && text.contains("at zone:6\n"), "{text}");
}
