//! Telling a webhook of what was published and refused.
//!
//! In: events, from the thread that follows the zones. Out: one POST each, by a thread of its own. Nothing here is in the way
//! of anything: what waits is bounded, the oldest goes first, and a receiver that hangs holds up the next event only.
//!
//! The URL of such a hook, and its token, are secrets: neither is in any message made here.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::status::{CommitStatus, Look};
use crate::config::{WebhookSettings, WebhookUrl};

/// Events that wait; a receiver that is down for long has no use for all that it missed.
const MOST_WAITING: usize = 16;

/// How long one try may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// How long to wait before each try after the first.
const PAUSES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(25)];

/// The most octets of a URL or token, and of a summary.
const MAX_SECRET: usize = 4096;
const MAX_SUMMARY: usize = 3000;

/// The most zones that are named.
const MAX_ZONES: usize = 20;

/// Something to tell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
    /// Whether something was published; else something was refused.
    pub is_published: bool,
    /// What the log says of it.
    pub summary: String,
    /// The commit that it is about, where commits are followed.
    pub commit: Option<CommitStatus>,
    /// The zones that it is about.
    pub zones: Vec<String>,
}

/// Posts events, until it is dropped.
#[derive(Default)]
pub struct Webhook {
    desk: Arc<Desk>,
}

#[derive(Default)]
struct Desk {
    tray: Mutex<Tray>,
    changed: Condvar,
}

#[derive(Default)]
struct Tray {
    waiting: VecDeque<Event>,
    settings: Option<WebhookSettings>,
    trouble: Option<String>,
    is_over: bool,
}

impl Event {
    /// What a look published.
    pub fn published(look: &Look) -> Self {
        let lines = look.commit.iter().map(|commit| format!("{commit} is served"));
        let lines: Vec<String> = lines.chain(look.published.iter().map(ToString::to_string)).collect();
        let zones = look.published.iter().map(|change| change.zone.clone()).collect();
        Self { is_published: true, summary: lines.join("\n"), commit: look.commit.clone(), zones }
    }

    /// What a look refused; `commit` is the one it is about.
    pub fn refused(look: &Look, commit: Option<CommitStatus>) -> Self {
        let head = commit.iter().map(|commit| format!("{commit} is refused"));
        let whole = look.whole.iter().chain(&look.config).cloned();
        let lines = look.refused.iter().flat_map(|refused| [refused.to_string(), refused.report.clone()]);
        let lines: Vec<String> = head.chain(whole).chain(lines).filter(|line| !line.is_empty()).collect();
        let zones = look.refused.iter().map(|refused| refused.zone.clone()).collect();
        Self { is_published: false, summary: lines.join("\n"), commit, zones }
    }

    /// The body that a template makes of it.
    pub fn body(&self, template: &str) -> String {
        let commit = |part: fn(&CommitStatus) -> &str| {
            self.commit.as_ref().map_or(String::new(), |commit| part(commit).to_owned())
        };
        let more = self.zones.len().saturating_sub(MAX_ZONES);
        let mut zones = self.zones.iter().take(MAX_ZONES).cloned().collect::<Vec<_>>().join(" ");
        if more > 0 {
            zones += &format!(" and {more} more");
        }
        let words = [
            ("{summary}", shorten(&self.summary)),
            ("{event}", if self.is_published { "published" } else { "refused" }.to_owned()),
            ("{commit}", commit(|commit| &commit.id)),
            ("{author}", commit(|commit| &commit.author)),
            ("{subject}", commit(|commit| &commit.subject)),
            ("{zones}", zones),
        ];
        fill(template, &words)
    }
}

/// A template with its words replaced, each once over: what a word stands for is not looked at again.
fn fill(template: &str, words: &[(&str, String)]) -> String {
    let (mut body, mut rest) = (String::new(), template);
    while let Some(at) = rest.find('{') {
        body += &rest[..at];
        rest = &rest[at..];
        match words.iter().find(|(word, _)| rest.starts_with(word)) {
            Some((word, text)) => {
                body += &escaped(text);
                rest = &rest[word.len()..];
            }
            None => {
                body.push('{');
                rest = &rest[1..];
            }
        }
    }
    body + rest
}

/// A text as it stands inside a JSON string.
fn escaped(text: &str) -> String {
    let quoted = serde_json::to_string(text).expect("a text is always JSON");
    quoted[1..quoted.len() - 1].to_owned()
}

fn shorten(text: &str) -> String {
    let text = text.trim_end();
    match text.char_indices().nth(MAX_SUMMARY) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}\n…", &text[..end]),
    }
}

impl Webhook {
    /// Tells of an event under these settings, if they want it told. The first one starts the thread.
    pub fn tell(&self, event: Event, settings: &WebhookSettings) {
        let is_wanted = if event.is_published { settings.published } else { settings.refused };
        if !is_wanted {
            return;
        }
        let mut tray = self.desk.open();
        if tray.settings.is_none() {
            let desk = Arc::clone(&self.desk);
            if let Err(error) = std::thread::Builder::new().name("webhook".into()).spawn(move || desk.work()) {
                tray.trouble = Some(format!("no thread to post from: {error}"));
                return;
            }
        }
        tray.settings = Some(settings.clone());
        tray.waiting.push_back(event);
        if tray.waiting.len() > MOST_WAITING {
            tray.waiting.pop_front();
            tracing::warn!("the webhook's receiver is too slow: the oldest of {MOST_WAITING} events is dropped");
        }
        drop(tray);
        self.desk.changed.notify_all();
    }

