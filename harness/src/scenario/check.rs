//! What a scenario's form can't tell: names that nobody introduced, clauses
//! that do not exist, expectations that make no sense.

use std::collections::BTreeSet;
use std::path::Path;

use super::at::{At, Place};
use super::document::{Document, MatrixValue};
use super::expectation::Expectation;
use super::problem::{Problem, nearest};
use super::step::Step;
use crate::clauses::Catalogue;

/// The agent that the bridge speaks as.
pub(crate) const OPENCX_AGENT: &str = "OpenCX AI";
/// The marker field of a bridge that was given no other.
pub(crate) const DEFAULT_MARKER: &str = "cf_opencx_handed_off";
/// The account's administrator.
pub(crate) const ADMIN: &str = "Ada Admin";
/// The reps of a scenario that names none.
pub(crate) const DEFAULT_REPS: [&str; 2] = ["Rita Rep", "Sam Support"];

struct Check<'a> {
    file: &'a Path,
    problems: Vec<Problem>,
    tickets: BTreeSet<String>,
    agents: BTreeSet<String>,
    groups: BTreeSet<String>,
    /// The common names of many tickets.
    crowds: BTreeSet<String>,
    earlier_rules: BTreeSet<String>,
    routing_rules: BTreeSet<String>,
    catalogue: &'a Catalogue,
}

/// Finds everything that is wrong with a document's meaning.
pub(crate) fn problems(file: &Path, document: &Document, catalogue: &Catalogue) -> Vec<Problem> {
    let world = &document.world;
    let reps: Vec<String> = match &world.reps {
        Some(reps) => reps.clone(),
        None => DEFAULT_REPS.map(str::to_owned).to_vec(),
    };
    let mut check = Check {
        file,
        problems: Vec::new(),
        tickets: BTreeSet::new(),
        agents: reps
            .into_iter()
            .chain([OPENCX_AGENT.to_owned(), ADMIN.to_owned()])
            .collect(),
        groups: world.groups.keys().cloned().collect(),
        crowds: BTreeSet::new(),
        earlier_rules: BTreeSet::new(),
        routing_rules: BTreeSet::new(),
        catalogue,
    };
    check.header(document);
    check.setup(document);
    for phase in [
        &document.play,
        &document.broken,
        &document.symptom,
        &document.fix,
        &document.gone,
    ] {
        for step in phase {
            check.step(step);
        }
    }
    if let Some(ticket) = document
        .diagnosis
        .as_ref()
        .and_then(|expected| expected.ticket.as_ref())
    {
        check.ticket(ticket);
    }
    check.problems
}

