//! The store in memory. A clone is another handle on the same state, so that a
//! harness can start a new bridge over what a killed one left.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

use super::{Deliveries, SessionFilter, SessionPage, Store, StoreError, Write};
use crate::{
    brain::Base64Text,
    session::{Entry, Session},
    settings::Connection,
    turn::Turn,
    work::{Account, EventKind, Job, Problem},
};

/// A store that forgets with the process.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Mutex<State>>);

#[derive(Clone, Debug, Default)]
struct State {
    connection: Option<Connection>,
    accounts: BTreeMap<String, Account>,
    deliveries: BTreeMap<String, Deliveries>,
    queue: BTreeMap<(String, i64), Line>,
    arrivals: u64,
    sessions: BTreeMap<i64, Session>,
    session_ids: BTreeMap<String, i64>,
    tickets: BTreeMap<(String, i64), i64>,
    entries: BTreeMap<String, Vec<Entry>>,
    turns: BTreeMap<(String, i64), Vec<Turn>>,
    files: BTreeMap<(String, usize), Base64Text>,
    problems: BTreeMap<(String, String, Option<i64>), (u64, Problem)>,
}

#[derive(Clone, Debug)]
struct Line {
    arrival: u64,
    generation: i64,
    attempts: u32,
    due_at: Timestamp,
    rest_until: Option<Timestamp>,
    lease: Option<(String, Timestamp)>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn write(&mut self, write: Write) -> Result<(), StoreError> {
        match write {
            // Asked before anything is written.
            Write::IfHeld(_) => {}
            Write::Session(session) => {
                let ticket = (session.account.clone(), session.ticket_id);
                let position = match (self.session_ids.get(&session.id), self.tickets.get(&ticket))
                {
                    (Some(position), Some(other)) if position == other => *position,
                    (None, None) => self
                        .sessions
                        .last_key_value()
                        .map_or(1, |(last, _)| last + 1),
                    _ => {
                        return Err(StoreError(format!(
                            "ticket {} has a session already",
                            session.ticket_id
                        )));
                    }
                };
                self.session_ids.insert(session.id.clone(), position);
                self.tickets.insert(ticket, position);
                self.sessions.insert(position, session);
            }
            Write::Entry(entry) => {
                let entries = self.entries.entry(entry.session_id.clone()).or_default();
                if entries.iter().all(|known| known.key != entry.key) {
                    entries.push(entry);
                }
            }
            Write::Settle { session_id, keys } => {
                for entry in self.entries.entry(session_id).or_default() {
                    if keys.contains(&entry.key) {
                        entry.awaiting = false;
                    }
                }
            }
            Write::Turn(turn) => {
                let turns = self
                    .turns
                    .entry((turn.account.clone(), turn.ticket_id))
                    .or_default();
                match turns.iter_mut().find(|known| known.id == turn.id) {
                    Some(known) => *known = turn,
                    None => turns.push(turn),
                }
            }
            Write::File {
                turn_id,
                number,
                content,
            } => {
                self.files.insert((turn_id, number), content);
            }
            Write::FilesGone { turn_id } => {
                self.files.retain(|(turn, _), _| *turn != turn_id);
            }
            Write::Account(account) => {
                self.accounts.insert(account.domain.clone(), account);
            }
            Write::Swept { account, to } => {
                self.deliveries.entry(account).or_default().swept_to = Some(to);
            }
            Write::Problem(problem) => {
                self.arrivals += 1;
                let arrival = self.arrivals;
                self.problems
                    .entry((
                        problem.account.clone(),
                        problem.kind.clone(),
                        problem.ticket_id,
                    ))
                    .and_modify(|(_, known)| known.message.clone_from(&problem.message))
                    .or_insert((arrival, problem));
            }
            Write::ProblemGone {
                account,
                kind,
                ticket_id,
            } => {
                self.problems.remove(&(account, kind, ticket_id));
            }
        }
        Ok(())
    }

