//! One suite for every store: what the bridge relies on.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests: a surprise should stop them"
)]

#[path = "common/postgres.rs"]
mod postgres;

use std::{path::PathBuf, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use reference_bridge::{
    Entropy, MemoryStore, PostgresStore, SqliteStore, Store,
    session::{Author, Channel, Contact, Entry, EntryKind, Session, Status},
    settings::{
        AgentIdentity, Channels, Connection, ConnectionState, DEFAULT_MARKER_FIELD, Settings,
    },
    store::{OpenError, Seal, SessionFilter, Write},
    turn::{Progress, Purpose, Step, Turn, TurnState},
    work::{Account, Backfill, EventKind, Job, Problem},
};
use secrecy::{ExposeSecret as _, SecretString};

/// Waits for the check of a file, however long it takes.
const CHECKED: Duration = Duration::MAX;

const ACCOUNT: &str = "acme.freshdesk.com";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_770_000_000 + second).unwrap()
}

fn seal() -> Seal {
    Seal::new(
        &SecretString::from("a secret of the test"),
        Entropy::seeded(1),
    )
}

/// A store and what must outlive it.
struct Backend {
    store: Arc<dyn Store>,
    _files: Option<tempfile::TempDir>,
}

async fn backends() -> Vec<(&'static str, Backend)> {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = SqliteStore::open(&folder.path().join("bridge.sqlite"), seal(), CHECKED)
        .await
        .unwrap();
    let mut backends = vec![
        (
            "memory",
            Backend {
                store: Arc::new(MemoryStore::new()),
                _files: None,
            },
        ),
        (
            "sqlite",
            Backend {
                store: Arc::new(sqlite),
                _files: Some(folder),
            },
        ),
    ];
    if let Some(url) = postgres::database().await {
        let postgres = PostgresStore::connect(&url, seal()).await.unwrap();
        let backend = Backend {
            store: Arc::new(postgres),
            _files: None,
        };
        backends.push(("postgres", backend));
    }
    backends
}

/// Runs a body on every backend.
macro_rules! on_every_store {
    ($name:ident, |$store:ident| $body:block) => {
        #[tokio::test]
        async fn $name() {
            for (backend, kept) in backends().await {
                let $store = kept.store.clone();
                eprintln!("on {backend}");
                $body
            }
        }
    };
}

fn session(id: &str, ticket_id: i64) -> Session {
    Session {
        id: id.to_owned(),
        account: ACCOUNT.to_owned(),
        ticket_id,
        channel: Channel::Email,
        source: 1,
        status: Status::Open,
        handed_off: false,
        handoff: None,
        ai_closure_type: None,
        contact: Contact::default(),
        created_at: at(0),
        updated_at: at(0),
        opening: true,
        backfilled: false,
        seen_status: 2,
        seen: None,
        reopened_by_message: false,
        tagged: Vec::new(),
        posts: Vec::new(),
    }
}

fn entry(session_id: &str, conversation: i64, text: &str) -> Entry {
    Entry {
        session_id: session_id.to_owned(),
        key: Entry::conversation_key(conversation),
        at: at(conversation),
        kind: EntryKind::Message,
        freshdesk_conversation_id: Some(conversation),
        author: Author::default(),
        text: text.to_owned(),
        attachments: Vec::new(),
        event: None,
        awaiting: true,
    }
}

fn connection() -> Connection {
    Connection {
        settings: Settings {
            domain: ACCOUNT.to_owned(),
            auto_handle_all: true,
            default_group_id: Some(1_060_000_697_424),
            handoff_agent_id: None,
            handoff_group_id: None,
            marker_field: DEFAULT_MARKER_FIELD.to_owned(),
            assist_mode_footer: None,
            channels: Channels::default(),
        },
        api_key: SecretString::from("the-key"),
        agent: AgentIdentity {
            id: 7,
            name: "AI".to_owned(),
            email: "ai@acme.example".to_owned(),
        },
        webhook_token: "t".to_owned(),
        state: ConnectionState::Connected,
        connected_at: at(0),
    }
}

async fn accept(store: &Arc<dyn Store>, ticket: i64, second: i64) {
    store
        .accept(ACCOUNT, ticket, Some(EventKind::TicketUpdated), at(second))
        .await
        .unwrap();
}

async fn claim(store: &Arc<dyn Store>, owner: &str, second: i64) -> Vec<Job> {
    store
        .claim(owner, at(second), at(second + 60), 10)
        .await
        .unwrap()
}

