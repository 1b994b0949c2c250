//! Tickets, conversations and agents, as far as the bridge reads them. Unknown
//! keys are passed over, missing ones have a default, unknown numbers are kept.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::tolerant::{self, Items};

/// The person a ticket is for, from `include=requester`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Requester {
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) email: Option<String>,
}

/// When things last happened, from `include=stats`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Stats {
    #[serde(default, deserialize_with = "tolerant::time")]
    pub(crate) resolved_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "tolerant::time")]
    pub(crate) closed_at: Option<Timestamp>,
}

/// A file on a ticket or conversation.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct FileInfo {
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) name: Option<String>,
    /// `size` on the wire, `file_size` in the reference's samples [O].
    #[serde(default, alias = "file_size", deserialize_with = "tolerant::integer")]
    pub(crate) size: Option<i64>,
}

/// A ticket.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Ticket {
    #[serde(deserialize_with = "tolerant::required_integer")]
    pub(crate) id: i64,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) subject: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) description: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) description_text: Option<String>,
    #[serde(default, deserialize_with = "tolerant::integer")]
    pub(crate) status: Option<i64>,
    #[serde(default, deserialize_with = "tolerant::integer")]
    pub(crate) source: Option<i64>,
    #[serde(default, deserialize_with = "tolerant::integer")]
    pub(crate) requester_id: Option<i64>,
    #[serde(default, deserialize_with = "tolerant::integer")]
    pub(crate) responder_id: Option<i64>,
    #[serde(default, deserialize_with = "tolerant::integer")]
    pub(crate) group_id: Option<i64>,
    #[serde(default, deserialize_with = "tolerant::list")]
    pub(crate) tags: Vec<String>,
    #[serde(default, deserialize_with = "tolerant::list")]
    pub(crate) attachments: Vec<FileInfo>,
    #[serde(default, deserialize_with = "tolerant::object")]
    pub(crate) custom_fields: Option<Map<String, Value>>,
    #[serde(default, deserialize_with = "tolerant::time")]
    pub(crate) created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "tolerant::time")]
    pub(crate) updated_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "tolerant::flag")]
    pub(crate) deleted: bool,
    #[serde(default, deserialize_with = "tolerant::flag")]
    pub(crate) spam: bool,
    #[serde(default, deserialize_with = "tolerant::object")]
    pub(crate) requester: Option<Requester>,
    #[serde(default, deserialize_with = "tolerant::object")]
    pub(crate) stats: Option<Stats>,
    #[serde(default, deserialize_with = "tolerant::object")]
    pub(crate) conversations: Option<Items<Conversation>>,
}

impl Ticket {
    /// Freshdesk's *Resolved* and *Closed*.
    pub(crate) fn is_resolved(&self) -> bool {
        matches!(self.status, Some(4 | 5))
    }
}

/// One reply or note on a ticket.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Conversation {
    #[serde(deserialize_with = "tolerant::required_integer")]
    pub(crate) id: i64,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) body: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) body_text: Option<String>,
    #[serde(default, deserialize_with = "tolerant::flag")]
    pub(crate) incoming: bool,
    #[serde(default, deserialize_with = "tolerant::flag")]
    pub(crate) private: bool,
    #[serde(default, deserialize_with = "tolerant::integer")]
    pub(crate) user_id: Option<i64>,
    #[serde(default, deserialize_with = "tolerant::integer")]
    pub(crate) source: Option<i64>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) from_email: Option<String>,
    #[serde(default, deserialize_with = "tolerant::flag")]
    pub(crate) auto_response: bool,
    #[serde(default, deserialize_with = "tolerant::integer")]
    pub(crate) automation_id: Option<i64>,
    #[serde(default, deserialize_with = "tolerant::flag")]
    pub(crate) deleted: bool,
    #[serde(default, deserialize_with = "tolerant::list")]
    pub(crate) attachments: Vec<FileInfo>,
    #[serde(default, deserialize_with = "tolerant::time")]
    pub(crate) created_at: Option<Timestamp>,
}

/// What a reply or a note answers with; the two shapes share the id.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct PostedConversation {
    #[serde(deserialize_with = "tolerant::required_integer")]
    pub(crate) id: i64,
    #[serde(default, deserialize_with = "tolerant::time")]
    pub(crate) created_at: Option<Timestamp>,
}

