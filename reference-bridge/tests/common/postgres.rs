//! A fresh PostgreSQL database for a test, on the server that
//! `BRIDGE_TEST_POSTGRES` names (such as `postgres://postgres@127.0.0.1:5433`);
//! `.ci/run` starts one. Without it PostgreSQL is not tested, and that is said.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection as _, Executor as _, PgConnection};

static NEXT: AtomicU32 = AtomicU32::new(0);

pub(crate) async fn database() -> Option<String> {
    let Ok(server) = std::env::var("BRIDGE_TEST_POSTGRES") else {
        eprintln!("BRIDGE_TEST_POSTGRES is not set: PostgreSQL is not tested");
        return None;
    };
    let name = format!(
        "bridge_test_{}_{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    );
    let mut admin = PgConnection::connect(&format!("{server}/postgres"))
        .await
        .unwrap();
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
