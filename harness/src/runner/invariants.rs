//! What must hold in every run, without being named by its scenario.
//!
//! | invariant | clause |
//! |---|---|
//! | no double answer | WHK-6 |
//! | no answer to a ticket that a rep owns, after the opening one | RSM-1 |
//! | no request again before its `Retry-After` | LIM-1 |
//! | no API key anywhere in the trace | SEC-1 |

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::judge::calls::retries;
use crate::scenario::check::OPENCX_AGENT;
use crate::scenario::duration::spell;
use crate::trace::{Entry, Trace};
use crate::world::cast::Cast;

/// An invariant that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The clause it stands for.
    pub clause: &'static str,
    /// What must hold.
    pub invariant: &'static str,
    /// What was seen.
    pub seen: String,
    /// The trace entries that show it.
    pub entries: Vec<usize>,
}

/// Finds every breach in a trace.
pub fn breaches(trace: &Trace, cast: &Cast) -> Vec<Breach> {
    let Some(ai) = cast.agents.get(OPENCX_AGENT).map(|agent| agent.id) else {
        return Vec::new();
    };
    let mut found = answers(trace, ai);
    found.extend(rate_limit_discipline(trace));
    found.extend(keys_seen(trace, cast));
    found
}

/// What is known of a ticket while the trace is read.
#[derive(Default)]
struct Answered {
    /// Customer messages since the last answer.
    unanswered: Vec<usize>,
    /// Customer messages since the brain was last asked.
    since_decision: Vec<usize>,
    last_reply: Option<usize>,
    responder: Option<u64>,
    owned_since: Option<usize>,
}

fn answers(trace: &Trace, ai: u64) -> Vec<Breach> {
    let mut tickets: BTreeMap<u64, Answered> = BTreeMap::new();
    let mut found = Vec::new();
    for entry in trace.entries() {
        let Some(id) = entry.ticket else { continue };
        let ticket = tickets.entry(id).or_default();
        match entry.kind.as_str() {
            "action" if matches!(entry.text("what"), "ticket_opened" | "customer_replied") => {
                ticket.unanswered.push(entry.n);
                ticket.since_decision.push(entry.n);
                if let Some(responder) = entry
                    .data
                    .pointer("/detail/responder_id")
                    .and_then(Value::as_u64)
                {
                    ticket.responder = Some(responder);
                    ticket.owned_since = Some(entry.n);
                }
            }
            "ticket_event" => {
                if let Some(to) = entry.data.pointer("/changes/responder_id/to") {
                    ticket.responder = to.as_u64();
                    ticket.owned_since = Some(entry.n);
                }
            }
            "decision" => ticket.since_decision.clear(),
            "api_call" if is_ai_reply(entry, ai) => {
                if ticket.unanswered.is_empty() {
                    found.push(Breach {
                        clause: "WHK-6",
                        invariant: "no double answer: one AI reply a customer message",
                        seen: format!(
                            "a second AI reply on ticket {id} with no customer message in between"
                        ),
                        entries: ticket.last_reply.into_iter().chain([entry.n]).collect(),
                    });
                }
                let owner = ticket.responder.filter(|responder| *responder != ai);
                if let (Some(_), Some(first)) = (owner, ticket.last_reply) {
                    found.push(Breach {
                        clause: "RSM-1",
                        invariant: "no answer to a ticket that a rep owns",
                        seen: format!("an AI reply on ticket {id}, which is assigned to a rep"),
                        entries: [Some(first), ticket.owned_since, Some(entry.n)]
                            .into_iter()
                            .flatten()
                            .collect(),
                    });
                }
                ticket.last_reply = Some(entry.n);
                // A message that came after the brain was asked is still to be answered.
                ticket.unanswered = std::mem::take(&mut ticket.since_decision);
            }
            _ => {}
        }
    }
    found
}

fn is_ai_reply(entry: &Entry, ai: u64) -> bool {
    entry.text("method") == "POST"
        && entry.text("path").ends_with("/reply")
        && entry.number("status") == Some(201)
        && entry.number("agent_id") == Some(ai)
}

fn rate_limit_discipline(trace: &Trace) -> Vec<Breach> {
    let calls: Vec<&Entry> = trace.of_kind("api_call").collect();
    retries(&calls)
        .into_iter()
        .filter_map(|(refused, again)| {
            let wait = refused
                .data
                .pointer("/headers/retry-after")
                .and_then(|v| match v {
                    Value::String(text) => text.parse().ok(),
                    other => other.as_u64(),
                })?;
            let wait = Duration::from_secs(wait);
            let waited =
                Duration::try_from(again.at.duration_since(refused.at)).unwrap_or_default();
            (waited < wait).then(|| Breach {
                clause: "LIM-1",
                invariant: "429 discipline: no request again before its Retry-After",
                seen: format!(
                    "sent again after {}, though Retry-After said {}",
                    spell(waited),
                    spell(wait)
                ),
                entries: vec![refused.n, again.n],
            })
        })
        .collect()
}

fn keys_seen(trace: &Trace, cast: &Cast) -> Vec<Breach> {
    let keys: Vec<&str> = cast.keys().collect();
    trace
        .entries()
        .iter()
        .filter(|entry| {
            let text = entry.data.to_string();
            keys.iter().any(|key| text.contains(key))
        })
        .map(|entry| Breach {
            clause: "SEC-1",
            invariant: "the API key is nowhere",
            seen: format!("an API key in a {}", entry.kind.replace('_', " ")),
            entries: vec![entry.n],
        })
        .collect()
}
