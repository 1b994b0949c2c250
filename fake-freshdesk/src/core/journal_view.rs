//! Journal entries as the control API shows them, written straight from what
//! is kept: a reader that follows the journal asks often.

use bytes::Bytes;
use serde_json::Value;
use serde_json::value::RawValue;

use super::ids::uuid;
use super::journal::{ApiCall, Entry, Kept, More, Sent};
use super::time::{Ms, millis_into};
use super::v2::{Json, Object, Rate, put};

/// Some entries, and where to go on.
pub(crate) struct Page<'a> {
    pub(super) items: Vec<Numbered<'a>>,
    /// The number of the last entry that was looked at.
    pub(super) next: u64,
    /// How many entries after the wanted one are no longer there.
    pub(super) dropped: u64,
}

impl Json for Page<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        put!(object, "items", &self.items);
        put!(object, "next", &self.next);
        put!(object, "dropped", &self.dropped);
        object.end();
    }
}

/// An entry with its number.
pub(super) struct Numbered<'a> {
    pub(super) seq: u64,
    pub(super) entry: &'a Entry,
}

impl Json for Numbered<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let Numbered { seq, entry } = self;
        let mut object = Object::begin(out);
        put!(object, "seq", seq);
        put!(object, "at", &Millis(entry.at));
        put!(object, "account", &*entry.account);
        put!(object, "kind", entry.kind());
        put!(object, "cause", &entry.cause);
        match &entry.body {
            Kept::Open => {}
            Kept::ApiCall(call) => {
                call.write(&mut object);
                put!(object, "answered_at", &Millis(entry.at + call.delay));
            }
            Kept::Other(_, text) if text.starts_with('{') => object.entries_of(text),
            Kept::Other(_, text) => put!(object, "detail", &Came(text.as_bytes())),
        }
        object.end();
    }
}

impl ApiCall {
    fn write(&self, object: &mut Object<'_>) {
        let nothing = More::default();
        let more = self.more.as_deref().unwrap_or(&nothing);
        let (method, path) = self.target.method_and_path();
        put!(object, "request_id", &uuid(self.request_id));
        put!(object, "method", method);
        put!(object, "path", path);
        put!(object, "query", &self.target.query());
        put!(object, "agent_id", &self.agent_id);
        match &more.request {
            Sent::Nothing => put!(object, "request", &()),
            // What a rule is saved with is written down without its secrets.
            Sent::Bytes(bytes) if path.contains("/automations/") => {
                put!(object, "request", &rule(bytes));
            }
            Sent::Bytes(bytes) => put!(object, "request", &Came(bytes)),
            Sent::Form(form) => put!(object, "request", form),
        }
        put!(object, "unread", &more.unread);
        put!(object, "status", &self.status);
        put!(object, "headers", &Headers(self, more));
        match &more.answer {
            None => put!(object, "answer", &Size(self.size)),
            Some(bytes) => put!(object, "answer", &Came(bytes)),
        }
        put!(object, "class", self.class.word());
        put!(object, "cost", &self.cost);
        put!(object, "remaining", &self.remaining);
    }
}

/// A point in time as the control API spells it.
struct Millis(Ms);

impl Json for Millis {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        millis_into(self.0, out);
        out.push(b'"');
    }
}

/// What is known of an answer that was only read.
struct Size(u32);

impl Json for Size {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        put!(object, "size", &self.0);
        object.end();
    }
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

impl Json for Came<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        if self.0.is_empty() {
            return ().write(out);
        }
        match serde_json::from_slice::<&RawValue>(self.0) {
            Ok(json) => out.extend_from_slice(json.get().as_bytes()),
            Err(_) => {
                let mut object = Object::begin(out);
                put!(object, "unparsed", &*String::from_utf8_lossy(self.0));
                object.end();
            }
        }
    }
}

/// The answer's headers: its own, then the quota's.
struct Headers<'a>(&'a ApiCall, &'a More);

impl Json for Headers<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let mut object = Object::begin(out);
        for (name, value) in &self.1.headers {
            object.named(name, &**value);
        }
        for (name, value) in self.0.rate.iter().flat_map(Rate::headers) {
            object.named(name, &value);
        }
        object.end();
    }
}
