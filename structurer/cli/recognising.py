"""How pages are recognised, from the options of a call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from structurer import errors, export, pipeline
from structurer.cli import cache, options, running
from structurer.ocr import processes

if TYPE_CHECKING:
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
