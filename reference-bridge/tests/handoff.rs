//! Handing over to people, coming back, and resolving.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests: a surprise should stop them"
)]

mod common;

use common::{
    World,
    helpdesk::{AI, CUSTOMER, MARKER, Mishap, MishapKind, REP},
    world,
};
use reference_bridge::{
    ScriptedBrain,
    brain::{Action, BrainError, Decision},
    session::Sentiment,
};
use serde_json::{Value, json};

fn decision(action: Action, text: Option<&str>) -> Decision {
    Decision {
        action,
        text: text.map(ToOwned::to_owned),
        summary: Some("Wants a refund.".to_owned()),
        sentiment: Some(Sentiment::Angry),
        reason: None,
        attachments: Vec::new(),
    }
}

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

async fn kinds(world: &World) -> Vec<String> {
    let problems = world.problems().await;
    problems
        .iter()
        .map(|p| p["kind"].as_str().unwrap().to_owned())
        .collect()
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
    assert_eq!(kinds(&world).await, Vec::<String>::new());
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
            kinds(&world).await,
            ["handoff_target_invalid"],
            "{settings}"
        );
        let again = world.connect(json!({"handoff_agent_id": REP})).await;
        assert_eq!(again["warnings"], json!([]));
        let next = world.helpdesk.open_ticket("Refund too!", json!({}));
        world.created(next).await;
        assert_eq!(world.helpdesk.ticket(next)["responder_id"], REP);
        assert_eq!(kinds(&world).await, Vec::<String>::new(), "mended");
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
    assert_eq!(kinds(&world).await, ["handoff_agent_not_in_group"]);
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
        assert_eq!(kinds(&world).await.len(), 1, "{kind:?}");
        world.wait(1200).await;
        assert_eq!(world.helpdesk.posts(ticket, true).len(), 1, "{kind:?}");
        assert_eq!(world.helpdesk.ticket(ticket)["responder_id"], REP);
        assert_eq!(kinds(&world).await, Vec::<String>::new(), "{kind:?}");
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
        assert_eq!(kinds(&world).await, Vec::<String>::new(), "{case}");
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
async fn a_human_who_takes_over_while_the_brain_thinks_stops_the_answer() {
    let world = world(ScriptedBrain::following([
        Err(BrainError::new("busy")),
        Ok(decision(Action::Reply, Some("Too late."))),
    ]))
    .await;
    world.connect(json!({})).await;
    let ticket = world.helpdesk.open_ticket("One?", json!({}));
    world.webhook("ticket_created", ticket).await;
    world.wait(0).await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    world.helpdesk.say(ticket, REP, "I take this one.", false);
    world.webhook("ticket_updated", ticket).await;
    world.wait(10).await;
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 0);
    assert_eq!(world.session(ticket).await["handed_off"], true);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_comes_while_the_brain_thinks_is_answered_with_the_first() {
    let world = world(ScriptedBrain::following([
        Err(BrainError::new("busy")),
        Ok(decision(Action::Reply, Some("Stale."))),
        Ok(decision(Action::Reply, Some("To both."))),
    ]))
    .await;
    world.connect(json!({})).await;
    let ticket = world.helpdesk.open_ticket("One?", json!({}));
    world.webhook("ticket_created", ticket).await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    world.helpdesk.say(ticket, CUSTOMER, "Two?", false);
    world.webhook("ticket_updated", ticket).await;
    world.wait(10).await;
    assert_eq!(world.helpdesk.posts(ticket, false), ["<p>To both.</p>"]);
}

