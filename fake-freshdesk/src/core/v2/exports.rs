//! Exports: of the account [D, account administrators only], of contacts and
//! of companies [D that they are there; the details I].

use serde::Serialize;
use serde_json::{Value, json};

use super::base::Base;
use super::call::{Answer, Call, Result};
use super::errors::{Failure, FieldError};
use super::files::signed_url;
use super::input::Input;
use super::json::to_vec;
use super::ticket_view::{Includes, Shape, TicketView};
use super::views::{self, Detail};
use super::{companies, groups};
use crate::core::account::Account;
use crate::core::csv;
use crate::core::exports::{Export, Exported, NewFile};
use crate::core::fields::Form;
use crate::core::time::{Ms, seconds};

/// `GET /account/export` begins the job that `/jobs/{id}` tells of. [D; the 202 I]
pub(super) fn account(call: &mut Call<'_, '_>) -> Result {
    let id = call.desk.start_export(Exported::Account);
    let href = format!("{}/api/v2/jobs/{id}", call.base);
    Ok(Answer::json(202, &json!({"job_id": id, "href": href})))
}

/// The account's export as a job. [D: the keys; progress I]
pub(super) fn as_job(call: &Call<'_, '_>, export: &Export) -> Option<Value> {
    if export.what != Exported::Account {
        return None;
    }
    let mut shown = json!({
        "id": export.id,
        "name": "account_export",
        "status": if export.file.is_some() { "COMPLETED" } else { "IN PROGRESS" },
        "progress": if export.file.is_some() { 100 } else { 0 },
        "created_at": seconds(export.created_at),
        "updated_at": seconds(export.updated_at),
        "status_updated_at": seconds(export.updated_at),
    });
    if let Some(url) = download_url(call, export) {
        shown["download_url"] = json!(url);
    }
    Some(shown)
}

fn download_url(call: &Call<'_, '_>, export: &Export) -> Option<String> {
    let file = export.file.as_ref()?;
    let lasts = call.account().settings.attachment_url_seconds;
    Some(signed_url(
        call.base,
        file,
        call.desk.now,
        lasts,
        "original",
    ))
}

/// Whom the path is about.
pub(super) fn form(call: &Call<'_, '_>) -> Form {
    match call.path.first() {
        Some(&"companies") => Form::Company,
        _ => Form::Contact,
    }
}

/// Begins an export of people: `{"fields": {"default_fields": [], "custom_fields": []}}`. [I]
pub(super) fn create(call: &mut Call<'_, '_>) -> Result {
    call.input.allow(&["fields"]);
    call.input.require("fields");
    let fields = call.input.object("fields").flatten().unwrap_or_default();
    let mut fields = Input::from_json(fields);
    fields.allow(&["default_fields", "custom_fields"]);
    let form = form(call);
    let mut columns = Vec::new();
    for (key, default) in [("default_fields", true), ("custom_fields", false)] {
        let names = fields.texts(key).flatten().unwrap_or_default();
        let known = call.account().form(form).iter();
        let known = known.filter(|field| field.default == default);
        let known: Vec<&str> = known.map(|field| field.name.as_str()).collect();
        if names.iter().any(|name| !known.contains(&name.as_str())) {
            fields.refuse(FieldError::choice(key, known.join(",")));
        }
        columns.extend(names);
    }
    call.input.errors.append(&mut fields.errors);
    if columns.is_empty() && call.input.errors.is_empty() {
        call.input.refuse(FieldError::blank("fields"));
    }
    call.checked()?;
    let id = call.desk.start_export(match form {
        Form::Company => Exported::Companies(columns),
        Form::Contact | Form::Ticket => Exported::Contacts(columns),
    });
    Ok(Answer::json(202, &json!({ "id": id })))
}

