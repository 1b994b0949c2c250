//! What each endpoint answers when all goes well, for the OpenAPI document.

use http::Method;

/// A success's status and shape (empty: no body).
type Answers = &'static [(u16, &'static str)];

const NOTHING: Answers = &[(204, "")];

/// What the endpoint answers when all goes well.
pub(super) fn answers(method: &Method, path: &str) -> Answers {
    match (method.as_str(), path) {
        ("GET", "tickets" | "tickets/{id}/associated_tickets") => &[(200, "[#Ticket]")],
        ("POST", "tickets" | "tickets/outbound_email") => &[(201, "#Ticket")],
        ("POST", "tickets/bulk_update" | "tickets/bulk_delete") => &[(202, "#JobStarted")],
        ("GET" | "PUT" | "PATCH", "tickets/{id}") | ("GET", "tickets/{id}/prime_association") => {
            &[(200, "#Ticket")]
        }
        ("GET", "tickets/archived/{id}") => &[(200, "#Ticket")],
        ("PUT", "tickets/merge" | "tickets/{id}/restore" | "tickets/{id}/unwatch")
        | ("POST", "tickets/{id}/watch") => NOTHING,
        ("GET", "tickets/{id}/watchers") => &[(200, "#Watchers")],
        ("GET", "tickets/{id}/conversations") => &[(200, "[#Conversation]")],
        ("POST", "tickets/{id}/reply" | "tickets/{id}/notes" | "tickets/{id}/forward") => {
            &[(201, "#Conversation")]
        }
        ("PUT", "conversations/{id}") => &[(200, "#Conversation")],
        ("GET", "tickets/{id}/time_entries" | "time_entries") => &[(200, "[#TimeEntry]")],
        ("POST", "tickets/{id}/time_entries") => &[(201, "#TimeEntry")],
        ("PUT", "time_entries/{id}" | "time_entries/{id}/toggle_timer") => &[(200, "#TimeEntry")],
        ("POST", "tickets/{id}/satisfaction_ratings") => &[(201, "#Thing")],
        ("GET" | "PUT", "tickets/{id}/summary") => &[(200, "#Thing")],
        ("GET", "search/tickets" | "search/contacts" | "search/companies") => {
            &[(200, "#SearchResult")]
        }
        ("GET", "contacts") => &[(200, "[#Contact]")],
        ("POST", "contacts") => &[(201, "#Contact")],
        ("POST", "contacts/merge")
        | ("PUT", "contacts/{id}/restore" | "contacts/{id}/send_invite") => NOTHING,
        ("GET", "contacts/autocomplete" | "agents/autocomplete") => &[(200, "[object]")],
        ("GET" | "PUT", "contacts/{id}" | "contacts/{id}/make_agent") => &[(200, "#Contact")],
        ("GET", "companies") => &[(200, "[#Company]")],
        ("GET", "companies/autocomplete") => &[(200, "#CompanyNames")],
        ("POST", "companies") => &[(201, "#Company")],
        (_, "companies/{id}") if method != Method::DELETE => &[(200, "#Company")],
        ("GET", "agents") => &[(200, "[#Agent]")],
        ("POST", "agents") => &[(201, "#Agent")],
        (_, "agents/me" | "agents/{id}") if method != Method::DELETE => &[(200, "#Agent")],
        ("GET", "roles") => &[(200, "[#Role]")],
        ("GET", "roles/{id}") => &[(200, "#Role")],
        ("GET", "groups") => &[(200, "[#Group]")],
        ("POST", "groups") => &[(201, "#Group")],
        (_, "groups/{id}") if method != Method::DELETE => &[(200, "#Group")],
        ("GET", "admin/groups") => &[(200, "[#AdminGroup]")],
        ("POST", "admin/groups") => &[(201, "#AdminGroup")],
        (_, "admin/groups/{id}") if method != Method::DELETE => &[(200, "#AdminGroup")],
        ("GET", "ticket_fields" | "admin/ticket_fields" | "contact_fields" | "company_fields") => {
            &[(200, "[#TicketField]")]
        }
        ("POST", "admin/ticket_fields" | "contact_fields" | "company_fields") => {
            &[(201, "#TicketField")]
        }
        (_, "admin/ticket_fields/{id}" | "contact_fields/{id}" | "company_fields/{id}")
            if method != Method::DELETE =>
        {
            &[(200, "#TicketField")]
        }
        ("GET", "automations/{type}/rules") => &[(200, "[#Rule]")],
        ("POST", "automations/{type}/rules") => &[(201, "#Rule")],
        (_, "automations/{type}/rules/{id}") if method != Method::DELETE => &[(200, "#Rule")],
        ("GET", "account") => &[(200, "#Account")],
        ("GET", "settings/helpdesk") => &[(200, "#HelpdeskSettings")],
        ("GET", "account/export") => &[(202, "#JobStarted")],
        ("POST", "contacts/export" | "companies/export") => &[(202, "#Export")],
        ("GET", "contacts/export/{id}" | "companies/export/{id}") => &[(200, "#Export")],
        ("POST", "contacts/imports" | "companies/imports") => &[(201, "#Import")],
        ("GET", "contacts/imports" | "companies/imports") => &[(200, "[#Import]")],
        ("GET", "contacts/imports/{id}" | "companies/imports/{id}") => &[(200, "#Import")],
        ("PUT", "contacts/imports/{id}/cancel" | "companies/imports/{id}/cancel") => NOTHING,
        ("POST", "admin/ticket_fields/{id}/sections") => &[(201, "#Section")],
        ("GET", "admin/ticket_fields/{id}/sections") => &[(200, "[#Section]")],
        (_, "admin/ticket_fields/{id}/sections/{section}") if method != Method::DELETE => {
            &[(200, "#Section")]
        }
        ("POST", "tickets/{id}/accesses") => &[(201, "#Accesses")],
        (_, "tickets/{id}/accesses") if method != Method::DELETE => &[(200, "#Accesses")],
        ("GET", "jobs/{id}") => &[(200, "#Job")],
        ("DELETE", _) => NOTHING,
        ("POST", _) => &[(201, "#Thing")],
        ("GET", path) if path.ends_with("{id}") => &[(200, "#Thing")],
        ("GET", _) => &[(200, "[#Thing]")],
        _ => &[(200, "#Thing")],
    }
}
