//! `[webhook]`: who is told of what is published and refused, and in which words.

use std::path::{Path, PathBuf};

use super::check::path_or_default;
use super::problems::Problems;
use super::spec::{Key, Webhook};

/// The body that Mattermost and Slack take.
const TEMPLATE: &str = r#"{"text": "{summary}"}"#;

/// Where to tell of what is published and refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WebhookSettings {
    /// Where it is.
    pub url: WebhookUrl,
    /// The file that holds the token of an `Authorization: Bearer` header.
    pub secret_file: Option<PathBuf>,
    /// The body, in which words in braces are replaced.
    pub template: String,
    /// Whether what is published is told of.
    pub published: bool,
    /// Whether what is refused is.
    pub refused: bool,
}

/// Where a webhook's URL is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WebhookUrl {
    /// In the config.
    Plain(String),
    /// In a file, as whoever knows it may post.
    File(PathBuf),
}

/// The webhook that the section names, if it names one.
pub(super) fn read(spec: Webhook, base: &Path, problems: &mut Problems<'_>) -> Option<WebhookSettings> {
    let Webhook { url, url_file, secret_file, template, events } = spec;
    if let (Some(url), Some(file)) = (&url.given, &url_file.given)
        && !url.get_ref().is_empty()
        && !file.get_ref().is_empty()
    {
        let finding = problems.finding(file.span(), "the webhook has a URL and a file that holds one");
        problems.push(finding.also(problems.span(url.span()), "the URL is here").fix("delete one of the two"));
    }
    let is_absent = |key: &Key<String>| key.given.as_ref().is_none_or(|given| given.get_ref().is_empty());
    let is_none = is_absent(&url) && is_absent(&url_file);
    let plain = url.checked(problems, |url| (url.is_empty() || is_url(url)).then(|| url.clone()));
    let file = path_or_default(url_file, base, problems);
    let secret_file = path_or_default(secret_file, base, problems);
    let template = template.checked(problems, |text| Some(text.clone())).unwrap_or_else(|| TEMPLATE.to_owned());
    let words = |list: &Vec<toml::Spanned<String>>| {
        let words: Vec<&str> = list.iter().map(|word| word.get_ref().as_str()).collect();
        let is_known = words.iter().all(|word| ["published", "refused"].contains(word));
        is_known.then(|| (words.contains(&"published"), words.contains(&"refused")))
    };
    let (published, refused) = events.checked(problems, words).unwrap_or((true, true));
    if is_none {
        return None;
    }
    let url = file.map_or_else(|| WebhookUrl::Plain(plain.unwrap_or_default()), WebhookUrl::File);
    Some(WebhookSettings { url, secret_file, template, published, refused })
}

/// Whether a text is a URL that can be posted to.
fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or(text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty() && !rest.starts_with('/') && text.bytes().all(|octet| octet.is_ascii_graphic())
    })
}
