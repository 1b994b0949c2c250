//! Entries as the fake's journal writes them: a head that is read at once, and
//! the rest, which stays text.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::data::{Data, OfACall};

/// A page of the journal.
#[derive(Deserialize)]
pub(super) struct Page<'a> {
    #[serde(borrow)]
    pub(super) items: Vec<Item<'a>>,
    pub(super) dropped: u64,
}

/// One entry.
pub(super) struct Item<'a> {
    pub(super) seq: u64,
    pub(super) at: Timestamp,
    pub(super) kind: Cow<'a, str>,
    pub(super) cause: Option<u64>,
    pub(super) ticket_id: Option<u64>,
    pub(super) path: Option<Cow<'a, str>>,
    of_a_call: OfACall,
    /// Everything that is not in the trace's own head.
    fields: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl Item<'_> {
    /// What is not in the head, as the journal wrote it.
    pub(super) fn rest(&self) -> Data {
        let size: usize = self
            .fields
            .iter()
            .map(|(key, value)| key.len() + value.get().len() + 4)
            .sum();
        let mut text = String::with_capacity(size + 2);
        text.push('{');
        for (n, (key, value)) in self.fields.iter().enumerate() {
            if n > 0 {
                text.push(',');
            }
            // A field's name is a word of letters and underscores.
            text.push('"');
            text.push_str(key);
            text.push_str("\":");
            text.push_str(value.get());
        }
        text.push('}');
        Data::unread(text, self.of_a_call)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Item<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Item<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a journal entry")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item<'de>, A::Error> {
        let (mut seq, mut at, mut kind) = (None, None, None);
        let (mut cause, mut ticket_id, mut path) = (None, None, None);
        let mut of_a_call = OfACall::default();
        let mut fields = Vec::with_capacity(16);
        while let Some(Text(key)) = map.next_key()? {
            match &*key {
                "seq" => seq = Some(map.next_value()?),
                "at" => at = Some(map.next_value()?),
                "kind" => kind = Some(map.next_value::<Text<'de>>()?.0),
                "cause" => cause = map.next_value()?,
                "account" => drop(map.next_value::<IgnoredAny>()?),
                _ => {
                    let value: &RawValue = map.next_value()?;
                    match &*key {
                        "ticket_id" => ticket_id = serde_json::from_str(value.get()).ok(),
                        "status" => of_a_call.status = serde_json::from_str(value.get()).ok(),
                        "method" => of_a_call.is_get = value.get() == "\"GET\"",
                        "path" => {
                            path = serde_json::from_str(value.get())
                                .ok()
                                .map(|Text(path)| path);
                        }
                        _ => {}
                    }
                    fields.push((key, value));
                }
            }
        }
        Ok(Item {
            seq: seq.ok_or_else(|| A::Error::missing_field("seq"))?,
            at: at.ok_or_else(|| A::Error::missing_field("at"))?,
            kind: kind.ok_or_else(|| A::Error::missing_field("kind"))?,
            cause,
            ticket_id,
            path,
            of_a_call,
            fields,
        })
    }
}

/// A text, borrowed where nothing in it is escaped.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_a_head_and_the_rest_as_it_was_written() {
        let text = r#"{"items":[{"seq":7,"at":"2026-01-05T09:00:00.000Z","account":"a.example",
            "kind":"api_call","cause":3,"path":"/api/v2/tickets/9","answer":{"b": "\u00e9"}}],
            "next":7,"dropped":0}"#;
        let page: Page<'_> = serde_json::from_str(text).unwrap();
        let item = &page.items[0];
        assert_eq!((item.seq, item.cause, item.ticket_id), (7, Some(3), None));
        assert_eq!(
            (&*item.kind, item.path.as_deref()),
            ("api_call", Some("/api/v2/tickets/9"))
        );
        assert_eq!(
            serde_json::to_string(&item.rest()).unwrap(),
            r#"{"path":"/api/v2/tickets/9","answer":{"b": "\u00e9"}}"#
        );
    }

    #[test]
    fn an_entry_without_a_number_is_refused() {
        let text = r#"{"items":[{"at":"2026-01-05T09:00:00Z","kind":"mail"}],"dropped":0}"#;
        let error = serde_json::from_str::<Page<'_>>(text).err().unwrap();
        assert!(error.to_string().contains("missing field `seq`"), "{error}");
    }
}
