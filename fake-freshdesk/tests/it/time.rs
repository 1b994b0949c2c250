//! Time that stands still until it is told to move.

use serde_json::{Value, json};

use crate::world::{World, wait};

#[tokio::test(start_paused = true)]
async fn manual_time_moves_only_by_advance_and_then_everything_due_is_done_in_order() {
    let world = World::new("growth").await;
    world
        .control("PUT", "/time", json!({"mode": "manual"}))
        .await;
    world.receiver(&[crate::world::Receiver::Status(500); 4]);
    world.creation_rule().await;
    world.customer_ticket().await;
    wait(3_600.0).await;
    assert_eq!(world.hooks().len(), 0);
    let time = world.control("GET", "/time", Value::Null).await.json();
    assert_eq!(
        time,
        json!({
            "now": "2026-01-05T09:00:00.000Z", "mode": "manual", "scale": 1.0,
            "next_due": "2026-01-05T09:00:01.000Z", "journal": 3, "webhooks_under_way": 0,
            "held": false,
        })
    );
    let advanced = world
        .control("POST", "/time/advance", json!({"seconds": 7_200}))
        .await
        .json();
    assert_eq!(advanced["now"], "2026-01-05T11:00:00.000Z");
    assert_eq!(
        world.attempts().await,
        [
            "2026-01-05T09:00:01.000Z",
            "2026-01-05T09:05:01.000Z",
            "2026-01-05T09:35:01.000Z",
            "2026-01-05T10:35:01.000Z"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_advance_stops_at_what_only_falls_due_on_the_way() {
    let world = World::new("growth").await;
    world
        .control("PUT", "/time", json!({"mode": "manual"}))
        .await;
    world.receiver(&[crate::world::Receiver::Status(500); 2]);
    world.creation_rule().await;
    // The sweep at ten is on the agenda before the first retry is.
    world
        .act(
            "POST",
            "/rules/3",
            json!({"name": "hourly", "actions": [{"field_name": "priority", "value": 4}]}),
        )
        .await;
    world.customer_ticket().await;
    world
        .control("POST", "/time/advance", json!({"seconds": 7_200}))
        .await;
    assert_eq!(
        world.attempts().await,
        [
            "2026-01-05T09:00:01.000Z",
            "2026-01-05T09:05:01.000Z",
            "2026-01-05T09:35:01.000Z"
        ]
    );
    assert_eq!(world.get("/tickets/1").await.json()["priority"], 4);
}

#[tokio::test(start_paused = true)]
async fn a_held_call_is_answered_after_the_next_jump() {
    let world = World::new("growth").await;
    world
        .control("PUT", "/time", json!({"mode": "manual"}))
        .await;
    let held = world
        .control("POST", "/time/hold", Value::Null)
        .await
        .json();
    assert_eq!(held["held"], true);
    let hour = json!({"seconds": 3_600});
    let (call, after, advanced) = tokio::join!(
        world.get("/agents/me"),
        world.control("GET", "/time?after_hold=true", Value::Null),
        async {
            wait(10.0).await;
            world.control("POST", "/time/advance", hour).await
        },
    );
    assert_eq!(call.status, 200);
    assert_eq!(after.json()["now"], "2026-01-05T10:00:00.000Z");
    assert_eq!(advanced.status, 200);
    let journal = world
        .control("GET", "/journal?kind=api_call", Value::Null)
        .await
        .json();
    assert_eq!(journal["items"][0]["at"], "2026-01-05T10:00:00.000Z");
    // The hold was for one jump.
    assert_eq!(world.get("/agents/me").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_webhook_due_in_a_jump_may_call_back_before_it_answers() {
    let world = World::new("growth").await;
    world
        .control("PUT", "/time", json!({"mode": "manual"}))
        .await;
    world.receiver(&[crate::world::Receiver::Hangs]);
    world.creation_rule().await;
    world.customer_ticket().await;
    world.control("POST", "/time/hold", Value::Null).await;
    // The receiver hangs, as one does that itself waits for an answer of the API.
    let minute = json!({"seconds": 60});
    let (call, _) = tokio::join!(
        world.get("/agents/me"),
        world.control("POST", "/time/advance", minute),
    );
    assert_eq!(call.status, 200);
    let journal = world
        .control("GET", "/journal?kind=api_call", Value::Null)
        .await
        .json();
    assert_eq!(journal["items"][0]["at"], "2026-01-05T09:00:01.000Z");
}

#[tokio::test(start_paused = true)]
async fn a_hold_ends_when_it_is_taken_back_and_with_a_reset() {
    let world = World::new("growth").await;
    for (method, path, status) in [("DELETE", "/time/hold", 200), ("POST", "/reset", 204)] {
        world.control("POST", "/time/hold", Value::Null).await;
        let (_, ended) = tokio::join!(
            world.get("/agents/me"),
            world.control(method, path, Value::Null)
        );
        assert_eq!(ended.status, status);
    }
}

#[tokio::test(start_paused = true)]
async fn time_that_passes_during_an_advance_comes_on_top() {
    let world = World::new("growth").await;
    world.receiver(&[crate::world::Receiver::Hangs]);
    world.creation_rule().await;
    world.customer_ticket().await;
    // A webhook gives its receiver up after 10 s; the jump waits for that.
    let minute = json!({"seconds": 60});
    let advanced = world.control("POST", "/time/advance", minute).await.json();
    assert_eq!(advanced["now"], "2026-01-05T09:01:10.000Z");
    let small = json!({"seconds": 0.001});
    for _ in 0..3 {
        world.control("POST", "/time/advance", small.clone()).await;
    }
    let time = world.control("GET", "/time", Value::Null).await.json();
    assert_eq!(time["now"], "2026-01-05T09:01:10.003Z");
}
