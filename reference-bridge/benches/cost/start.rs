//! How long a start takes over a file in which much was kept.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use reference_bridge::{
    Entropy, SqliteStore, Store as _,
    session::{Author, Channel, Contact, Entry, EntryKind, Session, Status},
    store::{Seal, Write},
};
use secrecy::SecretString;

use crate::{
    Figure,
    bridge::{command, listening},
};

pub(crate) const TITLE: &str = "a start over a SQLite file, until it listens";

const SECRET: &str = "a secret of the bench";
/// Messages of each session.
const MESSAGES: i64 = 6;

pub(crate) async fn measure() -> Vec<Figure> {
    let mut figures = Vec::new();
    for sessions in [10_000, 100_000] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("b.sqlite");
        fill(&file, sessions).await;
        // With its log.
        let files = std::fs::read_dir(folder.path()).unwrap();
        let bytes: u64 = files
            .map(|file| file.unwrap().metadata().unwrap().len())
            .sum();
        let size = bytes as f64 / 1e6;
        let whole = start(&file, "1h");
        println!("  {sessions} sessions are {size:.0} MB; with the whole check {whole:.0} ms");
        let slowest = (0..3).map(|_| start(&file, "1s")).fold(0.0, f64::max);
        figures.push(Figure {
            what: format!("{sessions} sessions, the slowest of three"),
            measured: slowest,
            // The check may take one second of it.
            at_most: 1500.0,
            unit: "ms",
        });
    }
    figures
}

/// Milliseconds until it listens; the check may hold it up for so long.
fn start(file: &Path, check: &str) -> f64 {
    let mut command = command(&format!("sqlite:{}", file.display()));
    command.args(["--store-check", check]);
    command.env("BRIDGE_ENCRYPTION_KEY", SECRET);
    let before = Instant::now();
    let (mut child, _) = listening(command);
    let taken = before.elapsed().as_secs_f64() * 1000.0;
    child.kill().unwrap();
    child.wait().unwrap();
    taken
}

/// Sessions with their messages, as a bridge would have written them.
async fn fill(file: &Path, sessions: i64) {
    let seal = Seal::new(&SecretString::from(SECRET), Entropy::seeded(1));
    let store = SqliteStore::open(file, seal, Duration::MAX).await.unwrap();
    for first in (0..sessions).step_by(1000) {
        let writes = (first..first + 1000).flat_map(written).collect();
        store.record(writes).await.unwrap();
        if first % 20_000 == 0 {
            eprintln!("  {first} of {sessions} sessions written");
        }
    }
    store.close().await;
}

fn written(ticket: i64) -> Vec<Write> {
    let at = Timestamp::from_second(1_770_000_000 + ticket).unwrap();
    let id = format!("ses_{ticket:024x}");
    let session = Session {
        id: id.clone(),
        account: "acme.freshdesk.com".to_owned(),
        ticket_id: ticket + 1,
        channel: Channel::Email,
        source: 1,
        status: Status::ClosedResolved,
        handed_off: false,
        handoff: None,
        ai_closure_type: None,
        contact: Contact {
            name: Some("Carla Customer".to_owned()),
            email: Some(format!("carla-{ticket}@mail.example")),
        },
        created_at: at,
        updated_at: at,
        opening: false,
        backfilled: false,
        seen_status: 5,
        seen: None,
        reopened_by_message: false,
        tagged: Vec::new(),
        posts: Vec::new(),
    };
    let mut writes = vec![Write::Session(session)];
    writes.extend((0..MESSAGES).map(|message| {
        Write::Entry(Entry {
            session_id: id.clone(),
            key: Entry::conversation_key(ticket * MESSAGES + message),
            at,
            kind: EntryKind::Message,
            freshdesk_conversation_id: Some(ticket * MESSAGES + message),
            author: Author::default(),
            text: "Where is my order? I have waited for two weeks. ".repeat(10),
            attachments: Vec::new(),
            event: None,
            awaiting: false,
        })
    }));
    writes
}
