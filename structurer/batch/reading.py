"""One function from a file to its result: whatever the file is, it returns."""

from __future__ import annotations

import errno
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from structurer import catalog, errors, export, llm, page_numbers, pipeline, report
from structurer.batch.records import Facts, Found, Outcome, State
from structurer.records import Outcome as End

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from structurer.batch.records import Options, Task
    from structurer.catalog import Catalog
    from structurer.llm.ledger import Books
    from structurer.llm.settings import Endpoint, Price
    from structurer.records import Page, Question, Reply

    Result = Mapping[str, Any]

LAYOUT, MODEL = "layout", "model"
_UNANSWERED = "model_failed"
# Why a question has no answer that it may have later.
_PASSING = frozenset({End.FAILED})
# What the system refuses now and may grant later.
_PASSING_FAULTS = frozenset(
    {errno.EIO, errno.EAGAIN, errno.EBUSY, errno.ENFILE, errno.EMFILE, errno.ENOMEM, errno.ESTALE, errno.ETIMEDOUT}
)


@dataclass(frozen=True, slots=True)
class Asking:
    """A model, and how it is asked."""

    endpoint: Endpoint
    price: Price | None
    answers: Path
    concurrency: int
    weighs: bool = False
    """Whether the books depend on how many tokens a request is estimated at."""
    replay: bool = False
    always: bool = False
    transcribe: bool = False
    pictures: bool = False
    outbox: Path | None = None
    """Where requests are put for the provider's batch; None: they are sent."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How all files of a batch are read; it goes to processes of their own."""

    schemas: Path | None = None
    recognition: pipeline.Recognition = field(default_factory=pipeline.Recognition)
    asking: Asking | None = None
    csv: bool = False
    lang: str = "en"


@dataclass(slots=True)
class Reader:
    """Reads files as planned; the catalog is loaded once, and the model kept while it answers."""

    plan: Plan
    books: Books | None = None
    """Lets requests to the model through; None: its own limits do."""
    _known: Catalog = field(init=False)
    _messages: report.Messages = field(init=False)
    _model: llm.Model | None = field(init=False, default=None)
    _open: ExitStack = field(init=False, default_factory=ExitStack)

    def __post_init__(self) -> None:
        """Load what all files need."""
        self._known = catalog.load(self.plan.schemas)
        self._messages = report.load(self.plan.lang, reasons=self._known.reasons, titles=self._known.titles)

    def close(self) -> None:
        """Close the connections of the model."""
        self._open.close()

    def read(self, task: Task, progress: Callable[[Page], None] | None = None) -> Outcome:
        """Return what came of a file."""
        ends: list[Reply] = []
        opened: list[int | None] = []

        def seen(page: Page) -> None:
            opened.append(page.number)
            if progress:
                progress(page)

        try:
            pages = page_numbers.parse(task.options.pages) if task.options.pages else None
            with errors.reading(task.path):
                result = pipeline.extract_file(
                    task.path,
                    self._known,
                    pages=pages,
                    progress=seen,
                    model=self._asked(task.options, ends),
                    recognise=self._recognition(task.options),
                )
            page_numbers.check(pages, opened, str(task.path))
        except errors.StructurerError as error:
            return Outcome(State.FAILED, str(error), passing=_is_passing(error))
        return self._outcome(result, ends)

    def _recognition(self, options: Options) -> pipeline.Recognition:
        return replace(self.plan.recognition, which=options.ocr or self.plan.recognition.which)

    def _asked(self, options: Options, ends: list[Reply]) -> pipeline.Model | None:
        asking = self.plan.asking
        if asking is None or options.engine == LAYOUT:
            return None

        def ask(questions: Iterable[Question]) -> Iterator[Reply]:
            for reply in self._opened(asking).ask(questions):
                ends.append(reply)
                yield reply

        return pipeline.Model(
            asking.endpoint.model,
            ask,
            always=asking.always if options.engine is None else options.engine == MODEL,
            transcribe=asking.transcribe,
            pictures=asking.pictures,
            currency=asking.price.currency if asking.price else None,
        )

    def _opened(self, asking: Asking) -> llm.Model:
        """Return the model; one that was given up is tried anew."""
        if self._model is None or self._model.down:
            self._open.close()
            limits = llm.Limits(concurrency=asking.concurrency)
            memory = llm.Memory(asking.answers, replay=asking.replay)
            outbox = None if asking.outbox is None else llm.Outbox(asking.outbox)
            made = llm.Model(
                asking.endpoint, memory=memory, limits=limits, price=asking.price, books=self.books, outbox=outbox
            )
            self._model = self._open.enter_context(made)
        return self._model

    def _outcome(self, result: Result, ends: list[Reply]) -> Outcome:
        waits = self.plan.asking is not None and self.plan.asking.outbox is not None
        left = [reply for reply in ends if reply.outcome in {End.FAILED, End.LIMITED, End.UNSTORED}]
        partial = any(finding["code"] == _UNANSWERED for finding in result["verification"]["findings"])
        files = {"": export.as_json(result)}
        if self.plan.csv:
            files |= export.as_csv(result)
        return Outcome(
            State.PARTIAL if partial else State.DONE,
            reason=left[-1].reason if left else "",
            # What a provider's batch refused it refuses again.
            passing=partial and not waits and any(reply.outcome in _PASSING for reply in left),
            deferred=waits and any(reply.outcome is End.LIMITED for reply in ends),
            files=files,
            sha256=str(result["source"]["sha256"]),
            facts=_facts(result),
            findings=tuple(self._found(result)),
        )

    def _found(self, result: Result) -> Iterator[Found]:
        for finding in result["verification"]["findings"]:
            message = self._messages.finding(finding, result)
            yield Found(
                finding["code"],
                finding["blame"] or "",
                finding["page"],
                finding["where"],
                finding["rule"] or "",
                message,
            )


def _is_passing(error: errors.StructurerError) -> bool:
    """Tell whether what failed may succeed later: the system, not the file."""
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno in _PASSING_FAULTS


def _facts(result: Result) -> Facts:
    verification, asked = result["verification"], result["run"].get("asked", {})
    equations, blames = verification["equations"], [finding["blame"] for finding in verification["findings"]]
    return Facts(
        pages=len(result["source"]["pages"]),
        unread=sum(page["how"] == "unread" for page in result["source"]["pages"]),
        tables=len(result["tables"]),
        cards=len(result["cards"]),
        claims=len(result["claims"]),
        figures=verification["figures"],
        grounded=verification["grounded"],
        proven=verification["proven"],
        doubtful=sum("doubtful" in place for place in result["provenance"].values()),
        **{verdict: equations[verdict] for verdict in ("ties", "rounding", "broken", "unknown")},
        findings_document=blames.count("document"),
        findings_reading=blames.count("reading"),
        findings_other=blames.count(None),
        calls=asked.get("calls", 0),
        tokens_in=asked.get("tokens_in", 0),
        tokens_out=asked.get("tokens_out", 0),
        cost=asked.get("cost") or "",
        currency=asked.get("currency") or "",
    )
