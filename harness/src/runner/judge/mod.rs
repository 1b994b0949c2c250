//! One expectation against the trace.
//!
//! | file | subjects |
//! |---|---|
//! | `mod.rs` | [`judge`], and what all subjects share |
//! | `ticket` | `ticket`, `each of` |
//! | `session` | `session for`, `sessions` |
//! | [`equality`] | whether a session says what its ticket says |
//! | `rule` | `rule`, `attempt`, `mails` |
//! | [`calls`] | `calls of`, `hosts`, and what calls show |
//! | `bridge` | `verify`, `saved settings`, `problem`, `support bundle for`, `stranger` |
//! | `brain` | `brain` |

mod brain;
mod bridge;
pub(crate) mod calls;
pub(crate) mod equality;
mod rule;
mod session;
mod ticket;

use jiff::Timestamp;
use serde_json::Value;

use crate::scenario::count::Count;
use crate::scenario::expectation::Expectation;
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
    if let Some(name) = &expectation.each_of {
        return ground.tickets(name, expectation);
    }
    if expectation.sessions.is_some() {
        return Ok(ground.sessions(expectation));
    }
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
        return Ok(ground.settings(existence, expectation));
    }
    if expectation.brain.is_some() {
        return Ok(ground.brain(expectation));
    }
    if let Some(kind) = &expectation.mails {
        return Ok(ground.mails(kind, expectation));
    }
    if let Some(ticket) = &expectation.problem_for {
        let ticket = ground.cast.ticket(ticket)?;
        return Ok(ground.problem(Some(ticket), None, expectation));
    }
    if let Some(kind) = &expectation.problem {
        return Ok(ground.problem(None, Some(kind), expectation));
    }
    if let Some(ticket) = &expectation.support_bundle_for {
        return Ok(ground.bundle(ground.cast.ticket(ticket)?, expectation));
    }
    if expectation.stranger.is_some() {
        return Ok(ground.stranger(expectation));
    }
    if let Some(outcome) = expectation.attempt {
        return Ok(ground.attempt(outcome, expectation));
    }
    if let Some(called) = expectation.hosts {
        return Ok(ground.hosts(called, expectation));
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
    /// The entries that tell a ticket's story, the last ones.
    fn about(&self, ticket: u64) -> Vec<usize> {
        let ours: Vec<u64> = self.cast.past_rules.values().flatten().copied().collect();
        self.last_of(|entry| {
            entry.ticket == Some(ticket)
                && match entry.kind.as_str() {
                    "api_call" => {
                        !entry.is_get() || entry.status().is_some_and(|status| status >= 400)
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

    fn group_name(&self, id: Option<u64>) -> String {
        match id {
            None => "none".to_owned(),
            Some(id) => self
                .cast
                .groups
                .iter()
                .find(|(_, group)| **group == id)
                .map_or_else(|| id.to_string(), |(name, _)| name.clone()),
        }
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
