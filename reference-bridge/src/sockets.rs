//! The way to Freshdesk and to the brain over sockets: redirects are not
//! followed (SEC-2), and an endpoint can stand in for `*.freshdesk.com`.

use std::{
    net::{SocketAddr, ToSocketAddrs as _},
    path::Path,
    time::Duration,
};

use axum::body::Body;
use http::{Request, Response, Uri, uri::Scheme};
use reference_bridge::HttpService;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tower::BoxError;
use url::Url;

/// How long making a connection may take; the whole call has its own limit.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The way to Freshdesk. With an endpoint, connections go there and nowhere
/// else, in the endpoint's scheme; `Host` and the TLS name stay the domain's.
pub(crate) fn freshdesk(
    endpoint: Option<&Url>,
    ca_file: Option<&Path>,
) -> Result<HttpService, String> {
    let mut client = client(ca_file)?;
    let mut scheme = Scheme::HTTPS;
    if let Some(endpoint) = endpoint {
        let addresses = addresses(endpoint)?;
        if endpoint.scheme() == "http" {
            scheme = Scheme::HTTP;
        }
        client = client
            .no_proxy()
            .dns_resolver(std::sync::Arc::new(Fixed(addresses)));
    }
    let client = client.build().map_err(|error| error.to_string())?;
    Ok(service(client, Some(scheme)))
}

/// The way to anything else.
pub(crate) fn plain(ca_file: Option<&Path>) -> Result<HttpService, String> {
    let client = client(ca_file)?
        .build()
        .map_err(|error| error.to_string())?;
    Ok(service(client, None))
}

fn client(ca_file: Option<&Path>) -> Result<reqwest::ClientBuilder, String> {
    let mut client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT);
    if let Some(file) = ca_file {
        let wrong = |error: &dyn std::fmt::Display| {
            format!("{}: certificates cannot be read: {error}", file.display())
        };
        let pem = std::fs::read(file).map_err(|error| wrong(&error))?;
        let certificates =
            reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| wrong(&error))?;
        if certificates.is_empty() {
            return Err(wrong(&"there is none in it"));
        }
        for certificate in certificates {
            client = client.add_root_certificate(certificate);
        }
    }
    Ok(client)
}

fn service(client: reqwest::Client, scheme: Option<Scheme>) -> HttpService {
    HttpService::new(tower::service_fn(move |request: Request<Body>| {
        let client = client.clone();
        let scheme = scheme.clone();
        async move { send(&client, scheme, request).await }
    }))
}

async fn send(
    client: &reqwest::Client,
    scheme: Option<Scheme>,
    request: Request<Body>,
) -> Result<Response<Body>, BoxError> {
    let (mut parts, body) = request.into_parts();
    if let Some(scheme) = scheme {
        let mut uri = parts.uri.into_parts();
        uri.scheme = Some(scheme);
        parts.uri = Uri::from_parts(uri)?;
    }
    let body = reqwest::Body::wrap_stream(body.into_data_stream());
    let request = reqwest::Request::try_from(Request::from_parts(parts, body))?;
    let response: Response<reqwest::Body> = client.execute(request).await?.into();
    Ok(response.map(Body::new))
}

fn addresses(endpoint: &Url) -> Result<Vec<SocketAddr>, String> {
    let wrong = |why: &str| format!("FRESHDESK_ENDPOINT {endpoint}: {why}");
    let host = endpoint
        .host_str()
        .ok_or_else(|| wrong("it names no host"))?
        .trim_matches(['[', ']']);
    let port = endpoint
        .port_or_known_default()
        .ok_or_else(|| wrong("it names no port"))?;
    let addresses: Vec<_> = (host, port)
        .to_socket_addrs()
        .map_err(|error| wrong(&error.to_string()))?
        .collect();
    if addresses.is_empty() {
        return Err(wrong("its host has no address"));
    }
    Ok(addresses)
}

/// Resolves every name to the endpoint. A port that is given here wins, for the
/// URLs name none.
struct Fixed(Vec<SocketAddr>);

impl Resolve for Fixed {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses: Addrs = Box::new(self.0.clone().into_iter());
        Box::pin(std::future::ready(Ok(addresses)))
    }
}
