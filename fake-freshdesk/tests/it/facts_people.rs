//! Single facts about agents, contacts and companies.

use serde_json::{Value, json};

use crate::facts::told;
use crate::world::World;

#[tokio::test(start_paused = true)]
async fn beyond_the_seats_no_agent_is_made() {
    let world = World::new("growth").await;
    world
        .act("PATCH", "", json!({"settings": {"agent_limit": 2}}))
        .await;
    let new = |name: &str, more: Value| {
        let mut agent = json!({"email": format!("{name}@example.com"), "ticket_scope": 1});
        agent
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        agent
    };
    let bob = world.ok("POST", "/agents", new("bob", json!({}))).await;
    let refused = world.call("POST", "/agents", new("cid", json!({}))).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (403, &json!("max_agents_reached"))
    );
    // Who needs no seat is let in, and who has one keeps it.
    world
        .ok("POST", "/agents", new("dan", json!({"occasional": true})))
        .await;
    world
        .ok("POST", "/agents", new("eve", json!({"agent_type": 3})))
        .await;
    let bob = format!("/agents/{}", bob["id"]);
    world.ok("PUT", &bob, json!({"signature": "Bob"})).await;
    let contact = world
        .ok(
            "POST",
            "/contacts",
            json!({"name": "F", "email": "f@example.com"}),
        )
        .await;
    let promote = format!("/contacts/{}/make_agent", contact["id"]);
    assert_eq!(world.call("PUT", &promote, json!({})).await.status, 403);
    world.ok("PUT", &bob, json!({"occasional": true})).await;
    world.ok("PUT", &promote, json!({})).await;
    assert_eq!(
        world
            .call("PUT", &bob, json!({"occasional": false}))
            .await
            .status,
        403
    );
}

#[tokio::test(start_paused = true)]
async fn an_agents_type_is_a_number_in_and_a_word_out() {
    let world = World::new("growth").await;
    let mut types = Vec::new();
    for kind in [1, 2, 3] {
        let new =
            json!({"email": format!("a{kind}@example.com"), "ticket_scope": 1, "agent_type": kind});
        types.push(world.ok("POST", "/agents", new).await["type"].clone());
    }
    assert_eq!(types, ["support_agent", "field_agent", "collaborator"]);
    let account = world.get("/account").await.json();
    assert_eq!(
        account["total_agents"],
        json!({"full_time": 2, "occasional": 0, "field_service": 1, "collaborators": 1})
    );
    let promoted = async |kind: Value, name: &str| {
        let new = json!({"name": name, "email": format!("{name}@example.com")});
        let contact = world.ok("POST", "/contacts", new).await;
        let path = format!("/contacts/{}/make_agent", contact["id"]);
        world
            .call("PUT", &path, json!({"type": kind, "signature": "Best"}))
            .await
            .json()
    };
    let agent = promoted(json!("collaborator"), "x").await["agent"].clone();
    assert_eq!(
        (&agent["type"], &agent["signature"]),
        (&json!("collaborator"), &json!("Best"))
    );
    assert_eq!(
        promoted(json!(2), "y").await["agent"]["type"],
        "field_agent"
    );
    assert_eq!(
        told(&promoted(json!("boss"), "z").await),
        (json!("type"), json!("invalid_value"))
    );
}

#[tokio::test(start_paused = true)]
async fn roles_come_in_pages() {
    let world = World::new("growth").await;
    let page = world.get("/roles?per_page=3").await;
    assert_eq!(page.json().as_array().unwrap().len(), 3);
    assert!(page.header("link").unwrap().contains("page=2"));
    let last = world.get("/roles?per_page=3&page=2").await;
    assert_eq!(
        (last.json().as_array().unwrap().len(), last.header("link")),
        (2, None)
    );
}

#[tokio::test(start_paused = true)]
async fn a_company_gathers_contacts_by_their_mail() {
    let world = World::new("growth").await;
    let other = world
        .ok("POST", "/companies", json!({"name": "Other"}))
        .await;
    let contact = async |name: &str, company: &Value| {
        let new =
            json!({"name": name, "email": format!("{name}@acme.example"), "company_id": company});
        world.ok("POST", "/contacts", new).await["id"].clone()
    };
    let free = contact("free", &Value::Null).await;
    let taken = contact("taken", &other["id"]).await;
    let acme = world
        .ok("POST", "/companies", json!({"name": "Acme"}))
        .await["id"]
        .clone();
    let of =
        async |id: &Value| world.get(&format!("/contacts/{id}")).await.json()["company_id"].clone();
    assert_eq!(of(&free).await, Value::Null);
    let place = format!("/companies/{acme}");
    world
        .ok("PUT", &place, json!({"domains": ["ACME.example"]}))
        .await;
    assert_eq!(
        (of(&free).await, of(&taken).await),
        (acme, other["id"].clone())
    );
}

#[tokio::test(start_paused = true)]
async fn a_contact_shows_how_satisfied_it_was_last() {
    let world = World::new("growth").await;
    let id = world.customer_ticket().await;
    let contact = world.get(&format!("/tickets/{id}")).await.json()["requester_id"].clone();
    let place = format!("/contacts/{contact}");
    assert_eq!(world.get(&place).await.json()["csat_rating"], Value::Null);
    for rating in [103, -102] {
        let rating = json!({"ratings": {"default_question": rating}});
        let ratings = format!("/tickets/{id}/satisfaction_ratings");
        world.ok("POST", &ratings, rating).await;
    }
    let shown = world.get(&place).await.json();
    assert_eq!(
        (
            &shown["csat_rating"],
            &shown["contact_type"],
            &shown["preferred_source"]
        ),
        (&json!(-102), &json!("contact"), &json!("email"))
    );
    assert_eq!(
        world.get("/contacts?contact_type=contact").await.json()[0]["id"],
        contact
    );
    assert_eq!(
        world.get("/contacts?contact_type=visitor").await.json(),
        json!([])
    );
}

#[tokio::test(start_paused = true)]
async fn customers_of_a_classic_survey_rate_from_one_to_three() {
    let world = World::new("pro").await;
    world.customer_ticket().await;
    let rated = async |rating: i64| {
        let body = json!({"ratings": {"default_question": rating}});
        let path = "/tickets/1/satisfaction_ratings";
        let answer = world.call("POST", path, body).await;
        (answer.status, answer.json()["errors"][0]["message"].clone())
    };
    let accepted = async || {
        let surveys = world.get("/surveys").await.json();
        surveys[0]["questions"][0]["accepted_ratings"].clone()
    };
    assert_eq!(
        accepted().await,
        json!([103, 102, 101, 100, -101, -102, -103])
    );
    assert_eq!(rated(3).await.0, 400);
    world
        .act(
            "PATCH",
            "",
            json!({"settings": {"classic_satisfaction_ratings": true}}),
        )
        .await;
    assert_eq!(accepted().await, json!([1, 2, 3]));
    for rating in 1..=3 {
        assert_eq!(rated(rating).await.0, 201);
    }
    for rating in [0, 4, 103] {
        let message = json!("It should be one of these values: '1,2,3'");
        assert_eq!(rated(rating).await, (400, message));
    }
}
