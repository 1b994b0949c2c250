//! One ticket: view, delete, restore, watch, merge, bulk.

use bytes::Bytes;
use serde_json::{Value, json};

use super::call::{Answer, Call, Result};
use super::errors::{Failure, FieldError, code};
use super::input::Input;
use super::json;
use super::ticket_properties;
use super::ticket_view::{Includes, Shape, TicketView};
use crate::core::agenda::Task;
use crate::core::events::Performer;
use crate::core::html::Markup;
use crate::core::people::scope;
use crate::core::tickets::{Association, Job, Merging, Shelf, Ticket};

/// Includes of one ticket. [D]
const INCLUDES: [&str; 4] = ["conversations", "requester", "company", "stats"];

impl Call<'_, '_> {
    /// The ticket in the path, if the caller may see it.
    pub(super) fn ticket(&self, at: usize) -> Result<&Ticket> {
        self.ticket_where(at, false)
    }

    /// The ticket in the path, if it is in the archive, or not, as said.
    fn ticket_where(&self, at: usize, archived: bool) -> Result<&Ticket> {
        let ticket = self
            .account()
            .tickets
            .get(self.id(at)?)
            .filter(|ticket| self.is_archived(ticket) == archived)
            .ok_or(Failure::NOT_FOUND)?;
        if self.may_see(ticket) {
            Ok(ticket)
        } else {
            Err(Failure::access_denied())
        }
    }

    /// Has the ticket left for the archive?
    pub(super) fn is_archived(&self, ticket: &Ticket) -> bool {
        ticket.is_archived(self.desk.now, self.account().settings.archive_after_days)
    }

    /// The ticket in the path, for what hangs on it: of a deleted one, that is
    /// gone, though the ticket itself is still shown. [O TAP]
    pub(super) fn ticket_with_parts(&self) -> Result<&Ticket> {
        let ticket = self.ticket(0)?;
        if ticket.deleted && self.account().settings.deleted_ticket_parts_are_404 {
            return Err(Failure::NOT_FOUND);
        }
        Ok(ticket)
    }

    /// Ticket scope: all, the agent's groups', or only its own. [D]
    pub(super) fn may_see(&self, ticket: &Ticket) -> bool {
        let Some(agent) = self.account().people.agent(self.agent) else {
            return false;
        };
        let own =
            ticket.responder_id == Some(agent.id) || ticket.rare().shared_with.contains(&agent.id);
        match agent.ticket_scope {
            scope::GROUP => {
                own || ticket
                    .group_id
                    .is_some_and(|group| agent.group_ids.contains(&group))
            }
            scope::RESTRICTED => own,
            _ => true,
        }
    }

    /// The ticket in the path, if it can still be changed. [D: 405 otherwise]
    pub(super) fn live_ticket(&self) -> Result<&Ticket> {
        let ticket = self.ticket(0)?;
        if ticket.is_listed() {
            Ok(ticket)
        } else {
            Err(Failure::frozen(self.method))
        }
    }

    pub(super) fn ticket_view<'c>(
        &'c self,
        ticket: &'c Ticket,
        shape: Shape,
        include: Includes,
    ) -> TicketView<'c> {
        TicketView {
            account: self.account(),
            ticket,
            now: self.desk.now,
            base: self.base,
            shape,
            include,
        }
    }
}

pub(super) fn includes(words: &[&str]) -> Includes {
    Includes {
        conversations: words.contains(&"conversations"),
        requester: words.contains(&"requester"),
        company: words.contains(&"company"),
        stats: words.contains(&"stats"),
    }
}

pub(super) fn view(call: &mut Call<'_, '_>) -> Result {
    let include = includes(&call.query.includes(&INCLUDES)?);
    let ticket = call.ticket(0)?;
    let (id, revisions) = (ticket.id, call.account().revisions());
    if include.is_none()
        && let Some(body) = call
            .account()
            .tickets
            .kept_view(id, revisions, call.desk.now)
    {
        return Ok(Answer::bytes(200, body.clone()));
    }
    let view = call.ticket_view(ticket, Shape::View, include);
    let truth = view.truth();
    let body = Bytes::from(json::to_vec(&view));
    if let Some(truth) = truth {
        call.desk.account.tickets.keep_view(id, truth, body.clone());
    }
    Ok(Answer::bytes(200, body))
}

pub(super) fn delete(call: &mut Call<'_, '_>) -> Result {
    let id = call.live_ticket()?.id;
    let performer = Performer::Agent(call.agent);
    call.desk.shelve_ticket(id, Shelf::Deleted(true), performer);
    Ok(Answer::nothing())
}

