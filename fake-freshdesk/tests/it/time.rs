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
