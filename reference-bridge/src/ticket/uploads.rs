//! The files on a post: their contents come from the store, piece by piece, while
//! they are sent.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tower::BoxError;

use super::{Look, LookError};
use crate::{
    freshdesk::{Content, Upload},
    store::Store,
    turn::{OutgoingFile, Turn},
};

/// The content of one of a turn's files.
struct Kept {
    store: Arc<dyn Store>,
    turn_id: String,
    file: usize,
}

#[async_trait]
impl Content for Kept {
    async fn piece(&self, number: usize) -> Result<Option<Bytes>, BoxError> {
        Ok(self.store.piece(&self.turn_id, self.file, number).await?)
    }
}

impl Look<'_> {
    /// The files of a turn, to be sent.
    pub(super) fn uploads(&self, turn_id: &str, files: &[OutgoingFile]) -> Vec<Upload> {
        files
            .iter()
            .map(|file| Upload {
                name: file.name.clone(),
                content_type: file.content_type.clone(),
                size: file.size,
                content: Arc::new(Kept {
                    store: self.desk.store.clone(),
                    turn_id: turn_id.to_owned(),
                    file: file.number,
                }),
            })
            .collect()
    }

    /// Whether the content of one of a step's files is not there: the request would
    /// break off each time, and the answer never be sent.
    pub(super) async fn lacks_a_file(&self, turn: &Turn, index: usize) -> Result<bool, LookError> {
        for file in turn.steps[index].0.files() {
            let first = self.desk.store.piece(&turn.id, file.number, 0).await?;
            if first.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
