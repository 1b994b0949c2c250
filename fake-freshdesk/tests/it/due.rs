//! Due times that pass: which rules hear of it, when, and of which tickets.

use serde_json::{Value, json};

use crate::world::{World, webhook_action};

/// A rule that posts what woke it.
fn rule(events: &[&str]) -> Value {
    let events: Vec<Value> = events
        .iter()
        .map(|name| json!({"field_name": name}))
        .collect();
    let mut action = webhook_action();
    action["content"] = json!("{{ticket.id}} {{triggered_event}}");
    json!({"name": "late", "performer": {"type": 4}, "events": events, "actions": [action]})
}

const BOTH: [&str; 2] = ["response_due", "resolution_due"];

impl World {
    /// A world whose time stands still, on Monday at 9:00. A ticket's first
    /// reply is due after 24 hours, its resolution after 72.
    async fn at_rest() -> World {
        let world = World::new("pro").await;
        let manual = json!({"mode": "manual"});
        world.control("PUT", "/time", manual).await;
        world
    }

    async fn advance(&self, seconds: f64) {
        let jump = json!({"seconds": seconds});
        let answer = self.control("POST", "/time/advance", jump).await;
        assert_eq!(answer.status, 200, "{:?}", answer.json());
    }

    async fn hours(&self, hours: f64) {
        self.advance(hours * 3_600.0).await;
    }

    /// When something falls due next.
    async fn next_due(&self) -> Value {
        self.control("GET", "/time", Value::Null).await.json()["next_due"].clone()
    }

    /// `ticket event time` for every due time that was told to the rules.
    async fn missed(&self) -> Vec<String> {
        let path = "/journal?kind=ticket_event&limit=1000";
        let journal = self.control("GET", path, Value::Null).await.json();
        let items = journal["items"].as_array().unwrap().iter();
        let told = items.filter(|item| BOTH.iter().any(|name| item["kinds"] == json!([name])));
        told.map(|item| {
            assert_eq!(item["performer"], json!({"type": "system", "id": null}));
            let [kind, at] = [&item["kinds"][0], &item["at"]].map(|text| text.as_str().unwrap());
            format!("{} {kind} {at}", item["ticket_id"])
        })
        .collect()
    }

    /// Is the ticket's first reply, its resolution overdue?
    async fn escalated(&self, ticket: i64) -> [bool; 2] {
        let shown = self.get(&format!("/tickets/{ticket}")).await.json();
        ["fr_escalated", "is_escalated"].map(|key| shown[key].as_bool().unwrap())
    }

    async fn set(&self, settings: Value) {
        self.act("PATCH", "", json!({"settings": settings})).await;
    }
}

#[tokio::test(start_paused = true)]
async fn rules_hear_of_a_missed_due_time_in_that_very_millisecond() {
    let world = World::at_rest().await;
    let rule = world.act("POST", "/rules/4", rule(&BOTH)).await;
    let id = world.customer_ticket().await;
    assert_eq!(world.next_due().await, "2026-01-05T09:00:01.000Z");
    world.advance(86_399.999).await;
    assert_eq!(world.missed().await, [""; 0]);
    assert_eq!(world.escalated(id).await, [false, false]);
    world.advance(0.001).await;
    assert_eq!(
        world.missed().await,
        ["1 response_due 2026-01-06T09:00:00.000Z"]
    );
    assert_eq!(world.escalated(id).await, [true, false]);
    world.advance(0.999).await;
    assert_eq!(world.hooks().len(), 0);
    world.advance(0.001).await;
    assert_eq!(
        world.hooks()[0].body,
        "1 {response_due:{from:,to:true}}",
        "rules run a second after what wakes them"
    );
    world.advance(2.0 * 86_400.0 - 1.001).await;
    assert_eq!(world.escalated(id).await, [true, false]);
    world.hours(1.0).await;
    assert_eq!(world.escalated(id).await, [true, true]);
    assert_eq!(
        world.missed().await[1..],
        ["1 resolution_due 2026-01-08T09:00:00.000Z"]
    );
    assert_eq!(world.hooks()[1].body, "1 {resolution_due:{from:,to:true}}");
    assert_eq!(world.log(4, &rule).await, ["executed:matched"; 2]);
    assert_eq!(world.next_due().await, Value::Null);
}

