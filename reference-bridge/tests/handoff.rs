//! Handing over to people, and coming back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests: a surprise should stop them"
)]

mod common;

use common::{
    World, decision,
    helpdesk::{AI, CUSTOMER, MARKER, Mishap, MishapKind, REP},
    world,
};
use reference_bridge::{
    ScriptedBrain,
    brain::{Action, BrainError, Decision},
};
use serde_json::{Value, json};

fn handing_off() -> ScriptedBrain {
    ScriptedBrain::following([Ok(decision(Action::Handoff, None))])
}

async fn handed_off(settings: Value) -> (World, i64) {
    let world = world(handing_off()).await;
    world.connect(settings).await;
    let ticket = world.helpdesk.open_ticket("Refund!", json!({}));
    world.created(ticket).await;
    (world, ticket)
}

#[tokio::test(start_paused = true)]
async fn a_handoff_notes_then_routes_and_marks_in_one_update() {
    let (world, ticket) =
        handed_off(json!({"handoff_agent_id": REP, "handoff_group_id": 77})).await;
    let writes: Vec<_> = world
        .helpdesk
        .desk()
        .calls
        .iter()
        .filter(|call| !call.line.starts_with("GET"))
        .map(|call| format!("{} {}", call.line, call.body))
        .collect();
    insta::assert_yaml_snapshot!(writes);
    let known = world.helpdesk.ticket(ticket);
    assert_eq!(
        (&known["responder_id"], &known["group_id"]),
        (&json!(REP), &json!(77))
    );
    assert_eq!(known["custom_fields"][MARKER], true);
    assert_eq!(world.helpdesk.posts(ticket, false), Vec::<String>::new());
    let session = world.session(ticket).await;
    assert_eq!(session["status"], "open");
    assert_eq!(session["handed_off"], true);
    assert_eq!(
        session["handoff"],
        json!({"summary": "Wants a refund.", "sentiment": "angry",
               "target": {"agent_id": REP, "group_id": 77}})
    );
    // It stays open, mirrors both sides, and is silent.
    world.helpdesk.say(ticket, CUSTOMER, "Hello?", false);
    world.updated(ticket).await;
    world.helpdesk.say(ticket, REP, "I am here.", false);
    world.updated(ticket).await;
    assert_eq!(world.helpdesk.posts(ticket, true).len(), 1);
    let lines = world.lines(ticket).await;
    assert_eq!(
        lines[lines.len() - 2..],
        ["message: Hello?", "agent_message: I am here."]
    );
}

