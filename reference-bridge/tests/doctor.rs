//! The doctor on accounts that are broken in each way the guide knows: row,
//! cause, place and fix as they are printed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests: a surprise should stop them"
)]

mod common;

use common::helpdesk::{AI, DOMAIN, Helpdesk, KEY, Mishap, MishapKind, REP};
use reference_bridge::{
    Clock, Entropy,
    doctor::{self, Complaint, Report, Verdict},
};
use secrecy::SecretString;
use serde_json::{Value, json};

const WEBHOOK: &str = "https://bridge.test/webhooks/freshdesk/abc";

fn clock() -> Clock {
    Clock::starting_at("2026-03-01T09:00:00Z".parse().unwrap())
}

/// The payload that the settings show for a rule.
fn payload(updates: bool) -> &'static str {
    if updates {
        include_str!("doctor/ticket_updated.json")
    } else {
        include_str!("doctor/ticket_created.json")
    }
}

fn rule(updates: bool) -> Value {
    let mut rule = json!({
        "id": if updates { 12 } else { 11 }, "name": "OpenCX", "active": true, "conditions": [],
        "updated_at": "2026-01-01T00:00:00Z",
        "actions": [{"field_name": "trigger_webhook", "url": WEBHOOK, "content": payload(updates).trim()}],
    });
    if updates {
        rule["performer"] = json!({"type": 3});
        rule["events"] = json!([
            {"field_name": "reply_sent"}, {"field_name": "note_type", "value": "any"},
            {"field_name": "status", "from": "--", "to": "--"}
        ]);
    }
    rule
}

/// An account where everything is right.
fn healthy() -> Helpdesk {
    let helpdesk = Helpdesk::new(clock());
    helpdesk.desk().rules = [vec![rule(false)], vec![rule(true)]];
    helpdesk
}

fn complaint() -> Complaint {
    Complaint {
        domain: DOMAIN.to_owned(),
        api_key: SecretString::from(KEY),
        webhook_url: WEBHOOK.to_owned(),
        auto_handle_all: false,
        default_group_id: Some(77),
        handoff_agent_id: Some(REP),
        handoff_group_id: Some(77),
        marker_field: None,
        ticket_id: None,
    }
}

async fn examine(helpdesk: &Helpdesk, complaint: Complaint) -> Report {
    let report = doctor::examine(helpdesk.service(), clock(), Entropy::seeded(1), complaint)
        .await
        .unwrap();
    let wrote = |line: &str| !line.starts_with("GET ");
    assert!(
        !helpdesk.desk().calls.iter().any(|call| wrote(&call.line)),
        "the doctor only reads"
    );
    report
}

/// What is printed for a healthy account after a change of it or of the question.
async fn after(change: impl FnOnce(&Helpdesk, &mut Complaint)) -> Report {
    let (helpdesk, mut complaint) = (healthy(), complaint());
    change(&helpdesk, &mut complaint);
    examine(&helpdesk, complaint).await
}

fn without_event(helpdesk: &Helpdesk, index: usize) {
    let mut desk = helpdesk.desk();
    desk.rules[1][0]["events"]
        .as_array_mut()
        .unwrap()
        .remove(index);
}

#[tokio::test(start_paused = true)]
async fn a_healthy_account_is_fine() {
    let report = after(|_, _| {}).await;
    assert_eq!(report.verdict, Verdict::Fine);
    insta::assert_snapshot!(report.text());
}

