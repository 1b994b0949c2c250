//! Laws of automation rules: what is saved is what is shown, and each decision
//! in an activity log follows from the rule as it is shown, the event as it is
//! logged and the ticket at that moment, by a reading of its own.

use std::collections::BTreeMap;

use http::Method;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::pure::Core;
use crate::world::DOMAIN;

const OTHER_KEY: &str = "OTHERKEY01";

fn path(rest: &str) -> String {
    format!("/control/v1/accounts/{DOMAIN}{rest}")
}

/// An account with two agents; their ids.
fn world() -> (Core, [i64; 2]) {
    let mut core = Core::with(json!({
        "plan": "enterprise",
        "quota": {"total": 1_000_000, "ticket_create": 100_000, "ticket_update": 100_000, "tickets_list": 100_000, "contacts_list": 100_000},
        "settings": {"loop_guard_executions": 3, "rules_show_resource_type": true},
    }));
    let other =
        json!({"name": "O", "email": "o@example.com", "role": "Agent", "api_key": OTHER_KEY});
    let (status, other) = core.control("POST", &path("/agents"), other);
    assert_eq!(status, 201, "{other}");
    let (_, account) = core.control("GET", &path(""), Value::Null);
    let admin = account["admin"]["id"].as_i64().unwrap();
    (core, [admin, other["id"].as_i64().unwrap()])
}

/// Only what the generated rules look at and change.
const VALUES: [i64; 4] = [2, 3, 4, 5];

fn event() -> impl Strategy<Value = Value> {
    let side = || {
        prop_oneof![
            2 => Just(json!("--")),
            3 => prop::sample::select(VALUES.to_vec()).prop_map(|value| json!(value)),
            1 => prop::sample::subsequence(VALUES.to_vec(), 1..3).prop_map(|values| json!(values)),
        ]
    };
    let field = prop::sample::select(vec!["status", "priority"]);
    prop_oneof![
        4 => (field, side(), side()).prop_map(|(field, from, to)| json!({"field_name": field, "from": from, "to": to})),
        1 => Just(json!({"field_name": "reply_sent"})),
        2 => prop::sample::select(vec!["--", "public", "private"]).prop_map(|kind| json!({"field_name": "note_type", "value": kind})),
        1 => prop::sample::select(vec!["--", "delete", "marked_spam"]).prop_map(|action| json!({"field_name": "ticket_action", "value": action})),
    ]
}

fn property() -> impl Strategy<Value = Value> {
    let field = prop::sample::select(vec!["status", "priority"]);
    let one = prop::sample::select(VALUES.to_vec());
    let some = prop::sample::subsequence(VALUES.to_vec(), 1..4);
    let compare = prop::sample::select(vec!["is", "is_not", "greater_than", "less_than"]);
    let member = prop::sample::select(vec!["in", "not_in"]);
    prop_oneof![
        (field.clone(), compare, one).prop_map(|(field, operator, value)| {
            json!({"resource_type": "ticket", "field_name": field, "operator": operator, "value": value})
        }),
        (field, member, some).prop_map(|(field, operator, value)| {
            json!({"resource_type": "ticket", "field_name": field, "operator": operator, "value": value})
        }),
    ]
}

/// One or two sets, as the API writes them back, and the word that joins them.
fn conditions() -> impl Strategy<Value = (Value, Value)> {
    let set = || {
        (
            prop::sample::select(vec!["all", "any"]),
            prop::collection::vec(property(), 0..3),
        )
    };
    let operator = prop::sample::select(vec!["or", "and"]);
    (set(), prop::option::of((set(), operator))).prop_map(|((match_type, properties), second)| {
        let mut sets = vec![
            json!({"name": "condition_set_1", "match_type": match_type, "properties": properties}),
        ];
        let mut joined = Value::Null;
        if let Some(((match_type, properties), operator)) = second {
            sets.push(json!({"name": "condition_set_2", "match_type": match_type, "properties": properties}));
            joined = json!(format!("condition_set_1 {operator} condition_set_2"));
        }
        (json!(sets), joined)
    })
}

