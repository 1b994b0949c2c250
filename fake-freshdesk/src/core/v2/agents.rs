//! Agents and roles.

use serde_json::{Value, json};

use super::call::{Answer, Call, Result};
use super::errors::{Failure, FieldError, code};
use super::input::Input;
use super::ticket_list::one_page;
use super::views::{self, Detail};
use crate::core::people::{Agent, Contact, Handle, agent_kind};

pub(super) fn me(call: &mut Call<'_, '_>) -> Result {
    let agent = call
        .account()
        .people
        .agent(call.agent)
        .ok_or(Failure::NOT_FOUND)?;
    Ok(Answer::ok(&views::agent(agent, Detail::Viewed)))
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result {
    let query = &call.query;
    let page = query.page()?;
    let state = query.word("state", &["fulltime", "occasional"])?;
    let same = |key: &str, value: Option<&str>| {
        query
            .get(key)
            .is_none_or(|wanted| value.is_some_and(|value| value.eq_ignore_ascii_case(wanted)))
    };
    let fits = |agent: &&Agent| {
        state.is_none_or(|state| agent.occasional == (state == "occasional"))
            && same("email", Some(&agent.email))
            && same("phone", agent.phone.as_deref())
            && same("mobile", agent.mobile.as_deref())
    };
    let (agents, more) = one_page(call.account().people.agents().filter(fits), page);
    let list: Vec<Value> = agents
        .into_iter()
        .map(|agent| views::agent(agent, Detail::Listed))
        .collect();
    let mut answer = Answer::ok(&list);
    if more {
        answer.link = Some(call.next_link(page));
    }
    Ok(answer)
}

fn agent(call: &Call<'_, '_>) -> Result<Agent> {
    call.account()
        .people
        .agent(call.id(0)?)
        .cloned()
        .ok_or(Failure::NOT_FOUND)
}

pub(super) fn view(call: &mut Call<'_, '_>) -> Result {
    Ok(Answer::ok(&views::agent(&agent(call)?, Detail::Viewed)))
}

/// Reads what an administrator may set.
pub(super) fn read(call: &mut Call<'_, '_>, agent: &mut Agent) {
    let input = &mut call.input;
    if let Some(Some(flag)) = input.flag("occasional") {
        agent.occasional = flag;
    }
    if let Some(signature) = input.text("signature") {
        agent.signature = signature;
    }
    if let Some(scope) = input.number_of("ticket_scope", &[1, 2, 3]) {
        agent.ticket_scope = u8::try_from(scope).unwrap_or(agent.ticket_scope);
    }
    // Numbers here, words in answers. [D]
    if let Some(kind) = input.number_of("agent_type", &[1, 2, 3]) {
        agent.kind = u8::try_from(kind).unwrap_or(agent.kind);
    }
    input.check("skill_ids", Input::integers);
    input.check("focus_mode", Input::flag);
    let group_ids = input.integers("group_ids").flatten();
    let role_ids = input.integers("role_ids").flatten();
    let account = &*call.desk.account;
    if group_ids
        .as_ref()
        .is_some_and(|ids| ids.iter().any(|id| !account.groups.contains_key(id)))
    {
        call.input
            .errors
            .push(FieldError::nothing_matches("group_ids", "group"));
    }
    if role_ids.as_ref().is_some_and(|ids| {
        ids.is_empty()
            || !ids
                .iter()
                .all(|id| account.roles.iter().any(|role| role.id == *id))
    }) {
        call.input
            .errors
            .push(FieldError::nothing_matches("role_ids", "role"));
    }
    agent.group_ids = group_ids.unwrap_or_else(|| std::mem::take(&mut agent.group_ids));
    agent.role_ids = role_ids.unwrap_or_else(|| std::mem::take(&mut agent.role_ids));
}

pub(super) fn create(call: &mut Call<'_, '_>) -> Result {
    call.input.allow(&[
        "name",
        "email",
        "phone",
        "mobile",
        "job_title",
        "language",
        "time_zone",
        "occasional",
        "signature",
        "ticket_scope",
        "skill_ids",
        "group_ids",
        "role_ids",
        "agent_type",
        "focus_mode",
    ]);
    call.input.require("email");
    call.input.require("ticket_scope");
    let email = call.input.email("email").flatten().unwrap_or_default();
    let name = call.input.text("name").flatten();
    let (phone, mobile) = (
        call.input.text("phone").flatten(),
        call.input.text("mobile").flatten(),
    );
    let job_title = call.input.text("job_title").flatten();
    let language = call.input.text("language").flatten();
    let time_zone = call.input.text("time_zone").flatten();
    let now = call.desk.now;
    let name = name.unwrap_or_else(|| email.split('@').next().unwrap_or_default().to_owned());
    if call.input.errors.is_empty() && call.account().people.find(Handle::Email, &email).is_some() {
        return Err(Failure::conflict(FieldError::new(
            "email",
            "It should be a unique value",
            code::DUPLICATE_VALUE,
        )));
    }
    let draft = Agent::new(0, &name, &email, String::new(), now);
    let mut draft = Agent {
        phone,
        mobile,
        job_title,
        language: language.unwrap_or(draft.language),
        time_zone: time_zone.unwrap_or(draft.time_zone),
        ..draft
    };
    read(call, &mut draft);
    call.checked()?;
    seat(call, None, &draft)?;
    let id = call.desk.account.add_agent(&name, &email, "Agent", now);
    let made = call.account().people.agent(id).ok_or(Failure::NOT_FOUND)?;
    draft.id = id;
    draft.api_key.clone_from(&made.api_key);
    if draft.role_ids.is_empty() {
        draft.role_ids.clone_from(&made.role_ids);
    }
    let shown = views::agent(&draft, Detail::Created);
    call.desk.account.people.put_agent(draft);
    Ok(Answer::created(&format!("agents/{id}"), &shown))
}

/// A full-time agent needs a seat; occasional ones, collaborators, and who has
/// one already do not. [D that there is a cap; I who counts]
pub(super) fn seat(call: &Call<'_, '_>, before: Option<&Agent>, agent: &Agent) -> Result<()> {
    let takes = |agent: &Agent| {
        !agent.occasional && !agent.deactivated && agent.kind == agent_kind::SUPPORT
    };
    let Some(limit) = call.account().settings.agent_limit else {
        return Ok(());
    };
    let taken = call.account().people.agents().filter(|each| takes(each));
    if takes(agent) && !before.is_some_and(takes) && taken.count() >= limit as usize {
        return Err(Failure::max_agents_reached());
    }
    Ok(())
}

/// Name, phone and title are not updatable; nobody changes their own scope or roles. [D]
pub(super) fn update(call: &mut Call<'_, '_>) -> Result {
    let mut agent = agent(call)?;
    let before = agent.clone();
    call.input.allow(&[
        "email",
        "occasional",
        "signature",
        "ticket_scope",
        "skill_ids",
        "group_ids",
        "role_ids",
        "agent_type",
        "focus_mode",
    ]);
    if agent.id == call.agent {
        for key in ["ticket_scope", "role_ids"] {
            if call.input.has(key) {
                call.input.refuse(FieldError::new(
                    key,
                    "You cannot change your own role or scope",
                    code::READONLY_FIELD,
                ));
            }
        }
    }
    if let Some(Some(email)) = call.input.email("email") {
        if call
            .account()
            .people
            .find(Handle::Email, &email)
            .is_some_and(|id| id != agent.id)
        {
            return Err(Failure::conflict(FieldError::new(
                "email",
                "It should be a unique value",
                code::DUPLICATE_VALUE,
            )));
        }
        agent.email = email;
    }
    read(call, &mut agent);
    call.checked()?;
    seat(call, Some(&before), &agent)?;
    agent.updated_at = call.desk.now;
    let shown = views::agent(&agent, Detail::Viewed);
    call.desk.account.people.put_agent(agent);
    Ok(Answer::ok(&shown))
}

/// Deleting an agent makes a contact of them. [D]
pub(super) fn delete(call: &mut Call<'_, '_>) -> Result {
    let id = agent(call)?.id;
    if id == call.account().admin_id || id == call.agent {
        return Err(Failure::access_denied());
    }
    call.desk.demote(id);
    Ok(Answer::nothing())
}

impl crate::core::desk::Desk<'_> {
    /// Makes a contact of an agent; tickets keep pointing at nobody.
    pub(crate) fn demote(&mut self, id: i64) {
        let Some(agent) = self.account.people.drop_agent(id) else {
            return;
        };
        self.account.people.put_contact(Contact {
            id,
            name: agent.name,
            email: Some(agent.email),
            phone: agent.phone,
            mobile: agent.mobile,
            job_title: agent.job_title,
            language: agent.language,
            time_zone: agent.time_zone,
            active: true,
            created_at: agent.created_at,
            updated_at: self.now,
            ..Contact::default()
        });
        let assigned: Vec<i64> = self
            .account
            .tickets
            .iter()
            .filter(|ticket| ticket.responder_id == Some(id))
            .map(|ticket| ticket.id)
            .collect();
        for ticket in assigned {
            self.account
                .tickets
                .change(ticket, |ticket| ticket.responder_id = None);
        }
    }
}

