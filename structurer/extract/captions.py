"""What the lines around a grid state: title, unit, department, year, notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from structurer import labels
from structurer.records import Box, Leaf, Part

if TYPE_CHECKING:
    import re

    from structurer.catalog.lexicon import Lexicon
    from structurer.records import Chunk, Line


def leaf(line: Line) -> Leaf:
    """Return a line as one printed value."""
    text = " ".join(line.text.split())
    return Leaf(text, (Part(line.text, line.page, line.box),))


def title(chunk: Chunk) -> Leaf | None:
    """Return the title of a table, or None where none is printed."""
    return leaf(chunk.title) if chunk.title else None


def notes(chunk: Chunk) -> list[Leaf]:
    """Return the notes under a table."""
    return [leaf(line) for line in chunk.notes]


def head(chunk: Chunk, lexicon: Lexicon) -> dict[str, Leaf | None]:
    """Return the unit, the department and the year printed above a table."""
    patterns = {
        "unit": (lexicon.units, "unit"),
        "department": (lexicon.departments, "name"),
        "fiscal_year": (lexicon.years, "year"),
    }
    lines = [*chunk.head, *([chunk.title] if chunk.title else [])]
    return {name: _stated(lines, *wanted) for name, wanted in patterns.items()}


def _stated(lines: list[Line], patterns: tuple[re.Pattern[str], ...], group: str) -> Leaf | None:
    """Return what the first pattern catches in the first fragment of a line that it fits."""
    for line in lines:
        for fragment in line.text.split("\t"):
            text = labels.plain(fragment)
            for pattern in patterns:
                if (match := pattern.search(text)) and match[group]:
                    return Leaf("".join(match[group].split()), (Part(text, line.page, _place(line, fragment)),))
    return None


def _place(line: Line, fragment: str) -> Box | None:
    """Return the box of the words of a fragment, or of the whole line where words are not known."""
    bare = "".join(fragment.split())
    words = [word for word in line.words if word.text in bare]
    if not words:
        return line.box
    boxes = [word.box for word in words]
    x0, top = min(b.x0 for b in boxes), min(b.top for b in boxes)
    return Box(x0, top, max(b.x1 for b in boxes), max(b.bottom for b in boxes))
