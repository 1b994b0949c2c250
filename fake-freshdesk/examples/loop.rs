#![allow(warnings, clippy::all)]
use fake_freshdesk::core::*;
use http::Method;
use serde_json::{Value, json};
fn main() {
    let mut hd = Helpdesk::new(CoreOptions {
        allowed_webhook_hosts: vec![],
        journal_capacity: 100_000,
        chaos: None,
    });
    let acc = json!({"domain":"bench.freshdesk.com","plan":"enterprise","reopen_rule":false,"admin":{"name":"Ada","email":"ada@example.com","api_key":"BENCHKEY01"},"quota":{"total":u32::MAX,"ticket_create":u32::MAX,"ticket_update":u32::MAX,"tickets_list":u32::MAX,"contacts_list":u32::MAX}});
    let now = 1_767_603_600_000i64;
    let r = hd.control(
        now,
        &ControlRequest {
            method: Method::POST,
            path: "/control/v1/accounts",
            query: None,
            body: acc.to_string().into(),
            base: "http://localhost",
        },
    );
    assert_eq!(r.status, 201);
    let n: u32 = std::env::args()
        .nth(1)
        .map(|x| x.parse().unwrap())
        .unwrap_or(1000);
    let mut call = |hd: &mut Helpdesk, now, m, p: &str, q, body| {
        hd.api(
            now,
            &ApiRequest {
                method: m,
                path: p,
                query: q,
                host: "bench.freshdesk.com",
                https: true,
                authorization: Some("Basic QkVOQ0hLRVkwMTpY"),
                accept: Some("application/json"),
                content_type: Some("application/json"),
                body,
            },
        )
    };
    let t = std::time::Instant::now();
    for i in 0..n {
        let b = json!({"email":format!("c{}@example.com",i%1000),"subject":format!("Where is order {i}?"),"description":"It should have come <b>yesterday</b>.","tags":["order"]});
        let r = call(
            &mut hd,
            now + i as i64,
            Method::POST,
            "/api/v2/tickets",
            None,
            ApiBody::Bytes(b.to_string().into()),
        );
        assert_eq!(r.status, 201);
    }
    hd.run_due(now + n as i64 + 60_000);
    println!("create {:?}/call", t.elapsed() / n);
    let rss = || {
        std::fs::read_to_string("/proc/self/status")
            .unwrap()
            .lines()
            .find(|l| l.starts_with("VmRSS"))
            .unwrap()
            .to_owned()
    };
    println!("{}", rss());
    let later = now + 3_600_000;
    let path = format!("/api/v2/tickets/{}", n / 2);
    for _ in 0..3 {
        let k = 1_000_000;
        let t = std::time::Instant::now();
        for _ in 0..k {
            std::hint::black_box(call(
                &mut hd,
                later,
                Method::GET,
                &path,
                None,
                ApiBody::Empty,
            ));
        }
        println!(
            "view {:?} = {:.0} k/s",
            t.elapsed() / k,
            k as f64 / t.elapsed().as_secs_f64() / 1000.
        );
        println!("{}", rss());
    }
    for _ in 0..3 {
        let k = 20_000;
        let t = std::time::Instant::now();
        for _ in 0..k {
            std::hint::black_box(call(
                &mut hd,
                later,
                Method::GET,
                "/api/v2/tickets",
                Some("page=2"),
                ApiBody::Empty,
            ));
        }
        println!("page {:?}", t.elapsed() / k);
    }
}
