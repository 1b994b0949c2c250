//! Search: `query="priority:4 AND (status:2 OR tag:'vip')"`.
//!
//! The grammar, limits and lag of the reference: at most 512 characters, pages
//! of 30, page 1 to 10, and an index that is some minutes behind.

use serde_json::{Value, json};

use super::call::{Answer, Call, Result};
use super::errors::{Failure, FieldError, code};
use super::json::{Json, Object, put};
use super::search_query::{Query, Sort, read};
use super::ticket_view::{Includes, Shape};
use super::views::{self, Detail};
use crate::core::account::Account;
use crate::core::people::{Company, Contact};
use crate::core::settings::duration;
use crate::core::tickets::Ticket;
use crate::core::time::{Ms, date};

const PAGE: usize = 30;
const LAST_PAGE: usize = 10;

/// The call's query and page, every term checked against the fields there are.
fn asked(call: &Call<'_, '_>, sort_of: impl Fn(&str) -> Option<Sort>) -> Result<(Query, usize)> {
    let Some(text) = call.query.get("query") else {
        return Err(Failure::field(FieldError::missing("query")));
    };
    let query = read(text).map_err(|wrong| {
        let message = format!("Given query is invalid: {wrong}");
        Failure::field(FieldError::new("query", message, code::INVALID_VALUE))
    })?;
    let mut terms = Vec::new();
    query.terms(&mut terms);
    let errors: Vec<FieldError> = terms
        .iter()
        .filter_map(|term| match sort_of(&term.field) {
            None => Some(FieldError::unexpected(&term.field)),
            Some(sort) => term.check(sort).err(),
        })
        .collect();
    if !errors.is_empty() {
        return Err(Failure::validation(errors));
    }
    let page = match call.query.get("page") {
        None => 1,
        Some(text) => text
            .parse()
            .ok()
            .filter(|page| (1..=LAST_PAGE).contains(page))
            .ok_or_else(|| {
                let message =
                    format!("It should be a Positive Integer less than or equal to {LAST_PAGE}");
                Failure::field(FieldError::new("page", message, code::INVALID_VALUE))
            })?,
    };
    Ok((query, page))
}

/// `{"total", "results"}` of one page.
fn found<T, J: Json>(all: Vec<T>, page: usize, shown: impl Fn(T) -> J) -> Answer {
    let total = all.len() as u64;
    let page = all.into_iter().skip((page - 1) * PAGE).take(PAGE);
    let results = page.map(shown).collect();
    Answer::written(200, &Found { total, results })
}

struct Found<J> {
    total: u64,
    results: Vec<J>,
}

impl<J: Json> Json for Found<J> {
    fn write(&self, out: &mut Vec<u8>) {
        let mut map = Object::begin(out);
        put!(map, "total", &self.total);
        put!(map, "results", &self.results);
        map.end();
    }
}

fn day(at: Option<Ms>) -> Value {
    at.map_or(Value::Null, |at| json!(date(at)))
}

fn ticket_sort(account: &Account, field: &str) -> Option<Sort> {
    match field {
        "agent_id" | "group_id" | "priority" | "status" => Some(Sort::Number),
        "tag" | "type" => Some(Sort::Text),
        "due_by" | "fr_due_by" | "created_at" | "updated_at" => Some(Sort::Date),
        custom => account
            .custom_fields()
            .find(|field| field.name == custom)
            .map(|field| match field.kind.as_str() {
                "custom_checkbox" => Sort::Flag,
                "custom_number" => Sort::Number,
                "custom_date" => Sort::Date,
                _ => Sort::Text,
            }),
    }
}

fn ticket_value(ticket: &Ticket, field: &str) -> Value {
    match field {
        "agent_id" => json!(ticket.responder_id),
        "group_id" => json!(ticket.group_id),
        "priority" => json!(ticket.priority),
        "status" => json!(ticket.status),
        "tag" => json!(ticket.tags),
        "type" => json!(ticket.ticket_type),
        "due_by" => day(ticket.due_by),
        "fr_due_by" => day(ticket.fr_due_by),
        "created_at" => day(Some(ticket.created_at)),
        "updated_at" => day(Some(ticket.updated_at)),
        custom => ticket
            .custom_fields
            .get(custom)
            .cloned()
            .unwrap_or(Value::Null),
    }
}

/// The index is some minutes behind: what changed since is not found. [D: "a few minutes"]
fn indexed(call: &Call<'_, '_>) -> Ms {
    call.desk.now - duration(call.account().settings.search_lag_seconds)
}

pub(super) fn tickets(call: &mut Call<'_, '_>) -> Result {
    let (query, page) = asked(call, |field| ticket_sort(call.account(), field))?;
    let until = indexed(call);
    let fits = |ticket: &&Ticket| {
        ticket.is_listed()
            && ticket.updated_at <= until
            && call.may_see(ticket)
            && !call.is_archived(ticket)
            && query.holds(&|field: &str| ticket_value(ticket, field))
    };
    let all: Vec<&Ticket> = call.account().tickets.iter().rev().filter(fits).collect();
    let shape = Shape::Listed { description: true };
    Ok(found(all, page, |ticket| {
        call.ticket_view(ticket, shape, Includes::default())
    }))
}

pub(super) fn contacts(call: &mut Call<'_, '_>) -> Result {
    let sort = |field: &str| match field {
        "active" => Some(Sort::Flag),
        "company_id" => Some(Sort::Number),
        "created_at" | "updated_at" => Some(Sort::Date),
        "email" | "language" | "mobile" | "phone" | "tag" | "time_zone" | "twitter_id" | "name"
        | "unique_external_id" => Some(Sort::Text),
        _ => None,
    };
    let (query, page) = asked(call, sort)?;
    let until = indexed(call);
    let value = |contact: &Contact, field: &str| match field {
        "active" => json!(contact.active),
        "company_id" => json!(contact.company_id),
        "created_at" => day(Some(contact.created_at)),
        "updated_at" => day(Some(contact.updated_at)),
        "email" => json!(contact.email),
        "language" => json!(contact.language),
        "mobile" => json!(contact.mobile),
        "phone" => json!(contact.phone),
        "tag" => json!(contact.tags),
        "time_zone" => json!(contact.time_zone),
        "twitter_id" => json!(contact.twitter_id),
        "unique_external_id" => json!(contact.unique_external_id),
        _ => json!(contact.name),
    };
    let fits = |contact: &&Contact| {
        !contact.deleted
            && contact.updated_at <= until
            && query.holds(&|field: &str| value(contact, field))
    };
    let all: Vec<&Contact> = call
        .account()
        .people
        .contacts_by_name()
        .filter(fits)
        .collect();
    Ok(found(all, page, |contact| {
        views::contact(call.account(), contact, Detail::Viewed)
    }))
}

pub(super) fn companies(call: &mut Call<'_, '_>) -> Result {
    let sort = |field: &str| match field {
        "created_at" | "updated_at" => Some(Sort::Date),
        "domain" | "name" => Some(Sort::Text),
        _ => None,
    };
    let (query, page) = asked(call, sort)?;
    let until = indexed(call);
    let value = |company: &Company, field: &str| match field {
        "created_at" => day(Some(company.created_at)),
        "updated_at" => day(Some(company.updated_at)),
        "domain" => json!(company.domains),
        _ => json!(company.name),
    };
    let fits = |company: &&Company| {
        company.updated_at <= until && query.holds(&|field: &str| value(company, field))
    };
    let all: Vec<&Company> = call.account().companies.values().filter(fits).collect();
    Ok(found(all, page, |company| {
        super::companies::shown(call.account(), company)
    }))
}
