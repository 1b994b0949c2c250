//! The real binary over a SQLite file that is full, damaged, locked or newer: a
//! clear error, the documented exit code, and nothing lost.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "these are tests: a surprise should stop them"
)]

#[path = "common/process.rs"]
mod process;
#[path = "common/stand_in.rs"]
mod stand_in;

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use process::{Process, command, command_through};
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _, SqliteConnection};
use stand_in::{DOMAIN, freshdesk_and_brain, posts, until};
use wiremock::MockServer;

struct Place {
    folder: tempfile::TempDir,
    server: MockServer,
}

impl Place {
    async fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            server: freshdesk_and_brain().await,
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("b.sqlite")
    }

    fn start(&self) -> Process {
        let store = format!("sqlite:{}", self.file().display());
        Process::start(&self.server.uri(), &self.server.uri(), &store)
    }

    fn start_by(&self, mut bridge: Command) -> Process {
        let store = format!("sqlite:{}", self.file().display());
        bridge.args(["--store", &store]);
        Process::listening(bridge)
    }

    /// A file in which `tickets` were answered, closed by a `kill -9`.
    async fn used(&self, tickets: i64) -> Value {
        let process = self.start();
        let settings = connect(&process).await;
        for ticket in 1..=tickets {
            assert_eq!(process.webhook(&settings, ticket).await, 202);
        }
        until("all are answered", || async {
            sessions(&process).await == tickets
        })
        .await;
        settings
    }

    /// Every file of the store, as it is.
    fn bytes(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files: Vec<_> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| (path.clone(), std::fs::read(&path).unwrap()))
            .collect();
        files.sort();
        files
    }

    /// A start that must fail; gives what it says.
    async fn refused(&self) -> String {
        self.refuses(command()).await
    }

    async fn refuses(&self, bridge: Command) -> String {
        let (said, announced) = self.ends(bridge).await;
        assert_eq!(announced, "", "it never listens");
        said
    }

    /// A bridge that must end by itself; gives what it says on both outputs.
    async fn ends(&self, mut bridge: Command) -> (String, String) {
        let store = format!("sqlite:{}", self.file().display());
        let mut child = bridge
            .args(["--listen", "127.0.0.1:0", "--log", "off", "--store", &store])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut patience = 400;
        while child.try_wait().unwrap().is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            patience -= 1;
            if patience == 0 {
                child.kill().unwrap();
                panic!("it started");
            }
        }
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{said}");
        let said = said.replace(self.folder.path().to_str().unwrap(), "FOLDER");
        (said, String::from_utf8(output.stdout).unwrap())
    }

    async fn connection(&self) -> SqliteConnection {
        let url = format!("sqlite:{}", self.file().display());
        SqliteConnection::connect(&url).await.unwrap()
    }
}

async fn connect(process: &Process) -> Value {
    let body = json!({"domain": DOMAIN, "api_key": "the-key", "auto_handle_all": true});
    let (status, settings) = process
        .call("PUT", "/v1/integrations/freshdesk", Some(body))
        .await;
    assert_eq!(status, 200, "{settings}");
    settings
}

