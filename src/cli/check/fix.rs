//! `check --fix` and `check --diff`: repairs written or shown, then what is left.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::{Judge, Run, Way};
use crate::cli::output;
use crate::cli::tree::Tree;
use crate::control::Root;
use crate::control::fix::{Fixed, Texts, fix};
use crate::control::judged::Judged;
use crate::control::load::{Terms, ZoneText};
use crate::diagnostic::render::{counted, escape};
use crate::lint::Settings;
use crate::zonefile::difference_of_repair;

/// Findings of one rule and zone that are looked at for repairs: all that a person would have to mend.
const MOST_OF_A_RULE: usize = 10_000;

/// What standard input is called in findings, and where loading puts it.
const INPUT: (&str, &str) = ("<stdin>", "-");

impl Run {
    /// Mends the files of a tree, or shows how, and goes on with what is left.
    pub(super) fn fix_tree(
        &mut self,
        way: Way,
        tree: &Tree,
        terms: &Terms,
        judge: &mut Judge<'_>,
    ) -> anyhow::Result<()> {
        if let Root::Snapshot(_) = tree.root {
            bail!(
                "these zones are a commit's, which is never written: run it in a checkout, with the zone directory as PATH"
            );
        }
        let all = all_of(terms);
        let (found, _) = judge(&tree.root, &Terms { keeps_texts: true, ..all.clone() })?;
        let texts = Texts::of(&found, &tree.root);
        let mut files = Files { tree, limit: terms.limits.file_octets, known: BTreeMap::new() };
        let mut may_edit = |texts: &Texts, name: &str| files.may_edit(texts, name);
        let fixed =
            fix(texts.clone(), &found, &mut may_edit, &mut |texts| Ok(judge(&texts.root(&tree.root), &all)?.0))?;
        let mut count = 0;
        for (name, path, old, new) in texts.differences(&fixed.texts) {
            count += 1;
            match way {
                Way::Show => self.output.print(difference_of_repair(name, old, new))?,
                Way::Write => files.write(path, old, new).with_context(|| format!("writing {name}"))?,
            }
        }
        tell(way, &fixed, &format!(" in {}", counted(count, "file")));
        let (judged, before) = match way {
            Way::Show => judge(&fixed.texts.root(&tree.root), terms)?,
            Way::Write => judge(&tree.root, terms)?,
        };
        self.show_new(judged, before)
    }

    /// Mends the text of standard input, and writes it to standard output, or how it differs.
    pub(super) fn fix_input(
        &mut self,
        way: Way,
        text: Vec<u8>,
        terms: &Terms,
        judge: &dyn Fn(&[u8], &Terms) -> Judged,
    ) -> anyhow::Result<()> {
        let (name, path) = (INPUT.0, Path::new(INPUT.1));
        let texts = Texts::one(name, path, text.into());
        let text_of = |texts: &Texts| texts.text(path).cloned().unwrap_or_default();
        let mut may_edit = |_: &Texts, file: &str| match file == name {
            true => Ok(()),
            false => Err("only standard input is mended here: run this on the directory that has the file".into()),
        };
        let all = all_of(terms);
        let found = judge(&text_of(&texts), &all);
        let fixed = fix(texts.clone(), &found, &mut may_edit, &mut |texts| Ok(judge(&text_of(texts), &all)))?;
        let (old, new) = (text_of(&texts), text_of(&fixed.texts));
        match way {
            Way::Write => self.output.print(&new)?,
            Way::Show if old != new => self.output.print(difference_of_repair(name, &old, &new))?,
            Way::Show => {}
        }
        tell(way, &fixed, "");
        self.show(&judge(&new, terms))
    }
}

/// The same terms with all findings of a rule: those that are not shown are mended too.
fn all_of(terms: &Terms) -> Terms {
    let all = |settings: &Settings| Settings { most_of_a_rule: MOST_OF_A_RULE, ..settings.clone() };
    Terms { lint: terms.lint.as_ref().map(all), keeps_texts: false, ..terms.clone() }
}

/// The files of a tree that repairs are about, and whether each may be written.
struct Files<'t> {
    tree: &'t Tree,
    limit: u32,
    known: BTreeMap<PathBuf, Result<(), String>>,
}

impl Files<'_> {
    /// Whether a file, by its name in findings, may be written.
    fn may_edit(&mut self, texts: &Texts, name: &str) -> Result<(), String> {
        let path = texts.path(name).ok_or("it is no file of the zone directory")?;
        if !self.known.contains_key(path) {
            let judged = self.judge(texts, path);
            self.known.insert(path.into(), judged);
        }
        self.known[path].clone()
    }

    fn judge(&self, texts: &Texts, path: &Path) -> Result<(), String> {
        let is_own = self.tree.listing.zones.iter().any(|zone| zone.file == path);
        if !is_own && !self.tree.is_whole {
            return Err("other zones may include the file: run this on the whole zone directory".into());
        }
        if texts.has_alias(path) {
            return Err("the file is read under two names: mend it by hand, or leave it one".into());
        }
        let text = texts.text(path).ok_or("it is no file of the zone directory")?;
        let file = self.open(path, text).map_err(|error| format!("{error:#}"))?;
        file.judge_mode().map_err(|error| format!("{error:#}"))
    }

    /// A file that still has the text that was judged. It is not kept open: a tree may have more files than a process.
    fn open(&self, path: &Path, text: &[u8]) -> anyhow::Result<ZoneText> {
        let file = ZoneText::read(&self.tree.root, path, self.limit)?;
        if *file.text != *text {
            bail!("the file changed while it was read: run this again");
        }
        Ok(file)
    }

    fn write(&self, path: &Path, old: &[u8], new: &[u8]) -> anyhow::Result<()> {
        self.open(path, old)?.replace(new)
    }
}

/// Says what was mended, what was not and why, and what it takes beside.
fn tell(way: Way, fixed: &Fixed, place: &str) {
    for (step, reason) in &fixed.left {
        let ((file, line), rule) = (&step.place, step.rule);
        let text = format!("zonewright: {file}:{line}: {rule} is left as it is: {reason}");
        output::say(&(escape(text.as_bytes()) + "\n"));
    }
    let (count, were) = (fixed.made.len(), if way == Way::Show { "would be" } else { "were" });
    let were = if count == 1 && way == Way::Write { "was" } else { were };
    output::say(&format!("{} {were} mended{}\n", counted(count, "finding"), if count > 0 { place } else { "" }));
    if fixed.is_cut_short {
        output::say("there is more to mend than one run may take: run this again\n");
    }
    let is_bumped = |step: &crate::review::fix::Step| step.rule.starts_with("serial-");
    if fixed.alters_records() && !fixed.made.iter().any(is_bumped) {
        output::say(
            "records are altered: `check --base REV --fix` raises the serials of zones that changed since REV\n",
        );
    }
}
