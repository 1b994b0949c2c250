//! Settings from a file: what neither a flag nor the environment says. Mistakes
//! are named with file, line and column, and the nearest right word.

use std::{
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
};

use clap::{CommandFactory as _, FromArgMatches as _, parser::ValueSource};
use serde::{Deserialize, Deserializer, de::Visitor};
use serde_saphyr::Spanned;

use crate::options::Options;

/// A value as it would stand behind a flag.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Scalar(String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Plain;
        impl Visitor<'_> for Plain {
            type Value = Scalar;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("text, a number, or true or false")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar(text.to_owned()))
            }

            fn visit_bool<E: serde::de::Error>(self, flag: bool) -> Result<Scalar, E> {
                Ok(Scalar(flag.to_string()))
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }

            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Scalar, E> {
                Ok(Scalar(number.to_string()))
            }
        }
        deserializer.deserialize_any(Plain)
    }
}

/// Names every setting once: the file's keys are the flags with underscores.
macro_rules! settings {
    ($($key:ident),+ $(,)?) => {
        #[derive(Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            $(#[serde(default)] $key: Option<Spanned<Scalar>>,)+
        }

        impl File {
            fn entries(self) -> Vec<(&'static str, Spanned<Scalar>)> {
                [$((stringify!($key), self.$key)),+]
                    .into_iter()
                    .filter_map(|(key, value)| Some((key, value?)))
                    .collect()
            }
        }

        #[cfg(test)]
        const KEYS: &[&str] = &[$(stringify!($key)),+];
    };
}

settings!(
    listen,
    public_url,
    token,
    brain_url,
    openai_url,
    openai_model,
    openai_key,
    brain_timeout,
    freshdesk_endpoint,
    ca_file,
    store,
    store_check,
    job_lease,
    encryption_key,
    key_file,
    log,
    log_json,
    testing_clock,
);

/// Reads the command line; a flag wins over the environment, and both over the
/// file that `--config` or BRIDGE_CONFIG names.
///
/// # Errors
/// When the file cannot be read or says something wrong. Wrong use of the
/// command line ends the process as clap does.
pub(crate) fn options(arguments: Vec<OsString>) -> Result<Options, String> {
    let given = Options::command()
        .ignore_errors(true)
        .get_matches_from(&arguments);
    let file = given.try_get_one::<PathBuf>("config").ok().flatten();
    let mut all = arguments;
    if let Some(file) = file.filter(|_| given.subcommand().is_none()) {
        let said = |key: &str| {
            matches!(
                given.value_source(key),
                Some(ValueSource::CommandLine | ValueSource::EnvVariable)
            )
        };
        let more = read(file)?
            .into_iter()
            .filter(|(key, _)| !said(key))
            .filter_map(|(_, flag)| flag);
        all.splice(1..1, more);
    }
    let matches = Options::command().get_matches_from(all);
    Options::from_arg_matches(&matches).map_err(|error| error.to_string())
}

/// The file's settings, each as the flag that says the same.
fn read(file: &Path) -> Result<Vec<(&'static str, Option<OsString>)>, String> {
    let shown = file.display();
    let bytes = std::fs::read(file)
        .map_err(|error| format!("{shown}: the settings cannot be read: {error}"))?;
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("{shown}:{line}: the file is not UTF-8; save it as UTF-8")
    })?;
    let nothing = text
        .lines()
        .all(|line| matches!(line.trim().chars().next(), None | Some('#')));
    let settings = if nothing {
        File::default()
    } else {
        serde_saphyr::from_str::<File>(text).map_err(|error| explain(file, &error))?
    };
    settings
        .entries()
        .into_iter()
        .map(|(key, value)| {
            let flag = flag(key, &value.value.0).map_err(|problem| {
                let (line, column) = (value.referenced.line(), value.referenced.column());
                format!("{shown}:{line}:{column}: {key}: {problem}")
            })?;
            Ok((key, flag))
        })
        .collect()
}

