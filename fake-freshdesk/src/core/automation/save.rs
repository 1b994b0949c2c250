//! Checks before a rule is saved.

use serde_json::{Map, Value};

use super::conditions::{HOURLY_FIELDS, RESOURCES, TICKET_FIELDS};
use super::operators::OPERATORS;
use super::rule::{ConditionSet, Rule, RulePerformer, kind};
use crate::core::account::Account;
use crate::core::v2::errors::{Failure, FieldError, code};

/// Keys a rule may be written with. [D]
const KEYS: [&str; 9] = [
    "name",
    "description",
    "position",
    "active",
    "performer",
    "events",
    "conditions",
    "operator",
    "actions",
];

/// Property names an event may carry besides custom fields. [O/I]
const EVENTS: [&str; 17] = [
    "reply_sent",
    "note_type",
    "priority",
    "status",
    "ticket_type",
    "type",
    "group_id",
    "responder_id",
    "ticket_action",
    "customer_feedback",
    "time_sheet_action",
    "due_by",
    "mail_del_failed_requester",
    "mail_del_failed_others",
    "response_due",
    "resolution_due",
    "tags",
];

/// A rule as it would be after a write, or what is wrong with the write.
/// `current` is what a partial update starts from.
pub(crate) fn checked(
    account: &Account,
    allowed_hosts: &[String],
    kind: u8,
    body: &Map<String, Value>,
    current: Option<&Rule>,
    blank: impl FnOnce() -> Rule,
) -> Result<Rule, Failure> {
    let mut errors: Vec<FieldError> = body
        .keys()
        .filter(|key| !KEYS.contains(&key.as_str()))
        .map(|key| FieldError::unexpected(key))
        .collect();
    if current.is_none() {
        let mut required = vec!["name", "actions"];
        if kind == kind::UPDATES {
            required.extend(["performer", "events"]);
        }
        for key in required {
            if body.get(key).is_none_or(Value::is_null) {
                errors.push(FieldError::missing(key));
            }
        }
    }
    let mut rule = current.cloned().unwrap_or_else(blank);
    let mut draft = Draft {
        account,
        allowed_hosts,
        kind,
        errors,
        broken_webhook: false,
    };
    for (key, value) in body {
        draft.take(&mut rule, key, value);
    }
    if draft.broken_webhook && draft.errors.is_empty() {
        return Err(Failure::internal());
    }
    if !draft.errors.is_empty() {
        return Err(Failure::validation(draft.errors));
    }
    // A rule saved without conditions comes back with one empty set. [O]
    if rule.conditions.is_empty() {
        rule.conditions.push(ConditionSet {
            name: "condition_set_1".to_owned(),
            match_type: "all".to_owned(),
            properties: Vec::new(),
        });
    }
    if rule.has_webhook() && !account.plan.row().webhooks {
        return Err(Failure::missing_feature("Trigger Webhook"));
    }
    Ok(rule)
}

/// A write under way: what it may refer to, and what is wrong with it so far.
pub(super) struct Draft<'a> {
    pub(super) account: &'a Account,
    pub(super) allowed_hosts: &'a [String],
    kind: u8,
    pub(super) errors: Vec<FieldError>,
    /// A webhook action lacks its other keys: the service answers 500. [O TFP]
    pub(super) broken_webhook: bool,
}

