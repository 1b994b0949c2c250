//! The connection as it was last written: every webhook asks for it, and where
//! one process has the store to itself nobody else can have changed it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::settings::Connection;

/// What a store knows without reading.
#[derive(Clone, Debug, Default)]
pub(super) struct Remembered {
    never: bool,
    connection: Arc<Mutex<Option<Option<Connection>>>>,
}

impl Remembered {
    /// For stores that others may write to.
    pub(super) fn never() -> Self {
        Self {
            never: true,
            connection: Arc::default(),
        }
    }

    /// The connection, or that there is none; `None` if it must be read.
    pub(super) fn get(&self) -> Option<Option<Connection>> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Notes what has just been written or read.
    pub(super) fn set(&self, connection: Option<Connection>) {
        if !self.never {
            *self
                .connection
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = Some(connection);
        }
    }
}
