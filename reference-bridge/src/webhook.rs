//! The two payloads that the rules send, and telling them from anything else
//! (WHK-1, WHK-2). A payload says which ticket to look at, and nothing more is
//! taken from it (WHK-7).

use serde_json::Value;

use crate::{nearest, shortened, strict_json, work::EventKind};

/// What a payload of ours says it is.
const MARK: &str = "freshdesk/v1";

/// What an accepted webhook asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ping {
    pub(crate) event: EventKind,
    pub(crate) ticket_id: i64,
}

/// The text to paste into a rule's webhook action (advanced content, JSON).
pub(crate) fn payload(event: EventKind) -> String {
    let word = event.as_str();
    let trigger = match event {
        EventKind::TicketCreated => "",
        EventKind::TicketUpdated => ",\n  \"triggered_event\": \"{{triggered_event}}\"",
    };
    format!(
        "{{\n  \"opencx\": \"{MARK}\",\n  \"event\": \"{word}\",\n  \"ticket_id\": {{{{ticket.id}}}},\n  \
         \"ticket_url\": \"{{{{ticket.url}}}}\"{trigger}\n}}"
    )
}

/// The keys of a payload.
fn keys(event: EventKind) -> &'static [&'static str] {
    match event {
        EventKind::TicketCreated => &["opencx", "event", "ticket_id", "ticket_url"],
        EventKind::TicketUpdated => &[
            "opencx",
            "event",
            "ticket_id",
            "ticket_url",
            "triggered_event",
        ],
    }
}

/// Reads a payload strictly: one that was edited is refused with the reason,
/// and what to do about it.
pub(crate) fn read(body: &[u8]) -> Result<Ping, String> {
    parse(body).map_err(|what| {
        format!(
            "{what}. The payload is not as Settings → Integrations → Freshdesk shows it: copy it from there \
             again and paste it into the rule's webhook action verbatim"
        )
    })
}

fn parse(body: &[u8]) -> Result<Ping, String> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err("the body is empty".to_owned());
    }
    let text = std::str::from_utf8(body).map_err(|_| "the body is not UTF-8".to_owned())?;
    let body = strict_json::parse(text).map_err(|error| {
        format!("the body is not JSON ({error}); a placeholder outside quotes does that")
    })?;
    let Value::Object(fields) = body else {
        return Err("the body is no JSON object".to_owned());
    };
    if fields.contains_key("freshdesk_webhook") {
        return Err("this is Freshdesk's simple content; choose Advanced".to_owned());
    }
    match fields.get("opencx") {
        Some(Value::String(mark)) if mark == MARK => {}
        Some(other) => return Err(format!("$.opencx is {}, not \"{MARK}\"", shortened(other))),
        None => return Err(missing("opencx", &fields)),
    }
    let event = match fields.get("event") {
        Some(Value::String(event)) if event == "ticket_created" => EventKind::TicketCreated,
        Some(Value::String(event)) if event == "ticket_updated" => EventKind::TicketUpdated,
        Some(other) => {
            return Err(format!(
                "$.event is {}, not \"ticket_created\" or \"ticket_updated\"",
                shortened(other)
            ));
        }
        None => return Err(missing("event", &fields)),
    };
    let keys = keys(event);
    for key in keys {
        if !fields.contains_key(*key) {
            return Err(missing(key, &fields));
        }
    }
    if let Some(unknown) = fields.keys().find(|key| !keys.contains(&key.as_str())) {
        return Err(format!(
            "$.{} is not a key of this payload",
            shortened(unknown)
        ));
    }
    let ticket_id = fields
        .get("ticket_id")
        .and_then(Value::as_i64)
        .filter(|id| *id > 0)
        .ok_or_else(|| {
            format!(
                "$.ticket_id is {}, not a ticket's number",
                shortened(fields.get("ticket_id").unwrap_or(&Value::Null))
            )
        })?;
    for key in &keys[3..] {
        if !fields.get(*key).is_some_and(Value::is_string) {
            return Err(format!("$.{key} is not text"));
        }
    }
    Ok(Ping { event, ticket_id })
}

fn missing(key: &str, fields: &serde_json::Map<String, Value>) -> String {
    match nearest(key, fields.keys().map(String::as_str)) {
        Some(found) => format!(
            "$.{key} is missing; there is $.{} instead",
            shortened(found)
        ),
        None => format!("$.{key} is missing"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(event: EventKind) -> String {
        payload(event)
            .replace("{{ticket.id}}", "17")
            .replace(
                "{{ticket.url}}",
                "https://a.freshdesk.com/helpdesk/tickets/17",
            )
            .replace("{{triggered_event}}", "{status:{from:2,to:4}}")
    }

    #[test]
    fn the_payloads_are_what_the_webhook_reads() {
        for event in [EventKind::TicketCreated, EventKind::TicketUpdated] {
            let ping = read(rendered(event).as_bytes()).unwrap();
            assert_eq!(
                ping,
                Ping {
                    event,
                    ticket_id: 17
                }
            );
        }
    }

    #[test]
    fn an_edited_payload_is_refused_with_the_reason() {
        let good = rendered(EventKind::TicketUpdated);
        let edited = [
            String::new(),
            " \n".to_owned(),
            "[]".to_owned(),
            "{}".to_owned(),
            good.replace("ticket_id", "ticketId"),
            good.replace("  \"ticket_id\": 17,\n", ""),
            good.replace("\"{status", "{status").replace("}}\"", "}}"),
            good.replace(": 17", ": \"17\""),
            good.replace(": 17", ": 0"),
            good.replace(": 17", ": "),
            good.replace("freshdesk/v1", "freshdesk/v2"),
            good.replace("ticket_updated", "ticket_deleted"),
            good.replace("{\n", "{\n\"extra\": 1,\n"),
            good.replace("\"event\"", "\"evnt\""),
            r#"{"freshdesk_webhook":{"ticket_id":17}}"#.to_owned(),
        ];
        let reasons: Vec<_> = edited
            .iter()
            .map(|body| read(body.as_bytes()).unwrap_err())
            .collect();
        assert!(read(b"\xff{}").unwrap_err().contains("UTF-8"));
        insta::assert_yaml_snapshot!(reasons);
    }

    proptest::proptest! {
        #[test]
        fn no_body_but_our_own_is_ever_accepted(body: Vec<u8>, cut in 0..200_usize, key in "[a-z_]{1,12}") {
            proptest::prop_assert!(read(&body).is_err());
            let good = rendered(EventKind::TicketUpdated);
            let cut = cut.min(good.len() - 1);
            proptest::prop_assert!(read(&good.as_bytes()[..cut]).is_err());
            let renamed = good.replace("\"ticket_id\"", &format!("\"{key}\""));
            proptest::prop_assert!(key == "ticket_id" || read(renamed.as_bytes()).is_err());
        }
    }
}
