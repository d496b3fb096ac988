"""Pages recognised in processes of their own, each with its share of the cores; what ends one costs its page alone."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from multiprocessing import connection, resource_tracker
from typing import TYPE_CHECKING

from structurer import ocr

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from structurer.ocr import Scan

    Read = Callable[[int | None], Scan | None]
    """What a page shows, by its number."""

# More processes than this are not started unless they are asked for; each is given so much memory (bytes).
_MOST, _MEMORY = 4, 2 << 30
# Pages a process is given at a time: while it sends one back it has another.
_EACH = 2


def sensible() -> int:
    """Return how many processes suit this machine: one a core, four at most, and no more than memory suffices for."""
    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        memory = _MEMORY
    return max(1, min(cores(), _MOST, memory // _MEMORY))


def cores() -> int:
    """Return on how many cores this process may run."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load(threads: int) -> None:
    """Make this process ready to recognise pages with so many threads."""
    extra = import_module("structurer.ocr.extra")
    extra.cv2.setNumThreads(threads)
    line = extra.np.full((32, 32), 255, extra.np.uint8)
    import_module("structurer.ocr.recogniser").read([line])


@dataclass(slots=True, eq=False)
class _Worker:
    """A process, and the pages it was given and has not sent back, the one it is at first."""

    process: BaseProcess
    line: Connection
    ready: bool = False
    pages: deque[int | None] = field(default_factory=deque)


class Workers:
    """Processes that `read` pages, `most` at a time, until they are closed.

    Where a process is killed (memory may not suffice), its page comes back unread; where it fails, its page is read
    in this one, to fail as it does without workers. A process that ends before it is ready is not replaced, for no
    page is to blame; where none is left, all pages are read in this one.
    """

    def __init__(self, read: Read, most: int, load: Callable[[int], None] = load) -> None:
        self._read, self._load, self._most = read, load, most
        self._threads = max(1, cores() // most)
        self._workers: list[_Worker] = []
        # Pages that are for this process, and those that another was killed over.
        self._left: deque[int | None] = deque()
        self._lost: deque[int | None] = deque()

    def close(self) -> None:
        """End the processes, whatever they are at."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            _close(worker)
        self._workers.clear()

    def free(self) -> bool:
        """Tell whether there is somebody for another page."""
        given = sum(len(worker.pages) for worker in self._workers)
        return not self._left and not self._lost and given < _EACH * max(1, self._most)

    def put(self, number: int | None) -> None:
        """Hand a page over."""
        worker = min(self._workers, key=lambda each: len(each.pages), default=None)
        if (worker is None or worker.pages) and len(self._workers) < self._most:
            worker = self._started() or worker
        if worker is None:
            self._left.append(number)
            return
        worker.pages.append(number)
        # That it has ended is noticed when it is waited for.
        with suppress(OSError):
            worker.line.send(number)

    def take(self) -> tuple[int | None, Scan | None]:
        """Return the number of a page that was handed over, whichever comes first, and what it shows."""
        while not self._lost and not self._left:
            worker = self._heard()
            try:
                answer = worker.line.recv()
            except (EOFError, OSError):
                self._bury(worker)
                continue
            if not worker.ready:
                worker.ready = True
                continue
            return worker.pages.popleft(), answer
        if self._lost:
            return self._lost.popleft(), ocr.unread("worker_died")
        number = self._left.popleft()
        return number, self._read(number)

    def _heard(self) -> _Worker:
        """Wait for a process that has something to say, or has ended."""
        by_line = {id(worker.line): worker for worker in self._workers}
        return by_line[id(connection.wait([worker.line for worker in self._workers])[0])]

    def _started(self) -> _Worker | None:
        """Return a new process, None if there can be none."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_run, args=(theirs, self._read, self._load, self._threads), daemon=True)
        try:
            start(process)
        except OSError:
            ours.close()
            self._most = len(self._workers)
            return None
        finally:
            theirs.close()
        worker = _Worker(process, ours)
        self._workers.append(worker)
        return worker

    def _bury(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.process.join()
        killed = (worker.process.exitcode or 0) < 0
        _close(worker)
        if not worker.ready:
            self._most -= 1
        elif worker.pages:
            (self._lost if killed else self._left).append(worker.pages.popleft())
        for number in worker.pages:
            self.put(number)


def _close(worker: _Worker) -> None:
    worker.line.close()
    worker.process.kill()
    worker.process.join()
    worker.process.close()


def start(process: BaseProcess) -> None:
    """Start a process that never hears of Ctrl-C: it is for its parent to end it."""
    # Starting the tracker would let the signal through again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _run(line: Connection, read: Read, load: Callable[[int], None], threads: int) -> None:
    """Serve in silence: what goes wrong goes wrong again in the parent, and is said there."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    _serve(line, read, load, threads)


def _serve(line: Connection, read: Read, load: Callable[[int], None], threads: int) -> None:
    """Say when this process is ready, then answer every number of a page with what it shows, until nobody asks."""
    load(threads)
    line.send(True)  # noqa: FBT003  the word is sent, not passed
    while True:
        try:
            number = line.recv()
        except EOFError:
            return
        line.send(read(number))
