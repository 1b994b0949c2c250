//! One helpdesk account: all its state in one value.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::automation::{Delivery, Rule, RuleLog};
use super::choices::Choice;
use super::exports::Export;
use super::faults::Fault;
use super::fields::{
    Field, Form, SOURCES, StatusChoice, default_fields, default_person_fields, default_statuses,
};
use super::ids::{AccountId, Ids, api_key};
use super::imports::Import;
use super::mail::Mail;
use super::people::{
    ACCOUNT_ADMINISTRATOR, Agent, Company, DEFAULT_ROLES, Group, People, Role, TICKET_COLLABORATOR,
};
use super::plan::{Plan, Quota};
use super::quota::Usage;
use super::revised::Revised;
use super::sections::Section;
use super::settings::Settings;
use super::tickets::{Attachment, Due, Job, Ticket, Tickets, source};
use super::time::Ms;

/// Which creation rules run on a new ticket. [D: only switchable in the UI]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CreationRules {
    FirstMatch,
    AllMatches,
}

/// The shelf of satisfaction ratings.
pub(crate) const SATISFACTION_RATINGS: &str = "satisfaction_ratings";

/// An account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) id: AccountId,
    pub(crate) domain: Arc<str>,
    pub(crate) plan: Plan,
    /// Replaces the plan's figures.
    pub(crate) quota_override: Option<Quota>,
    pub(crate) usage: Usage,
    pub(crate) suspended: bool,
    /// API calls so far.
    pub(crate) calls: u64,
    /// Webhook attempts so far.
    pub(crate) attempts: u64,
    pub(crate) creation_rules: CreationRules,
    pub(crate) settings: Revised<Settings>,
    pub(crate) ids: Ids,
    pub(crate) created_at: Ms,
    pub(crate) admin_id: i64,
    pub(crate) people: People,
    pub(crate) roles: Vec<Role>,
    pub(crate) groups: BTreeMap<i64, Group>,
    pub(crate) companies: BTreeMap<i64, Company>,
    /// Fields of tickets, nested levels included.
    pub(crate) fields: Revised<Vec<Field>>,
    pub(crate) contact_fields: Vec<Field>,
    pub(crate) company_fields: Vec<Field>,
    /// API names that a field had once, by form and name: no new one gets them again. [D]
    #[serde(default)]
    pub(crate) names_used: BTreeSet<(Form, String)>,
    pub(crate) statuses: Vec<StatusChoice>,
    pub(crate) tickets: Tickets,
    /// Files by id, to serve them without looking through all tickets.
    pub(crate) files: BTreeMap<i64, Attachment>,
    /// Rules of all three types; order within a type is order of execution.
    pub(crate) rules: Vec<Arc<Rule>>,
    /// Activity logs by rule id, kept also after the rule is gone.
    pub(crate) logs: BTreeMap<i64, RuleLog>,
    pub(crate) log_count: u64,
    /// Due times of tickets that are on the agenda, so that none is there twice.
    #[serde(default)]
    pub(crate) due_times_planned: BTreeSet<(i64, Due, Ms)>,
    /// When hourly rules sweep next, once there are any.
    pub(crate) next_sweep: Option<Ms>,
    pub(crate) deliveries: BTreeMap<u64, Delivery>,
    pub(crate) delivery_count: u64,
    /// Webhook calls in the current clock hour: (hour's start, calls).
    pub(crate) webhook_hour: (Ms, u32),
    /// How often a rule ran on a ticket since when: (rule, ticket) → (since, times).
    #[serde(with = "as_pairs")]
    pub(crate) loop_guard: HashMap<(i64, i64), (Ms, u32)>,
    pub(crate) mails: VecDeque<Mail>,
    pub(crate) mail_count: u64,
    pub(crate) faults: Vec<Fault>,
    pub(crate) fault_count: u64,
    pub(crate) jobs: BTreeMap<String, Job>,
    pub(crate) job_count: u64,
    #[serde(default)]
    pub(crate) exports: BTreeMap<String, Export>,
    #[serde(default)]
    pub(crate) imports: BTreeMap<i64, Import>,
    /// Sections of the ticket form by id.
    #[serde(default)]
    pub(crate) sections: BTreeMap<i64, Section>,
    /// Collections the fake serves without giving them behaviour, by path
    /// (products, canned responses, …).
    pub(crate) shelves: BTreeMap<String, BTreeMap<i64, Value>>,
}

