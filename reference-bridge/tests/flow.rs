//! The main job: a ticket comes in, is mirrored, and gets one answer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests: a surprise should stop them"
)]

mod common;

use common::{
    helpdesk::{AI, CUSTOMER, Mishap, MishapKind, REP},
    world,
};
use reference_bridge::ScriptedBrain;
use serde_json::{Value, json};

#[tokio::test(start_paused = true)]
async fn a_new_ticket_gets_one_public_reply_and_both_tags() {
    let world = world(ScriptedBrain::replying("It is on its way.")).await;
    world.connect(json!({})).await;
    let ticket = world
        .helpdesk
        .open_ticket("Where is order 1042?", json!({}));
    world.created(ticket).await;

    assert_eq!(
        world.helpdesk.posts(ticket, false),
        ["<p>It is on its way.</p>"]
    );
    assert_eq!(
        world.helpdesk.ticket(ticket)["tags"],
        json!(["vip", "opencx", "opencx_autopilot"])
    );
    let session = world.session(ticket).await;
    assert_eq!(session["channel"], "email");
    assert_eq!(session["contact"]["email"], "carla@mail.example");
    assert_eq!(
        world.lines(ticket).await,
        [
            "message: Where is order 1042?",
            "ai_message: It is on its way."
        ]
    );
    // The echo of its own reply changes nothing and costs one call.
    let calls = world.helpdesk.desk().calls.len();
    world.updated(ticket).await;
    assert_eq!(world.helpdesk.desk().calls.len(), calls + 1);
    assert_eq!(world.lines(ticket).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn missed_follow_ups_are_answered_together() {
    let world = world(ScriptedBrain::replying("Yes.")).await;
    world.connect(json!({})).await;
    let ticket = world.helpdesk.open_ticket("One?", json!({}));
    world.created(ticket).await;
    world.helpdesk.say(ticket, CUSTOMER, "Two?", false);
    world.wait(3600).await;
    world.helpdesk.say(ticket, CUSTOMER, "Three?", false);
    world.updated(ticket).await;
    world.updated(ticket).await;
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 2);
    let asked = world.brain.asked();
    let last: Vec<_> = asked
        .last()
        .unwrap()
        .messages
        .iter()
        .map(|m| m.text.clone())
        .collect();
    assert_eq!(last, ["One?", "Yes.", "Two?", "Three?"]);
}

#[tokio::test(start_paused = true)]
async fn a_thread_of_many_pages_is_mirrored_whole_and_in_order() {
    let world = world(ScriptedBrain::replying("Hello.")).await;
    world.connect(json!({})).await;
    let ticket = world.helpdesk.open_ticket("0", json!({"responder_id": AI}));
    world.wait(1).await;
    for number in 1..=250 {
        world
            .helpdesk
            .say(ticket, CUSTOMER, &number.to_string(), false);
    }
    world.created(ticket).await;
    let lines = world.lines(ticket).await;
    let expected: Vec<_> = (0..=250)
        .map(|number| format!("message: {number}"))
        .collect();
    assert_eq!(lines[..251], expected);
    assert_eq!(lines[251], "ai_message: Hello.");
    assert_eq!(lines.len(), 252);
}

#[tokio::test(start_paused = true)]
async fn a_reps_ticket_is_mirrored_and_left_alone_until_it_is_given_back() {
    let world = world(ScriptedBrain::replying("AI.")).await;
    world.connect(json!({})).await;
    let ticket = world.helpdesk.open_ticket("One?", json!({}));
    world.created(ticket).await;
    world.helpdesk.change(ticket, json!({"responder_id": REP}));
    world.helpdesk.say(ticket, CUSTOMER, "Two?", false);
    world.updated(ticket).await;
    world.helpdesk.say(ticket, REP, "Mine.", false);
    world.helpdesk.say(ticket, REP, "Note to self.", true);
    world.updated(ticket).await;
    world.helpdesk.say(ticket, CUSTOMER, "Three?", false);
    world.updated(ticket).await;
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 1);
    world.helpdesk.change(ticket, json!({"responder_id": AI}));
    world.updated(ticket).await;
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 1, "not at once");
    world.helpdesk.say(ticket, CUSTOMER, "Four?", false);
    world.updated(ticket).await;
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 2);
    assert_eq!(
        world.lines(ticket).await,
        [
            "message: One?",
            "ai_message: AI.",
            "message: Two?",
            "agent_message: Mine.",
            "agent_comment: Note to self.",
            "message: Three?",
            "message: Four?",
            "ai_message: AI.",
        ]
    );
    let brain = world.brain.asked();
    let told = format!("{:?}", brain.last().unwrap());
    assert!(!told.contains("Note to self"), "private text stays private");
}

