//! The admin, on agents, groups and ticket fields.

use serde_json::{Value, json};

use crate::scenario::at::At;
use crate::scenario::step::{GivenRole, GroupMembers, NewField};
use crate::world::cast::Cast;
use crate::world::setup::account_path;
use crate::world::{World, WorldError};

pub(super) async fn give_role(
    world: &World,
    cast: &Cast,
    given: &GivenRole,
) -> Result<(), WorldError> {
    change_agent(world, cast, &given.agent, &json!({ "role": given.role })).await
}

pub(super) async fn set_active(
    world: &World,
    cast: &Cast,
    name: &At<String>,
    active: bool,
) -> Result<(), WorldError> {
    change_agent(world, cast, name, &json!({ "deactivated": !active })).await
}

async fn change_agent(
    world: &World,
    cast: &Cast,
    name: &At<String>,
    change: &Value,
) -> Result<(), WorldError> {
    let path = account_path(&format!("/agents/{}", cast.agent(name)?.id));
    world.control.patch(&path, change).await?.expect(200)?;
    Ok(())
}

pub(super) async fn reset_key(
    world: &World,
    cast: &mut Cast,
    name: &At<String>,
) -> Result<(), WorldError> {
    let path = account_path(&format!("/agents/{}", cast.agent(name)?.id));
    let answer = world
        .control
        .patch(&path, &json!({ "api_key": "reset" }))
        .await?
        .expect(200)?;
    let key = answer.text("/api_key")?;
    if let Some(agent) = cast.agents.get_mut(&name.value) {
        agent.old_key = Some(std::mem::replace(&mut agent.key, key));
    }
    Ok(())
}

pub(super) async fn delete_agent(
    world: &World,
    cast: &Cast,
    name: &At<String>,
) -> Result<(), WorldError> {
    let path = account_path(&format!("/agents/{}", cast.agent(name)?.id));
    world.control.delete(&path).await?.expect(204)?;
    Ok(())
}

pub(super) async fn delete_group(
    world: &World,
    cast: &Cast,
    name: &At<String>,
) -> Result<(), WorldError> {
    let path = account_path(&format!("/groups/{}", cast.group(name)?));
    world.control.delete(&path).await?.expect(204)?;
    Ok(())
}

pub(super) async fn set_members(
    world: &World,
    cast: &Cast,
    group: &GroupMembers,
) -> Result<(), WorldError> {
    let members = group
        .members
        .iter()
        .map(|member| cast.agent(member).map(|agent| agent.id))
        .collect::<Result<Vec<_>, _>>()?;
    let path = account_path(&format!("/groups/{}", cast.group(&group.group)?));
    world
        .control
        .patch(&path, &json!({ "agent_ids": members }))
        .await?
        .expect(200)?;
    Ok(())
}

pub(super) async fn create_field(world: &World, field: &NewField) -> Result<(), WorldError> {
    let kind = field.kind.as_deref().unwrap_or("custom_checkbox");
    let body = json!({ "name": field.name, "label": field.name, "type": kind });
    world
        .control
        .post(&account_path("/ticket_fields"), &body)
        .await?
        .expect(201)?;
    Ok(())
}

pub(super) async fn delete_field(world: &World, name: &At<String>) -> Result<(), WorldError> {
    let path = account_path(&format!("/ticket_fields/{}", name.value));
    world.control.delete(&path).await?.expect(204)?;
    Ok(())
}
