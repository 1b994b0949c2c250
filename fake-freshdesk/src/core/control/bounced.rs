//! Mail that could not be delivered: nobody's act, but tests say when it happens.

use serde::Deserialize;
use serde_json::json;

use super::call::{Refusal, Result, read};
use super::people::conversation;
use super::routes::Control;
use crate::core::events::Performer;
use crate::core::tickets::{Conversation, Recipients};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failed {
    conversation_id: i64,
    to: Recipients,
}

/// Only what was mailed can come back.
fn check(conversation: Option<&Conversation>, ticket: i64, failed: &Failed) -> Result<()> {
    let id = failed.conversation_id;
    let refused = |message: String| Err(Refusal::invalid("conversation_id", message));
    let Some(found) = conversation else {
        return refused(format!("ticket {ticket} has no conversation {id}"));
    };
    if found.incoming {
        return refused(format!(
            "conversation {id} came from the customer: only a public reply is mailed by the helpdesk"
        ));
    }
    if found.is_note() {
        return refused(format!(
            "conversation {id} is a note: only a public reply is mailed by the helpdesk"
        ));
    }
    if found.addresses(failed.to).next().is_none() {
        let (whom, where_to) = match failed.to {
            Recipients::Requester => ("the requester", "`to_emails` is"),
            Recipients::Others => ("others", "`cc_emails` and `bcc_emails` are"),
        };
        return Err(Refusal::invalid(
            "to",
            format!("conversation {id} was not mailed to {whom}: its {where_to} empty"),
        ));
    }
    Ok(())
}

pub(super) fn mail_failure(call: &mut Control<'_, '_>, id: i64) -> Result {
    let failed: Failed = read(&call.request.body)?;
    let made = failed.conversation_id;
    let ticket = call.desk.account.tickets.get(id);
    check(
        ticket.and_then(|ticket| ticket.conversation(made)),
        id,
        &failed,
    )?;
    call.desk.act(
        "mail_failed",
        Performer::System,
        Some(id),
        &json!({"conversation_id": made, "to": failed.to}),
    );
    call.desk.fail_mail(id, made, failed.to);
    conversation(call, id, made)
}
