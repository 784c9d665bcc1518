//! The config file, read again whenever it changed.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::config::{Config, LoadError, Overrides, SERIALS_OF_NOTHING, ServerSettings};
use crate::diagnostic::render::{self, Format};

/// The config and its file.
pub(super) struct Settings {
    pub(super) config: Config,
    overrides: Overrides,
    /// What sockets and threads were made of.
    started_with: ServerSettings,
    stamp: Option<Stamp>,
    /// Why the file, as it is now, is not followed.
    pub(super) refused: Option<String>,
}

/// Inode, size and times: whether the config file changed.
type Stamp = (u64, u64, i64, i64);

impl Settings {
    pub(super) fn new(config: Config, overrides: Overrides) -> Self {
        let stamp = config.path.as_ref().and_then(|path| stamp_of(path));
        Self { started_with: config.server.clone(), config, overrides, stamp, refused: None }
    }

    /// Reads the config file again if it changed; says whether settings did, and what there is to say about it.
    pub(super) fn follow(&mut self, is_asked: bool) -> (bool, Vec<String>) {
        let Some(path) = self.config.path.clone() else { return (false, Vec::new()) };
        let stamp = stamp_of(&path);
        let is_read = is_asked || stamp != self.stamp;
        if is_read {
            self.stamp = stamp;
            match Config::load(Some(&path), &self.overrides) {
                Ok(config) => (self.config, self.refused) = (config, None),
                Err(error) => self.refused = Some(say_refused(&error)),
            }
        }
        (is_read, self.notices())
    }

    fn notices(&self) -> Vec<String> {
        let (now, then) = (&self.config.server, &self.started_with);
        let (carry, carried) = (&now.transport, &then.transport);
        let changed = [
            ("`listen` under `[server]`", now.listen != then.listen),
            ("`threads` under `[server]`", carry.threads != carried.threads),
            ("`engine` under `[server]`", carry.engine != carried.engine),
            ("`control` under `[server]`", now.control != then.control),
            ("`state` under `[server]`", now.state != then.state),
            ("`[tcp]`", carry.tcp != carried.tcp),
        ];
        let keys = changed.iter().filter(|(_, is_changed)| *is_changed);
        let mut notices: Vec<String> =
            keys.map(|(key, _)| format!("{key} changed: restart the server to use it")).collect();
        if self.config.has_serials_of_nothing() {
            notices.push(format!("{SERIALS_OF_NOTHING}: they are served as written"));
        }
        notices
    }
}

fn stamp_of(path: &Path) -> Option<Stamp> {
    let file = std::fs::metadata(path).ok()?;
    Some((file.ino(), file.size(), file.mtime_nsec() ^ file.mtime() << 30, file.ctime_nsec() ^ file.ctime() << 30))
}

fn say_refused(error: &LoadError) -> String {
    let mut text = String::new();
    if let LoadError::Refused { sources, findings } = error {
        findings.iter().for_each(|finding| render::render(Format::Full, finding, sources, false, &mut text));
        return text.trim_end().to_owned();
    }
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
