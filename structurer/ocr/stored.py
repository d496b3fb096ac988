"""Recognised pages that are kept: a plain folder of JSON files, named for the picture and for what recognised it."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from structurer import files, ocr
from structurer.records import Box, Ruling, Word

if TYPE_CHECKING:
    from collections.abc import Callable

    from structurer.ocr import Scan
    from structurer.records import Picture

# The distributions that take part in a reading; some have one of several names.
_DISTRIBUTIONS = (
    "numpy",
    "onnxruntime",
    "onnxruntime-gpu",
    "opencv-contrib-python",
    "opencv-contrib-python-headless",
    "opencv-python",
    "opencv-python-headless",
    "rapidocr",
)


@dataclass(frozen=True, slots=True)
class Reader:
    """Draws a page and recognises it, or finds what was recognised in the same picture before."""

    draw: Callable[[int | None], Picture | None]
    """By the number of a page."""
    folder: Path | None = None
    """Where recognised pages are kept; None: nowhere."""

    def __call__(self, number: int | None) -> Scan | None:
        """Return what a page shows, None if it cannot be drawn; where memory does not suffice, the scan says so."""
        try:
            picture = self.draw(number)
            return None if picture is None else self._read(picture)
        except MemoryError:
            return ocr.unread("no_memory")

    def stored(self, number: int | None) -> Scan | None:
        """Return what is kept of a page, None if nothing is."""
        picture = self.draw(number) if self.folder else None
        return load(self.folder, key(picture)) if self.folder and picture else None

    def _read(self, picture: Picture) -> Scan:
        if self.folder is None:
            return ocr.read(picture)
        name = key(picture)
        scan = load(self.folder, name)
        if scan is None:
            scan = ocr.read(picture)
            store(self.folder, name, scan)
        return scan


def key(picture: Picture) -> str:
    """Return the sha256 of a picture and of what recognises it."""
    about = f"{version()} {picture.width} {picture.height} {picture.points!r}\n"
    digest = hashlib.sha256(about.encode())
    digest.update(picture.pixels)
    return digest.hexdigest()


@cache
def version() -> str:
    """Return what identifies the recogniser: the versions of its packages, and the sha256 of our own code."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return " ".join([*(f"{name} {_installed(name)}" for name in _DISTRIBUTIONS), digest.hexdigest()])


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "-"


def load(folder: Path, name: str) -> Scan | None:
    """Return what is kept under a key; a file that is damaged or belongs to something else is overlooked."""
    try:
        kept = json.loads(_path(folder, name).read_bytes())
        return _from_json(kept["scan"]) if kept["digest"] == _digest(name, kept["scan"]) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def store(folder: Path, name: str, scan: Scan) -> None:
    """Keep what was recognised, if the folder can be written."""
    described = asdict(scan)
    text = json.dumps({"digest": _digest(name, described), "scan": described}, ensure_ascii=False) + "\n"
    path = _path(folder, name)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, text.encode("utf-8", "surrogatepass"))


def _path(folder: Path, name: str) -> Path:
    return folder / name[:2] / f"{name}.json"


def _digest(name: str, described: Any) -> str:  # noqa: ANN401  whatever a file may hold
    """Return the sha256 of a key and what is kept under it: one changed digit would be a wrong figure."""
    text = json.dumps(described, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{name} {text}".encode()).hexdigest()


def _from_json(described: dict[str, Any]) -> Scan:
    words = tuple(Word(**{**word, "box": Box(**word["box"])}) for word in described["words"])
    rulings = tuple(Ruling(**ruling) for ruling in described["rulings"])
    return ocr.Scan(**{**described, "words": words, "rulings": rulings})
