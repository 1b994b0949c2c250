//! An accepted webhook's two lines: its ticket's in the queue, and when its rule
//! was last heard of.

/// A line at rest keeps resting, a line that is due stays due.
macro_rules! merge {
    () => {
        "ON CONFLICT (account, ticket_id) DO UPDATE SET
            generation = queue.generation + 1,
            due_at = CASE
                WHEN queue.due_at <= excluded.due_at THEN queue.due_at
                WHEN queue.rest_until > excluded.due_at THEN queue.due_at
                ELSE excluded.due_at
            END"
    };
}

/// Puts a ticket into the queue: `$1` account, `$2` ticket, `$3` now.
pub(in crate::store) const ACCEPT: &str = concat!(
    "INSERT INTO queue (account, ticket_id, arrival, generation, attempts, due_at)
     VALUES ($1, $2, $3, 1, 0, $3) ",
    merge!()
);

/// Notes a webhook as delivered, or a sweep as done: `$1` account, `$2` event,
/// `$3` when.
pub(in crate::store) const DELIVERED: &str = "
    INSERT INTO deliveries (account, event, at) VALUES ($1, $2, $3)
    ON CONFLICT (account, event) DO UPDATE SET at = $3";

/// Accepts many at once and waits for the disk; `$1` is a JSON list of `[account,
/// ticket, event or null, now]`. It is one command, since each costs two switches
/// between threads, and a webhook waits for all of them. SQLite only.
pub(in crate::store) const ACCEPT_ALL: &str = concat!(
    "PRAGMA synchronous = FULL;
     BEGIN IMMEDIATE;
     INSERT INTO queue (account, ticket_id, arrival, generation, attempts, due_at)
     SELECT value ->> 0, value ->> 1, value ->> 3, 1, 0, value ->> 3
     FROM json_each($1) WHERE true ",
    merge!(),
    ";
     INSERT INTO deliveries (account, event, at)
     SELECT value ->> 0, value ->> 2, value ->> 3
     FROM json_each($1) WHERE value ->> 2 IS NOT NULL
     ON CONFLICT (account, event) DO UPDATE SET at = excluded.at;
     COMMIT;"
);
