//! An account's tickets with the indexes that make a page of 30 cost the same
//! among a thousand and among a million.

use std::collections::{BTreeSet, HashMap};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::recent::{RecentViews, Truth};
use super::ticket::{Association, Ticket};
use crate::core::time::Ms;

/// What a list can be ordered by. [D]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OrderBy {
    CreatedAt,
    DueBy,
    UpdatedAt,
    Status,
}

type Key = (i64, i64);

/// All tickets of an account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<Ticket>", into = "Vec<Ticket>")]
pub(crate) struct Tickets {
    /// By id: they count from 1, and none is ever taken away. Boxed, so that
    /// growing moves pointers only.
    #[expect(
        clippy::vec_box,
        reason = "a million tickets are not to be moved when one is added"
    )]
    tickets: Vec<Box<Ticket>>,
    by_created: BTreeSet<Key>,
    by_updated: BTreeSet<Key>,
    by_due: BTreeSet<Key>,
    by_status: BTreeSet<(u16, Key)>,
    by_requester: BTreeSet<(i64, Key)>,
    by_company: BTreeSet<(i64, Key)>,
    /// Deleted and spam tickets, which are in none of the sets above.
    unlisted: BTreeSet<Key>,
    conversations: HashMap<i64, i64>,
    views: RecentViews,
}

impl TryFrom<Vec<Ticket>> for Tickets {
    type Error = String;

    fn try_from(list: Vec<Ticket>) -> Result<Self, String> {
        let mut tickets = Tickets::default();
        for (ticket, wanted) in list.into_iter().zip(1_i64..) {
            if ticket.id != wanted {
                return Err(format!(
                    "ticket ids count from 1 without a gap: expected {wanted}, found {}",
                    ticket.id
                ));
            }
            tickets.insert(ticket);
        }
        Ok(tickets)
    }
}

impl From<Tickets> for Vec<Ticket> {
    fn from(tickets: Tickets) -> Self {
        tickets.tickets.into_iter().map(|ticket| *ticket).collect()
    }
}

/// Where a ticket stands.
fn slot(id: i64) -> Option<usize> {
    usize::try_from(id.checked_sub(1)?).ok()
}

/// Everything the indexes depend on.
#[derive(PartialEq)]
struct Placement {
    created: Key,
    updated: Key,
    due: Key,
    status: u16,
    requester: i64,
    company: Option<i64>,
    listed: bool,
}

impl Placement {
    fn of(ticket: &Ticket) -> Self {
        Placement {
            created: (ticket.created_at, ticket.id),
            updated: (ticket.updated_at, ticket.id),
            due: (ticket.due_by.unwrap_or(Ms::MAX), ticket.id),
            status: ticket.status,
            requester: ticket.requester_id,
            company: ticket.company_id,
            listed: ticket.is_listed(),
        }
    }
}

impl Tickets {
    pub(crate) fn get(&self, id: i64) -> Option<&Ticket> {
        self.tickets.get(slot(id)?).map(Box::as_ref)
    }

