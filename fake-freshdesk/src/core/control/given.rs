//! What people hand in with what they do: files, sources, people, properties;
//! each is checked before anything is done.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

use super::call::{Refusal, Result};
use super::routes::Control;
use crate::core::choices;
use crate::core::contents::{Content, Upload};
use crate::core::tickets::source;
use crate::core::words;

/// The words for sources, beside their numbers.
const VIA: [(&str, u16); 10] = [
    ("email", source::EMAIL),
    ("portal", source::PORTAL),
    ("phone", source::PHONE),
    ("chat", source::CHAT),
    ("feedback_widget", source::FEEDBACK_WIDGET),
    ("outbound_email", source::OUTBOUND_EMAIL),
    ("forum", source::FORUM),
    ("twitter", source::TWITTER),
    ("facebook", source::FACEBOOK),
    ("ecommerce", source::ECOMMERCE),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Attached {
    name: String,
    content_type: Option<String>,
    size: Option<u64>,
    bytes_base64: Option<String>,
    /// An image in the text, where it says `[cid:NAME]`, or at its end.
    #[serde(default)]
    inline: bool,
}

pub(super) fn uploads(attached: &[Attached]) -> Result<Vec<Upload>> {
    let mut uploads = Vec::new();
    for (at, file) in attached.iter().enumerate() {
        let content = match (&file.bytes_base64, file.size) {
            (Some(encoded), None) => match STANDARD.decode(encoded) {
                Ok(bytes) => Content::Bytes(bytes.into()),
                Err(error) => {
                    return Err(Refusal::invalid(
                        &format!("attachments[{at}].bytes_base64"),
                        format!("this is no base64: {error}"),
                    ));
                }
            },
            (None, Some(size)) => Content::Length(size),
            _ => {
                return Err(Refusal::invalid(
                    &format!("attachments[{at}]"),
                    "a file has either `size` or `bytes_base64`".to_owned(),
                ));
            }
        };
        uploads.push(Upload {
            name: file.name.clone(),
            content_type: file.content_type.clone(),
            content,
            inline: file.inline,
        });
    }
    Ok(uploads)
}

pub(super) fn via(value: Option<&Value>) -> Result<u16> {
    match value {
        None => Ok(source::EMAIL),
        Some(Value::Number(number)) => number
            .as_u64()
            .and_then(|number| u16::try_from(number).ok())
            .filter(|number| *number > 0)
            .ok_or_else(|| Refusal::invalid("via", format!("{number} is no source number"))),
        Some(Value::String(word)) => VIA
            .iter()
            .find(|(name, _)| name == word)
            .map(|(_, source)| *source)
            .ok_or_else(|| {
                Refusal::invalid(
                    "via",
                    words::unknown("via", word, VIA.map(|(name, _)| name)),
                )
            }),
        Some(_) => Err(Refusal::invalid(
            "via",
            "write a word such as \"email\", or a source number".to_owned(),
        )),
    }
}

pub(super) fn check_agent(call: &Control<'_, '_>, field: &str, id: i64) -> Result<()> {
    match call.desk.account.people.agent(id) {
        Some(_) => Ok(()),
        None => Err(Refusal::invalid(field, format!("there is no agent {id}"))),
    }
}

pub(super) fn check_group(call: &Control<'_, '_>, id: Option<i64>) -> Result<()> {
    match id {
        Some(id) if !call.desk.account.groups.contains_key(&id) => Err(Refusal::invalid(
            "group_id",
            format!("there is no group {id}"),
        )),
        _ => Ok(()),
    }
}

pub(super) fn check_status(call: &Control<'_, '_>, status: Option<u16>) -> Result<()> {
    match status {
        Some(status)
            if !call
                .desk
                .account
                .statuses
                .iter()
                .any(|known| known.id == status) =>
        {
            Err(Refusal::invalid(
                "status",
                format!("there is no status {status}"),
            ))
        }
        _ => Ok(()),
    }
}

pub(super) fn check_priority(priority: Option<u8>) -> Result<()> {
    match priority {
        Some(priority) if !(1..=4).contains(&priority) => Err(Refusal::invalid(
            "priority",
            format!("there is no priority {priority}: 1 low … 4 urgent"),
        )),
        _ => Ok(()),
    }
}

pub(super) fn check_type(call: &Control<'_, '_>, kind: Option<&str>) -> Result<()> {
    let types = call.desk.account.ticket_types();
    match kind {
        Some(kind) if choices::find(types, kind).is_none() => Err(Refusal::invalid(
            "type",
            words::unknown("type", kind, types.iter().map(|known| known.value.as_str())),
        )),
        _ => Ok(()),
    }
}
