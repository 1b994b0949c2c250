//! Every call of the contract with missing, wrong, oversized, undecodable and
//! hostile values, as the published document lists its fields: the documented
//! error body, no 5xx, and nothing changed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests: a surprise should stop them"
)]

mod common;

use axum::{
    body::Body,
    http::{HeaderValue, Request, header},
};
use common::{
    TOKEN, World,
    helpdesk::{DOMAIN, KEY},
    world_with_testing_clock,
};
use http_body_util::BodyExt as _;
use reference_bridge::ScriptedBrain;
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// Text that somebody might put where other text belongs.
fn hostile_texts() -> Vec<String> {
    vec![
        String::new(),
        "   ".to_owned(),
        "x".repeat(100_000),
        "\u{0}".to_owned(),
        "line\r\nAuthorization: Basic x\r\n".to_owned(),
        "\u{1b}[2J\u{7}\u{8}".to_owned(),
        "<script>alert(1)</script>".to_owned(),
        "' OR 1=1; DROP TABLE sessions; --".to_owned(),
        "{{ticket.id}}".to_owned(),
        "../../etc/passwd".to_owned(),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "acme.freshdesk.com@evil.example".to_owned(),
        "evil.example/acme.freshdesk.com".to_owned(),
        "acme.freshdesk.com.evil.example".to_owned(),
        "acme\u{3002}freshdesk\u{3002}com".to_owned(),
        "\u{202e}moc.ksedhserf".to_owned(),
        "💥".repeat(1000),
        "%00%ff%zz".to_owned(),
        "null".to_owned(),
        "-1".to_owned(),
    ]
}

/// Values of every kind that a field may not have.
fn hostile_values() -> Vec<Value> {
    let mut values = vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e308),
        json!(i64::MIN),
        json!(u64::MAX),
        json!([]),
        json!(["x"]),
        json!({}),
        json!({"$gt": ""}),
        json!([[[[[[[[]]]]]]]]),
    ];
    values.extend(hostile_texts().into_iter().map(Value::from));
    values
}

fn document() -> Value {
    serde_json::from_str(include_str!("../../docs/bridge-contract.openapi.json")).unwrap()
}

/// Everything the bridge shows, and everything it wrote to Freshdesk.
async fn state(world: &World) -> Value {
    let mut state = json!({});
    for path in ["/v1/integrations/freshdesk", "/v1/sessions", "/v1/problems"] {
        state[path] = world.call("GET", path, None).await.1;
    }
    let session = state["/v1/sessions"]["items"][0]["id"].clone();
    let history = format!("/v1/sessions/{}/history", session.as_str().unwrap());
    state["history"] = world.call("GET", &history, None).await.1;
    let is_write = |line: &str| !line.starts_with("GET");
    let writes = {
        let desk = world.helpdesk.desk();
        desk.calls
            .iter()
            .filter(|call| is_write(&call.line))
            .count()
    };
    state["writes"] = json!(writes);
    state["queue"] = json!(world.store.queue_depth().await.unwrap());
    state
}

/// A connected bridge that has answered one ticket.
async fn connected() -> World {
    let world = world_with_testing_clock(ScriptedBrain::replying("AI.")).await;
    world.connect(json!({})).await;
    let ticket = world.helpdesk.open_ticket("One?", json!({}));
    world.created(ticket).await;
    world
}

/// Sends a request; the answer must be one that the document lists for it, in
/// the documented shape. Gives its status and the text of the body.
async fn send(
    world: &World,
    document: &Value,
    path: &str,
    request: Request<Body>,
    what: &str,
) -> (u16, String) {
    let method = request.method().as_str().to_lowercase();
    let router = world.bridge.as_ref().unwrap().router();
    let response = router.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert!(status < 500, "{what}: {status} {text}");
    let documented = &document["paths"][path][&method]["responses"][status.to_string()];
    // Any path may be unknown, and any method not taken, in the same shape.
    assert!(
        documented.is_object() || matches!(status, 404 | 405),
        "{what}: {status} is not documented: {text}"
    );
    if status >= 400 {
        let error: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{what}: {text}"));
        let (code, message) = (&error["error"]["code"], &error["error"]["message"]);
        assert!(code.is_string() && message.is_string(), "{what}: {error}");
        assert_eq!(error.as_object().unwrap().len(), 1, "{what}: {error}");
        assert!(text.len() < 2000, "{what}: what was sent comes back whole");
        assert!(
            !text.contains(KEY) && !text.contains(TOKEN),
            "{what}: a secret"
        );
    }
    (status, text)
}

