"""The files of a batch, from the ledger to an engine and back: each once, whatever happens in between."""

from __future__ import annotations

import errno
import hashlib
import heapq
import json
import time
from collections import Counter, deque
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Protocol, Self

import tenacity

from structurer import errors, export, files
from structurer.batch.base import text
from structurer.batch.records import Outcome, State, Task
from structurer.batch.workers import Done

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from structurer.batch.base import Row
    from structurer.batch.ledger import Ledger
    from structurer.batch.records import Input
    from structurer.batch.workers import PageRead

_READ = frozenset({State.DONE, State.PARTIAL})
# What keeps one result from being written, and not the others.
_OWN_FAULTS = frozenset({errno.ENAMETOOLONG, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY, errno.EILSEQ})


class Engine(Protocol):
    """Whoever reads files: here processes of this machine; a cluster could be put behind the same four words."""

    def free(self) -> bool:
        """Tell whether there is somebody for another file."""

    def put(self, number: int, task: Task) -> None:
        """Hand a file over; `number` is how it is called when it comes back."""

    def events(self) -> Iterator[Done | PageRead]:
        """Yield what happened, after a moment at the latest; every file that was handed over is done once."""

    def close(self) -> None:
        """End everything that is under way."""


class Watch(Protocol):
    """Whoever follows the run."""

    def page(self) -> None:
        """A page was read."""

    def ended(self, one: Input, outcome: Outcome | None, *, kept: bool = False) -> None:
        """A file has come to its end for this run; without an outcome it was `kept` as it was, or is like another."""

    def again(self, one: Input, outcome: Outcome, seconds: float) -> None:
        """A file is tried again in so many seconds."""


@dataclass(slots=True)
class Stop:
    """What was asked for from outside: 1 to start nothing more, 2 to end at once."""

    level: int = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """What is done again."""

    attempts: int = 3
    """How often a file is tried in one run where trying again may help."""
    first_wait: float = 2.0
    longest_wait: float = 120.0
    retry_failed: bool = False
    """Whether files are read again that failed, or that a model answered in part, before."""
    force: bool = False
    """Whether all files are read again."""


@dataclass(slots=True)
class Tally:
    """How the files of a run ended."""

    states: Counter[State] = field(default_factory=Counter)
    findings: int = 0
    deferred: list[Input] = field(default_factory=list)
    """Files whose questions wait for the provider's batch."""
    left: int = 0
    """Files that were not reached."""

    def __iadd__(self, other: Tally) -> Self:
        """Add how the files of a further round ended."""
        self.states += other.states
        self.findings += other.findings
        self.deferred += other.deferred
        self.left += other.left
        return self


@dataclass(slots=True)
class _Try:
    """A file under way, or to be tried again."""

    one: Input
    sha256: str
    fingerprint: str
    tries: int = 0