#[tokio::test(start_paused = true)]
async fn resolving_and_closing_close_the_session_and_a_customer_reopens_it() {
    let world = world(ScriptedBrain::replying("Sure.")).await;
    world.connect(json!({})).await;
    let ticket = world.helpdesk.open_ticket("One?", json!({}));
    world.created(ticket).await;
    for status in [4, 5] {
        world.helpdesk.change(ticket, json!({"status": status}));
        world.updated(ticket).await;
        assert_eq!(world.session(ticket).await["status"], "closed_resolved");
        world
            .helpdesk
            .say(ticket, CUSTOMER, "One more thing", false);
        world.updated(ticket).await;
        assert_eq!(world.session(ticket).await["status"], "open");
    }
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 3);
    assert_eq!(world.helpdesk.count("PUT"), 1, "no status is written back");
}

#[tokio::test(start_paused = true)]
async fn a_message_on_a_ticket_that_stays_resolved_reopens_only_the_session() {
    let world = world(ScriptedBrain::replying("Sure.")).await;
    world.connect(json!({})).await;
    let ticket = world.helpdesk.open_ticket("One?", json!({}));
    world.created(ticket).await;
    let resolved_at = world.clock.now().to_string();
    let resolved = json!({"status": 4, "stats": {"resolved_at": resolved_at}});
    world.helpdesk.change(ticket, resolved.clone());
    world.updated(ticket).await;
    world.helpdesk.say(ticket, CUSTOMER, "Thanks, but?", false);
    world.helpdesk.change(ticket, resolved);
    world.updated(ticket).await;
    assert_eq!(world.session(ticket).await["status"], "open");
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 2);
    world.updated(ticket).await;
    assert_eq!(world.session(ticket).await["status"], "open");
    world.helpdesk.change(ticket, json!({"status": 5}));
    world.updated(ticket).await;
    assert_eq!(world.session(ticket).await["status"], "closed_resolved");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_a_rep_resolved_is_not_answered() {
    let world = world(ScriptedBrain::replying("Sure.")).await;
    world.connect(json!({})).await;
    let ticket = world.helpdesk.open_ticket("One?", json!({}));
    world.created(ticket).await;
    world.helpdesk.say(ticket, CUSTOMER, "Two?", false);
    world.wait(60).await;
    let now = world.clock.now().to_string();
    world
        .helpdesk
        .change(ticket, json!({"status": 4, "stats": {"resolved_at": now}}));
    world.updated(ticket).await;
    assert_eq!(world.session(ticket).await["status"], "closed_resolved");
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn assigned_only_judges_an_untracked_ticket_again_at_each_event() {
    let world = world(ScriptedBrain::replying("AI.")).await;
    world
        .connect(json!({"auto_handle_all": false, "default_group_id": 77}))
        .await;
    let ticket = world
        .helpdesk
        .open_ticket("One?", json!({"responder_id": REP}));
    world.created(ticket).await;
    assert_eq!(world.session(ticket).await, Value::Null);
    world.helpdesk.change(ticket, json!({"responder_id": AI}));
    world.updated(ticket).await;
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 1);
    // Once tracked, it keeps syncing wherever it goes.
    world
        .helpdesk
        .change(ticket, json!({"responder_id": REP, "group_id": 99}));
    world.helpdesk.say(ticket, REP, "Mine.", false);
    world.updated(ticket).await;
    assert_eq!(
        world.lines(ticket).await.last().unwrap(),
        "agent_message: Mine."
    );
}

