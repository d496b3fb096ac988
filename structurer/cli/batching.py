"""One run of `structurer batch`: from its options to the ledger, the processes, and the account with the model."""

from __future__ import annotations

import signal
import sys
import threading
import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from structurer import __version__, catalog, errors, export, llm, ocr, prompts
from structurer.batch import inputs as finding
from structurer.batch import sweeping, tables
from structurer.batch.account import Account, Server
from structurer.batch.base import NAME
from structurer.batch.driver import Driver, Policy, Stop, Tally, reading_digest
from structurer.batch.inputs import STDIN
from structurer.batch.ledger import Ledger
from structurer.batch.reading import Asking, Plan
from structurer.batch.records import State
from structurer.batch.view import View
from structurer.batch.workers import Bounds as FileBounds
from structurer.batch.workers import Workers
from structurer.cli import (
    asking,
    batch_progress,
    batch_rounds,
    batch_status,
    estimating,
    extraction,
    recognising,
    running,
    settings,
)
from structurer.llm import ledger as spending
from structurer.llm import pace
from structurer.ocr import processes
from structurer.records import How

if TYPE_CHECKING:
    from collections.abc import Iterator

    from structurer.batch.records import Input
    from structurer.catalog import Catalog
    from structurer.cli.options import BatchAsking, BatchRecognising
    from structurer.cli.settings import Settings
    from structurer.report import Messages

