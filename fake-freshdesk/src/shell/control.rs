//! The control API's router: token, time, reset; the rest is the core's.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::response::Response;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

use crate::clock::TimeMode;
use crate::core::{ControlReply, ControlRequest, Ms};
use crate::server::Shared;

/// Bodies of control calls are at most so large.
const LIMIT: usize = 256 * 1024 * 1024;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(answer).with_state(shared)
}

fn json_response(status: u16, body: &Value) -> Response {
    written(ControlReply {
        status,
        body: Some(body.to_string().into_bytes()),
    })
}

pub(super) fn written(reply: ControlReply) -> Response {
    let has_body = reply.body.is_some();
    let mut response = Response::new(Body::from(reply.body.unwrap_or_default()));
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if has_body {
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    response
}

fn refused(status: u16, code: &str, message: &str, path: &str) -> Response {
    json_response(
        status,
        &json!({"error": {"code": code, "message": message, "path": path}}),
    )
}

fn authorized(shared: &Shared, headers: &HeaderMap) -> bool {
    let header = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let token = match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => "",
    };
    !token.is_empty() && bool::from(token.as_bytes().ct_eq(shared.control_token.as_bytes()))
}

fn welcome() -> Response {
    json_response(
        200,
        &json!({
            "name": "fake-freshdesk control API",
            "documentation": "docs/control-api.md",
            "authorization": "Bearer <control token>",
            "calls": [
                "GET /control/v1/health",
                "GET|POST /control/v1/accounts", "GET|PATCH|DELETE /control/v1/accounts/{domain}",
                "POST …/{domain}/agents", "PATCH|DELETE …/{domain}/agents/{id}",
                "POST …/{domain}/groups", "PATCH|DELETE …/{domain}/groups/{id}",
                "POST …/{domain}/ticket_fields", "DELETE …/{domain}/ticket_fields/{name}",
                "GET|POST …/{domain}/tickets", "GET|PATCH …/{domain}/tickets/{id}",
                "POST …/{domain}/tickets/{id}/customer_replies|replies|notes|mail_failures|delete|restore|spam|unspam|merge",
                "GET …/{domain}/rules", "POST …/{domain}/rules/{type}", "PUT|DELETE …/{domain}/rules/{type}/{id}",
                "GET …/{domain}/rules/{type}/{id}/activity",
                "GET …/{domain}/mails", "GET|POST …/{domain}/faults", "DELETE …/{domain}/faults/{id}",
                "GET /control/v1/journal", "GET /control/v1/journal/stream",
                "GET /control/v1/snapshot", "POST /control/v1/restore", "GET|PUT /control/v1/time", "POST /control/v1/time/advance",
                "POST|DELETE /control/v1/time/hold",
                "POST /control/v1/reset",
            ],
        }),
    )
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    match (&parts.method, path) {
        (&Method::GET, "/") => return welcome(),
        (&Method::GET, "/control/v1/health") => {
            return json_response(200, &json!({"status": "ok", "name": "fake-freshdesk"}));
        }
        _ => {}
    }
    if !authorized(&shared, &parts.headers) {
        return refused(
            401,
            "invalid_token",
            "the control API wants `Authorization: Bearer <control token>`",
            "$",
        );
    }
    let Ok(body) = to_bytes(body, LIMIT).await else {
        return refused(400, "invalid_json", "the body could not be read", "$");
    };
    match (&parts.method, path) {
        (&Method::GET, "/control/v1/time") => {
            if parts.uri.query() == Some("after_hold=true") {
                shared.let_in().await;
            }
            return time(&shared);
        }
        (&Method::POST, "/control/v1/time/hold") => {
            shared.hold();
            return time(&shared);
        }
        (&Method::DELETE, "/control/v1/time/hold") => {
            shared.release();
            return time(&shared);
        }
        (&Method::PUT, "/control/v1/time") => return set_time(&shared, &body),
        (&Method::POST, "/control/v1/time/advance") => return advance(&shared, &body).await,
        (&Method::GET, "/control/v1/journal/stream") => {
            let from = parts
                .headers
                .get("last-event-id")
                .and_then(|value| value.to_str().ok());
            return super::stream::journal(&shared, parts.uri.query(), from);
        }
        (&Method::GET, "/control/v1/snapshot") => {
            return written(ControlReply {
                status: 200,
                body: Some(shared.snapshot()),
            });
        }
        (&Method::POST, "/control/v1/restore") => {
            return match shared.restore(&body) {
                Ok(now) => json_response(200, &json!({"now": stamp(now)})),
                Err(bad) => refused(400, "invalid_value", &bad.message, &bad.path),
            };
        }
        (&Method::POST, "/control/v1/reset") => {
            shared.reset();
            return written(ControlReply {
                status: 204,
                body: None,
            });
        }
        _ => {}
    }
    let scheme = parts.uri.scheme_str().unwrap_or("http");
    let host = parts.uri.authority().map(http::uri::Authority::as_str);
    let host = host
        .or_else(|| {
            parts
                .headers
                .get(HOST)
                .and_then(|value| value.to_str().ok())
        })
        .unwrap_or("localhost");
    let base = format!("{scheme}://{host}");
    let request = ControlRequest {
        method: parts.method.clone(),
        path,
        query: parts.uri.query(),
        body,
        base: &base,
    };
    written(shared.with_core(|core, now| core.control(now, &request)))
}

