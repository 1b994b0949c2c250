//! The REST API v2, as a pure function from a request to a reply.
//!
//! | file | holds |
//! |---|---|
//! | `call.rs` | the way of every call: host, faults, route, quota, auth, endpoint |
//! | `request.rs` | a request, and the reading of its path and body |
//! | `reply.rs` | what goes back, and the headers every answer has |
//! | `routes.rs`, `route_table.rs`, `routing.rs` | the table of endpoints, and which one is meant |
//! | `auth.rs` | whose key is this |
//! | `base.rs` | the address the client used |
//! | `errors.rs`, `input.rs`, `query.rs` | strict reading, exact refusing |
//! | `views.rs` | resources as JSON |
//! | `json.rs`, `ticket_view.rs`, `conversation_view.rs`, `file_view.rs`, `structured.rs` | the few shapes that are most of the traffic, written by hand |
//! | `tickets.rs`, `ticket_list.rs`, `ticket_write.rs`, `ticket_properties.rs`, `summaries.rs` | tickets |
//! | `conversations.rs` | replies and notes |
//! | `fields.rs`, `field_view.rs`, `field_write.rs` | fields of tickets, contacts and companies |
//! | `custom_fields.rs`, `required_fields.rs` | their values in a request, and which must be there |
//! | `contacts.rs`, `contact_merge.rs`, `make_agent.rs`, `agents.rs`, `groups.rs`, `automations.rs`, `account.rs` | the rest |
//! | `companies.rs`, `time_entries.rs` | companies, what is counted on tickets |
//! | `shelves.rs`, `shelf_table.rs` | what is only kept: products, solutions, discussions, … |
//! | `ticket_forms.rs`, `sections.rs` | the form that tickets name, and its sections |
//! | `accesses.rs` | who sees a ticket beyond their scope |
//! | `exports.rs`, `imports.rs` | files of the account's data |
//! | `search.rs`, `search_query.rs` | searches, and the grammar of their queries |
//! | `openapi.rs`, `openapi_schemas.rs`, `openapi_answers.rs` | the OpenAPI document |
//! | `files.rs` | attachments behind signed, expiring URLs |

mod accesses;
mod account;
mod agents;
mod auth;
mod automations;
mod base;
mod call;
mod companies;
mod contact_merge;
mod contacts;
mod conversation_view;
mod conversations;
mod custom_fields;
pub(crate) mod errors;
mod exports;
mod field_view;
mod field_write;
mod fields;
mod file_view;
mod files;
mod groups;
mod imports;
pub(crate) mod input;
mod json;
mod make_agent;
mod openapi;
mod openapi_answers;
mod openapi_schemas;
mod query;
mod reply;
mod request;
mod required_fields;
mod route_table;
pub(crate) mod routes;
mod routing;
mod search;
mod search_query;
mod sections;
mod shelf_table;
mod shelves;
mod structured;
mod summaries;
mod ticket_forms;
mod ticket_list;
mod ticket_properties;
mod ticket_view;
mod ticket_write;
mod tickets;
mod time_entries;
mod views;

pub(crate) use base::Base;
pub(crate) use conversation_view::{ConversationShape, ConversationView};
pub(crate) use exports::export;
pub(crate) use field_view::{FieldShape, field_json};
pub(crate) use field_write::Level;
pub(crate) use fields::{new_field, put_field};
pub(crate) use files::inline_token;
pub(crate) use groups::group_json;
pub(crate) use json::{Json, Object, put, to_vec};
pub(crate) use openapi::document;
pub use reply::{ApiReply, Rate, Stamp, status_line};
pub use request::{ApiBody, ApiRequest};
pub(crate) use shelf_table::stock;
pub(crate) use ticket_view::{Shape, TicketView};
