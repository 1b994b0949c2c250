//! Taking people out of text, consistently: one person stays one person.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Replaces e-mail addresses, phone numbers and the given names everywhere in
/// a JSON value, but for `kept`.
pub(crate) fn people(value: &mut Value, names: &[String], kept: &[String]) {
    match value {
        Value::String(text) => *text = text_without_people(text, names, kept),
        Value::Array(items) => {
            for item in items {
                people(item, names, kept);
            }
        }
        Value::Object(fields) => {
            for field in fields.values_mut() {
                people(field, names, kept);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn text_without_people(text: &str, names: &[String], kept: &[String]) -> String {
    if kept.iter().any(|kept| kept == text) || text.parse::<jiff::Timestamp>().is_ok() {
        return text.to_owned();
    }
    let mut text = text.to_owned();
    for name in names.iter().filter(|name| name.chars().count() > 2) {
        text = text.replace(name, &format!("person-{}", pseudonym(name)));
    }
    let mut redacted = String::with_capacity(text.len());
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 {
            redacted.push(' ');
        }
        redacted.push_str(&without_address(word, kept));
    }
    without_phones(&redacted)
}

fn without_address(word: &str, kept: &[String]) -> String {
    let is_part = |c: char| c.is_alphanumeric() || "@._+-".contains(c);
    let core = word.trim_matches(|c| !is_part(c)).trim_end_matches('.');
    let is_address = core
        .split_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && host.contains('.'));
    if !is_address || kept.iter().any(|kept| kept == core) {
        return word.to_owned();
    }
    let replacement = format!(
        "person-{}@redacted.invalid",
        pseudonym(&core.to_lowercase())
    );
    word.replace(core, &replacement)
}

/// Runs of at least nine digits with what stands between them in a phone number.
fn without_phones(text: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut run = String::new();
    let flush = |run: &mut String, redacted: &mut String| {
        let digits: String = run.chars().filter(char::is_ascii_digit).collect();
        let dated = run.contains(':');
        if (run.starts_with('+') && digits.len() >= 7 || digits.len() >= 9 && run.contains(' '))
            && !dated
        {
            let _ = write!(redacted, "phone-{}", pseudonym(&digits));
            if run.ends_with(' ') {
                redacted.push(' ');
            }
        } else {
            redacted.push_str(run);
        }
        run.clear();
    };
    for c in text.chars() {
        if c.is_ascii_digit() || c == '+' || (!run.is_empty() && " -()/".contains(c)) {
            run.push(c);
        } else {
            flush(&mut run, &mut redacted);
            redacted.push(c);
        }
    }
    flush(&mut run, &mut redacted);
    redacted
}

fn pseudonym(of: &str) -> String {
    Sha256::digest(of.as_bytes())
        .iter()
        .take(4)
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn people_are_taken_out_consistently_and_the_agent_stays() {
        let mut value = json!({
            "contact": {"name": "Carla Customer", "email": "carla@mail.example"},
            "text": "I am Carla Customer <Carla@mail.example>, call +44 20 7946 0958.",
            "order": "order 1042 of 2026-01-02",
            "at": "2026-01-02T03:04:05Z",
            "agent": "ai@acme.example",
        });
        people(
            &mut value,
            &["Carla Customer".to_owned()],
            &["ai@acme.example".to_owned()],
        );
        let text = value.to_string();
        for gone in ["Carla", "mail.example", "7946"] {
            assert!(!text.contains(gone), "{gone} in {text}");
        }
        assert_eq!(value["agent"], "ai@acme.example");
        assert_eq!(value["order"], "order 1042 of 2026-01-02");
        assert_eq!(value["at"], "2026-01-02T03:04:05Z");
        let address = value["contact"]["email"].as_str().unwrap();
        assert!(value["text"].as_str().unwrap().contains(address));
    }
}
