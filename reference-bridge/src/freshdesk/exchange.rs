//! Sending one call: time-outs, 429 discipline and retries (LIM-1, FLW-8).

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use tower::ServiceExt as _;

use super::{
    error::FreshdeskError,
    multipart::Form,
    quota::{Class, Quota, Urgency},
};
use crate::{
    HttpService,
    clock::{Clock, between, later},
    entropy::Entropy,
    policies::{Policies, Recheck},
    whole_body::{self, Unread},
};

/// The largest answer that is read: a page of 100 conversations with long
/// bodies fits many times.
const ANSWER_LIMIT: usize = 64 * 1024 * 1024;

/// Whether a call may be sent again when nobody knows what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nature {
    /// Reads, and writes that only say how things should be.
    Repeatable,
    /// Such a write that was decided on how things were: one that had to wait is sent, or
    /// sent again, only by who has looked again.
    Decided,
    /// Posts: a second one would be seen. One that had to wait is as old.
    Once,
}

/// What a call sends.
#[derive(Clone)]
pub(crate) enum Sent {
    /// Nothing.
    None,
    /// JSON.
    Json(Bytes),
    /// A form with files.
    Form(Form),
}

impl Sent {
    /// Bytes of it.
    fn length(&self) -> u64 {
        match self {
            Self::None => 0,
            Self::Json(bytes) => bytes.len() as u64,
            Self::Form(form) => form.length(),
        }
    }
}

/// One call to the API.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Path and query below `/api/v2`.
    pub(crate) path: String,
    pub(crate) sent: Sent,
    pub(crate) nature: Nature,
    /// How often the same was sent before, and refused: it counts for the retries (LIM-1).
    pub(crate) sends_before: u32,
    /// What the call takes from the quota (facts 2.1).
    pub(crate) cost: u32,
}

impl Call {
    pub(crate) fn get(path: String) -> Self {
        Self {
            method: Method::GET,
            path,
            sent: Sent::None,
            nature: Nature::Repeatable,
            sends_before: 0,
            cost: 1,
        }
    }
}

/// How calls of one account are sent.
#[derive(Clone)]
pub(crate) struct Exchange {
    pub(super) service: HttpService,
    pub(super) domain: Arc<str>,
    pub(super) authorization: HeaderValue,
    pub(super) quota: Arc<Quota>,
    pub(super) clock: Clock,
    pub(super) entropy: Entropy,
    pub(super) policies: Arc<Policies>,
    pub(super) urgency: Urgency,
}

struct Answer {
    /// When the request was sent that was answered.
    sent_at: Timestamp,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

enum Failure {
    /// The request certainly did not reach Freshdesk.
    NotSent(String),
    /// It may have.
    Broken(String),
    TimedOut,
}

impl Exchange {
    /// Sends a call and reads its answer.
    pub(super) async fn read<T: DeserializeOwned>(&self, call: &Call) -> Result<T, FreshdeskError> {
        let answer = self.send(call).await?;
        decode(call, &answer.body)
    }

    /// Sends a call and reads its answer, which shows things as they were no
    /// earlier than the time that is given with it.
    pub(super) async fn read_as_of<T: DeserializeOwned>(
        &self,
        call: &Call,
    ) -> Result<(T, Timestamp), FreshdeskError> {
        let answer = self.send(call).await?;
        Ok((decode(call, &answer.body)?, answer.sent_at))
    }

    /// Sends a call and reads its answer and the path of the next page.
    pub(super) async fn read_page<T: DeserializeOwned>(
        &self,
        call: &Call,
    ) -> Result<(T, Option<String>), FreshdeskError> {
        let answer = self.send(call).await?;
        let items = decode(call, &answer.body)?;
        Ok((items, next_page(&answer.headers)))
    }

