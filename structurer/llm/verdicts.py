"""What becomes of the requests of a batch that got no answer: they go out again, or are refused for good."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from structurer.llm import refusals
from structurer.llm.adaptation import Adaptation
from structurer.llm.faults import EndpointError
from structurer.llm.outbox import Refusal

if TYPE_CHECKING:
    from structurer.llm.faults import Redaction
    from structurer.llm.harvest import Harvest
    from structurer.llm.notes import Note, Notes
    from structurer.llm.outbox import Outbox
    from structurer.llm.provider import Remote

ATTEMPTS = 3
"""How often a request goes out in all."""
# What OpenAI calls it when too many tokens wait in all batches of an account together.
_TOO_MUCH = "token_limit_exceeded"
_CLIENT_ERROR = range(400, 500)
# Nothing is left to pay with, or too much was asked at a time: neither is the fault of the request.
_LATER = frozenset({402, 429})


@dataclass(slots=True)
class Verdicts:
    """Judges one batch that has ended, and notes what is learnt from it."""

    note: Note
    remote: Remote
    notes: Notes
    outbox: Outbox
    redaction: Redaction
    refused: dict[str, Refusal] = field(default_factory=dict)
    kept: int = 0

    def judge(self, harvest: Harvest, *, crowd: bool) -> None:
        """Judge all that was not answered; `crowd` says that other batches of ours were under way."""
        sent = Adaptation(self.note.without)
        too_much = self._was_too_much(crowd=crowd)
        otherwise = EndpointError(self._ended(), passing=True)
        for name in self.note.keys:
            error = harvest.errors.get(name, otherwise)
            if name in harvest.answered or not self.outbox.path(name).exists():
                self.notes.attempts.pop(name, None)
            elif too_much or self._learns(name, error, sent):
                self.kept += 1
            else:
                self._judge(name, error)

    def _judge(self, name: str, error: EndpointError) -> None:
        attempts = self.notes.attempts.pop(name, 0) + 1
        if _lasts(error):
            hint = "it may take another --mode than this one: " if refusals.names_mode(error) else ""
            self.refused[name] = Refusal(self.redaction.reason(f"{hint}{error}"), self.redaction.reason(error.code))
        elif attempts >= ATTEMPTS:
            self.refused[name] = Refusal(self.redaction.reason(f"no answer in {attempts} batches: {error}"))
        else:
            self.notes.attempts[name] = attempts
            self.kept += 1

    def _was_too_much(self, *, crowd: bool) -> bool:
        """Tell whether the batch was only too much at a time, and send less from now on."""
        if self.remote.status != "failed" or self.remote.code != _TOO_MUCH:
            return False
        if crowd:
            self.notes.alone = True
        elif self.note.requests > 1:
            self.notes.most = self.note.requests // 2
        else:
            return False
        return True

    def _learns(self, name: str, error: EndpointError, sent: Adaptation) -> bool:
        """Tell whether a parameter was rejected that the next batch does without."""
        if error.status not in _CLIENT_ERROR:
            return False
        return self.notes.adaptation.learns(error, sent.of(self.outbox.load(name) or {}))

    def _ended(self) -> str:
        """Return why there may be no line at all for a request."""
        remote = self.remote
        if remote.status == "completed":
            return "the batch left it out"
        return f"the batch is {remote.status}: {remote.code} {remote.reason}".rstrip(": ")


def _lasts(error: EndpointError) -> bool:
    """Tell whether the same request would fail alike."""
    return refusals.filters(error) or (
        error.status in _CLIENT_ERROR and not error.passing and error.status not in _LATER
    )
