//! What ten thousand tracked tickets cost while nothing happens to them.

use std::time::Duration;

use crate::{Figure, bridge::Bridge, stand_in::StandIn};

pub(crate) const TITLE: &str = "10,000 tracked tickets, each answered once, SQLite";

const TICKETS: usize = 10_000;
/// How long the bridge is left alone afterwards, on its own clock.
const IDLE_MINUTES: usize = 60;

pub(crate) async fn measure() -> Vec<Figure> {
    let world = StandIn::with_quota(None);
    let bridge = Bridge::connected(&world.listen().await).await;
    let client = reqwest::Client::new();
    for ticket in 1..=TICKETS {
        let request = client
            .post(&bridge.webhook_url)
            .header("content-type", "application/json")
            .body(bridge.payload(ticket));
        assert_eq!(request.send().await.unwrap().status().as_u16(), 202);
        if ticket % 1000 == 0 {
            eprintln!("  {ticket} of {TICKETS} webhooks accepted");
        }
    }
    // The line of the sweep always stays.
    while bridge.metric("bridge_queue_depth").await > 1.0 {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let replies = bridge.metric("bridge_replies_total").await;
    let (before, _) = world.calls();
    for _ in 0..IDLE_MINUTES {
        let minute = serde_json::json!({ "seconds": 60 });
        bridge
            .call("POST", "/v1/testing/clock/advance", Some(minute))
            .await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (after, lists) = world.calls();
    println!("  {lists} list pages in {IDLE_MINUTES} idle minutes");
    let mut figures = vec![
        Figure {
            what: "tickets not answered".to_owned(),
            measured: TICKETS as f64 - replies,
            at_most: 0.0,
            unit: "",
        },
        Figure {
            what: "calls of an idle bridge".to_owned(),
            measured: (after - before) as f64 / IDLE_MINUTES as f64,
            at_most: 1.0,
            unit: "a minute",
        },
    ];
    match bridge.memory() {
        Some((now, most)) => {
            println!("  {now:.1} MiB resident at the end");
            figures.push(Figure {
                what: "resident memory, at its highest".to_owned(),
                measured: most,
                at_most: 100.0 * 1e6 / (1024.0 * 1024.0),
                unit: "MiB",
            });
        }
        None => println!("  memory: not measured, this system has no /proc"),
    }
    figures
}
