"""Golden documents recorded, and values in them verified by a person."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from structurer import catalog, errors, export, names, page_numbers, regression
from structurer.cli import asking, extraction, options, recognising, running
from structurer.golden import folder as folders
from structurer.regression import measuring

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from structurer.cli.settings import Settings


@dataclass(frozen=True, slots=True)
class Job:
    """What one call asks for."""

    files: tuple[Path, ...]
    out: Path
    pages: str | None
    name: str | None
    schemas: Path | None
    scans: options.Recognising
    given: options.Asking


def run(job: Job, lang: str | None) -> int:
    """Read every document and write its golden folder; return the worst exit code."""
    wanted = page_numbers.parse(job.pages) if job.pages is not None else None
    _check(job.given)
    export.check(job.out)
    known = catalog.load(job.schemas)
    messages = running.messages(lang, known)
    how = recognising.settled(job.scans)
    codes = []
    for path, target in _targets(job):
        found = asking.settled(job.given)
        if found is not None:
            found = replace(found, answers=target / folders.ANSWERS)
        try:
            regression.check(path, target)
            with asking.opened(job.given, found, messages) as asker:
                result, opened = extraction.read(path, known, wanted, asker.model() if asker else None, how)
            page_numbers.check(wanted, opened, str(path))
            regression.record(result, path, target, _options(job, found, target))
            running.say(messages.word("golden_recorded", file=target))
        except errors.StructurerError as error:
            running.complain(str(error))
            codes.append(error.exit_code)
    return running.worst(codes)


def _targets(job: Job) -> Iterator[tuple[Path, Path]]:
    """Yield each document with its folder: its own, if its truth or an earlier record is there; else one so called."""
    if job.name is not None:
        if len(job.files) > 1 or names.output_names([Path(f"{job.name}.x")]) != [job.name]:
            msg = f"--name {job.name}: the name of a folder for one document is expected"
            raise errors.UsageError(msg)
        yield job.files[0], job.out / job.name
        return
    for path, name in zip(job.files, names.output_names(job.files), strict=True):
        own = path.parent
        is_golden = any((own / each).exists() for each in (measuring.TRUTH, folders.RECORDED))
        yield path, own if is_golden and own.absolute().parent == job.out.absolute() else job.out / name


def _check(given: options.Asking) -> None:
    """Raise UsageError for what makes no sense where answers are kept in the folder."""
    for name in ("answers", "replay"):
        if getattr(given, name) is not None:
            msg = f"--{name}: the answers of a golden document are kept in its own folder; leave this out"
            raise errors.UsageError(msg)
    if given.dry_run:
        msg = "--dry-run records nothing; use it with extract"
        raise errors.UsageError(msg)


def _options(job: Job, found: Settings | None, target: Path) -> dict[str, str | float | bool | None]:
    """Return what a result depends on, to be read so again."""
    given = job.given
    asked = {"engine": given.engine, "transcribe": given.transcribe, "vision": given.vision}
    whole = {} if found is None else {**asked, "mode": found.mode, "temperature": found.temperature}
    schemas = None if job.schemas is None else folders.path_from(job.schemas, target)
    return {"pages": job.pages, "schemas": schemas, "ocr": job.scans.ocr, **whole}


def accept(target: Path, pointers: Sequence[str], by: str) -> None:
    """Mark values as verified today."""
    if not target.is_dir():
        msg = f"{target}: there is no golden document of this name"
        raise errors.UsageError(msg)
    if not by.strip():
        msg = "--by: the name of who has looked them up is expected"
        raise errors.UsageError(msg)
    count = regression.accept(target, pointers, by, datetime.now(UTC).astimezone().date().isoformat())
    running.say(f"{target}: {count} verified values")