on_every_store!(a_connection_is_kept_changed_and_forgotten, |store| {
    assert!(store.connection().await.unwrap().is_none());
    let mut saved = connection();
    store.save_connection(&saved).await.unwrap();
    saved.state = ConnectionState::Broken {
        reason: "stale".to_owned(),
    };
    store.save_connection(&saved).await.unwrap();
    let read = store.connection().await.unwrap().unwrap();
    assert_eq!(read.settings, saved.settings);
    assert_eq!(read.state, saved.state);
    assert_eq!(read.agent, saved.agent);
    assert_eq!(read.api_key.expose_secret(), "the-key");
    store.remove_connection().await.unwrap();
    assert!(store.connection().await.unwrap().is_none());
});

on_every_store!(an_account_outlives_its_connection, |store| {
    let account = Account {
        domain: ACCOUNT.to_owned(),
        backfill: Backfill::Done { imported: 3 },
    };
    store
        .record(vec![Write::Account(account.clone())])
        .await
        .unwrap();
    store.remove_connection().await.unwrap();
    assert_eq!(store.account(ACCOUNT).await.unwrap(), Some(account));
    assert_eq!(store.account("other.freshdesk.com").await.unwrap(), None);
});

on_every_store!(webhooks_of_one_ticket_share_a_line, |store| {
    for second in 0..3 {
        accept(&store, 17, second).await;
    }
    accept(&store, 18, 3).await;
    assert_eq!(store.queue_depth().await.unwrap(), 2);
    let jobs = claim(&store, "a", 10).await;
    let seen: Vec<_> = jobs
        .iter()
        .map(|job| (job.ticket_id, job.generation))
        .collect();
    assert_eq!(seen, [(17, 3), (18, 1)]);
    let deliveries = store.deliveries(ACCOUNT).await.unwrap();
    assert_eq!(
        (deliveries.created, deliveries.updated),
        (None, Some(at(3)))
    );
    let swept = Write::Swept {
        account: ACCOUNT.to_owned(),
        to: at(9),
    };
    store.record(vec![swept]).await.unwrap();
    let deliveries = store.deliveries(ACCOUNT).await.unwrap();
    assert_eq!(
        (deliveries.swept_to, deliveries.updated),
        (Some(at(9)), Some(at(3)))
    );
});

on_every_store!(a_job_is_with_one_owner_until_its_lease_ends, |store| {
    accept(&store, 17, 0).await;
    assert_eq!(claim(&store, "a/1", 1).await.len(), 1);
    assert_eq!(claim(&store, "b", 2).await, []);
    assert_eq!(store.next_due().await.unwrap(), Some(at(61)));
    store.renew("a", at(100)).await.unwrap();
    assert_eq!(claim(&store, "b", 99).await, []);
    assert_eq!(claim(&store, "b", 100).await.len(), 1);
});

on_every_store!(who_lost_a_lease_writes_and_ends_nothing, |store| {
    accept(&store, 17, 0).await;
    let lost = claim(&store, "a", 1).await.remove(0);
    let job = claim(&store, "b", 61).await.remove(0);
    let change = |job: &Job, conversation: i64| {
        vec![
            Write::IfHeld(job.clone()),
            Write::Session(session("s1", 17)),
            Write::Entry(entry("s1", conversation, "Hello?")),
        ]
    };
    let refused = store.record(change(&lost, 1)).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the store failed: ticket 17 is in other hands since its lease ran out"
    );
    assert!(store.session("s1").await.unwrap().is_none());
    store.finish(&lost).await.unwrap();
    store.postpone(&lost, at(300), true).await.unwrap();
    assert_eq!(claim(&store, "c", 62).await, [], "it is still b's");
    store.record(change(&job, 2)).await.unwrap();
    assert_eq!(store.entries("s1").await.unwrap().len(), 1);
    store.finish(&job).await.unwrap();
    assert_eq!(store.queue_depth().await.unwrap(), 0);
    let refused = store.record(change(&job, 3)).await;
    assert!(refused.is_err(), "it has ended");
});

