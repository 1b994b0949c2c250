//! Looking at a ticket: read it, mirror it, decide, act.
//!
//! * [`mod@self`]: [`look`], the one job there is, and the [`Look`] it works on
//! * `thread`: reading the live thread, and what in it is new
//! * `status`: resolved, closed, reopened, deleted
//! * `merge`: merged into another ticket
//! * `decide`: who speaks next, and what the brain says
//! * `plan`: a decision as a turn of steps
//! * `carry_out`: the steps, each once
//! * `overtaken`: a turn that is wrong by now
//! * `uploads`: the files on a post
//! * `route`: the ticket update of a handoff, with its fallbacks
//! * `markup`: text to HTML and back

mod carry_out;
mod decide;
mod markup;
mod merge;
mod overtaken;
mod plan;
mod route;
mod status;
mod thread;
mod uploads;

use jiff::Timestamp;

use self::thread::Snapshot;
use crate::{
    brain::BrainError,
    desk::Desk,
    freshdesk::{Freshdesk, FreshdeskError, Ticket},
    policies::GateFacts,
    session::{Author, Channel, Contact, Entry, EntryKind, Seen, Session, Status},
    settings::Connection,
    store::{StoreError, Write},
    turn::{Turn, TurnState},
    work::{Account, Job, Problem},
};

/// How often one look starts over because the thread moved under it.
const ROUNDS: usize = 8;

/// How a look ended.
#[derive(Debug)]
pub(crate) enum End {
    /// Nothing is left to do.
    Done,
    /// Something is, at that time; webhooks do not hasten it.
    Later(Timestamp),
}

/// Why a look could not be finished.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Freshdesk(#[from] FreshdeskError),
    #[error(transparent)]
    Brain(#[from] BrainError),
}

/// One look at one ticket.
struct Look<'a> {
    desk: &'a Desk,
    freshdesk: &'a Freshdesk,
    connection: &'a Connection,
    job: Job,
    /// The line of the queue that this is done for: what is written counts only while
    /// it is ours.
    line: Job,
    snapshot: Snapshot,
    session: Session,
    entries: Vec<Entry>,
    turns: Vec<Turn>,
    writes: Vec<Write>,
}

/// Brings the session of a ticket up to date and does what is to be done. The
/// job's generation moves on with what was read.
pub(crate) async fn look(
    desk: &Desk,
    connection: &Connection,
    job: &mut Job,
) -> Result<End, LookError> {
    let freshdesk = &desk.client(connection);
    let session = desk
        .store
        .session_of_ticket(&job.account, job.ticket_id)
        .await?;
    // What is remembered is read from the sent log to the thread, and never the other
    // way: a post that another look made meanwhile is then seen in the thread without
    // being in the log, and counts as the answer that it is.
    let turns = desk.store.turns(&job.account, job.ticket_id).await?;
    let (session, entries, snapshot) = match session {
        Some(session) => {
            let entries = desk.store.entries(&session.id).await?;
            let read = thread::read(desk, freshdesk, job.ticket_id, entries.len()).await?;
            let Some(snapshot) = read else {
                status::close_vanished(desk, job, session, &entries).await?;
                return Ok(End::Done);
            };
            (session, entries, snapshot)
        }
        None => {
            let Some(mut snapshot) = thread::read_new(freshdesk, job.ticket_id).await? else {
                return Ok(End::Done);
            };
            let ticket = &snapshot.ticket;
            if ticket.deleted || ticket.spam || !admits(desk, connection, &snapshot) {
                return Ok(End::Done);
            }
            // An untouched ticket has no thread; should something have come within
            // its first second, the next look or the sweep reads it.
            if snapshot.is_touched() {
                snapshot.add_thread(desk, freshdesk).await?;
            }
            (open(desk, job, &snapshot), Vec::new(), snapshot)
        }
    };
    let mut look = Look {
        desk,
        freshdesk,
        connection,
        job: job.clone(),
        line: job.clone(),
        snapshot,
        session,
        entries,
        turns,
        writes: Vec::new(),
    };
    for _ in 0..ROUNDS {
        let end = match look.round().await {
            // What had to wait for the quota may not fit any more: the thread is read
            // again, and the next round decides (FLW-7).
            Err(LookError::Freshdesk(FreshdeskError::Waited { .. })) => {
                look.refresh().await.map(|()| None)
            }
            ended => ended,
        };
        job.generation = look.job.generation;
        if let Some(end) = end? {
            return Ok(end);
        }
    }
    // The thread moves faster than we can answer: let it settle.
    Ok(End::Later(crate::clock::later(
        desk.clock.now(),
        std::time::Duration::from_secs(30),
    )))
}

