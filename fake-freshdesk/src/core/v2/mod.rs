//! The REST API v2, as a pure function from a request to a reply.
//!
//! | file | holds |
//! |---|---|
//! | `call.rs` | the way of every call: host, faults, route, quota, auth, body |
//! | `reply.rs` | what goes back, and the headers every answer has |
//! | `routes.rs` | the table of endpoints |
//! | `auth.rs` | whose key is this |
//! | `errors.rs`, `input.rs`, `query.rs` | strict reading, exact refusing |
//! | `views.rs`, `ticket_view.rs` | resources as JSON |
//! | `tickets.rs`, `ticket_list.rs`, `ticket_write.rs` | tickets |
//! | `conversations.rs` | replies and notes |
//! | `contacts.rs`, `agents.rs`, `groups.rs`, `fields.rs`, `automations.rs`, `account.rs` | the rest |
//! | `companies.rs`, `time_entries.rs`, `shelves.rs` | companies, what is counted on tickets, what is only kept |
//! | `search.rs` | the search grammar |
//! | `openapi.rs`, `openapi_schemas.rs` | the OpenAPI document |
//! | `files.rs` | attachments behind signed, expiring URLs |

mod account;
mod agents;
mod auth;
mod automations;
mod call;
mod companies;
mod contacts;
mod conversations;
pub(crate) mod errors;
mod fields;
mod files;
mod groups;
pub(crate) mod input;
mod openapi;
mod openapi_schemas;
mod query;
mod reply;
pub(crate) mod routes;
mod search;
mod shelves;
mod ticket_list;
mod ticket_view;
mod ticket_write;
mod tickets;
mod time_entries;
mod views;

pub use call::{ApiBody, ApiRequest};
pub(crate) use fields::{field_json, new_field};
pub(crate) use groups::group_json;
pub(crate) use openapi::document;
pub use reply::ApiReply;
pub(crate) use shelves::stock;
pub(crate) use ticket_view::{ConversationShape, ConversationView, Shape, TicketView};
