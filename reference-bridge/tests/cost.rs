//! What an answer costs of the account's quota; docs/behaviour.md states it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests: a surprise should stop them"
)]

mod common;

use common::{
    World,
    helpdesk::{CUSTOMER, REP},
    world,
};
use reference_bridge::ScriptedBrain;
use serde_json::json;

/// Calls since `before`, and what they take from the quota: an embedded resource
/// counts like a call.
fn spent(world: &World, before: usize) -> (usize, usize) {
    let desk = world.helpdesk.desk();
    let calls = &desk.calls[before..];
    let embedded = |line: &str| match line.split_once("include=") {
        Some((_, names)) => names.split(',').count(),
        None => 0,
    };
    let credits = calls.iter().map(|call| 1 + embedded(&call.line)).sum();
    (calls.len(), credits)
}

fn so_far(world: &World) -> usize {
    world.helpdesk.desk().calls.len()
}

#[tokio::test(start_paused = true)]
async fn a_new_ticket_a_follow_up_and_an_echo_cost_what_the_docs_say() {
    let world = world(ScriptedBrain::replying("AI.")).await;
    world.connect(json!({})).await;
    let ticket = world.helpdesk.open_ticket("One?", json!({}));
    world.wait(2).await;
    let before = so_far(&world);
    world.created(ticket).await;
    assert_eq!(spent(&world, before), (3, 4), "a new ticket");
    let before = so_far(&world);
    world.updated(ticket).await;
    assert_eq!(spent(&world, before), (1, 2), "the echo of its answer");
    world.wait(60).await;
    world.helpdesk.say(ticket, CUSTOMER, "Two?", false);
    let before = so_far(&world);
    world.updated(ticket).await;
    assert_eq!(spent(&world, before), (2, 3), "a follow-up");
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 2);
    // A ticket that something was said on already costs its thread.
    let touched = world.helpdesk.open_ticket("Three?", json!({}));
    world.wait(2).await;
    world.helpdesk.say(touched, REP, "A note.", true);
    // And who the rep is, once for all tickets.
    let before = so_far(&world);
    world.created(touched).await;
    assert_eq!(spent(&world, before), (5, 6), "a touched new ticket");
    assert_eq!(world.lines(touched).await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_was_said_within_the_first_second_is_read_at_the_next_look_or_sweep() {
    let world = world(ScriptedBrain::replying("AI.")).await;
    world.connect(json!({"auto_handle_all": true})).await;
    let said_at_once = || {
        let ticket = world.helpdesk.open_ticket("One?", json!({}));
        world.helpdesk.say(ticket, REP, "A rule's note.", true);
        ticket
    };
    let ticket = said_at_once();
    // Read in a later second, which nothing can have come in.
    world.wait(2).await;
    world.created(ticket).await;
    assert_eq!(
        world.lines(ticket).await.len(),
        2,
        "the message and its answer"
    );
    world.updated(ticket).await;
    assert_eq!(world.lines(ticket).await.len(), 3);
    // No webhook comes any more, not even an echo: the sweep sees that the thread
    // was not read.
    let world = common::world(ScriptedBrain::silent()).await;
    world.connect(json!({})).await;
    world.paste_rules().await;
    let ticket = world.helpdesk.open_ticket("One?", json!({}));
    world.helpdesk.say(ticket, REP, "A rule's note.", true);
    world.wait(2).await;
    world.created(ticket).await;
    let noted = |lines: Vec<String>| lines.contains(&"agent_comment: A rule's note.".to_owned());
    assert!(!noted(world.lines(ticket).await));
    world.wait(600).await;
    assert!(noted(world.lines(ticket).await));
}
