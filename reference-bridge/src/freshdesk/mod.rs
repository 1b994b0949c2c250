//! The bridge's own client of the Freshdesk REST API v2.
//!
//! * [`mod@self`]: [`Freshdesk`], one method per call the bridge makes
//! * `exchange`: sending, with time-outs, 429 discipline and retries (LIM-1)
//! * `quota`: the one budget that all work of an account shares (LIM-9)
//! * `error`: what can go wrong, told apart by what can be done about it
//! * `types`: tickets, conversations, agents as far as the bridge reads them
//! * `tolerant`: reading JSON that is not quite what the reference says
//! * `multipart`: replies and notes with files
//! * `wire`: its tests against raw HTTP
//!
//! It shares nothing with the fake: both are readings of the public reference.

mod error;
mod exchange;
mod multipart;
mod quota;
mod tolerant;
mod types;
#[cfg(test)]
mod wire;

use std::sync::Arc;

use base64::Engine as _;
use http::{HeaderValue, Method};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub(crate) use self::{
    error::FreshdeskError,
    exchange::{Call, Exchange, Nature, Sent},
    multipart::{Content, Form, Upload},
    quota::{Quota, Urgency},
    tolerant::Items,
    types::{Agent, Conversation, FileInfo, Group, PostedConversation, Role, Ticket, TicketField},
};
use crate::{HttpService, clock::Clock, entropy::Entropy, policies::Policies};

/// A client for one account with one key.
#[derive(Clone)]
pub(crate) struct Freshdesk {
    exchange: Exchange,
}

impl Freshdesk {
    /// A client for `domain`, which must be a plain host name; `quota` is
    /// shared by all clients of the account.
    pub(crate) fn new(
        service: HttpService,
        domain: &str,
        api_key: &SecretString,
        quota: Arc<Quota>,
        clock: Clock,
        entropy: Entropy,
        policies: Arc<Policies>,
    ) -> Self {
        let credentials = base64::engine::general_purpose::STANDARD
            .encode(format!("{}:X", api_key.expose_secret()));
        let mut authorization = HeaderValue::from_str(&format!("Basic {credentials}"))
            .unwrap_or_else(|_| HeaderValue::from_static("Basic Og=="));
        authorization.set_sensitive(true);
        Self {
            exchange: Exchange {
                service,
                domain: domain.into(),
                authorization,
                quota,
                clock,
                entropy,
                policies,
                urgency: Urgency::Customer,
            },
        }
    }

    /// The same client for work that nobody waits for.
    pub(crate) fn in_background(&self) -> Self {
        let mut exchange = self.exchange.clone();
        exchange.urgency = Urgency::Background;
        Self { exchange }
    }

    /// `GET /agents/me`: who the key belongs to.
    pub(crate) async fn me(&self) -> Result<Agent, FreshdeskError> {
        self.read("/agents/me").await
    }

    /// `GET /roles`: only admins may read them.
    pub(crate) async fn roles(&self) -> Result<Vec<Role>, FreshdeskError> {
        self.list("/roles").await
    }

    /// `GET /agents/{id}`; `NotFound` for a contact.
    pub(crate) async fn agent(&self, id: i64) -> Result<Agent, FreshdeskError> {
        self.read(&format!("/agents/{id}")).await
    }

    /// `GET /groups/{id}`.
    pub(crate) async fn group(&self, id: i64) -> Result<Group, FreshdeskError> {
        self.read(&format!("/groups/{id}")).await
    }

    /// `GET /ticket_fields`.
    pub(crate) async fn ticket_fields(&self) -> Result<Vec<TicketField>, FreshdeskError> {
        self.list("/ticket_fields").await
    }

    /// `GET /automations/{type}/rules`: a bare list, or wrapped in `rules`.
    pub(crate) async fn automation_rules(&self, kind: u8) -> Result<Vec<Value>, FreshdeskError> {
        let path = format!("/automations/{kind}/rules");
        let wrapped = match self.read(&path).await? {
            Value::Array(rules) => return Ok(rules),
            Value::Object(mut fields) => fields.remove("rules"),
            _ => None,
        };
        match wrapped {
            Some(Value::Array(rules)) => Ok(rules),
            // None at all would look like an account without rules.
            _ => Err(FreshdeskError::Nonsense(format!("GET {path}: no list"))),
        }
    }

    /// `GET /tickets/{id}?include=…`.
    pub(crate) async fn ticket(&self, id: i64, include: &[&str]) -> Result<Ticket, FreshdeskError> {
        Ok(self.ticket_as_of(id, include).await?.0)
    }

