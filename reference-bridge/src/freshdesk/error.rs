//! What can go wrong with a call to Freshdesk, told apart by what can be done
//! about it.

use std::time::Duration;

use serde_json::Value;

/// A call to Freshdesk failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FreshdeskError {
    /// 401: the key is wrong or stale.
    #[error("Freshdesk answered 401: the API key is not valid")]
    Unauthorized,
    /// 403: the key's agent may not do this, or the plan has no such feature.
    #[error("Freshdesk answered 403 {code}: {message}")]
    Forbidden {
        /// Freshdesk's error code.
        code: String,
        /// Freshdesk's message.
        message: String,
    },
    /// 404: no such thing, or no such account.
    #[error("Freshdesk answered 404: there is no {0}")]
    NotFound(String),
    /// Another 4xx: the request is refused and will be refused again.
    #[error("Freshdesk answered {status}: {description}{}", listed(errors))]
    Refused {
        /// The status.
        status: u16,
        /// Freshdesk's description or message.
        description: String,
        /// What it says of each field.
        errors: Vec<FieldError>,
    },
    /// 429 to the last send that is allowed.
    #[error("Freshdesk answered 429 to all {sends} sends{}", without_api(no_quota))]
    RateLimited {
        /// How often it was sent.
        sends: u32,
        /// The last `Retry-After`.
        retry_after: Option<Duration>,
        /// The account has no API calls at all: a Free plan (VER-9).
        no_quota: bool,
        /// Whether a send before got no answer, and may have been carried out.
        unheard: bool,
    },
    /// 5xx, a time-out or a broken connection for a call that may be repeated,
    /// after the last send; nothing is known to have happened.
    #[error("Freshdesk is not available ({0})")]
    Unavailable(String),
    /// A write had to wait for the quota, so that what it was decided on is old;
    /// it was not sent, or not again (FLW-7).
    #[error("the write had to wait for the quota and was not sent")]
    Waited {
        /// How often it was sent in vain.
        sends: u32,
        /// Whether a send got no answer, and may have been carried out.
        unheard: bool,
    },
    /// It is not known whether a post was carried out (FLW-8).
    #[error("it is not known whether Freshdesk carried the post out ({what})")]
    Ambiguous {
        /// What happened.
        what: String,
        /// Whether it may still be on its way.
        in_flight: bool,
    },
    /// A 2xx that cannot be read as what was asked for.
    #[error("Freshdesk's answer cannot be read: {0}")]
    Nonsense(String),
}

/// What Freshdesk says about one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldError {
    /// The field.
    pub(crate) field: String,
    /// The message.
    pub(crate) message: String,
}

fn listed(errors: &[FieldError]) -> String {
    errors
        .iter()
        .map(|error| format!("; {}: {}", error.field, error.message))
        .collect()
}

fn without_api(no_quota: &bool) -> &'static str {
    if *no_quota {
        ": the account's plan has no API calls"
    } else {
        ""
    }
}

impl FreshdeskError {
    /// Reads an error answer, whichever of Freshdesk's two envelopes it is in,
    /// or none.
    pub(super) fn of_answer(status: u16, path: &str, body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |key: &str| {
            body.get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        match status {
            401 => Self::Unauthorized,
            403 => Self::Forbidden {
                code: text("code"),
                message: text("message"),
            },
            404 => Self::NotFound(path.split('?').next().unwrap_or_default().to_owned()),
            _ => Self::Refused {
                status,
                description: if body.get("description").is_some() {
                    text("description")
                } else {
                    text("message")
                },
                errors: body
                    .get("errors")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .map(|error| FieldError {
                        field: error
                            .get("field")
                            .and_then(Value::as_str)
                            .unwrap_or_default()
                            .to_owned(),
                        message: error
                            .get("message")
                            .and_then(Value::as_str)
                            .unwrap_or_default()
                            .to_owned(),
                    })
                    .collect(),
            },
        }
    }

    /// Whether an update that ended so was certainly not carried out.
    pub(crate) fn had_no_effect(&self) -> bool {
        matches!(
            self,
            Self::RateLimited { unheard: false, .. } | Self::Waited { unheard: false, .. }
        )
    }

    /// Whether the plan is the reason: Free has no API (VER-9).
    pub(crate) fn is_plan(&self) -> bool {
        match self {
            Self::Forbidden { code, .. } => code == "require_feature",
            Self::RateLimited { no_quota, .. } => *no_quota,
            _ => false,
        }
    }

    /// The fields that were refused.
    pub(crate) fn refused_fields(&self) -> &[FieldError] {
        match self {
            Self::Refused { errors, .. } => errors,
            _ => &[],
        }
    }
}
