//! Bridges that are wrong on purpose: the reference bridge with one policy
//! replaced or one layer put around it, named for what they do wrong. The suite
//! must catch each by the clause it breaks.
//!
//! | file | defects in |
//! |---|---|
//! | `mod.rs` | [`KnownBad`], [`all`], and the bridge each makes |
//! | `policies` | a policy of the reference bridge |
//! | `to_freshdesk` | what it asks Freshdesk, or hears from it |
//! | `surface` | what it answers: the contract and the webhook |
//! | `store`, `brain` | what it keeps, and whom it asks |
//! | [`idle`] | nothing at all is done |
//! | `meddle` | the layers that all of them are made of |
//! | [`catch`] | playing the scenarios with each, and who caught it |

mod brain;
pub mod catch;
pub mod idle;
mod meddle;
mod policies;
mod store;
mod surface;
mod to_freshdesk;

use std::sync::Arc;

use reference_bridge::{Brain, Policies, Store};

use crate::world::http::{HttpService, in_memory};
use crate::world::simulated::{Berth, BridgeBuilder, reference_options, start_bridge};

/// A bridge with one planted defect.
#[derive(Clone, Copy)]
pub struct KnownBad {
    /// What it does wrong.
    pub name: &'static str,
    /// The clause it breaks.
    pub clause: &'static str,
    defect: Defect,
}

/// Where the defect is planted.
#[derive(Clone, Copy)]
enum Defect {
    /// A policy is another.
    Policy(fn(&mut Policies)),
    /// A layer on the way to Freshdesk.
    ToFreshdesk(fn(HttpService) -> HttpService),
    /// A layer on its own surface.
    Surface(fn(HttpService) -> HttpService),
    /// A layer around the store.
    Store(fn(Arc<dyn Store>) -> Arc<dyn Store>),
    /// A layer around the brain.
    Brain(fn(Arc<dyn Brain>, reference_bridge::Clock) -> Arc<dyn Brain>),
}

impl Defect {
    fn place(self) -> &'static str {
        match self {
            Self::Policy(_) => "policy",
            Self::ToFreshdesk(_) => "way to Freshdesk",
            Self::Surface(_) => "surface",
            Self::Store(_) => "store",
            Self::Brain(_) => "brain",
        }
    }
}

impl KnownBad {
    /// Where the defect is planted, in words.
    pub fn place(&self) -> &'static str {
        self.defect.place()
    }

    /// The bridge.
    pub fn bridge(&self) -> BridgeBuilder {
        let defect = self.defect;
        Arc::new(move |berth: Berth| {
            Box::pin(async move {
                let mut options = reference_options(&berth);
                match defect {
                    Defect::Policy(replace) => replace(&mut options.policies),
                    Defect::ToFreshdesk(layer) => options.freshdesk = layer(options.freshdesk),
                    Defect::Store(layer) => options.store = layer(options.store),
                    Defect::Brain(layer) => {
                        options.brain = layer(options.brain, options.clock.clone());
                    }
                    Defect::Surface(_) => {}
                }
                let (router, alive) = start_bridge(options).await?;
                let Defect::Surface(layer) = defect else {
                    return Ok((router, alive));
                };
                let surface = layer(in_memory(router));
                let router = axum::Router::new().fallback_service(surface_service(surface));
                Ok((router, alive))
            })
        })
    }
}

/// A surface that never fails as a service: what goes wrong inside is a 502.
fn surface_service(
    surface: HttpService,
) -> tower::util::BoxCloneSyncService<
    http::Request<axum::body::Body>,
    http::Response<axum::body::Body>,
    std::convert::Infallible,
> {
    use axum::response::IntoResponse as _;
    use tower::ServiceExt as _;
    tower::util::BoxCloneSyncService::new(tower::service_fn(move |request| {
        let surface = surface.clone();
        async move {
            Ok(surface.oneshot(request).await.unwrap_or_else(|error| {
                (http::StatusCode::BAD_GATEWAY, error.to_string()).into_response()
            }))
        }
    }))
}

/// All known-bad bridges, in the order of the clauses they break.
pub fn all() -> Vec<KnownBad> {
    let mut all: Vec<KnownBad> = [
        policies::ALL,
        to_freshdesk::ALL,
        surface::ALL,
        store::ALL,
        brain::ALL,
    ]
    .concat();
    let catalogue = crate::clauses::Catalogue::built_in().ok();
    let place = |clause: &str| {
        catalogue
            .as_ref()
            .and_then(|catalogue| catalogue.ids().position(|id| id == clause))
    };
    all.sort_by_key(|bad| (place(bad.clause), bad.name));
    all
}

/// The known-bad bridge of this name.
pub fn named(name: &str) -> Option<KnownBad> {
    all().into_iter().find(|bad| bad.name == name)
}
