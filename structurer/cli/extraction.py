"""The documents of one `extract`, one after the other: a bad one does not stop the others."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from structurer import catalog, errors, export, names, page_numbers, pipeline, report
from structurer.cli import asking, progress, recognising, running
from structurer.records import How
from structurer.report import terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from structurer.catalog import Catalog
    from structurer.cli.options import Asking
    from structurer.records import Json, Page, Question, Reply

    Result = dict[str, Json]

# The finding that says that a model gave no answer.
_UNANSWERED = "model_failed"


@dataclass(frozen=True, slots=True)
class Job:
    """What one call asks for."""

    files: tuple[Path, ...]
    folder: Path | None
    """Where the results go; None for stdout."""
    pages: str | None
    schemas: Path | None
    csv: bool
    recognition: pipeline.Recognition
    given: Asking


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
    """Read every file, write and print what was found; return the worst exit code.

    From good to bad: 0 all is well; 1 findings; 4 a limit was reached, or a model left a question without an answer,
    and what layout reads was written in its place; 2 a file does not suit the options; 3 a file could not be read or
    written, or the endpoint answered nothing of what it was sent, in which case what layout reads was written.
    """
    pages = page_numbers.parse(job.pages) if job.pages is not None else None
    found = asking.settled(job.given)
    known = catalog.load(job.schemas)
    messages = running.messages(lang, known)
    files = once(job.files)
    codes = []
    with asking.opened(job.given, found, messages) as asker:
        model = asker.model() if asker else None
        for path, name in zip(files, names.output_names(files), strict=True):
            try:
                result, opened = read(path, known, pages, model, job.recognition)
                page_numbers.check(pages, opened, str(path))
                _write(job, name, result)
                if job.folder and name != path.stem:
                    running.complain(f"{path}: its result is called {name}, to be told from others")
                _tell(job, result, messages)
                recognising.advise(job.recognition, _hows(result))
            except errors.StructurerError as error:
                running.complain(str(error))
                codes.append(error.exit_code)
            else:
                codes.append(_code(result))
        codes.append(asker.exit_code() if asker else 0)
    return running.worst(codes)


def _hows(result: Mapping[str, Any]) -> list[str]:
    """Return how each page was read."""
    return [page["how"] for page in result["source"]["pages"]]


def _code(result: Mapping[str, Any]) -> int:
    """Return how a file ended that was read and written."""
    findings = result["verification"]["findings"]
    if any(finding["code"] == _UNANSWERED for finding in findings):
        return running.IN_PART
    return running.FINDINGS if findings else 0


def once(files: Sequence[Path]) -> list[Path]:
    """Return the files without those that are given again."""
    found: dict[Path, Path] = {}
    for path in files:
        if found.setdefault(path.absolute(), path) is not path:
            running.complain(f"{path}: is given twice and read once")
    return list(found.values())


def read(
    path: Path,
    known: Catalog,
    pages: Collection[int] | None,
    model: pipeline.Model | None = None,
    recognition: pipeline.Recognition | None = None,
) -> tuple[Result, list[int | None]]:
    """Return what a document, or these pages of it, holds, and the number of every page; raises DocumentError."""
    opened: list[int | None] = []
    how = recognition or recognising.settled()
    with errors.reading(path), progress.bar(path, pages) as step:

        def told(page: Page) -> None:
            opened.append(page.number)
            if pages is None or page.number in pages:
                step(slow=page.how is How.OCR)

        watched = replace(model, ask=_watched(model, step)) if model else None
        result = pipeline.extract_file(path, known, pages=pages, progress=told, model=watched, recognise=how)
    return result, opened


def _watched(model: pipeline.Model, step: Callable[..., None]) -> Callable[[Iterable[Question]], Iterator[Reply]]:
    def ask(questions: Iterable[Question]) -> Iterator[Reply]:
        for reply in model.ask(questions):
            step(progress.ANSWERS)
            yield reply

    return ask


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
