//! `{{ticket.subject}}` and its kin, rendered by a Liquid engine.

use liquid::model::{Scalar, Value as Liquid};
use liquid::{Object, Parser, ParserBuilder, Template};
use liquid_core::{Display_filter, Filter, FilterReflection, ParseFilter, Runtime, ValueView};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use crate::core::account::Account;
use crate::core::fields::{PRIORITIES, SOURCES};
use crate::core::html::text_of;
use crate::core::tickets::{Conversation, Ticket};
use crate::core::time::prose;

/// Escapes a value for the inside of a JSON string. [O ZUL, POL]
#[derive(Clone, ParseFilter, FilterReflection)]
#[filter(
    name = "fd_json",
    description = "Escapes for the inside of a JSON string.",
    parsed(JsonFilter)
)]
struct Json;

#[derive(Debug, Default, Display_filter)]
#[name = "fd_json"]
struct JsonFilter;

impl Filter for JsonFilter {
    fn evaluate(&self, input: &dyn ValueView, _: &dyn Runtime) -> liquid_core::Result<Liquid> {
        let quoted = Value::String(input.to_kstr().to_string()).to_string();
        Ok(Liquid::scalar(quoted[1..quoted.len() - 1].to_owned()))
    }
}

/// Escapes a value for XML text and attributes. [I]
#[derive(Clone, ParseFilter, FilterReflection)]
#[filter(name = "fd_xml", description = "Escapes for XML.", parsed(XmlFilter))]
struct Xml;

#[derive(Debug, Default, Display_filter)]
#[name = "fd_xml"]
struct XmlFilter;

impl Filter for XmlFilter {
    fn evaluate(&self, input: &dyn ValueView, _: &dyn Runtime) -> liquid_core::Result<Liquid> {
        let text = input.to_kstr();
        let text = text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;");
        Ok(Liquid::scalar(text))
    }
}

/// Escapes a value for a URL. [I]
#[derive(Clone, ParseFilter, FilterReflection)]
#[filter(name = "fd_url", description = "Escapes for a URL.", parsed(UrlFilter))]
struct InUrl;

#[derive(Debug, Default, Display_filter)]
#[name = "fd_url"]
struct UrlFilter;

impl Filter for UrlFilter {
    fn evaluate(&self, input: &dyn ValueView, _: &dyn Runtime) -> liquid_core::Result<Liquid> {
        let text = input.to_kstr();
        Ok(Liquid::scalar(
            url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>(),
        ))
    }
}

#[expect(
    clippy::expect_used,
    reason = "the standard filters and three of ours always make a parser"
)]
static PARSER: LazyLock<Parser> = LazyLock::new(|| {
    ParserBuilder::with_stdlib()
        .filter(Json)
        .filter(Xml)
        .filter(InUrl)
        .build()
        .expect("a parser")
});

/// Templates that were parsed before: a rule renders the same few over and
/// over. At most so many are kept; a full cache begins anew.
static PARSED: LazyLock<Mutex<HashMap<String, Arc<Template>>>> = LazyLock::new(Mutex::default);
const MOST_PARSED: usize = 256;

/// The template of a source; `None` if it is no Liquid.
fn parsed(source: &str) -> Option<Arc<Template>> {
    // A poisoned cache holds whole templates only: they are put in when made.
    let mut cache = PARSED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(template) = cache.get(source) {
        return Some(Arc::clone(template));
    }
    let template = Arc::new(PARSER.parse(source).ok()?);
    if cache.len() >= MOST_PARSED {
        cache.clear();
    }
    cache.insert(source.to_owned(), Arc::clone(&template));
    Some(template)
}

/// How a substituted value is escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escape {
    /// Not at all.
    None,
    /// Inside double quotes as JSON, elsewhere bare.
    JsonInQuotes,
    /// As XML.
    Xml,
    /// As a part of a URL.
    Url,
}

/// The values a template can name.
pub(super) struct Placeholders(Object);

