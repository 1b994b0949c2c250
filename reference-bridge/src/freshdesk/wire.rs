//! The client against raw HTTP, and its odd cases: what real servers and the
//! proxies before them answer.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::Arc,
    time::Duration,
};

use axum::body::Body;
use http::{Request, Response, Uri};
use secrecy::SecretString;
use serde_json::json;
use tower::BoxError;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, method, path, query_param},
};

use super::{Freshdesk, FreshdeskError, Nature, Quota, Upload, multipart::tests::Pieces};
use crate::{
    HttpService,
    clock::Clock,
    entropy::Entropy,
    policies::{Policies, Retry},
};

/// Retries at once, so that a test over real sockets need not wait.
struct AtOnce;

impl Retry for AtOnce {
    fn after_429(&self, sends: u32, _: Option<Duration>, _: f64) -> Option<Duration> {
        (sends < 4).then_some(Duration::ZERO)
    }

    fn after_failure(&self, sends: u32, _: f64) -> Option<Duration> {
        (sends < 4).then_some(Duration::ZERO)
    }
}

/// A client whose `https://acme.freshdesk.com` is the given server.
fn client(server: String) -> Freshdesk {
    patient_client(server, Duration::from_millis(300))
}

/// The same, which waits so long for an answer.
fn patient_client(server: String, call_timeout: Duration) -> Freshdesk {
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let service = HttpService::new(tower::service_fn(move |request: Request<Body>| {
        let (http, server) = (http.clone(), server.clone());
        async move {
            let (mut parts, body) = request.into_parts();
            parts.uri =
                format!("{server}{}", parts.uri.path_and_query().unwrap()).parse::<Uri>()?;
            let body = reqwest::Body::wrap_stream(body.into_data_stream());
            let request = reqwest::Request::try_from(Request::from_parts(parts, body))?;
            let response: Response<reqwest::Body> = http.execute(request).await?.into();
            Ok::<_, BoxError>(response.map(Body::new))
        }
    }));
    let policies = Policies {
        retry: Arc::new(AtOnce),
        call_timeout,
        ..Policies::default()
    };
    client_of(service, policies)
}

fn client_of(service: HttpService, policies: Policies) -> Freshdesk {
    Freshdesk::new(
        service,
        "acme.freshdesk.com",
        &SecretString::from("key"),
        Arc::new(Quota::new(0.1)),
        Clock::starting_at("2026-01-01T00:00:00Z".parse().unwrap()),
        Entropy::seeded(1),
        Arc::new(policies),
    )
}

async fn answering(template: ResponseTemplate) -> (MockServer, Freshdesk) {
    let server = MockServer::start().await;
    Mock::given(wiremock::matchers::any())
        .respond_with(template)
        .mount(&server)
        .await;
    let client = client(server.uri());
    (server, client)
}

async fn received(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

/// Answers every connection with these bytes and closes it.
fn raw(bytes: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(bytes);
        }
    });
    url
}

#[tokio::test]
async fn the_key_goes_out_as_basic_user_with_the_accounts_host() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/api/v2/agents/me"))
        .and(header("host", "acme.freshdesk.com"))
        .and(header("authorization", "Basic a2V5Olg="))
        .and(header("accept", "application/json"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"id": 7.0})))
        .expect(1)
        .mount(&server)
        .await;
    assert_eq!(client(server.uri()).me().await.unwrap().id, 7);
}

#[tokio::test]
async fn error_answers_are_told_apart_whatever_their_bodies() {
    for (status, body, expected) in [
        (401, "", "Freshdesk answered 401: the API key is not valid"),
        (
            403,
            r#"{"code":"access_denied","message":"No."}"#,
            "Freshdesk answered 403 access_denied: No.",
        ),
        (403, "<html>", "Freshdesk answered 403 : "),
        (
            404,
            "<h1>There is no helpdesk here</h1>",
            "Freshdesk answered 404: there is no /agents/me",
        ),
        (
            400,
            r#"{"description":"Validation failed","errors":[{"field":"tags","message":"no","code":"invalid_value"},{}]}"#,
            "Freshdesk answered 400: Validation failed; tags: no; : ",
        ),
        (302, "", "Freshdesk answered 302: "),
    ] {
        let (server, client) = answering(ResponseTemplate::new(status).set_body_string(body)).await;
        let error = client.me().await.unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(received(&server).await, 1, "{status} is not repeated");
    }
}

