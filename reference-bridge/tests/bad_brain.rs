//! The real binary with brains that are slow, failing or out of their minds: a
//! handoff or silence, and no message lost or doubled.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests: a surprise should stop them"
)]

#[path = "common/process.rs"]
mod process;
#[path = "common/stand_in.rs"]
mod stand_in;

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use process::Process;
use serde_json::{Value, json};
use stand_in::{DOMAIN, freshdesk, posts, until};

/// What a brain does with a question.
#[derive(Clone, Copy, Debug)]
enum Answer {
    /// These bytes, and then it hangs up.
    Bytes(&'static str),
    /// A 200 with this body.
    Body(&'static str),
    /// A body that has no end, as far as anybody waits for it.
    Endless,
    /// Nothing, ever.
    Silence,
}

/// A brain that answers like that, and how often it was asked.
fn brain(answer: Answer) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let count = count.clone();
            std::thread::spawn(move || {
                let mut request = [0; 65536];
                let _ = stream.read(&mut request);
                count.fetch_add(1, Ordering::Relaxed);
                match answer {
                    Answer::Bytes(bytes) => {
                        let _ = stream.write_all(bytes.as_bytes());
                    }
                    Answer::Body(body) => {
                        let _ = write!(
                            stream,
                            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                            body.len()
                        );
                    }
                    Answer::Endless => {
                        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n");
                        let chunk = vec![b' '; 1024 * 1024];
                        while stream.write_all(&chunk).is_ok() {}
                    }
                    Answer::Silence => {
                        // Until the other side has had enough.
                        while stream.read(&mut request).is_ok_and(|read| read > 0) {}
                    }
                }
            });
        }
    });
    (url, asked)
}

/// What people are left with when a brain fails for good.
const HANDOFF: &str = "notes";

