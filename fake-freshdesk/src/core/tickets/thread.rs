//! Replies and notes.

use serde_json::json;

use super::open::attachments;
use super::ticket::{Conversation, MailFailure, Recipients};
use crate::core::contents::Upload;
use crate::core::desk::Desk;
use crate::core::events::{Performer, TicketEvent};
use crate::core::html::Markup;
use crate::core::time::Ms;

/// Conversation sources. [D]
mod conversation_source {
    pub(super) const REPLY: u16 = 0;
    pub(super) const NOTE: u16 = 2;
    pub(super) const FORWARD: u16 = 8;
}

/// Conversation categories: a customer's mail, a note, an agent's reply. [O for 2, I for the others]
mod category {
    pub(super) const INCOMING: u16 = 1;
    pub(super) const NOTE: u16 = 2;
    pub(super) const REPLY: u16 = 3;
}

/// A message to be added; everything has been checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewConversation {
    pub(crate) body: Markup,
    /// A note, private or public; otherwise a public reply.
    pub(crate) note: bool,
    pub(crate) private: bool,
    /// A note that was mailed on.
    pub(crate) forward: bool,
    /// From a customer.
    pub(crate) incoming: bool,
    pub(crate) user_id: Option<i64>,
    pub(crate) from_email: Option<String>,
    pub(crate) support_email: Option<String>,
    pub(crate) to_emails: Vec<String>,
    pub(crate) cc_emails: Vec<String>,
    pub(crate) bcc_emails: Vec<String>,
    pub(crate) uploads: Vec<Upload>,
    pub(crate) auto_response: bool,
    pub(crate) automation: Option<(i64, u8)>,
}

impl Conversation {
    /// Is it a note, also one that was forwarded?
    pub(crate) fn is_note(&self) -> bool {
        self.category == category::NOTE
    }
}

impl Desk<'_> {
    /// Adds a message without waking rules and returns its id.
    pub(crate) fn add_conversation(&mut self, ticket_id: i64, mut new: NewConversation) -> i64 {
        let id = self.account.ids.next();
        let files = attachments(self, &new.uploads, &mut new.body);
        let now: Ms = self.now;
        let text = new.body.text.to_string();
        let to_mail = if !new.note && !new.incoming {
            new.to_emails.clone()
        } else {
            Default::default()
        };
        let (note, incoming, private) = (new.note, new.incoming, new.private);
        let conversation = Conversation {
            id,
            source: match (new.forward, new.note) {
                (true, _) => conversation_source::FORWARD,
                (false, true) => conversation_source::NOTE,
                (false, false) => conversation_source::REPLY,
            },
            category: match (new.note, new.incoming) {
                (true, _) => category::NOTE,
                (false, true) => category::INCOMING,
                (false, false) => category::REPLY,
            },
            body: new.body,
            user_id: new.user_id,
            incoming: new.incoming,
            private: new.private,
            auto_response: new.auto_response,
            from_email: new.from_email.map(Into::into),
            support_email: new.support_email.map(Into::into),
            to_emails: new.to_emails,
            cc_emails: new.cc_emails,
            bcc_emails: new.bcc_emails,
            attachments: files,
            automation: new.automation,
            created_at: now,
            updated_at: now,
            last_edited_at: None,
            last_edited_user_id: None,
            mail_failures: Vec::new(),
        };
        let subject = self.account.tickets.change(ticket_id, |ticket| {
            ticket.conversations.push(conversation);
            ticket.updated_at = now;
            if incoming {
                ticket.rare_mut().requester_responded_at = Some(now);
            } else if !note && !private {
                let rare = ticket.rare_mut();
                rare.agent_responded_at = Some(now);
                rare.first_responded_at = rare.first_responded_at.or(Some(now));
            }
            ticket.subject.clone().unwrap_or_default()
        });
        // Replies are mailed to the customer, notes are not. [D, O FDM]
        for to in to_mail {
            let subject = format!("Re: {}", subject.as_deref().unwrap_or_default());
            self.send_mail(&to, "reply", &subject, &text);
        }
        id
    }

    /// Adds a message as somebody; the rules hear of it.
    pub(crate) fn converse(
        &mut self,
        ticket_id: i64,
        new: NewConversation,
        performer: Performer,
    ) -> i64 {
        let mut event = TicketEvent::new(ticket_id, performer);
        event.reply = !new.note;
        event.private_note = new.note.then_some(new.private);
        let id = self.add_conversation(ticket_id, new);
        event.conversation_id = Some(id);
        self.raise(event);
        id
    }

    /// Adds a note without waking rules.
    pub(crate) fn add_note(
        &mut self,
        ticket_id: i64,
        body: Markup,
        private: bool,
        performer: Performer,
    ) -> i64 {
        let user_id = match performer {
            Performer::Agent(id) => Some(id),
            _ => None,
        };
        let new = NewConversation {
            body,
            note: true,
            private,
            user_id,
            ..NewConversation::default()
        };
        self.add_conversation(ticket_id, new)
    }

    /// The mail of a public reply came back; the rules hear of it. [D that there
    /// are such events, I the rest]
    pub(crate) fn fail_mail(&mut self, ticket_id: i64, conversation: i64, to: Recipients) {
        let failure = MailFailure { to, at: self.now };
        self.account.tickets.change(ticket_id, |ticket| {
            let mut thread = ticket.conversations.iter_mut();
            if let Some(reply) = thread.find(|each| each.id == conversation) {
                reply.mail_failures.push(failure);
            }
        });
        let name = match to {
            Recipients::Requester => "mail_del_failed_requester",
            Recipients::Others => "mail_del_failed_others",
        };
        let mut event = TicketEvent::new(ticket_id, Performer::System);
        event.conversation_id = Some(conversation);
        self.raise_named(event, name, json!(true));
    }

    /// A customer answers by mail or in the portal.
    pub(crate) fn customer_reply(
        &mut self,
        ticket_id: i64,
        from: i64,
        mut new: NewConversation,
    ) -> i64 {
        new.incoming = true;
        new.user_id = Some(from);
        self.converse(ticket_id, new, Performer::Requester(from))
    }

    /// An agent answers the customer.
    pub(crate) fn agent_reply(
        &mut self,
        ticket_id: i64,
        agent: i64,
        mut new: NewConversation,
    ) -> i64 {
        new.user_id = Some(new.user_id.unwrap_or(agent));
        let support = self.account.support_email();
        if new.from_email.is_none() {
            new.from_email = Some(format!("{} <{support}>", self.account.name()));
        }
        if new.to_emails.is_empty() {
            let requester = self
                .account
                .tickets
                .get(ticket_id)
                .map(|ticket| ticket.requester_id);
            let email = requester
                .and_then(|id| self.account.people.name_and_email(id))
                .and_then(|(_, email)| email);
            new.to_emails = email.map(str::to_owned).into_iter().collect();
        }
        self.converse(ticket_id, new, Performer::Agent(agent))
    }
}
