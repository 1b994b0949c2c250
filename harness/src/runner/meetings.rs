//! Whether a run met what it was meant to meet. A scenario about retries that
//! saw no retry has tested nothing, and must not end green.

use super::judge::retries;
use crate::scenario::document::Meeting;
use crate::trace::{Entry, Trace};

/// Whether the trace holds what was to be met.
pub(crate) fn met(trace: &Trace, meeting: Meeting) -> bool {
    let calls = || trace.of_kind("api_call");
    match meeting {
        Meeting::RateLimit => calls().any(|call| call.number("status") == Some(429)),
        Meeting::Retry => !retries(&calls().collect::<Vec<&Entry>>()).is_empty(),
        Meeting::Duplicate => trace
            .of_kind("fault")
            .any(|fault| fault.data.pointer("/effect/webhook") == Some(&"duplicated".into())),
        Meeting::WebhookFailure => trace
            .of_kind("webhook_result")
            .any(|result| result.text("outcome") == "failed"),
    }
}

/// What was to be met, in words.
pub(crate) fn words(meeting: Meeting) -> &'static str {
    match meeting {
        Meeting::RateLimit => "a 429 from Freshdesk",
        Meeting::Retry => "a request sent again after a 429",
        Meeting::Duplicate => "a webhook delivered twice",
        Meeting::WebhookFailure => "a failed webhook delivery",
    }
}
