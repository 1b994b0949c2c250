//! Layers over HTTP: what a known-bad bridge asks, hears or answers otherwise.
//! The same layers go on its way to Freshdesk and on its own surface.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, request, response};
use http_body_util::BodyExt as _;
use serde_json::Value;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, ServiceExt as _};

use crate::world::http::HttpService;

/// A request with its body read.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) parts: request::Parts,
    pub(super) body: Bytes,
}

/// An answer with its body read.
pub(super) struct Answer {
    pub(super) parts: response::Parts,
    pub(super) body: Bytes,
}

/// What a layer gives back, in the end.
pub(super) type Answered = Pin<Box<dyn Future<Output = Result<Answer, BoxError>> + Send>>;

/// The way a call goes if the layer lets it.
#[derive(Clone)]
pub(super) struct Way(HttpService);

impl Way {
    pub(super) async fn send(&self, call: Call) -> Result<Answer, BoxError> {
        let request = Request::from_parts(call.parts, Body::from(call.body));
        let (parts, body) = self.0.clone().oneshot(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Answer { parts, body })
    }
}

impl Call {
    pub(super) fn path(&self) -> &str {
        self.parts.uri.path()
    }

    /// Whether it is this method on a path that ends so.
    pub(super) fn is(&self, method: &Method, end: &str) -> bool {
        self.parts.method == *method && self.path().ends_with(end)
    }

    /// The ticket that its path names, and what comes after.
    pub(super) fn ticket(&self) -> Option<(u64, &str)> {
        let (_, rest) = self.path().split_once("/tickets/")?;
        let (id, rest) = rest.split_once('/').unwrap_or((rest, ""));
        Some((id.parse().ok()?, rest))
    }

    /// Whether it reads, or changes, one ticket itself.
    pub(super) fn is_ticket(&self, method: &Method) -> bool {
        self.parts.method == *method && self.ticket().is_some_and(|(_, rest)| rest.is_empty())
    }

    /// Whether it reads a ticket or its conversations.
    pub(super) fn reads_thread(&self) -> bool {
        self.parts.method == Method::GET
            && self
                .ticket()
                .is_some_and(|(_, rest)| rest.is_empty() || rest == "conversations")
    }

    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    pub(super) fn set_json(&mut self, value: &Value) {
        self.body = value.to_string().into();
        self.parts.headers.remove(http::header::CONTENT_LENGTH);
    }

    /// The same call as a read of the same path.
    pub(super) fn into_read(mut self) -> Self {
        self.parts.method = Method::GET;
        self.parts.headers.remove(http::header::CONTENT_LENGTH);
        self.parts.headers.remove(http::header::CONTENT_TYPE);
        self.body = Bytes::new();
        self
    }

    pub(super) fn set_path(&mut self, path: &str) {
        let mut uri = self.parts.uri.clone().into_parts();
        uri.path_and_query = path.parse().ok().or(uri.path_and_query);
        if let Ok(uri) = http::Uri::from_parts(uri) {
            self.parts.uri = uri;
        }
    }
}

impl Answer {
    pub(super) fn of(status: StatusCode, body: &Value) -> Self {
        let mut response = Response::new(());
        *response.status_mut() = status;
        response.headers_mut().insert(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/json"),
        );
        Self {
            parts: response.into_parts().0,
            body: body.to_string().into(),
        }
    }

    pub(super) fn status(&self) -> u16 {
        self.parts.status.as_u16()
    }

    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    pub(super) fn set_json(&mut self, value: &Value) {
        self.body = value.to_string().into();
        self.parts.headers.remove(http::header::CONTENT_LENGTH);
    }

    /// Changes a JSON body, if it is one.
    pub(super) fn edit(&mut self, edit: impl FnOnce(&mut Value)) {
        if let Some(mut body) = self.json() {
            edit(&mut body);
            self.set_json(&body);
        }
    }
}

/// A layer that decides by itself what becomes of a call.
pub(super) fn meddling(
    inner: HttpService,
    meddle: impl Fn(Way, Call) -> Answered + Send + Sync + 'static,
) -> HttpService {
    let meddle = Arc::new(meddle);
    BoxCloneSyncService::new(tower::service_fn(move |request: Request<Body>| {
        let (way, meddle) = (Way(inner.clone()), meddle.clone());
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let answer = meddle(way, Call { parts, body }).await?;
            Ok::<_, BoxError>(Response::from_parts(answer.parts, Body::from(answer.body)))
        }
    }))
}

/// A layer that changes what is asked.
pub(super) fn asking(
    inner: HttpService,
    edit: impl Fn(&mut Call) + Send + Sync + 'static,
) -> HttpService {
    meddling(inner, move |way, mut call| {
        edit(&mut call);
        Box::pin(async move { way.send(call).await })
    })
}

/// A layer that changes what is heard.
pub(super) fn hearing(
    inner: HttpService,
    edit: impl Fn(&Call, &mut Answer) + Send + Sync + 'static,
) -> HttpService {
    let edit = Arc::new(edit);
    meddling(inner, move |way, call| {
        let edit = edit.clone();
        Box::pin(async move {
            let mut answer = way.send(call.clone()).await?;
            edit(&call, &mut answer);
            Ok(answer)
        })
    })
}

/// The conversations in an answer: embedded in a ticket, or a list of them.
pub(super) fn conversations(body: &mut Value) -> Option<&mut Vec<Value>> {
    match body {
        Value::Array(items) => Some(items),
        other => other.get_mut("conversations").and_then(Value::as_array_mut),
    }
}
