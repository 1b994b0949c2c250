//! Keep-alive connections that ask as fast as they are answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;

use super::Result;
use super::fake::{CREDENTIALS, DOMAIN};

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// One keep-alive connection.
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

impl Connection {
    pub(super) async fn open(address: SocketAddr, host: &str) -> Result<Connection> {
        let stream = tokio::net::TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            // A server that is killed breaks its connections.
            let _ = connection.await;
        });
        Ok(Connection {
            sender,
            host: host.to_owned(),
        })
    }

    pub(super) async fn call(
        &mut self,
        method: &str,
        path: &str,
        authorization: &str,
        json: Option<String>,
    ) -> Result<Answer> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.host)
            .header("authorization", authorization);
        if json.is_some() {
            request = request.header("content-type", "application/json");
        }
        let request = request.body(Full::from(json.unwrap_or_default()))?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let (parts, body) = response.into_parts();
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.collect().await?.to_bytes(),
        })
    }

    /// Sends a form with boundary `B`; the status of the answer.
    pub(super) async fn upload(&mut self, path: &str, form: Vec<u8>) -> Result<u16> {
        let request = Request::post(path)
            .header("host", &self.host)
            .header("authorization", CREDENTIALS)
            .header("content-type", "multipart/form-data; boundary=B")
            .body(Full::from(form))?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        Ok(response.status().as_u16())
    }

    /// `GET` as the agent of the account under measure.
    pub(super) async fn get(&mut self, path: &str) -> Result<Answer> {
        self.call("GET", path, CREDENTIALS, None).await
    }
}

/// When a load ends.
#[derive(Clone, Copy)]
pub(super) enum Until {
    Time(Duration),
    Calls(u64),
}

/// Puts a path under load; answers per second, over all connections.
///
/// # Errors
///
/// A connection broke, or an answer was not 200.
pub(super) async fn read(
    address: SocketAddr,
    path: &'static str,
    connections: usize,
    until: Until,
) -> Result<f64> {
    let began = Instant::now();
    let count = Arc::new(AtomicU64::new(0));
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..connections {
        let count = Arc::clone(&count);
        let mut connection = Connection::open(address, DOMAIN).await?;
        readers.spawn(async move {
            let mut calls = 0_u64;
            loop {
                let go_on = match until {
                    Until::Time(time) => began.elapsed() < time,
                    Until::Calls(most) => count.fetch_add(1, Ordering::Relaxed) < most,
                };
                if !go_on {
                    return Ok::<u64, Box<dyn std::error::Error + Send + Sync>>(calls);
                }
                let answer = connection.get(path).await?;
                if answer.status != 200 {
                    return Err(format!("{path} was answered with {}", answer.status).into());
                }
                calls += 1;
            }
        });
    }
    let mut calls = 0;
    while let Some(done) = readers.join_next().await {
        calls += done??;
    }
    Ok(calls as f64 / began.elapsed().as_secs_f64())
}

/// Opens tickets with these numbers over some connections.
///
/// # Errors
///
/// A connection broke, or an answer was not 201.
pub(super) async fn open_tickets(
    address: SocketAddr,
    connections: usize,
    numbers: std::ops::Range<u64>,
    progress: impl Fn(u64) + Send + Sync + Clone + 'static,
) -> Result<()> {
    let next = Arc::new(AtomicU64::new(numbers.start));
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..connections {
        let (next, progress) = (Arc::clone(&next), progress.clone());
        let mut connection = Connection::open(address, DOMAIN).await?;
        let last = numbers.end;
        writers.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= last {
                    return Ok::<(), Box<dyn std::error::Error + Send + Sync>>(());
                }
                let body = format!(
                    r#"{{"email":"customer{}@example.com","subject":"Where is order {number}?","description":"It should have come <b>yesterday</b>.","tags":["order"]}}"#,
                    number % 1_000
                );
                let answer = connection
                    .call("POST", "/api/v2/tickets", CREDENTIALS, Some(body))
                    .await?;
                if answer.status != 201 {
                    let told = String::from_utf8_lossy(&answer.body);
                    return Err(format!("a ticket was answered with {}: {told}", answer.status).into());
                }
                progress(number);
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done??;
    }
    Ok(())
}