    async fn send(&self, call: &Call) -> Result<Answer, FreshdeskError> {
        let class = Class::of(&call.method, &call.path);
        let asked_at = self.clock.now();
        let mut sends = call.sends_before;
        let mut unheard = false;
        loop {
            let permit = self
                .quota
                .admit(class, call.cost, self.urgency, &self.clock)
                .await;
            if call.nature != Nature::Repeatable && self.is_old(asked_at) {
                return Err(FreshdeskError::Waited { sends, unheard });
            }
            sends += 1;
            let outcome = self.send_once(call).await;
            let wait = match outcome {
                Ok(answer) => {
                    self.quota
                        .learn(&answer.headers, call.cost, self.clock.now());
                    drop(permit);
                    if answer.status.is_success() {
                        return Ok(answer);
                    }
                    let is_429 = answer.status == StatusCode::TOO_MANY_REQUESTS;
                    let wait = self.after_refusal(call, class, (sends, unheard), &answer)?;
                    unheard |= !is_429;
                    wait
                }
                Err(failure) => {
                    drop(permit);
                    unheard |= !matches!(failure, Failure::NotSent(_));
                    self.after_failure(call, sends, failure)?
                }
            };
            tracing::debug!(method = %call.method, path = %call.path, sends, ?wait, "will send again");
            self.clock.sleep(wait).await;
        }
    }

    /// Whether what was asked for then had to wait too long for its turn.
    fn is_old(&self, asked_at: Timestamp) -> bool {
        match self.policies.recheck {
            Recheck::WhenOlderThan(age) => between(asked_at, self.clock.now()) > age,
            Recheck::Never => false,
        }
    }

    /// How long to wait after an answer that is no success, if it is worth it.
    fn after_refusal(
        &self,
        call: &Call,
        class: Class,
        (sends, unheard): (u32, bool),
        answer: &Answer,
    ) -> Result<Duration, FreshdeskError> {
        let status = answer.status;
        if status == StatusCode::TOO_MANY_REQUESTS {
            let retry_after = retry_after(&answer.headers, self.clock.now());
            let no_quota = header_is_zero(&answer.headers, "x-ratelimit-total");
            let wait = (!no_quota)
                .then(|| {
                    self.policies
                        .retry
                        .after_429(sends, retry_after, self.entropy.fraction())
                })
                .flatten();
            // Also after the last send everybody else must wait it out.
            let pause = wait.or(retry_after);
            if let Some(pause) = pause {
                self.quota.refuse(class, later(self.clock.now(), pause));
            }
            return wait.ok_or(FreshdeskError::RateLimited {
                sends,
                retry_after,
                no_quota,
                unheard,
            });
        }
        if status.is_server_error() {
            return match call.nature {
                Nature::Once => Err(FreshdeskError::Ambiguous {
                    what: format!("status {status}"),
                    in_flight: false,
                }),
                Nature::Repeatable | Nature::Decided => {
                    self.again(sends, format!("status {status}"))
                }
            };
        }
        Err(FreshdeskError::of_answer(
            status.as_u16(),
            &call.path,
            &answer.body,
        ))
    }

    fn after_failure(
        &self,
        call: &Call,
        sends: u32,
        failure: Failure,
    ) -> Result<Duration, FreshdeskError> {
        match (failure, call.nature) {
            (Failure::NotSent(what), _) => self.again(sends, what),
            (Failure::Broken(what), Nature::Repeatable | Nature::Decided) => {
                self.again(sends, what)
            }
            (Failure::TimedOut, Nature::Repeatable | Nature::Decided) => {
                self.again(sends, "no answer".to_owned())
            }
            (Failure::Broken(what), Nature::Once) => Err(FreshdeskError::Ambiguous {
                what,
                in_flight: false,
            }),
            (Failure::TimedOut, Nature::Once) => Err(FreshdeskError::Ambiguous {
                what: "no answer".to_owned(),
                in_flight: true,
            }),
        }
    }

    fn again(&self, sends: u32, what: String) -> Result<Duration, FreshdeskError> {
        self.policies
            .retry
            .after_failure(sends, self.entropy.fraction())
            .ok_or(FreshdeskError::Unavailable(what))
    }

    async fn send_once(&self, call: &Call) -> Result<Answer, Failure> {
        let request = self.request(call).map_err(Failure::NotSent)?;
        let sent_at = self.clock.now();
        let exchange = async {
            let response = self
                .service
                .clone()
                .oneshot(request)
                .await
                .map_err(|error| {
                    if never_connected(error.as_ref()) {
                        Failure::NotSent("no connection".to_owned())
                    } else {
                        Failure::Broken("the connection broke".to_owned())
                    }
                })?;
            let (parts, body) = response.into_parts();
            let body = whole_body::read(body, ANSWER_LIMIT)
                .await
                .map_err(|unread| {
                    Failure::Broken(match unread {
                        Unread::BrokeOff => "the answer broke off".to_owned(),
                        Unread::TooLarge => "the answer is too large".to_owned(),
                    })
                })?;
            Ok(Answer {
                sent_at,
                status: parts.status,
                headers: parts.headers,
                body,
            })
        };
        let patience = self.policies.call_timeout + self.policies.upload_time(call.sent.length());
        tokio::time::timeout(patience, exchange)
            .await
            .unwrap_or(Err(Failure::TimedOut))
    }

