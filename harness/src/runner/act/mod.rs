//! Each kind of step as calls of the control API and of the bridge's contract.
//!
//! | file | who acts |
//! |---|---|
//! | `mod.rs` | [`act`], which step is whose |
//! | `people` | customers and reps |
//! | `rules` | the admin, on automation rules |
//! | `admin` | the admin, on agents, groups and fields |
//! | `operator` | the bridge's operator, and strangers |
//! | `apps` | other programs on the account |
//! | `faults` | the world |

mod admin;
mod apps;
mod faults;
mod operator;
mod people;
mod rules;

use serde_json::{Value, json};

use crate::scenario::at::At;
use crate::scenario::step::Step;
use crate::trace::Source;
use crate::world::cast::Cast;
use crate::world::http::Answer;
use crate::world::setup::account_path;
use crate::world::{World, WorldError};

/// Does a step. Expectations, waiting and repeating are not acts: the player does them.
pub(crate) async fn act(world: &World, cast: &mut Cast, step: &Step) -> Result<(), WorldError> {
    match step {
        Step::CustomerOpensTicket(open) => people::open_ticket(world, cast, open).await,
        Step::CustomersOpenTickets(open) => people::open_tickets(world, cast, open).await,
        Step::OldTickets(old) => people::old_tickets(world, cast, old).await,
        Step::CustomerReplies(reply) => people::customer_replies(world, cast, reply).await,
        Step::RepReplies(reply) => people::rep_replies(world, cast, reply).await,
        Step::RepAddsNote(note) => people::rep_adds_note(world, cast, note).await,
        Step::RepEditsTicket(edit) => people::edit_ticket(world, cast, edit).await,
        Step::RepResolvesTicket(ticket) => people::set_status(world, cast, ticket, 4).await,
        Step::RepClosesTicket(ticket) => people::set_status(world, cast, ticket, 5).await,
        Step::RepDeletesTicket(ticket) => people::shelve(world, cast, ticket, "delete").await,
        Step::RepRestoresTicket(ticket) => people::shelve(world, cast, ticket, "restore").await,
        Step::RepMarksAsSpam(ticket) => people::shelve(world, cast, ticket, "spam").await,
        Step::RepMergesTicket(merge) => people::merge(world, cast, merge).await,

        Step::AdminRemovesRule(rule) => rules::remove(world, cast, *rule).await,
        Step::AdminPastesRule(rule) => rules::paste(world, cast, *rule).await,
        Step::AdminTriesToPasteRule(tried) => rules::try_to_paste(world, cast, tried).await,
        Step::AdminDeactivatesRule(rule) => rules::set_active(world, cast, *rule, false).await,
        Step::AdminActivatesRule(rule) => rules::set_active(world, cast, *rule, true).await,
        Step::AdminEditsRule(edit) => rules::edit(world, cast, edit).await,
        Step::AdminAddsEarlierRule(rule) => rules::add_earlier(world, cast, rule).await,
        Step::AdminRemovesEarlierRule(name) => rules::remove_earlier(world, cast, name).await,
        Step::AdminAddsRoutingRule(rule) => rules::add_routing(world, cast, rule).await,
        Step::AdminChangesRoutingRule(rule) => rules::change_routing(world, cast, rule).await,
        Step::AdminSwitchesCreationRules(execution) => {
            patch_account(world, &json!({ "creation_rules": execution })).await
        }
        Step::AdminGivesRole(given) => admin::give_role(world, cast, given).await,
        Step::AdminResetsApiKey(name) => admin::reset_key(world, cast, name).await,
        Step::AdminDeactivatesAgent(name) => admin::set_active(world, cast, name, false).await,
        Step::AdminReactivatesAgent(name) => admin::set_active(world, cast, name, true).await,
        Step::AdminDeletesAgent(name) => admin::delete_agent(world, cast, name).await,
        Step::AdminDeletesGroup(name) => admin::delete_group(world, cast, name).await,
        Step::AdminSetsGroupMembers(group) => admin::set_members(world, cast, group).await,
        Step::AdminCreatesField(field) => admin::create_field(world, field).await,
        Step::AdminDeletesField(name) => admin::delete_field(world, name).await,
        Step::AccountMovesToPlan(plan) => patch_account(world, &json!({ "plan": plan })).await,

        Step::OperatorVerifies(credentials) => operator::verify(world, cast, credentials).await,
        Step::OperatorSavesSettings(save) => operator::save(world, cast, save).await,
        Step::OperatorDisconnects => operator::disconnect(world).await,
        Step::BridgeRestarts => operator::restart(world).await,
        Step::StrangerCalls(call) => operator::stranger_calls(world, call).await,
        Step::SomebodyCallsWebhook(probe) => operator::call_webhook(world, cast, probe).await,

        Step::AnotherAppCalls(calls) => apps::call(world, cast, calls).await,

        Step::BrainAnswers(answers) => {
            world.brain.follow(answers);
            Ok(())
        }
        Step::FreshdeskFails(fault) => faults::add(world, &faults::of_freshdesk(fault)).await,
        Step::WebhooksFail(fault) => faults::add(world, &faults::of_webhooks(fault)).await,
        Step::FaultsEnd => faults::end(world).await,
        Step::Wait(_) | Step::Repeat(_) | Step::Expect(_) => Ok(()),
    }
}

fn ticket_path(cast: &Cast, ticket: &At<String>, rest: &str) -> Result<String, WorldError> {
    Ok(account_path(&format!(
        "/tickets/{}{rest}",
        cast.ticket(ticket)?
    )))
}

async fn patch_account(world: &World, change: &Value) -> Result<(), WorldError> {
    world
        .control
        .patch(&account_path(""), change)
        .await?
        .expect(200)?;
    Ok(())
}

/// Records an answer of the bridge. What was sent is not recorded: it may hold a
/// key or a token.
pub(super) async fn note_answer(
    world: &World,
    kind: &str,
    method: &str,
    path: &str,
    answer: &Answer,
) -> Result<(), WorldError> {
    let data =
        json!({ "method": method, "path": path, "status": answer.status, "answer": answer.body });
    world
        .recorder
        .note(Source::Bridge, kind, None, data)
        .await?;
    Ok(())
}
