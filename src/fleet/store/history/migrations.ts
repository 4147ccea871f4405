/**
 * The schema, step by step: the n-th step makes version n out of the one before it, and `user_version` says which a database
 * has. A step that was released is never changed. Times are milliseconds since 1970.
 */
export const migrations: readonly string[] = [
  // One row for each time that a finding was open. `host` is the Engine's address; `subject` is without an exec's own id.
  `CREATE TABLE finding (
    id INTEGER PRIMARY KEY,
    host TEXT NOT NULL,
    subject TEXT NOT NULL,
    control TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    verdict TEXT NOT NULL,
    severity TEXT NOT NULL,
    level TEXT NOT NULL,
    message TEXT NOT NULL,
    document TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    resolved INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX finding_open ON finding (host, subject, control) WHERE resolved IS NULL;
  CREATE INDEX finding_last_seen ON finding (last_seen);
  CREATE TABLE watch (host TEXT PRIMARY KEY, seen INTEGER NOT NULL) STRICT;`,
  // What happened to each, and what brought it about.
  `CREATE TABLE change (
    id INTEGER PRIMARY KEY,
    finding INTEGER NOT NULL REFERENCES finding (id) ON DELETE CASCADE,
    time INTEGER NOT NULL,
    change TEXT NOT NULL,
    verdict TEXT NOT NULL,
    severity TEXT NOT NULL,
    level TEXT NOT NULL,
    message TEXT NOT NULL,
    cause TEXT NOT NULL
  ) STRICT;
  CREATE INDEX change_finding ON change (finding);`,
  // What people acknowledged or silenced, and which changes were kept from the outputs: 1 held back, 2 told later.
  `ALTER TABLE change ADD COLUMN held INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX change_held ON change (held) WHERE held = 1;
  CREATE TABLE silence (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    control TEXT NOT NULL,
    subject TEXT NOT NULL,
    severity TEXT NOT NULL,
    reason TEXT NOT NULL,
    author TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER,
    ended INTEGER,
    ended_by TEXT
  ) STRICT;`,
  // Proofs in the kernel, over time: one row for each time that a probe had the same outcome, and what was lost between them.
  `CREATE TABLE proof (
    id INTEGER PRIMARY KEY,
    host TEXT NOT NULL,
    subject TEXT NOT NULL,
    probe TEXT NOT NULL,
    control TEXT NOT NULL,
    outcome TEXT NOT NULL,
    evidence TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX proof_latest ON proof (host, subject, probe, id);`,
];
