//! Customers and reps.

use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::ticket_path;
use crate::scenario::at::At;
use crate::scenario::document::DEFAULT_VIA;
use crate::scenario::step::{
    CustomerReply, EditTicket, Merge, OpenTicket, OpenTickets, PastTickets, RepNote, RepReply,
};
use crate::world::cast::{Cast, address};
use crate::world::setup::account_path;
use crate::world::{World, WorldError};

/// The domain of customers' addresses.
const CUSTOMER_HOST: &str = "customer.example";
/// The customer of a step that names none.
const DEFAULT_CUSTOMER: &str = "Carla Customer";

pub(super) async fn open_ticket(
    world: &World,
    cast: &mut Cast,
    open: &OpenTicket,
) -> Result<(), WorldError> {
    let from = open.from.as_deref().unwrap_or(DEFAULT_CUSTOMER);
    let from = match &open.from_agent {
        Some(agent) => {
            let agent = cast.agent(agent)?;
            json!({ "name": agent.name, "email": agent.email })
        }
        None => json!({ "name": from, "email": address(from, CUSTOMER_HOST) }),
    };
    let mut body = json!({
        "from": from,
        "via": open.via.unwrap_or(DEFAULT_VIA),
        "subject": open.subject.as_deref().unwrap_or(&open.name),
        "text": open.text,
    });
    if let Some(assignee) = open.assignee.as_ref().filter(|name| name.value != "nobody") {
        body["responder_id"] = cast.agent(assignee)?.id.into();
    }
    if let Some(group) = &open.group {
        body["group_id"] = cast.group(group)?.into();
    }
    if !open.tags.is_empty() {
        body["tags"] = open.tags.clone().into();
    }
    if !open.cc.is_empty() {
        body["cc"] = open
            .cc
            .iter()
            .map(|name| Value::from(address(name, CUSTOMER_HOST)))
            .collect();
    }
    if open.auto_generated == Some(true) {
        body["auto_generated"] = true.into();
    }
    let id = opened(world, &body).await?;
    cast.tickets.insert(open.name.value.clone(), id);
    Ok(())
}

pub(super) async fn open_tickets(
    world: &World,
    cast: &mut Cast,
    open: &OpenTickets,
) -> Result<(), WorldError> {
    for number in 1..=open.count {
        let name = numbered(&open.name, number);
        let body = json!({
            "from": { "name": format!("Customer {number}"), "email": format!("customer.{number}@{CUSTOMER_HOST}") },
            "via": open.via.unwrap_or(DEFAULT_VIA),
            "subject": name,
            "text": open.text,
        });
        let id = opened(world, &body).await?;
        cast.tickets.insert(name, id);
    }
    Ok(())
}

/// The name of one of many.
fn numbered(name: &str, number: u32) -> String {
    format!("{name} {number}")
}

pub(super) async fn old_tickets(
    world: &World,
    cast: &mut Cast,
    old: &PastTickets,
) -> Result<(), WorldError> {
    let signed = |duration: std::time::Duration| {
        SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
    };
    let first = world.time.now().await? - signed(old.ago.0);
    let apart = old
        .apart
        .map_or(SignedDuration::ZERO, |apart| signed(apart.0));
    for number in 1..=old.count.unwrap_or(1) {
        let name = match old.count {
            Some(_) => numbered(&old.name, number),
            None => old.name.value.clone(),
        };
        let at = first + apart * i32::try_from(number - 1).unwrap_or(i32::MAX);
        let mut body = json!({
            "from": { "name": DEFAULT_CUSTOMER, "email": address(DEFAULT_CUSTOMER, CUSTOMER_HOST) },
            "via": DEFAULT_VIA,
            "subject": name,
            "text": old.text,
            "created_at": at,
        });
        if let Some(status) = old.status {
            body["status"] = status.number().into();
        }
        if let Some(assignee) = &old.assignee {
            body["responder_id"] = cast.agent(assignee)?.id.into();
        }
        let id = opened(world, &body).await?;
        cast.tickets.insert(name, id);
    }
    Ok(())
}

async fn opened(world: &World, body: &Value) -> Result<u64, WorldError> {
    world
        .control
        .post(&account_path("/tickets"), body)
        .await?
        .expect(201)?
        .number("id")
}

