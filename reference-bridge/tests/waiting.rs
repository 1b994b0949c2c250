//! What had to wait for the quota is decided again before it is sent.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests: a surprise should stop them"
)]

mod common;

use common::{
    World, decision,
    helpdesk::{AI, MARKER, Mishap, MishapKind, REP},
    world,
};
use reference_bridge::{ScriptedBrain, brain::Action};
use serde_json::{Value, json};

const OTHER: i64 = 43_000_000_004;

fn handing_off() -> ScriptedBrain {
    ScriptedBrain::following([
        Ok(decision(Action::Handoff, None)),
        Ok(decision(Action::Handoff, None)),
    ])
}

fn refused_for(on: &'static str, seconds: u64) -> Mishap {
    Mishap {
        on,
        kind: MishapKind::Answer(429, Some(seconds), ""),
    }
}

async fn connected(brain: ScriptedBrain, settings: Value) -> World {
    let world = world(brain).await;
    world.connect(settings).await;
    world
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_waits_to_be_sent_again_looks_at_the_ticket_first() {
    for (takes_over, sends, answers) in [
        (true, 1, Vec::new()),
        (false, 2, vec!["<p>Here I am.</p>".to_owned()]),
    ] {
        let world = connected(ScriptedBrain::replying("Here I am."), json!({})).await;
        let spent = refused_for("POST /tickets/1/reply", 20);
        world.helpdesk.desk().mishaps.push_back(spent);
        let ticket = world
            .helpdesk
            .open_ticket("One?", json!({"responder_id": AI}));
        world.created(ticket).await;
        if takes_over {
            world.helpdesk.say(ticket, REP, "I take this one.", false);
        }
        world.wait(60).await;
        assert_eq!(world.helpdesk.count("POST /tickets/1/reply"), sends);
        assert_eq!(world.helpdesk.posts(ticket, false), answers);
    }
}

#[tokio::test(start_paused = true)]
async fn a_handoff_that_waits_to_be_sent_again_looks_at_the_ticket_first() {
    for (meanwhile, owner) in [(AI, Value::Null), (REP, json!(REP))] {
        let world = connected(handing_off(), json!({})).await;
        let spent = refused_for("PUT /tickets/1", 20);
        world.helpdesk.desk().mishaps.push_back(spent);
        let ticket = world.helpdesk.open_ticket("Refund!", json!({}));
        world.created(ticket).await;
        // Who gives it away meanwhile adds a tag of their own too.
        let given = json!({"responder_id": meanwhile, "tags": ["vip", "urgent"]});
        world.helpdesk.change(ticket, given);
        world.wait(60).await;
        let known = world.helpdesk.ticket(ticket);
        assert_eq!(known["responder_id"], owner, "{meanwhile}");
        assert_eq!(known["custom_fields"][MARKER], true, "{meanwhile}");
        assert_eq!(
            known["tags"],
            json!(["vip", "urgent", "opencx", "opencx_autopilot"]),
            "{meanwhile}"
        );
        assert_eq!(world.helpdesk.count("PUT /tickets/1"), 2, "{meanwhile}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_update_that_waits_for_anothers_refusal_looks_at_its_ticket_too() {
    let world = connected(handing_off(), json!({})).await;
    world.helpdesk.desk().quota = Some(1000);
    let spent = refused_for("PUT /tickets/1", 20);
    world.helpdesk.desk().mishaps.push_back(spent);
    let first = world.helpdesk.open_ticket("Refund!", json!({}));
    world.created(first).await;
    // Only ticket updates are held up: its note is in the thread at once.
    let second = world
        .helpdesk
        .open_ticket("Refund!", json!({"responder_id": AI}));
    world.created(second).await;
    assert_eq!(world.helpdesk.posts(second, true).len(), 1);
    assert_eq!(world.helpdesk.count("PUT /tickets/2"), 0);
    let taken = json!({"responder_id": OTHER, "tags": ["vip", "urgent"]});
    world.helpdesk.change(second, taken);
    world.wait(60).await;
    let known = world.helpdesk.ticket(second);
    assert_eq!(known["responder_id"], OTHER);
    assert_eq!(
        known["tags"],
        json!(["vip", "urgent", "opencx", "opencx_autopilot"])
    );
    assert_eq!(known["custom_fields"][MARKER], true);
}

#[tokio::test(start_paused = true)]
async fn what_was_deleted_while_its_handoff_waited_is_not_written_to() {
    for (step, posts) in [("POST /tickets/1/notes", 0), ("PUT /tickets/1", 1)] {
        let world = connected(handing_off(), json!({})).await;
        let spent = refused_for(step, 20);
        world.helpdesk.desk().mishaps.push_back(spent);
        let ticket = world.helpdesk.open_ticket("Refund!", json!({}));
        world.created(ticket).await;
        world.helpdesk.change(ticket, json!({"deleted": true}));
        world.wait(60).await;
        assert_eq!(world.helpdesk.count(step), 1, "{step}");
        assert_eq!(world.session(ticket).await["status"], "closed_unresolved");
        assert_eq!(world.problem_kinds().await, Vec::<String>::new());
        assert_eq!(world.helpdesk.posts(ticket, true).len(), posts, "{step}");

        // It comes back, and goes to people as was decided.
        world.helpdesk.change(ticket, json!({"deleted": false}));
        world.updated(ticket).await;
        assert_eq!(world.helpdesk.posts(ticket, true).len(), 1, "{step}");
        let known = world.helpdesk.ticket(ticket);
        assert_eq!(known["custom_fields"][MARKER], true, "{step}");
        assert_eq!(known["tags"], json!(["vip", "opencx", "opencx_autopilot"]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_rep_who_takes_a_ticket_whose_target_was_refused_keeps_it() {
    let world = connected(handing_off(), json!({"handoff_agent_id": REP})).await;
    let invalid = r#"{"description":"Validation failed","errors":[{"field":"responder_id","message":"There is no agent matching the given responder_id","code":"invalid_value"}]}"#;
    world.helpdesk.desk().mishaps.extend([
        Mishap {
            on: "PUT /tickets/1",
            kind: MishapKind::Answer(400, None, invalid),
        },
        refused_for("PUT /tickets/1", 20),
    ]);
    let ticket = world
        .helpdesk
        .open_ticket("Refund!", json!({"responder_id": AI}));
    world.created(ticket).await;
    world
        .helpdesk
        .change(ticket, json!({"responder_id": OTHER}));
    world.wait(60).await;
    let known = world.helpdesk.ticket(ticket);
    assert_eq!(known["responder_id"], OTHER);
    assert_eq!(known["custom_fields"][MARKER], true);
}

#[tokio::test(start_paused = true)]
async fn a_routing_that_nobody_heard_of_is_not_taken_for_a_reps() {
    let target = json!({"handoff_agent_id": REP, "handoff_group_id": 77});
    let world = connected(handing_off(), target).await;
    let unheard = Mishap {
        on: "PUT /tickets/1",
        kind: MishapKind::Slow(45),
    };
    world.helpdesk.desk().mishaps.push_back(unheard);
    let ticket = world.helpdesk.open_ticket("Refund!", json!({}));
    world.created(ticket).await;
    world.wait(60).await;
    assert_eq!(world.helpdesk.count("PUT /tickets/1"), 1);
    assert_eq!(
        world.session(ticket).await["handoff"]["target"],
        json!({"agent_id": REP, "group_id": 77})
    );
    let told = world.lines(ticket).await;
    let takeover = "event: agent_took_session_from_ai";
    assert!(!told.iter().any(|line| line.contains(takeover)), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn looking_again_allows_no_fifth_send() {
    for step in ["PUT /tickets/1", "POST /tickets/1/notes"] {
        let world = connected(handing_off(), json!({})).await;
        let spent = refused_for(step, 20);
        world.helpdesk.desk().mishaps.extend(vec![spent; 9]);
        let ticket = world.helpdesk.open_ticket("Refund!", json!({}));
        world.created(ticket).await;
        world.wait(120).await;
        assert_eq!(world.helpdesk.count(step), 4, "{step}");
        assert_eq!(world.problem_kinds().await, ["rate_limited"], "{step}");
        world.wait(3600).await;
        assert_eq!(world.helpdesk.ticket(ticket)["custom_fields"][MARKER], true);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_without_a_send_forgets_none_of_the_sends_before() {
    let world = connected(ScriptedBrain::replying("Here I am."), json!({})).await;
    let waiting = world.helpdesk.open_ticket("One?", json!({}));
    let other = world.helpdesk.open_ticket("Two?", json!({}));
    let spent = refused_for("POST /tickets/1/reply", 20);
    world.helpdesk.desk().mishaps.extend(vec![spent; 9]);
    let start = world.clock.now();
    world.created(waiting).await;
    // When it looks again, another ticket's refusal holds it up once more.
    world.helpdesk.desk().mishaps.extend([
        Mishap {
            on: "GET /tickets/1",
            kind: MishapKind::Slow(1),
        },
        refused_for("GET /tickets/2", 15),
    ]);
    world.created(other).await;
    world.wait(120).await;
    let sends = world.helpdesk.seconds_since(start, "POST /tickets/1/reply");
    assert_eq!(sends.len(), 4, "{sends:?}");
    assert!(sends[1] - sends[0] >= 35, "it was held up twice: {sends:?}");
    assert_eq!(world.problem_kinds().await, ["rate_limited"]);
}
