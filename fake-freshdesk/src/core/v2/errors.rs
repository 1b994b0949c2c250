//! The two error envelopes, and every error the API answers with.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

/// Codes of the official table, and the two seen live. [D API, O FDM]
pub(crate) mod code {
    pub(crate) const MISSING_FIELD: &str = "missing_field";
    pub(crate) const INVALID_VALUE: &str = "invalid_value";
    pub(crate) const DUPLICATE_VALUE: &str = "duplicate_value";
    pub(crate) const DATATYPE_MISMATCH: &str = "datatype_mismatch";
    pub(crate) const INVALID_FIELD: &str = "invalid_field";
    pub(crate) const READONLY_FIELD: &str = "readonly_field";
    pub(crate) const INCOMPATIBLE_FIELD: &str = "incompatible_field";
    pub(crate) const INCONSISTENT_STATE: &str = "inconsistent_state";
}

/// One entry of a validation answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct FieldError {
    pub(crate) field: String,
    #[serde(skip_serializing_if = "Option::is_none", rename = "additional_info")]
    pub(crate) extra: Option<Box<Value>>,
    pub(crate) message: String,
    pub(crate) code: Cow<'static, str>,
}

impl FieldError {
    pub(crate) fn new(field: &str, message: impl Into<String>, code: &'static str) -> Self {
        FieldError {
            field: field.to_owned(),
            extra: None,
            message: message.into(),
            code: code.into(),
        }
    }

    /// A key nobody knows, in the body or the query. [O]
    pub(crate) fn unexpected(field: &str) -> Self {
        FieldError::new(
            field,
            "Unexpected/invalid field in request",
            code::INVALID_FIELD,
        )
    }

    /// A mandatory key is not there. [D]
    pub(crate) fn missing(field: &str) -> Self {
        FieldError::new(field, "Mandatory attribute missing", code::MISSING_FIELD)
    }

    /// The wrong JSON type. [O Freshservice]
    pub(crate) fn mismatch(field: &str, expected: &str) -> Self {
        FieldError::new(
            field,
            format!("It should be a/an {expected}"),
            code::DATATYPE_MISMATCH,
        )
    }

    /// None of the values there are. [O WFE]
    pub(crate) fn choice(field: &str, values: impl std::fmt::Display) -> Self {
        FieldError::new(
            field,
            format!("It should be one of these values: '{values}'"),
            code::INVALID_VALUE,
        )
    }

    /// A mandatory value is blank. [I]
    pub(crate) fn blank(field: &str) -> Self {
        FieldError::new(
            field,
            "It should not be blank as this is a mandatory field",
            code::INVALID_VALUE,
        )
    }

    /// The id of something that is not there. [I]
    pub(crate) fn nothing_matches(field: &str, what: &str) -> Self {
        FieldError::new(
            field,
            format!("There is no {what} matching the given {field}"),
            code::INVALID_VALUE,
        )
    }
}

/// Why a call is not answered with success.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    /// `{"code", "message"}`
    Request {
        status: u16,
        code: &'static str,
        message: String,
    },
    /// `{"description": "Validation failed", "errors": […]}`
    Validation {
        status: u16,
        errors: Vec<FieldError>,
    },
    /// No body at all, as most 404s have it. [O NODE]
    Bare(u16),
    /// 405 with the verbs there are. [D]
    Method { allow: String, message: String },
    /// 429.
    Limit { retry_after: u64 },
}

impl Failure {
    pub(crate) const NOT_FOUND: Failure = Failure::Bare(404);

    pub(crate) fn validation(errors: Vec<FieldError>) -> Failure {
        Failure::Validation {
            status: 400,
            errors,
        }
    }

    pub(crate) fn field(error: FieldError) -> Failure {
        Failure::validation(vec![error])
    }

    pub(crate) fn conflict(error: FieldError) -> Failure {
        Failure::Validation {
            status: 409,
            errors: vec![error],
        }
    }

    /// 401, for missing, malformed and wrong credentials alike. [O PYF]
    pub(crate) fn invalid_credentials() -> Failure {
        Failure::Request {
            status: 401,
            code: "invalid_credentials",
            message: "You have to be logged in to perform this action.".to_owned(),
        }
    }

