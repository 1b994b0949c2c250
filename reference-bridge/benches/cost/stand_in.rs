//! A Freshdesk and a brain that cost next to nothing: every ticket exists, every
//! post is taken, nothing is kept. What they cost would be counted as the bridge's.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicUsize, Ordering},
};

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{Method, header};
use serde_json::{Value, json};

/// What was asked of it, and what it says is left.
#[derive(Clone, Default)]
pub(crate) struct StandIn(Arc<Counters>);

#[derive(Default)]
struct Counters {
    /// Calls a minute that the headers promise; 0 for no headers.
    quota: i64,
    window: AtomicI64,
    spent: AtomicI64,
    calls: AtomicUsize,
    lists: AtomicUsize,
    ids: AtomicI64,
}

impl StandIn {
    /// One whose headers tell of `quota` calls a minute, if any.
    pub(crate) fn with_quota(quota: Option<i64>) -> Self {
        Self(Arc::new(Counters {
            quota: quota.unwrap_or_default(),
            ..Counters::default()
        }))
    }

    /// Calls of the API so far, and how many of them were ticket lists.
    pub(crate) fn calls(&self) -> (usize, usize) {
        let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        (count(&self.0.calls), count(&self.0.lists))
    }

    /// Serves it on a free port; gives the URL.
    pub(crate) async fn listen(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        url
    }

    /// Calls left in this minute, after one more.
    fn left(&self) -> Option<i64> {
        let counters = &self.0;
        if counters.quota == 0 {
            return None;
        }
        let minute = jiff::Timestamp::now().as_second() / 60;
        if counters.window.swap(minute, Ordering::Relaxed) != minute {
            counters.spent.store(0, Ordering::Relaxed);
        }
        let spent = counters.spent.fetch_add(1, Ordering::Relaxed) + 1;
        Some((counters.quota - spent).max(0))
    }
}

async fn answer(State(world): State<StandIn>, request: Request) -> Response {
    let path = request.uri().path();
    if path == "/v1/decisions" {
        return body(&json!({"action": "reply", "text": "It is on its way."}));
    }
    world.0.calls.fetch_add(1, Ordering::Relaxed);
    let segments: Vec<_> = path.trim_start_matches("/api/v2/").split('/').collect();
    let mut response = match (request.method(), segments.as_slice()) {
        (_, ["agents", "me"]) => body(&json!({
            "id": 1, "role_ids": [1], "contact": {"name": "OpenCX AI", "email": "ai@acme.example"}
        })),
        (_, ["roles"]) => body(&json!([{"id": 1, "name": "Account Administrator"}])),
        (_, ["ticket_fields"]) => body(&json!([
            {"id": 1, "name": "cf_opencx_handed_off", "type": "custom_checkbox"}
        ])),
        (&Method::GET, ["tickets"]) => {
            world.0.lists.fetch_add(1, Ordering::Relaxed);
            body(&json!([]))
        }
        (&Method::POST, ["tickets", _, _]) => {
            let id = 43_100_000_000 + world.0.ids.fetch_add(1, Ordering::Relaxed);
            body(&json!({ "id": id, "created_at": "2026-01-01T09:00:30Z" }))
        }
        (_, ["tickets", id, ..]) => body(&ticket(id.parse().unwrap_or_default())),
        _ => body(&json!([])),
    };
    if let Some(left) = world.left() {
        let headers = response.headers_mut();
        headers.insert("x-ratelimit-total", world.0.quota.into());
        headers.insert("x-ratelimit-remaining", left.into());
    }
    response
}

fn ticket(id: i64) -> Value {
    json!({
        "id": id, "subject": "Where is my order?", "status": 2, "source": 1, "priority": 1,
        "description": format!("<div>Hello, where is order {id}? I ordered it two weeks ago.</div>"),
        "description_text": format!("Hello, where is order {id}? I ordered it two weeks ago."),
        "requester_id": 43_000_000_101_i64, "responder_id": null, "group_id": null,
        "tags": ["vip"], "custom_fields": {"cf_opencx_handed_off": null}, "attachments": [],
        "requester": {"id": 43_000_000_101_i64, "name": "Carla Customer", "email": "carla@mail.example"},
        "created_at": "2026-01-01T09:00:00Z", "updated_at": "2026-01-01T09:00:00Z",
        "spam": false, "conversations": [],
    })
}

fn body(value: &Value) -> Response {
    (
        [(header::CONTENT_TYPE, "application/json")],
        value.to_string(),
    )
        .into_response()
}
