//! The intake gate: which new tickets the AI takes (INT-1, INT-2, INT-6, INT-7).

/// What the gate decides by, read from the live ticket and the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateFacts {
    /// The setting *Auto Handle All Incoming Tickets*.
    pub auto_handle_all: bool,
    /// The setting *Default Group*.
    pub default_group_id: Option<i64>,
    /// The OpenCX agent.
    pub ai_agent_id: i64,
    /// The ticket's assignee.
    pub responder_id: Option<i64>,
    /// The ticket's group.
    pub group_id: Option<i64>,
}

/// Which new tickets the AI takes.
pub trait IntakeGate: Send + Sync {
    /// Whether a ticket without a session gets one.
    fn admits(&self, facts: &GateFacts) -> bool;
}

/// The guide's gate: all tickets, or those assigned to the OpenCX agent or in
/// the default group; a human assignee outranks the group (oq 2).
#[derive(Clone, Copy, Debug)]
pub struct GuideGate;

impl IntakeGate for GuideGate {
    fn admits(&self, facts: &GateFacts) -> bool {
        if facts.auto_handle_all {
            return true;
        }
        match facts.responder_id {
            Some(assignee) => assignee == facts.ai_agent_id,
            None => facts.default_group_id.is_some() && facts.default_group_id == facts.group_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AI: i64 = 1;
    const REP: i64 = 2;
    const QUEUE: i64 = 10;

    fn admits(
        auto: bool,
        default_group: Option<i64>,
        assignee: Option<i64>,
        group: Option<i64>,
    ) -> bool {
        GuideGate.admits(&GateFacts {
            auto_handle_all: auto,
            default_group_id: default_group,
            ai_agent_id: AI,
            responder_id: assignee,
            group_id: group,
        })
    }

    #[test]
    fn auto_handle_takes_every_ticket_whoever_owns_it() {
        for assignee in [None, Some(AI), Some(REP)] {
            assert!(admits(true, None, assignee, Some(99)));
        }
    }

    #[test]
    fn assigned_only_takes_the_agents_tickets_and_the_default_groups() {
        assert!(admits(false, Some(QUEUE), Some(AI), None));
        assert!(admits(false, Some(QUEUE), None, Some(QUEUE)));
        assert!(!admits(false, Some(QUEUE), None, None));
        assert!(!admits(false, Some(QUEUE), None, Some(99)));
        assert!(!admits(false, Some(QUEUE), Some(REP), None));
    }

    #[test]
    fn a_human_assignee_outranks_the_default_group() {
        assert!(!admits(false, Some(QUEUE), Some(REP), Some(QUEUE)));
    }

    #[test]
    fn without_a_default_group_only_the_assignment_counts() {
        assert!(!admits(false, None, None, None));
        assert!(!admits(false, None, None, Some(QUEUE)));
        assert!(admits(false, None, Some(AI), Some(QUEUE)));
    }
}
