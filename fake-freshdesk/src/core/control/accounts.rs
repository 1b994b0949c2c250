//! Accounts are created, shown, changed, removed.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::call::{ControlReply, ControlRequest, Refusal, Result, read};
use super::routes::Control;
use super::staff::check_key;
use crate::core::account::{Account, CreationRules};
use crate::core::ids::AccountId;
use crate::core::people::Agent;
use crate::core::plan::{Plan, Quota};
use crate::core::settings::{BadSetting, Settings};
use crate::core::{Helpdesk, Ms};

/// The first administrator.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Admin {
    name: String,
    email: String,
    api_key: Option<String>,
}

/// Overrides of single figures of the plan's table.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuotaChange {
    total: Option<u32>,
    ticket_create: Option<u32>,
    ticket_update: Option<u32>,
    tickets_list: Option<u32>,
    contacts_list: Option<u32>,
}

impl QuotaChange {
    fn over(self, base: Quota) -> Quota {
        Quota {
            total: self.total.unwrap_or(base.total),
            ticket_create: self.ticket_create.or(base.ticket_create),
            ticket_update: self.ticket_update.or(base.ticket_update),
            tickets_list: self.tickets_list.or(base.tickets_list),
            contacts_list: self.contacts_list.or(base.contacts_list),
        }
    }
}

/// An account to be created, as `POST /control/v1/accounts` takes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    domain: String,
    plan: Plan,
    creation_rules: Option<CreationRules>,
    admin: Option<Admin>,
    quota: Option<QuotaChange>,
    reopen_rule: Option<bool>,
    settings: Option<Map<String, Value>>,
}

