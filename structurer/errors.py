"""What can go wrong on our side.

StructurerError
├── UsageError           exit 2: an option or an argument that makes no sense
│   └── CatalogError     exit 2: a schema, a lexicon or a rule that is wrong
├── DocumentError        exit 3: a file that could not be opened or read
└── OutputError          exit 3: a result that could not be written
"""

from __future__ import annotations


class StructurerError(Exception):
    """A problem the user can act on; its text is the whole message."""

    exit_code = 3


class UsageError(StructurerError):
    """The call makes no sense."""

    exit_code = 2


class CatalogError(UsageError):
    """A file of the user's or our schemas is wrong."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")


class DocumentError(StructurerError):
    """The file could not be read as a disclosure."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")


class OutputError(StructurerError):
    """The result could not be written."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
