//! The contract's brain: `POST {brain_url}/v1/decisions`.

use std::{borrow::Cow, time::Duration};

use async_trait::async_trait;
use axum::body::{Body, Bytes};
use http::{HeaderMap, Request, StatusCode, header};
use serde::Deserialize;
use tower::ServiceExt as _;

use super::{Action, AnswerFile, Base64Text, Brain, BrainError, Decision, Question};
use crate::{
    HttpService,
    session::Sentiment,
    whole_body::{self, Unread},
};

/// The largest decision that is read: 20 MB of files in base64 and the text.
const DECISION_LIMIT: usize = 64 * 1024 * 1024;

/// A brain behind an HTTP endpoint.
#[derive(Clone)]
pub struct HttpBrain {
    service: HttpService,
    url: String,
}

impl HttpBrain {
    /// A brain at `brain_url`, reached through `service`.
    #[must_use]
    pub fn new(service: HttpService, brain_url: impl Into<String>) -> Self {
        let url: String = brain_url.into();
        Self {
            service,
            url: format!("{}/v1/decisions", url.trim_end_matches('/')),
        }
    }
}

#[async_trait]
impl Brain for HttpBrain {
    async fn decide(&self, question: &Question) -> Result<Decision, BrainError> {
        let body =
            serde_json::to_vec(question).map_err(|error| BrainError::new(error.to_string()))?;
        let request = Request::post(&self.url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_LENGTH, body.len())
            .body(Body::from(body))
            .map_err(|error| BrainError::new(format!("{} cannot be asked: {error}", self.url)))?;
        let answered = answer_to(&self.service, &self.url, request, DECISION_LIMIT).await?;
        if !answered.status.is_success() {
            return Err(answered.error());
        }
        let body = answered.body;
        let answer: Answer<'_> = serde_json::from_slice(&body)
            .map_err(|error| BrainError::new(format!("its answer is no decision: {error}")))?;
        check(answer.decision(&body))
    }
}

/// A [`Decision`] as it is read: the files' contents stay where they came in.
#[derive(Deserialize)]
struct Answer<'a> {
    action: Action,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    summary: Option<String>,
    #[serde(default)]
    sentiment: Option<Sentiment>,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default, borrow)]
    attachments: Vec<ReceivedFile<'a>>,
}

#[derive(Deserialize)]
struct ReceivedFile<'a> {
    name: String,
    content_type: String,
    #[serde(borrow)]
    bytes_base64: Cow<'a, str>,
}

impl Answer<'_> {
    fn decision(self, body: &Bytes) -> Decision {
        let file = |file: ReceivedFile<'_>| AnswerFile {
            name: file.name,
            content_type: file.content_type,
            bytes_base64: match file.bytes_base64 {
                Cow::Borrowed(text) => Base64Text::part_of(body, text),
                // It was written with escapes, such as `\/` for `/`.
                Cow::Owned(text) => text.into(),
            },
        };
        Decision {
            action: self.action,
            text: self.text,
            summary: self.summary,
            sentiment: self.sentiment,
            reason: self.reason,
            attachments: self.attachments.into_iter().map(file).collect(),
        }
    }
}

/// An answer, whatever its status.
pub(super) struct Answered {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answered {
    /// The error that an answer without success is.
    pub(super) fn error(&self) -> BrainError {
        BrainError {
            what: format!("it answered {}", self.status),
            retry_after: retry_after(&self.headers),
        }
    }
}

/// `Retry-After` in seconds; brains are not known to send dates.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    Duration::try_from_secs_f64(seconds.trim().parse().ok()?).ok()
}

/// Sends a question and reads the whole answer, of `limit` bytes at most.
pub(super) async fn answer_to(
    service: &HttpService,
    url: &str,
    question: Request<Body>,
    limit: usize,
) -> Result<Answered, BrainError> {
    let response = service
        .clone()
        .oneshot(question)
        .await
        .map_err(|_| BrainError::new(format!("{url} cannot be reached")))?;
    let (parts, body) = response.into_parts();
    let body = whole_body::read(body, limit).await.map_err(|unread| {
        BrainError::new(match unread {
            Unread::BrokeOff => "its answer broke off".to_owned(),
            Unread::TooLarge => format!("its answer has more than {limit} bytes"),
        })
    })?;
    Ok(Answered {
        status: parts.status,
        headers: parts.headers,
        body,
    })
}

/// Refuses a decision that cannot be carried out.
pub(super) fn check(decision: Decision) -> Result<Decision, BrainError> {
    let says_something = decision
        .text
        .as_deref()
        .is_some_and(|text| !text.trim().is_empty());
    if decision.action == Action::Reply && !says_something {
        return Err(BrainError::new("it wants to reply, but with no text"));
    }
    Ok(decision)
}
