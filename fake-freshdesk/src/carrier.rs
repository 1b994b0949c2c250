//! How a webhook call gets out: one HTTP request, with a time-out, without
//! redirects; only the status of the answer matters.

use std::time::Duration;

use axum::body::Body;
use http::Request;
use tower::ServiceExt as _;

use crate::core::{Outcome, WebhookCall};
use crate::server::HttpService;

fn request(call: &WebhookCall) -> Result<Request<Body>, http::Error> {
    let mut builder = Request::builder()
        .method(call.method.as_str())
        .uri(&call.url);
    for (name, value) in &call.headers {
        builder = builder.header(name, value);
    }
    builder.body(Body::from(call.body.clone()))
}

fn failed(error: impl std::fmt::Display) -> Outcome {
    Outcome {
        status: None,
        error: Some(error.to_string()),
    }
}

/// All causes of an error in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

/// Makes the call and says how it ended.
pub(crate) async fn carry(service: HttpService, call: &WebhookCall) -> Outcome {
    let request = match request(call) {
        Ok(request) => request,
        Err(error) => return failed(format!("the request could not be built: {error}")),
    };
    let timeout = Duration::from_millis(call.timeout_ms.max(0) as u64);
    let answer = tokio::time::timeout(timeout, service.oneshot(request)).await;
    match answer {
        Ok(Ok(response)) => Outcome {
            status: Some(response.status().as_u16()),
            error: None,
        },
        Ok(Err(error)) => failed(chain(error.as_ref())),
        Err(_) => failed(format!("no answer within {} s", timeout.as_secs_f64())),
    }
}
