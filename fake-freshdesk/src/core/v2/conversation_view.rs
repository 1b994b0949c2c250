//! Replies and notes as JSON.

use serde_json::{Value, json};

use super::base::Base;
use super::file_view::Files;
use super::files::html_at;
use super::json::{At, Json, Object, put};
use super::structured::Structured;
use crate::core::account::Account;
use crate::core::tickets::Conversation;
use crate::core::time::{Ms, seconds};

/// Which of a conversation's shapes. [O]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConversationShape {
    /// In lists: everything.
    Listed,
    /// A reply's 201: no `private`, `incoming`, `source`, `support_email`.
    Reply,
    /// A note's 201: no `from_email`, `cc_emails`, `source`.
    Note,
}

/// Files in somebody's cloud storage: nothing here attaches any. [O the key]
const NONE: [i64; 0] = [];

/// How often the mail of a reply came back, from whom, and when: one element
/// for each time. [O the key, I the shape]
struct Failures<'a>(&'a Conversation);

impl Json for Failures<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let failures = self.0.mail_failures.iter();
        let list: Vec<Value> = failures
            .map(|failure| {
                let emails: Vec<&String> = self.0.addresses(failure.to).collect();
                json!({"type": failure.to, "emails": emails, "failed_at": seconds(failure.at)})
            })
            .collect();
        Value::Array(list).write(out);
    }
}

/// A conversation, to be written.
pub(crate) struct ConversationView<'a> {
    pub(crate) account: &'a Account,
    pub(crate) ticket_id: i64,
    pub(crate) conversation: &'a Conversation,
    pub(crate) now: Ms,
    pub(crate) base: Base<'a>,
    pub(crate) shape: ConversationShape,
}

impl ConversationView<'_> {
    fn listed(&self, map: &mut Object<'_>) {
        let each = self.conversation;
        put!(map, "support_email", &each.support_email);
        put!(map, "source", &each.source);
        put!(map, "category", &each.category);
        put!(map, "to_emails", &each.to_emails);
        put!(map, "from_email", &each.from_email);
        put!(map, "cc_emails", &each.cc_emails);
        let bcc = (!each.bcc_emails.is_empty()).then_some(&each.bcc_emails);
        put!(map, "bcc_emails", &bcc);
        let failures = Failures(each);
        let failed = !each.mail_failures.is_empty();
        let count = failed.then_some(each.mail_failures.len() as u64);
        put!(map, "email_failure_count", &count);
        put!(map, "outgoing_failures", &failed.then_some(failures));
        put!(map, "thread_id", &());
        put!(map, "thread_message_id", &());
        put!(map, "auto_response", &each.auto_response);
        put!(map, "automation_id", &each.automation.map(|(id, _)| id));
        put!(
            map,
            "automation_type_id",
            &each.automation.map(|(_, kind)| kind)
        );
        put!(map, "last_edited_at", &each.last_edited_at.map(At));
        put!(map, "last_edited_user_id", &each.last_edited_user_id);
    }
}

impl Json for ConversationView<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let each = self.conversation;
        let files = Files {
            list: &each.attachments,
            now: self.now,
            base: self.base,
            seconds: self.account.settings.attachment_url_seconds,
        };
        let mut map = Object::begin(out);
        put!(map, "body", &*html_at(&each.body, self.base));
        put!(map, "body_text", &each.body.text);
        if self.account.settings.structured_bodies {
            put!(
                map,
                "structured_body",
                &Structured::of_body(&each.body.text)
            );
        }
        put!(map, "id", &each.id);
        if self.shape != ConversationShape::Reply {
            put!(map, "incoming", &each.incoming);
            put!(map, "private", &each.private);
        }
        put!(map, "user_id", &each.user_id);
        match self.shape {
            ConversationShape::Reply => {
                put!(map, "from_email", &each.from_email);
                put!(map, "cc_emails", &each.cc_emails);
                put!(map, "bcc_emails", &each.bcc_emails);
                put!(map, "replied_to", &each.to_emails);
            }
            ConversationShape::Note => {
                put!(map, "support_email", &each.support_email);
                put!(map, "notified_to", &each.to_emails);
            }
            ConversationShape::Listed => self.listed(&mut map),
        }
        put!(map, "ticket_id", &self.ticket_id);
        put!(map, "created_at", &At(each.created_at));
        put!(map, "updated_at", &At(each.updated_at));
        put!(map, "attachments", &files);
        if self.shape == ConversationShape::Listed {
            put!(
                map,
                "has_quoted_text",
                &each.body.html.contains("freshdesk_quote")
            );
            put!(map, "source_additional_info", &());
            put!(map, "cloud_files", &NONE);
        }
        map.end();
    }
}
