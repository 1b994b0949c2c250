//! A walk as proptest makes and shrinks it: a world, and moves in it. Tickets
//! are chosen by a number, so that a move still means something after others
//! before it were taken away.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::scenario::document::Plan;
use crate::scenario::step::{Reset, RuleName, Via, WebhookMishap};

/// The most moves of a walk.
const MOST_MOVES: usize = 30;

/// A world and what happens in it.
#[derive(Debug, Clone)]
pub struct Walk {
    /// The account's plan.
    pub plan: Plan,
    /// Auto-handle at the beginning.
    pub auto_handle_all: bool,
    /// Whether there is a handoff agent.
    pub handoff_agent: bool,
    /// Whether the marker field exists.
    pub marker_field: bool,
    /// Whether web tickets get drafts only.
    pub assist_on_web: bool,
    /// How long the brain thinks, in seconds.
    pub thinks: u8,
    /// What happens.
    pub moves: Vec<Move>,
}

/// What a customer's message asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// The AI replies to it.
    Answer,
    /// The AI hands off.
    Person,
    /// The AI resolves.
    Thanks,
    /// The AI says nothing.
    Nothing,
}

/// Who a ticket is assigned to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Nobody.
    Nobody,
    /// A rep.
    Rep,
    /// The OpenCX agent.
    Ai,
}

/// What goes wrong on a call of Freshdesk.
#[derive(Debug, Clone, Copy)]
pub enum Trouble {
    /// This status in place of the work.
    Status(u16),
    /// The connection breaks.
    Reset(Reset),
    /// The answer comes so many seconds late.
    Late(u16),
}

/// One thing that happens.
#[derive(Debug, Clone)]
pub enum Move {
    /// A customer opens a ticket.
    Open(Wish, Via, Owner),
    /// A customer writes on a ticket.
    Write(u8, Wish),
    /// A rep answers in public.
    RepReplies(u8),
    /// A rep notes something in private.
    RepNotes(u8),
    /// A rep assigns a ticket.
    Assign(u8, Owner),
    /// A rep sets a status.
    Status(u8, u16),
    /// A rep deletes a ticket.
    Delete(u8),
    /// An admin switches a rule off.
    RuleOff(RuleName),
    /// An admin pastes a rule again.
    RulePasted(RuleName),
    /// The operator turns auto-handle on or off.
    AutoHandle(bool),
    /// The operator disconnects, and connects again with the next settings.
    Reconnect,
    /// The bridge is killed and starts again.
    Restart,
    /// Some of the next calls go wrong.
    Trouble(usize, u8, Trouble),
    /// Some of the next webhooks go wrong.
    Webhooks(u8, WebhookMishap),
    /// Seconds pass.
    Wait(u32),
}

/// The calls that trouble may strike.
pub const CALLS: [&str; 6] = [
    "POST /tickets/*/reply",
    "POST /tickets/*/notes",
    "PUT /tickets/*",
    "GET /tickets/*",
    "GET /tickets",
    "GET /**",
];

/// All walks.
pub fn walks() -> impl Strategy<Value = Walk> {
    let plan = prop_oneof![
        3 => Just(Plan::Growth),
        1 => Just(Plan::Trial),
        1 => Just(Plan::Pro),
        1 => Just(Plan::Enterprise),
    ];
    let thinks = prop_oneof![3 => Just(0_u8), 2 => 1..45_u8];
    (
        plan,
        prop::bool::weighted(0.75),
        any::<bool>(),
        prop::bool::weighted(0.8),
        prop::bool::weighted(0.2),
        thinks,
        vec(moves(), 3..MOST_MOVES),
    )
        .prop_map(
            |(plan, auto_handle_all, handoff_agent, marker_field, assist_on_web, thinks, moves)| {
                Walk {
                    plan,
                    auto_handle_all,
                    handoff_agent,
                    marker_field,
                    assist_on_web,
                    thinks,
                    moves,
                }
            },
        )
}

fn moves() -> impl Strategy<Value = Move> {
    let wish = || {
        prop_oneof![
            6 => Just(Wish::Answer),
            2 => Just(Wish::Person),
            1 => Just(Wish::Thanks),
            1 => Just(Wish::Nothing),
        ]
    };
    let owner = || prop_oneof![Just(Owner::Nobody), Just(Owner::Rep), Just(Owner::Ai),];
    let via = prop_oneof![
        3 => Just(Via::Email),
        1 => Just(Via::Portal),
        1 => Just(Via::Chat),
        1 => Just(Via::Phone),
    ];
    let rule = || {
        prop_oneof![
            Just(RuleName::TicketCreation),
            Just(RuleName::TicketUpdates)
        ]
    };
    let trouble = prop_oneof![
        3 => Just(Trouble::Status(429)),
        1 => Just(Trouble::Status(500)),
        1 => Just(Trouble::Status(503)),
        2 => Just(Trouble::Reset(Reset::AfterEffect)),
        1 => Just(Trouble::Reset(Reset::BeforeEffect)),
        1 => Just(Trouble::Reset(Reset::InTheAnswer)),
        1 => (1..90_u16).prop_map(Trouble::Late),
    ];
    let mishap = prop_oneof![
        Just(WebhookMishap::Lost),
        Just(WebhookMishap::Duplicated),
        Just(WebhookMishap::Refused),
        Just(WebhookMishap::Delayed),
    ];
    let wait = prop_oneof![
        4 => 1..30_u32,
        3 => 30..600_u32,
        1 => 600..14_400_u32,
    ];
    let status = prop_oneof![Just(2_u16), Just(3), Just(4), Just(5), Just(6)];
    prop_oneof![
        6 => (wish(), via, prop_oneof![3 => Just(Owner::Nobody), 1 => owner()])
            .prop_map(|(wish, via, owner)| Move::Open(wish, via, owner)),
        8 => (any::<u8>(), wish()).prop_map(|(ticket, wish)| Move::Write(ticket, wish)),
        2 => any::<u8>().prop_map(Move::RepReplies),
        2 => any::<u8>().prop_map(Move::RepNotes),
        3 => (any::<u8>(), owner()).prop_map(|(ticket, owner)| Move::Assign(ticket, owner)),
        2 => (any::<u8>(), status).prop_map(|(ticket, status)| Move::Status(ticket, status)),
        1 => any::<u8>().prop_map(Move::Delete),
        1 => rule().prop_map(Move::RuleOff),
        1 => rule().prop_map(Move::RulePasted),
        1 => any::<bool>().prop_map(Move::AutoHandle),
        1 => Just(Move::Reconnect),
        2 => Just(Move::Restart),
        3 => (0..CALLS.len(), 1..4_u8, trouble)
            .prop_map(|(on, calls, trouble)| Move::Trouble(on, calls, trouble)),
        3 => (1..4_u8, mishap).prop_map(|(calls, mishap)| Move::Webhooks(calls, mishap)),
        9 => wait.prop_map(Move::Wait),
    ]
}
