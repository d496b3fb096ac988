"""How pages are recognised, from the options of a call, and what to install where they are not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from structurer import errors, export, ocr, pipeline
from structurer.cli import cache, options, running
from structurer.ocr import processes
from structurer.records import How

if TYPE_CHECKING:
    from collections.abc import Iterable

    from structurer.cli.options import Recognising

_FOLDER = "pages"


def settled(given: Recognising | None = None) -> pipeline.Recognition:
    """Return how pages are recognised, by default as without options; raises UsageError for wrong use."""
    given = given or options.Recognising()
    if given.no_ocr_cache and given.ocr_cache is not None:
        msg = "--ocr-cache keeps recognised pages, and --no-ocr-cache keeps none; give one of the two"
        raise errors.UsageError(msg)
    folder = None if given.no_ocr_cache else _folder(given.ocr_cache)
    return pipeline.Recognition(given.ocr, given.workers or processes.sensible(), folder)


def advise(recognition: pipeline.Recognition, pages: Iterable[str]) -> None:
    """Say what to install where a page, by how it was read, could have been recognised."""
    if How.UNREAD.value in pages and recognition.which != pipeline.OCR[-1] and not ocr.available():
        running.complain(ocr.MISSING)


def _folder(named: str | None) -> Path | None:
    if named is None:
        return cache.folder(_FOLDER)
    if not named.strip():
        msg = "--ocr-cache: the name of a folder is expected here"
        raise errors.UsageError(msg)
    folder = Path(named).expanduser()
    try:
        export.check(folder)
    except errors.OutputError as error:
        running.complain(f"{error}; pages that are recognised now are not kept")
    return folder
