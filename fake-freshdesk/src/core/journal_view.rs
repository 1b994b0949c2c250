//! Journal entries as the control API shows them, written straight from what
//! is kept: a reader that follows the journal asks often.

use bytes::Bytes;
use indexmap::IndexMap;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::ids::uuid;
use super::journal::{ApiCall, Entry, Kept, More, Sent};
use super::time::millis;
use super::v2::Rate;

/// Some entries, and where to go on.
#[derive(serde::Serialize)]
pub(crate) struct Page<'a> {
    pub(super) items: Vec<Numbered<'a>>,
    /// The number of the last entry that was looked at.
    pub(super) next: u64,
    /// How many entries after the wanted one are no longer there.
    pub(super) dropped: u64,
}

/// An entry with its number.
pub(super) struct Numbered<'a> {
    pub(super) seq: u64,
    pub(super) entry: &'a Entry,
}

impl Serialize for Numbered<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Numbered { seq, entry } = self;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("seq", seq)?;
        map.serialize_entry("at", &millis(entry.at))?;
        map.serialize_entry("account", &*entry.account)?;
        map.serialize_entry("kind", entry.kind())?;
        map.serialize_entry("cause", &entry.cause)?;
        match &entry.body {
            Kept::Open => {}
            Kept::ApiCall(call) => {
                call.write(&mut map)?;
                map.serialize_entry("answered_at", &millis(entry.at + call.delay))?;
            }
            Kept::Other(_, text) => match serde_json::from_str::<IndexMap<&str, &RawValue>>(text) {
                Ok(fields) => {
                    for (name, value) in fields {
                        map.serialize_entry(name, value)?;
                    }
                }
                Err(_) => map.serialize_entry("detail", &Came(text.as_bytes()))?,
            },
        }
        map.end()
    }
}

impl ApiCall {
    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let nothing = More::default();
        let more = self.more.as_deref().unwrap_or(&nothing);
        let (method, path) = self.target.method_and_path();
        map.serialize_entry("request_id", &uuid(self.request_id))?;
        map.serialize_entry("method", method)?;
        map.serialize_entry("path", path)?;
        map.serialize_entry("query", &self.target.query())?;
        map.serialize_entry("agent_id", &self.agent_id)?;
        match &more.request {
            Sent::Nothing => map.serialize_entry("request", &())?,
            // What a rule is saved with is written down without its secrets.
            Sent::Bytes(bytes) if path.contains("/automations/") => {
                map.serialize_entry("request", &rule(bytes))?;
            }
            Sent::Bytes(bytes) => map.serialize_entry("request", &Came(bytes))?,
            Sent::Form(form) => map.serialize_entry("request", form)?,
        }
        map.serialize_entry("unread", &more.unread)?;
        map.serialize_entry("status", &self.status)?;
        map.serialize_entry("headers", &Headers(self, more))?;
        match &more.answer {
            None => map.serialize_entry("answer", &Size { size: self.size })?,
            Some(bytes) => map.serialize_entry("answer", &Came(bytes))?,
        }
        map.serialize_entry("class", &self.class)?;
        map.serialize_entry("cost", &self.cost)?;
        map.serialize_entry("remaining", &self.remaining)
    }
}

/// What is known of an answer that was only read.
#[derive(serde::Serialize)]
struct Size {
    size: u32,
}

/// What nobody could read as JSON.
#[derive(serde::Serialize)]
struct Unparsed<'a> {
    unparsed: &'a str,
}

/// A rule as it came, its credentials hidden.
fn rule(bytes: &Bytes) -> Value {
    let mut rule: Value = serde_json::from_slice(bytes).unwrap_or_default();
    if let Some(Value::Array(actions)) = rule.get_mut("actions") {
        let actions = actions.iter_mut().filter_map(Value::as_object_mut);
        actions.for_each(super::automation::hide_credentials);
    }
    rule
}

/// A body as it came: as JSON if it is some.
struct Came<'a>(&'a [u8]);

impl Serialize for Came<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_empty() {
            return serializer.serialize_unit();
        }
        match serde_json::from_slice::<&RawValue>(self.0) {
            Ok(raw) => raw.serialize(serializer),
            Err(_) => Unparsed {
                unparsed: &String::from_utf8_lossy(self.0),
            }
            .serialize(serializer),
        }
    }
}

/// The answer's headers: its own, then the quota's.
struct Headers<'a>(&'a ApiCall, &'a More);

impl Serialize for Headers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &self.1.headers {
            map.serialize_entry(name, value)?;
        }
        for (name, value) in self.0.rate.iter().flat_map(Rate::headers) {
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}
