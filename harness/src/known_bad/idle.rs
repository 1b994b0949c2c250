//! A bridge that does nothing at all: it takes every call of the contract and
//! every webhook, and acts on none. A scenario that passes with it asserts
//! nothing that a bridge must do.

use std::sync::Arc;

use axum::routing::{get, post, put};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};

use crate::world::simulated::{Berth, BridgeBuilder};

/// The bridge that does nothing.
pub fn bridge() -> BridgeBuilder {
    Arc::new(|berth: Berth| {
        Box::pin(async move {
            let nothing: Box<dyn std::any::Any + Send> = Box::new(());
            Ok((router(&berth), nothing))
        })
    })
}

fn router(berth: &Berth) -> Router {
    let settings = json!({
        "webhook": {
            "url": format!("{}/webhooks/freshdesk/idle", berth.public_url),
            "ticket_created_payload": "{}",
            "ticket_updated_payload": "{}",
        },
        "connection": { "state": "connected", "reason": null },
        "backfill": { "state": "done", "imported": 0 },
        "warnings": [],
    });
    let shown = settings.clone();
    let nothing = || async { Json(json!({ "items": [], "next": null, "findings": [] })) };
    Router::new()
        .route("/v1/health", get(health))
        .route(
            "/v1/integrations/freshdesk/verify",
            post(|| async { Json(json!({ "agent": {} })) }),
        )
        .route(
            "/v1/integrations/freshdesk",
            put(move || async move { Json(settings) })
                .get(move || async move { Json(shown) })
                .delete(|| async { StatusCode::NO_CONTENT }),
        )
        .route(
            "/webhooks/freshdesk/{token}",
            post(|| async { StatusCode::ACCEPTED }),
        )
        .fallback(nothing)
}

async fn health() -> Json<Value> {
    Json(json!({
        "name": "idle",
        "version": "0",
        "contract": "1",
        "capabilities": ["clock", "diagnosis", "restart", "sweep"],
    }))
}
