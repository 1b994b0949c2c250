//! The real binary over real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests: a surprise should stop them"
)]

#[path = "common/process.rs"]
mod process;

use std::{
    io::Read as _,
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use process::{Process, command, webhook_path};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, method, path, path_regex},
};

const DOMAIN: &str = "acme.freshdesk.com";

async fn freshdesk() -> MockServer {
    let server = MockServer::start().await;
    let answers = [
        (
            "/api/v2/agents/me",
            json!({"id": 1, "role_ids": [1], "contact": {"name": "AI", "email": "ai@acme.example"}}),
        ),
        ("/api/v2/roles", json!([{"id": 1, "name": "Administrator"}])),
        ("/api/v2/ticket_fields", json!([])),
        (
            "/api/v2/tickets/17",
            json!({"id": 17, "status": 2, "source": 2, "requester_id": 5,
            "description_text": "Where is order 1042?", "created_at": "2026-01-01T00:00:00Z",
            "tags": [], "custom_fields": {}, "requester": {"name": "Carla", "email": "c@mail.example"},
            "conversations": []}),
        ),
    ];
    for (at, answer) in answers {
        Mock::given(method("GET"))
            .and(path(at))
            .and(header("host", DOMAIN))
            .respond_with(ResponseTemplate::new(200).set_body_json(answer))
            .mount(&server)
            .await;
    }
    Mock::given(method("POST"))
        .and(path("/api/v2/tickets/17/reply"))
        .and(header("host", DOMAIN))
        .respond_with(ResponseTemplate::new(201).set_body_json(json!({"id": 900})))
        .mount(&server)
        .await;
    Mock::given(method("PUT"))
        .and(path("/api/v2/tickets/17"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"id": 17, "status": 2})))
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .and(path_regex("/v1/decisions$"))
        .respond_with(
            ResponseTemplate::new(200).set_body_json(json!({"action": "reply", "text": "Soon."})),
        )
        .mount(&server)
        .await;
    server
}

async fn replies(server: &MockServer) -> usize {
    server
        .received_requests()
        .await
        .unwrap()
        .iter()
        .filter(|request| request.url.path().ends_with("/reply"))
        .count()
}

/// Waits for the real world, and fails after a generous while.
async fn until<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    for _ in 0..400 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("never: {what}");
}

#[tokio::test]
async fn a_webhook_leads_to_a_reply_and_a_restart_to_no_second_one() {
    let server = freshdesk().await;
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("b.sqlite").display());
    let process = Process::start(&server.uri(), &server.uri(), &store);
    let body = json!({"domain": DOMAIN, "api_key": "the-key", "auto_handle_all": true});
    let (status, settings) = process
        .call("PUT", "/v1/integrations/freshdesk", Some(body))
        .await;
    assert_eq!(status, 200, "{settings}");
    let url = settings["webhook"]["url"].as_str().unwrap();
    assert!(url.starts_with(&process.url), "{url}");
    assert_eq!(process.webhook(&settings, 17).await, 202);
    until("a reply", || async { replies(&server).await == 1 }).await;
    until("the session is written", || async {
        let (_, sessions) = process.call("GET", "/v1/sessions?ticket_id=17", None).await;
        let id = sessions["items"][0]["id"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let (_, history) = process
            .call("GET", &format!("/v1/sessions/{id}/history"), None)
            .await;
        history["items"].as_array().map(Vec::len) == Some(2)
    })
    .await;
    drop(process);
    let process = Process::start(&server.uri(), &server.uri(), &store);
    let (status, read) = process
        .call("GET", "/v1/integrations/freshdesk", None)
        .await;
    assert_eq!(
        (status, webhook_path(&read)),
        (200, webhook_path(&settings))
    );
    assert_eq!(process.webhook(&settings, 17).await, 202);
    until("the queue is empty", || async {
        let requests = server.received_requests().await.unwrap();
        requests
            .iter()
            .filter(|r| r.method == "GET" && r.url.path().ends_with("/17"))
            .count()
            >= 2
    })
    .await;
    assert_eq!(replies(&server).await, 1);
}

#[tokio::test]
async fn the_token_is_asked_for_and_health_is_open() {
    let process = Process::start("http://127.0.0.1:9", "http://127.0.0.1:9", "memory");
    let client = reqwest::Client::new();
    let get = |path: &str| client.get(format!("{}{path}", process.url)).send();
    let health: Value = get("/v1/health").await.unwrap().json().await.unwrap();
    assert_eq!(health["name"], "reference-bridge");
    for path in [
        "/v1/sessions",
        "/v1/problems",
        "/v1/integrations/freshdesk",
        "/v1/nothing",
    ] {
        assert_eq!(get(path).await.unwrap().status(), 401, "{path}");
    }
    let (status, body) = process.call("GET", "/v1/nothing", None).await;
    assert_eq!((status, &body["error"]["code"]), (404, &json!("not_found")));
    let (status, body) = process.call("PATCH", "/v1/sessions", None).await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (405, &json!("method_not_allowed"))
    );
    let body = json!({"domain": DOMAIN, "api_key": "k"});
    let (status, body) = process
        .call("POST", "/v1/integrations/freshdesk/verify", Some(body))
        .await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (503, &json!("freshdesk_unavailable"))
    );
}

