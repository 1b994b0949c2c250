//! What Freshdesk's rules call (WHK-2, WHK-7, WHK-8): one durable line, an
//! answer at once, and the work afterwards.

use axum::{
    Json,
    extract::{Path, Request, State, rejection::PathRejection},
    http::StatusCode,
};
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

use super::{Api, error::ApiError, fields::json_body};
use crate::{metrics::Metrics, webhook};

pub(super) async fn accept(
    State(api): State<Api>,
    token: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    // A token that is not even text matches nothing.
    let token = token.map(|Path(token)| token).unwrap_or_default();
    let connection = api.desk.store.connection().await?;
    let matches = |expected: &str| {
        !expected.is_empty() && bool::from(token.as_bytes().ct_eq(expected.as_bytes()))
    };
    let Some(connection) = connection.filter(|known| matches(&known.webhook_token)) else {
        return Err(ApiError::not_found("there is no such webhook"));
    };
    let body = json_body(request).await?;
    let ping = webhook::read(&body).map_err(|reason| {
        Metrics::add(&api.desk.metrics.webhooks_refused);
        tracing::warn!(%reason, "a webhook was refused");
        ApiError::bad_request("invalid_payload", reason)
    })?;
    let now = api.desk.clock.now();
    let account = &connection.settings.domain;
    api.desk
        .store
        .accept(account, ping.ticket_id, Some(ping.event), now)
        .await?;
    Metrics::add(&api.desk.metrics.webhooks_accepted);
    api.desk.work.notify_one();
    tracing::debug!(
        ticket = ping.ticket_id,
        event = ping.event.as_str(),
        "webhook accepted"
    );
    Ok((StatusCode::ACCEPTED, Json(json!({ "accepted": true }))))
}
