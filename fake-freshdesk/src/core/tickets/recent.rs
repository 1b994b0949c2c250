//! Views of tickets as they were last shown: a ticket that somebody polls is
//! written as JSON once, not at each look.
//!
//! There are few drawers, so that a million tickets that are read once each
//! leave nothing behind. A view is taken out when its ticket changes; what
//! else it is made of is named in its [`Truth`].

use bytes::Bytes;

use crate::core::time::Ms;

/// How many views are kept at most, each in the drawer of its ticket's id.
const DRAWERS: usize = 256;

/// Longer views are not kept: all drawers full are 1 MB.
const LONGEST: usize = 4_096;

/// As long as what a view is true: the account's form and settings, and the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Truth {
    /// Revisions of the ticket fields and of the settings.
    pub(crate) revisions: [u64; 2],
    /// When it was written.
    pub(crate) from: Ms,
    /// When it changes by itself.
    pub(crate) until: Ms,
}

#[derive(Clone, Debug)]
struct View {
    ticket: i64,
    truth: Truth,
    body: Bytes,
}

/// The drawers; none until something is put in.
#[derive(Clone, Debug, Default)]
pub(super) struct RecentViews(Vec<Option<View>>);

fn drawer(ticket: i64) -> usize {
    usize::try_from(ticket).unwrap_or_default() % DRAWERS
}

impl RecentViews {
    /// The ticket's view, if it is still true.
    pub(super) fn get(&self, ticket: i64, revisions: [u64; 2], now: Ms) -> Option<&Bytes> {
        let view = self.0.get(drawer(ticket))?.as_ref()?;
        let truth = &view.truth;
        let holds = view.ticket == ticket
            && truth.revisions == revisions
            && (truth.from..truth.until).contains(&now);
        holds.then_some(&view.body)
    }

    /// Keeps a view in place of what was in its drawer.
    pub(super) fn put(&mut self, ticket: i64, truth: Truth, body: Bytes) {
        if body.len() > LONGEST {
            return;
        }
        if self.0.is_empty() {
            self.0.resize(DRAWERS, None);
        }
        self.0[drawer(ticket)] = Some(View {
            ticket,
            truth,
            body,
        });
    }

    /// Takes a ticket's view out: it changed.
    pub(super) fn forget(&mut self, ticket: i64) {
        if let Some(drawer) = self.0.get_mut(drawer(ticket))
            && drawer.as_ref().is_some_and(|view| view.ticket == ticket)
        {
            *drawer = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_shown_only_while_it_is_true() {
        let mut views = RecentViews::default();
        let truth = Truth {
            revisions: [1, 1],
            from: 100,
            until: 200,
        };
        views.put(7, truth, Bytes::from_static(b"{}"));
        assert!(views.get(7, [1, 1], 100).is_some());
        assert!(views.get(7, [1, 1], 199).is_some());
        for (ticket, revisions, now) in [
            (7, [1, 1], 200),
            (7, [1, 1], 99),
            (7, [2, 1], 150),
            (7, [1, 2], 150),
            (7 + 256, [1, 1], 150),
        ] {
            assert!(views.get(ticket, revisions, now).is_none());
        }
        views.forget(7 + 256);
        assert!(views.get(7, [1, 1], 150).is_some());
        views.forget(7);
        assert!(views.get(7, [1, 1], 150).is_none());
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut views = RecentViews::default();
        let truth = Truth {
            revisions: [0, 0],
            from: 0,
            until: Ms::MAX,
        };
        for ticket in 1..10_000 {
            views.put(ticket, truth, Bytes::from_static(b"{}"));
        }
        assert_eq!(views.0.iter().flatten().count(), DRAWERS);
        views.put(1, truth, vec![b' '; LONGEST + 1].into());
        assert!(views.get(1, [0, 0], 1).is_none());
    }
}
