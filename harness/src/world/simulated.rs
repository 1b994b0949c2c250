//! The simulated world: fake, bridge and brain in one thread, their HTTP in
//! memory, under tokio's paused clock.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use http::{Request, Uri, header};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::json;
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

use super::brain::Brain;
use super::cast::DOMAIN;
use super::disk::Disk;
use super::http::{Http, HttpService, in_memory};
use super::time::Time;
use super::{World, WorldError};
use crate::trace::Source;
use crate::trace::recorder::Recorder;

/// Monday morning: the time at which every simulated run begins.
const EPOCH: &str = "2026-01-05T09:00:00Z";
const CONTROL_TOKEN: &str = "control-of-the-simulated-world";
const BRIDGE_TOKEN: &str = "token-of-the-simulated-world";
/// Loopback, as SEC-3 wants it, though nothing listens there.
const BRIDGE_URL: &str = "http://127.0.0.1:8700";
const BRAIN_URL: &str = "http://127.0.0.1:8701";
/// How often a killed bridge's tasks get a chance to notice that they are dead.
const LAST_GASPS: usize = 8;

/// What a bridge is given to live in a simulated world.
#[derive(Clone)]
pub struct Berth {
    /// Where the bridge is reached.
    pub public_url: String,
    /// The token that its management endpoints want.
    pub token: SecretString,
    /// The wall-clock time at tokio's start.
    pub epoch: Timestamp,
    /// Tokio's time at `epoch`.
    pub start: tokio::time::Instant,
    /// The seed of the run; another one after each restart.
    pub seed: u64,
    /// The way to Freshdesk.
    pub freshdesk: HttpService,
    /// The way to the brain.
    pub brain: HttpService,
    /// The brain's base URL.
    pub brain_url: String,
    /// What outlives a kill.
    pub disk: Disk,
}

/// A bridge that came up: its router, and whatever keeps it running. Dropping
/// that is a kill.
pub type Started = Result<(axum::Router, Box<dyn std::any::Any + Send>), WorldError>;
/// Brings a bridge up in a simulated world, again after each kill.
pub type BridgeBuilder = Arc<dyn Fn(Berth) -> Pin<Box<dyn Future<Output = Started>>> + Send + Sync>;

/// The reference bridge.
pub fn reference_bridge() -> BridgeBuilder {
    Arc::new(|berth| {
        Box::pin(async move {
            let options = reference_options(&berth);
            start_bridge(options).await
        })
    })
}

/// What the reference bridge is made of in a berth.
pub(crate) fn reference_options(berth: &Berth) -> reference_bridge::BridgeOptions {
    use reference_bridge::{BridgeOptions, Clock, Entropy, HttpBrain, MemoryStore};
    let elapsed = jiff::SignedDuration::try_from(berth.start.elapsed()).unwrap_or_default();
    BridgeOptions::new(
        berth.public_url.clone(),
        berth.token.clone(),
        Clock::starting_at(berth.epoch + elapsed),
        Entropy::seeded(berth.seed),
        berth.disk.keep(MemoryStore::default),
        berth.freshdesk.clone(),
        Arc::new(HttpBrain::new(berth.brain.clone(), berth.brain_url.clone())),
    )
}

/// Starts a bridge made of `options`.
pub(crate) async fn start_bridge(options: reference_bridge::BridgeOptions) -> Started {
    let bridge = reference_bridge::Bridge::start(options)
        .await
        .map_err(|error| WorldError::Program {
            program: "reference-bridge".into(),
            reason: error.to_string(),
        })?;
    Ok((bridge.router(), Box::new(bridge)))
}

/// The bridge of a simulated world: a place that is empty while none runs.
pub(crate) struct SimulatedBridge {
    build: BridgeBuilder,
    berth: Berth,
    running: Arc<Mutex<Option<Running>>>,
    starts: AtomicU64,
}

struct Running {
    router: axum::Router,
    _alive: Box<dyn std::any::Any + Send>,
}

