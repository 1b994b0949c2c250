//! Who plays: the names of a scenario and the ids behind them.

use std::collections::BTreeMap;

use super::WorldError;
use crate::scenario::step::RuleName;

/// The account of every scenario.
pub const DOMAIN: &str = "yourcompany.freshdesk.com";

/// An agent of the account.
#[derive(Debug, Clone)]
pub struct Agent {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its e-mail.
    pub email: String,
    /// Its API key now.
    pub key: String,
    /// The key before the last reset.
    pub old_key: Option<String>,
}

/// The ids behind the names of a scenario.
#[derive(Debug, Clone, Default)]
pub struct Cast {
    /// Agents by name.
    pub agents: BTreeMap<String, Agent>,
    /// Reps in the order of the scenario.
    pub reps: Vec<String>,
    /// Groups by name.
    pub groups: BTreeMap<String, u64>,
    /// Tickets by name.
    pub tickets: BTreeMap<String, u64>,
    /// The two rules, where they exist.
    pub rules: BTreeMap<RuleName, u64>,
    /// Every id a rule of this name ever had: activity logs outlive rules.
    pub past_rules: BTreeMap<RuleName, Vec<u64>>,
    /// The customer's own routing rules, by name.
    pub routing_rules: BTreeMap<String, u64>,
    /// Every webhook URL that the bridge has shown, oldest first.
    pub webhook_urls: Vec<String>,
    /// Rules that steps added, by name.
    pub earlier_rules: BTreeMap<String, (RuleName, u64)>,
}

impl Cast {
    pub(crate) fn agent(&self, name: &str) -> Result<&Agent, WorldError> {
        self.agents.get(name).ok_or_else(|| unknown("agent", name))
    }

    pub(crate) fn group(&self, name: &str) -> Result<u64, WorldError> {
        self.groups
            .get(name)
            .copied()
            .ok_or_else(|| unknown("group", name))
    }

    pub(crate) fn ticket(&self, name: &str) -> Result<u64, WorldError> {
        self.tickets
            .get(name)
            .copied()
            .ok_or_else(|| unknown("ticket", name))
    }

    pub(crate) fn rule(&self, name: RuleName) -> Result<u64, WorldError> {
        self.rules
            .get(&name)
            .copied()
            .ok_or_else(|| unknown("rule", name.title()))
    }

    /// The rep who acts when a step names none.
    pub(crate) fn rep(&self, named: Option<&str>) -> Result<&Agent, WorldError> {
        let name = named
            .or_else(|| self.reps.first().map(String::as_str))
            .ok_or_else(|| {
                WorldError::unexpected("the scenario has no rep, but a step needs one")
            })?;
        self.agent(name)
    }

    /// The tickets that were opened under one name, in the order of their numbers.
    pub(crate) fn tickets_under(&self, name: &str) -> Result<Vec<u64>, WorldError> {
        let mut ids: Vec<u64> = self
            .tickets
            .iter()
            .filter(|(each, _)| {
                each.strip_prefix(name)
                    .and_then(|rest| rest.strip_prefix(' '))
                    .is_some_and(|number| number.parse::<u32>().is_ok())
            })
            .map(|(_, id)| *id)
            .collect();
        if ids.is_empty() {
            return Err(unknown("group of tickets", name));
        }
        ids.sort_unstable();
        Ok(ids)
    }

    /// The name of a ticket.
    pub(crate) fn name_of(&self, ticket: u64) -> String {
        self.tickets
            .iter()
            .find(|(_, id)| **id == ticket)
            .map_or_else(|| format!("#{ticket}"), |(name, _)| name.clone())
    }

    /// Keeps the webhook URL that an answer of the settings shows.
    pub(crate) fn remember_webhook_url(&mut self, settings: &serde_json::Value) {
        if let Some(url) = settings
            .pointer("/webhook/url")
            .and_then(serde_json::Value::as_str)
            && !self.webhook_urls.iter().any(|known| known == url)
        {
            self.webhook_urls.push(url.to_owned());
        }
    }

    /// Every API key there is or was: none of them may be seen anywhere.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.agents
            .values()
            .flat_map(|agent| std::iter::once(agent.key.as_str()).chain(agent.old_key.as_deref()))
    }
}

fn unknown(what: &str, name: &str) -> WorldError {
    WorldError::unexpected(format!(
        "no {what} is called `{name}` at this point of the scenario"
    ))
}

/// The e-mail address of a person of the scenario.
pub(crate) fn address(name: &str, host: &str) -> String {
    let local: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '.' })
        .collect();
    format!("{local}@{host}")
}
