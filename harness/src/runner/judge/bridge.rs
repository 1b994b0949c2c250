//! What the bridge says: Verify, settings, problems, support bundles, and what
//! strangers get.

use serde_json::Value;

use super::{Differences, Ground, Seen};
use crate::scenario::expectation::{Existence, Expectation, VerifyOutcome};
use crate::trace::line::plain;
use crate::trace::list;

impl Ground<'_> {
    pub(super) fn verify(
        &self,
        outcome: VerifyOutcome,
        expectation: &Expectation,
    ) -> Result<(), Seen> {
        let Some(call) = self.trace.last("contract_call", |_| true) else {
            return Err(Seen {
                what: "nobody pressed Verify".into(),
                entries: Vec::new(),
            });
        };
        let status = call.status().unwrap_or(0);
        let mut differences = Differences::default();
        let succeeded = (200..300).contains(&status);
        let wrong = succeeded != (outcome == VerifyOutcome::Succeeds);
        differences.say(wrong, || {
            format!(
                "{} {}",
                status,
                call.data.get("answer").unwrap_or(&Value::Null)
            )
        });
        let text = |pointer: &str| {
            call.find(pointer)
                .and_then(Value::as_str)
                .unwrap_or("")
                .to_owned()
        };
        for (name, expected, pointer) in [
            ("agent", &expectation.agent, "/answer/agent/name"),
            ("email", &expectation.email, "/answer/agent/email"),
            ("code", &expectation.code, "/answer/error/code"),
        ] {
            if let Some(expected) = expected {
                let seen = text(pointer);
                differences.say(seen != *expected, || format!("{name}: “{seen}”"));
            }
        }
        if let Some(wanted) = &expectation.message_contains {
            let message = text("/answer/error/message");
            let lacking = !message.to_lowercase().contains(&wanted.to_lowercase());
            differences.say(lacking, || format!("message: “{message}”"));
        }
        differences.verdict(|| {
            let mut entries = self.last_of(|entry| entry.is_call() && entry.n < call.n);
            entries.push(call.n);
            entries
        })
    }

    pub(super) fn settings(
        &self,
        existence: Existence,
        expectation: &Expectation,
    ) -> Result<(), Seen> {
        let seen = self.trace.last("settings_seen", |_| true);
        let there = seen.and_then(|seen| seen.status()) == Some(200);
        let mut differences = Differences::default();
        let wrong = there != (existence == Existence::Exist);
        differences.say(wrong, || {
            if there {
                "settings are saved"
            } else {
                "no settings are saved"
            }
            .to_owned()
        });
        let settings = seen
            .and_then(|seen| seen.data.get("settings"))
            .unwrap_or(&Value::Null);
        let text = |pointer: &str| settings.pointer(pointer).map(plain).unwrap_or_default();
        for (what, wanted, pointer) in [
            ("connection", &expectation.connection, "/connection/state"),
            ("backfill", &expectation.backfill, "/backfill/state"),
        ] {
            if let Some(wanted) = wanted {
                let seen = text(pointer);
                differences.say(seen != *wanted, || format!("{what}: {seen}"));
            }
        }
        if let Some(wanted) = &expectation.reason_has {
            let reason = text("/connection/reason");
            let lacking = !reason.to_lowercase().contains(&wanted.to_lowercase());
            differences.say(lacking, || format!("reason: “{reason}”"));
        }
        let imported = settings
            .pointer("/backfill/imported")
            .and_then(Value::as_u64);
        differences.count(
            "imported",
            expectation.imported,
            usize::try_from(imported.unwrap_or(0)).unwrap_or(usize::MAX),
        );
        if let Some(setting) = &expectation.setting {
            let seen = settings.get(&setting.name).unwrap_or(&Value::Null);
            differences.say(*seen != setting.is, || format!("{}: {seen}", setting.name));
        }
        if let Some(expected) = expectation.new_webhook_url {
            let urls = &self.cast.webhook_urls;
            let now = text("/webhook/url");
            let new = urls.len() > 1 && urls.last() == Some(&now) && urls.first() != Some(&now);
            differences.say(new != expected, || {
                if new {
                    "the webhook URL is a new one"
                } else {
                    "the webhook URL is the old one"
                }
                .to_owned()
            });
        }
        differences.count(
            "webhook secret bits",
            expectation.webhook_secret_bits,
            secret_bits(&text("/webhook/url")),
        );
        for unwanted in &expectation.lacks {
            differences.say(settings.to_string().contains(unwanted.as_str()), || {
                format!("the settings hold “{unwanted}”")
            });
        }
        self.warnings(&mut differences, expectation);
        differences.verdict(|| self.last_of(|entry| entry.kind == "contract_call"))
    }

    /// The warnings of the last save.
    fn warnings(&self, differences: &mut Differences, expectation: &Expectation) {
        let saved = self
            .trace
            .last("contract_call", |call| call.text("method") == "PUT");
        let warnings = saved
            .and_then(|call| call.data.get("answer"))
            .map(|answer| list(answer, "/warnings"))
            .unwrap_or_default();
        let codes: Vec<String> = warnings
            .iter()
            .filter_map(|warning| warning.get("code").map(plain))
            .collect();
        if let Some(wanted) = &expectation.warnings {
            differences.say(codes != *wanted, || {
                format!("warnings: [{}]", codes.join(", "))
            });
        }
        if let Some(wanted) = &expectation.warning_has {
            let messages: Vec<String> = warnings
                .iter()
                .filter_map(|warning| warning.get("message").map(plain))
                .collect();
            let lacking = !messages.iter().any(|message| message.contains(wanted));
            differences.say(lacking, || {
                format!("warnings say: {}", messages.join(" · "))
            });
        }
    }

    /// Problems of a ticket, or of a kind.
    pub(super) fn problem(
        &self,
        ticket: Option<u64>,
        kind: Option<&str>,
        expectation: &Expectation,
    ) -> Result<(), Seen> {
        let seen = self.trace.last("problems_seen", |_| true);
        let problems: Vec<&Value> = seen
            .map(|seen| list(&seen.data, "/items"))
            .unwrap_or_default()
            .iter()
            .filter(|problem| {
                ticket.is_none_or(|ticket| {
                    problem.get("ticket_id").and_then(Value::as_u64) == Some(ticket)
                })
            })
            .collect();
        let kinds: Vec<String> = problems
            .iter()
            .filter_map(|p| p.get("kind"))
            .map(plain)
            .collect();
        let mut differences = Differences::default();
        if let Some(kind) = &expectation.kind {
            differences.say(!kinds.contains(kind), || {
                format!("problems: [{}]", kinds.join(", "))
            });
        }
        let there = match kind {
            Some(kind) => kinds.iter().any(|seen| seen == kind),
            None => !problems.is_empty(),
        };
        if let Some(expected) = expectation.exists {
            differences.say(there != expected, || {
                format!("problems: [{}]", kinds.join(", "))
            });
        }
        differences.verdict(|| match ticket {
            Some(ticket) => self.about(ticket),
            None => self.last_of(|entry| entry.kind == "api_call"),
        })
    }

    /// What the support bundle of a ticket's session holds.
    pub(super) fn bundle(&self, ticket: u64, expectation: &Expectation) -> Result<(), Seen> {
        let seen = self
            .trace
            .last("bundle_seen", |entry| entry.ticket == Some(ticket));
        let Some(bundle) = seen
            .filter(|seen| seen.status() == Some(200))
            .and_then(|seen| seen.data.get("bundle"))
        else {
            return Err(Seen {
                what: "there is no support bundle".to_owned(),
                entries: self.about(ticket),
            });
        };
        let text = bundle.to_string();
        let mut differences = Differences::default();
        for field in &expectation.has {
            let there = bundle
                .pointer(&format!("/{}", field.replace('.', "/")))
                .is_some_and(|value| !value.is_null());
            differences.say(!there, || format!("the bundle has no {field}"));
        }
        for unwanted in &expectation.lacks {
            differences.say(text.contains(unwanted.as_str()), || {
                format!("the bundle holds “{unwanted}”")
            });
        }
        differences.verdict(|| self.about(ticket))
    }

    /// What the last stranger got.
    pub(super) fn stranger(&self, expectation: &Expectation) -> Result<(), Seen> {
        let Some(call) = self.trace.last("stranger_call", |_| true) else {
            return Err(Seen {
                what: "no stranger called".into(),
                entries: Vec::new(),
            });
        };
        let status = call.status().unwrap_or(0);
        let answer = call.data.get("answer").unwrap_or(&Value::Null);
        let mut differences = Differences::default();
        let wrong = !expectation.status_in.is_empty()
            && !expectation
                .status_in
                .iter()
                .any(|s| u64::from(*s) == status);
        differences.say(wrong, || format!("answered {status} {answer}"));
        if let Some(wanted) = &expectation.message_contains {
            let text = answer.to_string();
            let lacking = !text.to_lowercase().contains(&wanted.to_lowercase());
            differences.say(lacking, || format!("answered {text}"));
        }
        for unwanted in &expectation.lacks {
            differences.say(answer.to_string().contains(unwanted.as_str()), || {
                format!("the answer holds “{unwanted}”")
            });
        }
        differences.verdict(|| vec![call.n])
    }
}

/// How many bits of chance the last part of a URL can hold at most: its length
/// times what its alphabet gives a character, and less where characters repeat.
fn secret_bits(url: &str) -> usize {
    let token = url.rsplit('/').next().unwrap_or("");
    let mut seen: Vec<char> = token.chars().collect();
    seen.sort_unstable();
    seen.dedup();
    let hex = token.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    let a_character = if hex { 4 } else { 5 };
    // A token of chance shows most of its alphabet.
    if seen.len() * 3 < token.len().min(16) {
        return seen.len();
    }
    token.chars().filter(char::is_ascii_alphanumeric).count() * a_character
}
