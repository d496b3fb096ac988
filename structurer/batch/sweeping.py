"""What runs that were killed left half-written, removed."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from pathlib import Path

# A file that is not whole yet: of a result, and of an answer or a page, with the number of its process.
_RESULT, _KEPT = ".structurer-*.tmp", ".*.new"
# The start of a process and a file's time are not told by one clock (seconds).
_CLOCKS = 2.0
_PROCESS = re.compile(r"\.(\d+)-.*")


def results(folder: Path) -> None:
    """Sweep the folder of a batch, which is ours alone while we hold its ledger."""
    for path in folder.rglob(_RESULT):
        _remove(path)
    shared(folder)


def shared(folder: Path) -> None:
    """Sweep a folder that others may be writing: what belongs to a process that is gone goes."""
    for path in folder.rglob(_KEPT):
        process = _PROCESS.fullmatch(path.name)
        if process is not None and not _is_at_work(int(process[1]), path):
            _remove(path)


def _is_at_work(number: int, path: Path) -> bool:
    """Tell whether the process runs that a file belongs to.

    One that has ended may be listed until its parent has taken notice; one that began after the file was written only
    has the number of another.
    """
    try:
        process = psutil.Process(number)
        return process.status() != psutil.STATUS_ZOMBIE and process.create_time() <= path.stat().st_mtime + _CLOCKS
    except (psutil.NoSuchProcess, FileNotFoundError):
        return False
    except (psutil.Error, OSError):
        return True


def _remove(path: Path) -> None:
    # What cannot be removed is in nobody's way.
    with suppress(OSError):
        path.unlink()
