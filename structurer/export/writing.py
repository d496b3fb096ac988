"""Files written together or not at all: beside their places first, then renamed."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from structurer import errors

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

# The files that `as_csv` names; only these are cleared away when a later run has them no more.
_OURS = re.compile(r"t\d+-[\w-]+\.csv|cards(-[\w-]+)?\.csv|indicators\.csv|claims\.csv")


def check(folder: Path) -> None:
    """Raise OutputError if files cannot be written into the folder, there or yet to be made."""
    if os.path.lexists(folder):
        if not folder.is_dir():
            raise errors.OutputError(str(folder), "this is a file; a folder for the results is expected")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise errors.OutputError(str(folder), "the folder cannot be written to")
        return
    above = next((parent for parent in folder.absolute().parents if parent.exists()), None)
    if above is None or not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise errors.OutputError(str(folder), "the folder cannot be made there")


def write(files: Mapping[Path, bytes]) -> None:
    """Write all the files, making their folders, or none; raises OutputError and leaves what was there before."""
    # Names of their own and short: a file's may be as long as the file system takes.
    beside = {path: path.parent / f".structurer-{secrets.token_hex(6)}.tmp" for path in files}
    made = [folder for folder in {path.parent for path in files} if not folder.exists()]
    path = None
    try:
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with beside[path].open("xb") as file:
                file.write(content)
        for path in files:
            beside[path].replace(path)
    except OSError as error:
        raise errors.OutputError(str(path), f"cannot be written ({error.strerror or error})") from error
    finally:
        # Whatever stopped the writing, Ctrl-C too; after the renaming there is nothing left.
        for temporary in beside.values():
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
        for folder in sorted(made, reverse=True):
            with suppress(OSError):
                folder.rmdir()  # refused if anything is in it


def remove(path: Path) -> None:
    """Remove the file of an earlier run, if there is one; raises OutputError if it cannot be."""
    try:
        path.unlink(missing_ok=True)
    except NotADirectoryError:
        return
    except OSError as error:
        raise errors.OutputError(str(path), f"cannot be removed ({error.strerror})") from error


def clear(folder: Path, names: Collection[str]) -> None:
    """Remove the CSV files that an earlier run left in the folder and that are not among the names."""
    try:
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.name not in names and _OURS.fullmatch(path.name):
                path.unlink()
    except OSError as error:
        raise errors.OutputError(str(folder), f"cannot be cleared of earlier files ({error.strerror})") from error
