"""Files written whole or not at all: beside their place first, then renamed."""

from __future__ import annotations

import os
import re
import secrets
from typing import TYPE_CHECKING

from structurer import errors

if TYPE_CHECKING:
    from collections.abc import Mapping
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


def write(path: Path, content: bytes) -> None:
    """Write the file, making its folder; raises OutputError and leaves what was there before."""
    # Its own short name: the file's may be as long as the file system takes.
    beside = path.parent / f".structurer-{secrets.token_hex(6)}.tmp"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with beside.open("xb") as file:
                file.write(content)
            beside.replace(path)
        finally:
            # Whatever stopped the writing, Ctrl-C too; after the renaming there is nothing left.
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise errors.OutputError(str(path), f"cannot be written ({error.strerror or error})") from error


def write_csv(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the CSV files of one document and remove those an earlier run left that are no longer true."""
    for name, content in files.items():
        write(folder / name, content)
    try:
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.name not in files and _OURS.fullmatch(path.name):
                path.unlink()
    except OSError as error:
        raise errors.OutputError(str(folder), f"cannot be cleared of earlier files ({error.strerror})") from error