on_every_store!(who_takes_a_job_again_is_not_who_lost_it, |store| {
    accept(&store, 17, 0).await;
    let lost = claim(&store, "a/1", 1).await.remove(0);
    let job = claim(&store, "b/1", 61).await.remove(0);
    store.finish(&job).await.unwrap();
    accept(&store, 17, 62).await;
    let again = claim(&store, "a/2", 62).await.remove(0);
    assert_eq!(again.generation, lost.generation);
    let held = |job: &Job| vec![Write::IfHeld(job.clone())];
    assert!(store.record(held(&lost)).await.is_err());
    store.finish(&lost).await.unwrap();
    store.record(held(&again)).await.unwrap();
    // Both are the process's.
    store.renew("a", at(200)).await.unwrap();
    assert_eq!(claim(&store, "b/2", 199).await, []);
});

on_every_store!(a_webhook_during_the_work_keeps_the_line, |store| {
    accept(&store, 17, 0).await;
    let job = claim(&store, "a", 1).await.remove(0);
    accept(&store, 17, 2).await;
    assert_eq!(store.generation(ACCOUNT, 17).await.unwrap(), Some(2));
    store.finish(&job).await.unwrap();
    let job = claim(&store, "a", 3).await.remove(0);
    assert_eq!((job.generation, job.attempts), (2, 0));
    store.finish(&job).await.unwrap();
    assert_eq!(store.queue_depth().await.unwrap(), 0);
    assert_eq!(store.next_due().await.unwrap(), None);
    assert_eq!(store.generation(ACCOUNT, 17).await.unwrap(), None);
});

on_every_store!(
    a_resting_line_is_not_hastened_but_a_waiting_one_is,
    |store| {
        for (ticket, rest, due) in [(17, true, 300), (18, false, 20)] {
            accept(&store, ticket, 0).await;
            let job = claim(&store, "a", 1).await.remove(0);
            store.postpone(&job, at(300), rest).await.unwrap();
            assert_eq!(store.next_due().await.unwrap(), Some(at(300)));
            accept(&store, ticket, 20).await;
            assert_eq!(store.next_due().await.unwrap(), Some(at(due)));
            let job = claim(&store, "a", due).await.remove(0);
            assert_eq!((job.attempts, job.generation), (1, 2));
            store.finish(&job).await.unwrap();
        }
    }
);

on_every_store!(a_webhook_during_failing_work_is_due_at_once, |store| {
    accept(&store, 17, 0).await;
    let job = claim(&store, "a", 1).await.remove(0);
    accept(&store, 17, 2).await;
    store.postpone(&job, at(300), false).await.unwrap();
    assert_eq!(claim(&store, "a", 3).await.len(), 1);
});

on_every_store!(
    what_a_crash_left_is_reclaimed_where_nobody_else_is_at_work,
    |store| {
        accept(&store, 17, 0).await;
        assert_eq!(claim(&store, "a", 1).await.len(), 1);
        store.reclaim().await.unwrap();
        let alone = store.poll_interval().is_none();
        assert_eq!(claim(&store, "b", 2).await.len(), usize::from(alone));
        assert_eq!(claim(&store, "b", 61).await.len(), usize::from(!alone));
    }
);

on_every_store!(
    jobs_are_taken_in_the_order_they_came_and_not_more_than_asked,
    |store| {
        for (second, ticket) in [9, 3, 7, 1].into_iter().enumerate() {
            accept(&store, ticket, second as i64).await;
        }
        let jobs = store.claim("a", at(10), at(70), 3).await.unwrap();
        let tickets: Vec<_> = jobs.iter().map(|job| job.ticket_id).collect();
        assert_eq!(tickets, [9, 3, 7]);
    }
);

on_every_store!(
    a_ticket_has_one_session_and_a_conversation_one_entry,
    |store| {
        store
            .record(vec![
                Write::Session(session("s1", 17)),
                Write::Entry(entry("s1", 1, "one")),
            ])
            .await
            .unwrap();
        let second = vec![
            Write::Session(session("s2", 17)),
            Write::Entry(entry("s2", 1, "other")),
        ];
        assert!(store.record(second).await.is_err());
        assert_eq!(store.entries("s2").await.unwrap(), [], "all or nothing");
        let mut changed = session("s1", 17);
        changed.handed_off = true;
        store
            .record(vec![
                Write::Session(changed.clone()),
                Write::Entry(entry("s1", 1, "again")),
                Write::Entry(entry("s1", 2, "two")),
                Write::Settle {
                    session_id: "s1".to_owned(),
                    keys: vec![Entry::conversation_key(1)],
                },
            ])
            .await
            .unwrap();
        assert_eq!(store.session("s1").await.unwrap(), Some(changed.clone()));
        assert_eq!(
            store.session_of_ticket(ACCOUNT, 17).await.unwrap(),
            Some(changed)
        );
        assert_eq!(
            store
                .session_of_ticket("other.freshdesk.com", 17)
                .await
                .unwrap(),
            None
        );
        let entries = store.entries("s1").await.unwrap();
        let seen: Vec<_> = entries
            .iter()
            .map(|e| (e.text.as_str(), e.awaiting))
            .collect();
        assert_eq!(seen, [("one", false), ("two", true)]);
    }
);

