//! The embedded default: one SQLite file, in WAL, used by one process.
//!
//! * [`mod@self`]: [`SqliteStore`], and webhooks on their way to the disk
//! * `check`: looking whether the file is whole
//! * `open`: [`OpenError`], and the file that keeps other processes out
//! * `writer`: the one connection that writes, and who is next
//! * `checkpoint`: moving the write-ahead log into the file

mod check;
mod checkpoint;
mod open;
mod writer;

use std::{fs::File, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;
use sqlx::{
    ConnectOptions as _, Connection as _, Row as _, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::AbortHandle,
};

pub use self::open::OpenError;
use self::writer::{Writer, Writing};
use super::{
    Deliveries, Seal, SessionFilter, SessionPage, StoreError, Write,
    arrivals::{Arrival, Waiting, gather},
    remembered::Remembered,
    sql::{self, sql_store},
};
use crate::{
    session::{Entry, Session},
    settings::Connection,
    turn::Turn,
    work::{Account, EventKind, Job, Problem},
};

/// Connections that only read; they wait for nobody.
const READERS: u32 = 2;

/// A store in one SQLite file.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    pool: SqlitePool,
    writer: Arc<Writer>,
    seal: Seal,
    arrivals: mpsc::Sender<Waiting>,
    remembered: Remembered,
    checkpoints: AbortHandle,
    lock: Arc<File>,
    found: check::Found,
}

impl SqliteStore {
    /// Opens or creates the file and brings its schema up to date. Whether the file
    /// is whole is checked first, for as long as `patience` goes; see
    /// [`SqliteStore::damage`] for what is found later.
    ///
    /// # Errors
    /// When the file is no database, is damaged, cannot be written, is in use,
    /// or is newer than this bridge; it is left as it was.
    pub async fn open(path: &Path, seal: Seal, patience: Duration) -> Result<Self, OpenError> {
        if std::fs::metadata(path).is_ok_and(|file| file.permissions().readonly()) {
            return Err(OpenError::ReadOnly(path.to_owned()));
        }
        let lock = open::lock(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .busy_timeout(Duration::from_secs(2))
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .pragma("wal_autocheckpoint", "0");
        let failed = |error| OpenError::of(path, &error);
        let one = pool(1)
            .connect_with(options.clone())
            .await
            .map_err(failed)?;
        let checked = async {
            let connection = options.connect().await.map_err(failed)?;
            let found = check::run(path, connection, patience).await?;
            Ok((found, prepare(&one, path, &seal).await?))
        };
        let (found, remembered) = match checked.await {
            Ok(prepared) => prepared,
            Err(error) => {
                writer::close(&one).await;
                return Err(error);
            }
        };
        let readers = options.clone().pragma("query_only", "ON");
        let readers = pool(READERS).connect_with(readers).await.map_err(failed)?;
        let checkpoints = options.connect().await.map_err(failed)?;
        let (written, to_move) = mpsc::channel(1);
        let writer = Arc::new(Writer::new(one, written));
        let moving = checkpoint::run(checkpoints, to_move, Arc::downgrade(&writer));
        let checkpoints = tokio::spawn(moving).abort_handle();
        let (arrivals, waiting) = mpsc::channel(1024);
        tokio::spawn(write_arrivals(Arc::downgrade(&writer), waiting));
        Ok(Self {
            pool: readers,
            writer,
            seal,
            arrivals,
            remembered,
            checkpoints,
            lock,
            found,
        })
    }

    /// Waits until the check that opening did not wait for has found damage; for ever
    /// if the file is whole. What is damaged should not be worked with.
    pub async fn damage(&self) -> OpenError {
        self.found.damage().await
    }

    /// Closes the file, so that another process can have it.
    pub async fn close(&self) {
        self.checkpoints.abort();
        writer::close(&self.pool).await;
        self.writer.close().await;
        let _ = self.lock.unlock();
    }

    /// The connection for one transaction, which waits for the disk or does not.
    /// After a crash of the process none is lost; after a power cut only those that
    /// did not wait may be, and what they said can be read from the thread again.
    async fn writing(&self, wait: bool) -> Result<Writing<'_>, StoreError> {
        self.writer.turn(wait).await
    }

    async fn accept_durably(&self, arrival: Arrival) -> Result<(), StoreError> {
        let (done, written) = oneshot::channel();
        let gone = |_| StoreError("the store is closed".to_owned());
        self.arrivals
            .send(Waiting { arrival, done })
            .await
            .map_err(|_| StoreError("the store is closed".to_owned()))?;
        written.await.map_err(gone)?
    }
}

/// Brings the schema up to date and reads the connection.
async fn prepare(one: &SqlitePool, path: &Path, seal: &Seal) -> Result<Remembered, OpenError> {
    let failed = |error| OpenError::of(path, &error);
    sqlx::migrate!("migrations/sqlite")
        .run(one)
        .await
        .map_err(|error| OpenError::of_migration(path, &error))?;
    let connection = sqlx::query("SELECT doc FROM connection WHERE id = 1")
        .fetch_optional(one)
        .await
        .map_err(failed)?
        .map(|row| sql::read_connection(row.try_get("doc")?, seal))
        .transpose()
        .map_err(|error| OpenError::WrongKey {
            file: path.to_owned(),
            why: error.to_string(),
        })?;
    let remembered = Remembered::default();
    // Nobody else can change the file while it is ours.
    remembered.set(connection);
    Ok(remembered)
}

/// A pool whose connections stay.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(60))
}

/// Writes arriving webhooks down, as many as wait in one transaction: the disk
/// is asked to sync once for all of them, and each is answered after that.
async fn write_arrivals(writer: std::sync::Weak<Writer>, mut waiting: mpsc::Receiver<Waiting>) {
    while let Some(batch) = gather(&mut waiting).await {
        let written = match writer.upgrade() {
            Some(writer) => write_batch(&writer, &batch).await,
            None => return,
        };
        for one in batch {
            let _ = one.done.send(written.clone());
        }
    }
}

async fn write_batch(writer: &Writer, batch: &[Waiting]) -> Result<(), StoreError> {
    let lines: Vec<_> = batch
        .iter()
        .map(|Waiting { arrival, .. }| {
            let event = arrival.event.map(EventKind::as_str);
            json!([
                arrival.account,
                arrival.ticket_id,
                event,
                sql::micros(arrival.now)
            ])
        })
        .collect();
    let mut connection = writer.first().await?;
    let written = sqlx::query(sql::ACCEPT_ALL)
        .bind(json!(lines).to_string())
        .execute(&mut *connection)
        .await;
    if let Err(error) = written {
        // There may be no transaction any more, which is as well.
        let _ = sqlx::query("ROLLBACK").execute(&mut *connection).await;
        return Err(error.into());
    }
    Ok(())
}

sql_store!(
    SqliteStore,
    transaction: |connection| connection.begin_with("BEGIN IMMEDIATE").await?,
    claim: "UPDATE queue SET lease_owner = $1, lease_until = $2
            WHERE (account, ticket_id) IN (
                SELECT account, ticket_id FROM queue
                WHERE due_at <= $3 AND (lease_until IS NULL OR lease_until <= $3)
                ORDER BY due_at, arrival, ticket_id LIMIT $4
            )
            RETURNING account, ticket_id, generation, attempts, due_at, arrival",
    reclaim: true,
    poll: None
);
