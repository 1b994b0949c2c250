//! What an expectation needs to see, brought into the trace.

use serde_json::{Value, json};

use crate::scenario::expectation::Expectation;
use crate::scenario::step::RuleName;
use crate::trace::Source;
use crate::trace::line::plain;
use crate::trace::{object, take_list};
use crate::world::cast::Cast;
use crate::world::setup::{SETTINGS, account_path};
use crate::world::{World, WorldError};

/// Looks at the subject of an expectation and records what it sees, if it
/// changed. The trace is up to date already.
pub(crate) async fn observe(
    world: &World,
    cast: &Cast,
    expectation: &Expectation,
) -> Result<(), WorldError> {
    if let Some(ticket) = &expectation.ticket {
        see_ticket(world, cast.ticket(ticket)?).await?;
    }
    if expectation.each_of.is_some() {
        see_tickets(world).await?;
    }
    if expectation.sessions.is_some() {
        see_sessions(world, expectation.equal_their_tickets == Some(true)).await?;
    }
    if let Some(ticket) = &expectation.session_for {
        see_session(world, cast.ticket(ticket)?).await?;
    }
    if let Some(ticket) = &expectation.support_bundle_for {
        see_bundle(world, cast.ticket(ticket)?).await?;
    }
    if let Some(rule) = expectation.rule {
        see_activity(world, cast, rule).await?;
    }
    if expectation.saved_settings.is_some() {
        let answer = world.bridge.get(SETTINGS).await?;
        let status = answer.status.into();
        let data = object([("status", status), ("settings", answer.body)]);
        world
            .recorder
            .saw("settings", "settings_seen", Source::Bridge, None, data)
            .await?;
    }
    if expectation.problem_for.is_some() || expectation.problem.is_some() {
        let answer = world.bridge.get("/v1/problems").await?.expect(200)?;
        world
            .recorder
            .saw(
                "problems",
                "problems_seen",
                Source::Bridge,
                None,
                answer.body,
            )
            .await?;
    }
    Ok(())
}

async fn see_ticket(world: &World, id: u64) -> Result<(), WorldError> {
    let ticket = world
        .control
        .get(&account_path(&format!("/tickets/{id}")))
        .await?
        .expect(200)?;
    world
        .recorder
        .saw(
            &format!("ticket {id}"),
            "ticket_seen",
            Source::Freshdesk,
            Some(id),
            ticket.body,
        )
        .await
}

/// Looks at every ticket with one call.
async fn see_tickets(world: &World) -> Result<(), WorldError> {
    let tickets = world
        .control
        .get(&account_path("/tickets"))
        .await?
        .expect(200)?;
    world
        .recorder
        .saw(
            "tickets",
            "tickets_seen",
            Source::Freshdesk,
            None,
            tickets.body,
        )
        .await
}

/// Looks at every session; with history and ticket where they are compared.
pub(crate) async fn see_sessions(world: &World, whole: bool) -> Result<(), WorldError> {
    let mut items = Vec::new();
    let mut path = "/v1/sessions".to_owned();
    loop {
        let mut page = world.bridge.get(&path).await?.expect(200)?.body;
        for session in take_list(&mut page, "items") {
            if !whole {
                items.push(object([("session", session)]));
                continue;
            }
            let id = session.get("id").and_then(Value::as_str).unwrap_or("");
            let history = history(world, id).await?;
            let number = session.get("ticket_id").and_then(Value::as_u64);
            let ticket = account_path(&format!("/tickets/{}", number.unwrap_or(0)));
            let ticket = world.control.get(&ticket).await?;
            items.push(object([
                ("session", session),
                ("history", history),
                ("ticket", ticket.body),
            ]));
        }
        match page.get("next").filter(|next| !next.is_null()) {
            Some(next) => path = format!("/v1/sessions?cursor={}", plain(next)),
            None => break,
        }
    }
    let data = object([("items", items.into())]);
    world
        .recorder
        .saw("sessions", "sessions_seen", Source::Bridge, None, data)
        .await
}

async fn history(world: &World, session: &str) -> Result<Value, WorldError> {
    let mut history = world
        .bridge
        .get(&format!("/v1/sessions/{session}/history"))
        .await?
        .expect(200)?;
    let items = history.body.get_mut("items").map(Value::take);
    Ok(items.unwrap_or_default())
}

async fn see_bundle(world: &World, ticket: u64) -> Result<(), WorldError> {
    let found = world
        .bridge
        .get(&format!("/v1/sessions?ticket_id={ticket}"))
        .await?
        .expect(200)?;
    let Some(id) = found.body.pointer("/items/0/id").map(plain) else {
        return Ok(());
    };
    let answer = world
        .bridge
        .get(&format!("/v1/sessions/{id}/support-bundle"))
        .await?;
    let status = answer.status.into();
    let data = object([("status", status), ("bundle", answer.body)]);
    world
        .recorder
        .saw(
            &format!("bundle {ticket}"),
            "bundle_seen",
            Source::Bridge,
            Some(ticket),
            data,
        )
        .await
}

async fn see_session(world: &World, ticket: u64) -> Result<(), WorldError> {
    let mut found = world
        .bridge
        .get(&format!("/v1/sessions?ticket_id={ticket}"))
        .await?
        .expect(200)?;
    let sessions = take_list(&mut found.body, "items");
    let history = match sessions
        .first()
        .and_then(|s| s.get("id"))
        .and_then(Value::as_str)
    {
        Some(id) => history(world, id).await?,
        None => Value::Array(Vec::new()),
    };
    let data = object([("sessions", sessions.into()), ("history", history)]);
    world
        .recorder
        .saw(
            &format!("session {ticket}"),
            "session_seen",
            Source::Bridge,
            Some(ticket),
            data,
        )
        .await
}

/// Reads the activity logs of every rule that had this name, oldest first.
pub(crate) async fn see_activity(
    world: &World,
    cast: &Cast,
    rule: RuleName,
) -> Result<(), WorldError> {
    let mut items = Vec::new();
    for id in cast.past_rules.get(&rule).into_iter().flatten() {
        let path = account_path(&format!("/rules/{}/{id}/activity", rule.kind()));
        let mut log = world.control.get(&path).await?.expect(200)?;
        items.extend(take_list(&mut log.body, "items"));
    }
    let data = object([("rule", json!(rule)), ("items", items.into())]);
    world
        .recorder
        .saw(
            &format!("activity {}", rule.title()),
            "activity_seen",
            Source::Freshdesk,
            None,
            data,
        )
        .await
}