fn stamp(at: Ms) -> Value {
    let stamp = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
    json!(stamp.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string())
}

fn time(shared: &Shared) -> Response {
    let (mode, scale) = shared.clock.mode();
    let (next_due, journal) = shared.outlook();
    json_response(
        200,
        &json!({
            "now": stamp(shared.clock.now_ms()),
            "mode": mode,
            "scale": scale,
            "next_due": next_due.map(stamp),
            "journal": journal,
            "webhooks_under_way": shared.webhooks_under_way(),
            "held": shared.is_held(),
        }),
    )
}

/// The body as an object with only these keys.
fn object(body: &[u8], known: &[&str]) -> Result<serde_json::Map<String, Value>, Box<Response>> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(map)) => match map.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => {
                let message = format!("unknown field `{key}`; known are {}", known.join(", "));
                Err(Box::new(refused(
                    400,
                    "unknown_field",
                    &message,
                    &format!("$.{key}"),
                )))
            }
            None => Ok(map),
        },
        Ok(_) => Err(Box::new(refused(
            400,
            "wrong_type",
            "the body must be a JSON object",
            "$",
        ))),
        Err(error) => Err(Box::new(refused(
            400,
            "invalid_json",
            &format!("the body is no JSON: {error}"),
            "$",
        ))),
    }
}

fn set_time(shared: &Shared, body: &[u8]) -> Response {
    let map = match object(body, &["mode", "scale"]) {
        Ok(map) => map,
        Err(response) => return *response,
    };
    let Some(mode) = map.get("mode") else {
        return refused(
            400,
            "missing_field",
            "`mode` is missing: write real, scaled or manual",
            "$.mode",
        );
    };
    let Ok(mode) = serde_json::from_value::<TimeMode>(mode.clone()) else {
        return refused(
            400,
            "invalid_value",
            &format!("{mode} is no mode: write real, scaled or manual"),
            "$.mode",
        );
    };
    let scale = map.get("scale").and_then(Value::as_f64);
    match (mode, scale) {
        (TimeMode::Scaled, Some(scale)) if scale > 0.0 && scale.is_finite() => {
            shared.clock.set_mode(mode, scale);
        }
        (TimeMode::Scaled, _) => {
            return refused(
                400,
                "invalid_value",
                "scaled time needs a `scale` above 0, such as 60",
                "$.scale",
            );
        }
        (mode, _) => shared.clock.set_mode(mode, 1.0),
    }
    time(shared)
}

async fn advance(shared: &Arc<Shared>, body: &[u8]) -> Response {
    let map = match object(body, &["seconds"]) {
        Ok(map) => map,
        Err(response) => return *response,
    };
    let seconds = match map.get("seconds") {
        None => return refused(400, "missing_field", "`seconds` is missing", "$.seconds"),
        Some(value) => value.as_f64(),
    };
    match seconds {
        Some(seconds) if (0.0..=1e9).contains(&seconds) => {
            let now = shared.advance((seconds * 1_000.0).round() as Ms).await;
            json_response(200, &json!({"now": stamp(now)}))
        }
        _ => refused(
            400,
            "invalid_value",
            "`seconds` must be a number that is not negative",
            "$.seconds",
        ),
    }
}
