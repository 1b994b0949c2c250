//! What the brain was asked and told.

use serde_json::Value;

use super::{Differences, Ground, Seen, shorten};
use crate::scenario::expectation::Expectation;
use crate::trace::list;

impl Ground<'_> {
    pub(super) fn brain(&self, expectation: &Expectation) -> Result<(), Seen> {
        let asked: Vec<_> = self.trace.of_kind("decision").collect();
        let told: Vec<&str> = asked
            .iter()
            .flat_map(|entry| list(&entry.data, "/told"))
            .filter_map(Value::as_str)
            .collect();
        let mut differences = Differences::default();
        differences.count("brain asked", expectation.times, asked.len());
        for wanted in &expectation.told {
            let lacking = !told.iter().any(|text| text.contains(wanted.as_str()));
            differences.say(lacking, || format!("the brain was never told “{wanted}”"));
        }
        for unwanted in &expectation.never_told {
            let found = told.iter().find(|text| text.contains(unwanted.as_str()));
            differences.say(found.is_some(), || {
                let text = found.copied().unwrap_or_default();
                format!("the brain was told “{}”", shorten(text, 80))
            });
        }
        differences.verdict(|| asked.iter().map(|entry| entry.n).collect())
    }
}
