//! What the programs of a live world say on their outputs: a key must not be
//! in what the bridge says (SEC-1).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One line of a program's output.
#[derive(Debug, Clone)]
pub(crate) struct LogLine {
    /// Which program.
    pub(crate) program: &'static str,
    /// What it said.
    pub(crate) text: String,
}

/// All lines, oldest first.
#[derive(Clone, Default)]
pub(crate) struct Logs(Arc<Mutex<Vec<LogLine>>>);

impl Logs {
    fn lines(&self) -> MutexGuard<'_, Vec<LogLine>> {
        // Nothing panics while the lines are held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, program: &'static str, text: String) {
        self.lines().push(LogLine { program, text });
    }

    /// The lines of a program in which one of the texts stands.
    pub(crate) fn holding(&self, program: &str, texts: &[&str]) -> Vec<LogLine> {
        let lines = self.lines();
        let found = lines
            .iter()
            .filter(|line| line.program == program)
            .filter(|line| texts.iter().any(|text| line.text.contains(text)));
        found.cloned().collect()
    }

    /// The first lines of a program, as one text.
    pub(crate) fn beginning(&self, program: &str, most: usize) -> String {
        let lines = self.lines();
        let of_it = lines.iter().filter(|line| line.program == program);
        let texts: Vec<&str> = of_it.take(most).map(|line| line.text.as_str()).collect();
        texts.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_a_key_is_found_in_what_one_program_said() {
        let logs = Logs::default();
        logs.add("fake-freshdesk", "listening, key KEY123456".to_owned());
        logs.add("reference-bridge", "GET with KEY123456".to_owned());
        let found = logs.holding("reference-bridge", &["KEY123456", "OTHER"]);
        let found: Vec<_> = found
            .iter()
            .map(|line| (line.program, line.text.as_str()))
            .collect();
        assert_eq!(found, [("reference-bridge", "GET with KEY123456")]);
        assert_eq!(
            logs.beginning("fake-freshdesk", 20),
            "listening, key KEY123456"
        );
    }
}
