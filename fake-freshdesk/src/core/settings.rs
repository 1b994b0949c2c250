//! The named defaults: every behaviour that public material leaves open, or
//! answers in two ways, is one switch here. `docs/fidelity.md` says for each
//! where it comes from and how sure we are.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::time::{Ms, SECOND};

/// When a quota window begins. Public material leaves it open. [I]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum QuotaWindow {
    /// With each minute of the clock.
    ClockMinute,
    /// With the first call after the last window ended.
    FirstCall,
}

/// What a 429 carries. [O NODE: empty; O PHP client: message]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LimitBody {
    /// Nothing.
    Empty,
    /// The sentence of the old hour model.
    Message,
}

/// What the API answers on a Free account. [D: no API; I: the form]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FreePlanAnswer {
    /// 403 `require_feature`.
    RequireFeature,
    /// 429, as a limit of 0 would have it.
    LimitExceeded,
}

/// An account's switches; see `docs/fidelity.md` for their sources.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// Rules run so long after the change that woke them.
    pub(crate) rule_delay_seconds: f64,
    /// When a quota window begins.
    pub(crate) quota_window: QuotaWindow,
    /// Trial accounts spell rate headers as decimals (`50.0`). [O FDM]
    pub(crate) float_rate_headers_on_trial: bool,
    /// A 429 carries the `X-RateLimit-*` headers too.
    pub(crate) rate_headers_on_429: bool,
    /// What a 429 carries as body.
    pub(crate) limit_body: LimitBody,
    /// What the API answers on the Free plan.
    pub(crate) free_plan_answer: FreePlanAnswer,
    /// Plain http is refused with `ssl_required`.
    pub(crate) ssl_required: bool,
    /// `Authorization` may be a bare base64 token, or the key itself. [I, n8n]
    pub(crate) bare_authorization: bool,
    /// HEAD is answered like GET, without the body, as Rails does. [I]
    pub(crate) head_like_get: bool,
    /// A rule's webhook calls use up API credits. [D F272646]
    pub(crate) webhooks_count_against_quota: bool,
    /// More calls than this in a clock hour are postponed. [I: 1000]
    pub(crate) webhook_hourly_cap: u32,
    /// A postponed call is dropped after so long. [D S225431]
    pub(crate) webhook_drop_after_seconds: f64,
    /// A receiver that takes longer has failed. [I]
    pub(crate) webhook_timeout_seconds: f64,
    /// Waits before the 2nd, 3rd, … try, each counted from the try before. [D WFE]
    pub(crate) webhook_retry_after_seconds: Vec<f64>,
    /// 4xx answers are tried again like all failures. [I]
    pub(crate) webhook_retry_client_errors: bool,
    /// The seeded *reopen on customer reply* rule also covers Closed. [I]
    pub(crate) reopen_rule_covers_closed: bool,
    /// A rule runs at most so often on one ticket within the window below. [I]
    pub(crate) loop_guard_executions: u32,
    /// The loop guard's window.
    pub(crate) loop_guard_window_seconds: f64,
    /// Rules hear of due times that are missed, as they are. [I]
    pub(crate) sla_events: bool,
    /// `due_by` and `fr_due_by` show up so long after creation. [D/O]
    pub(crate) due_by_delay_seconds: f64,
    /// An agent who is no member of the ticket's group is dropped. [O FDM]
    pub(crate) drop_responder_outside_group: bool,
    /// Sum of the files of one request, in bytes (20 MB). [D]
    pub(crate) attachment_limit_bytes: u64,
    /// The sum counts what the ticket already has. [I: no]
    pub(crate) attachment_limit_counts_ticket: bool,
    /// The code of the too-large answer. [I]
    pub(crate) attachment_limit_code: String,
    /// A signed attachment URL is good for so long. [O ZAMR]
    pub(crate) attachment_url_seconds: u32,
    /// Searches see a change only so long after it. [D: "a few minutes"; I]
    pub(crate) search_lag_seconds: f64,
    /// Subject and description are mandatory on API create. [D: depends on the form]
    pub(crate) require_subject_and_description: bool,
    /// Conversations, time entries and ratings of a deleted ticket are 404. [O TAP]
    pub(crate) deleted_ticket_parts_are_404: bool,
    /// Customers rate on the older scale of 1, 2, 3. [D]
    pub(crate) classic_satisfaction_ratings: bool,
    /// Closed tickets leave the API for the archive after so many days. [O FDM]
    pub(crate) archive_after_days: f64,
    /// Bodies come in structured form too. [D, since 2025]
    pub(crate) structured_bodies: bool,
    /// Lists of rules are wrapped, with `meta`, as the reference's sample is. [D sample]
    pub(crate) rule_list_wrapped: bool,
    /// A customer's own name for the helpdesk, which serves no API. [O REV]
    pub(crate) vanity_host: Option<String>,
    /// How many full-time agents the account may have. [D code]
    pub(crate) agent_limit: Option<u32>,
    /// Bulk jobs are done so long after they were asked for. [I]
    pub(crate) job_seconds: f64,
    /// A webhook action without URL or method is answered with 500. [O TFP]
    pub(crate) incomplete_webhook_action_is_500: bool,
    /// The 201 of a nested field is wrapped in `ticket_field`, as the
    /// reference's sample is. [D sample]
    pub(crate) nested_field_answer_wrapped: bool,
    /// Reads of rules show the `resource_type` of their conditions. [O: they do not]
    pub(crate) rules_show_resource_type: bool,
    /// Contacts and companies refuse custom fields that are not in their
    /// forms; otherwise they keep whatever comes. [I]
    pub(crate) check_person_custom_fields: bool,
    /// Calls and webhooks meet faults drawn from this seed, the same ones for
    /// the same order of calls. A fault, not a default.
    pub(crate) chaos_seed: Option<u64>,
    /// `Date` headers are off by so much. A fault, not a default.
    pub(crate) date_header_skew_seconds: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            rule_delay_seconds: 1.0,
            quota_window: QuotaWindow::ClockMinute,
            float_rate_headers_on_trial: true,
            rate_headers_on_429: false,
            limit_body: LimitBody::Empty,
            free_plan_answer: FreePlanAnswer::RequireFeature,
            ssl_required: false,
            bare_authorization: true,
            head_like_get: true,
            webhooks_count_against_quota: true,
            webhook_hourly_cap: 1_000,
            webhook_drop_after_seconds: 86_400.0,
            webhook_timeout_seconds: 10.0,
            webhook_retry_after_seconds: vec![300.0, 1_800.0, 3_600.0],
            webhook_retry_client_errors: true,
            reopen_rule_covers_closed: true,
            loop_guard_executions: 100,
            loop_guard_window_seconds: 3_600.0,
            sla_events: true,
            due_by_delay_seconds: 3.0,
            drop_responder_outside_group: true,
            attachment_limit_bytes: 20 * 1024 * 1024,
            attachment_limit_counts_ticket: false,
            attachment_limit_code: "invalid_size".to_owned(),
            attachment_url_seconds: 300,
            search_lag_seconds: 120.0,
            require_subject_and_description: false,
            deleted_ticket_parts_are_404: true,
            classic_satisfaction_ratings: false,
            archive_after_days: 120.0,
            structured_bodies: true,
            rule_list_wrapped: false,
            vanity_host: None,
            agent_limit: None,
            job_seconds: 2.0,
            incomplete_webhook_action_is_500: true,
            nested_field_answer_wrapped: false,
            rules_show_resource_type: false,
            check_person_custom_fields: true,
            chaos_seed: None,
            date_header_skew_seconds: 0.0,
        }
    }
}

