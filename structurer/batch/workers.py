"""Files read in processes of their own on this machine: what ends a process costs its file alone.

Every process has a line of its own to the driver, so that one which is killed in the middle of a word garbles nobody
else's. What they read goes back over it as bytes; the driver alone writes.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass, field
from multiprocessing import connection
from typing import TYPE_CHECKING, NamedTuple

import psutil

from structurer import errors
from structurer.batch.account import Remote
from structurer.batch.reading import Reader
from structurer.batch.records import Outcome, State
from structurer.ocr import processes
from structurer.records import How

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from structurer.batch.account import Account, Address
    from structurer.batch.reading import Plan
    from structurer.batch.records import Task
    from structurer.records import Page

# So often deadlines and memory are looked at (seconds).
_GLANCE = 0.2
# A process is replaced after so many files, should anything in it grow.
_FILES = 200
# A process that does not get ready, so many times in a row, never will.
_STILLBORN = 3
_MB = 1 << 20
_THREADS = "OPENCV_FOR_THREADS_NUM"
# PR_SET_PDEATHSIG of prctl(2).
_DEATH_SIGNAL = 1


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one file may take; None is no limit."""

    seconds: float | None = None
    """Without the time that it waits to be let through to a model."""
    memory: int | None = None
    """Bytes of the process that reads it."""


class Done(NamedTuple):
    """What came of a file, and how long it took."""

    task: int
    outcome: Outcome
    seconds: float


class PageRead(NamedTuple):
    """A page of a file was read."""

    task: int
    slow: bool


@dataclass(slots=True, eq=False)
class _Worker:
    process: BaseProcess
    line: Connection
    life: Connection
    """Our end of a pipe that is never written to: a process that sees it closed is alone, and ends."""
    ready: bool = False
    task: int | None = None
    given: Task | None = None
    since: float = 0.0
    waited: float = 0.0
    """Of the account, when the file was handed over."""
    files: int = 0
    ended_for: Outcome | None = None
    """Why we killed it."""


