//! Agents, contacts, companies, groups and roles of an account.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::time::Ms;

/// The name of the role that owns the account. [D]
pub(crate) const ACCOUNT_ADMINISTRATOR: &str = "Account Administrator";
/// The default roles, with their descriptions. [D]
pub(crate) const DEFAULT_ROLES: [(&str, &str); 4] = [
    (
        ACCOUNT_ADMINISTRATOR,
        "Has complete control over the help desk including access to Account or Billing related information, and receives Invoices.",
    ),
    (
        "Administrator",
        "Can configure all features through the Admin tab, but is restricted from viewing Account or Billing related information.",
    ),
    (
        "Supervisor",
        "Can perform all agent related activities and access reports, but cannot access or change configurations in the Admin tab.",
    ),
    (
        "Agent",
        "Can log, view, reply, update and resolve tickets and manage contacts.",
    ),
];

/// A role that is listed beside them. What its holders may not do is not kept:
/// they can do what an agent can. [D that it is there, I its words]
pub(crate) const TICKET_COLLABORATOR: (&str, &str) = (
    "Ticket Collaborator",
    "Can view tickets that are shared with them and add notes, but cannot reply to customers.",
);

/// A role. Only the two administrator roles open admin APIs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Role {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) default: bool,
    pub(crate) created_at: Ms,
    pub(crate) updated_at: Ms,
}

impl Role {
    pub(crate) fn is_admin(&self) -> bool {
        self.default && self.name.ends_with("Administrator")
    }
}

/// What an agent may see. [D]
pub(crate) mod scope {
    pub(crate) const GLOBAL: u8 = 1;
    pub(crate) const GROUP: u8 = 2;
    pub(crate) const RESTRICTED: u8 = 3;
}

/// What sort of agent. [D: the create call's `agent_type`]
pub(crate) mod agent_kind {
    pub(crate) const SUPPORT: u8 = 1;
    pub(crate) const FIELD: u8 = 2;
    pub(crate) const COLLABORATOR: u8 = 3;

    /// As snapshots from before had it.
    pub(crate) fn usual() -> u8 {
        SUPPORT
    }
}

/// An agent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Agent {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) role_ids: Vec<i64>,
    pub(crate) group_ids: Vec<i64>,
    pub(crate) ticket_scope: u8,
    pub(crate) occasional: bool,
    pub(crate) available: bool,
    #[serde(default = "agent_kind::usual")]
    pub(crate) kind: u8,
    pub(crate) signature: Option<String>,
    pub(crate) api_key: String,
    pub(crate) key_generation: u32,
    pub(crate) deactivated: bool,
    pub(crate) phone: Option<String>,
    pub(crate) mobile: Option<String>,
    pub(crate) job_title: Option<String>,
    pub(crate) language: String,
    pub(crate) time_zone: String,
    pub(crate) created_at: Ms,
    pub(crate) updated_at: Ms,
}

impl Agent {
    /// A full-time agent without a role, who sees all tickets.
    pub(crate) fn new(id: i64, name: &str, email: &str, api_key: String, now: Ms) -> Agent {
        Agent {
            id,
            name: name.to_owned(),
            email: email.to_owned(),
            role_ids: Vec::new(),
            group_ids: Vec::new(),
            ticket_scope: scope::GLOBAL,
            occasional: false,
            available: true,
            kind: agent_kind::SUPPORT,
            signature: None,
            api_key,
            key_generation: 0,
            deactivated: false,
            phone: None,
            mobile: None,
            job_title: None,
            language: "en".to_owned(),
            time_zone: "Chennai".to_owned(),
            created_at: now,
            updated_at: now,
        }
    }
}

/// A contact: a customer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Contact {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    pub(crate) other_emails: Vec<String>,
    pub(crate) phone: Option<String>,
    pub(crate) mobile: Option<String>,
    pub(crate) twitter_id: Option<String>,
    pub(crate) facebook_id: Option<String>,
    pub(crate) unique_external_id: Option<String>,
    pub(crate) company_id: Option<i64>,
    pub(crate) other_companies: Vec<(i64, bool)>,
    pub(crate) view_all_tickets: bool,
    pub(crate) address: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) job_title: Option<String>,
    pub(crate) language: String,
    pub(crate) time_zone: String,
    pub(crate) tags: Vec<String>,
    pub(crate) custom_fields: Map<String, Value>,
    pub(crate) active: bool,
    pub(crate) deleted: bool,
    pub(crate) blocked: bool,
    pub(crate) created_at: Ms,
    pub(crate) updated_at: Ms,
}

/// A company.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Company {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) domains: Vec<String>,
    pub(crate) health_score: Option<String>,
    pub(crate) account_tier: Option<String>,
    pub(crate) renewal_date: Option<Ms>,
    pub(crate) industry: Option<String>,
    pub(crate) custom_fields: Map<String, Value>,
    pub(crate) created_at: Ms,
    pub(crate) updated_at: Ms,
}

/// A group; membership is kept on the agents.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) escalate_to: Option<i64>,
    pub(crate) unassigned_for: Option<String>,
    pub(crate) business_hour_id: Option<i64>,
    pub(crate) auto_ticket_assign: u8,
    pub(crate) created_at: Ms,
    pub(crate) updated_at: Ms,
}

/// The ways a contact can be found besides its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Handle {
    Email,
    Phone,
    Mobile,
    Twitter,
    Facebook,
    External,
}

