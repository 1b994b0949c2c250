//! The v2 API's router: reads a request, asks the core, writes the reply.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use futures::stream;
use http::header::{
    ACCEPT, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, AUTHORIZATION, CONTENT_LENGTH,
    CONTENT_TYPE, DATE, HOST, ORIGIN,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};

use super::form;
use crate::core::{ApiBody, ApiReply, ApiRequest, Connection, Rate, Stamp, status_line};
use crate::server::Shared;

/// What an edge lets through at most; beyond it is 413. [I]
const EDGE_LIMIT: usize = 64 * 1024 * 1024;

/// An extension of responses whose connection is to break: over a socket it
/// breaks by itself; whoever calls the router in memory can look for this
/// instead of waiting for the body to fail.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionReset;

/// An extension of requests that came over TLS: `Location`, `Link` and
/// attachment URLs then say `https`.
#[derive(Clone, Copy, Debug)]
pub struct OverTls;

pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(answer).with_state(shared)
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

async fn read_body(headers: &HeaderMap, body: Body) -> ApiBody {
    if let Some(boundary) = text(headers, &CONTENT_TYPE).and_then(form::boundary) {
        let announced = text(headers, &CONTENT_LENGTH).and_then(|text| text.parse().ok());
        return form::read(body, boundary, EDGE_LIMIT, announced).await;
    }
    match http_body_util::BodyExt::collect(http_body_util::Limited::new(body, EDGE_LIMIT)).await {
        Ok(collected) => {
            let bytes = collected.to_bytes();
            if bytes.is_empty() {
                ApiBody::Empty
            } else {
                ApiBody::Bytes(bytes)
            }
        }
        Err(error) if error.is::<http_body_util::LengthLimitError>() => ApiBody::TooLarge,
        Err(_) => ApiBody::Broken,
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let from_browser = parts.headers.contains_key(ORIGIN);
    if from_browser && parts.method == Method::OPTIONS {
        return preflight();
    }
    let content_type = text(&parts.headers, &CONTENT_TYPE);
    let body = read_body(&parts.headers, body).await;
    let host = host(&parts);
    let https =
        parts.extensions.get::<OverTls>().is_some() || parts.uri.scheme_str() == Some("https");
    let request = ApiRequest {
        method: parts.method.clone(),
        path: parts.uri.path(),
        query: parts.uri.query(),
        host: &host,
        https,
        authorization: text(&parts.headers, &AUTHORIZATION),
        accept: text(&parts.headers, &ACCEPT),
        content_type,
        body,
    };
    shared.let_in().await;
    let reply = shared.with_core(|core, now| core.api(now, &request));
    if reply.delay_ms > 0 {
        let until = shared.clock.now_ms() + reply.delay_ms;
        while shared.clock.now_ms() < until {
            shared.clock.sleep_until(Some(until)).await;
        }
    }
    let date = (reply.date_skew_ms != 0).then(|| shared.clock.now_ms() + reply.date_skew_ms);
    let mut response = write(reply, date);
    if parts.method == Method::HEAD {
        drop_body(&mut response);
    }
    if from_browser {
        allow_origin(response.headers_mut());
    }
    response
}

/// The host that a request names; several are joined by commas, for the core
/// to refuse. HTTP/2 and callers in memory name it in the URI. [I]
fn host(parts: &Parts) -> Cow<'_, str> {
    let mut named = parts.headers.get_all(HOST).iter();
    let (first, second) = (named.next(), named.next());
    if second.is_some() {
        let all = parts.headers.get_all(HOST).iter();
        let all: Vec<_> = all
            .map(|each| String::from_utf8_lossy(each.as_bytes()))
            .collect();
        return all.join(",").into();
    }
    let in_uri = parts.uri.authority().map(http::uri::Authority::as_str);
    let host = in_uri.or_else(|| first?.to_str().ok());
    host.unwrap_or_default().into()
}

/// Pages of any origin may call and read the rate limit headers. [D: CORS is supported]
fn allow_origin(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(
            "link, location, retry-after, x-request-id, x-ratelimit-total, x-ratelimit-remaining, x-ratelimit-used-currentrequest",
        ),
    );
}

/// A browser asks before it calls. [I: what exactly is allowed]
fn preflight() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    allow_origin(headers);
    headers.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE, OPTIONS"),
    );
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("authorization, content-type, accept"),
    );
    response
}

/// HEAD: all headers of the answer, also the length, and no body.
fn drop_body(response: &mut Response) {
    if response.extensions().get::<ConnectionReset>().is_some() {
        return;
    }
    let body = std::mem::take(response.body_mut());
    // A 204 has no length, and no GET is answered with one.
    if let Some(length) = body.size_hint().exact() {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
}

/// A body that breaks off after `sent`.
fn broken_body(sent: Bytes) -> Body {
    let reset = || std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let first = (!sent.is_empty()).then_some(Ok(sent));
    Body::from_stream(stream::iter(first.into_iter().chain([Err(reset())])))
}

fn write(reply: ApiReply, date: Option<i64>) -> Response {
    let length = reply.body.len();
    let body = match reply.connection {
        None => Body::from(reply.body),
        Some(Connection::TruncatedBody) => broken_body(reply.body.slice(..length / 2)),
        Some(Connection::ResetBeforeEffect | Connection::ResetAfterEffect) => {
            broken_body(Bytes::new())
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.reserve(reply.headers.len() + 12);
    if let Some(content_type) = reply.content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    if let Some(stamp) = reply.stamp {
        write_stamp(headers, &stamp, reply.status);
    }
    for (name, value) in reply.headers {
        let value = match value {
            Cow::Borrowed(same) => Ok(HeaderValue::from_static(same)),
            Cow::Owned(text) => HeaderValue::try_from(text),
        };
        if let Ok(value) = value {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    if let Some(date) = date.and_then(http_date) {
        headers.insert(DATE, date);
    }
    if matches!(
        reply.connection,
        Some(Connection::ResetBeforeEffect | Connection::ResetAfterEffect)
    ) {
        response.extensions_mut().insert(ConnectionReset);
    }
    response
}

/// What every answer of the API carries.
fn write_stamp(headers: &mut HeaderMap, stamp: &Stamp, status: u16) {
    for (name, value) in Stamp::SAME {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    let mut put = |name, value: String| {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    put("x-request-id", stamp.request_id());
    put("status", status_line(status).into_owned());
    for (name, value) in stamp.rate.iter().flat_map(Rate::headers) {
        put(name, value);
    }
}

fn http_date(at: i64) -> Option<HeaderValue> {
    let stamp = jiff::Timestamp::from_millisecond(at).ok()?;
    HeaderValue::from_str(&stamp.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
}