#[tokio::test(start_paused = true)]
async fn each_row_of_the_guide_is_printed_with_cause_place_and_fix() {
    let ticket = |helpdesk: &Helpdesk, complaint: &mut Complaint, more: Value| {
        complaint.ticket_id = Some(helpdesk.open_ticket("One?", more));
    };
    let conditions = json!([{"name": "set_1", "properties": [{"field_name": "subject"}]}]);
    let reports = [
        (
            "SYM-1 a: both rules missing",
            after(|h, _| h.desk().rules = [vec![], vec![]]).await,
        ),
        (
            "SYM-1 b: Rule 1 missing",
            after(|h, _| h.desk().rules[0].clear()).await,
        ),
        (
            "SYM-1 c: Rule 1 inactive",
            after(|h, _| h.desk().rules[0][0]["active"] = json!(false)).await,
        ),
        (
            "SYM-1 d: Rule 1 without the webhook",
            after(|h, _| h.desk().rules[0][0]["actions"] = json!([])).await,
        ),
        (
            "SYM-1 e: Rule 1's conditions",
            after(|h, _| h.desk().rules[0][0]["conditions"] = conditions).await,
        ),
        (
            "SYM-1 f: an earlier rule",
            after(|h, _| {
                let earlier = json!({"id": 9, "name": "VIP first", "active": true});
                h.desk().rules[0].insert(0, earlier);
            })
            .await,
        ),
        (
            "SYM-2 a: Rule 2 missing",
            after(|h, _| h.desk().rules[1].clear()).await,
        ),
        (
            "SYM-2 b: Rule 2 without Reply is sent",
            after(|h, _| without_event(h, 0)).await,
        ),
        (
            "SYM-2 c: Rule 2 inactive",
            after(|h, _| h.desk().rules[1][0]["active"] = json!(false)).await,
        ),
        (
            "SYM-2 d: Rule 2 performed by agents only",
            after(|h, _| h.desk().rules[1][0]["performer"] = json!({"type": 1})).await,
        ),
        (
            "SYM-3 a: unassigned",
            after(|h, c| ticket(h, c, json!({}))).await,
        ),
        (
            "SYM-3 b: a rep's",
            after(|h, c| ticket(h, c, json!({"responder_id": REP}))).await,
        ),
        (
            "SYM-3 c: in another group",
            after(|h, c| ticket(h, c, json!({"group_id": 78}))).await,
        ),
        (
            "SYM-4 a: no marker field",
            after(|h, _| h.desk().fields.clear()).await,
        ),
        (
            "SYM-4 b: another API name",
            after(|h, _| h.desk().fields[0]["name"] = json!("cf_opencx_handed_off100")).await,
        ),
        (
            "SYM-4 c: no checkbox",
            after(|h, _| h.desk().fields[0]["type"] = json!("custom_text")).await,
        ),
        (
            "SYM-5 a: Rule 2 without the status event",
            after(|h, _| without_event(h, 2)).await,
        ),
        (
            "SYM-5 b: Rule 2 performed by requesters only",
            after(|h, _| h.desk().rules[1][0]["performer"] = json!({"type": 2})).await,
        ),
        (
            "fix 3: a payload edited by hand",
            after(|h, _| h.desk().rules[0][0]["actions"][0]["content"] = json!("{}")).await,
        ),
        (
            "fix 3: a stale URL",
            after(|_, c| c.webhook_url = WEBHOOK.replace("abc", "def")).await,
        ),
        (
            "fix 5: the handoff agent is gone",
            after(|h, _| h.desk().agents.truncate(1)).await,
        ),
        (
            "fix 5: the handoff group is gone",
            after(|h, _| h.desk().groups.clear()).await,
        ),
        (
            "an OpenCX ticket without an event",
            after(|h, c| ticket(h, c, json!({"responder_id": AI}))).await,
        ),
        (
            "no such ticket",
            after(|_, c| c.ticket_id = Some(404)).await,
        ),
        (
            "fix 1: no admin",
            after(|h, _| h.desk().admin = false).await,
        ),
        (
            "fix 2: a stale key",
            after(|h, _| h.desk().key = "another".to_owned()).await,
        ),
        (
            "fix 2: a domain with a scheme",
            after(|_, c| c.domain = format!("https://{DOMAIN}/")).await,
        ),
        (
            "a Free plan",
            after(|h, _| h.desk().plan_has_api = false).await,
        ),
    ];
    let mut shown = String::new();
    for (what, report) in reports {
        assert_eq!(report.verdict, Verdict::Findings, "{what}");
        let findings = Report {
            agent: None,
            ..report
        };
        shown += &format!("### {what}\n{}\n\n", findings.text());
    }
    insta::assert_snapshot!(shown);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_cannot_be_asked_is_neither_fine_nor_broken() {
    let down = |on| Mishap {
        on,
        kind: MishapKind::Answer(503, None, "<html>"),
    };
    for on in ["GET /agents/me", "GET /automations", "GET /ticket_fields"] {
        let report = after(|h, _| h.desk().mishaps.extend(vec![down(on); 4])).await;
        assert_eq!(report.verdict, Verdict::CannotTell, "{on}");
    }
    // What was seen before counts all the same.
    let report = after(|h, _| {
        h.desk().rules[0].clear();
        h.desk().mishaps.extend(vec![down("GET /ticket_fields"); 4]);
    })
    .await;
    assert_eq!(report.verdict, Verdict::Findings);
    insta::assert_snapshot!(report.json());
}
