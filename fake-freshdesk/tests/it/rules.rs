//! Automation rules: who, what, when, in which order, and the log that says why.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::world::{DOMAIN, World, wait, webhook_action};

fn update_rule(performer: u8, events: Value) -> Value {
    json!({"name": "updates", "performer": {"type": performer}, "events": events, "actions": [webhook_action()]})
}

fn when(field: &str, operator: &str, value: Value) -> Value {
    let property = json!({"resource_type": "ticket", "field_name": field, "operator": operator, "value": value});
    json!([{"name": "condition_set_1", "match_type": "all", "properties": [property]}])
}

#[tokio::test(start_paused = true)]
async fn a_creation_rule_runs_exactly_one_second_after_the_ticket() {
    let world = World::new("growth").await;
    let rule = world.creation_rule().await;
    world.customer_ticket().await;
    wait(0.999).await;
    assert_eq!(world.hooks().len(), 0);
    wait(0.001).await;
    tokio::task::yield_now().await;
    wait(0.001).await;
    let hooks = world.hooks();
    assert_eq!((hooks.len(), hooks[0].after.as_millis()), (1, 1_000));
    assert_eq!(hooks[0].body, r#"{"id": 1, "subject": "Where is \"it\"?"}"#);
    assert_eq!(world.log(1, &rule).await, ["executed:matched"]);
    assert_json_snapshot!(
        "activity log",
        world
            .act(
                "GET",
                &format!("/rules/1/{}/activity", rule["id"]),
                Value::Null
            )
            .await
    );
}

#[tokio::test(start_paused = true)]
async fn only_the_first_matching_creation_rule_runs_unless_the_account_says_all() {
    let world = World::new("growth").await;
    let save = async |name: &str, conditions: Value| {
        world
            .act(
                "POST",
                "/rules/1",
                json!({"name": name, "conditions": conditions, "actions": [webhook_action()]}),
            )
            .await
    };
    let never = save("never", when("subject", "contains", json!(["zzz"]))).await;
    let first = save("first", Value::Null).await;
    let second = save("second", Value::Null).await;
    world.customer_ticket().await;
    wait(2.0).await;
    assert_eq!(world.log(1, &never).await, ["skipped:conditions"]);
    assert_eq!(world.log(1, &first).await, ["executed:matched"]);
    assert_eq!(
        world.log(1, &second).await,
        ["skipped:earlier_rule_matched"]
    );
    world
        .act("PATCH", "", json!({"creation_rules": "all_matches"}))
        .await;
    world
        .act(
            "PUT",
            &format!("/rules/1/{}", first["id"]),
            json!({"active": false}),
        )
        .await;
    world.customer_ticket().await;
    wait(2.0).await;
    assert_eq!(world.log(1, &first).await[1], "skipped:inactive");
    assert_eq!(world.log(1, &second).await[1], "executed:matched");
}

#[tokio::test(start_paused = true)]
async fn performer_and_event_decide_on_updates() {
    let world = World::new("growth").await;
    let by_agent = world
        .act(
            "POST",
            "/rules/4",
            update_rule(1, json!([{"field_name": "reply_sent"}])),
        )
        .await;
    let by_requester = world
        .act(
            "POST",
            "/rules/4",
            update_rule(2, json!([{"field_name": "reply_sent"}])),
        )
        .await;
    let on_status = world
        .act(
            "POST",
            "/rules/4",
            update_rule(3, json!([{"field_name": "status", "from": "--", "to": 4}])),
        )
        .await;
    let on_private = world
        .act(
            "POST",
            "/rules/4",
            update_rule(3, json!([{"field_name": "note_type", "value": "private"}])),
        )
        .await;
    let ticket = world.customer_ticket().await;
    world
        .act(
            "POST",
            &format!("/tickets/{ticket}/customer_replies"),
            json!({"text": "more"}),
        )
        .await;
    wait(2.0).await;
    world
        .ok(
            "POST",
            &format!("/tickets/{ticket}/reply"),
            json!({"body": "by API"}),
        )
        .await;
    wait(2.0).await;
    world
        .act(
            "POST",
            &format!("/tickets/{ticket}/notes"),
            json!({"agent_id": world.admin, "text": "hm"}),
        )
        .await;
    wait(2.0).await;
    world
        .act(
            "PATCH",
            &format!("/tickets/{ticket}"),
            json!({"agent_id": world.admin, "status": 4}),
        )
        .await;
    wait(2.0).await;
    world
        .act(
            "PATCH",
            &format!("/tickets/{ticket}"),
            json!({"agent_id": world.admin, "status": 4}),
        )
        .await;
    wait(2.0).await;
    assert_eq!(
        world.log(4, &by_agent).await,
        [
            "skipped:performer",
            "executed:matched",
            "skipped:event",
            "skipped:event"
        ]
    );
    assert_eq!(
        world.log(4, &by_requester).await,
        [
            "executed:matched",
            "skipped:performer",
            "skipped:performer",
            "skipped:performer"
        ]
    );
    assert_eq!(
        world.log(4, &on_status).await,
        [
            "skipped:event",
            "skipped:event",
            "skipped:event",
            "executed:matched"
        ]
    );
    assert_eq!(
        world.log(4, &on_private).await,
        [
            "skipped:event",
            "skipped:event",
            "executed:matched",
            "skipped:event"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_incoming_note_of_a_contact_is_the_requesters() {
    let world = World::new("growth").await;
    let rule = world
        .act(
            "POST",
            "/rules/4",
            update_rule(2, json!([{"field_name": "note_type", "value": "public"}])),
        )
        .await;
    let ticket = world.customer_ticket().await;
    let requester = world.get("/tickets/1").await.json()["requester_id"].clone();
    let note =
        json!({"body": "from the phone", "incoming": true, "private": false, "user_id": requester});
    world
        .ok("POST", &format!("/tickets/{ticket}/notes"), note)
        .await;
    wait(2.0).await;
    assert_eq!(world.log(4, &rule).await, ["executed:matched"]);
}

#[tokio::test(start_paused = true)]
async fn what_a_rule_changes_is_seen_by_later_rules_but_begins_no_pass() {
    let world = World::new("growth").await;
    let condition = |value: u8| when("status", "is", json!(value));
    let rule = |name: &str, performer: u8, events: Value, conditions: Value, to: u8| {
        json!({"name": name, "performer": {"type": performer}, "events": events, "conditions": conditions,
               "actions": [{"field_name": "status", "value": to}]})
    };
    let status_changed = json!([{"field_name": "status"}]);
    let reply = json!([{"field_name": "reply_sent"}]);
    let earlier = world
        .act(
            "POST",
            "/rules/4",
            rule("earlier", 4, status_changed.clone(), Value::Null, 7),
        )
        .await;
    world
        .act(
            "POST",
            "/rules/4",
            rule("to pending", 2, reply.clone(), condition(2), 3),
        )
        .await;
    let sees = world
        .act(
            "POST",
            "/rules/4",
            rule("pending to waiting", 2, reply, condition(3), 6),
        )
        .await;
    let system = world
        .act(
            "POST",
            "/rules/4",
            rule("by the system", 4, status_changed, condition(6), 6),
        )
        .await;
    let ticket = world.customer_ticket().await;
    world
        .act(
            "POST",
            &format!("/tickets/{ticket}/customer_replies"),
            json!({"text": "more"}),
        )
        .await;
    wait(2.0).await;
    assert_eq!(
        world.log(4, &earlier).await,
        ["skipped:performer"],
        "rules above are not run again"
    );
    assert_eq!(world.log(4, &sees).await, ["executed:matched"]);
    assert_eq!(world.log(4, &system).await, ["executed:matched"]);
    assert_eq!(world.get("/tickets/1").await.json()["status"], 6);
}

#[tokio::test(start_paused = true)]
async fn a_fresh_account_reopens_on_customer_reply_by_a_rule() {
    let world = World::with(json!({"domain": DOMAIN, "plan": "growth"})).await;
    let rules = world.get("/automations/4/rules").await.json();
    assert_eq!(rules[0]["name"], "Reopen on customer reply");
    assert_json_snapshot!("reopen rule", rules[0]);
    for status in [3, 4, 5] {
        let ticket = world.customer_ticket().await;
        world
            .ok(
                "PUT",
                &format!("/tickets/{ticket}"),
                json!({"status": status}),
            )
            .await;
        wait(2.0).await;
        world
            .act(
                "POST",
                &format!("/tickets/{ticket}/customer_replies"),
                json!({"text": "still broken"}),
            )
            .await;
        assert_eq!(
            world.get(&format!("/tickets/{ticket}")).await.json()["status"],
            status,
            "not core behaviour"
        );
        wait(2.0).await;
        assert_eq!(
            world.get(&format!("/tickets/{ticket}")).await.json()["status"],
            2
        );
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_downgrade_webhook_rules_stop_with_the_plan_as_reason() {
    let world = World::new("growth").await;
    let rule = world.creation_rule().await;
    world.act("PATCH", "", json!({"plan": "free"})).await;
    world.customer_ticket().await;
    wait(2.0).await;
    assert_eq!(world.log(1, &rule).await, ["skipped:plan"]);
    assert_eq!(world.hooks().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_loop_is_stopped() {
    let settings = json!({"loop_guard_executions": 3});
    let world = World::with(
        json!({"domain": DOMAIN, "plan": "pro", "settings": settings, "reopen_rule": false}),
    )
    .await;
    let rule = world
        .act(
            "POST",
            "/rules/4",
            update_rule(3, json!([{"field_name": "note_type"}])),
        )
        .await;
    let ticket = world.customer_ticket().await;
    for _ in 0..5 {
        world
            .act(
                "POST",
                &format!("/tickets/{ticket}/notes"),
                json!({"agent_id": world.admin, "text": "x"}),
            )
            .await;
    }
    wait(2.0).await;
    let log = world.log(4, &rule).await;
    assert_eq!(
        log[2..],
        [
            "executed:matched",
            "skipped:loop_guard",
            "skipped:loop_guard"
        ]
    );
    wait(3_600.0).await;
    world
        .act(
            "POST",
            &format!("/tickets/{ticket}/notes"),
            json!({"agent_id": world.admin, "text": "x"}),
        )
        .await;
    wait(2.0).await;
    assert_eq!(world.log(4, &rule).await[5], "executed:matched");
}

#[tokio::test(start_paused = true)]
async fn rules_are_ordered_and_partly_updated() {
    let world = World::new("growth").await;
    let names = async || -> Vec<String> {
        let rules = world.get("/automations/1/rules").await.json();
        rules
            .as_array()
            .unwrap()
            .iter()
            .map(|rule| rule["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let mut last = Value::Null;
    for name in ["a", "b", "c"] {
        last = world
            .ok(
                "POST",
                "/automations/1/rules",
                json!({"name": name, "actions": [webhook_action()]}),
            )
            .await;
    }
    let path = format!("/automations/1/rules/{}", last["id"]);
    let moved = world.ok("PUT", &path, json!({"position": 1})).await;
    assert_eq!(
        (&moved["position"], &moved["name"]),
        (&json!(1), &json!("c"))
    );
    assert_eq!(names().await, ["c", "a", "b"]);
    world.ok("PUT", &path, json!({"active": false})).await;
    assert_eq!(world.get(&path).await.json()["active"], false);
    world.ok("DELETE", &path, Value::Null).await;
    assert_eq!(names().await, ["a", "b"]);
    assert_eq!(world.get(&path).await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn hourly_rules_sweep_on_the_hour() {
    let world = World::new("growth").await;
    let rule = json!({
        "name": "close after a day", "conditions": when("hours_since_resolved", "greater_than", json!(23)),
        "actions": [{"field_name": "status", "value": 5}],
    });
    world.act("POST", "/rules/3", rule).await;
    let ticket = world.customer_ticket().await;
    world
        .ok("PUT", &format!("/tickets/{ticket}"), json!({"status": 4}))
        .await;
    wait(23.0 * 3_600.0).await;
    assert_eq!(world.get("/tickets/1").await.json()["status"], 4);
    wait(3_600.0).await;
    assert_eq!(world.get("/tickets/1").await.json()["status"], 5);
}

#[tokio::test(start_paused = true)]
async fn time_and_feedback_are_events_too() {
    let world = World::new("pro").await;
    let timed = json!([{"field_name": "time_sheet_action", "value": "added"}]);
    let timed = world.act("POST", "/rules/4", update_rule(1, timed)).await;
    let rated = world
        .act(
            "POST",
            "/rules/4",
            update_rule(2, json!([{"field_name": "customer_feedback"}])),
        )
        .await;
    world.customer_ticket().await;
    world
        .ok(
            "POST",
            "/tickets/1/time_entries",
            json!({"time_spent": "00:10"}),
        )
        .await;
    wait(2.0).await;
    world
        .ok(
            "POST",
            "/tickets/1/satisfaction_ratings",
            json!({"ratings": {"default_question": 103}}),
        )
        .await;
    wait(2.0).await;
    assert_eq!(
        world.log(4, &timed).await,
        ["executed:matched", "skipped:performer"]
    );
    assert_eq!(
        world.log(4, &rated).await,
        ["skipped:performer", "executed:matched"]
    );
}

/// A client that reads a rule, changes it and writes it back never saw the secrets.
#[tokio::test(start_paused = true)]
async fn a_rule_that_is_written_back_keeps_its_secrets() {
    let world = World::new("growth").await;
    let mut action = webhook_action();
    action["auth_header"] = json!({"username": "freshdesk", "password": "s3cret"});
    let rule = json!({"name": "Tell", "performer": {"type": 3}, "events": [{"field_name": "status", "from": "--", "to": "--"}], "actions": [action]});
    let rule = world.ok("POST", "/automations/4/rules", rule).await;
    let path = format!("/automations/4/rules/{}", rule["id"]);
    let mut actions = rule["actions"].clone();
    assert_eq!(actions[0]["auth_header"]["password"], "********");
    actions[0]["custom_headers"] = json!({"x-changed": "yes"});
    world.ok("PUT", &path, json!({"actions": actions})).await;
    let ticket = json!({"email": "c@example.com", "subject": "s", "description": "d", "status": 2, "priority": 1});
    let ticket = world.ok("POST", "/tickets", ticket).await;
    let status = async |status| {
        let path = format!("/tickets/{}", ticket["id"]);
        world.ok("PUT", &path, json!({"status": status})).await;
        wait(5.0).await;
        let hook = world.hooks().pop().unwrap();
        hook.headers["authorization"].to_str().unwrap().to_owned()
    };
    assert_eq!(status(3).await, "Basic ZnJlc2hkZXNrOnMzY3JldA==");
    // New ones replace them.
    actions[0]["auth_header"]["password"] = json!("other");
    world.ok("PUT", &path, json!({"actions": actions})).await;
    assert_eq!(status(2).await, "Basic ZnJlc2hkZXNrOm90aGVy");
}

#[tokio::test(start_paused = true)]
async fn reads_leave_out_what_writes_must_have() {
    let world = World::new("growth").await;
    let rule = json!({"name": "r", "conditions": when("status", "is", json!(2)), "actions": [{"field_name": "priority", "value": 2}]});
    let rule = world.ok("POST", "/automations/1/rules", rule).await;
    let path = format!("/automations/1/rules/{}", rule["id"]);
    let shown = json!({"field_name": "status", "operator": "is", "value": 2});
    let listed = world.get("/automations/1/rules").await.json()[0].clone();
    for read in [&rule, &listed, &world.get(&path).await.json()] {
        assert_eq!(read["conditions"][0]["properties"][0], shown);
    }
    let back = json!({"conditions": rule["conditions"]});
    let refused = world.call("PUT", &path, back).await;
    assert_eq!(
        (refused.status, &refused.json()["errors"][0]["code"]),
        (400, &json!("missing_field"))
    );
    world
        .act(
            "PATCH",
            "",
            json!({"settings": {"rules_show_resource_type": true}}),
        )
        .await;
    let read = world.get(&path).await.json();
    assert_eq!(
        read["conditions"][0]["properties"][0]["resource_type"],
        "ticket"
    );
}
