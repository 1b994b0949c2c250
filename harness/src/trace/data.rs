//! What an entry tells besides its head. What came from the journal stays the
//! text it came as until somebody looks: most entries of most runs are only kept.

use std::ops::Deref;
use std::sync::OnceLock;

use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::secrets::{Secrets, Words};

/// A JSON value, or the text of one; it derefs to the value.
#[derive(Debug, Clone)]
pub struct Data {
    written: Option<Written>,
    value: OnceLock<Value>,
}

/// What came as text.
#[derive(Debug, Clone)]
struct Written {
    /// JSON, as it was written.
    text: Box<str>,
    asked_of_every_call: OfACall,
}

/// What is asked of every call, so that its text is read for nothing else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct OfACall {
    /// The field `status`, if that is a number.
    pub(crate) status: Option<u64>,
    /// Whether the field `method` is `GET`.
    pub(crate) is_get: bool,
}

impl Data {
    /// Data that is read when somebody looks: JSON, and what is asked of every call.
    pub(crate) fn unread(text: String, asked_of_every_call: OfACall) -> Self {
        Self {
            written: Some(Written {
                text: text.into(),
                asked_of_every_call,
            }),
            value: OnceLock::new(),
        }
    }

    /// What is asked of every call.
    pub(crate) fn of_a_call(&self) -> OfACall {
        match &self.written {
            Some(written) => written.asked_of_every_call,
            None => OfACall {
                status: self.get("status").and_then(Value::as_u64),
                is_get: self.get("method").is_some_and(|method| method == "GET"),
            },
        }
    }

    /// A part of it; none if it has not that shape. The rest is not read.
    pub(super) fn part<'a, T: Deserialize<'a>>(&'a self) -> Option<T> {
        match (&self.written, self.value.get()) {
            (Some(written), None) => serde_json::from_str(&written.text).ok(),
            _ => T::deserialize(&**self).ok(),
        }
    }

    /// It as JSON: as it came, if it did.
    pub(super) fn write_json(&self, json: &mut Vec<u8>) -> serde_json::Result<()> {
        match &self.written {
            Some(written) => json.extend_from_slice(written.text.as_bytes()),
            None => serde_json::to_writer(json, &**self)?,
        }
        Ok(())
    }

    /// Whether one of the words, which JSON writes as they are, is anywhere in it.
    pub(crate) fn holds_any(&self, words: &Words) -> bool {
        match &self.written {
            Some(written) => words.are_in(&written.text),
            None => holds_any(self, words),
        }
    }

    /// Replaces every secret in it.
    pub(super) fn hide(&mut self, secrets: &Secrets) {
        match &self.written {
            Some(written) if !secrets.are_in(&written.text) => {}
            _ => {
                let mut value = std::mem::take(self).into_value();
                secrets.hide_in_value(&mut value);
                *self = value.into();
            }
        }
    }

    fn into_value(self) -> Value {
        match self.value.into_inner() {
            Some(value) => value,
            None => read(self.written.as_ref()),
        }
    }
}

/// The text was part of a JSON document that was read, and so is JSON itself.
fn read(written: Option<&Written>) -> Value {
    written
        .and_then(|written| serde_json::from_str(&written.text).ok())
        .unwrap_or_default()
}

/// Whether a value holds one of the words anywhere.
fn holds_any(value: &Value, words: &Words) -> bool {
    match value {
        Value::String(text) => words.are_in(text),
        Value::Array(items) => items.iter().any(|item| holds_any(item, words)),
        Value::Object(fields) => fields
            .iter()
            .any(|(key, item)| words.are_in(key) || holds_any(item, words)),
        _ => false,
    }
}

impl Default for Data {
    fn default() -> Self {
        Value::Null.into()
    }
}

impl From<Value> for Data {
    fn from(value: Value) -> Self {
        Self {
            written: None,
            value: OnceLock::from(value),
        }
    }
}

impl Deref for Data {
    type Target = Value;

    fn deref(&self) -> &Value {
        self.value.get_or_init(|| read(self.written.as_ref()))
    }
}

impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl PartialEq<Value> for Data {
    fn eq(&self, other: &Value) -> bool {
        **self == *other
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.written {
            Some(written) => serde_json::from_str::<&RawValue>(&written.text)
                .map_err(S::Error::custom)?
                .serialize(serializer),
            None => (**self).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn unread_data_is_the_value_it_is_the_text_of() {
        let text = r#"{"a":[1,"x\"y"],"b":null,"status":429,"method":"GET"}"#;
        let of_a_call = OfACall {
            status: Some(429),
            is_get: true,
        };
        let unread = Data::unread(text.to_owned(), of_a_call);
        assert_eq!(serde_json::to_string(&unread).unwrap(), text);
        let value = json!({"a": [1, "x\"y"], "b": null, "status": 429, "method": "GET"});
        for data in [&unread, &Data::from(value.clone())] {
            assert!(data.holds_any(&Words::new(["no", "x"])));
            assert!(!data.holds_any(&Words::new(["z"])));
            assert_eq!(data.of_a_call(), of_a_call);
            #[derive(Debug, PartialEq, Deserialize)]
            struct Part<'a> {
                method: &'a str,
                nosuch: Option<u64>,
            }
            let part = Part {
                method: "GET",
                nosuch: None,
            };
            assert_eq!(data.part(), Some(part));
            let mut json = Vec::new();
            data.write_json(&mut json).unwrap();
            assert_eq!(String::from_utf8(json).unwrap(), text);
        }
        assert_eq!(unread, value);
        assert_eq!(unread, Data::from(value));
        assert_eq!(unread["a"][0], 1);
    }
}
