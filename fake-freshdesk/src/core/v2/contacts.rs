//! Contacts.

use serde_json::{Value, json};

use super::call::{Answer, Call, Result};
use super::custom_fields::person_fields;
use super::errors::{Failure, FieldError, code};
use super::query::Page;
use super::required_fields;
use super::ticket_list::one_page;
use super::views::{self, Detail};
use crate::core::fields::Form;
use crate::core::people::{Contact, Handle};
use crate::core::time::Ms;

const KEYS: [&str; 19] = [
    "name",
    "email",
    "phone",
    "mobile",
    "twitter_id",
    "facebook_id",
    "unique_external_id",
    "other_emails",
    "company_id",
    "view_all_tickets",
    "other_companies",
    "address",
    "avatar",
    "custom_fields",
    "description",
    "job_title",
    "language",
    "tags",
    "time_zone",
];

fn shown(call: &Call<'_, '_>, contacts: Vec<&Contact>, page: Page, more: bool) -> Answer {
    let list: Vec<Value> = contacts
        .into_iter()
        .map(|contact| views::contact(call.account(), contact, Detail::Listed))
        .collect();
    let mut answer = Answer::ok(&list);
    if more {
        answer.link = Some(call.next_link(page));
    }
    answer
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result {
    let query = &call.query;
    let page = query.page()?;
    let state = query.word("state", &["blocked", "deleted", "unverified", "verified"])?;
    // Visitors and customers come by chat and shop, which are not here.
    let kind = query.word("contact_type", &["contact", "visitor", "customer"])?;
    let company = query.integer("company_id")?;
    let since: Option<Ms> = query
        .time("updated_since")?
        .or(query.time("_updated_since")?);
    let people = &call.account().people;
    let handle = |key, handle| query.get(key).map(|value| people.find(handle, value));
    let one = handle("email", Handle::Email)
        .or_else(|| handle("mobile", Handle::Mobile))
        .or_else(|| handle("phone", Handle::Phone))
        .or_else(|| handle("unique_external_id", Handle::External));
    let fits = |contact: &&Contact| {
        let in_state = match state {
            Some("blocked") => contact.blocked,
            Some("deleted") => contact.deleted,
            Some("unverified") => !contact.active && !contact.deleted,
            Some("verified") => contact.active && !contact.deleted,
            _ => !contact.deleted && !contact.blocked,
        };
        in_state
            && kind.is_none_or(|kind| kind == "contact")
            && company.is_none_or(|id| contact.company_id == Some(id))
            && since.is_none_or(|since| contact.updated_at >= since)
    };
    let (contacts, more) = match (one, since) {
        (Some(found), _) => (
            found
                .and_then(|id| people.contact(id))
                .into_iter()
                .filter(fits)
                .collect(),
            false,
        ),
        (None, Some(since)) => one_page(people.contacts_updated_since(since).filter(fits), page),
        (None, None) => one_page(people.contacts_by_name().filter(fits), page),
    };
    Ok(shown(call, contacts, page, more))
}

impl Call<'_, '_> {
    fn contact(&self) -> Result<&Contact> {
        self.account()
            .people
            .contact(self.id(0)?)
            .ok_or(Failure::NOT_FOUND)
    }

    /// The contact in the path, if it can still be changed. [D: 405 otherwise]
    pub(super) fn live_contact(&self) -> Result<Contact> {
        let contact = self.contact()?;
        if contact.deleted || contact.blocked {
            Err(Failure::frozen(self.method))
        } else {
            Ok(contact.clone())
        }
    }
}

pub(super) fn view(call: &mut Call<'_, '_>) -> Result {
    Ok(Answer::ok(&views::contact(
        call.account(),
        call.contact()?,
        Detail::Viewed,
    )))
}

fn set<T>(slot: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *slot = given;
    }
}

