//! The README's table of types and RFCs is what the tables and the citations in the code say.

#![expect(clippy::disallowed_methods, reason = "the README and the sources are read")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use zonewright::zonefile::rdata;

const START: &str = "ZONEWRIGHT_BLESS=1 cargo test readme -->\n";
const END: &str = "<!-- end -->";

#[test]
fn the_table_of_types_and_rfcs_is_generated() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(&path).expect("the README");
    let (before, rest) = text.split_once(START).expect("the start mark");
    let (table, after) = rest.split_once(END).expect("the end mark");
    let wanted = generate();
    if std::env::var_os("ZONEWRIGHT_BLESS").is_some() {
        std::fs::write(&path, format!("{before}{START}{wanted}{END}{after}")).expect("the README is written");
        return;
    }
    assert_eq!(table, wanted, "the README's table is stale: ZONEWRIGHT_BLESS=1 cargo test readme");
}

fn generate() -> String {
    let mut types: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for row in rdata::types() {
        types.entry(row.rfc).or_default().push(row.mnemonic);
    }
    let others = types.remove(&0).unwrap_or_default();
    let mut table = String::from("| RFC | types |\n|---|---|\n");
    for (rfc, mnemonics) in &types {
        writeln!(table, "| {rfc} | {} |", mnemonics.join(" ")).expect("a string grows");
    }
    writeln!(table, "| other documents | {} |", others.join(" ")).expect("a string grows");
    let cited: Vec<String> = cited().difference(&types.keys().copied().collect()).map(u16::to_string).collect();
    writeln!(table, "\nBeside these the code cites RFC {}.", cited.join(", ")).expect("a string grows");
    table
}

/// The numbers of all RFCs that a comment or a message under `src/` cites.
fn cited() -> BTreeSet<u16> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut cited = BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("src can be read") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(path).expect("a source file is text");
                let numbers = text
                    .split("RFC ")
                    .skip(1)
                    .map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
                cited.extend(numbers.filter_map(|number| number.parse::<u16>().ok()));
            }
        }
    }
    cited
}