async fn sessions(process: &Process) -> i64 {
    let mut found = 0;
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/sessions?cursor={cursor}");
        let (_, page) = process.call("GET", &path, None).await;
        found += page["items"].as_array().map_or(0, Vec::len) as i64;
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return found,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_schema_is_not_started_on_and_left_as_it_is() {
    let place = Place::new().await;
    place.used(3).await;
    let mut newer = place.connection().await;
    newer
        .execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (9999, 'the future', 1, x'00', 0)",
        )
        .await
        .unwrap();
    newer.close().await.unwrap();
    let before = place.bytes();
    insta::assert_snapshot!(place.refused().await, @"error: FOLDER/b.sqlite was written by a newer reference-bridge (schema 9999); start that version, or name another file");
    assert!(place.bytes() == before, "it is changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_page_is_found_at_the_start_and_left_as_it_is() {
    let place = Place::new().await;
    place.used(40).await;
    // Whole, so that no log repairs it.
    let mut log = place.connection().await;
    log.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        .await
        .unwrap();
    log.close().await.unwrap();
    let whole = std::fs::read(place.file()).unwrap();
    let pages = whole.len() / 4096;
    let mut found = 0;
    for page in 1..pages {
        let mut damaged = whole.clone();
        damaged[page * 4096..page * 4096 + 64].fill(0xa5);
        std::fs::write(place.file(), &damaged).unwrap();
        let before = place.bytes();
        let said = place.refused().await;
        assert!(
            said.contains("b.sqlite: the database is damaged (") && said.contains(".recover"),
            "page {page}: {said}"
        );
        assert!(place.bytes() == before, "page {page} is changed");
        found += 1;
        if found == 8 {
            break;
        }
    }
    // Its first page says that it is a database at all.
    let mut damaged = whole.clone();
    damaged[..16].fill(0);
    std::fs::write(place.file(), &damaged).unwrap();
    insta::assert_snapshot!(place.refused().await, @"error: FOLDER/b.sqlite is not a SQLite database; name another file with --store sqlite:PATH");
    // With the bytes as they were, everything is there.
    std::fs::write(place.file(), &whole).unwrap();
    assert_eq!(sessions(&place.start()).await, 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_that_the_start_did_not_wait_for_ends_the_bridge_once_it_is_found() {
    let place = Place::new().await;
    place.used(40).await;
    let mut log = place.connection().await;
    log.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        .await
        .unwrap();
    log.close().await.unwrap();
    // A whole file is worked with, whether or not the check was waited for.
    let hasty = |place: &Place| {
        let mut bridge = command();
        bridge.args(["--store-check", "0s"]);
        let server = place.server.uri();
        bridge.args(["--freshdesk-endpoint", &server, "--brain-url", &server]);
        bridge
    };
    assert_eq!(sessions(&place.start_by(hasty(&place))).await, 40);

    let mut damaged = std::fs::read(place.file()).unwrap();
    let last = damaged.len() / 4096 - 1;
    damaged[last * 4096..last * 4096 + 64].fill(0xa5);
    std::fs::write(place.file(), damaged).unwrap();
    let (said, _) = place.ends(hasty(&place)).await;
    assert!(
        said.contains("b.sqlite: the database is damaged (") && said.contains(".recover"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_file_refuses_the_start_and_a_lock_that_comes_later_is_waited_out() {
    let place = Place::new().await;
    let settings = place.used(2).await;
    // Another program has it, as `sqlite3 b.sqlite "begin exclusive"` would.
    let mut other = place.connection().await;
    other.execute("PRAGMA journal_mode = DELETE").await.unwrap();
    other.execute("BEGIN EXCLUSIVE").await.unwrap();
    let said = place.refused().await;
    insta::assert_snapshot!(said, @"error: FOLDER/b.sqlite is in use by another process; a SQLite store serves one bridge at a time");
    other.execute("ROLLBACK").await.unwrap();
    other.close().await.unwrap();

    let process = place.start();
    // A second bridge.
    insta::assert_snapshot!(place.refused().await, @"error: FOLDER/b.sqlite is in use by another process; a SQLite store serves one bridge at a time");
    let mut other = place.connection().await;
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    // Freshdesk is told, and tries again later.
    assert_eq!(process.webhook(&settings, 3).await, 503);
    assert_eq!(process.call("GET", "/v1/health", None).await.0, 200);
    assert_eq!(sessions(&process).await, 2);
    other.execute("COMMIT").await.unwrap();
    other.close().await.unwrap();
    assert_eq!(process.webhook(&settings, 3).await, 202);
    until("the third is answered", || async {
        posts(&place.server, 3).await.len() == 1
    })
    .await;
}

/// Becomes the bridge with a limit on the size of its files, in blocks of 512
/// bytes; without the trap the signal would kill it.
const LIMITED: &str = "trap '' XFSZ; ulimit -f $BLOCKS; exec \"$0\" \"$@\"";

/// A folder whose disk becomes full, and can be made roomy again.
enum Disk {
    /// A small file system of its own, which takes the right to mount one.
    Small(PathBuf),
    /// A limit on the size of the process's files.
    Limited,
}

impl Disk {
    const ROOM: &str = "1m";

    fn new(folder: &Path) -> Self {
        let mounted = Command::new("mount")
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={}", Self::ROOM),
                "tmpfs",
            ])
            .arg(folder)
            .stderr(Stdio::null())
            .status();
        if mounted.is_ok_and(|status| status.success()) {
            eprintln!("the full disk is a small tmpfs");
            Self::Small(folder.to_owned())
        } else {
            eprintln!("no tmpfs can be mounted here: the full disk is a limit on file sizes");
            Self::Limited
        }
    }

    /// The bridge on this disk, whose log has no room either.
    fn start(&self, place: &Place) -> Process {
        let limit = match self {
            Self::Small(_) => "unlimited",
            Self::Limited => "1200",
        };
        let script = LIMITED.replace("$BLOCKS", limit);
        let script = format!("[ -e /dev/full ] && exec 2>/dev/full; {script}");
        Process::start_through(
            &["sh", "-c", &script],
            &place.server.uri(),
            &place.server.uri(),
            &format!("sqlite:{}", place.file().display()),
        )
    }

    /// A start of the bridge that finds no room at all.
    async fn refuses(&self, place: &Place) -> String {
        match self {
            Self::Small(folder) => {
                let filler = folder.join("filler");
                std::fs::write(&filler, vec![0; 2 << 20]).unwrap_err();
                let said = place.refused().await;
                std::fs::remove_file(filler).unwrap();
                said
            }
            Self::Limited => {
                let limited = LIMITED.replace("$BLOCKS", "0");
                let through = command_through(&["sh", "-c", &limited]);
                place.refuses(through).await
            }
        }
    }

    fn make_room(&self) {
        if let Self::Small(folder) = self {
            let grown = Command::new("mount")
                .args(["-o", "remount,size=64m"])
                .arg(folder)
                .status();
            assert!(grown.unwrap().success());
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Self::Small(folder) = self {
            let _ = Command::new("umount").arg("-l").arg(folder).status();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_the_first_start_says_so_and_leaves_nothing_behind() {
    let place = Place::new().await;
    let disk = Disk::new(place.folder.path());
    let said = disk.refuses(&place).await;
    assert!(
        said.starts_with("error: FOLDER/b.sqlite.key: a new encryption key cannot be written: ")
            && said.ends_with("nothing was left behind\n"),
        "{said}"
    );
    assert_eq!(place.bytes(), []);
    // With room it starts, and its secret is a whole one.
    connect(&disk.start(&place)).await;
    assert_eq!(sessions(&disk.start(&place)).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_webhooks_are_refused_and_what_was_accepted_is_kept() {
    let place = Place::new().await;
    let disk = Disk::new(place.folder.path());
    let process = disk.start(&place);
    let settings = connect(&process).await;
    let mut accepted = Vec::new();
    let mut refused = 0;
    for ticket in 1..=5000 {
        match process.webhook(&settings, ticket).await {
            202 => accepted.push(ticket),
            503 => refused += 1,
            other => panic!("ticket {ticket}: {other}"),
        }
        if refused == 20 {
            break;
        }
    }
    assert_eq!(refused, 20, "the disk never became full");
    // It still reads, and says what is wrong.
    assert_eq!(process.call("GET", "/v1/sessions", None).await.0, 200);
    drop(process);
    disk.make_room();
    let process = place.start();
    until("what was accepted is answered", || async {
        sessions(&process).await >= accepted.len() as i64
    })
    .await;
    for ticket in accepted {
        let path = format!("/v1/sessions?ticket_id={ticket}");
        let (_, found) = process.call("GET", &path, None).await;
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "{ticket}");
        until("it has its answer", || async {
            posts(&place.server, ticket).await.len() == 1
        })
        .await;
    }
    // And the one that was refused is taken at Freshdesk's next try.
    assert_eq!(process.webhook(&settings, 6000).await, 202);
}
