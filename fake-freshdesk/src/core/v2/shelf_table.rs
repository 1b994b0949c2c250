//! The table of [`shelves`](super::shelves): what each kind of resource takes,
//! and what a fresh account has.

use serde_json::{Map, Value, json};

use super::time_entries::accepted_ratings;
use crate::core::account::Account;
use crate::core::time::{Ms, seconds};

/// What a key takes.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    Number,
    Flag,
    Numbers,
    Texts,
    Object,
    Time,
    /// One of a few words.
    Word(&'static [&'static str]),
    /// One of a few numbers.
    OneOf(&'static [i64]),
}

/// One kind of resource.
pub(super) struct Shelf {
    /// Its path under `/api/v2`, without what stands above it.
    pub(super) path: &'static str,
    pub(super) keys: &'static [(&'static str, Kind)],
    pub(super) required: &'static [&'static str],
    /// A key that no two may share: 409. [D]
    pub(super) unique: Option<&'static str>,
    /// The shelf whose items hold those of this one, and the key that names
    /// the holder: articles stand in folders, and go with them.
    pub(super) above: Option<(&'static str, &'static str)>,
    /// What a new one has besides, as JSON.
    pub(super) fresh: &'static str,
}

/// What is only read over the API, and set up otherwise.
const fn read_only(path: &'static str) -> Shelf {
    shelf(path, &[], &[])
}

const fn shelf(
    path: &'static str,
    keys: &'static [(&'static str, Kind)],
    required: &'static [&'static str],
) -> Shelf {
    Shelf {
        path,
        keys,
        required,
        unique: None,
        above: None,
        fresh: "{}",
    }
}

impl Shelf {
    const fn unique(mut self, key: &'static str) -> Shelf {
        self.unique = Some(key);
        self
    }

    const fn below(mut self, path: &'static str, key: &'static str) -> Shelf {
        self.above = Some((path, key));
        self
    }

    const fn fresh(mut self, fresh: &'static str) -> Shelf {
        self.fresh = fresh;
        self
    }
}

/// The resources, with the keys that a write may carry. [D]
pub(super) const SHELVES: [Shelf; 18] = [
    shelf(
        "products",
        &[
            ("name", Kind::Text),
            ("description", Kind::Text),
            ("default", Kind::Flag),
            ("primary_email", Kind::Text),
        ],
        &["name"],
    )
    .unique("name"),
    read_only("email_configs"),
    read_only("email/mailboxes"),
    read_only("business_hours"),
    read_only("scenario_automations"),
    shelf(
        "sla_policies",
        &[
            ("name", Kind::Text),
            ("description", Kind::Text),
            ("active", Kind::Flag),
            ("applicable_to", Kind::Object),
            ("sla_target", Kind::Object),
            ("escalation", Kind::Object),
        ],
        &["name", "applicable_to", "sla_target"],
    )
    .unique("name"),
    shelf(
        "canned_response_folders",
        &[("name", Kind::Text)],
        &["name"],
    )
    .fresh("{\"personal\": false, \"responses_count\": 0}")
    .unique("name"),
    shelf(
        "canned_responses",
        &[
            ("title", Kind::Text),
            ("content_html", Kind::Text),
            ("folder_id", Kind::Number),
            ("visibility", Kind::OneOf(&[0, 1, 2])),
            ("group_ids", Kind::Numbers),
        ],
        &["title", "content_html", "folder_id", "visibility"],
    ),
    shelf(
        "surveys",
        &[
            ("title", Kind::Text),
            ("active", Kind::Flag),
            ("from", Kind::Time),
        ],
        &[],
    ),
    shelf(
        "skills",
        &[
            ("name", Kind::Text),
            ("rank", Kind::Number),
            ("agents", Kind::Numbers),
            ("match_type", Kind::Text),
            ("conditions", Kind::Object),
        ],
        &["name"],
    )
    .unique("name"),
    shelf(
        "collaboration/threads",
        &[
            ("type", Kind::Word(&["discussion", "forward", "private"])),
            ("title", Kind::Text),
            ("parent", Kind::Object),
            ("anchor", Kind::Object),
            ("participants", Kind::Object),
            ("additional_info", Kind::Object),
        ],
        &["type", "parent"],
    )
    .fresh("{\"archived\": false, \"deleted\": false, \"private\": false, \"summary\": null}"),
    shelf(
        "solutions/categories",
        &[
            ("name", Kind::Text),
            ("description", Kind::Text),
            ("visible_in_portals", Kind::Numbers),
        ],
        &["name"],
    )
    .unique("name"),
    shelf(
        "solutions/folders",
        &[
            ("name", Kind::Text),
            ("description", Kind::Text),
            // Everybody, logged in, agents, chosen companies, bots, chosen contacts.
            ("visibility", Kind::OneOf(&[1, 2, 3, 4, 5, 6])),
            ("company_ids", Kind::Numbers),
        ],
        &["name", "visibility"],
    )
    .below("solutions/categories", "category_id")
    .fresh("{\"hierarchy\": [], \"sub_folders_count\": 0}"),
    shelf(
        "solutions/articles",
        &[
            ("title", Kind::Text),
            ("description", Kind::Text),
            // Permanent, workaround.
            ("type", Kind::OneOf(&[1, 2])),
            // Draft, published.
            ("status", Kind::OneOf(&[1, 2])),
            ("seo_data", Kind::Object),
            ("tags", Kind::Texts),
        ],
        &["title", "description", "status"],
    )
    .below("solutions/folders", "folder_id")
    .fresh("{\"type\": 1, \"tags\": [], \"seo_data\": {}, \"hierarchy\": [], \"thumbs_up\": 0, \"thumbs_down\": 0, \"hits\": 0}"),
    shelf(
        "discussions/categories",
        &[("name", Kind::Text), ("description", Kind::Text)],
        &["name"],
    )
    .unique("name"),
    shelf(
        "discussions/forums",
        &[
            ("name", Kind::Text),
            ("description", Kind::Text),
            // How-to, ideas, problems, announcements.
            ("forum_type", Kind::OneOf(&[1, 2, 3, 4])),
            ("forum_visibility", Kind::OneOf(&[1, 2, 3, 4])),
            ("company_ids", Kind::Numbers),
        ],
        &["name", "forum_type", "forum_visibility"],
    )
    .below("discussions/categories", "forum_category_id")
    .fresh("{\"position\": 1, \"topics_count\": 0, \"posts_count\": 0}"),
    shelf(
        "discussions/topics",
        &[
            ("title", Kind::Text),
            ("message", Kind::Text),
            ("sticky", Kind::Flag),
            ("locked", Kind::Flag),
            ("stamp_type", Kind::Number),
        ],
        &["title", "message"],
    )
    .below("discussions/forums", "forum_id")
    .fresh("{\"sticky\": false, \"locked\": false, \"hits\": 0, \"user_votes\": 0, \"posts_count\": 1, \"replied_by\": null, \"merged_topic_id\": null}"),
    shelf(
        "discussions/comments",
        &[("body", Kind::Text), ("answer", Kind::Flag)],
        &["body"],
    )
    .below("discussions/topics", "topic_id")
    .fresh("{\"answer\": false, \"published\": true, \"spam\": false, \"trash\": false}"),
];

