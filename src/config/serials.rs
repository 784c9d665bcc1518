//! `serial` and `serial_style` below `[source]`: whose serials are made from the history, and how.

use toml::Spanned;

use super::problems::Problems;
use super::spec::{Key, SourceZone};
use crate::dns::Name;
use crate::zone::serial::{Mode, Serials, Style};

/// What the section says, and what it says of single zones.
pub(super) fn read(
    everywhere: [Key<String>; 2],
    zones: Vec<(Spanned<String>, SourceZone)>,
    problems: &mut Problems<'_>,
) -> Serials {
    let everywhere = mode(everywhere, problems);
    let mut serials = Serials { everywhere, ..Serials::default() };
    for (text, SourceZone { serial, serial_style }) in zones {
        let mode = mode([serial, serial_style], problems);
        match Name::absolute(text.get_ref()) {
            Ok(name) => {
                if serials.zones.insert(name.to_string().to_ascii_lowercase(), mode).is_some() {
                    problems.push(problems.finding(text.span(), format!("the zone `{name}` is there twice")));
                }
            }
            Err(error) => {
                let headline = format!("`{}` is no zone's name", text.get_ref());
                problems.push(problems.finding(text.span(), headline).label(error.to_string()));
            }
        }
    }
    serials
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
