//! Freshdesk answering nonsense on each path of an answer: nothing is lost, and
//! nothing is said twice. The client's side of it is in `src/freshdesk/wire.rs`.
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
    brain::{Action, Decision},
};
use serde_json::json;

const HTML: &str = "<html><body>We are sorry</body></html>";

/// What may come back for something that was done.
fn garbled() -> Vec<MishapKind> {
    vec![
        MishapKind::Garbled(200, HTML),
        MishapKind::Garbled(200, ""),
        MishapKind::Garbled(200, r#"{"id":"#),
        MishapKind::Garbled(200, "null"),
        MishapKind::Garbled(200, "[]"),
        MishapKind::Garbled(502, HTML),
        MishapKind::ResetAfter,
        MishapKind::Slow(45),
    ]
}

async fn handing_off() -> World {
    let decision = Decision {
        action: Action::Handoff,
        text: Some("A person will answer.".to_owned()),
        summary: Some("Wants a person.".to_owned()),
        sentiment: None,
        reason: None,
        attachments: Vec::new(),
    };
    let world = world(ScriptedBrain::following([Ok(decision)])).await;
    world.connect(json!({"handoff_agent_id": REP})).await;
    world
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_is_nonsense_is_done_once() {
    for on in [
        "POST /tickets/1/reply",
        "POST /tickets/1/notes",
        "PUT /tickets/1",
    ] {
        for kind in garbled() {
            let what = format!("{on} {kind:?}");
            let world = handing_off().await;
            world.helpdesk.desk().mishaps.push_back(Mishap { on, kind });
            let ticket = world.helpdesk.open_ticket("One?", json!({}));
            world.created(ticket).await;
            world.wait(1200).await;
            assert!(world.helpdesk.desk().mishaps.is_empty(), "{what} happened");
            assert_eq!(world.helpdesk.posts(ticket, false).len(), 1, "{what}");
            assert_eq!(world.helpdesk.posts(ticket, true).len(), 1, "{what}");
            let live = world.helpdesk.ticket(ticket);
            assert_eq!(live["responder_id"], REP, "{what}");
            assert_eq!(live["custom_fields"][MARKER], true, "{what}");
            assert_eq!(world.session(ticket).await["handed_off"], true, "{what}");
            assert_eq!(world.problems().await, [json!(null); 0], "{what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_whose_answer_is_nonsense_is_read_again_before_anything_is_said() {
    let reads = [
        "GET /tickets/1?include=requester",
        "GET /tickets/1/conversations",
        // Who the rep is.
        "GET /agents/43000000002",
    ];
    for on in reads {
        for kind in [
            MishapKind::Answer(200, None, HTML),
            MishapKind::Answer(200, None, ""),
            MishapKind::Answer(200, None, r#"{"id":"#),
            MishapKind::Answer(204, None, ""),
            MishapKind::Answer(503, None, HTML),
            MishapKind::ResetBefore,
            MishapKind::Slow(45),
        ] {
            let what = format!("{on} {kind:?}");
            let world = world(ScriptedBrain::replying("AI.")).await;
            world.connect(json!({})).await;
            world.helpdesk.desk().mishaps.push_back(Mishap { on, kind });
            let owned = json!({"responder_id": AI});
            let ticket = world.helpdesk.open_ticket("One?", owned);
            world.wait(1).await;
            world.helpdesk.say(ticket, REP, "A note.", true);
            world.helpdesk.say(ticket, CUSTOMER, "Two?", false);
            world.created(ticket).await;
            world.wait(600).await;
            assert!(world.helpdesk.desk().mishaps.is_empty(), "{what} happened");
            assert_eq!(world.helpdesk.posts(ticket, false).len(), 1, "{what}");
            let lines = world.lines(ticket).await;
            assert_eq!(
                lines,
                [
                    "message: One?",
                    "agent_comment: A note.",
                    "message: Two?",
                    "ai_message: AI."
                ],
                "{what}"
            );
        }
    }
}
