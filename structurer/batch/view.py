"""The ledger of a batch as anyone may read it, also while a run writes it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from structurer import errors
from structurer.batch import base
from structurer.batch.base import ALL, BUSY, COUNTS, NAME, TEXTS, Row
from structurer.batch.records import Facts, Found, State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from structurer.llm.settings import Spent


class View:
    """A ledger opened to be read, whoever writes it; raises OutputError if there is none."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        if not self._path.is_file():
            raise errors.OutputError(str(folder), f"there is no batch here: no {NAME}")
        with self._said():
            self._base = sqlite3.connect(f"{self._path.absolute().as_uri()}?{_how(folder)}", uri=True, timeout=BUSY)
        try:
            with self._said():
                base.check_filled(self._base, folder)
                base.same_version(self._base, self._path)
        except errors.OutputError:
            self._base.close()
            raise

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._base.close()

    def states(self) -> dict[State, int]:
        """Return how many files there are in each state."""
        with self._said():
            found = dict(self._base.execute("SELECT state, count(*) FROM files GROUP BY state"))
            return {state: found.get(state, 0) for state in State}

    def total(self) -> Facts:
        """Return the sum over all files; the costs are those of the requests."""
        sums = ", ".join("''" if name in TEXTS else f"coalesce(sum({name}), 0)" for name in COUNTS)
        with self._said():
            return Facts(*self._base.execute(f"SELECT {sums} FROM files").fetchone())

    def spent(self) -> Spent:
        """Return what all runs so far have spent."""
        with self._said():
            return base.spent(self._base)

    def rows(self, *states: State) -> Iterator[Row]:
        """Yield the files in these states, or all, by their names."""
        chosen = states or tuple(State)
        marks = ", ".join("?" * len(chosen))
        with self._said():
            for found in self._base.execute(f"SELECT {ALL} FROM files WHERE state IN ({marks}) ORDER BY name", chosen):
                yield base.row(found)

    def findings(self) -> Iterator[tuple[str, Found]]:
        """Yield every finding with the name of the file's result."""
        columns = "code, blame, page, place, rule, message"
        with self._said():
            found = self._base.execute(
                f"SELECT name, {columns} FROM findings JOIN files USING (path) ORDER BY name, number"
            )
            for name, *about in found:
                yield name, Found(*about)

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise errors.OutputError(str(self._path), f"the ledger cannot be read ({base.reason(error)})") from error


def _how(folder: Path) -> str:
    """Return how a ledger is opened: where nothing can be written, SQLite cannot even read along with others."""
    return "mode=ro" if os.access(folder, os.W_OK) else "immutable=1"
