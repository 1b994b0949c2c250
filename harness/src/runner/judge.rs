//! One expectation against the trace.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::scenario::check::OPENCX_AGENT;
use crate::scenario::count::Count;
use crate::scenario::duration::spell;
use crate::scenario::expectation::{Existence, Expectation, StatusExpected, VerifyOutcome};
use crate::trace::line::plain;
use crate::trace::{Entry, Trace};
use crate::world::WorldError;
use crate::world::cast::Cast;

/// What was seen in place of what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// In words.
    pub(crate) what: String,
    /// The trace entries that matter.
    pub(crate) entries: Vec<usize>,
}

/// The ground on which expectations are judged.
pub(crate) struct Ground<'a> {
    pub(crate) trace: &'a Trace,
    pub(crate) cast: &'a Cast,
    /// When the present phase began: activity before it belongs to the past.
    pub(crate) phase_began: Timestamp,
}

/// How many entries a failure shows.
const SHOWN: usize = 10;

/// Judges an expectation; `Ok(Err(seen))` if it does not hold.
pub(crate) fn judge(
    ground: &Ground<'_>,
    expectation: &Expectation,
) -> Result<Result<(), Seen>, WorldError> {
    if let Some(ticket) = &expectation.ticket {
        return ground.ticket(ground.cast.ticket(ticket)?, expectation);
    }
    if let Some(ticket) = &expectation.session_for {
        return ground.session(ground.cast.ticket(ticket)?, expectation);
    }
    if expectation.rule.is_some() {
        return Ok(ground.rule(expectation));
    }
    if let Some(calls) = &expectation.calls_of {
        return ground.calls(calls, expectation);
    }
    if let Some(outcome) = expectation.verify {
        return Ok(ground.verify(outcome, expectation));
    }
    if let Some(existence) = expectation.saved_settings {
        return Ok(ground.settings(existence));
    }
    if expectation.brain.is_some() {
        return Ok(ground.brain(expectation));
    }
    if let Some(kind) = &expectation.mails {
        return Ok(ground.mails(kind, expectation));
    }
    if let Some(ticket) = &expectation.problem_for {
        return Ok(ground.problem(ground.cast.ticket(ticket)?, expectation));
    }
    Err(WorldError::unexpected(
        "an expectation without a subject was not refused when it was read",
    ))
}

/// Collects what is not as expected.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn count(&mut self, what: &str, expected: Option<Count>, seen: usize) {
        let seen = seen as u64;
        if expected.is_some_and(|count| !count.admits(seen)) {
            self.0.push(format!("{what}: {seen}"));
        }
    }

    fn say(&mut self, differs: bool, seen: impl FnOnce() -> String) {
        if differs {
            self.0.push(seen());
        }
    }

    fn verdict(self, entries: impl FnOnce() -> Vec<usize>) -> Result<(), Seen> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Seen {
                what: self.0.join(", "),
                entries: entries(),
            })
        }
    }
}

