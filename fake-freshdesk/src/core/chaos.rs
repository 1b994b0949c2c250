//! Chaos: faults drawn from a seed. The n-th call of an account meets the same
//! fault in every run with the same seed.

use serde_json::{Value, json};

use super::faults::Fault;
use super::ids::scramble;

/// A number below 1000 for the n-th draw.
fn draw(seed: u64, kind: u64, count: u64) -> u64 {
    scramble(seed ^ scramble(kind ^ scramble(count))) % 1_000
}

fn fault(on: &str, effect: &Value) -> Option<Fault> {
    let mut request = json!({"on": on, "calls": "all"});
    for (key, value) in effect.as_object()? {
        request[key] = value.clone();
    }
    Fault::new(0, serde_json::from_value(request).ok()?).ok()
}

/// What the n-th API call meets: one in ten is unlucky.
pub(crate) fn call(seed: u64, count: u64) -> Option<Fault> {
    let seconds = draw(seed, 2, count) as f64 / 250.0;
    let effect = match draw(seed, 1, count) {
        0..=19 => json!({"answer": {"status": 500}}),
        20..=29 => json!({"answer": {"status": 503, "body": "<html>Service Unavailable</html>"}}),
        30..=44 => {
            json!({"answer": {"status": 429, "retry_after_seconds": 1 + draw(seed, 2, count) % 30}})
        }
        45..=54 => json!({"connection": "reset_before_effect"}),
        55..=64 => json!({"connection": "reset_after_effect"}),
        65..=69 => json!({"connection": "truncated_body"}),
        70..=99 => json!({"delay_seconds": seconds}),
        _ => return None,
    };
    fault("**", &effect)
}

/// What the n-th webhook attempt meets: one in eight is unlucky.
pub(crate) fn webhook(seed: u64, count: u64) -> Option<Fault> {
    let effect = match draw(seed, 3, count) {
        0..=39 => json!("duplicated"),
        40..=99 => json!({"delayed_seconds": draw(seed, 4, count) as f64 / 10.0}),
        100..=124 => json!({"answered": 502}),
        _ => return None,
    };
    fault("webhook", &json!({ "webhook": effect }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_fate() {
        let fate = |seed| {
            (0..2_000)
                .map(|count| call(seed, count).map(|fault| fault.effect()))
                .collect::<Vec<_>>()
        };
        assert_eq!(fate(7), fate(7));
        assert_ne!(fate(7), fate(8));
        let unlucky = fate(7).iter().flatten().count();
        assert!((120..280).contains(&unlucky), "{unlucky} of 2000");
        assert!((0..2_000).any(|count| webhook(7, count).is_some()));
    }
}
