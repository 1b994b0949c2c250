//! Rules and their activity logs, rules that Freshdesk was asked to take, and
//! the helpdesk's mails.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::{Differences, Ground, Seen};
use crate::scenario::duration::spell;
use crate::scenario::expectation::{AttemptOutcome, Expectation};
use crate::trace::line::plain;
use crate::trace::list;

impl Ground<'_> {
    pub(super) fn rule(&self, expectation: &Expectation) -> Result<(), Seen> {
        let name = serde_json::to_value(expectation.rule).unwrap_or_default();
        let seen = self.trace.last("activity_seen", |entry| {
            entry.data.get("rule") == Some(&name)
        });
        let items: Vec<&Value> = seen
            .map(|seen| list(&seen.data, "/items"))
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
            .flat_map(|item| list(item, "/webhooks"))
            .next();
        let tries = webhook.map_or(&[][..], |webhook| list(webhook, "/attempts"));
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
        if let Some(limit) = expectation.answered_within {
            let took = tries.last().and_then(took);
            differences.say(took.is_none_or(|took| took > limit.0), || match took {
                Some(took) => format!("its last webhook was answered after {}", spell(took)),
                None => "its last webhook was not answered".to_owned(),
            });
        }
        differences.verdict(|| {
            let kinds = ["rule_decision", "webhook_attempt", "webhook_result"];
            self.last_of(|entry| {
                kinds.contains(&entry.kind.as_str()) && entry.at >= self.phase_began
            })
        })
    }

    pub(super) fn mails(&self, kind: &str, expectation: &Expectation) -> Result<(), Seen> {
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

    /// What Freshdesk said to the rule that an admin last tried to paste.
    pub(super) fn attempt(
        &self,
        outcome: AttemptOutcome,
        expectation: &Expectation,
    ) -> Result<(), Seen> {
        let Some(attempt) = self.trace.last("rule_attempt", |_| true) else {
            return Err(Seen {
                what: "nobody tried to paste a rule".into(),
                entries: Vec::new(),
            });
        };
        let status = attempt.status().unwrap_or(0);
        let mut differences = Differences::default();
        let accepted = (200..300).contains(&status);
        let answer = attempt.data.get("answer").unwrap_or(&Value::Null);
        let wrong = accepted != (outcome == AttemptOutcome::Accepted)
            || (!expectation.status_in.is_empty()
                && !expectation
                    .status_in
                    .iter()
                    .any(|s| u64::from(*s) == status));
        differences.say(wrong, || format!("Freshdesk answered {status} {answer}"));
        if let Some(wanted) = &expectation.message_contains {
            let text = answer.to_string();
            let lacking = !text.to_lowercase().contains(&wanted.to_lowercase());
            differences.say(lacking, || format!("Freshdesk said {text}"));
        }
        differences.verdict(|| vec![attempt.n])
    }
}

/// How long a webhook call took.
fn took(attempt: &Value) -> Option<Duration> {
    let at = |field: &str| -> Option<Timestamp> {
        attempt.get(field).and_then(Value::as_str)?.parse().ok()
    };
    Duration::try_from(at("finished_at")?.duration_since(at("at")?)).ok()
}
