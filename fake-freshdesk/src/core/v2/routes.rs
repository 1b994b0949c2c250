//! The table of endpoints: path, verb, who may call, what it takes, which
//! query parameters it knows, and which quota class it counts in.

use http::Method;

use super::call::{Call, Result};
use super::{
    accesses, account, agents, automations, companies, contacts, conversations, exports, fields,
    groups, imports, make_agent, search, sections, shelves, ticket_forms, ticket_list,
    ticket_write, tickets, time_entries,
};
use crate::core::quota::Class;

/// Who may call an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Every agent.
    Agent,
    /// Administrators only. [D]
    Admin,
    /// Account administrators only. [D]
    AccountAdmin,
}

/// What body an endpoint takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    Nothing,
    Json,
    JsonOrForm,
}

type Run = fn(&mut Call<'_, '_>) -> Result;

/// One endpoint.
pub(crate) struct Route {
    pub(crate) method: Method,
    /// Under `/api/v2`; `{id}` is a variable segment.
    pub(crate) path: &'static str,
    pub(crate) access: Access,
    pub(crate) takes: Takes,
    pub(crate) query: &'static [&'static str],
    pub(crate) class: Class,
    /// Extra credits for each `include`. [D]
    pub(crate) per_include: u32,
    pub(super) run: Run,
}

const fn route(
    method: Method,
    path: &'static str,
    takes: Takes,
    query: &'static [&'static str],
    run: Run,
) -> Route {
    Route {
        method,
        path,
        access: Access::Agent,
        takes,
        query,
        class: Class::Other,
        per_include: 0,
        run,
    }
}

