//! Opening the file, and what can be wrong with it.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
    sync::Arc,
};

use sqlx::migrate::MigrateError;

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
    /// The disk is full.
    #[error("{}: the disk is full; make room, nothing was lost", .0.display())]
    DiskFull(PathBuf),
    /// Pages of the file were changed by something else than SQLite.
    #[error("{}: the database is damaged ({what}); it was left as it is. Restore a backup, or save what can be read: sqlite3 {} .recover | sqlite3 new.sqlite", file.display(), file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What SQLite found.
        what: String,
    },
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

impl OpenError {
    /// What an error of SQLite's means for the file.
    pub(super) fn of(path: &Path, error: &sqlx::Error) -> Self {
        let file = path.to_owned();
        match primary_code(error) {
            Some(26) => Self::NotADatabase(file),
            Some(8 | 14) => Self::ReadOnly(file),
            Some(5 | 6) => Self::InUse(file),
            Some(13) => Self::DiskFull(file),
            Some(11) => Self::Damaged {
                file,
                what: error.to_string(),
            },
            _ => Self::Other {
                file,
                why: error.to_string(),
            },
        }
    }

    /// What went wrong while the schema was brought up to date.
    pub(super) fn of_migration(path: &Path, error: &MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(schema) | MigrateError::VersionTooNew(schema, _) => {
                Self::NewerSchema {
                    file: path.to_owned(),
                    schema: *schema,
                }
            }
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                Self::of(path, error)
            }
            other => Self::Other {
                file: path.to_owned(),
                why: other.to_string(),
            },
        }
    }
}

/// SQLite's primary result code.
fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let code = error.as_database_error()?.code()?.parse::<u32>().ok()?;
    Some(code & 0xff)
}

/// Makes the file ours for as long as the lock is held. SQLite's own exclusive
/// mode would do that too, but leaves room for one connection only.
pub(super) fn lock(path: &Path) -> Result<Arc<File>, OpenError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&name)
        .map_err(|_| OpenError::ReadOnly(path.to_owned()))?;
    match lock.try_lock() {
        Ok(()) => Ok(Arc::new(lock)),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(OpenError::Other {
            file: path.to_owned(),
            why: format!("it cannot be locked: {error}"),
        }),
    }
}
