//! What falls due later: the core's only notion of waiting.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::events::TicketEvent;
use super::ids::AccountId;
use super::tickets::Due;
use super::time::Ms;

/// Something to do at a certain time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Task {
    /// Run the account's rules over what happened to a ticket.
    RunRules {
        account: AccountId,
        event: Box<TicketEvent>,
    },
    /// Send (or send again) a webhook call.
    Attempt { account: AccountId, delivery: u64 },
    /// Send the current attempt of a delivery that was held back.
    Send { account: AccountId, delivery: u64 },
    /// Sweep all tickets with the hourly rules.
    HourlyRules { account: AccountId },
    /// A due time of a ticket comes; nothing happens if it was moved.
    FallDue {
        account: AccountId,
        ticket: i64,
        due: Due,
        at: Ms,
    },
    /// Finish a bulk job.
    FinishJob { account: AccountId, job: String },
    /// Make an export's file.
    FinishExport { account: AccountId, export: String },
    /// Take an import's records over.
    FinishImport { account: AccountId, import: i64 },
}

/// Tasks in order of due time, then of arrival.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(into = "Vec<(Ms, Task)>", from = "Vec<(Ms, Task)>")]
pub(crate) struct Agenda {
    tasks: BTreeMap<(Ms, u64), Task>,
    arrivals: u64,
}

impl Agenda {
    /// Adds a task.
    pub(crate) fn add(&mut self, due: Ms, task: Task) {
        self.arrivals += 1;
        self.tasks.insert((due, self.arrivals), task);
    }

    /// All tasks, in order.
    pub(crate) fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.values()
    }

    /// When the first task falls due.
    pub(crate) fn next_due(&self) -> Option<Ms> {
        self.tasks.keys().next().map(|(due, _)| *due)
    }

    /// Takes the first task out if it is due by `now`.
    pub(crate) fn take_due(&mut self, now: Ms) -> Option<(Ms, Task)> {
        let entry = self.tasks.first_entry()?;
        let due = entry.key().0;
        (due <= now).then(|| (due, entry.remove()))
    }
}

impl From<Agenda> for Vec<(Ms, Task)> {
    fn from(agenda: Agenda) -> Self {
        agenda
            .tasks
            .into_iter()
            .map(|((due, _), task)| (due, task))
            .collect()
    }
}

impl From<Vec<(Ms, Task)>> for Agenda {
    fn from(tasks: Vec<(Ms, Task)>) -> Self {
        let mut agenda = Agenda::default();
        for (due, task) in tasks {
            agenda.add(due, task);
        }
        agenda
    }
}