/// The flag for a setting, checked as the command line checks it; `None` for a
/// switch that is off.
fn flag(key: &str, value: &str) -> Result<Option<OsString>, String> {
    let name = key.replace('_', "-");
    let command = Options::command();
    let takes_value = command
        .get_arguments()
        .find(|argument| argument.get_id() == key)
        .is_some_and(|argument| argument.get_action().takes_values());
    if !takes_value {
        return match value {
            "true" => Ok(Some(format!("--{name}").into())),
            "false" => Ok(None),
            _ => Err("expected true or false".to_owned()),
        };
    }
    let flag = OsString::from(format!("--{name}={value}"));
    // Alone it may lack what it requires; only its own value is judged here.
    match command.try_get_matches_from([OsString::from("reference-bridge"), flag.clone()]) {
        Err(error) if error.kind() == clap::error::ErrorKind::ValueValidation => {
            let text = error.to_string();
            let why = text.lines().next().unwrap_or_default();
            // What was written may be a secret: the place is enough to find it.
            let why = why.rsplit_once("': ").map_or(why, |(_, why)| why);
            Err(why.to_owned())
        }
        _ => Ok(Some(flag)),
    }
}

/// Puts a YAML error into our words, with the nearest known one.
fn explain(file: &Path, error: &serde_saphyr::Error) -> String {
    use serde_saphyr::Error;
    let error = error.without_snippet();
    let place = match error.location() {
        Some(at) if at.line() > 0 => format!("{}:{}:{}", file.display(), at.line(), at.column()),
        _ => file.display().to_string(),
    };
    match error {
        Error::SerdeUnknownField {
            field, expected, ..
        } => match reference_bridge::nearest(field, expected.iter().copied()) {
            Some(near) => format!("{place}: {field} is no setting; did you mean {near}?"),
            None => format!(
                "{place}: {field} is no setting; the settings are {}",
                expected.join(", ")
            ),
        },
        Error::DuplicateMappingKey { key, .. } => format!(
            "{place}: {} is there twice",
            key.as_deref().unwrap_or("a setting")
        ),
        Error::SerdeInvalidType {
            unexpected,
            expected,
            ..
        } => format!("{place}: expected {expected}, found {unexpected}"),
        other => {
            let text = other.to_string();
            let what = text.split(" at line ").next().unwrap_or_default();
            format!("{place}: {what}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_is_a_setting_and_every_setting_a_flag() {
        let command = Options::command();
        let mut flags: Vec<_> = command
            .get_arguments()
            .map(|argument| argument.get_id().to_string())
            .filter(|name| !["help", "version", "config"].contains(&name.as_str()))
            .collect();
        let mut keys: Vec<_> = KEYS.iter().map(|key| (*key).to_owned()).collect();
        flags.sort();
        keys.sort();
        assert_eq!(keys, flags);
    }

    fn complaint(text: &[u8]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bridge.yaml");
        std::fs::write(&file, text).unwrap();
        let error = read(&file).unwrap_err();
        error.replace(&format!("{}/", folder.path().display()), "")
    }

    #[test]
    fn mistakes_are_named_with_their_place_and_the_nearest_word() {
        let complaints: Vec<_> = [
            &b"lisen: 127.0.0.1:8090\n"[..],
            b"log: info\nlisten: here\n",
            b"listen: 127.0.0.1:1\nlisten: 127.0.0.1:2\n",
            b"log: warn\n\nstore: mysql:x\n",
            b"log_json: often\n",
            b"store: [memory]\n",
            b"brain_url: ftp://brain.example\n",
            b"log: warn\ntoken: \xff\xfe\n",
            b"- listen\n",
            b"listen: '127.0.0.1:1\n",
            b"colour_of_the_bikeshed: green\n",
        ]
        .into_iter()
        .map(complaint)
        .collect();
        insta::assert_yaml_snapshot!(complaints);
    }

    #[test]
    fn a_file_of_comments_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bridge.yaml");
        std::fs::write(&file, "# nothing yet\n\n").unwrap();
        assert!(read(&file).unwrap().is_empty());
    }
}
