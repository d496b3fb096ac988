"""How a batch gets on: a bar on a terminal, else a line now and then; what goes wrong is said at once."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from structurer.batch.records import State
from structurer.cli import running
from structurer.report import terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from structurer.batch.records import Input, Outcome
    from structurer.llm import Spent
    from structurer.report import Messages

# Seconds between two lines where there is no terminal.
_QUIET = 60.0
# Speed is that of so many seconds.
_PERIOD = 300.0
_BAD = frozenset({State.FAILED, State.PARTIAL})


@dataclass(slots=True)
class Progress:
    """Follows a run."""

    messages: Messages
    files: int
    spent: Callable[[], Spent] | None = None
    """What the model took so far."""
    show: Callable[[dict[str, Any]], None] | None = None
    """Moves the bar; None where there is no terminal."""
    ended_files: int = 0
    pages: int = 0
    failed: int = 0
    _read: int = 0
    _started: float = field(default_factory=time.monotonic)
    _last: float = field(default_factory=time.monotonic)

    def page(self) -> None:
        """Count a page."""
        self.pages += 1
        self._tell()

    def ended(self, one: Input, outcome: Outcome | None, *, kept: bool = False) -> None:
        """Count a file that has come to its end for this run."""
        self.ended_files += 1
        self._read += outcome is not None
        if outcome is not None and outcome.state in _BAD and not outcome.deferred:
            self.failed += outcome.state is State.FAILED
            state = self.messages.word(f"batch_state_{outcome.state}")
            running.say(self.messages.word("batch_bad", file=one.name, state=state, reason=outcome.reason or "-"))
        self._tell(last=kept)

    def again(self, one: Input, outcome: Outcome, seconds: float) -> None:
        """Say that a file is tried again."""
        running.say(
            self.messages.word("batch_again", file=one.name, reason=outcome.reason, seconds=f"{max(1, round(seconds))}")
        )

    def _tell(self, *, last: bool = False) -> None:
        now = time.monotonic()
        if self.show is not None:
            self.show(self._shown())
        elif not last and now - self._last >= _QUIET:
            self._last = now
            facts = {"ended": self.ended_files, "files": self.files, "pages": self.pages, "failed": self.failed}
            running.say(self.messages.word("batch_progress", **facts, time=self._left(now)))

    def _shown(self) -> dict[str, Any]:
        told = f"{self.ended_files}/{self.files} files, {self.pages} pages"
        if self.failed:
            told += f", {self.failed} failed"
        if self.spent is not None:
            spent = self.spent()
            told += f", {spent.requests} requests"
            told += f", {spent.cost.normalize():f}" if spent.cost else ""
        minutes = max(1e-6, (time.monotonic() - self._started) / 60)
        return {"completed": self.ended_files, "told": told, "rate": f"{self._read / minutes:.1f}/min"}

    def _left(self, now: float) -> str:
        """Return the time that the rest takes at the speed so far."""
        if not self._read:
            return "?"
        seconds = (self.files - self.ended_files) * (now - self._started) / self._read
        return str(timedelta(seconds=round(seconds)))


@contextmanager
def following(messages: Messages, files: int, spent: Callable[[], Spent] | None) -> Iterator[Progress]:
    """Give what follows a run; on a terminal it moves a bar on stderr."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield Progress(messages, files, spent)
        return
    from rich import progress

    columns = (
        progress.BarColumn(),
        progress.TextColumn("{task.fields[told]}", markup=False),
        progress.TextColumn("{task.fields[rate]}", markup=False),
        progress.TimeElapsedColumn(),
        progress.TextColumn("left:"),
        progress.TimeRemainingColumn(),
    )
    console = terminal.console(sys.stderr)
    with progress.Progress(*columns, speed_estimate_period=_PERIOD, console=console, transient=True) as bar:
        task = bar.add_task("", total=files, told="", rate="")
        yield Progress(messages, files, spent, lambda shown: bar.update(task, **shown))
