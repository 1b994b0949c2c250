//! The server: the pure core behind a lock, two routers that call it, and the
//! driver that wakes it when something falls due.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::carrier::carry;
use crate::clock::Clock;
use crate::core::{
    BadSeed, BadSnapshot, CoreOptions, Effect, Helpdesk, Ms, NewAccount, Seeded, WebhookCall,
};
use crate::shell;

/// Whatever answers HTTP requests: a socket client, or a router in memory.
pub type HttpService = tower::util::BoxCloneSyncService<
    http::Request<axum::body::Body>,
    http::Response<axum::body::Body>,
    tower::BoxError,
>;

/// How a server is set up; [`ServerOptions::new`] has sane defaults.
#[derive(Clone)]
#[non_exhaustive]
pub struct ServerOptions {
    /// The time everything happens in.
    pub clock: Clock,
    /// What control calls must bring as bearer token.
    pub control_token: String,
    /// Hosts besides loopback that webhooks may call. Default: none.
    pub allowed_webhook_hosts: Vec<String>,
    /// How many entries the journal keeps. Default: 100 000.
    pub journal_capacity: usize,
    /// Who carries webhook calls out.
    pub webhooks: HttpService,
    /// Accounts meet faults drawn from this seed, unless their own settings
    /// say otherwise. Default: none.
    pub chaos: Option<u64>,
}

impl ServerOptions {
    /// Options with defaults for all that is not given.
    #[must_use]
    pub fn new(clock: Clock, control_token: String, webhooks: HttpService) -> ServerOptions {
        ServerOptions {
            clock,
            control_token,
            allowed_webhook_hosts: Vec::new(),
            journal_capacity: 100_000,
            webhooks,
            chaos: None,
        }
    }
}

/// What clones of a [`Server`] share.
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) control_token: String,
    core: Mutex<Helpdesk>,
    options: CoreOptions,
    webhooks: HttpService,
    /// Something may be due earlier than the driver thinks.
    wake: Arc<Notify>,
    /// Counts resets and restores: a call that began before one has no say after it.
    generation: AtomicU64,
    /// Webhook calls under way.
    in_flight: AtomicUsize,
    /// A webhook call came back.
    landed: Notify,
    /// The journal's newest number, for those who follow it.
    journal: tokio::sync::watch::Sender<u64>,
    /// Calls of the v2 API wait at the door while this is so.
    held: tokio::sync::watch::Sender<bool>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Server").finish_non_exhaustive()
    }
}

/// A running fake; a handle that can be cloned.
#[derive(Clone, Debug)]
pub struct Server {
    shared: Arc<Shared>,
}

impl Server {
    /// Starts a server without accounts: its driver runs on the current tokio
    /// runtime for as long as a handle (or a router) of it lives.
    #[must_use]
    pub fn start(options: ServerOptions) -> Server {
        let core = CoreOptions {
            allowed_webhook_hosts: options.allowed_webhook_hosts,
            journal_capacity: options.journal_capacity,
            chaos: options.chaos,
        };
        let shared = Arc::new(Shared {
            clock: options.clock,
            control_token: options.control_token,
            core: Mutex::new(Helpdesk::new(core.clone())),
            options: core,
            webhooks: options.webhooks,
            wake: Arc::new(Notify::new()),
            generation: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            landed: Notify::new(),
            journal: tokio::sync::watch::Sender::new(0),
            held: tokio::sync::watch::Sender::new(false),
        });
        let weak = Arc::downgrade(&shared);
        let clock = shared.clock.clone();
        let wake = Arc::clone(&shared.wake);
        tokio::spawn(async move {
            // The driver holds no handle while it waits, so that it ends with the last one.
            while let Some(shared) = weak.upgrade() {
                let next = shared.run_due();
                drop(shared);
                tokio::select! {
                    biased;
                    () = wake.notified() => {}
                    () = clock.sleep_until(next) => {}
                }
            }
        });
        Server { shared }
    }

    /// The v2 API; the account is chosen by `Host` or the URI's authority.
    pub fn api(&self) -> axum::Router {
        shell::api(Arc::clone(&self.shared))
    }

    /// The control API (`docs/control-api.md`).
    pub fn control(&self) -> axum::Router {
        shell::control(Arc::clone(&self.shared))
    }

    /// Creates an account and returns its administrator's API key.
    ///
    /// # Errors
    ///
    /// The domain is no host name, or taken.
    pub fn create_account(&self, account: NewAccount) -> Result<String, String> {
        self.shared
            .with_core(|core, now| core.create_account(now, account))
    }