#[tokio::test(start_paused = true)]
async fn a_429_is_sent_four_times_reported_and_done_once_later() {
    let world = world(ScriptedBrain::replying("AI.")).await;
    world.connect(json!({})).await;
    let refused = Mishap {
        on: "POST /tickets/1/reply",
        kind: MishapKind::Answer(429, Some(30), ""),
    };
    world.helpdesk.desk().mishaps.extend(vec![refused; 4]);
    let ticket = world.helpdesk.open_ticket("One?", json!({}));
    let start = world.clock.now();
    world.created(ticket).await;
    world.wait(240).await;
    let sends = world.helpdesk.seconds_since(start, "POST");
    assert_eq!(sends, [0, 30, 60, 90]);
    let problems = world.problems().await;
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0]["kind"], "rate_limited");
    assert_eq!(problems[0]["ticket_id"], ticket);
    // A webhook does not hasten it.
    world.updated(ticket).await;
    assert_eq!(world.helpdesk.count("POST"), 4);
    world.wait(900).await;
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 1);
    assert_eq!(world.problems().await, Vec::<Value>::new());
    assert_eq!(world.brain.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn after_an_ambiguous_failure_the_thread_is_read_before_posting_again() {
    for (kind, posts_sent) in [
        (MishapKind::ResetAfter, 1),
        (MishapKind::ResetBefore, 2),
        (MishapKind::Slow(45), 1),
        (MishapKind::Answer(502, None, "<html>Bad gateway</html>"), 2),
    ] {
        let world = world(ScriptedBrain::replying("AI.")).await;
        world.connect(json!({})).await;
        world.helpdesk.desk().mishaps.push_back(Mishap {
            on: "POST /tickets/1/reply",
            kind: kind.clone(),
        });
        let ticket = world.helpdesk.open_ticket("One?", json!({}));
        world.created(ticket).await;
        world.wait(120).await;
        assert_eq!(world.helpdesk.posts(ticket, false).len(), 1, "{kind:?}");
        assert_eq!(world.helpdesk.count("POST"), posts_sent, "{kind:?}");
        assert_eq!(
            world.lines(ticket).await,
            ["message: One?", "ai_message: AI."],
            "{kind:?}"
        );
        assert_eq!(
            world.helpdesk.ticket(ticket)["tags"]
                .as_array()
                .unwrap()
                .len(),
            3
        );
    }
}

#[tokio::test(start_paused = true)]
async fn duplicate_and_concurrent_webhooks_change_nothing() {
    let world = world(ScriptedBrain::replying("AI.")).await;
    world.connect(json!({})).await;
    let ticket = world.helpdesk.open_ticket("One?", json!({}));
    for _ in 0..5 {
        let (a, b) = tokio::join!(
            world.webhook("ticket_created", ticket),
            world.webhook("ticket_updated", ticket)
        );
        assert_eq!((a.0.as_u16(), b.0.as_u16()), (202, 202));
    }
    world.wait(60).await;
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 1);
    assert_eq!(world.lines(ticket).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_accepted_event_survives_a_crash_at_any_moment() {
    // Kill the bridge after each number of scheduler turns in which it may be.
    for turns in 0..200 {
        let mut world = world(ScriptedBrain::replying("AI.")).await;
        world.connect(json!({})).await;
        let ticket = world.helpdesk.open_ticket("One?", json!({}));
        assert_eq!(world.webhook("ticket_created", ticket).await.0, 202);
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        world.bridge = None;
        world.start().await;
        world.wait(60).await;
        assert_eq!(
            world.helpdesk.posts(ticket, false).len(),
            1,
            "after {turns} turns"
        );
        assert_eq!(
            world.lines(ticket).await,
            ["message: One?", "ai_message: AI."]
        );
        assert_eq!(
            world.helpdesk.ticket(ticket)["tags"]
                .as_array()
                .unwrap()
                .len(),
            3
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_burst_on_a_trial_quota_is_answered_exactly_once_each() {
    let world = world(ScriptedBrain::replying("AI.")).await;
    world.connect(json!({})).await;
    world.helpdesk.desk().quota = Some(50);
    let tickets: Vec<_> = (0..100)
        .map(|number| {
            world
                .helpdesk
                .open_ticket(&format!("Order {number}?"), json!({}))
        })
        .collect();
    for ticket in &tickets {
        assert_eq!(world.webhook("ticket_created", *ticket).await.0, 202);
    }
    world.wait(3600).await;
    for ticket in tickets {
        assert_eq!(
            world.helpdesk.posts(ticket, false).len(),
            1,
            "ticket {ticket}"
        );
    }
    let refused = world
        .helpdesk
        .desk()
        .calls
        .iter()
        .filter(|call| call.status == 429)
        .count();
    assert_eq!(refused, 0, "it slows down instead of running into 429");
    assert_eq!(world.problems().await, Vec::<Value>::new());
}

#[tokio::test(start_paused = true)]
async fn the_source_decides_the_channel_and_is_kept() {
    let world = world(ScriptedBrain::replying("AI.")).await;
    world.connect(json!({})).await;
    for (source, channel) in [
        (1, "email"),
        (2, "web"),
        (3, "phone"),
        (5, "web"),
        (7, "web"),
        (9, "web"),
        (10, "email"),
        (101, "web"),
    ] {
        let ticket = world
            .helpdesk
            .open_ticket("One?", json!({"source": source}));
        world.created(ticket).await;
        let session = world.session(ticket).await;
        assert_eq!(
            (&session["channel"], &session["source"]),
            (&json!(channel), &json!(source))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_edited_payload_reaches_nothing_and_says_why() {
    let world = world(ScriptedBrain::replying("AI.")).await;
    let saved = world.connect(json!({})).await;
    let ticket = world.helpdesk.open_ticket("One?", json!({}));
    let url = saved["webhook"]["url"].as_str().unwrap();
    let path = url.strip_prefix("http://bridge.test").unwrap();
    let calls = world.helpdesk.desk().calls.len();
    for body in [
        json!({"ticketId": ticket}),
        json!({}),
        json!({"freshdesk_webhook": {"ticket_id": ticket}}),
    ] {
        let (status, answer) = world.call("POST", path, Some(body)).await;
        assert_eq!(status, 400);
        assert!(
            answer["error"]["message"]
                .as_str()
                .unwrap()
                .contains("verbatim")
        );
    }
    world.wait(60).await;
    assert_eq!(world.session(ticket).await, Value::Null);
    assert_eq!(world.helpdesk.desk().calls.len(), calls);
}

#[tokio::test(start_paused = true)]
async fn the_webhook_is_answered_before_the_work_it_causes() {
    let world = world(ScriptedBrain::replying("AI.")).await;
    world.connect(json!({})).await;
    let ticket = world.helpdesk.open_ticket("One?", json!({}));
    let slow = Mishap {
        on: "GET /tickets/1",
        kind: MishapKind::Slow(20),
    };
    world.helpdesk.desk().mishaps.push_back(slow);
    let asked = world.clock.now();
    assert_eq!(world.webhook("ticket_created", ticket).await.0, 202);
    assert_eq!(world.clock.now(), asked);
    world.wait(30).await;
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_late_first_delivery_has_the_effect_of_an_early_one() {
    let world = world(ScriptedBrain::replying("AI.")).await;
    world.connect(json!({})).await;
    let ticket = world.helpdesk.open_ticket("One?", json!({}));
    // Freshdesk's last try comes 95 minutes after the first.
    world.wait(95 * 60).await;
    world.updated(ticket).await;
    world.created(ticket).await;
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 1);
    assert_eq!(
        world.lines(ticket).await,
        ["message: One?", "ai_message: AI."]
    );
}

#[tokio::test(start_paused = true)]
async fn a_burst_takes_at_most_a_quarter_longer_than_the_plans_quota_allows() {
    for quota in [200_u32, 400, 700] {
        let world = world(ScriptedBrain::replying("AI.")).await;
        world.connect(json!({})).await;
        world.wait(120).await;
        world.helpdesk.desk().quota = Some(quota);
        let before = world.helpdesk.desk().calls.len();
        for number in 0..100 {
            let ticket = world
                .helpdesk
                .open_ticket(&format!("Order {number}?"), json!({}));
            assert_eq!(world.webhook("ticket_created", ticket).await.0, 202);
        }
        let start = world.clock.now();
        world.wait(3600).await;
        let desk = world.helpdesk.desk();
        let last = desk
            .calls
            .iter()
            .rev()
            .find(|call| call.line.starts_with("PUT"))
            .unwrap();
        let took = last.at.duration_since(start).as_secs();
        let calls = desk.calls[before..]
            .iter()
            .filter(|call| call.line.contains("/tickets/"))
            .count();
        // Three calls a ticket, and one more for an answer that had to wait.
        assert!((300..=400).contains(&calls), "{calls} calls");
        // Fixed windows of a minute: the first is there at once.
        let windows = 300_u32.div_ceil(quota);
        let shortest = i64::from(windows - 1) * 60;
        assert!(
            took <= shortest * 5 / 4,
            "{quota} a minute: {took} s, not {shortest} s"
        );
        let answered = desk
            .conversations
            .iter()
            .filter(|c| c["user_id"] == AI)
            .count();
        assert_eq!(answered, 100);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_waits_for_the_quota_is_checked_again_before_it_is_sent() {
    let world = world(ScriptedBrain::replying("AI.")).await;
    world.connect(json!({})).await;
    world.wait(120).await;
    world.helpdesk.desk().quota = Some(8);
    for number in 0..8 {
        let ticket = world
            .helpdesk
            .open_ticket(&format!("Order {number}?"), json!({}));
        assert_eq!(world.webhook("ticket_created", ticket).await.0, 202);
    }
    world.wait(5).await;
    let before: Vec<_> = (1..=8)
        .map(|t| world.helpdesk.posts(t, false).len())
        .collect();
    assert!(before.contains(&0), "some answers wait");
    for ticket in 1..=8 {
        world.helpdesk.say(ticket, REP, "I take this one.", false);
    }
    world.wait(3600).await;
    let after: Vec<_> = (1..=8)
        .map(|t| world.helpdesk.posts(t, false).len())
        .collect();
    assert_eq!(after, before, "no answer after a rep took over");
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_ran_out_while_the_clock_jumped_begins_no_second_look() {
    let world = world(ScriptedBrain::replying("Hello.")).await;
    world.connect(json!({})).await;
    let ticket = world.helpdesk.open_ticket("One?", json!({}));
    world.created(ticket).await;
    world.helpdesk.say(ticket, CUSTOMER, "Two?", false);
    world.helpdesk.desk().mishaps.push_back(Mishap {
        on: "GET /tickets/1",
        kind: MishapKind::Answer(429, Some(700), ""),
    });
    // The look waits for longer than its lease, which nobody renews meanwhile.
    world.updated(ticket).await;
    world.clock.advance(std::time::Duration::from_secs(600));
    world.wait(200).await;
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 2);
    assert_eq!(world.brain.asked().len(), 2);
}
