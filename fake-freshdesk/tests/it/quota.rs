//! The per-minute allowance.

use serde_json::{Value, json};

use crate::world::{DOMAIN, World, wait};

async fn statuses(world: &World, method: &str, path: &str, body: Value, calls: usize) -> Vec<u16> {
    let mut seen = Vec::new();
    for _ in 0..calls {
        seen.push(world.call(method, path, body.clone()).await.status);
    }
    seen
}

#[tokio::test(start_paused = true)]
async fn the_fifty_first_call_of_a_minute_is_a_429_on_a_trial() {
    let world = World::new("trial").await;
    assert!(
        statuses(&world, "GET", "/agents/me", Value::Null, 50)
            .await
            .iter()
            .all(|status| *status == 200)
    );
    let over = world.get("/agents/me").await;
    assert_eq!(
        (over.status, over.header("retry-after"), over.bytes.len()),
        (429, Some("60"), 0)
    );
    assert_eq!(over.header("x-ratelimit-total"), None);
    assert_eq!(
        over.header("content-type"),
        Some("application/json; charset=utf-8")
    );
    wait(59.999).await;
    assert_eq!(world.get("/agents/me").await.status, 429);
    wait(0.001).await;
    let fresh = world.get("/agents/me").await;
    assert_eq!(
        (fresh.status, fresh.header("x-ratelimit-remaining")),
        (200, Some("49.0"))
    );
}

#[tokio::test(start_paused = true)]
async fn includes_cost_more_and_invalid_calls_count() {
    let world = World::new("pro").await;
    world.customer_ticket().await;
    let used = async |path: &str| {
        let answer = world.get(path).await;
        answer
            .header("x-ratelimit-used-currentrequest")
            .unwrap()
            .to_owned()
    };
    assert_eq!(used("/tickets/1").await, "1");
    assert_eq!(used("/tickets/1?include=conversations").await, "2");
    assert_eq!(used("/tickets/1?include=company,requester").await, "3");
    assert_eq!(used("/tickets?include=stats").await, "3");
    assert_eq!(used("/nosuch").await, "1");
    let wrong = world.as_key("wrong", "GET", "/tickets", Value::Null).await;
    assert_eq!(
        (wrong.status, wrong.header("x-ratelimit-remaining")),
        (401, Some("389"))
    );
}

#[tokio::test(start_paused = true)]
async fn classes_have_limits_of_their_own() {
    let world = World::with(json!({"domain": DOMAIN, "plan": "growth", "quota": {"tickets_list": 2, "ticket_create": 1}})).await;
    assert_eq!(
        statuses(&world, "GET", "/tickets", Value::Null, 3).await,
        [200, 200, 429]
    );
    assert_eq!(
        statuses(
            &world,
            "POST",
            "/tickets",
            json!({"email": "a@example.com"}),
            2
        )
        .await,
        [201, 429]
    );
    assert_eq!(
        world.get("/agents/me").await.status,
        200,
        "other classes go on"
    );
}

#[tokio::test(start_paused = true)]
async fn concurrent_callers_share_one_allowance() {
    let world = World::with(json!({"domain": DOMAIN, "plan": "pro", "quota": {"total": 20}})).await;
    let calls = futures::future::join_all((0..50).map(|_| world.get("/agents/me"))).await;
    assert_eq!(
        calls.iter().filter(|answer| answer.status == 200).count(),
        20
    );
}

#[tokio::test(start_paused = true)]
async fn the_forms_of_a_429_are_switches() {
    let settings =
        json!({"limit_body": "message", "rate_headers_on_429": true, "quota_window": "first_call"});
    let world = World::with(
        json!({"domain": DOMAIN, "plan": "pro", "quota": {"total": 1}, "settings": settings}),
    )
    .await;
    wait(10.0).await;
    assert_eq!(world.get("/agents/me").await.status, 200);
    wait(20.0).await;
    let over = world.get("/agents/me").await;
    assert_eq!(
        (
            over.status,
            over.header("retry-after"),
            over.header("x-ratelimit-total")
        ),
        (429, Some("40"), Some("1"))
    );
    assert!(
        over.json()["message"]
            .as_str()
            .unwrap()
            .contains("exceeded")
    );
}

#[tokio::test(start_paused = true)]
async fn webhook_calls_count_too() {
    let world = World::new("pro").await;
    world
        .act(
            "POST",
            "/rules/1",
            json!({"name": "r", "actions": [crate::world::webhook_action()]}),
        )
        .await;
    world.customer_ticket().await;
    wait(2.0).await;
    assert_eq!(world.hooks().len(), 1);
    assert_eq!(
        world
            .get("/agents/me")
            .await
            .header("x-ratelimit-remaining"),
        Some("398")
    );
}
