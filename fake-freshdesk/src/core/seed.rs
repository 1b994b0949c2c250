//! A world from a file: accounts with plans, agents and their keys, groups,
//! fields, rules, tickets. What stands in it is what the control API takes;
//! groups and agents may be named instead of numbered.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Map, Value, json};

use super::{ControlRequest, Helpdesk, Ms};

/// Why a seed file was refused: where, and what about it.
#[derive(Debug)]
pub struct BadSeed {
    /// Such as `accounts[0].agents[2]`.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

/// An account that a seed file made.
#[derive(Debug)]
pub struct Seeded {
    /// Its host name.
    pub domain: String,
    /// Its administrator's API key.
    pub api_key: String,
}

/// Lists of an account in a seed file, in the order they are made.
const LISTS: [&str; 5] = ["groups", "agents", "ticket_fields", "rules", "tickets"];
/// Lists inside a ticket.
const THREAD: &str = "thread";

struct Sower<'a> {
    helpdesk: &'a mut Helpdesk,
    now: Ms,
    /// The account's path in the control API.
    account: String,
    groups: BTreeMap<String, Value>,
    agents: BTreeMap<String, Value>,
    admin: Value,
}

fn bad(path: &str, message: impl Into<String>) -> BadSeed {
    BadSeed {
        path: path.to_owned(),
        message: message.into(),
    }
}

fn object(path: &str, value: &Value) -> Result<Map<String, Value>, BadSeed> {
    value
        .as_object()
        .cloned()
        .ok_or_else(|| bad(path, "an object is expected here"))
}

fn list<'v>(path: &str, value: &'v Value) -> Result<&'v [Value], BadSeed> {
    value
        .as_array()
        .map(Vec::as_slice)
        .ok_or_else(|| bad(path, "a list is expected here"))
}