    /// 403 for what the agent may not do. [O TAP]
    pub(crate) fn access_denied() -> Failure {
        Failure::Request {
            status: 403,
            code: "access_denied",
            message: "You are not authorized to perform this action.".to_owned(),
        }
    }

    /// 403 for what the plan does not have. [O FDM; the tail is I]
    pub(crate) fn missing_feature(feature: &str) -> Failure {
        Failure::Request {
            status: 403,
            code: "require_feature",
            message: format!(
                "The {feature} feature(s) is/are not supported in your plan. Please upgrade your account to use it."
            ),
        }
    }

    /// 403 for acting as another agent. [O FDM]
    pub(crate) fn invalid_user() -> Failure {
        Failure::Request {
            status: 403,
            code: "invalid_user",
            message: "You are not authorized to perform this action on behalf of this user."
                .to_owned(),
        }
    }

    /// 403 when the plan's seats are all taken. [D code and status, I text]
    pub(crate) fn max_agents_reached() -> Failure {
        Failure::Request {
            status: 403,
            code: "max_agents_reached",
            message: "You have reached the maximum number of agents allowed in your plan."
                .to_owned(),
        }
    }

    /// 403 on a suspended account. [D code, I status and text]
    pub(crate) fn account_suspended() -> Failure {
        Failure::Request {
            status: 403,
            code: "account_suspended",
            message: "Your account has been suspended.".to_owned(),
        }
    }

    /// 403 over plain http. [D code, I status]
    pub(crate) fn ssl_required() -> Failure {
        Failure::Request {
            status: 403,
            code: "ssl_required",
            message: "HTTPS is required in the API URL.".to_owned(),
        }
    }

    /// 400 for a body that is no JSON. [D code, I shape]
    pub(crate) fn invalid_json() -> Failure {
        Failure::Request {
            status: 400,
            code: "invalid_json",
            message: "Request body has invalid json format".to_owned(),
        }
    }

    /// 400 for a body where none is taken. [D code]
    pub(crate) fn no_content_required() -> Failure {
        Failure::Request {
            status: 400,
            code: "no_content_required",
            message: "No content is required for this request".to_owned(),
        }
    }

    /// 405 on what is deleted, spam or blocked. [D]
    pub(crate) fn frozen(method: &http::Method) -> Failure {
        Failure::Method {
            allow: "GET".to_owned(),
            message: format!(
                "{method} method is not allowed. It should be one of these method(s): GET"
            ),
        }
    }

    /// 406 [D status, I body]
    pub(crate) fn not_acceptable() -> Failure {
        Failure::Request {
            status: 406,
            code: "invalid_accept_header",
            message: "Accept header should be application/json or */*".to_owned(),
        }
    }

    /// 413 [I]
    pub(crate) fn too_large() -> Failure {
        Failure::Request {
            status: 413,
            code: "request_too_large",
            message: "Request entity too large".to_owned(),
        }
    }

    /// 415 [D status, I body]
    pub(crate) fn unsupported_media_type(form: bool) -> Failure {
        let message = if form {
            "Content-Type should be application/json or multipart/form-data"
        } else {
            "Content-Type should be application/json"
        };
        Failure::Request {
            status: 415,
            code: "invalid_content_type",
            message: message.to_owned(),
        }
    }

    /// 500 [O TFP]
    pub(crate) fn internal() -> Failure {
        Failure::Request {
            status: 500,
            code: "internal_error",
            message: "We're sorry, but something went wrong.".to_owned(),
        }
    }

    pub(crate) fn status(&self) -> u16 {
        match self {
            Failure::Request { status, .. }
            | Failure::Validation { status, .. }
            | Failure::Bare(status) => *status,
            Failure::Method { .. } => 405,
            Failure::Limit { .. } => 429,
        }
    }

    /// The JSON body, if there is one.
    pub(crate) fn body(&self) -> Option<Value> {
        match self {
            Failure::Request { code, message, .. } => {
                Some(json!({"code": code, "message": message}))
            }
            Failure::Validation { errors, .. } => {
                Some(json!({"description": "Validation failed", "errors": errors}))
            }
            Failure::Method { message, .. } => {
                Some(json!({"code": "method_not_allowed", "message": message}))
            }
            Failure::Bare(_) | Failure::Limit { .. } => None,
        }
    }
}
