//! The contract's brain: `POST {brain_url}/v1/decisions`.

use std::borrow::Cow;

use async_trait::async_trait;
use axum::body::{Body, Bytes};
use http::{Request, header};
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
        let body = serde_json::to_vec(question).map_err(|error| BrainError(error.to_string()))?;
        let request = Request::post(&self.url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_LENGTH, body.len())
            .body(Body::from(body))
            .map_err(|error| BrainError(format!("{} cannot be asked: {error}", self.url)))?;
        let body = answer_to(&self.service, &self.url, request, DECISION_LIMIT).await?;
        let answer: Answer<'_> = serde_json::from_slice(&body)
            .map_err(|error| BrainError(format!("its answer is no decision: {error}")))?;
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

/// Sends a question and reads the whole answer, of `limit` bytes at most; any
/// status but 2xx is an error.
pub(super) async fn answer_to(
    service: &HttpService,
    url: &str,
    question: Request<Body>,
    limit: usize,
) -> Result<Bytes, BrainError> {
    let response = service
        .clone()
        .oneshot(question)
        .await
        .map_err(|_| BrainError(format!("{url} cannot be reached")))?;
    let status = response.status();
    let body = whole_body::read(response.into_body(), limit)
        .await
        .map_err(|unread| {
            BrainError(match unread {
                Unread::BrokeOff => "its answer broke off".to_owned(),
                Unread::TooLarge => format!("its answer has more than {limit} bytes"),
            })
        })?;
    if !status.is_success() {
        return Err(BrainError(format!("it answered {status}")));
    }
    Ok(body)
}

/// Refuses a decision that cannot be carried out.
pub(super) fn check(decision: Decision) -> Result<Decision, BrainError> {
    let says_something = decision
        .text
        .as_deref()
        .is_some_and(|text| !text.trim().is_empty());
    if decision.action == Action::Reply && !says_something {
        return Err(BrainError("it wants to reply, but with no text".to_owned()));
    }
    Ok(decision)
}
