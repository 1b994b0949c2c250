//! Looking whether the file is whole. It reads every page: a small file is checked
//! before anything else is done, and a large one while the bridge works, for who
//! does not listen misses webhooks.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::SqliteConnection;
use tokio::sync::watch;

use super::OpenError;

/// What a check that goes on after the start has found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    file: PathBuf,
    damage: watch::Receiver<Option<String>>,
}

impl Found {
    /// Waits until damage is found, for ever if there is none.
    pub(super) async fn damage(&self) -> OpenError {
        let mut damage = self.damage.clone();
        let found = damage
            .wait_for(Option::is_some)
            .await
            .map(|what| what.clone());
        let Ok(Some(what)) = found else {
            // The check has ended, and found none.
            return std::future::pending().await;
        };
        OpenError::Damaged {
            file: self.file.clone(),
            what,
        }
    }
}

/// Checks the file for as long as `patience` goes, and goes on by itself after that.
///
/// # Errors
/// When the file is known to be damaged by then, or cannot be read.
pub(super) async fn run(
    path: &Path,
    connection: SqliteConnection,
    patience: Duration,
) -> Result<Found, OpenError> {
    let file = path.to_owned();
    let mut check = tokio::spawn(quick_check(file.clone(), connection));
    let (found, damage) = watch::channel(None);
    match tokio::time::timeout(patience, &mut check).await {
        Ok(Ok(ended)) => ended?,
        Ok(Err(_)) => {}
        Err(_) => {
            tracing::info!("the SQLite file is large: its check goes on while the bridge works");
            tokio::spawn(async move {
                match check.await {
                    Ok(Ok(())) => tracing::info!("the SQLite file is whole"),
                    Ok(Err(OpenError::Damaged { what, .. })) => {
                        let _ = found.send(Some(what));
                    }
                    Ok(Err(error)) => tracing::warn!(%error, "the SQLite file cannot be checked"),
                    Err(_) => {}
                }
            });
        }
    }
    Ok(Found { file, damage })
}

async fn quick_check(path: PathBuf, mut connection: SqliteConnection) -> Result<(), OpenError> {
    let found: String = sqlx::query_scalar("PRAGMA quick_check(1)")
        .fetch_one(&mut connection)
        .await
        .map_err(|error| OpenError::of(&path, &error))?;
    let _ = sqlx::Connection::close(connection).await;
    if found == "ok" {
        return Ok(());
    }
    Err(OpenError::Damaged {
        file: path,
        what: found.replace("*** in database main ***\n", ""),
    })
}
