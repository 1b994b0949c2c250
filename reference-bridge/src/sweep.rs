//! Healing what lost webhooks left out (WHK-10): now and then a list page of the
//! tickets that changed since the last sweep, and less often one of those that were
//! deleted and one of spam. A ticket whose change was not seen is looked at, unless the
//! account's rules would not have reported it: then it is left for the operator to
//! see, as the guide describes it.

use std::time::Duration;

use jiff::Timestamp;

use crate::{
    clock::later,
    desk::Desk,
    freshdesk::{Freshdesk, FreshdeskError, Ticket},
    policies::SweepScope,
    rules::{Coverage, Rules},
    session::Status,
    settings::Connection,
    store::Write,
    ticket::{End, LookError},
};

/// A webhook may still be on its way: younger changes are left to the next sweep.
const GRACE: Duration = Duration::from_secs(60);

/// One sweep; gives the time of the next.
pub(crate) async fn run(desk: &Desk, connection: &Connection) -> Result<End, LookError> {
    let Some(interval) = desk.policies.sweep_interval else {
        return Ok(End::Done);
    };
    let domain = &connection.settings.domain;
    let started = desk.clock.now();
    let swept_to = desk.store.deliveries(domain).await?.swept_to;
    let from = swept_to.unwrap_or(connection.connected_at);
    let until = started.checked_sub(GRACE).unwrap_or(started);
    let mut sweep = Sweep {
        desk,
        connection,
        freshdesk: desk.client(connection).in_background(),
        started,
        until,
        swept_to: until.max(from),
        coverage: None,
    };
    sweep.list(List::Usual, from).await?;
    if let Some(from) = gone_since(from, started, desk.policies.gone_interval) {
        sweep.list(List::Deleted, from).await?;
        sweep.list(List::Spam, from).await?;
    }
    let swept = Write::Swept {
        account: domain.clone(),
        to: sweep.swept_to,
    };
    desk.store.record(vec![swept]).await?;
    Ok(End::Later(later(started, interval)))
}

/// What is listed: the usual list leaves out what was deleted or marked as spam,
/// and no event of the Ticket Updates rule tells of either (FLW-10).
#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    Usual,
    Deleted,
    Spam,
}

/// From when on the lists of what is gone are to be read, if they are due: once in each
/// full `interval` of the clock, so that nothing needs to be kept about it. The sweep
/// before ended a [`GRACE`] after `from`, or later.
fn gone_since(from: Timestamp, started: Timestamp, interval: Duration) -> Option<Timestamp> {
    let interval = i64::try_from(interval.as_secs()).unwrap_or(i64::MAX).max(1);
    let full = |at: Timestamp| at.as_second() - at.as_second().rem_euclid(interval);
    let read = Timestamp::from_second(full(from)).unwrap_or(from);
    (full(later(from, GRACE)) < full(started)).then(|| read.checked_sub(GRACE).unwrap_or(read))
}

fn path(list: List, from: Timestamp) -> String {
    let second = Timestamp::from_second(from.as_second()).unwrap_or(from);
    let filter = match list {
        List::Usual => "",
        List::Deleted => "filter=deleted&",
        List::Spam => "filter=spam&",
    };
    format!(
        "/tickets?{filter}updated_since={}&order_by=updated_at&order_type=asc&per_page=100",
        second.to_string().replace(':', "%3A")
    )
}

/// What kind of ticket a missed change is on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missed {
    New,
    Tracked,
    /// Deleted or spam, and its session is open.
    Gone,
}

/// A sweep under way.
struct Sweep<'a> {
    desk: &'a Desk,
    connection: &'a Connection,
    freshdesk: Freshdesk,
    started: Timestamp,
    /// Younger changes are left to the next sweep.
    until: Timestamp,
    /// Up to where nothing was left.
    swept_to: Timestamp,
    /// What the account's rules report. Read once, and only when something was missed.
    coverage: Option<Coverage>,
}

