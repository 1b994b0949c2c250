//! Bytes that no client should send, over real sockets: each gets a documented
//! answer, or the connection is closed, and the next caller notices nothing.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::binary::{Fake, start};
use crate::world::basic;

/// What the client does after it has sent everything.
#[derive(Clone, Copy, PartialEq)]
enum After {
    Waits,
    /// Says that no more will come.
    Ends,
}

/// Sends bytes as they are; the status and the body of the answer.
fn send(fake: &Fake, bytes: &[u8], after: After) -> (u16, Vec<u8>) {
    let address = fake.api.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    // A server that has seen enough may close before all is sent.
    let _ = stream.write_all(bytes);
    if after == After::Ends {
        let _ = stream.shutdown(Shutdown::Write);
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    let status = std::str::from_utf8(&answer[9..12])
        .unwrap()
        .parse()
        .unwrap();
    (status, answer[end + 4..].to_vec())
}

fn post(fake: &Fake, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /api/v2/tickets HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: {}\r\nconnection: close\r\n{headers}\r\n\r\n",
        basic(&fake.key)
    );
    [head.as_bytes(), body].concat()
}

fn json_body(fake: &Fake, body: &[u8]) -> Vec<u8> {
    let headers = format!(
        "content-type: application/json\r\ncontent-length: {}",
        body.len()
    );
    post(fake, &headers, body)
}

fn code(body: &[u8]) -> Value {
    let body: Value = serde_json::from_slice(body).unwrap();
    body["code"].clone()
}

fn still_serves(fake: &Fake) {
    let key = basic(&fake.key);
    let call = format!(
        "GET /api/v2/agents/me HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: {key}\r\nconnection: close\r\n\r\n"
    );
    assert_eq!(send(fake, call.as_bytes(), After::Waits).0, 200);
}

#[test]
fn what_is_no_http_is_a_400_or_a_431() {
    let fake = start(&[]);
    let head = "GET /api/v2/tickets HTTP/1.1\r\nhost: 127.0.0.1\r\n";
    let many: String = (0..300)
        .map(|number| format!("x-{number}: a\r\n"))
        .collect();
    let with = |rest: &[u8]| [head.as_bytes(), rest, b"\r\n\r\n"].concat();
    let calls: [(Vec<u8>, u16); 7] = [
        (b"\x00\xff\xfe\r\n\r\n".to_vec(), 400),
        (b"GET / HTTP/9.9\r\n\r\n".to_vec(), 400),
        (
            b"GET /api/v2/\xff HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".to_vec(),
            400,
        ),
        (with(b"x-a: a\r\n b"), 400),
        (with(b"content-length: 1\r\ncontent-length: 2"), 400),
        (
            with(format!("x-a: {}", "a".repeat(600_000)).as_bytes()),
            431,
        ),
        (with(many.trim_end().as_bytes()), 431),
    ];
    for (call, status) in calls {
        let start = String::from_utf8_lossy(&call[..call.len().min(80)]).into_owned();
        assert_eq!(send(&fake, &call, After::Waits).0, status, "{start:?}");
    }
    still_serves(&fake);
}

#[test]
fn a_body_that_cannot_be_read_is_invalid_json_and_nothing_is_kept() {
    let fake = start(&[]);
    let nested = "[".repeat(200_000);
    let unreadable: [&[u8]; 8] = [
        nested.as_bytes(),
        b"{\"subject\": \"\xff\xfe\"}",
        b"{\"subject\": \"a\x00b\"}",
        b"{\"subject\": \"\\ud800\"}",
        b"\xef\xbb\xbf{}",
        b"{\"status\": NaN}",
        b"{\"status\": 1e999}",
        b"[1]",
    ];
    for body in unreadable {
        let (status, answer) = send(&fake, &json_body(&fake, body), After::Waits);
        let start = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        assert_eq!(
            (status, code(&answer)),
            (400, "invalid_json".into()),
            "{start:?}"
        );
    }
    let kind = "content-type: application/json\r\n";
    let half = post(
        &fake,
        &format!("{kind}content-length: 100"),
        b"{\"email\": \"a@b.co\"",
    );
    let chunked = post(
        &fake,
        &format!("{kind}transfer-encoding: chunked"),
        b"10\r\n{\"email\"",
    );
    let no_chunk = post(
        &fake,
        &format!("{kind}transfer-encoding: chunked"),
        b"zz\r\n{}\r\n0\r\n\r\n",
    );
    for broken in [half, chunked, no_chunk] {
        let (status, answer) = send(&fake, &broken, After::Ends);
        assert_eq!((status, code(&answer)), (400, "invalid_json".into()));
    }
    let form = "content-type: multipart/form-data; boundary=x\r\ncontent-length: 70";
    let form = post(
        &fake,
        form,
        b"--x\r\ncontent-disposition: form-data; name=\"email\"\r\n\r\na",
    );
    let (status, answer) = send(&fake, &form, After::Ends);
    assert_eq!((status, code(&answer)), (400, "invalid_multipart".into()));
    let list = format!(
        "GET /api/v2/tickets HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: {}\r\nconnection: close\r\n\r\n",
        basic(&fake.key)
    );
    assert_eq!(send(&fake, list.as_bytes(), After::Waits).1, b"[]");
    still_serves(&fake);
}