@dataclass(slots=True)
class Workers:
    """The engine of one machine: `most` processes."""

    plan: Plan
    most: int
    bounds: Bounds = Bounds()
    account: Account | None = None
    address: Address | None = None
    _workers: list[_Worker] = field(default_factory=list)
    _stillborn: int = 0
    _looked: float = 0.0
    _given: list[tuple[int, Task]] = field(default_factory=list)

    def free(self) -> bool:
        """Tell whether there is somebody for another file."""
        return len(self._given) + sum(worker.task is not None for worker in self._workers) < self.most

    def put(self, number: int, task: Task) -> None:
        """Hand a file over; `number` is how it is called when it comes back."""
        self._given.append((number, task))
        self._hand_over()

    def events(self) -> Iterator[Done | PageRead]:
        """Yield what happened, after a moment at the latest."""
        lines = {worker.line: worker for worker in self._workers}
        heard = connection.wait(list(lines), timeout=_GLANCE)
        for line, worker in lines.items():
            if line in heard:
                yield from self._heard(worker)
        if time.monotonic() - self._looked >= _GLANCE:
            self._look_after()
            self._looked = time.monotonic()
        self._hand_over()

    def close(self) -> None:
        """End the processes, whatever they are at."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            _close(worker)
        self._workers.clear()

    def _hand_over(self) -> None:
        while self._given:
            idle = (one for one in self._workers if one.task is None and one.ended_for is None)
            worker = next(idle, None) or self._started()
            if worker is None:
                return
            number, task = self._given.pop(0)
            worker.task, worker.given, worker.since = number, task, time.monotonic()
            worker.waited = self._waits(worker)
            worker.files += 1
            try:
                worker.line.send(task)
            except OSError:
                # It has ended; that is heard when it is listened to.
                worker.task = None
                self._given.insert(0, (number, task))
                return

    def _heard(self, worker: _Worker) -> Iterator[Done | PageRead]:
        try:
            said = worker.line.recv()
        except (EOFError, OSError):
            yield from self._bury(worker)
            return
        if said is _READY:
            worker.ready, worker.since = True, time.monotonic()
            self._stillborn = 0
        elif isinstance(said, bool):
            if worker.task is not None:
                yield PageRead(worker.task, said)
        elif worker.task is not None:
            done, worker.task = worker.task, None
            yield Done(done, said, time.monotonic() - worker.since)
            if worker.files >= _FILES:
                self._workers.remove(worker)
                worker.process.kill()
                _close(worker)

    def _bury(self, worker: _Worker) -> Iterator[Done]:
        """Take leave of a process that has ended; its file comes back with why."""
        self._workers.remove(worker)
        worker.process.join()
        code = worker.process.exitcode
        _close(worker)
        if worker.ended_for is _TOO_FULL and worker.task is not None and worker.given is not None:
            self._given.insert(0, (worker.task, worker.given))
            return
        if not worker.ready and worker.ended_for is None:
            self._stillborn += 1
        if worker.task is not None:
            yield Done(worker.task, worker.ended_for or _died(code), time.monotonic() - worker.since)

    def _look_after(self) -> None:
        """Kill the processes that take longer or more than they may."""
        for worker in self._workers:
            if worker.task is None or worker.ended_for is not None:
                continue
            outcome = self._too_long(worker) or self._too_large(worker)
            if outcome is not None:
                worker.ended_for = outcome
                worker.process.kill()

    def _too_long(self, worker: _Worker) -> Outcome | None:
        most = self.bounds.seconds
        if most is None or not worker.ready:
            return None
        took = time.monotonic() - worker.since - (self._waits(worker) - worker.waited)
        if took <= most:
            return None
        reason = f"it took longer than {most:g} s and was given up; --timeout gives it more"
        return Outcome(State.FAILED, reason, passing=True)

    def _too_large(self, worker: _Worker) -> Outcome | None:
        most = self.bounds.memory
        if most is None or (took := _memory(worker.process.pid)) <= most:
            return None
        if worker.files > 1:
            return _TOO_FULL
        reason = f"it took {took // _MB} MB of memory, more than {most // _MB} MB; --max-memory gives it more"
        return Outcome(State.FAILED, reason)

    def _waits(self, worker: _Worker) -> float:
        return self.account.waited(worker.process.pid or 0) if self.account else 0.0

    def _started(self) -> _Worker | None:
        """Return a new process, None if there are as many as may be; raises StructurerError if none gets ready."""
        if len(self._workers) >= self.most:
            return None
        if self._stillborn >= _STILLBORN:
            msg = f"{_STILLBORN} processes in a row ended before they could read anything"
            raise errors.StructurerError(msg)
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        last, life = context.Pipe(duplex=False)
        threads = max(1, processes.cores() // self.most)
        words = (theirs, last, self.plan, self.address, threads)
        process = context.Process(target=_run, args=words, daemon=True)
        try:
            processes.start(process)
        except OSError as error:
            ours.close()
            life.close()
            msg = f"no process can be started to read files ({error.strerror or error})"
            raise errors.StructurerError(msg) from error
        finally:
            theirs.close()
            last.close()
        worker = _Worker(process, ours, life)
        self._workers.append(worker)
        return worker


# A process that holds too much after other files: its file is read by a new one before anything is said of it.
_TOO_FULL = Outcome(State.FAILED, "the process holds too much")
# What a process says when it can be given files.
_READY = None


def _died(code: int | None) -> Outcome:
    if code is not None and code < 0:
        reason = f"the process that read it was killed (signal {-code}); the memory may not have sufficed"
    else:
        reason = f"the process that read it ended (code {code})"
    return Outcome(State.FAILED, reason, passing=True)


def _memory(process: int | None) -> int:
    try:
        return int(psutil.Process(process).memory_info().rss) if process else 0
    except psutil.Error:
        return 0


def _close(worker: _Worker) -> None:
    worker.line.close()
    worker.life.close()
    worker.process.join()
    worker.process.close()


def _run(line: Connection, life: Connection, plan: Plan, address: Address | None, threads: int) -> None:
    """Read files until nobody asks any more. What a package writes to the terminal goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)
    _end_with_driver(life)
    # OpenCV is loaded by the first scan, and the recogniser keeps to as many threads as it does.
    os.environ[_THREADS] = str(threads)
    books = None
    if address is not None and plan.asking is not None:
        books = Remote(address, weighs=plan.asking.weighs)
    reader = Reader(plan, books)
    line.send(_READY)
    while True:
        try:
            task = line.recv()
            line.send(reader.read(task, lambda page: _tell(line, page)))
        except (EOFError, OSError):
            os._exit(0)


def _tell(line: Connection, page: Page) -> None:
    line.send(page.how is How.OCR)


def _end_with_driver(life: Connection) -> None:
    """End this process when the driver has ended, whatever it is at.

    A reader may be busy outside of Python for ever, so where the system can be asked to do it, it is.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
    threading.Thread(target=_end_with, args=(life,), daemon=True).start()


def _end_with(life: Connection) -> None:
    connection.wait([life])
    os._exit(0)
