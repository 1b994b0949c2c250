//! What must hold in every run, without being named by its scenario. Each is
//! read off the trace in one pass and holds for a trace if it holds for each
//! beginning of it, so that reading a whole trace is as good as looking after
//! every step.
//!
//! | invariant | clauses |
//! |---|---|
//! | no double answer | WHK-6, FLW-4 |
//! | no answer to a human-owned ticket | RSM-1 |
//! | no answer to a handed-off ticket | HND-4 |
//! | nothing private in public | SEC-5 |
//! | one session per ticket | FLW-1 |
//! | 429 discipline | LIM-1 |
//! | 20 MB | LIM-4 |
//! | the API key is never seen | SEC-1 |
//! | marker and routing consistent | HND-1, RSM-3 |
//!
//! *Nothing lost*, *session equals ticket after quiet* and *quota never starved
//! for ever* can only be said of an end: [`crate::explore`].

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::judge::calls::retries;
use crate::scenario::check::OPENCX_AGENT;
use crate::scenario::duration::spell;
use crate::trace::secrets::Words;
use crate::trace::{Entry, Trace};
use crate::trace::{find, list};
use crate::world::cast::Cast;

/// Texts shorter than this are found everywhere by chance.
const TELLING: usize = 8;
/// Sends of one request at most: the first and three retries.
const MOST_SENDS: usize = 4;
/// A request that comes again so much later than it had to is another try, not a retry.
const ANOTHER_TRY: Duration = Duration::from_secs(90);

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
    let mut found = tickets(trace, ai);
    found.extend(one_session_per_ticket(trace));
    found.extend(rate_limit_discipline(trace));
    found.extend(keys_seen(trace, cast));
    found
}

/// What is known of a ticket while the trace is read.
#[derive(Default)]
struct Ticket {
    requester: Option<u64>,
    /// Customer messages since the last answer.
    unanswered: Vec<usize>,
    /// Customer messages since the brain was last asked.
    since_decision: Vec<usize>,
    last_reply: Option<usize>,
    responder: Option<u64>,
    owned_since: Option<usize>,
    /// The AI decided to hand off; whether it did will be seen.
    handing_off: bool,
    handed_off: Option<usize>,
    /// Texts that must not be said in public.
    private: Vec<String>,
}

fn tickets(trace: &Trace, ai: u64) -> Vec<Breach> {
    let mut tickets: BTreeMap<u64, Ticket> = BTreeMap::new();
    let mut found = Vec::new();
    for entry in trace.entries() {
        let Some(id) = entry.ticket else { continue };
        let ticket = tickets.entry(id).or_default();
        match entry.kind.as_str() {
            "action" => ticket.take_action(entry),
            "ticket_event" => {
                if let Some(to) = entry.find("/changes/responder_id/to") {
                    ticket.responder = to.as_u64();
                    ticket.owned_since = Some(entry.n);
                }
            }
            "decision" => {
                ticket.since_decision.clear();
                ticket.handing_off = entry.text("action") == "handoff";
                ticket.keep_private(entry.text("summary"));
            }
            "api_call" if !entry.is_get() && entry.number("agent_id") == Some(ai) => {
                found.extend(ticket.take_call(id, entry, ai));
            }
            _ => {}
        }
    }
    found
}

impl Ticket {
    fn keep_private(&mut self, text: &str) {
        if text.len() >= TELLING {
            self.private.push(text.to_owned());
        }
    }

    fn take_action(&mut self, action: &Entry) {
        let by = action.find("/by/id").and_then(Value::as_u64);
        let detail = |field: &str| action.find(&format!("/detail/{field}"));
        let by_customer = match action.text("what") {
            "ticket_opened" => {
                self.requester = by;
                if let Some(responder) = detail("responder_id").and_then(Value::as_u64) {
                    self.responder = Some(responder);
                    self.owned_since = Some(action.n);
                }
                true
            }
            "customer_replied" => true,
            // An agent who raised the ticket is its customer (FLW-9).
            "rep_replied" => by.is_some() && by == self.requester,
            "note_added" => {
                if detail("private") == Some(&Value::Bool(true))
                    && let Some(text) = detail("text").and_then(Value::as_str)
                {
                    self.keep_private(text);
                }
                false
            }
            _ => false,
        };
        if by_customer {
            self.unanswered.push(action.n);
            self.since_decision.push(action.n);
        }
    }

