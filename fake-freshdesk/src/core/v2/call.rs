//! The way of every call: host, journal, faults, route, quota, auth, body,
//! endpoint, headers.

use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use serde::Serialize;
use serde_json::json;

use super::base::Base;
use super::errors::Failure;
use super::input::Input;
use super::json::{self, Json};
use super::query::{Page, Query};
use super::reply::{
    ApiReply, HTML, JSON, Metered, Replied, fault_answer, finish, journalled, unknown_host,
    vanity_host,
};
use super::request::{ApiRequest, accepts, ignored_body, read_body, segments, sent};
use super::routes::Access;
use super::routing::{Found, find};
use super::{auth, files};
use crate::core::Helpdesk;
use crate::core::account::Account;
use crate::core::chaos;
use crate::core::desk::Desk;
use crate::core::faults::{Connection, Fault, strike_call};
use crate::core::ids::AccountId;
use crate::core::journal::{ApiCall, Body, More, Target};
use crate::core::people::ACCOUNT_ADMINISTRATOR;
use crate::core::plan::Plan;
use crate::core::quota::{Charge, Class};
use crate::core::settings::FreePlanAnswer;
use crate::core::time::Ms;

/// What HEAD is answered like.
static GET: Method = Method::GET;

/// The edge's page for a request that names no host, or several.
const BAD_HOST: &str =
    "<html><head><title>400 Bad Request</title></head><body><h1>400 Bad Request</h1></body></html>";

/// An endpoint's success.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Option<Bytes>,
    pub(super) location: Option<String>,
    pub(super) link: Option<String>,
}

impl Answer {
    /// Any JSON with a status.
    pub(super) fn json(status: u16, body: &impl Serialize) -> Answer {
        Answer::bytes(status, serde_json::to_vec(body).unwrap_or_default())
    }

    /// JSON that writes itself.
    pub(super) fn written(status: u16, body: &impl Json) -> Answer {
        Answer::bytes(status, json::to_vec(body))
    }

    /// JSON that is written already.
    pub(super) fn bytes(status: u16, body: impl Into<Bytes>) -> Answer {
        Answer {
            status,
            body: Some(body.into()),
            location: None,
            link: None,
        }
    }

    pub(super) fn ok(body: &impl Serialize) -> Answer {
        Answer::json(200, body)
    }

    /// Says where the new resource is: its path under `/api/v2`.
    pub(super) fn at(mut self, path: String) -> Answer {
        self.location = Some(path);
        self
    }

    /// 201 with the new resource's path under `/api/v2`.
    pub(super) fn created(path: &str, body: &impl Serialize) -> Answer {
        Answer {
            location: Some(path.to_owned()),
            ..Answer::json(201, body)
        }
    }

    /// 204: neither content type nor body. [O]
    pub(super) fn nothing() -> Answer {
        Answer {
            status: 204,
            body: None,
            location: None,
            link: None,
        }
    }
}

/// An endpoint's result.
pub(super) type Result<T = Answer> = std::result::Result<T, Failure>;

/// A call that got through to its endpoint.
pub(super) struct Call<'a, 'd> {
    pub(super) desk: Desk<'d>,
    pub(super) method: &'a Method,
    /// The path's variable segments.
    pub(super) params: [&'a str; 2],
    /// The path's segments under `/api/v2`.
    pub(super) path: &'a [&'a str],
    pub(super) query: Query,
    pub(super) input: Input,
    /// The agent who calls.
    pub(super) agent: i64,
    /// Scheme and authority the client used.
    pub(super) base: Base<'a>,
}

impl Call<'_, '_> {
    pub(super) fn account(&self) -> &Account {
        self.desk.account
    }

    /// The path under `/api/v2`.
    pub(super) fn path(&self) -> String {
        self.path.join("/")
    }

    /// The `Link` to the next page of this list.
    pub(super) fn next_link(&self, page: Page) -> String {
        self.query.next_link(self.base, &self.path(), page)
    }

    /// A variable segment as an id; what is no number is not found.
    pub(super) fn id(&self, at: usize) -> Result<i64> {
        self.params[at].parse().map_err(|_| Failure::NOT_FOUND)
    }

    /// Is the caller an administrator?
    pub(super) fn is_admin(&self) -> bool {
        self.account()
            .people
            .agent(self.agent)
            .is_some_and(|agent| self.account().is_admin(agent))
    }

