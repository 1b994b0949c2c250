//! Customers and reps act, as they would in a browser or by mail.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{ControlReply, Refusal, Result, read};
use super::given::{
    Attached, check_agent, check_group, check_priority, check_status, check_type, uploads, via,
};
use super::routes::Control;
use super::staff::custom_values;
use crate::core::events::Performer;
use crate::core::html::Markup;
use crate::core::people::Handle;
use crate::core::tickets::{NewConversation, NewTicket, Person};
use crate::core::time;
use crate::core::v2::{Base, ConversationShape, ConversationView, Json, Object, Shape, TicketView};
use crate::core::words;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct From {
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opened {
    from: From,
    via: Option<Value>,
    subject: String,
    text: String,
    #[serde(default)]
    cc: Vec<String>,
    #[serde(default)]
    attachments: Vec<Attached>,
    #[serde(default)]
    auto_generated: bool,
    status: Option<u16>,
    priority: Option<u8>,
    #[serde(rename = "type")]
    kind: Option<String>,
    group_id: Option<i64>,
    responder_id: Option<i64>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    custom_fields: Map<String, Value>,
    created_at: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CustomerReply {
    from: Option<String>,
    via: Option<String>,
    text: String,
    /// The mail quotes what it answers.
    #[serde(default)]
    quoted: bool,
    #[serde(default)]
    attachments: Vec<Attached>,
    #[serde(default)]
    auto_generated: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reply {
    agent_id: i64,
    text: String,
    #[serde(default)]
    attachments: Vec<Attached>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    agent_id: i64,
    text: String,
    private: Option<bool>,
    #[serde(default)]
    attachments: Vec<Attached>,
}

/// One ticket with its whole thread.
pub(super) fn ticket(call: &Control<'_, '_>, id: i64, status: u16) -> Result {
    let account = &*call.desk.account;
    let ticket = account
        .tickets
        .get(id)
        .ok_or_else(|| Refusal::not_found(format!("ticket {id}")))?;
    Ok(ControlReply::written(status, &view(call, ticket)))
}

/// A list as the control API wraps it.
struct Items<'c>(Vec<TicketView<'c>>);

impl Json for Items<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let mut map = Object::begin(out);
        map.named("items", &self.0);
        map.end();
    }
}

fn view<'c>(call: &'c Control<'_, '_>, ticket: &'c crate::core::tickets::Ticket) -> TicketView<'c> {
    let mut view = TicketView {
        account: call.desk.account,
        ticket,
        now: call.desk.now,
        base: Base::of(call.request.base),
        shape: Shape::Control,
        include: Default::default(),
    };
    view.include.conversations = true;
    view
}

pub(super) fn tickets(call: &Control<'_, '_>) -> Result {
    let all = call.desk.account.tickets.iter();
    let items: Vec<TicketView<'_>> = all.map(|ticket| view(call, ticket)).collect();
    Ok(ControlReply::written(200, &Items(items)))
}

pub(super) fn open_ticket(call: &mut Control<'_, '_>) -> Result {
    let opened: Opened = read(&call.request.body)?;
    let source = via(opened.via.as_ref())?;
    let from = &opened.from;
    if from.email.is_none() && from.phone.is_none() && from.name.is_none() {
        return Err(Refusal::missing(
            "from",
            "`from` needs an `email`, a `phone` or a `name`".to_owned(),
        ));
    }
    if let Some(email) = &from.email
        && !crate::core::v2::input::is_email(email)
    {
        return Err(Refusal::invalid(
            "from.email",
            format!("`{email}` is no e-mail address"),
        ));
    }
    check_status(call, opened.status)?;
    check_priority(opened.priority)?;
    check_type(call, opened.kind.as_deref())?;
    check_group(call, opened.group_id)?;
    if let Some(id) = opened.responder_id {
        check_agent(call, "responder_id", id)?;
    }
    let custom_fields = custom_values(call, None, &opened.custom_fields)?;
    let uploads = uploads(&opened.attachments)?;
    let created_at = match &opened.created_at {
        Some(text) => Some(time::parse(text).ok_or_else(|| {
            Refusal::invalid(
                "created_at",
                format!("`{text}` is no time: write 2026-01-31T09:30:00Z"),
            )
        })?),
        None => None,
    };
    let person = Person {
        name: from.name.clone(),
        email: from.email.clone(),
        phone: from.phone.clone(),
        ..Person::default()
    };
    let requester = call.desk.find_or_add_person(&person);
    let performer = Performer::Requester(requester);
    let new = NewTicket {
        subject: Some(opened.subject.clone()),
        description: Markup::from_text(&opened.text),
        source,
        status: opened.status.unwrap_or(2),
        priority: opened.priority.unwrap_or(1),
        ticket_type: opened.kind,
        group_id: opened.group_id,
        responder_id: opened.responder_id,
        tags: opened.tags,
        cc_emails: opened.cc,
        custom_fields: custom_fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect(),
        uploads,
        auto_generated: opened.auto_generated,
        created_at,
        ..NewTicket::from(requester)
    };
    let detail = json!({"subject": opened.subject, "source": source});
    // The ticket's number is known before it is made: the next one.
    let next = call.desk.account.ids.peek_ticket();
    call.desk
        .act("ticket_opened", performer, Some(next), &detail);
    let id = call.desk.open_ticket(new, performer);
    ticket(call, id, 201)
}

