-- The journal: journal.db, SQLite in WAL mode with synchronous=FULL.
--
-- Invariants (callout check reads them all):
--   * event.seq runs from 0 without gaps; it is the index of the entry's leaf in the tree.
--   * In each stream, version runs from 1 without gaps, in the order of seq.
--   * The leaf of an entry is the canonical JSON (RFC 8785) of all its columns, body nested.
--   * tile holds exactly the full tiles of the tree over event; head is over all of event.
--   * Each row of side has its commitment in the body of its entry, and each commitment its row.
--
-- Creating an entry: one transaction (BEGIN IMMEDIATE) inserts into event, side and tile and
-- updates head. Nothing is acknowledged before that transaction is durable.
-- Deleting: never. Erasing a side row: its key is destroyed in keys/side.keys; the row stays.
-- A crash: SQLite takes back what had not been committed, all four tables together. A key that
-- no committed row uses may remain in keys/side.keys; it does no harm.

PRAGMA application_id = 0x63616c6f;  -- "calo"
PRAGMA user_version = 1;             -- the version of this schema

CREATE TABLE event (
  seq         INTEGER PRIMARY KEY,   -- from 0; the only order there is
  stream      TEXT    NOT NULL,      -- what it is about: unit/E7
  version     INTEGER NOT NULL,      -- from 1, within the stream
  key         TEXT    NOT NULL UNIQUE, -- idempotency key; of entry i > 0 of a batch: key#i
  type        TEXT    NOT NULL,      -- what happened, and the version of its shape: UnitDispatched.1
  recorded_us INTEGER NOT NULL,      -- when the writer took it, microseconds since 1970 UTC
  claimed_us  INTEGER,               -- when the device or the person says it happened
  actor       TEXT    NOT NULL,      -- person/<id>, device/<id>, system
  agency      TEXT    NOT NULL,      -- the owner agency, or empty
  body        TEXT    NOT NULL,      -- canonical JSON; "side": {name: commitment in hex}
  UNIQUE (stream, version)
) STRICT;

-- Personal detail. box = nonce (12) || AES-256-GCM ciphertext and tag, under record key_number of
-- keys/side.keys, with "<event.key>\n<name>" as additional data.
CREATE TABLE side (
  seq        INTEGER NOT NULL,       -- event.seq
  name       TEXT    NOT NULL,       -- place, text, caller, decision
  key_number INTEGER NOT NULL,
  box        BLOB    NOT NULL,
  PRIMARY KEY (seq, name)
) STRICT, WITHOUT ROWID;

-- Full tiles of C2SP tlog-tiles: 256 hashes of 32 bytes.
CREATE TABLE tile (
  level  INTEGER NOT NULL,
  number INTEGER NOT NULL,
  hashes BLOB    NOT NULL CHECK (length(hashes) = 8192),
  PRIMARY KEY (level, number)
) STRICT;

-- The state of the tree after the last entry: one row.
CREATE TABLE head (
  one      INTEGER PRIMARY KEY CHECK (one = 1),
  size     INTEGER NOT NULL,         -- how many entries there are
  root     BLOB    NOT NULL,         -- RFC 6962 root hash
  frontier BLOB    NOT NULL,         -- roots of the perfect subtrees, the largest first
  note     BLOB    NOT NULL          -- C2SP checkpoint signed by keys/log.key
) STRICT;

-- Corrections are new entries. These are no protection from somebody who means harm (the tree
-- is), but from a slip of the hand.
CREATE TRIGGER event_is_never_updated BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'the journal is never edited: append a correction'); END;
CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'nothing is deleted from the journal'); END;