fn actions() -> impl Strategy<Value = Value> {
    let status = prop::sample::select(VALUES.to_vec())
        .prop_map(|value| json!({"field_name": "status", "value": value}));
    let priority = prop::sample::select(vec![1, 2, 3, 4])
        .prop_map(|value| json!({"field_name": "priority", "value": value}));
    let tag = Just(json!({"field_name": "add_tag", "value": ["seen"]}));
    let webhook = Just(json!({
        "field_name": "trigger_webhook", "request_type": "POST", "url": "http://localhost:9000/{{ticket.id}}",
        "content_type": "JSON", "content_layout": "2", "content": "{\"id\": {{ticket.id}}, \"subject\": \"{{ticket.subject}}\"}",
        "custom_headers": {"X-Secret": "s"},
    }));
    prop::collection::vec(prop_oneof![status, priority, tag, webhook], 1..4)
        .prop_map(|actions| json!(actions))
}

/// A rule as a client writes it; `members` are chosen by number.
fn rule(agents: [i64; 2]) -> impl Strategy<Value = (u8, Value)> {
    let performer =
        (1..5_u8, 0..3_usize).prop_map(move |(kind, member)| match (kind, agents.get(member)) {
            (1 | 3, Some(member)) => json!({"type": kind, "members": [member]}),
            _ => json!({"type": kind}),
        });
    (
        prop_oneof![1 => Just(1_u8), 1 => Just(3_u8), 4 => Just(4_u8)],
        "[A-Za-zäß\"<&{]{1}[ -~]{0,20}[a-z]",
        prop::option::of("[ -~]{0,20}"),
        prop::bool::weighted(0.85),
        performer,
        prop::collection::vec(event(), 1..4),
        conditions(),
        actions(),
    )
        .prop_map(
            |(
                kind,
                name,
                description,
                active,
                performer,
                events,
                (conditions, operator),
                actions,
            )| {
                let mut body = json!({
                    "name": name, "description": description, "active": active,
                    "conditions": conditions, "operator": operator, "actions": actions,
                });
                if kind == 4 {
                    body["performer"] = performer;
                    body["events"] = json!(events);
                }
                (kind, body)
            },
        )
}

/// What a client may write of what it is shown.
fn written(shown: &Value) -> Value {
    let keys = [
        "name",
        "description",
        "active",
        "performer",
        "events",
        "conditions",
        "operator",
        "actions",
    ];
    let fields = keys
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), shown.get(*key)?.clone())));
    Value::Object(fields.collect())
}

/// What people and clients do to ticket 1.
#[derive(Clone, Debug)]
enum Act {
    /// The administrator's key changes status, priority or both.
    Update(Option<i64>, Option<i64>),
    /// Another agent does so in the browser.
    OtherUpdates(Option<i64>, Option<i64>),
    CustomerReplies,
    AdminReplies,
    OtherNotes(bool),
    Delete,
    Spam,
    Opens,
}

fn act() -> impl Strategy<Value = Act> {
    let status = || prop::option::of(prop::sample::select(VALUES.to_vec()));
    let priority = || prop::option::of(prop::sample::select(vec![1, 2, 3, 4]));
    prop_oneof![
        3 => (status(), priority()).prop_map(|(status, priority)| Act::Update(status, priority)),
        3 => (status(), priority()).prop_map(|(status, priority)| Act::OtherUpdates(status, priority)),
        2 => Just(Act::CustomerReplies),
        1 => Just(Act::AdminReplies),
        2 => any::<bool>().prop_map(Act::OtherNotes),
        1 => Just(Act::Delete),
        1 => Just(Act::Spam),
        2 => Just(Act::Opens),
    ]
}

fn changes(status: Option<i64>, priority: Option<i64>) -> Value {
    let mut change = json!({});
    if let Some(status) = status {
        change["status"] = json!(status);
    }
    if let Some(priority) = priority {
        change["priority"] = json!(priority);
    }
    change
}