#[tokio::test]
async fn a_redirect_to_another_host_is_not_followed_with_the_key() {
    let (elsewhere, _) = answering(ResponseTemplate::new(200)).await;
    let moved = ResponseTemplate::new(301).insert_header("location", elsewhere.uri());
    let (_server, client) = answering(moved).await;
    assert!(client.me().await.is_err());
    assert_eq!(received(&elsewhere).await, 0);
}

#[tokio::test]
async fn a_429_with_an_empty_body_is_sent_four_times() {
    let (server, client) = answering(ResponseTemplate::new(429)).await;
    let error = client.reply(1, "hi", Vec::new(), 0).await.unwrap_err();
    assert!(
        matches!(error, FreshdeskError::RateLimited { sends: 4, .. }),
        "{error}"
    );
    assert_eq!(received(&server).await, 4);
}

#[tokio::test]
async fn an_account_without_api_calls_is_not_asked_again() {
    let none = ResponseTemplate::new(429).insert_header("X-RateLimit-Total", "0");
    let (server, client) = answering(none).await;
    assert!(client.me().await.unwrap_err().is_plan());
    assert_eq!(received(&server).await, 1);
}

#[tokio::test]
async fn a_read_is_repeated_after_5xx_and_a_post_is_not() {
    let (server, client) =
        answering(ResponseTemplate::new(502).set_body_string("<html>Bad gateway")).await;
    assert!(matches!(
        client.me().await,
        Err(FreshdeskError::Unavailable(_))
    ));
    assert_eq!(received(&server).await, 4);
    let posted = client.reply(1, "hi", Vec::new(), 0).await;
    assert!(matches!(posted, Err(FreshdeskError::Ambiguous { .. })));
    assert_eq!(received(&server).await, 5);
}

#[tokio::test]
async fn a_post_that_is_answered_too_late_may_be_on_its_way() {
    let slow = ResponseTemplate::new(201).set_delay(Duration::from_secs(5));
    let (server, client) = answering(slow).await;
    let posted = client.private_note(1, "hi", Vec::new(), 0).await;
    assert!(matches!(
        posted,
        Err(FreshdeskError::Ambiguous {
            in_flight: true,
            ..
        })
    ));
    assert_eq!(received(&server).await, 1);
}

#[tokio::test]
async fn a_server_that_hangs_up_leaves_a_post_ambiguous() {
    let client = client(raw(b""));
    let posted = client.reply(1, "hi", Vec::new(), 0).await;
    assert!(matches!(posted, Err(FreshdeskError::Ambiguous { .. })));
}

#[tokio::test]
async fn a_server_that_is_not_there_leaves_no_doubt() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let posted = client(format!("http://{closed}"))
        .reply(1, "hi", Vec::new(), 0)
        .await;
    assert!(matches!(posted, Err(FreshdeskError::Unavailable(_))));
}

/// What a read of each path comes to.
async fn every_read(client: &Freshdesk) -> Vec<(&'static str, Option<FreshdeskError>)> {
    let page = "/tickets?per_page=100".to_owned();
    vec![
        ("me", client.me().await.err()),
        ("roles", client.roles().await.err()),
        ("agent", client.agent(1).await.err()),
        ("group", client.group(1).await.err()),
        ("ticket_fields", client.ticket_fields().await.err()),
        ("automation_rules", client.automation_rules(1).await.err()),
        ("ticket", client.ticket(1, &[]).await.err()),
        ("conversations", client.conversations(1, true).await.err()),
        ("tickets", client.tickets_page(page).await.err()),
    ]
}

