//! Mails the helpdesk sent, to read instead of to receive.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::desk::Desk;
use super::journal::Body;
use super::time::{Ms, millis};

/// How many mails an account keeps.
pub(crate) const MAIL_CAPACITY: usize = 10_000;

/// A mail.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Mail {
    pub(crate) id: u64,
    pub(crate) at: Ms,
    pub(crate) to: String,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) cause: Option<u64>,
}

impl Mail {
    pub(crate) fn json(&self) -> Value {
        json!({
            "id": self.id, "at": millis(self.at), "to": self.to, "kind": self.kind,
            "subject": self.subject, "text": self.text, "cause": self.cause,
        })
    }
}

impl Desk<'_> {
    /// Sends a mail: keeps it, and notes it in the journal.
    pub(crate) fn send_mail(&mut self, to: &str, kind: &str, subject: &str, text: &str) {
        let body = json!({"to": to, "kind_of_mail": kind, "subject": subject, "text": text});
        let seq = self.note(Body::Other("mail", body));
        self.account.mail_count += 1;
        if self.account.mails.len() == MAIL_CAPACITY {
            self.account.mails.pop_front();
        }
        self.account.mails.push_back(Mail {
            id: self.account.mail_count,
            at: self.now,
            to: to.to_owned(),
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            text: text.to_owned(),
            cause: self.cause.or(Some(seq)),
        });
    }

    /// Sends one mail to each active administrator.
    pub(crate) fn mail_admins(&mut self, kind: &str, subject: &str, text: &str) {
        let admins: Vec<String> = self
            .account
            .people
            .agents()
            .filter(|agent| !agent.deactivated && self.account.is_admin(agent))
            .map(|agent| agent.email.clone())
            .collect();
        for admin in admins {
            self.send_mail(&admin, kind, subject, text);
        }
    }
}
