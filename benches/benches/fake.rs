//! What a call costs in the helpdesk's core: no sockets, no runtime.

#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench that cannot go on has failed"
)]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fake_freshdesk::core::{ApiBody, ApiRequest, ControlRequest, CoreOptions, Helpdesk};
use http::Method;
use serde_json::{Value, json};

const DOMAIN: &str = "bench.freshdesk.com";
/// `BENCHKEY01:X`
const AUTHORIZATION: &str = "Basic QkVOQ0hLRVkwMTpY";
const NOW: i64 = 1_767_603_600_000;

fn control(helpdesk: &mut Helpdesk, now: i64, method: &str, path: &str, body: &Value) -> u16 {
    let request = ControlRequest {
        method: method.parse().unwrap(),
        path,
        query: None,
        body: body.to_string().into(),
        base: "http://localhost",
    };
    helpdesk.control(now, &request).status
}

/// A core with one account that no quota stops.
fn helpdesk(tickets: u32) -> Helpdesk {
    let mut helpdesk = Helpdesk::new(CoreOptions {
        allowed_webhook_hosts: Vec::new(),
        journal_capacity: 100_000,
        chaos: None,
    });
    let account = json!({
        "domain": DOMAIN, "plan": "enterprise", "reopen_rule": false,
        "admin": {"name": "Ada", "email": "ada@example.com", "api_key": "BENCHKEY01"},
        "quota": {"total": u32::MAX, "ticket_create": u32::MAX, "ticket_update": u32::MAX, "tickets_list": u32::MAX, "contacts_list": u32::MAX},
    });
    assert_eq!(
        control(&mut helpdesk, NOW, "POST", "/control/v1/accounts", &account),
        201
    );
    for number in 0..tickets {
        assert_eq!(
            call(
                &mut helpdesk,
                NOW + i64::from(number),
                Method::POST,
                "/api/v2/tickets",
                None,
                ticket(number)
            ),
            201
        );
    }
    helpdesk.run_due(NOW + i64::from(tickets) + 60_000);
    helpdesk
}

fn ticket(number: u32) -> ApiBody {
    let body = json!({
        "email": format!("customer{}@example.com", number % 1_000), "subject": format!("Where is order {number}?"),
        "description": "It should have come <b>yesterday</b>.", "tags": ["order"],
    });
    ApiBody::Bytes(body.to_string().into())
}

fn call(
    helpdesk: &mut Helpdesk,
    now: i64,
    method: Method,
    path: &str,
    query: Option<&str>,
    body: ApiBody,
) -> u16 {
    let request = ApiRequest {
        method,
        path,
        query,
        host: DOMAIN,
        https: true,
        authorization: Some(AUTHORIZATION),
        accept: Some("application/json"),
        content_type: Some("application/json"),
        body,
    };
    black_box(helpdesk.api(now, &request)).status
}

fn one_call(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("core");
    group.throughput(Throughput::Elements(1));
    let mut full = helpdesk(1_000);
    let later = NOW + 3_600_000;
    group.bench_function("view ticket: auth, quota, journal", |bencher| {
        bencher.iter(|| {
            call(
                &mut full,
                later,
                Method::GET,
                "/api/v2/tickets/500",
                None,
                ApiBody::Empty,
            )
        });
    });
    group.bench_function("create ticket", |bencher| {
        bencher.iter(|| {
            call(
                &mut full,
                later,
                Method::POST,
                "/api/v2/tickets",
                None,
                ticket(7),
            )
        });
    });
    let mut empty = helpdesk(0);
    let mut number = 0_u32;
    group.bench_function("new account", |bencher| {
        bencher.iter(|| {
            number += 1;
            let body = json!({"domain": format!("a{number}.freshdesk.com"), "plan": "growth"});
            assert_eq!(
                control(&mut empty, NOW, "POST", "/control/v1/accounts", &body),
                201
            );
        });
    });
    group.finish();
}

fn pages(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("page of 30");
    group
        .sample_size(30)
        .measurement_time(Duration::from_secs(3));
    for tickets in [1_000, 1_000_000] {
        let mut helpdesk = helpdesk(tickets);
        let later = NOW + 3_600_000;
        group.bench_function(format!("among {tickets} tickets"), |bencher| {
            bencher.iter(|| {
                call(
                    &mut helpdesk,
                    later,
                    Method::GET,
                    "/api/v2/tickets",
                    Some("page=2"),
                    ApiBody::Empty,
                )
            });
        });
    }
    group.finish();
}

criterion_group!(benches, one_call, pages);
criterion_main!(benches);
