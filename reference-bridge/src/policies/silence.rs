//! When the AI stays silent on a ticket it has (HND-4, RSM-1, oq 3 and 4).

/// What the silence is decided by, read from the live ticket and the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SilenceFacts {
    /// Whether people have taken over.
    pub handed_off: bool,
    /// The ticket's assignee.
    pub responder_id: Option<i64>,
    /// The OpenCX agent.
    pub ai_agent_id: i64,
    /// The setting *Auto Handle All Incoming Tickets*.
    pub auto_handle_all: bool,
    /// Whether it is about the opening message of a new ticket.
    pub opening: bool,
}

/// When the AI stays silent.
pub trait Silence: Send + Sync {
    /// Whether customer messages are left to people now.
    fn is_silent(&self, facts: &SilenceFacts) -> bool;
}

/// Silent while handed off, unless the ticket was given back to the OpenCX
/// agent; and while another agent owns the ticket, unless auto-handle takes its
/// opening message.
#[derive(Clone, Copy, Debug)]
pub struct OwnerOrFlag;

impl Silence for OwnerOrFlag {
    fn is_silent(&self, facts: &SilenceFacts) -> bool {
        match facts.responder_id {
            Some(owner) if owner == facts.ai_agent_id => false,
            Some(_) => facts.handed_off || !(facts.auto_handle_all && facts.opening),
            None => facts.handed_off,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: SilenceFacts = SilenceFacts {
        handed_off: false,
        responder_id: None,
        ai_agent_id: 1,
        auto_handle_all: true,
        opening: false,
    };

    #[test]
    fn an_unassigned_ticket_is_answered_until_it_is_handed_off() {
        assert!(!OwnerOrFlag.is_silent(&BASE));
        assert!(OwnerOrFlag.is_silent(&SilenceFacts {
            handed_off: true,
            ..BASE
        }));
    }

    #[test]
    fn a_reps_ticket_is_left_alone_but_for_an_auto_handled_opening() {
        let owned = SilenceFacts {
            responder_id: Some(2),
            ..BASE
        };
        assert!(OwnerOrFlag.is_silent(&owned));
        let opening = SilenceFacts {
            opening: true,
            ..owned
        };
        assert!(!OwnerOrFlag.is_silent(&opening));
        assert!(OwnerOrFlag.is_silent(&SilenceFacts {
            auto_handle_all: false,
            ..opening
        }));
        assert!(OwnerOrFlag.is_silent(&SilenceFacts {
            handed_off: true,
            ..opening
        }));
    }

    #[test]
    fn giving_the_ticket_back_to_the_opencx_agent_ends_the_silence() {
        assert!(!OwnerOrFlag.is_silent(&SilenceFacts {
            responder_id: Some(1),
            handed_off: true,
            ..BASE
        }));
    }
}