    fn request(&self, call: &Call) -> Result<Request<Body>, String> {
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(format!("https://{}/api/v2{}", self.domain, call.path))
            .header(header::HOST, &*self.domain)
            .header(header::ACCEPT, "application/json")
            .header(
                header::USER_AGENT,
                concat!("reference-bridge/", env!("CARGO_PKG_VERSION")),
            )
            .header(header::AUTHORIZATION, self.authorization.clone());
        let body = match &call.sent {
            Sent::None => Body::empty(),
            Sent::Json(bytes) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(bytes.clone())
            }
            Sent::Form(form) => {
                request = request.header(header::CONTENT_TYPE, form.content_type());
                form.body()
            }
        };
        if !matches!(call.sent, Sent::None) {
            request = request.header(header::CONTENT_LENGTH, call.sent.length());
        }
        request
            .body(body)
            .map_err(|error| format!("the request cannot be built: {error}"))
    }
}

/// Whether the error says that no connection was made at all.
fn never_connected(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut error = Some(error);
    while let Some(one) = error {
        if one
            .downcast_ref::<reqwest::Error>()
            .is_some_and(reqwest::Error::is_connect)
            || one
                .downcast_ref::<std::io::Error>()
                .is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionRefused)
        {
            return true;
        }
        error = one.source();
    }
    false
}

fn decode<T: DeserializeOwned>(call: &Call, body: &[u8]) -> Result<T, FreshdeskError> {
    serde_json::from_slice(body).map_err(|error| match call.nature {
        Nature::Once => FreshdeskError::Ambiguous {
            what: format!("a success whose body cannot be read: {error}"),
            in_flight: false,
        },
        Nature::Repeatable | Nature::Decided => {
            FreshdeskError::Nonsense(format!("{} {}: {error}", call.method, call.path))
        }
    })
}

fn header_is_zero(headers: &HeaderMap, name: &str) -> bool {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .and_then(super::tolerant::parse_integer)
        == Some(0)
}

/// `Retry-After` in seconds (also as a decimal) or as an HTTP date.
fn retry_after(headers: &HeaderMap, now: jiff::Timestamp) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds.ceil()).ok();
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(crate::clock::between(now, at))
}

/// The path of `rel="next"`, below `/api/v2`. Only its path is used: the host
/// stays the one that is configured (SEC-2).
fn next_page(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::LINK)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .find_map(|link| {
            let (target, parameters) = link.split_once('>')?;
            let is_next = parameters
                .split(';')
                .any(|parameter| matches!(parameter.trim(), "rel=\"next\"" | "rel=next"));
            let target = target.trim().strip_prefix('<')?;
            let (_, path) = target.split_once("/api/v2")?;
            (is_next && path.starts_with('/')).then(|| path.to_owned())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(value: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::LINK, value.parse().unwrap());
        next_page(&headers)
    }

    #[test]
    fn the_next_page_is_found_and_its_host_ignored() {
        let next =
            link("<https://evil.example/api/v2/tickets/1/conversations?page=2>; rel=\"next\"");
        assert_eq!(next.as_deref(), Some("/tickets/1/conversations?page=2"));
        assert_eq!(
            link("<https://a.freshdesk.com/api/v2/tickets?page=2>;rel=\"next\"").as_deref(),
            Some("/tickets?page=2")
        );
        assert_eq!(
            link("<https://a.freshdesk.com/api/v2/tickets>; rel=\"prev\""),
            None
        );
        assert_eq!(link("nonsense"), None);
    }

    #[test]
    fn retry_after_is_read_as_seconds_decimals_and_dates() {
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers, now)
        };
        assert_eq!(read("34"), Some(Duration::from_secs(34)));
        assert_eq!(read("33.2"), Some(Duration::from_secs(34)));
        assert_eq!(
            read("Thu, 01 Jan 2026 00:00:30 GMT"),
            Some(Duration::from_secs(30))
        );
        assert_eq!(read("-1"), None);
        assert_eq!(read("soon"), None);
    }
}
