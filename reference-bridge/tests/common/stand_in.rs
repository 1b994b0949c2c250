//! A Freshdesk over sockets where every ticket exists and no customer writes
//! again; what is posted is in the thread.
#![allow(dead_code, reason = "each test target uses a part of it")]
#![allow(unreachable_pub, reason = "shared by test targets")]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{method, path, path_regex},
};

pub const DOMAIN: &str = "acme.freshdesk.com";

/// Starts it, without a brain.
pub async fn freshdesk() -> MockServer {
    let server = MockServer::start().await;
    let answers = [
        (
            "/api/v2/agents/me",
            json!({"id": 1, "role_ids": [1], "contact": {"name": "AI", "email": "ai@acme.example"}}),
        ),
        ("/api/v2/roles", json!([{"id": 1, "name": "Administrator"}])),
        (
            "/api/v2/ticket_fields",
            json!([{"id": 1, "name": "cf_opencx_handed_off", "type": "custom_checkbox"}]),
        ),
        ("/api/v2/tickets", json!([])),
    ];
    for (at, answer) in answers {
        Mock::given(method("GET"))
            .and(path(at))
            .respond_with(ResponseTemplate::new(200).set_body_json(answer))
            .mount(&server)
            .await;
    }
    let threads = Threads::default();
    for verb in ["GET", "PUT"] {
        let threads = threads.clone();
        Mock::given(method(verb))
            .and(path_regex(r"^/api/v2/tickets/\d+$"))
            .respond_with(move |request: &Request| view(&threads, ticket_of(request)))
            .mount(&server)
            .await;
    }
    Mock::given(method("POST"))
        .and(path_regex(r"^/api/v2/tickets/\d+/(reply|notes)$"))
        .respond_with(move |request: &Request| post(&threads, request))
        .mount(&server)
        .await;
    server
}

/// The same with a brain that always replies.
pub async fn freshdesk_and_brain() -> MockServer {
    let server = freshdesk().await;
    Mock::given(method("POST"))
        .and(path("/v1/decisions"))
        .respond_with(
            ResponseTemplate::new(200).set_body_json(json!({"action": "reply", "text": "Soon."})),
        )
        .mount(&server)
        .await;
    server
}

type Threads = Arc<Mutex<BTreeMap<i64, Vec<Value>>>>;

fn view(threads: &Threads, ticket: i64) -> ResponseTemplate {
    let thread = threads
        .lock()
        .unwrap()
        .get(&ticket)
        .cloned()
        .unwrap_or_default();
    let updated = if thread.is_empty() { "00:00" } else { "00:30" };
    ResponseTemplate::new(200).set_body_json(json!({
        "id": ticket, "status": 2, "source": 2, "requester_id": 5,
        "description_text": "Where is my order?", "tags": [],
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": format!("2026-01-01T00:{updated}Z"),
        "custom_fields": {"cf_opencx_handed_off": null}, "conversations": thread,
        "requester": {"name": "Carla", "email": "c@mail.example"},
    }))
}

fn post(threads: &Threads, request: &Request) -> ResponseTemplate {
    let mut threads = threads.lock().unwrap();
    let id = 900 + threads.values().map(Vec::len).sum::<usize>();
    let conversation = json!({
        "id": id, "user_id": 1, "incoming": false, "source": 0,
        "private": request.url.path().ends_with("/notes"),
        "body_text": "posted", "created_at": "2026-01-01T00:00:30Z",
    });
    threads
        .entry(ticket_of(request))
        .or_default()
        .push(conversation.clone());
    ResponseTemplate::new(201).set_body_json(conversation)
}

fn ticket_of(request: &Request) -> i64 {
    let path = request.url.path();
    let number = path.split('/').nth(4).unwrap();
    number.parse().unwrap()
}

/// What was posted on a ticket: `reply` or `notes`, with its body.
pub async fn posts(server: &MockServer, ticket: i64) -> Vec<(String, Value)> {
    server
        .received_requests()
        .await
        .unwrap()
        .iter()
        .filter(|request| request.method == "POST" && request.url.path().starts_with("/api/"))
        .filter(|request| ticket_of(request) == ticket)
        .map(|request| {
            let kind = request.url.path().rsplit('/').next().unwrap().to_owned();
            (kind, request.body_json().unwrap())
        })
        .collect()
}

/// Waits for the real world, and fails after a generous while.
pub async fn until<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    for _ in 0..1200 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("never: {what}");
}