/// 404 if the ticket is not deleted. [I]
pub(super) fn restore(call: &mut Call<'_, '_>) -> Result {
    let id = call.ticket(0).map(|ticket| (ticket.id, ticket.deleted))?;
    if !id.1 {
        return Err(Failure::NOT_FOUND);
    }
    let performer = Performer::Agent(call.agent);
    call.desk
        .shelve_ticket(id.0, Shelf::Deleted(false), performer);
    Ok(Answer::nothing())
}

pub(super) fn archived(call: &mut Call<'_, '_>) -> Result {
    if !call.account().plan.row().archive {
        return Err(Failure::missing_feature("Archive Tickets"));
    }
    let ticket = call.ticket_where(0, true)?;
    let view = call.ticket_view(ticket, Shape::View, Includes::default());
    Ok(Answer::written(200, &view))
}

pub(super) fn watch(call: &mut Call<'_, '_>) -> Result {
    let id = call.live_ticket()?.id;
    call.input.allow(&["user_id"]);
    let user = call
        .input
        .integer("user_id")
        .flatten()
        .unwrap_or(call.agent);
    if call.account().people.agent(user).is_none() {
        call.input
            .refuse(FieldError::nothing_matches("user_id", "agent"));
    }
    call.checked()?;
    call.desk.account.tickets.change(id, |ticket| {
        let watchers = &mut ticket.rare_mut().watchers;
        if !watchers.contains(&user) {
            watchers.push(user);
        }
    });
    Ok(Answer::nothing())
}

pub(super) fn unwatch(call: &mut Call<'_, '_>) -> Result {
    let id = call.live_ticket()?.id;
    let agent = call.agent;
    call.desk.account.tickets.change(id, |ticket| {
        ticket
            .rare_mut()
            .watchers
            .retain(|watcher| *watcher != agent);
    });
    Ok(Answer::nothing())
}

pub(super) fn watchers(call: &mut Call<'_, '_>) -> Result {
    let watchers = &call.ticket(0)?.rare().watchers;
    Ok(Answer::ok(
        &json!({"watchers": watchers, "watcher_ids": watchers}),
    ))
}

/// A note of the merger's own words: its body, and whether it is private. [D]
fn merge_note(input: &mut Input, key: &str) -> Option<(Markup, bool)> {
    let mut note = Input::from_json(input.object(key)??);
    note.allow(&["body", "private"]);
    note.require("body");
    let body = note.text("body").flatten();
    let private = note.flag("private").flatten().unwrap_or(true);
    input.errors.append(&mut note.errors);
    Some((Markup::from_client(&body?), private))
}

pub(super) fn merge(call: &mut Call<'_, '_>) -> Result {
    const KEYS: [&str; 5] = [
        "primary_id",
        "ticket_ids",
        "note_in_primary",
        "note_in_secondary",
        "convert_recepients_to_cc",
    ];
    let input = &mut call.input;
    input.allow(&KEYS);
    input.require("primary_id");
    input.require("ticket_ids");
    let primary = input.integer("primary_id").flatten();
    let secondary = input.integers("ticket_ids").flatten().unwrap_or_default();
    let keep_recipients = input.flag("convert_recepients_to_cc").flatten();
    let mut notes = ["note_in_primary", "note_in_secondary"].map(|key| merge_note(input, key));
    let [in_primary, in_secondary] = &mut notes;
    let merging = Merging {
        in_primary: in_primary.take(),
        in_secondary: in_secondary.take(),
        keep_recipients: keep_recipients.unwrap_or(false),
    };
    let known = |id: &i64| {
        call.desk
            .account
            .tickets
            .get(*id)
            .is_some_and(Ticket::is_listed)
    };
    if primary.is_some_and(|id| !known(&id)) {
        call.input
            .errors
            .push(FieldError::nothing_matches("primary_id", "ticket"));
    }
    if secondary
        .iter()
        .any(|id| !known(id) || Some(*id) == primary)
    {
        call.input
            .errors
            .push(FieldError::nothing_matches("ticket_ids", "ticket"));
    }
    call.checked()?;
    let performer = Performer::Agent(call.agent);
    if let Some(primary) = primary {
        for id in secondary {
            call.desk.merge_ticket(id, primary, &merging, performer);
        }
    }
    Ok(Answer::nothing())
}