@dataclass(slots=True)
class Driver:
    """One run of a batch."""

    ledger: Ledger
    engine: Engine
    folder: Path
    reading: str
    """What every result depends on beside its file: a digest of versions, schemas, prompts and options."""
    watch: Watch
    stop: Stop
    policy: Policy = Policy()
    _waiting: deque[Input] = field(default_factory=deque)
    _later: list[tuple[float, int, _Try]] = field(default_factory=list)
    _running: dict[int, _Try] = field(default_factory=dict)
    _paths: dict[str, Input] = field(default_factory=dict)
    _picked: set[str] = field(default_factory=set)
    """The paths that were looked at in this run."""
    _count: int = 0
    _tally: Tally = field(default_factory=Tally)

    def run(self, inputs: Sequence[Input]) -> Tally:
        """Bring every file to its end and return how they ended; raises OutputError if nothing can be written."""
        self.ledger.admit(inputs)
        self._tally = Tally()
        self._picked.clear()
        self._waiting.extend(inputs)
        self._paths = {text(one.path): one for one in inputs}
        try:
            while not self._is_over():
                self._hand_over()
                for event in self.engine.events():
                    if isinstance(event, Done):
                        self._ended(self._running.pop(event.task), event.outcome, event.seconds)
                    else:
                        self.watch.page()
        finally:
            # What is under way is read again by the next run.
            for each in self._running.values():
                with suppress(errors.OutputError):
                    self.ledger.wait(text(each.one.path))
            self._tally.left = len(self._waiting) + len(self._later) + len(self._running)
            self._running.clear()
        return self._tally

    def _is_over(self) -> bool:
        if self.stop.level:
            return self.stop.level > 1 or not self._running
        return not (self._waiting or self._later or self._running)

    def _hand_over(self) -> None:
        while not self.stop.level and self.engine.free():
            each = self._next()
            if each is None:
                return
            path = text(each.one.path)
            self._count += 1
            each.tries += 1
            self.ledger.start(path, each.sha256, each.fingerprint)
            self._running[self._count] = each
            self.engine.put(self._count, Task(each.one.path, each.one.options))

    def _next(self) -> _Try | None:
        """Return the next file that has to be read, None if there is none just now."""
        if self._later and self._later[0][0] <= time.monotonic():
            return heapq.heappop(self._later)[2]
        while self._waiting:
            found = self._to_read(self._waiting.popleft())
            if found is not None:
                return found
        return None

    def _to_read(self, one: Input) -> _Try | None:
        """Return the file, None if it was read before, is like another or cannot be opened."""
        path = text(one.path)
        row = self.ledger.row(path)
        self._picked.add(path)
        try:
            sha256 = files.digest(one.path)
        except OSError as error:
            # What is no file is said by the reader in its own words.
            if one.path.is_dir() or not one.path.exists():
                return _Try(one, "", "")
            reason = f"{one.path}: cannot be read ({error.strerror})"
            self._finish(one, Outcome(State.FAILED, reason), 0.0, "")
            return None
        fingerprint = self._fingerprint(one, sha256)
        if row.fingerprint == fingerprint and self._is_kept(row):
            self._tally.states[row.state] += 1
            self._tally.findings += row.facts.findings
            self.watch.ended(one, None, kept=True)
            return None
        twin = self._twin(path, fingerprint)
        if twin is not None:
            self._remove(row.name)
            self.ledger.skip(path, sha256, fingerprint, twin)
            self._tally.states[State.SKIPPED] += 1
            self.watch.ended(one, None)
            return None
        return _Try(one, sha256, fingerprint)

    def _is_kept(self, row: Row) -> bool:
        """Tell whether what was made of the same content in the same way is still good."""
        if self.policy.force or row.state not in {*_READ, State.FAILED}:
            return False
        if row.state in _READ and not self._result(row.name).is_file():
            return False
        return row.state is State.DONE or not self.policy.retry_failed

    def _twin(self, path: str, fingerprint: str) -> str | None:
        """Return the path of another file with the same content that was read, or will be in this run."""
        for row in self.ledger.twins(path, fingerprint):
            if row.path in self._picked or self._is_unchanged(row):
                return row.path
        return None

    def _is_unchanged(self, row: Row) -> bool:
        """Tell whether a file that was not looked at in this run still is what the ledger has of it."""
        if row.path not in self._paths:
            return row.state in _READ and self._result(row.name).is_file()
        with suppress(OSError):
            return files.digest(self._paths[row.path].path) == row.sha256
        return False

    def _fingerprint(self, one: Input, sha256: str) -> str:
        said = json.dumps([sha256, self.reading, asdict(one.options)], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()

    def _ended(self, each: _Try, outcome: Outcome, seconds: float) -> None:
        one = each.one
        if outcome.deferred:
            self.ledger.wait(text(one.path), outcome.reason)
            self._tally.deferred.append(one)
            self.watch.ended(one, outcome)
        elif outcome.passing and each.tries < self.policy.attempts and not self.stop.level:
            wait = self._wait(each.tries)
            self.ledger.wait(text(one.path), outcome.reason)
            heapq.heappush(self._later, (time.monotonic() + wait, self._count, each))
            self._count += 1
            self.watch.again(one, outcome, wait)
        else:
            self._finish(one, self._written(one, outcome), seconds, each.fingerprint)

    def _wait(self, tries: int) -> float:
        """Return the seconds until the next try: longer every time, and not the same for all."""
        state = tenacity.RetryCallState(tenacity.Retrying(), None, (), {})
        state.attempt_number = tries
        first, longest = self.policy.first_wait, self.policy.longest_wait
        return float(tenacity.wait_random_exponential(first, longest, min=first)(state))

    def _finish(self, one: Input, outcome: Outcome, seconds: float, fingerprint: str) -> None:
        self.ledger.finish(text(one.path), outcome, seconds, fingerprint)
        self._tally.states[outcome.state] += 1
        self._tally.findings += outcome.facts.findings
        self.watch.ended(one, outcome)

    def _written(self, one: Input, outcome: Outcome) -> Outcome:
        """Write what was read; a failure of this file's own is its outcome, any other raises OutputError."""
        name = one.name
        if outcome.state is State.FAILED:
            # What an earlier run read there is of other content, or was read in another way.
            self._remove(name)
            return outcome
        sheets = {sheet: content for sheet, content in outcome.files.items() if sheet}
        files = {self.folder / name / sheet: content for sheet, content in sheets.items()}
        try:
            export.write({**files, self._result(name): outcome.files[""]})
            if sheets:
                export.clear(self.folder / name, sheets)
        except errors.OutputError as error:
            cause = error.__cause__
            if isinstance(cause, OSError) and cause.errno in _OWN_FAULTS:
                return Outcome(State.FAILED, str(error))
            with suppress(errors.OutputError):
                self.ledger.wait(text(one.path))
            raise
        return outcome

    def _remove(self, name: str) -> None:
        export.clear(self.folder / name, ())
        export.remove(self._result(name))

    def _result(self, name: str) -> Path:
        return self.folder / f"{name}.json"


def reading_digest(said: Mapping[str, object] | Iterable[object]) -> str:
    """Return a digest of what all results depend on."""
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
