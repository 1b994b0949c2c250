//! HTTP to and from the core.
//!
//! | file | holds |
//! |---|---|
//! | `api.rs` | the v2 API's router |
//! | `form.rs` | multipart bodies, read as they come in |
//! | `control.rs` | the control API's router: token, time, reset |

mod api;
mod control;
mod form;

pub use api::ConnectionReset;
pub(crate) use api::router as api;
pub(crate) use control::router as control;
