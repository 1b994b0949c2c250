//! Tickets that were merged into another (FLW-10, oq 38). The API has no word for
//! it: Freshdesk closes the ticket and leaves a note on both, in its own words or in
//! those of whoever merged them. Either note is enough to follow.

use super::{Look, LookError};
use crate::{
    policies::MergedTickets,
    session::{Author, Entry, EntryKind, Status},
};

/// Freshdesk's *Closed*, which a merge leaves the ticket in.
const CLOSED: i64 = 5;

/// The event by which a ticket is told what a note on another one says of it.
const TOLD: &str = "ticket_merge_noted";

/// What a note says of a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Merge {
    /// Its ticket was merged into that one.
    Into(i64),
    /// That one was merged into its ticket.
    From(i64),
}

/// Reads a note: in Freshdesk's words, "This ticket is closed and merged into ticket
/// 42" and "Ticket with ID 7 (Help) is merged into this ticket"; in anybody's, what
/// speaks of merging and names a ticket, such as "Duplicate, merged with #42".
fn read(text: &str) -> Option<Merge> {
    let text = text.to_ascii_lowercase();
    let at = ["merged", "merging"].iter().find_map(|word| {
        text.match_indices(word)
            .map(|(at, _)| at)
            .find(|at| !text[..*at].ends_with(char::is_alphabetic))
    })?;
    let (before, after) = text.split_at(at);
    if ["into this", "to this", "with this"]
        .iter()
        .any(|here| after.contains(here))
    {
        return ticket(before).or_else(|| ticket(after)).map(Merge::From);
    }
    ticket(after).or_else(|| ticket(before)).map(Merge::Into)
}

/// The first ticket that a text names: `ticket 42`, `ticket with ID 42`, the address
/// of its page, or `#42` where no other thing with a number can be meant.
fn ticket(text: &str) -> Option<i64> {
    text.char_indices()
        .filter(|(at, digit)| {
            let inside = text[..*at].ends_with(|before: char| before.is_ascii_digit());
            digit.is_ascii_digit() && !inside
        })
        .find_map(|(at, _)| {
            let named = text[..at].trim_end_matches([' ', '\u{a0}', ':']);
            let plain = named.trim_end_matches(['#', ' ', '\u{a0}']);
            let by = |names: &[&str]| names.iter().any(|name| plain.ends_with(name));
            let is_named = by(&["ticket", "ticket id", "ticket with id", "tickets/"])
                || (named.ends_with('#') && by(&[" into", " to", " with", " of", "merged"]));
            let number: String = text[at..]
                .chars()
                .take_while(char::is_ascii_digit)
                .collect();
            number.parse().ok().filter(|id| is_named && *id > 0)
        })
}

/// The ticket whose note told this one of a merge.
fn told_by(entry: &Entry) -> Option<i64> {
    let target = entry.key.strip_prefix(TOLD)?.strip_prefix(':')?;
    target.parse().ok()
}

impl Look<'_> {
    /// What a note of a person's, or of Freshdesk's, says of a merge. The AI's own
    /// notes tell what customers say, who may speak of merging too.
    fn merge_in(&self, entry: &Entry) -> Option<Merge> {
        let is_note = matches!(
            entry.kind,
            EntryKind::AgentComment | EntryKind::AgentMessage
        );
        let is_own = entry.author.id == Some(self.connection.agent.id);
        read(&entry.text).filter(|_| is_note && !is_own)
    }

    /// The ticket that this one was merged into, while it is closed for that.
    pub(super) fn merged_into(&self) -> Option<i64> {
        if self.snapshot.ticket.status != Some(CLOSED) {
            return None;
        }
        self.entries
            .iter()
            .rev()
            .find_map(|entry| match self.merge_in(entry) {
                Some(Merge::Into(target)) => Some(target),
                _ => told_by(entry),
            })
            .filter(|id| *id != self.job.ticket_id)
    }

    /// Tells a ticket that this note says was merged into this one; its own note may
    /// be in words that do not say so. Before the note is written down, so that a
    /// crash does not forget it.
    pub(super) async fn tell_merged(&self, note: &Entry) -> Result<(), LookError> {
        let Some(Merge::From(source)) = self.merge_in(note) else {
            return Ok(());
        };
        let (store, account) = (&self.desk.store, &self.job.account);
        let Some(session) = store.session_of_ticket(account, source).await? else {
            return Ok(());
        };
        let now = self.desk.clock.now();
        let target = self.job.ticket_id;
        let told = Entry {
            session_id: session.id,
            key: format!("{TOLD}:{target}"),
            at: now,
            kind: EntryKind::Event,
            freshdesk_conversation_id: None,
            author: Author::default(),
            text: format!("A note on ticket {target} says that this ticket was merged into it."),
            attachments: Vec::new(),
            event: Some(TOLD.to_owned()),
            awaiting: false,
        };
        store.record(vec![crate::store::Write::Entry(told)]).await?;
        store.accept(account, source, None, now).await?;
        self.desk.work.notify_one();
        Ok(())
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
        // Where the other ticket told of it, it was just looked at.
        let told = self
            .entries
            .iter()
            .any(|entry| told_by(entry) == Some(target));
        if self.desk.policies.merged_tickets == MergedTickets::FollowTarget && !told {
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

    #[test]
    fn a_note_tells_of_a_merge_in_freshdesks_words_and_in_anybodys() {
        for (text, into) in [
            ("This ticket is closed and merged into ticket 42", 42),
            ("Merged into ticket #42.", 42),
            ("Duplicate! I merged it with #42 for you", 42),
            ("Closed as a duplicate of ticket 42 and merged", 42),
            ("Merging: https://acme.freshdesk.com/a/tickets/42", 42),
            ("Merged 3 mails into Ticket ID: 42", 42),
            ("MERGED INTO TICKET\u{a0}42", 42),
        ] {
            assert_eq!(read(text), Some(Merge::Into(into)), "{text}");
        }
        for text in [
            "Ticket with ID 7 (Help) is merged into this ticket",
            "Merged #7 into this one",
            "I merged ticket 7 with this ticket",
        ] {
            assert_eq!(read(text), Some(Merge::From(7)), "{text}");
        }
        for text in [
            "merged into ticket",
            "merged into ticket 0",
            "merged into ticket 99999999999999999999",
            "A duplicate of ticket 42",
            "An emergency on ticket 42",
            "Merge request #42 is merged",
            "We merged pull request #42",
            "Merged the 42 orders",
            "Call +1 555 0142 when it is merged",
            "",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
