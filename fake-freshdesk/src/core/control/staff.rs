//! Agents, groups, ticket fields.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::accounts;
use super::call::{ControlReply, Refusal, Result, read};
use super::routes::Control;
use crate::core::account::Account;
use crate::core::choices::{self, LEVELS};
use crate::core::field_values::{BadValue, Values};
use crate::core::fields::{CUSTOM_TYPES, Form};
use crate::core::ids::api_key;
use crate::core::people::{Agent, DEFAULT_ROLES, Group, Handle};
use crate::core::v2::{FieldShape, Level, field_json, group_json, new_field, put_field};
use crate::core::words;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewAgent {
    name: String,
    email: String,
    role: String,
    #[serde(default)]
    group_ids: Vec<i64>,
    ticket_scope: Option<u8>,
    api_key: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgentChange {
    role: Option<String>,
    deactivated: Option<bool>,
    group_ids: Option<Vec<i64>>,
    ticket_scope: Option<u8>,
    api_key: Option<String>,
}

fn check_role(role: &str) -> Result<()> {
    if DEFAULT_ROLES.iter().any(|(name, _)| *name == role) {
        return Ok(());
    }
    Err(Refusal::invalid(
        "role",
        words::unknown("role", role, DEFAULT_ROLES.map(|(name, _)| name)),
    ))
}

/// A key that a test chooses must be one that could be sent, and nobody else's.
pub(super) fn check_key(account: &Account, field: &str, key: &str) -> Result<()> {
    if key.len() < 8 || !key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        let message = "a key is at least 8 letters and digits".to_owned();
        return Err(Refusal::invalid(field, message));
    }
    match account.people.agent_by_key(key) {
        Some(owner) => Err(Refusal::conflict(
            field,
            format!("agent {} has this key already", owner.id),
        )),
        None => Ok(()),
    }
}

fn check_scope(scope: Option<u8>) -> Result<()> {
    match scope {
        Some(scope) if !(1..=3).contains(&scope) => Err(Refusal::invalid(
            "ticket_scope",
            "a scope is 1 (global), 2 (group) or 3 (restricted)".into(),
        )),
        _ => Ok(()),
    }
}

fn check_groups(call: &Control<'_, '_>, ids: &[i64]) -> Result<()> {
    match ids
        .iter()
        .find(|id| !call.desk.account.groups.contains_key(id))
    {
        Some(id) => Err(Refusal::invalid(
            "group_ids",
            format!("there is no group {id}"),
        )),
        None => Ok(()),
    }
}

fn check_agents(call: &Control<'_, '_>, ids: &[i64]) -> Result<()> {
    match ids
        .iter()
        .find(|id| call.desk.account.people.agent(**id).is_none())
    {
        Some(id) => Err(Refusal::invalid(
            "agent_ids",
            format!("there is no agent {id}"),
        )),
        None => Ok(()),
    }
}

pub(super) fn add_agent(call: &mut Control<'_, '_>) -> Result {
    let new: NewAgent = read(&call.request.body)?;
    check_role(&new.role)?;
    check_scope(new.ticket_scope)?;
    check_groups(call, &new.group_ids)?;
    if call
        .desk
        .account
        .people
        .find(Handle::Email, &new.email)
        .is_some()
    {
        return Err(Refusal::conflict(
            "email",
            format!("`{}` is somebody's address already", new.email),
        ));
    }
    if let Some(key) = &new.api_key {
        check_key(call.desk.account, "api_key", key)?;
    }
    let id = call
        .desk
        .account
        .add_agent(&new.name, &new.email, &new.role, call.desk.now);
    let mut agent = agent(call, id)?;
    agent.api_key = new.api_key.unwrap_or(agent.api_key);
    agent.group_ids = new.group_ids;
    agent.ticket_scope = new.ticket_scope.unwrap_or(agent.ticket_scope);
    let shown = accounts::agent(call.desk.account, &agent);
    call.desk.account.people.put_agent(agent);
    Ok(ControlReply::created(&shown))
}

