//! What must not get into a report: API keys, and the token in a webhook URL
//! that lets whoever knows it speak to the bridge (SEC-1, SEC-6). One secret
//! has one name, so that who used which stays readable.
//!
//! The people of a trace are a scenario's own, invented in its file; they stay.

use memchr::memmem::Finder;
use serde_json::Value;

use super::Trace;
use crate::world::cast::Cast;

/// A part of a webhook URL that is shorter is a word of the path, no token.
const TOKEN: usize = 16;

/// Words that are looked for in many texts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words(Vec<Finder<'static>>);

impl Words {
    pub(crate) fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let finder = |word: &str| Finder::new(word).into_owned();
        Self(words.into_iter().map(finder).collect())
    }

    /// Whether a text holds one of them.
    pub(crate) fn are_in(&self, text: &str) -> bool {
        self.0
            .iter()
            .any(|word| word.find(text.as_bytes()).is_some())
    }
}

/// The secrets of a run, each with what is written in its place.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets {
    names: Vec<(String, String)>,
    words: Words,
}

impl Secrets {
    /// All that a cast knows.
    pub(crate) fn of(cast: &Cast) -> Self {
        let mut known = Vec::new();
        for agent in cast.agents.values() {
            known.push((agent.key.clone(), format!("‹API key of {}›", agent.name)));
            if let Some(old) = &agent.old_key {
                known.push((old.clone(), format!("‹former API key of {}›", agent.name)));
            }
        }
        for (n, url) in cast.webhook_urls.iter().enumerate() {
            let parts = url.split(['/', '?', '=', '&', '#']);
            known.extend(
                parts
                    .filter(|part| part.len() >= TOKEN && !part.contains(['.', ':']))
                    .map(|part| (part.to_owned(), format!("‹webhook token {}›", n + 1))),
            );
        }
        known.retain(|(secret, _)| !secret.is_empty());
        let words = Words::new(known.iter().map(|(secret, _)| secret.as_str()));
        Self {
            names: known,
            words,
        }
    }

    /// Replaces every secret in a text.
    pub(crate) fn hide_in_text(&self, text: &mut String) {
        if !self.are_in(text) {
            return;
        }
        for (secret, name) in &self.names {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), name);
            }
        }
    }

    /// Replaces every secret in a trace, keys of objects included.
    pub(crate) fn hide_in(&self, trace: &mut Trace) {
        for entry in &mut trace.entries {
            entry.data.hide(self);
        }
    }

    pub(super) fn hide_in_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.hide_in_text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide_in_value(item)),
            Value::Object(fields) => {
                if fields.keys().any(|key| self.are_in(key)) {
                    *fields = std::mem::take(fields)
                        .into_iter()
                        .map(|(mut key, item)| {
                            self.hide_in_text(&mut key);
                            (key, item)
                        })
                        .collect();
                }
                fields
                    .values_mut()
                    .for_each(|item| self.hide_in_value(item));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Whether a text holds one of them.
    pub(super) fn are_in(&self, text: &str) -> bool {
        self.words.are_in(text)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::trace::Source;
    use crate::world::cast::Agent;

    #[test]
    fn keys_and_tokens_get_names_wherever_they_stand() {
        let mut cast = Cast::default();
        cast.agents.insert(
            "Rita Rep".to_owned(),
            Agent {
                id: 1,
                name: "Rita Rep".to_owned(),
                email: "rita@company.example".to_owned(),
                key: "KEYNEW123456".to_owned(),
                old_key: Some("KEYOLD123456".to_owned()),
            },
        );
        let url = "http://127.0.0.1:8700/webhooks/freshdesk/0123456789abcdef0123";
        cast.webhook_urls.push(url.to_owned());
        let data = json!({
            "url": url,
            "list": ["Basic KEYOLD123456:X", {"KEYNEW123456": "rita@company.example"}],
        });
        let mut trace = Trace::default();
        trace.push(
            Timestamp::UNIX_EPOCH,
            Source::Bridge,
            "call",
            None,
            None,
            data,
        );
        Secrets::of(&cast).hide_in(&mut trace);
        assert_eq!(
            trace.entries()[0].data,
            json!({
                "url": "http://127.0.0.1:8700/webhooks/freshdesk/‹webhook token 1›",
                "list": [
                    "Basic ‹former API key of Rita Rep›:X",
                    {"‹API key of Rita Rep›": "rita@company.example"},
                ],
            })
        );
    }
}