on_every_store!(
    sessions_are_listed_in_pages_and_by_ticket_and_status,
    |store| {
        for ticket in 1..=5 {
            let mut session = session(&format!("s{ticket}"), ticket);
            if ticket % 2 == 0 {
                session.status = Status::ClosedResolved;
            }
            store.record(vec![Write::Session(session)]).await.unwrap();
        }
        let mut filter = SessionFilter {
            limit: 2,
            ..SessionFilter::default()
        };
        let mut pages = Vec::new();
        loop {
            let page = store.sessions(&filter).await.unwrap();
            pages.push(page.items.iter().map(|s| s.ticket_id).collect::<Vec<_>>());
            filter.after = page.next;
            if filter.after.is_none() {
                break;
            }
        }
        assert_eq!(pages, [vec![1, 2], vec![3, 4], vec![5]]);
        let closed = SessionFilter {
            status: Some(Status::ClosedResolved),
            limit: 2,
            ..SessionFilter::default()
        };
        let page = store.sessions(&closed).await.unwrap();
        assert_eq!((page.items.len(), page.next), (2, None));
        let one = SessionFilter {
            ticket_id: Some(3),
            limit: 10,
            ..SessionFilter::default()
        };
        assert_eq!(store.sessions(&one).await.unwrap().items[0].id, "s3");
    }
);

on_every_store!(a_turn_is_kept_step_by_step, |store| {
    let mut turn = Turn {
        id: "turn_1".to_owned(),
        account: ACCOUNT.to_owned(),
        ticket_id: 17,
        session_id: "s1".to_owned(),
        purpose: Purpose::Reply,
        answers: vec!["description".to_owned()],
        steps: vec![(
            Step::Reply {
                text: "hi".to_owned(),
                files: Vec::new(),
            },
            Progress::Begun {
                after_conversation: 3,
                at: at(1),
            },
        )],
        state: TurnState::Open,
        created_at: at(0),
        owner: Some(7),
        handoff_before: None,
        sends: 2,
    };
    store.record(vec![Write::Turn(turn.clone())]).await.unwrap();
    turn.steps[0].1 = Progress::Done {
        conversation_id: Some(4),
    };
    turn.state = TurnState::Done;
    store.record(vec![Write::Turn(turn.clone())]).await.unwrap();
    assert_eq!(store.turns(ACCOUNT, 17).await.unwrap(), [turn]);
    assert_eq!(store.turns(ACCOUNT, 18).await.unwrap(), []);
});

on_every_store!(
    a_turns_files_are_kept_in_pieces_until_they_are_gone,
    |store| {
        let content: Vec<u8> = (0..500_000_u32).map(|byte| (byte >> 3) as u8).collect();
        let file = |turn: &str, number, content: &[u8]| Write::File {
            turn_id: turn.to_owned(),
            number,
            content: STANDARD.encode(content).into(),
        };
        let kept = vec![
            file("turn_1", 0, &content),
            file("turn_1", 1, b""),
            file("turn_2", 0, b"other"),
        ];
        store.record(kept).await.unwrap();
        let mut read = Vec::new();
        while let Some(piece) = store.piece("turn_1", 0, read.len()).await.unwrap() {
            read.push(piece);
        }
        assert!(read.len() > 1, "it is not held whole");
        assert!(read.concat() == content);
        let empty = store.piece("turn_1", 1, 0).await.unwrap();
        assert_eq!(empty.as_deref(), Some(&b""[..]));
        assert_eq!(store.piece("turn_1", 2, 0).await.unwrap(), None);

        // What is no file changes nothing, nor does what came with it.
        let wrong = Write::File {
            turn_id: "turn_3".to_owned(),
            number: 0,
            content: "no base64".into(),
        };
        let gone = Write::FilesGone {
            turn_id: "turn_1".to_owned(),
        };
        let refused = store.record(vec![gone.clone(), wrong]).await;
        assert!(refused.unwrap_err().to_string().contains("base64"));
        assert!(store.piece("turn_1", 0, 0).await.unwrap().is_some());

        store.record(vec![gone]).await.unwrap();
        assert_eq!(store.piece("turn_1", 0, 0).await.unwrap(), None);
        let other = store.piece("turn_2", 0, 0).await.unwrap();
        assert_eq!(other.as_deref(), Some(&b"other"[..]));
    }
);

