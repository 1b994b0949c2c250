//! Three replicas over one PostgreSQL database, one of them killed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests: a surprise should stop them"
)]

mod common;
#[path = "common/postgres.rs"]
mod postgres;

use std::{sync::Arc, time::Duration};

use common::{
    TOKEN,
    helpdesk::{CUSTOMER, Helpdesk},
};
use reference_bridge::{
    Bridge, BridgeOptions, Clock, Entropy, Policies, PostgresStore, ScriptedBrain, store::Seal,
};
use secrecy::SecretString;
use serde_json::json;

async fn replica(url: &str, clock: &Clock, helpdesk: &Helpdesk) -> (Bridge, Arc<PostgresStore>) {
    let seal = Seal::new(&SecretString::from("shared secret"), Entropy::from_os());
    let store = Arc::new(PostgresStore::connect(url, seal).await.unwrap());
    let mut options = BridgeOptions::new(
        "http://bridge.test",
        SecretString::from(TOKEN),
        clock.clone(),
        Entropy::from_os(),
        store.clone(),
        helpdesk.service(),
        Arc::new(ScriptedBrain::replying("AI.")),
    );
    options.policies = Policies {
        job_lease: Duration::from_secs(2),
        ambiguity_grace: Duration::from_secs(1),
        tickets_at_once: 4,
        ..Policies::default()
    };
    (Bridge::start(options).await.unwrap(), store)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_ticket_is_with_one_replica_and_a_killed_one_is_replaced() {
    let Some(url) = postgres::database().await else {
        return;
    };
    let clock = Clock::starting_at("2026-03-01T09:00:00Z".parse().unwrap());
    let helpdesk = Helpdesk::new(clock.clone());
    let (first, store) = replica(&url, &clock, &helpdesk).await;
    let (second, _) = replica(&url, &clock, &helpdesk).await;
    let (third, _) = replica(&url, &clock, &helpdesk).await;
    let mut world = common::World {
        clock,
        helpdesk,
        store,
        bridge: Some(first),
        brain: ScriptedBrain::silent(),
        policies: Policies::default(),
    };
    world.connect(json!({})).await;
    let tickets: Vec<_> = (0..60)
        .map(|number| {
            world
                .helpdesk
                .open_ticket(&format!("Order {number}?"), json!({}))
        })
        .collect();
    let replicas = [world.bridge.take().unwrap(), second, third];
    for (index, ticket) in tickets.iter().enumerate() {
        // Every replica hears of every ticket, one of them twice.
        for replica in [0, 1, 2, index % 3] {
            let router = replicas[replica].router();
            assert_eq!(
                world
                    .webhook_through(router, "ticket_created", *ticket)
                    .await,
                202
            );
        }
    }
    let [killed, second, third] = replicas;
    drop(killed);
    world.bridge = Some(second);
    for ticket in &tickets[..20] {
        world.helpdesk.say(*ticket, CUSTOMER, "And?", false);
        assert_eq!(world.webhook("ticket_updated", *ticket).await.0, 202);
    }
    // The line of the sweep always stays.
    for _ in 0..300 {
        if world.store.queue_depth().await.unwrap() <= 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for (index, ticket) in tickets.into_iter().enumerate() {
        let posts = world.helpdesk.posts(ticket, false).len();
        // Two questions may be met by one answer, never by none or three.
        let most = if index < 20 { 2 } else { 1 };
        assert!((1..=most).contains(&posts), "ticket {ticket}: {posts}");
        let lines = world.lines(ticket).await;
        let answers = lines
            .iter()
            .filter(|line| line.starts_with("ai_message"))
            .count();
        assert_eq!(answers, posts, "{lines:?}");
        assert!(lines.last().unwrap().starts_with("ai_message"), "{lines:?}");
    }
    drop(third);
}
