//! The account itself, its settings, and jobs.

use serde_json::json;

use super::call::{Answer, Call, Result};
use super::errors::Failure;
use super::exports;
use crate::core::people::{Agent, agent_kind};
use crate::core::time::seconds;

/// `tier_type` holds the plan's old name. [D, O trocco]
pub(super) fn account(call: &mut Call<'_, '_>) -> Result {
    let account = call.account();
    let agents = |fits: &dyn Fn(&Agent) -> bool| {
        let agents = account.people.agents();
        agents.filter(|agent| fits(agent)).count()
    };
    let support = |agent: &Agent| agent.kind == agent_kind::SUPPORT;
    let admin = account.people.name_and_email(account.admin_id);
    let (first, last) = admin.map_or(("", ""), |(name, _)| {
        name.split_once(' ').unwrap_or((name, ""))
    });
    Ok(Answer::ok(&json!({
        "organisation_id": 9_007_199_254_740_993_i64 + i64::from(account.id.0),
        "organisation_name": account.name(),
        "account_id": 1_000_000 + account.id.0,
        "account_name": account.name(),
        "account_domain": &*account.domain,
        "bundle_id": null,
        "hipaa_compliant": false,
        "total_agents": {
            "full_time": agents(&|agent| support(agent) && !agent.occasional),
            "occasional": agents(&|agent| support(agent) && agent.occasional),
            "field_service": agents(&|agent| agent.kind == agent_kind::FIELD),
            "collaborators": agents(&|agent| agent.kind == agent_kind::COLLABORATOR),
        },
        "timezone": "Chennai",
        "data_center": "US",
        "tier_type": account.plan.row().tier,
        "address": {"country": null, "state": null, "city": null, "street": null, "postalcode": null},
        "contact_person": {"firstname": first, "lastname": last, "email": admin.and_then(|(_, email)| email)},
        "cloud_type": "production",
    })))
}

pub(super) fn helpdesk_settings(_: &mut Call<'_, '_>) -> Result {
    Ok(Answer::ok(
        &json!({"primary_language": "en", "supported_languages": [], "portal_languages": []}),
    ))
}

/// A job is in progress until its time has come. [D]
pub(super) fn job(call: &mut Call<'_, '_>) -> Result {
    let export = call.account().exports.get(call.params[0]);
    if let Some(shown) = export.and_then(|export| exports::as_job(call, export)) {
        return Ok(Answer::ok(&shown));
    }
    let job = call
        .account()
        .jobs
        .get(call.params[0])
        .ok_or(Failure::NOT_FOUND)?;
    Ok(Answer::ok(&json!({
        "id": job.id,
        "status": if job.done { "COMPLETED" } else { "IN PROGRESS" },
        "created_at": seconds(job.created_at),
        "updated_at": seconds(job.updated_at),
        "status_updated_at": seconds(job.updated_at),
    })))
}
