//! Replies and notes.

use serde_json::{Map, Value};

use super::call::{Answer, Call, Result};
use super::conversation_view::{ConversationShape, ConversationView};
use super::errors::{Failure, FieldError, code};
use super::input::{Input, bare_email};
use super::ticket_list::one_page;
use super::ticket_write::check_uploads;
use crate::core::contents::{Content, Upload};
use crate::core::events::Performer;
use crate::core::html::Markup;
use crate::core::tickets::{Conversation, NewConversation, attachments};

impl Call<'_, '_> {
    fn conversation_view<'c>(
        &'c self,
        ticket_id: i64,
        conversation: &'c Conversation,
        shape: ConversationShape,
    ) -> ConversationView<'c> {
        ConversationView {
            account: self.account(),
            ticket_id,
            conversation,
            now: self.desk.now,
            base: self.base,
            shape,
        }
    }

    fn created_conversation(&self, ticket_id: i64, id: i64, shape: ConversationShape) -> Result {
        let ticket = self
            .account()
            .tickets
            .get(ticket_id)
            .ok_or(Failure::NOT_FOUND)?;
        let conversation = ticket.conversation(id).ok_or(Failure::NOT_FOUND)?;
        let view = self.conversation_view(ticket_id, conversation, shape);
        Ok(Answer::written(201, &view).at(format!("conversations/{id}")))
    }

    /// `user_id`: oneself, or (in notes) a contact; another agent is refused. [O FDM]
    fn on_behalf(&mut self) -> Result<Option<i64>> {
        let Some(Some(user)) = self.input.integer("user_id") else {
            return Ok(None);
        };
        if user != self.agent && self.account().people.agent(user).is_some() {
            return Err(Failure::invalid_user());
        }
        if self.account().people.name_and_email(user).is_none() {
            self.input
                .refuse(FieldError::nothing_matches("user_id", "contact"));
        }
        Ok(Some(user))
    }

    /// `body`, or `structured_body` in its place. [D]
    fn body(&mut self) -> Markup {
        if !self.input.has("body")
            && let Some(Some(structured)) = self.input.object("structured_body")
        {
            return match structured_html(&structured) {
                Some(html) => Markup::from_client(&html),
                None => {
                    self.input.refuse(FieldError::new(
                        "structured_body",
                        "It should contain elements of type text with content",
                        code::INVALID_VALUE,
                    ));
                    Markup::default()
                }
            };
        }
        self.input.require("body");
        let body = self.input.text("body").flatten();
        if body.as_deref().is_some_and(|body| body.trim().is_empty()) {
            self.input.refuse(FieldError::blank("body"));
        }
        Markup::from_client(&body.unwrap_or_default())
    }
}

