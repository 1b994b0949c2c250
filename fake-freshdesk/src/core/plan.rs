//! Plans and what each allows, as data: a new figure from Freshdesk is a
//! one-line change in [`PLANS`].

use serde::{Deserialize, Serialize};

/// A Freshdesk plan, spelled as the control API spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// No API and no webhook action. [D S225439, S132589]
    Free,
    /// The smallest paid plan.
    Growth,
    /// The middle plan.
    Pro,
    /// The largest plan.
    Enterprise,
    /// Top-tier features for a few weeks, on a small quota. [D/I]
    Trial,
}

/// Calls per account and minute. A class with `None` has no limit of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// All calls together.
    pub total: u32,
    /// `POST /tickets`.
    pub ticket_create: Option<u32>,
    /// `PUT /tickets/{id}`.
    pub ticket_update: Option<u32>,
    /// `GET /tickets`.
    pub tickets_list: Option<u32>,
    /// `GET /contacts`.
    pub contacts_list: Option<u32>,
}

/// What a plan allows.
pub(crate) struct PlanRow {
    #[cfg_attr(
        not(test),
        expect(
            dead_code,
            reason = "names the row; a test holds it against `Plan::row`"
        )
    )]
    plan: Plan,
    pub(crate) quota: Quota,
    /// May rules call webhooks?
    pub(crate) webhooks: bool,
    /// The plan's old name, which `GET /account` still shows as `tier_type`. [D]
    pub(crate) tier: &'static str,
    /// Features that are refused with `require_feature`.
    pub(crate) archive: bool,
    /// Skill-based assignment. [D, a trial I]
    pub(crate) skills: bool,
    /// Threads beside tickets. [I]
    pub(crate) threads: bool,
}

const fn quota(total: u32, classes: Option<[u32; 4]>) -> Quota {
    match classes {
        Some([ticket_create, ticket_update, tickets_list, contacts_list]) => Quota {
            total,
            ticket_create: Some(ticket_create),
            ticket_update: Some(ticket_update),
            tickets_list: Some(tickets_list),
            contacts_list: Some(contacts_list),
        },
        None => Quota {
            total,
            ticket_create: None,
            ticket_update: None,
            tickets_list: None,
            contacts_list: None,
        },
    }
}

/// The table of the reference, late 2025. [D API, S225439]
pub(crate) const PLANS: [PlanRow; 5] = [
    PlanRow {
        plan: Plan::Free,
        quota: quota(0, Some([0, 0, 0, 0])),
        webhooks: false,
        tier: "Sprout",
        archive: false,
        skills: false,
        threads: false,
    },
    PlanRow {
        plan: Plan::Growth,
        quota: quota(200, Some([80, 80, 20, 20])),
        webhooks: true,
        tier: "Blossom",
        archive: false,
        skills: false,
        threads: false,
    },
    PlanRow {
        plan: Plan::Pro,
        quota: quota(400, Some([160, 160, 100, 100])),
        webhooks: true,
        tier: "Estate",
        archive: true,
        skills: false,
        threads: true,
    },
    PlanRow {
        plan: Plan::Enterprise,
        quota: quota(700, Some([280, 280, 200, 200])),
        webhooks: true,
        tier: "Forest",
        archive: true,
        skills: true,
        threads: true,
    },
    PlanRow {
        plan: Plan::Trial,
        quota: quota(50, None),
        webhooks: true,
        tier: "Forest",
        archive: false,
        skills: true,
        threads: true,
    },
];

impl Plan {
    /// The plan's row of the table.
    pub(crate) fn row(self) -> &'static PlanRow {
        match self {
            Plan::Free => &PLANS[0],
            Plan::Growth => &PLANS[1],
            Plan::Pro => &PLANS[2],
            Plan::Enterprise => &PLANS[3],
            Plan::Trial => &PLANS[4],
        }
    }
}

impl std::str::FromStr for Plan {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        serde_json::from_value(serde_json::Value::String(word.to_owned())).map_err(|_| {
            format!("unknown plan `{word}`: use free, growth, pro, enterprise or trial")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plan_finds_its_own_row() {
        for row in &PLANS {
            assert_eq!(row.plan.row().plan, row.plan);
        }
    }
}
