//! A Freshdesk you can hold in your hand: REST API v2, automation rules and
//! webhooks, in memory, as a library and as a binary.
//!
//! | file | holds |
//! |---|---|
//! | `server.rs` | [`Server`]: the pure core behind two axum routers, and the driver that waits for what is due |
//! | `clock.rs` | [`Clock`]: real, scaled and manual time on tokio's clock |
//! | `carrier.rs` | how webhook calls get out |
//! | `shell/` | HTTP to and from the core |
//! | `core/` | the helpdesk itself: no async, no clock, no chance, no I/O |
//!
//! ```
//! use fake_freshdesk::{Clock, HttpService, NewAccount, Plan, Server, ServerOptions};
//! use tower::{ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! // Nobody listens for webhooks in this example.
//! let nobody = HttpService::new(service_fn(|_request| async { Err("nobody listens".into()) }));
//! let clock = Clock::starting_at("2026-01-05T09:00:00Z".parse()?);
//! let server = Server::start(ServerOptions::new(clock, "control-token".into(), nobody));
//! let key = server.create_account(NewAccount::new("yourcompany.freshdesk.com", Plan::Growth))?;
//!
//! let credentials = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("{key}:X"));
//! let request = http::Request::get("https://yourcompany.freshdesk.com/api/v2/agents/me")
//!     .header("authorization", format!("Basic {credentials}"))
//!     .body(axum::body::Body::empty())?;
//! let response = server.api().oneshot(request).await?;
//! assert_eq!(response.status(), 200);
//! # Ok(()) }
//! ```

mod carrier;
mod clock;
pub mod core;
mod server;
mod shell;

pub use clock::{Clock, TimeMode};
pub use core::{BadSeed, NewAccount, Plan, Seeded};
pub use server::{HttpService, Server, ServerOptions};
pub use shell::{ConnectionReset, OverTls};