impl Account {
    /// A fresh account with its first administrator.
    pub(crate) fn new(
        id: AccountId,
        domain: &str,
        plan: Plan,
        admin: (&str, &str),
        now: Ms,
    ) -> Account {
        let mut ids = Ids::of(id);
        let role = |(name, description): (&str, &str), id: i64| Role {
            id,
            name: name.to_owned(),
            description: description.to_owned(),
            default: true,
            created_at: now,
            updated_at: now,
        };
        let roles = DEFAULT_ROLES.map(|words| role(words, ids.next())).into();
        let fields = default_fields(now, || ids.next());
        let mut account = Account {
            id,
            domain: domain.into(),
            plan,
            quota_override: None,
            usage: Usage::default(),
            suspended: false,
            calls: 0,
            attempts: 0,
            creation_rules: CreationRules::FirstMatch,
            settings: Settings::default().into(),
            ids,
            created_at: now,
            admin_id: 0,
            people: People::default(),
            roles,
            groups: BTreeMap::new(),
            companies: BTreeMap::new(),
            fields: fields.into(),
            contact_fields: Vec::new(),
            company_fields: Vec::new(),
            names_used: BTreeSet::new(),
            statuses: default_statuses(),
            tickets: Tickets::default(),
            files: BTreeMap::new(),
            rules: Vec::new(),
            logs: BTreeMap::new(),
            log_count: 0,
            due_times_planned: BTreeSet::new(),
            next_sweep: None,
            deliveries: BTreeMap::new(),
            delivery_count: 0,
            webhook_hour: (0, 0),
            loop_guard: HashMap::new(),
            mails: VecDeque::new(),
            mail_count: 0,
            faults: Vec::new(),
            fault_count: 0,
            jobs: BTreeMap::new(),
            job_count: 0,
            exports: BTreeMap::new(),
            imports: BTreeMap::new(),
            sections: BTreeMap::new(),
            shelves: BTreeMap::new(),
        };
        account.admin_id = account.add_agent(admin.0, admin.1, ACCOUNT_ADMINISTRATOR, now);
        super::v2::stock(&mut account, now);
        for choice in account
            .fields
            .iter_mut()
            .flat_map(|field| &mut field.choices)
        {
            choice.id = account.ids.of_forms();
        }
        let ids = &mut account.ids;
        account.contact_fields = default_person_fields(Form::Contact, now, || ids.of_forms());
        account.company_fields = default_person_fields(Form::Company, now, || ids.of_forms());
        let collaborator = role(TICKET_COLLABORATOR, ids.of_forms());
        account.roles.push(collaborator);
        account
    }

    /// Counts changes of what every ticket's view depends on: the form and the settings.
    pub(crate) fn revisions(&self) -> [u64; 2] {
        [self.fields.revision(), self.settings.revision()]
    }

    /// The figures that hold: the override, or the plan's.
    pub(crate) fn quota(&self) -> Quota {
        self.quota_override.unwrap_or(self.plan.row().quota)
    }

    /// The address mail to the helpdesk goes to.
    pub(crate) fn support_email(&self) -> String {
        format!("support@{}", self.domain)
    }

    /// May mail be sent from this address: the default one, or a mailbox's?
    pub(crate) fn sends_from(&self, email: &str) -> bool {
        let same = |other: &str| other.eq_ignore_ascii_case(email);
        let configured = ["email_configs", "email/mailboxes"]
            .into_iter()
            .filter_map(|path| self.shelves.get(path))
            .flat_map(BTreeMap::values)
            .flat_map(|config| ["reply_email", "support_email"].map(|key| config.get(key)));
        same(&self.support_email()) || configured.flatten().filter_map(Value::as_str).any(same)
    }

    /// The helpdesk's address that a ticket came to by mail.
    pub(crate) fn received_at(&self, ticket: &Ticket) -> Option<String> {
        (ticket.source == source::EMAIL).then(|| self.support_email())
    }

    /// What a person said last when asked how satisfied they were.
    pub(crate) fn latest_rating(&self, person: i64) -> Option<i64> {
        let ratings = self.shelves.get(SATISFACTION_RATINGS)?.values();
        let mut theirs = ratings.rev().filter(|rating| rating["user_id"] == person);
        theirs.next()?["ratings"]["default_question"].as_i64()
    }

    /// The first label of the domain.
    pub(crate) fn name(&self) -> &str {
        self.domain.split('.').next().unwrap_or(&self.domain)
    }