impl Draft<'_> {
    pub(super) fn refuse(&mut self, field: &str, message: impl Into<String>, code: &'static str) {
        self.errors.push(FieldError {
            field: field.to_owned(),
            message: message.into(),
            code: code.into(),
            extra: None,
        });
    }

    fn mismatch(&mut self, field: &str, expected: &str) {
        self.errors.push(FieldError::mismatch(field, expected));
    }

    fn take(&mut self, rule: &mut Rule, key: &str, value: &Value) {
        match (key, value) {
            ("name", Value::String(name)) if !name.trim().is_empty() => {
                name.clone_into(&mut rule.name);
            }
            ("name", Value::String(_)) => self.refuse(
                "name",
                "It should not be blank as this is a mandatory field",
                code::INVALID_VALUE,
            ),
            ("name", Value::Null) => {}
            ("name", _) => self.mismatch(key, "String"),
            ("description", Value::String(text)) => rule.description = Some(text.clone()),
            ("description", Value::Null) => rule.description = None,
            ("description", _) => self.mismatch(key, "String"),
            ("position", value) if value.as_u64().is_some_and(|at| at > 0) => {}
            ("position", _) => self.mismatch(key, "Positive Integer"),
            ("active", Value::Bool(active)) => rule.active = *active,
            ("active", _) => self.mismatch(key, "Boolean"),
            ("performer" | "events", Value::Null) => {}
            ("performer" | "events", _) if self.kind != kind::UPDATES => {
                self.errors.push(FieldError::unexpected(key));
            }
            ("performer", value) => self.performer(rule, value),
            ("events", Value::Array(events)) => self.events(rule, events),
            ("conditions", Value::Array(sets)) => self.conditions(rule, sets),
            ("conditions", Value::Null) => rule.conditions.clear(),
            ("operator", Value::String(operator)) => rule.operator = Some(operator.clone()),
            ("operator", Value::Null) => rule.operator = None,
            ("operator", _) => self.mismatch(key, "String"),
            ("actions", Value::Array(actions)) => self.actions(rule, actions),
            ("actions", Value::Null) => {}
            ("events" | "conditions" | "actions", _) => self.mismatch(key, "Array"),
            _ => {}
        }
    }

    fn performer(&mut self, rule: &mut Rule, value: &Value) {
        match serde_json::from_value::<RulePerformer>(value.clone()) {
            Ok(performer) if (1..=4).contains(&performer.kind) => {
                let unknown = performer
                    .members
                    .iter()
                    .find(|id| self.account.people.agent(**id).is_none());
                match unknown {
                    Some(_) => self.refuse(
                        "performer[members]",
                        "There is no agent matching the given id",
                        code::INVALID_VALUE,
                    ),
                    None => rule.performer = Some(performer),
                }
            }
            Ok(_) => self.refuse(
                "performer[type]",
                "It should be one of these values: '1,2,3,4'",
                code::INVALID_VALUE,
            ),
            Err(_) => self.mismatch("performer", "key/value pair"),
        }
    }

    fn known_field(&self, name: &str, known: &[&str]) -> bool {
        known.contains(&name) || self.account.custom_fields().any(|field| field.name == name)
    }

    /// An object of a list with a known `field_name`.
    pub(super) fn named<'v>(
        &mut self,
        list: &str,
        value: &'v Value,
        known: &[&str],
    ) -> Option<(&'v str, &'v Map<String, Value>)> {
        let Some(object) = value.as_object() else {
            self.mismatch(list, "key/value pair");
            return None;
        };
        match object.get("field_name") {
            Some(Value::String(name)) if self.known_field(name, known) => Some((name, object)),
            Some(Value::String(name)) => {
                let mut all: Vec<&str> = known.to_vec();
                let custom: Vec<String> = self
                    .account
                    .custom_fields()
                    .map(|field| field.name.clone())
                    .collect();
                all.extend(custom.iter().map(String::as_str));
                let message = match crate::core::words::nearest(name, all) {
                    Some(near) => format!(
                        "Unexpected/invalid field in request: '{name}'. Did you mean '{near}'?"
                    ),
                    None => format!("Unexpected/invalid field in request: '{name}'"),
                };
                self.refuse(list, message, code::INVALID_FIELD);
                None
            }
            _ => {
                self.refuse(
                    &format!("{list}[field_name]"),
                    "Mandatory attribute missing",
                    code::MISSING_FIELD,
                );
                None
            }
        }
    }

    fn events(&mut self, rule: &mut Rule, events: &[Value]) {
        if events.is_empty() {
            self.refuse(
                "events",
                "It should not be blank as this is a mandatory field",
                code::INVALID_VALUE,
            );
        }
        rule.events.clear();
        for event in events {
            if let Some((_, object)) = self.named("events", event, &EVENTS) {
                rule.events.push(object.clone());
            }
        }
    }

    fn conditions(&mut self, rule: &mut Rule, sets: &[Value]) {
        rule.conditions.clear();
        if sets.len() > 2 {
            self.refuse(
                "conditions",
                "It should have at most 2 condition sets",
                code::INVALID_VALUE,
            );
        }
        for (at, set) in sets.iter().enumerate() {
            let Ok(parsed) = serde_json::from_value::<ConditionSet>(with_name(set, at)) else {
                self.mismatch(
                    "conditions",
                    "key/value pair with name, match_type and properties",
                );
                continue;
            };
            if !["all", "any"].contains(&parsed.match_type.as_str()) {
                self.refuse(
                    "conditions[match_type]",
                    "It should be one of these values: 'all,any'",
                    code::INVALID_VALUE,
                );
            }
            for property in &parsed.properties {
                self.property(property);
            }
            rule.conditions.push(parsed);
        }
    }

    fn property(&mut self, property: &Map<String, Value>) {
        let word = |key: &str| property.get(key).and_then(Value::as_str);
        let name = word("field_name").unwrap_or_default().to_owned();
        match word("resource_type") {
            None => {
                let message =
                    format!("Expecting these field 'resource_type' present for '[{name}]'");
                self.refuse("conditions", message, code::MISSING_FIELD);
                return;
            }
            Some(resource) if !RESOURCES.contains(&resource) => {
                self.refuse(
                    "conditions[resource_type]",
                    "It should be one of these values: 'ticket,contact,company'",
                    code::INVALID_VALUE,
                );
                return;
            }
            Some("ticket") => {
                let hourly: &[&str] = if self.kind == kind::HOURLY {
                    &HOURLY_FIELDS
                } else {
                    &[]
                };
                let known = [TICKET_FIELDS.as_slice(), hourly].concat();
                if self
                    .named("conditions", &Value::Object(property.clone()), &known)
                    .is_none()
                {
                    return;
                }
            }
            Some(_) => {}
        }
        match word("operator") {
            // What contains something is asked for with a list. [O TFP]
            Some("contains" | "does_not_contain")
                if !property.get("value").is_some_and(Value::is_array) =>
            {
                self.mismatch("conditions[value]", "Array");
            }
            Some(operator) if OPERATORS.contains(&operator) => {}
            Some(_) => {
                let message = format!(
                    "It should be one of these values: '{}'",
                    OPERATORS.join(",")
                );
                self.refuse("conditions[operator]", message, code::INVALID_VALUE);
            }
            None => self.refuse(
                "conditions[operator]",
                "Mandatory attribute missing",
                code::MISSING_FIELD,
            ),
        }
    }
}

/// A condition set's name may be left out; its place says it. [I]
fn with_name(set: &Value, at: usize) -> Value {
    let mut set = set.clone();
    if let Value::Object(object) = &mut set {
        object
            .entry("name")
            .or_insert_with(|| Value::String(format!("condition_set_{}", at + 1)));
        object
            .entry("match_type")
            .or_insert_with(|| Value::String("all".to_owned()));
        object
            .entry("properties")
            .or_insert_with(|| Value::Array(Vec::new()));
    }
    set
}
