//! The bytes of attachments, kept once by content, up to a bound; beyond it a
//! file is only its length and hash.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How many bytes of attachments a server keeps.
pub(crate) const CONTENT_CAPACITY: usize = 256 * 1024 * 1024;

/// A file that came with a request: what it is called, and what is in it.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The file's name as the sender gave it.
    pub name: String,
    /// The sender's content type, if any.
    pub content_type: Option<String>,
    /// What is in it.
    pub content: Content,
    /// An image that stands in the body, and not among the attachments.
    pub inline: bool,
}

/// What is in a file.
#[derive(Clone, Debug)]
pub enum Content {
    /// The bytes themselves.
    Bytes(Bytes),
    /// So many bytes of no interest.
    Length(u64),
}

impl Upload {
    /// The file's size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        match &self.content {
            Content::Bytes(bytes) => bytes.len() as u64,
            Content::Length(length) => *length,
        }
    }
}

/// Contents by SHA-256.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub(crate) struct Contents {
    kept: HashMap<Box<str>, Bytes>,
    total: usize,
}

impl TryFrom<Vec<String>> for Contents {
    type Error = base64::DecodeError;

    fn try_from(list: Vec<String>) -> Result<Self, Self::Error> {
        let mut contents = Contents::default();
        for encoded in list {
            contents.keep(&STANDARD.decode(encoded)?.into());
        }
        Ok(contents)
    }
}

impl From<Contents> for Vec<String> {
    fn from(contents: Contents) -> Self {
        let mut kept: Vec<_> = contents.kept.into_iter().collect();
        kept.sort_by(|a, b| a.0.cmp(&b.0));
        kept.into_iter()
            .map(|(_, bytes)| STANDARD.encode(bytes))
            .collect()
    }
}

impl Contents {
    /// Keeps the bytes if there is room, and returns their hash.
    pub(crate) fn keep(&mut self, bytes: &Bytes) -> Box<str> {
        let hash: String = Sha256::digest(bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let hash: Box<str> = hash.into();
        if !self.kept.contains_key(&hash) && self.total + bytes.len() <= CONTENT_CAPACITY {
            self.total += bytes.len();
            self.kept.insert(hash.clone(), bytes.clone());
        }
        hash
    }

    /// The bytes with this hash, if they were kept.
    pub(crate) fn get(&self, hash: &str) -> Option<Bytes> {
        self.kept.get(hash).cloned()
    }
}
