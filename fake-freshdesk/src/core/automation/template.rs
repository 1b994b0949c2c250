//! Templates of rules: Liquid, with the values escaped for where they stand.
//! A rule renders the same few over and over, so each is read once.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use liquid::model::Value as Liquid;
use liquid::{Parser, ParserBuilder, Template};
use liquid_core::{Display_filter, Filter, FilterReflection, ParseFilter, Runtime, ValueView};
use serde_json::Value;

/// Escapes a value for the inside of a JSON string. [O ZUL, POL]
#[derive(Clone, ParseFilter, FilterReflection)]
#[filter(
    name = "fd_json",
    description = "Escapes for the inside of a JSON string.",
    parsed(JsonFilter)
)]
struct Json;

#[derive(Debug, Default, Display_filter)]
#[name = "fd_json"]
struct JsonFilter;

impl Filter for JsonFilter {
    fn evaluate(&self, input: &dyn ValueView, _: &dyn Runtime) -> liquid_core::Result<Liquid> {
        let quoted = Value::String(input.to_kstr().to_string()).to_string();
        Ok(Liquid::scalar(quoted[1..quoted.len() - 1].to_owned()))
    }
}

/// Escapes a value for XML text and attributes. [I]
#[derive(Clone, ParseFilter, FilterReflection)]
#[filter(name = "fd_xml", description = "Escapes for XML.", parsed(XmlFilter))]
struct Xml;

#[derive(Debug, Default, Display_filter)]
#[name = "fd_xml"]
struct XmlFilter;

impl Filter for XmlFilter {
    fn evaluate(&self, input: &dyn ValueView, _: &dyn Runtime) -> liquid_core::Result<Liquid> {
        let text = input.to_kstr();
        let text = text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;");
        Ok(Liquid::scalar(text))
    }
}

/// Escapes a value for a URL. [I]
#[derive(Clone, ParseFilter, FilterReflection)]
#[filter(name = "fd_url", description = "Escapes for a URL.", parsed(UrlFilter))]
struct InUrl;

#[derive(Debug, Default, Display_filter)]
#[name = "fd_url"]
struct UrlFilter;

impl Filter for UrlFilter {
    fn evaluate(&self, input: &dyn ValueView, _: &dyn Runtime) -> liquid_core::Result<Liquid> {
        let text = input.to_kstr();
        Ok(Liquid::scalar(
            url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>(),
        ))
    }
}

#[expect(
    clippy::expect_used,
    reason = "the standard filters and three of ours always make a parser"
)]
static PARSER: LazyLock<Parser> = LazyLock::new(|| {
    ParserBuilder::with_stdlib()
        .filter(Json)
        .filter(Xml)
        .filter(InUrl)
        .build()
        .expect("a parser")
});

/// How a substituted value is escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Escape {
    /// Not at all.
    None,
    /// Inside double quotes as JSON, elsewhere bare.
    JsonInQuotes,
    /// As XML.
    Xml,
    /// As a part of a URL.
    Url,
}

/// A template that was read: what Liquid made of it, and the names it mentions.
pub(super) struct Prepared {
    pub(super) template: Template,
    /// Dotted names, by their parts.
    pub(super) names: Vec<Vec<String>>,
}

/// Templates by their text.
type Known = HashMap<String, Arc<Prepared>>;

/// What was read before, by escaping. Of each so many are kept at most; a full
/// cache begins anew.
static PREPARED: LazyLock<Mutex<HashMap<Escape, Known>>> = LazyLock::new(Mutex::default);
const MOST_PREPARED: usize = 256;

/// Reads a template; `None` if it is no Liquid.
pub(super) fn prepared(text: &str, escape: Escape) -> Option<Arc<Prepared>> {
    // A poisoned cache holds whole templates only: they are put in when made.
    let mut caches = PREPARED.lock().unwrap_or_else(PoisonError::into_inner);
    let cache = caches.entry(escape).or_default();
    if let Some(prepared) = cache.get(text) {
        return Some(Arc::clone(prepared));
    }
    let (source, names) = escaped(text, escape);
    let parts = |name: String| name.split('.').map(str::to_owned).collect();
    let prepared = Arc::new(Prepared {
        template: PARSER.parse(&source).ok()?,
        names: names.into_iter().map(parts).collect(),
    });
    if cache.len() >= MOST_PREPARED {
        cache.clear();
    }
    cache.insert(text.to_owned(), Arc::clone(&prepared));
    Some(prepared)
}

/// The template with an escaping filter on each placeholder that needs one,
/// and the names that placeholders and tags mention.
fn escaped(template: &str, escape: Escape) -> (String, Vec<String>) {
    let mut source = String::with_capacity(template.len() + 64);
    let mut names = Vec::new();
    let mut quoted = false;
    let mut rest = template;
    while let Some(letter) = rest.chars().next() {
        let close = match rest.get(..2) {
            Some("{{") => rest.find("}}"),
            Some("{%") => rest.find("%}"),
            _ => None,
        };
        if let Some(close) = close {
            let inner = &rest[2..close];
            names.extend(mentioned(inner));
            source.push_str(&rest[..close]);
            if rest.starts_with("{{") {
                source.push_str(match escape {
                    Escape::JsonInQuotes if quoted => " | fd_json",
                    Escape::Xml => " | fd_xml",
                    Escape::Url => " | fd_url",
                    Escape::None | Escape::JsonInQuotes => "",
                });
            }
            source.push_str(&rest[close..close + 2]);
            rest = &rest[close + 2..];
            continue;
        }
        if letter == '\\' && quoted {
            let mut letters = rest.chars();
            source.extend(letters.by_ref().take(2));
            rest = letters.as_str();
            continue;
        }
        if letter == '"' {
            quoted = !quoted;
        }
        source.push(letter);
        rest = &rest[letter.len_utf8()..];
    }
    (source, names)
}

/// Dotted names in the inside of a placeholder or tag, string literals apart.
fn mentioned(inner: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut literal = None;
    let mut name = String::new();
    for letter in inner.chars().chain([' ']) {
        match literal {
            Some(quote) if letter == quote => literal = None,
            Some(_) => {}
            None if letter.is_alphanumeric()
                || letter == '_'
                || (letter == '.' && !name.is_empty()) =>
            {
                name.push(letter);
            }
            None => {
                let known = name.starts_with("ticket.")
                    || name == "triggered_event"
                    || name == "helpdesk_name";
                let leads = name.starts_with(|first: char| first.is_alphabetic())
                    && inner.trim().starts_with(&name);
                if known || leads {
                    names.push(name.trim_end_matches('.').to_owned());
                }
                name.clear();
                if letter == '"' || letter == '\'' {
                    literal = Some(letter);
                }
            }
        }
    }
    names
}
