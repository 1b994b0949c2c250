//! What an admin does with agents, groups and ticket fields.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::at::At;

/// A role that an agent is given.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenRole {
    /// The agent, by name.
    pub agent: At<String>,
    /// The role, by its Freshdesk name.
    pub role: String,
}

/// The members of a group.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupMembers {
    /// The group, by name.
    pub group: At<String>,
    /// All its members from now on, by name.
    pub members: Vec<At<String>>,
}

/// A ticket field that an admin creates.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewField {
    /// Its API name.
    pub name: String,
    /// Its type, as the API spells it. Default: `custom_checkbox`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}
