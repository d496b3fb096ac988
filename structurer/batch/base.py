"""The SQLite file of a batch: its tables, its version, and the lock that lets one run at a time write it."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from structurer import errors
from structurer.batch.records import Facts, State
from structurer.llm.settings import Spent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NAME, LOCK = "ledger.sqlite", ".ledger.lock"
VERSION = 1
BUSY = 10.0
COUNTS = tuple(each.name for each in fields(Facts))
TEXTS = frozenset({"cost", "currency"})
_COLUMNS = ", ".join(f"{name} {'TEXT' if name in TEXTS else 'INTEGER'}" for name in COUNTS)
_SCHEMA = f"""
CREATE TABLE files (
    path TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, state TEXT NOT NULL, sha256 TEXT NOT NULL DEFAULT '',
    fingerprint TEXT NOT NULL DEFAULT '', attempts INTEGER NOT NULL DEFAULT 0, started TEXT, ended TEXT,
    seconds REAL NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '', same_as TEXT, {_COLUMNS});
CREATE INDEX files_fingerprint ON files (fingerprint);
CREATE TABLE findings (
    path TEXT NOT NULL REFERENCES files ON DELETE CASCADE, number INTEGER NOT NULL, code TEXT, blame TEXT,
    page INTEGER, place TEXT, rule TEXT, message TEXT, PRIMARY KEY (path, number)) WITHOUT ROWID;
CREATE TABLE requests (
    number INTEGER PRIMARY KEY, at REAL NOT NULL, tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL,
    cost TEXT NOT NULL, settled INTEGER NOT NULL DEFAULT 0, count INTEGER NOT NULL DEFAULT 1,
    provider INTEGER NOT NULL DEFAULT 0);
CREATE INDEX requests_at ON requests (at);
PRAGMA user_version = {VERSION};
"""
# What the ledger calls a file that is not read yet.
FRESH = dict.fromkeys(COUNTS)


@dataclass(frozen=True, slots=True)
class Row:
    """A file as the ledger has it."""

    path: str
    name: str
    state: State
    sha256: str
    fingerprint: str
    attempts: int
    started: str | None
    ended: str | None
    seconds: float
    reason: str
    same_as: str | None
    facts: Facts


_OWN = tuple(each.name for each in fields(Row) if each.name != "facts")
ALL = ", ".join((*_OWN, *COUNTS))


def text(path: Path) -> str:
    """Return a path as the ledger has it."""
    return plain(str(path.absolute()))


def plain(said: str) -> str:
    """Return a text that SQLite takes: the name of a file need not be text."""
    return said.encode("utf-8", "backslashreplace").decode()


def row(found: Sequence[Any]) -> Row:
    """Return a file from a row of SQLite."""
    own = dict(zip(_OWN, found, strict=False))
    counts = dict(zip(COUNTS, found[len(_OWN) :], strict=True))
    own["state"] = State(own["state"])
    return Row(**own, facts=Facts(**{name: value for name, value in counts.items() if value is not None}))


def spent(base: sqlite3.Connection) -> Spent:
    """Return what the requests noted come to."""
    requests, tokens_in, tokens_out, cost = 0, 0, 0, Decimal(0)
    for count, own_in, own_out, paid in base.execute("SELECT count, tokens_in, tokens_out, cost FROM requests"):
        requests, cost = requests + count, cost + Decimal(paid)
        tokens_in, tokens_out = tokens_in + own_in, tokens_out + own_out
    return Spent(requests=requests, tokens_in=tokens_in, tokens_out=tokens_out, cost=cost)


def opened(path: Path) -> sqlite3.Connection:
    """Return the base of a ledger, made if there is none."""
    with ExitStack() as undo:
        base = sqlite3.connect(path, timeout=BUSY, check_same_thread=False)
        undo.callback(base.close)
        empty = is_empty(base)
        if not empty:
            # Before anything is changed in it.
            same_version(base, path)
        base.execute("PRAGMA foreign_keys = ON")
        base.execute("PRAGMA journal_mode = WAL")
        # A run that is killed loses nothing so; a machine that loses its power may lose the last files, not the ledger.
        base.execute("PRAGMA synchronous = NORMAL")
        if empty:
            with closing(base.cursor()) as cursor:
                cursor.executescript(f"BEGIN; {_SCHEMA} COMMIT;")
        undo.pop_all()
    return base


def is_empty(base: sqlite3.Connection) -> bool:
    """Tell whether there is no table in it yet."""
    return not base.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]


def check_filled(base: sqlite3.Connection, folder: Path) -> None:
    """Raise OutputError where a ledger is only just being made."""
    if is_empty(base):
        raise errors.OutputError(str(folder), "there is no batch here yet")


def same_version(base: sqlite3.Connection, path: Path) -> None:
    """Raise OutputError if a ledger was made by a structurer that writes others."""
    version = base.execute("PRAGMA user_version").fetchone()[0]
    if version != VERSION:
        reason = f"this ledger is of version {version}, and this structurer writes version {VERSION}; name a new folder"
        raise errors.OutputError(str(path), reason)


def locked(path: Path) -> sqlite3.Connection:
    """Return what holds a file locked until it is closed; raises OutputError if another run does."""
    lock = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        lock.execute("PRAGMA journal_mode = MEMORY")
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            reason = "another run is at work here; wait for it to end, or name another folder"
            raise errors.OutputError(str(path.parent), reason) from error
        raise
    return lock


def reason(error: sqlite3.Error | OSError) -> str:
    """Return what SQLite or the system says."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
