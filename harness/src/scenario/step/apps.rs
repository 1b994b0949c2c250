//! Other programs that work on the same account: they spend its quota too.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Calls that another program makes of Freshdesk's API, one after the other, at
/// one moment.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AppCalls {
    /// Method and path below `/api/v2`, such as `GET /agents/me`.
    pub call: String,
    /// How often.
    pub times: u32,
}
