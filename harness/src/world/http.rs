//! One HTTP client for both worlds: a router in memory, or a socket.

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

use super::WorldError;

/// Carries HTTP requests: to a router in memory or over a socket.
pub type HttpService = BoxCloneSyncService<Request<Body>, http::Response<Body>, tower::BoxError>;

/// A service that calls `router` in this thread.
pub fn in_memory(router: axum::Router) -> HttpService {
    BoxCloneSyncService::new(ServiceExt::<Request<Body>>::map_err(
        router,
        |never| match never {},
    ))
}

/// A service that calls `http://` URLs over sockets.
pub fn over_sockets() -> HttpService {
    let client = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new())
        .build_http::<Body>();
    BoxCloneSyncService::new(
        client
            .map_response(|response| response.map(Body::new))
            .map_err(tower::BoxError::from),
    )
}

/// A client of one of the surfaces the harness drives.
#[derive(Clone)]
pub struct Http {
    service: HttpService,
    base: String,
    /// What says that the caller may, where somebody asks.
    authorization: Option<HeaderValue>,
}

/// An answer. Its body is read as JSON; a JSON string if it is none, null if it
/// is empty.
#[derive(Debug, Clone)]
pub struct Answer<B = Value> {
    method: Method,
    url: Uri,
    /// The status.
    pub status: u16,
    /// The body.
    pub body: B,
}

impl Answer<Bytes> {
    fn read(self) -> Answer {
        let body = if self.body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&self.body)
                .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&self.body).into_owned()))
        };
        Answer {
            method: self.method,
            url: self.url,
            status: self.status,
            body,
        }
    }
}

impl<B: Spelt> Answer<B> {
    /// The answer, if it has the wanted status.
    pub(crate) fn expect(self, wanted: u16) -> Result<Self, WorldError> {
        if self.status == wanted {
            return Ok(self);
        }
        let mut body = self.body.spelt();
        body.truncate(body.char_indices().nth(400).map_or(body.len(), |(i, _)| i));
        Err(WorldError::Refused {
            method: self.method.to_string(),
            url: self.url.to_string(),
            status: self.status,
            wanted,
            body,
        })
    }
}

/// A body as an error message shows it.
pub trait Spelt {
    /// The body in characters.
    fn spelt(&self) -> String;
}

impl Spelt for Value {
    fn spelt(&self) -> String {
        self.to_string()
    }
}

impl Spelt for Bytes {
    fn spelt(&self) -> String {
        String::from_utf8_lossy(self).into_owned()
    }
}

impl Answer {
    /// A number in the body.
    pub(crate) fn number(&self, field: &str) -> Result<u64, WorldError> {
        self.body
            .get(field)
            .and_then(Value::as_u64)
            .ok_or_else(|| self.lacks(field))
    }

    /// A text in the body.
    pub(crate) fn text(&self, pointer: &str) -> Result<String, WorldError> {
        self.body
            .pointer(pointer)
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| self.lacks(pointer))
    }

    fn lacks(&self, field: &str) -> WorldError {
        WorldError::unexpected(format!(
            "{} {}: the answer has no `{field}`: {}",
            self.method, self.url, self.body
        ))
    }
}

impl Http {
    pub(crate) fn new(
        service: HttpService,
        base: impl Into<String>,
        token: Option<String>,
    ) -> Self {
        // A token that no header can carry is refused like a missing one.
        let authorization =
            token.and_then(|token| HeaderValue::try_from(format!("Bearer {token}")).ok());
        Self {
            service,
            base: base.into(),
            authorization,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Answer, WorldError> {
        self.call(Method::GET, path, None).await
    }

    /// The body of a 200, as it came.
    pub(crate) async fn get_text(&self, path: &str) -> Result<Bytes, WorldError> {
        let (request, body) = self.request(Method::GET, path, None);
        Ok(self.send_for_bytes(request, body).await?.expect(200)?.body)
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Answer, WorldError> {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Result<Answer, WorldError> {
        self.call(Method::PUT, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Result<Answer, WorldError> {
        self.call(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<Answer, WorldError> {
        self.call(Method::DELETE, path, None).await
    }

    /// The full URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Calls with the token, and reads the whole answer.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, WorldError> {
        let (request, body) = self.request(method, path, body);
        self.send(request, body).await
    }

    /// A request with the token.
    fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> (http::request::Builder, String) {
        let mut request = Request::builder().method(method).uri(self.url(path));
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let body = match body {
            Some(json) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                // A value has text keys only, so it can always be written.
                serde_json::to_string(json).unwrap_or_default()
            }
            None => String::new(),
        };
        (request, body)
    }

    /// Sends a request as it is and reads the whole answer.
    pub(crate) async fn send(
        &self,
        request: http::request::Builder,
        body: String,
    ) -> Result<Answer, WorldError> {
        Ok(self.send_for_bytes(request, body).await?.read())
    }

    async fn send_for_bytes(
        &self,
        request: http::request::Builder,
        body: String,
    ) -> Result<Answer<Bytes>, WorldError> {
        let method = request.method_ref().cloned().unwrap_or_default();
        let url = request.uri_ref().cloned().unwrap_or_default();
        let failed = |reason: String| WorldError::Unreachable {
            method: method.to_string(),
            url: url.to_string(),
            reason,
        };
        let request = request
            .body(Body::from(body))
            .map_err(|error| failed(error.to_string()))?;
        let response = self
            .service
            .clone()
            .oneshot(request)
            .await
            .map_err(|error| failed(error.to_string()))?;
        let status: StatusCode = response.status();
        let bytes: Bytes = response
            .into_body()
            .collect()
            .await
            .map_err(|error| failed(format!("the answer broke off: {error}")))?
            .to_bytes();
        Ok(Answer {
            method,
            url,
            status: status.as_u16(),
            body: bytes,
        })
    }
}