fn agent(call: &Control<'_, '_>, id: i64) -> Result<Agent> {
    call.desk
        .account
        .people
        .agent(id)
        .cloned()
        .ok_or_else(|| Refusal::not_found(format!("agent {id}")))
}

pub(super) fn change_agent(call: &mut Control<'_, '_>, id: i64) -> Result {
    let mut agent = agent(call, id)?;
    let change: AgentChange = read(&call.request.body)?;
    check_scope(change.ticket_scope)?;
    if let Some(role) = &change.role {
        check_role(role)?;
        let role = call.desk.account.role_named(role).map(|role| role.id);
        agent.role_ids = role.into_iter().collect();
    }
    if let Some(group_ids) = change.group_ids {
        check_groups(call, &group_ids)?;
        agent.group_ids = group_ids;
    }
    agent.deactivated = change.deactivated.unwrap_or(agent.deactivated);
    agent.ticket_scope = change.ticket_scope.unwrap_or(agent.ticket_scope);
    match change.api_key.as_deref() {
        None => {}
        Some("reset") => {
            agent.key_generation += 1;
            agent.api_key = api_key(&call.desk.account.domain, id, agent.key_generation);
        }
        Some(_) => {
            return Err(Refusal::invalid(
                "api_key",
                "a key cannot be chosen: write \"reset\" for a new one".into(),
            ));
        }
    }
    agent.updated_at = call.desk.now;
    let shown = accounts::agent(call.desk.account, &agent);
    call.desk.account.people.put_agent(agent);
    Ok(ControlReply::ok(&shown))
}

