//! A server in memory with a receiver for webhooks, under virtual time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fake_freshdesk::{Clock, ConnectionReset, HttpService, Server, ServerOptions};
use http::{HeaderMap, Request, Response, StatusCode};
use serde_json::{Value, json};
use tower::{ServiceExt as _, service_fn};

pub(crate) const DOMAIN: &str = "yourcompany.freshdesk.com";
const TOKEN: &str = "control-token";

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
    /// The connection broke: no answer arrived.
    pub(crate) reset: bool,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|_| json!(String::from_utf8_lossy(&self.bytes)))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Status, content type and body, for snapshots of errors.
    pub(crate) fn shown(&self) -> Value {
        let body = if self.bytes.is_empty() {
            Value::Null
        } else {
            self.json()
        };
        json!({"status": self.status, "content_type": self.header("content-type"), "body": body})
    }
}

/// One webhook call that arrived.
#[derive(Clone, Debug)]
pub(crate) struct Hook {
    pub(crate) after: Duration,
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// How the receiver answers the next calls; after the list, 200.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Receiver {
    Status(u16),
    Hangs,
    Refuses,
}

pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) key: String,
    pub(crate) admin: i64,
    hooks: Arc<Mutex<Vec<Hook>>>,
    answers: Arc<Mutex<VecDeque<Receiver>>>,
}

impl World {
    /// A world with one account on this plan and no seeded rule.
    pub(crate) async fn new(plan: &str) -> World {
        World::with(json!({"domain": DOMAIN, "plan": plan, "reopen_rule": false})).await
    }

    pub(crate) async fn with(account: Value) -> World {
        let hooks = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::new(Mutex::new(VecDeque::new()));
        let start = tokio::time::Instant::now();
        let (seen, queue) = (Arc::clone(&hooks), Arc::clone(&answers));
        let receiver = service_fn(move |request: Request<Body>| {
            let (seen, queue) = (Arc::clone(&seen), Arc::clone(&queue));
            async move {
                let (parts, body) = request.into_parts();
                let body = to_bytes(body, usize::MAX).await?;
                seen.lock().unwrap().push(Hook {
                    after: start.elapsed(),
                    method: parts.method.to_string(),
                    uri: parts.uri.to_string(),
                    headers: parts.headers,
                    body: String::from_utf8_lossy(&body).into_owned(),
                });
                let answer = queue.lock().unwrap().pop_front();
                let status = match answer.unwrap_or(Receiver::Status(200)) {
                    Receiver::Status(status) => status,
                    Receiver::Hangs => std::future::pending().await,
                    Receiver::Refuses => return Err(tower::BoxError::from("connection refused")),
                };
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::from_u16(status)?;
                Ok::<_, tower::BoxError>(response)
            }
        });
        let clock = Clock::starting_at("2026-01-05T09:00:00Z".parse().unwrap());
        let mut options = ServerOptions::new(clock, TOKEN.into(), HttpService::new(receiver));
        options.allowed_webhook_hosts = vec!["bridge.example.com".into()];
        let server = Server::start(options);
        let mut world = World {
            server,
            key: String::new(),
            admin: 0,
            hooks,
            answers,
        };
        let made = world.control("POST", "/accounts", account).await;
        assert_eq!(made.status, 201, "{:?}", made.json());
        world.key = made.json()["admin"]["api_key"].as_str().unwrap().to_owned();
        world.admin = made.json()["admin"]["id"].as_i64().unwrap();
        world
    }

    /// The receiver answers its next calls like this.
    pub(crate) fn receiver(&self, answers: &[Receiver]) {
        self.answers.lock().unwrap().extend(answers);
    }

    pub(crate) fn hooks(&self) -> Vec<Hook> {
        self.hooks.lock().unwrap().clone()
    }

    pub(crate) async fn raw(&self, request: Request<Body>) -> Answer {
        answer(self.server.api(), request).await
    }

