//! Where the bridge keeps what it must not lose.
//!
//! * [`mod@self`]: the [`Store`] trait, one for all backends
//! * `change`: the [`Write`]s that go down together or not at all
//! * `memory`: [`MemoryStore`], for the simulated world and for trying out
//! * `sqlite`: [`SqliteStore`], the embedded default, in one file
//! * `postgres`: [`PostgresStore`], for several replicas
//! * `sql`: what the SQL stores share
//! * `arrivals`: webhooks on their way to the disk
//! * `remembered`: what one process need not read twice
//! * `seal`: [`Seal`], the API key encrypted at rest
//!
//! The test-suite in `tests/store.rs` runs on every backend.

mod arrivals;
mod change;
mod memory;
mod postgres;
mod remembered;
mod seal;
mod sql;
mod sqlite;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

pub use self::{
    change::Write,
    memory::MemoryStore,
    postgres::{PostgresError, PostgresStore},
    seal::Seal,
    sqlite::{OpenError, SqliteStore},
};
use crate::{
    base64_text::NotBase64,
    session::{Entry, Session, Status},
    settings::Connection,
    turn::Turn,
    work::{Account, EventKind, Job, Problem},
};

/// The store could not do it; nothing was changed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the store failed: {0}")]
pub struct StoreError(pub String);

impl StoreError {
    /// The owner of a job stood still for longer than its lease.
    pub(crate) fn no_longer_held(job: &Job) -> Self {
        Self(format!(
            "ticket {} is in other hands since its lease ran out",
            job.ticket_id
        ))
    }
}

impl From<NotBase64> for StoreError {
    fn from(error: NotBase64) -> Self {
        Self(format!("a file cannot be kept: {error}"))
    }
}

/// Which sessions to list.
#[derive(Clone, Debug, Default)]
pub struct SessionFilter {
    /// Only this ticket's.
    pub ticket_id: Option<i64>,
    /// Only those in this status.
    pub status: Option<Status>,
    /// Only those after this position, as an earlier page gave it.
    pub after: Option<i64>,
    /// At most so many.
    pub limit: usize,
}

/// One page of sessions, oldest first.
#[derive(Clone, Debug)]
pub struct SessionPage {
    /// The sessions.
    pub items: Vec<Session>,
    /// Where the next page begins, if there is one.
    pub next: Option<i64>,
}

/// When each of the two rules' webhooks was last accepted, and up to where the
/// sweep has looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deliveries {
    /// Rule 1's.
    pub created: Option<Timestamp>,
    /// Rule 2's.
    pub updated: Option<Timestamp>,
    /// Everything that changed before this was swept.
    pub swept_to: Option<Timestamp>,
}

/// Durable state. Every call is atomic; every call but the reads is durable
/// when it returns. Implementations keep the order of entries as inserted.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Whether the store answers.
    async fn ping(&self) -> Result<(), StoreError>;

    /// The saved connection, if there is one.
    async fn connection(&self) -> Result<Option<Connection>, StoreError>;
    /// Saves the connection in place of any other.
    async fn save_connection(&self, connection: &Connection) -> Result<(), StoreError>;
    /// Forgets the connection and its key; sessions stay.
    async fn remove_connection(&self) -> Result<(), StoreError>;
    /// What is known of an account.
    async fn account(&self, domain: &str) -> Result<Option<Account>, StoreError>;

    /// Puts one look at a ticket into the queue: a new line, or one generation
    /// more on the line there is. A line at rest keeps resting. `event` is
    /// noted as delivered at `now`.
    async fn accept(
        &self,
        account: &str,
        ticket_id: i64,
        event: Option<EventKind>,
        now: Timestamp,
    ) -> Result<(), StoreError>;
    /// When webhooks were last accepted, and up to where was swept.
    async fn deliveries(&self, account: &str) -> Result<Deliveries, StoreError>;
    /// Takes up to `limit` due jobs for `owner`, until `lease_until`; a job is
    /// with one owner only. An owner is named `{process}/{claim}`, a new one for each
    /// claim: a process that lost a job and takes it again is not who had it before.
    async fn claim(
        &self,
        owner: &str,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Job>, StoreError>;
    /// Prolongs every lease of `process`, also one that ran out and that nobody took.
    async fn renew(&self, process: &str, lease_until: Timestamp) -> Result<(), StoreError>;
    /// The generation of a ticket's line in the queue, if it has one.
    async fn generation(&self, account: &str, ticket_id: i64) -> Result<Option<i64>, StoreError>;
    /// Ends a job. If a webhook came meanwhile the line stays, due at once. A line that
    /// its owner no longer has stays as it is.
    async fn finish(&self, job: &Job) -> Result<(), StoreError>;
    /// Gives a job back to be done at `until`, if its owner still has it. With `rest`,
    /// webhooks that come before do not hasten it.
    async fn postpone(&self, job: &Job, until: Timestamp, rest: bool) -> Result<(), StoreError>;
    /// When the next unclaimed job is due, or a lease runs out.
    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError>;
    /// Frees what a crashed process held, where only one process can use the
    /// store at a time; elsewhere leases run out by themselves.
    async fn reclaim(&self) -> Result<(), StoreError>;
    /// How often to look for jobs that other processes have put into the queue;
    /// `None` where there are no others.
    fn poll_interval(&self) -> Option<std::time::Duration> {
        None
    }
    /// How many lines the queue has.
    async fn queue_depth(&self) -> Result<u64, StoreError>;

    /// Carries out all writes or none.
    async fn record(&self, writes: Vec<Write>) -> Result<(), StoreError>;
    /// One session.
    async fn session(&self, id: &str) -> Result<Option<Session>, StoreError>;
    /// The session of a ticket.
    async fn session_of_ticket(
        &self,
        account: &str,
        ticket_id: i64,
    ) -> Result<Option<Session>, StoreError>;
    /// Sessions, oldest first.
    async fn sessions(&self, filter: &SessionFilter) -> Result<SessionPage, StoreError>;
    /// A session's entries, as inserted.
    async fn entries(&self, session_id: &str) -> Result<Vec<Entry>, StoreError>;
    /// A ticket's turns, oldest first: the open one, and the sent log.
    async fn turns(&self, account: &str, ticket_id: i64) -> Result<Vec<Turn>, StoreError>;
    /// Piece `number` of the content of one of a turn's files, `None` after the
    /// last or where nothing is kept. Pieces are of any size; an empty file has one.
    async fn piece(
        &self,
        turn_id: &str,
        file: usize,
        number: usize,
    ) -> Result<Option<Bytes>, StoreError>;
    /// All problems, oldest first.
    async fn problems(&self) -> Result<Vec<Problem>, StoreError>;
}
