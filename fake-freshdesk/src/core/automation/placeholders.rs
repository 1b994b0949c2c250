//! `{{ticket.subject}}` and its kin: what a rule's template can say of a ticket.

use std::borrow::Cow;

use liquid::Object;
use liquid::model::{Scalar, Value as Liquid};
use liquid_core::ValueView as _;
use serde_json::Value;

use super::template::{Escape, prepared};
use crate::core::account::Account;
use crate::core::fields::PRIORITIES;
use crate::core::html::text_of;
use crate::core::tickets::{Conversation, Ticket};
use crate::core::time::prose;

/// The values a template can name.
pub(super) struct Placeholders(Object);

impl Placeholders {
    /// Everything that can be said about a ticket now and that `asked` may name: the
    /// templates, in whatever they are written. What is costly to make is left out
    /// where they don't.
    pub(super) fn of(
        account: &Account,
        ticket: &Ticket,
        triggered_event: &str,
        asked: &str,
    ) -> Placeholders {
        let mut root = Object::new();
        root.insert(
            "ticket".into(),
            Liquid::Object(ticket_object(account, ticket, asked)),
        );
        root.insert(
            "helpdesk_name".into(),
            Liquid::scalar(account.name().to_owned()),
        );
        root.insert(
            "triggered_event".into(),
            Liquid::scalar(triggered_event.to_owned()),
        );
        Placeholders(root)
    }

    /// One value by its dotted name; `None` if there is none.
    pub(super) fn get(&self, path: &str) -> Option<Liquid> {
        let mut parts = path.split('.');
        let mut value = self.0.get(parts.next()?)?;
        for part in parts {
            value = value.as_object().and_then(|_| match value {
                Liquid::Object(object) => object.get(part),
                _ => None,
            })?;
        }
        (!value.is_nil()).then(|| value.clone())
    }

    /// Renders a template. A placeholder nobody knows renders as nothing; a
    /// template that is no Liquid is sent as it is. [I]
    pub(super) fn render(&self, template: &str, escape: Escape) -> String {
        if !template.contains("{{") && !template.contains("{%") {
            return template.to_owned();
        }
        let Some(prepared) = prepared(template, escape) else {
            return template.to_owned();
        };
        let mut root = Cow::Borrowed(&self.0);
        for path in &prepared.names {
            if !reaches(&root, path) {
                admit(root.to_mut(), path);
            }
        }
        let rendered = prepared.template.render(root.as_ref());
        rendered.unwrap_or_else(|_| template.to_owned())
    }
}

/// Whether a path can be read as it is.
fn reaches(object: &Object, path: &[String]) -> bool {
    let Some((first, rest)) = path.split_first() else {
        return true;
    };
    match object.get(first.as_str()) {
        None => false,
        Some(_) if rest.is_empty() => true,
        Some(Liquid::Object(inner)) => reaches(inner, rest),
        Some(_) => false,
    }
}

/// Makes a path readable: whatever is missing on it becomes nothing.
fn admit(object: &mut Object, path: &[String]) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    let slot = object.entry(first.clone()).or_insert(Liquid::Nil);
    if rest.is_empty() {
        return;
    }
    if !slot.is_object() {
        *slot = Liquid::Object(Object::new());
    }
    if let Liquid::Object(inner) = slot {
        admit(inner, rest);
    }
}

fn text(value: impl Into<String>) -> Liquid {
    Liquid::scalar(value.into())
}

fn optional(value: Option<&str>) -> Liquid {
    value.map_or(Liquid::Nil, text)
}

