//! What an operator sets: the contract's settings, and the connection that
//! keeps them together with the credentials and the webhook token.

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::session::Channel;

/// The custom checkbox that marks a handed-off ticket, unless another is chosen
/// (MRK-3).
pub const DEFAULT_MARKER_FIELD: &str = "cf_opencx_handed_off";

/// What the AI does with a channel (FLW-5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It answers in public.
    #[default]
    Autopilot,
    /// It drafts a private note for a rep.
    Assist,
    /// It stays out; the session only mirrors the ticket.
    Off,
}

/// The mode of each channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channels {
    /// E-mail tickets.
    pub email: Mode,
    /// Portal, chat, feedback widget and everything else.
    pub web: Mode,
    /// Phone tickets.
    pub phone: Mode,
}

impl Channels {
    /// The mode of one channel.
    #[must_use]
    pub fn mode(&self, channel: Channel) -> Mode {
        match channel {
            Channel::Email => self.email,
            Channel::Web => self.web,
            Channel::Phone => self.phone,
        }
    }
}

/// The contract's settings, without the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The account's host, such as `yourcompany.freshdesk.com`.
    pub domain: String,
    /// Whether the AI takes every new ticket, or only assigned ones (INT-1, INT-2).
    pub auto_handle_all: bool,
    /// The second way into the AI in assigned-only mode.
    pub default_group_id: Option<i64>,
    /// Who gets handed-off tickets.
    pub handoff_agent_id: Option<i64>,
    /// Which group gets handed-off tickets.
    pub handoff_group_id: Option<i64>,
    /// The API name of the checkbox set at handoff.
    pub marker_field: String,
    /// Text under every assist draft.
    pub assist_mode_footer: Option<String>,
    /// The mode of each channel.
    pub channels: Channels,
}

/// An agent as Verify shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentIdentity {
    /// The agent's Freshdesk id.
    pub id: i64,
    /// The name customers see on AI replies.
    pub name: String,
    /// The agent's e-mail address.
    pub email: String,
}

/// Whether the saved credentials still work (VER-8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ConnectionState {
    /// They did when last used.
    Connected,
    /// They do not: the bridge waits for a new Verify or save.
    Broken {
        /// Why, in Verify's words.
        reason: String,
    },
}

/// The one saved connection to a Freshdesk account.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The settings as saved.
    pub settings: Settings,
    /// The OpenCX agent's API key.
    pub api_key: SecretString,
    /// The OpenCX agent.
    pub agent: AgentIdentity,
    /// The secret part of the webhook URL (SEC-4: 160 random bits).
    pub webhook_token: String,
    /// Whether the credentials still work.
    pub state: ConnectionState,
    /// When this connection was made; a reconnect makes a new one.
    pub connected_at: Timestamp,
}

impl Connection {
    /// Whether `key` is the saved one.
    pub(crate) fn has_key(&self, key: &SecretString) -> bool {
        use subtle::ConstantTimeEq as _;
        self.api_key
            .expose_secret()
            .as_bytes()
            .ct_eq(key.expose_secret().as_bytes())
            .into()
    }
}
