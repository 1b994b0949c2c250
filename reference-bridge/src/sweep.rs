//! Healing what lost webhooks left out (WHK-10): now and then a list page of the
//! tickets that changed since the last sweep, one of those that were deleted, and
//! one of spam. A ticket whose change was not
//! seen is looked at, unless the account's rules would not have reported it:
//! then it is left for the operator to see, as the guide describes it.

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
const GRACE: std::time::Duration = std::time::Duration::from_secs(60);

/// One sweep; gives the time of the next.
pub(crate) async fn run(desk: &Desk, connection: &Connection) -> Result<End, LookError> {
    let Some(interval) = desk.policies.sweep_interval else {
        return Ok(End::Done);
    };
    let domain = &connection.settings.domain;
    let started = desk.clock.now();
    let freshdesk = desk.client(connection).in_background();
    let swept_to = desk.store.deliveries(domain).await?.swept_to;
    let from = swept_to.unwrap_or(connection.connected_at);
    let until = started.checked_sub(GRACE).unwrap_or(started);
    let mut coverage = None;
    let mut swept_to = until.max(from);
    for list in LISTS {
        let mut next = Some(path(list, from));
        while let Some(page) = next {
            let (tickets, more) = freshdesk.tickets_page(page).await?;
            for ticket in &tickets {
                let Some(updated_at) = ticket.updated_at else {
                    continue;
                };
                if updated_at > until {
                    swept_to = swept_to.min(updated_at);
                    continue;
                }
                let Some(missed) = missed(desk, domain, ticket, list).await? else {
                    continue;
                };
                if heals(desk, connection, &freshdesk, missed, &mut coverage).await? {
                    tracing::info!(
                        ticket = ticket.id,
                        "a change was missed; looking at the ticket"
                    );
                    desk.store.accept(domain, ticket.id, None, started).await?;
                    desk.work.notify_one();
                }
            }
            next = more;
        }
    }
    let swept = Write::Swept {
        account: domain.clone(),
        to: swept_to,
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

const LISTS: [List; 3] = [List::Usual, List::Deleted, List::Spam];

fn path(list: List, from: jiff::Timestamp) -> String {
    let second = jiff::Timestamp::from_second(from.as_second()).unwrap_or(from);
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

async fn missed(
    desk: &Desk,
    domain: &str,
    ticket: &Ticket,
    list: List,
) -> Result<Option<Missed>, LookError> {
    let Some(updated_at) = ticket.updated_at else {
        return Ok(None);
    };
    // On its way already.
    if desk.store.generation(domain, ticket.id).await?.is_some() {
        return Ok(None);
    }
    let session = desk.store.session_of_ticket(domain, ticket.id).await?;
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

/// Whether the sweep may act on it. The rules are read once per sweep, and only
/// when something was missed.
async fn heals(
    desk: &Desk,
    connection: &Connection,
    freshdesk: &Freshdesk,
    missed: Missed,
    coverage: &mut Option<Coverage>,
) -> Result<bool, LookError> {
    if missed == Missed::Gone || desk.policies.sweep_scope == SweepScope::Everything {
        return Ok(true);
    }
    let coverage = match coverage {
        Some(coverage) => *coverage,
        None => {
            let deliveries = desk.store.deliveries(&connection.settings.domain).await?;
            let read = match Rules::read(freshdesk).await {
                Ok(rules) => rules.coverage(&desk.webhook_url(connection), deliveries),
                // The rules cannot be read: what is not known to be broken works.
                Err(FreshdeskError::NotFound(_) | FreshdeskError::Refused { .. }) => Coverage {
                    new_tickets: true,
                    updates: true,
                },
                Err(error) => return Err(error.into()),
            };
            *coverage.insert(read)
        }
    };
    Ok(match missed {
        Missed::New => coverage.new_tickets,
        Missed::Tracked => coverage.updates,
        Missed::Gone => true,
    })
}
