//! The embedded default: one SQLite file, in WAL, used by one process.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use sqlx::{
    Connection as _, Row as _, SqliteConnection, SqlitePool,
    migrate::MigrateError,
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqlitePoolOptions,
        SqliteSynchronous,
    },
};
use tokio::sync::{mpsc, oneshot};

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

/// Why a SQLite file was not opened; it was not changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file holds something else.
    #[error("{} is not a SQLite database; name another file with --store sqlite:PATH", .0.display())]
    NotADatabase(PathBuf),
    /// The file or its folder cannot be written.
    #[error("{} cannot be written; make it writable or name another file with --store sqlite:PATH", .0.display())]
    ReadOnly(PathBuf),
    /// Another process has it.
    #[error("{} is in use by another process; a SQLite store serves one bridge at a time", .0.display())]
    InUse(PathBuf),
    /// A newer bridge has written it.
    #[error("{} was written by a newer reference-bridge (schema {schema}); start that version, or name another file", file.display())]
    NewerSchema {
        /// The file.
        file: PathBuf,
        /// Its schema.
        schema: i64,
    },
    /// Its API key was sealed with another encryption key.
    #[error("{}: {why}; set BRIDGE_ENCRYPTION_KEY or --key-file to the right one", file.display())]
    WrongKey {
        /// The file.
        file: PathBuf,
        /// What happened.
        why: String,
    },
    /// Anything else.
    #[error("{}: {why}", file.display())]
    Other {
        /// The file.
        file: PathBuf,
        /// What SQLite said.
        why: String,
    },
}

/// A store in one SQLite file.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    pool: SqlitePool,
    seal: Seal,
    arrivals: mpsc::Sender<Waiting>,
    remembered: Remembered,
}

impl SqliteStore {
    /// Opens or creates the file and brings its schema up to date.
    ///
    /// # Errors
    /// When the file is no database, cannot be written, is in use, or is newer
    /// than this bridge; it is left as it was.
    pub async fn open(path: &Path, seal: Seal) -> Result<Self, OpenError> {
        if std::fs::metadata(path).is_ok_and(|file| file.permissions().readonly()) {
            return Err(OpenError::ReadOnly(path.to_owned()));
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .busy_timeout(Duration::from_secs(2))
            .locking_mode(SqliteLockingMode::Exclusive)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal);
        // One connection: SQLite has one writer, and the dispatcher's order of
        // calls is the order of the statements.
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(Duration::from_secs(60))
            .connect_with(options)
            .await
            .map_err(|error| explain(path, &error))?;
        sqlx::migrate!("migrations/sqlite")
            .run(&pool)
            .await
            .map_err(|error| match error {
                MigrateError::VersionMissing(schema) | MigrateError::VersionTooNew(schema, _) => {
                    OpenError::NewerSchema {
                        file: path.to_owned(),
                        schema,
                    }
                }
                MigrateError::Execute(error) => explain(path, &error),
                other => OpenError::Other {
                    file: path.to_owned(),
                    why: other.to_string(),
                },
            })?;
        let (arrivals, waiting) = mpsc::channel(1024);
        tokio::spawn(write_arrivals(pool.clone(), waiting));
        let store = Self {
            pool,
            seal,
            arrivals,
            remembered: Remembered::default(),
        };
        match super::Store::connection(&store).await {
            // Nobody else can change the file while it is ours.
            Ok(connection) => store.remembered.set(connection),
            Err(error) => {
                return Err(OpenError::WrongKey {
                    file: path.to_owned(),
                    why: error.to_string(),
                });
            }
        }
        Ok(store)
    }

    /// Closes the file, so that another process can have it.
    pub async fn close(&self) {
        // Closing the pool alone does not wait for a connection that is on its
        // way back to it.
        if let Ok(connection) = self.pool.acquire().await {
            let _ = connection.close().await;
        }
        self.pool.close().await;
    }

    /// Whether transactions wait for the disk. After a crash of the process none
    /// is lost; after a power cut only those that did not wait may be, and what
    /// they said can be read from the thread again.
    async fn wait_for_disk(
        connection: &mut SqliteConnection,
        wait: bool,
    ) -> Result<(), StoreError> {
        let pragma = if wait {
            "PRAGMA synchronous = FULL"
        } else {
            "PRAGMA synchronous = NORMAL"
        };
        sqlx::query(pragma).execute(connection).await?;
        Ok(())
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

/// Writes arriving webhooks down, as many as wait in one transaction: the disk
/// is asked to sync once for all of them, and each is answered after that.
async fn write_arrivals(pool: SqlitePool, mut waiting: mpsc::Receiver<Waiting>) {
    while let Some(batch) = gather(&mut waiting).await {
        let written = write_batch(&pool, &batch).await;
        for one in batch {
            let _ = one.done.send(written.clone());
        }
    }
}

async fn write_batch(pool: &SqlitePool, batch: &[Waiting]) -> Result<(), StoreError> {
    let mut connection = pool.acquire().await?;
    SqliteStore::wait_for_disk(&mut connection, true).await?;
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    for Waiting { arrival, .. } in batch {
        let now = sql::micros(arrival.now);
        sqlx::query(sql::ACCEPT)
            .bind(&arrival.account)
            .bind(arrival.ticket_id)
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        if let Some(event) = arrival.event {
            sqlx::query(sql::DELIVERED)
                .bind(&arrival.account)
                .bind(event.as_str())
                .bind(now)
                .execute(&mut *transaction)
                .await?;
        }
    }
    transaction.commit().await?;
    SqliteStore::wait_for_disk(&mut connection, false).await
}

/// Says what an error at opening means.
fn explain(path: &Path, error: &sqlx::Error) -> OpenError {
    let file = path.to_owned();
    let code = error
        .as_database_error()
        .and_then(|error| error.code())
        .and_then(|code| code.parse::<u32>().ok())
        .map(|code| code & 0xff);
    match code {
        Some(26) => OpenError::NotADatabase(file),
        Some(8 | 14) => OpenError::ReadOnly(file),
        Some(5 | 6) => OpenError::InUse(file),
        _ => OpenError::Other {
            file,
            why: error.to_string(),
        },
    }
}

sql_store!(
    SqliteStore,
    begin: |connection| connection.begin_with("BEGIN IMMEDIATE").await?,
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