    /// All tickets in order of id, deleted and spam ones too.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Ticket> {
        self.tickets.iter().map(Box::as_ref)
    }

    /// Which ticket a conversation is on.
    pub(crate) fn ticket_of(&self, conversation: i64) -> Option<i64> {
        self.conversations.get(&conversation).copied()
    }

    /// Adds the ticket whose id comes next.
    pub(crate) fn insert(&mut self, ticket: Ticket) {
        self.place(&Placement::of(&ticket));
        self.conversations
            .extend(ticket.conversations.iter().map(|each| (each.id, ticket.id)));
        debug_assert_eq!(slot(ticket.id), Some(self.tickets.len()));
        self.tickets.push(Box::new(ticket));
    }

    /// Changes a ticket and keeps the indexes true.
    pub(crate) fn change<T>(&mut self, id: i64, edit: impl FnOnce(&mut Ticket) -> T) -> Option<T> {
        let ticket = self.tickets.get_mut(slot(id)?)?;
        self.views.forget(id);
        let before = Placement::of(ticket);
        let known = ticket.conversations.len();
        let result = edit(ticket);
        let after = Placement::of(ticket);
        if ticket.conversations.len() > known {
            let added = ticket.conversations[known..]
                .iter()
                .map(|each| (each.id, id));
            self.conversations.extend(added.collect::<Vec<_>>());
        }
        if before != after {
            self.displace(&before);
            self.place(&after);
        }
        Some(result)
    }

    /// The view of a ticket that was kept last, if it is still true.
    pub(crate) fn kept_view(&self, id: i64, revisions: [u64; 2], now: Ms) -> Option<&Bytes> {
        self.views.get(id, revisions, now)
    }

    /// Keeps the view of a ticket until the ticket changes, or others push it out.
    pub(crate) fn keep_view(&mut self, id: i64, truth: Truth, body: Bytes) {
        self.views.put(id, truth, body);
    }

    /// Makes one ticket another's child.
    pub(crate) fn adopt(&mut self, parent: i64, child: i64) {
        self.change(parent, |ticket| match &mut ticket.rare_mut().association {
            Some(Association::Parent(children)) => children.push(child),
            other => *other = Some(Association::Parent(vec![child])),
        });
        self.change(child, |ticket| {
            ticket.rare_mut().association = Some(Association::Child(parent));
        });
    }

    /// Makes one ticket the tracker of others.
    pub(crate) fn track(&mut self, tracker: i64, related: &[i64]) {
        if related.is_empty() {
            return;
        }
        self.change(tracker, |ticket| {
            ticket.rare_mut().association = Some(Association::Tracker(related.to_vec()));
        });
        for id in related {
            self.change(*id, |ticket| {
                ticket.rare_mut().association = Some(Association::Related(tracker));
            });
        }
    }

    /// Forgets one conversation of a ticket.
    pub(crate) fn remove_conversation(&mut self, conversation: i64) {
        if let Some(id) = self.conversations.remove(&conversation)
            && let Some(ticket) = slot(id).and_then(|slot| self.tickets.get_mut(slot))
        {
            ticket.conversations.retain(|each| each.id != conversation);
            self.views.forget(id);
        }
    }

    fn place(&mut self, at: &Placement) {
        if !at.listed {
            self.unlisted.insert(at.created);
            return;
        }
        self.by_created.insert(at.created);
        self.by_updated.insert(at.updated);
        self.by_due.insert(at.due);
        self.by_status.insert((at.status, at.created));
        self.by_requester.insert((at.requester, at.created));
        if let Some(company) = at.company {
            self.by_company.insert((company, at.created));
        }
    }

    fn displace(&mut self, at: &Placement) {
        if !at.listed {
            self.unlisted.remove(&at.created);
            return;
        }
        self.by_created.remove(&at.created);
        self.by_updated.remove(&at.updated);
        self.by_due.remove(&at.due);
        self.by_status.remove(&(at.status, at.created));
        self.by_requester.remove(&(at.requester, at.created));
        if let Some(company) = at.company {
            self.by_company.remove(&(company, at.created));
        }
    }

    /// Deleted and spam tickets, oldest first.
    pub(crate) fn unlisted(&self) -> impl DoubleEndedIterator<Item = &Ticket> {
        self.unlisted.iter().filter_map(|(_, id)| self.get(*id))
    }

    /// Listed tickets of one requester, oldest first.
    pub(crate) fn of_requester(&self, id: i64) -> impl DoubleEndedIterator<Item = &Ticket> {
        self.of(&self.by_requester, id)
    }

    /// Listed tickets of one company, oldest first.
    pub(crate) fn of_company(&self, id: i64) -> impl DoubleEndedIterator<Item = &Ticket> {
        self.of(&self.by_company, id)
    }

    fn of<'a>(
        &'a self,
        index: &'a BTreeSet<(i64, Key)>,
        id: i64,
    ) -> impl DoubleEndedIterator<Item = &'a Ticket> {
        index
            .range((id, (Ms::MIN, i64::MIN))..=(id, (Ms::MAX, i64::MAX)))
            .filter_map(|(_, (_, id))| self.get(*id))
    }

    /// Listed tickets changed at or after `since`, oldest change first.
    pub(crate) fn updated_since(&self, since: Ms) -> impl DoubleEndedIterator<Item = &Ticket> {
        self.by_updated
            .range((since, i64::MIN)..)
            .filter_map(|(_, id)| self.get(*id))
    }

    /// Listed tickets created at or after `since`, oldest first.
    pub(crate) fn created_since(&self, since: Ms) -> impl DoubleEndedIterator<Item = &Ticket> {
        self.by_created
            .range((since, i64::MIN)..)
            .filter_map(|(_, id)| self.get(*id))
    }

    /// All listed tickets in ascending order of a property.
    pub(crate) fn ordered(&self, by: OrderBy) -> Box<dyn DoubleEndedIterator<Item = &Ticket> + '_> {
        let find = |id: &i64| self.get(*id);
        match by {
            OrderBy::CreatedAt => {
                Box::new(self.by_created.iter().filter_map(move |(_, id)| find(id)))
            }
            OrderBy::UpdatedAt => {
                Box::new(self.by_updated.iter().filter_map(move |(_, id)| find(id)))
            }
            OrderBy::DueBy => Box::new(self.by_due.iter().filter_map(move |(_, id)| find(id))),
            OrderBy::Status => Box::new(
                self.by_status
                    .iter()
                    .filter_map(move |(_, (_, id))| find(id)),
            ),
        }
    }
}
