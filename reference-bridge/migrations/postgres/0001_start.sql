-- Times are microseconds since 1970, UTC; doc columns hold JSON.
CREATE TABLE connection (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    doc TEXT NOT NULL
);
CREATE TABLE accounts (
    domain TEXT PRIMARY KEY,
    doc TEXT NOT NULL
);
CREATE TABLE deliveries (
    account TEXT NOT NULL,
    event TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (account, event)
);
-- One line per ticket, however many webhooks spoke of it.
CREATE TABLE queue (
    account TEXT NOT NULL,
    ticket_id BIGINT NOT NULL,
    arrival BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    rest_until BIGINT,
    lease_owner TEXT,
    lease_until BIGINT,
    PRIMARY KEY (account, ticket_id)
);
CREATE INDEX queue_by_due ON queue (due_at);
CREATE TABLE sessions (
    position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    ticket_id BIGINT NOT NULL,
    status TEXT NOT NULL,
    doc TEXT NOT NULL,
    UNIQUE (account, ticket_id)
);
CREATE INDEX sessions_by_ticket ON sessions (ticket_id);
CREATE TABLE entries (
    position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session_id TEXT NOT NULL,
    key TEXT NOT NULL,
    awaiting BIGINT NOT NULL,
    doc TEXT NOT NULL,
    UNIQUE (session_id, key)
);
CREATE TABLE turns (
    position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL,
    ticket_id BIGINT NOT NULL,
    doc TEXT NOT NULL
);
CREATE INDEX turns_by_ticket ON turns (account, ticket_id);
-- ticket_id 0 stands for none.
CREATE TABLE problems (
    position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    ticket_id BIGINT NOT NULL,
    since BIGINT NOT NULL,
    message TEXT NOT NULL,
    UNIQUE (account, kind, ticket_id)
);