pub(super) fn roles(call: &mut Call<'_, '_>) -> Result {
    let page = call.query.page()?;
    let (roles, more) = one_page(call.account().roles.iter(), page);
    let roles: Vec<Value> = roles.into_iter().map(views::role).collect();
    let mut answer = Answer::ok(&roles);
    if more {
        answer.link = Some(call.next_link(page));
    }
    Ok(answer)
}

pub(super) fn role(call: &mut Call<'_, '_>) -> Result {
    let id = call.id(0)?;
    let role = call
        .account()
        .roles
        .iter()
        .find(|role| role.id == id)
        .ok_or(Failure::NOT_FOUND)?;
    Ok(Answer::ok(&views::role(role)))
}

pub(super) fn autocomplete(call: &mut Call<'_, '_>) -> Result {
    let term = call.query.get("term").unwrap_or_default().to_lowercase();
    if term.chars().count() < 2 {
        return Err(Failure::field(FieldError::new(
            "term",
            "It should have a minimum of 2 characters",
            code::INVALID_VALUE,
        )));
    }
    let fits = |agent: &&Agent| {
        let name = agent.name.to_lowercase();
        name.split(' ').any(|word| word.starts_with(&term))
            || agent.email.to_lowercase().starts_with(&term)
    };
    let shown = |agent: &Agent| json!({"id": agent.id, "email": agent.email, "name": agent.name});
    let found: Vec<Value> = call
        .account()
        .people
        .agents()
        .filter(fits)
        .take(20)
        .map(shown)
        .collect();
    Ok(Answer::ok(&found))
}