/// A file that comes in three pieces.
fn hello() -> Upload {
    Upload {
        name: "a.txt".to_owned(),
        content_type: "text/plain".to_owned(),
        size: 5,
        content: Arc::new(Pieces(vec![b"he", b"l", b"lo"])),
    }
}

/// What a write of each kind comes to; an update may be repeated, a post may not.
async fn every_post(client: &Freshdesk) -> Vec<(&'static str, Option<FreshdeskError>)> {
    vec![
        ("reply", client.reply(1, "hi", Vec::new(), 0).await.err()),
        (
            "reply with a file",
            client.reply(1, "hi", vec![hello()], 0).await.err(),
        ),
        (
            "note",
            client.private_note(1, "hi", Vec::new(), 0).await.err(),
        ),
        (
            "note with a file",
            client.private_note(1, "hi", vec![hello()], 0).await.err(),
        ),
    ]
}

#[tokio::test]
async fn a_success_that_says_nothing_is_nonsense_for_every_read_and_ambiguous_for_every_post() {
    for body in [
        "<html>Welcome</html>",
        "",
        "null",
        "7",
        "\"ok\"",
        r#"{"id":"#,
    ] {
        let (server, client) = answering(ResponseTemplate::new(200).set_body_string(body)).await;
        for (what, error) in every_read(&client).await {
            assert!(
                matches!(error, Some(FreshdeskError::Nonsense(_))),
                "{what} {body:?}: {error:?}"
            );
        }
        let update = client
            .update_ticket(1, &json!({"status": 4}), (Nature::Repeatable, 0))
            .await;
        assert!(
            matches!(update, Err(FreshdeskError::Nonsense(_))),
            "{body:?}"
        );
        let before = received(&server).await;
        for (what, error) in every_post(&client).await {
            assert!(
                matches!(
                    error,
                    Some(FreshdeskError::Ambiguous {
                        in_flight: false,
                        ..
                    })
                ),
                "{what} {body:?}: {error:?}"
            );
        }
        assert_eq!(
            received(&server).await,
            before + 4,
            "{body:?}: no post twice"
        );
    }
}

#[tokio::test]
async fn half_an_answer_and_none_are_read_again_and_never_posted_again() {
    let half = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"id\":");
    let (silent, _) = answering(
        ResponseTemplate::new(200)
            .set_body_json(json!({"id": 1}))
            .set_delay(Duration::from_secs(60)),
    )
    .await;
    // The silent one is given little time: it would need forty of them.
    let half = client(half);
    let silence = patient_client(silent.uri(), Duration::from_millis(50));
    for (client, in_flight) in [(half, false), (silence, true)] {
        for (what, error) in every_read(&client).await {
            assert!(
                matches!(error, Some(FreshdeskError::Unavailable(_))),
                "{what}: {error:?}"
            );
        }
        for (what, error) in every_post(&client).await {
            let Some(FreshdeskError::Ambiguous {
                in_flight: on_its_way,
                ..
            }) = error
            else {
                panic!("{what}: {error:?}");
            };
            assert_eq!(on_its_way, in_flight, "{what}");
        }
    }
    // Nine reads of four sends each, and four posts of one.
    assert_eq!(received(&silent).await, 9 * 4 + 4);
}

#[tokio::test]
async fn another_tickets_answer_is_nonsense() {
    let other = ResponseTemplate::new(200).set_body_json(json!({"id": 18, "status": 5}));
    let (_server, client) = answering(other).await;
    let error = client.ticket(17, &[]).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "Freshdesk's answer cannot be read: GET /tickets/17: it is ticket 18"
    );
}

#[tokio::test]
async fn pages_are_followed_by_link_on_our_own_host_only() {
    let server = MockServer::start().await;
    let conversations = "/api/v2/tickets/1/conversations";
    Mock::given(path(conversations))
        .and(query_param("page", "2"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!([{"id": 2}])))
        .mount(&server)
        .await;
    let first = ResponseTemplate::new(200)
        .insert_header(
            "link",
            format!("<https://evil.example{conversations}?page=2>;rel=\"next\""),
        )
        .set_body_json(json!([{"id": 1}]));
    Mock::given(path(conversations))
        .respond_with(first)
        .with_priority(9)
        .mount(&server)
        .await;
    let read = client(server.uri()).conversations(1, true).await.unwrap();
    let ids: Vec<_> = read.iter().map(|conversation| conversation.id).collect();
    assert_eq!(ids, [1, 2]);
}