/// Reads the body over a contact.
fn read(call: &mut Call<'_, '_>, contact: &mut Contact) {
    call.input.allow(&KEYS);
    let input = &mut call.input;
    set(&mut contact.name, input.text("name").flatten());
    set(&mut contact.email, input.email("email"));
    set(&mut contact.phone, input.text("phone"));
    set(&mut contact.mobile, input.text("mobile"));
    set(&mut contact.twitter_id, input.text("twitter_id"));
    set(&mut contact.facebook_id, input.text("facebook_id"));
    set(
        &mut contact.unique_external_id,
        input.text("unique_external_id"),
    );
    set(&mut contact.other_emails, input.emails("other_emails"));
    set(
        &mut contact.view_all_tickets,
        input.flag("view_all_tickets").flatten(),
    );
    set(&mut contact.address, input.text("address"));
    set(&mut contact.description, input.text("description"));
    set(&mut contact.job_title, input.text("job_title"));
    set(&mut contact.language, input.text("language").flatten());
    set(&mut contact.time_zone, input.text("time_zone").flatten());
    set(&mut contact.tags, input.texts("tags").flatten());
    set(&mut contact.company_id, input.integer("company_id"));
    if let Some(Some(list)) = input.objects("other_companies") {
        let read = |company: &serde_json::Map<String, Value>| {
            let id = company.get("company_id").and_then(Value::as_i64)?;
            Some((
                id,
                company
                    .get("view_all_tickets")
                    .and_then(Value::as_bool)
                    .unwrap_or(false),
            ))
        };
        match list.iter().map(read).collect() {
            Some(list) => contact.other_companies = list,
            None => input.refuse(FieldError::missing("other_companies[company_id]")),
        }
    }
    person_fields(call, Form::Contact, &mut contact.custom_fields);
    let unknown_company = std::iter::once(contact.company_id)
        .chain(contact.other_companies.iter().map(|(id, _)| Some(*id)))
        .flatten()
        .any(|id| !call.desk.account.companies.contains_key(&id));
    if unknown_company {
        call.input
            .refuse(FieldError::nothing_matches("company_id", "company"));
    }
}

/// E-mail, Twitter id and external id are unique: 409. [D]
fn collision(call: &Call<'_, '_>, contact: &Contact) -> Option<Failure> {
    let people = &call.account().people;
    let taken = |handle, value: &Option<String>| {
        value
            .as_deref()
            .and_then(|value| people.find(handle, value))
            .filter(|id| *id != contact.id)
    };
    let clashes = [
        ("email", taken(Handle::Email, &contact.email)),
        ("twitter_id", taken(Handle::Twitter, &contact.twitter_id)),
        (
            "unique_external_id",
            taken(Handle::External, &contact.unique_external_id),
        ),
    ];
    clashes.into_iter().find_map(|(field, owner)| {
        let mut error =
            FieldError::new(field, "It should be a unique value", code::DUPLICATE_VALUE);
        error.extra = Some(Box::new(json!({"user_id": owner?})));
        Some(Failure::conflict(error))
    })
}

fn check_avatar(call: &mut Call<'_, '_>) {
    const LIMIT: u64 = 5 * 1024 * 1024;
    let too_large = call
        .input
        .uploads
        .iter()
        .any(|upload| upload.size() > LIMIT);
    let odd = call.input.uploads.iter().any(|upload| {
        let name = upload.name.to_lowercase();
        !["jpg", "jpeg", "jpe", "png"]
            .iter()
            .any(|kind| name.ends_with(&format!(".{kind}")))
    });
    if too_large {
        call.input.refuse(FieldError::new(
            "avatar",
            "Total attachment(s) size should be less than or equal to 5 MB",
            code::INVALID_VALUE,
        ));
    } else if odd {
        call.input.refuse(FieldError::new(
            "avatar",
            "It should be one of these formats: '.jpg,.jpeg,.jpe,.png'",
            code::INVALID_VALUE,
        ));
    }
}