impl Core {
    /// Does it, and says to which ticket.
    fn act(&mut self, act: &Act, [admin, other]: [i64; 2]) -> i64 {
        let mut ticket = 1;
        let mut control = |rest: &str, body: Value| {
            self.control("POST", &path(&format!("/tickets/1{rest}")), body)
                .0
        };
        let status = match act {
            Act::Update(status, priority) => {
                let change = changes(*status, *priority);
                // An update without a field is refused, and nothing happens.
                self.api(Method::PUT, "/tickets/1", change).0
            }
            Act::OtherUpdates(status, priority) => {
                let mut change = changes(*status, *priority);
                change["agent_id"] = json!(other);
                self.control("PATCH", &path("/tickets/1"), change).0
            }
            Act::CustomerReplies => control("/customer_replies", json!({"text": "hello?"})),
            Act::AdminReplies => control("/replies", json!({"agent_id": admin, "text": "hello"})),
            Act::OtherNotes(private) => control(
                "/notes",
                json!({"agent_id": other, "text": "n", "private": private}),
            ),
            Act::Delete => {
                control("/delete", json!({"agent_id": admin}));
                control("/restore", json!({"agent_id": other}))
            }
            Act::Spam => {
                control("/spam", json!({"agent_id": other}));
                control("/unspam", json!({"agent_id": admin}))
            }
            Act::Opens => {
                let new = json!({"from": {"email": "c@example.com"}, "via": "email", "subject": "s", "text": "t"});
                let (status, opened) = self.control("POST", &path("/tickets"), new);
                ticket = opened["id"].as_i64().unwrap();
                status
            }
        };
        assert!(
            matches!(status, 200 | 201 | 204 | 400),
            "{act:?} answered {status}"
        );
        ticket
    }

    fn ticket(&mut self, id: i64) -> State {
        let (_, ticket) = self.control("GET", &path(&format!("/tickets/{id}")), Value::Null);
        State {
            fields: ["status", "priority"]
                .map(|field| (field, ticket[field].as_i64().unwrap()))
                .into(),
            tagged: ticket["tags"].as_array().unwrap().contains(&json!("seen")),
        }
    }

    fn rules(&mut self, kind: u8) -> Vec<Value> {
        let (_, all) = self.control("GET", &path("/rules"), Value::Null);
        all[kind.to_string()].as_array().unwrap().clone()
    }

    fn log(&mut self, kind: u8, rule: &Value) -> Vec<Value> {
        let (_, log) = self.control(
            "GET",
            &path(&format!("/rules/{kind}/{}/activity", rule["id"])),
            Value::Null,
        );
        log["items"].as_array().unwrap().clone()
    }
}

/// What is known of a ticket.
#[derive(Clone, Debug, PartialEq)]
struct State {
    fields: BTreeMap<&'static str, i64>,
    tagged: bool,
}

/// What the system changed in a pass: from and to by field.
type BySystem = BTreeMap<&'static str, [Value; 2]>;

fn value_is(wanted: &Value, actual: &Value) -> bool {
    match wanted {
        Value::Null => true,
        Value::String(any) if any == "--" => true,
        Value::Array(some) => some.contains(actual),
        one => one == actual,
    }
}

