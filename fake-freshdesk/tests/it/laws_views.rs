//! A law of what is kept: a ticket's view that was written before is the view
//! that would be written now, whatever happened in between.
//!
//! A view that embeds something is never kept, so each look is compared with a
//! view that has `stats` in it, less the `stats`.

use http::Method;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::pure::{Core, START};
use crate::world::DOMAIN;

/// Something that may change how one of the first tickets looks.
#[derive(Clone, Debug)]
enum Step {
    /// A write of the v2 API: verb, path, body.
    Api(Method, String, Value),
    /// What people do, and what a test sets up, below the account's path.
    Control(&'static str, String, Value),
    /// Deletes the newest custom field.
    DropField,
    /// The SLA timer of a status is switched.
    Timer(u16, bool),
    /// Merges the contact that was opened last into the first.
    MergeContacts,
    /// So many milliseconds go by.
    Wait(i64),
    /// The state as it was some steps ago comes back.
    GoBack,
}

fn id() -> impl Strategy<Value = i64> {
    1..4_i64
}

fn write() -> impl Strategy<Value = Step> {
    let properties = prop_oneof![
        (2..8).prop_map(|status| json!({"status": status})),
        (1..5).prop_map(|priority| json!({"priority": priority})),
        "[a-z\"\\\\é]{0,6}".prop_map(|word| json!({"subject": word, "tags": [word]})),
        (1..50_i64).prop_map(|hours| {
            let at = |hours: i64| {
                let at = stamp(START + hours * 3_600_000);
                json!(at)
            };
            json!({"due_by": at(hours + 1), "fr_due_by": at(hours)})
        }),
        any::<bool>().prop_map(|on| json!({"custom_fields": {"cf_first": on}})),
    ];
    prop_oneof![
        6 => (id(), properties).prop_map(|(id, body)| Step::Api(Method::PUT, format!("/tickets/{id}"), body)),
        1 => id().prop_map(|id| Step::Api(Method::DELETE, format!("/tickets/{id}"), Value::Null)),
        1 => id().prop_map(|id| Step::Api(Method::PUT, format!("/tickets/{id}/restore"), Value::Null)),
        2 => id().prop_map(|id| Step::Api(Method::POST, format!("/tickets/{id}/reply"), json!({"body": "b"}))),
        1 => id().prop_map(|id| Step::Api(Method::POST, format!("/tickets/{id}/notes"), json!({"body": "b"}))),
        1 => (id(), id()).prop_map(|(one, other)| Step::Api(Method::PUT, "/tickets/merge".into(), json!({
            "primary_id": one, "ticket_ids": [other], "convert_recepients_to_cc": true,
        }))),
        1 => (id(), id()).prop_map(|(one, other)| Step::Api(Method::POST, "/tickets/bulk_update".into(), json!({
            "bulk_action": {"ids": [one, other], "properties": {"priority": 4}},
        }))),
        1 => id().prop_map(|id| Step::Api(Method::POST, "/tickets".into(), json!({
            "email": "n@example.com", "subject": "s", "description": "d", "status": 2, "priority": 1, "parent_id": id,
        }))),
        2 => "[A-Z][a-z]{3}".prop_map(|label| Step::Api(Method::POST, "/admin/ticket_fields".into(), json!({
            "label": label, "label_for_customers": label, "type": "custom_text",
        }))),
        1 => (2..8_u16, any::<bool>()).prop_map(|(status, stops)| Step::Timer(status, stops)),
        1 => Just(Step::DropField),
        1 => Just(Step::MergeContacts),
    ]
}

fn around() -> impl Strategy<Value = Step> {
    let setting = prop_oneof![
        (0..7_200).prop_map(|seconds| json!({"due_by_delay_seconds": seconds})),
        (1..600).prop_map(|seconds| json!({"attachment_url_seconds": seconds})),
        any::<bool>().prop_map(|on| json!({"ssl_required": on})),
    ];
    prop_oneof![
        2 => setting.prop_map(|settings| Step::Control("PATCH", String::new(), json!({"settings": settings}))),
        2 => id().prop_map(|id| Step::Control("POST", format!("/tickets/{id}/customer_replies"), json!({"text": "t"}))),
        1 => Just(Step::Control("POST", "/tickets".into(), json!({
            "from": {"email": "p@example.com"}, "via": "email", "subject": "s", "text": "t [cid:i.png]",
            "attachments": [{"name": "i.png", "content_type": "image/png", "size": 3, "inline": true}],
        }))),
        1 => Just(Step::Control("POST", "/tickets".into(), json!({
            "from": {"email": "f@example.com"}, "via": "email", "subject": "s", "text": "t",
            "attachments": [{"name": "f.txt", "size": 3}],
        }))),
        5 => prop_oneof![Just(1), Just(999), 0..10_000_i64, 0..90_000_000_i64].prop_map(Step::Wait),
        1 => Just(Step::GoBack),
    ]
}

/// A stamp as the API reads it, without a library of time in the tests.
fn stamp(at: i64) -> String {
    let hour = (at - START) / 3_600_000 + 9;
    format!("2026-01-{:02}T{:02}:00:00Z", 5 + hour / 24, hour % 24)
}

fn path(rest: &str) -> String {
    format!("/control/v1/accounts/{DOMAIN}{rest}")
}

/// Three tickets, a field, and rules that change what they are told of.
fn world() -> Core {
    let mut core = Core::new(u32::MAX);
    let field = json!({"label": "First", "type": "custom_checkbox"});
    assert_eq!(core.control("POST", &path("/ticket_fields"), field).0, 201);
    let rule = json!({
        "name": "Urgent when pending", "performer": {"type": 3},
        "events": [{"field_name": "status", "from": "--", "to": 3}, {"field_name": "reply_sent"}],
        "conditions": [{"name": "condition_set_1", "match_type": "all", "properties": []}],
        "actions": [{"field_name": "priority", "value": 4}, {"field_name": "add_tag", "value": ["ruled"]}],
    });
    assert_eq!(core.control("POST", &path("/rules/4"), rule).0, 201);
    for number in 0..3 {
        let email = format!("c{number}@example.com");
        let ticket =
            json!({"email": email, "subject": "s", "description": "d", "status": 2, "priority": 1});
        let (status, ticket, _) = core.api(Method::POST, "/tickets", ticket);
        assert_eq!(status, 201, "{ticket}");
    }
    core
}

impl Core {
    fn step(&mut self, step: &Step, before: &[u8]) {
        match step {
            Step::Api(method, path, body) => {
                let (status, answer, _) = self.api(method.clone(), path, body.clone());
                assert!(status < 500, "{step:?} answered {status}: {answer}");
            }
            Step::Control(method, rest, body) => {
                let (status, answer) = self.control(method, &path(rest), body.clone());
                assert!(status < 500, "{step:?} answered {status}: {answer}");
            }
            Step::DropField => {
                let (_, fields, _) = self.api(Method::GET, "/ticket_fields", Value::Null);
                let newest = fields.as_array().unwrap().last().unwrap();
                if newest["default"] == false {
                    let path = format!("/admin/ticket_fields/{}", newest["id"]);
                    self.api(Method::DELETE, &path, Value::Null);
                }
            }
            Step::Timer(status, stops) => {
                let (_, fields, _) = self.api(Method::GET, "/ticket_fields", Value::Null);
                let mut fields = fields.as_array().unwrap().iter();
                let field = fields.find(|field| field["name"] == "status").unwrap();
                let path = format!("/admin/ticket_fields/{}", field["id"]);
                let body = json!({"choices": [{"id": status, "stop_sla_timer": stops}]});
                let (answered, answer, _) = self.api(Method::PUT, &path, body);
                assert_eq!(answered, 200, "{answer}");
            }
            Step::MergeContacts => {
                let (_, contacts, _) = self.api(Method::GET, "/contacts", Value::Null);
                let ids: Vec<&Value> = contacts
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|each| &each["id"])
                    .collect();
                if let [first, .., last] = ids.as_slice() {
                    let merge =
                        json!({"primary_contact_id": first, "secondary_contact_ids": [last]});
                    self.api(Method::POST, "/contacts/merge", merge);
                }
            }
            Step::Wait(milliseconds) => self.now += milliseconds,
            Step::GoBack => self.now = self.helpdesk.restore(before).unwrap(),
        }
    }

    fn looks_as_if_new(&mut self, after: &Step) {
        for ticket in 1..8 {
            let (status, kept, _) =
                self.api(Method::GET, &format!("/tickets/{ticket}"), Value::Null);
            let path = format!("/tickets/{ticket}?include=stats");
            let (fresh_status, mut fresh, _) = self.api(Method::GET, &path, Value::Null);
            assert_eq!(status, fresh_status);
            if let Some(fresh) = fresh.as_object_mut() {
                fresh.remove("stats");
            }
            assert_eq!(kept, fresh, "ticket {ticket} after {after:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_view_that_was_kept_is_the_view_that_would_be_written(steps in prop::collection::vec(prop_oneof![3 => write(), 2 => around()], 1..40)) {
        let mut core = world();
        let mut before = core.helpdesk.snapshot(core.now);
        for (number, step) in steps.iter().enumerate() {
            core.step(step, &before);
            core.looks_as_if_new(step);
            if number % 5 == 0 {
                before = core.helpdesk.snapshot(core.now);
            }
        }
    }
}
