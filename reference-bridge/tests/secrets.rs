//! What is secret stays secret (SEC-1, SEC-4, VER-6).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests: a surprise should stop them"
)]

mod common;

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use common::{
    helpdesk::{DOMAIN, KEY, Mishap, MishapKind},
    world,
};
use reference_bridge::{ScriptedBrain, brain::BrainError};
use serde_json::json;

/// Everything that was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn no_log_line_answer_or_problem_shows_the_key_or_a_token() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let world = world(ScriptedBrain::following([Err(BrainError::new("down"))])).await;
    let mut shown = vec![world.connect(json!({})).await.to_string()];
    let token = world
        .store
        .connection()
        .await
        .unwrap()
        .unwrap()
        .webhook_token;
    // The settings are the one place that shows the webhook's URL.
    shown[0] = shown[0].replace(&token, "");
    assert!(token.len() >= 32, "at least 128 bits");
    world.helpdesk.desk().mishaps.extend(
        [
            MishapKind::Answer(429, Some(3), ""),
            MishapKind::Answer(500, None, "<html>"),
            MishapKind::ResetBefore,
        ]
        .map(|kind| Mishap {
            on: "GET /tickets/1",
            kind,
        }),
    );
    let ticket = world.helpdesk.open_ticket("One?", json!({}));
    world.created(ticket).await;
    world.wait(600).await;
    let wrong = json!({"domain": DOMAIN, "api_key": format!("{KEY}x")});
    let (_, answer) = world
        .call("POST", "/v1/integrations/freshdesk/verify", Some(wrong))
        .await;
    shown.push(answer.to_string());
    world.helpdesk.desk().key = "changed".to_owned();
    world.updated(ticket).await;
    for path in [
        "/v1/problems",
        "/v1/sessions",
        "/v1/diagnosis",
        "/v1/openapi.json",
    ] {
        shown.push(world.call("GET", path, None).await.1.to_string());
    }
    shown.push(String::from_utf8(log.0.lock().unwrap().clone()).unwrap());
    assert!(shown.last().unwrap().contains("the connection is broken"));
    let encoded = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(format!("{KEY}:X"))
    };
    for text in shown {
        for secret in [KEY, &token, &encoded, common::TOKEN] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}
