//! The real binary over real sockets.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

pub(crate) struct Fake {
    pub(crate) process: Child,
    pub(crate) api: String,
    control: String,
    pub(crate) key: String,
}

impl Drop for Fake {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const PORTS: [&str; 4] = ["--listen", "127.0.0.1:0", "--control-listen", "127.0.0.1:0"];

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fake-freshdesk"));
    command
        .args(arguments)
        .env_remove("FAKE_FRESHDESK_CONTROL_TOKEN")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

pub(crate) fn start(arguments: &[&str]) -> Fake {
    let mut process = command(&[&PORTS, arguments].concat()).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let mut line = |prefix: &str| {
        let line = lines.next().unwrap();
        line.strip_prefix(prefix)
            .unwrap_or_else(|| panic!("`{line}` should begin with `{prefix}`"))
            .to_owned()
    };
    let api = line("listening api ");
    let control = line("listening control ");
    line("control token ");
    let account = line("account ");
    let key = account.rsplit(' ').next().unwrap().to_owned();
    Fake {
        process,
        api,
        control,
        key,
    }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(20))
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_ticket_comes_in_a_rule_calls_a_webhook_and_the_log_says_so() {
    let fake = start(&["--control-token", "T", "--time-scale", "100"]);
    let client = client();
    // A receiver that takes one call and answers 200.
    let receiver = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "http://hook.localhost:{}/in",
        receiver.local_addr().unwrap().port()
    );
    let received = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let (mut stream, _) = receiver.accept().await.unwrap();
        let mut text = String::new();
        while !text.ends_with('}') {
            let mut buffer = [0; 4096];
            let read = stream.read(&mut buffer).await.unwrap();
            text.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
            .await
            .unwrap();
        text
    });
    let rule = json!({"name": "r", "actions": [{
        "field_name": "trigger_webhook", "request_type": "POST", "url": url,
        "content_type": "JSON", "content_layout": "2", "content": "{\"ticket\": {{ticket.id}}}",
    }]});
    let made = client
        .post(format!("{}/api/v2/automations/1/rules", fake.api))
        .basic_auth(&fake.key, Some("X"))
        .json(&rule);
    let made: Value = made.send().await.unwrap().json().await.unwrap();
    let ticket =
        json!({"from": {"email": "ann@example.com"}, "via": "email", "subject": "s", "text": "t"});
    let account = format!(
        "{}/control/v1/accounts/yourcompany.freshdesk.com",
        fake.control
    );
    let opened = client
        .post(format!("{account}/tickets"))
        .bearer_auth("T")
        .json(&ticket)
        .send()
        .await
        .unwrap();
    assert_eq!(opened.status(), 201);
    let text = received.await.unwrap();
    assert!(
        text.starts_with("POST /in HTTP/1.1\r\n") && text.ends_with("{\"ticket\": 1}"),
        "{text}"
    );
    // The outcome is noted when the answer is in; ask until it is.
    for _ in 0..1_000 {
        let log = client
            .get(format!("{account}/rules/1/{}/activity", made["id"]))
            .bearer_auth("T");
        let log: Value = log.send().await.unwrap().json().await.unwrap();
        if log["items"][0]["webhooks"][0]["state"] == "delivered" {
            return;
        }
    }
    panic!("the delivery was never noted");
}

#[tokio::test]
async fn accounts_are_found_by_host_and_loopback_means_the_only_one() {
    let client = client();
    let status = async |fake: &Fake, host: Option<&str>| {
        let mut request = client
            .get(format!("{}/api/v2/agents/me", fake.api))
            .basic_auth(&fake.key, Some("X"));
        if let Some(host) = host {
            request = request.header("host", host);
        }
        request.send().await.unwrap().status().as_u16()
    };
    let one = start(&["--account", "acme.freshdesk.com:growth"]);
    assert_eq!(status(&one, None).await, 200);
    assert_eq!(status(&one, Some("acme.freshdesk.com")).await, 200);
    assert_eq!(
        status(&one, Some("acme.freshdesk.com.localhost:1234")).await,
        200
    );
    assert_eq!(status(&one, Some("other.freshdesk.com")).await, 404);
    let two = start(&[
        "--account",
        "acme.freshdesk.com:growth",
        "--account",
        "b.freshdesk.com:pro",
    ]);
    assert_eq!(status(&two, None).await, 404);
    assert_eq!(status(&two, Some("acme.freshdesk.com")).await, 200);
}

