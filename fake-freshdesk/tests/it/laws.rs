//! Laws that hold whatever is done: random calls against a fresh world.

use std::collections::BTreeSet;

use fake_freshdesk::core::{ApiBody, ApiRequest};
use http::Method;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::pure::{Core, KEY};
use crate::world::{DOMAIN, basic};

/// Something a client or a person does.
#[derive(Clone, Debug)]
enum Step {
    Open { priority: u8 },
    Update { ticket: i64, status: u16 },
    Delete { ticket: i64 },
    Restore { ticket: i64 },
    Spam { ticket: i64 },
    Reply { ticket: i64 },
    Wait { seconds: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    let ticket = 1..12_i64;
    prop_oneof![
        3 => (1..5_u8).prop_map(|priority| Step::Open { priority }),
        3 => (ticket.clone(), 2..8_u16).prop_map(|(ticket, status)| Step::Update { ticket, status }),
        1 => ticket.clone().prop_map(|ticket| Step::Delete { ticket }),
        1 => ticket.clone().prop_map(|ticket| Step::Restore { ticket }),
        1 => ticket.clone().prop_map(|ticket| Step::Spam { ticket }),
        2 => ticket.prop_map(|ticket| Step::Reply { ticket }),
        1 => (0..100_000_i64).prop_map(|seconds| Step::Wait { seconds }),
    ]
}

impl Core {
    fn play(&mut self, step: &Step) -> u16 {
        match step {
            Step::Open { priority } => {
                self.api(
                    Method::POST,
                    "/tickets",
                    json!({"email": "c@example.com", "priority": priority}),
                )
                .0
            }
            Step::Update { ticket, status } => {
                self.api(
                    Method::PUT,
                    &format!("/tickets/{ticket}"),
                    json!({"status": status}),
                )
                .0
            }
            Step::Delete { ticket } => {
                self.api(Method::DELETE, &format!("/tickets/{ticket}"), Value::Null)
                    .0
            }
            Step::Restore { ticket } => {
                self.api(
                    Method::PUT,
                    &format!("/tickets/{ticket}/restore"),
                    Value::Null,
                )
                .0
            }
            Step::Spam { ticket } => {
                let (_, account) = self.control(
                    "GET",
                    &format!("/control/v1/accounts/{DOMAIN}"),
                    Value::Null,
                );
                let by = json!({"agent_id": account["admin"]["id"]});
                self.control(
                    "POST",
                    &format!("/control/v1/accounts/{DOMAIN}/tickets/{ticket}/spam"),
                    by,
                )
                .0
            }
            Step::Reply { ticket } => {
                self.api(
                    Method::POST,
                    &format!("/tickets/{ticket}/reply"),
                    json!({"body": "hello"}),
                )
                .0
            }
            Step::Wait { seconds } => {
                self.now += seconds * 1_000;
                self.helpdesk.run_due(self.now);
                204
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Lists, filters and views agree on which tickets there are.
    #[test]
    fn every_list_shows_exactly_the_tickets_there_are(steps in prop::collection::vec(step(), 1..60), per_page in 1..8_usize) {
        let mut core = Core::new(1_000_000);
        for step in &steps {
            let status = core.play(step);
            prop_assert!(matches!(status, 200 | 201 | 204 | 404 | 405), "{step:?} answered {status}");
        }
        let (_, world) = core.control("GET", &format!("/control/v1/accounts/{DOMAIN}/tickets"), Value::Null);
        let all = world["items"].as_array().unwrap().clone();
        let ids = |keep: &dyn Fn(&Value) -> bool| -> BTreeSet<i64> {
            all.iter().filter(|ticket| keep(ticket)).map(|ticket| ticket["id"].as_i64().unwrap()).collect()
        };
        let listed = ids(&|ticket| ticket["deleted"] == false && ticket["spam"] == false);
        for order in ["created_at", "updated_at", "due_by", "status"] {
            for direction in ["asc", "desc"] {
                let path = format!("/tickets?updated_since=2020-01-01&order_by={order}&order_type={direction}&per_page={per_page}");
                let shown = core.all_pages(&path);
                prop_assert_eq!(shown.len(), listed.len(), "{} has repeats or gaps", path);
                prop_assert_eq!(shown.into_iter().collect::<BTreeSet<_>>(), listed.clone());
            }
        }
        let deleted = core.all_pages(&format!("/tickets?filter=deleted&updated_since=2020-01-01&per_page={per_page}"));
        prop_assert_eq!(deleted.into_iter().collect::<BTreeSet<_>>(), ids(&|ticket| ticket["deleted"] == true));
        for ticket in &all {
            let (status, viewed, _) = core.api(Method::GET, &format!("/tickets/{}", ticket["id"]), Value::Null);
            prop_assert_eq!((status, &viewed["status"]), (200, &ticket["status"]), "every ticket can be read");
        }
    }

    /// A snapshot restored into a fresh server is the same world, and goes on the same way.
    #[test]
    fn a_restored_world_cannot_be_told_from_the_first(steps in prop::collection::vec(step(), 1..40), more in prop::collection::vec(step(), 1..20)) {
        let mut first = Core::new(1_000_000);
        let late = json!({
            "name": "Late", "performer": {"type": 4},
            "events": [{"field_name": "response_due"}, {"field_name": "resolution_due"}],
            "actions": [{"field_name": "add_tag", "value": ["late"]}],
        });
        prop_assert_eq!(first.api(Method::POST, "/automations/4/rules", late).0, 201);
        for step in &steps {
            first.play(step);
        }
        let snapshot = first.helpdesk.snapshot(first.now);
        let mut second = Core::new(1);
        second.now = second.helpdesk.restore(&snapshot).unwrap();
        prop_assert_eq!(second.now, first.now);
        for step in &more {
            prop_assert_eq!(first.play(step), second.play(step));
        }
        let (one, other) = (first.helpdesk.snapshot(first.now), second.helpdesk.snapshot(second.now));
        prop_assert_eq!(String::from_utf8(one).unwrap(), String::from_utf8(other).unwrap());
    }

    /// Whatever bytes come, the answer is a documented one and the world stands.
    #[test]
    fn no_body_and_no_path_breaks_it(path in "(/[a-z0-9_{}%.-]{0,12}){1,4}", body in prop::collection::vec(any::<u8>(), 0..200), method in prop::sample::select(vec!["GET", "POST", "PUT", "PATCH", "DELETE"])) {
        let mut core = Core::new(1_000_000);
        let authorization = basic(KEY);
        let full = format!("/api/v2{path}");
        let request = ApiRequest {
            method: method.parse().unwrap(), path: &full, query: Some("a=%zz&page=99999999999999999999"), host: DOMAIN, https: false,
            authorization: Some(&authorization), accept: None, content_type: Some("application/json"), body: ApiBody::Bytes(body.into()),
        };
        let status = core.helpdesk.api(core.now, &request).status;
        prop_assert!((400..500).contains(&status), "{method} {path} answered {status}");
        prop_assert_eq!(core.api(Method::GET, "/agents/me", Value::Null).0, 200);
    }
}
