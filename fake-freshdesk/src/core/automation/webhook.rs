//! The request that a webhook action makes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use liquid::model::{Value as Liquid, ValueView as _};
use serde_json::{Map, Value, json};

use super::placeholders::Placeholders;
use super::template::Escape;
use crate::core::account::Account;
use crate::core::tickets::Ticket;

/// How the content is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Json,
    Xml,
    Form,
}

impl Encoding {
    /// By the action's word for it. [D for JSON, I for the others]
    pub(super) fn named(word: &str) -> Option<Encoding> {
        match word.to_lowercase().replace(['-', '_'], " ").as_str() {
            "json" | "application/json" => Some(Encoding::Json),
            "xml" | "application/xml" => Some(Encoding::Xml),
            "url encoded" | "urlencoded" | "x www form urlencoded" => Some(Encoding::Form),
            _ => None,
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Encoding::Json => "application/json; charset=utf-8",
            Encoding::Xml => "application/xml; charset=utf-8",
            Encoding::Form => "application/x-www-form-urlencoded",
        }
    }
}

/// A request, rendered.
#[derive(Debug)]
pub(super) struct Rendered {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

/// What the tick boxes of simple content offer when none is named. [O]
const SIMPLE: [&str; 12] = [
    "ticket.id",
    "ticket.subject",
    "ticket.description",
    "ticket.url",
    "ticket.portal_url",
    "ticket.due_by_time",
    "ticket.tags",
    "ticket.latest_public_comment",
    "ticket.group.name",
    "ticket.agent.name",
    "ticket.status",
    "ticket.requester.email",
];

/// Renders the action for the ticket as it is now. [I: at execution]
pub(super) fn render(
    account: &Account,
    ticket: &Ticket,
    action: &Map<String, Value>,
    triggered_event: &str,
) -> Rendered {
    let word = |key: &str| action.get(key).and_then(Value::as_str).unwrap_or_default();
    // A map with text keys can always be written.
    let asked = serde_json::to_string(action).unwrap_or_default();
    let values = Placeholders::of(account, ticket, triggered_event, &asked);
    let method = word("request_type").to_uppercase();
    let encoding = Encoding::named(word("content_type")).unwrap_or(Encoding::Json);
    let mut headers = vec![("user-agent".to_owned(), "Freshdesk".to_owned())];
    if let Some(authorization) = authorization(action, &values) {
        headers.push(("authorization".to_owned(), authorization));
    }
    headers.extend(custom_headers(action.get("custom_headers"), &values));
    let body = if matches!(method.as_str(), "GET" | "DELETE") {
        String::new()
    } else {
        if !headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
        {
            headers.push((
                "content-type".to_owned(),
                encoding.content_type().to_owned(),
            ));
        }
        content(action, encoding, &values)
    };
    Rendered {
        method,
        url: values.render(word("url"), Escape::Url),
        headers,
        body,
    }
}

/// `auth_header` is user and password; `api_key` is sent as `key:X`. [I]
fn authorization(action: &Map<String, Value>, values: &Placeholders) -> Option<String> {
    let word = |value: Option<&Value>| {
        value
            .and_then(Value::as_str)
            .map(|text| values.render(text, Escape::None))
    };
    let pair = match action.get("auth_header").and_then(Value::as_object) {
        Some(auth) => {
            let user = word(auth.get("username"))?;
            format!("{user}:{}", word(auth.get("password")).unwrap_or_default())
        }
        None => format!(
            "{}:X",
            word(action.get("api_key")).filter(|key| !key.is_empty())?
        ),
    };
    Some(format!("Basic {}", STANDARD.encode(pair)))
}

/// Custom headers: an object, or one `Name: value` per line. [D]
fn custom_headers(headers: Option<&Value>, values: &Placeholders) -> Vec<(String, String)> {
    let render = |text: &str| values.render(text.trim(), Escape::None);
    match headers {
        Some(Value::Object(map)) => map
            .iter()
            .map(|(name, value)| {
                (
                    name.to_lowercase(),
                    value.as_str().map_or_else(|| value.to_string(), &render),
                )
            })
            .collect(),
        Some(Value::String(lines)) => lines
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.trim().to_lowercase(), render(value)))
            .collect(),
        _ => Vec::new(),
    }
}

