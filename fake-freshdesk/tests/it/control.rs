//! The control API.

use axum::body::Body;
use http::Request;
use insta::assert_json_snapshot;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::world::{DOMAIN, World, wait};

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
async fn a_call_from_before_a_reset_has_no_say_after_it() {
    let world = World::new("growth").await;
    world.receiver(&[crate::world::Receiver::Hangs, crate::world::Receiver::Hangs]);
    let account = json!({"domain": DOMAIN, "plan": "growth", "reopen_rule": false});
    let mut rule = Value::Null;
    for _ in 0..2 {
        world.control("POST", "/reset", Value::Null).await;
        world.control("POST", "/accounts", account.clone()).await;
        rule = world.creation_rule().await;
        world.customer_ticket().await;
        wait(6.0).await;
    }
    // The first call times out about now; the second one, with the same numbers, has not yet.
    wait(2.0).await;
    let log = world
        .act(
            "GET",
            &format!("/rules/1/{}/activity", rule["id"]),
            Value::Null,
        )
        .await;
    assert_eq!(
        log["items"][0]["webhooks"][0]["attempts"][0]["finished_at"],
        Value::Null
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

#[tokio::test(start_paused = true)]
async fn a_snapshot_is_the_whole_state_and_goes_on_where_it_was() {
    let world = World::new("growth").await;
    world.receiver(&[crate::world::Receiver::Status(500)]);
    world.creation_rule().await;
    let file = json!({"name": "a.txt", "bytes_base64": "aGk="});
    world
        .act("POST", "/tickets", json!({"from": {"email": "a@example.com"}, "subject": "s", "text": "t", "attachments": [file]}))
        .await;
    wait(60.0).await;
    let snapshot = world.control("GET", "/snapshot", Value::Null).await.json();
    world.control("POST", "/reset", Value::Null).await;
    wait(1_000.0).await;
    assert_eq!(world.hooks().len(), 1, "after a reset nothing is retried");
    let restored = world.control("POST", "/restore", snapshot.clone()).await;
    assert_eq!(
        (restored.status, &restored.json()["now"]),
        (200, &json!("2026-01-05T09:01:00.000Z"))
    );
    assert_eq!(
        world.control("GET", "/snapshot", Value::Null).await.json(),
        snapshot
    );
    wait(240.9).await;
    assert_eq!(world.hooks().len(), 1);
    wait(0.2).await;
    assert_eq!(
        world.hooks().len(),
        2,
        "the retry comes five minutes after the first try"
    );
    let ticket = world.get("/tickets/1").await.json();
    let url = ticket["attachments"][0]["attachment_url"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        world
            .raw(Request::get(url).body(Body::empty()).unwrap())
            .await
            .bytes,
        b"hi"
    );
    let refused = world
        .control("POST", "/restore", json!({"version": 2, "now": "soon"}))
        .await;
    assert_eq!(refused.status, 400, "{}", refused.json());
    assert_eq!(
        world.get("/tickets/1").await.status,
        200,
        "a bad snapshot changes nothing"
    );
}

#[tokio::test(start_paused = true)]
async fn chaos_is_the_same_for_the_same_seed() {
    let fates = async |seed: u64| {
        let account =
            json!({"domain": DOMAIN, "plan": "enterprise", "settings": {"chaos_seed": seed}});
        let world = World::with(account).await;
        let mut seen = Vec::new();
        for _ in 0..100 {
            let answer = world.get("/agents/me").await;
            seen.push((answer.status, answer.reset));
        }
        seen
    };
    let first = fates(7).await;
    assert!(
        first.iter().any(|(status, _)| *status != 200) && first.iter().any(|(_, reset)| *reset)
    );
    assert_eq!(first, fates(7).await);
    assert_ne!(first, fates(8).await);
}

#[tokio::test(start_paused = true)]
async fn a_world_can_be_sown_and_mistakes_in_it_are_named() {
    let world = World::new("growth").await;
    let account = |more: Value| {
        let mut account =
            json!({"domain": "acme.freshdesk.com", "plan": "pro", "groups": [{"name": "Billing"}]});
        account
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({"accounts": [account]})
    };
    let wrong = |more: Value| {
        let bad = world.server.seed(&account(more)).unwrap_err();
        // Each try begins anew.
        format!("{}: {}", bad.path, bad.message)
    };
    let mut told = Vec::new();
    for more in [
        json!({"agents": [{"name": "R", "email": "r@acme.com", "role": "Agnt"}]}),
        json!({"agents": [{"name": "R", "email": "r@acme.com", "role": "Agent", "groups": ["Biling"]}]}),
        json!({"colour": "red"}),
        json!({"tickets": [{"from": {"email": "a@b.de"}, "subject": "s", "text": "t", "thread": [{"shout": "x"}]}]}),
        json!({"rules": {"creation": [{"name": "r", "actions": [{"field_name": "dance"}]}]}}),
    ] {
        told.push(wrong(more));
        world
            .control("DELETE", "/accounts/acme.freshdesk.com", Value::Null)
            .await;
    }
    assert_json_snapshot!("seed mistakes", told);
    let made = world.server.seed(&account(json!({"agents": [{"name": "R", "email": "r@acme.com", "role": "Agent", "groups": ["Billing"], "api_key": "RITASKEY"}]}))).unwrap();
    assert_eq!(
        (made.len(), made[0].domain.as_str()),
        (1, "acme.freshdesk.com")
    );
}
