//! Reps change tickets, delete them, and merge them.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{ControlReply, Refusal, Result, read, read_any};
use super::given::{check_agent, check_group, check_priority, check_status, check_type};
use super::people::ticket;
use super::routes::Control;
use super::staff::custom_values;
use crate::core::events::Performer;
use crate::core::tickets::{Merging, Shelf, TicketEdit};
use crate::core::words;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct By {
    agent_id: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Merge {
    agent_id: i64,
    into: i64,
}

/// What a rep may change; null clears.
const EDITABLE: [&str; 9] = [
    "agent_id",
    "status",
    "priority",
    "type",
    "group_id",
    "responder_id",
    "tags",
    "custom_fields",
    "subject",
];

fn typed<T: serde::de::DeserializeOwned>(
    body: &Map<String, Value>,
    key: &str,
    what: &str,
) -> Result<Option<T>> {
    let Some(value) = body.get(key) else {
        return Ok(None);
    };
    serde_json::from_value(value.clone())
        .map(Some)
        .map_err(|_| Refusal::Control {
            status: 400,
            code: "wrong_type",
            message: format!("`{key}` must be {what}, not {value}"),
            path: format!("$.{key}"),
        })
}

pub(super) fn edit_ticket(call: &mut Control<'_, '_>, id: i64) -> Result {
    let Value::Object(body) = read_any(&call.request.body)? else {
        return Err(Refusal::invalid(
            "",
            "the body must be a JSON object".to_owned(),
        ));
    };
    if let Some(unknown) = body.keys().find(|key| !EDITABLE.contains(&key.as_str())) {
        return Err(Refusal::unknown_field(
            unknown,
            words::unknown("field", unknown, EDITABLE),
        ));
    }
    let agent: Option<i64> = typed(&body, "agent_id", "an agent's id")?;
    let Some(agent) = agent else {
        return Err(Refusal::missing(
            "agent_id",
            "`agent_id` is missing: who edits the ticket?".to_owned(),
        ));
    };
    check_agent(call, "agent_id", agent)?;
    let status: Option<u16> = typed(&body, "status", "a number")?;
    let priority: Option<u8> = typed(&body, "priority", "a number")?;
    let kind: Option<Option<String>> = typed(&body, "type", "a text or null")?;
    let group_id: Option<Option<i64>> = typed(&body, "group_id", "a group's id or null")?;
    let responder_id: Option<Option<i64>> = typed(&body, "responder_id", "an agent's id or null")?;
    // `null` read into an `Option` is lost, so it is put back here.
    let cleared = |key: &str| body.get(key).is_some_and(Value::is_null);
    let kind = if cleared("type") { Some(None) } else { kind };
    let group_id = if cleared("group_id") {
        Some(None)
    } else {
        group_id
    };
    let responder_id = if cleared("responder_id") {
        Some(None)
    } else {
        responder_id
    };
    let custom: Option<Map<String, Value>> = typed(&body, "custom_fields", "an object")?;
    check_status(call, status)?;
    check_priority(priority)?;
    check_type(call, kind.as_ref().and_then(Option::as_deref))?;
    check_group(call, group_id.flatten())?;
    if let Some(responder) = responder_id.flatten() {
        check_agent(call, "responder_id", responder)?;
    }
    let edit = TicketEdit {
        subject: typed(&body, "subject", "a text")?,
        status,
        priority,
        ticket_type: kind,
        group_id,
        responder_id,
        tags: typed(&body, "tags", "a list of texts")?,
        custom_fields: custom_values(call, Some(id), &custom.unwrap_or_default())?,
        ..TicketEdit::default()
    };
    let mut detail = body.clone();
    detail.shift_remove("agent_id");
    call.desk.act(
        "ticket_edited",
        Performer::Agent(agent),
        Some(id),
        &Value::Object(detail),
    );
    call.desk.edit_ticket(id, edit, Performer::Agent(agent));
    ticket(call, id, 200)
}

pub(super) fn shelve(call: &mut Control<'_, '_>, id: i64, what: &str) -> Result {
    let by: By = read(&call.request.body)?;
    check_agent(call, "agent_id", by.agent_id)?;
    let performer = Performer::Agent(by.agent_id);
    let (action, shelf) = match what {
        "delete" => ("ticket_deleted", Shelf::Deleted(true)),
        "restore" => ("ticket_restored", Shelf::Deleted(false)),
        "spam" => ("ticket_marked_spam", Shelf::Spam(true)),
        _ => ("ticket_unmarked_spam", Shelf::Spam(false)),
    };
    call.desk.act(action, performer, Some(id), &json!({}));
    call.desk.shelve_ticket(id, shelf, performer);
    Ok(ControlReply::nothing())
}

pub(super) fn merge(call: &mut Control<'_, '_>, id: i64) -> Result {
    let merge: Merge = read(&call.request.body)?;
    check_agent(call, "agent_id", merge.agent_id)?;
    if merge.into == id || call.desk.account.tickets.get(merge.into).is_none() {
        return Err(Refusal::invalid(
            "into",
            format!("there is no other ticket {}", merge.into),
        ));
    }
    let performer = Performer::Agent(merge.agent_id);
    call.desk.act(
        "ticket_merged",
        performer,
        Some(id),
        &json!({"into": merge.into}),
    );
    call.desk
        .merge_ticket(id, merge.into, &Merging::default(), performer);
    Ok(ControlReply::nothing())
}
