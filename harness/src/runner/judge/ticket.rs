//! Tickets in Freshdesk: one, or each of many.

use serde_json::Value;

use super::{Differences, Ground, Seen, calls, shorten};
use crate::scenario::check::{DEFAULT_MARKER, OPENCX_AGENT};
use crate::scenario::expectation::{Expectation, StatusExpected};
use crate::trace::line::plain;
use crate::trace::{find, list};
use crate::world::WorldError;

impl Ground<'_> {
    pub(super) fn ticket(
        &self,
        id: u64,
        expectation: &Expectation,
    ) -> Result<Result<(), Seen>, WorldError> {
        let seen = self
            .trace
            .last("ticket_seen", |entry| entry.ticket == Some(id))
            .ok_or_else(|| {
                WorldError::unexpected("the ticket was judged before it was looked at")
            })?;
        let differences = self.ticket_differences(id, &seen.data, expectation)?;
        Ok(differences.verdict(|| self.about(id)))
    }

    /// Each of the tickets that were opened under one name.
    pub(super) fn tickets(
        &self,
        name: &str,
        expectation: &Expectation,
    ) -> Result<Result<(), Seen>, WorldError> {
        let seen = self.trace.last("tickets_seen", |_| true).ok_or_else(|| {
            WorldError::unexpected("the tickets were judged before they were looked at")
        })?;
        let ids = self.cast.tickets_under(name)?;
        let mut wrong = Vec::new();
        for ticket in list(&seen.data, "/items") {
            let Some(id) = ticket.get("id").and_then(Value::as_u64) else {
                continue;
            };
            if !ids.contains(&id) {
                continue;
            }
            let differences = self.ticket_differences(id, ticket, expectation)?;
            if !differences.0.is_empty() {
                wrong.push((id, differences.0.join(", ")));
            }
        }
        if let Some((first, what)) = wrong.first() {
            return Ok(Err(Seen {
                what: format!(
                    "{} of {} tickets differ; {}: {what}",
                    wrong.len(),
                    ids.len(),
                    self.cast.name_of(*first)
                ),
                entries: self.about(*first),
            }));
        }
        match expectation.quota_time {
            None => Ok(Ok(())),
            Some(share) => Ok(calls::quota_time(self, &ids, share)),
        }
    }

    fn ticket_differences(
        &self,
        id: u64,
        ticket: &Value,
        expectation: &Expectation,
    ) -> Result<Differences, WorldError> {
        let ai = self.cast.agent(OPENCX_AGENT)?.id;
        let conversations = list(ticket, "/conversations");
        let is_private = |c: &Value| c.get("private").and_then(Value::as_bool) == Some(true);
        let is_by_ai = |c: &&Value| c.get("user_id").and_then(Value::as_u64) == Some(ai);
        let text = |c: &Value| {
            let text = c.get("body_text").or(c.get("body")).map(plain);
            text.unwrap_or_default()
        };
        let by_ai: Vec<&Value> = conversations.iter().filter(is_by_ai).collect();
        let notes: Vec<&Value> = by_ai.iter().copied().filter(|c| is_private(c)).collect();
        let mut differences = Differences::default();
        differences.count(
            "ai replies",
            expectation.ai_replies,
            by_ai.len() - notes.len(),
        );
        differences.count("ai notes", expectation.ai_notes, notes.len());
        self.tags(&mut differences, ticket, expectation);
        self.properties(&mut differences, ticket, expectation)?;

        let public: Vec<String> = conversations
            .iter()
            .filter(|c| !is_private(c))
            .map(text)
            .collect();
        let said: Vec<String> = by_ai
            .iter()
            .filter(|c| !is_private(c))
            .map(|c| text(c))
            .collect();
        let noted: Vec<String> = notes.iter().map(|c| text(c)).collect();
        for (what, wanted, texts) in [
            ("the AI said in public", &expectation.public_text_has, &said),
            ("the AI noted", &expectation.ai_note_has, &noted),
        ] {
            let lacking = wanted
                .iter()
                .find(|wanted| !texts.iter().any(|text| text.contains(wanted.as_str())));
            if let Some(lacking) = lacking {
                differences.0.push(format!(
                    "{what} nothing with “{}”, but: {}",
                    shorten(lacking, 60),
                    quoted(texts)
                ));
            }
        }
        let told = expectation
            .public_text_lacks
            .iter()
            .find(|unwanted| public.iter().any(|text| text.contains(unwanted.as_str())));
        if let Some(told) = told {
            differences
                .0
                .push(format!("in public: “{}”", shorten(told, 80)));
        }
        let files: Vec<String> = by_ai
            .last()
            .map(|post| list(post, "/attachments"))
            .unwrap_or_default()
            .iter()
            .filter_map(|file| file.get("name"))
            .map(plain)
            .collect();
        let wrong_files = (!expectation.attached.is_empty() && files != expectation.attached)
            || (expectation.nothing_attached == Some(true) && !files.is_empty());
        differences.say(wrong_files, || format!("attached: [{}]", files.join(", ")));
        if let Some(expected) = &expectation.last_word {
            let word = self.last_word(ticket, ai);
            differences.say(word != expected, || format!("last word: {word}"));
        }
        if !expectation.ai_writes.is_empty() {
            let writes = calls::writes(self.trace, id, ai);
            differences.say(writes != expectation.ai_writes, || {
                format!("ai writes: [{}]", writes.join(", "))
            });
        }
        Ok(differences)
    }

    /// Who said the last word on a ticket in public.
    fn last_word(&self, ticket: &Value, ai: u64) -> &'static str {
        let public = |c: &&Value| c.get("private").and_then(Value::as_bool) != Some(true);
        let Some(last) = list(ticket, "/conversations").iter().rev().find(public) else {
            return "customer";
        };
        match last.get("user_id").and_then(Value::as_u64) {
            Some(author) if author == ai => "ai",
            Some(author) if self.cast.agents.values().any(|agent| agent.id == author) => "rep",
            _ => "customer",
        }
    }

    fn tags(&self, differences: &mut Differences, ticket: &Value, expectation: &Expectation) {
        let tags: Vec<&str> = list(ticket, "/tags")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let lacking = expectation
            .tags
            .iter()
            .any(|tag| !tags.contains(&tag.as_str()));
        let unwanted = expectation
            .lacks_tags
            .iter()
            .any(|tag| tags.contains(&tag.as_str()));
        differences.say(lacking || unwanted, || {
            format!("tags: [{}]", tags.join(", "))
        });
    }

    fn properties(
        &self,
        differences: &mut Differences,
        ticket: &Value,
        expectation: &Expectation,
    ) -> Result<(), WorldError> {
        let number = |field: &str| ticket.get(field).and_then(Value::as_u64);
        if let Some(StatusExpected::Ticket(status)) = &expectation.status {
            let seen = number("status").unwrap_or(0);
            differences.say(seen != u64::from(*status), || format!("status: {seen}"));
        }
        if let Some(assignee) = &expectation.assignee {
            let expected = match assignee.value.as_str() {
                "nobody" => None,
                name => Some(self.cast.agent(name)?.id),
            };
            let responder = number("responder_id");
            differences.say(responder != expected, || {
                format!("assignee: {}", self.agent_name(responder))
            });
        }
        if let Some(group) = &expectation.group {
            let expected = match group.value.as_str() {
                "none" => None,
                name => Some(self.cast.group(name)?),
            };
            let seen = number("group_id");
            differences.say(seen != expected, || {
                format!("group: {}", self.group_name(seen))
            });
        }
        if let Some(expected) = expectation.marker {
            let field = format!("/custom_fields/{}", self.marker_field());
            let seen = find(ticket, &field);
            let on = seen.and_then(Value::as_bool).unwrap_or(false);
            differences.say(on != expected, || match seen {
                None => "the ticket has no marker field".to_owned(),
                Some(value) => format!("marker: {value}"),
            });
        }
        Ok(())
    }

    /// The marker field that is selected in the settings now.
    fn marker_field(&self) -> String {
        self.trace
            .last("contract_call", |call| {
                call.find("/answer/marker_field").is_some()
            })
            .and_then(|call| call.find("/answer/marker_field"))
            .map_or_else(|| DEFAULT_MARKER.to_owned(), plain)
    }
}

fn quoted(texts: &[String]) -> String {
    if texts.is_empty() {
        return "nothing at all".to_owned();
    }
    texts
        .iter()
        .map(|text| format!("“{}”", shorten(text, 60)))
        .collect::<Vec<_>>()
        .join(" · ")
}