/// Contacts and agents, with the indexes that find them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Everybody", into = "Everybody")]
pub(crate) struct People {
    agents: BTreeMap<i64, Agent>,
    /// Boxed: ids only go up, and a B-tree that grows at its end is half empty.
    contacts: BTreeMap<i64, Box<Contact>>,
    keys: HashMap<String, i64>,
    handles: HashMap<(Handle, String), i64>,
    by_name: BTreeSet<(String, i64)>,
    by_updated: BTreeSet<(Ms, i64)>,
}

/// [`People`] without the indexes, for snapshots.
#[derive(Serialize, Deserialize)]
struct Everybody {
    agents: Vec<Agent>,
    contacts: Vec<Contact>,
}

impl From<Everybody> for People {
    fn from(everybody: Everybody) -> Self {
        let mut people = People::default();
        for agent in everybody.agents {
            people.put_agent(agent);
        }
        for contact in everybody.contacts {
            people.put_contact(contact);
        }
        people
    }
}

impl From<People> for Everybody {
    fn from(people: People) -> Self {
        Everybody {
            agents: people.agents.into_values().collect(),
            contacts: people.contacts.into_values().map(|each| *each).collect(),
        }
    }
}

fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}

fn handles_of(contact: &Contact) -> Vec<(Handle, String)> {
    let mut handles: Vec<(Handle, String)> = Vec::new();
    handles.extend(
        contact
            .email
            .iter()
            .chain(&contact.other_emails)
            .map(|email| (Handle::Email, fold(email))),
    );
    // A phone number matches in its exact stored spelling only. [O POL]
    handles.extend(
        contact
            .phone
            .iter()
            .map(|phone| (Handle::Phone, phone.clone())),
    );
    handles.extend(
        contact
            .mobile
            .iter()
            .map(|mobile| (Handle::Mobile, mobile.clone())),
    );
    handles.extend(
        contact
            .twitter_id
            .iter()
            .map(|id| (Handle::Twitter, fold(id))),
    );
    handles.extend(
        contact
            .facebook_id
            .iter()
            .map(|id| (Handle::Facebook, fold(id))),
    );
    handles.extend(
        contact
            .unique_external_id
            .iter()
            .map(|id| (Handle::External, id.clone())),
    );
    handles
}

impl People {
    pub(crate) fn agents(&self) -> impl DoubleEndedIterator<Item = &Agent> {
        self.agents.values()
    }

    pub(crate) fn agent(&self, id: i64) -> Option<&Agent> {
        self.agents.get(&id)
    }

    pub(crate) fn contact(&self, id: i64) -> Option<&Contact> {
        self.contacts.get(&id).map(|contact| &**contact)
    }

    /// Contacts in alphabetical order. [D]
    pub(crate) fn contacts_by_name(&self) -> impl Iterator<Item = &Contact> {
        self.by_name.iter().filter_map(|(_, id)| self.contact(*id))
    }

    /// Contacts changed at or after `since`, oldest change first.
    pub(crate) fn contacts_updated_since(&self, since: Ms) -> impl Iterator<Item = &Contact> {
        self.by_updated
            .range((since, i64::MIN)..)
            .filter_map(|(_, id)| self.contact(*id))
    }

    /// The agent whose key this is, deactivated or not.
    pub(crate) fn agent_by_key(&self, key: &str) -> Option<&Agent> {
        self.keys.get(key).and_then(|id| self.agents.get(id))
    }

    /// The contact or agent with this address, phone, or external id.
    pub(crate) fn find(&self, handle: Handle, value: &str) -> Option<i64> {
        let value = match handle {
            Handle::Email | Handle::Twitter | Handle::Facebook => fold(value),
            Handle::Phone | Handle::Mobile | Handle::External => value.to_owned(),
        };
        self.handles.get(&(handle, value)).copied()
    }

    /// Name and e-mail of whoever has this id.
    pub(crate) fn name_and_email(&self, id: i64) -> Option<(&str, Option<&str>)> {
        if let Some(agent) = self.agents.get(&id) {
            return Some((&agent.name, Some(&agent.email)));
        }
        self.contacts
            .get(&id)
            .map(|contact| (contact.name.as_str(), contact.email.as_deref()))
    }

    /// Adds or replaces an agent.
    pub(crate) fn put_agent(&mut self, agent: Agent) {
        self.drop_agent(agent.id);
        self.keys.insert(agent.api_key.clone(), agent.id);
        self.handles
            .insert((Handle::Email, fold(&agent.email)), agent.id);
        self.agents.insert(agent.id, agent);
    }

    /// Removes an agent.
    pub(crate) fn drop_agent(&mut self, id: i64) -> Option<Agent> {
        let agent = self.agents.remove(&id)?;
        self.keys.remove(&agent.api_key);
        self.handles.remove(&(Handle::Email, fold(&agent.email)));
        Some(agent)
    }

    /// Adds or replaces a contact.
    pub(crate) fn put_contact(&mut self, contact: Contact) {
        self.drop_contact(contact.id);
        for handle in handles_of(&contact) {
            self.handles.entry(handle).or_insert(contact.id);
        }
        self.by_name.insert((fold(&contact.name), contact.id));
        self.by_updated.insert((contact.updated_at, contact.id));
        self.contacts.insert(contact.id, Box::new(contact));
    }

    /// Removes a contact for good.
    pub(crate) fn drop_contact(&mut self, id: i64) -> Option<Contact> {
        let contact = *self.contacts.remove(&id)?;
        for handle in handles_of(&contact) {
            if self.handles.get(&handle) == Some(&id) {
                self.handles.remove(&handle);
            }
        }
        self.by_name.remove(&(fold(&contact.name), id));
        self.by_updated.remove(&(contact.updated_at, id));
        Some(contact)
    }
}
