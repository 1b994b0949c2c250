//! The HTTP client that carries webhook calls out.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::body::Body;
use fake_freshdesk::HttpService;
use http::{Request, Response};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tower::BoxError;

/// Resolves `localhost` and `*.localhost` to loopback by itself, so that such
/// a name can lead nowhere else; other names go to the system.
struct Loopback;

impl Resolve for Loopback {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_ascii_lowercase();
        Box::pin(async move {
            if host == "localhost" || host.ends_with(".localhost") {
                let loopback = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
                return Ok(Box::new(std::iter::once(loopback)) as Addrs);
            }
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// A client without redirects and proxies. The time-out is the fake's own.
pub(crate) fn client() -> Result<HttpService, String> {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .dns_resolver(Arc::new(Loopback))
        .build()
        .map_err(|error| format!("the webhook client could not be made: {error}"))?;
    Ok(HttpService::new(tower::service_fn(
        move |request: Request<Body>| {
            let client = client.clone();
            async move { send(client, request).await }
        },
    )))
}

async fn send(client: reqwest::Client, request: Request<Body>) -> Result<Response<Body>, BoxError> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await?;
    let answer = client
        .request(parts.method, parts.uri.to_string())
        .headers(parts.headers)
        .body(body)
        .send()
        .await?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = answer.status();
    Ok(response)
}
