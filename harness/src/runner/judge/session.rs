//! The bridge's sessions: one, or all of them.

use serde_json::Value;

use super::{Differences, Ground, Seen, equality, shorten};
use crate::scenario::expectation::{Expectation, StatusExpected};
use crate::trace::line::plain;
use crate::trace::list;
use crate::world::WorldError;

impl Ground<'_> {
    pub(super) fn session(
        &self,
        id: u64,
        expectation: &Expectation,
    ) -> Result<Result<(), Seen>, WorldError> {
        let seen = self
            .trace
            .last("session_seen", |entry| entry.ticket == Some(id))
            .ok_or_else(|| {
                WorldError::unexpected("the session was judged before it was looked at")
            })?;
        let sessions = list(&seen.data, "/sessions");
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
        let history = list(&seen.data, "/history");
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
        differences.count(
            "comments",
            expectation.comments,
            of_kind(&["agent_comment"]),
        );
        differences.count("drafts", expectation.drafts, of_kind(&["ai_draft"]));
        self.session_fields(&mut differences, id, session, expectation);
        if !expectation.events.is_empty() {
            let events: Vec<String> = history
                .iter()
                .filter_map(|item| item.get("event").filter(|event| !event.is_null()))
                .map(plain)
                .collect();
            let mut rest = events.iter();
            let lacking = expectation
                .events
                .iter()
                .any(|wanted| !rest.any(|event| event == wanted));
            differences.say(lacking, || format!("events: [{}]", events.join(", ")));
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

    fn session_fields(
        &self,
        differences: &mut Differences,
        ticket: u64,
        session: &Value,
        expectation: &Expectation,
    ) {
        let text = |pointer: &str| session.pointer(pointer).map(plain).unwrap_or_default();
        for (what, wanted, pointer) in [
            ("channel", &expectation.channel, "/channel"),
            ("sentiment", &expectation.sentiment, "/handoff/sentiment"),
            ("ai closure", &expectation.ai_closure, "/ai_closure_type"),
        ] {
            if let Some(wanted) = wanted {
                let seen = text(pointer);
                differences.say(seen != *wanted, || format!("{what}: {seen}"));
            }
        }
        if let Some(source) = expectation.source {
            let seen = session.get("source").and_then(Value::as_i64);
            differences.say(seen != Some(source), || format!("source: {seen:?}"));
        }
        if let Some(wanted) = &expectation.summary_has {
            let summary = text("/handoff/summary");
            differences.say(!summary.contains(wanted.as_str()), || {
                format!("summary: “{}”", shorten(&summary, 80))
            });
        }
        if let Some(expected) = expectation.same_as_before {
            let first = self
                .trace
                .of_kind("session_seen")
                .filter(|seen| seen.ticket == Some(ticket))
                .find_map(|seen| seen.find("/sessions/0/id"));
            let same = first == session.get("id");
            differences.say(same != expected, || {
                if same {
                    "it is the same session"
                } else {
                    "it is another session"
                }
                .to_owned()
            });
        }
    }

    /// All sessions of the bridge.
    pub(super) fn sessions(&self, expectation: &Expectation) -> Result<(), Seen> {
        let Some(seen) = self.trace.last("sessions_seen", |_| true) else {
            return Err(Seen {
                what: "nobody looked at the sessions".to_owned(),
                entries: Vec::new(),
            });
        };
        let items = list(&seen.data, "/items");
        let mut differences = Differences::default();
        differences.count("sessions", expectation.exactly, items.len());
        let mut entries = Vec::new();
        if expectation.equal_their_tickets == Some(true) {
            for item in items {
                let ticket = item.get("ticket").unwrap_or(&Value::Null);
                let found = equality::differences(item, ticket, self.cast);
                if let (Some(first), Some(id)) =
                    (found.first(), ticket.get("id").and_then(Value::as_u64))
                {
                    differences
                        .0
                        .push(format!("{}: {first}", self.cast.name_of(id)));
                    entries.extend(self.about(id));
                }
            }
        }
        differences.verdict(|| entries)
    }
}
