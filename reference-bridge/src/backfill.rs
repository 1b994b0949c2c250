//! The one import of an account: open and pending tickets of the last 180 days,
//! on first connect (LIM-6 to LIM-8).
//!
//! The list is read by `updated_at`, oldest first, from a cursor that moves
//! with what was read: so it goes on past Freshdesk's 300 pages, and a ticket
//! that changes meanwhile only moves to the end. Tickets that leave the list
//! shift others to an earlier page, so the whole is read again until a pass
//! finds nothing new. The cursor is stored: a crash or a spent quota continues.

use jiff::Timestamp;

use crate::{
    desk::Desk,
    freshdesk::{Freshdesk, Ticket},
    settings::Connection,
    store::Write,
    ticket::{self, LookError},
    work::{Account, Backfill, Job},
};

/// The page number after which Freshdesk lists nothing more (facts 4.0).
const LAST_PAGE: u32 = 300;

/// Imports what has not been imported, if the import is not done.
pub(crate) async fn run(desk: &Desk, connection: &Connection, line: &Job) -> Result<(), LookError> {
    let domain = &connection.settings.domain;
    let Some(mut account) = desk.store.account(domain).await? else {
        return Ok(());
    };
    let freshdesk = desk.client(connection).in_background();
    let (since, mut cursor, mut imported, mut found) = match account.backfill {
        Backfill::Done { .. } => return Ok(()),
        Backfill::Running {
            since,
            cursor,
            imported,
        } => (since, cursor, imported, imported),
        Backfill::Pending => {
            let window = desk.policies.backfill_window;
            let since = desk
                .clock
                .now()
                .checked_sub(window)
                .unwrap_or(Timestamp::MIN);
            (since, since, 0, 0)
        }
    };
    let mut page = 1;
    loop {
        note(
            desk,
            line,
            &mut account,
            Backfill::Running {
                since,
                cursor,
                imported,
            },
        )
        .await?;
        let (tickets, more) = freshdesk.tickets_page(path(cursor, page)).await?;
        for ticket in &tickets {
            if !wanted(desk, ticket, since, connection.connected_at) {
                continue;
            }
            // The count goes down with the session, so that a crash in between
            // cannot make it wrong.
            account.backfill = Backfill::Running {
                since,
                cursor,
                imported: imported + 1,
            };
            if import(desk, connection, &freshdesk, line, ticket, &account).await? {
                imported += 1;
                found += 1;
            }
        }
        let last = tickets.last().and_then(|ticket| ticket.updated_at);
        match last {
            Some(last) if more.is_some() => {
                // More than a page within one second needs page numbers.
                if last > cursor {
                    (cursor, page) = (last, 1);
                } else if page < LAST_PAGE {
                    page += 1;
                } else {
                    tracing::warn!(%cursor, "more tickets within one second than Freshdesk lists");
                    let second = std::time::Duration::from_secs(1);
                    (cursor, page) = (crate::clock::later(cursor, second), 1);
                }
            }
            _ if found > 0 => {
                // Look once more whether something slipped through.
                (cursor, page, found) = (since, 1, 0);
            }
            _ => break,
        }
    }
    note(desk, line, &mut account, Backfill::Done { imported }).await?;
    tracing::info!(imported, "the import is done");
    Ok(())
}

fn path(cursor: Timestamp, page: u32) -> String {
    // Freshdesk reads whole seconds.
    let second = Timestamp::from_second(cursor.as_second()).unwrap_or(cursor);
    format!(
        "/tickets?updated_since={}&order_by=updated_at&order_type=asc&per_page=100&page={page}",
        second.to_string().replace(':', "%3A")
    )
}

/// Open and pending, not too old, and there before the connection was: a ticket
/// that is opened while the import runs is a new one, whose webhook is on its
/// way and whose first message is to be answered.
fn wanted(desk: &Desk, ticket: &Ticket, since: Timestamp, connected_at: Timestamp) -> bool {
    // Freshdesk tells whole seconds; what is as old as the connection is new,
    // and the sweep finds it if no webhook tells of it.
    let is_new = |created_at: Timestamp| created_at.as_second() >= connected_at.as_second();
    ticket::is_imported(desk, ticket)
        && !ticket.created_at.is_some_and(is_new)
        && !ticket.deleted
        && !ticket.spam
        && ticket
            .updated_at
            .is_none_or(|updated_at| updated_at >= since)
}

async fn import(
    desk: &Desk,
    connection: &Connection,
    freshdesk: &Freshdesk,
    line: &Job,
    ticket: &Ticket,
    progress: &Account,
) -> Result<bool, LookError> {
    let job = Job {
        ticket_id: ticket.id,
        ..line.clone()
    };
    ticket::import(desk, connection, freshdesk, (&job, line), progress).await
}

async fn note(
    desk: &Desk,
    line: &Job,
    account: &mut Account,
    backfill: Backfill,
) -> Result<(), LookError> {
    account.backfill = backfill;
    desk.store
        .record(vec![
            Write::IfHeld(line.clone()),
            Write::Account(account.clone()),
        ])
        .await?;
    Ok(())
}
