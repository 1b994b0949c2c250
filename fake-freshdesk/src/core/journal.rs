//! The journal: a bounded ring of everything that happened, each entry with
//! the sequence number of what caused it.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::journal_view::{Numbered, Page};
use super::quota::Class;
use super::time::Ms;
use super::v2::Rate;

/// What a v2 call left behind. There are as many as the ring has room for, so
/// it is kept small: what only some calls have is behind one pointer.
#[derive(Clone, Debug)]
pub(crate) struct ApiCall {
    pub(crate) request_id: u64,
    pub(crate) target: Target,
    pub(crate) agent_id: Option<i64>,
    pub(crate) status: u16,
    pub(crate) rate: Option<Rate>,
    pub(crate) class: Class,
    pub(crate) cost: u32,
    pub(crate) remaining: Option<u32>,
    /// Bytes of the answer's body.
    pub(crate) size: u32,
    /// How late it was answered.
    pub(crate) delay: Ms,
    pub(crate) more: Option<Box<More>>,
}

/// What calls have that write, fail, or lead on to another page.
#[derive(Clone, Debug, Default)]
pub(crate) struct More {
    pub(crate) request: Sent,
    /// Fields of body and query that were accepted and that nobody read.
    pub(crate) unread: Vec<String>,
    pub(crate) headers: Vec<(&'static str, Cow<'static, str>)>,
    /// The answer to a call; of what was only read, the size is enough.
    pub(crate) answer: Option<Bytes>,
}

impl More {
    /// The extra, if there is any.
    pub(crate) fn boxed(self) -> Option<Box<More>> {
        let nothing = matches!(self.request, Sent::Nothing)
            && self.unread.is_empty()
            && self.headers.is_empty()
            && self.answer.is_none();
        (!nothing).then(|| Box::new(self))
    }
}

/// What was asked for: verb, path and query in one piece.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    text: Box<str>,
    /// Where the path ends.
    path: u32,
}

impl Target {
    pub(crate) fn new(method: &http::Method, path: &str, query: Option<&str>) -> Target {
        let length = method.as_str().len() + path.len() + query.map_or(0, str::len) + 2;
        let mut text = String::with_capacity(length);
        text.push_str(method.as_str());
        text.push(' ');
        text.push_str(path);
        let end = text.len();
        if let Some(query) = query {
            text.push('?');
            text.push_str(query);
        }
        Target {
            text: text.into_boxed_str(),
            path: u32::try_from(end).unwrap_or(u32::MAX),
        }
    }

    pub(super) fn method_and_path(&self) -> (&str, &str) {
        let text = self.text.get(..self.path as usize).unwrap_or(&self.text);
        text.split_once(' ').unwrap_or((text, ""))
    }

    pub(super) fn query(&self) -> Option<&str> {
        self.text.get(self.path as usize + 1..)
    }
}

/// The body of a call, kept as it came and read only when asked for.
#[derive(Clone, Debug, Default)]
pub(crate) enum Sent {
    #[default]
    Nothing,
    Bytes(Bytes),
    Form(Value),
}

/// One entry's own fields, as they come in.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// Reserved; filled before the core returns.
    Open,
    ApiCall(Box<ApiCall>),
    Other(&'static str, Value),
}

/// The same as they are kept. Most are never read: as text they take a fifth of
/// the memory that a tree of maps does.
#[derive(Clone, Debug)]
pub(super) enum Kept {
    Open,
    ApiCall(Box<ApiCall>),
    Other(&'static str, Box<str>),
}

impl From<Body> for Kept {
    fn from(body: Body) -> Kept {
        match body {
            Body::Open => Kept::Open,
            Body::ApiCall(call) => Kept::ApiCall(call),
            Body::Other(kind, fields) => {
                // A value has text keys only, so it can always be written.
                let text = serde_json::to_string(&fields).unwrap_or_default();
                Kept::Other(kind, text.into())
            }
        }
    }
}

impl Kept {
    /// What it weighs besides its fixed size.
    fn bytes(&self) -> usize {
        match self {
            Kept::Open => 0,
            Kept::ApiCall(call) => call.bytes(),
            Kept::Other(_, fields) => fields.len(),
        }
    }
}

/// About how many bytes a value's texts and keys take.
fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(weight).sum(),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| key.len() + weight(value))
            .sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    }
}

/// One entry.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) at: Ms,
    pub(super) account: Arc<str>,
    pub(super) cause: Option<u64>,
    pub(super) body: Kept,
}

/// The most bytes of bodies a journal keeps, however few its entries: a
/// hundred thousand large uploads are not to fill the memory.
const BYTE_CAPACITY: usize = 64 * 1024 * 1024;

/// The ring.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    entries: VecDeque<Entry>,
    capacity: usize,
    /// Bytes of bodies in the entries.
    bytes: usize,
    /// Sequence number of the first entry still kept.
    first: u64,
}

