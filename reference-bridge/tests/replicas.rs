//! Three bridges as processes over one PostgreSQL database; two of them are
//! killed under load, one after the other.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "these are tests: a surprise should stop them"
)]

mod common;
#[path = "common/postgres.rs"]
mod postgres;
#[path = "common/process.rs"]
mod process;

use std::time::Duration;

use axum::{Json, Router, routing::post};
use common::helpdesk::{CUSTOMER, DOMAIN, Helpdesk, KEY};
use process::Process;
use reference_bridge::Clock;
use serde_json::{Value, json};

const TICKETS: usize = 90;

async fn listen(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

/// A helpdesk, a brain that takes its time, and where the replicas meet.
struct Place {
    helpdesk: Helpdesk,
    freshdesk: String,
    brain: String,
    database: String,
}

impl Place {
    async fn new() -> Option<Self> {
        let database = postgres::database().await?;
        let helpdesk = Helpdesk::new(Clock::starting_at("2026-03-01T09:00:00Z".parse().unwrap()));
        let freshdesk = listen(helpdesk.router()).await;
        let decide = || async {
            tokio::time::sleep(Duration::from_millis(40)).await;
            Json(json!({"action": "reply", "text": "AI."}))
        };
        let brain = listen(Router::new().route("/v1/decisions", post(decide))).await;
        Some(Self {
            helpdesk,
            freshdesk,
            brain,
            database,
        })
    }

    /// One more replica. A dead one's tickets are free after two seconds.
    fn replica(&self) -> Process {
        Process::start_with(
            &self.freshdesk,
            &[
                "--store",
                &self.database,
                "--brain-url",
                &self.brain,
                "--public-url",
                "http://bridge.test",
                "--encryption-key",
                "the replicas' one secret",
                "--job-lease",
                "2s",
            ],
        )
    }

    fn answered(&self) -> usize {
        let desk = self.helpdesk.desk();
        let is_reply = |line: &str| line.starts_with("POST") && line.ends_with("/reply");
        desk.calls
            .iter()
            .filter(|call| is_reply(&call.line))
            .count()
    }

    /// Waits until so many replies were sent.
    async fn until_answered(&self, replies: usize) {
        for _ in 0..12_000 {
            if self.answered() >= replies {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("only {} answers, not {replies}", self.answered());
    }
}

async fn lines(replica: &Process, ticket: i64) -> Vec<String> {
    let history = replica.history_of(ticket).await;
    history
        .iter()
        .filter(|entry| entry["kind"] != "event")
        .map(|entry| entry["kind"].as_str().unwrap().to_owned())
        .collect()
}

/// Every replica hears of every ticket, one of them twice, as from a Freshdesk
/// that retries; whoever is dead hears nothing.
async fn ring(replicas: &[Process], settings: &Value, tickets: &[i64]) {
    for (index, ticket) in tickets.iter().enumerate() {
        for replica in (0..replicas.len()).chain([index % replicas.len()]) {
            let answered = replicas[replica].webhook(settings, *ticket).await;
            assert_eq!(answered, 202, "ticket {ticket} at replica {replica}");
        }
    }
}

/// Waits until only the line of the sweep is left. A post that a dead replica began is
/// looked for in the thread ten seconds long.
async fn until_quiet(replica: &Process) {
    for _ in 0..600 {
        let metrics = replica.text("/metrics").await;
        if metrics.contains("\nbridge_queue_depth 1\n") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the queue is not worked off");
}

async fn connect(replica: &Process) -> Value {
    let body = json!({"domain": DOMAIN, "api_key": KEY, "auto_handle_all": true});
    let (status, settings) = replica
        .call("PUT", "/v1/integrations/freshdesk", Some(body))
        .await;
    assert_eq!(status, 200, "{settings}");
    settings
}

#[tokio::test(flavor = "multi_thread")]
async fn one_ticket_is_with_one_replica_and_killed_ones_are_replaced() {
    let Some(place) = Place::new().await else {
        return;
    };
    let mut replicas = vec![place.replica(), place.replica(), place.replica()];
    let settings = connect(&replicas[0]).await;
    let open = |number: usize| {
        place
            .helpdesk
            .open_ticket(&format!("Order {number}?"), json!({}))
    };
    let tickets: Vec<_> = (0..TICKETS).map(open).collect();
    let (first, rest) = tickets.split_at(TICKETS / 3);
    let (second, third) = rest.split_at(TICKETS / 3);
    for ticket in first {
        // Only the one that will die hears of these.
        assert_eq!(replicas[0].webhook(&settings, *ticket).await, 202);
    }
    ring(&replicas, &settings, second).await;
    place.until_answered(TICKETS / 6).await;
    assert!(place.answered() < 2 * TICKETS / 3, "it dies under load");
    // kill -9: `Process` sends it when it is dropped.
    drop(replicas.remove(0));
    replicas.push(place.replica());
    ring(&replicas, &settings, third).await;
    drop(replicas.remove(0));
    for ticket in first {
        place.helpdesk.say(*ticket, CUSTOMER, "And?", false);
        assert_eq!(replicas[0].webhook(&settings, *ticket).await, 202);
    }
    until_quiet(&replicas[1]).await;
    for (index, ticket) in tickets.iter().enumerate() {
        let posts = place.helpdesk.posts(*ticket, false).len();
        // Two questions may be met by one answer, never by none or three.
        let most = if index < first.len() { 2 } else { 1 };
        assert!((1..=most).contains(&posts), "ticket {ticket}: {posts}");
        let lines = lines(&replicas[0], *ticket).await;
        let answers = lines.iter().filter(|kind| *kind == "ai_message").count();
        assert_eq!(answers, posts, "ticket {ticket}: {lines:?}");
        assert_eq!(lines.last().unwrap(), "ai_message", "ticket {ticket}");
        let questions = lines.iter().filter(|kind| *kind == "message").count();
        assert_eq!(questions, most, "ticket {ticket}: {lines:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_stood_still_for_longer_than_its_lease_says_nothing_twice() {
    let Some(place) = Place::new().await else {
        return;
    };
    let replicas = [place.replica(), place.replica()];
    let settings = connect(&replicas[0]).await;
    let open = |number: usize| {
        place
            .helpdesk
            .open_ticket(&format!("Order {number}?"), json!({}))
    };
    let tickets: Vec<_> = (0..TICKETS).map(open).collect();
    for ticket in &tickets {
        assert_eq!(replicas[0].webhook(&settings, *ticket).await, 202);
    }
    place.until_answered(TICKETS / 9).await;
    replicas[0].signal("STOP");
    assert!(place.answered() < TICKETS, "it stands still under load");
    // The other one has all that was left, and is through with it.
    place.until_answered(TICKETS).await;
    until_quiet(&replicas[1]).await;
    replicas[0].signal("CONT");
    // What it was at comes to an end, and it works like any other.
    let ticket = open(TICKETS);
    assert_eq!(replicas[0].webhook(&settings, ticket).await, 202);
    place.until_answered(TICKETS + 1).await;
    until_quiet(&replicas[0]).await;
    for ticket in tickets.into_iter().chain([ticket]) {
        let posts = place.helpdesk.posts(ticket, false).len();
        assert_eq!(posts, 1, "ticket {ticket}");
        let lines = lines(&replicas[0], ticket).await;
        assert_eq!(lines, ["message", "ai_message"], "ticket {ticket}");
    }
}
