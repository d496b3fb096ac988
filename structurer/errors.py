"""What can go wrong on our side.

StructurerError
├── UsageError           exit 2: an option or an argument that makes no sense
│   └── CatalogError     exit 2: a schema, a lexicon or a rule that is wrong
├── DocumentError        exit 3: a file that could not be opened or read
└── OutputError          exit 3: a result that could not be written
"""

from __future__ import annotations

import traceback
from contextlib import contextmanager
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A fault of ours in one document must not cost the others.
_STUMBLES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)


class StructurerError(Exception):
    """A problem the user can act on; its text is the whole message."""

    exit_code = 3


class UsageError(StructurerError):
    """The call makes no sense."""

    exit_code = 2


class _FileError(StructurerError):
    """Something is wrong with one file."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)

    def __str__(self) -> str:
        return ": ".join(self.args)


class CatalogError(_FileError, UsageError):
    """A file of the user's or our schemas is wrong."""


class DocumentError(_FileError):
    """The file could not be read as a disclosure."""


class OutputError(_FileError):
    """The result could not be written."""


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever the system refuses while a document is read, and what we stumble over, into a DocumentError."""
    try:
        yield
    except OSError as error:
        raise DocumentError(str(path), error.strerror or "cannot be read") from error
    except _STUMBLES as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{PurePath(where.filename).name}, line {where.lineno}"
        reason = f"a fault of structurer ({type(error).__name__} in {place}); please report it with the file"
        raise DocumentError(str(path), reason) from error