    /// The job's line, while it is its owner's.
    fn line(&mut self, job: &Job) -> Option<&mut Line> {
        self.queue
            .get_mut(&(job.account.clone(), job.ticket_id))
            .filter(|line| {
                let holder = line.lease.as_ref().map(|(holder, _)| holder);
                holder == Some(&job.owner)
            })
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn connection(&self) -> Result<Option<Connection>, StoreError> {
        Ok(self.state().connection.clone())
    }

    async fn save_connection(&self, connection: &Connection) -> Result<(), StoreError> {
        self.state().connection = Some(connection.clone());
        Ok(())
    }

    async fn remove_connection(&self) -> Result<(), StoreError> {
        self.state().connection = None;
        Ok(())
    }

    async fn account(&self, domain: &str) -> Result<Option<Account>, StoreError> {
        Ok(self.state().accounts.get(domain).cloned())
    }

    async fn accept(
        &self,
        account: &str,
        ticket_id: i64,
        event: Option<EventKind>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        state.arrivals += 1;
        let arrival = state.arrivals;
        let deliveries = state.deliveries.entry(account.to_owned()).or_default();
        match event {
            Some(EventKind::TicketCreated) => deliveries.created = Some(now),
            Some(EventKind::TicketUpdated) => deliveries.updated = Some(now),
            None => {}
        }
        state
            .queue
            .entry((account.to_owned(), ticket_id))
            .and_modify(|line| {
                line.generation += 1;
                line.due_at = line
                    .rest_until
                    .map_or(now, |rest| rest.max(now))
                    .min(line.due_at);
            })
            .or_insert(Line {
                arrival,
                generation: 1,
                attempts: 0,
                due_at: now,
                rest_until: None,
                lease: None,
            });
        Ok(())
    }

    async fn deliveries(&self, account: &str) -> Result<Deliveries, StoreError> {
        Ok(self
            .state()
            .deliveries
            .get(account)
            .copied()
            .unwrap_or_default())
    }

    async fn claim(
        &self,
        owner: &str,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Job>, StoreError> {
        let mut state = self.state();
        let mut due: Vec<_> = state
            .queue
            .iter_mut()
            .filter(|(_, line)| {
                line.due_at <= now && line.lease.as_ref().is_none_or(|(_, until)| *until <= now)
            })
            .collect();
        due.sort_by_key(|(_, line)| (line.due_at, line.arrival));
        Ok(due
            .into_iter()
            .take(limit)
            .map(|((account, ticket_id), line)| {
                line.lease = Some((owner.to_owned(), lease_until));
                Job {
                    account: account.clone(),
                    ticket_id: *ticket_id,
                    generation: line.generation,
                    attempts: line.attempts,
                    owner: owner.to_owned(),
                }
            })
            .collect())
    }

    async fn renew(&self, process: &str, lease_until: Timestamp) -> Result<(), StoreError> {
        for line in self.state().queue.values_mut() {
            if let Some((holder, until)) = &mut line.lease
                && holder.split('/').next() == Some(process)
            {
                *until = lease_until;
            }
        }
        Ok(())
    }

    async fn generation(&self, account: &str, ticket_id: i64) -> Result<Option<i64>, StoreError> {
        Ok(self
            .state()
            .queue
            .get(&(account.to_owned(), ticket_id))
            .map(|line| line.generation))
    }

    async fn finish(&self, job: &Job) -> Result<(), StoreError> {
        let mut state = self.state();
        let Some(line) = state.line(job) else {
            return Ok(());
        };
        if line.generation == job.generation {
            state.queue.remove(&(job.account.clone(), job.ticket_id));
        } else {
            line.lease = None;
            line.attempts = 0;
            line.rest_until = None;
        }
        Ok(())
    }

    async fn postpone(&self, job: &Job, until: Timestamp, rest: bool) -> Result<(), StoreError> {
        if let Some(line) = self.state().line(job) {
            line.lease = None;
            line.attempts = job.attempts + 1;
            line.rest_until = rest.then_some(until);
            if rest || line.generation == job.generation {
                line.due_at = until;
            }
        }
        Ok(())
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self
            .state()
            .queue
            .values()
            .map(|line| match &line.lease {
                Some((_, until)) => line.due_at.max(*until),
                None => line.due_at,
            })
            .min())
    }

    async fn reclaim(&self) -> Result<(), StoreError> {
        for line in self.state().queue.values_mut() {
            line.lease = None;
        }
        Ok(())
    }

    async fn queue_depth(&self) -> Result<u64, StoreError> {
        Ok(self.state().queue.len() as u64)
    }

    async fn record(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let mut state = self.state();
        // Checking what can fail up front keeps the whole change all-or-nothing
        // without copying the state.
        for write in &writes {
            match write {
                Write::IfHeld(job) => {
                    state
                        .line(job)
                        .ok_or_else(|| StoreError::no_longer_held(job))?;
                }
                Write::Session(session) => {
                    let by_ticket = state
                        .tickets
                        .get(&(session.account.clone(), session.ticket_id));
                    if by_ticket != state.session_ids.get(&session.id) {
                        return Err(StoreError(format!(
                            "ticket {} has a session already",
                            session.ticket_id
                        )));
                    }
                }
                Write::File { content, .. } => {
                    content.content_len()?;
                }
                _ => {}
            }
        }
        writes.into_iter().try_for_each(|write| state.write(write))
    }

    async fn session(&self, id: &str) -> Result<Option<Session>, StoreError> {
        let state = self.state();
        Ok(state
            .session_ids
            .get(id)
            .and_then(|position| state.sessions.get(position))
            .cloned())
    }

    async fn session_of_ticket(
        &self,
        account: &str,
        ticket_id: i64,
    ) -> Result<Option<Session>, StoreError> {
        let state = self.state();
        Ok(state
            .tickets
            .get(&(account.to_owned(), ticket_id))
            .and_then(|position| state.sessions.get(position))
            .cloned())
    }

    async fn sessions(&self, filter: &SessionFilter) -> Result<SessionPage, StoreError> {
        let state = self.state();
        let mut matching = state
            .sessions
            .range(filter.after.map_or(0, |after| after + 1)..)
            .filter(|(_, session)| {
                filter.ticket_id.is_none_or(|id| id == session.ticket_id)
                    && filter.status.is_none_or(|status| status == session.status)
            });
        let page: Vec<_> = matching.by_ref().take(filter.limit).collect();
        let more = matching.next().is_some();
        Ok(SessionPage {
            next: page.last().filter(|_| more).map(|(position, _)| **position),
            items: page
                .into_iter()
                .map(|(_, session)| session.clone())
                .collect(),
        })
    }

    async fn entries(&self, session_id: &str) -> Result<Vec<Entry>, StoreError> {
        Ok(self
            .state()
            .entries
            .get(session_id)
            .cloned()
            .unwrap_or_default())
    }

    async fn turns(&self, account: &str, ticket_id: i64) -> Result<Vec<Turn>, StoreError> {
        Ok(self
            .state()
            .turns
            .get(&(account.to_owned(), ticket_id))
            .cloned()
            .unwrap_or_default())
    }

    async fn piece(
        &self,
        turn_id: &str,
        file: usize,
        number: usize,
    ) -> Result<Option<Bytes>, StoreError> {
        let content = self.state().files.get(&(turn_id.to_owned(), file)).cloned();
        Ok(match content {
            Some(content) => content.piece(number)?.map(Bytes::from),
            None => None,
        })
    }

    async fn problems(&self) -> Result<Vec<Problem>, StoreError> {
        let state = self.state();
        let mut problems: Vec<_> = state.problems.values().collect();
        problems.sort_by_key(|(arrival, _)| *arrival);
        Ok(problems
            .into_iter()
            .map(|(_, problem)| problem.clone())
            .collect())
    }
}
