//! Who sees a ticket beyond their ticket scope.

use serde_json::{Value, json};

use crate::world::World;

#[tokio::test(start_paused = true)]
async fn an_agent_who_was_given_access_sees_the_ticket() {
    let world = World::new("pro").await;
    let (gus, key) = world.agent("Gus", "Agent").await;
    let narrow = json!({"ticket_scope": 3});
    world.ok("PUT", &format!("/agents/{gus}"), narrow).await;
    let ticket = world.customer_ticket().await;
    let place = format!("/tickets/{ticket}");
    let accesses = format!("{place}/accesses");
    let looks = async || {
        let view = world.as_key(&key, "GET", &place, Value::Null).await.status;
        let list = world
            .as_key(&key, "GET", "/tickets", Value::Null)
            .await
            .json();
        (view, list.as_array().unwrap().len())
    };
    assert_eq!(looks().await, (403, 0));
    assert_eq!(
        world.get(&accesses).await.json(),
        json!({"ticket_id": ticket, "user_ids": []})
    );
    let given = world
        .call("POST", &accesses, json!({"user_ids": [gus, gus]}))
        .await;
    assert_eq!(
        (given.status, given.json()),
        (201, json!({"ticket_id": ticket, "user_ids": [gus]}))
    );
    assert_eq!(looks().await, (200, 1));
    let own = world.as_key(&key, "GET", &accesses, Value::Null).await;
    assert_eq!(own.json()["user_ids"], json!([gus]));
    let other = world
        .ok("PATCH", &accesses, json!({"user_ids": [world.admin]}))
        .await;
    assert_eq!(other["user_ids"], json!([world.admin]));
    assert_eq!(looks().await, (403, 0));
    assert_eq!(
        world.call("DELETE", &accesses, Value::Null).await.status,
        204
    );
    assert_eq!(world.get(&accesses).await.json()["user_ids"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn access_is_given_to_agents_on_tickets_that_are_there() {
    let world = World::new("pro").await;
    let ticket = world.customer_ticket().await;
    let accesses = format!("/tickets/{ticket}/accesses");
    for (body, code) in [
        (json!({}), "missing_field"),
        (json!({"user_ids": [4711]}), "invalid_value"),
        (json!({"user_ids": "all"}), "datatype_mismatch"),
        (
            json!({"user_ids": [world.admin], "nosuch": 1}),
            "invalid_field",
        ),
    ] {
        let refused = world.call("POST", &accesses, body.clone()).await;
        assert_eq!(
            (refused.status, &refused.json()["errors"][0]["code"]),
            (400, &json!(code)),
            "{body}"
        );
    }
    assert_eq!(world.get("/tickets/4711/accesses").await.status, 404);
    world
        .ok("DELETE", &format!("/tickets/{ticket}"), Value::Null)
        .await;
    assert_eq!(world.get(&accesses).await.status, 200);
    let frozen = world
        .call("POST", &accesses, json!({"user_ids": [world.admin]}))
        .await;
    assert_eq!(frozen.status, 405);
}