    /// May the caller use an endpoint with this access?
    fn has_access(&self, access: Access) -> bool {
        match access {
            Access::Agent => true,
            Access::Admin => self.is_admin(),
            Access::AccountAdmin => {
                let role = self.account().role_named(ACCOUNT_ADMINISTRATOR);
                let agent = self.account().people.agent(self.agent);
                role.zip(agent)
                    .is_some_and(|(role, agent)| agent.role_ids.contains(&role.id))
            }
        }
    }

    /// Ends reading the body: any error found so far is the answer.
    pub(super) fn checked(&mut self) -> Result<()> {
        let errors = std::mem::take(&mut self.input.errors);
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Failure::validation(errors))
        }
    }
}

/// Credits: 1, and more for what is embedded. [D]
fn cost(found: &Found<'_>, query: Option<&str>) -> u32 {
    let Some(query) =
        query.filter(|query| found.route.per_include > 0 && query.contains("include"))
    else {
        return 1;
    };
    let query = Query::new(Some(query));
    let includes = query.get("include").unwrap_or_default();
    let words = includes
        .split(',')
        .filter(|word| !word.trim().is_empty())
        .count();
    1 + found.route.per_include * u32::try_from(words).unwrap_or(u32::MAX / 4).min(100)
}

impl Helpdesk {
    /// Answers one request to the v2 API (or to a signed attachment URL).
    ///
    /// Everything that fell due before `now` is done first.
    pub fn api(&mut self, now: Ms, request: &ApiRequest<'_>) -> ApiReply {
        let now = self.run_due(now);
        // RFC 9112, 3.2: no host, or more than one (which the shell joins with commas).
        if request.host.is_empty() || request.host.contains(',') {
            self.note_unknown_host(now, request, 400);
            return ApiReply::bare(400, Some(HTML), BAD_HOST);
        }
        if let Some(reply) = files::serve(self, now, request) {
            return reply;
        }
        if request.path == "/openapi.json" {
            return ApiReply::bare(200, Some(JSON), super::document().to_string());
        }
        let Some(id) = self.account_of_host(request.host) else {
            self.note_unknown_host(now, request, 404);
            return if self.is_vanity_host(request.host) {
                vanity_host()
            } else {
                unknown_host(request.host)
            };
        };
        if request.path == "/" {
            return self.welcome(id, request);
        }
        let Some(segments) = segments(request.path) else {
            return ApiReply::bare(404, Some(HTML), "");
        };
        self.requests += 1;
        let request_id = self.requests;
        let Some(mut desk) = self.desk(id, now) else {
            return unknown_host(request.host);
        };
        let seq = desk
            .journal
            .add(now, &desk.account.domain, None, Body::Open);
        desk.cause = Some(seq);
        desk.account.calls += 1;
        let (seed, count) = (desk.account.settings.chaos_seed, desk.account.calls);
        let struck = strike_call(&mut desk.account.faults, request.method.as_str(), &segments)
            .or_else(|| chaos::call(seed?, count));
        if let Some(fault) = &struck {
            desk.note(Body::Other(
                "fault",
                json!({"fault_id": fault.id, "effect": fault.effect()}),
            ));
        }
        let base = Base {
            https: request.https,
            authority: request.host,
        };
        let mut metered = Metered {
            class: Class::Other,
            cost: 1,
            remaining: None,
            agent: None,
            unread: Vec::new(),
        };
        let result = desk.answer(request, &segments, base, struck.as_ref(), &mut metered);
        let Some(desk) = self.desk(id, now) else {
            return unknown_host(request.host);
        };
        let mut reply = finish(desk.account, request_id, base, result, &metered);
        if let Some(fault) = struck {
            reply.delay_ms = fault.delay();
            reply.connection = fault.request.connection;
        }
        let more = More {
            request: sent(&request.body),
            unread: metered.unread,
            headers: journalled(&reply),
            answer: (!matches!(request.method, Method::GET | Method::HEAD))
                .then(|| Bytes::copy_from_slice(&reply.body)),
        };
        let record = ApiCall {
            request_id,
            target: Target::new(&request.method, request.path, request.query),
            agent_id: metered.agent,
            status: reply.status,
            rate: reply.stamp.and_then(|stamp| stamp.rate),
            class: metered.class,
            cost: metered.cost,
            remaining: metered.remaining,
            size: u32::try_from(reply.body.len()).unwrap_or(u32::MAX),
            delay: reply.delay_ms,
            more: more.boxed(),
        };
        desk.journal.fill(seq, Body::ApiCall(Box::new(record)));
        reply
    }