fn request(method: &str, at: &str, body: impl Into<Vec<u8>>) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(at)
        .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.into()))
        .unwrap()
}

/// The calls that take a body: method, documented path, where it is, and a body
/// that is right.
async fn with_bodies(world: &World) -> Vec<(&'static str, &'static str, String, Value)> {
    let token = world.store.connection().await.unwrap().unwrap();
    let verify = "/v1/integrations/freshdesk/verify";
    let advance = "/v1/testing/clock/advance";
    let full = json!({
        "domain": DOMAIN, "api_key": KEY, "auto_handle_all": true, "default_group_id": 77,
        "handoff_agent_id": 43_000_000_002_i64, "handoff_group_id": 77,
        "marker_field": "cf_opencx_handed_off", "assist_mode_footer": "A draft.",
        "channels": {"email": "autopilot", "web": "assist", "phone": "off"},
    });
    let ping = json!({
        "opencx": "freshdesk/v1", "event": "ticket_updated", "ticket_id": 1,
        "ticket_url": "u", "triggered_event": "{reply_sent:sent}",
    });
    vec![
        (
            "POST",
            verify,
            verify.to_owned(),
            json!({"domain": DOMAIN, "api_key": KEY}),
        ),
        (
            "PUT",
            "/v1/integrations/freshdesk",
            "/v1/integrations/freshdesk".to_owned(),
            full,
        ),
        (
            "POST",
            "/webhooks/freshdesk/{token}",
            format!("/webhooks/freshdesk/{}", token.webhook_token),
            ping,
        ),
        ("POST", advance, advance.to_owned(), json!({"seconds": 0})),
    ]
}

/// The body with each of its fields, also of objects in it, left out, renamed,
/// and replaced by every hostile value.
fn spoilt(body: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    let fields = body.as_object().unwrap();
    for (field, right) in fields {
        let mut missing = fields.clone();
        missing.remove(field);
        all.push((format!("{field} missing"), Value::Object(missing.clone())));
        missing.insert(field.to_uppercase(), right.clone());
        all.push((format!("{field} in capitals"), Value::Object(missing)));
        for value in hostile_values() {
            let mut wrong = fields.clone();
            wrong.insert(field.clone(), value.clone());
            let shown: String = value.to_string().chars().take(40).collect();
            all.push((format!("{field} = {shown}"), Value::Object(wrong)));
        }
        if right.is_object() {
            for (what, inner) in spoilt(right) {
                let mut wrong = fields.clone();
                wrong.insert(field.clone(), inner);
                all.push((format!("{field}.{what}"), Value::Object(wrong)));
            }
        }
    }
    for name in ["more", "__proto__", "api-key", "", "\u{0}", "<b>"] {
        let mut more = fields.clone();
        more.insert(name.to_owned(), json!(1));
        all.push((format!("one more field {name:?}"), Value::Object(more)));
    }
    all
}

#[tokio::test(start_paused = true)]
async fn every_field_of_every_body_refuses_what_it_may_not_be_and_nothing_changes() {
    let document = document();
    let world = connected().await;
    let mut refused = 0;
    for (method, path, at, right) in with_bodies(&world).await {
        let sent = request(method, &at, right.to_string());
        let (status, text) = send(&world, &document, path, sent, path).await;
        assert!(status < 300, "{path}: {text}");
        world.wait(2).await;
        for (what, body) in spoilt(&right) {
            let what = format!("{method} {path}: {what}");
            let before = state(&world).await;
            let sent = request(method, &at, body.to_string());
            let (status, _) = send(&world, &document, path, sent, &what).await;
            if status >= 400 {
                refused += 1;
                assert_eq!(state(&world).await, before, "{what}");
            } else {
                // What was taken is as the document says it may be.
                let schema = &document["paths"][path][method.to_lowercase()]["requestBody"]["content"]
                    ["application/json"]["schema"];
                let mut schema = schema.clone();
                schema["components"] = document["components"].clone();
                let validator = jsonschema::validator_for(&schema).unwrap();
                assert!(validator.is_valid(&body), "{what} was taken");
                let sent = request(method, &at, right.to_string());
                send(&world, &document, path, sent, path).await;
                world.wait(2).await;
            }
        }
    }
    assert!(refused > 500, "only {refused} were refused");
}