    /// The same, with the time as of which it is.
    pub(crate) async fn ticket_as_of(
        &self,
        id: i64,
        include: &[&str],
    ) -> Result<(Ticket, Timestamp), FreshdeskError> {
        let call = Self::ticket_call(id, include);
        let (ticket, read_at): (Ticket, _) = self.exchange.read_as_of(&call).await?;
        if ticket.id != id {
            let what = format!("GET /tickets/{id}: it is ticket {}", ticket.id);
            return Err(FreshdeskError::Nonsense(what));
        }
        Ok((ticket, read_at))
    }

    fn ticket_call(id: i64, include: &[&str]) -> Call {
        let query = if include.is_empty() {
            String::new()
        } else {
            format!("?include={}", include.join(","))
        };
        let mut call = Call::get(format!("/tickets/{id}{query}"));
        call.cost = 1 + include.len() as u32;
        call
    }

    /// Every conversation of a ticket, oldest first.
    pub(crate) async fn conversations(
        &self,
        ticket_id: i64,
        all_pages: bool,
    ) -> Result<Vec<Conversation>, FreshdeskError> {
        let mut next = Some(format!("/tickets/{ticket_id}/conversations?per_page=100"));
        let mut conversations = Vec::new();
        while let Some(path) = next {
            let (page, link): (Items<Conversation>, _) =
                self.exchange.read_page(&Call::get(path)).await?;
            conversations.extend(page.readable);
            next = link.filter(|_| all_pages);
        }
        Ok(conversations)
    }

    /// One page of tickets updated since a moment, least recently updated
    /// first, and the path of the next page.
    pub(crate) async fn tickets_page(
        &self,
        path: String,
    ) -> Result<(Vec<Ticket>, Option<String>), FreshdeskError> {
        let (page, link): (Items<Ticket>, _) = self.exchange.read_page(&Call::get(path)).await?;
        Ok((page.readable, link))
    }

    /// `PUT /tickets/{id}`, which may be repeated; how is its nature.
    pub(crate) async fn update_ticket(
        &self,
        id: i64,
        properties: &Value,
        (nature, sends_before): (Nature, u32),
    ) -> Result<Ticket, FreshdeskError> {
        let call = Call {
            method: Method::PUT,
            path: format!("/tickets/{id}"),
            sent: Sent::Json(properties.to_string().into()),
            nature,
            sends_before,
            cost: 1,
        };
        self.exchange.read(&call).await
    }

    /// `POST /tickets/{id}/reply`, which must not be repeated blindly.
    pub(crate) async fn reply(
        &self,
        ticket_id: i64,
        html: &str,
        files: Vec<Upload>,
        sends_before: u32,
    ) -> Result<PostedConversation, FreshdeskError> {
        let sent = if files.is_empty() {
            Sent::Json(json!({ "body": html }).to_string().into())
        } else {
            self.form(&[("body", html)], files)
        };
        self.post(format!("/tickets/{ticket_id}/reply"), sent, sends_before)
            .await
    }

    /// `POST /tickets/{id}/notes`, private, which must not be repeated blindly.
    pub(crate) async fn private_note(
        &self,
        ticket_id: i64,
        html: &str,
        files: Vec<Upload>,
        sends_before: u32,
    ) -> Result<PostedConversation, FreshdeskError> {
        let sent = if files.is_empty() {
            Sent::Json(json!({ "body": html, "private": true }).to_string().into())
        } else {
            self.form(&[("body", html), ("private", "true")], files)
        };
        self.post(format!("/tickets/{ticket_id}/notes"), sent, sends_before)
            .await
    }

    fn form(&self, fields: &[(&str, &str)], files: Vec<Upload>) -> Sent {
        Sent::Form(Form::new(&self.exchange.entropy, fields, files))
    }

    async fn post(
        &self,
        path: String,
        sent: Sent,
        sends_before: u32,
    ) -> Result<PostedConversation, FreshdeskError> {
        let call = Call {
            method: Method::POST,
            path,
            sent,
            nature: Nature::Once,
            sends_before,
            cost: 1,
        };
        self.exchange.read(&call).await
    }

    async fn list<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, FreshdeskError> {
        Ok(self.read::<Items<T>>(path).await?.readable)
    }

    async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, FreshdeskError> {
        self.exchange.read(&Call::get(path.to_owned())).await
    }
}
