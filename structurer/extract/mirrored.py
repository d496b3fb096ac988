"""Forms of a text dump that state indicators twice, side by side: every text back into its column, or left out of all.

Such a dump loses tabs and merged cells, so a row may be shifted. Its texts in order are still `level 1, (level 2, name,
value), (level 2, name, value)`, some missing; where the level names and the two names that repeat leave one reading,
the row is put right; where they leave none, its texts become one cell right of the form, which no column takes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from structurer import labels
from structurer.records import Cell, Part

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from structurer.catalog.lexicon import Lexicon

    Rows = list[list[Cell]]
    IsLabel = Callable[[Cell], bool]

# Level 2, name, value.
_SIDE = 3
_SIDES = 2
# Columns for what could not be read: as many as leave an even number of cells even, by which labels are known.
_SPARE = 2
# Rows above the headings in which the headings of the two sides may stand.
_REACH = 3
# Which of the six columns of both sides the texts of a row fill.
_MIRRORED = ((0, 1, 2, 3, 4, 5), (1, 2, 4, 5), (0, 3))
_ONE_LEVEL = ((1, 2, 3, 4, 5), (0, 1, 2, 4, 5))


@dataclass(frozen=True, slots=True)
class _Sides:
    """The columns of the indicators: of level 1, and of both sides; how many columns the form has."""

    level1: int
    columns: tuple[int, ...]
    n_columns: int


@dataclass(frozen=True, slots=True)
class _Levels:
    """What names a level, by key."""

    first: re.Pattern[str]
    second: re.Pattern[str]

    def is_first(self, text: str) -> bool:
        return self.first.fullmatch(labels.key(text)) is not None

    def is_second(self, text: str) -> bool:
        return self.second.fullmatch(labels.key(text)) is not None


def realigned(rows: Rows, n_columns: int, is_label: IsLabel, lexicon: Lexicon) -> tuple[Rows, dict[int, int]]:
    """Return the rows of a form, those of indicators on two sides put right, and where such a part begins and ends.

    All rows are two columns wider if there is one that could not be read.
    """
    rows = [list(row) for row in rows]
    levels = _levels(lexicon)
    parts: dict[int, int] = {}
    for index, row in enumerate(rows):
        sides = _sides(row, n_columns)
        if sides is None:
            continue
        _head(rows, index, sides, is_label)
        parts[index] = len(rows)
        for below in range(index + 1, len(rows)):
            own = [cell for cell in rows[below] if cell.parts]
            if own and is_label(own[0]) and own[0].column < sides.level1 and not _is_level(own[0].text, levels):
                parts[index] = below
                break
            rows[below] = _row(rows[below], sides, levels)
    if any(cell.column >= n_columns for row in rows for cell in row):
        inside = {i for start, end in parts.items() for i in range(start, end)}
        rows = [_wider(row, n_columns, apart=i in inside) for i, row in enumerate(rows)]
    return rows, parts


def _wider(row: list[Cell], n_columns: int, *, apart: bool) -> list[Cell]:
    """Return the row with more columns: blank cells, or a part of its last cell."""
    if not row or row[-1].column == n_columns:
        return row
    if apart:
        return [*row, *(Cell(row[-1].row, n_columns + more, 1, 1) for more in range(_SPARE))]
    return [*row[:-1], replace(row[-1], colspan=row[-1].colspan + _SPARE)]


def part_labels(rows: Sequence[Sequence[Cell | None]]) -> frozenset[tuple[int, int]]:
    """Return the cells that name such a part: those left of its headings. `rows` hold the cells by slot."""
    found: set[tuple[int, int]] = set()
    for index, row in enumerate(rows):
        cells = [cell for cell in dict.fromkeys(row) if cell is not None and cell.row == index and cell.parts]
        sides = _sides(cells, len(row))
        if sides is not None:
            found.update((cell.row, cell.column) for cell in cells if cell.column < sides.level1)
    return frozenset(found)


@lru_cache(maxsize=8)
def _levels(lexicon: Lexicon) -> _Levels:
    card = lexicon.raw.get("card")
    known = card if isinstance(card, dict) else {}
    first, second = ("|".join(known.get(f"level{n}_patterns_keys", ())) or "(?!)" for n in (1, 2))
    return _Levels(re.compile(first), re.compile(second))


def _is_level(text: str, levels: _Levels) -> bool:
    return levels.is_first(text) or levels.is_second(text)


def _sides(row: Sequence[Cell], n_columns: int) -> _Sides | None:
    """Return the columns if the row ends in the same three headings twice, with one for level 1 before them."""
    filled = [cell for cell in row if cell.parts]
    keys = [labels.key(cell.text) for cell in filled]
    left, right = keys[-2 * _SIDE : -_SIDE], keys[-_SIDE:]
    if len(keys) <= _SIDES * _SIDE or left != right or len(set(right)) < _SIDE:
        return None
    columns = tuple(cell.column for cell in filled[-_SIDES * _SIDE :])
    return _Sides(filled[-_SIDES * _SIDE - 1].column, columns, n_columns)


def _head(rows: Rows, index: int, sides: _Sides, is_label: IsLabel) -> None:
    """Spread the headings of the two sides over their columns, and what is said below them as well."""
    starts = (0, sides.columns[_SIDE], sides.n_columns)
    for above in range(index - 1, max(index - 1 - _REACH, -1), -1):
        filled = [cell for cell in rows[above] if cell.parts]
        if len(filled) != _SIDES or not all(map(is_label, filled)) or any(cell.rowspan > 1 for cell in rows[above]):
            continue
        rows[above] = [
            replace(cell, column=start, colspan=end - start)
            for cell, start, end in zip(filled, starts, starts[1:], strict=False)
        ]
        for between in range(above + 1, index):
            own = [cell for cell in rows[between] if cell.parts]
            if len(own) == _SIDES + 1 and is_label(own[0]) and not any(map(is_label, own[1:])):
                places = (0, 1, starts[1], sides.n_columns)
                rows[between] = [
                    replace(cell, column=start, colspan=end - start)
                    for cell, start, end in zip(own, places, places[1:], strict=False)
                ]
        return


def _row(row: list[Cell], sides: _Sides, levels: _Levels) -> list[Cell]:
    filled = [cell for cell in row if cell.parts]
    if not filled or _fits(filled, sides, levels):
        return row
    place = _read([cell.text for cell in filled], levels)
    if place is None:
        text = " ".join(cell.text for cell in filled)
        unread = Cell(row[0].row, sides.n_columns, 1, _SPARE, (Part(text, filled[0].parts[0].page),))
        return [*(Cell(row[0].row, column, 1, 1) for column in range(sides.n_columns)), unread]
    columns = (sides.level1, *sides.columns)
    by_column = {columns[index]: cell for index, cell in zip(place, filled, strict=True)}
    return [
        replace(by_column[c], column=c, colspan=1) if c in by_column else Cell(row[0].row, c, 1, 1)
        for c in range(sides.n_columns)
    ]


def _fits(filled: Sequence[Cell], sides: _Sides, levels: _Levels) -> bool:
    """Tell whether every text stands in a column that it can belong to."""
    at = {cell.column: cell.text for cell in filled}
    if not at.keys() <= {sides.level1, *sides.columns}:
        return False
    if sides.level1 in at and not levels.is_first(at[sides.level1]):
        return False
    for side in range(_SIDES):
        level2, name, value = (at.get(c) for c in sides.columns[side * _SIDE : (side + 1) * _SIDE])
        if level2 is not None and not levels.is_second(level2):
            return False
        if (value is None) != (name is None) or (value is not None and levels.is_second(value)):
            return False
        if name is not None and level2 is None and levels.is_second(name):
            return False
    return True


def _read(texts: Sequence[str], levels: _Levels) -> tuple[int, ...] | None:
    """Return for each text its place (0 is level 1, 1 to 6 the two sides), or None unless there is one reading."""
    for forms in (_MIRRORED, _ONE_LEVEL):
        found = [
            (*([0] * first), *(index + 1 for index in form))
            for first in range(1 + levels.is_first(texts[0]))
            for form in forms
            if len(form) == len(texts) - first and _agrees(dict(zip(form, texts[first:], strict=True)), levels)
        ]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _agrees(at: dict[int, str], levels: _Levels) -> bool:
    """Tell whether level names stand where levels are and nowhere else, and both sides say the same."""
    if not all(levels.is_second(at[i]) for i in (0, _SIDE) if i in at):
        return False
    if any(levels.is_second(at[i]) for i in (2, 2 + _SIDE) if i in at):
        return False
    if any(i + 1 in at and i not in at and levels.is_second(at[i + 1]) for i in (0, _SIDE)):
        return False
    return all(_same(at[i], at[i + _SIDE]) for i in (0, 1) if i in at and i + _SIDE in at)


def _same(one: str, other: str) -> bool:
    """Tell whether both are the same name, or one is the other cut short."""
    mine, its = labels.key(one), labels.key(other)
    return mine.startswith(its) or its.startswith(mine)
