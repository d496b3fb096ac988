"""Requests and tokens a minute: sliding windows."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

WINDOW = 61.0
"""Seconds; one more than a minute, for a request may be under way for a while before the endpoint counts it."""
# Seconds after which whoever waits looks again, since others may have taken less than they said.
_GLANCE = 1.0
# A rest too small to change the clock would be waited for without end.
_LEAST = 0.001


@dataclass(slots=True)
class Entry:
    """One request in the window."""

    at: float
    tokens: int


class Pace:
    """Lets requests through so that no window holds too many of them, or too many tokens."""

    def __init__(
        self,
        rpm: int | None,
        tpm: int | None,
        clock: Callable[[], float],
        sleep: Callable[[float], object],
        before: Iterable[Entry] = (),
    ) -> None:
        self._rpm, self._tpm = rpm, tpm
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._entries = deque(before)

    def wait(self, tokens: int) -> Entry:
        """Return when a request of so many tokens may be sent; set the tokens of what comes back once they are known.

        A request that is larger than the limit goes alone.
        """
        while True:
            with self._lock:
                delay = self._delay(self._clock(), tokens)
                if delay <= 0:
                    entry = Entry(self._clock(), tokens)
                    if self._rpm is not None or self._tpm is not None:
                        self._entries.append(entry)
                    return entry
            self._sleep(max(_LEAST, min(delay, _GLANCE)))

    def _delay(self, now: float, tokens: int) -> float:
        """Return the seconds until the request fits."""
        entries = self._entries
        while entries and now - entries[0].at >= WINDOW:
            entries.popleft()
        leaving = max(self._too_many(), self._too_large(tokens))
        return entries[leaving - 1].at + WINDOW - now if leaving else 0.0

    def _too_many(self) -> int:
        """Return how many of the oldest requests have to leave the window for one more."""
        return 0 if self._rpm is None else max(0, len(self._entries) + 1 - self._rpm)

    def _too_large(self, tokens: int) -> int:
        """Return how many of the oldest requests have to leave the window for so many tokens more."""
        if self._tpm is None:
            return 0
        over = sum(entry.tokens for entry in self._entries) + tokens - self._tpm
        leaving = 0
        while over > 0 and leaving < len(self._entries):
            over -= self._entries[leaving].tokens
            leaving += 1
        return leaving
