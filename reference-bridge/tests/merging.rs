//! Tickets that are merged into one another.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests: a surprise should stop them"
)]

mod common;

use common::{
    decision,
    helpdesk::{AI, CUSTOMER, REP},
    world,
};
use reference_bridge::{ScriptedBrain, brain::Action};
use serde_json::json;

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
