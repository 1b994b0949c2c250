//! What HTTP itself asks of a server: HEAD, and exactly one host.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};

use crate::world::{Answer, DOMAIN, World, basic};

async fn head(world: &World, path: &str) -> Answer {
    world.call("HEAD", path, Value::Null).await
}

#[tokio::test(start_paused = true)]
async fn head_is_answered_like_get_without_the_body() {
    let world = World::new("growth").await;
    let ticket = world.customer_ticket().await;
    for path in [
        format!("/tickets/{ticket}"),
        format!("/tickets/{ticket}?include=stats"),
        "/tickets?per_page=1".to_owned(),
        "/tickets?nosuch=1".to_owned(),
        "/tickets/4711".to_owned(),
        "/agents/me".to_owned(),
    ] {
        let (head, get) = (head(&world, &path).await, world.get(&path).await);
        assert_eq!((head.status, head.bytes.len()), (get.status, 0), "{path}");
        assert_eq!(
            head.header("content-length"),
            Some(get.bytes.len().to_string().as_str()),
            "{path}"
        );
        for name in ["content-type", "link", "x-ratelimit-used-currentrequest"] {
            assert_eq!(head.header(name), get.header(name), "{path}");
        }
    }
    let denied = world
        .as_key("nosuch", "HEAD", "/tickets", Value::Null)
        .await;
    assert_eq!((denied.status, denied.bytes.len()), (401, 0));
}

#[tokio::test(start_paused = true)]
async fn head_uses_up_quota_and_is_in_the_journal() {
    let world = World::new("growth").await;
    let first = world.get("/agents/me").await;
    let second = head(&world, "/agents/me").await;
    let left = |answer: &Answer| -> i64 {
        answer
            .header("x-ratelimit-remaining")
            .unwrap()
            .parse()
            .unwrap()
    };
    assert_eq!(left(&second), left(&first) - 1);
    let journal = world
        .control("GET", "/journal?kind=api_call", Value::Null)
        .await;
    let items = journal.json()["items"].clone();
    let verbs: Vec<&Value> = items
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["method"])
        .collect();
    assert_eq!(verbs, ["GET", "HEAD"]);
}

#[tokio::test(start_paused = true)]
async fn head_is_a_verb_of_get_only_and_can_be_switched_off() {
    let world = World::new("growth").await;
    let ticket = world.customer_ticket().await;
    let refused = head(&world, &format!("/tickets/{ticket}/reply")).await;
    assert_eq!(
        (refused.status, refused.header("allow")),
        (405, Some("POST"))
    );
    world
        .act("PATCH", "", json!({"settings": {"head_like_get": false}}))
        .await;
    let refused = head(&world, "/tickets").await;
    assert_eq!(
        (refused.status, refused.header("allow"), refused.bytes.len()),
        (405, Some("GET, POST"), 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_signed_url_is_signed_for_get() {
    let world = World::new("growth").await;
    let file = json!({"name": "a.txt", "bytes_base64": "aGk=", "content_type": "text/plain"});
    let ticket = json!({"from": {"email": "ann@example.com"}, "subject": "s", "text": "t", "attachments": [file]});
    let ticket = world.act("POST", "/tickets", ticket).await["id"].clone();
    let view = world.get(&format!("/tickets/{ticket}")).await.json();
    let url = view["attachments"][0]["attachment_url"].as_str().unwrap();
    for (verb, status) in [("GET", 200), ("HEAD", 403), ("PUT", 403), ("DELETE", 403)] {
        let request = Request::builder().method(verb).uri(url);
        let answer = world.raw(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, status, "{verb}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_with_two_hosts_or_none_is_bad_and_in_the_journal() {
    let world = World::new("growth").await;
    let call = async |hosts: &[&str]| {
        let mut request =
            Request::get("/api/v2/agents/me").header("authorization", basic(&world.key));
        for host in hosts {
            request = request.header("host", *host);
        }
        world.raw(request.body(Body::empty()).unwrap()).await
    };
    assert_eq!(call(&[DOMAIN]).await.status, 200);
    for hosts in [&[DOMAIN, DOMAIN][..], &[DOMAIN, "other.example"], &[]] {
        let refused = call(hosts).await;
        assert_eq!(
            (refused.status, refused.header("content-type")),
            (400, Some("text/html; charset=utf-8")),
            "{hosts:?}"
        );
        assert_eq!(refused.header("x-freshdesk-api-version"), None);
    }
    let journal = world
        .control("GET", "/journal?kind=unknown_host", Value::Null)
        .await;
    let items = journal.json()["items"].clone();
    let statuses: Vec<&Value> = items
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["status"])
        .collect();
    assert_eq!(statuses, [400, 400, 400]);
}