_MB = 1 << 20
# The share of the machine's memory that all processes together may take.
_SHARE = 0.8
_STOPPING = 2
# The folder of what goes to the provider's batch, in that of the results.
_OUTBOX = ".provider"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a file may take, as it is asked for."""

    timeout: float
    max_memory: int | None


@dataclass(frozen=True, slots=True)
class Job:
    """What one call asks for."""

    paths: tuple[str, ...]
    out: Path | None
    bounds: Bounds
    retry_failed: bool
    force: bool
    schemas: Path | None
    csv: bool
    scans: BatchRecognising
    given: BatchAsking


@dataclass(frozen=True, slots=True)
class _Run:
    """What a run has in hand."""

    ledger: Ledger
    engine: Workers
    out: Path
    reading: str
    policy: Policy
    messages: Messages
    stop: Stop
    account: Account | None


def run(job: Job, lang: str | None) -> int:
    """Read every file that has to be read; return the worst exit code.

    From good to bad: 0 all is well; 1 findings; 4 some files failed, were answered in part or are left. Raises
    UsageError for wrong use, OutputError if nothing can be written.
    """
    if job.given.dry_run:
        return _estimated(job, lang)
    if job.out is None:
        msg = "-o is missing: name a folder for the results (-o out)"
        raise errors.UsageError(msg)
    found = asking.settled(job.given)
    _check_provider_batch(job.given, found)
    known = catalog.load(job.schemas)
    messages = running.messages(lang, known)
    plan = _plan(job, found, messages)
    export.check(job.out)
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger(job.out))
        sweeping.results(job.out)
        for kept in (plan.recognition.folder, plan.asking.answers if plan.asking else None):
            if kept is not None:
                sweeping.shared(kept)
        files = _files(job, job.out, ledger, messages)
        ended = threading.Event()
        stack.callback(ended.set)
        account = _account(found, ledger, ended) if found else None
        server = stack.enter_context(closing(Server(account))) if account else None
        workers = job.scans.workers or processes.sensible()
        bounds = _bounds(job.bounds, workers)
        engine = Workers(plan, workers, bounds, account, server.address if server else None)
        stack.enter_context(closing(engine))
        stop = stack.enter_context(_stopped_by_signals(messages))
        policy = Policy(retry_failed=job.retry_failed, force=job.force)
        at = _Run(ledger, engine, job.out, _reading(plan, known), policy, messages, stop, account)
        try:
            tally = _in_rounds(at, files, found) if found and job.given.provider_batch else _driven(at, files)
        finally:
            tables.write(job.out)
        return _told(at, tally)


def _estimated(job: Job, lang: str | None) -> int:
    """Print what asking the model about every file would take."""
    lines = sys.stdin if STDIN in job.paths else ()
    found = finding.find(job.paths, lines, job.out or Path(), {})
    files = tuple(one.path for one in found.files)
    recognition = recognising.settled(job.scans)
    return estimating.run(extraction.Job(files, None, None, job.schemas, job.csv, recognition, job.given), lang)


def _check_provider_batch(given: BatchAsking, found: Settings | None) -> None:
    if not given.provider_batch:
        return
    if found is None:
        msg = f"--provider-batch asks a model; {settings.HOW}"
        raise errors.UsageError(msg)
    if given.replay is not None:
        msg = "--replay takes stored answers alone, and --provider-batch asks for more; give one of the two"
        raise errors.UsageError(msg)


def _plan(job: Job, found: Settings | None, messages: Messages) -> Plan:
    recognition = replace(recognising.settled(job.scans), workers=1)
    asked = None if found is None else _asking(job, found)
    return Plan(job.schemas, recognition, asked, job.csv, messages.lang)


def _asking(job: Job, found: Settings) -> Asking:
    given = job.given
    return Asking(
        asking.endpoint(found),
        found.price,
        found.answers,
        concurrency=asking.limits(found).concurrency,
        weighs=found.max_cost is not None or found.tpm is not None,
        replay=given.replay is not None,
        always=given.engine == "model",
        transcribe=given.transcribe,
        pictures=given.vision,
        outbox=job.out / _OUTBOX if given.provider_batch and job.out else None,
    )


def _reading(plan: Plan, known: Catalog) -> str:
    """Return a digest of what every result depends on beside its file."""
    asked = plan.asking
    how = None
    if asked is not None:
        endpoint = asked.endpoint
        how = [
            endpoint.model,
            endpoint.temperature,
            asked.always,
            asked.transcribe,
            asked.pictures,
            prompts.load().digest,
        ]
    return reading_digest([__version__, known.digest, plan.recognition.which, ocr.available(), plan.csv, how])


def _files(job: Job, out: Path, ledger: Ledger, messages: Messages) -> list[Input]:
    lines = sys.stdin if STDIN in job.paths else ()
    found = finding.find(job.paths, lines, out, ledger.names())
    if found.other_endings:
        running.say(messages.word("batch_passed_over", count=found.other_endings))
    if found.again:
        running.say(messages.word("batch_twice", count=found.again))
    if not found.files:
        msg = f"{' '.join(job.paths)}: there is no document here"
        raise errors.UsageError(msg)
    return found.files


def _account(found: Settings, ledger: Ledger, ended: threading.Event) -> Account:
    """Return the account with the model: its limits hold for all runs in one folder together."""

    def sleep(seconds: float) -> None:
        if ended.wait(seconds):
            msg = "the run was stopped"
            raise errors.StructurerError(msg)

    limits = asking.limits(found)
    window = pace.Pace(limits.rpm, limits.tpm, time.monotonic, sleep, ledger.recent())
    return Account(spending.Ledger(limits, found.price, window, ledger.spent()), limits, found.price, ledger)


def _bounds(given: Bounds, workers: int) -> FileBounds:
    memory = given.max_memory * _MB if given.max_memory else int(_SHARE * psutil.virtual_memory().total / workers)
    return FileBounds(given.timeout or None, memory)


@contextmanager
def _stopped_by_signals(messages: Messages) -> Iterator[Stop]:
    """Give what is asked for by Ctrl-C: to start nothing more, and pressed again, to end at once."""
    stop = Stop()

    def heard(number: int, _: object) -> None:
        stop.level = _STOPPING if number == signal.SIGTERM else min(_STOPPING, stop.level + 1)
        if stop.level < _STOPPING:
            running.say(messages.word("batch_stopping"))

    before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _driven(at: _Run, files: list[Input]) -> Tally:
    spent = at.account.ledger.spent if at.account else None
    with batch_progress.following(at.messages, len(files), spent) as watch:
        return Driver(at.ledger, at.engine, at.out, at.reading, watch, at.stop, at.policy).run(files)


def _in_rounds(at: _Run, files: list[Input], found: Settings) -> Tally:
    """Read the files while the provider's batch answers what they ask, as often as there is something left to ask."""
    memory = llm.Memory(found.answers)
    with llm.ProviderBatch(asking.endpoint(found), llm.Outbox(at.out / _OUTBOX), memory) as batches:
        provider = batch_rounds.Provider(batches, at.ledger, found, at.stop, at.messages)
        batches.clear()
        tally = _driven(at, files)
        while tally.deferred and not at.stop.level and provider.answer():
            left = tally.deferred
            tally.deferred = []
            tally += _driven(at, left)
        tally.left += len(tally.deferred)
        return tally


def _told(at: _Run, tally: Tally) -> int:
    """Print what became of the files; return the exit code."""
    with View(at.out) as view, running.printing() as console:
        for line in batch_status.lines(view, at.out, at.messages):
            console.print(line, soft_wrap=True)
        named = {"summary": tables.SUMMARY, "findings": tables.FINDINGS, "ledger": NAME}
        where = {name: at.out / file for name, file in named.items()}
        console.print(at.messages.word("batch_tables", **where), soft_wrap=True)
        unread = view.total().unread
    recognising.advise(at.engine.plan.recognition, [How.UNREAD.value] * bool(unread))
    if at.account and at.account.ledger.spent().limited:
        running.complain(at.messages.word("batch_limited"))
    if tally.left:
        running.say(at.messages.word("batch_left", count=tally.left))
    if at.stop.level:
        return running.INTERRUPTED
    if tally.left or tally.states[State.FAILED] or tally.states[State.PARTIAL]:
        return running.IN_PART
    return running.FINDINGS if tally.findings else 0
