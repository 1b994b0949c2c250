//! A ticket's due times pass: who still waits then, and which rules hear of it.
//!
//! Whether a due time was missed is read from the ticket whenever somebody
//! looks. Only rules need to be woken at that very moment: a task is on the
//! agenda for each due time ahead while the account has a rule that wants to
//! hear of it, and never otherwise.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::ticket::{Ticket, status};
use crate::core::account::Account;
use crate::core::agenda::Task;
use crate::core::automation::kind;
use crate::core::desk::Desk;
use crate::core::events::{Performer, TicketEvent};
use crate::core::time::Ms;

/// What is due on a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Due {
    /// An agent's first reply, by `fr_due_by`.
    Response,
    /// Its resolution, by `due_by`.
    Resolution,
}

impl Due {
    const BOTH: [Due; 2] = [Due::Response, Due::Resolution];

    /// The event that a rule names to hear of it. [I]
    fn event(self) -> &'static str {
        match self {
            Due::Response => "response_due",
            Due::Resolution => "resolution_due",
        }
    }

    /// When it is due; never again once the agent has replied.
    fn time(self, ticket: &Ticket) -> Option<Ms> {
        match self {
            Due::Response => ticket
                .fr_due_by
                .filter(|_| ticket.rare().first_responded_at.is_none()),
            Due::Resolution => ticket.due_by,
        }
    }

    /// Is it due by `now`, and still waited for? [I]
    pub(crate) fn is_missed(self, account: &Account, ticket: &Ticket, now: Ms) -> bool {
        self.time(ticket).is_some_and(|at| at <= now) && sla_runs(account, ticket)
    }
}

/// Nobody waits for what is settled, nor while the status stops the SLA timer.
fn sla_runs(account: &Account, ticket: &Ticket) -> bool {
    let stopped = |id: u16| {
        let mut statuses = account.statuses.iter();
        statuses.any(|status| status.id == id && status.stop_sla_timer)
    };
    !matches!(ticket.status, status::RESOLVED | status::CLOSED) && !stopped(ticket.status)
}

impl Account {
    /// Does an active rule want to hear when this is missed?
    fn hears_of(&self, due: Due) -> bool {
        self.settings.sla_events
            && self
                .rules_of(kind::UPDATES)
                .any(|rule| rule.active && rule.names_event(due.event()))
    }
}

impl Desk<'_> {
    /// Puts a ticket's due times ahead on the agenda, if any rule wants to hear of them.
    pub(crate) fn plan_due_times(&mut self, ticket: i64) {
        for due in Due::BOTH {
            let found = self.account.tickets.get(ticket);
            let at = found.and_then(|ticket| due.time(ticket));
            if let Some(at) = at.filter(|at| *at > self.now && self.account.hears_of(due)) {
                self.plan_due_time(ticket, due, at);
            }
        }
    }

    /// The same for all tickets: a rule or a setting changed.
    pub(crate) fn plan_all_due_times(&mut self) {
        for due in Due::BOTH {
            if !self.account.hears_of(due) {
                continue;
            }
            let ahead: Vec<(i64, Ms)> = self
                .account
                .tickets
                .iter()
                .filter_map(|ticket| Some((ticket.id, due.time(ticket)?)))
                .filter(|(_, at)| *at > self.now)
                .collect();
            for (ticket, at) in ahead {
                self.plan_due_time(ticket, due, at);
            }
        }
    }

    /// At most one task for the same time: a due time that was moved and moved
    /// back finds its first task still there.
    fn plan_due_time(&mut self, ticket: i64, due: Due, at: Ms) {
        if self.account.due_times_planned.insert((ticket, due, at)) {
            let account = self.account.id;
            self.agenda.add(
                at,
                Task::FallDue {
                    account,
                    ticket,
                    due,
                    at,
                },
            );
        }
    }

    /// A planned time has come: the rules hear of it if it still is the
    /// ticket's, and nobody did what was due.
    pub(crate) fn fall_due(&mut self, id: i64, due: Due, at: Ms) {
        self.account.due_times_planned.remove(&(id, due, at));
        let Some(ticket) = self.account.tickets.get(id) else {
            return;
        };
        let missed = due.time(ticket) == Some(at)
            && ticket.is_listed()
            && due.is_missed(self.account, ticket, self.now);
        if missed && self.account.hears_of(due) {
            let event = TicketEvent::new(id, Performer::System);
            self.raise_named(event, due.event(), json!(true));
        }
    }
}
