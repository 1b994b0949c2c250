//! The trace: one ordered record of all that happened in a run. Every verdict
//! and every report reads only the trace.
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | entries and their order |
//! | [`data`] | what an entry tells, read when somebody looks |
//! | `journal` | entries as the fake's journal writes them |
//! | [`recorder`] | how entries get in: the fake's journal, and what the harness itself did and saw |
//! | [`mod@line`] | one entry as one line for people |
//! | `secrets` | what must not get into a report |

pub mod data;
mod journal;
pub mod line;
pub mod recorder;
pub(crate) mod secrets;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use data::Data;

/// Where an entry was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The journal of fake-freshdesk.
    Freshdesk,
    /// The brain that the harness serves.
    Brain,
    /// A call of the bridge's contract.
    Bridge,
    /// The scenario itself.
    Scenario,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number in the trace, from 0.
    pub n: usize,
    /// When, in the helpdesk's time.
    pub at: Timestamp,
    /// Where it was recorded.
    pub source: Source,
    /// What kind of thing: a journal kind (`api_call`, `webhook_attempt`, …) or
    /// one of ours (`step`, `decision`, `contract_call`, `ticket_seen`, …).
    pub kind: String,
    /// The ticket it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<u64>,
    /// The entry that led to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<usize>,
    /// Everything else.
    pub data: Data,
}

/// An entry without its data.
#[derive(Serialize)]
struct Head<'a> {
    n: usize,
    at: Timestamp,
    source: Source,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<usize>,
}

impl Entry {
    /// A text field of the data, or "".
    pub fn text(&self, field: &str) -> &str {
        self.data.get(field).and_then(Value::as_str).unwrap_or("")
    }

    /// A number field of the data.
    pub fn number(&self, field: &str) -> Option<u64> {
        self.data.get(field).and_then(Value::as_u64)
    }

    /// What a pointer like `/request/body` finds in the data.
    pub fn find(&self, pointer: &str) -> Option<&Value> {
        find(&self.data, pointer)
    }

    /// The entry as JSON, the same as it serializes to; what came as text is not read.
    fn write_json(&self, json: &mut Vec<u8>) -> serde_json::Result<()> {
        let head = Head {
            n: self.n,
            at: self.at,
            source: self.source,
            kind: &self.kind,
            ticket: self.ticket,
            cause: self.cause,
        };
        serde_json::to_writer(&mut *json, &head)?;
        // In place of the head's closing brace.
        json.pop();
        json.extend_from_slice(b",\"data\":");
        self.data.write_json(json)?;
        json.push(b'}');
        Ok(())
    }

    /// The status of a call's answer.
    pub fn status(&self) -> Option<u64> {
        self.data.of_a_call().status
    }

    /// Whether this is an API call that only reads.
    pub fn is_get(&self) -> bool {
        self.data.of_a_call().is_get
    }

    /// Whether this is an API call that Freshdesk answered.
    pub fn is_call(&self) -> bool {
        self.kind == "api_call"
    }
}

/// The ordered record of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    entries: Vec<Entry>,
}

impl Trace {
    /// All entries, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry with number `n`.
    pub fn get(&self, n: usize) -> Option<&Entry> {
        self.entries.get(n)
    }

    /// The last entry of a kind for which `matches` holds.
    pub fn last(&self, kind: &str, matches: impl Fn(&Entry) -> bool) -> Option<&Entry> {
        self.entries
            .iter()
            .rev()
            .find(|e| e.kind == kind && matches(e))
    }

    /// All entries of a kind.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries.iter().filter(move |e| e.kind == kind)
    }

    pub(crate) fn push(
        &mut self,
        at: Timestamp,
        source: Source,
        kind: &str,
        ticket: Option<u64>,
        cause: Option<usize>,
        data: impl Into<Data>,
    ) -> usize {
        let n = self.entries.len();
        self.entries.push(Entry {
            n,
            at,
            source,
            kind: kind.to_owned(),
            ticket,
            cause,
            data: data.into(),
        });
        n
    }

    /// The trace as JSON lines, one entry a line: what two runs are compared by.
    pub fn to_json_lines(&self) -> String {
        let mut lines = Vec::new();
        for entry in &self.entries {
            // An entry holds only strings, numbers and JSON values, which always serialize.
            let _ = entry.write_json(&mut lines);
            lines.push(b'\n');
        }
        // JSON is UTF-8.
        String::from_utf8(lines).unwrap_or_default()
    }
}

/// What a JSON pointer finds in which nothing is escaped. (serde's own makes a copy
/// of each of its words first, and verdicts look at much.)
pub(crate) fn find<'a>(value: &'a Value, pointer: &str) -> Option<&'a Value> {
    let mut words = pointer.split('/').skip(1);
    words.try_fold(value, |found, word| match found {
        Value::Object(fields) => fields.get(word),
        Value::Array(items) => items.get(word.parse::<usize>().ok()?),
        _ => None,
    })
}

/// An object of values that are moved into it; `json!` would copy each.
pub(crate) fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    let fields = fields.map(|(name, value)| (name.to_owned(), value));
    Value::Object(fields.into_iter().collect())
}

/// The items of a list in a field that is taken out of an object; none if it has no
/// such list.
pub(crate) fn take_list(object: &mut Value, field: &str) -> Vec<Value> {
    match object.get_mut(field).map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}

/// The items of the list that a pointer finds in a JSON value; none if there is no list.
pub(crate) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    find(value, pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::data::OfACall;
    use super::*;

    #[test]
    fn a_pointer_finds_what_it_finds_with_serde() {
        let value = json!({"a": [{"b": 1}, null], "": 2, "n": 3});
        for pointer in [
            "", "/a", "/a/0/b", "/a/1", "/a/2", "/a/x", "/", "/n/b", "/nosuch",
        ] {
            assert_eq!(find(&value, pointer), value.pointer(pointer), "{pointer}");
        }
    }

    #[test]
    fn a_line_is_the_entry_as_it_serializes() {
        let mut trace = Trace::default();
        let unread = Data::unread(r#"{"path":"/é","n":1}"#.to_owned(), OfACall::default());
        let at = Timestamp::UNIX_EPOCH;
        trace.push(at, Source::Freshdesk, "api_call", Some(7), Some(0), unread);
        trace.push(
            at,
            Source::Scenario,
            "step",
            None,
            None,
            json!({"a": "\"b"}),
        );
        let lines: String = trace
            .entries()
            .iter()
            .map(|entry| serde_json::to_string(entry).unwrap() + "\n")
            .collect();
        assert_eq!(trace.to_json_lines(), lines);
    }
}