impl Placeholders {
    /// Everything that can be said about a ticket now.
    pub(super) fn of(account: &Account, ticket: &Ticket, triggered_event: &str) -> Placeholders {
        let mut root = Object::new();
        root.insert(
            "ticket".into(),
            Liquid::Object(ticket_object(account, ticket)),
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
        let (source, names) = escaped(template, escape);
        let mut root = Cow::Borrowed(&self.0);
        for name in names {
            let path: Vec<&str> = name.split('.').collect();
            if !reaches(&root, &path) {
                admit(root.to_mut(), &path);
            }
        }
        let rendered = parsed(&source).and_then(|template| template.render(root.as_ref()).ok());
        rendered.unwrap_or_else(|| template.to_owned())
    }
}

/// Whether a path can be read as it is.
fn reaches(object: &Object, path: &[&str]) -> bool {
    let Some((first, rest)) = path.split_first() else {
        return true;
    };
    match object.get(*first) {
        None => false,
        Some(_) if rest.is_empty() => true,
        Some(Liquid::Object(inner)) => reaches(inner, rest),
        Some(_) => false,
    }
}

/// Makes a path readable: whatever is missing on it becomes nothing.
fn admit(object: &mut Object, path: &[&str]) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    let slot = object.entry((*first).to_owned()).or_insert(Liquid::Nil);
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

/// The template with an escaping filter on each placeholder that needs one,
/// and the names that placeholders and tags mention.
fn escaped(template: &str, escape: Escape) -> (String, Vec<String>) {
    let mut source = String::with_capacity(template.len() + 64);
    let mut names = Vec::new();
    let mut quoted = false;
    let mut rest = template;
    while let Some(letter) = rest.chars().next() {
        let close = match rest.get(..2) {
            Some("{{") => rest.find("}}"),
            Some("{%") => rest.find("%}"),
            _ => None,
        };
        if let Some(close) = close {
            let inner = &rest[2..close];
            names.extend(mentioned(inner));
            source.push_str(&rest[..close]);
            if rest.starts_with("{{") {
                source.push_str(match escape {
                    Escape::JsonInQuotes if quoted => " | fd_json",
                    Escape::Xml => " | fd_xml",
                    Escape::Url => " | fd_url",
                    Escape::None | Escape::JsonInQuotes => "",
                });
            }
            source.push_str(&rest[close..close + 2]);
            rest = &rest[close + 2..];
            continue;
        }
        if letter == '\\' && quoted {
            let mut letters = rest.chars();
            source.extend(letters.by_ref().take(2));
            rest = letters.as_str();
            continue;
        }
        if letter == '"' {
            quoted = !quoted;
        }
        source.push(letter);
        rest = &rest[letter.len_utf8()..];
    }
    (source, names)
}

/// Dotted names in the inside of a placeholder or tag, string literals apart.
fn mentioned(inner: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut literal = None;
    let mut name = String::new();
    for letter in inner.chars().chain([' ']) {
        match literal {
            Some(quote) if letter == quote => literal = None,
            Some(_) => {}
            None if letter.is_alphanumeric()
                || letter == '_'
                || (letter == '.' && !name.is_empty()) =>
            {
                name.push(letter);
            }
            None => {
                let known = name.starts_with("ticket.")
                    || name == "triggered_event"
                    || name == "helpdesk_name";
                let leads = name.starts_with(|first: char| first.is_alphabetic())
                    && inner.trim().starts_with(&name);
                if known || leads {
                    names.push(name.trim_end_matches('.').to_owned());
                }
                name.clear();
                if letter == '"' || letter == '\'' {
                    literal = Some(letter);
                }
            }
        }
    }
    names
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

fn ticket_object(account: &Account, ticket: &Ticket) -> Object {
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
    let source = SOURCES
        .iter()
        .find(|(id, _)| *id == ticket.source)
        .map_or("", |(_, name)| name);
    let domain = &account.domain;
    let url = format!("https://{domain}/helpdesk/tickets/{}", ticket.id);
    let portal = format!("https://{domain}/support/tickets/{}", ticket.id);
    let requester = person(account, ticket.requester_id);
    let plain = |html: &Option<String>| {
        html.as_deref()
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
        ("source", text(source)),
        ("ticket_type", optional(ticket.ticket_type.as_deref())),
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
