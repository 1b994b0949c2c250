//! Names row, cause, place and fix of a symptom from what can be seen from the
//! outside: the rules, their activity logs, the bridge's settings.
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | findings, and the order in which causes are looked for |
//! | [`observe`] | what a diagnosis looks at, brought into the trace |
//! | `rules` | rows 1, 2 and 5: what is wrong with the two automation rules |
//! | `intake` | row 3: why one ticket is not taken |
//! | `marker` | row 4: why handed-off tickets are not routed |

mod intake;
mod marker;
pub mod observe;
mod rules;

use serde::{Deserialize, Serialize};

use crate::clauses::Catalogue;
use crate::trace::Trace;

/// A named cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The clause of the guide's row, such as `SYM-1`.
    pub clause: String,
    /// The guide's name for the symptom.
    pub symptom: String,
    /// The cause, in the catalogue's words.
    pub cause: String,
    /// Where to look.
    pub place: String,
    /// What shows it.
    pub evidence: Vec<String>,
    /// What to do.
    pub fix: String,
}

/// A cause before it gets the catalogue's words for its row.
pub(crate) struct Suspicion {
    pub(crate) clause: &'static str,
    pub(crate) cause: char,
    pub(crate) evidence: Vec<String>,
    pub(crate) fix: String,
}

/// Names every cause that the last observation in a trace shows, the most
/// far-reaching first.
pub fn diagnose(trace: &Trace, catalogue: &Catalogue) -> Vec<Finding> {
    let Some(observed) = trace.last("observed", |_| true) else {
        return Vec::new();
    };
    rules::suspicions(&observed.data)
        .into_iter()
        .chain(intake::suspicion(&observed.data))
        .chain(marker::suspicions(&observed.data))
        .filter_map(|suspicion| in_words(suspicion, catalogue))
        .collect()
}

fn in_words(suspicion: Suspicion, catalogue: &Catalogue) -> Option<Finding> {
    let clause = catalogue.get(suspicion.clause)?;
    Some(Finding {
        clause: clause.id.clone(),
        symptom: clause.title.clone(),
        cause: clause
            .causes
            .get(suspicion.cause.to_string().as_str())?
            .clone(),
        place: clause.place.clone().unwrap_or_default(),
        evidence: suspicion.evidence,
        fix: suspicion.fix,
    })
}
