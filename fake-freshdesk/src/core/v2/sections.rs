//! Sections of a dropdown among the ticket fields. [D]

use serde_json::{Value, json};

use super::call::{Answer, Call, Result};
use super::errors::{Failure, FieldError, code};
use crate::core::fields::Field;
use crate::core::sections::{Section, has_sections};
use crate::core::time::seconds;

const KEYS: [&str; 3] = ["label", "choice_ids", "ticket_field_ids"];

pub(super) fn section_json(section: &Section) -> Value {
    json!({
        "id": section.id,
        "label": section.label,
        "parent_ticket_field_id": section.parent,
        "choice_ids": section.choice_ids,
        "ticket_field_ids": section.field_ids,
        "created_at": seconds(section.created_at),
        "updated_at": seconds(section.updated_at),
    })
}

/// The dropdown in the path.
fn parent(call: &Call<'_, '_>) -> Result<Field> {
    let id = call.id(0)?;
    let mut fields = call.account().fields.iter();
    let field = fields.find(|field| field.id == id && field.nested.is_none());
    field.cloned().ok_or(Failure::NOT_FOUND)
}

fn section(call: &Call<'_, '_>) -> Result<Section> {
    let parent = parent(call)?.id;
    let section = call.account().sections.get(&call.id(1)?);
    let section = section.filter(|section| section.parent == parent);
    section.cloned().ok_or(Failure::NOT_FOUND)
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result {
    let parent = parent(call)?.id;
    let sections = call.account().sections_of(parent);
    Ok(Answer::ok(&sections.map(section_json).collect::<Vec<_>>()))
}

pub(super) fn view(call: &mut Call<'_, '_>) -> Result {
    Ok(Answer::ok(&section_json(&section(call)?)))
}

/// Reads the body over a section. A choice opens one section only, and only an
/// account's own fields that have no sections themselves stand in one. [I]
fn read(call: &mut Call<'_, '_>, parent: &Field, section: &mut Section) -> Result<()> {
    call.input.allow(&KEYS);
    if let Some(label) = call.input.text("label") {
        section.label = label.unwrap_or_default().trim().to_owned();
        if section.label.is_empty() {
            call.input.refuse(FieldError::blank("label"));
        }
    }
    let others: Vec<Section> = call.account().sections_of(parent.id).cloned().collect();
    let mut others = others.into_iter().filter(|each| each.id != section.id);
    let others: Vec<Section> = others.by_ref().collect();
    if others
        .iter()
        .any(|each| each.label.eq_ignore_ascii_case(&section.label))
    {
        let message = "It should be a unique value";
        call.input
            .refuse(FieldError::new("label", message, code::DUPLICATE_VALUE));
    }
    if let Some(ids) = call.input.integers("choice_ids") {
        section.choice_ids = ids.unwrap_or_default();
        let free = parent.choices.iter().map(|choice| choice.id);
        let free = free.filter(|id| others.iter().all(|each| !each.choice_ids.contains(id)));
        let free: Vec<i64> = free.collect();
        if section.choice_ids.is_empty() {
            call.input.refuse(FieldError::blank("choice_ids"));
        } else if section.choice_ids.iter().any(|id| !free.contains(id)) {
            let free: Vec<String> = free.iter().map(ToString::to_string).collect();
            call.input
                .refuse(FieldError::choice("choice_ids", free.join(",")));
        }
    }
    if let Some(ids) = call.input.integers("ticket_field_ids") {
        section.field_ids = ids.unwrap_or_default();
        let account = &*call.desk.account;
        let may_stand = |id: &i64| {
            let mut fields = account.fields.iter();
            let own =
                fields.any(|field| field.id == *id && !field.default && field.nested.is_none());
            let elsewhere = account
                .sections_with(*id)
                .any(|(each, _)| each.parent != parent.id);
            own && *id != parent.id && !elsewhere && account.sections_of(*id).next().is_none()
        };
        if !section.field_ids.iter().all(may_stand) {
            call.input.refuse(FieldError::nothing_matches(
                "ticket_field_ids",
                "ticket field",
            ));
        }
    }
    call.checked()
}

pub(super) fn create(call: &mut Call<'_, '_>) -> Result {
    let parent = parent(call)?;
    call.input.require("label");
    call.input.require("choice_ids");
    if !has_sections(&parent.kind) {
        let message = "Sections can be made for a dropdown only";
        call.input
            .refuse(FieldError::new("type", message, code::INCOMPATIBLE_FIELD));
    }
    let now = call.desk.now;
    let mut section = Section {
        id: 0,
        label: String::new(),
        parent: parent.id,
        choice_ids: Vec::new(),
        field_ids: Vec::new(),
        created_at: now,
        updated_at: now,
    };
    read(call, &parent, &mut section)?;
    section.id = call.desk.account.ids.of_forms();
    let answer = Answer::json(201, &section_json(&section));
    let place = format!("{}/{}", call.path(), section.id);
    call.desk.account.sections.insert(section.id, section);
    Ok(answer.at(place))
}

pub(super) fn update(call: &mut Call<'_, '_>) -> Result {
    let (parent, mut section) = (parent(call)?, section(call)?);
    read(call, &parent, &mut section)?;
    section.updated_at = call.desk.now;
    let answer = Answer::ok(&section_json(&section));
    call.desk.account.sections.insert(section.id, section);
    Ok(answer)
}

/// Its fields show always then. [I]
pub(super) fn delete(call: &mut Call<'_, '_>) -> Result {
    let id = section(call)?.id;
    call.desk.account.sections.remove(&id);
    Ok(Answer::nothing())
}