#[tokio::test]
async fn a_form_that_met_a_429_is_sent_anew_byte_for_byte() {
    let (server, client) =
        answering(ResponseTemplate::new(201).set_body_json(json!({"id": 5}))).await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(429))
        .up_to_n_times(2)
        .with_priority(1)
        .mount(&server)
        .await;
    client.reply(1, "see file", vec![hello()], 0).await.unwrap();
    let sent = server.received_requests().await.unwrap();
    assert_eq!(sent.len(), 3);
    for request in &sent {
        assert!(request.body == sent[0].body, "{request:?}");
        assert!(request.body.ends_with(b"--\r\n"));
    }
}

#[tokio::test]
async fn a_file_that_breaks_off_leaves_a_post_ambiguous_and_is_never_taken_for_whole() {
    let (server, client) =
        answering(ResponseTemplate::new(201).set_body_json(json!({"id": 5}))).await;
    let mut file = hello();
    file.size = 6;
    let posted = client.reply(1, "see file", vec![file], 0).await;
    assert!(matches!(posted, Err(FreshdeskError::Ambiguous { .. })));
    assert_eq!(received(&server).await, 0, "no whole request came");
}

#[tokio::test(start_paused = true)]
async fn a_form_may_take_as_much_longer_as_its_bytes_need() {
    let silent = HttpService::new(tower::service_fn(|_: Request<Body>| {
        std::future::pending::<Result<Response<Body>, BoxError>>()
    }));
    let client = client_of(silent, Policies::default());
    let mut file = hello();
    file.size = 20 * 1024 * 1024;
    for (files, seconds) in [(Vec::new(), 30), (vec![file], 110)] {
        let before = tokio::time::Instant::now();
        let posted = client.reply(1, "see file", files, 0).await;
        assert!(matches!(posted, Err(FreshdeskError::Ambiguous { .. })));
        assert_eq!(before.elapsed(), Duration::from_secs(seconds));
    }
}

#[tokio::test]
async fn one_odd_item_of_a_page_hides_no_other() {
    let page = json!([{"id": 1}, {"id": null}, "odd", {"id": "3.0", "tags": {}}]);
    let (_server, client) = answering(ResponseTemplate::new(200).set_body_json(page)).await;
    let (tickets, _) = client.tickets_page("/tickets".to_owned()).await.unwrap();
    let ids: Vec<_> = tickets.iter().map(|ticket| ticket.id).collect();
    assert_eq!(ids, [1, 3]);
    let read = client.conversations(1, true).await.unwrap();
    let ids: Vec<_> = read.iter().map(|conversation| conversation.id).collect();
    assert_eq!(ids, [1, 3]);
}

#[tokio::test]
async fn files_go_out_as_multipart_with_their_length() {
    let (server, client) =
        answering(ResponseTemplate::new(201).set_body_json(json!({"id": 5}))).await;
    assert_eq!(
        client
            .private_note(1, "see file", vec![hello()], 0)
            .await
            .unwrap()
            .id,
        5
    );
    let request = server.received_requests().await.unwrap().remove(0);
    let kind = request.headers["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("multipart/form-data; boundary="), "{kind}");
    assert_eq!(
        request.headers["content-length"].to_str().unwrap(),
        request.body.len().to_string()
    );
    let body = String::from_utf8(request.body).unwrap();
    assert!(!request.headers.contains_key("transfer-encoding"));
    assert!(body.contains("name=\"private\"\r\n\r\ntrue\r\n"));
    assert!(body.contains("name=\"attachments[]\"; filename=\"a.txt\""));
}