/// One message of a ticket, as it has just been made or changed.
pub(super) fn conversation(call: &Control<'_, '_>, ticket_id: i64, id: i64) -> Result {
    let account = &*call.desk.account;
    let found = account
        .tickets
        .get(ticket_id)
        .and_then(|ticket| ticket.conversation(id));
    let conversation = found.ok_or_else(|| Refusal::not_found(format!("conversation {id}")))?;
    let view = ConversationView {
        account,
        ticket_id,
        conversation,
        now: call.desk.now,
        base: Base::of(call.request.base),
        shape: ConversationShape::Listed,
    };
    Ok(ControlReply::written(201, &view))
}

pub(super) fn customer_reply(call: &mut Control<'_, '_>, id: i64) -> Result {
    let reply: CustomerReply = read(&call.request.body)?;
    let by_mail = match reply.via.as_deref() {
        None | Some("email") => true,
        Some("portal") => false,
        Some(other) => {
            return Err(Refusal::invalid(
                "via",
                words::unknown("via", other, ["email", "portal"]),
            ));
        }
    };
    if reply.quoted && !by_mail {
        let message = "only a mail quotes what it answers".to_owned();
        return Err(Refusal::invalid("quoted", message));
    }
    let uploads = uploads(&reply.attachments)?;
    let ticket = call.desk.account.tickets.get(id);
    let body = match ticket.filter(|_| reply.quoted) {
        Some(ticket) => Markup::quoting(&reply.text, ticket.latest_to_customer()),
        None => Markup::from_text(&reply.text),
    };
    let requester = ticket.map(|ticket| ticket.requester_id).unwrap_or_default();
    let from = match &reply.from {
        None => requester,
        Some(email) if !crate::core::v2::input::is_email(email) => {
            return Err(Refusal::invalid(
                "from",
                format!("`{email}` is no e-mail address"),
            ));
        }
        Some(email) => {
            let known = call.desk.account.people.find(Handle::Email, email);
            known.unwrap_or_else(|| {
                call.desk.find_or_add_person(&Person {
                    email: Some(email.clone()),
                    ..Person::default()
                })
            })
        }
    };
    let support = call.desk.account.support_email();
    let email = call
        .desk
        .account
        .people
        .name_and_email(from)
        .and_then(|(_, email)| email)
        .map(str::to_owned);
    let new = NewConversation {
        body,
        from_email: email.filter(|_| by_mail),
        support_email: by_mail.then(|| support.clone()),
        to_emails: if by_mail { vec![support] } else { Vec::new() },
        uploads,
        auto_response: reply.auto_generated,
        ..NewConversation::default()
    };
    call.desk.act(
        "customer_replied",
        Performer::Requester(from),
        Some(id),
        &json!({"text": reply.text}),
    );
    let made = call.desk.customer_reply(id, from, new);
    conversation(call, id, made)
}

pub(super) fn reply(call: &mut Control<'_, '_>, id: i64) -> Result {
    let reply: Reply = read(&call.request.body)?;
    check_agent(call, "agent_id", reply.agent_id)?;
    let new = NewConversation {
        body: Markup::from_text(&reply.text),
        uploads: uploads(&reply.attachments)?,
        ..NewConversation::default()
    };
    call.desk.act(
        "rep_replied",
        Performer::Agent(reply.agent_id),
        Some(id),
        &json!({"text": reply.text}),
    );
    let made = call.desk.agent_reply(id, reply.agent_id, new);
    conversation(call, id, made)
}

pub(super) fn note(call: &mut Control<'_, '_>, id: i64) -> Result {
    let note: Note = read(&call.request.body)?;
    check_agent(call, "agent_id", note.agent_id)?;
    let performer = Performer::Agent(note.agent_id);
    let new = NewConversation {
        body: Markup::from_text(&note.text),
        note: true,
        private: note.private.unwrap_or(true),
        user_id: Some(note.agent_id),
        uploads: uploads(&note.attachments)?,
        ..NewConversation::default()
    };
    let detail = json!({"text": note.text, "private": new.private});
    call.desk.act("note_added", performer, Some(id), &detail);
    let made = call.desk.converse(id, new, performer);
    conversation(call, id, made)
}
