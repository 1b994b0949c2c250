//! Tickets and their threads.
//!
//! | file | holds |
//! |---|---|
//! | `ticket.rs` | what a ticket, a conversation and an attachment are |
//! | `store.rs` | an account's tickets and their indexes |
//! | `recent.rs` | views that were shown lately and are still true |
//! | `open.rs` | a ticket comes into being; its requester is found or made |
//! | `edit.rs` | properties change; delete, restore, spam, merge |
//! | `thread.rs` | replies and notes |
//! | `due.rs` | due times pass, and rules hear of it |
//! | `bulk.rs` | bulk jobs |

mod bulk;
mod due;
mod edit;
mod open;
mod recent;
mod store;
mod thread;
pub(crate) mod ticket;

pub(crate) use bulk::Job;
pub(crate) use due::Due;
pub(crate) use edit::{Merging, Shelf, TicketEdit};
pub(crate) use open::{NewTicket, Person, attachments};
pub(crate) use recent::Truth;
pub(crate) use store::{OrderBy, Tickets};
pub(crate) use thread::NewConversation;
pub(crate) use ticket::{
    Association, Attachment, Conversation, Recipients, Ticket, source, status,
};