    /// Reads a call of the bridge on this ticket.
    fn take_call(&mut self, id: u64, call: &Entry, ai: u64) -> Vec<Breach> {
        let path = call.text("path");
        let status = call.status().unwrap_or(0);
        match call.text("method") {
            "POST" if path.ends_with("/reply") && status == 201 => self.reply(id, call, ai),
            "POST" if path.ends_with("/notes") && status == 201 => {
                if std::mem::take(&mut self.handing_off) {
                    self.handed_off = Some(call.n);
                }
                Vec::new()
            }
            "POST" if status == 400 && too_large(call) => vec![Breach {
                clause: "LIM-4",
                invariant: "20 MB: no post carries more than Freshdesk takes",
                seen: format!("Freshdesk refused the attachments of a post on ticket {id}"),
                entries: vec![call.n],
            }],
            "PUT" if status == 200 => self.update(id, call, ai),
            _ => Vec::new(),
        }
    }

    fn reply(&mut self, id: u64, call: &Entry, ai: u64) -> Vec<Breach> {
        let mut found = Vec::new();
        let mut say = |clause, invariant, seen: String, entries: &[Option<usize>]| {
            found.push(Breach {
                clause,
                invariant,
                seen,
                entries: entries.iter().copied().flatten().chain([call.n]).collect(),
            });
        };
        if self.unanswered.is_empty() {
            say(
                "WHK-6",
                "no double answer: one AI reply a customer message",
                format!("a second AI reply on ticket {id} with no customer message in between"),
                &[self.last_reply],
            );
        }
        if self.responder.is_some_and(|owner| owner != ai) && self.last_reply.is_some() {
            say(
                "RSM-1",
                "no answer to a human-owned ticket",
                format!("an AI reply on ticket {id}, which is assigned to a rep"),
                &[self.last_reply, self.owned_since],
            );
        }
        if self.handed_off.is_some() && self.responder != Some(ai) {
            say(
                "HND-4",
                "no answer to a handed-off ticket",
                format!("an AI reply on ticket {id}, which was handed off"),
                &[self.handed_off],
            );
        }
        let body = call
            .find("/request/body")
            .and_then(Value::as_str)
            .unwrap_or("");
        if let Some(text) = self.private.iter().find(|text| body.contains(*text)) {
            say(
                "SEC-5",
                "nothing private in public",
                format!("a public reply on ticket {id} says “{text}”"),
                &[],
            );
        }
        self.last_reply = Some(call.n);
        // A message that came after the brain was asked is still to be answered.
        self.unanswered = std::mem::take(&mut self.since_decision);
        found
    }

    fn update(&mut self, id: u64, call: &Entry, ai: u64) -> Vec<Breach> {
        let marker = call
            .find("/request/custom_fields")
            .and_then(Value::as_object)
            .and_then(|fields| fields.values().find_map(Value::as_bool));
        let owner = call.find("/answer/responder_id").and_then(Value::as_u64);
        match marker {
            Some(true) => {
                self.handed_off = Some(call.n);
                if owner == Some(ai) {
                    return vec![Breach {
                        clause: "HND-1",
                        invariant: "marker and routing consistent: what is marked is not the AI's",
                        seen: format!("ticket {id} is marked and still assigned to the AI"),
                        entries: vec![call.n],
                    }];
                }
            }
            Some(false) => {
                self.handed_off = None;
                if owner != Some(ai) {
                    return vec![Breach {
                        clause: "RSM-3",
                        invariant: "marker and routing consistent: only the AI's own ticket is unmarked",
                        seen: format!("ticket {id} was unmarked and is not assigned to the AI"),
                        entries: vec![call.n],
                    }];
                }
            }
            None => {}
        }
        Vec::new()
    }
}

