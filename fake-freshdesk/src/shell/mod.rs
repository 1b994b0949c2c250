//! HTTP to and from the core.
//!
//! | file | holds |
//! |---|---|
//! | `api.rs` | the v2 API's router |
//! | `form.rs` | multipart bodies, read as they come in |
//! | `control.rs` | the control API's router: token, time, reset |
//! | `stream.rs` | the journal as server-sent events |

mod api;
mod control;
mod form;
mod stream;

pub(crate) use api::router as api;
pub use api::{ConnectionReset, OverTls};
pub(crate) use control::router as control;