    /// Makes what a seed file describes (see `docs/fidelity.md` and the
    /// control API for what may stand in it).
    ///
    /// # Errors
    ///
    /// Something in it is wrong; what came before it has been made.
    pub fn seed(&self, world: &serde_json::Value) -> Result<Vec<Seeded>, BadSeed> {
        self.shared.with_core(|core, now| core.seed(now, world))
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // The driver looks up and sees that nobody is left.
        self.wake.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Helpdesk> {
        // A panic in the core would have been a bug; its state is still whole enough to look at.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works on the core, sends what it wants sent, and wakes the driver.
    pub(crate) fn with_core<T>(self: &Arc<Self>, work: impl FnOnce(&mut Helpdesk, Ms) -> T) -> T {
        let now = self.clock.now_ms();
        let mut core = self.lock();
        let before = core.next_due();
        let result = work(&mut core, now);
        let effects = core.take_effects();
        let moved = core.next_due() != before;
        self.publish(core.last_seq());
        drop(core);
        self.carry_out(effects);
        if moved {
            self.wake.notify_one();
        }
        result
    }

    /// Does what is due and says when something is due next.
    fn run_due(self: &Arc<Self>) -> Option<Ms> {
        let now = self.clock.now_ms();
        let mut core = self.lock();
        core.run_due(now);
        let effects = core.take_effects();
        let next = core.next_due();
        self.publish(core.last_seq());
        drop(core);
        self.carry_out(effects);
        next
    }

    fn publish(&self, seq: u64) {
        self.journal
            .send_if_modified(|newest| std::mem::replace(newest, seq) != seq);
    }

    /// Tells of each change of the journal's newest number.
    pub(crate) fn follow_journal(&self) -> tokio::sync::watch::Receiver<u64> {
        self.journal.subscribe()
    }

    /// The whole state as JSON.
    pub(crate) fn snapshot(self: &Arc<Self>) -> Vec<u8> {
        self.with_core(Helpdesk::snapshot)
    }

    /// Takes over a snapshot's state and its point in time.
    pub(crate) fn restore(self: &Arc<Self>, bytes: &[u8]) -> Result<Ms, BadSnapshot> {
        let now = self.with_core(|core, _| {
            let now = core.restore(bytes)?;
            self.generation.fetch_add(1, Ordering::SeqCst);
            Ok(now)
        })?;
        self.clock.set(now);
        self.wake.notify_one();
        Ok(now)
    }

    fn carry_out(self: &Arc<Self>, effects: Vec<Effect>) {
        for Effect::CallWebhook(call) in effects {
            self.in_flight.fetch_add(1, Ordering::SeqCst);
            let shared = Arc::clone(self);
            let generation = self.generation.load(Ordering::SeqCst);
            tokio::spawn(async move { shared.call_webhook(call, generation).await });
        }
    }

    /// When something falls due next, and the journal's newest number.
    pub(crate) fn outlook(&self) -> (Option<Ms>, u64) {
        let core = self.lock();
        (core.next_due(), core.last_seq())
    }

    /// How many webhook calls wait for their receiver.
    pub(crate) fn webhooks_under_way(&self) -> usize {
        self.in_flight.load(Ordering::SeqCst)
    }

    async fn call_webhook(self: Arc<Self>, call: WebhookCall, generation: u64) {
        let outcome = carry(self.webhooks.clone(), &call).await;
        self.with_core(|core, now| {
            if self.generation.load(Ordering::SeqCst) == generation {
                core.webhook_finished(now, &call, &outcome);
            }
        });
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        self.landed.notify_waiters();
    }

    /// From now on calls of the v2 API wait, until time was advanced or they
    /// are let in again.
    pub(crate) fn hold(&self) {
        self.held.send_replace(true);
    }

    /// Lets waiting calls in.
    pub(crate) fn release(&self) {
        self.held.send_replace(false);
    }

    /// Whether calls of the v2 API wait.
    pub(crate) fn is_held(&self) -> bool {
        *self.held.borrow()
    }

    /// Waits for as long as calls of the v2 API are held.
    pub(crate) async fn let_in(&self) {
        if self.is_held() {
            // The sender lives as long as `self`.
            let _ = self.held.subscribe().wait_for(|held| !held).await;
        }
    }

    /// Jumps ahead step by step: at each due time the work is done, and the
    /// webhook calls it started may come back before the next step. Calls that
    /// were held are let in after the first jump.
    ///
    /// The jumps are `by` together; the time that passes by itself meanwhile
    /// comes on top, as it does on every other clock that is moved by as much.
    pub(crate) async fn advance(self: &Arc<Self>, by: Ms) -> Ms {
        let mut left = by * 1_000;
        loop {
            self.run_due();
            // A receiver may itself be waiting at the door.
            if !self.is_held() {
                self.settle().await;
            }
            // Looked up after the calls came back: a retry may be due before
            // whatever was next when they went out.
            let next = self.lock().next_due();
            let wait = next.map(|due| self.clock.micros_until(due));
            let Some(wait) = wait.filter(|wait| *wait <= left) else {
                break;
            };
            self.clock.jump_by(wait);
            left -= wait;
            self.release();
        }
        self.clock.jump_by(left);
        self.release();
        self.run_due();
        self.clock.now_ms()
    }

    /// Waits until no webhook call is under way, but not for ever: a receiver
    /// may itself be waiting for whoever asked for the jump.
    async fn settle(&self) {
        let patience = std::time::Duration::from_secs(15);
        let quiet = async {
            loop {
                let landed = self.landed.notified();
                if self.in_flight.load(Ordering::SeqCst) == 0 {
                    return;
                }
                landed.await;
            }
        };
        // Running out of patience is no error: the calls go on, and their outcome is noted when it comes.
        let _ = tokio::time::timeout(patience, quiet).await;
    }

    /// Forgets every account and the journal.
    pub(crate) fn reset(self: &Arc<Self>) {
        let mut core = self.lock();
        self.generation.fetch_add(1, Ordering::SeqCst);
        let old = std::mem::replace(&mut *core, Helpdesk::new(self.options.clone()));
        drop(core);
        self.release();
        // A million tickets take a while to drop; nobody needs to wait for that.
        std::thread::spawn(move || drop(old));
        self.wake.notify_one();
    }
}