/// The second reading: may the rule run, and if not, why.
fn derived(
    rule: &Value,
    event: &Value,
    by_system: &BySystem,
    state: &State,
    ran: usize,
) -> &'static str {
    if rule["active"] == false {
        return "inactive";
    }
    if rule["automation_type_id"] == 4 {
        // Earlier rules of the same pass are the system, for rules that want it.
        let performer = rule["performer"]["type"].as_u64().unwrap();
        let system = performer == 4 && !by_system.is_empty();
        let members = rule["performer"].get("members").and_then(Value::as_array);
        let member = members.is_none_or(|members| members.contains(&event["performer"]["id"]));
        let fits = match (performer, event["performer"]["type"].as_str().unwrap()) {
            (4, _) if system => true,
            (4, by) => by == "system",
            (1 | 3, "agent") => member,
            (2 | 3, "requester") => true,
            _ => false,
        };
        if !fits {
            return "performer";
        }
        let changes = if system {
            let changed = by_system
                .iter()
                .map(|(field, [from, to])| ((*field).to_owned(), json!({"from": from, "to": to})));
            Value::Object(changed.collect())
        } else {
            event["changes"].clone()
        };
        let replied = !system
            && event["kinds"]
                .as_array()
                .unwrap()
                .contains(&json!("reply_sent"));
        let happened = rule["events"].as_array().unwrap().iter().any(|wanted| {
            let field = wanted["field_name"].as_str().unwrap();
            match (field, changes.get(field)) {
                ("reply_sent", _) => replied,
                (_, None) => false,
                ("note_type" | "ticket_action", Some(change)) => {
                    value_is(&wanted["value"], &change["to"])
                }
                (_, Some(change)) => {
                    value_is(&wanted["from"], &change["from"])
                        && value_is(&wanted["to"], &change["to"])
                }
            }
        });
        // An update that the rules did not see as one of theirs still is an `update` of the ticket.
        let updated = rule["events"].as_array().unwrap().iter().any(|wanted| {
            wanted["field_name"] == "ticket_action"
                && wanted["value"] == "--"
                && (system || is_update(event))
        });
        if !happened && !updated {
            return "event";
        }
    }
    let holds = |property: &Value| {
        let actual = state.fields[property["field_name"].as_str().unwrap()];
        let wanted = &property["value"];
        match property["operator"].as_str().unwrap() {
            "is" => wanted == actual,
            "is_not" => wanted != actual,
            "in" => wanted.as_array().unwrap().contains(&json!(actual)),
            "not_in" => !wanted.as_array().unwrap().contains(&json!(actual)),
            "greater_than" => actual > wanted.as_i64().unwrap(),
            "less_than" => actual < wanted.as_i64().unwrap(),
            other => panic!("no such operator: {other}"),
        }
    };
    let mut sets = rule["conditions"].as_array().unwrap().iter().map(|set| {
        let properties = set["properties"].as_array().unwrap();
        if set["match_type"] == "any" {
            properties.is_empty() || properties.iter().any(holds)
        } else {
            properties.iter().all(holds)
        }
    });
    let either = rule["operator"]
        .as_str()
        .is_some_and(|operator| operator.contains(" or "));
    let met = if either {
        sets.any(|met| met)
    } else {
        sets.all(|met| met)
    };
    if !met {
        return "conditions";
    }
    if ran >= 3 { "loop_guard" } else { "matched" }
}

/// Property changes, as against replies, notes and actions on the ticket.
fn is_update(event: &Value) -> bool {
    event["changes"]
        .as_object()
        .unwrap()
        .keys()
        .any(|field| !matches!(field.as_str(), "note_type" | "ticket_action"))
        && event["changes"].get("ticket_action").is_none()
        && !event["kinds"]
            .as_array()
            .unwrap()
            .iter()
            .any(|kind| kind == "reply_sent" || kind == "note_type")
}

