"""The ledger of a batch: a line a file, its findings, and every request to a model, in one SQLite file.

One run at a time may write it: it holds a second SQLite file locked, which the system lets go of when the run ends,
however it ends. Anyone may read it meanwhile.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from structurer import errors
from structurer.batch import base
from structurer.batch.base import ALL, COUNTS, FRESH, LOCK, NAME, Row, plain, text
from structurer.batch.records import State
from structurer.llm.pace import WINDOW, Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from decimal import Decimal
    from pathlib import Path

    from structurer.batch.records import Found, Input, Outcome
    from structurer.llm.settings import Spent


class Ledger:
    """The ledger in a folder, opened to be written; raises OutputError if it cannot be, or another run holds it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        # Threads of the account note requests while the driver notes files.
        self._turn = threading.RLock()
        with self._said():
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = base.locked(folder / LOCK)
        try:
            with self._said():
                self._base = base.opened(self._path)
        except errors.OutputError:
            self._lock.close()
            raise

    def __enter__(self) -> Self:
        """Take up what a run that was ended left running."""
        with self._writing() as tables:
            tables.execute("UPDATE files SET state = ? WHERE state = ?", (State.WAITING, State.RUNNING))
        return self

    def __exit__(self, *_: object) -> None:
        """Close the ledger and let go of it.

        A connection that is closed under a thread which is using it ends the process; after it, to use it is an error.
        """
        with self._turn:
            with suppress(sqlite3.Error):
                self._base.close()
            self._lock.close()

    def names(self) -> dict[str, str]:
        """Return the name of the result of every path it knows."""
        with self._turn, self._said():
            return dict(self._base.execute("SELECT path, name FROM files"))

    def admit(self, inputs: Iterable[Input]) -> None:
        """Take in the files that it does not know."""
        with self._writing() as tables:
            tables.executemany(
                "INSERT INTO files (path, name, state) VALUES (?, ?, ?) ON CONFLICT (path) DO NOTHING",
                ((text(one.path), one.name, State.WAITING) for one in inputs),
            )

    def row(self, path: str) -> Row:
        """Return what it has on a path that was admitted."""
        with self._turn, self._said():
            return base.row(self._base.execute(f"SELECT {ALL} FROM files WHERE path = ?", (path,)).fetchone())

    def twins(self, path: str, fingerprint: str) -> list[Row]:
        """Return the other files that were or are to be read with the same content in the same way."""
        with self._turn, self._said():
            found = self._base.execute(
                f"SELECT {ALL} FROM files WHERE fingerprint = ? AND path <> ? AND state <> ? ORDER BY path",
                (fingerprint, path, State.SKIPPED),
            )
            return [base.row(each) for each in found]

    def start(self, path: str, sha256: str, fingerprint: str) -> None:
        """Note that a file is being read."""
        values = {
            "state": State.RUNNING,
            "sha256": sha256,
            "fingerprint": fingerprint,
            "started": _now(),
            "same_as": None,
        }
        self._note(path, values, more=1)

    def wait(self, path: str, reason: str = "") -> None:
        """Note that a file has to be read again later."""
        self._note(path, {"state": State.WAITING, "reason": reason})

    def skip(self, path: str, sha256: str, fingerprint: str, same_as: str) -> None:
        """Note that the content of a file is read under another name."""
        reason = f"its content is that of {same_as}"
        cleared = {**FRESH, "started": None, "ended": _now(), "seconds": 0.0, "reason": reason, "same_as": same_as}
        values = {"state": State.SKIPPED, "sha256": sha256, "fingerprint": fingerprint, **cleared}
        self._note(path, values, findings=())

    def finish(self, path: str, outcome: Outcome, seconds: float, fingerprint: str) -> None:
        """Note what came of a file."""
        read = outcome.state is not State.FAILED
        counts = {name: getattr(outcome.facts, name) for name in COUNTS} if read else FRESH
        sha256 = {"sha256": outcome.sha256} if outcome.sha256 else {}
        ended = {"ended": _now(), "seconds": round(seconds, 3), "reason": outcome.reason, "same_as": None}
        values = {"state": outcome.state, "fingerprint": fingerprint, **ended, **sha256, **counts}
        self._note(path, values, findings=outcome.findings)

    def entered(self, tokens: int, cost: Decimal) -> int:
        """Note a request to a model at its longest, before it is sent; return its number."""
        with self._writing() as tables:
            words = (time.time(), tokens, str(cost))
            done = tables.execute("INSERT INTO requests (at, tokens_in, tokens_out, cost) VALUES (?, 0, ?, ?)", words)
            return done.lastrowid or 0

    def settled(self, number: int, tokens_in: int, tokens_out: int, cost: Decimal) -> None:
        """Note what a request really took."""
        with self._writing() as tables:
            tables.execute(
                "UPDATE requests SET tokens_in = ?, tokens_out = ?, cost = ?, settled = 1 WHERE number = ?",
                (tokens_in, tokens_out, str(cost), number),
            )

    def book(self, taken: Spent) -> None:
        """Note what all of the provider's batches took so far, in place of what was noted of them before."""
        with self._writing() as tables:
            tables.execute("DELETE FROM requests WHERE provider = 1")
            columns = "at, tokens_in, tokens_out, cost, count, settled, provider"
            words = (time.time(), taken.tokens_in, taken.tokens_out, str(taken.cost or 0), taken.requests)
            tables.execute(f"INSERT INTO requests ({columns}) VALUES (?, ?, ?, ?, ?, 1, 1)", words)

    def spent(self) -> Spent:
        """Return what all runs so far have spent."""
        with self._turn, self._said():
            return base.spent(self._base)

    def recent(self) -> list[Entry]:
        """Return the requests of the last minute, as the clock of this run counts."""
        with self._turn, self._said():
            shift = time.monotonic() - time.time()
            found = self._base.execute(
                "SELECT at, tokens_in + tokens_out FROM requests WHERE at > ? AND provider = 0 ORDER BY at",
                (time.time() - WINDOW,),
            )
            return [Entry(at + shift, tokens) for at, tokens in found]

    def _note(
        self, path: str, values: Mapping[str, object], *, findings: Sequence[Found] | None = None, more: int = 0
    ) -> None:
        named = ", ".join(f"{name} = ?" for name in values)
        with self._writing() as tables:
            words = (*map(_bound, values.values()), more, path)
            tables.execute(f"UPDATE files SET {named}, attempts = attempts + ? WHERE path = ?", words)
            if findings is not None:
                tables.execute("DELETE FROM findings WHERE path = ?", (path,))
                tables.executemany(
                    "INSERT INTO findings VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        (path, number, one.code, one.blame, one.page, plain(one.place), one.rule, plain(one.message))
                        for number, one in enumerate(findings)
                    ),
                )

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._turn, self._said(), self._base:
            yield self._base

    @contextmanager
    def _said(self) -> Iterator[None]:
        """Turn what SQLite and the system refuse into an OutputError."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise errors.OutputError(str(self._path), f"the ledger cannot be written ({base.reason(error)})") from error


def _bound(value: object) -> object:
    return plain(value) if isinstance(value, str) else value


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
