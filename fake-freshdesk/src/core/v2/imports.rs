//! Imports of contacts and companies: a file of comma-separated values, and
//! which column is which field. [D that they are there; the details I]

use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Result};
use super::errors::{Failure, FieldError, code};
use super::exports::form;
use super::files::signed_url;
use super::input::Input;
use super::ticket_list::one_page;
use crate::core::contents::Content;
use crate::core::csv;
use crate::core::imports::{Import, ImportState};
use crate::core::time::seconds;

fn shown(call: &Call<'_, '_>, import: &Import) -> Value {
    let lasts = call.account().settings.attachment_url_seconds;
    let report = import.report.as_ref();
    let report = report.map(|file| signed_url(call.base, file, call.desk.now, lasts, "original"));
    json!({
        "id": import.id,
        "status": import.state,
        "total_records": import.total,
        "completed_records": import.completed,
        "failures": {"count": import.failed, "report": report},
        "created_at": seconds(import.created_at),
        "updated_at": seconds(import.updated_at),
    })
}

/// Which field is in which column: `fields[email]=1`, counted from 0.
fn columns(call: &mut Call<'_, '_>) -> Vec<(String, usize)> {
    let given: Map<String, Value> = call.input.object("fields").flatten().unwrap_or_default();
    let names: Vec<String> = given.keys().cloned().collect();
    let mut given = Input::from_json(given);
    given.form = call.input.form;
    let fields = call.desk.account.form(form(call));
    let known: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    given.allow(&known);
    let mut columns = Vec::new();
    for name in names {
        match given.integer(&name).flatten().map(usize::try_from) {
            Some(Ok(column)) => columns.push((name, column)),
            Some(Err(_)) => given.refuse(FieldError::mismatch(&name, "Positive Integer")),
            None => {}
        }
    }
    if !columns.iter().any(|(name, _)| name == "name") && given.errors.is_empty() {
        given.refuse(FieldError::missing("fields[name]"));
    }
    call.input.errors.append(&mut given.errors);
    columns
}

/// The file's records, without its first line, which names the columns.
fn records(call: &mut Call<'_, '_>) -> Vec<Vec<String>> {
    let text = match call.input.uploads.as_slice() {
        [upload] => match &upload.content {
            Content::Bytes(bytes) => std::str::from_utf8(bytes).map(str::to_owned).ok(),
            Content::Length(_) => None,
        },
        _ => {
            call.input.refuse(FieldError::missing("file"));
            return Vec::new();
        }
    };
    let mut lines = text.map(|text| csv::lines(&text)).unwrap_or_default();
    if lines.len() < 2 {
        let message = "It should be a CSV file with a header and at least one record";
        call.input
            .refuse(FieldError::new("file", message, code::INVALID_VALUE));
        return Vec::new();
    }
    lines.remove(0);
    lines
}

pub(super) fn create(call: &mut Call<'_, '_>) -> Result {
    call.input.allow(&["fields"]);
    call.input.require("fields");
    let columns = columns(call);
    let records = records(call);
    call.checked()?;
    let form = form(call);
    let id = call.desk.start_import(form, columns, records);
    let import = call.account().imports.get(&id).ok_or(Failure::NOT_FOUND)?;
    let answer = Answer::json(201, &shown(call, import));
    Ok(answer.at(format!("{}/{id}", call.path())))
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result {
    let page = call.query.page()?;
    let states = ["in_progress", "completed", "cancelled"];
    let status = call.query.word("status", &states)?;
    let form = form(call);
    let fits = |import: &&Import| {
        let state = match import.state {
            ImportState::InProgress => "in_progress",
            ImportState::Completed => "completed",
            ImportState::Cancelled => "cancelled",
        };
        import.form == form && status.is_none_or(|status| status == state)
    };
    let all = call.account().imports.values().filter(fits);
    let (imports, more) = one_page(all, page);
    let imports: Vec<Value> = imports.into_iter().map(|each| shown(call, each)).collect();
    let mut answer = Answer::ok(&imports);
    if more {
        answer.link = Some(call.next_link(page));
    }
    Ok(answer)
}

fn import<'c>(call: &'c Call<'_, '_>) -> Result<&'c Import> {
    let form = form(call);
    let import = call.account().imports.get(&call.id(0)?);
    import
        .filter(|import| import.form == form)
        .ok_or(Failure::NOT_FOUND)
}

pub(super) fn view(call: &mut Call<'_, '_>) -> Result {
    Ok(Answer::ok(&shown(call, import(call)?)))
}

/// Nothing is taken over then; what is done already cannot be cancelled. [I]
pub(super) fn cancel(call: &mut Call<'_, '_>) -> Result {
    let id = import(call)?.id;
    let now = call.desk.now;
    let import = call.desk.account.imports.get_mut(&id);
    let import = import.ok_or(Failure::NOT_FOUND)?;
    if import.state != ImportState::InProgress {
        let message = "The import is not in progress";
        return Err(Failure::conflict(FieldError::new(
            "id",
            message,
            code::INCONSISTENT_STATE,
        )));
    }
    import.state = ImportState::Cancelled;
    import.records = Vec::new();
    import.updated_at = now;
    Ok(Answer::nothing())
}