impl NewAccount {
    /// An account with the defaults of its plan.
    #[must_use]
    pub fn new(domain: &str, plan: Plan) -> NewAccount {
        NewAccount {
            domain: domain.to_owned(),
            plan,
            creation_rules: None,
            admin: None,
            quota: None,
            reopen_rule: None,
            settings: None,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountChange {
    plan: Option<Plan>,
    creation_rules: Option<CreationRules>,
    suspended: Option<bool>,
    quota: Option<QuotaChange>,
    settings: Option<Map<String, Value>>,
}

fn bad_setting(bad: BadSetting) -> Refusal {
    let at = format!("settings.{}", bad.field);
    if bad.unknown {
        Refusal::unknown_field(&at, bad.message)
    } else {
        Refusal::invalid(&at, bad.message)
    }
}

fn role_name(account: &Account, agent: &Agent) -> Value {
    let role = account
        .roles
        .iter()
        .find(|role| agent.role_ids.contains(&role.id));
    json!(role.map(|role| &role.name))
}

/// An agent as the control API shows it, with the key.
pub(super) fn agent(account: &Account, agent: &Agent) -> Value {
    json!({
        "id": agent.id,
        "name": agent.name,
        "email": agent.email,
        "role": role_name(account, agent),
        "api_key": agent.api_key,
        "deactivated": agent.deactivated,
    })
}

/// An account as the control API shows it.
pub(super) fn shown(account: &Account) -> Value {
    let admin = account.people.agent(account.admin_id);
    let agents: Vec<Value> = account
        .people
        .agents()
        .map(|each| agent(account, each))
        .collect();
    let groups: Vec<Value> = account
        .groups
        .values()
        .map(|group| json!({"id": group.id, "name": group.name}))
        .collect();
    json!({
        "domain": &*account.domain,
        "plan": account.plan,
        "creation_rules": account.creation_rules,
        "quota": account.quota(),
        "suspended": account.suspended,
        "admin": admin.map(|admin| json!({
            "id": admin.id, "name": admin.name, "email": admin.email, "api_key": admin.api_key,
        })),
        "agents": agents,
        "groups": groups,
        "settings": account.settings,
    })
}

pub(super) fn list(helpdesk: &Helpdesk) -> Result {
    let items: Vec<Value> = helpdesk.accounts.values().map(shown).collect();
    Ok(ControlReply::ok(&json!({"items": items})))
}

fn checked_domain(domain: &str) -> Result<String> {
    let domain = domain.to_ascii_lowercase();
    let label = |label: &str| {
        !label.is_empty()
            && label.len() < 64
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if domain.contains('.') && domain.split('.').all(label) {
        return Ok(domain);
    }
    Err(Refusal::invalid(
        "domain",
        format!(
            "`{domain}` is no host name: write the plain domain, such as `yourcompany.freshdesk.com`"
        ),
    ))
}

pub(super) fn create(helpdesk: &mut Helpdesk, now: Ms, request: &ControlRequest<'_>) -> Result {
    let new: NewAccount = read(&request.body)?;
    let id = helpdesk.add_account(now, new)?;
    let account = helpdesk
        .accounts
        .get(&id)
        .ok_or_else(|| Refusal::not_found("account"))?;
    Ok(ControlReply::created(&shown(account)))
}

impl Helpdesk {
    fn add_account(&mut self, now: Ms, new: NewAccount) -> Result<AccountId> {
        let domain = checked_domain(&new.domain)?;
        if self.domains.contains_key(&domain) {
            return Err(Refusal::conflict(
                "domain",
                format!("there is an account `{domain}` already"),
            ));
        }
        let admin = new
            .admin
            .as_ref()
            .map_or(("Admin", "admin@example.com"), |admin| {
                (&*admin.name, &*admin.email)
            });
        let id = AccountId(self.next_account);
        let mut account = Account::new(id, &domain, new.plan, admin, now);
        if let Some(key) = new.admin.as_ref().and_then(|admin| admin.api_key.clone()) {
            check_key(&account, "admin.api_key", &key)?;
            if let Some(mut admin) = account.people.agent(account.admin_id).cloned() {
                admin.api_key = key;
                account.people.put_agent(admin);
            }
        }
        let defaults = Settings {
            chaos_seed: self.options.chaos,
            ..Settings::default()
        };
        *account.settings = defaults
            .patched(&new.settings.unwrap_or_default())
            .map_err(bad_setting)?;
        account.quota_override = new.quota.map(|quota| quota.over(new.plan.row().quota));
        account.creation_rules = new.creation_rules.unwrap_or(CreationRules::FirstMatch);
        self.next_account += 1;
        self.domains.insert(domain, id);
        self.accounts.insert(id, account);
        if new.reopen_rule.unwrap_or(true)
            && let Some(mut desk) = self.desk(id, now)
        {
            desk.seed_reopen_rule()?;
        }
        Ok(id)
    }

    /// Creates an account and returns its administrator's API key.
    ///
    /// # Errors
    ///
    /// The domain is no host name, or taken.
    pub fn create_account(
        &mut self,
        now: Ms,
        new: NewAccount,
    ) -> std::result::Result<String, String> {
        let now = self.run_due(now);
        match self.add_account(now, new) {
            Ok(id) => {
                let account = self.accounts.get(&id);
                let key = account
                    .and_then(|account| account.people.agent(account.admin_id))
                    .map(|admin| admin.api_key.clone());
                Ok(key.unwrap_or_default())
            }
            Err(Refusal::Control { message, .. }) => Err(message),
            Err(Refusal::V2(failure)) => Err(format!("{failure:?}")),
        }
    }
}

pub(super) fn change(call: &mut Control<'_, '_>) -> Result {
    let change: AccountChange = read(&call.request.body)?;
    let account = &mut *call.desk.account;
    let settings = account
        .settings
        .patched(&change.settings.unwrap_or_default())
        .map_err(bad_setting)?;
    *account.settings = settings;
    if let Some(plan) = change.plan {
        account.plan = plan;
    }
    if let Some(rules) = change.creation_rules {
        account.creation_rules = rules;
    }
    if let Some(suspended) = change.suspended {
        account.suspended = suspended;
    }
    if let Some(quota) = change.quota {
        account.quota_override =
            Some(quota.over(account.quota_override.unwrap_or(account.plan.row().quota)));
    }
    call.desk.plan_all_due_times();
    Ok(ControlReply::ok(&shown(call.desk.account)))
}

pub(super) fn delete(helpdesk: &mut Helpdesk, domain: &str) -> Result {
    let id = helpdesk.domains.remove(&domain.to_ascii_lowercase());
    match id.and_then(|id| helpdesk.accounts.remove(&id)) {
        Some(_) => Ok(ControlReply::nothing()),
        None => Err(Refusal::not_found(format!("account `{domain}`"))),
    }
}
