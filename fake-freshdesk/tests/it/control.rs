//! The control API.

use axum::body::Body;
use http::Request;
use insta::assert_json_snapshot;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::world::{DOMAIN, World, wait, webhook_action};

#[tokio::test(start_paused = true)]
async fn errors_say_what_where_and_what_would_be_right() {
    let world = World::new("growth").await;
    let account = format!("/accounts/{DOMAIN}");
    let shown = async |method: &str, path: &str, body: Value| {
        world.control(method, path, body).await.shown()
    };
    assert_json_snapshot!(
        "unknown field",
        shown(
            "POST",
            "/accounts",
            json!({"domian": "x.freshdesk.com", "plan": "pro"})
        )
        .await
    );
    assert_json_snapshot!(
        "missing field",
        shown("POST", "/accounts", json!({"domain": "x.freshdesk.com"})).await
    );
    assert_json_snapshot!(
        "unknown plan",
        shown(
            "POST",
            "/accounts",
            json!({"domain": "x.freshdesk.com", "plan": "grwth"})
        )
        .await
    );
    assert_json_snapshot!(
        "wrong type",
        shown("POST", "/accounts", json!({"domain": 7, "plan": "pro"})).await
    );
    assert_json_snapshot!(
        "domain with scheme",
        shown(
            "POST",
            "/accounts",
            json!({"domain": "https://x.freshdesk.com", "plan": "pro"})
        )
        .await
    );
    assert_json_snapshot!(
        "domain taken",
        shown(
            "POST",
            "/accounts",
            json!({"domain": DOMAIN, "plan": "pro"})
        )
        .await
    );
    assert_json_snapshot!(
        "unknown setting",
        shown("PATCH", &account, json!({"settings": {"rule_delay": 3}})).await
    );
    assert_json_snapshot!(
        "bad setting",
        shown(
            "PATCH",
            &account,
            json!({"settings": {"quota_window": "lunar"}})
        )
        .await
    );
    assert_json_snapshot!(
        "unknown account",
        shown("GET", "/accounts/nobody.freshdesk.com", Value::Null).await
    );
    assert_json_snapshot!(
        "unknown call",
        shown(
            "GET",
            "/accounts/yourcompany.freshdesk.com/weather",
            Value::Null
        )
        .await
    );
    assert_json_snapshot!(
        "unknown via",
        shown(
            "POST",
            &format!("{account}/tickets"),
            json!({"from": {"email": "a@b.de"}, "via": "emial", "subject": "x", "text": "y"})
        )
        .await
    );
    assert_json_snapshot!(
        "nested field",
        shown(
            "POST",
            &format!("{account}/tickets"),
            json!({"from": {"mail": "a@b.de"}, "subject": "x", "text": "y"})
        )
        .await
    );
    assert_json_snapshot!(
        "unknown role",
        shown(
            "POST",
            &format!("{account}/agents"),
            json!({"name": "A", "email": "a@b.de", "role": "Admin"})
        )
        .await
    );
    assert_json_snapshot!(
        "bad fault",
        shown(
            "POST",
            &format!("{account}/faults"),
            json!({"on": "POST /tickets", "calls": "4..1", "answer": {"status": 500}})
        )
        .await
    );
    assert_json_snapshot!(
        "backwards",
        shown("POST", "/time/advance", json!({"seconds": -1})).await
    );
}

