"""state.db: what is not history. Sessions, credential hashes, cursors, outboxes."""

import secrets
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import apsw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from callout.base.clock import Clock
from callout.base.errors import DamagedError, NotFoundError, RefusedError, UnavailableError
from callout.journal.settle import leave_word
from callout.journal.sqlite import BRING_UP, open_database, written

STATE_VERSION = 1
STATE_SCHEMA = """
CREATE TABLE IF NOT EXISTS item (
  space      TEXT NOT NULL,
  key        TEXT NOT NULL,
  value      BLOB NOT NULL,
  expires_us INTEGER,
  PRIMARY KEY (space, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS item_expiry ON item (expires_us) WHERE expires_us IS NOT NULL;
"""
_NONCE_BYTES = 12
_LIVE = "(expires_us IS NULL OR expires_us > ?)"


def _once(act: Callable[[], None]) -> None:
    act()


class State:
    """Values by space and key, each with an optional end. Thread-safe; durable on return."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        writable: bool,
        trying: Callable[[Callable[[], None]], None] = _once,
        cipher: AESGCM | None = None,
    ) -> None:
        """Open; made when it is missing and ``writable``.

        ``trying`` does what it is given, again if it has made room on a full disk. ``cipher``
        seals; its key lies elsewhere.
        """
        self._cipher = cipher
        self._trying = trying
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._taking = threading.Lock()
        self._writable = writable
        if not writable and not path.exists():
            raise NotFoundError(
                "there is no state file", where=str(path), todo="Start callout once"
            )
        flags = apsw.SQLITE_OPEN_READONLY
        if writable:
            flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        self._db = open_database(path, flags)
        self._check_version(path)
        if writable:
            trying(self._begin)

    def get(self, space: str, key: str) -> bytes | None:
        """The value; None when there is none or its end has passed."""
        query = f"SELECT value FROM item WHERE space = ? AND key = ? AND {_LIVE}"  # noqa: S608
        with self._lock:
            value: bytes | None = self._db.execute(query, (space, key, self._clock.now_us())).get
        return value

    def put(self, space: str, key: str, value: bytes, expires_us: int | None = None) -> None:
        """Keep a value, in place of the one before; ``expires_us`` is a moment, not a span.

        FullError, or UnavailableError: it could not be written, and the value before stands.
        """
        self._change(
            "INSERT OR REPLACE INTO item VALUES (?, ?, ?, ?)", space, key, value, expires_us
        )

    def delete(self, space: str, key: str) -> None:
        """Drop a value; nothing happens when there is none."""
        self._change("DELETE FROM item WHERE space = ? AND key = ?", space, key)

    def take(self, space: str, key: str) -> bytes | None:
        """Drop a value and return it: of several who take it at once only one has it."""
        with self._taking:
            value = self.get(space, key)
            if value is not None:
                self.delete(space, key)
            return value

    def seal(self, value: bytes, whose: str) -> bytes:
        """Encrypt what cannot be hashed, to be kept; only ``unseal`` with the same ``whose`` opens.

        AES-256-GCM, a random nonce of 96 bits in front (NIST SP 800-38D).
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._sealer().encrypt(nonce, value, whose.encode())

    def unseal(self, box: bytes, whose: str) -> bytes:
        """What was sealed; DamagedError when it is changed, another's, or of another home."""
        try:
            return self._sealer().decrypt(box[:_NONCE_BYTES], box[_NONCE_BYTES:], whose.encode())
        except (InvalidTag, ValueError):
            raise DamagedError(
                "a sealed value cannot be opened",
                where=str(self._path),
                todo="Restore keys/home.secret of this home, or set it up again",
            ) from None

    def _sealer(self) -> AESGCM:
        if self._cipher is None:
            raise UnavailableError(
                "nothing can be sealed without the home's keys", where=str(self._path)
            )
        return self._cipher

    def items(self, space: str) -> list[tuple[str, bytes]]:
        """All living values of a space, by key."""
        query = f"SELECT key, value FROM item WHERE space = ? AND {_LIVE} ORDER BY key"  # noqa: S608
        with self._lock:
            rows: Any = self._db.execute(query, (space, self._clock.now_us())).fetchall()
        return list(rows)

    def lasting(self) -> list[tuple[str, str, bytes]]:
        """Space, key and value of everything that has no end."""
        query = "SELECT space, key, value FROM item WHERE expires_us IS NULL"
        with self._lock:
            rows: Any = self._db.execute(query).fetchall()
        return list(rows)

    def put_all(self, rows: Iterable[tuple[str, str, bytes]]) -> None:
        """Keep many values without an end, all or none."""
        with self._lock, self._db:
            self._db.executemany("INSERT INTO item VALUES (?, ?, ?, NULL)", rows)

    def close(self) -> None:
        """May be called twice."""
        with self._lock:
            self._db.close()

    def _begin(self) -> None:
        with written(self._path):
            with self._db:
                self._db.execute(STATE_SCHEMA)
                self._db.pragma("user_version", STATE_VERSION)
            self._db.execute("DELETE FROM item WHERE expires_us <= ?", (self._clock.now_us(),))

    def _write(self, statement: str, values: tuple[str | bytes | int | None, ...]) -> None:
        with written(self._path):
            self._db.execute(statement, values)

    def _check_version(self, path: Path) -> None:
        version: Any = self._db.pragma("user_version")
        # 0: just made, or made before versions were written down, with the same tables as 1.
        if version in {0, STATE_VERSION}:
            return
        self._db.close()
        newer = version > STATE_VERSION
        raise DamagedError(
            f"the state has schema {version}, this callout reads {STATE_VERSION}",
            where=str(path),
            todo="Use the version of callout that wrote it, or a newer one" if newer else BRING_UP,
        )

    def _change(self, statement: str, *values: str | bytes | int | None) -> None:
        if not self._writable:
            raise RefusedError(
                "this home is open for reading only", where="state.db", todo="Stop the server first"
            )
        with self._lock:
            try:
                self._trying(lambda: self._write(statement, values))
            except UnavailableError:
                # Not fatal: the next commit writes over what this one may have left. But a
                # process that starts before there is one must not take it for durable.
                leave_word(self._path.parent)
                raise