#[tokio::test(start_paused = true)]
async fn without_a_target_the_ticket_is_unassigned_and_marked() {
    let world = world(handing_off()).await;
    world.connect(json!({})).await;
    let ticket = world
        .helpdesk
        .open_ticket("Refund!", json!({"responder_id": AI}));
    world.created(ticket).await;
    let known = world.helpdesk.ticket(ticket);
    assert_eq!(known["responder_id"], Value::Null);
    assert_eq!(known["custom_fields"][MARKER], true);
    assert_eq!(world.problem_kinds().await, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_invalid_target_leaves_the_ticket_unassigned_and_marked_and_says_so() {
    for settings in [
        json!({"handoff_agent_id": 999}),
        json!({"handoff_group_id": 999}),
    ] {
        let (world, ticket) = handed_off(settings.clone()).await;
        let known = world.helpdesk.ticket(ticket);
        assert_eq!(
            (&known["responder_id"], &known["group_id"]),
            (&Value::Null, &Value::Null)
        );
        assert_eq!(known["custom_fields"][MARKER], true);
        assert_eq!(
            world.problem_kinds().await,
            ["handoff_target_invalid"],
            "{settings}"
        );
        let again = world.connect(json!({"handoff_agent_id": REP})).await;
        assert_eq!(again["warnings"], json!([]));
        let next = world.helpdesk.open_ticket("Refund too!", json!({}));
        world.created(next).await;
        assert_eq!(world.helpdesk.ticket(next)["responder_id"], REP);
        assert_eq!(world.problem_kinds().await, Vec::<String>::new(), "mended");
    }
}

#[tokio::test(start_paused = true)]
async fn an_agent_outside_the_group_is_noticed() {
    let world = world(handing_off()).await;
    world.helpdesk.desk().groups[0]["agent_ids"] = json!([]);
    let saved = world
        .connect(json!({"handoff_agent_id": REP, "handoff_group_id": 77}))
        .await;
    assert_eq!(saved["warnings"][0]["code"], "handoff_agent_invalid");
    let ticket = world.helpdesk.open_ticket("Refund!", json!({}));
    world.created(ticket).await;
    let known = world.helpdesk.ticket(ticket);
    assert_eq!(
        (&known["responder_id"], &known["group_id"]),
        (&Value::Null, &json!(77))
    );
    assert_eq!(world.problem_kinds().await, ["handoff_agent_not_in_group"]);
}

#[tokio::test(start_paused = true)]
async fn a_missing_marker_field_warns_and_skips_only_the_marker() {
    let world = world(handing_off()).await;
    world.helpdesk.desk().fields.clear();
    let saved = world.connect(json!({"handoff_agent_id": REP})).await;
    assert_eq!(saved["warnings"][0]["code"], "marker_field_missing");
    assert_eq!(saved["warnings"][0]["field"], "marker_field");
    let ticket = world.helpdesk.open_ticket("Refund!", json!({}));
    world.created(ticket).await;
    assert_eq!(world.helpdesk.ticket(ticket)["responder_id"], REP);
    world
        .helpdesk
        .desk()
        .fields
        .push(json!({"name": MARKER, "type": "custom_text"}));
    let saved = world.connect(json!({"handoff_agent_id": REP})).await;
    assert_eq!(saved["warnings"][0]["code"], "marker_field_not_checkbox");
    world.helpdesk.desk().fields[0]["type"] = json!("custom_checkbox");
    let saved = world.connect(json!({"handoff_agent_id": REP})).await;
    assert_eq!(saved["warnings"], json!([]));
    let next = world.helpdesk.open_ticket("Refund too!", json!({}));
    world.created(next).await;
    assert_eq!(world.helpdesk.ticket(next)["custom_fields"][MARKER], true);
}

#[tokio::test(start_paused = true)]
async fn a_transient_failure_keeps_the_handoff_pending_and_each_step_once() {
    for kind in [
        MishapKind::Answer(500, None, ""),
        MishapKind::Answer(429, Some(5), ""),
    ] {
        let world = world(handing_off()).await;
        world.connect(json!({"handoff_agent_id": REP})).await;
        let mishap = Mishap {
            on: "PUT /tickets/1",
            kind: kind.clone(),
        };
        world.helpdesk.desk().mishaps.extend(vec![mishap; 4]);
        let ticket = world.helpdesk.open_ticket("Refund!", json!({}));
        world.created(ticket).await;
        world.wait(25).await;
        assert_eq!(world.session(ticket).await["handed_off"], true);
        assert_eq!(world.problem_kinds().await.len(), 1, "{kind:?}");
        world.wait(1200).await;
        assert_eq!(world.helpdesk.posts(ticket, true).len(), 1, "{kind:?}");
        assert_eq!(world.helpdesk.ticket(ticket)["responder_id"], REP);
        assert_eq!(
            world.problem_kinds().await,
            Vec::<String>::new(),
            "{kind:?}"
        );
        assert_eq!(world.brain.asked().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_rep_who_takes_the_ticket_before_it_is_routed_keeps_it() {
    const OTHER: i64 = 43_000_000_004;
    for (before, meanwhile, owner, group) in [
        // Taken while the routing waited for the quota: it stays where it is.
        (Value::Null, json!(OTHER), OTHER, Value::Null),
        (json!(AI), json!(OTHER), OTHER, Value::Null),
        // Owned by a rep from the start, given to the AI, or nobody's: it is routed.
        (json!(OTHER), json!(OTHER), REP, json!(77)),
        (Value::Null, json!(AI), REP, json!(77)),
        (json!(OTHER), Value::Null, REP, json!(77)),
    ] {
        let world = world(handing_off()).await;
        world
            .connect(json!({"handoff_agent_id": REP, "handoff_group_id": 77}))
            .await;
        let mishap = Mishap {
            on: "PUT /tickets/1",
            kind: MishapKind::Answer(429, Some(5), ""),
        };
        world.helpdesk.desk().mishaps.extend(vec![mishap; 4]);
        let ticket = world
            .helpdesk
            .open_ticket("Refund!", json!({"responder_id": before}));
        world.created(ticket).await;
        world.wait(25).await;
        assert_eq!(world.helpdesk.posts(ticket, true).len(), 1, "the note");
        world
            .helpdesk
            .change(ticket, json!({"responder_id": meanwhile}));
        world.wait(1200).await;

        let known = world.helpdesk.ticket(ticket);
        let case = format!("{before} then {meanwhile}");
        assert_eq!(known["responder_id"], owner, "{case}");
        assert_eq!(known["group_id"], group, "{case}");
        assert_eq!(known["custom_fields"][MARKER], true, "{case}");
        let session = world.session(ticket).await;
        assert_eq!(session["handed_off"], true, "{case}");
        assert_eq!(session["handoff"]["target"]["agent_id"], owner, "{case}");
        assert_eq!(world.problem_kinds().await, Vec::<String>::new(), "{case}");
        let told = world
            .lines(ticket)
            .await
            .iter()
            .any(|line| line.starts_with("agent_took_session_from_ai"));
        assert_eq!(told, owner == OTHER, "{case}");
        // The AI is silent now, whoever has it.
        world.helpdesk.say(ticket, CUSTOMER, "Hello?", false);
        world.updated(ticket).await;
        assert_eq!(world.helpdesk.posts(ticket, false), [""; 0], "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn giving_the_ticket_back_resumes_at_the_next_message_and_unmarks() {
    let brain = ScriptedBrain::following([
        Ok(decision(Action::Handoff, None)),
        Ok(decision(Action::Reply, Some("Back again."))),
    ]);
    let world = world(brain).await;
    world
        .connect(json!({"handoff_agent_id": REP, "default_group_id": 77}))
        .await;
    let ticket = world.helpdesk.open_ticket("Refund!", json!({}));
    world.created(ticket).await;
    world.helpdesk.say(ticket, CUSTOMER, "Hello?", false);
    world.updated(ticket).await;
    // The default group alone resumes nothing.
    world
        .helpdesk
        .change(ticket, json!({"responder_id": null, "group_id": 77}));
    world.helpdesk.say(ticket, CUSTOMER, "Anybody?", false);
    world.updated(ticket).await;
    world.helpdesk.change(ticket, json!({"responder_id": AI}));
    world.updated(ticket).await;
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 0, "not at once");
    assert_eq!(world.session(ticket).await["handed_off"], true);
    world.helpdesk.say(ticket, CUSTOMER, "And now?", false);
    world.updated(ticket).await;
    assert_eq!(world.helpdesk.posts(ticket, false), ["<p>Back again.</p>"]);
    assert_eq!(
        world.helpdesk.ticket(ticket)["custom_fields"][MARKER],
        false
    );
    let session = world.session(ticket).await;
    assert_eq!(
        (&session["handed_off"], &session["handoff"]),
        (&json!(false), &Value::Null)
    );
}

/// A ticket that was handed off and is the OpenCX agent's again.
async fn given_back(answers: Vec<Result<Decision, BrainError>>) -> (World, i64) {
    let handoff = Ok(decision(Action::Handoff, None));
    let brain = ScriptedBrain::following([handoff].into_iter().chain(answers));
    let world = world(brain).await;
    world.connect(json!({})).await;
    let ticket = world.helpdesk.open_ticket("Refund!", json!({}));
    world.created(ticket).await;
    world.helpdesk.change(ticket, json!({"responder_id": AI}));
    world.updated(ticket).await;
    (world, ticket)
}

async fn is_marked_and_handed_off(world: &World, ticket: i64) -> (Value, Value) {
    let fields = world.helpdesk.ticket(ticket)["custom_fields"].clone();
    let session = world.session(ticket).await;
    (fields[MARKER].clone(), session["handed_off"].clone())
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_overtaken_while_the_ai_resumes_leaves_no_marker_behind() {
    let (world, ticket) = given_back(vec![
        Err(BrainError::new("busy")),
        Ok(decision(Action::Reply, Some("Stale."))),
        Ok(decision(Action::Reply, Some("To both."))),
    ])
    .await;
    world.helpdesk.say(ticket, CUSTOMER, "One?", false);
    world.webhook("ticket_updated", ticket).await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    world.helpdesk.say(ticket, CUSTOMER, "Two?", false);
    world.webhook("ticket_updated", ticket).await;
    world.wait(10).await;
    assert_eq!(world.helpdesk.posts(ticket, false), ["<p>To both.</p>"]);
    assert_eq!(
        is_marked_and_handed_off(&world, ticket).await,
        (json!(false), json!(false))
    );
}

#[tokio::test(start_paused = true)]
async fn a_rep_who_takes_the_ticket_before_the_ai_resumed_finds_it_handed_off() {
    let (world, ticket) = given_back(vec![Ok(decision(Action::Reply, Some("Late.")))]).await;
    let spent = Mishap {
        on: "POST /tickets/1/reply",
        kind: MishapKind::Answer(429, Some(1), ""),
    };
    world.helpdesk.desk().mishaps.extend(vec![spent; 4]);
    world.helpdesk.say(ticket, CUSTOMER, "One?", false);
    world.updated(ticket).await;
    world.wait(10).await;
    world.helpdesk.change(ticket, json!({"responder_id": REP}));
    world.wait(900).await;
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 0);
    assert_eq!(
        is_marked_and_handed_off(&world, ticket).await,
        (json!(true), json!(true))
    );
    let session = world.session(ticket).await;
    assert_eq!(session["handoff"]["summary"], "Wants a refund.");
    // Given back once more, it resumes as ever.
    world.helpdesk.change(ticket, json!({"responder_id": AI}));
    world.helpdesk.say(ticket, CUSTOMER, "Two?", false);
    world.updated(ticket).await;
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 1);
    assert_eq!(
        is_marked_and_handed_off(&world, ticket).await,
        (json!(false), json!(false))
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_refused_for_good_leaves_the_ticket_with_people() {
    let (world, ticket) = given_back(vec![Ok(decision(Action::Reply, Some("Odd.")))]).await;
    refuse_replies(&world);
    world.updated(ticket).await;
    assert_eq!(world.helpdesk.posts(ticket, false), Vec::<String>::new());
    assert_eq!(
        is_marked_and_handed_off(&world, ticket).await,
        (json!(true), json!(true))
    );
    let session = world.session(ticket).await;
    assert_eq!(session["handoff"]["summary"], "Wants a refund.");
}

#[tokio::test(start_paused = true)]
async fn a_handoff_whose_public_text_is_refused_for_good_goes_to_people() {
    let saying = Ok(decision(Action::Handoff, Some("A colleague takes over.")));
    let world = world(ScriptedBrain::following([saying])).await;
    world.connect(json!({"handoff_agent_id": REP})).await;
    refuse_replies(&world);
    let ticket = world.helpdesk.open_ticket("Refund!", json!({}));
    world.created(ticket).await;
    assert_eq!(world.helpdesk.posts(ticket, false), Vec::<String>::new());
    assert_eq!(world.helpdesk.posts(ticket, true).len(), 1, "the note");
    assert_eq!(world.helpdesk.ticket(ticket)["responder_id"], REP);
    assert_eq!(
        is_marked_and_handed_off(&world, ticket).await,
        (json!(true), json!(true))
    );
    assert_eq!(world.problem_kinds().await, ["refused"]);
}

fn refuse_replies(world: &World) {
    let refused = r#"{"description":"Validation failed","errors":[{"field":"body","message":"can't be blank","code":"invalid_value"}]}"#;
    world.helpdesk.desk().mishaps.push_back(Mishap {
        on: "POST /tickets/1/reply",
        kind: MishapKind::Answer(400, None, refused),
    });
}
