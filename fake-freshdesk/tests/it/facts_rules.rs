//! Single facts about rules and what their webhooks say.

use serde_json::{Value, json};

use crate::facts::{ticket, told};
use crate::world::{DOMAIN, World, wait, webhook_action};

/// A creation rule that posts this content.
async fn posts_new_tickets(world: &World, layout: &str, content: Value) {
    let mut action = webhook_action();
    action["content_layout"] = json!(layout);
    action["content"] = content;
    let rule = json!({"name": "new", "actions": [action]});
    world.act("POST", "/rules/1", rule).await;
}

#[tokio::test(start_paused = true)]
async fn what_contains_something_is_asked_for_with_a_list() {
    let world = World::new("growth").await;
    let rule = |value: Value| {
        json!({
            "name": "r", "actions": [{"field_name": "priority", "value": 3}],
            "conditions": [{"match_type": "all", "properties": [
                {"resource_type": "ticket", "field_name": "subject", "operator": "contains", "value": value},
            ]}],
        })
    };
    let refused = world
        .call("POST", "/automations/1/rules", rule(json!("x")))
        .await;
    assert_eq!(
        told(&refused.json()),
        (json!("conditions[value]"), json!("datatype_mismatch"))
    );
    world
        .ok("POST", "/automations/1/rules", rule(json!(["x"])))
        .await;
    let bare = world.get("/automations/1/rules").await.json();
    assert_eq!(bare.as_array().unwrap().len(), 1);
    world
        .act(
            "PATCH",
            "",
            json!({"settings": {"rule_list_wrapped": true}}),
        )
        .await;
    let wrapped = world.get("/automations/1/rules").await.json();
    assert_eq!(
        (&wrapped["rules"], &wrapped["meta"]),
        (&bare, &json!({"count": 1, "cascading_rules": false}))
    );
}

#[tokio::test(start_paused = true)]
async fn webhooks_can_name_the_product_and_the_survey() {
    let world = World::new("pro").await;
    let product = json!({"name": "Shoes", "description": "For feet"});
    let product = world.ok("POST", "/products", product).await["id"].clone();
    posts_new_tickets(
        &world,
        "2",
        json!("{{ticket.product_description}} {{ticket.satisfaction_survey}}"),
    )
    .await;
    world
        .ok("POST", "/tickets", ticket(json!({"product_id": product})))
        .await;
    wait(2.0).await;
    let hooks = world.hooks();
    assert_eq!(
        hooks[0].body,
        format!("For feet https://{DOMAIN}/support/custom_surveys/1/new")
    );
}

#[tokio::test(start_paused = true)]
async fn simple_content_says_ticket_once_where_it_names_the_type() {
    let world = World::new("pro").await;
    posts_new_tickets(
        &world,
        "1",
        json!(["ticket.id", "ticket.ticket_type", "ticket.requester.email"]),
    )
    .await;
    world
        .ok("POST", "/tickets", ticket(json!({"type": "Refund"})))
        .await;
    wait(2.0).await;
    let body: Value = serde_json::from_str(&world.hooks()[0].body).unwrap();
    assert_eq!(
        body["freshdesk_webhook"],
        json!({"ticket_id": 1, "ticket_type": "Refund", "ticket_requester_email": "c@example.com"})
    );
}

#[tokio::test(start_paused = true)]
async fn a_rule_hears_of_a_due_date_that_changes() {
    let world = World::new("pro").await;
    let id = world.customer_ticket().await;
    let rule = json!({
        "name": "later", "performer": {"type": 1}, "events": [{"field_name": "due_by"}],
        "actions": [{"field_name": "priority", "value": 4}],
    });
    world.act("POST", "/rules/4", rule).await;
    let place = format!("/tickets/{id}");
    let priority = async || {
        wait(2.0).await;
        world.get(&place).await.json()["priority"].clone()
    };
    world.ok("PUT", &place, json!({"subject": "s"})).await;
    assert_eq!(priority().await, 1);
    world
        .ok("PUT", &place, json!({"due_by": "2026-03-01T00:00:00Z"}))
        .await;
    assert_eq!(priority().await, 4);
    // The same date again is no change.
    world
        .ok(
            "PUT",
            &place,
            json!({"due_by": "2026-03-01T00:00:00Z", "priority": 1}),
        )
        .await;
    assert_eq!(priority().await, 1);
}

#[tokio::test(start_paused = true)]
async fn an_accounts_own_sources_count_from_101() {
    let world = World::new("pro").await;
    let fields = world.get("/admin/ticket_fields").await.json();
    let mut fields = fields.as_array().unwrap().iter();
    let source = fields.find(|field| field["name"] == "source").unwrap();
    let place = format!("/admin/ticket_fields/{}", source["id"]);
    let refused = world
        .call("POST", "/tickets", ticket(json!({"source": 101})))
        .await;
    assert_eq!(
        told(&refused.json()),
        (json!("source"), json!("invalid_value"))
    );
    for (name, wanted) in [("Kiosk", 101), ("Letter", 102)] {
        let changed = world
            .ok("PUT", &place, json!({"choices": [{"value": name}]}))
            .await;
        let last = changed["choices"].as_array().unwrap().last().unwrap();
        assert_eq!(
            (&last["id"], &last["value"]),
            (&json!(wanted), &json!(name))
        );
    }
    let refused = world.call("PUT", &place, json!({"choices": [{}]})).await;
    assert_eq!(
        told(&refused.json()),
        (json!("choices[value]"), json!("missing_field"))
    );
    let seen = world.get("/ticket_fields?type=default_source").await.json();
    assert_eq!(
        (&seen[0]["choices"]["Kiosk"], &seen[0]["choices"]["Email"]),
        (&json!(101), &json!(1))
    );
    posts_new_tickets(&world, "2", json!("{{ticket.source}}")).await;
    let made = world
        .ok("POST", "/tickets", ticket(json!({"source": 102})))
        .await;
    assert_eq!(made["source"], 102);
    wait(2.0).await;
    assert_eq!(world.hooks()[0].body, "Letter");
}
