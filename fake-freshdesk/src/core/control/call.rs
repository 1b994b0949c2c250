//! Reading a control request, and its errors.

use bytes::Bytes;
use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::core::v2::errors::Failure;
use crate::core::v2::{Json, to_vec};
use crate::core::words;

/// A request to the control API.
#[derive(Clone, Debug)]
pub struct ControlRequest<'a> {
    /// The verb.
    pub method: Method,
    /// The path, from `/control/v1/`.
    pub path: &'a str,
    /// The query without its `?`.
    pub query: Option<&'a str>,
    /// The body.
    pub body: Bytes,
    /// Scheme and authority to build attachment URLs with.
    pub base: &'a str,
}

/// A reply of the control API.
#[derive(Clone, Debug)]
pub struct ControlReply {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body; `None` for a 204.
    pub body: Option<Vec<u8>>,
}

impl ControlReply {
    pub(super) fn json(status: u16, body: &impl Serialize) -> ControlReply {
        ControlReply {
            status,
            body: Some(serde_json::to_vec(body).unwrap_or_default()),
        }
    }

    /// JSON that writes itself.
    pub(super) fn written(status: u16, body: &impl Json) -> ControlReply {
        ControlReply {
            status,
            body: Some(to_vec(body)),
        }
    }

    pub(super) fn ok(body: &impl Serialize) -> ControlReply {
        ControlReply::json(200, body)
    }

    pub(super) fn created(body: &impl Serialize) -> ControlReply {
        ControlReply::json(201, body)
    }

    pub(super) fn nothing() -> ControlReply {
        ControlReply {
            status: 204,
            body: None,
        }
    }
}

/// Why a control call is not answered with success.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The control API's own envelope.
    Control {
        status: u16,
        code: &'static str,
        message: String,
        path: String,
    },
    /// The v2 API's validation of a rule.
    V2(Failure),
}

pub(super) type Result<T = ControlReply> = std::result::Result<T, Refusal>;

impl Refusal {
    pub(super) fn not_found(what: impl std::fmt::Display) -> Refusal {
        Refusal::Control {
            status: 404,
            code: "not_found",
            message: format!("there is no {what}"),
            path: "$".into(),
        }
    }

    pub(super) fn conflict(field: &str, message: String) -> Refusal {
        Refusal::Control {
            status: 409,
            code: "conflict",
            message,
            path: format!("$.{field}"),
        }
    }

    pub(super) fn invalid(field: &str, message: String) -> Refusal {
        Refusal::Control {
            status: 400,
            code: "invalid_value",
            message,
            path: format!("$.{field}"),
        }
    }

    pub(super) fn unknown_field(field: &str, message: String) -> Refusal {
        Refusal::Control {
            status: 400,
            code: "unknown_field",
            message,
            path: format!("$.{field}"),
        }
    }

    pub(super) fn missing(field: &str, message: String) -> Refusal {
        Refusal::Control {
            status: 400,
            code: "missing_field",
            message,
            path: format!("$.{field}"),
        }
    }

    pub(super) fn reply(&self) -> ControlReply {
        match self {
            Refusal::Control {
                status,
                code,
                message,
                path,
            } => ControlReply::json(
                *status,
                &json!({"error": {"code": code, "message": message, "path": path}}),
            ),
            Refusal::V2(failure) => ControlReply {
                status: failure.status(),
                body: Some(
                    failure
                        .body()
                        .unwrap_or_else(|| json!({}))
                        .to_string()
                        .into_bytes(),
                ),
            },
        }
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Refusal::V2(failure)
    }
}

/// The words between backticks in serde's messages.
fn quoted(message: &str) -> Vec<&str> {
    message.split('`').skip(1).step_by(2).collect()
}

/// Says in the control API's words what serde found wrong, and where.
fn refusal(error: &serde_path_to_error::Error<serde_json::Error>) -> Refusal {
    let inner = error.inner();
    let message = inner.to_string();
    let message = message
        .split(" at line ")
        .next()
        .unwrap_or(&message)
        .to_owned();
    let at = match error.path().to_string().as_str() {
        "." | "" => "$".to_owned(),
        path => format!("$.{path}"),
    };
    let words = quoted(&message);
    let within = |name: &str| {
        if at.ends_with(&format!(".{name}")) {
            at.clone()
        } else {
            format!("{at}.{name}")
        }
    };
    let (code, message, path) = match (message.as_str(), words.as_slice()) {
        (text, [word, known @ ..]) if text.starts_with("unknown field") => (
            "unknown_field",
            words::unknown("field", word, known.iter().copied()),
            within(word),
        ),
        (text, [word, ..]) if text.starts_with("missing field") => (
            "missing_field",
            format!("`{word}` is missing"),
            within(word),
        ),
        (text, [word, known @ ..]) if text.starts_with("unknown variant") => (
            "invalid_value",
            words::unknown("value", word, known.iter().copied()),
            at,
        ),
        (text, _) if text.starts_with("invalid type") => ("wrong_type", message, at),
        _ => ("invalid_value", message, at),
    };
    Refusal::Control {
        status: 400,
        code,
        message,
        path,
    }
}

/// Reads a typed body. An empty one counts as `{}`.
pub(super) fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T> {
    let value = read_any(body)?;
    serde_path_to_error::deserialize(value).map_err(|error| refusal(&error))
}

/// Reads a body that is any JSON object.
pub(super) fn read_any(body: &Bytes) -> Result<Value> {
    let bytes: &[u8] = if body.is_empty() { b"{}" } else { body };
    match serde_json::from_slice::<Value>(bytes) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(Refusal::Control {
            status: 400,
            code: "wrong_type",
            message: "the body must be a JSON object".to_owned(),
            path: "$".to_owned(),
        }),
        Err(error) => Err(Refusal::Control {
            status: 400,
            code: "invalid_json",
            message: format!("the body is no JSON: {error}"),
            path: "$".to_owned(),
        }),
    }
}
