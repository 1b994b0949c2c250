//! What a file of 20 MB costs the real process: its base64 once, and never the form.
//! Linux tells how much memory a process had at its highest.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "these are tests: a surprise should stop them"
)]

#[path = "common/process.rs"]
mod process;
#[path = "common/stand_in.rs"]
mod stand_in;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use process::Process;
use serde_json::json;
use stand_in::{DOMAIN, freshdesk, until};
use wiremock::{
    Mock, ResponseTemplate,
    matchers::{method, path},
};

const MIB: usize = 1024 * 1024;

/// Resident memory of a process in MiB: now (`VmRSS`), or at its highest since the
/// last [`forget_highest`] (`VmHWM`).
fn memory(process: &Process, what: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with(what)).unwrap();
    let kib: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib / 1024.0
}

fn forget_highest(process: &Process) {
    std::fs::write(format!("/proc/{}/clear_refs", process.child.id()), "5").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_20_mib_is_never_in_memory_twice() {
    let content: Vec<u8> = (0..20 * MIB).map(|byte| ((byte * 31) >> 7) as u8).collect();
    let text = STANDARD.encode(&content);
    let server = freshdesk().await;
    Mock::given(method("POST"))
        .and(path("/v1/decisions"))
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_json(json!({"action": "reply", "text": "Without a file."})),
        )
        .up_to_n_times(1)
        .mount(&server)
        .await;
    Mock::given(method("POST"))
        .and(path("/v1/decisions"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "action": "reply", "text": "See file.", "attachments": [
                {"name": "all.zip", "content_type": "application/zip", "bytes_base64": text}
            ],
        })))
        .with_priority(9)
        .mount(&server)
        .await;
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("b.sqlite").display());
    let process = Process::start(&server.uri(), &server.uri(), &store);
    let settings = json!({"domain": DOMAIN, "api_key": "the-key", "auto_handle_all": true});
    let (_, settings) = process
        .call("PUT", "/v1/integrations/freshdesk", Some(settings))
        .await;
    let body_of = |ticket: i64| {
        let server = &server;
        async move {
            let reply = format!("/api/v2/tickets/{ticket}/reply");
            let received = server.received_requests().await.unwrap();
            let mut posts = received.into_iter().filter(|call| call.url.path() == reply);
            let post = posts.next()?;
            assert!(posts.next().is_none(), "ticket {ticket} is answered once");
            Some(post)
        }
    };
    assert_eq!(process.webhook(&settings, 1).await, 202);
    until("a plain answer is sent", || async {
        body_of(1).await.is_some()
    })
    .await;

    forget_highest(&process);
    let before = memory(&process, "VmRSS:");
    assert_eq!(process.webhook(&settings, 2).await, 202);
    until("the file is sent", || async { body_of(2).await.is_some() }).await;
    let more = memory(&process, "VmHWM:") - before;
    let once = text.len() as f64 / MIB as f64;
    eprintln!(
        "{before:.1} MiB before, {more:.1} MiB more at the highest; the base64 has {once:.1}"
    );
    assert!(
        more < 1.5 * once,
        "{more:.1} MiB more for {once:.1} MiB of base64"
    );

    let post = body_of(2).await.unwrap();
    assert!(!post.headers.contains_key("transfer-encoding"));
    assert_eq!(
        post.headers["content-length"].to_str().unwrap(),
        post.body.len().to_string()
    );
    let start = b"filename=\"all.zip\"\r\nContent-Type: application/zip\r\n\r\n";
    let at = post
        .body
        .windows(start.len())
        .position(|bytes| bytes == start);
    let sent = &post.body[at.unwrap() + start.len()..];
    assert!(sent[..content.len()] == content, "the file's bytes");
    assert!(sent[content.len()..].starts_with(b"\r\n--"));
}
