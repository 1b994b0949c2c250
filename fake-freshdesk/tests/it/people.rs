//! Contacts, agents, groups, roles, fields, account.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::world::World;

#[tokio::test(start_paused = true)]
async fn resources_have_the_recorded_shapes() {
    let world = World::new("pro").await;
    let contact = world
        .ok(
            "POST",
            "/contacts",
            json!({"name": "Ann Lee", "email": "ann@example.com", "tags": ["vip"]}),
        )
        .await;
    assert_json_snapshot!("contact created", contact);
    assert_json_snapshot!("contact listed", world.get("/contacts").await.json());
    assert_json_snapshot!("agents me", world.get("/agents/me").await.json());
    assert_json_snapshot!("roles", world.get("/roles").await.json());
    let group = world
        .ok(
            "POST",
            "/groups",
            json!({"name": "Billing", "agent_ids": [world.admin]}),
        )
        .await;
    assert_json_snapshot!("group created", group);
    assert_eq!(
        world.get("/groups").await.json()[0]["agent_ids"],
        Value::Null,
        "lists do not show members"
    );
    assert_json_snapshot!("ticket fields", world.get("/ticket_fields").await.json());
    assert_json_snapshot!("account", world.get("/account").await.json());
    assert_json_snapshot!(
        "helpdesk settings",
        world.get("/settings/helpdesk").await.json()
    );
}

#[tokio::test(start_paused = true)]
async fn a_contacts_life() {
    let world = World::new("pro").await;
    let contact = world
        .ok(
            "POST",
            "/contacts",
            json!({"name": "Ann", "email": "ann@example.com"}),
        )
        .await;
    let path = format!("/contacts/{}", contact["id"]);
    assert_eq!(
        world.ok("PUT", &path, json!({"mobile": "123"})).await["mobile"],
        "123"
    );
    assert_eq!(
        world.get("/contacts?mobile=123").await.json()[0]["id"],
        contact["id"]
    );
    world.ok("DELETE", &path, Value::Null).await;
    assert_eq!(world.get("/contacts").await.json(), json!([]));
    assert_eq!(world.get(&path).await.json()["deleted"], true);
    assert_eq!(
        world
            .call("PUT", &path, json!({"mobile": "1"}))
            .await
            .status,
        405
    );
    world
        .ok("PUT", &format!("{path}/restore"), Value::Null)
        .await;
    assert_eq!(
        world.get("/contacts?state=unverified").await.json()[0]["id"],
        contact["id"]
    );
    let found = world.get("/contacts/autocomplete?term=an").await.json();
    assert_eq!(found[0]["name"], "Ann");
}

#[tokio::test(start_paused = true)]
async fn an_agent_is_demoted_and_promoted() {
    let world = World::new("pro").await;
    let (rita, key) = world.agent("Rita", "Agent").await;
    assert_eq!(
        world
            .as_key(&key, "GET", "/agents", Value::Null)
            .await
            .status,
        403
    );
    world
        .act(
            "PATCH",
            &format!("/agents/{rita}"),
            json!({"role": "Administrator"}),
        )
        .await;
    assert_eq!(
        world
            .as_key(&key, "GET", "/agents", Value::Null)
            .await
            .status,
        200
    );
    world
        .act(
            "PATCH",
            &format!("/agents/{rita}"),
            json!({"deactivated": true}),
        )
        .await;
    assert_eq!(
        world
            .as_key(&key, "GET", "/agents/me", Value::Null)
            .await
            .status,
        401
    );
    let fresh = world
        .act(
            "PATCH",
            &format!("/agents/{rita}"),
            json!({"deactivated": false, "api_key": "reset"}),
        )
        .await;
    assert_eq!(
        world
            .as_key(&key, "GET", "/agents/me", Value::Null)
            .await
            .status,
        401,
        "the old key is stale"
    );
    let fresh = fresh["api_key"].as_str().unwrap();
    assert_eq!(
        world
            .as_key(fresh, "GET", "/agents/me", Value::Null)
            .await
            .status,
        200
    );
    world
        .ok("DELETE", &format!("/agents/{rita}"), Value::Null)
        .await;
    assert_eq!(
        world.get(&format!("/contacts/{rita}")).await.json()["name"],
        "Rita"
    );
    let again = world
        .ok("PUT", &format!("/contacts/{rita}/make_agent"), json!({}))
        .await;
    assert_eq!(again["agent"]["id"], json!(rita));
}