/// What to read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) after: u64,
    pub(crate) account: Option<String>,
    pub(crate) kinds: Vec<String>,
    pub(crate) limit: usize,
}

/// The kinds of entries, as the control API spells them.
pub(crate) const KINDS: [&str; 9] = [
    "api_call",
    "action",
    "ticket_event",
    "rule_decision",
    "webhook_attempt",
    "webhook_result",
    "mail",
    "fault",
    "unknown_host",
];

impl Journal {
    pub(crate) fn new(capacity: usize) -> Self {
        Journal {
            entries: VecDeque::new(),
            capacity: capacity.max(1),
            bytes: 0,
            first: 1,
        }
    }

    /// An empty journal whose numbering goes on after `seq`.
    pub(crate) fn starting_after(capacity: usize, seq: u64) -> Self {
        Journal {
            first: seq + 1,
            ..Journal::new(capacity)
        }
    }

    /// The number of the newest entry, or of the one before the first.
    pub(crate) fn last_seq(&self) -> u64 {
        self.first + self.entries.len() as u64 - 1
    }

    /// Adds an entry and returns its number.
    pub(crate) fn add(
        &mut self,
        at: Ms,
        account: &Arc<str>,
        cause: Option<u64>,
        body: Body,
    ) -> u64 {
        if self.entries.len() == self.capacity {
            self.drop_oldest();
        }
        let body = Kept::from(body);
        self.bytes += body.bytes();
        self.entries.push_back(Entry {
            at,
            account: Arc::clone(account),
            cause,
            body,
        });
        self.fit();
        self.last_seq()
    }

    /// Fills an entry that was added [`Body::Open`].
    pub(crate) fn fill(&mut self, seq: u64, body: Body) {
        let at = seq
            .checked_sub(self.first)
            .and_then(|at| usize::try_from(at).ok());
        if let Some(entry) = at.and_then(|at| self.entries.get_mut(at)) {
            let body = Kept::from(body);
            self.bytes += body.bytes();
            self.bytes -= entry.body.bytes();
            entry.body = body;
        }
        self.fit();
    }

    /// Drops the oldest entries until the rest fits; the newest stays, whatever it weighs.
    fn fit(&mut self) {
        while self.bytes > BYTE_CAPACITY && self.entries.len() > 1 {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            self.bytes -= entry.body.bytes();
            self.first += 1;
        }
    }

    /// Entries after `filter.after`, oldest first, with where to go on.
    pub(crate) fn read(&self, filter: &Filter) -> Page<'_> {
        let wanted = filter.after.saturating_add(1);
        let skip = usize::try_from(wanted.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let dropped = self.first.saturating_sub(wanted);
        let mut items = Vec::new();
        let mut next = filter.after.max(self.first - 1);
        for (seq, entry) in (self.first..).zip(&self.entries).skip(skip) {
            if items.len() == filter.limit {
                break;
            }
            next = seq;
            let wanted = filter
                .account
                .as_ref()
                .is_none_or(|account| **account == *entry.account)
                && (filter.kinds.is_empty()
                    || filter.kinds.iter().any(|kind| kind == entry.kind()));
            if wanted {
                items.push(Numbered { seq, entry });
            }
        }
        Page {
            items,
            next,
            dropped,
        }
    }
}

impl Entry {
    pub(super) fn kind(&self) -> &'static str {
        match &self.body {
            Kept::Open | Kept::ApiCall(_) => "api_call",
            Kept::Other(kind, _) => kind,
        }
    }
}

impl ApiCall {
    fn bytes(&self) -> usize {
        self.target.text.len() + self.more.as_ref().map_or(0, |more| more.bytes())
    }
}

impl More {
    fn bytes(&self) -> usize {
        let sent = match &self.request {
            Sent::Nothing => 0,
            Sent::Bytes(bytes) => bytes.len(),
            Sent::Form(form) => weight(form),
        };
        sent + self.answer.as_ref().map_or(0, Bytes::len)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::v2::to_vec;

    #[test]
    fn the_ring_says_what_it_dropped() {
        let mut journal = Journal::new(3);
        let account: Arc<str> = "a".into();
        for number in 0..5 {
            journal.add(
                number,
                &account,
                None,
                Body::Other("action", json!({"number": number})),
            );
        }
        let read = |filter: &Filter| -> Value {
            serde_json::from_slice(&to_vec(&journal.read(filter))).unwrap()
        };
        let all = read(&Filter {
            limit: 10,
            ..Filter::default()
        });
        assert_eq!(all["dropped"], 2);
        assert_eq!(all["next"], 5);
        assert_eq!(all["items"][0]["seq"], 3);
        let rest = read(&Filter {
            after: 4,
            limit: 10,
            ..Filter::default()
        });
        assert_eq!(rest["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(rest["dropped"], 0);
    }
}
