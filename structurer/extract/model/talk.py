"""Dialogues about chunks: what to ask first, what to ask next, when to split; many at a time, in rounds."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from structurer.records import Outcome, Question, Reply

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from structurer.extract.model.view import View
    from structurer.prompts import Prompts
    from structurer.records import Ask

Result = TypeVar("Result")
Dialogue = Generator[Question, Reply, Result]

# So many dialogues go on at a time: their chunks are held in memory until all of them have ended.
_ROUND = 64
# An answer of more tokens is asked for in pieces from the start; many endpoints cut at this.
MOST = 8000
# A chunk is halved so many times at most.
_HALVINGS = 3
# Tokens that an answer takes beside its values.
FRAME = 300


@dataclass(frozen=True, slots=True)
class Way:
    """How a model is asked."""

    prompts: Prompts
    transcribe: bool = False
    pictures: Callable[[Sequence[int | None]], tuple[bytes, ...]] | None = None
    """Gives the pictures of pages that go along; None where none do."""


@dataclass(frozen=True, slots=True)
class Piece:
    """The rows that one question was about, and its reply."""

    seen: View
    reply: Reply

    @property
    def answer(self) -> Mapping[str, Any] | None:
        """The answer if there is one, faulty or not."""
        return self.reply.value if isinstance(self.reply.value, dict) else None


def held(pairs: Iterable[tuple[Any, Dialogue[Result] | Result]], ask: Ask) -> Iterator[tuple[Any, Result]]:
    """Yield each thing with the result of its dialogue, in order; what needs no dialogue passes through."""
    stream = iter(pairs)
    while batch := list(islice(stream, _ROUND)):
        yield from zip((thing for thing, _ in batch), _round([way for _, way in batch], ask), strict=True)


def _round(ways: Sequence[Dialogue[Result] | Result], ask: Ask) -> list[Result]:
    """Carry on all dialogues at once, a question each at a time, until the last has its result."""
    results: dict[int, Result] = {}
    waiting: dict[int, Question] = {}

    def advance(index: int, dialogue: Dialogue[Result], reply: Reply | None) -> None:
        try:
            waiting[index] = next(dialogue) if reply is None else dialogue.send(reply)
        except StopIteration as end:
            results[index] = end.value

    for index, way in enumerate(ways):
        if isinstance(way, Generator):
            advance(index, way, None)
        else:
            results[index] = way
    while waiting:
        asked, waiting = waiting, {}
        for index, reply in zip(asked, ask(iter(asked.values())), strict=True):
            way = ways[index]
            if isinstance(way, Generator):
                advance(index, way, reply)
    return [results[index] for index in range(len(ways))]


def in_pieces(
    seen: View, head: int, make: Callable[[View], Question], left: Callable[[Mapping[str, Any], View], bool]
) -> Dialogue[list[Piece]]:
    """Ask about a grid, in halves where an answer is cut off, would be too long, or leaves rows out.

    `head` rows at the top go with every piece; `left` tells whether an answer leaves out rows it was shown.
    """
    return (yield from _pieces(seen, head, make, left, _HALVINGS))


def _pieces(
    seen: View,
    head: int,
    make: Callable[[View], Question],
    left: Callable[[Mapping[str, Any], View], bool],
    depth: int,
) -> Dialogue[list[Piece]]:
    question = make(seen)
    body = [row for row in seen.rows if row >= head]
    halves = depth > 0 and len(body) > 1
    if not (halves and question.longest > MOST):
        reply = yield replace(question, longest=min(question.longest, MOST))
        piece = Piece(seen, reply)
        short = reply.outcome is Outcome.FAULTY and piece.answer is not None and left(piece.answer, seen)
        if not halves or not (short or reply.outcome is Outcome.CUT):
            return [piece]
    top, middle = tuple(row for row in seen.rows if row < head), len(body) // 2
    found: list[Piece] = []
    for part in (body[:middle], body[middle:]):
        found += yield from _pieces(replace(seen, rows=(*top, *part)), head, make, left, depth - 1)
    return found
