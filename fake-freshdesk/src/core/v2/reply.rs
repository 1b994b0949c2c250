//! What goes back: the reply, and the headers that every answer has.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::Value;

use super::base::Base;
use super::call::{Answer, Result};
use super::errors::Failure;
use crate::core::account::Account;
use crate::core::faults::{Connection, FaultAnswer};
use crate::core::ids::uuid;
use crate::core::plan::Plan;
use crate::core::quota::Class;
use crate::core::settings::LimitBody;
use crate::core::time::Ms;

/// A reply of the v2 API.
#[derive(Clone, Debug)]
pub struct ApiReply {
    /// The HTTP status.
    pub status: u16,
    /// Headers of its own, besides content type and length.
    pub headers: Vec<(&'static str, Cow<'static, str>)>,
    /// What every answer of the API carries; `None` beside the API.
    pub stamp: Option<Stamp>,
    /// The content type, if there is one.
    pub content_type: Option<&'static str>,
    /// The body.
    pub body: Bytes,
    /// Answer so many milliseconds late.
    pub delay_ms: Ms,
    /// What happens to the connection.
    pub connection: Option<Connection>,
    /// The `Date` header is off by so many milliseconds.
    pub date_skew_ms: Ms,
}

/// What every answer of the API carries besides its own headers. [O, section 11]
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// The number of the request; its `x-request-id` is made of it.
    pub request_id: u64,
    /// The rate limit headers, where the answer has them.
    pub rate: Option<Rate>,
}

/// The figures in the rate limit headers.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// The account's allowance a minute.
    pub total: u32,
    /// What is left of it.
    pub remaining: u32,
    /// What this call cost.
    pub used: u32,
    /// Trials spell the first two with a decimal: `50.0`. (O)
    pub decimals: bool,
}

impl Stamp {
    /// Headers that are the same on every answer.
    pub const SAME: [(&'static str, &'static str); 4] = [
        ("x-freshdesk-api-version", "latest=v2; requested=v2"),
        ("cache-control", "no-store"),
        ("pragma", "no-cache"),
        ("expires", "Wed, 13 Oct 2010 00:00:00 UTC"),
    ];

    /// The `x-request-id`.
    #[must_use]
    pub fn request_id(&self) -> String {
        uuid(self.request_id)
    }
}

impl Rate {
    /// The three headers, by name.
    #[must_use]
    pub fn headers(&self) -> [(&'static str, String); 3] {
        let spell = |number: u32| {
            if self.decimals {
                format!("{number}.0")
            } else {
                number.to_string()
            }
        };
        [
            ("x-ratelimit-total", spell(self.total)),
            ("x-ratelimit-remaining", spell(self.remaining)),
            ("x-ratelimit-used-currentrequest", self.used.to_string()),
        ]
    }
}

/// The `status` header: `201 Created`. (O)
#[must_use]
pub fn status_line(status: u16) -> Cow<'static, str> {
    if status == 200 {
        return Cow::Borrowed("200 OK");
    }
    let phrase = http::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    format!("{status} {}", phrase.unwrap_or_default()).into()
}

pub(super) const JSON: &str = "application/json; charset=utf-8";
pub(super) const HTML: &str = "text/html; charset=utf-8";

impl ApiReply {
    pub(super) fn bare(
        status: u16,
        content_type: Option<&'static str>,
        body: impl Into<Bytes>,
    ) -> ApiReply {
        ApiReply {
            status,
            headers: Vec::new(),
            stamp: None,
            content_type,
            body: body.into(),
            delay_ms: 0,
            connection: None,
            date_skew_ms: 0,
        }
    }
}

/// What quota and journal need to know of a call.
pub(super) struct Metered {
    pub(super) class: Class,
    pub(super) cost: u32,
    pub(super) remaining: Option<u32>,
    pub(super) agent: Option<i64>,
    /// Fields that were accepted and that nobody read.
    pub(super) unread: Vec<String>,
}

/// What came of a call.
pub(super) enum Replied {
    Answer(Answer),
    Fault(ApiReply),
}

/// The page for a host that is no helpdesk. [O STK; status I]
pub(super) fn unknown_host(host: &str) -> ApiReply {
    let host = host.replace(['<', '>', '&', '"'], "");
    let page = format!(
        "<!doctype html><html><head><title>There is no helpdesk here!</title></head>\
         <body><h1>There is no helpdesk here!</h1><p>Maybe this is still fresh! \
         You can claim it now at http://www.freshservice.com/signup</p><!-- {host} --></body></html>"
    );
    ApiReply::bare(404, Some(HTML), page)
}