fn content(action: &Map<String, Value>, encoding: Encoding, values: &Placeholders) -> String {
    let layout = match action.get("content_layout") {
        Some(Value::String(layout)) => layout.clone(),
        Some(Value::Number(layout)) => layout.to_string(),
        _ => if action.contains_key("content") {
            "2"
        } else {
            "1"
        }
        .to_owned(),
    };
    let content = action.get("content").cloned().unwrap_or(Value::Null);
    if layout == "1" || layout == "simple" {
        return simple(&content, encoding, values);
    }
    let template = match &content {
        Value::String(template) => template.clone(),
        Value::Null => return String::new(),
        // An object that is to be sent as a form is its pairs.
        Value::Object(pairs) if encoding == Encoding::Form => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            for (name, value) in pairs {
                let text = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                form.append_pair(name, &values.render(&text, Escape::None));
            }
            return form.finish();
        }
        other => other.to_string(),
    };
    let escape = match encoding {
        Encoding::Json => Escape::JsonInQuotes,
        Encoding::Xml => Escape::Xml,
        Encoding::Form => Escape::Url,
    };
    values.render(&template, escape)
}

/// `ticket.requester.email` → `ticket_requester_email`; the type says `ticket`
/// once. [O]
fn simple_key(path: &str) -> String {
    path.replace("ticket.ticket_", "ticket_").replace('.', "_")
}

/// The placeholders that simple content names: a list, an object's values, or
/// the usual ones.
fn simple_paths(content: &Value) -> Vec<(String, String)> {
    let path = |text: &str| {
        text.trim()
            .trim_start_matches("{{")
            .trim_end_matches("}}")
            .trim()
            .to_owned()
    };
    let named: Vec<(String, String)> = match content {
        Value::Array(list) => list
            .iter()
            .filter_map(Value::as_str)
            .map(|text| (simple_key(&path(text)), path(text)))
            .collect(),
        Value::Object(map) => map
            .iter()
            .filter_map(|(key, value)| value.as_str().map(|text| (key.clone(), path(text))))
            .collect(),
        _ => Vec::new(),
    };
    if named.is_empty() {
        return SIMPLE
            .iter()
            .map(|path| (simple_key(path), (*path).to_owned()))
            .collect();
    }
    named
}

fn simple(content: &Value, encoding: Encoding, values: &Placeholders) -> String {
    let pairs: Vec<(String, Value)> = simple_paths(content)
        .into_iter()
        .map(|(key, path)| {
            let value = match values.get(&path) {
                Some(Liquid::Scalar(scalar)) => match scalar.to_integer() {
                    Some(number) if path == "ticket.id" => json!(number),
                    _ => json!(scalar.to_kstr().as_str()),
                },
                _ => Value::Null,
            };
            (key, value)
        })
        .collect();
    let text = |value: &Value| {
        value.as_str().map_or_else(
            || {
                if value.is_null() {
                    String::new()
                } else {
                    value.to_string()
                }
            },
            str::to_owned,
        )
    };
    match encoding {
        Encoding::Json => json!({"freshdesk_webhook": Map::from_iter(pairs)}).to_string(),
        Encoding::Xml => {
            let mut xml =
                String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<freshdesk-webhook>\n");
            for (key, value) in &pairs {
                let escaped = text(value)
                    .replace('&', "&amp;")
                    .replace('<', "&lt;")
                    .replace('>', "&gt;");
                let key = key.replace('_', "-");
                xml.push_str(&format!("  <{key}>{escaped}</{key}>\n"));
            }
            xml + "</freshdesk-webhook>\n"
        }
        Encoding::Form => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            for (key, value) in &pairs {
                form.append_pair(&format!("freshdesk_webhook[{key}]"), &text(value));
            }
            form.finish()
        }
    }
}
