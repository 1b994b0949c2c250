//! Tickets that belong together: parents, trackers, merges, and many at once.

use serde_json::{Value, json};

use crate::world::{World, wait};

async fn with_tickets(count: usize) -> World {
    let quota = json!({"total": 1_000, "ticket_create": 1_000, "ticket_update": 1_000, "tickets_list": 1_000, "contacts_list": 1_000});
    let world = World::with(json!({"domain": crate::world::DOMAIN, "plan": "pro", "reopen_rule": false, "quota": quota})).await;
    for _ in 0..count {
        world.customer_ticket().await;
    }
    world
}

#[tokio::test(start_paused = true)]
async fn a_tracker_knows_its_tickets_and_they_know_it() {
    let world = with_tickets(3).await;
    let body = json!({"email": "a@example.com", "related_ticket_ids": [1, 2]});
    let tracker = world.ok("POST", "/tickets", body).await["id"].clone();
    let path = format!("/tickets/{tracker}");
    let list = world
        .get(&format!("{path}/associated_tickets"))
        .await
        .json();
    let ids: Vec<&Value> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|each| &each["id"])
        .collect();
    assert_eq!(ids, [1, 2]);
    assert_eq!(world.get(&path).await.json()["association_type"], 3);
    assert_eq!(world.get("/tickets/1").await.json()["association_type"], 4);
    assert_eq!(
        world.get("/tickets/1/prime_association").await.json()["id"],
        tracker
    );
    // One association is all a ticket has.
    let again = json!({"email": "a@example.com", "related_ticket_ids": [2, 3]});
    assert_eq!(world.call("POST", "/tickets", again).await.status, 400);
    let both = json!({"email": "a@example.com", "parent_id": 3, "related_ticket_ids": [3]});
    let refused = world.call("POST", "/tickets", both).await.json();
    assert_eq!(refused["errors"][0]["code"], "incompatible_field");
}

#[tokio::test(start_paused = true)]
async fn a_parent_has_ten_children_and_no_more() {
    let world = with_tickets(1).await;
    let child = json!({"email": "a@example.com", "parent_id": 1});
    for _ in 0..10 {
        assert_eq!(
            world.call("POST", "/tickets", child.clone()).await.status,
            201
        );
    }
    assert_eq!(world.call("POST", "/tickets", child).await.status, 400);
    let page = world
        .get("/tickets/1/associated_tickets?per_page=4&page=3")
        .await
        .json();
    assert_eq!(page.as_array().map(Vec::len), Some(2));
}

#[tokio::test(start_paused = true)]
async fn a_merge_leaves_the_mergers_words_or_its_own() {
    let world = with_tickets(3).await;
    let merge = json!({
        "primary_id": 1, "ticket_ids": [2], "convert_recepients_to_cc": true,
        "note_in_primary": {"body": "took over 2", "private": false},
        "note_in_secondary": {"body": "went to 1"},
    });
    let other = json!({"from": {"email": "bob@example.com"}, "subject": "s", "text": "t"});
    let bobs = world.act("POST", "/tickets", other).await["id"].clone();
    assert_eq!(world.call("PUT", "/tickets/merge", merge).await.status, 204);
    let notes = async |ticket: u32| {
        let thread = world
            .get(&format!("/tickets/{ticket}/conversations"))
            .await
            .json();
        let notes = thread.as_array().unwrap().iter();
        notes
            .map(|note| {
                (
                    note["body_text"].as_str().unwrap().to_owned(),
                    note["private"] == true,
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(notes(1).await, [("took over 2".to_owned(), false)]);
    assert_eq!(notes(2).await, [("went to 1".to_owned(), true)]);
    let plain = json!({"primary_id": 3, "ticket_ids": [bobs], "convert_recepients_to_cc": true});
    assert_eq!(world.call("PUT", "/tickets/merge", plain).await.status, 204);
    let (text, private) = notes(3).await.remove(0);
    assert!(private && text.contains(&format!("ID {bobs}")), "{text}");
    assert_eq!(
        world.get("/tickets/3").await.json()["cc_emails"],
        json!(["bob@example.com"])
    );
}

#[tokio::test(start_paused = true)]
async fn a_bulk_update_changes_every_property_and_answers_the_customer() {
    let world = with_tickets(2).await;
    let group = world
        .ok(
            "POST",
            "/groups",
            json!({"name": "G", "agent_ids": [world.admin]}),
        )
        .await;
    let field = json!({"label": "Price", "label_for_customers": "Price", "type": "custom_decimal"});
    world.ok("POST", "/admin/ticket_fields", field).await;
    let properties = json!({
        "subject": "New", "description": "<b>bold</b>", "status": 3, "priority": 4, "type": "Refund", "source": 3,
        "group_id": group["id"], "responder_id": world.admin, "tags": ["x"], "custom_fields": {"cf_price": 1.5},
    });
    let body = json!({"bulk_action": {"ids": [1, 2], "properties": properties, "reply": {"body": "All done"}}});
    assert_eq!(
        world
            .call("POST", "/tickets/bulk_update", body)
            .await
            .status,
        202
    );
    wait(3.0).await;
    for id in [1, 2] {
        let ticket = world
            .get(&format!("/tickets/{id}?include=conversations"))
            .await
            .json();
        for key in [
            "subject",
            "status",
            "priority",
            "type",
            "source",
            "group_id",
            "responder_id",
            "tags",
        ] {
            assert_eq!(ticket[key], properties[key], "{key}");
        }
        assert_eq!(ticket["description"], "<b>bold</b>");
        // Decimals come back as text, however they were set.
        assert_eq!(ticket["custom_fields"]["cf_price"], "1.5");
        assert_eq!(ticket["conversations"][0]["body_text"], "All done");
    }
}