on_every_store!(a_problem_keeps_its_since_until_it_is_gone, |store| {
    let problem = |ticket_id, second, message: &str| Problem {
        account: ACCOUNT.to_owned(),
        kind: "rate_limited".to_owned(),
        ticket_id,
        since: at(second),
        message: message.to_owned(),
    };
    store
        .record(vec![
            Write::Problem(problem(Some(17), 1, "first")),
            Write::Problem(problem(None, 2, "other")),
            Write::Problem(problem(Some(17), 3, "again")),
        ])
        .await
        .unwrap();
    assert_eq!(
        store.problems().await.unwrap(),
        [problem(Some(17), 1, "again"), problem(None, 2, "other")]
    );
    store
        .record(vec![Write::ProblemGone {
            account: ACCOUNT.to_owned(),
            kind: "rate_limited".to_owned(),
            ticket_id: Some(17),
        }])
        .await
        .unwrap();
    assert_eq!(store.problems().await.unwrap(), [problem(None, 2, "other")]);
});

async fn refused(path: &std::path::Path) -> OpenError {
    SqliteStore::open(path, seal(), CHECKED).await.unwrap_err()
}

fn sqlite_file() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bridge.sqlite");
    (folder, file)
}

#[tokio::test]
async fn a_sqlite_file_is_read_again_by_the_next_process() {
    let (_folder, file) = sqlite_file();
    let store = SqliteStore::open(&file, seal(), CHECKED).await.unwrap();
    store.save_connection(&connection()).await.unwrap();
    store.accept(ACCOUNT, 17, None, at(0)).await.unwrap();
    store.close().await;
    let bytes = std::fs::read(&file).unwrap();
    assert!(
        !bytes.windows(7).any(|bytes| bytes == b"the-key"),
        "the key is sealed"
    );
    let store = SqliteStore::open(&file, seal(), CHECKED).await.unwrap();
    assert_eq!(store.queue_depth().await.unwrap(), 1);
    store.close().await;
    let other = Seal::new(&SecretString::from("another secret"), Entropy::seeded(1));
    let error = SqliteStore::open(&file, other, CHECKED).await.unwrap_err();
    assert!(matches!(error, OpenError::WrongKey { .. }), "{error}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_as_it_was() {
    let (_folder, file) = sqlite_file();
    let text = "this is a letter, not a database. ".repeat(100);
    std::fs::write(&file, &text).unwrap();
    let error = refused(&file).await;
    assert!(matches!(error, OpenError::NotADatabase(_)), "{error}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

#[tokio::test]
async fn a_read_only_file_is_refused() {
    let (_folder, file) = sqlite_file();
    SqliteStore::open(&file, seal(), CHECKED)
        .await
        .unwrap()
        .close()
        .await;
    let mut permissions = std::fs::metadata(&file).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&file, permissions).unwrap();
    let error = refused(&file).await;
    assert!(matches!(error, OpenError::ReadOnly(_)), "{error}");
}

#[tokio::test]
async fn a_file_in_use_is_refused() {
    let (_folder, file) = sqlite_file();
    let first = SqliteStore::open(&file, seal(), CHECKED).await.unwrap();
    let error = refused(&file).await;
    assert!(matches!(error, OpenError::InUse(_)), "{error}");
    first.ping().await.unwrap();
}

#[tokio::test]
async fn a_newer_schema_is_not_started_on() {
    let (_folder, file) = sqlite_file();
    SqliteStore::open(&file, seal(), CHECKED)
        .await
        .unwrap()
        .close()
        .await;
    let pool = sqlx::SqlitePool::connect(&format!("sqlite:{}", file.display()))
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (9999, 'the future', 1, x'00', 0)",
    )
    .execute(&pool)
    .await
    .unwrap();
    pool.close().await;
    let error = refused(&file).await;
    assert!(
        matches!(error, OpenError::NewerSchema { schema: 9999, .. }),
        "{error}"
    );
}
