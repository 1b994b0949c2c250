//! The measurements, each with its aim.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::bare::Bare;
use super::fake::{DOMAIN, Fake};
use super::load::{Connection, Until, open_tickets, read};
use super::{Args, Result};

const TICKET: &str = "/api/v2/tickets/1";
const ROUND: Duration = Duration::from_secs(2);
const MEGABYTE: f64 = 1_048_576.0;
const MILLION: u64 = 1_000_000;

/// The table, row by row.
#[derive(Default)]
struct Report {
    missed: bool,
}

impl Report {
    fn row(&mut self, what: &str, measured: &str, aim: &str, met: bool) {
        self.missed |= !met;
        let verdict = if met { "met" } else { "MISSED" };
        println!("{what:<48} {measured:>22}   {aim:<12} {verdict}");
    }

    fn fact(&self, what: &str, measured: &str) {
        println!("{what:<48} {measured:>22}");
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn spinner(text: &'static str, length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length).with_message(text);
    let style = ProgressStyle::with_template("{msg} {human_pos}/{human_len} {wide_bar} {eta}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Measures everything; `false` if an aim was missed.
pub(super) async fn all(args: &Args) -> Result<bool> {
    let mut report = Report::default();
    let cores = std::thread::available_parallelism()?;
    println!(
        "{} on {cores} cores, {} connections\n",
        args.binary.display(),
        args.connections
    );
    start(args, &mut report).await?;
    accounts(args, &mut report).await?;
    throughput(args, &mut report).await?;
    upload(args, &mut report).await?;
    memory(args, &mut report).await?;
    Ok(!report.missed)
}

/// From the start of the process to its first answer.
async fn start(args: &Args, report: &mut Report) -> Result<()> {
    let mut times = Vec::new();
    for _ in 0..20 {
        let began = Instant::now();
        let fake = Fake::start(&args.binary)?;
        let mut connection = Connection::open(fake.api, DOMAIN).await?;
        // 401 is an answer too.
        connection.get("/api/v2/agents/me").await?;
        times.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    let time = median(times);
    report.row(
        "start to first answer, median of 20",
        &format!("{time:.1} ms"),
        "<= 20 ms",
        time <= 20.0,
    );
    Ok(())
}

/// A new account in a running server, and a reset, each over a socket.
async fn accounts(args: &Args, report: &mut Report) -> Result<()> {
    let fake = Fake::start(&args.binary)?;
    let mut connection = Connection::open(fake.control, "localhost").await?;
    let bearer = "Bearer side-by-side";
    let (mut made, mut reset) = (Vec::new(), Vec::new());
    for number in 0..200 {
        let account = json!({"domain": format!("a{number}.freshdesk.com"), "plan": "growth"});
        let began = Instant::now();
        let answer = connection
            .call(
                "POST",
                "/control/v1/accounts",
                bearer,
                Some(account.to_string()),
            )
            .await?;
        made.push(began.elapsed().as_secs_f64() * 1_000.0);
        if answer.status != 201 {
            return Err(format!("an account was answered with {}", answer.status).into());
        }
    }
    let time = median(made);
    report.row(
        "new account over a socket, median of 200",
        &format!("{time:.3} ms"),
        "<= 1 ms",
        time <= 1.0,
    );
    for _ in 0..20 {
        fake.account().await?;
        open_tickets(fake.api, 1, 0..100, |_| {}).await?;
        let began = Instant::now();
        connection
            .call("POST", "/control/v1/reset", bearer, None)
            .await?;
        reset.push(began.elapsed().as_secs_f64() * 1_000.0);
    }
    let time = median(reset);
    report.row(
        "reset of 100 tickets over a socket, median of 20",
        &format!("{time:.3} ms"),
        "< 1 ms",
        time < 1.0,
    );
    Ok(())
}

/// `GET /tickets/1` beside a bare server, in turns.
async fn throughput(args: &Args, report: &mut Report) -> Result<()> {
    let fake = Fake::start(&args.binary)?;
    fake.account().await?;
    open_tickets(fake.api, 1, 0..1, |_| {}).await?;
    // Due times show up some seconds after creation, and rules have run.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let answer = Connection::open(fake.api, DOMAIN)
        .await?
        .get(TICKET)
        .await?;
    let bare = Bare::start(&answer)?;
    let same = Connection::open(bare.address, DOMAIN)
        .await?
        .get(TICKET)
        .await?;
    if same.body != answer.body || same.headers.len() != answer.headers.len() {
        return Err("the bare server does not return the same bytes".into());
    }
    let (mut ratios, mut fakes, mut bares) = (Vec::new(), Vec::new(), Vec::new());
    // The first pair warms up.
    let bar = spinner("GET /tickets/1, in turns", args.rounds as u64 + 1);
    for round in 0..=args.rounds {
        let of_bare = read(bare.address, TICKET, args.connections, Until::Time(ROUND)).await?;
        let of_fake = read(fake.api, TICKET, args.connections, Until::Time(ROUND)).await?;
        bar.inc(1);
        if round > 0 {
            ratios.push(of_fake / of_bare);
            fakes.push(of_fake);
            bares.push(of_bare);
        }
    }
    bar.finish_and_clear();
    let ratio = median(ratios) * 100.0;
    report.fact(
        "GET /tickets/1, bare axum",
        &format!("{:.0} calls/s", median(bares)),
    );
    report.fact(
        "GET /tickets/1, fake-freshdesk",
        &format!("{:.0} calls/s", median(fakes)),
    );
    report.row(
        "... of the bare server",
        &format!("{ratio:.0} %"),
        ">= 70 %",
        ratio >= 70.0,
    );
    Ok(())
}

/// Twenty megabytes in one file: what the process grows by.
async fn upload(args: &Args, report: &mut Report) -> Result<()> {
    const SIZE: usize = 20 * 1024 * 1024;
    let fake = Fake::start(&args.binary)?;
    fake.account().await?;
    let Some(before) = fake.memory("VmHWM:") else {
        report.fact("memory", "only Linux tells");
        return Ok(());
    };
    let mut form = b"--B\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\na@example.com\r\n--B\r\nContent-Disposition: form-data; name=\"attachments[]\"; filename=\"a.bin\"\r\n\r\n".to_vec();
    form.resize(form.len() + SIZE, b'x');
    form.extend(b"\r\n--B--\r\n");
    let mut connection = Connection::open(fake.api, DOMAIN).await?;
    let status = connection.upload("/api/v2/tickets", form).await?;
    let after = fake.memory("VmHWM:").unwrap_or_default();
    let times = (after - before) as f64 / SIZE as f64;
    report.row(
        "an upload of 20 MB, peak over what it was",
        &format!("{times:.2} x its size"),
        "< 1.5 x",
        status == 201 && times < 1.5,
    );
    Ok(())
}

/// Memory with a thousand tickets, after a million calls, with a million tickets.
async fn memory(args: &Args, report: &mut Report) -> Result<()> {
    let fake = Fake::start(&args.binary)?;
    fake.account().await?;
    let megabytes = |fake: &Fake| fake.memory("VmRSS:").map(|bytes| bytes as f64 / MEGABYTE);
    open_tickets(fake.api, 4, 0..1_000, |_| {}).await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let Some(small) = megabytes(&fake) else {
        return Ok(());
    };
    report.row(
        "memory with 1,000 tickets",
        &format!("{small:.1} MB"),
        "<= 15 MB",
        small <= 15.0,
    );
    if args.quick {
        return Ok(());
    }
    // The journal fills its ring first: it is flat from there on.
    let bar = spinner("a million calls", 3);
    let mut seen = Vec::new();
    for calls in [200_000, MILLION / 2, MILLION / 2] {
        read(fake.api, TICKET, args.connections, Until::Calls(calls)).await?;
        seen.push(megabytes(&fake).unwrap_or_default());
        bar.inc(1);
    }
    bar.finish_and_clear();
    let (full, last) = (seen[0], seen[2]);
    report.row(
        "... with a full journal, and 1,000,000 calls later",
        &format!("{full:.1} -> {last:.1} MB"),
        "flat (5 %)",
        last <= full * 1.05,
    );
    let bar = spinner("a million tickets", MILLION);
    let steps = bar.clone();
    let progress = move |number: u64| {
        if number.is_multiple_of(10_000) {
            steps.set_position(number);
        }
    };
    open_tickets(fake.api, args.connections, 1_000..MILLION, progress).await?;
    bar.finish_and_clear();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let large = megabytes(&fake).unwrap_or_default();
    report.row(
        "memory with 1,000,000 tickets",
        &format!("{large:.0} MB"),
        "< 2048 MB",
        large < 2_048.0,
    );
    pages(&fake, report).await
}

/// A page of thirty among a million tickets; the core's bench compares it with
/// the same among a thousand.
async fn pages(fake: &Fake, report: &mut Report) -> Result<()> {
    let mut connection = Connection::open(fake.api, DOMAIN).await?;
    let mut times = Vec::new();
    for _ in 0..200 {
        let began = Instant::now();
        let answer = connection.get("/api/v2/tickets").await?;
        times.push(began.elapsed().as_secs_f64() * 1_000.0);
        let page: Value = serde_json::from_slice(&answer.body)?;
        if page.as_array().map(Vec::len) != Some(30) {
            return Err("the page has not thirty tickets".into());
        }
    }
    report.fact(
        "a page of 30 among 1,000,000, median of 200",
        &format!("{:.3} ms", median(times)),
    );
    Ok(())
}
