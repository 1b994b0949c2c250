//! Contacts are merged. [D]

use super::call::{Answer, Call, Result};
use super::errors::{Failure, FieldError};

/// The secondary contacts' handles and tickets go to the primary one. [D]
pub(super) fn merge(call: &mut Call<'_, '_>) -> Result {
    call.input
        .allow(&["primary_contact_id", "secondary_contact_ids", "contact"]);
    call.input.require("primary_contact_id");
    call.input.require("secondary_contact_ids");
    let primary = call
        .input
        .integer("primary_contact_id")
        .flatten()
        .unwrap_or_default();
    let secondary = call
        .input
        .integers("secondary_contact_ids")
        .flatten()
        .unwrap_or_default();
    call.input.object("contact");
    let people = &call.desk.account.people;
    let known = |id: i64| people.contact(id).is_some_and(|contact| !contact.deleted);
    if call.input.errors.is_empty() && !known(primary) {
        call.input
            .errors
            .push(FieldError::nothing_matches("primary_contact_id", "contact"));
    }
    if secondary.iter().any(|id| *id == primary || !known(*id)) {
        call.input.errors.push(FieldError::nothing_matches(
            "secondary_contact_ids",
            "contact",
        ));
    }
    call.checked()?;
    let Some(mut kept) = call.account().people.contact(primary).cloned() else {
        return Err(Failure::NOT_FOUND);
    };
    for id in secondary {
        let Some(mut merged) = call.desk.account.people.drop_contact(id) else {
            continue;
        };
        kept.other_emails.extend(merged.email.take());
        kept.other_emails.append(&mut merged.other_emails);
        kept.phone = kept.phone.take().or(merged.phone.take());
        kept.mobile = kept.mobile.take().or(merged.mobile.take());
        kept.twitter_id = kept.twitter_id.take().or(merged.twitter_id.take());
        kept.unique_external_id = kept
            .unique_external_id
            .take()
            .or(merged.unique_external_id.take());
        merged.deleted = true;
        call.desk.account.people.put_contact(merged);
        let tickets: Vec<i64> = call
            .account()
            .tickets
            .iter()
            .filter(|ticket| ticket.requester_id == id)
            .map(|ticket| ticket.id)
            .collect();
        for ticket in tickets {
            call.desk
                .account
                .tickets
                .change(ticket, |ticket| ticket.requester_id = primary);
        }
    }
    kept.updated_at = call.desk.now;
    call.desk.account.people.put_contact(kept);
    Ok(Answer::nothing())
}
