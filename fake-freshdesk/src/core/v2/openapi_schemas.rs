//! The shapes that the OpenAPI document names. `tests/it/openapi.rs` holds
//! them against what endpoints really take and answer.

use http::Method;

/// What endpoints take: `name:type`, `name!` must be there.
pub(super) static BODIES: &[(Method, &str, &str)] = &[
    (
        Method::POST,
        "tickets",
        "name:string requester_id:integer email:email facebook_id:string phone:string twitter_id:string unique_external_id:string subject:string type:string? status:=2|3|4|5|6|7 priority:=1|2|3|4 description:string responder_id:integer? group_id:integer? company_id:integer? product_id:integer? email_config_id:integer? source:=1|2|3|5|6|7|9|10 tags:[string] custom_fields:object due_by:time fr_due_by:time internal_agent_id:integer? internal_group_id:integer? parent_id:integer? cc_emails:[email] related_ticket_ids:[integer] lookup_parameter:string",
    ),
    (
        Method::POST,
        "tickets/outbound_email",
        "email!:email subject!:string description:string email_config_id!:integer name:string type:string? status:=2|3|4|5|6|7 priority:=1|2|3|4 due_by:time fr_due_by:time group_id:integer? tags:[string] custom_fields:object cc_emails:[email]",
    ),
    (Method::POST, "tickets/bulk_update", "bulk_action!:object"),
    (Method::POST, "tickets/bulk_delete", "bulk_action!:object"),
    (
        Method::PUT,
        "tickets/merge",
        "primary_id!:integer ticket_ids!:[integer] note_in_primary:object note_in_secondary:object convert_recepients_to_cc:boolean",
    ),
    (Method::PUT, "tickets/{id}", TICKET_UPDATE),
    (Method::PATCH, "tickets/{id}", TICKET_UPDATE),
    (Method::POST, "tickets/{id}/watch", "user_id:integer"),
    (Method::POST, "tickets/{id}/accesses", "user_ids!:[integer]"),
    (
        Method::PATCH,
        "tickets/{id}/accesses",
        "user_ids!:[integer]",
    ),
    (Method::POST, "contacts/export", "fields!:object"),
    (Method::POST, "companies/export", "fields!:object"),
    (Method::POST, "contacts/imports", "fields!:object"),
    (Method::POST, "companies/imports", "fields!:object"),
    (
        Method::POST,
        "admin/ticket_fields/{id}/sections",
        "label!:string choice_ids!:[integer] ticket_field_ids:[integer]",
    ),
    (
        Method::PUT,
        "admin/ticket_fields/{id}/sections/{section}",
        "label:string choice_ids:[integer] ticket_field_ids:[integer]",
    ),
    (
        Method::POST,
        "collaboration/threads",
        "type!:string title:string parent!:object anchor:object participants:object additional_info:object",
    ),
    (
        Method::PUT,
        "collaboration/threads/{id}",
        "type:string title:string parent:object anchor:object participants:object additional_info:object",
    ),
    (
        Method::POST,
        "tickets/{id}/reply",
        "body!:string from_email:email user_id:integer cc_emails:[email] bcc_emails:[email] last_note_id:integer",
    ),
    (
        Method::POST,
        "tickets/{id}/notes",
        "body!:string private:boolean incoming:boolean user_id:integer notify_emails:[email]",
    ),
    (
        Method::POST,
        "tickets/{id}/forward",
        "body!:string to_emails!:[email] cc_emails:[email] bcc_emails:[email] from_email:email include_quoted_text:boolean include_original_attachments:boolean",
    ),
    (
        Method::PUT,
        "tickets/{id}/summary",
        "body!:string user_id:integer",
    ),
    (Method::POST, "tickets/{id}/time_entries", TIME_ENTRY),
    (
        Method::POST,
        "tickets/{id}/satisfaction_ratings",
        "feedback:string ratings!:object",
    ),
    (Method::PUT, "time_entries/{id}", TIME_ENTRY),
    (Method::PUT, "time_entries/{id}/toggle_timer", ""),
    (Method::PUT, "conversations/{id}", "body!:string"),
    (Method::POST, "contacts", CONTACT),
    (Method::PUT, "contacts/{id}", CONTACT),
    (
        Method::POST,
        "contacts/merge",
        "primary_contact_id!:integer secondary_contact_ids!:[integer] contact:object",
    ),
    (
        Method::PUT,
        "contacts/{id}/make_agent",
        "occasional:boolean signature:string ticket_scope:=1|2|3 skill_ids:[integer] group_ids:[integer] role_ids:[integer] type:string focus_mode:boolean",
    ),
    (Method::POST, "companies", COMPANY),
    (Method::PUT, "companies/{id}", COMPANY),
    (
        Method::POST,
        "agents",
        "name:string email!:email phone:string mobile:string job_title:string language:string time_zone:string occasional:boolean signature:string ticket_scope!:=1|2|3 skill_ids:[integer] group_ids:[integer] role_ids:[integer] agent_type:=1|2|3 focus_mode:boolean",
    ),
    (
        Method::PUT,
        "agents/{id}",
        "email:email occasional:boolean signature:string ticket_scope:=1|2|3 skill_ids:[integer] group_ids:[integer] role_ids:[integer] agent_type:=1|2|3 focus_mode:boolean",
    ),
    (Method::POST, "groups", GROUP),
    (Method::PUT, "groups/{id}", GROUP),
    (Method::POST, "admin/groups", ADMIN_GROUP),
    (Method::PUT, "admin/groups/{id}", ADMIN_GROUP),
    (Method::POST, "contact_fields", NEW_CONTACT_FIELD),
    (Method::PUT, "contact_fields/{id}", CONTACT_FIELD),
    (
        Method::POST,
        "company_fields",
        "label!:string type!:string position:integer required_for_agents:boolean choices:[object]",
    ),
    (
        Method::PUT,
        "company_fields/{id}",
        "label:string position:integer required_for_agents:boolean choices:[object]",
    ),
    (
        Method::POST,
        "admin/ticket_fields",
        "label!:string label_for_customers!:string type!:string position:integer required_for_closure:boolean required_for_agents:boolean required_for_customers:boolean customers_can_edit:boolean displayed_to_customers:boolean choices:[object] dependent_fields:[object] portal_cc:boolean portal_cc_to:string",
    ),
    (
        Method::PUT,
        "admin/ticket_fields/{id}",
        "label:string label_for_customers:string position:integer required_for_closure:boolean required_for_agents:boolean required_for_customers:boolean customers_can_edit:boolean displayed_to_customers:boolean choices:[object] dependent_fields:[object] portal_cc:boolean portal_cc_to:string",
    ),
    (Method::POST, "automations/{type}/rules", RULE),
    (Method::PUT, "automations/{type}/rules/{id}", RULE),
    (
        Method::POST,
        "products",
        "name!:string description:string default:boolean primary_email:string",
    ),
    (
        Method::PUT,
        "products/{id}",
        "name:string description:string default:boolean primary_email:string",
    ),
    (
        Method::POST,
        "sla_policies",
        "name!:string description:string active:boolean applicable_to!:object sla_target!:object escalation:object",
    ),
    (
        Method::PUT,
        "sla_policies/{id}",
        "name:string description:string active:boolean applicable_to:object sla_target:object escalation:object",
    ),
    (Method::POST, "canned_response_folders", "name!:string"),
    (Method::PUT, "canned_response_folders/{id}", "name:string"),
    (
        Method::POST,
        "canned_responses",
        "title!:string content_html!:string folder_id!:integer visibility!:=0|1|2 group_ids:[integer]",
    ),
    (
        Method::PUT,
        "canned_responses/{id}",
        "title:string content_html:string folder_id:integer visibility:=0|1|2 group_ids:[integer]",
    ),
    (
        Method::POST,
        "admin/skills",
        "name!:string rank:integer agents:[integer] match_type:string conditions:object",
    ),
    (
        Method::PUT,
        "admin/skills/{id}",
        "name:string rank:integer agents:[integer] match_type:string conditions:object",
    ),
    (
        Method::POST,
        "solutions/categories",
        "name!:string description:string visible_in_portals:[integer]",
    ),
    (
        Method::PUT,
        "solutions/categories/{id}",
        "name:string description:string visible_in_portals:[integer]",
    ),
    (
        Method::POST,
        "solutions/categories/{id}/folders",
        "name!:string description:string visibility!:=1|2|3|4|5|6 company_ids:[integer]",
    ),
    (
        Method::PUT,
        "solutions/folders/{id}",
        "name:string description:string visibility:=1|2|3|4|5|6 company_ids:[integer]",
    ),
    (
        Method::POST,
        "solutions/folders/{id}/articles",
        "title!:string description!:string type:=1|2 status!:=1|2 seo_data:object tags:[string]",
    ),
    (
        Method::PUT,
        "solutions/articles/{id}",
        "title:string description:string type:=1|2 status:=1|2 seo_data:object tags:[string]",
    ),
    (
        Method::POST,
        "discussions/categories",
        "name!:string description:string",
    ),
    (
        Method::PUT,
        "discussions/categories/{id}",
        "name:string description:string",
    ),
    (
        Method::POST,
        "discussions/categories/{id}/forums",
        "name!:string description:string forum_type!:=1|2|3|4 forum_visibility!:=1|2|3|4 company_ids:[integer]",
    ),
    (
        Method::PUT,
        "discussions/forums/{id}",
        "name:string description:string forum_type:=1|2|3|4 forum_visibility:=1|2|3|4 company_ids:[integer]",
    ),
    (
        Method::POST,
        "discussions/forums/{id}/topics",
        "title!:string message!:string sticky:boolean locked:boolean stamp_type:integer",
    ),
    (
        Method::PUT,
        "discussions/topics/{id}",
        "title:string message:string sticky:boolean locked:boolean stamp_type:integer",
    ),
    (
        Method::POST,
        "discussions/topics/{id}/comments",
        "body!:string answer:boolean",
    ),
    (
        Method::PUT,
        "discussions/comments/{id}",
        "body:string answer:boolean",
    ),
];