#[tokio::test]
async fn a_request_to_stop_ends_the_process_well() {
    let mut process = Process::start("http://127.0.0.1:9", "http://127.0.0.1:9", "memory");
    let killed = Command::new("kill")
        .args(["-TERM", &process.child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    assert!(process.child.wait().unwrap().success());
}

fn run(arguments: &[&str]) -> Output {
    command().args(arguments).output().unwrap()
}

fn failed(arguments: &[&str], code: i32, words: &[&str]) {
    let output = run(arguments);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert_eq!(output.stdout, b"", "nothing on standard output");
    for word in words {
        assert!(text.contains(word), "{word:?} is not in {text}");
    }
}

#[test]
fn wrong_use_is_explained_with_the_flag_to_change() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    failed(
        &["--listen", &address, "--store", "memory"],
        2,
        &["cannot listen on", "--listen"],
    );
    failed(&["--store", "mysql:x"], 2, &["sqlite:PATH or memory"]);
    failed(&["--brain-url", "ftp://x"], 2, &["http://"]);
    failed(&["--listen", "here"], 2, &["--listen"]);
    failed(&["--token", " ", "--store", "memory"], 2, &["BRIDGE_TOKEN"]);
}

#[test]
fn a_store_that_cannot_be_used_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let letter = folder.path().join("letter.txt");
    std::fs::write(&letter, "Dear database, ".repeat(200)).unwrap();
    let open = |file: &Path| format!("sqlite:{}", file.display());
    failed(
        &["--listen", "127.0.0.1:0", "--store", &open(&letter)],
        3,
        &["letter.txt is not a SQLite database"],
    );
    failed(
        &[
            "--listen",
            "127.0.0.1:0",
            "--store",
            &open(&folder.path().join("no/such/b.sqlite")),
        ],
        2,
        &["encryption key cannot be written"],
    );
}

#[test]
fn the_help_teaches_with_an_example() {
    let output = run(&["--help"]);
    let mut text = String::new();
    output.stdout.as_slice().read_to_string(&mut text).unwrap();
    assert!(output.status.success());
    for word in [
        "EXAMPLE",
        "curl -X PUT",
        "EXIT CODES",
        "BRIDGE_LISTEN",
        "sqlite:PATH",
    ] {
        assert!(text.contains(word), "{word}");
    }
}

#[tokio::test]
async fn the_doctor_names_what_is_wrong_and_the_metrics_count() {
    let server = freshdesk().await;
    for kind in [1, 4] {
        Mock::given(method("GET"))
            .and(path(format!("/api/v2/automations/{kind}/rules")))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!([])))
            .mount(&server)
            .await;
    }
    let ask = |uri: String, key: &'static str, more: &'static [&'static str]| async move {
        tokio::task::spawn_blocking(move || {
            command()
                .env("FRESHDESK_ENDPOINT", uri)
                .env("FRESHDESK_API_KEY", key)
                .args(["doctor", "--domain", DOMAIN, "--webhook-url"])
                .arg("http://127.0.0.1:1/webhooks/freshdesk/abc")
                .args(more)
                .output()
                .unwrap()
        })
        .await
        .unwrap()
    };
    let doctor = |key, more| ask(server.uri(), key, more);
    let output = doctor("the-key", &[]).await;
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(String::from_utf8(output.stdout).unwrap());
    let output = doctor(" ", &[]).await;
    assert!(String::from_utf8(output.stdout).unwrap().contains("VER-4"));
    let json = |output: &Output| serde_json::from_slice::<Value>(&output.stdout).unwrap();
    let output = doctor("the-key", &["--format", "json"]).await;
    assert_eq!(output.status.code(), Some(1));
    let told = json(&output);
    assert_eq!(told["verdict"], "findings");
    assert_eq!(told["agent"]["email"], "ai@acme.example");
    assert_eq!(told["findings"][0]["clause"], "SYM-1");
    let output = doctor("the-key", &["--format", "xml"]).await;
    assert_eq!(output.status.code(), Some(2));
    // Nobody is there: it cannot tell.
    let nobody = ask(
        "http://127.0.0.1:9".to_owned(),
        "the-key",
        &["--format=json"],
    );
    let output = nobody.await;
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(json(&output)["verdict"], "cannot_tell");

    let process = Process::start(&server.uri(), &server.uri(), "memory");
    let text = reqwest::Client::new()
        .get(format!("{}/metrics", process.url))
        .bearer_auth(process::TOKEN)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(text.contains("# TYPE bridge_replies_total counter\nbridge_replies_total 0\n"));
}