/// Mirrors a ticket that has no session, silently (LIM-6, LIM-7): nothing is
/// written to Freshdesk, and the intake gate is still ahead. Says whether there
/// was something to import; `progress` goes down with it.
pub(crate) async fn import(
    desk: &Desk,
    connection: &Connection,
    freshdesk: &Freshdesk,
    (job, line): (&Job, &Job),
    progress: &Account,
) -> Result<bool, LookError> {
    if desk
        .store
        .session_of_ticket(&job.account, job.ticket_id)
        .await?
        .is_some()
    {
        return Ok(false);
    }
    let Some(mut snapshot) = thread::read_new(freshdesk, job.ticket_id).await? else {
        return Ok(false);
    };
    let ticket = &snapshot.ticket;
    if ticket.deleted || ticket.spam || !is_imported(desk, ticket) {
        return Ok(false);
    }
    snapshot.add_thread(desk, freshdesk).await?;
    let mut session = open(desk, job, &snapshot);
    session.backfilled = true;
    session.opening = false;
    session.seen_status = snapshot.ticket.status.unwrap_or(session.seen_status);
    let mut look = Look {
        desk,
        freshdesk,
        connection,
        job: job.clone(),
        line: line.clone(),
        snapshot,
        session,
        entries: Vec::new(),
        turns: Vec::new(),
        writes: Vec::new(),
    };
    look.ingest().await?;
    for write in &mut look.writes {
        if let Write::Entry(entry) = write {
            entry.awaiting = false;
        }
    }
    look.note_seen();
    look.writes.push(Write::Account(progress.clone()));
    match look.save().await {
        // A webhook was quicker: the ticket has its session.
        Err(LookError::Store(_))
            if desk
                .store
                .session_of_ticket(&job.account, job.ticket_id)
                .await?
                .is_some() =>
        {
            Ok(false)
        }
        saved => saved.map(|()| true),
    }
}

/// Whether the import takes tickets in this status (LIM-6).
pub(crate) fn is_imported(desk: &Desk, ticket: &Ticket) -> bool {
    let statuses = &desk.policies.backfill_statuses;
    ticket
        .status
        .is_some_and(|status| statuses.contains(&status))
}

/// A session for a ticket that has none.
fn open(desk: &Desk, job: &Job, snapshot: &Snapshot) -> Session {
    let ticket = &snapshot.ticket;
    let source = ticket.source.unwrap_or_default();
    let requester = ticket.requester.clone().unwrap_or_default();
    let now = desk.clock.now();
    Session {
        id: format!("ses_{}", desk.entropy.hex::<12>()),
        account: job.account.clone(),
        ticket_id: job.ticket_id,
        channel: Channel::of_source(source),
        source,
        status: Status::Open,
        handed_off: false,
        handoff: None,
        ai_closure_type: None,
        contact: Contact {
            name: requester.name,
            email: requester.email,
        },
        created_at: now,
        updated_at: now,
        opening: true,
        backfilled: false,
        seen_status: 2,
        seen: None,
        reopened_by_message: false,
        tagged: Vec::new(),
        posts: Vec::new(),
    }
}

/// Whether the intake gate lets the live ticket in (INT-5).
fn admits(desk: &Desk, connection: &Connection, snapshot: &Snapshot) -> bool {
    desk.policies.gate.admits(&GateFacts {
        auto_handle_all: connection.settings.auto_handle_all,
        default_group_id: connection.settings.default_group_id,
        ai_agent_id: connection.agent.id,
        responder_id: snapshot.ticket.responder_id,
        group_id: snapshot.ticket.group_id,
    })
}

