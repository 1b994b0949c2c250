//! A rule: the JSON of the automations API *is* the rule.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::core::account::Account;
use crate::core::time::{Ms, seconds};

/// Types of rules. [D API]
pub(crate) mod kind {
    /// Ticket Creation.
    pub(crate) const CREATION: u8 = 1;
    /// Hourly time triggers.
    pub(crate) const HOURLY: u8 = 3;
    /// Ticket Updates.
    pub(crate) const UPDATES: u8 = 4;
    /// All of them.
    pub(crate) const ALL: [u8; 3] = [CREATION, HOURLY, UPDATES];
}

/// Who must have done it: `{"type": 1, "members": [ids]}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RulePerformer {
    /// 1 agent, 2 requester, 3 either, 4 system.
    #[serde(rename = "type")]
    pub(crate) kind: u8,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) members: Vec<i64>,
}

/// A set of conditions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ConditionSet {
    pub(crate) name: String,
    /// `all` or `any`
    pub(crate) match_type: String,
    pub(crate) properties: Vec<Map<String, Value>>,
}

/// A rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Rule {
    pub(crate) id: i64,
    #[serde(rename = "automation_type_id")]
    pub(crate) kind: u8,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) active: bool,
    pub(crate) performer: Option<RulePerformer>,
    pub(crate) events: Vec<Map<String, Value>>,
    pub(crate) conditions: Vec<ConditionSet>,
    /// How two condition sets are joined: `condition_set_1 and|or condition_set_2`.
    pub(crate) operator: Option<String>,
    pub(crate) actions: Vec<Map<String, Value>>,
    pub(crate) last_updated_by: i64,
    pub(crate) created_at: Ms,
    pub(crate) updated_at: Ms,
}

impl Rule {
    /// Does it call a webhook?
    pub(crate) fn has_webhook(&self) -> bool {
        self.actions
            .iter()
            .any(|action| action.get("field_name") == Some(&json!("trigger_webhook")))
    }

    /// Is this one of the events it waits for?
    pub(crate) fn names_event(&self, name: &str) -> bool {
        let mut names = self.events.iter().map(|event| event.get("field_name"));
        names.any(|each| each.and_then(Value::as_str) == Some(name))
    }

    /// The rule as the automations API shows it. [D]
    pub(crate) fn json(&self, account: &Account, now: Ms) -> Value {
        let siblings = || account.rules_of(self.kind);
        let position = siblings()
            .position(|rule| rule.id == self.id)
            .map_or(1, |at| at + 1);
        let last_editor = account
            .people
            .name_and_email(self.last_updated_by)
            .map(|(name, _)| name);
        let mut actions = self.actions.clone();
        actions.iter_mut().for_each(hide_credentials);
        let mut shown = json!({
            "name": self.name,
            "description": self.description,
            "position": position,
            "active": self.active,
        });
        if self.kind == kind::UPDATES {
            shown["performer"] = json!(self.performer);
            shown["events"] = json!(self.events);
        }
        shown["conditions"] = json!(self.conditions);
        shown["operator"] = json!(self.operator);
        shown["actions"] = json!(actions);
        shown["outdated"] = json!(false);
        shown["last_updated_by"] = json!(self.last_updated_by);
        shown["id"] = json!(self.id);
        shown["automation_type_id"] = json!(self.kind);
        shown["summary"] = self.summary();
        shown["created_at"] = json!(seconds(self.created_at));
        shown["updated_at"] = json!(seconds(self.updated_at));
        shown["affected_tickets_count"] = json!(account.affected_tickets(self.id, now));
        shown["meta"] = json!({
            "total_active_count": siblings().filter(|rule| rule.active).count(),
            "total_count": siblings().count(),
            "last_updated_by_name": last_editor,
        });
        shown
    }

    /// The HTML snippets that the UI shows for a rule. [D: shape; I: wording]
    fn summary(&self) -> Value {
        let name = |part: &Map<String, Value>| {
            let field = part
                .get("field_name")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned();
            match part.get("value") {
                Some(value) if !value.is_object() => format!("<b>{field}</b> {value}"),
                _ => format!("<b>{field}</b>"),
            }
        };
        let performer = self
            .performer
            .as_ref()
            .map(|performer| match performer.kind {
                1 => "<b>Agent</b>",
                2 => "<b>Requester</b>",
                3 => "<b>Agent or Requester</b>",
                _ => "<b>System</b>",
            });
        let conditions: Map<String, Value> = self
            .conditions
            .iter()
            .map(|set| {
                (
                    set.name.clone(),
                    json!(set.properties.iter().map(name).collect::<Vec<_>>()),
                )
            })
            .collect();
        json!({
            "performer": performer,
            "events": self.events.iter().map(name).collect::<Vec<_>>(),
            "conditions": conditions,
            "actions": self.actions.iter().map(name).collect::<Vec<_>>(),
        })
    }
}

/// What stands in place of saved credentials.
const HIDDEN: &str = "********";

/// The keys of a webhook action that hold a secret, or an object with one.
const WITH_SECRETS: [&str; 2] = ["api_key", "auth_header"];

fn secret<'a>(action: &'a mut Map<String, Value>, key: &str) -> Option<&'a mut Value> {
    match action.get_mut(key)? {
        Value::Object(auth) => auth.get_mut("password"),
        plain => Some(plain),
    }
}

/// Saved credentials are not shown back. [I]
pub(crate) fn hide_credentials(action: &mut Map<String, Value>) {
    for key in WITH_SECRETS {
        if let Some(secret) = secret(action, key) {
            *secret = json!(HIDDEN);
        }
    }
}

/// Who reads a rule, changes it and writes it back sends what was shown in
/// place of the credentials: they stay what they were. [I]
pub(super) fn keep_credentials(action: &mut Map<String, Value>, before: &Map<String, Value>) {
    let mut before = before.clone();
    for key in WITH_SECRETS {
        if let (Some(sent), Some(saved)) = (secret(action, key), secret(&mut before, key))
            && *sent == json!(HIDDEN)
        {
            *sent = saved.take();
        }
    }
}