/// What a customer's own name for the helpdesk answers on every path: the API
/// is not there, and some headers are all the same. [O REV]
pub(super) fn vanity_host() -> ApiReply {
    let mut reply = ApiReply::bare(404, Some(HTML), "");
    reply.headers.extend([
        ("x-ratelimit-total", Cow::Borrowed("5000")),
        ("x-fw-ratelimiting-managed", Cow::Borrowed("false")),
    ]);
    reply
}

/// The headers that the journal keeps, besides the rate limit's.
pub(super) fn journalled(reply: &ApiReply) -> Vec<(&'static str, Cow<'static, str>)> {
    let kept = |name: &str| matches!(name, "retry-after" | "location" | "link");
    reply
        .headers
        .iter()
        .filter(|(name, _)| kept(name))
        .cloned()
        .collect()
}

pub(super) fn fault_answer(answer: &FaultAnswer) -> ApiReply {
    let (content_type, body) = match (&answer.content_type, &answer.body) {
        (_, None) => (JSON, String::new()),
        (Some(kind), Some(Value::String(text))) if !kind.contains("json") => (HTML, text.clone()),
        (None, Some(Value::String(text))) => (HTML, text.clone()),
        (_, Some(Value::String(text))) => (JSON, text.clone()),
        (_, Some(body)) => (JSON, body.to_string()),
    };
    let mut reply = ApiReply::bare(answer.status, Some(content_type), body);
    if let Some(seconds) = answer.retry_after_seconds {
        reply
            .headers
            .push(("retry-after", seconds.to_string().into()));
    }
    if let Some(location) = &answer.location {
        reply.headers.push(("location", location.clone().into()));
    }
    reply
}

/// Puts the headers on that every answer of the API has. [O, section 11]
pub(super) fn finish(
    account: &Account,
    request_id: u64,
    base: Base<'_>,
    result: Result<Replied>,
    metered: &Metered,
) -> ApiReply {
    let settings = &account.settings;
    let mut rate_headers = metered.remaining.is_some();
    let mut reply = match result {
        Ok(Replied::Fault(reply)) => {
            rate_headers = reply.status != 429;
            reply
        }
        Ok(Replied::Answer(answer)) => {
            let content_type = answer.body.is_some().then_some(JSON);
            let mut reply =
                ApiReply::bare(answer.status, content_type, answer.body.unwrap_or_default());
            if let Some(path) = answer.location {
                reply
                    .headers
                    .push(("location", format!("{base}/api/v2/{path}").into()));
            }
            if let Some(link) = answer.link {
                reply.headers.push(("link", link.into()));
            }
            reply
        }
        Err(failure) => failed(account, &failure, &mut rate_headers),
    };
    reply.stamp = Some(Stamp {
        request_id,
        rate: rate_headers.then(|| Rate {
            total: account.quota().total,
            remaining: metered.remaining.unwrap_or_default(),
            used: metered.cost,
            decimals: account.plan == Plan::Trial && settings.float_rate_headers_on_trial,
        }),
    });
    reply.date_skew_ms = crate::core::settings::duration(settings.date_header_skew_seconds);
    reply
}

fn failed(account: &Account, failure: &Failure, rate_headers: &mut bool) -> ApiReply {
    let status = failure.status();
    if let Failure::Limit { retry_after } = failure {
        *rate_headers = account.settings.rate_headers_on_429;
        let body = match account.settings.limit_body {
            LimitBody::Empty => "",
            LimitBody::Message => {
                "{\"message\":\"You have exceeded the limit of requests per minute\"}"
            }
        };
        let mut reply = ApiReply::bare(status, Some(JSON), body);
        reply
            .headers
            .push(("retry-after", retry_after.to_string().into()));
        return reply;
    }
    // An empty body that called itself JSON would break clients that parse it.
    let mut reply = match failure.body() {
        Some(body) => ApiReply::bare(status, Some(JSON), body.to_string()),
        None => ApiReply::bare(status, Some(HTML), ""),
    };
    if let Failure::Method { allow, .. } = failure {
        reply.headers.push(("allow", allow.clone().into()));
    }
    reply
}