impl Sweep<'_> {
    /// Goes through a list, page by page.
    async fn list(&mut self, list: List, from: Timestamp) -> Result<(), LookError> {
        let mut next = Some(path(list, from));
        while let Some(page) = next {
            let (tickets, more) = self.freshdesk.tickets_page(page).await?;
            for ticket in &tickets {
                self.ticket(ticket, list).await?;
            }
            next = more;
        }
        Ok(())
    }

    /// Has a ticket looked at, if a change of it was missed that is the sweep's to heal.
    async fn ticket(&mut self, ticket: &Ticket, list: List) -> Result<(), LookError> {
        let Some(updated_at) = ticket.updated_at else {
            return Ok(());
        };
        if updated_at > self.until {
            self.swept_to = self.swept_to.min(updated_at);
            return Ok(());
        }
        let Some(missed) = self.missed(ticket, updated_at, list).await? else {
            return Ok(());
        };
        if !self.heals(missed).await? {
            return Ok(());
        }
        tracing::info!(
            ticket = ticket.id,
            "a change was missed; looking at the ticket"
        );
        let domain = &self.connection.settings.domain;
        let store = &self.desk.store;
        store.accept(domain, ticket.id, None, self.started).await?;
        self.desk.work.notify_one();
        Ok(())
    }

    /// What the session does not know of a ticket, if anything.
    async fn missed(
        &self,
        ticket: &Ticket,
        updated_at: Timestamp,
        list: List,
    ) -> Result<Option<Missed>, LookError> {
        let store = &self.desk.store;
        let domain = &self.connection.settings.domain;
        // On its way already.
        if store.generation(domain, ticket.id).await?.is_some() {
            return Ok(None);
        }
        let session = store.session_of_ticket(domain, ticket.id).await?;
        if list != List::Usual {
            let open = session.is_some_and(|session| session.status == Status::Open);
            return Ok(open.then_some(Missed::Gone));
        }
        Ok(match session {
            None if ticket.is_resolved() => None,
            None => Some(Missed::New),
            Some(session) => session
                .seen
                .is_none_or(|seen| seen.misses(updated_at))
                .then_some(Missed::Tracked),
        })
    }

    /// Whether the sweep may act on it.
    async fn heals(&mut self, missed: Missed) -> Result<bool, LookError> {
        if missed == Missed::Gone || self.desk.policies.sweep_scope == SweepScope::Everything {
            return Ok(true);
        }
        let coverage = match self.coverage {
            Some(coverage) => coverage,
            None => *self.coverage.insert(self.read_coverage().await?),
        };
        Ok(match missed {
            Missed::New => coverage.new_tickets,
            Missed::Tracked => coverage.updates,
            Missed::Gone => true,
        })
    }

    async fn read_coverage(&self) -> Result<Coverage, LookError> {
        let domain = &self.connection.settings.domain;
        let deliveries = self.desk.store.deliveries(domain).await?;
        match Rules::read(&self.freshdesk).await {
            Ok(rules) => {
                let url = self.desk.webhook_url(self.connection);
                Ok(rules.coverage(&url, deliveries))
            }
            // The rules cannot be read: what is not known to be broken works.
            Err(FreshdeskError::NotFound(_) | FreshdeskError::Refused { .. }) => Ok(Coverage {
                new_tickets: true,
                updates: true,
            }),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        format!("2026-03-01T{time}Z").parse().unwrap()
    }

    #[test]
    fn what_is_gone_is_read_once_in_ten_minutes_and_from_before_it_was_read_last() {
        let since = |from, started| gone_since(at(from), at(started), Duration::from_secs(600));
        assert_eq!(since("09:05:00", "09:09:59"), None);
        assert_eq!(since("09:05:00", "09:10:00"), Some(at("08:59:00")));
        // The sweep before was in the same ten minutes, and read them.
        assert_eq!(since("09:09:30", "09:15:30"), None);
        // The sweep before left a young change, or failed.
        assert_eq!(since("09:08:59", "09:15:00"), Some(at("08:59:00")));
        assert_eq!(since("09:10:00", "09:15:00"), None);
        assert_eq!(since("07:00:01", "09:15:00"), Some(at("06:59:00")));
    }
}
