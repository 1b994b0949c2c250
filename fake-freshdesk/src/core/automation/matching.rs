//! Performer and events: was this rule meant?

use serde_json::{Map, Value, json};

use super::log::Reason;
use super::rule::{Rule, kind};
use crate::core::events::{Changes, Performer, TicketEvent};

/// A rule may go on to its conditions, or why not.
pub(super) enum Meant {
    /// Yes; the text is what `{{triggered_event}}` renders.
    Yes(String),
    /// No.
    No(Reason, String),
}

/// An event with what earlier rules of the same pass changed.
pub(super) struct Seen<'a> {
    pub(super) event: &'a TicketEvent,
    /// Changes made by the system in this pass: earlier rules' actions.
    pub(super) system_changes: &'a Changes,
}

/// Compares ids and numbers that may be spelled as text.
pub(super) fn same(wanted: &Value, actual: &Value) -> bool {
    if wanted == actual {
        return true;
    }
    let text = |value: &Value| match value {
        Value::String(text) => text.trim().to_lowercase(),
        other => other.to_string(),
    };
    !wanted.is_null() && !actual.is_null() && text(wanted) == text(actual)
}

/// Does one side of a changed property match? `"--"` is any, `""` is none. [O]
fn side(wanted: Option<&Value>, actual: &Value) -> bool {
    match wanted {
        None => true,
        Some(Value::String(any)) if any == "--" => true,
        Some(Value::String(none)) if none.is_empty() => actual.is_null(),
        Some(Value::Array(list)) => list.iter().any(|wanted| side(Some(wanted), actual)),
        Some(wanted) => same(wanted, actual),
    }
}

/// A bare value in the style of `triggered_event`, which is no JSON. [O ZUL]
fn bare(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn change_text(name: &str, from: &Value, to: &Value) -> String {
    format!("{{{name}:{{from:{},to:{}}}}}", bare(from), bare(to))
}

/// Is the performer one the rule asks for?
fn performed_by(rule: &Rule, performer: Performer) -> Result<(), String> {
    let Some(wanted) = &rule.performer else {
        return Ok(());
    };
    let asked = match wanted.kind {
        1 => "an agent",
        2 => "the requester",
        3 => "an agent or the requester",
        _ => "the system",
    };
    let fits = match (wanted.kind, performer) {
        (1 | 3, Performer::Agent(id)) => wanted.members.is_empty() || wanted.members.contains(&id),
        (2 | 3, Performer::Requester(_)) | (4, Performer::System) => true,
        _ => false,
    };
    if fits {
        return Ok(());
    }
    Err(match performer {
        Performer::Agent(id) if matches!(wanted.kind, 1 | 3) => {
            format!("the rule wants one of certain agents; this was done by agent {id}")
        }
        Performer::Agent(_) => format!("the rule wants {asked}; this was done by an agent"),
        Performer::Requester(_) => {
            format!("the rule wants {asked}; this was done by the requester")
        }
        Performer::System => format!("the rule wants {asked}; this was done by the system"),
    })
}

fn event_matches(wanted: &Map<String, Value>, seen: &TicketEvent) -> Option<String> {
    let name = wanted.get("field_name").and_then(Value::as_str)?;
    let value = wanted.get("value");
    let any = matches!(value, None | Some(Value::Null))
        || value == Some(&json!("--"))
        || value == Some(&json!("any"));
    match name {
        "reply_sent" => seen.reply.then(|| "{reply_sent:sent}".to_owned()),
        "note_type" => {
            let kind = if seen.private_note? {
                "private"
            } else {
                "public"
            };
            (any || value == Some(&json!(kind))).then(|| format!("{{note_type:{kind}}}"))
        }
        "ticket_action" => {
            let action = seen.action.as_deref()?;
            (any || value == Some(&json!(action))).then(|| format!("{{ticket_action:{action}}}"))
        }
        _ => {
            let name = if name == "type" { "ticket_type" } else { name };
            let change = seen.changes.get(name)?;
            let to = wanted.get("to").or(value);
            // A checkbox event has only a value: it became that.
            (side(wanted.get("from"), &change.from) && side(to, &change.to))
                .then(|| change_text(name, &change.from, &change.to))
        }
    }
}

/// What the system did in this pass: property changes only, on top of what it
/// did to begin with.
fn done_by_system(seen: &Seen<'_>) -> TicketEvent {
    let mut event = match seen.event.performer {
        Performer::System => seen.event.clone(),
        _ => TicketEvent::new(seen.event.ticket_id, Performer::System),
    };
    event.action = Some("update".to_owned());
    event.changes.extend(seen.system_changes.clone());
    event
}

/// Is the rule meant by what happened?
pub(super) fn meant(rule: &Rule, seen: &Seen<'_>) -> Meant {
    if !rule.active {
        return Meant::No(Reason::Inactive, "the rule is switched off".to_owned());
    }
    if rule.kind != kind::UPDATES {
        return Meant::Yes("{ticket_action:created}".to_owned());
    }
    let by_system = rule
        .performer
        .as_ref()
        .is_some_and(|performer| performer.kind == 4);
    let by_now;
    let event = if by_system && !seen.system_changes.is_empty() {
        by_now = done_by_system(seen);
        &by_now
    } else {
        seen.event
    };
    if let Err(why) = performed_by(rule, event.performer) {
        return Meant::No(Reason::Performer, why);
    }
    match rule
        .events
        .iter()
        .find_map(|wanted| event_matches(wanted, event))
    {
        Some(text) => Meant::Yes(text),
        None => {
            let wanted: Vec<&str> = rule
                .events
                .iter()
                .filter_map(|event| event.get("field_name").and_then(Value::as_str))
                .collect();
            let happened = seen.event.kinds().join(", ");
            Meant::No(
                Reason::Event,
                format!(
                    "none of the rule's events ({}) is what happened ({happened})",
                    wanted.join(", ")
                ),
            )
        }
    }
}