pub(super) fn remove_agent(call: &mut Control<'_, '_>, id: i64) -> Result {
    agent(call, id)?;
    call.desk.demote(id);
    Ok(ControlReply::nothing())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewGroup {
    name: String,
    #[serde(default)]
    agent_ids: Vec<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupChange {
    name: Option<String>,
    agent_ids: Option<Vec<i64>>,
}

fn check_group_name(call: &Control<'_, '_>, id: i64, name: &str) -> Result<()> {
    if call
        .desk
        .account
        .groups
        .values()
        .any(|group| group.id != id && group.name.eq_ignore_ascii_case(name))
    {
        return Err(Refusal::conflict(
            "name",
            format!("there is a group `{name}` already"),
        ));
    }
    Ok(())
}

pub(super) fn add_group(call: &mut Control<'_, '_>) -> Result {
    let new: NewGroup = read(&call.request.body)?;
    check_group_name(call, 0, &new.name)?;
    check_agents(call, &new.agent_ids)?;
    let now = call.desk.now;
    let id = call.desk.account.ids.next();
    let group = Group {
        id,
        name: new.name,
        description: None,
        escalate_to: None,
        unassigned_for: None,
        business_hour_id: None,
        auto_ticket_assign: 0,
        created_at: now,
        updated_at: now,
    };
    call.desk.account.groups.insert(id, group.clone());
    call.desk.account.set_members(id, &new.agent_ids);
    Ok(ControlReply::created(&group_json(
        call.desk.account,
        &group,
        true,
    )))
}

pub(super) fn change_group(call: &mut Control<'_, '_>, id: i64) -> Result {
    let Some(mut group) = call.desk.account.groups.get(&id).cloned() else {
        return Err(Refusal::not_found(format!("group {id}")));
    };
    let change: GroupChange = read(&call.request.body)?;
    if let Some(name) = change.name {
        check_group_name(call, id, &name)?;
        group.name = name;
    }
    if let Some(agent_ids) = change.agent_ids {
        check_agents(call, &agent_ids)?;
        call.desk.account.set_members(id, &agent_ids);
    }
    group.updated_at = call.desk.now;
    let shown = group_json(call.desk.account, &group, true);
    call.desk.account.groups.insert(id, group);
    Ok(ControlReply::ok(&shown))
}

pub(super) fn remove_group(call: &mut Control<'_, '_>, id: i64) -> Result {
    if !call.desk.account.groups.contains_key(&id) {
        return Err(Refusal::not_found(format!("group {id}")));
    }
    call.desk.drop_group(id);
    Ok(ControlReply::nothing())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewField {
    name: Option<String>,
    label: String,
    #[serde(rename = "type")]
    kind: String,
    /// Texts, or `{value, choices}` for a nested field.
    #[serde(default)]
    choices: Vec<Value>,
    /// The labels of a nested field's second and third level.
    #[serde(default)]
    dependent_fields: Vec<String>,
    required_for_agents: Option<bool>,
}

pub(super) fn fields(call: &Control<'_, '_>) -> ControlReply {
    let account = &call.desk.account;
    let items: Vec<_> = account
        .fields
        .iter()
        .filter(|field| field.nested.is_none())
        .map(|field| field_json(account, field, FieldShape::Agent))
        .collect();
    ControlReply::ok(&json!({ "items": items }))
}

pub(super) fn add_field(call: &mut Control<'_, '_>) -> Result {
    let new: NewField = read(&call.request.body)?;
    if !CUSTOM_TYPES.contains(&new.kind.as_str()) {
        return Err(Refusal::invalid(
            "type",
            words::unknown("type", &new.kind, CUSTOM_TYPES),
        ));
    }
    let now = call.desk.now;
    let account = &mut *call.desk.account;
    let mut ids = account.ids.clone();
    let what = (Form::Ticket, &*new.label, &*new.kind);
    let Some(mut field) = new_field(account, &mut ids, what, new.name.as_deref(), now) else {
        let name = new.name.unwrap_or_default();
        return Err(Refusal::conflict(
            "name",
            format!("there is a field `{name}` already"),
        ));
    };
    let laid = choices::overlay(&mut field.choices, &new.choices, LEVELS, &mut || {
        ids.of_forms()
    });
    if laid.is_err() {
        let message = "a choice is a text, or {value, choices} with at most three levels";
        return Err(Refusal::invalid("choices", message.to_owned()));
    }
    let below = new.dependent_fields.into_iter().zip(2..=LEVELS);
    let levels = below.map(|(label, level)| Level {
        level,
        label_for_customers: label.clone(),
        label,
    });
    field.required_for_agents = new.required_for_agents.unwrap_or(false);
    let levels = levels.collect();
    account.ids = ids;
    put_field(account, Form::Ticket, field.clone(), levels);
    let shown = field_json(account, &field, FieldShape::Agent);
    Ok(ControlReply::created(&shown))
}

pub(super) fn remove_field(call: &mut Control<'_, '_>, name: &str) -> Result {
    match call.desk.account.field(name) {
        Some(field) if !field.default => {
            call.desk.drop_field(Form::Ticket, name);
            Ok(ControlReply::nothing())
        }
        Some(_) => Err(Refusal::invalid(
            "name",
            format!("`{name}` is a default field and stays"),
        )),
        None => Err(Refusal::not_found(format!("ticket field `{name}`"))),
    }
}

/// Custom field values of a control call, checked against a new ticket's or
/// the one's that `id` names.
pub(super) fn custom_values(
    call: &Control<'_, '_>,
    id: Option<i64>,
    given: &Map<String, Value>,
) -> Result<Values> {
    let account = &*call.desk.account;
    let checked = account.check_ticket_values(id, given, false);
    checked.map_err(|errors| {
        let Some((name, bad)) = errors.into_iter().next() else {
            return Refusal::invalid("custom_fields", "they do not fit".to_owned());
        };
        let at = format!("custom_fields.{name}");
        match bad {
            BadValue::NoField => {
                let known = account.custom_fields().map(|field| field.name.as_str());
                let known: Vec<&str> = known.collect();
                Refusal::unknown_field(&at, words::unknown("custom field", &name, known))
            }
            BadValue::Type(_) => {
                let kind = account.field(&name).map_or("", |field| &field.kind);
                let value = given.get(&name).unwrap_or(&Value::Null);
                let message = format!("{value} is no value for a field of type {kind}");
                Refusal::invalid(&at, message)
            }
            BadValue::Choice(choices) => {
                Refusal::invalid(&at, format!("it is none of its choices: {choices}"))
            }
            BadValue::NoParent => {
                Refusal::invalid(&at, "a level under it needs its value".to_owned())
            }
        }
    })
}
