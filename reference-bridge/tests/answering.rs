//! Who is answered in which mode, and what holds an answer back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests: a surprise should stop them"
)]

mod common;

use common::{
    decision,
    helpdesk::{AI, CUSTOMER, MARKER, REP},
    world,
};
use reference_bridge::{
    ScriptedBrain,
    brain::{Action, BrainError},
};
use serde_json::json;

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
async fn a_brain_that_says_nothing_when_it_comes_back_takes_the_marker_off() {
    for (mode, action) in [
        ("autopilot", Action::StaySilent),
        ("autopilot", Action::Reply),
        ("assist", Action::Reply),
        ("assist", Action::Resolve),
    ] {
        let world = world(ScriptedBrain::following([
            Ok(decision(Action::Handoff, None)),
            Ok(decision(action, None)),
        ]))
        .await;
        world.connect(json!({"channels": {"email": mode}})).await;
        let ticket = world.helpdesk.open_ticket("Refund!", json!({}));
        world.created(ticket).await;
        assert_eq!(world.helpdesk.ticket(ticket)["custom_fields"][MARKER], true);
        world.helpdesk.change(ticket, json!({"responder_id": AI}));
        world.helpdesk.say(ticket, CUSTOMER, "Thanks.", false);
        world.updated(ticket).await;
        let marker = world.helpdesk.ticket(ticket)["custom_fields"][MARKER].clone();
        assert_eq!(marker, false, "{mode}, {action:?}");
        let session = world.session(ticket).await;
        assert_eq!(session["handed_off"], false, "{mode}, {action:?}");
        assert_eq!(world.helpdesk.posts(ticket, false), Vec::<String>::new());
    }
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
    assert_eq!(world.problem_kinds().await, ["brain_failed"]);
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
    assert_eq!(world.problem_kinds().await, ["robot_loop"]);
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
