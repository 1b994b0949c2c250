//! Tickets that were merged into another (FLW-10, oq 38). The API has no word for
//! it: Freshdesk closes the ticket and leaves a private note that names the other.

use super::{Look, LookError};
use crate::{
    policies::MergedTickets,
    session::{Entry, EntryKind, Status},
};

/// What Freshdesk's note says before the other ticket's number, in English, which
/// its notes are in whatever the account's language. A note in the merger's own
/// words is not recognised: the ticket then counts as closed.
const WORDS: &str = "merged into ticket";

/// The ticket that a merge's note names.
fn target(entry: &Entry) -> Option<i64> {
    if entry.kind != EntryKind::AgentComment {
        return None;
    }
    let text = entry.text.to_ascii_lowercase();
    let (_, after) = text.split_once(WORDS)?;
    let number: String = after
        .trim_start_matches([' ', '#', '\u{a0}'])
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    number.parse().ok().filter(|id| *id > 0)
}

impl Look<'_> {
    /// The ticket that this one was merged into, while it is closed for that.
    pub(super) fn merged_into(&self) -> Option<i64> {
        if !self.snapshot.ticket.is_resolved() {
            return None;
        }
        self.entries
            .iter()
            .rev()
            .find_map(target)
            .filter(|id| *id != self.job.ticket_id)
    }

    /// Closes the session, and has the other ticket looked at, once: that goes on
    /// with the conversation if it has a session, or if the intake gate lets it in.
    pub(super) async fn follow(&mut self, target: i64) -> Result<(), LookError> {
        // What was said here is for who merged it, or for the other ticket.
        self.settle_all();
        if self.session.status == Status::Open {
            self.end(Status::ClosedResolved);
        }
        let event = format!("Merged into ticket {target}.");
        if self.entries.iter().any(|entry| entry.text == event) {
            return Ok(());
        }
        if self.desk.policies.merged_tickets == MergedTickets::FollowTarget {
            let now = self.desk.clock.now();
            let account = &self.job.account;
            self.desk.store.accept(account, target, None, now).await?;
            self.desk.work.notify_one();
        }
        self.add_event("ticket_merged", &event);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Author;

    fn note(kind: EntryKind, text: &str) -> Option<i64> {
        target(&Entry {
            session_id: "s".to_owned(),
            key: "conversation:1".to_owned(),
            at: jiff::Timestamp::UNIX_EPOCH,
            kind,
            freshdesk_conversation_id: Some(1),
            author: Author::default(),
            text: text.to_owned(),
            attachments: Vec::new(),
            event: None,
            awaiting: false,
        })
    }

    #[test]
    fn only_a_private_note_that_names_a_ticket_tells_of_a_merge() {
        let comment = |text| note(EntryKind::AgentComment, text);
        assert_eq!(
            comment("This ticket is closed and merged into ticket 42"),
            Some(42)
        );
        assert_eq!(comment("Merged into ticket #42."), Some(42));
        assert_eq!(comment("merged into ticket"), None);
        assert_eq!(comment("merged into ticket 0"), None);
        assert_eq!(comment("merged into ticket 99999999999999999999"), None);
        assert_eq!(
            comment("Ticket with ID 7 (Help) is merged into this ticket"),
            None
        );
        assert_eq!(note(EntryKind::Message, "merged into ticket 42"), None);
    }
}
