//! Resolving, by the AI and by people, and what crosses it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests: a surprise should stop them"
)]

mod common;

use common::{
    World, decision,
    helpdesk::{CUSTOMER, Mishap, MishapKind, REP},
    world,
};
use reference_bridge::{
    ScriptedBrain,
    brain::{Action, BrainError},
};
use serde_json::{Value, json};

#[tokio::test(start_paused = true)]
async fn the_ai_resolves_what_it_owns_with_a_note_and_closes_the_session() {
    let world = world(ScriptedBrain::following([Ok(decision(
        Action::Resolve,
        Some("Bye."),
    ))]))
    .await;
    world.connect(json!({})).await;
    let ticket = world.helpdesk.open_ticket("Thanks, solved.", json!({}));
    world.created(ticket).await;
    assert_eq!(world.helpdesk.ticket(ticket)["status"], 4);
    assert_eq!(world.helpdesk.posts(ticket, false), ["<p>Bye.</p>"]);
    assert!(world.helpdesk.posts(ticket, true)[0].contains("Sentiment: angry"));
    let session = world.session(ticket).await;
    assert_eq!(session["status"], "closed_resolved");
    assert_eq!(session["ai_closure_type"], "resolved");
    let calls = world.helpdesk.count("P");
    world.updated(ticket).await;
    assert_eq!(world.helpdesk.count("P"), calls, "the echo is no event");
    assert_eq!(world.session(ticket).await["ai_closure_type"], "resolved");
}

#[tokio::test(start_paused = true)]
async fn deleted_spam_and_vanished_tickets_close_the_session_and_get_nothing() {
    for change in [json!({"deleted": true}), json!({"spam": true})] {
        let world = world(ScriptedBrain::replying("AI.")).await;
        world.connect(json!({})).await;
        let ticket = world.helpdesk.open_ticket("One?", json!({}));
        world.created(ticket).await;
        world.helpdesk.say(ticket, CUSTOMER, "Two?", false);
        world.helpdesk.change(ticket, change);
        world.updated(ticket).await;
        assert_eq!(world.session(ticket).await["status"], "closed_unresolved");
        assert_eq!(world.helpdesk.posts(ticket, false).len(), 1);
    }
    let world = world(ScriptedBrain::replying("AI.")).await;
    world.connect(json!({})).await;
    let ticket = world.helpdesk.open_ticket("One?", json!({}));
    world.created(ticket).await;
    world.helpdesk.desk().tickets.clear();
    world.updated(ticket).await;
    assert_eq!(world.session(ticket).await["status"], "closed_unresolved");
}

/// A brain that resolves, and then replies to whatever comes.
fn resolving_once() -> ScriptedBrain {
    ScriptedBrain::following([
        Ok(decision(Action::Resolve, Some("Goodbye."))),
        Ok(decision(Action::Reply, Some("Still here."))),
    ])
}

/// A ticket whose resolution rests, for that step of it was refused four times.
async fn held_up_at(step: &'static str) -> (World, i64) {
    let world = world(resolving_once()).await;
    world.connect(json!({})).await;
    let spent = Mishap {
        on: step,
        kind: MishapKind::Answer(429, Some(1), ""),
    };
    world.helpdesk.desk().mishaps.extend(vec![spent; 4]);
    let ticket = world.helpdesk.open_ticket("Thanks!", json!({}));
    world.created(ticket).await;
    world.wait(10).await;
    assert_eq!(world.problem_kinds().await, ["rate_limited"]);
    (world, ticket)
}

#[tokio::test(start_paused = true)]
async fn a_customer_who_comes_back_before_a_delayed_resolution_is_through_is_answered() {
    let (world, ticket) = held_up_at("POST /tickets/1/notes").await;
    world
        .helpdesk
        .say(ticket, CUSTOMER, "One more thing.", false);
    world.updated(ticket).await;
    world.wait(900).await;
    assert_eq!(
        world.helpdesk.posts(ticket, false),
        ["<p>Goodbye.</p>", "<p>Still here.</p>"]
    );
    let known = world.helpdesk.ticket(ticket);
    assert_eq!(known["status"], 2);
    assert_eq!(known["tags"], json!(["vip", "opencx", "opencx_autopilot"]));
    assert_eq!(world.helpdesk.posts(ticket, true), Vec::<String>::new());
    assert_eq!(world.session(ticket).await["status"], "open");
}

#[tokio::test(start_paused = true)]
async fn a_rep_who_takes_the_ticket_before_a_delayed_resolution_is_through_keeps_it_open() {
    let (world, ticket) = held_up_at("PUT /tickets/1").await;
    world.helpdesk.change(ticket, json!({"responder_id": REP}));
    world.wait(900).await;
    let known = world.helpdesk.ticket(ticket);
    assert_eq!(known["status"], 2, "it is the rep's to resolve");
    assert_eq!(known["tags"], json!(["vip", "opencx", "opencx_autopilot"]));
    assert_eq!(world.session(ticket).await["status"], "open");
    assert_eq!(world.helpdesk.posts(ticket, false), ["<p>Goodbye.</p>"]);
}

/// A ticket that the AI resolves while the customer writes: after the thread was read,
/// and before the status is written. The account's rule for replies has run by then.
async fn crossed() -> (World, i64) {
    crossed_with(resolving_once()).await
}

