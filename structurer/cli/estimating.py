"""`extract --dry-run`: what asking a model would take, told without asking it; nothing is written."""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from typing import TYPE_CHECKING

from structurer import catalog, errors, llm, page_numbers
from structurer.cli import asking, extraction, running
from structurer.records import Outcome, Reply
from structurer.report import terminal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from structurer.cli.extraction import Job
    from structurer.cli.settings import Settings
    from structurer.records import Question
    from structurer.report import Messages

_NOTHING = llm.Estimate(0, 0, 0, None)
_HEADINGS = ("file", "questions", "remembered", "tokens_in", "tokens_out", "cost")


@dataclass(slots=True)
class Estimator:
    """Answers what is remembered, and adds up what the other questions would take."""

    found: Settings
    _memory: llm.Model | None
    asked: llm.Estimate = _NOTHING
    remembered: int = 0

    def ask(self, questions: Iterable[Question]) -> Iterator[Reply]:
        """Yield what is remembered, and for the rest that a limit was reached."""
        ahead: deque[llm.Estimate] = deque()

        def weighed() -> Iterator[Question]:
            for question in questions:
                ahead.append(llm.estimate([question], self.found.price))
                yield question

        replies = self._memory.ask(weighed()) if self._memory else (Reply(Outcome.UNSTORED) for _ in weighed())
        for reply in replies:
            one = ahead.popleft()
            if reply.outcome is Outcome.UNSTORED:
                self.asked = _sum(self.asked, one)
                yield Reply(Outcome.LIMITED)
            else:
                self.remembered += 1
                yield reply


def _sum(one: llm.Estimate, other: llm.Estimate) -> llm.Estimate:
    costs = [cost for cost in (one.cost, other.cost) if cost is not None]
    return llm.Estimate(
        one.calls + other.calls,
        one.tokens_in + other.tokens_in,
        one.tokens_out + other.tokens_out,
        sum(costs[1:], costs[0]) if costs else None,
    )


def run(job: Job, lang: str | None) -> int:
    """Read every file and print what its questions would take; return the worst exit code, 0 or that of an error."""
    pages = page_numbers.parse(job.pages) if job.pages is not None else None
    found = asking.configured(job.given)
    known = catalog.load(job.schemas)
    messages = running.messages(lang, known)
    told: list[tuple[str, Estimator]] = []
    codes = []
    with _memory(found) as memory:
        for path in extraction.once(job.files):
            estimator = Estimator(found, memory)
            try:
                piped = asking.piped(job.given, found, estimator.ask)
                _, opened = extraction.read(path, known, pages, piped, job.recognition)
                page_numbers.check(pages, opened, str(path))
            except errors.StructurerError as error:
                running.complain(str(error))
                codes.append(error.exit_code)
            else:
                told.append((str(path), estimator))
    _print(told, found, messages)
    return running.worst(codes)


@contextmanager
def _memory(found: Settings) -> Iterator[llm.Model | None]:
    """Give a model that knows stored answers alone, None if there are none."""
    if found.model is None or not found.answers.is_dir():
        yield None
        return
    memory = llm.Memory(found.answers, replay=True)
    with llm.Model(asking.endpoint(found), memory=memory, limits=llm.Limits(), price=None) as model:
        yield model


def _print(told: list[tuple[str, Estimator]], found: Settings, messages: Messages) -> None:
    total = reduce(_sum, (estimator.asked for _, estimator in told), _NOTHING)
    remembered = sum(estimator.remembered for _, estimator in told)
    rows = [_row(path, estimator.asked, estimator.remembered, found, messages) for path, estimator in told]
    rows.append(_row(messages.word("dry_total"), total, remembered, found, messages))
    headings = [messages.word(f"dry_{name}") for name in _HEADINGS]
    with running.printing() as out:
        out.print(terminal.grid(headings, rows, fold=0, right=range(1, len(headings))))
        out.print(messages.word("dry_note", requests=llm.MOST_REQUESTS), soft_wrap=True)


def _row(name: str, asked: llm.Estimate, remembered: int, found: Settings, messages: Messages) -> tuple[str, ...]:
    cost = asked.cost if asked.calls or found.price is None else Decimal(0)
    return (
        name,
        str(asked.calls),
        str(remembered),
        str(asked.tokens_in),
        str(asked.tokens_out),
        asking.money(cost, found, messages),
    )
