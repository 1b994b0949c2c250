//! Checks of a rule's actions before it is saved; most of them are about where
//! its webhooks go.

use serde_json::{Map, Value};
use url::{Host, Url};

use super::rule::{Rule, keep_credentials};
use super::save::Draft;
use crate::core::v2::errors::{FieldError, code};

/// Action names besides custom fields. [D/O/I]
const ACTIONS: [&str; 25] = [
    "status",
    "priority",
    "ticket_type",
    "type",
    "group_id",
    "responder_id",
    "add_tag",
    "add_a_cc",
    "add_note",
    "add_comment",
    "send_email_to_requester",
    "send_email_to_agent",
    "send_email_to_group",
    "add_watcher",
    "trigger_webhook",
    "delete_ticket",
    "mark_as_spam",
    "skip_notification",
    "forward_ticket",
    "product_id",
    "source",
    "internal_agent_id",
    "internal_group_id",
    "set_status_of_parent",
    "subject",
];

/// Is this host one the fake may call? Loopback always is, others by name. (SEC-3)
pub(crate) fn loopback_or_allowed(url: &Url, allowed: &[String]) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) if address.is_loopback() => true,
        Some(Host::Ipv6(address)) if address.is_loopback() => true,
        Some(Host::Domain(name)) if name == "localhost" || name.ends_with(".localhost") => true,
        Some(host) => allowed
            .iter()
            .any(|each| each.eq_ignore_ascii_case(&host.to_string())),
        None => false,
    }
}

impl Draft<'_> {
    pub(super) fn actions(&mut self, rule: &mut Rule, actions: &[Value]) {
        if actions.is_empty() {
            self.refuse(
                "actions",
                "It should not be blank as this is a mandatory field",
                code::INVALID_VALUE,
            );
        }
        let before = std::mem::take(&mut rule.actions);
        for action in actions {
            let Some((name, object)) = self.named("actions", action, &ACTIONS) else {
                continue;
            };
            if name == "trigger_webhook" {
                self.webhook(object);
            }
            let mut object = object.clone();
            if let Some(before) = same_webhook(&before, &object) {
                keep_credentials(&mut object, before);
            }
            rule.actions.push(object);
        }
    }

    fn webhook(&mut self, action: &Map<String, Value>) {
        let word = |key: &str| action.get(key).and_then(Value::as_str);
        let (Some(method), Some(url)) = (word("request_type"), word("url")) else {
            if self.account.settings.incomplete_webhook_action_is_500 {
                self.broken_webhook = true;
            } else {
                self.errors.push(FieldError::missing("actions[url]"));
            }
            return;
        };
        if !["GET", "POST", "PUT", "DELETE", "PATCH"].contains(&method.to_uppercase().as_str()) {
            self.refuse(
                "actions[request_type]",
                "It should be one of these values: 'GET,POST,PUT,DELETE,PATCH'",
                code::INVALID_VALUE,
            );
        }
        if let Some(content) = word("content_type")
            && super::webhook::Encoding::named(content).is_none()
        {
            self.refuse(
                "actions[content_type]",
                "It should be one of these values: 'JSON,XML,URL encoded'",
                code::INVALID_VALUE,
            );
        }
        // Placeholders may stand in path and query, never in the host.
        let filled = url.replace("{{", "").replace("}}", "");
        match Url::parse(&filled.replace(' ', "")) {
            Ok(parsed) if !matches!(parsed.scheme(), "http" | "https") => {
                self.refuse(
                    "actions[url]",
                    "It should be a valid http or https URL",
                    code::INVALID_VALUE,
                );
            }
            Ok(parsed) if !loopback_or_allowed(&parsed, self.allowed_hosts) => {
                let host = parsed.host_str().unwrap_or_default().to_owned();
                let message = format!(
                    "The host '{host}' is not on loopback. This fake calls loopback only; start it with --allow-webhook-host {host} to allow it"
                );
                self.refuse("actions[url]", message, code::INVALID_VALUE);
            }
            Ok(_) => {}
            Err(_) => self.refuse(
                "actions[url]",
                "It should be a valid http or https URL",
                code::INVALID_VALUE,
            ),
        }
    }
}

/// The webhook action that this one was before: the one with its URL, or the
/// only one there was.
fn same_webhook<'a>(
    before: &'a [Map<String, Value>],
    action: &Map<String, Value>,
) -> Option<&'a Map<String, Value>> {
    let is_webhook = |action: &&Map<String, Value>| {
        action.get("field_name").and_then(Value::as_str) == Some("trigger_webhook")
    };
    Some(action).filter(is_webhook)?;
    let mut webhooks = before.iter().filter(is_webhook);
    let same = webhooks
        .clone()
        .find(|each| each.get("url") == action.get("url"));
    same.or_else(|| webhooks.next().filter(|_| webhooks.next().is_none()))
}
