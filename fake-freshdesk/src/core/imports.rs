//! Imports of contacts and companies from a file of comma-separated values.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::account::Account;
use super::agenda::Task;
use super::csv;
use super::desk::Desk;
use super::fields::Form;
use super::people::{Company, Contact, Handle};
use super::tickets::Attachment;
use super::time::{Ms, parse};
use super::v2::input::is_email;

/// How far an import is. [I]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImportState {
    InProgress,
    Completed,
    Cancelled,
}

/// An import.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Import {
    pub(crate) id: i64,
    /// Contacts or companies.
    pub(crate) form: Form,
    pub(crate) state: ImportState,
    /// Fields by name, and the column each is in.
    pub(crate) columns: Vec<(String, usize)>,
    /// The records, until they are imported.
    pub(crate) records: Vec<Vec<String>>,
    pub(crate) total: usize,
    pub(crate) completed: usize,
    pub(crate) failed: usize,
    /// The records that failed, with the reason.
    pub(crate) report: Option<Attachment>,
    pub(crate) created_at: Ms,
    pub(crate) updated_at: Ms,
}

impl Desk<'_> {
    /// Begins an import.
    pub(crate) fn start_import(
        &mut self,
        form: Form,
        columns: Vec<(String, usize)>,
        records: Vec<Vec<String>>,
    ) -> i64 {
        let id = self.account.ids.next();
        let import = Import {
            id,
            form,
            state: ImportState::InProgress,
            columns,
            total: records.len(),
            records,
            completed: 0,
            failed: 0,
            report: None,
            created_at: self.now,
            updated_at: self.now,
        };
        self.account.imports.insert(id, import);
        let (account, due) = (self.account.id, self.job_due());
        let import = id;
        self.agenda.add(due, Task::FinishImport { account, import });
        id
    }

    /// Takes the records over, unless the import was cancelled meanwhile.
    pub(crate) fn finish_import(&mut self, id: i64) {
        let Some(import) = self.account.imports.get_mut(&id) else {
            return;
        };
        if import.state != ImportState::InProgress {
            return;
        }
        let records = std::mem::take(&mut import.records);
        let (form, columns) = (import.form, import.columns.clone());
        let mut report = String::new();
        let mut failed = 0;
        for cells in &records {
            let values = columns.iter().filter_map(|(name, at)| {
                let cell = cells.get(*at)?.trim();
                (!cell.is_empty()).then_some((name.as_str(), cell))
            });
            let values: Vec<(&str, &str)> = values.collect();
            let taken = match form {
                Form::Company => self.import_company(&values),
                Form::Contact | Form::Ticket => self.import_contact(&values),
            };
            if let Err(why) = taken {
                failed += 1;
                let cells = cells.iter().map(String::as_str);
                csv::line(&mut report, cells.chain([why.as_str()]));
            }
        }
        let file = ("failed_records.csv", "text/csv", report.into_bytes());
        let report = (failed > 0).then(|| self.keep_file(file)).flatten();
        if let Some(import) = self.account.imports.get_mut(&id) {
            import.state = ImportState::Completed;
            import.completed = records.len() - failed;
            import.failed = failed;
            import.report = report;
            import.updated_at = self.now;
        }
    }

    /// A record with a known e-mail or external id changes that contact. [I]
    fn import_contact(&mut self, values: &[(&str, &str)]) -> Result<(), String> {
        let people = &self.account.people;
        let by = |name: &str, handle| people.find(handle, value_of(values, name)?);
        let known = by("email", Handle::Email).or(by("unique_external_id", Handle::External));
        let mut contact = match known {
            Some(id) => people.contact(id).cloned().ok_or("This is an agent")?,
            None => Contact::default(),
        };
        if contact.deleted || contact.blocked {
            return Err("This contact is deleted or blocked".to_owned());
        }
        for (name, value) in values {
            self.set_contact(&mut contact, name, value)?;
        }
        if contact.name.is_empty() {
            return Err("name is missing".to_owned());
        }
        let handles = [&contact.email, &contact.phone, &contact.mobile];
        let others = [&contact.twitter_id, &contact.unique_external_id];
        if handles.into_iter().chain(others).all(Option::is_none) {
            return Err(
                "email, phone, mobile, twitter_id or unique_external_id is missing".to_owned(),
            );
        }
        let people = &self.account.people;
        let unique = [
            ("email", Handle::Email, &contact.email),
            ("twitter_id", Handle::Twitter, &contact.twitter_id),
            (
                "unique_external_id",
                Handle::External,
                &contact.unique_external_id,
            ),
        ];
        for (name, handle, value) in unique {
            let owner = value
                .as_deref()
                .and_then(|value| people.find(handle, value));
            if owner.is_some_and(|owner| Some(owner) != known) {
                return Err(format!("{name} is somebody else's"));
            }
        }
        if known.is_some() {
            contact.updated_at = self.now;
            self.account.people.put_contact(contact);
        } else {
            self.add_contact(contact);
        }
        Ok(())
    }

    fn set_contact(
        &mut self,
        contact: &mut Contact,
        name: &str,
        value: &str,
    ) -> Result<(), String> {
        let text = value.to_owned();
        match name {
            "name" => contact.name = text,
            "email" if !is_email(value) => return Err(format!("{value} is no e-mail address")),
            "email" => contact.email = Some(text),
            "phone" => contact.phone = Some(text),
            "mobile" => contact.mobile = Some(text),
            "twitter_id" => contact.twitter_id = Some(text),
            "unique_external_id" => contact.unique_external_id = Some(text),
            "job_title" => contact.job_title = Some(text),
            "address" => contact.address = Some(text),
            "description" => contact.description = Some(text),
            "language" => contact.language = text,
            "time_zone" => contact.time_zone = text,
            "tag_names" => contact.tags = list(value),
            "company_name" => contact.company_id = Some(self.company_named(value)),
            own => {
                let value = own_value(self.account, Form::Contact, own, value)?;
                contact.custom_fields.insert(own.to_owned(), value);
            }
        }
        Ok(())
    }

    /// The company of this name, which is made if there is none. [I]
    fn company_named(&mut self, name: &str) -> i64 {
        let same = |company: &&Company| company.name.eq_ignore_ascii_case(name);
        if let Some(company) = self.account.companies.values().find(same) {
            return company.id;
        }
        let id = self.account.ids.next();
        let company = Company {
            id,
            name: name.to_owned(),
            created_at: self.now,
            updated_at: self.now,
            ..Company::default()
        };
        self.account.companies.insert(id, company);
        id
    }

    /// A record with a known name changes that company. [I]
    fn import_company(&mut self, values: &[(&str, &str)]) -> Result<(), String> {
        let name = value_of(values, "name").ok_or("name is missing")?;
        let same = |company: &&Company| company.name.eq_ignore_ascii_case(name);
        let known = self.account.companies.values().find(same);
        let mut company = known.cloned().unwrap_or_default();
        for (name, value) in values {
            let text = (*value).to_owned();
            match *name {
                "name" => company.name = text,
                "description" => company.description = Some(text),
                "note" => company.note = Some(text),
                "domains" => company.domains = list(value),
                "health_score" => company.health_score = Some(text),
                "account_tier" => company.account_tier = Some(text),
                "industry" => company.industry = Some(text),
                "renewal_date" => {
                    let date = parse(value).ok_or(format!("{value} is no date"))?;
                    company.renewal_date = Some(date);
                }
                own => {
                    let value = own_value(self.account, Form::Company, own, value)?;
                    company.custom_fields.insert(own.to_owned(), value);
                }
            }
        }
        if company.id == 0 {
            company.id = self.account.ids.next();
            company.created_at = self.now;
        }
        company.updated_at = self.now;
        self.account.companies.insert(company.id, company);
        Ok(())
    }
}

fn value_of<'v>(values: &[(&str, &'v str)], name: &str) -> Option<&'v str> {
    let found = values.iter().find(|(each, _)| *each == name);
    found.map(|(_, value)| *value)
}

fn list(value: &str) -> Vec<String> {
    let parts = value.split(',').map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A custom field's value, as a form would send it.
fn own_value(account: &Account, form: Form, name: &str, value: &str) -> Result<Value, String> {
    let field = account.form(form).iter().find(|field| field.name == name);
    field
        .and_then(|field| field.accept(&Value::String(value.to_owned()), true).ok())
        .ok_or_else(|| format!("{value} is no value of {name}"))
}
