//! TLS for clients that force https: a CA made for this run, a certificate
//! for `*.freshdesk.com` and loopback, HTTP/1.1 and HTTP/2.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use super::forgiving::Forgiving;

/// Names that the certificate holds for, besides the accounts' own.
const NAMES: [&str; 7] = [
    "*.freshdesk.com",
    "freshdesk.com",
    "*.freshdesk.com.localhost",
    "freshdesk.com.localhost",
    "localhost",
    "127.0.0.1",
    "::1",
];

fn wrong(error: impl std::fmt::Display) -> String {
    format!("the TLS certificate could not be made: {error}")
}

/// Makes a CA and a certificate; the CA's is written to `ca_file`.
pub(crate) fn acceptor(domains: &[String], ca_file: &Path) -> Result<TlsAcceptor, String> {
    let ca_key = KeyPair::generate().map_err(wrong)?;
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    ca.distinguished_name
        .push(DnType::CommonName, "fake-freshdesk CA of this run");
    let ca_certificate = ca.self_signed(&ca_key).map_err(wrong)?;
    let issuer = Issuer::new(ca, ca_key);
    let names = NAMES
        .iter()
        .map(|name| (*name).to_owned())
        .chain(domains.iter().cloned());
    let key = KeyPair::generate().map_err(wrong)?;
    let mut leaf = CertificateParams::new(names.collect::<Vec<_>>()).map_err(wrong)?;
    leaf.distinguished_name
        .push(DnType::CommonName, "fake-freshdesk");
    leaf.use_authority_key_identifier_extension = true;
    let leaf = leaf.signed_by(&key, &issuer).map_err(wrong)?;
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .map_err(wrong)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    std::fs::write(ca_file, ca_certificate.pem())
        .map_err(|error| format!("--tls-ca {}: {error}", ca_file.display()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Serves the router over TLS until the process ends.
pub(crate) async fn serve(listener: TcpListener, acceptor: TlsAcceptor, router: Router) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a TLS connection could not be accepted");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                continue;
            }
        };
        let (acceptor, router) = (acceptor.clone(), router.clone());
        tokio::spawn(async move {
            let stream = match acceptor.accept(stream).await {
                Ok(stream) => stream,
                Err(error) => return tracing::debug!(%error, "TLS handshake failed"),
            };
            let service = TowerToHyperService::new(router);
            let connection = Builder::new(TokioExecutor::new());
            if let Err(error) = connection
                .serve_connection(TokioIo::new(Forgiving::new(stream)), service)
                .await
            {
                tracing::debug!(%error, "a TLS connection ended");
            }
        });
    }
}
