//! `blame`: since when each record of an answer is answered.

use anyhow::{Context as _, bail};

use super::log::heading;
use super::output::{self, Output};
use super::tree;
use super::{ConfigArgument, Verdict};
use crate::config::Overrides;
use crate::control::past::{Item, Past, Since};
use crate::dns::{Name, Rcode, Rtype};
use crate::review::record_line;
use crate::zonefile::rdata::Mnemonic;

/// Show since which commit each record of the answer for a name is answered, and where it is written now
///
/// Goes by answers and not by lines: a file that was laid out anew or moved changes nothing here, and the record of an
/// alias's target has the commit that made it the target's. Walks the line of first parents, as `log` does.
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The name to ask for; its last dot is optional
    #[arg(value_name = "NAME", value_parser = tree::parse_name)]
    name: Name,
    /// The type to ask for: a mnemonic, or TYPE123
    #[arg(value_name = "TYPE", default_value = "A", value_parser = super::query::parse_type)]
    rtype: Rtype,
    #[command(flatten)]
    config: ConfigArgument,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Verdict> {
    let config = arguments.config.load(&Overrides::default())?;
    let mut past = Past::find(&config, &arguments.name)?;
    let context = || format!("following the answers for {}", arguments.name);
    let parts = past.since(arguments.rtype).with_context(context)?;
    if parts.is_empty() {
        bail!("no commit has zones that can be served: `zonewright check` says why");
    }
    let mut text = format!("{} {}\n", arguments.name, Mnemonic(arguments.rtype));
    parts.iter().for_each(|part| text += &show(part, &arguments.name));
    Output::new().print(output::escape_lines(&text))?;
    Ok(Verdict::Good)
}

fn show(part: &Since, name: &Name) -> String {
    let what = match &part.item {
        Item::Record(owner, rtype, ttl, rdata) => {
            format!("{} {}", owner.as_ref().unwrap_or(name), record_line(*ttl, *rtype, rdata))
        }
        Item::Absence(Rcode::NOERROR, true) => "no such records".into(),
        Item::Absence(Rcode::NXDOMAIN, _) => "no such name".into(),
        Item::Absence(rcode, _) => format!("nothing: {rcode}"),
    };
    let place = part.place.as_ref().map_or(String::new(), |place| format!("\n      at {place}"));
    let cut =
        if part.is_cut { ", or before: the shallow clone is cut off there (`git fetch --unshallow`)" } else { "" };
    format!("  {what}{place}\n      since {}{cut}\n", heading(&part.commit))
}