/// What a fresh account has on its shelves. [D/O FDM]
pub(crate) fn stock(account: &mut Account, now: Ms) {
    let stamps = |mut value: Value| {
        value["created_at"] = json!(seconds(now));
        value["updated_at"] = json!(seconds(now));
        value
    };
    let name = account.name().to_owned();
    let support = account.support_email();
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday"];
    let hours: Map<String, Value> = days
        .into_iter()
        .map(|day| {
            (
                day.to_owned(),
                json!({"start_time": "8:00 am", "end_time": "5:00 pm"}),
            )
        })
        .collect();
    let target = |respond: u32, resolve: u32| json!({"respond_within": respond, "resolve_within": resolve, "business_hours": false, "escalation_enabled": true});
    let stocked = [
        (
            "email_configs",
            json!({
                "name": name, "product_id": null, "to_email": support, "reply_email": support, "group_id": null,
                "primary_role": true, "active": true,
            }),
        ),
        (
            "email/mailboxes",
            json!({
                "name": name, "support_email": support, "product_id": null, "group_id": null, "default_reply_email": true,
                "active": true, "mailbox_type": "freshdesk_mailbox", "freshdesk_mailbox": {"forward_email": support},
            }),
        ),
        (
            "business_hours",
            json!({
                "name": "Default", "description": "Default Business Calendar", "is_default": true, "time_zone": "Chennai",
                "business_hours": hours, "list_of_holidays": [],
            }),
        ),
        (
            "sla_policies",
            json!({
                "name": "Default SLA Policy", "description": "default policy", "active": true, "is_default": true, "position": 1,
                "sla_target": {
                    "priority_4": target(14_400, 43_200), "priority_3": target(28_800, 86_400),
                    "priority_2": target(43_200, 172_800), "priority_1": target(86_400, 259_200),
                },
                "applicable_to": {},
                "escalation": {"response": null, "resolution": null},
            }),
        ),
        (
            "canned_response_folders",
            json!({"name": "General", "personal": false, "responses_count": 0}),
        ),
        (
            "canned_response_folders",
            json!({"name": "Personal", "personal": true, "responses_count": 0}),
        ),
        (
            "surveys",
            json!({
                "title": "Default Survey", "active": true,
                "questions": [{"id": "default_question", "label": "How would you rate your overall satisfaction?",
                               "accepted_ratings": accepted_ratings(&account.settings), "default": true}],
            }),
        ),
    ];
    for (path, value) in stocked {
        let id = account.ids.next();
        let mut value = stamps(value);
        value["id"] = json!(id);
        account
            .shelves
            .entry(path.to_owned())
            .or_default()
            .insert(id, value);
    }
    account.shelves.entry("products".to_owned()).or_default();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_fresh_is_an_object_and_what_is_above_is_there() {
        for shelf in &SHELVES {
            let fresh: Value = serde_json::from_str(shelf.fresh).unwrap();
            assert!(fresh.is_object(), "{}", shelf.path);
            if let Some((above, _)) = shelf.above {
                assert!(SHELVES.iter().any(|each| each.path == above), "{above}");
            }
            for key in shelf.required {
                assert!(shelf.keys.iter().any(|(known, _)| known == key), "{key}");
            }
        }
    }
}
