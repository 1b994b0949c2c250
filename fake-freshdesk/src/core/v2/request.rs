//! A request, and the reading of it before an endpoint sees it: path, `Accept`,
//! content type and body.

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use super::call::Result;
use super::errors::Failure;
use super::input::Input;
use super::routes::Takes;
use super::routing::Found;
use crate::core::contents::Upload;
use crate::core::journal::Sent;

/// A request to the v2 API.
#[derive(Clone, Debug)]
pub struct ApiRequest<'a> {
    /// The verb.
    pub method: Method,
    /// The path, from `/`, still percent-encoded.
    pub path: &'a str,
    /// The query without its `?`.
    pub query: Option<&'a str>,
    /// `Host`, or the authority of the URI.
    pub host: &'a str,
    /// Did it come over TLS?
    pub https: bool,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The `Accept` header.
    pub accept: Option<&'a str>,
    /// The `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// The body.
    pub body: ApiBody,
}

/// A request's body.
#[derive(Clone, Debug, Default)]
pub enum ApiBody {
    /// None.
    #[default]
    Empty,
    /// Bytes of whatever kind the content type says.
    Bytes(Bytes),
    /// A multipart form, read as it came in.
    Form {
        /// Text fields in order.
        fields: Vec<(String, String)>,
        /// Files in order.
        uploads: Vec<Upload>,
    },
    /// More than any edge lets through.
    TooLarge,
    /// One that ends too early, or a multipart form that is not well-formed.
    Broken,
}

/// The segments under `/api/v2`; doubled and trailing slashes do not count. [O]
pub(super) fn segments(path: &str) -> Option<Vec<&str>> {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    if parts.next() != Some("api") || parts.next() != Some("v2") {
        return None;
    }
    // No endpoint has more.
    let mut segments = Vec::with_capacity(4);
    segments.extend(parts);
    // Some clients still name the format, as version 1 wanted it. [O pyfreshdesk]
    if let Some(last) = segments.last_mut()
        && let Some(plain) = last.strip_suffix(".json")
    {
        *last = plain;
    }
    Some(segments)
}

/// What the journal keeps of a body.
pub(super) fn sent(body: &ApiBody) -> Sent {
    match body {
        ApiBody::Empty | ApiBody::TooLarge | ApiBody::Broken => Sent::Nothing,
        // A copy: a slice of the connection's buffer would keep all of that alive.
        ApiBody::Bytes(bytes) => Sent::Bytes(Bytes::copy_from_slice(bytes)),
        ApiBody::Form { fields, uploads } => {
            let mut map = serde_json::Map::new();
            for (name, value) in fields {
                match map.get_mut(name) {
                    Some(Value::Array(list)) => list.push(json!(value)),
                    Some(one) => *one = json!([one.clone(), value]),
                    None => {
                        map.insert(name.clone(), json!(value));
                    }
                }
            }
            let files: Vec<Value> = uploads
                .iter()
                .map(|file| json!({"name": file.name, "size": file.size()}))
                .collect();
            Sent::Form(json!({"fields": map, "files": files}))
        }
    }
}

/// Only JSON is spoken.
pub(super) fn accepts(accept: Option<&str>) -> Result<()> {
    let fits = |accept: &str| {
        accept.split(',').any(|range| {
            let range = range.split(';').next().unwrap_or_default().trim();
            matches!(range, "*/*" | "application/json" | "application/*" | "")
        })
    };
    if accept.is_none_or(fits) {
        Ok(())
    } else {
        Err(Failure::not_acceptable())
    }
}

/// The keys of a body that came with a GET: nobody looks at it.
pub(super) fn ignored_body(request: &ApiRequest<'_>) -> Vec<String> {
    match &request.body {
        ApiBody::Bytes(bytes) if matches!(request.method, Method::GET | Method::HEAD) => {
            match serde_json::from_slice::<Value>(bytes) {
                Ok(Value::Object(map)) => map.into_iter().map(|(key, _)| key).collect(),
                _ => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

fn is_form(request: &ApiRequest<'_>) -> bool {
    let kind = request.content_type.unwrap_or_default();
    kind.trim_start()
        .get(..10)
        .is_some_and(|kind| kind.eq_ignore_ascii_case("multipart/"))
}

pub(super) fn read_body(found: &Found<'_>, request: &ApiRequest<'_>) -> Result<Input> {
    let form = found.route.takes == Takes::JsonOrForm;
    match &request.body {
        ApiBody::TooLarge => Err(Failure::too_large()),
        ApiBody::Broken if !is_form(request) => Err(Failure::invalid_json()),
        ApiBody::Broken => Err(Failure::Request {
            status: 400,
            code: "invalid_multipart",
            message: "Request body is not a well-formed multipart/form-data".to_owned(),
        }),
        ApiBody::Empty => Ok(Input::default()),
        // A body on a GET is not looked at. [O]
        _ if found.route.method == Method::GET => Ok(Input::default()),
        ApiBody::Bytes(bytes) if found.route.takes == Takes::Nothing => {
            if bytes.iter().all(u8::is_ascii_whitespace) || &bytes[..] == b"{}" {
                Ok(Input::default())
            } else {
                Err(Failure::no_content_required())
            }
        }
        ApiBody::Form { .. } if !form => Err(Failure::unsupported_media_type(false)),
        ApiBody::Form { fields, uploads } => Ok(Input::from_form(fields, uploads.clone())),
        ApiBody::Bytes(bytes) => {
            let kind = request
                .content_type
                .unwrap_or_default()
                .split(';')
                .next()
                .unwrap_or_default()
                .trim();
            if !kind.eq_ignore_ascii_case("application/json") {
                return Err(Failure::unsupported_media_type(form));
            }
            if bytes.iter().all(u8::is_ascii_whitespace) {
                return Ok(Input::default());
            }
            match serde_json::from_slice::<Value>(bytes) {
                Ok(Value::Object(map)) => Ok(Input::from_json(map)),
                Ok(_) | Err(_) => Err(Failure::invalid_json()),
            }
        }
    }
}
