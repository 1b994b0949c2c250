//! Groups.

use serde_json::{Value, json};

use super::call::{Answer, Call, Result};
use super::errors::{Failure, FieldError, code};
use super::input::Input;
use super::ticket_list::one_page;
use crate::core::account::Account;
use crate::core::people::Group;
use crate::core::time::seconds;

const UNASSIGNED_FOR: [&str; 9] = ["30m", "1h", "2h", "4h", "8h", "12h", "1d", "2d", "3d"];

/// What `/groups` and `/admin/groups` call the same thing; either refuses the
/// other's name. [O TFP]
fn hours_key(call: &Call<'_, '_>) -> &'static str {
    match call.path.first() {
        Some(&"admin") => "business_calendar_id",
        _ => "business_hour_id",
    }
}

/// A group as the path's API shows it.
fn shown(call: &Call<'_, '_>, group: &Group, members: bool) -> Value {
    let mut shown = group_json(call.account(), group, members);
    if let (key @ "business_calendar_id", Value::Object(map)) = (hours_key(call), &mut shown)
        && let Some(hours) = map.shift_remove("business_hour_id")
    {
        map.insert(key.to_owned(), hours);
    }
    shown
}

/// A group; lists do not show the members. [D, O FDM]
pub(crate) fn group_json(account: &Account, group: &Group, members: bool) -> Value {
    let mut shown = json!({
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "escalate_to": group.escalate_to,
        "unassigned_for": group.unassigned_for,
        "business_hour_id": group.business_hour_id,
        "group_type": "support_agent_group",
        "auto_ticket_assign": group.auto_ticket_assign,
        "agent_availability_status": false,
    });
    if members {
        shown["agent_ids"] = json!(account.members(group.id));
    }
    shown["created_at"] = json!(seconds(group.created_at));
    shown["updated_at"] = json!(seconds(group.updated_at));
    shown
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result {
    let page = call.query.page()?;
    let (groups, more) = one_page(call.account().groups.values(), page);
    let list: Vec<Value> = groups
        .into_iter()
        .map(|group| shown(call, group, false))
        .collect();
    let mut answer = Answer::ok(&list);
    if more {
        answer.link = Some(call.next_link(page));
    }
    Ok(answer)
}

fn group(call: &Call<'_, '_>) -> Result<Group> {
    call.account()
        .groups
        .get(&call.id(0)?)
        .cloned()
        .ok_or(Failure::NOT_FOUND)
}

pub(super) fn view(call: &mut Call<'_, '_>) -> Result {
    let group = group(call)?;
    Ok(Answer::ok(&shown(call, &group, true)))
}

/// Reads the body over a group; returns the members it names.
fn read(call: &mut Call<'_, '_>, group: &mut Group) -> Result<Option<Vec<i64>>> {
    let hours = hours_key(call);
    call.input.allow(&[
        "name",
        "description",
        "agent_ids",
        "auto_ticket_assign",
        "escalate_to",
        "unassigned_for",
        hours,
        "group_type",
    ]);
    if let Some(Some(name)) = call.input.text("name") {
        group.name = name.trim().to_owned();
        if group.name.is_empty() {
            call.input.refuse(FieldError::blank("name"));
        }
    }
    if let Some(description) = call.input.text("description") {
        group.description = description;
    }
    if let Some(escalate_to) = call.input.integer("escalate_to") {
        group.escalate_to = escalate_to;
    }
    if let Some(id) = call.input.integer(hours) {
        let known = |id| call.desk.account.is_on_shelf("business_hours", id);
        if id.is_some_and(|id| !known(id)) {
            call.input
                .refuse(FieldError::nothing_matches(hours, "business hour"));
        }
        group.business_hour_id = id;
    }
    if let Some(unassigned_for) = call.input.text("unassigned_for") {
        if unassigned_for
            .as_deref()
            .is_some_and(|text| !UNASSIGNED_FOR.contains(&text))
        {
            let error = FieldError::choice("unassigned_for", UNASSIGNED_FOR.join(","));
            call.input.refuse(error);
        }
        group.unassigned_for = unassigned_for;
    }
    // Older clients send a boolean. [O]
    call.input.see("auto_ticket_assign");
    match call.input.map.get("auto_ticket_assign") {
        None | Some(Value::Null) => {}
        Some(Value::Bool(flag)) => group.auto_ticket_assign = u8::from(*flag),
        Some(_) => {
            if let Some(kind) = call
                .input
                .number_of("auto_ticket_assign", &[0, 1, 2, 3, 12])
            {
                group.auto_ticket_assign = u8::try_from(kind).unwrap_or_default();
            }
        }
    }
    call.input.check("group_type", Input::text);
    let members = call.input.integers("agent_ids").flatten();
    let people = &call.desk.account.people;
    let known = |id: &i64| people.agent(*id).is_some();
    if !members.as_ref().is_none_or(|ids| ids.iter().all(known))
        || !group.escalate_to.is_none_or(|id| known(&id))
    {
        call.input
            .errors
            .push(FieldError::nothing_matches("agent_ids", "agent"));
    }
    call.checked()?;
    let taken = call
        .account()
        .groups
        .values()
        .any(|each| each.id != group.id && each.name.eq_ignore_ascii_case(&group.name));
    if taken {
        return Err(Failure::conflict(FieldError::new(
            "name",
            "It should be a unique value",
            code::DUPLICATE_VALUE,
        )));
    }
    Ok(members)
}

pub(super) fn create(call: &mut Call<'_, '_>) -> Result {
    call.input.require("name");
    let now = call.desk.now;
    let mut group = Group {
        id: 0,
        name: String::new(),
        description: None,
        escalate_to: None,
        unassigned_for: None,
        business_hour_id: None,
        auto_ticket_assign: 0,
        created_at: now,
        updated_at: now,
    };
    let members = read(call, &mut group)?;
    let id = call.desk.account.ids.next();
    group.id = id;
    call.desk.account.groups.insert(id, group.clone());
    call.desk
        .account
        .set_members(id, &members.unwrap_or_default());
    Ok(Answer::created(
        &format!("{}/{id}", call.path()),
        &shown(call, &group, true),
    ))
}

pub(super) fn update(call: &mut Call<'_, '_>) -> Result {
    let mut group = group(call)?;
    let members = read(call, &mut group)?;
    group.updated_at = call.desk.now;
    call.desk.account.groups.insert(group.id, group.clone());
    if let Some(members) = members {
        call.desk.account.set_members(group.id, &members);
    }
    Ok(Answer::ok(&shown(call, &group, true)))
}

pub(super) fn delete(call: &mut Call<'_, '_>) -> Result {
    let id = group(call)?.id;
    call.desk.drop_group(id);
    Ok(Answer::nothing())
}

impl crate::core::desk::Desk<'_> {
    /// Removes a group; its tickets are in no group then. [I]
    pub(crate) fn drop_group(&mut self, id: i64) {
        self.account.set_members(id, &[]);
        self.account.groups.remove(&id);
        let orphans: Vec<i64> = self
            .account
            .tickets
            .iter()
            .filter(|ticket| ticket.group_id == Some(id))
            .map(|ticket| ticket.id)
            .collect();
        for ticket in orphans {
            self.account
                .tickets
                .change(ticket, |ticket| ticket.group_id = None);
        }
    }
}
