//! Customers and reps act, as they would in a browser or by mail.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::call::{ControlReply, Refusal, Result, read, read_any};
use super::routes::Control;
use super::staff::custom_values;
use crate::core::choices;
use crate::core::contents::{Content, Upload};
use crate::core::events::Performer;
use crate::core::html::Markup;
use crate::core::people::Handle;
use crate::core::tickets::{
    Merging, NewConversation, NewTicket, Person, Shelf, TicketEdit, source,
};
use crate::core::time;
use crate::core::v2::{Base, ConversationShape, ConversationView, Json, Object, Shape, TicketView};
use crate::core::words;

/// The words for sources, beside their numbers.
const VIA: [(&str, u16); 10] = [
    ("email", source::EMAIL),
    ("portal", source::PORTAL),
    ("phone", source::PHONE),
    ("chat", source::CHAT),
    ("feedback_widget", source::FEEDBACK_WIDGET),
    ("outbound_email", source::OUTBOUND_EMAIL),
    ("forum", source::FORUM),
    ("twitter", source::TWITTER),
    ("facebook", source::FACEBOOK),
    ("ecommerce", source::ECOMMERCE),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct From {
    name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attached {
    name: String,
    content_type: Option<String>,
    size: Option<u64>,
    bytes_base64: Option<String>,
    /// An image in the text, where it says `[cid:NAME]`, or at its end.
    #[serde(default)]
    inline: bool,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct By {
    agent_id: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Merge {
    agent_id: i64,
    into: i64,
}

fn uploads(attached: &[Attached]) -> Result<Vec<Upload>> {
    let mut uploads = Vec::new();
    for (at, file) in attached.iter().enumerate() {
        let content = match (&file.bytes_base64, file.size) {
            (Some(encoded), None) => match STANDARD.decode(encoded) {
                Ok(bytes) => Content::Bytes(bytes.into()),
                Err(error) => {
                    return Err(Refusal::invalid(
                        &format!("attachments[{at}].bytes_base64"),
                        format!("this is no base64: {error}"),
                    ));
                }
            },
            (None, Some(size)) => Content::Length(size),
            _ => {
                return Err(Refusal::invalid(
                    &format!("attachments[{at}]"),
                    "a file has either `size` or `bytes_base64`".to_owned(),
                ));
            }
        };
        uploads.push(Upload {
            name: file.name.clone(),
            content_type: file.content_type.clone(),
            content,
            inline: file.inline,
        });
    }
    Ok(uploads)
}

fn via(value: Option<&Value>) -> Result<u16> {
    match value {
        None => Ok(source::EMAIL),
        Some(Value::Number(number)) => number
            .as_u64()
            .and_then(|number| u16::try_from(number).ok())
            .filter(|number| *number > 0)
            .ok_or_else(|| Refusal::invalid("via", format!("{number} is no source number"))),
        Some(Value::String(word)) => VIA
            .iter()
            .find(|(name, _)| name == word)
            .map(|(_, source)| *source)
            .ok_or_else(|| {
                Refusal::invalid(
                    "via",
                    words::unknown("via", word, VIA.map(|(name, _)| name)),
                )
            }),
        Some(_) => Err(Refusal::invalid(
            "via",
            "write a word such as \"email\", or a source number".to_owned(),
        )),
    }
}

fn check_agent(call: &Control<'_, '_>, field: &str, id: i64) -> Result<()> {
    match call.desk.account.people.agent(id) {
        Some(_) => Ok(()),
        None => Err(Refusal::invalid(field, format!("there is no agent {id}"))),
    }
}

fn check_group(call: &Control<'_, '_>, id: Option<i64>) -> Result<()> {
    match id {
        Some(id) if !call.desk.account.groups.contains_key(&id) => Err(Refusal::invalid(
            "group_id",
            format!("there is no group {id}"),
        )),
        _ => Ok(()),
    }
}

fn check_status(call: &Control<'_, '_>, status: Option<u16>) -> Result<()> {
    match status {
        Some(status)
            if !call
                .desk
                .account
                .statuses
                .iter()
                .any(|known| known.id == status) =>
        {
            Err(Refusal::invalid(
                "status",
                format!("there is no status {status}"),
            ))
        }
        _ => Ok(()),
    }
}

fn check_priority(priority: Option<u8>) -> Result<()> {
    match priority {
        Some(priority) if !(1..=4).contains(&priority) => Err(Refusal::invalid(
            "priority",
            format!("there is no priority {priority}: 1 low … 4 urgent"),
        )),
        _ => Ok(()),
    }
}

fn check_type(call: &Control<'_, '_>, kind: Option<&str>) -> Result<()> {
    let types = call.desk.account.ticket_types();
    match kind {
        Some(kind) if choices::find(types, kind).is_none() => Err(Refusal::invalid(
            "type",
            words::unknown("type", kind, types.iter().map(|known| known.value.as_str())),
        )),
        _ => Ok(()),
    }
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

fn conversation(call: &Control<'_, '_>, ticket_id: i64, id: i64) -> Result {
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
    let uploads = uploads(&reply.attachments)?;
    let requester = call
        .desk
        .account
        .tickets
        .get(id)
        .map(|ticket| ticket.requester_id)
        .unwrap_or_default();
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
        body: Markup::from_text(&reply.text),
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

/// What a rep may change; null clears.
const EDITABLE: [&str; 9] = [
    "agent_id",
    "status",
    "priority",
    "type",
    "group_id",
    "responder_id",
    "tags",
    "custom_fields",
    "subject",
];

fn typed<T: serde::de::DeserializeOwned>(
    body: &Map<String, Value>,
    key: &str,
    what: &str,
) -> Result<Option<T>> {
    let Some(value) = body.get(key) else {
        return Ok(None);
    };
    serde_json::from_value(value.clone())
        .map(Some)
        .map_err(|_| Refusal::Control {
            status: 400,
            code: "wrong_type",
            message: format!("`{key}` must be {what}, not {value}"),
            path: format!("$.{key}"),
        })
}

pub(super) fn edit_ticket(call: &mut Control<'_, '_>, id: i64) -> Result {
    let Value::Object(body) = read_any(&call.request.body)? else {
        return Err(Refusal::invalid(
            "",
            "the body must be a JSON object".to_owned(),
        ));
    };
    if let Some(unknown) = body.keys().find(|key| !EDITABLE.contains(&key.as_str())) {
        return Err(Refusal::unknown_field(
            unknown,
            words::unknown("field", unknown, EDITABLE),
        ));
    }
    let agent: Option<i64> = typed(&body, "agent_id", "an agent's id")?;
    let Some(agent) = agent else {
        return Err(Refusal::missing(
            "agent_id",
            "`agent_id` is missing: who edits the ticket?".to_owned(),
        ));
    };
    check_agent(call, "agent_id", agent)?;
    let status: Option<u16> = typed(&body, "status", "a number")?;
    let priority: Option<u8> = typed(&body, "priority", "a number")?;
    let kind: Option<Option<String>> = typed(&body, "type", "a text or null")?;
    let group_id: Option<Option<i64>> = typed(&body, "group_id", "a group's id or null")?;
    let responder_id: Option<Option<i64>> = typed(&body, "responder_id", "an agent's id or null")?;
    // `null` read into an `Option` is lost, so it is put back here.
    let cleared = |key: &str| body.get(key).is_some_and(Value::is_null);
    let kind = if cleared("type") { Some(None) } else { kind };
    let group_id = if cleared("group_id") {
        Some(None)
    } else {
        group_id
    };
    let responder_id = if cleared("responder_id") {
        Some(None)
    } else {
        responder_id
    };
    let custom: Option<Map<String, Value>> = typed(&body, "custom_fields", "an object")?;
    check_status(call, status)?;
    check_priority(priority)?;
    check_type(call, kind.as_ref().and_then(Option::as_deref))?;
    check_group(call, group_id.flatten())?;
    if let Some(responder) = responder_id.flatten() {
        check_agent(call, "responder_id", responder)?;
    }
    let edit = TicketEdit {
        subject: typed(&body, "subject", "a text")?,
        status,
        priority,
        ticket_type: kind,
        group_id,
        responder_id,
        tags: typed(&body, "tags", "a list of texts")?,
        custom_fields: custom_values(call, Some(id), &custom.unwrap_or_default())?,
        ..TicketEdit::default()
    };
    let mut detail = body.clone();
    detail.shift_remove("agent_id");
    call.desk.act(
        "ticket_edited",
        Performer::Agent(agent),
        Some(id),
        &Value::Object(detail),
    );
    call.desk.edit_ticket(id, edit, Performer::Agent(agent));
    ticket(call, id, 200)
}

pub(super) fn shelve(call: &mut Control<'_, '_>, id: i64, what: &str) -> Result {
    let by: By = read(&call.request.body)?;
    check_agent(call, "agent_id", by.agent_id)?;
    let performer = Performer::Agent(by.agent_id);
    let (action, shelf) = match what {
        "delete" => ("ticket_deleted", Shelf::Deleted(true)),
        "restore" => ("ticket_restored", Shelf::Deleted(false)),
        "spam" => ("ticket_marked_spam", Shelf::Spam(true)),
        _ => ("ticket_unmarked_spam", Shelf::Spam(false)),
    };
    call.desk.act(action, performer, Some(id), &json!({}));
    call.desk.shelve_ticket(id, shelf, performer);
    Ok(ControlReply::nothing())
}

pub(super) fn merge(call: &mut Control<'_, '_>, id: i64) -> Result {
    let merge: Merge = read(&call.request.body)?;
    check_agent(call, "agent_id", merge.agent_id)?;
    if merge.into == id || call.desk.account.tickets.get(merge.into).is_none() {
        return Err(Refusal::invalid(
            "into",
            format!("there is no other ticket {}", merge.into),
        ));
    }
    let performer = Performer::Agent(merge.agent_id);
    call.desk.act(
        "ticket_merged",
        performer,
        Some(id),
        &json!({"into": merge.into}),
    );
    call.desk
        .merge_ticket(id, merge.into, &Merging::default(), performer);
    Ok(ControlReply::nothing())
}