#[tokio::test(start_paused = true)]
async fn bodies_that_are_no_json_object_are_refused_and_nothing_changes() {
    let document = document();
    let world = connected().await;
    for (method, path, at, right) in with_bodies(&world).await {
        let right = right.to_string();
        let (first, _) = right[1..]
            .split_once(',')
            .unwrap_or((&right[1..right.len() - 1], ""));
        let raw: Vec<(&str, Vec<u8>, &[u16])> = vec![
            ("nothing", Vec::new(), &[400]),
            ("spaces", b" \r\n\t".to_vec(), &[400]),
            ("half", right.as_bytes()[..right.len() / 2].to_vec(), &[400]),
            ("a list", b"[]".to_vec(), &[400]),
            ("text", b"\"x\"".to_vec(), &[400]),
            ("a number", b"1e999".to_vec(), &[400]),
            ("null", b"null".to_vec(), &[400]),
            (
                "two objects",
                format!("{right}{right}").into_bytes(),
                &[400],
            ),
            (
                "a comma too many",
                right.replace('}', ",}").into_bytes(),
                &[400],
            ),
            (
                "a byte order mark",
                format!("\u{feff}{right}").into_bytes(),
                &[400],
            ),
            (
                "a key twice",
                format!("{{{first},{}", &right[1..]).into_bytes(),
                &[400],
            ),
            (
                "invalid UTF-8",
                [b"{\"a\":\"", &[0xff, 0xfe, 0xc0][..], b"\"}"].concat(),
                &[400],
            ),
            (
                "a lone surrogate",
                br#"{"domain":"\ud800"}"#.to_vec(),
                &[400],
            ),
            (
                "UTF-16",
                right.encode_utf16().flat_map(u16::to_le_bytes).collect(),
                &[400],
            ),
            ("deep lists", "[".repeat(200_000).into_bytes(), &[400]),
            (
                "deep objects",
                "{\"a\":".repeat(100_000).into_bytes(),
                &[400],
            ),
            ("HTML", b"<html></html>".to_vec(), &[400]),
            ("a form", b"domain=a&api_key=b".to_vec(), &[400]),
            ("over 1 MiB", vec![b' '; 1024 * 1024 + 1], &[413]),
        ];
        for (what, body, expected) in raw {
            let what = format!("{method} {path}: {what}");
            let before = state(&world).await;
            let sent = request(method, &at, body);
            let (status, text) = send(&world, &document, path, sent, &what).await;
            assert!(expected.contains(&status), "{what}: {status} {text}");
            assert_eq!(state(&world).await, before, "{what}");
        }
        let kinds: [&[u8]; 9] = [
            b"",
            b"text/plain",
            b"application/xml",
            b"application/x-www-form-urlencoded",
            b"multipart/form-data; boundary=x",
            b"application/jsonp",
            b"json",
            b"application/json, text/html",
            b"\xff\xfe",
        ];
        for kind in kinds {
            let what = format!("{method} {path}: {}", String::from_utf8_lossy(kind));
            let before = state(&world).await;
            let mut sent = request(method, &at, right.clone());
            let value = HeaderValue::from_bytes(kind).unwrap();
            sent.headers_mut().insert(header::CONTENT_TYPE, value);
            let (status, text) = send(&world, &document, path, sent, &what).await;
            assert_eq!(status, 415, "{what}: {text}");
            assert_eq!(state(&world).await, before, "{what}");
        }
        // It breaks off.
        let mut sent = request(method, &at, "");
        let pieces = [Ok("{"), Err(std::io::Error::other("gone"))];
        *sent.body_mut() = Body::from_stream(futures::stream::iter(pieces));
        let (status, _) = send(&world, &document, path, sent, "a broken body").await;
        assert_eq!(status, 400);
    }
}

