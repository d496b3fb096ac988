"""The bar on a terminal that counts the pages of a document as they are read."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from structurer import document, report
from structurer.report import terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

# What the bar counts.
PAGES, ANSWERS = "pages", "answers"
_LEFT = "left:"
# Speed is that of so many seconds: a page may take ten.
_PERIOD = 120.0


@contextmanager
def bar(path: Path, pages: Collection[int] | None = None) -> Iterator[Callable[..., None]]:
    """Give what to call at every page and answer; it moves a bar on stderr if that is a terminal.

    Once a page was slow to read, the bar tells the time left, if it can be known how many pages there are.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda *_, **__: None
        return
    from rich import progress

    total = expected(path, pages)
    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.TextColumn("{task.fields[done]}"),
        progress.TimeElapsedColumn(),
        progress.TextColumn("{task.fields[left]}"),
        progress.TimeRemainingColumn(),
    )
    console = terminal.console(sys.stderr)
    with progress.Progress(*columns, speed_estimate_period=_PERIOD, console=console, transient=True) as shown:
        done: Counter[str] = Counter()
        task = shown.add_task(report.printable(path.name, 40), total=None, done="", left="")

        def step(what: str = PAGES, *, slow: bool = False) -> None:
            done[what] += 1
            if slow and total:
                shown.update(task, total=total, left=_LEFT)
            of = {PAGES: f"/{total}"} if total else {}
            told = ", ".join(f"{count}{of.get(name, '')} {name}" for name, count in done.items())
            shown.update(task, completed=done[PAGES], done=told)

        yield step


def expected(path: Path, pages: Collection[int] | None) -> int | None:
    """Return how many pages will be read, None where that cannot be known beforehand."""
    count = document.page_count(path)
    return count if count is None or pages is None else sum(1 for page in range(1, count + 1) if page in pages)
