//! A fresh PostgreSQL database for a test: on the server that
//! `BRIDGE_TEST_POSTGRES` names (such as `postgres://postgres@127.0.0.1:5433`;
//! `.ci/run` starts one), else on one that is started here if PostgreSQL is
//! installed. Else PostgreSQL is not tested, and that is said.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use sqlx::{Connection as _, Executor as _, PgConnection};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Stops the server when its standard input ends, which it does with us.
const UNTIL_WE_ARE_GONE: &str = r#"
"$@" >/dev/null 2>&1 & server=$!
cat
kill -TERM "$server"; wait "$server"; rm -rf "$FOLDER"
"#;

pub(crate) async fn database() -> Option<String> {
    let Some(server) = server() else {
        eprintln!(
            "NOT TESTED: PostgreSQL. BRIDGE_TEST_POSTGRES is not set, and no initdb was found; \
             see .ci/postgres"
        );
        return None;
    };
    let name = format!(
        "bridge_test_{}_{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    let mut admin = admin(&server).await;
    admin
        .execute(format!("DROP DATABASE IF EXISTS {name}").as_str())
        .await
        .unwrap();
    admin
        .execute(format!("CREATE DATABASE {name}").as_str())
        .await
        .unwrap();
    Some(format!("{server}/{name}"))
}

/// A connection to the server, which may still be starting.
async fn admin(server: &str) -> PgConnection {
    let url = format!("{server}/postgres");
    for _ in 0..300 {
        if let Ok(connection) = PgConnection::connect(&url).await {
            return connection;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("PostgreSQL does not answer at {server}");
}

/// The server that all tests of this process use.
fn server() -> Option<String> {
    static STARTED: OnceLock<Option<(String, Child)>> = OnceLock::new();
    if let Ok(given) = std::env::var("BRIDGE_TEST_POSTGRES") {
        return Some(given);
    }
    let started = STARTED.get_or_init(start);
    started.as_ref().map(|(url, _)| url.clone())
}

fn start() -> Option<(String, Child)> {
    let binaries = binaries()?;
    let folder = tempfile::tempdir().unwrap().keep();
    let data = folder.join("data");
    // PostgreSQL refuses to run as root; its package makes a user for it.
    let root = succeeds(Command::new("sh").args(["-c", "test $(id -u) = 0"]));
    if root && !succeeds(Command::new("chown").arg("postgres").arg(&folder)) {
        return None;
    }
    let as_somebody: &[&str] = if root {
        &["runuser", "-u", "postgres", "--"]
    } else {
        &[]
    };
    let run = |program: &str| {
        let mut words: Vec<_> = as_somebody.iter().map(PathBuf::from).collect();
        words.push(binaries.join(program));
        words
    };
    let initdb = run("initdb");
    let mut making = Command::new(&initdb[0]);
    making.args(&initdb[1..]).arg("-D").arg(&data);
    making.args(["-U", "postgres", "-A", "trust", "--no-sync"]);
    if !succeeds(making.stdout(Stdio::null()).current_dir(&folder)) {
        return None;
    }
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port().to_string();
    drop(free);
    let child = Command::new("sh")
        .args(["-c", UNTIL_WE_ARE_GONE, "postgres"])
        .args(run("postgres"))
        .arg("-D")
        .arg(&data)
        .args(["-h", "127.0.0.1", "-p", &port, "-k"])
        .arg(&folder)
        .env("FOLDER", &folder)
        .current_dir(&folder)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    Some((format!("postgres://postgres@127.0.0.1:{port}"), child))
}

fn succeeds(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}

/// Where PostgreSQL's programs are: on the path, or where Debian puts them.
fn binaries() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter();
    let debian = versions
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = debian.collect();
    folders.extend(std::env::split_paths(&path));
    folders
        .into_iter()
        .find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
}