    /// A call to a host that is nobody's is in the journal too: whoever looks
    /// for a call that never came finds it there.
    fn note_unknown_host(&mut self, now: Ms, request: &ApiRequest<'_>, status: u16) {
        let host: Arc<str> = request.host.into();
        let call =
            json!({"method": request.method.as_str(), "path": request.path, "status": status});
        self.journal
            .add(now, &host, None, Body::Other("unknown_host", call));
    }

    /// `GET /`: what a newcomer does next.
    fn welcome(&self, id: AccountId, request: &ApiRequest<'_>) -> ApiReply {
        let domain = self.accounts.get(&id).map_or("", |account| &account.domain);
        let page = format!(
            "<!doctype html><title>fake-freshdesk</title><h1>fake-freshdesk</h1>\
             <p>This is the helpdesk <b>{domain}</b>. Try:</p>\
             <pre>curl -u API_KEY:X http://{host}/api/v2/tickets</pre>\
             <p><a href=\"/openapi.json\">/openapi.json</a> describes all that is served. The API key was printed at start; the control API (<code>GET /control/v1/accounts/{domain}</code>) shows it too.</p>",
            host = request.host,
        );
        ApiReply::bare(200, Some(HTML), page)
    }
}

impl Desk<'_> {
    fn answer(
        &mut self,
        request: &ApiRequest<'_>,
        segments: &[&str],
        base: Base<'_>,
        fault: Option<&Fault>,
        metered: &mut Metered,
    ) -> Result<Replied> {
        metered.agent = auth::agent(self.account, request.authorization).map(|agent| agent.id);
        let like_get = request.method == Method::HEAD && self.account.settings.head_like_get;
        let method = if like_get { &GET } else { &request.method };
        let found = find(method, segments);
        if let Ok(found) = &found {
            metered.class = found.route.class;
            metered.cost = cost(found, request.query);
        }
        if let Some(fault) = fault {
            if let Some(answer) = &fault.request.answer {
                return Ok(Replied::Fault(fault_answer(answer)));
            }
            if fault.request.connection == Some(Connection::ResetBeforeEffect) {
                return Ok(Replied::Fault(ApiReply::bare(502, None, "")));
            }
        }
        if self.account.suspended {
            return Err(Failure::account_suspended());
        }
        if self.account.settings.ssl_required && !request.https {
            return Err(Failure::ssl_required());
        }
        if self.account.plan == Plan::Free && self.account.quota_override.is_none() {
            if metered.agent.is_none() {
                return Err(Failure::invalid_credentials());
            }
            return Err(match self.account.settings.free_plan_answer {
                FreePlanAnswer::RequireFeature => Failure::missing_feature("API"),
                FreePlanAnswer::LimitExceeded => Failure::Limit { retry_after: 60 },
            });
        }
        let (quota, window) = (self.account.quota(), self.account.settings.quota_window);
        match self
            .account
            .usage
            .charge(self.now, &quota, window, metered.class, metered.cost)
        {
            Charge::Allowed { remaining } => metered.remaining = Some(remaining),
            Charge::Exceeded { retry_after } => return Err(Failure::Limit { retry_after }),
        }
        let found = found?;
        let agent = metered.agent.ok_or_else(Failure::invalid_credentials)?;
        accepts(request.accept)?;
        let input = read_body(&found, request)?;
        let query = Query::new(request.query);
        query.allow(found.route.query)?;
        let mut call = Call {
            desk: Desk {
                now: self.now,
                account: self.account,
                journal: self.journal,
                agenda: self.agenda,
                contents: self.contents,
                effects: self.effects,
                options: self.options,
                cause: self.cause,
            },
            method,
            params: found.params,
            path: segments,
            query,
            input,
            agent,
            base,
        };
        if !call.has_access(found.route.access) {
            return Err(Failure::access_denied());
        }
        let answer = (found.route.run)(&mut call)?;
        metered.unread = call.input.unread().chain(call.query.unread()).collect();
        metered.unread.extend(ignored_body(request));
        Ok(Replied::Answer(answer))
    }
}
