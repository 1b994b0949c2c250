//! The bare axum server: one route, one answer, byte for byte the fake's.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::Result;
use super::load::Answer;

/// The server as a process; it ends with this value.
pub(super) struct Bare {
    process: Child,
    pub(super) address: SocketAddr,
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Bare {
    /// Starts a server that returns this answer.
    pub(super) fn start(answer: &Answer) -> Result<Bare> {
        use std::io::BufRead as _;
        let headers: Vec<[&str; 2]> = answer
            .headers
            .iter()
            // These two the server makes itself, as the fake's does.
            .filter(|(name, _)| !matches!(name.as_str(), "date" | "content-length"))
            .filter_map(|(name, value)| Some([name.as_str(), value.to_str().ok()?]))
            .collect();
        let body = String::from_utf8_lossy(&answer.body);
        let file = std::env::temp_dir().join(format!("side-by-side-{}.json", std::process::id()));
        std::fs::write(&file, json!({"headers": headers, "body": body}).to_string())?;
        let mut process = Command::new(std::env::current_exe()?)
            .arg("--bare")
            .arg(&file)
            .stdout(Stdio::piped())
            .spawn()?;
        let out = process.stdout.take().ok_or("no stdout")?;
        let mut line = String::new();
        std::io::BufReader::new(out).read_line(&mut line)?;
        let address = line.trim().parse()?;
        std::fs::remove_file(&file)?;
        Ok(Bare { process, address })
    }
}

/// Serves what stands in the file until the process is killed.
pub(super) async fn serve(file: &Path) -> Result<()> {
    use axum::serve::ListenerExt as _;
    let answer: Value = serde_json::from_str(&std::fs::read_to_string(file)?)?;
    let body = Bytes::from(answer["body"].as_str().unwrap_or_default().to_owned());
    let mut headers = HeaderMap::new();
    for pair in answer["headers"].as_array().into_iter().flatten() {
        let text = |at: usize| pair[at].as_str().unwrap_or_default();
        headers.insert(
            HeaderName::try_from(text(0))?,
            HeaderValue::try_from(text(1))?,
        );
    }
    let route = get(async move || {
        let mut response = Response::new(Body::from(body));
        *response.headers_mut() = headers;
        response
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, Router::new().route("/api/v2/tickets/{id}", route)).await?;
    Ok(())
}
