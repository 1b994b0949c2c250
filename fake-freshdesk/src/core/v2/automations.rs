//! Automation rules over the API.

use serde_json::{Value, json};

use super::call::{Answer, Call, Result};
use super::errors::Failure;
use super::ticket_list::one_page;
use crate::core::account::CreationRules;
use crate::core::automation::kind;

fn rule_kind(call: &Call<'_, '_>) -> Result<u8> {
    let kind: u8 = call.params[0].parse().map_err(|_| Failure::NOT_FOUND)?;
    if kind::ALL.contains(&kind) {
        Ok(kind)
    } else {
        Err(Failure::NOT_FOUND)
    }
}

/// A rule as it is answered: reads leave out the `resource_type` of conditions,
/// which writes must have. [O FDM, TFP]
fn answered(call: &Call<'_, '_>, mut rule: Value) -> Value {
    if call.account().settings.rules_show_resource_type {
        return rule;
    }
    let sets = rule["conditions"].as_array_mut().into_iter().flatten();
    for properties in sets.filter_map(|set| set["properties"].as_array_mut()) {
        for property in properties.iter_mut().filter_map(Value::as_object_mut) {
            property.shift_remove("resource_type");
        }
    }
    rule
}

/// A bare array, as live scripts have it. [O FDM, CMP]
pub(super) fn list(call: &mut Call<'_, '_>) -> Result {
    let kind = rule_kind(call)?;
    let page = call.query.page()?;
    let (rules, more) = one_page(call.account().rules_of(kind), page);
    let list: Vec<Value> = rules
        .into_iter()
        .map(|rule| answered(call, rule.json(call.account(), call.desk.now)))
        .collect();
    let mut answer = if call.account().settings.rule_list_wrapped {
        let cascading = call.account().creation_rules == CreationRules::AllMatches;
        let count = call.account().rules_of(kind).count();
        let meta = json!({"count": count, "cascading_rules": cascading});
        Answer::ok(&json!({"rules": list, "meta": meta}))
    } else {
        Answer::ok(&list)
    };
    if more {
        answer.link = Some(call.next_link(page));
    }
    Ok(answer)
}

pub(super) fn view(call: &mut Call<'_, '_>) -> Result {
    let (kind, id) = (rule_kind(call)?, call.id(1)?);
    let rule = call
        .account()
        .rules_of(kind)
        .find(|rule| rule.id == id)
        .ok_or(Failure::NOT_FOUND)?;
    let shown = rule.json(call.account(), call.desk.now);
    Ok(Answer::ok(&answered(call, shown)))
}

pub(super) fn create(call: &mut Call<'_, '_>) -> Result {
    let kind = rule_kind(call)?;
    let agent = call.agent;
    call.input.see_all();
    let shown = call.desk.save_rule(kind, None, &call.input.map, agent)?;
    let id = shown["id"].clone();
    Ok(Answer::created(
        &format!("automations/{kind}/rules/{id}"),
        &answered(call, shown),
    ))
}

pub(super) fn update(call: &mut Call<'_, '_>) -> Result {
    let (kind, id) = (rule_kind(call)?, call.id(1)?);
    let agent = call.agent;
    call.input.see_all();
    let shown = call
        .desk
        .save_rule(kind, Some(id), &call.input.map, agent)?;
    Ok(Answer::ok(&answered(call, shown)))
}

pub(super) fn delete(call: &mut Call<'_, '_>) -> Result {
    let (kind, id) = (rule_kind(call)?, call.id(1)?);
    if call.desk.drop_rule(kind, id) {
        Ok(Answer::nothing())
    } else {
        Err(Failure::NOT_FOUND)
    }
}
