//! Counters for those who operate the bridge, in Prometheus' text format.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::{clock::between, desk::Desk, store::StoreError, turn::Purpose};

/// What is counted since the start.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) webhooks_accepted: AtomicU64,
    pub(crate) webhooks_refused: AtomicU64,
    pub(crate) looks: AtomicU64,
    pub(crate) looks_failed: AtomicU64,
    pub(crate) brain_failures: AtomicU64,
    replies: AtomicU64,
    drafts: AtomicU64,
    handoffs: AtomicU64,
    resolutions: AtomicU64,
}

impl Metrics {
    pub(crate) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a turn that was carried out.
    pub(crate) fn turn(&self, purpose: &Purpose) {
        match purpose {
            Purpose::Reply => Self::add(&self.replies),
            Purpose::Draft => Self::add(&self.drafts),
            Purpose::Handoff(_) => Self::add(&self.handoffs),
            Purpose::Resolve { .. } => Self::add(&self.resolutions),
            Purpose::Resume => {}
        }
    }
}

/// All figures as text.
pub(crate) async fn render(desk: &Desk) -> Result<String, StoreError> {
    let metrics = &desk.metrics;
    let mut text = String::new();
    for (name, help, counter) in [
        (
            "webhooks_accepted_total",
            "Webhooks written down",
            &metrics.webhooks_accepted,
        ),
        (
            "webhooks_refused_total",
            "Webhooks that were not ours",
            &metrics.webhooks_refused,
        ),
        ("looks_total", "Looks at tickets", &metrics.looks),
        (
            "looks_failed_total",
            "Looks that could not be finished",
            &metrics.looks_failed,
        ),
        (
            "brain_failures_total",
            "Questions without a usable decision",
            &metrics.brain_failures,
        ),
        ("replies_total", "Public AI answers", &metrics.replies),
        ("drafts_total", "Private AI drafts", &metrics.drafts),
        (
            "handoffs_total",
            "Tickets handed to people",
            &metrics.handoffs,
        ),
        (
            "resolutions_total",
            "Tickets resolved by the AI",
            &metrics.resolutions,
        ),
    ] {
        line(
            &mut text,
            name,
            "counter",
            help,
            "",
            counter.load(Ordering::Relaxed) as f64,
        );
    }
    let now = desk.clock.now();
    let depth = desk.store.queue_depth().await?;
    line(
        &mut text,
        "queue_depth",
        "gauge",
        "Lines in the queue",
        "",
        depth as f64,
    );
    let lag = desk
        .store
        .next_due()
        .await?
        .map_or(0.0, |due| between(due, now).as_secs_f64());
    line(
        &mut text,
        "queue_lag_seconds",
        "gauge",
        "How long the oldest due line waits",
        "",
        lag,
    );
    let problems = desk.store.problems().await?.len();
    line(
        &mut text,
        "problems",
        "gauge",
        "Operations given up or pending",
        "",
        problems as f64,
    );
    for (domain, quota) in desk.quotas() {
        let label = format!("{{account=\"{domain}\"}}");
        let known = quota.known();
        for (name, kind, help, value) in [
            (
                "quota_total",
                "gauge",
                "Freshdesk calls per minute",
                known.total.map(|n| n as f64),
            ),
            (
                "quota_remaining",
                "gauge",
                "Freshdesk calls left this minute",
                known.remaining.map(|n| n as f64),
            ),
            (
                "rate_limited_total",
                "counter",
                "Answers 429",
                Some(known.refusals as f64),
            ),
        ] {
            if let Some(value) = value {
                line(&mut text, name, kind, help, &label, value);
            }
        }
    }
    Ok(text)
}

fn line(text: &mut String, name: &str, kind: &str, help: &str, label: &str, value: f64) {
    let _ = writeln!(
        text,
        "# HELP bridge_{name} {help}.\n# TYPE bridge_{name} {kind}\nbridge_{name}{label} {value}"
    );
}
