//! What a shard of walks found, as a file, and several of them joined.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What one run of `harness explore` found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShardReport {
    /// The seed of all cases.
    pub seed: u64,
    /// Which shards of how many: `["2/4"]`.
    pub shards: Vec<String>,
    /// How many cases were played.
    pub cases: u64,
    /// Real seconds of work.
    pub seconds: f64,
    /// What failed.
    pub failures: Vec<WalkFailure>,
    /// Cases that the harness could not judge.
    pub harness_errors: Vec<String>,
}

/// A walk that failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WalkFailure {
    /// The case's number.
    pub case: u64,
    /// The clause that is broken.
    pub clause: String,
    /// What was expected.
    pub expected: String,
    /// What was seen.
    pub seen: String,
    /// The scenario that reproduces it.
    pub scenario: String,
    /// The command that finds it again.
    pub command: String,
}

/// Joins what shards found.
///
/// # Errors
/// If they are of different seeds, or one of them is there twice.
pub fn merge(reports: Vec<ShardReport>) -> Result<ShardReport, String> {
    let mut reports = reports.into_iter();
    let mut all = reports
        .next()
        .ok_or_else(|| "there is nothing to join".to_owned())?;
    let mut seen: BTreeSet<String> = all.shards.iter().cloned().collect();
    for report in reports {
        if report.seed != all.seed {
            return Err(format!(
                "shards of different seeds can't be joined: {} and {}",
                all.seed, report.seed
            ));
        }
        for shard in &report.shards {
            if !seen.insert(shard.clone()) {
                return Err(format!("shard {shard} is there twice"));
            }
        }
        all.shards.extend(report.shards);
        all.cases += report.cases;
        all.seconds += report.seconds;
        all.failures.extend(report.failures);
        all.harness_errors.extend(report.harness_errors);
    }
    all.shards.sort();
    all.failures.sort_by_key(|failure| failure.case);
    Ok(all)
}

/// A shard's part of the cases: every n-th from the k-th.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Which, from 1.
    pub k: u64,
    /// Of how many.
    pub n: u64,
}

impl std::str::FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no shard: write K/N, such as 2/4");
        let (k, n) = text.split_once('/').ok_or_else(wrong)?;
        let part = Self {
            k: k.trim().parse().map_err(|_| wrong())?,
            n: n.trim().parse().map_err(|_| wrong())?,
        };
        if part.n == 0 || part.k == 0 || part.k > part.n {
            return Err(format!("`{text}` is no shard: K is from 1 to N"));
        }
        Ok(part)
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.k, self.n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(shard: &str, seed: u64, cases: u64) -> ShardReport {
        ShardReport {
            seed,
            shards: vec![shard.to_owned()],
            cases,
            ..ShardReport::default()
        }
    }

    #[test]
    fn shards_of_one_seed_are_joined_and_others_refused() {
        let all = merge(vec![report("2/2", 7, 10), report("1/2", 7, 11)]).unwrap();
        assert_eq!(
            (all.cases, all.shards),
            (21, vec!["1/2".into(), "2/2".into()])
        );
        assert_eq!(
            merge(vec![report("1/2", 7, 1), report("2/2", 8, 1)]).unwrap_err(),
            "shards of different seeds can't be joined: 7 and 8"
        );
        assert_eq!(
            merge(vec![report("1/2", 7, 1), report("1/2", 7, 1)]).unwrap_err(),
            "shard 1/2 is there twice"
        );
    }

    #[test]
    fn a_shard_is_written_k_of_n() {
        assert_eq!("2/4".parse(), Ok(Part { k: 2, n: 4 }));
        for wrong in ["", "2", "0/4", "5/4", "1/0", "a/b"] {
            assert!(wrong.parse::<Part>().is_err(), "{wrong}");
        }
    }
}
