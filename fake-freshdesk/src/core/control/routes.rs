//! Which path of the control API does what.

use http::Method;

use super::call::{ControlReply, ControlRequest, Refusal, Result};
use super::{accounts, bounced, edits, observe, people, rules, staff};
use crate::core::desk::Desk;
use crate::core::{Helpdesk, Ms};

/// A control call on one account.
pub(super) struct Control<'a, 'd> {
    pub(super) desk: Desk<'d>,
    pub(super) request: &'a ControlRequest<'a>,
}

impl Helpdesk {
    /// Answers one request to the control API (except time, reset and streams,
    /// which are the server's).
    pub fn control(&mut self, now: Ms, request: &ControlRequest<'_>) -> ControlReply {
        let now = self.run_due(now);
        self.route(now, request)
            .unwrap_or_else(|refusal| refusal.reply())
    }

    fn route(&mut self, now: Ms, request: &ControlRequest<'_>) -> Result {
        let path = request.path.trim_start_matches("/control/v1");
        let segments: Vec<&str> = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["journal"]) => observe::journal(self, request),
            ("GET", ["accounts"]) => accounts::list(self),
            ("POST", ["accounts"]) => accounts::create(self, now, request),
            ("DELETE", ["accounts", domain]) => accounts::delete(self, domain),
            (_, ["accounts", domain, rest @ ..]) => {
                let known = || Refusal::not_found(format!("account `{domain}`"));
                let id = self
                    .domains
                    .get(&domain.to_ascii_lowercase())
                    .copied()
                    .ok_or_else(known)?;
                let desk = self.desk(id, now).ok_or_else(known)?;
                on_account(&mut Control { desk, request }, rest)
            }
            _ => Err(no_such_path(request)),
        }
    }
}

fn no_such_path(request: &ControlRequest<'_>) -> Refusal {
    Refusal::not_found(format!(
        "call `{} {}` in the control API; `GET /` lists them all",
        request.method, request.path
    ))
}

fn number(text: &str, what: &str) -> Result<i64> {
    text.parse()
        .map_err(|_| Refusal::not_found(format!("{what} `{text}`")))
}

fn on_account(call: &mut Control<'_, '_>, rest: &[&str]) -> Result {
    let method: &Method = &call.request.method;
    match (method.as_str(), rest) {
        ("GET", []) => Ok(ControlReply::ok(&accounts::shown(call.desk.account))),
        ("PATCH", []) => accounts::change(call),
        ("POST", ["agents"]) => staff::add_agent(call),
        ("PATCH", ["agents", id]) => staff::change_agent(call, number(id, "agent")?),
        ("DELETE", ["agents", id]) => staff::remove_agent(call, number(id, "agent")?),
        ("POST", ["groups"]) => staff::add_group(call),
        ("PATCH", ["groups", id]) => staff::change_group(call, number(id, "group")?),
        ("DELETE", ["groups", id]) => staff::remove_group(call, number(id, "group")?),
        ("GET", ["ticket_fields"]) => Ok(staff::fields(call)),
        ("POST", ["ticket_fields"]) => staff::add_field(call),
        ("DELETE", ["ticket_fields", name]) => staff::remove_field(call, name),
        ("GET", ["tickets"]) => people::tickets(call),
        ("POST", ["tickets"]) => people::open_ticket(call),
        (_, ["tickets", id, rest @ ..]) => on_ticket(call, number(id, "ticket")?, rest),
        ("GET", ["rules"]) => rules::list(call),
        ("POST", ["rules", kind]) => rules::create(call, rules::kind_of(kind)?),
        ("PUT", ["rules", kind, id]) => {
            rules::update(call, rules::kind_of(kind)?, number(id, "rule")?)
        }
        ("DELETE", ["rules", kind, id]) => {
            rules::delete(call, rules::kind_of(kind)?, number(id, "rule")?)
        }
        ("GET", ["rules", kind, id, "activity"]) => {
            rules::kind_of(kind)?;
            rules::activity(call, number(id, "rule")?)
        }
        ("GET", ["mails"]) => Ok(observe::mails(call)),
        ("GET", ["faults"]) => Ok(observe::faults(call)),
        ("POST", ["faults"]) => observe::add_fault(call),
        ("DELETE", ["faults", id]) => observe::remove_fault(call, number(id, "fault")?),
        _ => Err(no_such_path(call.request)),
    }
}

fn on_ticket(call: &mut Control<'_, '_>, id: i64, rest: &[&str]) -> Result {
    if call.desk.account.tickets.get(id).is_none() {
        return Err(Refusal::not_found(format!("ticket {id}")));
    }
    match (call.request.method.as_str(), rest) {
        ("GET", []) => people::ticket(call, id, 200),
        ("PATCH", []) => edits::edit_ticket(call, id),
        ("POST", ["customer_replies"]) => people::customer_reply(call, id),
        ("POST", ["replies"]) => people::reply(call, id),
        ("POST", ["notes"]) => people::note(call, id),
        ("POST", ["mail_failures"]) => bounced::mail_failure(call, id),
        ("POST", [what @ ("delete" | "restore" | "spam" | "unspam")]) => {
            edits::shelve(call, id, what)
        }
        ("POST", ["merge"]) => edits::merge(call, id),
        _ => Err(no_such_path(call.request)),
    }
}
