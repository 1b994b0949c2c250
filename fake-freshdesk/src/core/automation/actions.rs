//! What a rule does when it fires.

use serde_json::{Map, Value};

use super::placeholders::Placeholders;
use super::rule::Rule;
use super::template::Escape;
use super::webhook;
use crate::core::desk::Desk;
use crate::core::events::{Changes, Performer, TicketEvent};
use crate::core::field_values::Values;
use crate::core::html::Markup;
use crate::core::tickets::{NewConversation, TicketEdit};

/// What came of a rule's actions.
#[derive(Default)]
pub(super) struct Done {
    pub(super) changes: Changes,
    pub(super) deliveries: Vec<u64>,
}

fn whole(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| value.as_str()?.trim().parse().ok())
}

/// An id, or nobody for `null`, `""` and -1.
fn reference(value: &Value) -> Option<i64> {
    whole(value).filter(|id| *id > 0)
}

fn words(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        Value::String(text) => text
            .split(',')
            .map(|tag| tag.trim().to_owned())
            .filter(|tag| !tag.is_empty())
            .collect(),
        _ => Vec::new(),
    }
}

impl Desk<'_> {
    /// Carries out a rule's actions, in order.
    pub(super) fn act_on(
        &mut self,
        rule: &Rule,
        event: &TicketEvent,
        triggered_event: &str,
    ) -> Done {
        let mut done = Done::default();
        for action in &rule.actions {
            self.act_one(rule, event, action, triggered_event, &mut done);
        }
        done
    }

    fn act_one(
        &mut self,
        rule: &Rule,
        event: &TicketEvent,
        action: &Map<String, Value>,
        triggered: &str,
        done: &mut Done,
    ) {
        let id = event.ticket_id;
        let null = Value::Null;
        let value = action.get("value").unwrap_or(&null);
        let name = action
            .get("field_name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        match name {
            "trigger_webhook" => {
                let Some(ticket) = self.account.tickets.get(id) else {
                    return;
                };
                let rendered = webhook::render(self.account, ticket, action, triggered);
                done.deliveries
                    .push(self.deliver((rule.id, &rule.name, rule.kind), id, rendered));
            }
            "add_note" | "add_comment" => {
                let text =
                    self.render(event, action, &["note_body", "comment", "value"], triggered);
                let new = NewConversation {
                    body: Markup::from_client(&text),
                    note: true,
                    private: name == "add_note",
                    automation: Some((rule.id, rule.kind)),
                    ..NewConversation::default()
                };
                self.add_conversation(id, new);
            }
            "send_email_to_requester" | "send_email_to_agent" | "send_email_to_group" => {
                let subject = self.render(event, action, &["email_subject", "subject"], triggered);
                let text = self.render(event, action, &["email_body", "body"], triggered);
                for to in self.addressees(name, event, action) {
                    self.send_mail(&to, "rule", &subject, &text);
                }
            }
            "forward_ticket" => {
                let text = self.render(event, action, &["fwd_note_body", "body"], triggered);
                for to in action.get("fwd_to").map(words).unwrap_or_default() {
                    self.send_mail(&to, "rule", "Fwd", &text);
                }
            }
            "add_watcher" => {
                let watchers: Vec<i64> = match value {
                    Value::Array(list) => list.iter().filter_map(whole).collect(),
                    one => whole(one).into_iter().collect(),
                };
                self.account.tickets.change(id, |ticket| {
                    let known = &mut ticket.rare_mut().watchers;
                    known.extend(watchers);
                    known.sort_unstable();
                    known.dedup();
                });
            }
            "delete_ticket" | "mark_as_spam" => {
                let now = self.now;
                self.account.tickets.change(id, |ticket| {
                    if name == "delete_ticket" {
                        ticket.deleted = true;
                    } else {
                        ticket.spam = true;
                    }
                    ticket.updated_at = now;
                });
            }
            "add_a_cc" => {
                let cc = words(value);
                self.account
                    .tickets
                    .change(id, |ticket| ticket.rare_mut().cc_emails.extend(cc));
            }
            "skip_notification" => {}
            _ => {
                let edit = self.edit_of(name, value, event);
                let changes = self.apply_edit(id, edit);
                done.changes.extend(changes);
            }
        }
    }

    fn edit_of(&self, name: &str, value: &Value, event: &TicketEvent) -> TicketEdit {
        let mut edit = TicketEdit::default();
        let small = whole(value).and_then(|number| u16::try_from(number).ok());
        match name {
            "status" => {
                edit.status = small.filter(|status| {
                    self.account
                        .statuses
                        .iter()
                        .any(|known| known.id == *status)
                });
            }
            "priority" => {
                edit.priority = whole(value)
                    .and_then(|number| u8::try_from(number).ok())
                    .filter(|p| (1..=4).contains(p));
            }
            "source" => edit.source = small,
            "ticket_type" | "type" => {
                edit.ticket_type = Some(
                    value
                        .as_str()
                        .filter(|text| !text.is_empty())
                        .map(str::to_owned),
                );
            }
            "group_id" => {
                edit.group_id =
                    Some(reference(value).filter(|id| self.account.groups.contains_key(id)));
            }
            // -2 is "whoever did it". [I]
            "responder_id" if whole(value) == Some(-2) => {
                if let Performer::Agent(id) = event.performer {
                    edit.responder_id = Some(Some(id));
                }
            }
            "responder_id" => {
                edit.responder_id =
                    Some(reference(value).filter(|id| self.account.people.agent(*id).is_some()));
            }
            "product_id" => edit.product_id = Some(reference(value)),
            "subject" => edit.subject = value.as_str().map(str::to_owned),
            "add_tag" => {
                let ticket = self.account.tickets.get(event.ticket_id);
                let mut tags: Vec<String> = ticket
                    .map(|ticket| ticket.tags.iter().map(ToString::to_string).collect())
                    .unwrap_or_default();
                for tag in words(value) {
                    if !tags.contains(&tag) {
                        tags.push(tag);
                    }
                }
                edit.tags = Some(tags);
            }
            custom
                if self
                    .account
                    .custom_fields()
                    .any(|field| field.name == custom) =>
            {
                edit.custom_fields
                    .extend(self.custom_value(event.ticket_id, custom, value));
            }
            _ => {}
        }
        edit
    }

    /// What a rule sets a custom field to, with what that empties below it. A
    /// value that does not fit a nested field changes nothing. [I]
    fn custom_value(&self, ticket: i64, name: &str, value: &Value) -> Values {
        let given = Map::from_iter([(name.to_owned(), value.clone())]);
        let checked = self.account.check_ticket_values(Some(ticket), &given, true);
        let nested = self
            .account
            .field(name)
            .is_some_and(|field| field.kind == "nested_field");
        checked.unwrap_or_else(|_| match nested {
            true => Values::new(),
            false => vec![(name.into(), value.clone())],
        })
    }

    /// The first of these keys that the action has, with placeholders filled.
    fn render(
        &self,
        event: &TicketEvent,
        action: &Map<String, Value>,
        keys: &[&str],
        triggered: &str,
    ) -> String {
        let template = keys
            .iter()
            .find_map(|key| action.get(*key).and_then(Value::as_str))
            .unwrap_or_default();
        match self.account.tickets.get(event.ticket_id) {
            Some(ticket) => Placeholders::of(self.account, ticket, triggered, template)
                .render(template, Escape::None),
            None => template.to_owned(),
        }
    }

    fn addressees(
        &self,
        name: &str,
        event: &TicketEvent,
        action: &Map<String, Value>,
    ) -> Vec<String> {
        let Some(ticket) = self.account.tickets.get(event.ticket_id) else {
            return Vec::new();
        };
        let mail_of = |id: i64| {
            self.account
                .people
                .name_and_email(id)
                .and_then(|(_, email)| email)
                .map(str::to_owned)
        };
        let to: Vec<i64> = match action.get("email_to") {
            Some(Value::Array(list)) => list.iter().filter_map(whole).collect(),
            Some(one) => whole(one).into_iter().collect(),
            None => Vec::new(),
        };
        match name {
            "send_email_to_requester" => mail_of(ticket.requester_id).into_iter().collect(),
            "send_email_to_agent" => {
                let agents = if to.is_empty() {
                    ticket.responder_id.into_iter().collect()
                } else {
                    to
                };
                agents.into_iter().filter_map(mail_of).collect()
            }
            _ => {
                let groups: Vec<i64> = if to.is_empty() {
                    ticket.group_id.into_iter().collect()
                } else {
                    to
                };
                groups
                    .into_iter()
                    .flat_map(|group| self.account.members(group))
                    .filter_map(mail_of)
                    .collect()
            }
        }
    }
}
