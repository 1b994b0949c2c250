//! What is missed is brought in, and what is broken is said: the one import,
//! the sweep, a broken connection, the diagnosis, the support bundle.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests: a surprise should stop them"
)]

mod common;

use common::{
    World,
    helpdesk::{CUSTOMER, DOMAIN, KEY, MARKER, Mishap, MishapKind, REP},
    world, world_with,
};
use jiff::{SignedDuration, Timestamp};
use reference_bridge::{Policies, ScriptedBrain, policies::SweepScope};
use serde_json::{Value, json};

async fn plain() -> World {
    world(ScriptedBrain::replying("AI.")).await
}

fn ago(world: &World, hours: i64) -> String {
    let now: Timestamp = world.clock.now();
    (now - SignedDuration::from_hours(hours)).to_string()
}

async fn backfill(world: &World) -> Value {
    world
        .call("GET", "/v1/integrations/freshdesk", None)
        .await
        .1["backfill"]
        .clone()
}

#[tokio::test(start_paused = true)]
async fn the_import_takes_open_and_pending_tickets_of_180_days_once_and_silently() {
    let world = plain().await;
    let old = |hours: i64, status: i64| {
        let at = ago(&world, hours);
        json!({"created_at": at, "updated_at": at, "status": status})
    };
    for more in [
        old(180 * 24 - 1, 2),
        old(180 * 24 + 1, 2),
        old(24, 3),
        old(24, 4),
        old(24, 5),
        old(24, 6),
    ] {
        let ticket = world.helpdesk.open_ticket("Old question?", more);
        world.helpdesk.desk().conversations.push(json!({
            "id": 100 + ticket, "ticket_id": ticket, "user_id": REP, "body_text": "Old answer.",
            "private": false, "incoming": false, "created_at": ago(&world, 24),
        }));
    }
    world.connect(json!({})).await;
    world.wait(60).await;
    assert_eq!(
        backfill(&world).await,
        json!({"state": "done", "imported": 2})
    );
    for (ticket, imported) in [
        (1, true),
        (2, false),
        (3, true),
        (4, false),
        (5, false),
        (6, false),
    ] {
        assert_eq!(
            world.session(ticket).await.is_object(),
            imported,
            "ticket {ticket}"
        );
    }
    assert_eq!(
        world.lines(1).await,
        ["message: Old question?", "agent_message: Old answer."]
    );
    assert_eq!(
        world.helpdesk.count("P"),
        0,
        "nothing is written to Freshdesk"
    );
    assert_eq!(world.brain.asked().len(), 0);
    // An event that brings nothing new answers nothing old.
    world.updated(1).await;
    assert_eq!(world.brain.asked().len(), 0);
    // A reconnect imports nothing again.
    world
        .call("DELETE", "/v1/integrations/freshdesk", None)
        .await;
    world.helpdesk.open_ticket("New while away", json!({}));
    world.connect(json!({})).await;
    world.wait(60).await;
    assert_eq!(
        backfill(&world).await,
        json!({"state": "done", "imported": 2})
    );
    assert_eq!(world.session(7).await, Value::Null);
}