/// What a client says of itself comes back in `Location` and `Link`: it must
/// not be able to write more than an address there.
#[test]
fn a_host_that_is_more_than_a_host_is_nobodys() {
    let fake = start(&[]);
    let hosts = [
        "127.0.0.1\"><script>",
        "127.0.0.1:80\"><script>",
        "127.evil.example",
        "yourcompany.freshdesk.com:80/x",
        "[::1",
    ];
    for host in hosts {
        let call =
            format!("GET /api/v2/tickets HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let (status, page) = send(&fake, call.as_bytes(), After::Waits);
        assert_eq!(status, 404, "{host}");
        assert!(
            !String::from_utf8_lossy(&page).contains("<script>"),
            "{host}"
        );
    }
    for host in ["127.0.0.1", "127.0.0.1:8080", "[::1]:8080", "localhost:1"] {
        let call =
            format!("GET /api/v2/tickets HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        assert_eq!(send(&fake, call.as_bytes(), After::Waits).0, 401, "{host}");
    }
    still_serves(&fake);
}

/// RFC 9112, 3.2. Whoever stands before the fake may have looked at either.
#[test]
fn two_hosts_or_none_are_a_bad_request() {
    let fake = start(&[]);
    for hosts in [
        "host: 127.0.0.1\r\nhost: 127.0.0.1\r\n",
        "host: 127.0.0.1\r\nHost: other.example\r\n",
        "",
    ] {
        let call = format!("GET /api/v2/tickets HTTP/1.1\r\n{hosts}connection: close\r\n\r\n");
        assert_eq!(send(&fake, call.as_bytes(), After::Waits).0, 400, "{hosts}");
    }
    still_serves(&fake);
}

/// The bytes of a HEAD's answer end with its headers: a connection that is
/// kept alive stays in step.
#[test]
fn head_leaves_no_body_on_the_connection() {
    let fake = start(&[]);
    let key = basic(&fake.key);
    let head = format!(
        "HEAD /api/v2/agents/me HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: {key}\r\n\r\n"
    );
    let get = format!(
        "GET /api/v2/tickets HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: {key}\r\nconnection: close\r\n\r\n"
    );
    let (status, rest) = send(&fake, format!("{head}{get}").as_bytes(), After::Waits);
    assert_eq!(status, 200);
    assert!(
        rest.starts_with(b"HTTP/1.1 200 OK"),
        "{}",
        String::from_utf8_lossy(&rest)
    );
}

#[test]
fn clients_that_hang_up_leave_nothing_behind() {
    let fake = start(&["--journal-capacity", "10"]);
    let open = || std::fs::read_dir(format!("/proc/{}/fd", fake.process.id())).map(Iterator::count);
    let Ok(before) = open() else {
        return; // Only Linux tells.
    };
    let address = fake.api.trim_start_matches("http://");
    let half = post(
        &fake,
        "content-type: application/json\r\ncontent-length: 100",
        b"{\"email\"",
    );
    for _ in 0..500 {
        let mut stream = TcpStream::connect(address).unwrap();
        let _ = stream.write_all(&half);
    }
    // The server hears of the last ones while it serves others.
    let closed = (0..2_000).any(|_| {
        still_serves(&fake);
        open().unwrap() <= before + 1
    });
    assert!(closed, "{} files are open, {before} were", open().unwrap());
}
