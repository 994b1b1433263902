-- The journal in PostgreSQL: schema.sql's tables, columns and invariants, in the schema "callout".
--
-- What differs from the file:
--   * Several processes may write, one after the other. Who writes locks the row of head first
--     (SELECT ... FOR UPDATE), and goes on from what it finds there; so the order is the
--     database's, and everybody else may read meanwhile.
--   * Texts compare by byte (COLLATE "C"), whatever the database was made with, as SQLite's do.
--     No text holds NUL: keys may not, names are printable ASCII, JSON escapes it.
--   * UPDATE of head tells everybody who LISTENs to "callout" how many entries there are now.
--
-- Creating, deleting, a crash: as in schema.sql, with synchronous_commit=on.

CREATE SCHEMA callout;
SET LOCAL search_path = callout;

CREATE TABLE format (
  one     INTEGER PRIMARY KEY CHECK (one = 1),
  version INTEGER NOT NULL             -- the version of this schema
);
INSERT INTO format VALUES (1, 1);

CREATE TABLE event (
  seq         BIGINT PRIMARY KEY,              -- from 0; the only order there is
  stream      TEXT   COLLATE "C" NOT NULL,     -- what it is about: unit/E7
  version     BIGINT NOT NULL,                 -- from 1, within the stream
  key         TEXT   COLLATE "C" NOT NULL UNIQUE, -- idempotency key; of entry i > 0 of a batch: key#i
  type        TEXT   COLLATE "C" NOT NULL,     -- what happened, and the version of its shape
  recorded_us BIGINT NOT NULL,                 -- when the writer took it, us since 1970 UTC
  claimed_us  BIGINT,                          -- when the device or the person says it happened
  actor       TEXT   COLLATE "C" NOT NULL,     -- person/<id>, device/<id>, system
  agency      TEXT   COLLATE "C" NOT NULL,     -- the owner agency, or empty
  body        TEXT   COLLATE "C" NOT NULL,     -- canonical JSON: its bytes are signed, so not JSONB
  UNIQUE (stream, version)
);

CREATE TABLE side (
  seq        BIGINT NOT NULL,                  -- event.seq
  name       TEXT   COLLATE "C" NOT NULL,      -- place, text, caller, decision
  key_number BIGINT NOT NULL,
  box        BYTEA  NOT NULL,
  PRIMARY KEY (seq, name)
);
-- Ciphertext does not compress.
ALTER TABLE side ALTER COLUMN box SET STORAGE EXTERNAL;

CREATE TABLE tile (
  level  INTEGER NOT NULL,
  number BIGINT  NOT NULL,
  hashes BYTEA   NOT NULL CHECK (length(hashes) = 8192),
  PRIMARY KEY (level, number)
);
ALTER TABLE tile ALTER COLUMN hashes SET STORAGE EXTERNAL;

-- Updated with every group: the page is left empty, so that new versions of the row find room
-- in it and no index is written.
CREATE TABLE head (
  one      INTEGER PRIMARY KEY CHECK (one = 1),
  size     BIGINT NOT NULL,                    -- how many entries there are
  root     BYTEA  NOT NULL,                    -- RFC 6962 root hash
  frontier BYTEA  NOT NULL,                    -- roots of the perfect subtrees, the largest first
  note     BYTEA  NOT NULL                     -- C2SP checkpoint signed by keys/log.key
) WITH (fillfactor = 10);

-- Against a slip of the hand; against somebody who means harm the tree is there.
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the journal is never edited: append a correction'
    USING ERRCODE = 'restrict_violation';
END $$;
-- For each statement, not row: TRUNCATE has no rows, and an edit that finds none is one as well.
CREATE TRIGGER event_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON event
  FOR EACH STATEMENT EXECUTE FUNCTION refuse();
CREATE TRIGGER side_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON side
  FOR EACH STATEMENT EXECUTE FUNCTION refuse();
CREATE TRIGGER tile_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON tile
  FOR EACH STATEMENT EXECUTE FUNCTION refuse();
CREATE TRIGGER head_is_never_dropped BEFORE DELETE OR TRUNCATE ON head
  FOR EACH STATEMENT EXECUTE FUNCTION refuse();