const fn get(path: &'static str, query: &'static [&'static str], run: Run) -> Route {
    route(Method::GET, path, Takes::Nothing, query, run)
}

const fn post(path: &'static str, takes: Takes, run: Run) -> Route {
    route(Method::POST, path, takes, &[], run)
}

const fn put(path: &'static str, takes: Takes, run: Run) -> Route {
    route(Method::PUT, path, takes, &[], run)
}

const fn delete(path: &'static str, run: Run) -> Route {
    route(Method::DELETE, path, Takes::Nothing, &[], run)
}

impl Route {
    const fn admin(mut self) -> Route {
        self.access = Access::Admin;
        self
    }

    const fn account_admin(mut self) -> Route {
        self.access = Access::AccountAdmin;
        self
    }

    const fn class(mut self, class: Class) -> Route {
        self.class = class;
        self
    }

    const fn per_include(mut self, credits: u32) -> Route {
        self.per_include = credits;
        self
    }
}

const PAGE: &[&str] = &["page", "per_page"];
const TICKET_LIST: &[&str] = &[
    "filter",
    "requester_id",
    "email",
    "unique_external_id",
    "company_id",
    "updated_since",
    "order_by",
    "order_type",
    "include",
    "page",
    "per_page",
];
const CONTACT_LIST: &[&str] = &[
    "email",
    "mobile",
    "phone",
    "company_id",
    "state",
    "contact_type",
    "updated_since",
    "_updated_since",
    "unique_external_id",
    "page",
    "per_page",
];
const IMPORT_LIST: &[&str] = &["status", "page", "per_page"];
const AGENT_LIST: &[&str] = &["email", "mobile", "phone", "state", "page", "per_page"];

/// Every endpoint the fake serves. Where a fixed segment and a variable one are
/// in the same place, the fixed one counts, in whatever order they stand here.
pub(crate) static ROUTES: &[Route] = &[
    get("tickets", TICKET_LIST, ticket_list::list)
        .class(Class::TicketsList)
        .per_include(2),
    post("tickets", Takes::JsonOrForm, ticket_write::create).class(Class::TicketCreate),
    post(
        "tickets/outbound_email",
        Takes::JsonOrForm,
        ticket_write::outbound_email,
    )
    .class(Class::TicketCreate),
    post("tickets/bulk_update", Takes::Json, tickets::bulk_update),
    post("tickets/bulk_delete", Takes::Json, tickets::bulk_delete),
    put("tickets/merge", Takes::Json, tickets::merge),
    get("tickets/archived/{id}", &[], tickets::archived),
    get("tickets/{id}", &["include"], tickets::view).per_include(1),
    put("tickets/{id}", Takes::JsonOrForm, ticket_write::update).class(Class::TicketUpdate),
    route(
        Method::PATCH,
        "tickets/{id}",
        Takes::JsonOrForm,
        &[],
        ticket_write::update,
    )
    .class(Class::TicketUpdate),
    delete("tickets/{id}", tickets::delete),
    put("tickets/{id}/restore", Takes::Nothing, tickets::restore),
    post("tickets/{id}/watch", Takes::Json, tickets::watch),
    put("tickets/{id}/unwatch", Takes::Nothing, tickets::unwatch),
    get("tickets/{id}/watchers", &[], tickets::watchers),
    get("tickets/{id}/accesses", &[], accesses::view),
    post("tickets/{id}/accesses", Takes::Json, accesses::grant),
    route(
        Method::PATCH,
        "tickets/{id}/accesses",
        Takes::Json,
        &[],
        accesses::replace,
    ),
    delete("tickets/{id}/accesses", accesses::revoke),
    get("tickets/{id}/conversations", PAGE, conversations::list),
    post(
        "tickets/{id}/reply",
        Takes::JsonOrForm,
        conversations::reply,
    ),
    post("tickets/{id}/notes", Takes::JsonOrForm, conversations::note),
    put(
        "conversations/{id}",
        Takes::JsonOrForm,
        conversations::update,
    ),
    delete("conversations/{id}", conversations::delete),
    delete("attachments/{id}", tickets::delete_attachment),
    get("contacts", CONTACT_LIST, contacts::list).class(Class::ContactsList),
    post("contacts", Takes::JsonOrForm, contacts::create),
    get("contacts/autocomplete", &["term"], contacts::autocomplete),
    get("contacts/{id}", &[], contacts::view),
    put("contacts/{id}", Takes::JsonOrForm, contacts::update),
    delete("contacts/{id}", contacts::delete),
    put("contacts/{id}/restore", Takes::Nothing, contacts::restore),
    put(
        "contacts/{id}/make_agent",
        Takes::Json,
        make_agent::make_agent,
    ),
    route(
        Method::DELETE,
        "contacts/{id}/hard_delete",
        Takes::Nothing,
        &["force"],
        contacts::hard_delete,
    ),
    get("agents/me", &[], agents::me),
    get("agents", AGENT_LIST, agents::list).admin(),
    post("agents", Takes::Json, agents::create).admin(),
    get("agents/{id}", &[], agents::view).admin(),
    put("agents/{id}", Takes::Json, agents::update).admin(),
    delete("agents/{id}", agents::delete).admin(),
    get("roles", PAGE, agents::roles).admin(),
    get("roles/{id}", &[], agents::role).admin(),
    get("groups", PAGE, groups::list).admin(),
    post("groups", Takes::Json, groups::create).admin(),
    get("groups/{id}", &[], groups::view).admin(),
    put("groups/{id}", Takes::Json, groups::update).admin(),
    delete("groups/{id}", groups::delete).admin(),
    get("admin/groups", PAGE, groups::list).admin(),
    post("admin/groups", Takes::Json, groups::create).admin(),
    get("admin/groups/{id}", &[], groups::view).admin(),
    put("admin/groups/{id}", Takes::Json, groups::update).admin(),
    delete("admin/groups/{id}", groups::delete).admin(),
    get("ticket_fields", &["type", "page", "per_page"], fields::list),
    get("admin/ticket_fields", PAGE, fields::list).admin(),
    post("admin/ticket_fields", Takes::Json, fields::create).admin(),
    get("admin/ticket_fields/{id}", &["include"], fields::view).admin(),
    put("admin/ticket_fields/{id}", Takes::Json, fields::update).admin(),
    delete("admin/ticket_fields/{id}", fields::delete).admin(),
    get("admin/ticket_fields/{id}/sections", &[], sections::list).admin(),
    post(
        "admin/ticket_fields/{id}/sections",
        Takes::Json,
        sections::create,
    )
    .admin(),
    get(
        "admin/ticket_fields/{id}/sections/{section}",
        &[],
        sections::view,
    )
    .admin(),
    put(
        "admin/ticket_fields/{id}/sections/{section}",
        Takes::Json,
        sections::update,
    )
    .admin(),
    delete(
        "admin/ticket_fields/{id}/sections/{section}",
        sections::delete,
    )
    .admin(),
    get("automations/{type}/rules", PAGE, automations::list).admin(),
    post("automations/{type}/rules", Takes::Json, automations::create).admin(),
    get("automations/{type}/rules/{id}", &[], automations::view).admin(),
    put(
        "automations/{type}/rules/{id}",
        Takes::Json,
        automations::update,
    )
    .admin(),
    delete("automations/{type}/rules/{id}", automations::delete).admin(),
    get("account", &[], account::account),
    get("account/export", &[], exports::account).account_admin(),
    post("contacts/export", Takes::Json, exports::create),
    get("contacts/export/{id}", &[], exports::view),
    post("companies/export", Takes::Json, exports::create),
    get("companies/export/{id}", &[], exports::view),
    get("contacts/imports", IMPORT_LIST, imports::list),
    post("contacts/imports", Takes::JsonOrForm, imports::create),
    get("contacts/imports/{id}", &[], imports::view),
    put(
        "contacts/imports/{id}/cancel",
        Takes::Nothing,
        imports::cancel,
    ),
    get("companies/imports", IMPORT_LIST, imports::list),
    post("companies/imports", Takes::JsonOrForm, imports::create),
    get("companies/imports/{id}", &[], imports::view),
    put(
        "companies/imports/{id}/cancel",
        Takes::Nothing,
        imports::cancel,
    ),
    // It is no list, but an importer asks for a page of it every day. [O airbyte]
    get("settings/helpdesk", PAGE, account::helpdesk_settings),
    get("jobs/{id}", &[], account::job),
    get("search/tickets", &["query", "page"], search::tickets),
    get("search/contacts", &["query", "page"], search::contacts),
    get("search/companies", &["query", "page"], search::companies),
    get(
        "companies",
        &["updated_since", "_updated_since", "page", "per_page"],
        companies::list,
    ),
    post("companies", Takes::Json, companies::create),
    get("companies/autocomplete", &["name"], companies::autocomplete),
    get("companies/{id}", &[], companies::view),
    put("companies/{id}", Takes::Json, companies::update),
    delete("companies/{id}", companies::delete),
    get("contact_fields", &[], fields::list),
    post("contact_fields", Takes::Json, fields::create).admin(),
    get("contact_fields/{id}", &[], fields::view),
    put("contact_fields/{id}", Takes::Json, fields::update).admin(),
    delete("contact_fields/{id}", fields::delete).admin(),
    get("company_fields", &[], fields::list),
    post("company_fields", Takes::Json, fields::create).admin(),
    get("company_fields/{id}", &[], fields::view),
    put("company_fields/{id}", Takes::Json, fields::update).admin(),
    delete("company_fields/{id}", fields::delete).admin(),
    post(
        "tickets/{id}/forward",
        Takes::JsonOrForm,
        conversations::forward,
    ),
    get("tickets/{id}/associated_tickets", PAGE, tickets::associated),
    get(
        "tickets/{id}/prime_association",
        &[],
        tickets::prime_association,
    ),
    get("tickets/{id}/summary", &[], tickets::summary),
    put("tickets/{id}/summary", Takes::Json, tickets::set_summary),
    delete("tickets/{id}/summary", tickets::delete_summary),
    get("tickets/{id}/time_entries", PAGE, time_entries::of_ticket),
    post(
        "tickets/{id}/time_entries",
        Takes::Json,
        time_entries::create,
    ),
    get(
        "tickets/{id}/satisfaction_ratings",
        PAGE,
        time_entries::ratings_of_ticket,
    ),
    post(
        "tickets/{id}/satisfaction_ratings",
        Takes::Json,
        time_entries::rate,
    ),
    get(
        "time_entries",
        &[
            "company_id",
            "agent_id",
            "executed_after",
            "executed_before",
            "billable",
            "page",
            "per_page",
        ],
        time_entries::list,
    ),
    put("time_entries/{id}", Takes::Json, time_entries::update),
    delete("time_entries/{id}", time_entries::delete),
    put(
        "time_entries/{id}/toggle_timer",
        Takes::Json,
        time_entries::toggle,
    ),
    get("surveys", &["state", "page", "per_page"], shelves::list),
    get(
        "surveys/satisfaction_ratings",
        &["created_since", "user_id", "page", "per_page"],
        time_entries::ratings,
    ),
    post("contacts/merge", Takes::Json, contacts::merge),
    put(
        "contacts/{id}/send_invite",
        Takes::Nothing,
        contacts::send_invite,
    ),
    get("agents/autocomplete", &["term"], agents::autocomplete).admin(),
    get("products", PAGE, shelves::list).admin(),
    post("products", Takes::Json, shelves::create).admin(),
    get("products/{id}", &[], shelves::view).admin(),
    put("products/{id}", Takes::Json, shelves::update).admin(),
    delete("products/{id}", shelves::delete).admin(),
    get("email_configs", PAGE, shelves::list).admin(),
    get("email_configs/{id}", &[], shelves::view).admin(),
    get("email/mailboxes", PAGE, shelves::list).admin(),
    get("email/mailboxes/{id}", &[], shelves::view).admin(),
    get("business_hours", PAGE, shelves::list).admin(),
    get("business_hours/{id}", &[], shelves::view).admin(),
    get("sla_policies", PAGE, shelves::list).admin(),
    post("sla_policies", Takes::Json, shelves::create).admin(),
    put("sla_policies/{id}", Takes::Json, shelves::update).admin(),
    get("canned_response_folders", PAGE, shelves::list).admin(),
    post("canned_response_folders", Takes::Json, shelves::create).admin(),
    get("canned_response_folders/{id}", &[], shelves::folder).admin(),
    put("canned_response_folders/{id}", Takes::Json, shelves::update).admin(),
    get(
        "canned_response_folders/{id}/responses",
        PAGE,
        shelves::folder_responses,
    )
    .admin(),
    post("canned_responses", Takes::Json, shelves::create).admin(),
    get("canned_responses/{id}", &[], shelves::view).admin(),
    put("canned_responses/{id}", Takes::Json, shelves::update).admin(),
    get("scenario_automations", PAGE, shelves::list),
    get("collaboration/threads", PAGE, shelves::list).admin(),
    post("collaboration/threads", Takes::Json, shelves::create).admin(),
    get("collaboration/threads/{id}", &[], shelves::view).admin(),
    put("collaboration/threads/{id}", Takes::Json, shelves::update).admin(),
    delete("collaboration/threads/{id}", shelves::delete).admin(),
    get("ticket-forms", PAGE, ticket_forms::list).admin(),
    get("ticket-forms/{id}", &[], ticket_forms::view).admin(),
    get("skills", PAGE, shelves::list).admin(),
    get("skills/{id}", &[], shelves::view).admin(),
    get("admin/skills", PAGE, shelves::list).admin(),
    post("admin/skills", Takes::Json, shelves::create).admin(),
    get("admin/skills/{id}", &[], shelves::view).admin(),
    put("admin/skills/{id}", Takes::Json, shelves::update).admin(),
    delete("admin/skills/{id}", shelves::delete).admin(),
    get("solutions/categories", PAGE, shelves::list),
    post("solutions/categories", Takes::Json, shelves::create),
    get("solutions/categories/{id}", &[], shelves::view),
    put("solutions/categories/{id}", Takes::Json, shelves::update),
    delete("solutions/categories/{id}", shelves::delete),
    get("solutions/categories/{id}/folders", PAGE, shelves::list),
    post(
        "solutions/categories/{id}/folders",
        Takes::Json,
        shelves::create,
    ),
    get("solutions/folders/{id}", &[], shelves::view),
    put("solutions/folders/{id}", Takes::Json, shelves::update),
    delete("solutions/folders/{id}", shelves::delete),
    get("solutions/folders/{id}/articles", PAGE, shelves::list),
    post(
        "solutions/folders/{id}/articles",
        Takes::Json,
        shelves::create,
    ),
    get("solutions/articles/{id}", &[], shelves::view),
    put("solutions/articles/{id}", Takes::Json, shelves::update),
    delete("solutions/articles/{id}", shelves::delete),
    get(
        "search/solutions",
        &["term", "page", "per_page"],
        shelves::search_articles,
    ),
    get("discussions/categories", PAGE, shelves::list),
    post("discussions/categories", Takes::Json, shelves::create),
    get("discussions/categories/{id}", &[], shelves::view),
    put("discussions/categories/{id}", Takes::Json, shelves::update),
    delete("discussions/categories/{id}", shelves::delete),
    get("discussions/categories/{id}/forums", PAGE, shelves::list),
    post(
        "discussions/categories/{id}/forums",
        Takes::Json,
        shelves::create,
    ),
    get("discussions/forums/{id}", &[], shelves::view),
    put("discussions/forums/{id}", Takes::Json, shelves::update),
    delete("discussions/forums/{id}", shelves::delete),
    get("discussions/forums/{id}/topics", PAGE, shelves::list),
    post(
        "discussions/forums/{id}/topics",
        Takes::Json,
        shelves::create,
    ),
    get("discussions/topics/{id}", &[], shelves::view),
    put("discussions/topics/{id}", Takes::Json, shelves::update),
    delete("discussions/topics/{id}", shelves::delete),
    get("discussions/topics/{id}/comments", PAGE, shelves::list),
    post(
        "discussions/topics/{id}/comments",
        Takes::Json,
        shelves::create,
    ),
    put("discussions/comments/{id}", Takes::Json, shelves::update),
    delete("discussions/comments/{id}", shelves::delete),
];
