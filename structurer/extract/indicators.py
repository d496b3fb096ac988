"""The tables inside a performance card (indicators, tasks): row by row, level names carried down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from structurer.catalog import kinds, paths
from structurer.extract import values
from structurer.records import Leaf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structurer.catalog.kinds import Part
    from structurer.catalog.lexicon import Lexicon
    from structurer.catalog.paths import Field
    from structurer.extract.values import Row, Value
    from structurer.records import Cell, Grid

    Slots = Sequence[Sequence[Cell | None]]
    Place = tuple[int, int]
    Head = tuple[Cell, Field]

# So many headings in one row make it the header of the indicators.
_FEWEST = 2
# A heading of the columns (period, plan) stands at most this many rows above their header; a cell
# higher than this is a label beside the part, no heading.
_REACH = 3


@dataclass(frozen=True, slots=True)
class Region:
    """A part as it stands in a card: its headings with their fields, and the rows that are its own."""

    part: Part
    heads: tuple[Head, ...]
    rows: tuple[int, ...]


def read(
    grid: Grid, slots: Slots, part: Part, known: frozenset[Place], lexicon: Lexicon
) -> tuple[list[Value], dict[Place, str]]:
    """Return the rows of a part in printed order, and the field that each cell of it was read into or heads."""
    return entries(slots, regions(grid, slots, part, known, lexicon), lexicon)


def regions(grid: Grid, slots: Slots, part: Part, known: frozenset[Place], lexicon: Lexicon) -> list[Region]:
    """Return where a part stands in a card: most often once, again where a page or a period repeats its headings."""
    found: list[Region] = []
    row = 0
    while row < grid.n_rows:
        heads = _heads(slots, row, part, known, lexicon)
        if not heads:
            row += 1
            continue
        start = row = max(cell.row + cell.rowspan for cell, _ in heads)
        while (
            row < grid.n_rows and not _ends(slots, row, heads, known) and not _heads(slots, row, part, known, lexicon)
        ):
            row += 1
        found.append(Region(part, tuple(heads), tuple(range(start, row))))
    return found


def entries(slots: Slots, found: Sequence[Region], lexicon: Lexicon) -> tuple[list[Value], dict[Place, str]]:
    """Return the rows of the regions of one part, and the field that each cell of them was read into or heads."""
    rows: list[Value] = []
    used: dict[Place, str] = {}
    for region in found:
        used |= {(cell.row, cell.column): f"{region.part.name}/{field.name}" for cell, field in region.heads}
        before: dict[str, Leaf] = {}
        for row in region.rows:
            entry, cells = _entry(slots, row, region.heads, before, lexicon)
            used |= dict.fromkeys(((cell.row, cell.column) for cell in cells), "")
            used |= {(cell.row, cell.column): region.part.name for cell in _beside(slots, row, region.heads)}
            if entry is not None:
                rows.append(entry)
    return rows, used


def _own(slots: Slots, row: int) -> list[Cell]:
    cells = {id(cell): cell for cell in slots[row] if cell is not None and cell.row == row and cell.parts}
    return list(cells.values())


def _heads(slots: Slots, row: int, part: Part, known: frozenset[Place], lexicon: Lexicon) -> list[Head]:
    """Return the header cells of a row with their fields, none if the row is no indicator header."""
    cells = _own(slots, row)
    cells = [cell for cell in cells if cell.rowspan <= _REACH]
    if sum(paths.is_last(part, lexicon.heading(cell.text)) for cell in cells) < _FEWEST:
        return []
    headings = tuple((*_above(slots, cell, known, lexicon), lexicon.heading(cell.text)) for cell in cells)
    fields = kinds.columns(part, headings)
    heads = [(cell, field) for cell, field in zip(cells, fields, strict=True) if field is not None]
    return _divided(slots, heads, part, lexicon) if len(heads) >= _FEWEST else []


def _divided(slots: Slots, heads: list[Head], part: Part, lexicon: Lexicon) -> list[Head]:
    """Replace a merged heading by the headings below it, where the next row divides it."""
    found: list[Head] = []
    for cell, field in heads:
        row = cell.row + cell.rowspan
        below = [
            lower
            for lower in (_own(slots, row) if row < len(slots) else [])
            if cell.column <= lower.column < cell.column + cell.colspan and not values.is_figure(lower, lexicon)
        ]
        headings = tuple((lexicon.heading(cell.text), lexicon.heading(lower.text)) for lower in below)
        inner = kinds.columns(part, headings) if len(below) > 1 else ()
        if any(inner):
            found += [(lower, f) for lower, f in zip(below, inner, strict=True) if f is not None]
        else:
            found.append((cell, field))
    return found


def _above(slots: Slots, cell: Cell, known: frozenset[Place], lexicon: Lexicon) -> list[str]:
    """Return the keys of the labels above a header cell that are at least as wide, the topmost first."""
    keys: list[str] = []
    for row in range(cell.row - 1, max(cell.row - 1 - _REACH, -1), -1):
        upper = slots[row][cell.column]
        if (
            upper is not None
            and upper.row == row
            and (upper.row, upper.column) in known
            and upper.column <= cell.column
            and upper.column + upper.colspan >= cell.column + cell.colspan
        ):
            keys.insert(0, lexicon.heading(upper.text))
    return keys


def _ends(slots: Slots, row: int, heads: Sequence[Head], known: frozenset[Place]) -> bool:
    """Tell whether a label of the form itself begins this row: the part is over."""
    first = min(cell.column for cell, _ in heads)
    return any(cell.column <= first and (cell.row, cell.column) in known for cell in _own(slots, row))


def _entry(
    slots: Slots, row: int, heads: Sequence[Head], before: dict[str, Leaf], lexicon: Lexicon
) -> tuple[Row | None, list[Cell]]:
    """Read one row; level names stand for all rows their cell covers, and for blank cells below them."""
    entry: Row = {}
    cells: list[Cell] = []
    fresh = False
    upper_is_new = False
    for head, field in heads:
        held = _held(slots, row, head)
        own = [cell for cell in held if cell.row == row]
        cells += own
        fresh = fresh or bool(own)
        level = field.pointer[-1].startswith("level")
        leaf = _leaf(held if level else own)
        if level:
            if leaf is None and not upper_is_new:
                leaf = before.get(field.name) if field.pointer[-1] != _lowest(heads, field) else None
            elif leaf is not None and leaf != before.get(field.name):
                upper_is_new = True
            if leaf is not None:
                before[field.name] = leaf
        _store(entry, field, leaf, held if level else own, lexicon)
    return (entry if fresh else None), cells


def _lowest(heads: Sequence[Head], field: Field) -> str:
    """Return the name of the lowest level beside a field: it is never carried down to a blank cell."""
    levels = [
        f.pointer[-1] for _, f in heads if f.pointer[:-1] == field.pointer[:-1] and f.pointer[-1].startswith("level")
    ]
    return max(levels)


def _beside(slots: Slots, row: int, heads: Sequence[Head]) -> list[Cell]:
    """Return the cells of a row that stand left of the part: what names it again in each row."""
    first = min(cell.column for cell, _ in heads)
    return [cell for cell in _own(slots, row) if cell.column + cell.colspan <= first]


def _held(slots: Slots, row: int, head: Cell) -> list[Cell]:
    cells = {id(cell): cell for cell in slots[row][head.column : head.column + head.colspan]}
    return [cell for cell in cells.values() if cell is not None and cell.parts and head.column <= cell.column]


def _leaf(cells: Sequence[Cell]) -> Leaf | None:
    if not cells:
        return None
    if len(cells) == 1:
        return values.text(cells[0])
    return Leaf(" ".join(cell.text.strip() for cell in cells), tuple(part for cell in cells for part in cell.parts))


def _store(entry: Row, field: Field, leaf: Leaf | None, cells: Sequence[Cell], lexicon: Lexicon) -> None:
    """Put a value where its field says; what is not of the field's type stays under `other`."""
    node = entry
    for name in field.pointer[:-1]:
        node = cast("Row", node.setdefault(name, {}))
    value: Value = leaf
    if leaf is not None and field.type == "value":
        value = values.valued(leaf, lexicon)
    elif leaf is not None and field.type != "text":
        value = values.typed(cells[0], field, lexicon) if len(cells) == 1 else None
        if value is None:
            cast("Row", entry.setdefault("other", {}))[field.name] = leaf
    node[field.pointer[-1]] = value
