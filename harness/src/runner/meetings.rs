//! Whether a run met what it was meant to meet. A scenario about retries that
//! saw no retry has tested nothing, and must not end green.

use super::judge::calls::retries;
use crate::scenario::document::Meeting;
use crate::trace::{Entry, Trace};

/// Whether the trace holds what was to be met.
pub(crate) fn met(trace: &Trace, meeting: Meeting) -> bool {
    let calls = || trace.of_kind("api_call");
    match meeting {
        Meeting::RateLimit => calls().any(|call| call.status() == Some(429)),
        Meeting::Retry => !retries(&calls().collect::<Vec<&Entry>>()).is_empty(),
        Meeting::Duplicate => trace
            .of_kind("fault")
            .any(|fault| fault.find("/effect/webhook") == Some(&"duplicated".into())),
        Meeting::LostWebhook => trace
            .of_kind("fault")
            .any(|fault| fault.find("/effect/webhook") == Some(&"lost".into())),
        Meeting::LateWebhook => trace
            .of_kind("fault")
            .any(|fault| fault.find("/effect/webhook/delayed_seconds").is_some()),
        Meeting::Fault => trace
            .of_kind("fault")
            .any(|fault| fault.find("/effect/webhook").is_none()),
        Meeting::Reset => trace.of_kind("fault").any(|fault| {
            let effect = fault.find("/effect/connection");
            effect == Some(&"reset_after_effect".into()) || effect == Some(&"truncated_body".into())
        }),
        Meeting::Restart => trace.of_kind("bridge_restarted").next().is_some(),
        Meeting::RuleLoop => trace
            .of_kind("rule_decision")
            .any(|decision| decision.find("/reason/code") == Some(&"loop_guard".into())),
        Meeting::SecondPage => calls().any(|call| {
            call.text("query").split('&').any(|part| {
                part.strip_prefix("page=")
                    .and_then(|page| page.parse::<u32>().ok())
                    .is_some_and(|page| page > 1)
            })
        }),
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
        Meeting::LostWebhook => "a webhook that never arrived",
        Meeting::LateWebhook => "a webhook that arrived late",
        Meeting::Fault => "a call that Freshdesk did not answer as usual",
        Meeting::Reset => "a connection that broke after the work was done",
        Meeting::Restart => "a bridge that was killed and started again",
        Meeting::RuleLoop => "a rule that was stopped by the loop guard",
        Meeting::SecondPage => "a list beyond its first page",
    }
}
