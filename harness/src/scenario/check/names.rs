//! Names that are given in a scenario, and names that are used.

use std::collections::BTreeSet;

use super::Check;
use crate::scenario::at::At;
use crate::scenario::problem::nearest;

impl Check<'_> {
    /// A name that is used where `known` are; says so if it is none of them.
    pub(super) fn used(
        &mut self,
        what: &str,
        name: &At<String>,
        known: fn(&Self) -> &BTreeSet<String>,
    ) {
        let known = known(self);
        if known.contains(&name.value) {
            return;
        }
        let all = || known.iter().map(String::as_str);
        let help = nearest(name, all())
            .map(|near| format!("did you mean `{near}`?"))
            .or_else(|| {
                let list = all().collect::<Vec<_>>().join(", ");
                (!list.is_empty()).then(|| format!("known here: {list}"))
            });
        self.say(
            name.place,
            format!("no {what} is called `{}` here", name.value),
            help,
        );
    }

    pub(super) fn opened(&mut self, name: &At<String>) {
        if !self.tickets.insert(name.value.clone()) {
            self.say(
                name.place,
                format!("a ticket is called `{}` already", name.value),
                None,
            );
        }
    }

    /// Many tickets under one name: each has its number, and together they have the name.
    pub(super) fn opened_many(&mut self, name: &At<String>, count: u32) {
        if count == 0 {
            self.say(name.place, "no tickets are opened here", None);
        }
        self.crowds.insert(name.value.clone());
        for number in 1..=count {
            self.tickets.insert(format!("{} {number}", name.value));
        }
    }

    pub(super) fn ticket(&mut self, name: &At<String>) {
        self.used("ticket", name, |check| &check.tickets);
    }

    pub(super) fn agent(&mut self, name: &At<String>) {
        self.used("agent", name, |check| &check.agents);
    }

    pub(super) fn group(&mut self, name: &At<String>) {
        self.used("group", name, |check| &check.groups);
    }

    pub(super) fn crowd(&mut self, name: &At<String>) {
        self.used("group of tickets", name, |check| &check.crowds);
    }

    pub(super) fn assignee(&mut self, name: Option<&At<String>>) {
        if let Some(name) = name.filter(|name| name.value != "nobody") {
            self.agent(name);
        }
    }
}
