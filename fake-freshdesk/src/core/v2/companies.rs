//! Companies.

use serde_json::{Value, json};

use super::call::{Answer, Call, Result};
use super::custom_fields::person_fields;
use super::errors::{Failure, FieldError, code};
use super::required_fields::{self, with_unset};
use super::ticket_list::one_page;
use crate::core::account::Account;
use crate::core::fields::Form;
use crate::core::people::{Company, Contact};
use crate::core::time::seconds;

const KEYS: [&str; 9] = [
    "name",
    "description",
    "domains",
    "note",
    "custom_fields",
    "health_score",
    "account_tier",
    "renewal_date",
    "industry",
];

/// A company.
pub(super) fn shown(account: &Account, company: &Company) -> Value {
    json!({
        "id": company.id,
        "name": company.name,
        "description": company.description,
        "note": company.note,
        "domains": company.domains,
        "created_at": seconds(company.created_at),
        "updated_at": seconds(company.updated_at),
        "custom_fields": with_unset(&account.company_fields, &company.custom_fields),
        "health_score": company.health_score,
        "account_tier": company.account_tier,
        "renewal_date": company.renewal_date.map(seconds),
        "industry": company.industry,
        "org_company_id": null,
    })
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result {
    let page = call.query.page()?;
    let since = call
        .query
        .time("updated_since")?
        .or(call.query.time("_updated_since")?);
    let mut all: Vec<&Company> = call
        .account()
        .companies
        .values()
        .filter(|company| since.is_none_or(|since| company.updated_at >= since))
        .collect();
    all.sort_by_key(|company| (company.name.to_lowercase(), company.id));
    let (companies, more) = one_page(all.into_iter(), page);
    let mut answer = Answer::ok(
        &companies
            .into_iter()
            .map(|company| shown(call.account(), company))
            .collect::<Vec<_>>(),
    );
    if more {
        answer.link = Some(call.next_link(page));
    }
    Ok(answer)
}

fn company(call: &Call<'_, '_>) -> Result<Company> {
    call.account()
        .companies
        .get(&call.id(0)?)
        .cloned()
        .ok_or(Failure::NOT_FOUND)
}

pub(super) fn view(call: &mut Call<'_, '_>) -> Result {
    Ok(Answer::ok(&shown(call.account(), &company(call)?)))
}

/// Reads the body over a company. Names are unique: 409. [D]
fn read(call: &mut Call<'_, '_>, company: &mut Company) -> Result<()> {
    call.input.allow(&KEYS);
    let input = &mut call.input;
    if let Some(Some(name)) = input.text("name") {
        company.name = name.trim().to_owned();
        if company.name.is_empty() {
            input.refuse(FieldError::blank("name"));
        }
    }
    let texts = [
        ("description", &mut company.description),
        ("note", &mut company.note),
        ("health_score", &mut company.health_score),
        ("account_tier", &mut company.account_tier),
        ("industry", &mut company.industry),
    ];
    for (key, slot) in texts {
        if let Some(text) = input.text(key) {
            *slot = text;
        }
    }
    if let Some(Some(domains)) = input.texts("domains") {
        company.domains = domains;
    }
    if let Some(date) = input.time("renewal_date") {
        company.renewal_date = date;
    }
    person_fields(call, Form::Company, &mut company.custom_fields);
    call.checked()?;
    let same =
        |each: &Company| each.id != company.id && each.name.eq_ignore_ascii_case(&company.name);
    if call.account().companies.values().any(same) {
        return Err(Failure::conflict(FieldError::new(
            "name",
            "It should be a unique value",
            code::DUPLICATE_VALUE,
        )));
    }
    Ok(())
}

pub(super) fn create(call: &mut Call<'_, '_>) -> Result {
    call.input.require("name");
    required_fields::of_new(call, Form::Company);
    let now = call.desk.now;
    let mut company = Company {
        created_at: now,
        updated_at: now,
        ..Company::default()
    };
    read(call, &mut company)?;
    company.id = call.desk.account.ids.next();
    let body = shown(call.account(), &company);
    let path = format!("companies/{}", company.id);
    let id = company.id;
    call.desk.account.companies.insert(id, company);
    gather(call, id);
    Ok(Answer::created(&path, &body))
}

pub(super) fn update(call: &mut Call<'_, '_>) -> Result {
    let mut company = company(call)?;
    required_fields::of_change(call, Form::Company, None);
    read(call, &mut company)?;
    company.updated_at = call.desk.now;
    let body = shown(call.account(), &company);
    let id = company.id;
    call.desk.account.companies.insert(id, company);
    if call.input.has("domains") {
        gather(call, id);
    }
    Ok(Answer::ok(&body))
}

/// Contacts of no company whose mail comes from one of its domains are its own. [D]
fn gather(call: &mut Call<'_, '_>, id: i64) {
    let account = &mut *call.desk.account;
    let Some(company) = account.companies.get(&id) else {
        return;
    };
    let is_ours = |contact: &&Contact| {
        let host = contact
            .email
            .as_deref()
            .and_then(|email| email.rsplit_once('@'));
        let host = host.map_or("", |(_, host)| host);
        let mut domains = company.domains.iter();
        contact.company_id.is_none() && domains.any(|domain| domain.eq_ignore_ascii_case(host))
    };
    let contacts: Vec<Contact> = account
        .people
        .contacts_by_name()
        .filter(is_ours)
        .cloned()
        .collect();
    for mut contact in contacts {
        contact.company_id = Some(id);
        contact.updated_at = call.desk.now;
        account.people.put_contact(contact);
    }
}

/// Its contacts and tickets have no company then. [I]
pub(super) fn delete(call: &mut Call<'_, '_>) -> Result {
    let id = company(call)?.id;
    call.desk.account.companies.remove(&id);
    let people = &mut call.desk.account.people;
    let contacts: Vec<_> = people
        .contacts_by_name()
        .filter(|contact| contact.company_id == Some(id))
        .cloned()
        .collect();
    for mut contact in contacts {
        contact.company_id = None;
        people.put_contact(contact);
    }
    let tickets: Vec<i64> = call
        .desk
        .account
        .tickets
        .of_company(id)
        .map(|ticket| ticket.id)
        .collect();
    for ticket in tickets {
        call.desk
            .account
            .tickets
            .change(ticket, |ticket| ticket.company_id = None);
    }
    Ok(Answer::nothing())
}

/// `{"companies": [{id, name}]}` [D]
pub(super) fn autocomplete(call: &mut Call<'_, '_>) -> Result {
    let name = call.query.get("name").unwrap_or_default().to_lowercase();
    if name.chars().count() < 2 {
        return Err(Failure::field(FieldError::new(
            "name",
            "It should have a minimum of 2 characters",
            code::INVALID_VALUE,
        )));
    }
    let found: Vec<Value> = call
        .account()
        .companies
        .values()
        .filter(|company| company.name.to_lowercase().starts_with(&name))
        .map(|company| json!({"id": company.id, "name": company.name}))
        .collect();
    Ok(Answer::ok(&json!({"companies": found})))
}
