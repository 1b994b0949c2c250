//! The HTTP client that carries webhook calls out.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::body::Body;
use fake_freshdesk::HttpService;
use http::{Request, Response};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::OnceCell;
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
///
/// It is made for the first webhook call: until then nobody needs the
/// certificates of the world in memory.
pub(crate) fn client() -> HttpService {
    let made: Arc<OnceCell<reqwest::Client>> = Arc::default();
    HttpService::new(tower::service_fn(move |request: Request<Body>| {
        let made = Arc::clone(&made);
        async move {
            let client = made.get_or_try_init(async || build()).await?.clone();
            send(client, request).await
        }
    }))
}

fn build() -> Result<reqwest::Client, BoxError> {
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .dns_resolver(Arc::new(Loopback));
    Ok(builder.build()?)
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
