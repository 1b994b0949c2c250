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

#[tokio::test(start_paused = true)]
async fn companies_take_in_contacts_by_domain() {
    let world = World::new("pro").await;
    let company = world
        .ok(
            "POST",
            "/companies",
            json!({"name": "Acme", "domains": ["acme.com"]}),
        )
        .await;
    assert_json_snapshot!("company created", company);
    let contact = world
        .ok(
            "POST",
            "/contacts",
            json!({"name": "Ann", "email": "ann@ACME.com"}),
        )
        .await;
    assert_eq!(contact["company_id"], company["id"]);
    assert_eq!(
        world
            .call("POST", "/companies", json!({"name": "acme"}))
            .await
            .status,
        409
    );
    assert_eq!(
        world.get("/companies/autocomplete?name=ac").await.json(),
        json!({"companies": [{"id": company["id"], "name": "Acme"}]})
    );
    let ticket = world
        .ok("POST", "/tickets", json!({"requester_id": contact["id"]}))
        .await;
    assert_eq!(ticket["company_id"], company["id"]);
    let path = format!("/tickets?company_id={}", company["id"]);
    assert_eq!(world.get(&path).await.json()[0]["id"], ticket["id"]);
    world
        .ok(
            "DELETE",
            &format!("/companies/{}", company["id"]),
            Value::Null,
        )
        .await;
    assert_eq!(
        world.get("/tickets/1").await.json()["company_id"],
        Value::Null
    );
}

#[tokio::test(start_paused = true)]
async fn merged_contacts_become_one() {
    let world = World::new("pro").await;
    let mut ids = Vec::new();
    for email in ["a@example.com", "b@example.com"] {
        ids.push(
            world
                .ok("POST", "/contacts", json!({"name": "Ann", "email": email}))
                .await["id"]
                .clone(),
        );
    }
    let ticket = world
        .ok("POST", "/tickets", json!({"requester_id": ids[1]}))
        .await["id"]
        .clone();
    let body = json!({"primary_contact_id": ids[0], "secondary_contact_ids": [ids[1]]});
    assert_eq!(
        world.call("POST", "/contacts/merge", body).await.status,
        204
    );
    assert_eq!(
        world.get(&format!("/tickets/{ticket}")).await.json()["requester_id"],
        ids[0]
    );
    let kept = world.get(&format!("/contacts/{}", ids[0])).await.json();
    assert_eq!(kept["other_emails"], json!(["b@example.com"]));
    assert_eq!(
        world.get("/contacts?email=b@example.com").await.json()[0]["id"],
        ids[0]
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_only_kept_is_kept() {
    let world = World::new("pro").await;
    for path in [
        "/email_configs",
        "/email/mailboxes",
        "/business_hours",
        "/sla_policies",
        "/canned_response_folders",
        "/surveys",
    ] {
        let list = world.get(path).await.json();
        assert!(list[0]["id"].is_i64(), "{path}: {list}");
    }
    for path in ["/contact_fields", "/company_fields"] {
        assert_eq!(world.get(path).await.json()[0]["name"], "name", "{path}");
    }
    let product = world
        .ok("POST", "/products", json!({"name": "Widget"}))
        .await;
    assert_eq!(
        world
            .get(&format!("/products/{}", product["id"]))
            .await
            .json()["name"],
        "Widget"
    );
    assert_eq!(
        world
            .call("POST", "/products", json!({"name": "Widget"}))
            .await
            .status,
        409
    );
    let folder = world.get("/canned_response_folders").await.json()[0]["id"].clone();
    let response = json!({"title": "Hi", "content_html": "<p>Hello</p>", "folder_id": folder, "visibility": 0});
    world.ok("POST", "/canned_responses", response).await;
    let inside = world
        .get(&format!("/canned_response_folders/{folder}/responses"))
        .await
        .json();
    assert_eq!(inside[0]["content"], "Hello");
    let policy = world.get("/sla_policies").await.json()[0]["id"].clone();
    let refused = world
        .call(
            "PUT",
            &format!("/sla_policies/{policy}"),
            json!({"name": "x"}),
        )
        .await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (400, &json!("cannot_update_default_sla"))
    );
}

#[tokio::test(start_paused = true)]
async fn time_and_satisfaction_are_counted_on_tickets() {
    let world = World::new("pro").await;
    world.customer_ticket().await;
    let entry = world
        .ok(
            "POST",
            "/tickets/1/time_entries",
            json!({"time_spent": "01:30", "note": "called"}),
        )
        .await;
    assert_eq!(entry["time_spent_in_seconds"], 5_400);
    let running = world.ok("POST", "/tickets/1/time_entries", json!({})).await;
    crate::world::wait(120.0).await;
    let stopped = world
        .ok(
            "PUT",
            &format!("/time_entries/{}/toggle_timer", running["id"]),
            Value::Null,
        )
        .await;
    assert_eq!(stopped["time_spent"], "00:02");
    assert_eq!(
        world
            .get("/tickets/1/time_entries")
            .await
            .json()
            .as_array()
            .map(Vec::len),
        Some(2)
    );
    let rating = json!({"feedback": "fine", "ratings": {"default_question": 103}});
    world
        .ok("POST", "/tickets/1/satisfaction_ratings", rating)
        .await;
    assert_eq!(
        world.get("/surveys/satisfaction_ratings").await.json()[0]["ticket_id"],
        1
    );
    let refused = world
        .call(
            "POST",
            "/tickets/1/satisfaction_ratings",
            json!({"ratings": {"default_question": 7}}),
        )
        .await;
    assert_eq!(refused.status, 400);
}
