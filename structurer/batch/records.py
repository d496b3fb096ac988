"""What goes between the driver and the engine: a file to read, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class State(StrEnum):
    """Where a file of a batch stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    PARTIAL = "partial"
    """Read and written; a model left questions unanswered, and there the reading by layout is kept."""
    FAILED = "failed"
    SKIPPED = "skipped"
    """Its content is that of another file."""


@dataclass(frozen=True, slots=True)
class Options:
    """How one file is read where that differs from the others; None: as they are."""

    pages: str | None = None
    ocr: str | None = None
    engine: str | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """A file of a batch."""

    path: Path
    name: str
    """Of its result, in the folder of the results, without an ending; with folders of its own where it had any."""
    options: Options = Options()


@dataclass(frozen=True, slots=True)
class Task:
    """A file that is to be read now."""

    path: Path
    options: Options


@dataclass(frozen=True, slots=True)
class Facts:
    """What a line of the summary says of a result, in numbers."""

    pages: int = 0
    unread: int = 0
    """Pages that could not be read."""
    tables: int = 0
    cards: int = 0
    claims: int = 0
    figures: int = 0
    grounded: int = 0
    proven: int = 0
    doubtful: int = 0
    """Values that are marked doubtful."""
    ties: int = 0
    rounding: int = 0
    broken: int = 0
    unknown: int = 0
    findings_document: int = 0
    findings_reading: int = 0
    findings_other: int = 0
    """Those that blame nobody."""
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: str = ""
    currency: str = ""

    @property
    def findings(self) -> int:
        """All of them."""
        return self.findings_document + self.findings_reading + self.findings_other


@dataclass(frozen=True, slots=True)
class Found:
    """A finding as a row of the table over all files."""

    code: str
    blame: str
    page: int | None
    place: str
    """Pointer into the result."""
    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a file."""

    state: State
    reason: str = ""
    passing: bool = False
    """Whether trying again may help: what failed was not the file."""
    deferred: bool = False
    """Whether its questions wait for the provider's batch; nothing is written then."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """What is to be written: the JSON under an empty name, sheets under theirs."""
    sha256: str = ""
    """Of the content that was read."""
    facts: Facts = Facts()
    findings: tuple[Found, ...] = ()
