"""What the lines around a grid state: title, unit, department, year, notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from structurer import labels
from structurer.records import Box, Leaf, Part

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    from structurer.catalog.lexicon import Lexicon
    from structurer.extract.header import Column
    from structurer.extract.values import Row
    from structurer.records import Cell, Chunk, Line


def leaf(line: Line) -> Leaf:
    """Return a line as one printed value."""
    return Leaf(" ".join(line.text.split()), (Part(line.text, line.page, line.box),))


def read(chunk: Chunk, lexicon: Lexicon, columns: Sequence[Column] = ()) -> Row:
    """Return the members of a record that the lines around its grid fill, the unit also from its headings."""
    lines = [*chunk.head, *([chunk.title] if chunk.title else [])]
    cells = [cell for column in columns for cell in column.cells]
    year = year_of(lines, lexicon)
    return {
        "title": leaf(chunk.title) if chunk.title else None,
        "pages": list(chunk.pages),
        "unit": _stated(lines, lexicon.units, "unit") or unit_in(cells, lexicon),
        "department": _stated(lines, lexicon.departments, "name"),
        "fiscal_year": year,
        "head": [leaf(line) for line in chunk.head],
        "notes": [leaf(line) for line in chunk.notes],
    }


def year_of(lines: Sequence[Line], lexicon: Lexicon) -> int | None:
    """Return the budget year that the lines state."""
    found = _stated(lines, lexicon.years, "year")
    return int(found.value) if found else None


def unit_in(cells: Sequence[Cell], lexicon: Lexicon) -> Leaf | None:
    """Return the unit of money that a heading or label names, if all that name one agree."""
    found = [
        Leaf("".join(match["unit"].split()), cell.parts)
        for cell in cells
        for pattern in lexicon.units
        if (match := pattern.search(labels.plain(cell.text)))
    ]
    return found[0] if found and len({leaf.value for leaf in found}) == 1 else None


def _stated(lines: Sequence[Line], patterns: tuple[re.Pattern[str], ...], group: str) -> Leaf | None:
    """Return what the first pattern catches in the first fragment of a line that it fits."""
    for line in lines:
        for text in labels.fragments(line.text):
            for pattern in patterns:
                if (match := pattern.search(text)) and match[group]:
                    return Leaf("".join(match[group].split()), (Part(text, line.page, _place(line, text)),))
    return None


def _place(line: Line, fragment: str) -> Box | None:
    """Return the box of the words of a fragment, or of the whole line where words are not known."""
    bare = "".join(fragment.split())
    boxes = [word.box for word in line.words if "".join(labels.plain(word.text).split()) in bare]
    if not boxes:
        return line.box
    x0, top = min(b.x0 for b in boxes), min(b.top for b in boxes)
    return Box(x0, top, max(b.x1 for b in boxes), max(b.bottom for b in boxes))