pub(super) fn create(call: &mut Call<'_, '_>) -> Result {
    let mut contact = Contact::default();
    read(call, &mut contact);
    check_avatar(call);
    call.input.require("name");
    required_fields::of_new(call, Form::Contact);
    let handles = [
        &contact.email,
        &contact.phone,
        &contact.mobile,
        &contact.twitter_id,
        &contact.unique_external_id,
    ];
    if handles.iter().all(|handle| handle.is_none())
        && !call.input.errors.iter().any(|error| error.field == "email")
    {
        let message =
            "Please fill at least 1 of email, mobile, phone, twitter_id, unique_external_id fields";
        call.input
            .refuse(FieldError::new("email", message, code::MISSING_FIELD));
    }
    call.checked()?;
    if let Some(failure) = collision(call, &contact) {
        return Err(failure);
    }
    let id = call.desk.add_contact(contact);
    let contact = call
        .account()
        .people
        .contact(id)
        .ok_or(Failure::NOT_FOUND)?;
    Ok(Answer::created(
        &format!("contacts/{id}"),
        &views::contact(call.account(), contact, Detail::Created),
    ))
}

pub(super) fn update(call: &mut Call<'_, '_>) -> Result {
    let mut contact = call.live_contact()?;
    read(call, &mut contact);
    check_avatar(call);
    required_fields::of_change(call, Form::Contact, None);
    if call.input.map.get("name").is_some_and(Value::is_null) {
        call.input.refuse(FieldError::blank("name"));
    }
    call.checked()?;
    if let Some(failure) = collision(call, &contact) {
        return Err(failure);
    }
    contact.updated_at = call.desk.now;
    let shown = views::contact(call.account(), &contact, Detail::Viewed);
    call.desk.account.people.put_contact(contact);
    Ok(Answer::ok(&shown))
}

/// Soft: the contact can be restored, and keeps its phone number. [O FDM]
pub(super) fn delete(call: &mut Call<'_, '_>) -> Result {
    let mut contact = call.live_contact()?;
    contact.deleted = true;
    contact.updated_at = call.desk.now;
    call.desk.account.people.put_contact(contact);
    Ok(Answer::nothing())
}

pub(super) fn restore(call: &mut Call<'_, '_>) -> Result {
    let mut contact = call.contact()?.clone();
    if !contact.deleted {
        return Err(Failure::NOT_FOUND);
    }
    contact.deleted = false;
    contact.updated_at = call.desk.now;
    call.desk.account.people.put_contact(contact);
    Ok(Answer::nothing())
}

/// For good; a contact that is not deleted yet needs `force=true`. [D]
pub(super) fn hard_delete(call: &mut Call<'_, '_>) -> Result {
    let contact = call.contact()?;
    let force = call.query.word("force", &["true", "false"])? == Some("true");
    if !contact.deleted && !force {
        return Err(Failure::frozen(call.method));
    }
    let id = contact.id;
    call.desk.account.people.drop_contact(id);
    Ok(Answer::nothing())
}

pub(super) fn autocomplete(call: &mut Call<'_, '_>) -> Result {
    let term = call.query.get("term").unwrap_or_default().to_lowercase();
    if term.len() < 2 {
        return Err(Failure::field(FieldError::new(
            "term",
            "It should have a minimum of 2 characters",
            code::INVALID_VALUE,
        )));
    }
    let fits = |contact: &&Contact| {
        let name = contact.name.to_lowercase();
        let email = contact.email.as_deref().unwrap_or_default().to_lowercase();
        !contact.deleted
            && (name.split(' ').any(|word| word.starts_with(&term)) || email.starts_with(&term))
    };
    let found: Vec<Value> = call
        .account()
        .people
        .contacts_by_name()
        .filter(fits)
        .take(100)
        .map(|contact| json!({"id": contact.id, "name": contact.name}))
        .collect();
    Ok(Answer::ok(&found))
}

pub(super) fn send_invite(call: &mut Call<'_, '_>) -> Result {
    let contact = call.live_contact()?;
    let Some(email) = contact.email.filter(|_| !contact.active) else {
        return Err(Failure::frozen(call.method));
    };
    call.desk.send_mail(
        &email,
        "notification",
        "Activate your account",
        "You are invited to the support portal.",
    );
    Ok(Answer::nothing())
}
