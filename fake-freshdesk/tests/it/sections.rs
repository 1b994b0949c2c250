//! Sections of the ticket form.

use serde_json::{Value, json};

use crate::world::World;

/// A dropdown with two choices, and a required text; both as administrators see them.
async fn form(world: &World) -> (Value, Value) {
    let dropdown = json!({"label": "Kind", "label_for_customers": "Kind", "type": "custom_dropdown", "choices": [{"value": "Refund"}, {"value": "Repair"}]});
    let dropdown = world.ok("POST", "/admin/ticket_fields", dropdown).await;
    let text = json!({"label": "Reason", "label_for_customers": "Reason", "type": "custom_text", "required_for_agents": true, "required_for_closure": true});
    let text = world.ok("POST", "/admin/ticket_fields", text).await;
    (dropdown, text)
}

fn told(answer: &Value) -> (Value, Value) {
    let error = &answer["errors"][0];
    (error["field"].clone(), error["code"].clone())
}

#[tokio::test(start_paused = true)]
async fn a_section_is_made_read_changed_and_removed() {
    let world = World::new("pro").await;
    let (dropdown, text) = form(&world).await;
    assert_eq!(dropdown["has_section"], false);
    let place = format!("/admin/ticket_fields/{}", dropdown["id"]);
    let sections = format!("{place}/sections");
    assert_eq!(world.get(&sections).await.json(), json!([]));
    let refund = dropdown["choices"][0]["id"].clone();
    let new = json!({"label": "Refunds", "choice_ids": [refund], "ticket_field_ids": [text["id"]]});
    let made = world.call("POST", &sections, new).await;
    assert_eq!(made.status, 201);
    let section = made.json();
    let its_place = format!("{sections}/{}", section["id"]);
    assert!(made.header("location").unwrap().ends_with(&its_place));
    assert_eq!(section["parent_ticket_field_id"], dropdown["id"]);
    assert_eq!(section["ticket_field_ids"], json!([text["id"]]));
    assert_eq!(world.get(&its_place).await.json(), section);
    assert_eq!(world.get(&sections).await.json(), json!([section]));
    let with = world.get(&format!("{place}?include=section")).await.json();
    assert_eq!(
        (&with["has_section"], &with["sections"]),
        (&json!(true), &json!([section]))
    );
    let inside = world
        .get(&format!("/admin/ticket_fields/{}", text["id"]))
        .await
        .json();
    assert_eq!(
        inside["section_mappings"],
        json!([{"section_id": section["id"], "position": 1}])
    );
    let renamed = world
        .ok("PUT", &its_place, json!({"label": "Money back"}))
        .await;
    assert_eq!(
        (&renamed["label"], &renamed["choice_ids"]),
        (&json!("Money back"), &section["choice_ids"])
    );
    assert_eq!(
        world.call("DELETE", &its_place, Value::Null).await.status,
        204
    );
    assert_eq!(world.get(&its_place).await.status, 404);
    let inside = world
        .get(&format!("/admin/ticket_fields/{}", text["id"]))
        .await
        .json();
    assert_eq!(inside.get("section_mappings"), None);
}