/// How far it is, and where the file is. [I]
pub(super) fn view(call: &mut Call<'_, '_>) -> Result {
    let form = form(call);
    let export = call.account().exports.get(call.params[0]);
    let export = export.filter(|export| match export.what {
        Exported::Account => false,
        Exported::Contacts(_) => form == Form::Contact,
        Exported::Companies(_) => form == Form::Company,
    });
    let export = export.ok_or(Failure::NOT_FOUND)?;
    let url = download_url(call, export);
    let status = if url.is_some() {
        "completed"
    } else {
        "in_progress"
    };
    let mut shown = json!({"id": export.id, "status": status});
    if let Some(url) = url {
        shown["download_url"] = json!(url);
    }
    Ok(Answer::ok(&shown))
}

/// What is in the file.
pub(crate) fn export(account: &Account, what: &Exported, now: Ms) -> NewFile {
    match what {
        Exported::Account => (
            "account_export.json",
            "application/json",
            everything(account, now),
        ),
        Exported::Contacts(columns) => {
            let contacts = account.people.contacts_by_name();
            let rows = contacts.filter(|contact| !contact.deleted).map(|contact| {
                let mut shown = views::contact(account, contact, Detail::Viewed);
                let company = contact.company_id.and_then(|id| account.companies.get(&id));
                shown["company_name"] = json!(company.map(|company| &company.name));
                shown["tag_names"] = shown["tags"].clone();
                shown
            });
            (
                "contacts.csv",
                "text/csv",
                table(account, Form::Contact, columns, rows),
            )
        }
        Exported::Companies(columns) => {
            let companies = account.companies.values();
            let rows = companies.map(|company| companies::shown(account, company));
            (
                "companies.csv",
                "text/csv",
                table(account, Form::Company, columns, rows),
            )
        }
    }
}

/// A line of labels, and one for each of `rows`.
fn table(
    account: &Account,
    form: Form,
    columns: &[String],
    rows: impl Iterator<Item = Value>,
) -> Vec<u8> {
    let fields = account.form(form);
    let mut text = String::new();
    let labels = columns.iter().map(|name| {
        let field = fields.iter().find(|field| field.name == *name);
        field.map_or(name.as_str(), |field| &field.label)
    });
    csv::line(&mut text, labels);
    for row in rows {
        let value = |name: &String| cell(row.get(name).unwrap_or(&row["custom_fields"][name]));
        let cells: Vec<String> = columns.iter().map(value).collect();
        csv::line(&mut text, cells.iter().map(String::as_str));
    }
    text.into_bytes()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(cell).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// Tickets with their threads, people, companies and groups, as the API shows them. [I]
fn everything(account: &Account, now: Ms) -> Vec<u8> {
    let base = format!("https://{}", account.domain);
    let tickets = account.tickets.iter().map(|ticket| {
        to_vec(&TicketView {
            account,
            ticket,
            now,
            base: Base::of(&base),
            shape: Shape::Control,
            include: Includes {
                conversations: true,
                ..Includes::default()
            },
        })
    });
    let people = &account.people;
    let contacts = people.contacts_by_name();
    let contacts =
        contacts.map(|contact| written(&views::contact(account, contact, Detail::Viewed)));
    let companies = account.companies.values();
    let companies = companies.map(|company| written(&companies::shown(account, company)));
    let agents = people
        .agents()
        .map(|agent| written(&views::agent(agent, Detail::Viewed)));
    let groups = account.groups.values();
    let groups = groups.map(|group| written(&groups::group_json(account, group, true)));
    let mut out = b"{".to_vec();
    list(&mut out, "tickets", tickets);
    list(&mut out, "contacts", contacts);
    list(&mut out, "companies", companies);
    list(&mut out, "agents", agents);
    list(&mut out, "groups", groups);
    out.push(b'}');
    out
}

fn written(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// One entry of an object: a list of what is JSON already.
fn list(out: &mut Vec<u8>, name: &str, items: impl Iterator<Item = Vec<u8>>) {
    if out.len() > 1 {
        out.push(b',');
    }
    out.extend_from_slice(format!("\"{name}\":[").as_bytes());
    for (at, item) in items.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(&item);
    }
    out.push(b']');
}
