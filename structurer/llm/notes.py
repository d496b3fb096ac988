"""What was sent to the provider, noted before it is sent: one file, read and written by one process at a time."""

from __future__ import annotations

import fcntl
import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

from structurer import files
from structurer.errors import OutputError
from structurer.llm.adaptation import Adaptation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAME, _LOCK = "batches.json", ".lock"


@dataclass(slots=True)
class Note:
    """One batch; an intent until its id is known."""

    digest: str
    """The sha256 of the file that is uploaded; the batch carries it, too."""
    requests: int
    keys: tuple[str, ...]
    """Of the requests, in the order of the file; none once it is collected."""
    without: tuple[str, ...]
    """Parameters that were left out."""
    file: str = ""
    """What the provider calls the file that was uploaded."""
    id: str = ""
    """What the provider calls the batch."""
    ended: str = ""
    """Its last status; empty until it is collected."""
    tokens_in: int = 0
    tokens_out: int = 0

    def __post_init__(self) -> None:
        """Take lists for tuples, as JSON has them."""
        self.keys, self.without = tuple(self.keys), tuple(self.without)


@dataclass(slots=True)
class Notes:
    """All batches of a folder, and what was learnt from them."""

    path: Path
    batches: list[Note] = field(default_factory=list)
    attempts: dict[str, int] = field(default_factory=dict)
    """How often a request came back without an answer."""
    adaptation: Adaptation = field(default_factory=Adaptation)
    alone: bool = False
    """Whether the provider takes one batch of ours at a time."""
    most: int | None = None
    """The most requests that it may take in one; None: nothing is known of that."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the notes of a folder; raises OutputError where they are damaged: it is not known what was sent."""
        path = folder / _NAME
        try:
            stored: dict[str, Any] = json.loads(path.read_bytes())
            stored["batches"] = [Note(**note) for note in stored["batches"]]
            stored["adaptation"] = Adaptation(stored.pop("without"))
            return cls(path, **stored)
        except FileNotFoundError:
            return cls(path)
        except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
            raise OutputError(str(path), "is damaged; without it, what was sent is sent and paid again") from error

    def save(self) -> None:
        """Write it all; raises OutputError if that fails."""
        stored = {
            "batches": [asdict(note) for note in self.batches],
            "attempts": self.attempts,
            "without": sorted(self.adaptation.without),
            "alone": self.alone,
            "most": self.most,
        }
        text = json.dumps(stored, sort_keys=True, indent=1, ensure_ascii=False) + "\n"
        try:
            files.write(self.path, text.encode("utf-8", "replace"), lasting=True)
        except OSError as error:
            raise OutputError(str(self.path), f"cannot be written ({error.strerror})") from error

    def intents(self) -> list[Note]:
        """Return the batches of which it is not known whether the provider has them."""
        return [note for note in self.batches if not note.id]

    def open(self) -> list[Note]:
        """Return the batches that the provider has and that are not collected."""
        return [note for note in self.batches if note.id and not note.ended]

    def ids(self) -> set[str]:
        """Return what the provider calls the batches."""
        return {note.id for note in self.batches if note.id}


@contextmanager
def alone(folder: Path) -> Iterator[Notes]:
    """Give the notes of a folder to one process; raises OutputError while another has them."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / _LOCK).open("wb")
    except OSError as error:
        raise OutputError(str(folder), f"cannot be written ({error.strerror})") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise OutputError(str(folder), "another run is sending what waits there") from error
        yield Notes.load(folder)
