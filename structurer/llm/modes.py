"""Which mode an endpoint takes, found out once by asking."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from structurer.llm.settings import Mode

if TYPE_CHECKING:
    from collections.abc import Iterator

ORDER = (Mode.TOOLS, Mode.JSON_SCHEMA, Mode.JSON)


class Ladder:
    """The modes to try, in their order, until one has been answered in."""

    def __init__(self, mode: Mode) -> None:
        self._modes: tuple[Mode, ...] = ORDER if mode is Mode.AUTO else (mode,)
        self._first = threading.Lock()
        self._tried = mode is not Mode.AUTO

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes to try."""
        return self._modes

    def settle(self, mode: Mode) -> None:
        """Keep to a mode that was answered in."""
        self._modes = (mode,)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Let the first question go alone, so that not every thread tries a mode that will be rejected."""
        if self._tried:
            yield
            return
        with self._first:
            try:
                yield
            finally:
                self._tried = True
