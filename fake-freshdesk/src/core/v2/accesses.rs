//! Who may see a ticket beyond their ticket scope. [D that it is there; the
//! shapes I]

use serde_json::json;

use super::call::{Answer, Call, Result};
use super::errors::FieldError;
use crate::core::tickets::Ticket;

fn shown(ticket: &Ticket) -> serde_json::Value {
    json!({"ticket_id": ticket.id, "user_ids": ticket.rare().shared_with})
}

pub(super) fn view(call: &mut Call<'_, '_>) -> Result {
    Ok(Answer::ok(&shown(call.ticket(0)?)))
}

/// Reads agents by id.
fn agents(call: &mut Call<'_, '_>, key: &str) -> Vec<i64> {
    let ids = call.input.integers(key).flatten().unwrap_or_default();
    let people = &call.desk.account.people;
    if ids.iter().any(|id| people.agent(*id).is_none()) {
        call.input.refuse(FieldError::nothing_matches(key, "agent"));
    }
    ids
}

fn share(call: &mut Call<'_, '_>, id: i64, status: u16, with: Vec<i64>) -> Result {
    call.desk.account.tickets.change(id, |ticket| {
        let shared = &mut ticket.rare_mut().shared_with;
        *shared = with;
        shared.sort_unstable();
        shared.dedup();
    });
    Ok(Answer::json(status, &shown(call.ticket(0)?)))
}

/// Lets more agents see the ticket.
pub(super) fn grant(call: &mut Call<'_, '_>) -> Result {
    let ticket = call.live_ticket()?;
    let (id, mut with) = (ticket.id, ticket.rare().shared_with.clone());
    call.input.allow(&["user_ids"]);
    call.input.require("user_ids");
    with.extend(agents(call, "user_ids"));
    call.checked()?;
    share(call, id, 201, with)
}

/// Only these agents see it from now on.
pub(super) fn replace(call: &mut Call<'_, '_>) -> Result {
    let id = call.live_ticket()?.id;
    call.input.allow(&["user_ids"]);
    call.input.require("user_ids");
    let with = agents(call, "user_ids");
    call.checked()?;
    share(call, id, 200, with)
}

/// Nobody beyond their scope sees it from now on.
pub(super) fn revoke(call: &mut Call<'_, '_>) -> Result {
    let id = call.live_ticket()?.id;
    call.desk.account.tickets.change(id, |ticket| {
        ticket.rare_mut().shared_with.clear();
    });
    Ok(Answer::nothing())
}
