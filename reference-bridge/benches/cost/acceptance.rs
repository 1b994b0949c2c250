//! Webhooks at a steady rate, each on a ticket of its own. The load is open:
//! a webhook is sent when it is due, whatever became of those before it, and its
//! latency counts from then, so that a stall is seen in every one it delays.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

use crate::{Figure, bridge::Bridge, stand_in::StandIn};

const PER_SECOND: u32 = 500;
const SECONDS: u32 = 20;

/// What the bridge does beside accepting.
pub(crate) struct Load {
    pub(crate) title: &'static str,
    /// Calls a minute that Freshdesk allows.
    quota: Option<i64>,
}

/// The usual case, and the worst.
pub(crate) const LOADS: &[Load] = &[
    Load {
        title: "500 webhooks/s for 20 s, SQLite, worked off at the 700 calls a minute of Enterprise",
        quota: Some(700),
    },
    Load {
        title: "500 webhooks/s for 20 s, SQLite, worked off as fast as a Freshdesk without quota answers",
        quota: None,
    },
];

pub(crate) async fn measure(load: &Load) -> Vec<Figure> {
    let world = StandIn::with_quota(load.quota);
    let bridge = Arc::new(Bridge::connected(&world.listen().await).await);
    let client = reqwest::Client::new();
    // The first connections are made and warm before it counts.
    for ticket in 1..=20 {
        assert_eq!(send(&client, &bridge, 1_000_000 + ticket).await, 202);
    }
    let looks_before = bridge.metric("bridge_looks_total").await;
    let latencies = Arc::new(Mutex::new(Vec::new()));
    let start = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    let mut due_now = pace(start);
    while let Some((number, due)) = due_now.recv().await {
        let (client, bridge, latencies) = (client.clone(), bridge.clone(), latencies.clone());
        running.spawn(async move {
            let status = send(&client, &bridge, number as usize + 1).await;
            let latency = due.elapsed();
            if status == 202 {
                latencies.lock().unwrap().push(latency);
            }
        });
    }
    while let Some(ended) = running.join_next().await {
        ended.unwrap();
    }
    let took = start.elapsed().as_secs_f64();
    let looks = bridge.metric("bridge_looks_total").await - looks_before;
    let mut latencies = std::mem::take(&mut *latencies.lock().unwrap());
    latencies.sort_unstable();
    let sent = f64::from(PER_SECOND * SECONDS);
    let at = |part: f64| {
        let index = ((latencies.len() as f64 * part) as usize).min(latencies.len() - 1);
        latencies[index].as_secs_f64() * 1000.0
    };
    println!(
        "  {:.0} a second were sent, {looks:.0} tickets worked off meanwhile; p50 {:.2} ms, p90 {:.2} ms, p99.9 {:.2} ms, worst {:.2} ms",
        sent / took,
        at(0.5),
        at(0.9),
        at(0.999),
        at(1.0)
    );
    vec![
        Figure {
            what: "webhooks not accepted".to_owned(),
            measured: sent - latencies.len() as f64,
            at_most: 0.0,
            unit: "",
        },
        Figure {
            what: "webhook accepted, p99".to_owned(),
            measured: at(0.99),
            at_most: 10.0,
            unit: "ms",
        },
    ]
}

/// Says when each webhook is due, from a thread of its own: tokio's timers are a
/// millisecond late, which would be counted as the bridge's.
fn pace(start: Instant) -> mpsc::UnboundedReceiver<(u32, Instant)> {
    let (due_now, due) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for number in 0..PER_SECOND * SECONDS {
            let at = start + Duration::from_secs(1) * number / PER_SECOND;
            std::thread::sleep(at.saturating_duration_since(Instant::now()));
            if due_now.send((number, at)).is_err() {
                return;
            }
        }
    });
    due
}

async fn send(client: &reqwest::Client, bridge: &Bridge, ticket: usize) -> u16 {
    let request = client
        .post(&bridge.webhook_url)
        .header("content-type", "application/json")
        .body(bridge.payload(ticket));
    match request.send().await {
        Ok(response) => response.status().as_u16(),
        Err(_) => 0,
    }
}
