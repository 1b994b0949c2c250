//! The published contract and the code agree: every documented answer is met,
//! every answer that is met is documented, and all of them have the documented
//! shape.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests: a surprise should stop them"
)]

mod common;

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    body::Body,
    http::{Request, header},
};
use common::{
    TOKEN, World,
    helpdesk::{DOMAIN, KEY, Mishap, MishapKind},
    world_with_testing_clock,
};
use http_body_util::BodyExt as _;
use reference_bridge::{Entropy, ScriptedBrain, SqliteStore, store::Seal};
use secrecy::SecretString;
use serde_json::{Value, json};
use tower::ServiceExt as _;

fn document() -> Value {
    serde_json::from_str(include_str!("../../docs/bridge-contract.openapi.json")).unwrap()
}

/// Complains if a value has not the documented shape.
fn check(document: &Value, schema: &Value, value: &Value, what: &str) {
    let mut schema = schema.clone();
    schema["components"] = document["components"].clone();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path))
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:?}\n{value:#}");
}

/// Every operation: its path, its method in capitals, and what it says.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            all.push((path.clone(), method.to_uppercase(), operation.clone()));
        }
    }
    all
}

#[test]
fn every_example_has_the_shape_it_is_an_example_of() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut operations = operations(&document);
    let asked = document["webhooks"]["decision"]["post"].clone();
    operations.push(("decision".to_owned(), "POST".to_owned(), asked));
    let mut examples = 0;
    for (path, method, operation) in operations {
        let answers = operation["responses"].as_object().unwrap().iter();
        let mut contents: Vec<_> = answers
            .filter_map(|(status, answer)| Some((status.clone(), answer.get("content")?.clone())))
            .collect();
        if let Some(body) = operation.get("requestBody") {
            contents.push(("request".to_owned(), body["content"].clone()));
        }
        for (status, content) in contents {
            let what = format!("{method} {path} {status}");
            let Some(content) = content.get("application/json") else {
                continue;
            };
            if path == "/v1/openapi.json" && status == "200" {
                continue;
            }
            let example = content
                .get("example")
                .unwrap_or_else(|| panic!("{what} has no example"));
            check(&document, &content["schema"], example, &what);
            examples += 1;
        }
    }
    assert!(examples > 50, "only {examples} examples");
}

/// A bridge with the testing clock, so that everything documented is served.
async fn world() -> World {
    world_with_testing_clock(ScriptedBrain::replying("AI.")).await
}

/// One request of the tour.
#[derive(Clone)]
struct Ask {
    method: &'static str,
    /// The documented path.
    path: &'static str,
    /// What is really asked for.
    at: String,
    body: Option<Vec<u8>>,
    kind: Option<&'static str>,
    token: Option<&'static str>,
}

fn ask(method: &'static str, path: &'static str, body: Option<Value>) -> Ask {
    Ask {
        method,
        path,
        at: path.to_owned(),
        kind: body.is_some().then_some("application/json"),
        body: body.map(|body| body.to_string().into_bytes()),
        token: Some(TOKEN),
    }
}

impl Ask {
    fn at(mut self, at: &str) -> Self {
        self.at = at.to_owned();
        self
    }

    fn raw(mut self, body: &[u8]) -> Self {
        self.body = Some(body.to_vec());
        self.kind = Some("application/json");
        self
    }

    fn kind(mut self, kind: &'static str) -> Self {
        self.kind = Some(kind);
        self
    }

    fn token(mut self, token: Option<&'static str>) -> Self {
        self.token = token;
        self
    }
}

/// Answers that were met, as `METHOD path status`.
type Met = BTreeSet<String>;

