//! A turn that is wrong by now, for the thread moved on (FLW-7).

use super::Look;
use crate::turn::{Progress, Purpose, Step, TicketUpdate, Turn, TurnState};

impl Look<'_> {
    /// Whether what came since makes a turn wrong (FLW-7): one that is unsent, or a
    /// resolution that is not through, for the customer has come back or a rep has
    /// taken the ticket.
    pub(super) fn is_overtaken(&self, turn: &Turn) -> bool {
        if turn.state != TurnState::Open {
            return false;
        }
        if !turn.is_untouched() {
            let new = |key| !turn.answers.contains(key);
            return matches!(turn.purpose, Purpose::Resolve { .. })
                && (self.is_a_reps() || self.awaiting().iter().any(new));
        }
        match turn.purpose {
            // Decided, flagged and seen in the inbox: it is carried out.
            Purpose::Handoff(_) | Purpose::Resume => false,
            Purpose::Reply | Purpose::Draft | Purpose::Resolve { .. } => {
                self.awaiting() != turn.answers || self.must_stay_silent()
            }
        }
    }

    /// Gives up a turn; messages that it has not answered await an answer again.
    /// Of a resolution that has begun, what was said was said: its tags are left.
    pub(super) fn give_up(&mut self, mut turn: Turn) {
        if turn.is_untouched() {
            turn.state = TurnState::Dropped;
            if turn.unmarks() {
                self.take_resuming_back(&turn);
            }
        } else {
            turn.sends = 0;
            turn.purpose = Purpose::Reply;
            for (step, _) in &mut turn.steps {
                if let Step::Update(update) = step {
                    update.status = None;
                }
            }
            turn.steps.retain(|(step, progress)| match step {
                Step::Update(update) => *update != TicketUpdate::default(),
                Step::Reply { .. } | Step::Note { .. } => *progress != Progress::Todo,
            });
        }
        self.write_turn(turn);
        self.add_event("ai_response_cancelled", "The thread moved on.");
    }

    /// The AI was on again, but has not taken the marker off: it is handed off still,
    /// until the next answer.
    pub(super) fn take_resuming_back(&mut self, turn: &Turn) {
        self.session.handoff.clone_from(&turn.handoff_before);
        self.session.handed_off = true;
        self.touch();
    }
}
