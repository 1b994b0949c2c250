//! The clause catalogue: the ids and words that scenarios, diagnoses and
//! reports share.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// The catalogue as it stands in `scenarios/spec/clauses.yaml`.
const CATALOGUE: &str = include_str!("../../scenarios/spec/clauses.yaml");

/// How binding a clause is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// From the guide or from Freshdesk's documented behaviour.
    Must,
    /// A considered reading where the public pages are silent.
    Should,
}

/// One testable statement.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// Its id, such as `SYM-1`.
    pub id: String,
    /// How binding it is.
    pub level: Level,
    /// Where it comes from.
    pub origin: String,
    /// The guide's name for a symptom, or a short name.
    pub title: String,
    /// The statement.
    pub text: String,
    /// For a symptom: where to look.
    #[serde(default)]
    pub place: Option<String>,
    /// For a symptom: its lettered causes.
    #[serde(default)]
    pub causes: IndexMap<String, String>,
}

/// All clauses, in the order of the catalogue.
#[derive(Debug, Clone)]
pub struct Catalogue {
    clauses: IndexMap<String, Clause>,
}

/// The catalogue can't be read.
#[derive(Debug, thiserror::Error)]
#[error("the clause catalogue is broken: {0}")]
pub struct BrokenCatalogue(String);

impl Catalogue {
    /// The catalogue that this program was built with.
    ///
    /// # Errors
    /// If the catalogue is no list of clauses or names one twice.
    pub fn built_in() -> Result<Self, BrokenCatalogue> {
        let list: Vec<Clause> = serde_saphyr::from_str(CATALOGUE)
            .map_err(|error| BrokenCatalogue(error.to_string()))?;
        let mut clauses = IndexMap::new();
        for clause in list {
            let id = clause.id.clone();
            if clauses.insert(id.clone(), clause).is_some() {
                return Err(BrokenCatalogue(format!("{id} is there twice")));
            }
        }
        Ok(Self { clauses })
    }

    /// The clause with this id.
    pub fn get(&self, id: &str) -> Option<&Clause> {
        self.clauses.get(id)
    }

    /// All ids, in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.clauses.keys().map(String::as_str)
    }

    /// All clauses, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Clause> {
        self.clauses.values()
    }
}
