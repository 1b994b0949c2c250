//! Starting and stopping a bridge.

use std::sync::Arc;

use axum::Router;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    HttpService,
    api::{self, Api},
    brain::Brain,
    clock::Clock,
    connect,
    desk::Desk,
    dispatch,
    entropy::Entropy,
    policies::Policies,
    store::{Store, StoreError},
};

/// What a bridge is made of.
pub struct BridgeOptions {
    /// Where Freshdesk reaches this bridge, without a slash at the end; the
    /// webhook URL is `{public_url}/webhooks/freshdesk/{token}`.
    pub public_url: String,
    /// The bearer token of the management calls (SEC-4).
    pub token: SecretString,
    /// Time.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// What must not be lost.
    pub store: Arc<dyn Store>,
    /// The way to `https://{domain}/api/v2/…`.
    pub freshdesk: HttpService,
    /// Whoever decides.
    pub brain: Arc<dyn Brain>,
    /// What could be done otherwise.
    pub policies: Policies,
    /// Whether `POST /v1/testing/clock/advance` is served (capability `clock`).
    pub testing_clock: bool,
}

impl BridgeOptions {
    /// Options with the default policies and no testing calls.
    #[must_use]
    pub fn new(
        public_url: impl Into<String>,
        token: SecretString,
        clock: Clock,
        entropy: Entropy,
        store: Arc<dyn Store>,
        freshdesk: HttpService,
        brain: Arc<dyn Brain>,
    ) -> Self {
        Self {
            public_url: public_url.into(),
            token,
            clock,
            entropy,
            store,
            freshdesk,
            brain,
            policies: Policies::default(),
            testing_clock: false,
        }
    }
}

/// Why a bridge did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The public URL is none.
    #[error(
        "the public URL {0:?} must begin with http:// or https:// and have no path, query or slash at its end"
    )]
    PublicUrl(String),
    /// An empty token would let everybody in.
    #[error("the token is empty; set BRIDGE_TOKEN")]
    EmptyToken,
}

/// A running bridge. Dropping it stops it at once, wherever it is, as a kill
/// would; [`Bridge::shutdown`] lets it finish what it is doing.
pub struct Bridge {
    router: Router,
    stop: watch::Sender<bool>,
    dispatcher: Option<JoinHandle<()>>,
}

impl Bridge {
    /// Starts the bridge's workers on the current tokio runtime.
    ///
    /// # Errors
    /// When the options make no sense or the store does not answer.
    pub async fn start(options: BridgeOptions) -> Result<Self, StartError> {
        check_url(&options.public_url)?;
        if options.token.expose_secret().trim().is_empty() {
            return Err(StartError::EmptyToken);
        }
        options.store.ping().await?;
        options.store.reclaim().await?;
        let process = options.entropy.hex::<8>();
        let desk = Arc::new(Desk::new(
            options.store,
            options.brain,
            options.clock,
            options.entropy,
            options.policies,
            options.public_url.trim_end_matches('/').to_owned(),
            options.freshdesk,
        ));
        if let Some(connection) = desk.store.connection().await? {
            let domain = &connection.settings.domain;
            connect::ensure_sweep(&desk, domain).await?;
        }
        let (stop, stopped) = watch::channel(false);
        let dispatcher = tokio::spawn(dispatch::run(desk.clone(), process, stopped));
        let router = api::router(Api {
            desk,
            token: Arc::new(options.token),
            testing_clock: options.testing_clock,
        });
        Ok(Self {
            router,
            stop,
            dispatcher: Some(dispatcher),
        })
    }

    /// The contract's routes.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Takes no more jobs, lets the running ones end, and stops.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        if let Some(dispatcher) = self.dispatcher.take() {
            let _ = dispatcher.await;
        }
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        if let Some(dispatcher) = &self.dispatcher {
            dispatcher.abort();
        }
    }
}

fn check_url(url: &str) -> Result<(), StartError> {
    let rest = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"));
    let plain = rest.is_some_and(|rest| {
        !rest.is_empty() && !rest.contains(['?', '#']) && !rest.contains(char::is_whitespace)
    });
    if plain && !url.ends_with('/') {
        Ok(())
    } else {
        Err(StartError::PublicUrl(url.to_owned()))
    }
}