#[tokio::test(start_paused = true)]
async fn without_the_token_there_is_only_health_and_the_welcome() {
    let world = World::new("growth").await;
    let status = async |path: &str, token: Option<&str>| {
        let mut request = Request::get(format!("http://localhost{path}"));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        world
            .server
            .control()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(status("/", None).await, 200);
    assert_eq!(status("/control/v1/health", None).await, 200);
    assert_eq!(status("/control/v1/accounts", None).await, 401);
    assert_eq!(status("/control/v1/accounts", Some("wrong")).await, 401);
    assert_eq!(
        status("/control/v1/accounts", Some("control-token")).await,
        200
    );
}

#[tokio::test(start_paused = true)]
async fn the_journal_tells_the_whole_story_with_causes() {
    let world = World::new("growth").await;
    world
        .act(
            "POST",
            "/rules/1",
            json!({"name": "new", "actions": [webhook_action()]}),
        )
        .await;
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
async fn what_customers_and_reps_do_costs_no_quota() {
    let world = World::with(json!({"domain": DOMAIN, "plan": "pro", "quota": {"total": 1}})).await;
    for _ in 0..10 {
        world.customer_ticket().await;
    }
    assert_eq!(world.get("/agents/me").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn people_act_with_their_own_names() {
    let world = World::new("growth").await;
    let (rita, _) = world.agent("Rita", "Agent").await;
    let file = json!({"name": "a.txt", "content_type": "text/plain", "bytes_base64": "aGk="});
    let ticket = json!({"from": {"email": "ann@example.com"}, "via": "portal", "subject": "s", "text": "t", "attachments": [file, {"name": "big.bin", "size": 1_000_000}]});
    let ticket = world.act("POST", "/tickets", ticket).await;
    assert_eq!(
        (&ticket["source"], &ticket["attachments"][1]["size"]),
        (&json!(2), &json!(1_000_000))
    );
    let reply = world
        .act(
            "POST",
            "/tickets/1/replies",
            json!({"agent_id": rita, "text": "hi"}),
        )
        .await;
    assert_eq!(
        (&reply["user_id"], &reply["incoming"], &reply["private"]),
        (&json!(rita), &json!(false), &json!(false))
    );
    let other = world
        .act(
            "POST",
            "/tickets/1/customer_replies",
            json!({"from": "cc@example.com", "text": "me too", "auto_generated": true}),
        )
        .await;
    assert_eq!(
        (
            &other["incoming"],
            &other["from_email"],
            &other["auto_response"]
        ),
        (&json!(true), &json!("cc@example.com"), &json!(true))
    );
    let edited = world
        .act(
            "PATCH",
            "/tickets/1",
            json!({"agent_id": rita, "responder_id": rita, "status": 3}),
        )
        .await;
    assert_eq!(
        (&edited["responder_id"], &edited["status"]),
        (&json!(rita), &json!(3))
    );
    let cleared = world
        .act(
            "PATCH",
            "/tickets/1",
            json!({"agent_id": rita, "responder_id": null}),
        )
        .await;
    assert_eq!(cleared["responder_id"], Value::Null);
    world
        .act("POST", "/tickets/1/spam", json!({"agent_id": rita}))
        .await;
    assert_eq!(
        world.act("GET", "/tickets/1", Value::Null).await["spam"],
        true
    );
    assert_eq!(world.get("/tickets").await.json(), json!([]));
}

#[tokio::test(start_paused = true)]
async fn manual_time_moves_only_by_advance_and_then_everything_due_is_done_in_order() {
    let world = World::new("growth").await;
    world
        .control("PUT", "/time", json!({"mode": "manual"}))
        .await;
    world.receiver(&[crate::world::Receiver::Status(500); 4]);
    world
        .act(
            "POST",
            "/rules/1",
            json!({"name": "new", "actions": [webhook_action()]}),
        )
        .await;
    world.customer_ticket().await;
    wait(3_600.0).await;
    assert_eq!(world.hooks().len(), 0);
    let time = world.control("GET", "/time", Value::Null).await.json();
    assert_eq!(
        time,
        json!({
            "now": "2026-01-05T09:00:00.000Z", "mode": "manual", "scale": 1.0,
            "next_due": "2026-01-05T09:00:01.000Z", "journal": 3, "webhooks_under_way": 0,
        })
    );
    let advanced = world
        .control("POST", "/time/advance", json!({"seconds": 7_200}))
        .await
        .json();
    assert_eq!(advanced["now"], "2026-01-05T11:00:00.000Z");
    let journal = world
        .control("GET", "/journal?kind=webhook_attempt", Value::Null)
        .await
        .json();
    let at: Vec<&str> = journal["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["at"].as_str().unwrap())
        .collect();
    assert_eq!(
        at,
        [
            "2026-01-05T09:00:01.000Z",
            "2026-01-05T09:05:01.000Z",
            "2026-01-05T09:35:01.000Z",
            "2026-01-05T10:35:01.000Z"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn reset_forgets_everything() {
    let world = World::new("growth").await;
    world.customer_ticket().await;
    assert_eq!(
        world.control("POST", "/reset", Value::Null).await.status,
        204
    );
    assert_eq!(
        world.control("GET", "/accounts", Value::Null).await.json(),
        json!({"items": []})
    );
    assert_eq!(
        world.control("GET", "/journal", Value::Null).await.json()["items"],
        json!([])
    );
    assert_eq!(world.get("/tickets").await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn accounts_are_kept_apart() {
    let world = World::new("growth").await;
    let other = json!({"domain": "other.freshdesk.com", "plan": "free"});
    let other = world.control("POST", "/accounts", other).await.json();
    assert_ne!(other["admin"]["id"], json!(world.admin));
    world.customer_ticket().await;
    let request = Request::get("https://other.freshdesk.com/api/v2/tickets/1")
        .header("authorization", crate::world::basic(&world.key));
    assert_eq!(
        world.raw(request.body(Body::empty()).unwrap()).await.status,
        401
    );
    assert_eq!(
        world
            .control("DELETE", "/accounts/other.freshdesk.com", Value::Null)
            .await
            .status,
        204
    );
}
