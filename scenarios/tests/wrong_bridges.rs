//! Bridges that are wrong on purpose turn scenarios red, with a message that
//! names clause, expectation and the trace lines that matter. Each is the
//! reference bridge behind a way to Freshdesk that misbehaves in its name.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    missing_docs,
    reason = "a test that cannot go on has failed"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use harness::clauses::Catalogue;
use harness::plan::load;
use harness::report::RunInfo;
use harness::report::failure::explain;
use harness::runner::suite::Suite;
use harness::runner::verdict::Verdict;
use harness::world::http::HttpService;
use harness::world::simulated::{Berth, BridgeBuilder, reference_bridge};
use http::{Method, Request, Response, StatusCode};
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

/// A bridge whose calls of Freshdesk pass through `meddle`.
fn bridge_with(meddle: fn(HttpService) -> HttpService) -> BridgeBuilder {
    let build = reference_bridge();
    Arc::new(move |berth| {
        build(Berth {
            freshdesk: meddle(berth.freshdesk.clone()),
            ..berth
        })
    })
}

/// The request, so that it can be sent again: its body is kept in memory.
async fn twin(request: Request<Body>) -> (Request<Body>, Request<Body>) {
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    (
        Request::from_parts(parts.clone(), Body::from(bytes.clone())),
        Request::from_parts(parts, Body::from(bytes)),
    )
}

/// Sends every reply twice.
fn answers_twice(freshdesk: HttpService) -> HttpService {
    BoxCloneSyncService::new(tower::service_fn(move |request: Request<Body>| {
        let freshdesk = freshdesk.clone();
        async move {
            if request.method() != Method::POST || !request.uri().path().ends_with("/reply") {
                return freshdesk.oneshot(request).await;
            }
            let (first, second) = twin(request).await;
            freshdesk.clone().oneshot(first).await?;
            freshdesk.oneshot(second).await
        }
    }))
}

/// Sends a request that met a 429 again after a second, whatever `Retry-After` says.
fn retries_at_once(freshdesk: HttpService) -> HttpService {
    BoxCloneSyncService::new(tower::service_fn(move |request: Request<Body>| {
        let freshdesk = freshdesk.clone();
        async move {
            let (first, second) = twin(request).await;
            let answer: Response<Body> = freshdesk.clone().oneshot(first).await?;
            if answer.status() != StatusCode::TOO_MANY_REQUESTS {
                return Ok(answer);
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            freshdesk.oneshot(second).await
        }
    }))
}

/// Tells the bridge that every ticket is assigned to the OpenCX agent, so that
/// its gate lets everything in.
fn ignores_the_gate(freshdesk: HttpService) -> HttpService {
    BoxCloneSyncService::new(tower::service_fn(move |request: Request<Body>| {
        let freshdesk = freshdesk.clone();
        async move {
            let is_ticket = request.method() == Method::GET
                && request
                    .uri()
                    .path()
                    .strip_prefix("/api/v2/tickets/")
                    .is_some_and(|id| !id.contains('/'));
            let me = request.headers().clone();
            let answer: Response<Body> = freshdesk.clone().oneshot(request).await?;
            if !is_ticket || answer.status() != StatusCode::OK {
                return Ok(answer);
            }
            let mut whoami = Request::get("https://yourcompany.freshdesk.com/api/v2/agents/me")
                .body(Body::empty())?;
            *whoami.headers_mut() = me;
            let agent = json(freshdesk.oneshot(whoami).await?).await;
            let (parts, body) = answer.into_parts();
            let mut ticket = json(Response::new(body)).await;
            ticket["responder_id"] = agent["id"].clone();
            Ok(Response::from_parts(parts, Body::from(ticket.to_string())))
        }
    }))
}

async fn json(response: Response<Body>) -> serde_json::Value {
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// Plays a scenario with a wrong bridge and returns what the failure says.
fn complaint(file: &str, bridge: BridgeBuilder) -> String {
    let catalogue = Catalogue::built_in().unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let plans = load(&[path.display().to_string()], &catalogue).unwrap();
    let suite = Suite {
        bridge,
        ..Suite::default()
    };
    let outcome = suite.play_one(&plans[0], &catalogue);
    assert!(
        matches!(outcome.verdict, Verdict::Failed { .. }),
        "{file}: {:?}",
        outcome.verdict
    );
    let info = RunInfo {
        world: "simulated".into(),
        seed: 0,
        seconds: 0.0,
    };
    let root = format!("{}/", env!("CARGO_MANIFEST_DIR"));
    explain(&outcome, &info).replace(&root, "scenarios/")
}

#[test]
fn a_bridge_that_answers_twice_is_caught() {
    insta::assert_snapshot!(complaint(
        "flow/flw_4_autopilot_keeps_tags.yaml",
        bridge_with(answers_twice)
    ));
}

#[test]
fn a_bridge_that_ignores_the_gate_is_caught() {
    insta::assert_snapshot!(complaint(
        "intake/int_2_assigned_only.yaml",
        bridge_with(ignores_the_gate)
    ));
}

#[test]
fn a_bridge_that_retries_a_429_at_once_is_caught() {
    insta::assert_snapshot!(complaint(
        "limits/lim_1_rate_limit_retries.yaml",
        bridge_with(retries_at_once)
    ));
}
