//! The secret that seals the stored API key: given, read from its file, or made and
//! written there. The file appears whole or not at all, and never in place of
//! another: what one secret has sealed, no other opens.

use std::{
    fs::{File, OpenOptions},
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
};

use reference_bridge::Entropy;
use secrecy::SecretString;

use crate::options::Options;

/// Characters that a secret has at least.
const LEAST: usize = 16;

/// Why there is no secret.
#[derive(Debug)]
pub(crate) enum NoSecret {
    /// None was given, or one that is too short, or a place that is not there.
    Usage(String),
    /// Its file cannot be read or written.
    File(String),
}

/// The secret that the options name; the default file is beside the database.
pub(crate) fn secret(
    options: &Options,
    database: Option<&Path>,
    entropy: &Entropy,
) -> Result<SecretString, NoSecret> {
    if let Some(key) = &options.encryption_key {
        return checked(key, "BRIDGE_ENCRYPTION_KEY");
    }
    let beside_database = || {
        let mut name = database?.as_os_str().to_owned();
        name.push(".key");
        Some(PathBuf::from(name))
    };
    let Some(file) = options.key_file.clone().or_else(beside_database) else {
        return Err(NoSecret::Usage(
            "replicas share one encryption key: set BRIDGE_ENCRYPTION_KEY or --key-file".to_owned(),
        ));
    };
    let shown = file.display();
    let read = || match std::fs::read_to_string(&file) {
        Ok(key) => checked(&key, &format!("the encryption key in {shown}")).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(NoSecret::File(format!(
            "{shown}: the encryption key cannot be read: {error}"
        ))),
    };
    if let Some(key) = read()? {
        return Ok(key);
    }
    let key = entropy.secret();
    match write(&file, &key) {
        Ok(()) => Ok(SecretString::from(key)),
        // Another process was quicker.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => match read()? {
            Some(key) => Ok(key),
            None => Err(NoSecret::File(format!("{shown}: it comes and goes"))),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Err(NoSecret::Usage(format!(
            "{shown}: the encryption key cannot be written, for there is no such folder; make it, \
             or name another place"
        ))),
        Err(error) => Err(NoSecret::File(format!(
            "{shown}: a new encryption key cannot be written: {error}; make room or name another \
             place with --key-file, nothing was left behind"
        ))),
    }
}

fn checked(key: &str, named: &str) -> Result<SecretString, NoSecret> {
    let key = key.trim();
    if key.len() < LEAST {
        return Err(NoSecret::Usage(format!(
            "{named} is shorter than {LEAST} characters"
        )));
    }
    Ok(SecretString::from(key))
}

/// Writes the secret into a file beside `file`, which then gets its name.
fn write(file: &Path, secret: &str) -> std::io::Result<()> {
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let new = PathBuf::from(name);
    let written = write_whole(&new, secret).and_then(|()| std::fs::hard_link(&new, file));
    let removed = std::fs::remove_file(&new);
    written?;
    removed?;
    // The name too must outlive a power cut, as what the secret seals will.
    if let Some(folder) = file.parent().filter(|_| cfg!(unix)) {
        let here = folder.as_os_str().is_empty();
        File::open(if here { Path::new(".") } else { folder })?.sync_all()?;
    }
    Ok(())
}

fn write_whole(file: &Path, secret: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(file)?;
    writeln!(file, "{secret}")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use secrecy::ExposeSecret as _;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_secret_is_made_once_for_its_owner_only_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let options = Options::parse_from(["reference-bridge"]);
        let database = folder.path().join("b.sqlite");
        let secret = |seed| secret(&options, Some(&database), &Entropy::seeded(seed)).unwrap();
        let made = secret(1);
        assert_eq!(secret(2).expose_secret(), made.expose_secret());
        assert_eq!(names(folder.path()), ["b.sqlite.key"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let file = folder.path().join("b.sqlite.key");
            let mode = std::fs::metadata(file).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_file_that_is_there_is_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, "somebody else's secret").unwrap();
        let error = write(&file, "mine").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        let kept = std::fs::read_to_string(&file).unwrap();
        assert_eq!(kept, "somebody else's secret");
        assert_eq!(names(folder.path()), ["key"]);
    }

    #[test]
    fn a_wrong_place_and_too_short_a_secret_are_wrong_use_and_what_cannot_be_read_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let short = folder.path().join("short");
        std::fs::write(&short, "too short\n").unwrap();
        let no_secret = |file: &Path| {
            let file = file.to_str().unwrap();
            let options = Options::parse_from(["reference-bridge", "--key-file", file]);
            secret(&options, None, &Entropy::seeded(1)).unwrap_err()
        };
        assert!(matches!(no_secret(&short), NoSecret::Usage(_)));
        assert!(matches!(no_secret(folder.path()), NoSecret::File(_)));
        let nowhere = folder.path().join("no/such/folder");
        assert!(matches!(no_secret(&nowhere), NoSecret::Usage(_)));
    }
}
