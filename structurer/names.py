"""What the results are called: the stem of each input, told apart where two inputs share it."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def output_names(paths: Sequence[Path]) -> list[str]:
    """Return a name for the result of each input, no two alike.

    Inputs that share a stem keep their ending after a hyphen; those that share this too are numbered
    in their order.

    >>> from pathlib import Path
    >>> output_names([Path("a.pdf"), Path("a.docx"), Path("b.pdf"), Path("old/a.pdf")])
    ['a-pdf', 'a-docx', 'b', 'a-pdf-2']
    """
    stems = [_stem(path) for path in paths]
    shared = Counter(map(_folded, stems))
    alone = {_folded(stem) for stem in stems if shared[_folded(stem)] == 1}
    taken = set(alone)
    return [
        stem if _folded(stem) in alone else _free(f"{stem}-{path.suffix[1:].lower()}", taken)
        for stem, path in zip(stems, paths, strict=True)
    ]


def _stem(path: Path) -> str:
    """Return the stem without what a name must not have: control characters, and dots in front."""
    stem = "".join("_" if unicodedata.category(char) == "Cc" else char for char in path.stem)
    return stem.lstrip(".") or "document"


def _folded(name: str) -> str:
    """Return the name as a file system compares it that ignores case."""
    return unicodedata.normalize("NFC", name).casefold()


def _free(name: str, taken: set[str]) -> str:
    free, number = name, 1
    while _folded(free) in taken:
        number += 1
        free = f"{name}-{number}"
    taken.add(_folded(free))
    return free