#[tokio::test(start_paused = true)]
async fn a_brain_is_left_alone_as_long_as_it_asks_for_but_no_longer_than_it_may_think() {
    for (retry_after, wait) in [(7, 7), (1, 2), (3600, 60)] {
        let busy = BrainError {
            what: "it answered 429".to_owned(),
            retry_after: Some(std::time::Duration::from_secs(retry_after)),
        };
        let answer = decision(Action::Reply, Some("Here."));
        let world = world(ScriptedBrain::following([Err(busy), Ok(answer)])).await;
        world.connect(json!({})).await;
        let ticket = world.helpdesk.open_ticket("One?", json!({}));
        world.created(ticket).await;
        // One second has passed since it was asked.
        world.wait(wait - 2).await;
        assert_eq!(world.brain.asked().len(), 1, "{retry_after}");
        world.wait(2).await;
        assert_eq!(world.brain.asked().len(), 2, "{retry_after}");
        assert_eq!(world.helpdesk.posts(ticket, false), ["<p>Here.</p>"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_brain_that_keeps_failing_means_people() {
    let world = world(ScriptedBrain::following([Err(BrainError::new("down"))])).await;
    world.connect(json!({"handoff_agent_id": REP})).await;
    let ticket = world.helpdesk.open_ticket("One?", json!({}));
    world.created(ticket).await;
    world.wait(60).await;
    assert_eq!(world.helpdesk.ticket(ticket)["responder_id"], REP);
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 0);
    assert_eq!(world.session(ticket).await["handed_off"], true);
    assert_eq!(kinds(&world).await, ["brain_failed"]);
}

#[tokio::test(start_paused = true)]
async fn assist_drafts_privately_also_for_a_reps_ticket_and_never_says_anything_public() {
    let brain = ScriptedBrain::following([
        Ok(decision(Action::Reply, Some("Draft one."))),
        Ok(decision(Action::Resolve, Some("Draft two."))),
        Ok(decision(Action::Handoff, Some("Public?"))),
    ]);
    let world = world(brain).await;
    world
        .connect(json!({"channels": {"email": "assist"}, "assist_mode_footer": "-- drafted by AI"}))
        .await;
    let ticket = world.helpdesk.open_ticket("One?", json!({}));
    world.created(ticket).await;
    assert_eq!(
        world.helpdesk.posts(ticket, true),
        ["<p>Draft one.</p><p>-- drafted by AI</p>"]
    );
    assert_eq!(
        world.helpdesk.ticket(ticket)["tags"],
        json!(["vip", "opencx", "opencx_assist_mode"])
    );
    world.helpdesk.change(ticket, json!({"responder_id": REP}));
    for text in ["Two?", "Three?"] {
        world.helpdesk.say(ticket, CUSTOMER, text, false);
        world.updated(ticket).await;
    }
    assert_eq!(world.helpdesk.posts(ticket, true).len(), 3);
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 0);
    assert_eq!(world.helpdesk.ticket(ticket)["status"], 2);
    let lines = world.lines(ticket).await;
    assert_eq!(lines[1], "ai_draft: Draft one.\n\n-- drafted by AI");
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_is_off_is_only_mirrored() {
    let world = world(ScriptedBrain::replying("AI.")).await;
    world.connect(json!({"channels": {"web": "off"}})).await;
    let ticket = world.helpdesk.open_ticket("One?", json!({"source": 2}));
    world.created(ticket).await;
    assert_eq!(world.session(ticket).await["channel"], "web");
    assert_eq!(world.helpdesk.count("P"), 0);
    assert_eq!(world.brain.asked().len(), 0);
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

#[tokio::test(start_paused = true)]
async fn a_customer_who_comes_back_before_a_delayed_resolution_is_through_is_answered() {
    let world = world(resolving_once()).await;
    world.connect(json!({})).await;
    let spent = Mishap {
        on: "POST /tickets/1/notes",
        kind: MishapKind::Answer(429, Some(1), ""),
    };
    world.helpdesk.desk().mishaps.extend(vec![spent; 4]);
    let ticket = world.helpdesk.open_ticket("Thanks!", json!({}));
    world.created(ticket).await;
    world.wait(10).await;
    assert_eq!(kinds(&world).await, ["rate_limited"]);
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
    let world = world(resolving_once()).await;
    world.connect(json!({})).await;
    let spent = Mishap {
        on: "PUT /tickets/1",
        kind: MishapKind::Answer(429, Some(1), ""),
    };
    world.helpdesk.desk().mishaps.extend(vec![spent; 4]);
    let ticket = world.helpdesk.open_ticket("Thanks!", json!({}));
    world.created(ticket).await;
    world.wait(10).await;
    world.helpdesk.change(ticket, json!({"responder_id": REP}));
    world.wait(900).await;
    let known = world.helpdesk.ticket(ticket);
    assert_eq!(known["status"], 2, "it is the rep's to resolve");
    assert_eq!(known["tags"], json!(["vip", "opencx", "opencx_autopilot"]));
    assert_eq!(world.session(ticket).await["status"], "open");
    assert_eq!(world.helpdesk.posts(ticket, false), ["<p>Goodbye.</p>"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_crosses_the_ais_resolution_is_answered() {
    let world = world(resolving_once()).await;
    world.connect(json!({})).await;
    let slow = Mishap {
        on: "POST /tickets/1/notes",
        kind: MishapKind::Slow(1),
    };
    world.helpdesk.desk().mishaps.push_back(slow);
    let ticket = world.helpdesk.open_ticket("Thanks!", json!({}));
    assert_eq!(world.webhook("ticket_created", ticket).await.0, 202);
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    // After the thread was read, and before the status is written.
    world
        .helpdesk
        .say(ticket, CUSTOMER, "One more thing.", false);
    world.wait(10).await;
    assert_eq!(world.helpdesk.ticket(ticket)["status"], 4);
    world.helpdesk.desk().tickets[0]["stats"] =
        json!({"resolved_at": "2026-03-01T09:00:03Z", "closed_at": null});
    world.updated(ticket).await;
    assert_eq!(
        world.helpdesk.posts(ticket, false),
        ["<p>Goodbye.</p>", "<p>Still here.</p>"]
    );
    assert_eq!(world.session(ticket).await["status"], "open");
}

#[tokio::test(start_paused = true)]
async fn a_merged_ticket_closes_its_session_and_the_other_is_looked_at() {
    let world = world(ScriptedBrain::replying("AI.")).await;
    let off = json!({"auto_handle_all": false});
    world.connect(off).await;
    let own = json!({"responder_id": AI});
    let source = world.helpdesk.open_ticket("One?", own.clone());
    world.created(source).await;
    let target = world.helpdesk.open_ticket("The same.", own);
    let foreign = world
        .helpdesk
        .open_ticket("A rep's.", json!({"responder_id": REP}));
    let merge = |into: i64| {
        let words = format!("This ticket is closed and merged into ticket {into}");
        world.helpdesk.say(source, REP, &words, true);
        world.helpdesk.change(source, json!({"status": 5}));
    };
    // The customer was not answered yet; that is for the other ticket now.
    world.helpdesk.say(source, CUSTOMER, "And?", false);
    merge(target);
    world.updated(source).await;
    assert_eq!(world.session(source).await["status"], "closed_resolved");
    assert_eq!(world.helpdesk.posts(source, false).len(), 1);
    assert_eq!(world.helpdesk.posts(target, false).len(), 1);
    let told = format!("ticket_merged: Merged into ticket {target}.");
    assert!(world.lines(source).await.contains(&told));
    // A second webhook for the same follows no second time.
    let looks = world.helpdesk.count(&format!("GET /tickets/{target}"));
    world.updated(source).await;
    assert_eq!(
        world.helpdesk.count(&format!("GET /tickets/{target}")),
        looks
    );
    // The other ticket must pass the gate like any other.
    world.helpdesk.change(source, json!({"status": 2}));
    world.updated(source).await;
    assert_eq!(world.session(source).await["status"], "open");
    merge(foreign);
    world.updated(source).await;
    assert_eq!(world.session(source).await["status"], "closed_resolved");
    assert_eq!(world.helpdesk.count(&format!("GET /tickets/{foreign}")), 1);
    assert!(world.session(foreign).await.is_null());
}

#[tokio::test(start_paused = true)]
async fn a_merge_in_the_mergers_own_words_is_told_by_either_ticket() {
    let world = world(ScriptedBrain::replying("AI.")).await;
    world.connect(json!({})).await;
    let merged = |ticket| {
        let world = &world;
        async move {
            let lines = world.lines(ticket).await;
            lines
                .into_iter()
                .filter(|line| line.starts_with("ticket_merged: "))
                .collect::<Vec<_>>()
        }
    };
    let target = world.helpdesk.open_ticket("One?", json!({}));
    world.created(target).await;

    // Its own note says so, in public.
    let source = world.helpdesk.open_ticket("Two?", json!({}));
    world.created(source).await;
    let words = format!("Hello, I have merged this with ticket #{target} for you.");
    world.helpdesk.say(source, REP, &words, false);
    world.helpdesk.change(source, json!({"status": 5}));
    world.updated(source).await;
    let told = format!("ticket_merged: Merged into ticket {target}.");
    assert_eq!(merged(source).await, std::slice::from_ref(&told));

    // Its own note says nothing; the other ticket's does.
    let source = world.helpdesk.open_ticket("Three?", json!({}));
    world.created(source).await;
    world.helpdesk.say(source, REP, "Thank you!", true);
    world.helpdesk.change(source, json!({"status": 5}));
    world.updated(source).await;
    assert_eq!(world.session(source).await["status"], "closed_resolved");
    assert_eq!(merged(source).await, [""; 0]);
    let words = format!("Ticket with ID {source} (Help) is merged into this ticket");
    world.helpdesk.say(target, REP, &words, true);
    world.updated(target).await;
    assert_eq!(merged(source).await, std::slice::from_ref(&told));
    // A look more at either changes nothing.
    world.updated(target).await;
    world.updated(source).await;
    assert_eq!(merged(source).await, [told]);
    assert_eq!(merged(target).await, [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_a_customer_says_of_merging_merges_nothing() {
    let mut handoff = decision(Action::Handoff, None);
    handoff.summary = Some("Wants it merged into ticket 1.".to_owned());
    let world = world(ScriptedBrain::following([
        Ok(decision(Action::Reply, Some("Hello."))),
        Ok(handoff),
    ]))
    .await;
    world.connect(json!({})).await;
    let other = world.helpdesk.open_ticket("One?", json!({}));
    world.created(other).await;
    let words = format!("Ticket {other} is merged into this ticket, merged into ticket {other}");
    let ticket = world.helpdesk.open_ticket(&words, json!({}));
    world.created(ticket).await;
    assert_eq!(world.helpdesk.posts(ticket, true).len(), 1, "a handoff");
    for ticket in [other, ticket] {
        world.helpdesk.change(ticket, json!({"status": 5}));
        world.updated(ticket).await;
        let lines = world.lines(ticket).await;
        let merges = lines.iter().filter(|line| line.starts_with("ticket_merge"));
        assert_eq!(merges.count(), 0, "{lines:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn automatic_mail_is_mirrored_but_not_answered_and_posts_are_capped() {
    let world = world(ScriptedBrain::replying("AI.")).await;
    world.connect(json!({})).await;
    let ticket = world.helpdesk.open_ticket("One?", json!({}));
    world.created(ticket).await;
    world
        .helpdesk
        .say(ticket, CUSTOMER, "I am on holiday.", false);
    world.helpdesk.desk().conversations.last_mut().unwrap()["auto_response"] = json!(true);
    world.updated(ticket).await;
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 1);
    for number in 0..40 {
        world
            .helpdesk
            .say(ticket, CUSTOMER, &format!("{number}!"), false);
        world.updated(ticket).await;
    }
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 20);
    assert_eq!(kinds(&world).await, ["robot_loop"]);
    world.wait(3600).await;
    world.helpdesk.say(ticket, CUSTOMER, "Still there?", false);
    world.updated(ticket).await;
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 21);
}

#[tokio::test(start_paused = true)]
async fn a_cc_and_an_agent_who_raised_the_ticket_count_as_customers() {
    let world = world(ScriptedBrain::replying("AI.")).await;
    world.connect(json!({})).await;
    let ticket = world
        .helpdesk
        .open_ticket("One?", json!({"requester_id": REP}));
    world.created(ticket).await;
    world.helpdesk.say(ticket, REP, "Two?", false);
    world.updated(ticket).await;
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 2);
    world
        .helpdesk
        .say(ticket, 43_000_000_555, "I am in copy.", false);
    world.updated(ticket).await;
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 3);
}

#[tokio::test(start_paused = true)]
async fn files_over_the_limit_are_left_out_in_order_and_named() {
    let file = |name: &str, size: usize| {
        use base64::Engine as _;
        reference_bridge::brain::AnswerFile {
            name: name.to_owned(),
            content_type: "application/pdf".to_owned(),
            bytes_base64: base64::engine::general_purpose::STANDARD
                .encode(vec![b'x'; size])
                .into(),
        }
    };
    const MIB: usize = 1024 * 1024;
    let mut with_files = decision(Action::Reply, Some("See files."));
    with_files.attachments = vec![
        file("a.pdf", 12 * MIB),
        file("b.pdf", 9 * MIB),
        file("c.pdf", 8 * MIB),
        file("d.pdf", 1),
    ];
    let world = world(ScriptedBrain::following([Ok(with_files)])).await;
    world.connect(json!({})).await;
    let ticket = world.helpdesk.open_ticket("Send me all", json!({}));
    world.created(ticket).await;
    let body = world
        .helpdesk
        .desk()
        .calls
        .iter()
        .find(|call| call.line.starts_with("POST"))
        .unwrap()
        .body
        .clone();
    for (name, sent) in [
        ("a.pdf", true),
        ("b.pdf", false),
        ("c.pdf", true),
        ("d.pdf", false),
    ] {
        assert_eq!(
            body.contains(&format!("filename=\"{name}\"")),
            sent,
            "{name}"
        );
    }
    assert!(body.contains("Not attached, for their size: b.pdf, d.pdf"));
}

#[tokio::test(start_paused = true)]
async fn a_refused_attachment_never_costs_the_answer() {
    let mut with_files = decision(Action::Reply, Some("See file."));
    with_files.attachments = vec![reference_bridge::brain::AnswerFile {
        name: "a.exe".to_owned(),
        content_type: "application/octet-stream".to_owned(),
        bytes_base64: "aGVsbG8=".into(),
    }];
    let world = world(ScriptedBrain::following([Ok(with_files)])).await;
    world.connect(json!({})).await;
    world.helpdesk.desk().mishaps.push_back(Mishap {
        on: "POST",
        kind: MishapKind::Answer(400, None, "{}"),
    });
    let ticket = world.helpdesk.open_ticket("Send me all", json!({}));
    world.created(ticket).await;
    assert_eq!(
        world.helpdesk.posts(ticket, false),
        ["<p>See file.</p><p>Not attached: a.exe</p>"]
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_no_base64_is_named_and_the_rest_is_sent() {
    let file = |name: &str, text: &str| reference_bridge::brain::AnswerFile {
        name: name.to_owned(),
        content_type: "text/plain".to_owned(),
        bytes_base64: text.into(),
    };
    let mut with_files = decision(Action::Reply, Some("See files."));
    with_files.attachments = vec![file("bad.txt", "no base64!"), file("good.txt", "aGVsbG8=")];
    let world = world(ScriptedBrain::following([Ok(with_files)])).await;
    world.connect(json!({})).await;
    let ticket = world.helpdesk.open_ticket("Send me all", json!({}));
    world.created(ticket).await;
    let posted = world.helpdesk.posts(ticket, false).remove(0);
    assert!(posted.contains("filename=\"good.txt\""), "{posted}");
    assert!(!posted.contains("filename=\"bad.txt\""), "{posted}");
    assert!(posted.contains("Not attached, for they cannot be read: bad.txt"));
    let entries = world.history(ticket).await;
    assert_eq!(
        entries[1]["attachments"],
        json!([{"name": "good.txt", "size": 5}])
    );
}

/// A reply with a file that met four 429s, so that it is kept for later.
async fn a_reply_with_a_file_that_waits() -> (World, i64) {
    let mut with_file = decision(Action::Reply, Some("See file."));
    with_file.attachments = vec![reference_bridge::brain::AnswerFile {
        name: "a.txt".to_owned(),
        content_type: "text/plain".to_owned(),
        bytes_base64: "aGVsbG8=".into(),
    }];
    let world = world(ScriptedBrain::following([Ok(with_file)])).await;
    world.connect(json!({})).await;
    for _ in 0..4 {
        world.helpdesk.desk().mishaps.push_back(Mishap {
            on: "POST",
            kind: MishapKind::Answer(429, Some(1), ""),
        });
    }
    let ticket = world.helpdesk.open_ticket("Send me all", json!({}));
    world.created(ticket).await;
    world.wait(10).await;
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 0);
    (world, ticket)
}

#[tokio::test(start_paused = true)]
async fn a_file_is_kept_until_it_was_sent_and_no_longer() {
    let (world, ticket) = a_reply_with_a_file_that_waits().await;
    let turns = world.store.turns("acme.freshdesk.com", ticket);
    let turn = turns.await.unwrap().remove(0).id;
    let piece = world.store.piece(&turn, 0, 0).await.unwrap();
    assert_eq!(piece.as_deref(), Some(&b"hello"[..]));
    world.wait(400).await;
    let posted = world.helpdesk.posts(ticket, false).remove(0);
    assert!(posted.contains("\r\n\r\nhello\r\n"), "{posted}");
    assert_eq!(world.store.piece(&turn, 0, 0).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_was_lost_never_costs_the_answer() {
    let (world, ticket) = a_reply_with_a_file_that_waits().await;
    let turns = world.store.turns("acme.freshdesk.com", ticket);
    let turn_id = turns.await.unwrap().remove(0).id;
    let gone = reference_bridge::store::Write::FilesGone { turn_id };
    world.store.record(vec![gone]).await.unwrap();
    world.wait(400).await;
    assert_eq!(
        world.helpdesk.posts(ticket, false),
        ["<p>See file.</p><p>Not attached: a.txt</p>"]
    );
}

#[tokio::test(start_paused = true)]
async fn exactly_20_mib_goes_through_and_one_byte_more_does_not() {
    use base64::Engine as _;
    for (size, sent) in [(20 * 1024 * 1024, true), (20 * 1024 * 1024 + 1, false)] {
        let mut with_file = decision(Action::Reply, Some("See file."));
        with_file.attachments = vec![reference_bridge::brain::AnswerFile {
            name: "all.zip".to_owned(),
            content_type: "application/zip".to_owned(),
            bytes_base64: base64::engine::general_purpose::STANDARD
                .encode(vec![b'x'; size])
                .into(),
        }];
        let world = world(ScriptedBrain::following([Ok(with_file)])).await;
        world.connect(json!({})).await;
        let ticket = world.helpdesk.open_ticket("Send me all", json!({}));
        world.created(ticket).await;
        let posted = world.helpdesk.posts(ticket, false).remove(0);
        assert_eq!(posted.contains("filename=\"all.zip\""), sent, "{size}");
    }
}
