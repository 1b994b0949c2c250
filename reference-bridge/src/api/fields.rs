//! Reading a JSON body field by field: every mistake is named with its path,
//! what was expected, and the nearest right word.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::{Map, Value};

use super::error::ApiError;
use crate::{nearest, shortened, strict_json};

/// The largest body that is read (WHK-8).
const BODY_LIMIT: usize = 1024 * 1024;

/// The fields of a JSON object that have not been read yet.
pub(crate) struct Fields {
    path: String,
    left: Map<String, Value>,
    known: Vec<&'static str>,
}

impl Fields {
    /// The fields of a request body.
    fn of_body(body: &[u8]) -> Result<Self, ApiError> {
        let text = std::str::from_utf8(body)
            .map_err(|_| ApiError::bad_request("invalid_json", "the body is not UTF-8"))?;
        match strict_json::parse(text) {
            Ok(Value::Object(fields)) => Ok(Self::of_object("$", fields)),
            Ok(_) => Err(ApiError::bad_request(
                "invalid_json",
                "the body must be a JSON object",
            )),
            Err(error) => Err(ApiError::bad_request(
                "invalid_json",
                format!("the body is not JSON: {error}"),
            )),
        }
    }

    fn of_object(path: &str, fields: Map<String, Value>) -> Self {
        Self {
            path: path.to_owned(),
            left: fields,
            known: Vec::new(),
        }
    }

    /// A field that may be missing or null.
    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        self.left.remove(name).filter(|value| !value.is_null())
    }

    /// Text that may be missing.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<String>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.wrong_type(name, "text", &other)),
        }
    }

    /// Text of `most` characters at most, that may be missing.
    pub(crate) fn short_text(
        &mut self,
        name: &'static str,
        most: usize,
    ) -> Result<Option<String>, ApiError> {
        let text = self.text(name)?;
        if text
            .as_ref()
            .is_some_and(|text| text.chars().count() > most)
        {
            let message = format!("{}.{name} is longer than {most} characters", self.path);
            return Err(invalid("invalid_value", message));
        }
        Ok(text)
    }

    /// Text that must be there.
    pub(crate) fn required_text(
        &mut self,
        name: &'static str,
        most: usize,
    ) -> Result<String, ApiError> {
        self.short_text(name, most)?.ok_or_else(|| {
            let near = nearest(name, self.left.keys().map(String::as_str))
                .map(|near| format!("; there is {}.{} instead", self.path, shortened(near)))
                .unwrap_or_default();
            invalid(
                "missing_field",
                format!("{}.{name} is missing{near}", self.path),
            )
        })
    }

    /// A truth value that may be missing.
    pub(crate) fn flag(&mut self, name: &'static str) -> Result<Option<bool>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(other) => Err(self.wrong_type(name, "true or false", &other)),
        }
    }

    /// A Freshdesk id that may be missing.
    pub(crate) fn id(&mut self, name: &'static str) -> Result<Option<i64>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(value) => match value.as_i64().filter(|id| *id > 0) {
                Some(id) => Ok(Some(id)),
                None => Err(self.wrong_type(name, "a positive whole number", &value)),
            },
        }
    }

    /// A number of seconds, not negative, that must be there.
    pub(crate) fn seconds(&mut self, name: &'static str) -> Result<f64, ApiError> {
        let value = self.take(name).unwrap_or_default();
        value
            .as_f64()
            .filter(|seconds| (0.0..=1.0e10).contains(seconds))
            .ok_or_else(|| self.wrong_type(name, "a number of seconds, not negative", &value))
    }

    /// One of some words, that may be missing.
    pub(crate) fn word<T: Copy>(
        &mut self,
        name: &'static str,
        words: &[(&'static str, T)],
    ) -> Result<Option<T>, ApiError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Ok(Some(*value));
        }
        let all: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        let near = nearest(&text, all.iter().copied())
            .map(|near| format!("; did you mean {near:?}?"))
            .unwrap_or_default();
        Err(invalid(
            "invalid_value",
            format!(
                "{}.{name} is {}, not one of {}{near}",
                self.path,
                shortened(format_args!("{text:?}")),
                all.join(", ")
            ),
        ))
    }

    /// An object that may be missing.
    pub(crate) fn object(&mut self, name: &'static str) -> Result<Option<Self>, ApiError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(Self::of_object(
                &format!("{}.{name}", self.path),
                fields,
            ))),
            Some(other) => Err(self.wrong_type(name, "an object", &other)),
        }
    }

    /// Refuses what has not been read.
    pub(crate) fn finish(self) -> Result<(), ApiError> {
        let Some(unknown) = self.left.keys().next() else {
            return Ok(());
        };
        let near = nearest(unknown, self.known.iter().copied())
            .map(|near| format!("; did you mean {near:?}?"))
            .unwrap_or_default();
        Err(invalid(
            "unknown_field",
            format!(
                "{}.{} is not a field here{near} The fields are {}",
                self.path,
                shortened(unknown),
                self.known.join(", ")
            ),
        ))
    }

    fn wrong_type(&self, name: &str, expected: &str, found: &Value) -> ApiError {
        // What was found may be a key pasted into the wrong field: say its kind only.
        let found = match found {
            Value::Null => "missing",
            Value::Bool(_) => "a truth value",
            Value::Number(_) => "a number that is not",
            Value::String(_) => "text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        invalid(
            "invalid_value",
            format!("{}.{name} must be {expected}, and is {found}", self.path),
        )
    }
}

fn invalid(code: &'static str, message: String) -> ApiError {
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        Self::of_body(&json_body(request).await?)
    }
}

/// The body of a request that says it is JSON, up to a limit.
pub(crate) async fn json_body(request: Request) -> Result<Bytes, ApiError> {
    if !is_json(request.headers()) {
        return Err(ApiError::not_json_type());
    }
    match Limited::new(request.into_body(), BODY_LIMIT)
        .collect()
        .await
    {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(ApiError::too_large(BODY_LIMIT)),
        Err(_) => Err(ApiError::bad_request("invalid_json", "the body broke off")),
    }
}

/// Whether the body says it is JSON.
fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| {
            let kind = kind.trim().to_ascii_lowercase();
            kind == "application/json" || kind.ends_with("+json")
        })
}
