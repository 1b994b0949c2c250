//! An account's tickets with the indexes that make a page of 30 cost the same
//! among a thousand and among a million.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::ticket::Ticket;
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
#[serde(from = "Vec<Ticket>", into = "Vec<Ticket>")]
pub(crate) struct Tickets {
    /// Boxed, so that half-empty tree nodes are small.
    tickets: BTreeMap<i64, Box<Ticket>>,
    by_created: BTreeSet<Key>,
    by_updated: BTreeSet<Key>,
    by_due: BTreeSet<Key>,
    by_status: BTreeSet<(u16, Key)>,
    by_requester: BTreeSet<(i64, Key)>,
    by_company: BTreeSet<(i64, Key)>,
    /// Deleted and spam tickets, which are in none of the sets above.
    unlisted: BTreeSet<Key>,
    conversations: HashMap<i64, i64>,
}

impl From<Vec<Ticket>> for Tickets {
    fn from(list: Vec<Ticket>) -> Self {
        let mut tickets = Tickets::default();
        for ticket in list {
            tickets.insert(ticket);
        }
        tickets
    }
}

impl From<Tickets> for Vec<Ticket> {
    fn from(tickets: Tickets) -> Self {
        tickets
            .tickets
            .into_values()
            .map(|ticket| *ticket)
            .collect()
    }
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
        self.tickets.get(&id).map(Box::as_ref)
    }

    /// All tickets in order of id, deleted and spam ones too.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Ticket> {
        self.tickets.values().map(Box::as_ref)
    }

    /// Which ticket a conversation is on.
    pub(crate) fn ticket_of(&self, conversation: i64) -> Option<i64> {
        self.conversations.get(&conversation).copied()
    }

    /// Adds a ticket.
    pub(crate) fn insert(&mut self, ticket: Ticket) {
        self.place(&Placement::of(&ticket));
        self.conversations
            .extend(ticket.conversations.iter().map(|each| (each.id, ticket.id)));
        self.tickets.insert(ticket.id, Box::new(ticket));
    }

    /// Changes a ticket and keeps the indexes true.
    pub(crate) fn change<T>(&mut self, id: i64, edit: impl FnOnce(&mut Ticket) -> T) -> Option<T> {
        let ticket = self.tickets.get_mut(&id)?;
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

    /// Forgets one conversation of a ticket.
    pub(crate) fn remove_conversation(&mut self, conversation: i64) {
        if let Some(id) = self.conversations.remove(&conversation)
            && let Some(ticket) = self.tickets.get_mut(&id)
        {
            ticket.conversations.retain(|each| each.id != conversation);
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
