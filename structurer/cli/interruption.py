"""Ctrl-C while a command runs: it ends the program, whatever else a library made of it."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True, eq=False)
class _Handler:
    """Raises KeyboardInterrupt, and remembers it."""

    heard: bool = False

    def __call__(self, *_: object) -> None:
        self.heard = True
        raise KeyboardInterrupt


_HANDLER = _Handler()


@contextmanager
def interruptible() -> Iterator[None]:
    """Have Ctrl-C raise KeyboardInterrupt inside, for what is begun to be tidied up, unless it is ignored.

    A library that is just being loaded may make any other error of it: that is a KeyboardInterrupt, too.
    """
    before = signal.getsignal(signal.SIGINT)
    if not callable(before) or before is signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _HANDLER)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        check()


def check() -> None:
    """Raise KeyboardInterrupt if there was one: what goes wrong afterwards need not be said."""
    if _HANDLER.heard:
        raise KeyboardInterrupt