const TICKET_UPDATE: &str = "name:string requester_id:integer email:email facebook_id:string phone:string twitter_id:string unique_external_id:string subject:string type:string? status:=2|3|4|5|6|7 priority:=1|2|3|4 description:string responder_id:integer? group_id:integer? company_id:integer? product_id:integer? email_config_id:integer? source:=1|2|3|5|6|7|9|10 tags:[string] custom_fields:object due_by:time fr_due_by:time internal_agent_id:integer? internal_group_id:integer?";
const TIME_ENTRY: &str = "agent_id:integer billable:boolean executed_at:time note:string start_time:time time_spent:string timer_running:boolean";
const CONTACT: &str = "name:string email:email phone:string mobile:string twitter_id:string facebook_id:string unique_external_id:string other_emails:[email] company_id:integer? view_all_tickets:boolean other_companies:[object] address:string custom_fields:object description:string job_title:string language:string tags:[string] time_zone:string";
const COMPANY: &str = "name:string description:string domains:[string] note:string custom_fields:object health_score:string account_tier:string renewal_date:time industry:string";
const GROUP: &str = "name:string description:string agent_ids:[integer] auto_ticket_assign:=0|1|2|3|12 escalate_to:integer unassigned_for:string business_hour_id:integer group_type:string";
const ADMIN_GROUP: &str = "name:string description:string agent_ids:[integer] auto_ticket_assign:=0|1|2|3|12 escalate_to:integer unassigned_for:string business_calendar_id:integer group_type:string";
const NEW_CONTACT_FIELD: &str = "label!:string label_for_customers!:string type!:string position:integer required_for_agents:boolean customers_can_edit:boolean required_for_customers:boolean displayed_for_customers:boolean editable_in_signup:boolean choices:[object]";
const CONTACT_FIELD: &str = "label:string label_for_customers:string position:integer required_for_agents:boolean customers_can_edit:boolean required_for_customers:boolean displayed_for_customers:boolean editable_in_signup:boolean choices:[object]";
const RULE: &str = "name:string description:string position:integer active:boolean performer:object events:[object] conditions:[object] operator:string actions:[object]";

