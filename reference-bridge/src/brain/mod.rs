//! Whoever decides what the AI says.
//!
//! * [`mod@self`]: the [`Brain`] trait and the words of a decision
//! * `http`: [`HttpBrain`], the contract's `POST /v1/decisions`
//! * `openai`: [`OpenAiBrain`], an OpenAI-compatible chat endpoint
//! * `scripted`: [`ScriptedBrain`], for tests and for trying out

mod http;
mod openai;
mod scripted;

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use crate::base64_text::{Base64Text, NotBase64};

pub use self::{http::HttpBrain, openai::OpenAiBrain, scripted::ScriptedBrain};
use crate::session::Sentiment;

/// Who said something, as the brain is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The customer.
    Customer,
    /// The AI, in public.
    Ai,
    /// A rep, in public. Private notes are not told (SEC-5).
    Rep,
}

/// One public message of the thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrainMessage {
    /// Who said it.
    pub role: Role,
    /// The text, without markup.
    pub text: String,
    /// When.
    pub at: Timestamp,
}

/// What the brain is asked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Question {
    /// The session, as the contract shows it.
    pub session: Value,
    /// The thread so far, oldest first.
    pub messages: Vec<BrainMessage>,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Answer.
    Reply,
    /// Hand over to people.
    Handoff,
    /// Say goodbye, and resolve.
    Resolve,
    /// Say nothing.
    StaySilent,
}

/// A file on an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerFile {
    /// File name.
    pub name: String,
    /// MIME type.
    pub content_type: String,
    /// The content.
    pub bytes_base64: Base64Text,
}

/// What the brain decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What to do.
    pub action: Action,
    /// What to say.
    #[serde(default)]
    pub text: Option<String>,
    /// For the people who take over.
    #[serde(default)]
    pub summary: Option<String>,
    /// The customer's mood.
    #[serde(default)]
    pub sentiment: Option<Sentiment>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// Files to attach.
    #[serde(default)]
    pub attachments: Vec<AnswerFile>,
}

/// The brain gave no usable decision.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the brain failed: {what}")]
pub struct BrainError {
    /// What went wrong.
    pub what: String,
    /// How long it wants to be left alone (`Retry-After`).
    pub retry_after: Option<Duration>,
}

impl BrainError {
    /// A failure after which it may be asked again as soon as one likes.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            retry_after: None,
        }
    }
}

/// Whoever decides what the AI says.
#[async_trait]
pub trait Brain: Send + Sync + 'static {
    /// What to do about the customer's last messages. Asking again must do no
    /// harm: after a crash the bridge may.
    ///
    /// # Errors
    /// When no usable decision came; the bridge asks again, and then hands over.
    async fn decide(&self, question: &Question) -> Result<Decision, BrainError>;
}
