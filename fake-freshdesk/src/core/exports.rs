//! Exports: files that are asked for, and are there some time later.

use serde::{Deserialize, Serialize};

use super::agenda::Task;
use super::contents::{Content, Upload};
use super::desk::Desk;
use super::html::Markup;
use super::ids::uuid;
use super::settings::duration;
use super::tickets::{Attachment, attachments};
use super::time::Ms;
use super::v2;

/// What is exported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Exported {
    /// All that the account has. [D]
    Account,
    /// Contacts: the fields that make the columns, by name.
    Contacts(Vec<String>),
    /// Companies, likewise.
    Companies(Vec<String>),
}

/// An export.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Export {
    pub(crate) id: String,
    pub(crate) what: Exported,
    pub(crate) created_at: Ms,
    pub(crate) updated_at: Ms,
    /// There once it is completed.
    pub(crate) file: Option<Attachment>,
}

impl Desk<'_> {
    /// An id for a job or an export. [D: hex]
    pub(crate) fn job_id(&mut self) -> String {
        self.account.job_count += 1;
        let count = self.account.job_count.wrapping_mul(0x0010_0000);
        uuid(count ^ u64::from(self.account.id.0)).replace('-', "")
    }

    /// Begins an export; what is in it is what there is when it is completed.
    pub(crate) fn start_export(&mut self, what: Exported) -> String {
        let id = self.job_id();
        let export = Export {
            id: id.clone(),
            what,
            created_at: self.now,
            updated_at: self.now,
            file: None,
        };
        self.account.exports.insert(id.clone(), export);
        let (account, due) = (self.account.id, self.job_due());
        let export = id.clone();
        self.agenda.add(due, Task::FinishExport { account, export });
        id
    }

    /// When what begins now is done.
    pub(crate) fn job_due(&self) -> Ms {
        self.now + duration(self.account.settings.job_seconds)
    }

    /// Makes an export's file.
    pub(crate) fn finish_export(&mut self, id: &str) {
        let Some(export) = self.account.exports.get(id) else {
            return;
        };
        let file = v2::export(self.account, &export.what, self.now);
        let file = self.keep_file(file);
        if let Some(export) = self.account.exports.get_mut(id) {
            export.file = file;
            export.updated_at = self.now;
        }
    }

    /// Keeps a file that belongs to no ticket.
    pub(crate) fn keep_file(&mut self, (name, kind, bytes): NewFile) -> Option<Attachment> {
        let upload = Upload {
            name: name.to_owned(),
            content_type: Some(kind.to_owned()),
            content: Content::Bytes(bytes.into()),
            inline: false,
        };
        attachments(self, &[upload], &mut Markup::default()).pop()
    }
}

/// Name, content type and bytes.
pub(crate) type NewFile = (&'static str, &'static str, Vec<u8>);
