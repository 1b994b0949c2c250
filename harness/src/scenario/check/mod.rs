//! What a scenario's form can't tell: names that nobody introduced, clauses
//! that do not exist, expectations that make no sense.
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | the header, the world, and who is known at the beginning |
//! | `names` | names that are given, and names that are used |
//! | `steps` | what each step and each expectation names |

mod names;
mod steps;

use std::collections::BTreeSet;
use std::path::Path;

use crate::clauses::Catalogue;
use crate::scenario::at::{At, Place};
use crate::scenario::document::{Document, MatrixValue};
use crate::scenario::problem::{Problem, nearest};

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
}
