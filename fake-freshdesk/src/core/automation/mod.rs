//! Automation rules: when they fire, what they do, and the log that says why.
//!
//! | file | holds |
//! |---|---|
//! | `rule.rs` | a rule, in the JSON of the automations API |
//! | `save.rs` | checks before a rule is saved |
//! | `save_actions.rs` | the same of its actions: hosts that webhooks may call, credentials |
//! | `shelf.rs` | rules are saved, changed, moved, removed |
//! | `matching.rs` | performer and events: is this rule meant? |
//! | `conditions.rs` | condition sets, and what properties are worth |
//! | `operators.rs` | `is`, `contains` and the other operators |
//! | `pass.rs` | one event goes through the rules, top to bottom |
//! | `actions.rs` | what a rule does |
//! | `placeholders.rs` | `{{ticket.…}}`: what a template can say of a ticket |
//! | `template.rs` | the Liquid engine, and how values are escaped |
//! | `webhook.rs` | the request a webhook action makes |
//! | `delivery.rs` | a webhook call on its way |
//! | `attempts.rs` | attempts at it, retries, postponement, failure mails |
//! | `log.rs` | the activity log |

mod actions;
mod attempts;
mod conditions;
mod delivery;
mod log;
mod matching;
mod operators;
mod pass;
mod placeholders;
mod rule;
mod save;
mod save_actions;
mod shelf;
mod template;
mod webhook;

pub(crate) use delivery::Delivery;
pub use delivery::Outcome;
pub(crate) use log::RuleLog;
pub(crate) use rule::{Rule, hide_credentials, kind};
