//! The account's API allowance: one bucket per minute for all calls, and one
//! for each class that has a limit of its own.

use serde::{Deserialize, Serialize};

use super::plan::Quota;
use super::settings::QuotaWindow;
use super::time::{MINUTE, Ms, SECOND};

/// The classes of calls that have a limit of their own. [D]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// `POST /tickets`
    TicketCreate,
    /// `PUT /tickets/{id}`
    TicketUpdate,
    /// `GET /tickets`
    TicketsList,
    /// `GET /contacts`
    ContactsList,
    /// Everything else
    Other,
}

impl Class {
    /// How the journal spells it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Class::TicketCreate => "ticket_create",
            Class::TicketUpdate => "ticket_update",
            Class::TicketsList => "tickets_list",
            Class::ContactsList => "contacts_list",
            Class::Other => "other",
        }
    }
}

/// What is used up of the current window.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Usage {
    window_start: Ms,
    total: u32,
    classes: [u32; 4],
}

/// The answer to "may this call be made?"
pub(crate) enum Charge {
    /// Yes; so much is left of the total.
    Allowed { remaining: u32 },
    /// No; a new window begins after so many seconds (at least 1).
    Exceeded { retry_after: u64 },
}

impl Usage {
    /// Begins a new window if the current one is over.
    fn roll(&mut self, now: Ms, window: QuotaWindow) {
        if now - self.window_start >= MINUTE || now < self.window_start {
            *self = Usage {
                window_start: match window {
                    QuotaWindow::ClockMinute => now - now.rem_euclid(MINUTE),
                    QuotaWindow::FirstCall => now,
                },
                ..Usage::default()
            };
        }
    }

    fn class_slot(class: Class, quota: &Quota) -> Option<(usize, u32)> {
        let (slot, limit) = match class {
            Class::TicketCreate => (0, quota.ticket_create),
            Class::TicketUpdate => (1, quota.ticket_update),
            Class::TicketsList => (2, quota.tickets_list),
            Class::ContactsList => (3, quota.contacts_list),
            Class::Other => return None,
        };
        limit.map(|limit| (slot, limit))
    }

    /// Takes `cost` credits, or says when to come back. A refused call costs
    /// nothing; class limits count calls, not credits. [I]
    pub(crate) fn charge(
        &mut self,
        now: Ms,
        quota: &Quota,
        window: QuotaWindow,
        class: Class,
        cost: u32,
    ) -> Charge {
        self.roll(now, window);
        let slot = Usage::class_slot(class, quota);
        let over_class = slot.is_some_and(|(slot, limit)| self.classes[slot] >= limit);
        if over_class || self.total.saturating_add(cost) > quota.total {
            let left = self.window_start + MINUTE - now;
            return Charge::Exceeded {
                retry_after: (left + SECOND - 1).div_euclid(SECOND).max(1) as u64,
            };
        }
        self.total += cost;
        if let Some((slot, _)) = slot {
            self.classes[slot] += 1;
        }
        Charge::Allowed {
            remaining: quota.total - self.total,
        }
    }

    /// Takes one credit for a webhook call if one is left; never refuses. [I]
    pub(crate) fn charge_webhook(&mut self, now: Ms, quota: &Quota, window: QuotaWindow) {
        self.roll(now, window);
        if self.total < quota.total {
            self.total += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::plan::Plan;

    fn calls_allowed(at: &[Ms], window: QuotaWindow) -> Vec<Option<u64>> {
        let quota = Quota {
            total: 2,
            ..Plan::Trial.row().quota
        };
        let mut usage = Usage::default();
        at.iter()
            .map(
                |now| match usage.charge(*now, &quota, window, Class::Other, 1) {
                    Charge::Allowed { .. } => None,
                    Charge::Exceeded { retry_after } => Some(retry_after),
                },
            )
            .collect()
    }

    #[test]
    fn the_window_ends_to_the_millisecond() {
        let start = 100 * MINUTE;
        assert_eq!(
            calls_allowed(
                &[
                    start + 10,
                    start + 20,
                    start + 30,
                    start + MINUTE - 1,
                    start + MINUTE
                ],
                QuotaWindow::ClockMinute
            ),
            [None, None, Some(60), Some(1), None]
        );
        assert_eq!(
            calls_allowed(
                &[
                    start + 10,
                    start + 20,
                    start + MINUTE,
                    start + MINUTE + 9,
                    start + MINUTE + 10
                ],
                QuotaWindow::FirstCall
            ),
            [None, None, Some(1), Some(1), None]
        );
    }

    #[test]
    fn a_class_has_its_own_limit_within_the_total() {
        let quota = Quota {
            total: 10,
            ticket_create: Some(1),
            ..Plan::Trial.row().quota
        };
        let mut usage = Usage::default();
        let mut charge = |class| {
            matches!(
                usage.charge(0, &quota, QuotaWindow::ClockMinute, class, 1),
                Charge::Allowed { .. }
            )
        };
        assert!(charge(Class::TicketCreate));
        assert!(!charge(Class::TicketCreate));
        assert!(charge(Class::TicketsList));
    }
}
