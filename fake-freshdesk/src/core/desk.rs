//! The desk: one account, opened for work at one point in time, with all that
//! work may touch. The v2 API and the control API both act through it, so
//! that a change means the same whoever makes it.

use super::account::Account;
use super::agenda::{Agenda, Task};
use super::contents::Contents;
use super::events::{Change, Performer, TicketEvent};
use super::journal::{Body, Journal};
use super::settings::duration;
use super::time::Ms;
use super::{CoreOptions, Effect};
use serde_json::{Value, json};

/// One account, opened for work.
pub(crate) struct Desk<'a> {
    pub(crate) now: Ms,
    pub(crate) account: &'a mut Account,
    pub(crate) journal: &'a mut Journal,
    pub(crate) agenda: &'a mut Agenda,
    pub(crate) contents: &'a mut Contents,
    pub(crate) effects: &'a mut Vec<Effect>,
    pub(crate) options: &'a CoreOptions,
    /// The journal entry that everything done now is caused by.
    pub(crate) cause: Option<u64>,
}

impl Desk<'_> {
    /// Adds a journal entry caused by the current one.
    pub(crate) fn note(&mut self, body: Body) -> u64 {
        self.journal
            .add(self.now, &self.account.domain, self.cause, body)
    }

    /// Notes what a person did through the control API and makes it the cause
    /// of all that follows.
    pub(crate) fn act(
        &mut self,
        what: &str,
        by: Performer,
        ticket_id: Option<i64>,
        detail: &Value,
    ) -> u64 {
        let mut who = by.json();
        if let Performer::Agent(id) | Performer::Requester(id) = by {
            let email = self
                .account
                .people
                .name_and_email(id)
                .and_then(|(_, email)| email);
            who["email"] = json!(email);
        }
        let body = json!({"what": what, "by": who, "ticket_id": ticket_id, "detail": detail});
        let seq = self.note(Body::Other("action", body));
        self.cause = Some(seq);
        seq
    }

    /// Tells the rules of something that is no property of the ticket. [I: the names]
    pub(crate) fn raise_named(&mut self, mut event: TicketEvent, name: &str, to: Value) {
        let from = Value::Null;
        event.changes.insert(name.to_owned(), Change { from, to });
        self.raise(event);
    }

    /// Tells the rules that something happened to a ticket; they run later.
    pub(crate) fn raise(&mut self, mut event: TicketEvent) {
        let body = json!({
            "ticket_id": event.ticket_id,
            "performer": event.performer.json(),
            "kinds": event.kinds(),
            "changes": event.changes_json(),
            "conversation_id": event.conversation_id,
        });
        event.cause = Some(self.note(Body::Other("ticket_event", body)));
        let due = self.now + duration(self.account.settings.rule_delay_seconds);
        self.agenda.add(
            due,
            Task::RunRules {
                account: self.account.id,
                event: Box::new(event),
            },
        );
    }
}
