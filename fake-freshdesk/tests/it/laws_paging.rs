//! Laws of paging while others write: with the documented orderings, whoever
//! follows `Link` to the end gets each item that stood still exactly once.

use std::collections::{BTreeMap, BTreeSet};

use http::Method;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::pure::{Core, next_page};

/// What others do between two pages.
#[derive(Clone, Debug)]
enum Meanwhile {
    Opens,
    /// Touches one of the tickets there are.
    Touches(usize),
    /// Writes on ticket 1.
    Notes,
    /// A second goes by.
    Waits,
}

fn meanwhile() -> impl Strategy<Value = Vec<Meanwhile>> {
    let one = prop_oneof![
        2 => Just(Meanwhile::Opens),
        3 => any::<prop::sample::Index>().prop_map(|index| Meanwhile::Touches(index.index(1_000))),
        2 => Just(Meanwhile::Notes),
        1 => Just(Meanwhile::Waits),
    ];
    prop::collection::vec(one, 0..6)
}

impl Core {
    fn open(&mut self) -> i64 {
        self.now += 1_000;
        let ticket = json!({"email": "c@example.com", "subject": "s", "description": "d", "status": 2, "priority": 1});
        let (status, ticket, _) = self.api(Method::POST, "/tickets", ticket);
        assert_eq!(status, 201, "{ticket}");
        ticket["id"].as_i64().unwrap()
    }

    fn touch(&mut self, ticket: i64) {
        self.now += 1_000;
        let (_, seen, _) = self.api(Method::GET, &format!("/tickets/{ticket}"), Value::Null);
        let priority = seen["priority"].as_i64().unwrap() % 4 + 1;
        let change = json!({"priority": priority});
        let (status, _, _) = self.api(Method::PUT, &format!("/tickets/{ticket}"), change);
        assert_eq!(status, 200);
    }

    fn note(&mut self, ticket: i64) -> i64 {
        self.now += 1_000;
        let path = format!("/tickets/{ticket}/notes");
        let (status, note, _) = self.api(Method::POST, &path, json!({"body": "a note"}));
        assert_eq!(status, 201, "{note}");
        note["id"].as_i64().unwrap()
    }

    /// Follows `Link` from `path` while others write; counts how often each id came.
    fn read_while(
        &mut self,
        path: &str,
        changes: &[Vec<Meanwhile>],
        moved: &mut BTreeSet<i64>,
    ) -> BTreeMap<i64, usize> {
        let mut seen = BTreeMap::new();
        let mut changes = changes.iter();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let (status, list, headers) = self.api(Method::GET, &path, Value::Null);
            assert_eq!(status, 200, "{path}: {list}");
            for item in list.as_array().unwrap() {
                *seen.entry(item["id"].as_i64().unwrap()).or_default() += 1;
            }
            next = next_page(&headers);
            for change in changes.next().into_iter().flatten() {
                match change {
                    Meanwhile::Opens => {
                        moved.insert(self.open());
                    }
                    Meanwhile::Touches(index) => {
                        let ticket = i64::try_from(index % 12).unwrap() + 1;
                        self.touch(ticket);
                        moved.insert(ticket);
                    }
                    Meanwhile::Notes => {
                        moved.insert(self.note(1));
                        moved.insert(1);
                    }
                    Meanwhile::Waits => self.now += 1_000,
                }
            }
        }
        seen
    }
}

/// Twelve tickets, the first with a thread.
fn world() -> (Core, Vec<i64>, Vec<i64>) {
    let mut core = Core::new(1_000_000);
    let tickets = (0..12).map(|_| core.open()).collect();
    let notes = (0..12).map(|_| core.note(1)).collect();
    (core, tickets, notes)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Oldest first by creation: what was there is read exactly once, whatever
    /// is opened and changed meanwhile; what is new comes at the end or not at all.
    #[test]
    fn by_creation_ascending_every_ticket_comes_exactly_once(per_page in 1..5_usize, changes in prop::collection::vec(meanwhile(), 0..12)) {
        let (mut core, tickets, _) = world();
        let path = format!("/tickets?updated_since=2020-01-01&order_by=created_at&order_type=asc&per_page={per_page}");
        let seen = core.read_while(&path, &changes, &mut BTreeSet::new());
        for ticket in tickets {
            prop_assert_eq!(seen.get(&ticket), Some(&1), "ticket {}", ticket);
        }
        prop_assert!(seen.values().all(|times| *times == 1), "nothing comes twice: {seen:?}");
    }

    /// Newest first by change: a ticket that moves goes to the front, so one
    /// that stood still may come again, but is never passed over.
    #[test]
    fn by_update_descending_no_quiet_ticket_is_passed_over(per_page in 1..5_usize, changes in prop::collection::vec(meanwhile(), 0..12)) {
        let (mut core, tickets, _) = world();
        let path = format!("/tickets?updated_since=2020-01-01&order_by=updated_at&order_type=desc&per_page={per_page}");
        let mut moved = BTreeSet::new();
        let seen = core.read_while(&path, &changes, &mut moved);
        for ticket in tickets.iter().filter(|ticket| !moved.contains(ticket)) {
            prop_assert!(seen.contains_key(ticket), "ticket {} is missing in {:?}", ticket, seen);
        }
        // Read once more from the last change seen, as a sweep does: now none is missing.
        let again = core.read_while(&path, &[], &mut BTreeSet::new());
        for ticket in tickets {
            prop_assert_eq!(again.get(&ticket), Some(&1));
        }
    }

    /// A thread grows at its end: what was there is read exactly once.
    #[test]
    fn a_thread_that_grows_is_read_exactly_once(per_page in 1..5_usize, changes in prop::collection::vec(meanwhile(), 0..12)) {
        let (mut core, _, notes) = world();
        let seen = core.read_while(&format!("/tickets/1/conversations?per_page={per_page}"), &changes, &mut BTreeSet::new());
        for note in notes {
            prop_assert_eq!(seen.get(&note), Some(&1), "conversation {}", note);
        }
        prop_assert!(seen.values().all(|times| *times == 1), "nothing comes twice: {seen:?}");
    }
}
