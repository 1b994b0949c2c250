//! Sessions, their history, and the problems.

use std::collections::BTreeSet;

use axum::{
    Json,
    extract::{Path, RawQuery, State, rejection::PathRejection},
    http::StatusCode,
};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{Api, error::ApiError};
use crate::{
    diagnosis, nearest,
    session::{Entry, Session, Status},
    shortened,
    store::SessionFilter,
    support,
};

/// Sessions on one page.
const PAGE: usize = 100;

pub(super) async fn list(
    State(api): State<Api>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let known = ["ticket_id", "status", "cursor", "limit"];
    let filter = filter(query.as_deref().unwrap_or_default(), &known)?;
    let page = api.desk.store.sessions(&filter).await?;
    let items: Vec<_> = page.items.iter().map(session_json).collect();
    Ok(Json(json!({
        "items": items,
        "next": page.next.map(|next| next.to_string()),
    })))
}

pub(super) async fn one(
    State(api): State<Api>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(session_json(&session(&api, id).await?)))
}

pub(super) async fn history(
    State(api): State<Api>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Value>, ApiError> {
    let session = session(&api, id).await?;
    let mut entries = api.desk.store.entries(&session.id).await?;
    entries.sort_by_key(|entry| entry.at);
    let items: Vec<_> = entries.iter().map(entry_json).collect();
    Ok(Json(json!({ "items": items })))
}

pub(super) async fn problems(State(api): State<Api>) -> Result<Json<Value>, ApiError> {
    let problems = api.desk.store.problems().await?;
    let items: Vec<_> = problems
        .iter()
        .map(|problem| {
            json!({
                "kind": problem.kind,
                "ticket_id": problem.ticket_id,
                "since": problem.since,
                "message": problem.message,
            })
        })
        .collect();
    Ok(Json(json!({ "items": items })))
}

pub(super) async fn support_bundle(
    State(api): State<Api>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Value>, ApiError> {
    let session = session(&api, id).await?;
    Ok(Json(support::bundle(&api.desk, &session).await?))
}

pub(super) async fn diagnosis(
    State(api): State<Api>,
    RawQuery(query): RawQuery,
) -> Result<Json<Value>, ApiError> {
    let filter = filter(query.as_deref().unwrap_or_default(), &["ticket_id"])?;
    let findings = diagnosis::run(&api.desk, filter.ticket_id).await?;
    Ok(Json(json!({ "findings": findings })))
}

async fn session(api: &Api, id: Result<Path<String>, PathRejection>) -> Result<Session, ApiError> {
    let none = || ApiError::not_found("there is no such session");
    let Path(id) = id.map_err(|_| none())?;
    api.desk.store.session(&id).await?.ok_or_else(none)
}

fn filter(query: &str, known: &[&str]) -> Result<SessionFilter, ApiError> {
    let invalid =
        |message: String| ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_value", message);
    let mut filter = SessionFilter {
        limit: PAGE,
        ..SessionFilter::default()
    };
    let mut said = BTreeSet::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let named = known.contains(&&*name);
        if !said.insert(name.clone()) {
            let name = shortened(&name);
            return Err(invalid(format!("{name} is there twice")));
        }
        if value.is_empty() && named {
            continue;
        }
        let number = || {
            value
                .parse::<i64>()
                .ok()
                .filter(|number| *number > 0)
                .ok_or_else(|| invalid(format!("{name} must be a positive whole number")))
        };
        match &*name {
            _ if !named => return Err(unknown(&name, known)),
            "ticket_id" => filter.ticket_id = Some(number()?),
            "cursor" => filter.after = Some(number()?),
            "limit" => {
                let limit = usize::try_from(number()?).ok();
                filter.limit = limit
                    .filter(|limit| *limit <= PAGE)
                    .ok_or_else(|| invalid(format!("limit must be {PAGE} at most")))?;
            }
            "status" => {
                filter.status = Some(serde_json::from_value(json!(value)).map_err(|_| {
                    invalid(format!(
                        "status is {}, not one of open, closed_resolved, closed_unresolved",
                        shortened(format_args!("{value:?}"))
                    ))
                })?);
            }
            _ => return Err(unknown(&name, known)),
        }
    }
    Ok(filter)
}

fn unknown(name: &str, known: &[&str]) -> ApiError {
    let near = nearest(name, known.iter().copied())
        .map(|near| format!("; did you mean {near}?"))
        .unwrap_or_default();
    ApiError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "unknown_field",
        format!(
            "{} is not a parameter here{near}",
            shortened(format_args!("{name:?}"))
        ),
    )
}

/// A session as the contract shows it.
pub(crate) fn session_json(session: &Session) -> Value {
    let status = match session.status {
        Status::Open => "open",
        Status::ClosedResolved => "closed_resolved",
        Status::ClosedUnresolved => "closed_unresolved",
    };
    json!({
        "id": session.id,
        "ticket_id": session.ticket_id,
        "channel": session.channel,
        "source": session.source,
        "status": status,
        "handed_off": session.handed_off,
        "handoff": session.handoff,
        "ai_closure_type": session.ai_closure_type,
        "contact": session.contact,
        "created_at": session.created_at,
        "updated_at": session.updated_at,
    })
}

/// A history entry as the contract shows it.
pub(crate) fn entry_json(entry: &Entry) -> Value {
    json!({
        "id": entry.id(),
        "at": entry.at,
        "kind": entry.kind,
        "freshdesk_conversation_id": entry.freshdesk_conversation_id,
        "author": entry.author,
        "text": entry.text,
        "attachments": entry.attachments,
        "event": entry.event,
    })
}