#[tokio::test(start_paused = true)]
async fn every_parameter_in_a_path_or_query_takes_anything_and_nothing_changes() {
    let document = document();
    let world = connected().await;
    let before = state(&world).await;
    let encoded = |text: &str| -> String {
        text.bytes()
            .take(4000)
            .map(|byte| format!("%{byte:02X}"))
            .collect()
    };
    let mut values: Vec<_> = hostile_texts().iter().map(|text| encoded(text)).collect();
    values.extend(
        [
            "%FF", "%", "%zz", "%2", "a+b", "..", ".", ";", "1e3", "0x10",
        ]
        .map(str::to_owned),
    );
    values.extend(["9223372036854775808", "99999999999999999999", "00", "1.0"].map(str::to_owned));
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let name = parameter["name"].as_str().unwrap();
                for value in &values {
                    let at = if parameter["in"] == "path" {
                        path.replace(&format!("{{{name}}}"), value)
                    } else {
                        format!("{path}?{name}={value}")
                    };
                    if at.parse::<axum::http::Uri>().is_err() {
                        continue;
                    }
                    let what = format!("{method} {at:.80}");
                    let sent = request(&method.to_uppercase(), &at, "{}");
                    let (status, _) = send(&world, &document, path, sent, &what).await;
                    let may_be_empty = value.is_empty() || name == "cursor" && value == "1.0";
                    let is_number = value.parse::<u32>().is_ok_and(|number| number > 0);
                    assert!(
                        status >= 400 || parameter["in"] == "query" && (may_be_empty || is_number),
                        "{what}: {status}"
                    );
                }
                if parameter["in"] == "query" {
                    for at in [
                        format!("{path}?{name}=1&{name}=2"),
                        format!("{path}?{}=1", name.to_uppercase()),
                        format!("{path}?{name}%00=1"),
                        format!("{path}?{name}[]=1"),
                    ] {
                        let sent = request(&method.to_uppercase(), &at, "");
                        let (status, _) = send(&world, &document, path, sent, &at).await;
                        assert_eq!(status, 422, "{at}");
                    }
                }
            }
        }
    }
    // What is written with percent signs is read without them.
    for at in ["/v1/sessions?status=%6Fpen", "/v1/sessions?ticket%5Fid=%31"] {
        let (_, found) = world.call("GET", at, None).await;
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "{at}");
    }
    assert_eq!(state(&world).await, before);
}

#[tokio::test(start_paused = true)]
async fn nothing_but_the_token_opens_a_guarded_path_and_nothing_changes() {
    let document = document();
    let world = connected().await;
    let before = state(&world).await;
    let wrong: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"Bearer".to_vec(),
        b"Bearer ".to_vec(),
        b"Bearer  ".to_vec(),
        format!("Bearer {TOKEN}x").into_bytes(),
        format!("Bearer {}", &TOKEN[1..]).into_bytes(),
        format!("Bearer {}", TOKEN.to_uppercase()).into_bytes(),
        format!("Basic {TOKEN}").into_bytes(),
        format!("Bearer {TOKEN}, Bearer x").into_bytes(),
        TOKEN.as_bytes().to_vec(),
        b"Bearer \xff\xfe".to_vec(),
        [b"Bearer ".to_vec(), vec![b'a'; 100_000]].concat(),
        b"Bearer ' OR 1=1 --".to_vec(),
    ];
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation["security"] == json!([]) {
                continue;
            }
            for value in &wrong {
                let at = path.replace("{id}", "ses_1");
                let mut sent = request(&method.to_uppercase(), &at, "{}");
                let value = HeaderValue::from_bytes(value).unwrap();
                sent.headers_mut().insert(header::AUTHORIZATION, value);
                let (status, _) = send(&world, &document, path, sent, path).await;
                assert_eq!(status, 401, "{method} {path}");
            }
        }
    }
    assert_eq!(state(&world).await, before);
}
