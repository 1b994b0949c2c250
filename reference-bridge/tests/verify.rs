//! Credentials: what Verify says, and that nothing persists.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests: a surprise should stop them"
)]

mod common;

use common::{
    helpdesk::{DOMAIN, KEY},
    world,
};
use reference_bridge::ScriptedBrain;
use serde_json::{Value, json};

#[tokio::test(start_paused = true)]
async fn verify_shows_the_agent_and_persists_nothing() {
    let world = world(ScriptedBrain::silent()).await;
    let body = json!({"domain": DOMAIN, "api_key": KEY});
    let (status, body) = world
        .call("POST", "/v1/integrations/freshdesk/verify", Some(body))
        .await;
    assert_eq!(status, 200);
    assert_eq!(body["agent"]["name"], "OpenCX AI");
    assert_eq!(body["agent"]["email"], "ai@acme.example");
    let (status, _) = world.call("GET", "/v1/integrations/freshdesk", None).await;
    assert_eq!(status, 404);
}

#[tokio::test(start_paused = true)]
async fn each_failure_has_its_code_and_the_words_of_the_guide() {
    let world = world(ScriptedBrain::silent()).await;
    let mut answers = Vec::new();
    for (domain, key, admin, plan) in [
        (DOMAIN, "wrong", true, true),
        (DOMAIN, "  ", true, true),
        (DOMAIN, KEY, false, true),
        (DOMAIN, KEY, true, false),
        ("https://acme.freshdesk.com", KEY, true, true),
    ] {
        {
            let mut desk = world.helpdesk.desk();
            desk.admin = admin;
            desk.plan_has_api = plan;
        }
        for (method, path) in [
            ("POST", "/v1/integrations/freshdesk/verify"),
            ("PUT", "/v1/integrations/freshdesk"),
        ] {
            let body = json!({"domain": domain, "api_key": key});
            let (status, body) = world.call(method, path, Some(body)).await;
            answers.push(format!("{method} {status}: {body}"));
        }
    }
    let (status, _) = world.call("GET", "/v1/integrations/freshdesk", None).await;
    assert_eq!(status, 404, "nothing persists");
    insta::assert_yaml_snapshot!(answers);
    // Given the admin role, the same key verifies.
    world.helpdesk.desk().admin = true;
    world.helpdesk.desk().plan_has_api = true;
    world.connect(json!({})).await;
}

#[tokio::test(start_paused = true)]
async fn no_request_leaves_for_a_domain_that_is_no_plain_host() {
    let world = world(ScriptedBrain::silent()).await;
    let body = json!({"domain": "evil.example", "api_key": KEY});
    let (status, body) = world
        .call("POST", "/v1/integrations/freshdesk/verify", Some(body))
        .await;
    assert_eq!(status, 422);
    assert_eq!(body["error"]["code"], "invalid_domain");
    assert_eq!(world.helpdesk.desk().calls.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn settings_never_show_the_key_and_other_credentials_demand_it_again() {
    let world = world(ScriptedBrain::silent()).await;
    let saved = world.connect(json!({})).await;
    assert_eq!(saved["warnings"], json!([]));
    let (_, read) = world.call("GET", "/v1/integrations/freshdesk", None).await;
    for shown in [&saved, &read] {
        assert!(!shown.to_string().contains(KEY));
        assert!(shown.get("api_key").is_none());
    }
    assert_eq!(
        read["connection"],
        json!({"state": "connected", "reason": null})
    );
    let body = json!({"domain": "other.freshdesk.com"});
    let (status, body) = world
        .call("PUT", "/v1/integrations/freshdesk", Some(body))
        .await;
    assert_eq!(
        (status.as_u16(), &body["error"]["code"]),
        (422, &json!("missing_field"))
    );
    // The same domain keeps its key and its URL.
    let body = json!({"domain": DOMAIN, "auto_handle_all": false});
    let (status, again) = world
        .call("PUT", "/v1/integrations/freshdesk", Some(body))
        .await;
    assert_eq!(status, 200);
    assert_eq!(again["webhook"], saved["webhook"]);
}

#[tokio::test(start_paused = true)]
async fn a_reconnect_has_a_new_url_and_the_old_one_is_dead() {
    let world = world(ScriptedBrain::silent()).await;
    let first = world.connect(json!({})).await;
    let (status, _) = world
        .call("DELETE", "/v1/integrations/freshdesk", None)
        .await;
    assert_eq!(status, 204);
    let (status, _) = world.call("GET", "/v1/integrations/freshdesk", None).await;
    assert_eq!(status, 404);
    let second = world.connect(json!({})).await;
    assert_ne!(first["webhook"]["url"], second["webhook"]["url"]);
    let url = first["webhook"]["url"].as_str().unwrap().to_owned();
    let path = url.strip_prefix("http://bridge.test").unwrap();
    let (status, _) = world.call("POST", path, Some(json!({}))).await;
    assert_eq!(status, 404);
}

#[tokio::test(start_paused = true)]
async fn bad_settings_are_named_with_the_nearest_word() {
    let world = world(ScriptedBrain::silent()).await;
    let mut answers = Vec::new();
    for body in [
        json!({}),
        json!({"domain": DOMAIN, "api_key": KEY, "auto_handle_al": true}),
        json!({"domain": DOMAIN, "api_key": 5}),
        json!({"domain": DOMAIN, "api_key": KEY, "handoff_group_id": "77"}),
        json!({"domain": DOMAIN, "api_key": KEY, "marker_field": "Handed Off"}),
        json!({"domain": DOMAIN, "api_key": KEY, "channels": {"email": "asist"}}),
        json!({"domain": DOMAIN, "api_key": KEY, "channels": {"mail": "assist"}}),
        json!({"domain": DOMAIN, "api_key": KEY, "assist_mode_footer": "x".repeat(3000)}),
    ] {
        let (status, body) = world
            .call("PUT", "/v1/integrations/freshdesk", Some(body))
            .await;
        answers.push(format!("{status}: {body}"));
    }
    let (status, _) = world.call("GET", "/v1/integrations/freshdesk", None).await;
    assert_eq!(status, 404, "nothing persists");
    insta::assert_yaml_snapshot!(answers);
    assert_eq!(Value::Null, world.session(1).await);
}