/// Answers of either kind of endpoint that are none.
const NONSENSE: &[Answer] = &[
    Answer::Bytes(""),
    Answer::Bytes(
        "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}",
    ),
    Answer::Bytes(
        "HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    ),
    Answer::Bytes(
        "HTTP/1.1 200 OK\r\ncontent-length: 400\r\nconnection: close\r\n\r\n{\"action\":\"re",
    ),
    Answer::Bytes(
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    ),
    Answer::Bytes("hello, I am no web server\n"),
    Answer::Body("<html>Please sign in</html>"),
    Answer::Body(""),
    Answer::Body("null"),
    Answer::Body("[]"),
    Answer::Body("{}"),
    Answer::Endless,
];

/// The same, for the contract's brain only.
const NO_DECISIONS: &[Answer] = &[
    Answer::Body(r#"{"action":"dance","text":"x"}"#),
    Answer::Body(r#"{"action":"reply"}"#),
    Answer::Body(r#"{"action":"reply","text":"  "}"#),
    Answer::Body(r#"{"action":"reply","text":7}"#),
    Answer::Body(r#"{"text":"Hello"}"#),
];

/// The same, for a chat endpoint only.
const NO_MESSAGES: &[Answer] = &[
    Answer::Body(r#"{"choices":[]}"#),
    Answer::Body(r#"{"choices":[{"message":{"content":null}}]}"#),
    Answer::Body(r#"{"choices":[{"message":{"content":"Sure, here is my answer!"}}]}"#),
    Answer::Body(r#"{"choices":[{"message":{"content":"{\"action\":\"reply\""}}]}"#),
    Answer::Body(r#"{"error":{"message":"quota exceeded"}}"#),
];

/// Plays one new ticket; gives what was posted on it, after a second webhook for
/// it changed nothing, and how often the brain was asked.
async fn play(answer: Answer, openai: bool) -> (Vec<(String, Value)>, usize) {
    let server = freshdesk().await;
    let (url, asked) = brain(answer);
    let process = if openai {
        Process::start_with(
            &server.uri(),
            &["--openai-url", &url, "--openai-model", "m"],
        )
    } else {
        Process::start(&server.uri(), &url, "memory")
    };
    let body = json!({"domain": DOMAIN, "api_key": "the-key", "auto_handle_all": true});
    let (status, settings) = process
        .call("PUT", "/v1/integrations/freshdesk", Some(body))
        .await;
    assert_eq!(status, 200, "{settings}");
    assert_eq!(process.webhook(&settings, 1).await, 202);
    // The three tries and the waits between them pass at once.
    until("it is decided", || async {
        let minute = json!({"seconds": 20});
        process
            .call("POST", "/v1/testing/clock/advance", Some(minute))
            .await;
        let (_, found) = process.call("GET", "/v1/sessions?ticket_id=1", None).await;
        let session = &found["items"][0];
        session["handoff"].is_object() || asked.load(Ordering::Relaxed) > 0 && quiet(&process).await
    })
    .await;
    let once = posts(&server, 1).await;
    assert_eq!(process.webhook(&settings, 1).await, 202);
    until("the queue is empty", || quiet(&process)).await;
    assert_eq!(posts(&server, 1).await, once, "said twice: {answer:?}");
    (once, asked.load(Ordering::Relaxed))
}

/// Whether only the line of the sweep is left.
async fn quiet(process: &Process) -> bool {
    let text = process.text("/metrics").await;
    text.contains("\nbridge_queue_depth 1\n")
}

async fn ends_in_a_handoff(answer: Answer, openai: bool) {
    let (posts, asked) = play(answer, openai).await;
    let kinds: Vec<_> = posts.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, [HANDOFF], "{answer:?}: {posts:?}");
    let note = posts[0].1["body"].as_str().unwrap();
    assert!(note.contains("could not come to a decision"), "{note}");
    assert_eq!(posts[0].1["private"], true);
    assert_eq!(asked, 3, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_brain_that_makes_no_sense_leads_to_a_handoff_and_nothing_public() {
    for answer in NONSENSE.iter().chain(NO_DECISIONS) {
        ends_in_a_handoff(*answer, false).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_endpoint_that_makes_no_sense_leads_to_a_handoff_and_nothing_public() {
    for answer in NONSENSE.iter().chain(NO_MESSAGES) {
        ends_in_a_handoff(*answer, true).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_brain_that_never_answers_is_given_up() {
    // Its time-out is a timer of the process's own: waited for really, it would
    // take three minutes.
    for openai in [false, true] {
        let server = freshdesk().await;
        let (url, asked) = brain(Answer::Silence);
        let timeout = ["--brain-timeout", "200ms"];
        let brain = if openai {
            vec!["--openai-url", &url, "--openai-model", "m"]
        } else {
            vec!["--brain-url", &url]
        };
        let process = Process::start_with(&server.uri(), &[&brain[..], &timeout].concat());
        let body = json!({"domain": DOMAIN, "api_key": "the-key", "auto_handle_all": true});
        let (_, settings) = process
            .call("PUT", "/v1/integrations/freshdesk", Some(body))
            .await;
        assert_eq!(process.webhook(&settings, 1).await, 202);
        until("people have it", || async {
            let minute = json!({"seconds": 20});
            process
                .call("POST", "/v1/testing/clock/advance", Some(minute))
                .await;
            posts(&server, 1).await.len() == 1
        })
        .await;
        assert_eq!(posts(&server, 1).await[0].0, HANDOFF);
        assert_eq!(asked.load(Ordering::Relaxed), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_brain_that_stays_silent_says_nothing() {
    for openai in [false, true] {
        let answer = if openai {
            Answer::Body(r#"{"choices":[{"message":{"content":"{\"action\":\"stay_silent\"}"}}]}"#)
        } else {
            Answer::Body(r#"{"action":"stay_silent"}"#)
        };
        let (posts, asked) = play(answer, openai).await;
        assert_eq!(posts, []);
        assert_eq!(asked, 1);
    }
}
