"""The documents of one `extract`, one after the other: a bad one does not stop the others."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from structurer import catalog, errors, export, pipeline, report
from structurer.cli import names, page_numbers, running
from structurer.report import terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from structurer.catalog import Catalog
    from structurer.records import Json, Page

    Result = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Job:
    """What one call asks for."""

    files: tuple[Path, ...]
    folder: Path | None
    """Where the results go; None for stdout."""
    pages: str | None
    schemas: Path | None
    csv: bool


def place(out: str | None, files: Sequence[Path], *, csv: bool) -> Path | None:
    """Return the folder for the results, None for stdout; raises UsageError or OutputError if it can be neither."""
    if not out:
        msg = "-o is missing: name a folder for the results (-o out), or print the JSON (-o -)"
        raise errors.UsageError(msg)
    if out != "-":
        export.check(Path(out))
        return Path(out)
    if len(files) > 1:
        msg = f"-o - prints the JSON of one file, and {len(files)} are given; name a folder"
        raise errors.UsageError(msg)
    if csv:
        msg = "--csv writes files and -o - none; name a folder"
        raise errors.UsageError(msg)
    return None


def run(job: Job, lang: str | None) -> int:
    """Read every file, write and print what was found; return the worst exit code."""
    pages = page_numbers.parse(job.pages) if job.pages is not None else None
    known = catalog.load(job.schemas)
    messages = running.messages(lang, known)
    files = once(job.files)
    worst = 0
    for path, name in zip(files, names.output_names(files), strict=True):
        try:
            result, opened = read(path, known, pages)
            page_numbers.check(pages, opened, str(path))
            _write(job, name, result)
            if job.folder and name != path.stem:
                running.complain(f"{path}: its result is called {name}, to be told from others")
            _tell(job, result, messages)
        except errors.StructurerError as error:
            running.complain(str(error))
            worst = max(worst, error.exit_code)
        else:
            worst = max(worst, running.FINDINGS if report.summarize(result).findings else 0)
    return worst


def once(files: Sequence[Path]) -> list[Path]:
    """Return the files without those that are given again."""
    found: dict[Path, Path] = {}
    for path in files:
        if found.setdefault(path.absolute(), path) is not path:
            running.complain(f"{path}: is given twice and read once")
    return list(found.values())


def read(path: Path, known: Catalog, pages: Collection[int] | None) -> tuple[Result, list[int | None]]:
    """Return what a document, or these pages of it, holds, and the number of every page; raises DocumentError."""
    opened: list[int | None] = []
    with running.reading(path), _progress(path) as step:

        def progress(page: Page) -> None:
            opened.append(page.number)
            step()

        result = pipeline.extract_file(path, known, pages=pages, progress=progress)
    return result, opened


@contextmanager
def _progress(path: Path) -> Iterator[Callable[[], None]]:
    """Give what to call at every page; it moves a bar on stderr if that is a terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.completed} pages"))
    with Progress(*columns, TimeElapsedColumn(), console=terminal.console(sys.stderr), transient=True) as bar:
        task = bar.add_task(report.printable(path.name, 40), total=None)
        yield lambda: bar.advance(task)


def _write(job: Job, name: str, result: Result) -> None:
    if job.folder is None:
        running.emit(export.as_json(result))
        return
    sheets = export.as_csv(result) if job.csv else {}
    files = {job.folder / name / sheet: content for sheet, content in sheets.items()}
    # The JSON is renamed last: where it is new, the others are.
    export.write({**files, job.folder / f"{name}.json": export.as_json(result)})
    if job.csv:
        export.clear(job.folder / name, sheets)


def _tell(job: Job, result: Result, messages: report.Messages) -> None:
    """Print what was found: on stdout, or on stderr where stdout holds the JSON."""
    found, lines = report.summarize(result), list(report.finding_lines(result, messages))
    if job.folder is None:
        terminal.show(found, lines, messages, terminal.console(sys.stderr))
        return
    with running.printing() as out:
        terminal.show(found, lines, messages, out)