    pub(crate) fn role_named(&self, name: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.name == name)
    }

    /// Does the agent hold one of the administrator roles?
    pub(crate) fn is_admin(&self, agent: &Agent) -> bool {
        self.roles
            .iter()
            .any(|role| role.is_admin() && agent.role_ids.contains(&role.id))
    }

    /// Adds an agent with a role of the given name; the role must exist.
    pub(crate) fn add_agent(&mut self, name: &str, email: &str, role: &str, now: Ms) -> i64 {
        let id = self.ids.next();
        let role_ids = self
            .role_named(role)
            .map(|role| vec![role.id])
            .unwrap_or_default();
        let key = api_key(&self.domain, id, 0);
        self.people.put_agent(Agent {
            role_ids,
            ..Agent::new(id, name, email, key, now)
        });
        id
    }

    /// Is there such a product, mailbox, business hour, …?
    pub(crate) fn is_on_shelf(&self, path: &str, id: i64) -> bool {
        self.shelves
            .get(path)
            .is_some_and(|shelf| shelf.contains_key(&id))
    }

    /// The fields of a form.
    pub(crate) fn form(&self, form: Form) -> &Vec<Field> {
        match form {
            Form::Ticket => &self.fields,
            Form::Contact => &self.contact_fields,
            Form::Company => &self.company_fields,
        }
    }

    /// The fields of a form, to be changed.
    pub(crate) fn form_mut(&mut self, form: Form) -> &mut Vec<Field> {
        match form {
            Form::Ticket => &mut self.fields,
            Form::Contact => &mut self.contact_fields,
            Form::Company => &mut self.company_fields,
        }
    }

    /// The field with this API name.
    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The account's own ticket fields, in form order.
    pub(crate) fn custom_fields(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| !field.default)
    }

    /// The label of a status, as agents see it.
    pub(crate) fn status_label(&self, id: u16) -> &str {
        self.statuses
            .iter()
            .find(|status| status.id == id)
            .map_or("", |status| &status.label)
    }

    /// Sources that the account added: they count from 101. [I]
    pub(crate) fn own_sources(&self) -> &[Choice] {
        self.field("source").map_or(&[], |field| &field.choices)
    }

    /// The name of a source.
    pub(crate) fn source_label(&self, id: u16) -> &str {
        let usual = SOURCES.iter().find(|(known, _)| *known == id);
        let mut own = self.own_sources().iter();
        let own = own.find(|choice| choice.id == i64::from(id));
        usual.map_or_else(
            || own.map_or("", |choice| choice.value.as_str()),
            |(_, name)| *name,
        )
    }

    /// The account's ticket types.
    pub(crate) fn ticket_types(&self) -> &[Choice] {
        self.field("ticket_type")
            .map_or(&[], |field| &field.choices)
    }

    /// Is the agent a member of the group?
    pub(crate) fn is_member(&self, agent: i64, group: i64) -> bool {
        self.people
            .agent(agent)
            .is_some_and(|agent| agent.group_ids.contains(&group))
    }

    /// The group's members, by id.
    pub(crate) fn members(&self, group: i64) -> Vec<i64> {
        self.people
            .agents()
            .filter(|agent| agent.group_ids.contains(&group))
            .map(|agent| agent.id)
            .collect()
    }

    /// Makes exactly these agents the group's members.
    pub(crate) fn set_members(&mut self, group: i64, members: &[i64]) {
        let changed: Vec<Agent> = self
            .people
            .agents()
            .filter(|agent| agent.group_ids.contains(&group) != members.contains(&agent.id))
            .cloned()
            .collect();
        for mut agent in changed {
            if members.contains(&agent.id) {
                agent.group_ids.push(group);
            } else {
                agent.group_ids.retain(|id| *id != group);
            }
            self.people.put_agent(agent);
        }
    }

    /// Rules of one type, in order of execution.
    pub(crate) fn rules_of(&self, kind: u8) -> impl Iterator<Item = &Arc<Rule>> {
        self.rules.iter().filter(move |rule| rule.kind == kind)
    }
}

/// JSON has no keys but texts: the loop guard is written as a sorted list.
mod as_pairs {
    use std::collections::HashMap;

    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    use super::Ms;

    type Guard = HashMap<(i64, i64), (Ms, u32)>;

    pub(super) fn serialize<S: Serializer>(
        guard: &Guard,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut pairs: Vec<_> = guard.iter().collect();
        pairs.sort_unstable();
        pairs.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Guard, D::Error> {
        let pairs: Vec<((i64, i64), (Ms, u32))> = Vec::deserialize(deserializer)?;
        Ok(pairs.into_iter().collect())
    }
}
