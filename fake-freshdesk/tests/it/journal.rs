//! What is written down of a call, and what is not.

use axum::body::Body;
use http::Request;
use insta::assert_json_snapshot;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::world::{DOMAIN, World, wait, webhook_action};

#[tokio::test(start_paused = true)]
async fn the_journal_tells_the_whole_story_with_causes() {
    let world = World::new("growth").await;
    world.creation_rule().await;
    world.customer_ticket().await;
    wait(5.0).await;
    world
        .ok("POST", "/tickets/1/reply", json!({"body": "soon"}))
        .await;
    let journal = world.control("GET", "/journal", Value::Null).await.json();
    assert_json_snapshot!("journal", journal);
    let next = journal["next"].as_u64().unwrap();
    let rest = world
        .control("GET", &format!("/journal?after={next}"), Value::Null)
        .await
        .json();
    assert_eq!(rest["items"], json!([]));
    let kinds = world
        .control(
            "GET",
            &format!("/journal?kind=webhook_attempt,webhook_result&account={DOMAIN}"),
            Value::Null,
        )
        .await
        .json();
    assert_eq!(kinds["items"].as_array().map(Vec::len), Some(2));
    assert!(
        !journal.to_string().contains(&world.key),
        "the key is nowhere in it"
    );
}

#[tokio::test(start_paused = true)]
async fn the_journal_can_be_followed() {
    use futures::StreamExt as _;
    let world = World::new("growth").await;
    world.customer_ticket().await;
    let request =
        Request::get("http://localhost/control/v1/journal/stream?kind=action,ticket_event")
            .header("authorization", "Bearer control-token")
            .header("last-event-id", "1");
    let response = world
        .server
        .control()
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut stream = response.into_body().into_data_stream();
    let mut next =
        async || String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap();
    let first = next().await;
    assert!(
        first.starts_with("id: 2\nevent: ticket_event\ndata: {"),
        "{first}"
    );
    let (later, _) = tokio::join!(next(), world.customer_ticket());
    assert!(
        later.contains("event: action") && later.contains("\"ticket_id\":2"),
        "{later}"
    );
    let wrong = world
        .control("GET", "/journal/stream?kind=weather", Value::Null)
        .await;
    assert_eq!(wrong.status, 400);
}

async fn calls(world: &World) -> Vec<Value> {
    let journal = world
        .control("GET", "/journal?kind=api_call", Value::Null)
        .await
        .json();
    journal["items"].as_array().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn fields_that_nobody_reads_are_named() {
    let world = World::new("pro").await;
    world.customer_ticket().await;
    let body = json!({"name": "G", "group_type": "support_agent_group"});
    world.ok("POST", "/groups", body).await;
    world
        .ok(
            "POST",
            "/tickets/1/reply",
            json!({"body": "x", "last_note_id": 7}),
        )
        .await;
    world
        .get("/tickets?email=ann@example.com&requester_id=1")
        .await;
    world.ok("PUT", "/tickets/1", json!({"status": 3})).await;
    let unread: Vec<Value> = calls(&world)
        .await
        .iter()
        .map(|call| call["unread"].clone())
        .collect();
    assert_eq!(
        unread,
        [
            json!(["group_type"]),
            json!(["last_note_id"]),
            json!(["?requester_id"]),
            json!([]),
        ]
    );
}

/// The ring is bounded by bytes too: large bodies push out earlier entries,
/// and `dropped` says how many.
#[tokio::test(start_paused = true)]
async fn large_bodies_do_not_fill_the_memory() {
    let quota = json!({"total": 1_000, "ticket_create": 1_000, "ticket_update": 1_000, "tickets_list": 1_000, "contacts_list": 1_000});
    let world = World::with(json!({"domain": DOMAIN, "plan": "pro", "quota": quota})).await;
    world.customer_ticket().await;
    const MEGABYTE: usize = 1024 * 1024;
    // Each is kept twice: as it was asked, and as it was answered.
    for _ in 0..40 {
        let body = json!({"subject": "x".repeat(MEGABYTE)});
        world.ok("PUT", "/tickets/1", body).await;
    }
    let journal = world
        .control("GET", "/journal?limit=1000", Value::Null)
        .await;
    let kept = journal.bytes.len() / MEGABYTE;
    assert!((60..=66).contains(&kept), "{kept} MB");
    let dropped = journal.json()["dropped"].as_u64().unwrap();
    assert!(dropped > 0, "the oldest fell out");
    let first = journal.json()["items"][0]["seq"].as_u64().unwrap();
    assert_eq!(first, dropped + 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_to_a_host_that_is_nobodys_is_found() {
    let world = World::new("pro").await;
    let request = Request::get("https://yorcompany.freshdesk.com/api/v2/tickets/1");
    let answer = world.raw(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 404);
    let found = world
        .control(
            "GET",
            "/journal?account=yorcompany.freshdesk.com",
            Value::Null,
        )
        .await
        .json();
    let entry = &found["items"][0];
    assert_eq!(entry["kind"], "unknown_host");
    assert_eq!(
        (&entry["method"], &entry["path"]),
        (&json!("GET"), &json!("/api/v2/tickets/1"))
    );
}

/// SEC-3: whoever reads the helpdesk learns no secret of a rule or an agent.
#[tokio::test(start_paused = true)]
async fn secrets_are_shown_nowhere() {
    let world = World::new("enterprise").await;
    let (_, rita) = world.agent("Rita", "Agent").await;
    let mut secrets = vec![world.key.clone(), rita];
    for (number, credentials) in [
        json!({"auth_header": {"username": "user-secret-1", "password": "pass-secret-1"}}),
        json!({"api_key": "key-secret-2"}),
    ]
    .into_iter()
    .enumerate()
    {
        let mut action = webhook_action();
        action
            .as_object_mut()
            .unwrap()
            .extend(credentials.as_object().unwrap().clone());
        let rule = json!({"name": format!("r{number}"), "actions": [action]});
        world.ok("POST", "/automations/1/rules", rule).await;
    }
    secrets.extend(["pass-secret-1", "key-secret-2"].map(str::to_owned));
    world.customer_ticket().await;
    wait(10.0).await;
    assert!(
        !world.hooks().is_empty(),
        "a webhook went out with its credentials"
    );
    let rules = world.get("/automations/1/rules").await.json();
    let mut read = vec![rules.to_string()];
    for rule in rules.as_array().unwrap() {
        let id = &rule["id"];
        read.push(
            world
                .get(&format!("/automations/1/rules/{id}"))
                .await
                .json()
                .to_string(),
        );
        let log = world
            .act("GET", &format!("/rules/1/{id}/activity"), Value::Null)
            .await;
        assert!(
            log.to_string().contains("delivered")
                || log["items"] == json!([])
                || log.to_string().contains("earlier_rule_matched")
        );
        read.push(log.to_string());
    }
    read.push(world.act("GET", "/rules", Value::Null).await.to_string());
    read.push(world.get("/agents").await.json().to_string());
    read.push(
        world
            .get(&format!("/agents/{}", world.admin))
            .await
            .json()
            .to_string(),
    );
    read.push(world.get("/agents/me").await.json().to_string());
    read.push(world.act("GET", "/mails", Value::Null).await.to_string());
    let journal = world
        .control("GET", "/journal?limit=1000", Value::Null)
        .await
        .json();
    // What was sent in, a secret among it, is not written down either.
    read.push(journal.to_string());
    for (at, text) in read.iter().enumerate() {
        for secret in &secrets {
            assert!(
                !text.contains(secret.as_str()),
                "read {at} shows {secret}: {text}"
            );
        }
    }
}
