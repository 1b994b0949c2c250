//! The contract's brain: `POST {brain_url}/v1/decisions`.

use async_trait::async_trait;
use axum::body::{Body, Bytes};
use http::{Request, header};
use http_body_util::{BodyExt as _, Limited};
use tower::ServiceExt as _;

use super::{Action, Brain, BrainError, Decision, Question};
use crate::HttpService;

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
        let decision: Decision = serde_json::from_slice(&body)
            .map_err(|error| BrainError(format!("its answer is no decision: {error}")))?;
        check(decision)
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
    let body = Limited::new(response.into_body(), limit)
        .collect()
        .await
        .map_err(|_| BrainError("its answer broke off or is too large".to_owned()))?
        .to_bytes();
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
