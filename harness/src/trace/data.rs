//! What an entry tells besides its head. What came from the journal stays the
//! text it came as until somebody looks: most entries of most runs are only kept.

use std::ops::Deref;
use std::sync::OnceLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::secrets::Secrets;

/// A JSON value, or the text of one; it derefs to the value.
#[derive(Debug, Clone)]
pub struct Data {
    /// As it was written, if it was.
    text: Option<Box<RawValue>>,
    value: OnceLock<Value>,
}

impl Data {
    /// Data that is read when somebody looks.
    pub(crate) fn unread(text: Box<RawValue>) -> Self {
        Self {
            text: Some(text),
            value: OnceLock::new(),
        }
    }

    /// Whether one of the texts, which JSON writes as they are, is anywhere in it.
    pub(crate) fn holds_any(&self, texts: &[&str]) -> bool {
        match &self.text {
            Some(raw) => texts.iter().any(|wanted| raw.get().contains(wanted)),
            None => holds_any(self, texts),
        }
    }

    /// Replaces every secret in it.
    pub(super) fn hide(&mut self, secrets: &Secrets) {
        match &self.text {
            Some(raw) if !secrets.are_in(raw.get()) => {}
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
            None => read(self.text.as_deref()),
        }
    }
}

/// A raw value was JSON when it was taken over, and still is.
fn read(text: Option<&RawValue>) -> Value {
    text.and_then(|raw| serde_json::from_str(raw.get()).ok())
        .unwrap_or_default()
}

/// Whether a value holds one of the texts anywhere.
fn holds_any(value: &Value, texts: &[&str]) -> bool {
    match value {
        Value::String(text) => texts.iter().any(|wanted| text.contains(wanted)),
        Value::Array(items) => items.iter().any(|item| holds_any(item, texts)),
        Value::Object(fields) => fields
            .iter()
            .any(|(key, item)| texts.contains(&key.as_str()) || holds_any(item, texts)),
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
            text: None,
            value: OnceLock::from(value),
        }
    }
}

impl Deref for Data {
    type Target = Value;

    fn deref(&self) -> &Value {
        self.value.get_or_init(|| read(self.text.as_deref()))
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
        match &self.text {
            Some(raw) => raw.serialize(serializer),
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
        let text = r#"{"a":[1,"x\"y"],"b":null}"#;
        let raw = RawValue::from_string(text.to_owned()).unwrap();
        let unread = Data::unread(raw);
        assert_eq!(serde_json::to_string(&unread).unwrap(), text);
        assert!(unread.holds_any(&["no", "x"]));
        assert!(!unread.holds_any(&["z"]));
        let value = json!({"a": [1, "x\"y"], "b": null});
        assert_eq!(unread, value);
        assert_eq!(unread, Data::from(value));
        assert_eq!(unread["a"][0], 1);
    }
}