impl Look<'_> {
    /// One pass over the snapshot; `None` means that there is more to do.
    async fn round(&mut self) -> Result<Option<End>, LookError> {
        let waiting_for_post = self.reconcile();
        self.ingest().await?;
        self.sync_status().await?;
        self.note_seen();
        self.save().await?;
        if let Some(until) = waiting_for_post {
            return Ok(Some(End::Later(until)));
        }
        if let Some(turn) = self.open_turn().filter(|turn| self.is_overtaken(turn)) {
            if self.was_resolved_unheard(&turn) {
                self.open_again().await?;
            }
            self.give_up(turn);
            self.save().await?;
        }
        if self.is_gone() {
            // What is left of a handoff is done should the ticket come back.
            return Ok(Some(End::Done));
        }
        if let Some(turn) = self.open_turn() {
            self.carry_out(turn).await?;
            return Ok(None);
        }
        match self.decide().await? {
            decide::Next::Nothing => {
                self.save().await?;
                Ok(Some(End::Done))
            }
            decide::Next::LookAgain => Ok(None),
            decide::Next::Turn(turn) => {
                self.write_turn((*turn).clone());
                self.save().await?;
                self.carry_out(*turn).await?;
                Ok(None)
            }
        }
    }

    fn open_turn(&self) -> Option<Turn> {
        self.turns
            .iter()
            .find(|turn| turn.state == TurnState::Open)
            .cloned()
    }

    /// Writes down all that changed, together or not at all.
    async fn save(&mut self) -> Result<(), LookError> {
        if self.writes.is_empty() {
            return Ok(());
        }
        // The session goes down once, as it is now.
        self.writes
            .retain(|write| !matches!(write, Write::Session(_)));
        if !self.writes.is_empty() {
            self.session.updated_at = self.desk.clock.now();
        }
        let mut writes = vec![
            Write::IfHeld(self.line.clone()),
            Write::Session(self.session.clone()),
        ];
        writes.append(&mut self.writes);
        self.desk.store.record(writes).await?;
        Ok(())
    }

    /// Notes that the session itself changed.
    fn touch(&mut self) {
        self.session.updated_at = self.desk.clock.now();
        self.writes.push(Write::Session(self.session.clone()));
    }

    /// Notes up to where the ticket was read; by itself no change of the session.
    fn note_seen(&mut self) {
        if !self.snapshot.has_thread {
            return;
        }
        let Some(updated_at) = self.snapshot.ticket.updated_at else {
            return;
        };
        let seen = Seen {
            updated_at,
            read_at: self.snapshot.read_at,
        };
        if self
            .session
            .seen
            .is_none_or(|known| known.misses(updated_at))
        {
            self.session.seen = Some(seen);
            self.writes.push(Write::Session(self.session.clone()));
        }
    }

    fn add(&mut self, entry: Entry) {
        self.writes.push(Write::Entry(entry.clone()));
        self.entries.push(entry);
    }

    fn add_event(&mut self, event: &str, text: &str) {
        let entry = event_entry(
            &self.session,
            &self.entries,
            self.desk.clock.now(),
            event,
            text,
        );
        self.add(entry);
    }

    fn write_turn(&mut self, turn: Turn) {
        let had_files = self
            .turns
            .iter()
            .any(|known| known.id == turn.id && known.has_files_to_send());
        if had_files && !turn.has_files_to_send() {
            self.writes.push(Write::FilesGone {
                turn_id: turn.id.clone(),
            });
        }
        match self.turns.iter_mut().find(|known| known.id == turn.id) {
            Some(known) => *known = turn.clone(),
            None => self.turns.push(turn.clone()),
        }
        self.writes.push(Write::Turn(turn));
    }

    /// These messages await no answer any more.
    fn settle(&mut self, keys: Vec<String>) {
        if keys.is_empty() {
            return;
        }
        for entry in &mut self.entries {
            if keys.contains(&entry.key) {
                entry.awaiting = false;
            }
        }
        self.writes.push(Write::Settle {
            session_id: self.session.id.clone(),
            keys,
        });
    }

    fn settle_all(&mut self) {
        self.settle(self.awaiting());
    }

    /// The customer messages that nobody has answered, in thread order.
    fn awaiting(&self) -> Vec<String> {
        let mut awaiting: Vec<_> = self.entries.iter().filter(|entry| entry.awaiting).collect();
        awaiting.sort_by_key(|entry| entry.at);
        awaiting
            .into_iter()
            .map(|entry| entry.key.clone())
            .collect()
    }

    fn report(&mut self, kind: &str, message: String) {
        self.writes.push(Write::Problem(Problem {
            account: self.job.account.clone(),
            kind: kind.to_owned(),
            ticket_id: Some(self.job.ticket_id),
            since: self.desk.clock.now(),
            message,
        }));
    }
}

/// A history entry for something that happened.
fn event_entry(
    session: &Session,
    entries: &[Entry],
    now: Timestamp,
    event: &str,
    text: &str,
) -> Entry {
    let number = entries
        .iter()
        .filter(|entry| entry.kind == EntryKind::Event)
        .count();
    Entry {
        session_id: session.id.clone(),
        key: format!("event:{number}"),
        at: now,
        kind: EntryKind::Event,
        freshdesk_conversation_id: None,
        author: Author::default(),
        text: text.to_owned(),
        attachments: Vec::new(),
        event: Some(event.to_owned()),
        awaiting: false,
    }
}