#[tokio::test(start_paused = true)]
async fn only_who_is_still_waited_for_is_late() {
    let world = World::at_rest().await;
    world.act("POST", "/rules/4", rule(&BOTH)).await;
    let admin = world.admin;
    let by = || json!({"agent_id": admin});
    let says = || json!({"agent_id": admin, "text": "x"});
    let status = |status: u16| json!({"agent_id": admin, "status": status});
    // What happens to the first ticket, the second, … within their first minute.
    let fates: [&[(&str, &str, Value)]; 11] = [
        &[],
        &[("POST", "/replies", says())],
        &[("POST", "/notes", says())],
        &[("POST", "/customer_replies", json!({"text": "x"}))],
        &[("PATCH", "", status(4))],
        &[("PATCH", "", status(5))],
        &[("PATCH", "", status(3))],
        &[("POST", "/delete", by())],
        &[("POST", "/spam", by())],
        &[("POST", "/delete", by()), ("POST", "/restore", by())],
        &[("PATCH", "", status(4)), ("PATCH", "", status(2))],
    ];
    for acts in &fates {
        let id = world.customer_ticket().await;
        for (method, path, body) in *acts {
            world.advance(1.0).await;
            let path = format!("/tickets/{id}{path}");
            world.act(method, &path, body.clone()).await;
        }
    }
    world.hours(100.0).await;
    let mut late = world.missed().await;
    late.iter_mut()
        .for_each(|line| line.truncate(line.rfind(' ').unwrap()));
    late.sort();
    let expected = [
        "1 resolution_due",
        "1 response_due",
        "10 resolution_due",
        "10 response_due",
        "11 resolution_due",
        "11 response_due",
        "2 resolution_due",
        "3 resolution_due",
        "3 response_due",
        "4 resolution_due",
        "4 response_due",
    ];
    assert_eq!(late, expected);
    for (id, flags) in [
        (1, [true, true]),
        (2, [false, true]),
        (5, [false, false]),
        (7, [false, false]),
    ] {
        assert_eq!(world.escalated(id).await, flags, "ticket {id}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_due_time_that_passed_while_the_timer_stood_is_not_told_later() {
    let world = World::at_rest().await;
    world.act("POST", "/rules/4", rule(&BOTH)).await;
    let id = world.customer_ticket().await;
    let place = format!("/tickets/{id}");
    let status = |status: u16| json!({"agent_id": world.admin, "status": status});
    world.act("PATCH", &place, status(3)).await;
    world.hours(25.0).await;
    world.act("PATCH", &place, status(2)).await;
    assert_eq!(world.escalated(id).await, [true, false]);
    world.hours(100.0).await;
    assert_eq!(
        world.missed().await,
        ["1 resolution_due 2026-01-08T09:00:00.000Z"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_due_time_that_is_moved_counts_where_it_stands_and_once() {
    let world = World::at_rest().await;
    world.act("POST", "/rules/4", rule(&BOTH)).await;
    let id = world.customer_ticket().await;
    let place = format!("/tickets/{id}");
    let to = async |first: &str, due: &str| {
        let body = json!({"fr_due_by": format!("2026-01-{first}:00Z"), "due_by": format!("2026-01-{due}:00Z")});
        world.ok("PUT", &place, body).await;
    };
    to("05T12:30", "07T12:00").await;
    to("09T12:00", "10T12:00").await;
    to("05T12:30", "10T12:00").await;
    world.hours(48.0).await;
    let first = "1 response_due 2026-01-05T12:30:00.000Z";
    assert_eq!(world.missed().await, [first]);
    // A new time is missed anew; the one of the ticket's first plan is nobody's.
    to("08T00:00", "10T12:00").await;
    world.hours(240.0).await;
    assert_eq!(
        world.missed().await,
        [
            first,
            "1 response_due 2026-01-08T00:00:00.000Z",
            "1 resolution_due 2026-01-10T12:00:00.000Z",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_rule_hears_of_tickets_that_are_older_than_it_while_it_is_active() {
    let world = World::at_rest().await;
    world.customer_ticket().await;
    world.hours(1.0).await;
    world.customer_ticket().await;
    world.hours(23.5).await;
    let rule = world.act("POST", "/rules/4", rule(&BOTH)).await;
    // The first ticket's reply was due before anybody wanted to know.
    world.hours(1.0).await;
    let second = "2 response_due 2026-01-06T10:00:00.000Z";
    assert_eq!(world.missed().await, [second]);
    let place = format!("/rules/4/{}", rule["id"]);
    let switched = async |on: bool| {
        world.act("PUT", &place, json!({"active": on})).await;
    };
    switched(false).await;
    world.hours(47.0).await;
    assert_eq!(world.missed().await, [second]);
    switched(true).await;
    world.hours(100.0).await;
    assert_eq!(
        world.missed().await[1..],
        ["2 resolution_due 2026-01-08T10:00:00.000Z"]
    );
    world.customer_ticket().await;
    world.act("DELETE", &place, Value::Null).await;
    world.hours(100.0).await;
    assert_eq!(world.missed().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_restored_world_is_told_what_it_waited_for() {
    let world = World::at_rest().await;
    world.act("POST", "/rules/4", rule(&BOTH)).await;
    world.customer_ticket().await;
    world.hours(2.0).await;
    let kept = world.control("GET", "/snapshot", Value::Null).await.json();
    for _ in 0..2 {
        world.control("POST", "/reset", Value::Null).await;
        world.control("POST", "/restore", kept.clone()).await;
        let again = world.control("GET", "/snapshot", Value::Null).await.json();
        assert_eq!(again, kept);
        // Nothing is planned twice by what happens after.
        world.set(json!({"sla_events": true})).await;
        world.hours(100.0).await;
        assert_eq!(
            world.missed().await,
            [
                "1 response_due 2026-01-06T09:00:00.000Z",
                "1 resolution_due 2026-01-08T09:00:00.000Z",
            ]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_planned_for_rules_that_do_not_ask() {
    let world = World::at_rest().await;
    let mut inactive = rule(&BOTH);
    inactive["active"] = json!(false);
    world.act("POST", "/rules/4", inactive).await;
    world.act("POST", "/rules/4", rule(&["due_by"])).await;
    world.creation_rule().await;
    world.customer_ticket().await;
    world.advance(1.0).await;
    assert_eq!(world.next_due().await, Value::Null);
    let resolution = rule(&["resolution_due"]);
    world.act("POST", "/rules/4", resolution).await;
    assert_eq!(world.next_due().await, "2026-01-08T09:00:00.000Z");
    world.hours(100.0).await;
    assert_eq!(
        world.missed().await,
        ["1 resolution_due 2026-01-08T09:00:00.000Z"]
    );
}

#[tokio::test(start_paused = true)]
async fn an_account_can_do_without_these_events() {
    let world = World::at_rest().await;
    world.set(json!({"sla_events": false})).await;
    let rule = world.act("POST", "/rules/4", rule(&BOTH)).await;
    world.customer_ticket().await;
    world.advance(1.0).await;
    assert_eq!(world.next_due().await, Value::Null);
    world.hours(30.0).await;
    assert_eq!(world.escalated(1).await, [true, false]);
    world.set(json!({"sla_events": true})).await;
    assert_eq!(world.next_due().await, "2026-01-08T09:00:00.000Z");
    world.set(json!({"sla_events": false})).await;
    world.hours(100.0).await;
    assert_eq!(world.log(4, &rule).await, [""; 0]);
}

/// The system's own event, and what earlier rules did in the same pass.
#[tokio::test(start_paused = true)]
async fn a_later_rule_hears_of_the_due_time_and_of_what_an_earlier_one_did() {
    let world = World::at_rest().await;
    let rule = |event: Value, action: Value| json!({"name": "r", "performer": {"type": 4}, "events": [event], "actions": [action]});
    let due = json!({"field_name": "response_due"});
    let urgent = json!({"field_name": "priority", "value": 4});
    let raised = json!({"field_name": "priority", "from": "--", "to": 4});
    let tag = |tag: &str| json!({"field_name": "add_tag", "value": [tag]});
    let agents =
        json!({"name": "r", "performer": {"type": 1}, "events": [due], "actions": [tag("agent")]});
    let agents = world.act("POST", "/rules/4", agents).await;
    for saved in [
        rule(due.clone(), urgent),
        rule(due, tag("due")),
        rule(raised, tag("raised")),
    ] {
        world.act("POST", "/rules/4", saved).await;
    }
    world.customer_ticket().await;
    world.hours(25.0).await;
    let ticket = world.get("/tickets/1").await.json();
    assert_eq!(
        (&ticket["priority"], &ticket["tags"]),
        (&json!(4), &json!(["due", "raised"]))
    );
    assert_eq!(world.log(4, &agents).await, ["skipped:performer"]);
}
