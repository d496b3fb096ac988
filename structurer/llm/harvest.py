"""The lines that come back for one batch: answers are remembered, errors kept for who judges them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from structurer.llm import answers, memory, refusals, weights
from structurer.llm.faults import EndpointError
from structurer.llm.settings import LONGEST_BODY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from structurer.llm.answers import Answer
    from structurer.llm.faults import Redaction
    from structurer.llm.memory import Memory
    from structurer.llm.outbox import Outbox

_FINE = range(200, 300)


@dataclass(slots=True)
class Harvest:
    """Takes in the files of one batch, the one with the answers first; doing so again changes nothing."""

    keys: AbstractSet[str]
    """Of the requests that were sent: no other line is believed."""
    outbox: Outbox
    memory: Memory
    redaction: Redaction
    answered: set[str] = field(default_factory=set)
    errors: dict[str, EndpointError] = field(default_factory=dict)
    unknown: int = 0
    garbage: int = 0
    duplicates: int = 0
    tokens_in: int = 0
    tokens_out: int = 0

    def take(self, file: IO[bytes]) -> None:
        """Read a file from its beginning; raises OutputError if the memory cannot be written."""
        file.seek(0)
        for data in _lines(file):
            try:
                line = json.loads(data)
                if isinstance(line, dict):
                    self._take(line.get("custom_id"), line.get("response"), line.get("error"))
                else:
                    self.garbage += 1
            except (ValueError, RecursionError):
                self.garbage += 1

    def _take(self, name: object, response: Any, error: object) -> None:  # noqa: ANN401  whatever came
        if not isinstance(name, str) or name not in self.keys:
            self.unknown += 1
        elif name in self.answered:
            self.duplicates += 1
        else:
            try:
                self._remember(name, self._answer(response, error))
            except EndpointError as failure:
                self.errors.setdefault(name, failure)

    def _answer(self, response: Any, error: object) -> Answer:  # noqa: ANN401
        """Return the answer in a line; raises EndpointError as if the line had been a response."""
        if not isinstance(response, dict):
            code, message = refusals.said(error)
            failure = EndpointError(self.redaction.reason(f"{code}: {message}"), passing=True)
            failure.code = code
            raise failure
        status, body = response.get("status_code"), response.get("body")
        if isinstance(status, int) and status not in _FINE:
            raise refusals.meaning(status, body, self.redaction, headers={})
        try:
            return answers.of(body, self.redaction)
        except ValueError as reason:
            raise EndpointError(self.redaction.reason(str(reason)), passing=True) from None

    def _remember(self, name: str, answer: Answer) -> None:
        """Store an answer; where that was done before, only what it took is counted."""
        request = self.outbox.load(name)
        if self.memory.load(name) is None:
            if request is None:
                self.unknown += 1
                return
            self.memory.store(name, memory.described(request), answer)
        self.answered.add(name)
        tokens_in, tokens_out = weights.taken(request or {"messages": ()}, answer)
        self.tokens_in += tokens_in
        self.tokens_out += tokens_out


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines that hold anything; of one that is far too long only pieces, which cannot be read."""
    while line := file.readline(LONGEST_BODY):
        if line.strip():
            yield line