/// Carries out the actions that change what is known.
fn apply(rule: &Value, state: &mut State, by_system: &mut BySystem) {
    for action in rule["actions"].as_array().unwrap() {
        let field = match action["field_name"].as_str().unwrap() {
            "status" => "status",
            "priority" => "priority",
            "add_tag" => {
                if !std::mem::replace(&mut state.tagged, true) {
                    by_system.insert("tags", [json!([]), json!(["seen"])]);
                }
                continue;
            }
            _ => continue,
        };
        let to = action["value"].as_i64().unwrap();
        let from = state.fields.insert(field, to).unwrap();
        if from != to {
            by_system.insert(field, [json!(from), json!(to)]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// A rule comes back as it was written, and what comes back can be written
    /// again: parse(print(rule)) = rule. (Only credentials do not come back.)
    #[test]
    fn a_rule_that_is_shown_and_saved_again_is_the_same((kind, body) in rule(world().1)) {
        let (mut core, _) = world();
        let place = format!("/automations/{kind}/rules");
        let (status, shown, _) = core.api(Method::POST, &place, body.clone());
        prop_assert_eq!(status, 201, "{}", shown);
        prop_assert_eq!(written(&shown), written(&body), "shown as it was written");
        let (status, again, _) = core.api(Method::POST, &place, written(&shown));
        prop_assert_eq!(status, 201, "{}", again);
        prop_assert_eq!(written(&again), written(&shown));
        let (_, read, _) = core.api(Method::GET, &format!("{place}/{}", again["id"]), Value::Null);
        prop_assert_eq!(written(&read), written(&shown));
        // Saving what is shown over itself changes nothing either.
        let (status, saved, _) = core.api(Method::PUT, &format!("{place}/{}", again["id"]), written(&read));
        prop_assert_eq!(status, 200, "{}", saved);
        prop_assert_eq!(written(&saved), written(&shown));
    }

    /// Rule + event → decision, for every line of every log, and the ticket is
    /// in the end what the decisions make of it.
    #[test]
    fn every_decision_in_a_log_follows_from_rule_and_event(
        rules in prop::collection::vec(rule(world().1), 1..6),
        acts in prop::collection::vec(act(), 1..12),
        all_matches in any::<bool>(),
    ) {
        let (mut core, agents) = world();
        if all_matches {
            core.control("PATCH", &path(""), json!({"creation_rules": "all_matches"}));
        }
        core.act(&Act::Opens, agents);
        core.now += 10_000;
        core.helpdesk.run_due(core.now);
        for (kind, body) in rules.iter().filter(|(kind, _)| *kind != 3) {
            let (status, saved) = core.control("POST", &path(&format!("/rules/{kind}")), body.clone());
            prop_assert_eq!(status, 201, "{}", saved);
        }
        let shown: BTreeMap<u8, Vec<Value>> = [1, 4].map(|kind| (kind, core.rules(kind))).into();
        let mut read: BTreeMap<String, usize> = BTreeMap::new();
        let mut ran: BTreeMap<(String, i64), usize> = BTreeMap::new();
        for rule in shown.values().flatten() {
            read.insert(rule["id"].to_string(), core.log(4, rule).len());
        }
        for act in acts {
            let ticket = core.act(&act, agents);
            let mut state = core.ticket(ticket);
            // The rules run a second later; nothing else happens in between.
            core.now += 2_000;
            core.helpdesk.run_due(core.now);
            for (kind, rules) in &shown {
                let logs: Vec<Vec<Value>> = rules
                    .iter()
                    .map(|rule| {
                        let all = core.log(*kind, rule);
                        let seen = read.insert(rule["id"].to_string(), all.len()).unwrap();
                        all[seen..].to_vec()
                    })
                    .collect();
                let events = logs.first().map_or(0, Vec::len);
                for pass in 0..events {
                    let mut by_system = BySystem::new();
                    let mut matched = false;
                    for (rule, log) in rules.iter().zip(&logs) {
                        let entry = &log[pass];
                        let key = (rule["id"].to_string(), ticket);
                        let times = ran.get(&key).copied().unwrap_or(0);
                        let decision = if *kind == 1 && !all_matches && matched && rule["active"] == true {
                            "earlier_rule_matched"
                        } else {
                            derived(rule, &entry["event"], &by_system, &state, times)
                        };
                        prop_assert_eq!(entry["reason"]["code"].as_str().unwrap(), decision, "{:?}: {} on {}", act, rule, entry);
                        prop_assert_eq!(entry["outcome"] == "executed", decision == "matched");
                        if decision == "matched" {
                            matched = true;
                            *ran.entry(key).or_default() += 1;
                            apply(rule, &mut state, &mut by_system);
                        }
                    }
                }
            }
            prop_assert_eq!(core.ticket(ticket), state, "after {:?}", act);
        }
    }
}
