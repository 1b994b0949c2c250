//! Laws of the quota: whatever is called whenever, no window admits more than
//! it may, and none refuses what it could admit.

use http::Method;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::pure::{Core, START};

const MINUTE: i64 = 60_000;

/// A call, by the class that it counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Create,
    Update,
    ListTickets,
    ListContacts,
    /// In no class of its own.
    Me,
    /// A view with one `include`: two credits.
    ViewMore,
    /// No such endpoint: it counts all the same.
    Nonsense,
}

impl Ask {
    fn class(self) -> Option<usize> {
        match self {
            Ask::Create => Some(0),
            Ask::Update => Some(1),
            Ask::ListTickets => Some(2),
            Ask::ListContacts => Some(3),
            Ask::Me | Ask::ViewMore | Ask::Nonsense => None,
        }
    }

    fn credits(self) -> u32 {
        if self == Ask::ViewMore { 2 } else { 1 }
    }

    fn send(self, core: &mut Core) -> (u16, Vec<(&'static str, String)>) {
        let (method, path, body) = match self {
            Ask::Create => (
                Method::POST,
                "/tickets",
                json!({"email": "c@example.com", "subject": "s", "description": "d", "status": 2, "priority": 1}),
            ),
            Ask::Update => (Method::PUT, "/tickets/1", json!({"priority": 2})),
            Ask::ListTickets => (Method::GET, "/tickets", Value::Null),
            Ask::ListContacts => (Method::GET, "/contacts", Value::Null),
            Ask::Me => (Method::GET, "/agents/me", Value::Null),
            Ask::ViewMore => (Method::GET, "/tickets/1?include=stats", Value::Null),
            Ask::Nonsense => (Method::GET, "/nonsense", Value::Null),
        };
        let (status, _, headers) = core.api(method, path, body);
        (status, headers)
    }
}

/// When the next call comes.
#[derive(Clone, Copy, Debug)]
enum When {
    /// So many milliseconds later.
    After(i64),
    /// So many milliseconds off the end of the window.
    AtTheEdge(i64),
}

fn asks() -> impl Strategy<Value = Vec<(When, Ask)>> {
    let when = prop_oneof![
        6 => (0..2_000_i64).prop_map(When::After),
        1 => (0..150_000_i64).prop_map(When::After),
        2 => (-1..2_i64).prop_map(When::AtTheEdge),
    ];
    let ask = prop::sample::select(vec![
        Ask::Create,
        Ask::Update,
        Ask::ListTickets,
        Ask::ListContacts,
        Ask::Me,
        Ask::ViewMore,
        Ask::Nonsense,
    ]);
    prop::collection::vec((when, ask), 1..120)
}

/// The quota as the reference tells it, read a second time.
struct Model {
    first_call: bool,
    total: u32,
    classes: [u32; 4],
    /// Where the window under way began.
    begun: i64,
    used: u32,
    used_of: [u32; 4],
}

impl Model {
    fn window_over(&self, now: i64) -> bool {
        now >= self.begun + MINUTE
    }

    /// Whether a call is to be answered now.
    fn admits(&mut self, now: i64, ask: Ask) -> bool {
        if self.window_over(now) {
            self.begun = if self.first_call {
                now
            } else {
                now.div_euclid(MINUTE) * MINUTE
            };
            self.used = 0;
            self.used_of = [0; 4];
        }
        let fits = self.used + ask.credits() <= self.total
            && ask
                .class()
                .is_none_or(|class| self.used_of[class] < self.classes[class]);
        if fits {
            self.used += ask.credits();
            if let Some(class) = ask.class() {
                self.used_of[class] += 1;
            }
        }
        fits
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    /// Both kinds of window, total and classes, to the millisecond and to the credit.
    #[test]
    fn a_window_admits_what_it_may_and_refuses_nothing_else(
        asks in asks(),
        total in 2..20_u32,
        classes in prop::array::uniform4(1..8_u32),
        first_call in any::<bool>(),
    ) {
        let [create, update, list_tickets, list_contacts] = classes;
        let window = if first_call { "first_call" } else { "clock_minute" };
        let mut core = Core::with(json!({
            "plan": "enterprise",
            "quota": {
                "total": total, "ticket_create": create, "ticket_update": update,
                "tickets_list": list_tickets, "contacts_list": list_contacts,
            },
            "settings": {"quota_window": window},
        }));
        // A ticket to read and change, made by a person: that costs nothing.
        let (status, _) = core.control(
            "POST",
            &format!("/control/v1/accounts/{}/tickets", crate::world::DOMAIN),
            json!({"from": {"email": "c@example.com"}, "via": "email", "subject": "s", "text": "d"}),
        );
        prop_assert_eq!(status, 201);
        let mut model = Model { first_call, total, classes, begun: START - MINUTE, used: 0, used_of: [0; 4] };
        for (when, ask) in asks {
            core.now = match when {
                When::After(wait) => core.now + wait,
                When::AtTheEdge(off) => core.now.max(model.begun + MINUTE + off),
            };
            let admitted = model.admits(core.now, ask);
            let (status, headers) = ask.send(&mut core);
            prop_assert_eq!(status != 429, admitted, "{:?} at {} ms of the window", ask, core.now - model.begun);
            let header = |name: &str| headers.iter().find(|(each, _)| *each == name).map(|(_, value)| value.as_str());
            if admitted {
                let left = (total - model.used).to_string();
                prop_assert_eq!(header("x-ratelimit-remaining"), Some(left.as_str()));
                continue;
            }
            let retry: i64 = header("retry-after").unwrap().parse().unwrap();
            prop_assert!(model.window_over(core.now + retry * 1_000), "after `Retry-After` there is a new window");
            prop_assert!(!model.window_over(core.now + (retry - 1) * 1_000), "and it is no second longer than it must be");
        }
    }
}
