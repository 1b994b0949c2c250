//! Whether a session says what its ticket says: the same messages, each once
//! and by the same people, the same status, and a marker that fits.

use std::collections::BTreeMap;

use serde_json::Value;

use super::shorten;
use crate::scenario::check::{DEFAULT_MARKER, OPENCX_AGENT};
use crate::trace::line::plain;
use crate::trace::{find, list};
use crate::world::cast::Cast;

/// How a session (`{session, history}`) differs from its ticket; empty if it
/// does not. The ticket is as the control API shows it.
pub(crate) fn differences(item: &Value, ticket: &Value, cast: &Cast) -> Vec<String> {
    let mut found = Vec::new();
    let session = item.get("session").unwrap_or(&Value::Null);
    let history = list(item, "/history");
    messages(&mut found, history, ticket, cast);
    status(&mut found, session, history, ticket);
    marker(&mut found, session, ticket);
    found
}

/// Each conversation of the ticket is in the history once, as what it is. Of a deleted
/// ticket Freshdesk shows no thread: what nobody read before may be missing.
fn messages(found: &mut Vec<String>, history: &[Value], ticket: &Value, cast: &Cast) {
    let ai = cast.agents.get(OPENCX_AGENT).map(|agent| agent.id);
    let agents: Vec<u64> = cast.agents.values().map(|agent| agent.id).collect();
    let requester = ticket.get("requester_id").and_then(Value::as_u64);
    let deleted = ticket.get("deleted").and_then(Value::as_bool) == Some(true);
    let mut mirrored: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for entry in history {
        let id = entry
            .get("freshdesk_conversation_id")
            .and_then(Value::as_u64);
        if let Some(id) = id {
            let kind = entry.get("kind").and_then(Value::as_str).unwrap_or("");
            mirrored.entry(id).or_default().push(kind);
        }
    }
    for conversation in list(ticket, "/conversations") {
        let Some(id) = conversation.get("id").and_then(Value::as_u64) else {
            continue;
        };
        let kinds = mirrored.remove(&id).unwrap_or_default();
        let text = conversation.get("body_text").map(plain).unwrap_or_default();
        let text = shorten(&text, 40);
        let private = conversation.get("private").and_then(Value::as_bool) == Some(true);
        let author = conversation.get("user_id").and_then(Value::as_u64);
        let expected: &[&str] = match author {
            Some(author) if Some(author) == ai && private => &["ai_draft", "agent_comment"],
            Some(author) if Some(author) == ai => &["ai_message"],
            Some(author) if agents.contains(&author) && Some(author) != requester => {
                if private {
                    &["agent_comment"]
                } else {
                    &["agent_message"]
                }
            }
            Some(_) => &["message"],
            None => continue,
        };
        match kinds.as_slice() {
            [] if deleted => {}
            [] => found.push(format!("“{text}” is not in the session")),
            [one] if expected.contains(one) => {}
            [one] => found.push(format!("“{text}” is in the session as {one}")),
            several => found.push(format!(
                "“{text}” is in the session {} times",
                several.len()
            )),
        }
    }
    for id in mirrored.keys() {
        found.push(format!(
            "the session has conversation {id}, which the ticket has not"
        ));
    }
    let descriptions = history
        .iter()
        .filter(|entry| {
            let kind = entry.get("kind").and_then(Value::as_str);
            matches!(kind, Some("message" | "agent_message"))
                && entry
                    .get("freshdesk_conversation_id")
                    .is_none_or(Value::is_null)
        })
        .count();
    if descriptions != 1 {
        found.push(format!(
            "the ticket's description is in the session {descriptions} times"
        ));
    }
}

fn is_gone(ticket: &Value) -> bool {
    let flag = |field: &str| ticket.get(field).and_then(Value::as_bool) == Some(true);
    flag("deleted") || flag("spam")
}

/// Resolved and closed tickets have closed sessions, all others open ones. A
/// customer who wrote on a resolved ticket keeps the session open (RES-3).
fn status(found: &mut Vec<String>, session: &Value, history: &[Value], ticket: &Value) {
    let status = ticket.get("status").and_then(Value::as_u64).unwrap_or(0);
    let seen = session.get("status").and_then(Value::as_str).unwrap_or("");
    let gone = is_gone(ticket);
    let resolved = matches!(status, 4 | 5);
    let reopened = history
        .iter()
        .rev()
        .find_map(|entry| entry.get("event").and_then(Value::as_str))
        .is_some_and(|event| event == "integration_reopened_session");
    let fits = match seen {
        "open" => !gone && (!resolved || reopened || wrote_since(ticket, history)),
        "closed_resolved" => gone || resolved,
        "closed_unresolved" => gone,
        _ => false,
    };
    if !fits {
        let what = if gone {
            "deleted or spam".to_owned()
        } else {
            format!("at status {status}")
        };
        found.push(format!("the session is {seen}, the ticket is {what}"));
    }
}

/// Whether the last thing said on the ticket is a customer's message.
fn wrote_since(ticket: &Value, history: &[Value]) -> bool {
    let last = list(ticket, "/conversations").last();
    last.is_some_and(|last| {
        let id = last.get("id");
        history.iter().any(|entry| {
            entry.get("freshdesk_conversation_id") == id
                && entry.get("kind").and_then(Value::as_str) == Some("message")
        })
    })
}

/// The marker is on where the AI handed off, and off where it did not. What is deleted
/// or spam takes no update any more, and stays as it was.
fn marker(found: &mut Vec<String>, session: &Value, ticket: &Value) {
    let Some(marker) = find(ticket, &format!("/custom_fields/{DEFAULT_MARKER}")) else {
        return;
    };
    let on = marker.as_bool().unwrap_or(false);
    let handed_off = session.get("handed_off").and_then(Value::as_bool) == Some(true);
    let by_ai = session
        .get("handoff")
        .is_some_and(|handoff| !handoff.is_null());
    if on && !handed_off {
        found.push("the ticket is marked, the session is not handed off".to_owned());
    }
    if handed_off && by_ai && !on && !is_gone(ticket) {
        found.push("the session is handed off by the AI, the ticket is not marked".to_owned());
    }
}