/// Whether a 400 is about the size of attachments.
fn too_large(call: &Entry) -> bool {
    list(call.data.get("answer").unwrap_or(&Value::Null), "/errors")
        .iter()
        .any(|error| error.get("field").and_then(Value::as_str) == Some("attachments"))
}

fn one_session_per_ticket(trace: &Trace) -> Vec<Breach> {
    let mut found = Vec::new();
    for seen in trace.of_kind("session_seen") {
        let sessions = list(&seen.data, "/sessions").len();
        if sessions > 1 {
            found.push(Breach {
                clause: "FLW-1",
                invariant: "one session per ticket",
                seen: format!("{sessions} sessions for one ticket"),
                entries: vec![seen.n],
            });
        }
    }
    for seen in trace.of_kind("sessions_seen") {
        let mut of: BTreeMap<u64, usize> = BTreeMap::new();
        for item in list(&seen.data, "/items") {
            if let Some(ticket) = find(item, "/session/ticket_id").and_then(Value::as_u64) {
                *of.entry(ticket).or_default() += 1;
            }
        }
        if let Some((ticket, sessions)) = of.iter().find(|(_, sessions)| **sessions > 1) {
            found.push(Breach {
                clause: "FLW-1",
                invariant: "one session per ticket",
                seen: format!("{sessions} sessions for ticket {ticket}"),
                entries: vec![seen.n],
            });
        }
    }
    found
}

fn retry_after(call: &Entry) -> Option<Duration> {
    let seconds = match call.find("/headers/retry-after")? {
        Value::String(text) => text.parse().ok()?,
        other => other.as_u64()?,
    };
    Some(Duration::from_secs(seconds))
}

fn rate_limit_discipline(trace: &Trace) -> Vec<Breach> {
    let calls: Vec<&Entry> = trace.of_kind("api_call").collect();
    if !calls.iter().any(|call| call.status() == Some(429)) {
        return Vec::new();
    }
    let restarts: Vec<usize> = trace
        .of_kind("bridge_restarted")
        .map(|restart| restart.n)
        .collect();
    let mut found = Vec::new();
    // How many sends a call is the last of.
    let mut sends: BTreeMap<usize, usize> = BTreeMap::new();
    for (refused, again) in retries(&calls) {
        // A process that was killed took what it was told with it.
        if restarts.iter().any(|n| (refused.n..again.n).contains(n)) {
            continue;
        }
        let waited = Duration::try_from(again.at.duration_since(refused.at)).unwrap_or_default();
        let least = retry_after(refused);
        if let Some(least) = least
            && waited < least
        {
            found.push(Breach {
                clause: "LIM-1",
                invariant: "429 discipline: no request again before its Retry-After",
                seen: format!(
                    "sent again after {}, though Retry-After said {}",
                    spell(waited),
                    spell(least)
                ),
                entries: vec![refused.n, again.n],
            });
        }
        if waited > least.unwrap_or_default() + ANOTHER_TRY {
            continue;
        }
        let so_far = sends.get(&refused.n).copied().unwrap_or(1) + 1;
        sends.insert(again.n, so_far);
        if so_far == MOST_SENDS + 1 {
            found.push(Breach {
                clause: "LIM-1",
                invariant: "429 discipline: three retries and not a fourth",
                seen: "a request was sent a fifth time in a row".to_owned(),
                entries: vec![refused.n, again.n],
            });
        }
    }
    found
}

fn keys_seen(trace: &Trace, cast: &Cast) -> Vec<Breach> {
    let keys = Words::new(cast.keys());
    trace
        .entries()
        .iter()
        .filter(|entry| entry.data.holds_any(&keys))
        .map(|entry| Breach {
            clause: "SEC-1",
            invariant: "the API key is never seen",
            seen: format!("an API key in a {}", entry.kind.replace('_', " ")),
            entries: vec![entry.n],
        })
        .collect()
}
