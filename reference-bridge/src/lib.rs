//! # reference-bridge
//!
//! The OpenCX integration with Freshdesk behind the bridge contract: webhooks
//! come in, tickets are read and mirrored as sessions, a brain decides, and
//! answers, drafts, handoffs and resolutions go out, each once.
//!
//! Start at [`Bridge`]; go down when you need to:
//!
//! | module | is |
//! |---|---|
//! | `bridge` | [`Bridge`] and [`BridgeOptions`]: starting and stopping |
//! | `api` | the contract over HTTP |
//! | `verify`, `connect`, [`settings`] | credentials, the connection, the settings |
//! | `webhook` | the two payloads that Freshdesk's rules send |
//! | `strict_json`, `whole_body`, `base64_text` | JSON in which no key is there twice; large bodies and files, held once |
//! | `dispatch`, [`work`] | the queue: one job at a time per ticket |
//! | `backfill`, `sweep` | the one import, and healing lost webhooks |
//! | `rules`, `diagnosis`, `support`, `redact` | why the AI acts or stays silent, and the bundle for support |
//! | [`doctor`], `metrics` | for those who operate it |
//! | `ticket` | looking at a ticket: mirror, decide, act |
//! | [`session`], [`turn`] | what is kept of a ticket, and of the AI's turn on it |
//! | `freshdesk` | the client of the Freshdesk REST API |
//! | [`brain`] | whoever decides what the AI says |
//! | [`policies`] | what could have been done otherwise, as values |
//! | [`store`] | what must not be lost |
//! | `clock`, `entropy` | time and randomness, passed in |
//! | `desk` | what all of these share |

mod api;
mod backfill;
mod base64_text;
mod bridge;
mod clock;
mod connect;
mod desk;
mod diagnosis;
mod dispatch;
mod entropy;
mod freshdesk;
mod metrics;
mod redact;
mod rules;
mod strict_json;
mod support;
mod sweep;
mod ticket;
mod verify;
mod webhook;
mod whole_body;

pub mod brain;
pub mod doctor;
pub mod policies;
pub mod session;
pub mod settings;
pub mod store;
pub mod turn;
pub mod work;

pub use self::{
    brain::{Brain, HttpBrain, OpenAiBrain, ScriptedBrain},
    bridge::{Bridge, BridgeOptions, StartError},
    clock::Clock,
    entropy::Entropy,
    policies::Policies,
    store::{MemoryStore, PostgresStore, SqliteStore, Store},
};

/// Whoever carries HTTP requests: sockets in the live world, a router in memory
/// in the simulated one.
pub type HttpService = tower::util::BoxCloneSyncService<
    http::Request<axum::body::Body>,
    http::Response<axum::body::Body>,
    tower::BoxError,
>;

/// The word of `known` that `word` was most probably meant to be.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// What somebody sent, short enough for a message.
fn shortened(sent: impl std::fmt::Display) -> String {
    const MOST: usize = 60;
    let text = sent.to_string();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
