//! A contact becomes an agent. [D]

use super::agents::{read, seat};
use super::call::{Answer, Call, Result};
use super::errors::{Failure, FieldError};
use super::views::{self, Detail};
use crate::core::ids::api_key;
use crate::core::people::{Agent, agent_kind};

/// The words for [`agent_kind`]. [D]
const TYPES: [(&str, u8); 3] = [
    ("support_agent", agent_kind::SUPPORT),
    ("field_agent", agent_kind::FIELD),
    ("collaborator", agent_kind::COLLABORATOR),
];

/// The type, by its number or its word.
fn kind(call: &mut Call<'_, '_>) -> u8 {
    let given = call.input.map.get("type");
    if given.is_some_and(serde_json::Value::is_number) {
        let number = call.input.number_of("type", &[1, 2, 3]);
        return number.map_or(agent_kind::SUPPORT, |number| number as u8);
    }
    let Some(word) = call.input.text("type").flatten() else {
        return agent_kind::SUPPORT;
    };
    let known = TYPES.iter().find(|(known, _)| *known == word);
    if known.is_none() {
        let words = TYPES.map(|(word, _)| word).join(",");
        call.input.refuse(FieldError::choice("type", words));
    }
    known.map_or(agent_kind::SUPPORT, |(_, kind)| *kind)
}

pub(super) fn make_agent(call: &mut Call<'_, '_>) -> Result {
    let contact = call.live_contact()?;
    call.input.allow(&[
        "occasional",
        "signature",
        "ticket_scope",
        "skill_ids",
        "group_ids",
        "role_ids",
        "type",
        "focus_mode",
    ]);
    let Some(email) = contact.email.clone() else {
        return Err(Failure::field(FieldError::missing("email")));
    };
    let account = call.account();
    let role = account.role_named("Agent").map(|role| role.id);
    let key = api_key(&account.domain, contact.id, 0);
    let mut agent = Agent {
        role_ids: role.into_iter().collect(),
        phone: contact.phone.clone(),
        mobile: contact.mobile.clone(),
        job_title: contact.job_title.clone(),
        language: contact.language.clone(),
        time_zone: contact.time_zone.clone(),
        ..Agent::new(contact.id, &contact.name, &email, key, call.desk.now)
    };
    read(call, &mut agent);
    agent.kind = kind(call);
    call.checked()?;
    if !call.is_admin() {
        return Err(Failure::access_denied());
    }
    seat(call, None, &agent)?;
    let mut shown = views::contact(call.account(), &contact, Detail::Viewed);
    shown["agent"] = views::agent(&agent, Detail::Viewed);
    let people = &mut call.desk.account.people;
    people.drop_contact(contact.id);
    people.put_agent(agent);
    Ok(Answer::ok(&shown))
}
