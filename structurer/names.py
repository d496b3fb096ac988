"""What the results are called: the stem of each input, told apart where two inputs share it."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path, PurePath


def output_names(paths: Sequence[Path]) -> list[str]:
    """Return a name for the result of each input, no two alike.

    Inputs that share a stem keep their ending after a hyphen; those that share this too are numbered
    in their order.

    >>> from pathlib import Path
    >>> output_names([Path("a.pdf"), Path("a.docx"), Path("b.pdf"), Path("old/a.pdf")])
    ['a-pdf', 'a-docx', 'b', 'a-pdf-2']
    """
    return _told_apart([(_clean(path.stem), path.suffix) for path in paths], ())


def tree_names(places: Sequence[PurePath], taken: Iterable[str] = ()) -> list[str]:
    """Return a name for the result of each input by its place in a tree, no two alike and none that is taken.

    >>> from pathlib import PurePath
    >>> tree_names([PurePath("x/a.pdf"), PurePath("y/a.pdf"), PurePath("../a.pdf")], ["y/a"])
    ['x/a', 'y/a-pdf', 'a']
    """
    return _told_apart([("/".join(_parts(place)), place.suffix) for place in places], taken)


def _parts(place: PurePath) -> Iterator[str]:
    for part in (*place.parent.parts, place.stem):
        if part not in {"..", place.anchor}:
            # What is no text in the name of a file would be none in a list of results.
            yield _clean("".join("_" if "\ud800" <= char <= "\udfff" else char for char in part))


def _told_apart(named: Sequence[tuple[str, str]], taken: Iterable[str]) -> list[str]:
    """Return names for stems and endings."""
    before = {_folded(name) for name in taken}
    shared = Counter(_folded(stem) for stem, _ in named)
    alone = {_folded(stem) for stem, _ in named if shared[_folded(stem)] == 1 and _folded(stem) not in before}
    used = alone | before
    return [stem if _folded(stem) in alone else _free(f"{stem}-{suffix[1:].lower()}", used) for stem, suffix in named]


def _clean(name: str) -> str:
    """Return a name without what it must not have: control characters, separators, and dots in front."""
    name = "".join("_" if unicodedata.category(char) == "Cc" or char in "/\\" else char for char in name)
    return name.lstrip(".") or "document"


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