    /// A call with a certain key.
    pub(crate) async fn as_key(&self, key: &str, method: &str, path: &str, body: Value) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("https://{DOMAIN}/api/v2{path}"))
            .header("authorization", basic(key));
        let body = if body.is_null() {
            Body::empty()
        } else {
            request = request.header("content-type", "application/json");
            Body::from(body.to_string())
        };
        self.raw(request.body(body).unwrap()).await
    }

    /// A call with the administrator's key.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Value) -> Answer {
        self.as_key(&self.key, method, path, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, Value::Null).await
    }

    /// A call that must succeed; its JSON.
    pub(crate) async fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let answer = self.call(method, path, body).await;
        assert!(
            answer.status < 300,
            "{method} {path}: {} {}",
            answer.status,
            answer.json()
        );
        answer.json()
    }

    pub(crate) async fn control(&self, method: &str, path: &str, body: Value) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(format!("http://localhost/control/v1{path}"))
            .header("authorization", format!("Bearer {TOKEN}"));
        let body = if body.is_null() {
            Body::empty()
        } else {
            Body::from(body.to_string())
        };
        answer(self.server.control(), request.body(body).unwrap()).await
    }

    /// A control call on the account that must succeed; its JSON.
    pub(crate) async fn act(&self, method: &str, path: &str, body: Value) -> Value {
        let answer = self
            .control(method, &format!("/accounts/{DOMAIN}{path}"), body)
            .await;
        assert!(
            answer.status < 300,
            "{method} {path}: {} {}",
            answer.status,
            answer.json()
        );
        if answer.bytes.is_empty() {
            Value::Null
        } else {
            answer.json()
        }
    }

    /// A creation rule that posts every new ticket to the receiver.
    pub(crate) async fn creation_rule(&self) -> Value {
        let rule = json!({"name": "new", "actions": [webhook_action()]});
        self.act("POST", "/rules/1", rule).await
    }

    /// When webhooks were sent, by the journal.
    pub(crate) async fn attempts(&self) -> Vec<String> {
        let path = "/journal?kind=webhook_attempt";
        let journal = self.control("GET", path, Value::Null).await.json();
        let items = journal["items"].as_array().unwrap().iter();
        items.map(|item| word(&item["at"]).to_owned()).collect()
    }

    /// A customer opens a ticket; its id.
    pub(crate) async fn customer_ticket(&self) -> i64 {
        let ticket = json!({"from": {"email": "ann@example.com", "name": "Ann Lee"}, "subject": "Where is \"it\"?", "text": "Hello?"});
        self.act("POST", "/tickets", ticket).await["id"]
            .as_i64()
            .unwrap()
    }

    pub(crate) async fn agent(&self, name: &str, role: &str) -> (i64, String) {
        let email = format!("{}@example.com", name.to_lowercase());
        let agent = self
            .act(
                "POST",
                "/agents",
                json!({"name": name, "email": email, "role": role}),
            )
            .await;
        (
            agent["id"].as_i64().unwrap(),
            agent["api_key"].as_str().unwrap().to_owned(),
        )
    }

    /// A rule's log as `outcome:reason` words.
    pub(crate) async fn log(&self, kind: u8, rule: &Value) -> Vec<String> {
        let log = self
            .act(
                "GET",
                &format!("/rules/{kind}/{}/activity", rule["id"]),
                Value::Null,
            )
            .await;
        let items = log["items"].as_array().unwrap().iter();
        items
            .map(|item| {
                format!(
                    "{}:{}",
                    word(&item["outcome"]),
                    word(&item["reason"]["code"])
                )
            })
            .collect()
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub(crate) fn basic(key: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{key}:X")))
}

async fn answer(router: axum::Router, request: Request<Body>) -> Answer {
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let marked = parts.extensions.get::<ConnectionReset>().is_some();
    let bytes = to_bytes(body, usize::MAX).await;
    let reset = bytes.is_err();
    assert!(reset || !marked, "what is marked as reset breaks off");
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        bytes: bytes.map(|bytes| bytes.to_vec()).unwrap_or_default(),
        reset,
    }
}

/// Virtual time goes by.
pub(crate) async fn wait(seconds: f64) {
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
}

/// A webhook action that posts id and subject.
pub(crate) fn webhook_action() -> Value {
    json!({
        "field_name": "trigger_webhook", "request_type": "POST", "url": "http://127.0.0.1:9/hook",
        "content_type": "JSON", "content_layout": "2",
        "content": "{\"id\": {{ticket.id}}, \"subject\": \"{{ticket.subject}}\"}",
    })
}
