//! kill -9 of the real process at many points, under load: nothing is lost and
//! nothing is said twice.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests: a surprise should stop them"
)]

mod common;
#[path = "common/process.rs"]
mod process;

use std::{
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::Request,
    middleware::{self, Next},
    response::{IntoResponse as _, Response},
    routing::post,
};
use common::helpdesk::{CUSTOMER, DOMAIN, Helpdesk, KEY};
use process::Process;
use reference_bridge::Clock;
use serde_json::{Value, json};

const TICKETS: usize = 30;

/// Kills the bridge when it has sent so many calls more: before the last of
/// them is carried out, or after.
#[derive(Clone, Copy, Debug)]
struct Fuse {
    calls: usize,
    carried_out: bool,
    pid: u32,
}

/// A helpdesk and a brain on sockets, and the fuse that burns with each call.
struct Servers {
    helpdesk: Helpdesk,
    fuse: Arc<Mutex<Option<Fuse>>>,
    freshdesk: String,
    brain: String,
}

async fn listen(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

/// Lets a call through, unless the fuse burns down at it.
async fn burn(fuse: Arc<Mutex<Option<Fuse>>>, request: Request, next: Next) -> Response {
    let burnt = {
        let mut fuse = fuse.lock().unwrap();
        if let Some(fuse) = fuse.as_mut() {
            fuse.calls -= 1;
        }
        fuse.take_if(|fuse| fuse.calls == 0)
    };
    let Some(fuse) = burnt else {
        return next.run(request).await;
    };
    let killed = Command::new("kill")
        .args(["-9", &fuse.pid.to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    if fuse.carried_out {
        return next.run(request).await;
    }
    "nobody reads this".into_response()
}

async fn servers() -> Servers {
    // Helpdesk time stands still, and so do the threads' dates.
    let helpdesk = Helpdesk::new(Clock::starting_at("2026-03-01T09:00:00Z".parse().unwrap()));
    let fuse = Arc::new(Mutex::new(None));
    let burning = fuse.clone();
    let layer = middleware::from_fn(move |request, next| burn(burning.clone(), request, next));
    let freshdesk = listen(helpdesk.router().layer(layer)).await;
    let decide = |Json(question): Json<Value>| async move {
        let last = question["messages"].as_array().unwrap().last().unwrap()["text"].clone();
        let text = format!("Answer to {}", last.as_str().unwrap());
        Json(json!({"action": "reply", "text": text}))
    };
    let brain = listen(Router::new().route("/v1/decisions", post(decide))).await;
    Servers {
        helpdesk,
        fuse,
        freshdesk,
        brain,
    }
}

/// Plays two rounds of customer messages; kills the bridge at these points of
/// each. Gives what every session says in the end, and how often it was killed.
async fn played(
    servers: &Servers,
    store: &str,
    points: [&[(usize, bool)]; 2],
) -> (Vec<Vec<String>>, usize) {
    let start = || Process::start(&servers.freshdesk, &servers.brain, store);
    let mut bridge = start();
    let body = json!({"domain": DOMAIN, "api_key": KEY, "auto_handle_all": true});
    let (status, settings) = bridge
        .call("PUT", "/v1/integrations/freshdesk", Some(body))
        .await;
    assert_eq!(status, 200);
    while !is_quiet(&bridge).await {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let mut killed = 0;
    for (round, points) in points.into_iter().enumerate() {
        let mut points = points.iter();
        let mut arm = |bridge: &Process| {
            *servers.fuse.lock().unwrap() = points.next().map(|(calls, carried_out)| Fuse {
                calls: *calls,
                carried_out: *carried_out,
                pid: bridge.child.id(),
            });
        };
        arm(&bridge);
        let mut told = 0;
        while told < TICKETS
            || answered(servers) < (round + 1) * TICKETS
            || !is_quiet(&bridge).await
        {
            if bridge.child.try_wait().unwrap().is_some() {
                killed += 1;
                bridge = start();
                arm(&bridge);
            }
            if told < TICKETS {
                let text = format!("question {round} of {told}");
                let ticket = told as i64 + 1;
                let known = servers.helpdesk.desk().tickets.len() > told;
                if round == 0 && !known {
                    servers.helpdesk.open_ticket(&text, json!({}));
                } else if round == 1 {
                    let said = servers
                        .helpdesk
                        .desk()
                        .conversations
                        .iter()
                        .any(|c| c["body"] == text);
                    if !said {
                        servers.helpdesk.say(ticket, CUSTOMER, &text, false);
                    }
                }
                // Only what was accepted has been told; else it is sent again.
                if bridge.try_webhook(&settings, ticket).await == Some(202) {
                    told += 1;
                }
                continue;
            }
            // What waits for an ambiguous post need not wait for real.
            let skip = json!({"seconds": 5});
            bridge
                .try_call("POST", "/v1/testing/clock/advance", Some(skip))
                .await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        *servers.fuse.lock().unwrap() = None;
    }
    let mut histories = Vec::new();
    for ticket in 1..=TICKETS {
        let history = bridge.history_of(ticket).await;
        let mut lines: Vec<_> = history
            .iter()
            .filter(|entry| entry["event"].is_null())
            .map(|entry| {
                format!(
                    "{} {}",
                    entry["kind"],
                    entry["text"].as_str().unwrap().trim()
                )
            })
            .collect();
        lines.sort();
        histories.push(lines);
    }
    (histories, killed)
}

fn answered(servers: &Servers) -> usize {
    (1..=TICKETS as i64)
        .map(|ticket| servers.helpdesk.posts(ticket, false).len())
        .sum()
}

/// Whether only the line of the sweep is in the queue.
async fn is_quiet(bridge: &Process) -> bool {
    let request = reqwest::Client::new()
        .get(format!("{}/metrics", bridge.url))
        .bearer_auth(process::TOKEN);
    match request.send().await {
        Ok(response) => response
            .text()
            .await
            .is_ok_and(|text| text.contains("bridge_queue_depth 1\n")),
        Err(_) => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_9_at_many_points_under_load_ends_like_an_undisturbed_run() {
    let folder = tempfile::tempdir().unwrap();
    let store = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
    let (undisturbed, _) = played(&servers().await, &store("calm.sqlite"), [&[], &[]]).await;
    let points = [
        &[
            (1, true),
            (2, false),
            (3, true),
            (5, true),
            (4, false),
            (7, true),
            (6, true),
            (9, false),
        ][..],
        &[
            (2, true),
            (1, false),
            (4, true),
            (3, true),
            (6, false),
            (8, true),
            (5, true),
            (7, false),
        ][..],
    ];
    let servers = servers().await;
    let (disturbed, killed) = played(&servers, &store("killed.sqlite"), points).await;
    assert_eq!(killed, 16);
    assert_eq!(disturbed, undisturbed);
    for ticket in 1..=TICKETS as i64 {
        assert_eq!(
            servers.helpdesk.posts(ticket, false).len(),
            2,
            "ticket {ticket}"
        );
        let tags = servers.helpdesk.ticket(ticket)["tags"].clone();
        assert_eq!(tags, json!(["vip", "opencx", "opencx_autopilot"]));
    }
}