#[tokio::test(start_paused = true)]
async fn a_required_field_counts_while_its_section_shows() {
    let world = World::new("pro").await;
    let (dropdown, text) = form(&world).await;
    let ticket = |kind: Value| json!({"email": "c@example.com", "subject": "s", "description": "d", "status": 2, "priority": 1, "custom_fields": kind});
    let refused = world.call("POST", "/tickets", ticket(json!({}))).await;
    assert_eq!(
        told(&refused.json()),
        (json!("cf_reason"), json!("missing_field"))
    );
    let sections = format!("/admin/ticket_fields/{}/sections", dropdown["id"]);
    let refund = dropdown["choices"][0]["id"].clone();
    let new = json!({"label": "Refunds", "choice_ids": [refund], "ticket_field_ids": [text["id"]]});
    world.ok("POST", &sections, new).await;
    world.ok("POST", "/tickets", ticket(json!({}))).await;
    let repair = world
        .ok("POST", "/tickets", ticket(json!({"cf_kind": "Repair"})))
        .await;
    let refused = world
        .call("POST", "/tickets", ticket(json!({"cf_kind": "Refund"})))
        .await;
    assert_eq!(
        told(&refused.json()),
        (json!("cf_reason"), json!("missing_field"))
    );
    let both = json!({"cf_kind": "Refund", "cf_reason": "late"});
    let refund = world.ok("POST", "/tickets", ticket(both)).await;
    // The same when a ticket is closed: what it says now decides.
    let close = async |ticket: &Value| {
        let place = format!("/tickets/{}", ticket["id"]);
        world.call("PUT", &place, json!({"status": 5})).await.status
    };
    assert_eq!((close(&repair).await, close(&refund).await), (200, 200));
    // A value that is needed while the section shows cannot be emptied.
    let place = format!("/tickets/{}", refund["id"]);
    let emptied = json!({"custom_fields": {"cf_reason": null}});
    let refused = world.call("PUT", &place, emptied).await;
    assert_eq!(
        told(&refused.json()),
        (json!("cf_reason"), json!("invalid_value"))
    );
    let moved = json!({"custom_fields": {"cf_reason": null, "cf_kind": "Repair"}});
    assert_eq!(world.call("PUT", &place, moved).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn sections_of_the_type_follow_the_type() {
    let world = World::new("pro").await;
    let (_, text) = form(&world).await;
    let fields = world.get("/admin/ticket_fields").await.json();
    let mut fields = fields.as_array().unwrap().iter();
    let kind = fields.find(|field| field["name"] == "ticket_type").unwrap();
    let incident = kind["choices"][1].clone();
    assert_eq!(incident["value"], "Incident");
    let new = json!({"label": "Incidents", "choice_ids": [incident["id"]], "ticket_field_ids": [text["id"]]});
    let sections = format!("/admin/ticket_fields/{}/sections", kind["id"]);
    world.ok("POST", &sections, new).await;
    let ticket = |kind: &str| json!({"email": "c@example.com", "subject": "s", "description": "d", "status": 2, "priority": 1, "type": kind});
    assert_eq!(
        world
            .call("POST", "/tickets", ticket("Question"))
            .await
            .status,
        201
    );
    let refused = world.call("POST", "/tickets", ticket("Incident")).await;
    assert_eq!(
        told(&refused.json()),
        (json!("cf_reason"), json!("missing_field"))
    );
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_a_section_is_refused() {
    let world = World::new("pro").await;
    let (dropdown, text) = form(&world).await;
    let sections = format!("/admin/ticket_fields/{}/sections", dropdown["id"]);
    let choices: Vec<Value> = [0, 1]
        .map(|at| dropdown["choices"][at]["id"].clone())
        .into();
    let first = json!({"label": "A", "choice_ids": [choices[0]], "ticket_field_ids": [text["id"]]});
    world.ok("POST", &sections, first).await;
    let cases = [
        (
            json!({"choice_ids": [choices[1]]}),
            "label",
            "missing_field",
        ),
        (json!({"label": "B"}), "choice_ids", "missing_field"),
        (
            json!({"label": "B", "choice_ids": []}),
            "choice_ids",
            "invalid_value",
        ),
        (
            json!({"label": "a", "choice_ids": [choices[1]]}),
            "label",
            "duplicate_value",
        ),
        // The choice opens another section already.
        (
            json!({"label": "B", "choice_ids": [choices[0]]}),
            "choice_ids",
            "invalid_value",
        ),
        (
            json!({"label": "B", "choice_ids": [choices[1]], "ticket_field_ids": [dropdown["id"]]}),
            "ticket_field_ids",
            "invalid_value",
        ),
        (
            json!({"label": "B", "choice_ids": [choices[1]], "ticket_field_ids": [4711]}),
            "ticket_field_ids",
            "invalid_value",
        ),
    ];
    for (body, field, code) in cases {
        let refused = world.call("POST", &sections, body.clone()).await;
        assert_eq!(refused.status, 400, "{body}");
        assert_eq!(told(&refused.json()), (json!(field), json!(code)), "{body}");
    }
    // A text has no values to show a section for.
    let of_text = format!("/admin/ticket_fields/{}/sections", text["id"]);
    let body = json!({"label": "B", "choice_ids": [choices[1]]});
    let refused = world.call("POST", &of_text, body).await.json();
    assert!(
        refused["errors"].to_string().contains("incompatible_field"),
        "{refused}"
    );
    assert_eq!(
        world.get("/admin/ticket_fields/4711/sections").await.status,
        404
    );
    let (_, key) = world.agent("Gus", "Agent").await;
    let denied = world.as_key(&key, "GET", &sections, Value::Null).await;
    assert_eq!(denied.status, 403);
}

#[tokio::test(start_paused = true)]
async fn sections_go_with_what_they_are_made_of() {
    let world = World::new("pro").await;
    let (dropdown, text) = form(&world).await;
    let place = format!("/admin/ticket_fields/{}", dropdown["id"]);
    let sections = format!("{place}/sections");
    let choices: Vec<Value> = [0, 1]
        .map(|at| dropdown["choices"][at]["id"].clone())
        .into();
    for (label, choice) in ["A", "B"].into_iter().zip(&choices) {
        let new = json!({"label": label, "choice_ids": [choice], "ticket_field_ids": [text["id"]]});
        world.ok("POST", &sections, new).await;
    }
    let without = json!({"choices": [{"id": choices[0], "deleted": true}]});
    world.ok("PUT", &place, without).await;
    let left = world.get(&sections).await.json();
    assert_eq!(left.as_array().unwrap().len(), 1);
    assert_eq!(left[0]["label"], "B");
    let text = format!("/admin/ticket_fields/{}", text["id"]);
    world.ok("DELETE", &text, Value::Null).await;
    assert_eq!(
        world.get(&sections).await.json()[0]["ticket_field_ids"],
        json!([])
    );
    world.ok("DELETE", &place, Value::Null).await;
    assert_eq!(world.get(&sections).await.status, 404);
}