impl Ground<'_> {
    fn ticket(&self, id: u64, expectation: &Expectation) -> Result<Result<(), Seen>, WorldError> {
        let seen = self
            .trace
            .last("ticket_seen", |entry| entry.ticket == Some(id))
            .ok_or_else(|| {
                WorldError::unexpected("the ticket was judged before it was looked at")
            })?;
        let ai = self.cast.agent(OPENCX_AGENT)?.id;
        let by_ai = |private: bool| {
            list(&seen.data, "conversations")
                .iter()
                .filter(|c| c.get("user_id").and_then(Value::as_u64) == Some(ai))
                .filter(|c| c.get("private").and_then(Value::as_bool) == Some(private))
                .count()
        };
        let mut differences = Differences::default();
        differences.count("ai replies", expectation.ai_replies, by_ai(false));
        differences.count("ai notes", expectation.ai_notes, by_ai(true));
        let tags: Vec<&str> = list(&seen.data, "tags")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let lacking = expectation
            .tags
            .iter()
            .any(|tag| !tags.contains(&tag.as_str()));
        differences.say(lacking, || format!("tags: [{}]", tags.join(", ")));
        if let Some(StatusExpected::Ticket(status)) = &expectation.status {
            let seen_status = seen.number("status").unwrap_or(0);
            differences.say(seen_status != u64::from(*status), || {
                format!("status: {seen_status}")
            });
        }
        if let Some(assignee) = &expectation.assignee {
            let expected = match assignee.value.as_str() {
                "nobody" => None,
                name => Some(self.cast.agent(name)?.id),
            };
            let responder = seen.number("responder_id");
            differences.say(responder != expected, || {
                format!("assignee: {}", self.agent_name(responder))
            });
        }
        Ok(differences.verdict(|| self.about(id)))
    }

    fn session(&self, id: u64, expectation: &Expectation) -> Result<Result<(), Seen>, WorldError> {
        let seen = self
            .trace
            .last("session_seen", |entry| entry.ticket == Some(id))
            .ok_or_else(|| {
                WorldError::unexpected("the session was judged before it was looked at")
            })?;
        let sessions = list(&seen.data, "sessions");
        let mut differences = Differences::default();
        differences.say(sessions.len() > 1, || {
            format!("{} sessions for one ticket", sessions.len())
        });
        let exists = !sessions.is_empty();
        if let Some(expected) = expectation.exists {
            differences.say(exists != expected, || {
                if exists {
                    "there is a session"
                } else {
                    "there is no session"
                }
                .to_owned()
            });
        }
        let Some(session) = sessions.first() else {
            let asks_more = expectation.exists.is_none();
            differences.say(asks_more, || "there is no session".to_owned());
            return Ok(differences.verdict(|| self.about(id)));
        };
        let history = list(&seen.data, "history");
        let of_kind = |kinds: &[&str]| {
            history
                .iter()
                .filter(|item| {
                    item.get("kind")
                        .and_then(Value::as_str)
                        .is_some_and(|kind| kinds.contains(&kind))
                })
                .count()
        };
        differences.count(
            "customer messages",
            expectation.customer_messages,
            of_kind(&["message"]),
        );
        differences.count(
            "ai messages",
            expectation.ai_messages,
            of_kind(&["ai_message"]),
        );
        differences.count(
            "rep messages",
            expectation.rep_messages,
            of_kind(&["agent_message"]),
        );
        if let Some(StatusExpected::Session(status)) = &expectation.status {
            let seen_status = session.get("status").and_then(Value::as_str).unwrap_or("");
            differences.say(seen_status != status, || {
                format!("session status: {seen_status}")
            });
        }
        if let Some(expected) = expectation.handed_off {
            let flag = session
                .get("handed_off")
                .and_then(Value::as_bool)
                .unwrap_or(false);
            differences.say(flag != expected, || format!("handed off: {flag}"));
        }
        if !expectation.history_has.is_empty() {
            let texts: Vec<&str> = history
                .iter()
                .filter_map(|item| item.get("text").and_then(Value::as_str))
                .collect();
            let mut rest = texts.iter();
            let lacking = expectation
                .history_has
                .iter()
                .find(|wanted| !rest.any(|text| text.contains(wanted.as_str())));
            if let Some(lacking) = lacking {
                differences.say(true, || {
                    let shown: Vec<String> = texts
                        .iter()
                        .map(|text| format!("“{}”", shorten(text, 50)))
                        .collect();
                    format!(
                        "the history lacks “{lacking}” in this place; it reads {}",
                        shown.join(" · ")
                    )
                });
            }
        }
        Ok(differences.verdict(|| self.about(id)))
    }

    fn rule(&self, expectation: &Expectation) -> Result<(), Seen> {
        let name = serde_json::to_value(expectation.rule).unwrap_or_default();
        let seen = self.trace.last("activity_seen", |entry| {
            entry.data.get("rule") == Some(&name)
        });
        let items: Vec<&Value> = seen
            .map(|seen| list(&seen.data, "items"))
            .unwrap_or_default()
            .iter()
            .filter(|item| {
                item.get("at")
                    .and_then(Value::as_str)
                    .and_then(|at| at.parse::<Timestamp>().ok())
                    .is_some_and(|at| at >= self.phase_began)
            })
            .collect();
        let outcome = |item: &Value, wanted: &str| {
            item.get("outcome").and_then(Value::as_str) == Some(wanted)
        };
        let executed = items
            .iter()
            .filter(|item| outcome(item, "executed"))
            .count();
        let mut differences = Differences::default();
        differences.count("executed", expectation.executed, executed);
        if let Some(reason) = &expectation.skipped {
            let last = items
                .iter()
                .rev()
                .find(|item| outcome(item, "skipped"))
                .and_then(|item| item.pointer("/reason/code"))
                .map(plain);
            differences.say(last.as_deref() != Some(reason), || match last {
                Some(last) => format!("skipped for: {last}"),
                None => "it was not skipped".to_owned(),
            });
        }
        let webhook = items
            .iter()
            .rev()
            .flat_map(|item| list(item, "webhooks"))
            .next();
        let tries = webhook.map_or(&[][..], |webhook| list(webhook, "attempts"));
        differences.count("webhook tries", expectation.webhook_tries, tries.len());
        if let Some(wanted) = &expectation.webhook {
            let ended = match tries.last() {
                None => "none".to_owned(),
                Some(attempt) => match attempt.get("status").and_then(Value::as_u64) {
                    Some(status) => status.to_string(),
                    None => attempt.get("error").map_or("pending".to_owned(), plain),
                },
            };
            let class = match ended.as_bytes() {
                [first @ b'1'..=b'5', _, _] => format!("{}xx", char::from(*first)),
                _ => ended.clone(),
            };
            differences.say(*wanted != ended && *wanted != class, || {
                format!("its last webhook: {ended}")
            });
        }
        differences.verdict(|| {
            let kinds = ["rule_decision", "webhook_attempt", "webhook_result"];
            self.last_of(|entry| {
                kinds.contains(&entry.kind.as_str()) && entry.at >= self.phase_began
            })
        })
    }

    fn calls(
        &self,
        pattern: &str,
        expectation: &Expectation,
    ) -> Result<Result<(), Seen>, WorldError> {
        let ai = self.cast.agent(OPENCX_AGENT)?.id;
        let calls: Vec<&Entry> = self
            .trace
            .of_kind("api_call")
            .filter(|call| call.number("agent_id") == Some(ai) && call_matches(pattern, call))
            .collect();
        let mut differences = Differences::default();
        differences.count("calls", expectation.exactly, calls.len());
        let mut entries: Vec<usize> = calls.iter().rev().take(SHOWN).map(|call| call.n).collect();
        entries.reverse();
        if let Some(least) = expectation.no_retry_before {
            for (first, again) in retries(&calls) {
                let waited =
                    Duration::try_from(again.at.duration_since(first.at)).unwrap_or_default();
                differences.say(waited < least.0, || {
                    format!("sent again after {}", spell(waited))
                });
            }
        }
        Ok(differences.verdict(|| entries))
    }

    fn verify(&self, outcome: VerifyOutcome, expectation: &Expectation) -> Result<(), Seen> {
        let Some(call) = self.trace.last("contract_call", |_| true) else {
            return Err(Seen {
                what: "nobody pressed Verify".into(),
                entries: Vec::new(),
            });
        };
        let status = call.number("status").unwrap_or(0);
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
            call.data
                .pointer(pointer)
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

    fn settings(&self, existence: Existence) -> Result<(), Seen> {
        let seen = self.trace.last("settings_seen", |_| true);
        let there = seen.and_then(|seen| seen.number("status")) == Some(200);
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
        differences.verdict(|| self.last_of(|entry| entry.kind == "contract_call"))
    }

    fn brain(&self, expectation: &Expectation) -> Result<(), Seen> {
        let asked: Vec<usize> = self
            .trace
            .of_kind("decision")
            .map(|entry| entry.n)
            .collect();
        let mut differences = Differences::default();
        differences.count("brain asked", expectation.times, asked.len());
        differences.verdict(|| asked)
    }

    fn mails(&self, kind: &str, expectation: &Expectation) -> Result<(), Seen> {
        let mails: Vec<usize> = self
            .trace
            .of_kind("mail")
            .filter(|mail| mail.text("kind_of_mail") == kind)
            .map(|mail| mail.n)
            .collect();
        let mut differences = Differences::default();
        differences.count("mails", expectation.exactly, mails.len());
        differences.verdict(|| mails)
    }

    fn problem(&self, ticket: u64, expectation: &Expectation) -> Result<(), Seen> {
        let seen = self.trace.last("problems_seen", |_| true);
        let problems: Vec<&Value> = seen
            .map(|seen| list(&seen.data, "items"))
            .unwrap_or_default()
            .iter()
            .filter(|problem| problem.get("ticket_id").and_then(Value::as_u64) == Some(ticket))
            .collect();
        let mut differences = Differences::default();
        let kinds: Vec<String> = problems
            .iter()
            .filter_map(|p| p.get("kind"))
            .map(plain)
            .collect();
        if let Some(kind) = &expectation.kind {
            differences.say(!kinds.contains(kind), || {
                format!("problems: [{}]", kinds.join(", "))
            });
        }
        if let Some(expected) = expectation.exists {
            differences.say(problems.is_empty() == expected, || {
                format!("problems: [{}]", kinds.join(", "))
            });
        }
        differences.verdict(|| self.about(ticket))
    }

    /// The entries that tell a ticket's story, the last ones.
    fn about(&self, ticket: u64) -> Vec<usize> {
        let ours: Vec<u64> = self.cast.past_rules.values().flatten().copied().collect();
        self.last_of(|entry| {
            entry.ticket == Some(ticket)
                && match entry.kind.as_str() {
                    "api_call" => {
                        entry.text("method") != "GET"
                            || entry.number("status").is_some_and(|status| status >= 400)
                    }
                    "rule_decision" => {
                        entry.text("outcome") == "executed"
                            || entry.number("rule_id").is_some_and(|id| ours.contains(&id))
                    }
                    "action" | "webhook_result" | "decision" | "mail" => true,
                    _ => false,
                }
        })
    }

    fn last_of(&self, matters: impl Fn(&Entry) -> bool) -> Vec<usize> {
        let mut entries: Vec<usize> = self
            .trace
            .entries()
            .iter()
            .rev()
            .filter(|e| matters(e))
            .take(SHOWN)
            .map(|e| e.n)
            .collect();
        entries.reverse();
        entries
    }

    fn agent_name(&self, id: Option<u64>) -> String {
        match id {
            None => "nobody".to_owned(),
            Some(id) => self
                .cast
                .agents
                .values()
                .find(|agent| agent.id == id)
                .map_or_else(|| id.to_string(), |agent| agent.name.clone()),
        }
    }
}

