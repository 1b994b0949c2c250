//! Rules and their activity logs, without API key and quota.

use serde_json::{Map, Value, json};

use super::call::{ControlReply, Refusal, Result, read_any};
use super::routes::Control;
use crate::core::automation::kind;
use crate::core::events::Performer;

pub(super) fn kind_of(text: &str) -> Result<u8> {
    let found = text.parse().ok().filter(|kind| kind::ALL.contains(kind));
    found.ok_or_else(|| {
        Refusal::not_found(format!(
            "type of rules `{text}`: 1 is ticket creation, 3 hourly, 4 ticket updates"
        ))
    })
}

pub(super) fn list(call: &Control<'_, '_>) -> Result {
    let mut shown = Map::new();
    for kind in kind::ALL {
        let rules: Vec<Value> = call
            .desk
            .account
            .rules_of(kind)
            .map(|rule| rule.json(call.desk.account, call.desk.now))
            .collect();
        shown.insert(kind.to_string(), json!(rules));
    }
    Ok(ControlReply::ok(&shown))
}

fn body(call: &Control<'_, '_>) -> Result<Map<String, Value>> {
    match read_any(&call.request.body)? {
        Value::Object(body) => Ok(body),
        _ => Err(Refusal::invalid(
            "",
            "the body must be a JSON object".to_owned(),
        )),
    }
}

fn note(call: &mut Control<'_, '_>, what: &str, kind: u8, rule: &Value) {
    let admin = Performer::Agent(call.desk.account.admin_id);
    let detail = json!({"rule_id": rule["id"], "rule_name": rule["name"], "rule_type": kind, "active": rule["active"]});
    call.desk.act(what, admin, None, &detail);
}

pub(super) fn create(call: &mut Control<'_, '_>, kind: u8) -> Result {
    let body = body(call)?;
    let admin = call.desk.account.admin_id;
    let rule = call.desk.save_rule(kind, None, &body, admin)?;
    note(call, "rule_created", kind, &rule);
    Ok(ControlReply::created(&rule))
}

fn exists(call: &Control<'_, '_>, kind: u8, id: i64) -> Result<()> {
    if call.desk.account.rules_of(kind).any(|rule| rule.id == id) {
        return Ok(());
    }
    Err(Refusal::not_found(format!("rule {id} of type {kind}")))
}

pub(super) fn update(call: &mut Control<'_, '_>, kind: u8, id: i64) -> Result {
    exists(call, kind, id)?;
    let body = body(call)?;
    let admin = call.desk.account.admin_id;
    let rule = call.desk.save_rule(kind, Some(id), &body, admin)?;
    note(call, "rule_changed", kind, &rule);
    Ok(ControlReply::ok(&rule))
}

pub(super) fn delete(call: &mut Control<'_, '_>, kind: u8, id: i64) -> Result {
    exists(call, kind, id)?;
    let name = call
        .desk
        .account
        .rules_of(kind)
        .find(|rule| rule.id == id)
        .map(|rule| rule.name.clone());
    call.desk.drop_rule(kind, id);
    note(
        call,
        "rule_deleted",
        kind,
        &json!({"id": id, "name": name, "active": false}),
    );
    Ok(ControlReply::nothing())
}

/// The log of a rule, also of one that was deleted; a rule that no event
/// reached yet has an empty one.
pub(super) fn activity(call: &Control<'_, '_>, id: i64) -> Result {
    let account = &*call.desk.account;
    if let Some(log) = account.logs.get(&id) {
        return Ok(ControlReply::ok(&log.json(account)));
    }
    match account.rules.iter().find(|rule| rule.id == id) {
        Some(rule) => Ok(ControlReply::ok(
            &json!({"rule": {"id": id, "name": rule.name, "type": rule.kind}, "items": []}),
        )),
        None => Err(Refusal::not_found(format!("rule {id}"))),
    }
}