/// The fake holds the way to the bridge and the bridge the way to the fake: a
/// world that ends with the bridge still in its place would never be freed.
impl Drop for SimulatedBridge {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The place of the bridge, whoever is in it.
fn place(running: &Mutex<Option<Running>>) -> std::sync::MutexGuard<'_, Option<Running>> {
    // Nothing panics while the place is held.
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

fn router(running: &Mutex<Option<Running>>) -> Option<axum::Router> {
    place(running)
        .as_ref()
        .map(|running| running.router.clone())
}

impl SimulatedBridge {
    async fn start(&self) -> Result<(), WorldError> {
        let starts = self.starts.fetch_add(1, Ordering::Relaxed);
        let mut berth = self.berth.clone();
        // A second life that drew the first one's numbers would name its
        // sessions and turns alike.
        berth.seed = berth
            .seed
            .wrapping_add(starts.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (router, alive) = (self.build)(berth).await?;
        *place(&self.running) = Some(Running {
            router,
            _alive: alive,
        });
        Ok(())
    }

    /// Ends the bridge wherever it is.
    fn kill(&self) {
        // Dropped after the place is free again: whoever ends may look there.
        let killed = place(&self.running).take();
        drop(killed);
    }

    /// Kills the bridge wherever it is and starts it again on the same disk.
    pub(crate) async fn restart(&self) -> Result<(), WorldError> {
        self.kill();
        for _ in 0..LAST_GASPS {
            tokio::task::yield_now().await;
        }
        self.start().await
    }

    /// Carries calls to the bridge; every other address refuses the connection.
    fn service(&self) -> HttpService {
        let running = self.running.clone();
        BoxCloneSyncService::new(tower::service_fn(move |request: Request<Body>| {
            let router = router(&running);
            async move {
                let here = is_the_bridges(request.uri());
                match router.filter(|_| here) {
                    Some(router) => router
                        .oneshot(request)
                        .await
                        .map_err(|never| match never {}),
                    None => Err(tower::BoxError::from(format!(
                        "connection refused: {}",
                        request.uri()
                    ))),
                }
            }
        }))
    }
}

/// Whether a URL begins with the bridge's own.
fn is_the_bridges(url: &Uri) -> bool {
    let (scheme, authority) = BRIDGE_URL.split_once("://").unwrap_or_default();
    url.scheme_str() == Some(scheme) && url.authority().is_some_and(|named| named == authority)
}

/// Brings a simulated world up in the current (paused, single-threaded) runtime.
pub(crate) async fn start(seed: u64, bridge: &BridgeBuilder) -> Result<World, WorldError> {
    let epoch: Timestamp = EPOCH
        .parse()
        .map_err(|error| WorldError::unexpected(format!("{EPOCH}: {error}")))?;
    let begun = tokio::time::Instant::now();
    let time = Time::Simulated {
        epoch,
        start: begun,
    };

    // The fake needs a way to the bridge before there is one: rules may only
    // point at it once it runs, so the bridge moves in afterwards.
    let running = Arc::new(Mutex::new(None));
    let webhooks = Arc::new(std::sync::OnceLock::<HttpService>::new());
    let fake = fake_freshdesk::Server::start(fake_freshdesk::ServerOptions::new(
        fake_freshdesk::Clock::starting_at(epoch),
        CONTROL_TOKEN.to_owned(),
        later(webhooks.clone()),
    ));
    let control = Http::new(
        in_memory(fake.control()),
        "http://control.invalid",
        Some(CONTROL_TOKEN.to_owned()),
    );
    let recorder = Recorder::new(control.clone(), time.clone());
    let brain = Brain::new(recorder.clone(), time.clone());
    let berth = Berth {
        public_url: BRIDGE_URL.to_owned(),
        token: SecretString::from(BRIDGE_TOKEN),
        epoch,
        start: begun,
        seed,
        freshdesk: watched(in_memory(fake.api()), recorder.clone()),
        brain: in_memory(brain.router()),
        brain_url: BRAIN_URL.to_owned(),
        disk: Disk::default(),
    };
    let bridge = SimulatedBridge {
        build: bridge.clone(),
        berth,
        running,
        starts: AtomicU64::default(),
    };
    bridge.start().await?;
    // Set once, right here; a second world has its own cell.
    let _ = webhooks.set(bridge.service());
    Ok(World {
        control,
        api: Http::new(in_memory(fake.api()), format!("https://{DOMAIN}"), None),
        bridge: Http::new(bridge.service(), BRIDGE_URL, Some(BRIDGE_TOKEN.to_owned())),
        brain,
        time,
        recorder,
        host: super::BridgeHost::Simulated(bridge),
        logs: super::logs::Logs::default(),
        keeps: Box::new(fake),
    })
}

/// A way to a service that is known only later.
fn later(service: Arc<std::sync::OnceLock<HttpService>>) -> HttpService {
    BoxCloneSyncService::new(tower::service_fn(move |request: Request<Body>| {
        let service = service.get().cloned();
        async move {
            match service {
                Some(service) => service.oneshot(request).await,
                None => Err(tower::BoxError::from("connection refused")),
            }
        }
    }))
}

/// The way to Freshdesk, with a record of every call that goes to another host
/// than the account's (SEC-2): the fake's journal knows only its accounts.
fn watched(freshdesk: HttpService, recorder: Recorder) -> HttpService {
    BoxCloneSyncService::new(tower::service_fn(move |request: Request<Body>| {
        let (freshdesk, recorder) = (freshdesk.clone(), recorder.clone());
        async move {
            let host = host_of(&request);
            if host != DOMAIN {
                let data = json!({
                    "host": host,
                    "method": request.method().as_str(),
                    "path": request.uri().path(),
                    "credentials": request.headers().contains_key(header::AUTHORIZATION),
                });
                recorder
                    .note(Source::Bridge, "foreign_call", None, data)
                    .await?;
            }
            freshdesk.oneshot(request).await
        }
    }))
}

fn host_of(request: &Request<Body>) -> String {
    request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .or_else(|| request.uri().host())
        .unwrap_or_default()
        .to_ascii_lowercase()
}