    /// Why the last event could not be delivered, if so.
    pub fn trouble(&self) -> Option<String> {
        self.desk.open().trouble.clone()
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        self.desk.open().is_over = true;
        self.desk.changed.notify_all();
    }
}

impl Desk {
    fn open(&self) -> MutexGuard<'_, Tray> {
        self.tray.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        super::give_way();
        while let Some((event, settings)) = self.next() {
            let trouble = self.deliver(&event, &settings).err().map(|error| format!("{error:#}"));
            if let Some(trouble) = &trouble {
                let what = if event.is_published { "published" } else { "refused" };
                tracing::warn!("the webhook was not told of what was {what}: {trouble}");
            }
            self.open().trouble = trouble;
        }
    }

    fn next(&self) -> Option<(Event, WebhookSettings)> {
        let mut tray = self.open();
        loop {
            if tray.is_over {
                return None;
            }
            if let Some(event) = tray.waiting.pop_front() {
                return Some((event, tray.settings.clone()?));
            }
            tray = self.changed.wait(tray).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Posts until it is taken, a few times.
    fn deliver(&self, event: &Event, settings: &WebhookSettings) -> anyhow::Result<()> {
        let mut pauses = PAUSES.iter();
        loop {
            let error = match post(event, settings) {
                Ok(()) => return Ok(()),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Passing(error)) => error,
            };
            let Some(pause) = pauses.next() else { return Err(error) };
            let tray = self.open();
            let (tray, _) = self
                .changed
                .wait_timeout_while(tray, *pause, |tray| !tray.is_over)
                .unwrap_or_else(PoisonError::into_inner);
            if tray.is_over {
                return Err(error);
            }
        }
    }
}

/// Why a post failed, and whether another may not.
enum Failure {
    Passing(anyhow::Error),
    Final(anyhow::Error),
}

fn post(event: &Event, settings: &WebhookSettings) -> Result<(), Failure> {
    let url = match &settings.url {
        WebhookUrl::Plain(url) => url.clone(),
        WebhookUrl::File(path) => secret(path).context("reading `url_file`").map_err(Failure::Passing)?,
    };
    let token = settings.secret_file.as_ref().map(|path| secret(path)).transpose();
    let token = token.context("reading `secret_file`").map_err(Failure::Passing)?;
    let roots = ureq::tls::RootCerts::PlatformVerifier;
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(DEADLINE))
        .max_redirects(0)
        .http_status_as_error(false)
        .proxy(None)
        .tls_config(ureq::tls::TlsConfig::builder().root_certs(roots).build())
        .build()
        .into();
    let mut request = agent.post(&url).header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    match request.send(event.body(&settings.template)) {
        Ok(response) => judge(response.status().as_u16()),
        Err(error) => Err(Failure::Passing(anyhow::anyhow!(say(&error)))),
    }
}

fn judge(status: u16) -> Result<(), Failure> {
    let error = anyhow::anyhow!("it answered with the status {status}");
    match status {
        200..=299 => Ok(()),
        408 | 429 | 500.. => Err(Failure::Passing(error)),
        _ => Err(Failure::Final(error)),
    }
}

/// What went wrong, in words that hold no part of the URL.
fn say(error: &ureq::Error) -> String {
    match error {
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => "its URL, or its token, is none".into(),
        ureq::Error::HostNotFound => "its host has no address".into(),
        ureq::Error::Timeout(_) => format!("it did not answer within {} s", DEADLINE.as_secs()),
        ureq::Error::Io(error) => format!("the connection failed: {error}"),
        ureq::Error::ConnectionFailed => "the connection failed".into(),
        ureq::Error::Tls(what) => format!("TLS failed: {what}"),
        ureq::Error::Rustls(error) => format!("TLS failed: {error}"),
        _ => "what it answered is no HTTP".into(),
    }
}

/// The one line of a file.
fn secret(path: &Path) -> anyhow::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    let file = std::fs::File::open(path).with_context(|| format!("opening {}", path.display()))?;
    file.take(MAX_SECRET as u64 + 1)
        .read_to_string(&mut text)
        .with_context(|| format!("reading {}", path.display()))?;
    let line = text.trim();
    if line.is_empty() || text.len() > MAX_SECRET || line.contains(char::is_whitespace) {
        bail!("{} holds no single line of up to {MAX_SECRET} octets", path.display());
    }
    Ok(line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_filled_and_stays_json() {
        let commit = CommitStatus { subject: "a \"quoted\" {summary}\n".into(), ..CommitStatus::default() };
        let summary = "x\u{1b}[31m\\\n".repeat(2_000);
        let event = Event { is_published: true, summary, commit: Some(commit), zones: vec!["a.".into(); 30] };
        let body = event.body(r#"{"text": "{summary}", "of": "{event}: {subject} {unknown} {", "zones": "{zones}"}"#);
        let value: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(value["of"], "published: a \"quoted\" {summary}\n {unknown} {");
        assert!(value["zones"].as_str().is_some_and(|zones| zones.ends_with("a. and 10 more")));
        assert!(
            value["text"].as_str().is_some_and(|text| text.chars().count() <= MAX_SUMMARY + 2 && text.ends_with('…'))
        );
    }
}