/// One control call; its answer, or what is wrong in the file's terms.
fn call(
    helpdesk: &mut Helpdesk,
    now: Ms,
    at: &str,
    method: Method,
    path: &str,
    body: &Value,
) -> Result<Value, BadSeed> {
    let request = ControlRequest {
        method,
        path,
        query: None,
        body: body.to_string().into(),
        base: "http://localhost",
    };
    let reply = helpdesk.control(now, &request);
    let answer: Value = reply
        .body
        .as_deref()
        .and_then(|body| serde_json::from_slice(body).ok())
        .unwrap_or(Value::Null);
    if reply.status < 300 {
        return Ok(answer);
    }
    if let Some(message) = answer["error"]["message"].as_str() {
        let inner = answer["error"]["path"]
            .as_str()
            .unwrap_or_default()
            .trim_start_matches('$');
        return Err(bad(&format!("{at}{inner}"), message));
    }
    let errors = answer["errors"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let told: Vec<String> = errors
        .iter()
        .map(|error| {
            let word = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
            format!("{}: {}", word("field"), word("message"))
        })
        .collect();
    let told = if told.is_empty() {
        answer.to_string()
    } else {
        told.join("; ")
    };
    Err(bad(at, told))
}

impl Helpdesk {
    /// Makes what a seed file (read into JSON) describes.
    ///
    /// # Errors
    ///
    /// Something in it is wrong; what came before it has been made.
    pub fn seed(&mut self, now: Ms, world: &Value) -> Result<Vec<Seeded>, BadSeed> {
        let world = object("$", world)?;
        if let Some(key) = world.keys().find(|key| *key != "accounts") {
            return Err(bad(key, super::words::unknown("key", key, ["accounts"])));
        }
        let accounts = world
            .get("accounts")
            .ok_or_else(|| bad("accounts", "`accounts` is missing"))?;
        let mut made = Vec::new();
        for (at, account) in list("accounts", accounts)?.iter().enumerate() {
            made.push(self.seed_account(now, &format!("accounts[{at}]"), account)?);
        }
        Ok(made)
    }

    fn seed_account(&mut self, now: Ms, at: &str, account: &Value) -> Result<Seeded, BadSeed> {
        let mut own = object(at, account)?;
        let mut lists = Vec::new();
        for name in LISTS {
            if let Some(value) = own.shift_remove(name) {
                lists.push((name, value));
            }
        }
        let made = call(
            self,
            now,
            at,
            Method::POST,
            "/control/v1/accounts",
            &Value::Object(own),
        )?;
        let domain = made["domain"].as_str().unwrap_or_default().to_owned();
        let mut sower = Sower {
            helpdesk: self,
            now,
            account: format!("/control/v1/accounts/{domain}"),
            groups: BTreeMap::new(),
            agents: BTreeMap::new(),
            admin: made["admin"]["id"].clone(),
        };
        let admin = made["admin"]["email"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        sower.agents.insert(admin, made["admin"]["id"].clone());
        for (name, value) in &lists {
            sower.sow(at, name, value)?;
        }
        Ok(Seeded {
            domain,
            api_key: made["admin"]["api_key"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        })
    }
}

impl Sower<'_> {
    fn post(&mut self, at: &str, path: &str, body: &Value) -> Result<Value, BadSeed> {
        let path = format!("{}{path}", self.account);
        call(self.helpdesk, self.now, at, Method::POST, &path, body)
    }

    fn sow(&mut self, at: &str, name: &str, value: &Value) -> Result<(), BadSeed> {
        let at = format!("{at}.{name}");
        if name == "rules" {
            return self.rules(&at, value);
        }
        for (number, item) in list(&at, value)?.iter().enumerate() {
            let at = format!("{at}[{number}]");
            let mut item = object(&at, item)?;
            match name {
                "groups" => {
                    let made = self.post(&at, "/groups", &Value::Object(item))?;
                    self.groups.insert(
                        made["name"].as_str().unwrap_or_default().to_owned(),
                        made["id"].clone(),
                    );
                }
                "agents" => {
                    if let Some(groups) = item.shift_remove("groups") {
                        let ids: Result<Vec<Value>, BadSeed> = list(&at, &groups)?
                            .iter()
                            .map(|group| self.group(&format!("{at}.groups"), group))
                            .collect();
                        item.insert("group_ids".to_owned(), json!(ids?));
                    }
                    let made = self.post(&at, "/agents", &Value::Object(item))?;
                    self.agents.insert(
                        made["email"].as_str().unwrap_or_default().to_owned(),
                        made["id"].clone(),
                    );
                }
                "tickets" => self.ticket(&at, item)?,
                _ => {
                    self.post(&at, &format!("/{name}"), &Value::Object(item))?;
                }
            }
        }
        Ok(())
    }

    /// `creation`, `hourly` and `updates`, or the numbers 1, 3 and 4.
    fn rules(&mut self, at: &str, value: &Value) -> Result<(), BadSeed> {
        for (kind, rules) in object(at, value)? {
            let number = match kind.as_str() {
                "creation" | "1" => 1,
                "hourly" | "3" => 3,
                "updates" | "4" => 4,
                other => {
                    let known = ["creation", "hourly", "updates"];
                    return Err(bad(
                        at,
                        super::words::unknown("kind of rules", other, known),
                    ));
                }
            };
            let at = format!("{at}.{kind}");
            for (place, rule) in list(&at, &rules)?.iter().enumerate() {
                self.post(&format!("{at}[{place}]"), &format!("/rules/{number}"), rule)?;
            }
        }
        Ok(())
    }

    fn group(&self, at: &str, name: &Value) -> Result<Value, BadSeed> {
        let known = || self.groups.keys().map(String::as_str);
        match name {
            Value::String(name) => self
                .groups
                .get(name)
                .cloned()
                .ok_or_else(|| bad(at, super::words::unknown("group", name, known()))),
            id => Ok(id.clone()),
        }
    }

    fn agent(&self, at: &str, email: &Value) -> Result<Value, BadSeed> {
        let known = || self.agents.keys().map(String::as_str);
        match email {
            Value::String(email) => self
                .agents
                .get(email)
                .cloned()
                .ok_or_else(|| bad(at, super::words::unknown("agent", email, known()))),
            id => Ok(id.clone()),
        }
    }

    /// A ticket, with `responder` (an e-mail), `group` (a name) and `thread`:
    /// a list of `{customer: text}`, `{reply: text, by?}`, `{note: text, by?}`.
    fn ticket(&mut self, at: &str, mut item: Map<String, Value>) -> Result<(), BadSeed> {
        if let Some(email) = item.shift_remove("responder") {
            item.insert(
                "responder_id".to_owned(),
                self.agent(&format!("{at}.responder"), &email)?,
            );
        }
        if let Some(name) = item.shift_remove("group") {
            item.insert(
                "group_id".to_owned(),
                self.group(&format!("{at}.group"), &name)?,
            );
        }
        let thread = item.shift_remove(THREAD).unwrap_or_else(|| json!([]));
        let made = self.post(at, "/tickets", &Value::Object(item))?;
        let id = &made["id"];
        for (number, message) in list(&format!("{at}.{THREAD}"), &thread)?.iter().enumerate() {
            let at = format!("{at}.{THREAD}[{number}]");
            let message = object(&at, message)?;
            let by = match message.get("by") {
                Some(email) => self.agent(&format!("{at}.by"), email)?,
                None => self.admin.clone(),
            };
            let part = |key: &str| message.get(key);
            let (path, body) = match (part("customer"), part("reply"), part("note")) {
                (Some(text), None, None) => ("customer_replies", json!({"text": text})),
                (None, Some(text), None) => ("replies", json!({"text": text, "agent_id": by})),
                (None, None, Some(text)) => ("notes", json!({"text": text, "agent_id": by})),
                _ => {
                    return Err(bad(
                        &at,
                        "a message is one of `customer`, `reply` and `note`, with an optional `by`",
                    ));
                }
            };
            self.post(&at, &format!("/tickets/{id}/{path}"), &body)?;
        }
        Ok(())
    }
}
