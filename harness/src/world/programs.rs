//! Where the programs of a live world are.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::WorldError;

/// Where the two binaries are.
#[derive(Debug, Clone)]
pub struct Programs {
    /// `fake-freshdesk`.
    pub fake_freshdesk: PathBuf,
    /// `reference-bridge`.
    pub reference_bridge: PathBuf,
}

impl Programs {
    /// Finds the binaries beside this program. In a source checkout they are
    /// built first, with the profile this program was built with, so that a
    /// live run never plays yesterday's code.
    ///
    /// # Errors
    /// If they can't be built, or are not there.
    pub fn find() -> Result<Self, WorldError> {
        static FOUND: OnceLock<Result<Programs, String>> = OnceLock::new();
        FOUND
            .get_or_init(look)
            .clone()
            .map_err(|reason| WorldError::Program {
                program: "the live world".into(),
                reason,
            })
    }
}

fn look() -> Result<Programs, String> {
    let here = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut folder = here.parent().unwrap_or(Path::new(".")).to_owned();
    if folder.ends_with("deps") {
        folder.pop();
    }
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    // `target/<profile>/harness` belongs to a checkout, an installed copy does not.
    let from_checkout = folder.join(".cargo-lock").exists() || folder.join("deps").is_dir();
    if from_checkout && workspace.exists() {
        build(&workspace, &folder)?;
    }
    let program = |name: &str| {
        let path = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        path.is_file().then_some(path).ok_or_else(|| {
            format!(
                "{name} is not in {}; run `cargo build --release --bins` first",
                folder.display()
            )
        })
    };
    Ok(Programs {
        fake_freshdesk: program("fake-freshdesk")?,
        reference_bridge: program("reference-bridge")?,
    })
}

fn build(workspace: &Path, folder: &Path) -> Result<(), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--quiet", "--bins", "--manifest-path"])
        .arg(workspace)
        .stdin(Stdio::null());
    if let Some(target) = folder.parent() {
        command.arg("--target-dir").arg(target);
    }
    // `target/debug` is the one folder that is not named for its profile.
    let profile = folder.file_name().filter(|name| *name != "debug");
    command.arg("--profile");
    command.arg(profile.unwrap_or_else(|| "dev".as_ref()));
    let output = command
        .output()
        .map_err(|error| format!("cargo does not start: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "cargo build --bins failed:\n{}",
        String::from_utf8_lossy(&output.stderr).trim_end()
    ))
}
