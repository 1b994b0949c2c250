//! Ticket updates: tags, the marker, and the routing of a handoff with its
//! fallbacks (HND-2, HND-5, HND-6, MRK-2, oq 8 to 10).

use serde_json::{Map, Value, json};

use super::{Look, LookError};
use crate::{
    freshdesk::{FreshdeskError, Nature, Ticket},
    policies::TagWriting,
    session::HandoffTarget,
    turn::{Progress, Purpose, TicketUpdate, Turn, TurnState},
};

impl Look<'_> {
    /// Writes a ticket update, leaving out what Freshdesk refuses.
    pub(super) async fn update(
        &mut self,
        turn: &mut Turn,
        index: usize,
        update: &TicketUpdate,
    ) -> Result<(), LookError> {
        let is_handoff = matches!(turn.purpose, Purpose::Handoff(_));
        let mut wanted = update.clone();
        self.set_destination(turn, &mut wanted);
        let taken_by = self
            .snapshot
            .ticket
            .responder_id
            .filter(|_| is_handoff && self.was_taken(turn));
        let was_begun = matches!(turn.steps[index].1, Progress::Begun { .. });
        self.begin(turn, index).await?;
        let mut refused_target = None;
        // Marker, agent and group may each be refused once.
        for _ in 0..4 {
            let properties = self.properties(&wanted);
            if properties.is_empty() {
                break;
            }
            let properties = Value::Object(properties);
            let answer = self
                .freshdesk
                .update_ticket(
                    self.job.ticket_id,
                    &properties,
                    (Nature::Decided, turn.sends),
                )
                .await;
            turn.sends = match answer {
                Err(FreshdeskError::Waited { sends, .. }) => sends,
                _ => 0,
            };
            match answer {
                Ok(ticket) => {
                    // An answer without its time is no whole ticket: what it leaves out
                    // was not taken off it, and is read at the next look.
                    if ticket.updated_at.is_some() {
                        self.check_target(is_handoff, &wanted, &ticket, &mut refused_target);
                        self.take_over(ticket);
                    }
                    break;
                }
                Err(error @ FreshdeskError::Refused { .. }) => {
                    if !self.leave_out(&mut wanted, &error, is_handoff, &mut refused_target) {
                        self.report("refused", format!("A ticket update was refused: {error}"));
                        break;
                    }
                }
                Err(FreshdeskError::NotFound(what)) => {
                    self.report("refused", format!("A ticket update was refused: no {what}"));
                    break;
                }
                Err(error) => {
                    if error.had_no_effect() && !was_begun {
                        turn.steps[index].1 = Progress::Todo;
                    }
                    self.write_turn(turn.clone());
                    self.save().await?;
                    return Err(error.into());
                }
            }
        }
        turn.steps[index].1 = Progress::Done {
            conversation_id: None,
        };
        if !wanted.add_tags.is_empty() {
            let mode = self.mode();
            self.session.tagged.push(mode);
            self.touch();
        }
        if is_handoff {
            self.note_handoff(turn, &wanted, refused_target, taken_by);
        }
        if turn.state != TurnState::Dropped {
            self.write_turn(turn.clone());
        }
        self.save().await
    }

    fn set_destination(&self, turn: &Turn, wanted: &mut TicketUpdate) {
        if let Purpose::Handoff(handoff) = &turn.purpose {
            (wanted.responder_id, wanted.group_id) = self.destination(turn, &handoff.target);
        }
    }

    /// The agent and group that a handed-off ticket goes to. This is settled here,
    /// when it is sent there, and nowhere before: a handoff that waited for the quota
    /// finds the ticket as it is then. With no agent configured, the OpenCX agent is
    /// taken off; another owner stays.
    fn destination(
        &self,
        turn: &Turn,
        target: &HandoffTarget,
    ) -> (Option<Option<i64>>, Option<i64>) {
        if self.was_taken(turn) {
            return (None, None);
        }
        let ours = self.snapshot.ticket.responder_id == Some(self.connection.agent.id);
        let agent = match target.agent_id {
            Some(agent_id) => Some(Some(agent_id)),
            None => ours.then_some(None),
        };
        (agent, target.group_id)
    }

    /// Whether a rep has taken the ticket since the turn was decided. People have it
    /// then, and nobody routes it away from who is at work on it. Whom the handoff goes to
    /// may have it from an update of ours that nobody heard of.
    fn was_taken(&self, turn: &Turn) -> bool {
        let owner = self.snapshot.ticket.responder_id;
        let target = match &turn.purpose {
            Purpose::Handoff(handoff) => handoff.target.agent_id,
            _ => None,
        };
        self.is_a_reps() && owner != turn.owner && owner != target
    }

    /// The body of the update: only what the ticket does not have already.
    fn properties(&self, update: &TicketUpdate) -> Map<String, Value> {
        let ticket = &self.snapshot.ticket;
        let mut properties = Map::new();
        let missing: Vec<_> = update
            .add_tags
            .iter()
            .filter(|tag| !ticket.tags.contains(tag))
            .cloned()
            .collect();
        if !missing.is_empty() {
            let tags = match self.desk.policies.tag_writing {
                TagWriting::Union => [ticket.tags.clone(), missing].concat(),
                TagWriting::Replace => update.add_tags.clone(),
            };
            properties.insert("tags".to_owned(), json!(tags));
        }
        if let Some(status) = update
            .status
            .filter(|status| ticket.status != Some(*status))
        {
            properties.insert("status".to_owned(), json!(status));
        }
        if let Some(responder_id) = update
            .responder_id
            .filter(|responder_id| ticket.responder_id != *responder_id)
        {
            properties.insert("responder_id".to_owned(), json!(responder_id));
        }
        if let Some(group_id) = update.group_id.filter(|id| ticket.group_id != Some(*id)) {
            properties.insert("group_id".to_owned(), json!(group_id));
        }
        if let Some((field, value)) = &update.marker {
            let present = ticket
                .custom_fields
                .as_ref()
                .map(|fields| fields.get(field));
            // A ticket that shows its custom fields without this one has no
            // such field: the marker is skipped (MRK-2). Off already stays off.
            let skip = match present {
                Some(None) => true,
                Some(Some(now)) => *now == json!(value) || (!value && matches!(now, Value::Null)),
                None => !value,
            };
            if !skip {
                properties.insert("custom_fields".to_owned(), json!({ field: value }));
            }
        }
        properties
    }

    /// Takes out of the update what an error names, and says whether anything
    /// is worth another try.
    fn leave_out(
        &mut self,
        wanted: &mut TicketUpdate,
        error: &FreshdeskError,
        is_handoff: bool,
        refused_target: &mut Option<String>,
    ) -> bool {
        let names = |what: &str| {
            error
                .refused_fields()
                .iter()
                .any(|field| field.field == what || field.field.rsplit('.').next() == Some(what))
        };
        if let Some((field, _)) = wanted.marker.clone()
            && (names(&field) || names("custom_fields"))
        {
            wanted.marker = None;
            self.report(
                "marker_field_missing",
                format!(
                    "Freshdesk refused the marker field {field}: {error}. Create it as a checkbox under \
                     Admin → Workflows → Ticket fields, then save the settings again."
                ),
            );
            return true;
        }
        if !is_handoff {
            return false;
        }
        let agent = wanted.responder_id.flatten();
        let group = wanted.group_id;
        if agent.is_none() && group.is_none() {
            return false;
        }
        let (agent_refused, group_refused) = (names("responder_id"), names("group_id"));
        // An error that names neither may mean either: both go.
        let unclear = !agent_refused && !group_refused;
        if agent.is_some() && (agent_refused || unclear) {
            wanted.responder_id = Some(None);
        }
        if group.is_some() && (group_refused || unclear) {
            wanted.group_id = None;
        }
        *refused_target = Some(error.to_string());
        true
    }

    /// Freshdesk drops an agent who is not in the group without a word (HND-6).
    fn check_target(
        &mut self,
        is_handoff: bool,
        wanted: &TicketUpdate,
        ticket: &Ticket,
        refused_target: &mut Option<String>,
    ) {
        let Some(agent_id) = wanted.responder_id.flatten().filter(|_| is_handoff) else {
            return;
        };
        if ticket.responder_id == Some(agent_id) {
            return;
        }
        *refused_target = Some(match wanted.group_id {
            Some(group_id) => format!(
                "Freshdesk took the group {group_id} but dropped the agent {agent_id}, who is no member of it"
            ),
            None => format!("Freshdesk did not assign the agent {agent_id}"),
        });
    }

    /// What the session and the operator are told of a handoff that has landed.
    fn note_handoff(
        &mut self,
        turn: &mut Turn,
        wanted: &TicketUpdate,
        refused_target: Option<String>,
        taken_by: Option<i64>,
    ) {
        let Purpose::Handoff(handoff) = &mut turn.purpose else {
            return;
        };
        let configured = handoff.target.clone();
        let ticket = &self.snapshot.ticket;
        handoff.target = HandoffTarget {
            agent_id: ticket
                .responder_id
                .filter(|id| Some(*id) == wanted.responder_id.flatten().or(taken_by)),
            group_id: ticket.group_id.filter(|id| Some(*id) == wanted.group_id),
        };
        self.session.handoff = Some(handoff.clone());
        self.touch();
        if taken_by.is_some() {
            self.add_event(
                "agent_took_session_from_ai",
                "A rep took the ticket before it was routed; it stays with them.",
            );
        }
        match refused_target {
            Some(why) => {
                let both = configured.agent_id.is_some() && configured.group_id.is_some();
                let kind = if both && self.snapshot.ticket.group_id == configured.group_id {
                    "handoff_agent_not_in_group"
                } else {
                    "handoff_target_invalid"
                };
                self.add_event("handoff_to_third_party_failed", &why);
                self.report(
                    kind,
                    format!(
                        "{why}. Re-select a valid Handoff Agent ID or Handoff Group under \
                         Settings → Integrations → Freshdesk."
                    ),
                );
            }
            None => {
                for kind in ["handoff_target_invalid", "handoff_agent_not_in_group"] {
                    self.writes.push(crate::store::Write::ProblemGone {
                        account: self.job.account.clone(),
                        kind: kind.to_owned(),
                        ticket_id: Some(self.job.ticket_id),
                    });
                }
            }
        }
    }

    /// The ticket as an update's answer shows it; what that leaves out stays.
    fn take_over(&mut self, ticket: Ticket) {
        let known = &mut self.snapshot.ticket;
        known.status = ticket.status.or(known.status);
        known.responder_id = ticket.responder_id;
        known.group_id = ticket.group_id;
        known.tags = ticket.tags;
        known.custom_fields = ticket.custom_fields.or(known.custom_fields.take());
        if let Some(status) = ticket.status {
            self.session.seen_status = status;
            self.touch();
        }
    }
}