/// Seconds of a setting or a control call as [`Ms`], to the millisecond.
pub(crate) fn duration(seconds: f64) -> Ms {
    (seconds * SECOND as f64).round() as Ms
}

/// Why a settings patch was refused: which field, and what about it.
pub(crate) struct BadSetting {
    pub(crate) field: String,
    pub(crate) message: String,
    pub(crate) unknown: bool,
}

impl Settings {
    /// The names of all switches, in the order of `docs/fidelity.md`.
    pub(crate) fn names() -> Vec<String> {
        match serde_json::to_value(Settings::default()) {
            Ok(Value::Object(map)) => map.keys().cloned().collect(),
            _ => Vec::new(),
        }
    }

    /// These settings with some replaced; all or nothing.
    pub(crate) fn patched(
        &self,
        patch: &serde_json::Map<String, Value>,
    ) -> Result<Settings, BadSetting> {
        let mut current = match serde_json::to_value(self) {
            Ok(Value::Object(map)) => map,
            _ => serde_json::Map::new(),
        };
        for (field, value) in patch {
            if !current.contains_key(field) {
                let names = Settings::names();
                return Err(BadSetting {
                    field: field.clone(),
                    message: super::words::unknown(
                        "setting",
                        field,
                        names.iter().map(String::as_str),
                    ),
                    unknown: true,
                });
            }
            current.insert(field.clone(), value.clone());
            let trial: Result<Settings, _> = serde_json::from_value(Value::Object(current.clone()));
            let negative = value.as_f64().is_some_and(|number| number < 0.0)
                && field != "date_header_skew_seconds";
            match trial {
                Ok(_) if !negative => {}
                Ok(_) => {
                    return Err(BadSetting {
                        field: field.clone(),
                        message: format!("`{field}` must not be negative"),
                        unknown: false,
                    });
                }
                Err(error) => {
                    return Err(BadSetting {
                        field: field.clone(),
                        message: error.to_string(),
                        unknown: false,
                    });
                }
            }
        }
        serde_json::from_value(Value::Object(current)).map_err(|error| BadSetting {
            field: String::new(),
            message: error.to_string(),
            unknown: false,
        })
    }
}
