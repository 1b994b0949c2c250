//! Bulk jobs, and how they are carried out.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Shelf, TicketEdit};
use crate::core::desk::Desk;
use crate::core::events::Performer;
use crate::core::field_values::Values;
use crate::core::html::Markup;
use crate::core::tickets::NewConversation;
use crate::core::time::Ms;

/// A bulk job. [D]
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) done: bool,
    pub(crate) created_at: Ms,
    pub(crate) updated_at: Ms,
    pub(crate) work: Value,
    pub(crate) agent_id: i64,
}

fn ids(work: &Value, key: &str) -> Vec<i64> {
    work.get(key)
        .and_then(Value::as_array)
        .map(|list| list.iter().filter_map(Value::as_i64).collect())
        .unwrap_or_default()
}

fn small<T: TryFrom<i64>>(value: Option<&Value>) -> Option<T> {
    value
        .and_then(Value::as_i64)
        .and_then(|number| T::try_from(number).ok())
}

/// The properties of a bulk update; they were checked when the job was made.
fn edit(properties: &Value) -> TicketEdit {
    let reference = |key: &str| properties.get(key).map(Value::as_i64);
    let texts = |value: &Value| {
        value.as_array().map(|list| {
            list.iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect()
        })
    };
    let at = |key: &str| {
        let text = properties.get(key).and_then(Value::as_str);
        text.and_then(crate::core::time::parse)
    };
    TicketEdit {
        subject: properties
            .get("subject")
            .and_then(Value::as_str)
            .map(str::to_owned),
        description: properties
            .get("description")
            .and_then(Value::as_str)
            .map(Markup::from_client),
        status: small(properties.get("status")),
        priority: small(properties.get("priority")),
        source: small(properties.get("source")),
        responder_id: reference("responder_id"),
        group_id: reference("group_id"),
        company_id: reference("company_id"),
        product_id: reference("product_id"),
        email_config_id: reference("email_config_id"),
        internal_agent_id: reference("internal_agent_id"),
        internal_group_id: reference("internal_group_id"),
        due_by: at("due_by"),
        fr_due_by: at("fr_due_by"),
        ticket_type: properties
            .get("type")
            .map(|kind| kind.as_str().map(str::to_owned)),
        tags: properties.get("tags").and_then(texts),
        ..TicketEdit::default()
    }
}

impl Desk<'_> {
    /// Carries a bulk job out; tickets that are gone meanwhile are left out.
    pub(crate) fn finish_job(&mut self, id: &str) {
        let now = self.now;
        let Some(job) = self.account.jobs.get_mut(id) else {
            return;
        };
        job.done = true;
        job.updated_at = now;
        let (work, agent) = (job.work.clone(), job.agent_id);
        let performer = Performer::Agent(agent);
        for ticket in ids(&work, "delete") {
            self.shelve_ticket(ticket, Shelf::Deleted(true), performer);
        }
        for ticket in ids(&work, "update") {
            if !self
                .account
                .tickets
                .get(ticket)
                .is_some_and(super::Ticket::is_listed)
            {
                continue;
            }
            if let Some(properties) = work
                .get("properties")
                .filter(|properties| properties.is_object())
            {
                let mut edit = edit(properties);
                edit.custom_fields = self.bulk_values(ticket, properties);
                self.edit_ticket(ticket, edit, performer);
            }
            if let Some(body) = work.get("reply").and_then(Value::as_str) {
                let new = NewConversation {
                    body: Markup::from_client(body),
                    ..NewConversation::default()
                };
                self.agent_reply(ticket, agent, new);
            }
        }
    }

    /// The custom fields of a bulk update, as they fit this ticket.
    fn bulk_values(&self, ticket: i64, properties: &Value) -> Values {
        let given = properties.get("custom_fields").and_then(Value::as_object);
        given
            .and_then(|given| {
                self.account
                    .check_ticket_values(Some(ticket), given, false)
                    .ok()
            })
            .unwrap_or_default()
    }
}
