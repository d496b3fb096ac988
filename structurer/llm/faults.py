"""What can go wrong between us and an endpoint, in words that hold no key."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from structurer.errors import StructurerError

if TYPE_CHECKING:
    from structurer.records import Json

# What is shorter is no secret (`ollama`, `EMPTY`), and might be a word of a document.
_SHORTEST_KEY = 8
_LONGEST_REASON = 200
_HIDDEN = "***"
_CREDENTIAL = re.compile(
    r"(?i)\bsk-[\w*-]+|\bbearer\s+\S+|\b(?:proxy-)?authorization\b\W*(?:bearer\s+)?[^\s,;}]*|(?<=//)[^\s/@]+@"
)
_LOGGERS = ("instructor", "openai", "httpx", "httpx2", "httpcore", "httpcore2")


class EndpointError(StructurerError):
    """An endpoint failed a request; its text is the reason."""

    def __init__(self, reason: str, *, status: int | None = None, passing: bool = False, fatal: bool = False) -> None:
        super().__init__(reason)
        self.status = status
        """Of HTTP, if there was a response."""
        self.passing = passing
        """Whether the same request may succeed later."""
        self.fatal = fatal
        """Whether every other request would fail alike."""
        self.after: float | None = None
        """Seconds to wait before the next request, where the endpoint says so."""
        self.code = ""
        """What the endpoint calls the error."""


class LimitError(StructurerError):
    """A limit of the run keeps a request from being sent."""


class DeferredError(LimitError):
    """The request waits in an outbox; asked again once the answer has come, the same question goes on."""

    def __str__(self) -> str:
        """Return the reason."""
        return "waits for the provider's batch"


class UnstoredError(StructurerError):
    """Replaying, and the memory has no answer."""


def quiet() -> None:
    """Silence the packages that would write requests, answers and errors to the log."""
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


class Redaction:
    """Takes the key out of texts."""

    def __init__(self, key: str | None) -> None:
        self._key = key if key is not None and len(key) >= _SHORTEST_KEY else None

    def text(self, text: str) -> str:
        """Return a text of an answer without the key, and fit to be written as UTF-8."""
        whole = text.encode("utf-8", "replace").decode("utf-8")
        return whole if self._key is None else whole.replace(self._key, _HIDDEN)

    def value(self, value: Json) -> Json:
        """Return what was read from JSON with each text of it redacted."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {self.text(name): self.value(item) for name, item in value.items()}
        return value

    def reason(self, text: str) -> str:
        """Return a short line, without the key or anything like one, that is safe on a terminal."""
        line = _CREDENTIAL.sub(_HIDDEN, self.text(" ".join(text.split())))
        line = "".join(char if char.isprintable() else " " for char in line)
        return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 1] + "…"