fn object(pairs: impl IntoIterator<Item = (&'static str, Liquid)>) -> Liquid {
    Liquid::Object(
        pairs
            .into_iter()
            .map(|(key, value)| (key.into(), value))
            .collect(),
    )
}

fn from_json(value: &Value) -> Liquid {
    match value {
        Value::Null => Liquid::Nil,
        Value::Bool(flag) => Liquid::scalar(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Liquid::scalar(whole),
            None => Liquid::Scalar(Scalar::from(number.as_f64().unwrap_or_default())),
        },
        Value::String(string) => text(string.as_str()),
        other => text(other.to_string()),
    }
}

/// `Author Name : <html body>`, as latest comments render. [O WEC]
fn comment(account: &Account, conversation: &Conversation) -> String {
    let author = conversation
        .user_id
        .and_then(|id| account.people.name_and_email(id))
        .map_or("", |(name, _)| name);
    format!("{author} : {}", conversation.body.html)
}

fn person(account: &Account, id: i64) -> Liquid {
    let Some((name, email)) = account.people.name_and_email(id) else {
        return object([]);
    };
    let contact = account.people.contact(id);
    let (first, last) = name.split_once(' ').unwrap_or((name, ""));
    object([
        ("id", Liquid::scalar(id)),
        ("name", text(name)),
        ("firstname", text(first)),
        ("lastname", text(last)),
        ("email", optional(email)),
        (
            "phone",
            optional(contact.and_then(|contact| contact.phone.as_deref())),
        ),
        (
            "mobile",
            optional(contact.and_then(|contact| contact.mobile.as_deref())),
        ),
        (
            "address",
            optional(contact.and_then(|contact| contact.address.as_deref())),
        ),
        (
            "job_title",
            optional(contact.and_then(|contact| contact.job_title.as_deref())),
        ),
        (
            "unique_external_id",
            optional(contact.and_then(|contact| contact.unique_external_id.as_deref())),
        ),
    ])
}

/// A link to the survey that is active, if there is one. [I: its address]
fn survey(account: &Account, ticket: &Ticket) -> Liquid {
    let surveys = account.shelves.get("surveys");
    let mut surveys = surveys.into_iter().flat_map(|shelf| shelf.values());
    let active = surveys.any(|survey| survey["active"] == true);
    if !active {
        return Liquid::Nil;
    }
    text(format!(
        "https://{}/support/custom_surveys/{}/new",
        account.domain, ticket.id
    ))
}

fn ticket_object(account: &Account, ticket: &Ticket, asked: &str) -> Object {
    let latest = |private: bool| {
        ticket
            .conversations
            .iter()
            .rev()
            .find(|each| each.private == private)
    };
    let public = latest(false).map(|each| comment(account, each));
    let private = latest(true).map(|each| comment(account, each));
    let agent = ticket.responder_id.and_then(|id| account.people.agent(id));
    let group = ticket.group_id.and_then(|id| account.groups.get(&id));
    let company = ticket.company_id.and_then(|id| account.companies.get(&id));
    let priority = PRIORITIES
        .iter()
        .find(|(id, _)| *id == ticket.priority)
        .map_or("", |(_, name)| name);
    let domain = &account.domain;
    let url = format!("https://{domain}/helpdesk/tickets/{}", ticket.id);
    let portal = format!("https://{domain}/support/tickets/{}", ticket.id);
    let product = ticket.rare().product_id;
    let product = product.and_then(|id| account.shelves.get("products")?.get(&id));
    let survey = survey(account, ticket);
    let requester = person(account, ticket.requester_id);
    let comment_texts = asked.contains("comment_text");
    let plain = |html: &Option<String>| {
        html.as_deref()
            .filter(|_| comment_texts)
            .map_or(Liquid::Nil, |html| text(text_of(html)))
    };
    let due = |at: Option<i64>| at.map_or(Liquid::Nil, |at| text(prose(at)));
    let mut ticket_object = match object([
        ("id", Liquid::scalar(ticket.id)),
        ("subject", optional(ticket.subject.as_deref())),
        ("description", text(&*ticket.description.html)),
        ("description_text", text(&*ticket.description.text)),
        ("url", text(url)),
        ("public_url", text(portal.clone())),
        ("portal_url", text(portal)),
        ("portal_name", text(account.name())),
        ("tags", text(ticket.tags.join(", "))),
        ("latest_public_comment_text", plain(&public)),
        ("latest_private_comment_text", plain(&private)),
        ("latest_public_comment", optional(public.as_deref())),
        ("latest_private_comment", optional(private.as_deref())),
        ("status", text(account.status_label(ticket.status))),
        ("priority", text(priority)),
        ("source", text(account.source_label(ticket.source))),
        ("ticket_type", optional(ticket.ticket_type.as_deref())),
        (
            "product_description",
            optional(product.and_then(|product| product["description"].as_str())),
        ),
        ("satisfaction_survey", survey.clone()),
        ("surveys", survey),
        ("due_by_time", due(ticket.due_by)),
        ("fr_due_by_time", due(ticket.fr_due_by)),
        (
            "from_email",
            optional(
                account
                    .people
                    .name_and_email(ticket.requester_id)
                    .and_then(|(_, email)| email),
            ),
        ),
        (
            "group",
            group.map_or(Liquid::Nil, |group| {
                object([
                    ("id", Liquid::scalar(group.id)),
                    ("name", text(group.name.as_str())),
                ])
            }),
        ),
        (
            "agent",
            agent.map_or(Liquid::Nil, |agent| {
                object([
                    ("id", Liquid::scalar(agent.id)),
                    ("name", text(agent.name.as_str())),
                    ("email", text(agent.email.as_str())),
                ])
            }),
        ),
        (
            "company",
            company.map_or(Liquid::Nil, |company| {
                object([
                    ("name", text(company.name.as_str())),
                    ("description", optional(company.description.as_deref())),
                    ("note", optional(company.note.as_deref())),
                    ("domains", text(company.domains.join(","))),
                ])
            }),
        ),
        ("requester", requester.clone()),
        ("contact", requester),
    ]) {
        Liquid::Object(object) => object,
        _ => Object::new(),
    };
    for field in account.custom_fields() {
        let value = ticket
            .custom_fields
            .get(field.name.as_str())
            .map_or(Liquid::Nil, from_json);
        ticket_object.insert(field.name.clone().into(), value);
    }
    ticket_object
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(template: &str, escape: Escape) -> String {
        let mut root = Object::new();
        let ticket = object([
            ("id", Liquid::scalar(17)),
            ("subject", text("say \"hi\"\nnow")),
        ]);
        root.insert("ticket".into(), ticket);
        Placeholders(root).render(template, escape)
    }

    #[test]
    fn values_are_escaped_inside_quotes_only() {
        let template =
            r#"{"id": {{ticket.id}}, "s": "{{ ticket.subject }}", "bare": {{ticket.subject}}}"#;
        assert_eq!(
            render(template, Escape::JsonInQuotes),
            "{\"id\": 17, \"s\": \"say \\\"hi\\\"\\nnow\", \"bare\": say \"hi\"\nnow}"
        );
    }

    #[test]
    fn what_nobody_knows_renders_as_nothing() {
        assert_eq!(
            render(
                "[{{ticket.agent.email}}][{{ticket.nosuch}}][{{nosuch}}]",
                Escape::None
            ),
            "[][][]"
        );
    }

    #[test]
    fn filters_and_tags_work() {
        assert_eq!(
            render(
                "{% if ticket.nosuch %}a{% else %}b{% endif %}",
                Escape::None
            ),
            "b"
        );
        assert_eq!(
            render(
                "{{ ticket.subject | upcase | truncate: 6, '' }}",
                Escape::None
            ),
            "SAY \"H"
        );
    }

    #[test]
    fn what_is_no_liquid_is_sent_as_it_is() {
        assert_eq!(render("{{ticket.id", Escape::None), "{{ticket.id");
        assert_eq!(
            render("{{ ticket.id | }} x", Escape::None),
            "{{ ticket.id | }} x"
        );
    }

    #[test]
    fn quotes_after_an_escape_do_not_end_the_string() {
        assert_eq!(
            render(r#""a\"{{ticket.subject}}""#, Escape::JsonInQuotes),
            r#""a\"say \"hi\"\nnow""#
        );
    }
}
