//! As much of a Freshdesk as the bridge's own tests need: one account, answers
//! from memory, and a script of mishaps. It knows no rules and sends no webhooks.

#![allow(
    clippy::needless_pass_by_value,
    reason = "json!() values read better where they are"
)]

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use reference_bridge::{Clock, HttpService};
use serde_json::{Value, json};
use tower::ServiceExt as _;

pub const DOMAIN: &str = "acme.freshdesk.com";
pub const KEY: &str = "admin-key-0123456789";
pub const AI: i64 = 43_000_000_001;
pub const REP: i64 = 43_000_000_002;
pub const CUSTOMER: i64 = 43_000_000_101;
pub const MARKER: &str = "cf_opencx_handed_off";

/// What becomes of the next call whose method and path match.
#[derive(Clone, Debug)]
pub struct Mishap {
    pub on: &'static str,
    pub kind: MishapKind,
}

#[derive(Clone, Debug)]
pub enum MishapKind {
    Answer(u16, Option<u64>, &'static str),
    ResetBefore,
    ResetAfter,
    /// Done, but answered with this.
    Garbled(u16, &'static str),
    /// Done, but answered only after so many seconds.
    Slow(u64),
}

#[derive(Clone, Debug)]
pub struct Call {
    pub at: Timestamp,
    pub line: String,
    pub body: String,
    pub status: u16,
}

pub struct Desk {
    pub clock: Clock,
    pub plan_has_api: bool,
    pub admin: bool,
    pub key: String,
    pub tickets: Vec<Value>,
    pub conversations: Vec<Value>,
    pub fields: Vec<Value>,
    pub agents: Vec<Value>,
    pub groups: Vec<Value>,
    pub rules: [Vec<Value>; 2],
    pub mishaps: VecDeque<Mishap>,
    pub calls: Vec<Call>,
    pub quota: Option<u32>,
    /// Pages that a ticket list has at most.
    pub list_pages: usize,
    window: (i64, u32),
    next_id: i64,
}

#[derive(Clone)]
pub struct Helpdesk(Arc<Mutex<Desk>>);

impl Helpdesk {
    pub fn new(clock: Clock) -> Self {
        let agent = |id: i64, name: &str, email: &str, role: i64| {
            json!({"id": id, "available": true, "type": "support_agent", "role_ids": [role],
                   "contact": {"name": name, "email": email, "active": true}})
        };
        Self(Arc::new(Mutex::new(Desk {
            clock,
            plan_has_api: true,
            admin: true,
            key: KEY.to_owned(),
            tickets: Vec::new(),
            conversations: Vec::new(),
            fields: vec![json!({"id": 1, "name": MARKER, "type": "custom_checkbox"})],
            agents: vec![
                agent(AI, "OpenCX AI", "ai@acme.example", 1),
                agent(REP, "Rita Rep", "rita@acme.example", 2),
            ],
            groups: vec![json!({"id": 77, "name": "Queue", "agent_ids": [REP]})],
            rules: [Vec::new(), Vec::new()],
            mishaps: VecDeque::new(),
            calls: Vec::new(),
            quota: None,
            list_pages: 300,
            window: (0, 0),
            next_id: 43_100_000_000,
        })))
    }

    pub fn desk(&self) -> MutexGuard<'_, Desk> {
        self.0.lock().unwrap()
    }

    /// The same over sockets; mishaps are not played there.
    pub fn router(&self) -> Router {
        Router::new().fallback(serve).with_state(self.clone())
    }

    pub fn service(&self) -> HttpService {
        let helpdesk = self.clone();
        HttpService::new(tower::service_fn(move |request: Request| {
            let helpdesk = helpdesk.clone();
            async move {
                let mishap = helpdesk.mishap(&request);
                let router = Router::new().fallback(serve).with_state(helpdesk.clone());
                let outcome = match mishap {
                    Some(MishapKind::ResetBefore) => {
                        helpdesk.log(request, 0).await;
                        return Err(broken());
                    }
                    Some(MishapKind::Answer(status, retry_after, body)) => {
                        helpdesk.log(request, status).await;
                        let mut response =
                            (StatusCode::from_u16(status).unwrap(), body).into_response();
                        if let Some(seconds) = retry_after {
                            response
                                .headers_mut()
                                .insert("retry-after", seconds.to_string().parse().unwrap());
                        }
                        return Ok(response);
                    }
                    other => (router.oneshot(request).await.unwrap(), other),
                };
                match outcome {
                    (_, Some(MishapKind::ResetAfter)) => Err(broken()),
                    (_, Some(MishapKind::Garbled(status, body))) => {
                        let status = StatusCode::from_u16(status).unwrap();
                        Ok((status, body).into_response())
                    }
                    (response, Some(MishapKind::Slow(seconds))) => {
                        tokio::time::sleep(Duration::from_secs(seconds)).await;
                        Ok(response)
                    }
                    (response, _) => Ok(response),
                }
            }
        }))
    }

    fn mishap(&self, request: &Request) -> Option<MishapKind> {
        let line = format!("{} {}", request.method(), path(request));
        let mut desk = self.desk();
        let index = desk.mishaps.iter().position(|m| line.starts_with(m.on))?;
        desk.mishaps.remove(index).map(|mishap| mishap.kind)
    }

    async fn log(&self, request: Request, status: u16) {
        let line = format!("{} {}", request.method(), path(&request));
        let body = axum::body::to_bytes(request.into_body(), usize::MAX)
            .await
            .unwrap();
        let mut desk = self.desk();
        let at = desk.clock.now();
        desk.calls.push(Call {
            at,
            line,
            body: String::from_utf8_lossy(&body).into_owned(),
            status,
        });
    }

    /// How many calls there were whose line begins like that.
    pub fn count(&self, on: &str) -> usize {
        self.desk()
            .calls
            .iter()
            .filter(|call| call.line.starts_with(on))
            .count()
    }

    /// When those calls came, in whole seconds since `start`.
    pub fn seconds_since(&self, start: Timestamp, on: &str) -> Vec<i64> {
        self.desk()
            .calls
            .iter()
            .filter(|call| call.line.starts_with(on))
            .map(|call| call.at.duration_since(start).as_secs())
            .collect()
    }

    pub fn open_ticket(&self, text: &str, more: Value) -> i64 {
        let mut desk = self.desk();
        let id = desk.tickets.len() as i64 + 1;
        let now = desk.clock.now().to_string();
        let mut ticket = json!({
            "id": id, "subject": "Help", "description": format!("<div>{text}</div>"),
            "description_text": text, "status": 2, "source": 1, "priority": 1,
            "requester_id": CUSTOMER, "responder_id": null, "group_id": null, "tags": ["vip"],
            "custom_fields": {}, "created_at": now, "updated_at": now, "attachments": [],
            "spam": false,
        });
        for field in desk.fields.clone() {
            ticket["custom_fields"][field["name"].as_str().unwrap()] = Value::Null;
        }
        for (key, value) in more.as_object().into_iter().flatten() {
            ticket[key] = value.clone();
        }
        desk.tickets.push(ticket);
        id
    }

    pub fn say(&self, ticket: i64, user: i64, text: &str, private: bool) -> i64 {
        let mut desk = self.desk();
        desk.post(ticket, user, text, private)
    }

    pub fn change(&self, ticket: i64, change: Value) {
        let mut desk = self.desk();
        let now = desk.clock.now().to_string();
        let known = &mut desk.tickets[(ticket - 1) as usize];
        for (key, value) in change.as_object().unwrap() {
            known[key] = value.clone();
        }
        known["updated_at"] = json!(now);
    }

    pub fn ticket(&self, ticket: i64) -> Value {
        self.desk().tickets[(ticket - 1) as usize].clone()
    }

    /// The AI's posts on a ticket.
    pub fn posts(&self, ticket: i64, private: bool) -> Vec<String> {
        self.desk()
            .conversations
            .iter()
            .filter(|c| c["ticket_id"] == ticket && c["user_id"] == AI && c["private"] == private)
            .map(|c| c["body"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// Whether a number is the one in a path.
fn is(number: &Value, text: &str) -> bool {
    number
        .as_i64()
        .is_some_and(|number| text.parse() == Ok(number))
}

fn broken() -> tower::BoxError {
    std::io::Error::new(std::io::ErrorKind::ConnectionReset, "reset").into()
}

fn path(request: &Request) -> String {
    let uri = request.uri();
    uri.path_and_query()
        .unwrap()
        .as_str()
        .replace("/api/v2", "")
}

impl Desk {
    fn post(&mut self, ticket: i64, user: i64, text: &str, private: bool) -> i64 {
        self.next_id += 1;
        let agent = self.agents.iter().any(|agent| agent["id"] == user);
        let now = self.clock.now().to_string();
        self.conversations.push(json!({
            "id": self.next_id, "ticket_id": ticket, "user_id": user, "body": text,
            "body_text": text.replace("<p>", "").replace("</p>", " "),
            "incoming": !agent, "private": private, "source": if private { 2 } else { 0 },
            "created_at": now, "updated_at": now, "attachments": [],
        }));
        let known = &mut self.tickets[(ticket - 1) as usize];
        known["updated_at"] = json!(now);
        if !agent && known["status"].as_i64() > Some(3) {
            known["status"] = json!(2);
        }
        self.next_id
    }

    fn quota(&mut self) -> Option<(u32, u32, u64)> {
        let total = self.quota?;
        let second = self.clock.now().as_second();
        if second - self.window.0 >= 60 {
            self.window = (second, 0);
        }
        self.window.1 += 1;
        let retry = (60 - (second - self.window.0)).max(1) as u64;
        Some((total, total.saturating_sub(self.window.1), retry)).filter(|_| true)
    }
}

async fn serve(State(helpdesk): State<Helpdesk>, request: Request) -> Response {
    let method = request.method().clone();
    let full = path(&request);
    assert_eq!(request.headers()["host"], DOMAIN);
    let authorization = request.headers()["authorization"]
        .to_str()
        .unwrap()
        .to_owned();
    let body = axum::body::to_bytes(request.into_body(), usize::MAX)
        .await
        .unwrap();
    let mut desk = helpdesk.desk();
    let quota = desk.quota();
    let over = quota.is_some_and(|(total, _, _)| desk.window.1 > total);
    let mut response = if over {
        let mut response = StatusCode::TOO_MANY_REQUESTS.into_response();
        if let Some((_, _, retry)) = quota {
            response
                .headers_mut()
                .insert("retry-after", retry.to_string().parse().unwrap());
        }
        response
    } else {
        answer(&mut desk, &method, &full, &authorization, &body)
    };
    if let Some((total, left, _)) = quota.filter(|_| !over) {
        let headers = response.headers_mut();
        headers.insert("x-ratelimit-total", format!("{total}.0").parse().unwrap());
        headers.insert(
            "x-ratelimit-remaining",
            format!("{left}.0").parse().unwrap(),
        );
    }
    let at = desk.clock.now();
    let status = response.status().as_u16();
    desk.calls.push(Call {
        at,
        line: format!("{method} {full}"),
        body: String::from_utf8_lossy(&body).into_owned(),
        status,
    });
    response
}

fn answer(
    desk: &mut Desk,
    method: &Method,
    full: &str,
    authorization: &str,
    body: &Bytes,
) -> Response {
    use base64::Engine as _;
    let expected = base64::engine::general_purpose::STANDARD.encode(format!("{}:X", desk.key));
    if authorization != format!("Basic {expected}") {
        return error(
            401,
            "invalid_credentials",
            "You have to be logged in to perform this action.",
        );
    }
    if !desk.plan_has_api {
        return error(
            403,
            "require_feature",
            "The API feature(s) is/are not supported in your plan.",
        );
    }
    let (path, query) = full.split_once('?').unwrap_or((full, ""));
    let segments: Vec<_> = path.trim_matches('/').split('/').collect();
    let denied = || {
        error(
            403,
            "access_denied",
            "You are not authorized to perform this action.",
        )
    };
    match (method.as_str(), segments.as_slice()) {
        ("GET", ["agents", "me"]) => ok(&desk.agents[0]),
        ("GET", ["roles"]) if desk.admin => ok(&json!([
            {"id": 1, "name": "Account Administrator"}, {"id": 2, "name": "Agent"}
        ])),
        ("GET", ["agents", id]) if desk.admin => found(&desk.agents, id),
        ("GET", ["groups", id]) if desk.admin => found(&desk.groups, id),
        ("GET", ["roles" | "agents" | "groups", ..]) => denied(),
        ("GET", ["ticket_fields"]) => ok(&json!(desk.fields)),
        ("GET", ["automations", kind, "rules"]) => {
            ok(&json!(desk.rules[usize::from(*kind == "4")]))
        }
        ("GET", ["tickets"]) => list(desk, query),
        ("GET", ["tickets", id]) => view(desk, id, query),
        ("GET", ["tickets", id, "conversations"]) => {
            let page: usize = query
                .split('&')
                .find_map(|pair| pair.strip_prefix("page="))
                .map_or(1, |page| page.parse().unwrap());
            let mut all = of_ticket(desk, id);
            let more = all.len() > page * 100;
            let items: Vec<_> = all.drain(..).skip((page - 1) * 100).take(100).collect();
            let mut response = ok(&json!(items));
            if more {
                let next = format!(
                    "<https://{DOMAIN}/api/v2{path}?per_page=100&page={}>;rel=\"next\"",
                    page + 1
                );
                response.headers_mut().insert("link", next.parse().unwrap());
            }
            response
        }
        ("POST", ["tickets", id, kind @ ("reply" | "notes")]) => {
            let text = match serde_json::from_slice::<Value>(body) {
                Ok(body) => body["body"].as_str().unwrap().to_owned(),
                Err(_) => String::from_utf8_lossy(body).into_owned(),
            };
            let private = *kind == "notes";
            let id = desk.post(id.parse().unwrap(), AI, &text, private);
            let now = desk.clock.now().to_string();
            let mut response = ok(&json!({"id": id, "body": text, "created_at": now}));
            *response.status_mut() = StatusCode::CREATED;
            response
        }
        ("PUT", ["tickets", id]) => update(desk, id, body),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

fn list(desk: &Desk, query: &str) -> Response {
    let get = |name: &str| {
        query
            .split('&')
            .find_map(|pair| pair.strip_prefix(&format!("{name}=")))
            .map(|value| value.replace("%3A", ":"))
    };
    let since: Option<Timestamp> = get("updated_since").map(|since| since.parse().unwrap());
    let (page, per_page): (usize, usize) = (
        get("page").map_or(1, |page| page.parse().unwrap()),
        get("per_page").map_or(30, |page| page.parse().unwrap()),
    );
    let updated =
        |ticket: &Value| -> Timestamp { ticket["updated_at"].as_str().unwrap().parse().unwrap() };
    let mut all: Vec<_> = desk
        .tickets
        .iter()
        .filter(|ticket| since.is_none_or(|since| updated(ticket) >= since))
        .filter(|ticket| {
            let (spam, deleted) = (ticket["spam"] == true, ticket["deleted"] == true);
            match get("filter").as_deref() {
                Some("deleted") => deleted,
                Some("spam") => spam && !deleted,
                _ => !spam && !deleted,
            }
        })
        .cloned()
        .collect();
    all.sort_by_key(|ticket| (updated(ticket), ticket["id"].as_i64()));
    if get("order_type").as_deref() != Some("asc") {
        all.reverse();
    }
    let more = all.len() > page * per_page && page < desk.list_pages;
    let items: Vec<_> = all
        .into_iter()
        .skip((page - 1) * per_page)
        .take(per_page)
        .collect();
    let mut response = ok(&json!(items));
    if more {
        let rest: Vec<_> = query
            .split('&')
            .filter(|pair| !pair.starts_with("page="))
            .collect();
        let next = format!(
            "<https://{DOMAIN}/api/v2/tickets?{}&page={}>;rel=\"next\"",
            rest.join("&"),
            page + 1
        );
        response.headers_mut().insert("link", next.parse().unwrap());
    }
    response
}

fn view(desk: &Desk, id: &str, query: &str) -> Response {
    let Some(ticket) = desk.tickets.iter().find(|t| is(&t["id"], id)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut ticket = ticket.clone();
    if query.contains("requester") {
        ticket["requester"] =
            json!({"id": CUSTOMER, "name": "Carla", "email": "carla@mail.example"});
    }
    if query.contains("stats") && ticket.get("stats").is_none() {
        ticket["stats"] = json!({"resolved_at": null, "closed_at": null});
    }
    if query.contains("conversations") {
        let first: Vec<_> = of_ticket(desk, id).into_iter().take(10).collect();
        ticket["conversations"] = json!(first);
    }
    ok(&ticket)
}

fn update(desk: &mut Desk, id: &str, body: &Bytes) -> Response {
    let change: Value = serde_json::from_slice(body).unwrap();
    let invalid = |field: &str| {
        let body = json!({"description": "Validation failed",
            "errors": [{"field": field, "message": "not valid", "code": "invalid_value"}]});
        (StatusCode::BAD_REQUEST, body.to_string()).into_response()
    };
    for field in change["custom_fields"].as_object().into_iter().flatten() {
        if !desk.fields.iter().any(|known| known["name"] == **field.0) {
            return invalid(field.0);
        }
    }
    if let Some(agent) = change["responder_id"].as_i64()
        && !desk.agents.iter().any(|known| known["id"] == agent)
    {
        return invalid("responder_id");
    }
    let group = change["group_id"].as_i64();
    if group.is_some_and(|group| !desk.groups.iter().any(|known| known["id"] == group)) {
        return invalid("group_id");
    }
    let members = desk
        .groups
        .iter()
        .find(|known| known["id"].as_i64() == group)
        .map(|group| group["agent_ids"].clone());
    let now = desk.clock.now().to_string();
    let Some(ticket) = desk.tickets.iter_mut().find(|t| is(&t["id"], id)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    for (key, value) in change.as_object().unwrap() {
        if key == "custom_fields" {
            for (name, value) in value.as_object().unwrap() {
                ticket["custom_fields"][name] = value.clone();
            }
        } else {
            ticket[key] = value.clone();
        }
    }
    if let (Some(members), Some(agent)) = (members, ticket["responder_id"].as_i64())
        && !members.as_array().unwrap().contains(&json!(agent))
    {
        ticket["responder_id"] = Value::Null;
    }
    ticket["updated_at"] = json!(now);
    ok(ticket)
}

fn of_ticket(desk: &Desk, id: &str) -> Vec<Value> {
    desk.conversations
        .iter()
        .filter(|conversation| is(&conversation["ticket_id"], id))
        .cloned()
        .collect()
}

fn found(items: &[Value], id: &str) -> Response {
    match items.iter().find(|item| is(&item["id"], id)) {
        Some(item) => ok(item),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn ok(body: &Value) -> Response {
    Response::builder()
        .header("content-type", "application/json; charset=utf-8")
        .body(Body::from(body.to_string()))
        .unwrap()
}

fn error(status: u16, code: &str, message: &str) -> Response {
    let body = json!({"code": code, "message": message}).to_string();
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}
