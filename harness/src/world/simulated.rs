//! The simulated world: fake, bridge and brain in one thread, their HTTP in
//! memory, under tokio's paused clock.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use axum::body::Body;
use http::Request;
use jiff::Timestamp;
use secrecy::SecretString;
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

use super::brain::Brain;
use super::http::{Http, HttpService, in_memory};
use super::time::Time;
use super::{World, WorldError};
use crate::trace::recorder::Recorder;

/// Monday morning: the time at which every simulated run begins.
const EPOCH: &str = "2026-01-05T09:00:00Z";
const CONTROL_TOKEN: &str = "control-of-the-simulated-world";
const BRIDGE_TOKEN: &str = "token-of-the-simulated-world";
/// Loopback, as SEC-3 wants it, though nothing listens there.
const BRIDGE_URL: &str = "http://127.0.0.1:8700";
const BRAIN_URL: &str = "http://127.0.0.1:8701";

/// What a bridge is given to live in a simulated world.
pub struct Berth {
    /// Where the bridge is reached.
    pub public_url: String,
    /// The token that its management endpoints want.
    pub token: SecretString,
    /// The wall-clock time at the start.
    pub epoch: Timestamp,
    /// The seed of the run.
    pub seed: u64,
    /// The way to Freshdesk.
    pub freshdesk: HttpService,
    /// The way to the brain.
    pub brain: HttpService,
    /// The brain's base URL.
    pub brain_url: String,
}

/// A bridge that came up: its router, and whatever keeps it running.
pub type Started = Result<(axum::Router, Box<dyn std::any::Any + Send>), WorldError>;
/// Brings a bridge up in a simulated world.
pub type BridgeBuilder = Arc<dyn Fn(Berth) -> Pin<Box<dyn Future<Output = Started>>> + Send + Sync>;

/// The reference bridge.
pub fn reference_bridge() -> BridgeBuilder {
    Arc::new(|berth| Box::pin(start_reference_bridge(berth)))
}

async fn start_reference_bridge(berth: Berth) -> Started {
    use reference_bridge::{Bridge, BridgeOptions, Clock, Entropy, HttpBrain, MemoryStore};
    let options = BridgeOptions::new(
        berth.public_url,
        berth.token,
        Clock::starting_at(berth.epoch),
        Entropy::seeded(berth.seed),
        Arc::new(MemoryStore::default()),
        berth.freshdesk,
        Arc::new(HttpBrain::new(berth.brain, berth.brain_url)),
    );
    let bridge = Bridge::start(options)
        .await
        .map_err(|error| WorldError::Program {
            program: "reference-bridge".into(),
            reason: error.to_string(),
        })?;
    Ok((bridge.router(), Box::new(bridge)))
}

/// Brings a simulated world up in the current (paused, single-threaded) runtime.
pub(crate) async fn start(seed: u64, bridge: &BridgeBuilder) -> Result<World, WorldError> {
    let epoch: Timestamp = EPOCH
        .parse()
        .map_err(|error| WorldError::unexpected(format!("{EPOCH}: {error}")))?;
    let time = Time::Simulated {
        epoch,
        start: tokio::time::Instant::now(),
    };

    // The fake needs a way to the bridge before there is one: rules may only
    // point at it once it runs, so the router is put in afterwards.
    let bridge_router: Arc<OnceLock<axum::Router>> = Arc::default();
    let webhooks = to_bridge(bridge_router.clone());
    let fake = fake_freshdesk::Server::start(fake_freshdesk::ServerOptions::new(
        fake_freshdesk::Clock::starting_at(epoch),
        CONTROL_TOKEN.to_owned(),
        webhooks,
    ));
    let control = Http::new(
        in_memory(fake.control()),
        "http://control.invalid",
        Some(CONTROL_TOKEN.to_owned()),
    );
    let recorder = Recorder::new(control.clone(), time.clone());
    let brain = Brain::new(recorder.clone());
    let berth = Berth {
        public_url: BRIDGE_URL.to_owned(),
        token: SecretString::from(BRIDGE_TOKEN),
        epoch,
        seed,
        freshdesk: in_memory(fake.api()),
        brain: in_memory(brain.router()),
        brain_url: BRAIN_URL.to_owned(),
    };
    let (router, running) = bridge(berth).await?;
    // Set once, right here; a second world has its own cell.
    let _ = bridge_router.set(router.clone());
    Ok(World {
        control,
        bridge: Http::new(in_memory(router), BRIDGE_URL, Some(BRIDGE_TOKEN.to_owned())),
        brain,
        time,
        recorder,
        keeps: Box::new((running, fake)),
    })
}

/// Carries webhook calls to the bridge; every other address refuses the connection.
fn to_bridge(router: Arc<OnceLock<axum::Router>>) -> HttpService {
    BoxCloneSyncService::new(tower::service_fn(move |request: Request<Body>| {
        let router = router.clone();
        async move {
            let here = request.uri().to_string().starts_with(BRIDGE_URL);
            match router.get().filter(|_| here) {
                Some(router) => router
                    .clone()
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
