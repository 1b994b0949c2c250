//! What Freshdesk's rules call (WHK-2, WHK-7, WHK-8): one durable line, an
//! answer at once, and the work afterwards.

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

use super::{Api, error::ApiError, fields::is_json};
use crate::{metrics::Metrics, webhook};

/// The largest webhook that is read.
const BODY_LIMIT: usize = 1024 * 1024;

pub(super) async fn accept(
    State(api): State<Api>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let connection = api.desk.store.connection().await?;
    let matches = |expected: &str| {
        !expected.is_empty() && bool::from(token.as_bytes().ct_eq(expected.as_bytes()))
    };
    let Some(connection) = connection.filter(|known| matches(&known.webhook_token)) else {
        return Err(ApiError::not_found("there is no such webhook"));
    };
    if !is_json(&headers) {
        return Err(ApiError::not_json_type());
    }
    let body = match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Err(ApiError::too_large(BODY_LIMIT));
        }
        Err(_) => {
            return Err(ApiError::bad_request(
                "invalid_payload",
                "the body broke off",
            ));
        }
    };
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
