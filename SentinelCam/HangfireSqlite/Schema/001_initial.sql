-- Times are UTC, in units of 100 ns since 1970-01-01: datetime(created_at / 10000000, 'unixepoch').

-- Ids are given out from here and never used twice: continuations and recurring jobs remember them. A new file starts
-- with the milliseconds since 1970, since others remember the ids of the file that it replaces.
CREATE TABLE sequence (
    name TEXT NOT NULL PRIMARY KEY,
    next INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO sequence (name, next) VALUES ('job', 1);

CREATE TABLE job (
    id INTEGER NOT NULL PRIMARY KEY,
    type TEXT,
    method TEXT,
    parameter_types TEXT,
    arguments TEXT,
    queue TEXT,
    parameters TEXT,
    created_at INTEGER NOT NULL,
    expire_at INTEGER,
    state_name TEXT COLLATE NOCASE,
    state_at INTEGER
);
CREATE INDEX job_by_state ON job (state_name, state_at) WHERE state_name IS NOT NULL;
CREATE INDEX job_by_expiration ON job (expire_at) WHERE expire_at IS NOT NULL;

-- The history of a job, numbered from 1. Its state is the last one that is_current.
CREATE TABLE job_state (
    job_id INTEGER NOT NULL,
    id INTEGER NOT NULL,
    is_current INTEGER NOT NULL,
    name TEXT NOT NULL,
    reason TEXT,
    created_at INTEGER NOT NULL,
    data TEXT,
    PRIMARY KEY (job_id, id)
) WITHOUT ROWID;

-- Every queue that ever had a job: the dashboard shows the empty ones too.
CREATE TABLE queue (
    name TEXT NOT NULL PRIMARY KEY
) WITHOUT ROWID;

-- The jobs that wait for a worker.
CREATE TABLE job_queue (
    queue TEXT NOT NULL,
    id INTEGER NOT NULL,
    job_id INTEGER NOT NULL,
    PRIMARY KEY (queue, id)
) WITHOUT ROWID;

-- The jobs that workers have taken: no more than there are workers. A holder is one running storage, which
-- renews heartbeat_at; queue and id are the place in job_queue that the job goes back to.
CREATE TABLE fetched_job (
    holder INTEGER NOT NULL,
    queue TEXT NOT NULL,
    id INTEGER NOT NULL,
    job_id INTEGER NOT NULL,
    fetched_at INTEGER NOT NULL,
    heartbeat_at INTEGER NOT NULL,
    PRIMARY KEY (holder, queue, id, job_id)
) WITHOUT ROWID;

CREATE TABLE counter (
    key TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL,
    expire_at INTEGER
) WITHOUT ROWID;
CREATE INDEX counter_by_expiration ON counter (expire_at) WHERE expire_at IS NOT NULL;

CREATE TABLE set_item (
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    score REAL NOT NULL,
    PRIMARY KEY (key, value)
) WITHOUT ROWID;
CREATE INDEX set_item_by_score ON set_item (key, score, value);

CREATE TABLE hash_field (
    key TEXT NOT NULL,
    field TEXT NOT NULL,
    value TEXT,
    PRIMARY KEY (key, field)
) WITHOUT ROWID;

CREATE TABLE list_item (
    id INTEGER NOT NULL PRIMARY KEY,
    key TEXT NOT NULL,
    value TEXT
);
CREATE INDEX list_item_by_key ON list_item (key, id);

-- When a whole set, list or hash goes.
CREATE TABLE key_expiration (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    expire_at INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE INDEX key_expiration_by_time ON key_expiration (expire_at);

CREATE TABLE server (
    id TEXT NOT NULL PRIMARY KEY,
    worker_count INTEGER NOT NULL,
    queues TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    heartbeat_at INTEGER NOT NULL
) WITHOUT ROWID;