impl Check<'_> {
    fn say(&mut self, place: Place, message: impl Into<String>, help: Option<String>) {
        self.problems
            .push(Problem::new(self.file, place, message).with_help(help));
    }

    fn header(&mut self, document: &Document) {
        if document.clauses.is_empty() {
            self.say(
                document.scenario.place,
                "this scenario asserts no clause",
                Some("name at least one in `clauses`".into()),
            );
        }
        for clause in document.clauses.iter().chain(&document.tolerates) {
            self.clause(clause);
        }
        if let Some(cause) = &document.cause {
            let known = document
                .clauses
                .first()
                .and_then(|id| self.catalogue.get(id))
                .is_some_and(|clause| clause.causes.contains_key(cause.value.as_str()));
            if !known {
                self.say(
                    cause.place,
                    format!("no cause `{}` of this symptom", cause.value),
                    Some("`harness clauses` lists them".into()),
                );
            }
        }
        let symptom_shape = !document.symptom.is_empty() || !document.broken.is_empty();
        let place = document.scenario.place;
        if symptom_shape {
            if !document.play.is_empty() {
                self.say(
                    place,
                    "a scenario is either one `play` or `broken`, `symptom`, `fix`, `gone`",
                    None,
                );
            }
            for (name, empty) in [
                ("broken", document.broken.is_empty()),
                ("symptom", document.symptom.is_empty()),
                ("fix", document.fix.is_empty()),
                ("gone", document.gone.is_empty()),
            ] {
                if empty {
                    self.say(place, format!("a symptom's scenario needs `{name}`"), None);
                }
            }
        } else if document.play.is_empty() {
            self.say(
                place,
                "nothing happens in this scenario",
                Some("add `play`, or `broken`, `symptom`, `fix` and `gone`".into()),
            );
        }
        if let Some(expected) = &document.diagnosis {
            // Its ticket is known once the steps were read: see `problems`.
            self.clause(&expected.row);
            if let Some(clause) = self.catalogue.get(&expected.row) {
                let causes: Vec<&str> = clause.causes.values().map(String::as_str).collect();
                if !causes.contains(&expected.cause.value.as_str()) {
                    let help = nearest(&expected.cause, causes.iter().copied())
                        .map(|near| format!("did you mean `{near}`?"))
                        .or_else(|| Some(format!("known causes: {}", causes.join(", "))));
                    self.say(
                        expected.cause.place,
                        format!(
                            "`{}` is no known cause of {}",
                            expected.cause.value, expected.row.value
                        ),
                        help,
                    );
                }
            }
        }
        for (name, values) in &document.matrix {
            let mut seen = BTreeSet::new();
            for value in values.iter().map(MatrixValue::to_string) {
                if !seen.insert(value.clone()) {
                    self.say(
                        place,
                        format!("the matrix gives `{name}` the value `{value}` twice"),
                        None,
                    );
                }
            }
        }
    }

    fn setup(&mut self, document: &Document) {
        let place = document.scenario.place;
        let world = &document.world;
        for member in world.groups.values().flatten() {
            self.agent(&At {
                value: member.clone(),
                place,
            });
        }
        self.settings(&world.bridge, place);
    }

    fn settings(&mut self, settings: &super::document::SettingsChange, place: Place) {
        for group in [&settings.default_group, &settings.handoff_group]
            .into_iter()
            .flatten()
        {
            self.group(&At {
                value: group.clone(),
                place,
            });
        }
        if let Some(agent) = &settings.handoff_agent {
            self.agent(&At {
                value: agent.clone(),
                place,
            });
        }
    }

    fn clause(&mut self, id: &At<String>) {
        if self.catalogue.get(id).is_none() {
            let help =
                nearest(id, self.catalogue.ids()).map(|near| format!("did you mean `{near}`?"));
            self.say(
                id.place,
                format!("`{}` is no clause of the catalogue", id.value),
                help,
            );
        }
    }

    fn known(&mut self, what: &str, name: &At<String>, known: &BTreeSet<String>) {
        if known.contains(&name.value) {
            return;
        }
        let help = nearest(name, known.iter().map(String::as_str))
            .map(|near| format!("did you mean `{near}`?"))
            .or_else(|| {
                (!known.is_empty()).then(|| {
                    format!(
                        "known here: {}",
                        known.iter().cloned().collect::<Vec<_>>().join(", ")
                    )
                })
            });
        self.say(
            name.place,
            format!("no {what} is called `{}` here", name.value),
            help,
        );
    }

    fn opened(&mut self, name: &At<String>) {
        if !self.tickets.insert(name.value.clone()) {
            self.say(
                name.place,
                format!("a ticket is called `{}` already", name.value),
                None,
            );
        }
    }

    /// Many tickets under one name: each has its number, and together they have the name.
    fn opened_many(&mut self, name: &At<String>, count: u32) {
        if count == 0 {
            self.say(name.place, "no tickets are opened here", None);
        }
        self.crowds.insert(name.value.clone());
        for number in 1..=count {
            self.tickets.insert(format!("{} {number}", name.value));
        }
    }

    fn ticket(&mut self, name: &At<String>) {
        let known = self.tickets.clone();
        self.known("ticket", name, &known);
    }

    fn agent(&mut self, name: &At<String>) {
        let known = self.agents.clone();
        self.known("agent", name, &known);
    }

    fn group(&mut self, name: &At<String>) {
        let known = self.groups.clone();
        self.known("group", name, &known);
    }

    fn assignee(&mut self, name: Option<&At<String>>) {
        if let Some(name) = name.filter(|name| name.value != "nobody") {
            self.agent(name);
        }
    }

    fn step(&mut self, step: &At<Step>) {
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
                let known = self.routing_rules.clone();
                self.known("routing rule", &rule.name, &known);
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
                let known = self.earlier_rules.clone();
                self.known("rule", name, &known);
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
            let known = self.crowds.clone();
            self.known("group of tickets", crowd, &known);
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

    fn credentials(&mut self, credentials: &super::step::Credentials) {
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