#[tokio::test(start_paused = true)]
async fn an_imported_ticket_meets_the_gate_at_its_next_message() {
    let world = plain().await;
    let mine = world.helpdesk.open_ticket("Old?", json!({}));
    let not_mine = world
        .helpdesk
        .open_ticket("Old?", json!({"responder_id": REP}));
    world.wait(1).await;
    world
        .connect(json!({"auto_handle_all": false, "default_group_id": 77}))
        .await;
    world.wait(60).await;
    for ticket in [mine, not_mine] {
        world.helpdesk.say(ticket, CUSTOMER, "Any news?", false);
        world.updated(ticket).await;
        assert_eq!(world.helpdesk.posts(ticket, false).len(), 0);
        assert_eq!(
            world.lines(ticket).await.last().unwrap(),
            "message: Any news?"
        );
    }
    world.helpdesk.change(mine, json!({"group_id": 77}));
    world.helpdesk.say(mine, CUSTOMER, "Hello?", false);
    world.updated(mine).await;
    assert_eq!(world.helpdesk.posts(mine, false).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_import_of_many_pages_survives_crashes_quota_and_change_and_misses_none() {
    let mut world = plain().await;
    for number in 0..450 {
        // Many within one second, and some spread out.
        let at = ago(&world, if number < 250 { 100 } else { 100 - number / 10 });
        let at = json!({"created_at": at, "updated_at": at});
        world
            .helpdesk
            .open_ticket(&format!("Question {number}"), at);
    }
    world.helpdesk.desk().quota = Some(200);
    world.connect(json!({})).await;
    for round in 0..40_i64 {
        world.wait(30).await;
        // Tickets change and vanish meanwhile, and the bridge is killed.
        world.helpdesk.change(1 + round, json!({"priority": 2}));
        world
            .helpdesk
            .change(200 + round * 3, json!({"deleted": true}));
        world.bridge = None;
        world.start().await;
    }
    world.wait(7200).await;
    assert_eq!(backfill(&world).await["state"], "done");
    let gone: Vec<_> = (0..40).map(|round| 200 + round * 3).collect();
    let mut imported = 0;
    for ticket in 1..=450 {
        let there = world.session(ticket).await.is_object();
        assert!(
            there || gone.contains(&ticket),
            "ticket {ticket} was missed"
        );
        imported += usize::from(there);
    }
    assert_eq!(backfill(&world).await["imported"], imported);
    assert_eq!(world.helpdesk.count("P"), 0);
    let refused = world
        .helpdesk
        .desk()
        .calls
        .iter()
        .filter(|call| call.status == 429)
        .count();
    assert!(refused < 45, "at most one per restart: {refused}");
}

#[tokio::test(start_paused = true)]
async fn an_import_goes_on_past_the_last_page_that_freshdesk_lists() {
    let world = plain().await;
    world.helpdesk.desk().list_pages = 3;
    for number in 0..1_500_i64 {
        let at = ago(&world, 2000 - number / 20);
        let more = json!({"created_at": at, "updated_at": at, "status": 4});
        world.helpdesk.open_ticket("Done", more);
    }
    let last = world.helpdesk.open_ticket("The last one", json!({}));
    world.wait(1).await;
    world.connect(json!({})).await;
    world.wait(600).await;
    assert_eq!(
        backfill(&world).await,
        json!({"state": "done", "imported": 1})
    );
    assert!(world.session(last).await.is_object());
}

#[tokio::test(start_paused = true)]
async fn the_sweep_brings_in_once_what_lost_webhooks_left_out() {
    let world = plain().await;
    world.connect(json!({})).await;
    world.paste_rules().await;
    let known = world.helpdesk.open_ticket("One?", json!({}));
    world.created(known).await;
    world.updated(known).await;
    world.wait(10).await;
    world.helpdesk.say(known, CUSTOMER, "Two?", false);
    let lost = world.helpdesk.open_ticket("Nobody told you", json!({}));
    world.wait(900).await;
    assert_eq!(world.helpdesk.posts(known, false).len(), 2);
    assert_eq!(world.helpdesk.posts(lost, false).len(), 1);
    world.helpdesk.change(lost, json!({"status": 4}));
    world.wait(900).await;
    assert_eq!(world.session(lost).await["status"], "closed_resolved");
    // The late webhooks change nothing.
    world.created(lost).await;
    world.updated(known).await;
    assert_eq!(world.helpdesk.posts(known, false).len(), 2);
    assert_eq!(world.helpdesk.posts(lost, false).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_idle_sweep_costs_four_list_pages_in_ten_minutes_however_many_tickets() {
    let world = plain().await;
    world.connect(json!({})).await;
    world.paste_rules().await;
    for number in 0..250 {
        let ticket = world.helpdesk.open_ticket(&format!("{number}?"), json!({}));
        world.created(ticket).await;
        world.updated(ticket).await;
    }
    world.wait(1200).await;
    let before = world.helpdesk.desk().calls.len();
    world.wait(3600).await;
    let calls = world.helpdesk.desk().calls.split_off(before);
    // At most one a minute of the quota; these are 24 an hour.
    assert_eq!(calls.len(), 6 * 4);
    for call in calls {
        assert!(call.line.starts_with("GET /tickets?"), "{}", call.line);
    }
}

#[tokio::test(start_paused = true)]
async fn the_sweep_sees_what_was_deleted_or_marked_as_spam_without_a_word() {
    let world = plain().await;
    world.connect(json!({})).await;
    for gone in [json!({"deleted": true}), json!({"spam": true})] {
        let ticket = world.helpdesk.open_ticket("One?", json!({}));
        world.created(ticket).await;
        world.updated(ticket).await;
        world.wait(60).await;
        world.helpdesk.change(ticket, gone);
        assert_eq!(world.session(ticket).await["status"], "open");
        world.wait(660).await;
        assert_eq!(world.session(ticket).await["status"], "closed_unresolved");
        let looks = world.helpdesk.count(&format!("GET /tickets/{ticket}"));
        world.wait(3600).await;
        let later = world.helpdesk.count(&format!("GET /tickets/{ticket}"));
        assert_eq!(later, looks, "it is looked at once");
    }
}

#[tokio::test(start_paused = true)]
async fn the_sweep_hides_no_broken_rule() {
    let world = plain().await;
    world.connect(json!({})).await;
    world.paste_rules().await;
    world.helpdesk.desk().rules[0].clear();
    let ticket = world.helpdesk.open_ticket("One?", json!({}));
    world.wait(7200).await;
    assert_eq!(world.session(ticket).await, Value::Null);
    let (_, diagnosis) = world.call("GET", "/v1/diagnosis", None).await;
    assert_eq!(diagnosis["findings"][0]["clause"], "SYM-1");
    // A bridge that is told to heals that too.
    let policies = Policies {
        sweep_scope: SweepScope::Everything,
        ..Policies::default()
    };
    let world = world_with(ScriptedBrain::replying("AI."), policies).await;
    world.connect(json!({})).await;
    let ticket = world.helpdesk.open_ticket("One?", json!({}));
    world.wait(900).await;
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_broken_connection_is_said_in_verifys_words_and_catches_up_after_a_new_verify() {
    for (broken, words) in [
        (true, "failed to verify credentials"),
        (false, "admin privileges"),
    ] {
        let world = plain().await;
        world.connect(json!({})).await;
        let ticket = world.helpdesk.open_ticket("One?", json!({}));
        {
            let mut desk = world.helpdesk.desk();
            if broken {
                desk.key = "another".to_owned();
            } else {
                desk.admin = false;
                let refused =
                    MishapKind::Answer(403, None, r#"{"code":"access_denied","message":"no"}"#);
                desk.mishaps.push_back(Mishap {
                    on: "GET /tickets/1",
                    kind: refused,
                });
            }
        }
        world.created(ticket).await;
        let (_, settings) = world.call("GET", "/v1/integrations/freshdesk", None).await;
        assert_eq!(settings["connection"]["state"], "broken");
        assert!(
            settings["connection"]["reason"]
                .as_str()
                .unwrap()
                .contains(words)
        );
        assert_eq!(world.problems().await[0]["kind"], "connection_broken");
        let calls = world.helpdesk.desk().calls.len();
        world.updated(ticket).await;
        world.wait(7200).await;
        assert_eq!(world.helpdesk.desk().calls.len(), calls, "it stops acting");
        {
            let mut desk = world.helpdesk.desk();
            desk.key = KEY.to_owned();
            desk.admin = true;
        }
        let body = json!({"domain": DOMAIN, "api_key": KEY});
        let (status, _) = world
            .call("POST", "/v1/integrations/freshdesk/verify", Some(body))
            .await;
        assert_eq!(status, 200);
        world.wait(1).await;
        assert_eq!(
            world.helpdesk.posts(ticket, false).len(),
            1,
            "it catches up"
        );
        assert_eq!(world.problems().await, Vec::<Value>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_403_for_one_ticket_does_not_break_the_connection() {
    let world = plain().await;
    world.connect(json!({})).await;
    let ticket = world.helpdesk.open_ticket("One?", json!({}));
    let refused = MishapKind::Answer(403, None, r#"{"code":"access_denied","message":"no"}"#);
    world.helpdesk.desk().mishaps.push_back(Mishap {
        on: "GET /tickets/1",
        kind: refused,
    });
    world.created(ticket).await;
    let (_, settings) = world.call("GET", "/v1/integrations/freshdesk", None).await;
    assert_eq!(settings["connection"]["state"], "connected");
    assert_eq!(world.problems().await[0]["kind"], "refused");
    world.wait(600).await;
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_diagnosis_names_row_cause_and_place_for_a_ticket() {
    let world = plain().await;
    world
        .connect(json!({"auto_handle_all": false, "default_group_id": 77}))
        .await;
    world.paste_rules().await;
    world.helpdesk.desk().fields.clear();
    let mut found = Vec::new();
    for more in [
        json!({}),
        json!({"responder_id": REP}),
        json!({"group_id": 78}),
        json!({"group_id": 77}),
    ] {
        let ticket = world.helpdesk.open_ticket("One?", more);
        if ticket == 4 {
            world.created(ticket).await;
            world.helpdesk.change(ticket, json!({"responder_id": REP}));
        }
        let path = format!("/v1/diagnosis?ticket_id={ticket}");
        let (status, body) = world.call("GET", &path, None).await;
        assert_eq!(status, 200, "{body}");
        found.push(body["findings"].clone());
    }
    world
        .helpdesk
        .desk()
        .fields
        .push(json!({"name": format!("{MARKER}_1"), "type": "custom_checkbox"}));
    found.push(world.call("GET", "/v1/diagnosis", None).await.1);
    insta::assert_json_snapshot!(found);
}

#[tokio::test(start_paused = true)]
async fn the_support_bundle_has_what_is_needed_and_neither_key_nor_people() {
    let world = plain().await;
    let saved = world.connect(json!({"default_group_id": 77})).await;
    let ticket = world
        .helpdesk
        .open_ticket("I am Carla, mail carla@mail.example", json!({}));
    world.created(ticket).await;
    let id = world.session(ticket).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/v1/sessions/{id}/support-bundle");
    let (status, bundle) = world.call("GET", &path, None).await;
    assert_eq!(status, 200);
    let text = bundle.to_string();
    let token = saved["webhook"]["url"]
        .as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap();
    for secret in [KEY, token, "carla@mail.example", "Carla"] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    for (key, value) in [
        ("session_id", json!(id)),
        ("ticket_id", json!(ticket)),
        ("domain", json!(DOMAIN)),
        ("agent_email", json!("ai@acme.example")),
        ("intake_mode", json!("auto_handle_all")),
        ("default_group_id", json!(77)),
    ] {
        assert_eq!(bundle[key], value, "{key}");
    }
    assert!(bundle["description"].as_str().unwrap().len() > 10);
    assert_eq!(bundle["history"].as_array().unwrap().len(), 2);
    let (status, _) = world
        .call("GET", "/v1/sessions/ses_none/support-bundle", None)
        .await;
    assert_eq!(status, 404);
}
