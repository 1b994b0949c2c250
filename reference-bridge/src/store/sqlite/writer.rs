//! The one connection that writes, and who may use it next.
//!
//! SQLite has one writer. A webhook that waits to be accepted comes next; the
//! looks at tickets queue up among themselves before they queue up with it, so
//! that it waits for two of their transactions at most, however many look.

use std::{
    ops::{Deref, DerefMut},
    sync::atomic::{AtomicBool, Ordering},
};

use sqlx::{Sqlite, SqliteConnection, SqlitePool, pool::PoolConnection};
use tokio::sync::{Mutex, MutexGuard, mpsc};

use crate::store::StoreError;

/// The right to write, one at a time.
#[derive(Debug)]
pub(super) struct Writer {
    /// A pool of one connection.
    one: SqlitePool,
    looks: Mutex<()>,
    /// Whether transactions wait for the disk; changed by who has the connection.
    waits: AtomicBool,
    written: mpsc::Sender<()>,
}

/// The connection, while it is somebody's.
#[derive(Debug)]
pub(in crate::store) struct Writing<'a> {
    connection: PoolConnection<Sqlite>,
    written: &'a mpsc::Sender<()>,
    _look: Option<MutexGuard<'a, ()>>,
}

impl Writer {
    /// A writer with its connection, which tells `written` after each use.
    pub(super) fn new(one: SqlitePool, written: mpsc::Sender<()>) -> Self {
        Self {
            one,
            looks: Mutex::default(),
            waits: AtomicBool::new(false),
            written,
        }
    }

    /// The connection for anything but arriving webhooks; its transactions wait
    /// for the disk or do not.
    pub(super) async fn turn(&self, wait: bool) -> Result<Writing<'_>, StoreError> {
        let look = self.looks.lock().await;
        let mut writing = self.next(Some(look)).await?;
        if self.waits.load(Ordering::Relaxed) != wait {
            let pragma = if wait {
                "PRAGMA synchronous = FULL"
            } else {
                "PRAGMA synchronous = NORMAL"
            };
            sqlx::query(pragma).execute(&mut *writing).await?;
            self.waits.store(wait, Ordering::Relaxed);
        }
        Ok(writing)
    }

    /// The connection as soon as it is free, for a command that makes it wait for
    /// the disk by itself.
    pub(super) async fn first(&self) -> Result<Writing<'_>, StoreError> {
        let writing = self.next(None).await?;
        self.waits.store(true, Ordering::Relaxed);
        Ok(writing)
    }

    async fn next<'a>(
        &'a self,
        look: Option<MutexGuard<'a, ()>>,
    ) -> Result<Writing<'a>, StoreError> {
        Ok(Writing {
            connection: self.one.acquire().await?,
            written: &self.written,
            _look: look,
        })
    }

    /// Closes the connection.
    pub(super) async fn close(&self) {
        close(&self.one).await;
    }
}

/// Closes a pool and waits for its connections, also for one that is on its way
/// back to it.
pub(super) async fn close(pool: &SqlitePool) {
    while let Ok(connection) = pool.acquire().await {
        let _ = connection.close().await;
        if pool.size() == 0 {
            break;
        }
    }
    pool.close().await;
}

impl Deref for Writing<'_> {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Writing<'_> {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        // It is enough that one is on its way.
        let _ = self.written.try_send(());
    }
}
