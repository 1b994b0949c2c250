//! The two listeners.

use std::net::SocketAddr;

use axum::Router;
use tokio::net::{TcpListener, TcpStream};

use super::forgiving::Forgiving;

/// A bound listener.
pub(crate) struct Bound {
    pub(crate) listener: TcpListener,
    /// The address with the port that was really taken.
    pub(crate) address: SocketAddr,
}

/// Binds an address, or says which flag to change.
pub(crate) async fn bind(flag: &str, address: SocketAddr) -> Result<Bound, String> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        let port = address.port();
        let hint = match error.kind() {
            std::io::ErrorKind::AddrInUse => format!(
                "port {port} is taken: choose another with `{flag} {}:0` (0 takes a free one)",
                address.ip()
            ),
            std::io::ErrorKind::PermissionDenied => {
                format!("port {port} needs more rights: choose one above 1023 with `{flag}`")
            }
            _ => format!("choose another address with `{flag}`"),
        };
        format!("cannot listen on {address} ({error}); {hint}")
    })?;
    let address = listener
        .local_addr()
        .map_err(|error| format!("cannot tell the port of {address}: {error}"))?;
    Ok(Bound { listener, address })
}

/// Serves both until the process is told to end.
pub(crate) async fn serve(
    api: Bound,
    api_router: Router,
    control: Bound,
    control_router: Router,
) -> Result<(), String> {
    let api = axum::serve(Tuned(api.listener), api_router);
    let control = axum::serve(Tuned(control.listener), control_router);
    tokio::select! {
        biased;
        () = ended() => Ok(()),
        result = api => result.map_err(|error| format!("the API listener failed: {error}")),
        result = control => result.map_err(|error| format!("the control listener failed: {error}")),
    }
}

/// A listener whose connections are tuned and forgiving.
struct Tuned(TcpListener);

impl axum::serve::Listener for Tuned {
    type Io = Forgiving<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, address) = axum::serve::Listener::accept(&mut self.0).await;
        // Answers are small: they are not to wait for one another.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
        (Forgiving::new(stream), address)
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

/// Ctrl-C or SIGTERM.
async fn ended() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                biased;
                _ = terminate.recv() => {}
                _ = interrupt => {}
            }
        }
        Err(_) => {
            let _ = interrupt.await;
        }
    }
}