#[tokio::test]
async fn a_reset_is_a_broken_connection_over_a_socket_too() {
    let fake = start(&["--control-token", "T"]);
    let client = client();
    let fault = json!({"on": "GET /agents/me", "calls": "1", "connection": "reset_after_effect"});
    let faults = format!(
        "{}/control/v1/accounts/yourcompany.freshdesk.com/faults",
        fake.control
    );
    assert_eq!(
        client
            .post(faults)
            .bearer_auth("T")
            .json(&fault)
            .send()
            .await
            .unwrap()
            .status(),
        201
    );
    let call = || {
        client
            .get(format!("{}/api/v2/agents/me", fake.api))
            .basic_auth(&fake.key, Some("X"))
            .send()
    };
    let broken = call().await;
    assert!(broken.is_err(), "{broken:?}");
    assert_eq!(call().await.unwrap().status(), 200);
}

fn ended(arguments: &[&str]) -> (Option<i32>, String) {
    let mut process = command(arguments).spawn().unwrap();
    let code = process.wait().unwrap().code();
    let mut text = String::new();
    process
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    (code, text)
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_is_right() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, text) = ended(&["--listen", &address, "--control-listen", "127.0.0.1:0"]);
    assert_eq!(code, Some(2));
    assert!(
        text.contains("is taken") && text.contains("`--listen 127.0.0.1:0`"),
        "{text}"
    );
    let (code, text) = ended(&["--listen", "127.0.0.1:0", "--control-listen", &address]);
    assert_eq!(code, Some(2));
    assert!(text.contains("--control-listen"), "{text}");
    let (code, text) = ended(&["--lisen", "x"]);
    assert_eq!(code, Some(2));
    assert!(text.contains("'--listen'"), "{text}");
    let (code, text) = ended(&[&PORTS[..], &["--account", "https://x:growth"]].concat());
    assert_eq!(
        (code, text.contains("DOMAIN:PLAN") || text.contains("plan")),
        (Some(2), true),
        "{text}"
    );
}

#[test]
fn help_teaches_with_examples() {
    let output = command(&["--help"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    for word in [
        "Examples:",
        "--account acme.freshdesk.com:growth",
        "curl -u API_KEY:X",
        "--allow-webhook-host",
    ] {
        assert!(text.contains(word), "{word} is missing in\n{text}");
    }
}

#[tokio::test]
async fn tls_speaks_both_versions_of_http_under_a_ca_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let seed = folder.path().join("world.yaml");
    std::fs::write(&seed, "accounts:\n  - domain: acme.freshdesk.com\n    plan: growth\n    admin: {name: Ada, email: ada@acme.com, api_key: ADASKEY1}\n").unwrap();
    let mut process = command(
        &[
            &PORTS[..],
            &[
                "--tls",
                "--tls-listen",
                "127.0.0.1:0",
                "--tls-ca",
                ca.to_str().unwrap(),
                "--seed-file",
                seed.to_str().unwrap(),
            ],
        ]
        .concat(),
    )
    .spawn()
    .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let started: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let fake = Fake {
        process,
        api: String::new(),
        control: String::new(),
        key: "ADASKEY1".into(),
    };
    let port = started
        .iter()
        .find_map(|line| line.strip_prefix("listening tls https://127.0.0.1:"))
        .unwrap();
    let authority = reqwest::Certificate::from_pem(&std::fs::read(&ca).unwrap()).unwrap();
    for version in [http::Version::HTTP_11, http::Version::HTTP_2] {
        let address =
            std::net::SocketAddr::new("127.0.0.1".parse().unwrap(), port.parse().unwrap());
        let builder = reqwest::Client::builder()
            .no_proxy()
            .add_root_certificate(authority.clone())
            .resolve("acme.freshdesk.com", address);
        let builder = if version == http::Version::HTTP_11 {
            builder.http1_only()
        } else {
            builder
        };
        let url = format!("https://acme.freshdesk.com:{port}/api/v2/agents/me");
        let answer = builder
            .build()
            .unwrap()
            .get(url)
            .basic_auth(&fake.key, Some("X"))
            .send()
            .await
            .unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, version));
        let me: Value = answer.json().await.unwrap();
        assert_eq!(me["contact"]["email"], "ada@acme.com");
    }
}

#[test]
fn a_seed_file_that_is_wrong_is_refused_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("world.yaml");
    let refused = |text: &[u8]| {
        std::fs::write(&file, text).unwrap();
        let (code, told) = ended(&[&PORTS[..], &["--seed-file", file.to_str().unwrap()]].concat());
        assert_eq!(code, Some(2), "{told}");
        told
    };
    assert!(refused(b"accounts: [").contains("world.yaml"));
    assert!(refused(b"\xff\xfe").contains("not UTF-8"));
    assert!(refused(b"acounts: []").contains("did you mean `accounts`?"));
    assert!(
        refused(b"accounts:\n  - domain: x.freshdesk.com\n    plan: gold\n")
            .contains("accounts[0].plan")
    );
    let (code, told) = ended(&[&PORTS[..], &["--seed-file", "/no/such/file"]].concat());
    assert_eq!(
        (code, told.contains("/no/such/file")),
        (Some(2), true),
        "{told}"
    );
}

