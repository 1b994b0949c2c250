//! Fields of tickets, for agents (`/ticket_fields`) and for administrators
//! (`/admin/ticket_fields`), of contacts and of companies.

use serde_json::{Value, json};

use super::call::{Answer, Call, Result};
use super::errors::{Failure, FieldError, code};
use super::field_view::{FieldShape, field_json};
use super::field_write::{Level, Read, read};
use super::sections::section_json;
use super::ticket_list::one_page;
use crate::core::account::Account;
use crate::core::fields::{CUSTOM_TYPES, Field, Form, Nested, PERSON_TYPES, api_name};
use crate::core::ids::Ids;
use crate::core::sections::has_sections;
use crate::core::time::Ms;

/// The form that the path names, and how its fields are shown there.
fn form(call: &Call<'_, '_>) -> (Form, FieldShape) {
    match call.path.first() {
        Some(&"contact_fields") => (Form::Contact, FieldShape::Person),
        Some(&"company_fields") => (Form::Company, FieldShape::Person),
        Some(&"admin") => (Form::Ticket, FieldShape::Admin),
        _ => (Form::Ticket, FieldShape::Agent),
    }
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result {
    let (form, shape) = form(call);
    let page = call.query.page()?;
    let paged = call.query.get("page").is_some() || call.query.get("per_page").is_some();
    let kind = call.query.get("type");
    // Levels of a nested field stand in their root.
    let fits =
        |field: &&Field| field.nested.is_none() && kind.is_none_or(|kind| field.kind == kind);
    let fields = call.account().form(form).iter().filter(fits);
    // Without paging parameters all fields come at once. [I]
    let (fields, more) = if paged {
        one_page(fields, page)
    } else {
        (fields.collect(), false)
    };
    let list: Vec<Value> = fields
        .into_iter()
        .map(|field| field_json(call.account(), field, shape))
        .collect();
    let mut answer = Answer::ok(&list);
    if more {
        answer.link = Some(call.next_link(page));
    }
    Ok(answer)
}

fn field(call: &Call<'_, '_>) -> Result<Field> {
    let id = call.id(0)?;
    call.account()
        .form(form(call).0)
        .iter()
        .find(|field| field.id == id && field.nested.is_none())
        .cloned()
        .ok_or(Failure::NOT_FOUND)
}

pub(super) fn view(call: &mut Call<'_, '_>) -> Result {
    let (form, shape) = form(call);
    let sections = form == Form::Ticket
        && call
            .query
            .includes(&["conversion", "section"])?
            .contains(&"section");
    let field = field(call)?;
    let mut shown = field_json(call.account(), &field, shape);
    if sections && has_sections(&field.kind) {
        let sections = call.account().sections_of(field.id);
        shown["sections"] = sections.map(section_json).collect();
    }
    Ok(Answer::ok(&shown))
}

/// A field of an account's own that is not in its form yet; `None` if the name
/// is taken. A name that was made from the label gets digits appended instead,
/// also if only a field that is gone had it. [D; which digits I]
pub(crate) fn new_field(
    account: &Account,
    ids: &mut Ids,
    (form, label, kind): (Form, &str, &str),
    name: Option<&str>,
    now: Ms,
) -> Option<Field> {
    let fields = account.form(form);
    let taken = |name: &str| fields.iter().any(|field| field.name == name);
    let name = match name {
        Some(name) if taken(name) => return None,
        Some(name) => name.to_owned(),
        None => {
            // Names of contacts' and companies' fields have no `cf_`. [D sample]
            let plain = api_name(label);
            let plain = match form {
                Form::Ticket => &*plain,
                _ => plain.trim_start_matches("cf_"),
            };
            let used = &account.names_used;
            if taken(plain) || used.contains(&(form, plain.to_owned())) {
                format!("{plain}{}", 100_000 + fields.len() + used.len())
            } else {
                plain.to_owned()
            }
        }
    };
    let last = fields.iter().filter(|field| field.nested.is_none()).count();
    Some(Field {
        position: last as i64 + 1,
        ..Field::plain(ids.next(), (&name, label, kind), now)
    })
}

/// Puts a field into its form, and the levels under it, which are made or
/// named anew.
pub(crate) fn put_field(account: &mut Account, form: Form, field: Field, levels: Vec<Level>) {
    let mut ids = account.ids.clone();
    let (root, kind, now) = (field.id, field.kind.clone(), field.updated_at);
    place(account.form_mut(form), field);
    for level in levels {
        let here = Nested {
            root,
            level: level.level,
        };
        let known = account.form(form);
        let known = known
            .iter()
            .find(|each| each.nested.as_ref() == Some(&here))
            .cloned();
        let below =
            known.or_else(|| new_field(account, &mut ids, (form, &level.label, &kind), None, now));
        let Some(mut below) = below else { continue };
        below.label = level.label;
        below.label_for_customers = level.label_for_customers;
        below.nested = Some(here);
        below.updated_at = now;
        place(account.form_mut(form), below);
    }
    account.ids = ids;
}

fn place(fields: &mut Vec<Field>, field: Field) {
    match fields.iter_mut().find(|each| each.id == field.id) {
        Some(slot) => *slot = field,
        None => fields.push(field),
    }
}

pub(super) fn create(call: &mut Call<'_, '_>) -> Result {
    // The nested sample of the reference is wrapped. [D]
    if let (1, Some(Value::Object(inner))) =
        (call.input.map.len(), call.input.map.get("ticket_field"))
    {
        call.input.map = inner.clone();
    }
    let (form, shape) = form(call);
    for key in ["label", "type"] {
        call.input.require(key);
    }
    if form != Form::Company {
        call.input.require("label_for_customers");
    }
    let label = call.input.text("label").flatten().unwrap_or_default();
    let kind = call.input.text("type").flatten().unwrap_or_default();
    let types: &[&str] = match form {
        Form::Ticket => &CUSTOM_TYPES,
        _ => &PERSON_TYPES,
    };
    if !kind.is_empty() && !types.contains(&kind.as_str()) {
        call.input
            .refuse(FieldError::choice("type", types.join(",")));
    }
    if kind == "nested_field" {
        for key in ["choices", "dependent_fields"] {
            call.input.require(key);
        }
    }
    let same = |field: &Field| !field.default && field.label.eq_ignore_ascii_case(&label);
    if call.account().form(form).iter().any(same) {
        call.input.refuse(FieldError::new(
            "label",
            "It should be a unique value",
            code::DUPLICATE_VALUE,
        ));
    }
    let mut ids = call.account().ids.clone();
    let now = call.desk.now;
    let made = new_field(call.account(), &mut ids, (form, &label, &kind), None, now);
    let mut field = made.ok_or(Failure::NOT_FOUND)?;
    let read = read(call, form, &mut field, &mut ids, true);
    call.checked()?;
    call.desk.account.ids = ids;
    let id = field.id;
    let mut shown = written(call, form, shape, field, read);
    if call.account().settings.nested_field_answer_wrapped && kind == "nested_field" {
        shown = json!({ "ticket_field": shown });
    }
    Ok(Answer::created(&format!("{}/{id}", call.path()), &shown))
}

/// Keeps what was read, and shows the field as it is then.
fn written(
    call: &mut Call<'_, '_>,
    form: Form,
    shape: FieldShape,
    field: Field,
    read: Read,
) -> Value {
    let id = field.id;
    if let Some(statuses) = read.statuses {
        call.desk.account.statuses = statuses;
    }
    put_field(call.desk.account, form, field, read.levels);
    call.desk.account.tidy_sections();
    let fields = call.account().form(form);
    fields
        .iter()
        .find(|each| each.id == id)
        .map_or(Value::Null, |field| {
            field_json(call.account(), field, shape)
        })
}

pub(super) fn update(call: &mut Call<'_, '_>) -> Result {
    let (form, shape) = form(call);
    let mut field = field(call)?;
    let mut ids = call.account().ids.clone();
    let read = read(call, form, &mut field, &mut ids, false);
    call.checked()?;
    call.desk.account.ids = ids;
    field.updated_at = call.desk.now;
    Ok(Answer::ok(&written(call, form, shape, field, read)))
}

/// For good; default fields stay. [D]
pub(super) fn delete(call: &mut Call<'_, '_>) -> Result {
    let field = field(call)?;
    if field.default {
        return Err(Failure::access_denied());
    }
    let (form, _) = form(call);
    call.desk.drop_field(form, &field.name);
    Ok(Answer::nothing())
}

impl crate::core::desk::Desk<'_> {
    /// Removes a field, and the levels under it, with all their values.
    pub(crate) fn drop_field(&mut self, form: Form, name: &str) {
        let fields = self.account.form_mut(form);
        let Some(root) = fields.iter().find(|field| field.name == name) else {
            return;
        };
        let root = root.id;
        let under = |field: &Field| field.nested.as_ref().is_some_and(|at| at.root == root);
        let goes = |field: &Field| !field.default && (field.id == root || under(field));
        let gone: Vec<String> = fields
            .iter()
            .filter(|field| goes(field))
            .map(|field| field.name.clone())
            .collect();
        fields.retain(|field| !goes(field));
        if form == Form::Ticket {
            self.account.tidy_sections();
        }
        for name in gone {
            self.drop_values(form, &name);
            self.account.names_used.insert((form, name));
        }
    }

    fn drop_values(&mut self, form: Form, name: &str) {
        match form {
            Form::Ticket => {
                let tickets = &mut self.account.tickets;
                let holders: Vec<i64> = tickets
                    .iter()
                    .filter(|ticket| ticket.custom_fields.contains_key(name))
                    .map(|ticket| ticket.id)
                    .collect();
                for ticket in holders {
                    tickets.change(ticket, |ticket| ticket.custom_fields.remove(name));
                }
            }
            Form::Contact => {
                let people = &mut self.account.people;
                let holders: Vec<_> = people
                    .contacts_by_name()
                    .filter(|contact| contact.custom_fields.contains_key(name))
                    .cloned()
                    .collect();
                for mut contact in holders {
                    contact.custom_fields.remove(name);
                    people.put_contact(contact);
                }
            }
            Form::Company => {
                for company in self.account.companies.values_mut() {
                    company.custom_fields.remove(name);
                }
            }
        }
    }
}
