//! The Ticket Creation rule: row SYM-1 of the guide.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    PLACE, Rules,
    rule::{
        calls, calls_an_old_url, edited, has_conditions, is_active, is_proven, name, rule_finding,
        stale,
    },
};
use crate::{diagnosis::Finding, work::EventKind};

impl Rules {
    pub(super) fn creation_findings(
        &self,
        url: &str,
        delivered: Option<Timestamp>,
    ) -> Vec<Finding> {
        let ours = |rule: &&Value| calls(rule, url);
        let Some((index, rule)) = self
            .creation
            .iter()
            .enumerate()
            .filter(|(_, rule)| ours(rule))
            .max_by_key(|(index, rule)| (is_active(rule), std::cmp::Reverse(*index)))
        else {
            return vec![self.no_creation_rule(url)];
        };
        let mut findings = Vec::new();
        if !is_active(rule) {
            findings.push(rule_finding(
                "SYM-1",
                "creation rule inactive",
                rule,
                "switch the Ticket Creation rule on",
            ));
            return findings;
        }
        let proven = |rule: &Value| is_proven(rule, delivered);
        if has_conditions(rule) && !proven(rule) {
            findings.push(rule_finding(
                "SYM-1",
                "creation rule conditions match nothing",
                rule,
                "take the conditions out of the Ticket Creation rule, or widen them so that every new ticket matches",
            ));
        }
        let earlier = self.creation[..index]
            .iter()
            .find(|earlier| is_active(earlier) && !calls(earlier, url));
        if let Some(earlier) = earlier
            && !(proven(rule) && proven(earlier))
        {
            findings.push(rule_finding(
                "SYM-1",
                "an earlier creation rule matches first",
                earlier,
                "move the OpenCX rule to the top, or let the account execute all matching rules",
            ));
        }
        findings.extend(edited(rule, EventKind::TicketCreated));
        findings
    }

    fn no_creation_rule(&self, url: &str) -> Finding {
        if let Some(rule) = self
            .creation
            .iter()
            .find(|rule| calls_an_old_url(rule, url))
        {
            return stale(rule);
        }
        // Named as ours, but without the call.
        let named = self
            .creation
            .iter()
            .find(|rule| name(rule).to_ascii_lowercase().contains("opencx") && !calls(rule, url));
        if let Some(rule) = named {
            return rule_finding(
                "SYM-1",
                "creation rule lacks the webhook action",
                rule,
                "add the webhook action to the Ticket Creation rule, with the URL and payload from the settings",
            );
        }
        let both = !self.updates.iter().any(|rule| calls(rule, url));
        Finding {
            clause: "SYM-1",
            cause: if both {
                "both rules missing"
            } else {
                "creation rule missing"
            }
            .to_owned(),
            place: PLACE.to_owned(),
            evidence: format!(
                "none of the {} Ticket Creation rules calls the webhook URL",
                self.creation.len()
            ),
            fix: "create the Ticket Creation rule with the webhook URL and the creation payload from the settings".to_owned(),
        }
    }
}