/// Pairs of calls of which the second is the first, sent again after a 429.
pub(crate) fn retries<'a>(calls: &[&'a Entry]) -> Vec<(&'a Entry, &'a Entry)> {
    let same = |a: &Entry, b: &Entry| {
        a.text("method") == b.text("method")
            && a.text("path") == b.text("path")
            && a.data.get("query") == b.data.get("query")
    };
    calls
        .iter()
        .enumerate()
        .filter(|(_, call)| call.number("status") == Some(429))
        .filter_map(|(i, call)| {
            calls[i + 1..]
                .iter()
                .find(|later| same(call, later))
                .map(|later| (*call, *later))
        })
        .collect()
}

/// Whether a call is meant by `METHOD /path`, where `*` is one segment and `**` any number.
fn call_matches(pattern: &str, call: &Entry) -> bool {
    let (method, path) = pattern.split_once(' ').unwrap_or(("*", pattern));
    let called = call.text("path").trim_start_matches("/api/v2");
    (method == "*" || method == call.text("method"))
        && segments_match(
            &path.split('/').collect::<Vec<_>>(),
            &called.split('/').collect::<Vec<_>>(),
        )
}

fn segments_match(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern, path) {
        ([], []) => true,
        (["**", rest @ ..], _) => (0..=path.len()).any(|skip| segments_match(rest, &path[skip..])),
        (["*", pattern @ ..], [_, path @ ..]) => segments_match(pattern, path),
        ([a, pattern @ ..], [b, path @ ..]) => a == b && segments_match(pattern, path),
        _ => false,
    }
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value
        .get(field)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn shorten(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// An expectation in the words it was written in.
pub(crate) fn spell_expectation(expectation: &Expectation) -> String {
    let written = serde_json::to_value(expectation).unwrap_or_default();
    let Some(fields) = written.as_object() else {
        return String::new();
    };
    fields
        .iter()
        .map(|(key, value)| match value {
            Value::Array(_) => format!("{key}: [{}]", plain(value)),
            _ => format!("{key}: {}", plain(value)),
        })
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_segment_and_two_are_any_number() {
        let path = |text: &str| text.split('/').map(str::to_owned).collect::<Vec<_>>();
        let matches = |pattern: &str, called: &str| {
            let (pattern, called) = (path(pattern), path(called));
            segments_match(
                &pattern.iter().map(String::as_str).collect::<Vec<_>>(),
                &called.iter().map(String::as_str).collect::<Vec<_>>(),
            )
        };
        assert!(matches("/tickets/*/reply", "/tickets/17/reply"));
        assert!(!matches("/tickets/*/reply", "/tickets/17/notes"));
        assert!(!matches("/tickets/*", "/tickets/17/reply"));
        assert!(matches("/tickets/**", "/tickets/17/reply"));
        assert!(matches("**", "/anything/at/all"));
    }
}
