//! Resolved, closed, reopened, deleted: the session follows the ticket (RES-1,
//! RES-3, FLW-10, oq 16 to 19).

use serde_json::json;

use super::{Look, LookError, event_entry};
use crate::{
    clock::later,
    desk::Desk,
    freshdesk::{FreshdeskError, Nature},
    session::{AiClosureType, Entry, Session, Status},
    store::Write,
    turn::{Purpose, Turn},
    work::Job,
};

/// The event of a resolution by the AI.
pub(super) const RESOLVED_BY_AI: &str = "ai_decided_to_resolve_the_issue";

/// Freshdesk's *Open*.
const OPEN: i64 = 2;

/// How far Freshdesk's clock may be ahead of ours.
const A_MOMENT: std::time::Duration = std::time::Duration::from_secs(2);

impl Look<'_> {
    /// Makes the session's status follow the ticket's.
    pub(super) async fn sync_status(&mut self) -> Result<(), LookError> {
        if self.is_gone() {
            let event = if self.snapshot.ticket.spam {
                "ticket_marked_as_spam"
            } else {
                "ticket_deleted"
            };
            self.settle_all();
            if self.session.status == Status::Open {
                self.close(Status::ClosedUnresolved, event);
            }
            return Ok(());
        }
        let status = self
            .snapshot
            .ticket
            .status
            .unwrap_or(self.session.seen_status);
        let changed = status != self.session.seen_status;
        if changed {
            self.session.seen_status = status;
            self.session.reopened_by_message = false;
            self.touch();
        }
        if !self.snapshot.ticket.is_resolved() {
            if self.session.status != Status::Open {
                self.reopen("integration_reopened_session", "The ticket is open again.");
            }
            return Ok(());
        }
        if let Some(target) = self.merged_into() {
            return self.follow(target).await;
        }
        if !self.awaiting().is_empty() && !self.resolving() {
            return self.customer_wrote_on_resolved().await;
        }
        if self.session.status == Status::Open
            && !self.session.reopened_by_message
            && !self.resolving()
        {
            self.close(Status::ClosedResolved, "closed_resolved_by_integration");
        }
        Ok(())
    }

    /// A message that came after the resolution reopens the session; one that
    /// came before has been dealt with by whoever resolved the ticket.
    async fn customer_wrote_on_resolved(&mut self) -> Result<(), LookError> {
        let stats = self
            .freshdesk
            .ticket(self.job.ticket_id, &["stats"])
            .await?
            .stats
            .unwrap_or_default();
        let resolved_at = stats.resolved_at.max(stats.closed_at);
        let awaiting = self.awaiting();
        // What the AI had not read when it resolved the ticket it has not dealt
        // with, also if it came a moment before.
        let by_ai = self.session.ai_closure_type == Some(AiClosureType::Resolved)
            && self.entries.iter().any(|entry| {
                entry.event.as_deref() == Some(RESOLVED_BY_AI)
                    && resolved_at.is_none_or(|at| at <= later(entry.at, A_MOMENT))
            });
        // Freshdesk's times are whole seconds: at a tie, a session that was
        // closed already heard of the resolution first.
        let closed_before = self.session.status != Status::Open;
        // A backfilled or new ticket that is resolved already has nothing to answer.
        let said_at = |key: &String| {
            let said = self.entries.iter().find(|entry| entry.key == *key);
            said.map(|entry| entry.at)
        };
        let crossed = by_ai
            && resolved_at.is_some()
            && awaiting.iter().any(|key| said_at(key) <= resolved_at);
        let (after, before): (Vec<_>, Vec<_>) =
            awaiting.into_iter().partition(|key| match resolved_at {
                // The session has been told already that these are to be answered.
                _ if by_ai || self.session.reopened_by_message => true,
                Some(resolved_at) => {
                    let at = said_at(key);
                    at > Some(resolved_at) || (closed_before && at == Some(resolved_at))
                }
                None => key != Entry::DESCRIPTION,
            });
        self.settle(before);
        if after.is_empty() {
            if self.session.status == Status::Open {
                self.close(Status::ClosedResolved, "closed_resolved_by_integration");
            }
            return Ok(());
        }
        if crossed {
            self.open_again().await?;
        }
        if self.session.status != Status::Open {
            self.reopen(
                "integration_reopened_session",
                "The customer wrote on a resolved ticket.",
            );
        }
        if self.snapshot.ticket.is_resolved() && !self.session.reopened_by_message {
            self.session.reopened_by_message = true;
            self.touch();
        }
        Ok(())
    }

    /// Whether a resolution of the AI that was overtaken has closed the ticket all the
    /// same: its update was carried out, but nobody heard so. What a rep owns stays
    /// as the rep left it.
    pub(super) fn was_resolved_unheard(&self, turn: &Turn) -> bool {
        matches!(turn.purpose, Purpose::Resolve { .. })
            && turn.may_have_set_status()
            && self.snapshot.ticket.is_resolved()
            && !self.is_a_reps()
    }

    /// Sets a ticket open that the AI resolved over a message it had not read. The
    /// account's own rule for that ran when the customer wrote, before the resolution,
    /// and runs no second time. Should Freshdesk refuse, the message is answered on the
    /// ticket as it is.
    pub(super) async fn open_again(&mut self) -> Result<(), LookError> {
        let open = json!({ "status": OPEN });
        match self
            .freshdesk
            .update_ticket(self.job.ticket_id, &open, (Nature::Repeatable, 0))
            .await
        {
            Ok(_) => {
                self.snapshot.ticket.status = Some(OPEN);
                self.session.seen_status = OPEN;
                self.touch();
            }
            Err(error @ (FreshdeskError::Refused { .. } | FreshdeskError::NotFound(_))) => {
                let told = format!("The ticket could not be set open again: {error}");
                self.report("refused", told);
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// Whether the resolution is the AI's own, and under way.
    fn resolving(&self) -> bool {
        self.open_turn().is_some_and(|turn| {
            matches!(turn.purpose, Purpose::Resolve { .. }) && !turn.is_untouched()
        })
    }

    pub(super) fn close(&mut self, status: Status, event: &str) {
        self.end(status);
        self.add_event(event, "");
    }

    pub(super) fn end(&mut self, status: Status) {
        self.session.status = status;
        if self.session.handed_off {
            self.session.ai_closure_type = Some(AiClosureType::HandedOff);
        }
        self.session.opening = false;
        self.touch();
    }

    fn reopen(&mut self, event: &str, text: &str) {
        self.session.status = Status::Open;
        self.session.ai_closure_type = None;
        self.touch();
        self.add_event(event, text);
    }
}

/// The ticket is gone for good: deleted for ever, merged away, or archived.
pub(super) async fn close_vanished(
    desk: &Desk,
    job: &Job,
    mut session: Session,
    entries: &[Entry],
) -> Result<(), LookError> {
    let awaiting: Vec<_> = entries
        .iter()
        .filter(|entry| entry.awaiting)
        .map(|entry| entry.key.clone())
        .collect();
    if session.status != Status::Open && awaiting.is_empty() {
        return Ok(());
    }
    let now = desk.clock.now();
    session.updated_at = now;
    let mut writes = vec![Write::IfHeld(job.clone())];
    if session.status == Status::Open {
        session.status = Status::ClosedUnresolved;
        writes.push(Write::Entry(event_entry(
            &session,
            entries,
            now,
            "ticket_deleted",
            "Freshdesk has no such ticket any more.",
        )));
    }
    writes.push(Write::Settle {
        session_id: session.id.clone(),
        keys: awaiting,
    });
    writes.push(Write::Session(session));
    desk.store.record(writes).await?;
    Ok(())
}
