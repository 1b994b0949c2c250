//! The bridge contract over HTTP.
//!
//! * [`mod@self`]: the routes, and who may call them
//! * `error`: the one error body
//! * `fields`: reading a JSON body field by field
//! * `integration`: verify, save, read, disconnect
//! * `sessions`: sessions and their history, and the problems
//! * `webhook`: what Freshdesk's rules call

mod error;
mod fields;
mod integration;
mod sessions;
mod webhook;

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{Request, State},
    http::header,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

pub(crate) use self::sessions::{entry_json, session_json};
use self::{error::ApiError, fields::Fields};
use crate::desk::Desk;

/// The contract as an OpenAPI document; `tests/openapi.rs` holds the code to it.
const OPENAPI: &str = include_str!("../../../docs/bridge-contract.openapi.json");

/// The version of the contract that is served.
const CONTRACT: &str = "1";

/// What the routes share.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) desk: Arc<Desk>,
    pub(crate) token: Arc<SecretString>,
    /// Whether the clock may be advanced from outside.
    pub(crate) testing_clock: bool,
}

/// The contract's routes.
pub(crate) fn router(api: Api) -> Router {
    let mut guarded = Router::new()
        .route(
            "/v1/integrations/freshdesk/verify",
            post(integration::verify).fallback(not_allowed),
        )
        .route(
            "/v1/integrations/freshdesk",
            get(integration::read)
                .put(integration::save)
                .delete(integration::disconnect)
                .fallback(not_allowed),
        )
        .route("/v1/sessions", get(sessions::list).fallback(not_allowed))
        .route(
            "/v1/sessions/{id}",
            get(sessions::one).fallback(not_allowed),
        )
        .route(
            "/v1/sessions/{id}/history",
            get(sessions::history).fallback(not_allowed),
        )
        .route(
            "/v1/sessions/{id}/support-bundle",
            get(sessions::support_bundle).fallback(not_allowed),
        )
        .route(
            "/v1/diagnosis",
            get(sessions::diagnosis).fallback(not_allowed),
        )
        .route("/v1/openapi.json", get(openapi).fallback(not_allowed))
        .route(
            "/v1/problems",
            get(sessions::problems).fallback(not_allowed),
        );
    guarded = guarded.route("/metrics", get(metrics).fallback(not_allowed));
    if api.testing_clock {
        guarded = guarded.route(
            "/v1/testing/clock/advance",
            post(advance_clock).fallback(not_allowed),
        );
    }
    let guarded = guarded
        .fallback(no_such_path)
        .layer(middleware::from_fn_with_state(api.clone(), authenticate));
    Router::new()
        .route("/v1/health", get(health).fallback(not_allowed))
        .route(
            "/webhooks/freshdesk/{token}",
            post(webhook::accept).fallback(not_allowed),
        )
        .fallback_service(guarded.with_state(api.clone()))
        .with_state(api)
}

/// Lets only the holder of the bearer token in (SEC-4).
async fn authenticate(State(api): State<Api>, request: Request, next: Next) -> Response {
    let given = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token)
        })
        .unwrap_or_default();
    let expected = api.token.expose_secret();
    if bool::from(given.as_bytes().ct_eq(expected.as_bytes())) && !expected.is_empty() {
        next.run(request).await
    } else {
        ApiError::unauthorized().into_response()
    }
}

async fn health(State(api): State<Api>) -> Result<Json<Value>, ApiError> {
    api.desk.store.ping().await?;
    let mut capabilities = vec!["diagnosis", "restart"];
    if api.testing_clock {
        capabilities.insert(0, "clock");
    }
    if api.desk.policies.sweep_interval.is_some() {
        capabilities.push("sweep");
    }
    Ok(Json(json!({
        "name": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
        "contract": CONTRACT,
        "capabilities": capabilities,
    })))
}

async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI)
}

async fn metrics(State(api): State<Api>) -> Result<Response, ApiError> {
    let text = crate::metrics::render(&api.desk).await?;
    let kind = [(
        header::CONTENT_TYPE,
        "text/plain; version=0.0.4; charset=utf-8",
    )];
    Ok((kind, text).into_response())
}

async fn advance_clock(
    State(api): State<Api>,
    mut fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let seconds = fields.seconds("seconds")?;
    fields.finish()?;
    api.desk.clock.advance(Duration::from_secs_f64(seconds));
    Ok(Json(json!({ "now": api.desk.clock.now() })))
}

async fn not_allowed() -> ApiError {
    ApiError::method_not_allowed()
}

async fn no_such_path() -> ApiError {
    ApiError::not_found("there is no such path; GET /v1/health names the contract")
}