/// What endpoints answer.
pub(super) static SCHEMAS: &[(&str, &str)] = &[
    (
        "Ticket",
        "id!:integer subject!:string? description:string description_text:string status!:integer priority!:integer source!:integer type!:string? requester_id!:integer responder_id!:integer? group_id!:integer? company_id!:integer? product_id!:integer? email_config_id!:integer? spam!:boolean deleted:boolean fr_escalated!:boolean is_escalated!:boolean nr_escalated!:boolean due_by!:time? fr_due_by!:time? nr_due_by!:time? cc_emails!:[string] fwd_emails!:[string] reply_cc_emails!:[string] ticket_cc_emails!:[string] ticket_bcc_emails!:[string] to_emails!:[string]? support_email!:string? tags!:[string] custom_fields!:object attachments:[#Attachment] association_type:integer? form_id:integer? created_at!:time updated_at!:time conversations:[#Conversation] requester:object company:object stats:object",
    ),
    (
        "Conversation",
        "id!:integer ticket_id!:integer body!:string body_text!:string user_id!:integer? incoming:boolean private:boolean source:integer category:integer from_email:string? support_email:string? to_emails:[string] cc_emails:[string] bcc_emails:[string]? email_failure_count:integer? outgoing_failures:[object]? replied_to:[string] notified_to:[string] attachments!:[#Attachment] auto_response:boolean automation_id:integer? automation_type_id:integer? created_at!:time updated_at!:time",
    ),
    (
        "Attachment",
        "id!:integer name!:string content_type!:string size!:integer attachment_url!:string thumb_url:string created_at!:time updated_at!:time",
    ),
    (
        "Contact",
        "id!:integer name!:string email!:string? phone!:string? mobile!:string? active!:boolean company_id!:integer? job_title!:string? language!:string time_zone!:string twitter_id!:string? facebook_id!:string? unique_external_id!:string? custom_fields!:object tags:[string] other_emails:[string] view_all_tickets:boolean deleted:boolean created_at!:time updated_at!:time",
    ),
    (
        "Company",
        "id!:integer name!:string description!:string? note!:string? domains!:[string] custom_fields!:object health_score!:string? account_tier!:string? renewal_date!:time? industry!:string? created_at!:time updated_at!:time",
    ),
    (
        "Agent",
        "id!:integer available!:boolean occasional!:boolean ticket_scope!:integer signature!:string? type!:string deactivated!:boolean group_ids:[integer] role_ids:[integer] skill_ids:[integer] contact!:object created_at!:time updated_at!:time",
    ),
    (
        "Role",
        "id!:integer name!:string description!:string default!:boolean created_at!:time updated_at!:time",
    ),
    (
        "Group",
        "id!:integer name!:string description!:string? escalate_to!:integer? unassigned_for!:string? business_hour_id!:integer? group_type!:string auto_ticket_assign!:integer agent_ids:[integer] created_at!:time updated_at!:time",
    ),
    (
        "AdminGroup",
        "id!:integer name!:string description!:string? escalate_to!:integer? unassigned_for!:string? business_calendar_id!:integer? group_type!:string auto_ticket_assign!:integer agent_ids:[integer] created_at!:time updated_at!:time",
    ),
    (
        "TicketField",
        "id!:integer name!:string label!:string type!:string default!:boolean position!:integer choices:any created_at!:time updated_at!:time",
    ),
    (
        "Rule",
        "id!:integer name!:string active!:boolean position!:integer conditions!:[object] actions!:[object] performer:object? events:[object] summary!:object meta!:object created_at!:time updated_at!:time",
    ),
    (
        "TimeEntry",
        "id!:integer ticket_id!:integer agent_id!:integer billable!:boolean note!:string? timer_running!:boolean time_spent!:string time_spent_in_seconds!:integer executed_at!:string start_time!:string created_at!:string updated_at!:string",
    ),
    ("Thing", "id!:integer"),
    (
        "Job",
        "id!:string status!:string name:string progress:integer download_url:string",
    ),
    ("JobStarted", "job_id!:string href!:string"),
    ("Export", "id!:string status:string download_url:string"),
    (
        "Import",
        "id!:integer status!:string total_records!:integer completed_records!:integer failures!:object created_at!:time updated_at!:time",
    ),
    (
        "Section",
        "id!:integer label!:string parent_ticket_field_id!:integer choice_ids!:[integer] ticket_field_ids!:[integer] created_at!:time updated_at!:time",
    ),
    ("Accesses", "ticket_id!:integer user_ids!:[integer]"),
    ("SearchResult", "total!:integer results!:[object]"),
    (
        "Account",
        "account_id!:integer account_domain!:string tier_type!:string total_agents!:object",
    ),
    (
        "HelpdeskSettings",
        "primary_language!:string supported_languages!:[string] portal_languages!:[string]",
    ),
    ("CompanyNames", "companies!:[object]"),
    ("Watchers", "watchers!:[integer]"),
    (
        "FieldError",
        "field!:string message!:string code!:string additional_info:object",
    ),
    (
        "ValidationError",
        "description!:string errors!:[#FieldError]",
    ),
    ("RequestError", "code!:string message!:string"),
];
