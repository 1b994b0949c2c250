//! What each step and each expectation of a scenario names.

use super::Check;
use crate::scenario::at::{At, Place};
use crate::scenario::expectation::Expectation;
use crate::scenario::step::{Credentials, Step};

impl Check<'_> {
    pub(super) fn step(&mut self, step: &At<Step>) {
        match &step.value {
            Step::CustomerOpensTicket(open) => {
                self.assignee(open.assignee.as_ref());
                if let Some(group) = &open.group {
                    self.group(group);
                }
                if let Some(agent) = &open.from_agent {
                    self.agent(agent);
                }
                self.opened(&open.name);
            }
            Step::CustomersOpenTickets(open) => self.opened_many(&open.name, open.count),
            Step::OldTickets(old) => {
                self.assignee(old.assignee.as_ref());
                match old.count {
                    Some(count) => self.opened_many(&old.name, count),
                    None => self.opened(&old.name),
                }
            }
            Step::CustomerReplies(reply) => self.ticket(&reply.ticket),
            Step::RepReplies(reply) => {
                self.ticket(&reply.ticket);
                self.assignee(reply.rep.as_ref());
            }
            Step::RepAddsNote(note) => {
                self.ticket(&note.ticket);
                self.assignee(note.rep.as_ref());
            }
            Step::RepEditsTicket(edit) => {
                self.ticket(&edit.ticket);
                self.assignee(edit.rep.as_ref());
                self.assignee(edit.assignee.as_ref());
                if let Some(group) = edit.group.as_ref().filter(|group| group.value != "none") {
                    self.group(group);
                }
            }
            Step::RepResolvesTicket(ticket)
            | Step::RepClosesTicket(ticket)
            | Step::RepDeletesTicket(ticket)
            | Step::RepRestoresTicket(ticket)
            | Step::RepMarksAsSpam(ticket) => self.ticket(ticket),
            Step::RepMergesTicket(merge) => {
                self.ticket(&merge.ticket);
                self.ticket(&merge.into);
            }
            Step::AdminAddsRoutingRule(rule) => {
                self.group(&rule.moves_to_group);
                self.routing_rules.insert(rule.name.value.clone());
            }
            Step::AdminChangesRoutingRule(rule) => {
                self.group(&rule.moves_to_group);
                self.used("routing rule", &rule.name, |check| &check.routing_rules);
            }
            Step::AdminDeactivatesAgent(agent)
            | Step::AdminReactivatesAgent(agent)
            | Step::AdminDeletesAgent(agent) => self.agent(agent),
            Step::AdminDeletesGroup(group) => self.group(group),
            Step::AdminSetsGroupMembers(group) => {
                self.group(&group.group);
                for member in &group.members {
                    self.agent(member);
                }
            }
            Step::SomebodyCallsWebhook(probe) => {
                if let Some(ticket) = &probe.ticket {
                    self.ticket(ticket);
                }
            }
            Step::Repeat(repeat) => {
                for step in &repeat.steps {
                    self.step(step);
                }
            }
            Step::AdminAddsEarlierRule(rule) => {
                self.earlier_rules.insert(rule.name.value.clone());
            }
            Step::AdminRemovesEarlierRule(name) => {
                self.used("rule", name, |check| &check.earlier_rules);
            }
            Step::AdminGivesRole(given) => self.agent(&given.agent),
            Step::AdminResetsApiKey(agent) => self.agent(agent),
            Step::OperatorVerifies(credentials) => self.credentials(credentials),
            Step::OperatorSavesSettings(save) => {
                self.credentials(&save.credentials);
                self.settings(&save.settings, step.place);
            }
            Step::Expect(expectation) => self.expectation(step.place, expectation),
            Step::FreshdeskFails(fault) => {
                self.calls(&fault.calls);
                if fault.status.is_none() && fault.delay.is_none() && fault.reset.is_none() {
                    self.say(
                        step.place,
                        "this fault does nothing",
                        Some("add `status`, `delay` or `reset`".into()),
                    );
                }
            }
            Step::WebhooksFail(fault) => self.calls(&fault.calls),
            Step::AdminEditsRule(edit) => {
                if edit.without_event.is_none()
                    && edit.performer.is_none()
                    && edit.without_webhook_action.is_none()
                    && edit.conditions.is_none()
                    && edit.payload.is_none()
                {
                    self.say(
                        step.place,
                        "this edits nothing of the rule",
                        Some("add `without event`, `performer`, `without webhook action`, `conditions` or `payload`".into()),
                    );
                }
            }
            Step::AnotherAppCalls(calls) => {
                if !calls
                    .call
                    .split_once(' ')
                    .is_some_and(|(_, path)| path.starts_with('/'))
                {
                    self.say(
                        step.place,
                        format!("`{}` is no call of Freshdesk's API", calls.call),
                        Some("write method and path, such as `GET /agents/me`".into()),
                    );
                }
            }
            Step::AdminRemovesRule(_)
            | Step::AdminPastesRule(_)
            | Step::AdminTriesToPasteRule(_)
            | Step::AdminCreatesField(_)
            | Step::AdminDeletesField(_)
            | Step::OperatorDisconnects
            | Step::BridgeRestarts
            | Step::StrangerCalls(_)
            | Step::FaultsEnd
            | Step::AdminDeactivatesRule(_)
            | Step::AdminActivatesRule(_)
            | Step::AdminSwitchesCreationRules(_)
            | Step::AccountMovesToPlan(_)
            | Step::BrainAnswers(_)
            | Step::Wait(_) => {}
        }
    }

    fn expectation(&mut self, place: Place, expectation: &Expectation) {
        if let Some(fault) = expectation.fault() {
            self.say(place, fault, None);
        }
        for ticket in [
            &expectation.ticket,
            &expectation.session_for,
            &expectation.problem_for,
            &expectation.support_bundle_for,
        ]
        .into_iter()
        .flatten()
        {
            self.ticket(ticket);
        }
        if let Some(crowd) = &expectation.each_of {
            self.crowd(crowd);
        }
        self.assignee(expectation.assignee.as_ref());
        if let Some(group) = expectation
            .group
            .as_ref()
            .filter(|group| group.value != "none")
        {
            self.group(group);
        }
        if let Some(clause) = &expectation.clause {
            self.clause(clause);
        }
    }

    fn credentials(&mut self, credentials: &Credentials) {
        for agent in [&credentials.key_of, &credentials.old_key_of]
            .into_iter()
            .flatten()
        {
            self.agent(agent);
        }
    }

    fn calls(&mut self, calls: &At<String>) {
        let number = |text: &str| text.parse::<u32>().is_ok_and(|n| n > 0);
        let fits = calls.value == "all"
            || number(calls)
            || calls
                .split_once("..")
                .is_some_and(|(from, to)| number(from) && (to.is_empty() || number(to)));
        if !fits {
            self.say(
                calls.place,
                format!("`{}` says no calls", calls.value),
                Some("write `1`, `1..4`, `3..` or `all`".into()),
            );
        }
    }
}
