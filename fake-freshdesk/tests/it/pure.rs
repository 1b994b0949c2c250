//! The pure core with one account, called without any runtime: thousands of
//! cases a second for the laws.

use fake_freshdesk::core::{ApiBody, ApiRequest, ControlRequest, CoreOptions, Helpdesk};
use http::Method;
use serde_json::{Value, json};

use crate::world::{DOMAIN, basic};

pub(crate) const KEY: &str = "LAWSKEY01";
/// Monday, January 5th, 2026, 9:00.
pub(crate) const START: i64 = 1_767_603_600_000;

/// The pure core with one account, called without any runtime.
pub(crate) struct Core {
    pub(crate) helpdesk: Helpdesk,
    pub(crate) now: i64,
}

impl Core {
    /// An enterprise account whose classes have no limit worth the name.
    pub(crate) fn new(quota: u32) -> Core {
        Core::with(json!({
            "plan": "enterprise",
            "quota": {"total": quota, "ticket_create": 100_000, "ticket_update": 100_000, "tickets_list": 100_000, "contacts_list": 100_000},
        }))
    }

    /// An account that is as `account` says.
    pub(crate) fn with(account: Value) -> Core {
        let options = CoreOptions {
            allowed_webhook_hosts: Vec::new(),
            journal_capacity: 10_000,
            chaos: None,
        };
        let mut core = Core {
            helpdesk: Helpdesk::new(options),
            now: START,
        };
        let mut whole = json!({
            "domain": DOMAIN,
            "admin": {"name": "A", "email": "a@example.com", "api_key": KEY},
        });
        for (name, value) in account.as_object().unwrap() {
            whole[name] = value.clone();
        }
        let (status, answer) = core.control("POST", "/control/v1/accounts", whole);
        assert_eq!(status, 201, "{answer}");
        core
    }

    pub(crate) fn control(&mut self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let request = ControlRequest {
            method: method.parse().unwrap(),
            path,
            query: None,
            body: if body.is_null() {
                Default::default()
            } else {
                body.to_string().into()
            },
            base: "http://localhost",
        };
        let reply = self.helpdesk.control(self.now, &request);
        let json = reply
            .body
            .map(|body| serde_json::from_slice(&body).unwrap())
            .unwrap_or(Value::Null);
        (reply.status, json)
    }

    pub(crate) fn api(
        &mut self,
        method: Method,
        path: &str,
        body: Value,
    ) -> (u16, Value, Vec<(&'static str, String)>) {
        let (path, query) = path
            .split_once('?')
            .map_or((path, None), |(path, query)| (path, Some(query)));
        let full = format!("/api/v2{path}");
        let authorization = basic(KEY);
        let request = ApiRequest {
            method,
            path: &full,
            query,
            host: DOMAIN,
            https: true,
            authorization: Some(&authorization),
            accept: None,
            content_type: Some("application/json"),
            body: if body.is_null() {
                ApiBody::Empty
            } else {
                ApiBody::Bytes(body.to_string().into())
            },
        };
        let reply = self.helpdesk.api(self.now, &request);
        let json = if reply.body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&reply.body).unwrap_or(Value::Null)
        };
        let headers = reply
            .headers
            .into_iter()
            .map(|(name, value)| (name, value.into_owned()));
        let rate = reply.stamp.and_then(|stamp| stamp.rate);
        let rate = rate.into_iter().flat_map(|rate| rate.headers());
        (reply.status, json, headers.chain(rate).collect())
    }

    /// The ids of a list, following `Link` to its end.
    pub(crate) fn all_pages(&mut self, path: &str) -> Vec<i64> {
        let mut next = Some(path.to_owned());
        let mut ids = Vec::new();
        while let Some(path) = next {
            let (status, list, headers) = self.api(Method::GET, &path, Value::Null);
            assert_eq!(status, 200, "{path}: {list}");
            ids.extend(
                list.as_array()
                    .unwrap()
                    .iter()
                    .map(|item| item["id"].as_i64().unwrap()),
            );
            next = next_page(&headers);
        }
        ids
    }
}

/// The path of the next page, below `/api/v2`, if `Link` names one.
pub(crate) fn next_page(headers: &[(&'static str, String)]) -> Option<String> {
    let (_, link) = headers.iter().find(|(name, _)| *name == "link")?;
    let url = link.split(['<', '>']).nth(1).unwrap();
    Some(url.split("/api/v2").nth(1).unwrap().to_owned())
}
