//! Moving the write-ahead log into the file, on a connection of its own: done by
//! whoever commits, as SQLite does it by itself, each thousandth page would make
//! a webhook wait for some ten milliseconds.

use std::{sync::Weak, time::Duration};

use sqlx::{Row as _, SqliteConnection};
use tokio::sync::mpsc;

use super::writer::Writer;
use crate::store::StoreError;

/// How long the log is left to grow: a page that is written often is moved once.
const PAUSE: Duration = Duration::from_secs(2);

/// Pages of 4 KiB after which the log is begun anew.
const LONG: i64 = 8192;

/// Moves what was written, until the store is gone.
pub(super) async fn run(
    mut connection: SqliteConnection,
    mut written: mpsc::Receiver<()>,
    writer: Weak<Writer>,
) {
    while written.recv().await.is_some() {
        if let Err(error) = move_pages(&mut connection, &writer).await {
            // The log keeps what the file does not have yet: nothing is lost.
            tracing::warn!(%error, "the write-ahead log cannot be moved into the file");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn move_pages(
    connection: &mut SqliteConnection,
    writer: &Weak<Writer>,
) -> Result<(), StoreError> {
    let log = checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)").await?;
    if log < LONG {
        return Ok(());
    }
    // Under load somebody always writes meanwhile, and the log is never moved
    // whole; now next to nothing is left to move, and nobody may write.
    if let Some(writer) = writer.upgrade() {
        let mut writing = writer.turn(false).await?;
        checkpoint(&mut writing, "PRAGMA wal_checkpoint(RESTART)").await?;
    }
    Ok(())
}

/// Gives the pages in the log.
async fn checkpoint(
    connection: &mut SqliteConnection,
    pragma: &'static str,
) -> Result<i64, StoreError> {
    Ok(sqlx::query(pragma)
        .fetch_one(connection)
        .await?
        .try_get("log")?)
}