async fn crossed_with(brain: ScriptedBrain) -> (World, i64) {
    let world = world(brain).await;
    world.connect(json!({})).await;
    let slow = Mishap {
        on: "POST /tickets/1/notes",
        kind: MishapKind::Slow(1),
    };
    world.helpdesk.desk().mishaps.push_back(slow);
    let ticket = world.helpdesk.open_ticket("Thanks!", json!({}));
    assert_eq!(world.webhook("ticket_created", ticket).await.0, 202);
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    world
        .helpdesk
        .say(ticket, CUSTOMER, "One more thing.", false);
    world.wait(10).await;
    assert_eq!(world.helpdesk.ticket(ticket)["status"], 4);
    world.helpdesk.desk().tickets[0]["stats"] =
        json!({"resolved_at": "2026-03-01T09:00:03Z", "closed_at": null});
    (world, ticket)
}

const BOTH: [&str; 2] = ["<p>Goodbye.</p>", "<p>Still here.</p>"];

#[tokio::test(start_paused = true)]
async fn a_message_that_crosses_the_ais_resolution_is_answered_on_an_open_ticket() {
    let (world, ticket) = crossed().await;
    world.updated(ticket).await;
    assert_eq!(world.helpdesk.posts(ticket, false), BOTH);
    assert_eq!(world.helpdesk.ticket(ticket)["status"], 2);
    let session = world.session(ticket).await;
    assert_eq!(session["status"], "open");
    assert_eq!(session["ai_closure_type"], Value::Null);
    // The echo of all that closes nothing again.
    world.updated(ticket).await;
    assert_eq!(world.session(ticket).await["status"], "open");
    assert_eq!(world.helpdesk.posts(ticket, false), BOTH);
}

#[tokio::test(start_paused = true)]
async fn a_crossed_ticket_is_set_open_when_the_quota_allows() {
    let (world, ticket) = crossed().await;
    let spent = Mishap {
        on: "PUT /tickets/1",
        kind: MishapKind::Answer(429, Some(1), ""),
    };
    world.helpdesk.desk().mishaps.extend(vec![spent; 4]);
    world.updated(ticket).await;
    world.wait(900).await;
    assert_eq!(world.helpdesk.posts(ticket, false), BOTH);
    assert_eq!(world.helpdesk.ticket(ticket)["status"], 2);
    assert_eq!(world.session(ticket).await["status"], "open");
    assert_eq!(world.problem_kinds().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_crossed_ticket_that_may_not_be_opened_is_answered_as_it_is() {
    let resolve = || Ok(decision(Action::Resolve, Some("Goodbye.")));
    let reply = || Ok(decision(Action::Reply, Some("Still here.")));
    // Who thinks for long looks at the thread again before it answers.
    let slowly = || {
        vec![
            resolve(),
            Err(BrainError::new("busy")),
            Err(BrainError::new("busy")),
            reply(),
        ]
    };
    for brain in [vec![resolve(), reply()], slowly()] {
        let (world, ticket) = crossed_with(ScriptedBrain::following(brain)).await;
        let refused = r#"{"description":"Validation failed","errors":[{"field":"status","message":"It should be one of these values: '4,5'","code":"invalid_value"}]}"#;
        world.helpdesk.desk().mishaps.push_back(Mishap {
            on: "PUT /tickets/1",
            kind: MishapKind::Answer(400, None, refused),
        });
        world.updated(ticket).await;
        world.wait(10).await;
        assert_eq!(world.helpdesk.posts(ticket, false), BOTH);
        assert_eq!(world.helpdesk.ticket(ticket)["status"], 4);
        assert_eq!(world.session(ticket).await["status"], "open");
        assert_eq!(world.problem_kinds().await, ["refused"]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_person_resolved_while_the_ais_resolution_waited_stays_resolved() {
    let (world, ticket) = held_up_at("PUT /tickets/1").await;
    world
        .helpdesk
        .say(ticket, CUSTOMER, "One more thing.", false);
    world.helpdesk.change(ticket, json!({"status": 4}));
    world.wait(900).await;
    assert_eq!(world.helpdesk.ticket(ticket)["status"], 4);
}

#[tokio::test(start_paused = true)]
async fn a_resolution_that_was_done_unheard_is_taken_back_for_who_crossed_it() {
    let world = world(resolving_once()).await;
    world.connect(json!({})).await;
    let unheard = Mishap {
        on: "PUT /tickets/1",
        kind: MishapKind::ResetAfter,
    };
    world.helpdesk.desk().mishaps.extend(vec![unheard; 4]);
    let ticket = world.helpdesk.open_ticket("Thanks!", json!({}));
    world.created(ticket).await;
    // Nor can the bridge look what became of it.
    let unseen = Mishap {
        on: "GET /tickets/1",
        kind: MishapKind::Answer(503, None, ""),
    };
    world.helpdesk.desk().mishaps.extend(vec![unseen; 4]);
    world.wait(10).await;
    assert_eq!(world.helpdesk.ticket(ticket)["status"], 4);
    assert_eq!(
        world.session(ticket).await["status"],
        "open",
        "not heard of"
    );
    world
        .helpdesk
        .say(ticket, CUSTOMER, "One more thing.", false);
    world.wait(900).await;
    assert_eq!(world.helpdesk.posts(ticket, false), BOTH);
    assert_eq!(world.helpdesk.ticket(ticket)["status"], 2);
    assert_eq!(world.session(ticket).await["status"], "open");
}
