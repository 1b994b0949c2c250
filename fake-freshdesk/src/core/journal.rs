//! The journal: a bounded ring of everything that happened, each entry with
//! the sequence number of what caused it.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::quota::Class;
use super::time::{Ms, millis};

/// What a v2 call left behind.
#[derive(Clone, Debug)]
pub(crate) struct ApiCall {
    pub(crate) request_id: u64,
    pub(crate) method: http::Method,
    pub(crate) path: Box<str>,
    pub(crate) query: Option<Box<str>>,
    pub(crate) agent_id: Option<i64>,
    pub(crate) request: Sent,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, Cow<'static, str>)>,
    pub(crate) answer: Answered,
    pub(crate) class: Class,
    pub(crate) cost: u32,
    pub(crate) remaining: Option<u32>,
    pub(crate) answered_at: Ms,
}

/// The body of a call, kept as it came and read only when asked for.
#[derive(Clone, Debug)]
pub(crate) enum Sent {
    Nothing,
    Bytes(Bytes),
    Form(Value),
}

/// The answer to a call; of what was only read, the size is enough.
#[derive(Clone, Debug)]
pub(crate) enum Answered {
    Size(usize),
    Bytes(Bytes),
}

/// One entry's own fields.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// Reserved; filled before the core returns.
    Open,
    ApiCall(Box<ApiCall>),
    Other(&'static str, Value),
}

/// One entry.
#[derive(Clone, Debug)]
struct Entry {
    at: Ms,
    account: Arc<str>,
    cause: Option<u64>,
    body: Body,
}

/// The ring.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    entries: VecDeque<Entry>,
    capacity: usize,
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
pub(crate) const KINDS: [&str; 8] = [
    "api_call",
    "action",
    "ticket_event",
    "rule_decision",
    "webhook_attempt",
    "webhook_result",
    "mail",
    "fault",
];

impl Journal {
    pub(crate) fn new(capacity: usize) -> Self {
        Journal {
            entries: VecDeque::new(),
            capacity: capacity.max(1),
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
            self.entries.pop_front();
            self.first += 1;
        }
        self.entries.push_back(Entry {
            at,
            account: Arc::clone(account),
            cause,
            body,
        });
        self.last_seq()
    }

    /// Fills an entry that was added [`Body::Open`].
    pub(crate) fn fill(&mut self, seq: u64, body: Body) {
        let at = seq
            .checked_sub(self.first)
            .and_then(|at| usize::try_from(at).ok());
        if let Some(entry) = at.and_then(|at| self.entries.get_mut(at)) {
            entry.body = body;
        }
    }

    /// Entries after `filter.after`, oldest first, with where to go on.
    pub(crate) fn read(&self, filter: &Filter) -> Value {
        let skip =
            usize::try_from((filter.after + 1).saturating_sub(self.first)).unwrap_or(usize::MAX);
        let dropped = self.first.saturating_sub(filter.after + 1);
        let mut items = Vec::new();
        let mut next = filter.after.max(self.first - 1);
        for (at, entry) in self.entries.iter().enumerate().skip(skip) {
            if items.len() == filter.limit {
                break;
            }
            next = self.first + at as u64;
            let wanted = filter
                .account
                .as_ref()
                .is_none_or(|account| **account == *entry.account)
                && (filter.kinds.is_empty()
                    || filter.kinds.iter().any(|kind| kind == entry.kind()));
            if wanted {
                items.push(entry.json(next));
            }
        }
        json!({"items": items, "next": next, "dropped": dropped})
    }
}

impl Entry {
    fn kind(&self) -> &'static str {
        match &self.body {
            Body::Open | Body::ApiCall(_) => "api_call",
            Body::Other(kind, _) => kind,
        }
    }

    fn json(&self, seq: u64) -> Value {
        let mut map = Map::new();
        map.insert("seq".to_owned(), json!(seq));
        map.insert("at".to_owned(), json!(millis(self.at)));
        map.insert("account".to_owned(), json!(*self.account));
        map.insert("kind".to_owned(), json!(self.kind()));
        map.insert("cause".to_owned(), json!(self.cause));
        match &self.body {
            Body::Open => {}
            Body::ApiCall(call) => map.extend(call.fields()),
            Body::Other(_, Value::Object(fields)) => map.extend(fields.clone()),
            Body::Other(_, other) => {
                map.insert("detail".to_owned(), other.clone());
            }
        }
        Value::Object(map)
    }
}

fn parsed(bytes: &Bytes) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(bytes)
        .unwrap_or_else(|_| json!({"unparsed": String::from_utf8_lossy(bytes)}))
}

impl ApiCall {
    fn fields(&self) -> Map<String, Value> {
        let request = match &self.request {
            Sent::Nothing => Value::Null,
            Sent::Bytes(bytes) => parsed(bytes),
            Sent::Form(form) => form.clone(),
        };
        let answer = match &self.answer {
            Answered::Size(size) => json!({"size": size}),
            Answered::Bytes(bytes) => parsed(bytes),
        };
        let headers: Map<String, Value> = self
            .headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        let fields = json!({
            "request_id": super::ids::uuid(self.request_id),
            "method": self.method.as_str(),
            "path": self.path,
            "query": self.query,
            "agent_id": self.agent_id,
            "request": request,
            "status": self.status,
            "headers": headers,
            "answer": answer,
            "class": self.class,
            "cost": self.cost,
            "remaining": self.remaining,
            "answered_at": millis(self.answered_at),
        });
        match fields {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let read = journal.read(&Filter {
            limit: 10,
            ..Filter::default()
        });
        assert_eq!(read["dropped"], 2);
        assert_eq!(read["next"], 5);
        assert_eq!(read["items"][0]["seq"], 3);
        let rest = journal.read(&Filter {
            after: 4,
            limit: 10,
            ..Filter::default()
        });
        assert_eq!(rest["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(rest["dropped"], 0);
    }
}