/// The text elements of a structured body, as paragraphs; `None` if there is
/// none. The list stands under the one key there is (`body_contents`). [I]
fn structured_html(structured: &Map<String, Value>) -> Option<String> {
    let elements = structured.values().find_map(Value::as_array)?;
    let html: String = elements
        .iter()
        .filter_map(|element| element.pointer("/data/content")?.as_str())
        .map(|text| format!("<p>{text}</p>"))
        .collect();
    (!html.is_empty()).then_some(html)
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result {
    let page = call.query.page()?;
    let ticket = call.ticket_with_parts()?;
    let (shown, more) = one_page(ticket.conversations.iter(), page);
    let views: Vec<ConversationView<'_>> = shown
        .into_iter()
        .map(|each| call.conversation_view(ticket.id, each, ConversationShape::Listed))
        .collect();
    let mut answer = Answer::written(200, &views);
    if more {
        answer.link = Some(call.next_link(page));
    }
    Ok(answer)
}

/// `from_email`: only an address of the helpdesk's can be sent from. [I]
fn from_email(call: &mut Call<'_, '_>) -> Option<String> {
    let given = call.input.email("from_email").flatten()?;
    if !call.account().sends_from(bare_email(&given)) {
        let message = "It should be a configured support email of the account";
        call.input
            .refuse(FieldError::new("from_email", message, code::INVALID_VALUE));
    }
    Some(given)
}

/// The ticket's own files go along with what is forwarded.
fn forward_originals(call: &mut Call<'_, '_>, ticket_id: i64) {
    let account = &*call.desk.account;
    let Some(ticket) = account.tickets.get(ticket_id) else {
        return;
    };
    let copies: Vec<Upload> = ticket
        .rare()
        .attachments
        .iter()
        .map(|file| Upload {
            name: file.name.clone(),
            content_type: Some(file.content_type.clone()),
            content: file
                .sha256
                .as_deref()
                .and_then(|hash| call.desk.contents.get(hash))
                .map_or(Content::Length(file.size), Content::Bytes),
            inline: false,
        })
        .collect();
    call.input.uploads.extend(copies);
}

/// Bytes of files that a ticket and its thread already have.
fn already(call: &Call<'_, '_>) -> u64 {
    call.ticket(0).map_or(0, |ticket| {
        let own = ticket.rare().attachments.iter();
        own.chain(
            ticket
                .conversations
                .iter()
                .flat_map(|each| &each.attachments),
        )
        .map(|file| file.size)
        .sum()
    })
}

pub(super) fn reply(call: &mut Call<'_, '_>) -> Result {
    let ticket_id = call.live_ticket()?.id;
    call.input.allow(&[
        "body",
        "structured_body",
        "from_email",
        "user_id",
        "cc_emails",
        "bcc_emails",
        "attachments",
        "last_note_id",
    ]);
    let body = call.body();
    let from_email = from_email(call);
    let cc_emails = call.input.emails("cc_emails").unwrap_or_default();
    let bcc_emails = call.input.emails("bcc_emails").unwrap_or_default();
    call.input.check("last_note_id", Input::integer);
    let user_id = call.on_behalf()?;
    let already = already(call);
    check_uploads(call, already);
    call.checked()?;
    let uploads = std::mem::take(&mut call.input.uploads);
    let agent = call.agent;
    let new = NewConversation {
        body,
        from_email,
        cc_emails,
        bcc_emails,
        uploads,
        user_id,
        ..NewConversation::default()
    };
    let id = call.desk.agent_reply(ticket_id, agent, new);
    call.created_conversation(ticket_id, id, ConversationShape::Reply)
}

pub(super) fn note(call: &mut Call<'_, '_>) -> Result {
    let ticket_id = call.live_ticket()?.id;
    call.input.allow(&[
        "body",
        "structured_body",
        "private",
        "incoming",
        "user_id",
        "notify_emails",
        "attachments",
    ]);
    let body = call.body();
    let private = call.input.flag("private").flatten().unwrap_or(true);
    let incoming = call.input.flag("incoming").flatten().unwrap_or(false);
    let to_emails = call.input.emails("notify_emails").unwrap_or_default();
    // Only agents can be notified. [I]
    let strangers = to_emails.iter().any(|email| {
        !call
            .account()
            .people
            .agents()
            .any(|agent| agent.email.eq_ignore_ascii_case(email))
    });
    if strangers {
        let message = "It should contain only email addresses of agents";
        call.input.refuse(FieldError::new(
            "notify_emails",
            message,
            code::INVALID_VALUE,
        ));
    }
    let user = call.on_behalf()?.unwrap_or(call.agent);
    let already = already(call);
    check_uploads(call, already);
    call.checked()?;
    let by_contact = call.account().people.agent(user).is_none();
    let performer = if by_contact {
        Performer::Requester(user)
    } else {
        Performer::Agent(user)
    };
    let new = NewConversation {
        body,
        note: true,
        private,
        incoming,
        user_id: Some(user),
        to_emails,
        uploads: std::mem::take(&mut call.input.uploads),
        ..NewConversation::default()
    };
    let id = call.desk.converse(ticket_id, new, performer);
    call.created_conversation(ticket_id, id, ConversationShape::Note)
}

impl Call<'_, '_> {
    /// The ticket of the conversation in the path.
    fn ticket_of_conversation(&self) -> Result<(i64, i64)> {
        let id = self.id(0)?;
        let ticket_id = self
            .account()
            .tickets
            .ticket_of(id)
            .ok_or(Failure::NOT_FOUND)?;
        let ticket = self
            .account()
            .tickets
            .get(ticket_id)
            .filter(|ticket| !self.is_archived(ticket))
            .ok_or(Failure::NOT_FOUND)?;
        if !ticket.is_listed() {
            return Err(Failure::frozen(self.method));
        }
        if self.may_see(ticket) {
            Ok((ticket_id, id))
        } else {
            Err(Failure::access_denied())
        }
    }
}

/// Only notes can be rewritten. [D]
pub(super) fn update(call: &mut Call<'_, '_>) -> Result {
    let (ticket_id, id) = call.ticket_of_conversation()?;
    let is_note = call
        .account()
        .tickets
        .get(ticket_id)
        .and_then(|ticket| ticket.conversation(id))
        .is_some_and(|each| each.source == 2);
    if !is_note {
        return Err(Failure::frozen(call.method));
    }
    call.input.allow(&["body", "attachments"]);
    let body = if call.input.has("body") || !call.input.form {
        Some(call.body())
    } else {
        None
    };
    check_uploads(call, 0);
    call.checked()?;
    let uploads = std::mem::take(&mut call.input.uploads);
    let files = attachments(&mut call.desk, &uploads, &mut Markup::default());
    let (now, agent) = (call.desk.now, call.agent);
    call.desk.account.tickets.change(ticket_id, |ticket| {
        ticket.updated_at = now;
        if let Some(conversation) = ticket.conversations.iter_mut().find(|each| each.id == id) {
            if let Some(body) = body {
                conversation.body = body;
            }
            conversation.attachments.extend(files);
            conversation.updated_at = now;
            conversation.last_edited_at = Some(now);
            conversation.last_edited_user_id = Some(agent);
        }
    });
    let ticket = call
        .account()
        .tickets
        .get(ticket_id)
        .ok_or(Failure::NOT_FOUND)?;
    let conversation = ticket.conversation(id).ok_or(Failure::NOT_FOUND)?;
    let view = call.conversation_view(ticket_id, conversation, ConversationShape::Note);
    Ok(Answer::written(200, &view))
}

pub(super) fn delete(call: &mut Call<'_, '_>) -> Result {
    let (ticket_id, id) = call.ticket_of_conversation()?;
    call.desk.account.tickets.remove_conversation(id);
    let now = call.desk.now;
    call.desk
        .account
        .tickets
        .change(ticket_id, |ticket| ticket.updated_at = now);
    Ok(Answer::nothing())
}

/// The ticket is mailed on to somebody outside. [D]
pub(super) fn forward(call: &mut Call<'_, '_>) -> Result {
    let ticket_id = call.live_ticket()?.id;
    call.input.allow(&[
        "body",
        "to_emails",
        "cc_emails",
        "bcc_emails",
        "from_email",
        "include_quoted_text",
        "include_original_attachments",
        "attachments",
    ]);
    let body = call.body();
    call.input.require("to_emails");
    let to_emails = call.input.emails("to_emails").unwrap_or_default();
    let cc_emails = call.input.emails("cc_emails").unwrap_or_default();
    let bcc_emails = call.input.emails("bcc_emails").unwrap_or_default();
    let from_email = from_email(call);
    call.input.check("include_quoted_text", Input::flag);
    let originals = call.input.flag("include_original_attachments").flatten();
    check_uploads(call, 0);
    call.checked()?;
    if originals == Some(true) {
        forward_originals(call, ticket_id);
    }
    let support = call.account().support_email();
    // An agent's name, where a reply has the helpdesk's. [O]
    let agent = call.account().people.name_and_email(call.agent);
    let agent = agent.map_or_else(|| call.account().name(), |(name, _)| name);
    let from_email = from_email.unwrap_or_else(|| format!("{agent} <{support}>"));
    let text = body.text.to_string();
    let new = NewConversation {
        body,
        note: true,
        forward: true,
        private: true,
        user_id: Some(call.agent),
        from_email: Some(from_email),
        to_emails: to_emails.clone(),
        cc_emails,
        bcc_emails,
        uploads: std::mem::take(&mut call.input.uploads),
        ..NewConversation::default()
    };
    let performer = Performer::Agent(call.agent);
    let id = call.desk.converse(ticket_id, new, performer);
    for to in to_emails {
        call.desk.send_mail(&to, "notification", "Fwd", &text);
    }
    call.created_conversation(ticket_id, id, ConversationShape::Reply)
}
