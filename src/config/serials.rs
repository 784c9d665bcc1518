//! `serial` and `serial_style` below `[source]`: whose serials are made from the history, and how.

use toml::Spanned;

use super::check::by_zone;
use super::problems::Problems;
use super::spec::{Key, SourceZone};
use crate::zone::serial::{Mode, Serials, Style};

/// What the section says, and what it says of single zones.
pub(super) fn read(
    everywhere: [Key<String>; 2],
    zones: Vec<(Spanned<String>, SourceZone)>,
    problems: &mut Problems<'_>,
) -> Serials {
    let everywhere = mode(everywhere, problems);
    let zones =
        zones.into_iter().map(|(zone, said)| (zone, mode([said.serial, said.serial_style], problems))).collect();
    let zones = by_zone(zones, problems).into_iter().map(|(name, mode)| (name.as_ref().to_lower(), mode));
    Serials { everywhere, zones: zones.collect() }
}

fn mode([serial, style]: [Key<String>; 2], problems: &mut Problems<'_>) -> Mode {
    let is_auto = |word: &String| match word.as_str() {
        "file" => Some(false),
        "auto" => Some(true),
        _ => None,
    };
    let named = |word: &String| Style::WORDS.iter().find(|(known, _)| known == word).map(|&(_, style)| style);
    Mode { is_auto: serial.checked(problems, is_auto), style: style.checked(problems, named) }
}
