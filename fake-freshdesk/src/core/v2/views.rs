//! Contacts, agents and roles as JSON.

use serde_json::{Value, json};

use super::required_fields::with_unset;
use crate::core::account::Account;
use crate::core::ids::uuid;
use crate::core::people::{Agent, Contact, Role, agent_kind};
use crate::core::time::{Ms, seconds};

/// Which of a resource's shapes: lists drop keys. [O, section 11]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    Listed,
    Viewed,
    Created,
}

fn without(mut value: Value, keys: &[&str]) -> Value {
    if let Value::Object(map) = &mut value {
        for key in keys {
            map.shift_remove(*key);
        }
    }
    value
}

/// The id of a person in the organisation above the account. It does not fit
/// into a double. [O; how it is made I]
fn organisation_wide(id: i64) -> i64 {
    (1 << 60) + id
}

/// What lists of contacts leave out. [O, section 11; of the newer keys I]
const NOT_IN_LISTS: [&str; 10] = [
    "tags",
    "other_emails",
    "view_all_tickets",
    "avatar",
    "contact_type",
    "visitor_id",
    "social_handler",
    "csat_rating",
    "guest_name",
    "guest_profile_pic",
];

/// A contact.
pub(super) fn contact(account: &Account, contact: &Contact, detail: Detail) -> Value {
    let companies: Vec<Value> = contact
        .other_companies
        .iter()
        .map(|(id, all)| json!({"company_id": id, "view_all_tickets": all}))
        .collect();
    // Only one contact, not a list of them, is worth looking through all ratings for.
    let rating = (detail == Detail::Viewed).then(|| account.latest_rating(contact.id));
    let mut shown = json!({
        "active": contact.active,
        "address": contact.address,
        "company_id": contact.company_id,
        "view_all_tickets": contact.view_all_tickets,
        "description": contact.description,
        "email": contact.email,
        "id": contact.id,
        "job_title": contact.job_title,
        "language": contact.language,
        "mobile": contact.mobile,
        "name": contact.name,
        "phone": contact.phone,
        "time_zone": contact.time_zone,
        "twitter_id": contact.twitter_id,
        "facebook_id": contact.facebook_id,
        "custom_fields": with_unset(&account.contact_fields, &contact.custom_fields),
        "tags": contact.tags,
        "other_emails": contact.other_emails,
        "unique_external_id": contact.unique_external_id,
        "other_companies": companies,
        "created_at": seconds(contact.created_at),
        "updated_at": seconds(contact.updated_at),
        "avatar": null,
        "contact_type": "contact",
        "preferred_source": contact.email.as_ref().map(|_| "email"),
        "visitor_id": uuid(contact.id.unsigned_abs()),
        "social_handler": null,
        "csat_rating": rating.flatten(),
        "guest_name": null,
        "guest_profile_pic": null,
        "org_contact_id": organisation_wide(contact.id),
    });
    if contact.deleted {
        shown["deleted"] = json!(true);
    } else if detail == Detail::Created {
        shown["deleted"] = json!(false);
    }
    match detail {
        Detail::Listed => {
            let shown = without(shown, &NOT_IN_LISTS);
            if contact.company_id.is_none() {
                without(shown, &["other_companies"])
            } else {
                shown
            }
        }
        Detail::Viewed | Detail::Created => shown,
    }
}

/// An agent.
pub(super) fn agent(agent: &Agent, detail: Detail) -> Value {
    let at = |at: Ms| seconds(at);
    let shown = json!({
        "available": agent.available,
        "occasional": agent.occasional,
        "id": agent.id,
        "ticket_scope": agent.ticket_scope,
        "signature": agent.signature,
        "group_ids": agent.group_ids,
        "role_ids": agent.role_ids,
        "skill_ids": [],
        "created_at": at(agent.created_at),
        "updated_at": at(agent.updated_at),
        "last_active_at": null,
        "available_since": null,
        "type": match agent.kind {
            agent_kind::FIELD => "field_agent",
            agent_kind::COLLABORATOR => "collaborator",
            _ => "support_agent",
        },
        "focus_mode": true,
        "deactivated": agent.deactivated,
        "api_key_enabled": true,
        "freshcaller_agent": false,
        "agent_operational_status": if agent.available { "online" } else { "offline" },
        "org_agent_id": organisation_wide(agent.id),
        "contact": {
            "active": !agent.deactivated,
            "email": agent.email,
            "job_title": agent.job_title,
            "language": agent.language,
            "last_login_at": null,
            "mobile": agent.mobile,
            "name": agent.name,
            "phone": agent.phone,
            "time_zone": agent.time_zone,
            "created_at": at(agent.created_at),
            "updated_at": at(agent.updated_at),
        },
    });
    match detail {
        Detail::Listed => without(shown, &["group_ids", "role_ids", "skill_ids"]),
        Detail::Viewed | Detail::Created => shown,
    }
}

/// A role; its privileges are not shown. [D]
pub(super) fn role(role: &Role) -> Value {
    json!({
        "id": role.id,
        "name": role.name,
        "description": role.description,
        "default": role.default,
        "created_at": seconds(role.created_at),
        "updated_at": seconds(role.updated_at),
    })
}
