//! Lists of tickets.

use super::call::{Answer, Call, Result};
use super::errors::{Failure, FieldError, code};
use super::query::Page;
use super::ticket_view::{Shape, TicketView};
use super::tickets::includes;
use crate::core::people::Handle;
use crate::core::tickets::{OrderBy, Ticket};
use crate::core::time::{DAY, Ms};

/// Pages of the list end here. [D]
const LAST_PAGE: usize = 300;
/// Without `updated_since`, only tickets this young are listed. [D]
const DEFAULT_WINDOW: Ms = 30 * DAY;

const FILTERS: [&str; 5] = [
    "new_and_my_open",
    "watching",
    "spam",
    "deleted",
    "all_tickets",
];
/// `company` is not in the reference, but singer's tap asks for it every day. [O TAP]
const INCLUDES: [&str; 4] = ["stats", "requester", "description", "company"];

type Tickets<'a> = Box<dyn Iterator<Item = &'a Ticket> + 'a>;

fn turned<'a>(
    tickets: impl DoubleEndedIterator<Item = &'a Ticket> + 'a,
    descending: bool,
) -> Tickets<'a> {
    if descending {
        Box::new(tickets.rev())
    } else {
        Box::new(tickets)
    }
}

/// The sort key of an order, for the few cases in which no index has it.
fn sorted<'a>(tickets: Tickets<'a>, by: OrderBy, descending: bool) -> Tickets<'a> {
    let mut list: Vec<&Ticket> = tickets.collect();
    list.sort_by_key(|ticket| match by {
        OrderBy::CreatedAt => (ticket.created_at, ticket.id),
        OrderBy::UpdatedAt => (ticket.updated_at, ticket.id),
        OrderBy::DueBy => (ticket.due_by.unwrap_or(Ms::MAX), ticket.id),
        OrderBy::Status => (Ms::from(ticket.status), ticket.id),
    });
    if descending {
        Box::new(list.into_iter().rev())
    } else {
        Box::new(list.into_iter())
    }
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result {
    let query = &call.query;
    let page = query.page()?;
    let words = query.includes(&INCLUDES)?;
    let filter = query.word("filter", &FILTERS)?;
    let order = match query.word(
        "order_by",
        &["created_at", "due_by", "updated_at", "status"],
    )? {
        Some("due_by") => OrderBy::DueBy,
        Some("updated_at") => OrderBy::UpdatedAt,
        Some("status") => OrderBy::Status,
        _ => OrderBy::CreatedAt,
    };
    let descending = query.word("order_type", &["asc", "desc"])? != Some("asc");
    let since = query.time("updated_since")?;
    let requester = requester(call)?;
    let company = query.integer("company_id")?;
    if page.number > LAST_PAGE {
        let message = format!(
            "You cannot access tickets beyond page {LAST_PAGE}. Provide a smaller page number"
        );
        return Err(Failure::field(FieldError::new(
            "page",
            message,
            code::INVALID_VALUE,
        )));
    }
    let store = &call.account().tickets;
    let oldest = call.desk.now - DEFAULT_WINDOW;
    let fresh = move |ticket: &&Ticket| match since {
        Some(since) => ticket.updated_at >= since,
        None => ticket.created_at >= oldest,
    };
    // The narrowest index goes first; the rest of the filters are applied on the way.
    let (tickets, ordered): (Tickets<'_>, bool) = if matches!(filter, Some("spam" | "deleted")) {
        (Box::new(store.unlisted()), false)
    } else if let Some(requester) = requester {
        (
            turned(store.of_requester(requester), descending),
            order == OrderBy::CreatedAt,
        )
    } else if let Some(company) = company {
        (
            turned(store.of_company(company), descending),
            order == OrderBy::CreatedAt,
        )
    } else {
        match (order, since) {
            (OrderBy::CreatedAt, None) => (turned(store.created_since(oldest), descending), true),
            (OrderBy::UpdatedAt, Some(since)) => {
                (turned(store.updated_since(since), descending), true)
            }
            (order, _) => {
                let all = store.ordered(order);
                (
                    if descending {
                        Box::new(all.rev()) as Tickets<'_>
                    } else {
                        Box::new(all)
                    },
                    true,
                )
            }
        }
    };
    let me = call.agent;
    let chosen = move |ticket: &&Ticket| match filter {
        Some("spam") => ticket.spam && !ticket.deleted,
        Some("deleted") => ticket.deleted,
        Some("watching") => ticket.rare().watchers.contains(&me),
        Some("new_and_my_open") => {
            ticket.status == 2 && (ticket.responder_id.is_none() || ticket.responder_id == Some(me))
        }
        _ => true,
    };
    let fits = move |ticket: &&Ticket| {
        requester.is_none_or(|id| ticket.requester_id == id)
            && company.is_none_or(|id| ticket.company_id == Some(id))
    };
    let tickets = tickets
        .filter(fresh)
        .filter(chosen)
        .filter(fits)
        .filter(|ticket| call.may_see(ticket) && !call.is_archived(ticket));
    let tickets: Tickets<'_> = if ordered {
        Box::new(tickets)
    } else {
        sorted(Box::new(tickets), order, descending)
    };
    let shape = Shape::Listed {
        description: words.contains(&"description"),
    };
    let include = includes(&words);
    let (shown, more) = one_page(tickets, page);
    let views: Vec<TicketView<'_>> = shown
        .into_iter()
        .map(|ticket| call.ticket_view(ticket, shape, include))
        .collect();
    let mut answer = Answer::written(200, &views);
    if more && page.number < LAST_PAGE {
        answer.link = Some(call.next_link(page));
    }
    Ok(answer)
}

/// The page's elements, and whether there are more.
pub(super) fn one_page<T>(all: impl Iterator<Item = T>, page: Page) -> (Vec<T>, bool) {
    let mut rest = all.skip(page.skip());
    let shown: Vec<T> = rest.by_ref().take(page.size).collect();
    let more = rest.next().is_some();
    (shown, more)
}

/// The requester that `requester_id`, `email` or `unique_external_id` names.
/// An unknown e-mail is an error, not an empty list. [O]
fn requester(call: &Call<'_, '_>) -> Result<Option<i64>> {
    let people = &call.account().people;
    if let Some(email) = call.query.get("email") {
        let message = "There is no contact matching the given email";
        let id = people.find(Handle::Email, email);
        return id
            .map(Some)
            .ok_or_else(|| Failure::field(FieldError::new("email", message, code::INVALID_VALUE)));
    }
    if let Some(external) = call.query.get("unique_external_id") {
        let id = people.find(Handle::External, external);
        return id.map(Some).ok_or_else(|| {
            Failure::field(FieldError::nothing_matches("unique_external_id", "contact"))
        });
    }
    let Some(id) = call.query.integer("requester_id")? else {
        return Ok(None);
    };
    match people.name_and_email(id) {
        Some(_) => Ok(Some(id)),
        None => Err(Failure::field(FieldError::nothing_matches(
            "requester_id",
            "contact",
        ))),
    }
}