/// The person behind an agent.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct AgentContact {
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) email: Option<String>,
    #[serde(default, deserialize_with = "tolerant::flag")]
    pub(crate) deleted: bool,
}

/// An agent.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Agent {
    #[serde(deserialize_with = "tolerant::required_integer")]
    pub(crate) id: i64,
    #[serde(default, deserialize_with = "tolerant::object_or_empty")]
    pub(crate) contact: AgentContact,
    #[serde(default, deserialize_with = "tolerant::integers")]
    pub(crate) role_ids: Vec<i64>,
    #[serde(default, deserialize_with = "tolerant::flag")]
    pub(crate) deactivated: bool,
}

impl Agent {
    /// Whether tickets can be given to them.
    pub(crate) fn is_active(&self) -> bool {
        !self.deactivated && !self.contact.deleted
    }
}

/// A role.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Role {
    #[serde(deserialize_with = "tolerant::required_integer")]
    pub(crate) id: i64,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) name: Option<String>,
}

/// A group.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Group {
    #[serde(deserialize_with = "tolerant::required_integer")]
    #[expect(dead_code, reason = "its being there is what makes an answer a group")]
    pub(crate) id: i64,
    /// The members, where the answer names them.
    #[serde(default, deserialize_with = "tolerant::some_integers")]
    pub(crate) agent_ids: Option<Vec<i64>>,
}

/// A ticket field.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct TicketField {
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) name: Option<String>,
    #[serde(default, rename = "type", deserialize_with = "tolerant::text")]
    pub(crate) kind: Option<String>,
    #[serde(default, deserialize_with = "tolerant::flag")]
    pub(crate) archived: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_read_whatever_its_numbers_and_nulls_look_like() {
        let ticket: Ticket = serde_json::from_str(
            r#"{"id": 17.0, "status": "4", "source": 102, "responder_id": null,
                "requester_id": 1060000697424, "tags": null, "spam": null,
                "created_at": "2026-01-01T05:30:00+05:30", "attachments": [{"name":"a","file_size":3}],
                "conversations": [{"id": 43026449322, "incoming": true, "user_id": null}]}"#,
        )
        .unwrap();
        assert_eq!(ticket.id, 17);
        assert!(ticket.is_resolved());
        assert_eq!(ticket.requester_id, Some(1_060_000_697_424));
        assert_eq!(
            ticket.created_at.unwrap().to_string(),
            "2026-01-01T00:00:00Z"
        );
        assert_eq!(ticket.attachments[0].size, Some(3));
        let conversations = ticket.conversations.unwrap();
        assert_eq!(conversations.readable[0].id, 43_026_449_322);
    }

    #[test]
    fn what_is_of_another_kind_than_the_reference_says_is_left_out_and_hides_nothing() {
        let ticket: Ticket = serde_json::from_str(
            r#"{"id": 17, "custom_fields": [], "requester": "Carla", "stats": 7, "tags": "vip",
                "subject": {"a": 1}, "source": 2.5, "status": [2], "attachments": [null, {"name": "a"}, 7], "deleted": "no",
                "conversations": [{"id": "x"}, {"id": 2, "attachments": {}}, 7]}"#,
        )
        .unwrap();
        assert_eq!(
            (ticket.subject, ticket.source, ticket.status),
            (None, None, None)
        );
        assert!(ticket.custom_fields.is_none() && ticket.requester.is_none());
        assert_eq!(ticket.attachments.len(), 1);
        let conversations = ticket.conversations.unwrap();
        let ids: Vec<_> = conversations.readable.iter().map(|one| one.id).collect();
        assert_eq!((ids.as_slice(), conversations.listed), (&[2][..], 3));

        let agent: Agent =
            serde_json::from_str(r#"{"id": "7", "contact": null, "role_ids": [1.0, "2", null]}"#)
                .unwrap();
        assert_eq!(agent.role_ids, [1, 2]);
        for (members, read) in [("[1.0, \"x\"]", Some(vec![1])), ("null", None), ("7", None)] {
            let group = format!(r#"{{"id": 7, "agent_ids": {members}}}"#);
            let group: Group = serde_json::from_str(&group).unwrap();
            assert_eq!(group.agent_ids, read, "{members}");
        }
    }
}