/// Starts a bulk job. The status 202 is [I]; the body is [D].
fn start_job(call: &mut Call<'_, '_>, work: Value) -> Answer {
    let id = call.desk.job_id();
    let now = call.desk.now;
    let job = Job {
        id: id.clone(),
        done: false,
        created_at: now,
        updated_at: now,
        work,
        agent_id: call.agent,
    };
    call.desk.account.jobs.insert(id.clone(), job);
    let due = call.desk.job_due();
    let account = call.account().id;
    call.desk.agenda.add(
        due,
        Task::FinishJob {
            account,
            job: id.clone(),
        },
    );
    Answer::json(
        202,
        &json!({"job_id": id, "href": format!("{}/api/v2/jobs/{id}", call.base)}),
    )
}

fn bulk_ids(call: &mut Call<'_, '_>) -> Result<(Input, Vec<i64>)> {
    call.input.allow(&["bulk_action"]);
    call.input.require("bulk_action");
    let action = call.input.object("bulk_action").flatten();
    call.checked()?;
    let mut action = Input::from_json(action.unwrap_or_default());
    action.require("ids");
    let ids = action.integers("ids").flatten().unwrap_or_default();
    if ids.is_empty() && action.errors.is_empty() {
        action.refuse(FieldError::blank("ids"));
    }
    Ok((action, ids))
}

pub(super) fn bulk_delete(call: &mut Call<'_, '_>) -> Result {
    let (mut action, ids) = bulk_ids(call)?;
    action.allow(&["ids"]);
    call.input.errors = action.errors;
    call.checked()?;
    Ok(start_job(call, json!({"delete": ids})))
}

pub(super) fn bulk_update(call: &mut Call<'_, '_>) -> Result {
    let (mut action, ids) = bulk_ids(call)?;
    action.allow(&["ids", "properties", "reply"]);
    let properties = action.object("properties").flatten();
    let reply = action.object("reply").flatten();
    if properties.is_none() && reply.is_none() {
        action.refuse(FieldError::new(
            "properties",
            "Mandatory attribute missing",
            code::MISSING_FIELD,
        ));
    }
    let body = reply
        .as_ref()
        .and_then(|reply| reply.get("body"))
        .and_then(Value::as_str);
    if reply.is_some() && body.is_none() {
        action.refuse(FieldError::missing("body"));
    }
    let body = body.map(str::to_owned);
    call.input = Input::from_json(properties.clone().unwrap_or_default());
    call.input.errors = action.errors;
    ticket_properties::read_edit(call, None);
    call.checked()?;
    Ok(start_job(
        call,
        json!({"update": ids, "properties": properties, "reply": body}),
    ))
}

pub(super) fn delete_attachment(call: &mut Call<'_, '_>) -> Result {
    let id = call.id(0)?;
    let owner = call.account().tickets.iter().find(|ticket| {
        let mut files = ticket.rare().attachments.iter().chain(
            ticket
                .conversations
                .iter()
                .flat_map(|each| &each.attachments),
        );
        files.any(|file| file.id == id)
    });
    let ticket = owner.map(|ticket| ticket.id).ok_or(Failure::NOT_FOUND)?;
    call.desk.account.files.remove(&id);
    call.desk.account.tickets.change(ticket, |ticket| {
        if ticket.rare.is_some() {
            ticket.rare_mut().attachments.retain(|file| file.id != id);
        }
        for conversation in &mut ticket.conversations {
            conversation.attachments.retain(|file| file.id != id);
        }
    });
    Ok(Answer::nothing())
}

/// The tickets at the other end of an association, whichever end this is. [D]
pub(super) fn associated(call: &mut Call<'_, '_>) -> Result {
    let page = call.query.page()?;
    let association = call.ticket(0)?.rare().association.as_ref();
    let ids = association.map_or(&[][..], Association::ids);
    let all = ids.iter().filter_map(|id| call.account().tickets.get(*id));
    let (shown, more) = super::ticket_list::one_page(all, page);
    let shape = Shape::Listed { description: false };
    let views: Vec<TicketView<'_>> = shown
        .into_iter()
        .map(|ticket| call.ticket_view(ticket, shape, Includes::default()))
        .collect();
    let mut answer = Answer::written(200, &views);
    if more {
        answer.link = Some(call.next_link(page));
    }
    Ok(answer)
}

pub(super) fn prime_association(call: &mut Call<'_, '_>) -> Result {
    let association = call.ticket(0)?.rare().association.as_ref();
    let prime = association.and_then(Association::prime);
    let parent = prime.ok_or(Failure::NOT_FOUND)?;
    let ticket = call
        .account()
        .tickets
        .get(parent)
        .ok_or(Failure::NOT_FOUND)?;
    let view = call.ticket_view(ticket, Shape::View, Includes::default());
    Ok(Answer::written(200, &view))
}