#[tokio::test]
async fn chaos_on_the_command_line_strikes_alike_for_the_same_seed() {
    let fates = async |seed: &str| {
        let fake = start(&[
            "--chaos",
            seed,
            "--account",
            "acme.freshdesk.com:enterprise",
        ]);
        let mut seen = Vec::new();
        for _ in 0..40 {
            // A connection that was reset is not used again.
            let answer = client()
                .get(format!("{}/api/v2/agents/me", fake.api))
                .basic_auth(&fake.key, Some("X"))
                .header("host", "acme.freshdesk.com")
                .send()
                .await;
            seen.push(answer.map_or(0, |answer| answer.status().as_u16()));
        }
        seen
    };
    let (first, again) = tokio::join!(fates("11"), fates("11"));
    assert!(first.iter().any(|status| *status != 200), "{first:?}");
    assert_eq!(first, again);
}

#[tokio::test]
async fn scaled_time_runs_so_many_times_faster_and_is_streamed() {
    use futures::StreamExt as _;
    let fake = start(&["--control-token", "T", "--time-scale", "3600"]);
    let client = client();
    let time = async || {
        let url = format!("{}/control/v1/time", fake.control);
        let time: Value = client
            .get(url)
            .bearer_auth("T")
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(
            (&time["mode"], &time["scale"]),
            (&json!("scaled"), &json!(3600.0))
        );
        time["now"]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap()
    };
    let stream = client
        .get(format!(
            "{}/control/v1/journal/stream?kind=api_call",
            fake.control
        ))
        .bearer_auth("T")
        .send()
        .await
        .unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut stream = stream.bytes_stream();
    let began = tokio::time::Instant::now();
    let before = time().await;
    let url = format!("{}/api/v2/agents/me", fake.api);
    client
        .get(url)
        .basic_auth(&fake.key, Some("X"))
        .send()
        .await
        .unwrap();
    let event = String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(
        event.contains("event: api_call") && event.contains("/api/v2/agents/me"),
        "{event}"
    );
    // A quarter of an hour of the helpdesk's is a quarter of a real second.
    while time().await.duration_since(before).as_secs() < 900 {
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "time stands still"
        );
    }
    assert!(
        began.elapsed() >= Duration::from_millis(250),
        "{:?}",
        began.elapsed()
    );
}

/// The most memory the process ever had, in bytes.
#[cfg(target_os = "linux")]
fn peak(fake: &Fake) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", fake.process.id())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kilobytes = line.trim().trim_end_matches("kB").trim();
    kilobytes.parse::<usize>().unwrap() * 1024
}

/// Twenty megabytes come in and are kept: the process grows by that and not by
/// twice that. Without a length in front, too.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_upload_is_held_once() {
    const SIZE: usize = 20 * 1024 * 1024;
    for announced in [true, false] {
        let fake = start(&[]);
        let url = format!("{}/api/v2/tickets", fake.api);
        let head = "--B\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\na@example.com\r\n--B\r\nContent-Disposition: form-data; name=\"attachments[]\"; filename=\"a.bin\"\r\n\r\n";
        let chunks = std::iter::once(head.as_bytes().to_vec())
            .chain((0..320).map(|at| vec![at as u8; SIZE / 320]))
            .chain([b"\r\n--B--\r\n".to_vec()]);
        let length: usize = chunks.clone().map(|chunk| chunk.len()).sum();
        let body =
            reqwest::Body::wrap_stream(futures::stream::iter(chunks.map(Ok::<_, std::io::Error>)));
        let mut request = client()
            .post(url)
            .basic_auth(&fake.key, Some("X"))
            .header("content-type", "multipart/form-data; boundary=B")
            .body(body);
        if announced {
            request = request.header("content-length", length);
        }
        let before = peak(&fake);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 201);
        let ticket: Value = answer.json().await.unwrap();
        assert_eq!(ticket["attachments"][0]["size"], SIZE);
        let grown = peak(&fake) - before;
        assert!(grown < SIZE * 3 / 2, "{grown} bytes for {SIZE}");
        assert!(grown >= SIZE, "the file is kept");
    }
}