pub(super) async fn customer_replies(
    world: &World,
    cast: &Cast,
    reply: &CustomerReply,
) -> Result<(), WorldError> {
    let path = ticket_path(cast, &reply.ticket, "/customer_replies")?;
    let mut body = json!({ "text": reply.text });
    if let Some(from) = &reply.from {
        body["from"] = address(from, CUSTOMER_HOST).into();
    }
    if reply.auto_generated == Some(true) {
        body["auto_generated"] = true.into();
    }
    world.control.post(&path, &body).await?.expect(201)?;
    Ok(())
}

pub(super) async fn rep_replies(
    world: &World,
    cast: &Cast,
    reply: &RepReply,
) -> Result<(), WorldError> {
    let rep = cast.rep(named(reply.rep.as_ref()))?.id;
    let path = ticket_path(cast, &reply.ticket, "/replies")?;
    let body = json!({ "agent_id": rep, "text": reply.text });
    world.control.post(&path, &body).await?.expect(201)?;
    Ok(())
}

pub(super) async fn rep_adds_note(
    world: &World,
    cast: &Cast,
    note: &RepNote,
) -> Result<(), WorldError> {
    let rep = cast.rep(named(note.rep.as_ref()))?.id;
    let path = ticket_path(cast, &note.ticket, "/notes")?;
    let body =
        json!({ "agent_id": rep, "text": note.text, "private": note.private.unwrap_or(true) });
    world.control.post(&path, &body).await?.expect(201)?;
    Ok(())
}

fn named(rep: Option<&At<String>>) -> Option<&str> {
    rep.map(|rep| rep.value.as_str())
}

pub(super) async fn edit_ticket(
    world: &World,
    cast: &Cast,
    edit: &EditTicket,
) -> Result<(), WorldError> {
    let mut body = Map::new();
    body.insert(
        "agent_id".into(),
        cast.rep(named(edit.rep.as_ref()))?.id.into(),
    );
    if let Some(status) = edit.status {
        body.insert("status".into(), status.into());
    }
    if let Some(priority) = edit.priority {
        body.insert("priority".into(), priority.into());
    }
    if let Some(assignee) = &edit.assignee {
        let id = match assignee.value.as_str() {
            "nobody" => Value::Null,
            name => cast.agent(name)?.id.into(),
        };
        body.insert("responder_id".into(), id);
    }
    if let Some(group) = &edit.group {
        let id = match group.value.as_str() {
            "none" => Value::Null,
            name => cast.group(name)?.into(),
        };
        body.insert("group_id".into(), id);
    }
    if let Some(tags) = &edit.tags {
        body.insert("tags".into(), tags.clone().into());
    }
    let path = ticket_path(cast, &edit.ticket, "")?;
    world
        .control
        .patch(&path, &Value::Object(body))
        .await?
        .expect(200)?;
    Ok(())
}

pub(super) async fn set_status(
    world: &World,
    cast: &Cast,
    ticket: &At<String>,
    status: u16,
) -> Result<(), WorldError> {
    let body = json!({ "agent_id": cast.rep(None)?.id, "status": status });
    world
        .control
        .patch(&ticket_path(cast, ticket, "")?, &body)
        .await?
        .expect(200)?;
    Ok(())
}

/// `delete`, `restore` or `spam`.
pub(super) async fn shelve(
    world: &World,
    cast: &Cast,
    ticket: &At<String>,
    what: &str,
) -> Result<(), WorldError> {
    let path = ticket_path(cast, ticket, &format!("/{what}"))?;
    let body = json!({ "agent_id": cast.rep(None)?.id });
    world.control.post(&path, &body).await?.expect(204)?;
    Ok(())
}

pub(super) async fn merge(world: &World, cast: &Cast, merge: &Merge) -> Result<(), WorldError> {
    let path = ticket_path(cast, &merge.ticket, "/merge")?;
    let body = json!({ "agent_id": cast.rep(None)?.id, "into": cast.ticket(&merge.into)? });
    world.control.post(&path, &body).await?.expect(204)?;
    Ok(())
}
