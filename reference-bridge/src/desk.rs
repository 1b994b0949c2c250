//! What everybody in the bridge shares: the store, the brain, the way to
//! Freshdesk, the clock, and the policies.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use secrecy::SecretString;
use tokio::sync::Notify;

use crate::{
    HttpService,
    brain::Brain,
    clock::Clock,
    entropy::Entropy,
    freshdesk::{Freshdesk, FreshdeskError, Quota},
    metrics::Metrics,
    policies::Policies,
    settings::Connection,
    store::Store,
};

/// The shared parts of one bridge.
pub(crate) struct Desk {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) brain: Arc<dyn Brain>,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) policies: Arc<Policies>,
    pub(crate) public_url: String,
    pub(crate) metrics: Metrics,
    /// Wakes the dispatcher: there is work, or the connection changed.
    pub(crate) work: Notify,
    /// Held while the connection is changed, so that two saves cannot mix.
    pub(crate) connecting: tokio::sync::Mutex<()>,
    service: HttpService,
    quotas: Mutex<BTreeMap<String, Arc<Quota>>>,
    agents: Mutex<BTreeMap<(String, i64), Person>>,
}

/// Which side of a ticket somebody is on (oq 21).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Person {
    /// An agent, by name.
    Agent(Option<String>),
    /// Anybody else.
    Contact,
}

impl Desk {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        brain: Arc<dyn Brain>,
        clock: Clock,
        entropy: Entropy,
        policies: Policies,
        public_url: String,
        service: HttpService,
    ) -> Self {
        Self {
            store,
            brain,
            clock,
            entropy,
            policies: Arc::new(policies),
            public_url,
            metrics: Metrics::default(),
            work: Notify::new(),
            connecting: tokio::sync::Mutex::default(),
            service,
            quotas: Mutex::default(),
            agents: Mutex::default(),
        }
    }

    /// The budget of an account.
    pub(crate) fn quota(&self, domain: &str) -> Arc<Quota> {
        self.quotas
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(domain.to_owned())
            .or_insert_with(|| Arc::new(Quota::new(self.policies.quota_reserve)))
            .clone()
    }

    /// The budgets of all accounts.
    pub(crate) fn quotas(&self) -> Vec<(String, Arc<Quota>)> {
        self.quotas
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .map(|(domain, quota)| (domain.clone(), quota.clone()))
            .collect()
    }

    /// A client for an account.
    pub(crate) fn freshdesk(&self, domain: &str, api_key: &SecretString) -> Freshdesk {
        Freshdesk::new(
            self.service.clone(),
            domain,
            api_key,
            self.quota(domain),
            self.clock.clone(),
            self.entropy.clone(),
            self.policies.clone(),
        )
    }

    /// A client for the saved connection.
    pub(crate) fn client(&self, connection: &Connection) -> Freshdesk {
        self.freshdesk(&connection.settings.domain, &connection.api_key)
    }

    /// The URL that both rules call.
    pub(crate) fn webhook_url(&self, connection: &Connection) -> String {
        format!(
            "{}/webhooks/freshdesk/{}",
            self.public_url, connection.webhook_token
        )
    }

    /// Which side `user_id` is on: asked once, then remembered.
    pub(crate) async fn person(
        &self,
        account: &str,
        freshdesk: &Freshdesk,
        user_id: i64,
    ) -> Result<Person, FreshdeskError> {
        let key = (account.to_owned(), user_id);
        let known = self
            .agents
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        if let Some(person) = known {
            return Ok(person);
        }
        let person = match freshdesk.agent(user_id).await {
            Ok(agent) => Person::Agent(agent.contact.name),
            Err(FreshdeskError::NotFound(_)) => Person::Contact,
            Err(error) => return Err(error),
        };
        self.agents
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, person.clone());
        Ok(person)
    }

    /// Forgets who is an agent: people come and go, a new save looks again.
    pub(crate) fn forget_people(&self) {
        self.agents
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}