async fn meet(world: &World, document: &Value, met: &mut Met, ask: Ask) -> u16 {
    let mut request = Request::builder().method(ask.method).uri(&ask.at);
    if let Some(token) = ask.token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    if let Some(kind) = ask.kind {
        request = request.header(header::CONTENT_TYPE, kind);
    }
    let body = ask.body.map_or(Body::empty(), Body::from);
    let router = world.bridge.as_ref().unwrap().router();
    let response = router.oneshot(request.body(body).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    let kind = response.headers().get(header::CONTENT_TYPE).cloned();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let what = format!("{} {} {status}", ask.method, ask.path);
    let answer =
        &document["paths"][ask.path][ask.method.to_lowercase()]["responses"][status.to_string()];
    assert!(answer.is_object(), "{what} is not documented: {body:?}");
    match answer
        .get("content")
        .and_then(|content| content.get("application/json"))
    {
        Some(content) => {
            assert_eq!(kind.unwrap(), "application/json", "{what}");
            let body = serde_json::from_slice(&body).unwrap();
            check(document, &content["schema"], &body, &what);
        }
        None => assert!(answer.get("content").is_some() || body.is_empty(), "{what}"),
    }
    met.insert(what);
    status
}

#[tokio::test(start_paused = true)]
async fn every_documented_answer_is_met_and_every_answer_is_documented() {
    let document = document();
    let world = world().await;
    let mut met = Met::new();
    const INTEGRATION: &str = "/v1/integrations/freshdesk";
    const VERIFY: &str = "/v1/integrations/freshdesk/verify";
    const WEBHOOK: &str = "/webhooks/freshdesk/{token}";
    const ADVANCE: &str = "/v1/testing/clock/advance";
    let credentials = || json!({"domain": DOMAIN, "api_key": KEY, "auto_handle_all": true});
    let verify = || json!({"domain": DOMAIN, "api_key": KEY});
    let huge = vec![b' '; 1024 * 1024 + 1];
    let mut tour = vec![
        ask("GET", "/v1/health", None),
        ask("GET", "/v1/openapi.json", None),
        ask("GET", INTEGRATION, None),
        ask("POST", VERIFY, Some(verify())),
        ask(
            "POST",
            VERIFY,
            Some(json!({"domain": DOMAIN, "api_key": "stale"})),
        ),
        ask(
            "PUT",
            INTEGRATION,
            Some(json!({"domain": DOMAIN, "api_kei": KEY})),
        ),
        ask("POST", ADVANCE, Some(json!({"seconds": 1.5}))),
        ask("POST", ADVANCE, Some(json!({"seconds": -1}))),
        ask("POST", WEBHOOK, Some(json!({}))).at("/webhooks/freshdesk/guess"),
        ask("POST", WEBHOOK, Some(json!({}))).at("/webhooks/freshdesk/%FF"),
    ];
    for (method, path) in [("POST", VERIFY), ("PUT", INTEGRATION), ("POST", ADVANCE)] {
        for body in [&b"{"[..], b"[]", b"\xff", b""] {
            tour.push(ask(method, path, None).raw(body));
        }
        tour.push(ask(method, path, None).raw(&huge));
        tour.push(ask(method, path, Some(verify())).kind("text/plain"));
    }
    for (path, method, operation) in operations(&document) {
        if operation["security"] != json!([]) {
            let path: &'static str = path.leak();
            let method: &'static str = method.leak();
            for token in [None, Some("wrong"), Some("")] {
                tour.push(ask(method, path, None).token(token));
            }
        }
    }
    for ask in tour {
        meet(&world, &document, &mut met, ask).await;
    }
    for (method, path, body) in [
        ("POST", VERIFY, verify()),
        ("PUT", INTEGRATION, credentials()),
    ] {
        world.helpdesk.desk().admin = false;
        meet(
            &world,
            &document,
            &mut met,
            ask(method, path, Some(body.clone())),
        )
        .await;
        world.helpdesk.desk().admin = true;
        let down = Mishap {
            on: "GET /agents/me",
            kind: MishapKind::Answer(500, None, ""),
        };
        world.helpdesk.desk().mishaps.extend(vec![down; 4]);
        meet(&world, &document, &mut met, ask(method, path, Some(body))).await;
    }
    // Connected, with a handed-off and a plain session.
    world.helpdesk.desk().fields.clear();
    meet(
        &world,
        &document,
        &mut met,
        ask("PUT", INTEGRATION, Some(credentials())),
    )
    .await;
    meet(&world, &document, &mut met, ask("GET", INTEGRATION, None)).await;
    let token = world
        .store
        .connection()
        .await
        .unwrap()
        .unwrap()
        .webhook_token;
    let webhook = format!("/webhooks/freshdesk/{token}");
    let ticket = world
        .helpdesk
        .open_ticket("Where is order 1042?", json!({}));
    let ping = json!({"opencx": "freshdesk/v1", "event": "ticket_created", "ticket_id": ticket, "ticket_url": "u"});
    for ask in [
        ask("POST", WEBHOOK, Some(ping.clone())),
        ask("POST", WEBHOOK, Some(json!({"ticketId": 1}))),
        ask("POST", WEBHOOK, None).raw(&huge),
        ask("POST", WEBHOOK, Some(ping)).kind("application/xml"),
    ] {
        meet(&world, &document, &mut met, ask.at(&webhook)).await;
    }
    world.wait(5).await;
    let id = world.session(ticket).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for path in [
        "/v1/sessions/{id}",
        "/v1/sessions/{id}/history",
        "/v1/sessions/{id}/support-bundle",
    ] {
        for id in [id.as_str(), "ses_none", "%FF"] {
            let ask = ask("GET", path, None).at(&path.replace("{id}", id));
            meet(&world, &document, &mut met, ask).await;
        }
    }
    let four = Mishap {
        on: "GET /tickets/2",
        kind: MishapKind::Answer(429, Some(1), ""),
    };
    world.helpdesk.desk().mishaps.extend(vec![four; 4]);
    world.helpdesk.open_ticket("Two?", json!({}));
    world.created(2).await;
    world.wait(10).await;
    for (path, at) in [
        ("/v1/problems", "/v1/problems"),
        ("/metrics", "/metrics"),
        ("/v1/sessions", "/v1/sessions?status=open&cursor=&limit=1"),
        ("/v1/sessions", "/v1/sessions?ticketid=1"),
        ("/v1/sessions", "/v1/sessions?status=opened"),
        ("/v1/diagnosis", "/v1/diagnosis?ticket_id=1"),
        ("/v1/diagnosis", "/v1/diagnosis?ticket_id=one"),
        ("/v1/diagnosis", "/v1/diagnosis?status=open"),
    ] {
        meet(&world, &document, &mut met, ask("GET", path, None).at(at)).await;
    }
    meet(
        &world,
        &document,
        &mut met,
        ask("DELETE", INTEGRATION, None),
    )
    .await;
    meet(
        &world,
        &document,
        &mut met,
        ask("DELETE", INTEGRATION, None),
    )
    .await;

    let documented = documented(&document, |answer| !is_of_the_store(answer));
    let not_met: Vec<_> = documented.difference(&met).collect();
    assert!(not_met.is_empty(), "documented, but never met: {not_met:?}");
}

/// Every documented answer that is wanted.
fn documented(document: &Value, wanted: impl Fn(&Value) -> bool) -> Met {
    let mut all = Met::new();
    for (path, method, operation) in operations(document) {
        for (status, answer) in operation["responses"].as_object().unwrap() {
            if wanted(answer) {
                all.insert(format!("{method} {path} {status}"));
            }
        }
    }
    all
}

/// Whether it is the answer while the store fails.
fn is_of_the_store(answer: &Value) -> bool {
    answer.pointer("/content/application~1json/example/error/code")
        == Some(&json!("store_unavailable"))
}

#[tokio::test]
async fn a_store_that_fails_is_said_on_every_path_that_needs_it() {
    let document = document();
    let folder = tempfile::tempdir().unwrap();
    let seal = Seal::new(
        &SecretString::from("a secret of a test"),
        Entropy::seeded(1),
    );
    let store = SqliteStore::open(
        &folder.path().join("b.sqlite"),
        seal,
        std::time::Duration::MAX,
    )
    .await
    .unwrap();
    let mut world = world().await;
    world.store = Arc::new(store.clone());
    world.start().await;
    let settings = world.connect(json!({})).await;
    let webhook = settings["webhook"]["url"].as_str().unwrap();
    let webhook = webhook.replace("http://bridge.test", "");
    // Closed under it: from now on every call of the store fails.
    store.close().await;
    let mut met = Met::new();
    let wanted = documented(&document, is_of_the_store);
    for (path, method, operation) in operations(&document) {
        if !wanted.contains(&format!("{method} {path} 503")) {
            continue;
        }
        let at = path.replace("{id}", "ses_1");
        let at = at.replace("/webhooks/freshdesk/{token}", &webhook);
        let body = operation.pointer("/requestBody/content/application~1json/example");
        let ask = ask(method.leak(), path.leak(), body.cloned()).at(&at);
        assert_eq!(meet(&world, &document, &mut met, ask).await, 503, "{at}");
    }
    assert_eq!(met, wanted);
}

#[tokio::test(start_paused = true)]
async fn other_methods_and_paths_are_refused_in_the_same_shape() {
    let document = document();
    let world = world().await;
    let schema = &document["components"]["schemas"]["Error"];
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in ["GET", "PUT", "POST", "PATCH", "DELETE"] {
            if item.get(method.to_lowercase()).is_some() {
                continue;
            }
            let (status, body) = world.call(method, path, None).await;
            assert_eq!(status, 405, "{method} {path}");
            check(&document, schema, &body, path);
        }
    }
    let (status, body) = world.call("GET", "/v1/nothing/here", None).await;
    assert_eq!(status, 404);
    check(&document, schema, &body, "an unknown path");
}
