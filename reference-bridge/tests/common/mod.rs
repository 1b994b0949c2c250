//! A bridge in memory, over a small helpdesk, under paused time.
#![allow(dead_code, reason = "each test target uses a part of it")]
#![allow(unreachable_pub, reason = "shared by test targets")]

pub mod helpdesk;

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use helpdesk::{DOMAIN, Helpdesk, KEY};
use http_body_util::BodyExt as _;
use reference_bridge::{
    Bridge, BridgeOptions, Clock, Entropy, MemoryStore, Policies, ScriptedBrain, Store,
    brain::{Action, Decision},
    session::Sentiment,
};
use secrecy::SecretString;
use serde_json::{Value, json};
use tower::ServiceExt as _;

pub const TOKEN: &str = "test-token";

/// A bridge and its world.
pub struct World {
    pub clock: Clock,
    pub helpdesk: Helpdesk,
    pub store: Arc<dyn Store>,
    pub bridge: Option<Bridge>,
    pub brain: ScriptedBrain,
    pub policies: Policies,
}

pub async fn world(brain: ScriptedBrain) -> World {
    world_with(brain, Policies::default()).await
}

/// A world whose bridge serves the testing clock too.
pub async fn world_with_testing_clock(brain: ScriptedBrain) -> World {
    let mut world = stopped(brain, Policies::default());
    let mut options = world.options();
    options.testing_clock = true;
    world.bridge = Some(Bridge::start(options).await.unwrap());
    world
}

pub async fn world_with(brain: ScriptedBrain, policies: Policies) -> World {
    let mut world = stopped(brain, policies);
    world.start().await;
    world
}

fn stopped(brain: ScriptedBrain, policies: Policies) -> World {
    let clock = Clock::starting_at("2026-03-01T09:00:00Z".parse().unwrap());
    World {
        helpdesk: Helpdesk::new(clock.clone()),
        clock,
        store: Arc::new(MemoryStore::new()),
        bridge: None,
        brain,
        policies,
    }
}

impl World {
    /// Starts the bridge (again) over the same store.
    pub async fn start(&mut self) {
        self.bridge = Some(Bridge::start(self.options()).await.unwrap());
    }

    fn options(&self) -> BridgeOptions {
        let mut options = BridgeOptions::new(
            "http://bridge.test",
            SecretString::from(TOKEN),
            self.clock.clone(),
            Entropy::seeded(1),
            self.store.clone(),
            self.helpdesk.service(),
            Arc::new(self.brain.clone()),
        );
        options.policies = self.policies.clone();
        options
    }

    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (StatusCode, Value) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {TOKEN}"));
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map_or(Body::empty(), |body| Body::from(body.to_string()));
        self.send(request.body(body).unwrap()).await
    }

    pub async fn send(&self, request: Request<Body>) -> (StatusCode, Value) {
        let router = self.bridge.as_ref().unwrap().router();
        let response = router.oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    pub async fn connect(&self, more: Value) -> Value {
        let mut settings = json!({"domain": DOMAIN, "api_key": KEY, "auto_handle_all": true});
        for (key, value) in more.as_object().into_iter().flatten() {
            settings[key] = value.clone();
        }
        let (status, body) = self
            .call("PUT", "/v1/integrations/freshdesk", Some(settings))
            .await;
        assert_eq!(status, StatusCode::OK, "{body}");
        // The first import and sweep, of an empty account, are over then.
        self.wait(1).await;
        body
    }

    /// Both rules, as the settings show them.
    pub async fn paste_rules(&self) {
        let (_, settings) = self.call("GET", "/v1/integrations/freshdesk", None).await;
        let webhook = &settings["webhook"];
        let rule = |payload: &Value| {
            json!({"id": 1, "name": "OpenCX", "active": true, "conditions": [],
                   "updated_at": self.clock.now().to_string(),
                   "actions": [{"field_name": "trigger_webhook", "url": webhook["url"], "content": payload}]})
        };
        let creation = rule(&webhook["ticket_created_payload"]);
        let mut updates = rule(&webhook["ticket_updated_payload"]);
        updates["performer"] = json!({"type": 3});
        updates["events"] = json!([{"field_name": "reply_sent"}, {"field_name": "note_type", "value": "any"},
                                   {"field_name": "status", "from": "--", "to": "--"}]);
        self.helpdesk.desk().rules = [vec![creation], vec![updates]];
    }

    /// Sends a rule's webhook for a ticket, as Freshdesk would.
    pub async fn webhook(&self, event: &str, ticket: i64) -> (StatusCode, Value) {
        self.send(self.webhook_request(event, ticket).await).await
    }

    async fn webhook_request(&self, event: &str, ticket: i64) -> Request<Body> {
        let connection = self.store.connection().await.unwrap().unwrap();
        let payloads = match event {
            "ticket_created" => {
                r#"{"opencx":"freshdesk/v1","event":"ticket_created","ticket_id":ID,"ticket_url":"u"}"#
            }
            _ => {
                r#"{"opencx":"freshdesk/v1","event":"ticket_updated","ticket_id":ID,"ticket_url":"u","triggered_event":"{reply_sent:sent}"}"#
            }
        };
        Request::post(format!("/webhooks/freshdesk/{}", connection.webhook_token))
            .header("content-type", "application/json")
            .body(Body::from(payloads.replace("ID", &ticket.to_string())))
            .unwrap()
    }

    pub async fn created(&self, ticket: i64) {
        assert_eq!(self.webhook("ticket_created", ticket).await.0, 202);
        self.wait(1).await;
    }

    pub async fn updated(&self, ticket: i64) {
        assert_eq!(self.webhook("ticket_updated", ticket).await.0, 202);
        self.wait(1).await;
    }

    pub async fn wait(&self, seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    pub async fn session(&self, ticket: i64) -> Value {
        let path = format!("/v1/sessions?ticket_id={ticket}");
        let (_, body) = self.call("GET", &path, None).await;
        assert!(body["items"].as_array().unwrap().len() <= 1, "{body}");
        body["items"][0].clone()
    }

    pub async fn history(&self, ticket: i64) -> Vec<Value> {
        let id = self.session(ticket).await["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let path = format!("/v1/sessions/{id}/history");
        let (_, body) = self.call("GET", &path, None).await;
        body["items"].as_array().unwrap().clone()
    }

    /// The history as `kind: text` lines.
    pub async fn lines(&self, ticket: i64) -> Vec<String> {
        self.history(ticket)
            .await
            .iter()
            .map(|entry| {
                let kind = entry["event"]
                    .as_str()
                    .unwrap_or(entry["kind"].as_str().unwrap());
                format!("{kind}: {}", entry["text"].as_str().unwrap().trim())
            })
            .collect()
    }

    pub async fn problems(&self) -> Vec<Value> {
        let (_, body) = self.call("GET", "/v1/problems", None).await;
        body["items"].as_array().unwrap().clone()
    }

    pub async fn problem_kinds(&self) -> Vec<String> {
        let problems = self.problems().await;
        problems
            .iter()
            .map(|problem| problem["kind"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// What a scripted brain says, with a summary and a sentiment.
pub fn decision(action: Action, text: Option<&str>) -> Decision {
    Decision {
        action,
        text: text.map(ToOwned::to_owned),
        summary: Some("Wants a refund.".to_owned()),
        sentiment: Some(Sentiment::Angry),
        reason: None,
        attachments: Vec::new(),
    }
}
