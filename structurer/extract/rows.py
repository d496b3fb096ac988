"""The body of a table, row by row: every cell into its column's field, none left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from structurer import labels
from structurer.extract import header, lost, values

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from structurer.catalog.lexicon import Lexicon
    from structurer.catalog.paths import Field
    from structurer.extract.header import Header
    from structurer.extract.values import Row, Value
    from structurer.records import Cell, Grid


@dataclass(frozen=True, slots=True)
class Mapped:
    """A header read against a kind."""

    header: Header
    fields: tuple[Field | None, ...]
    """The field of each column, None where no field takes it."""
    spares: tuple[Field | None, ...]
    """The field of a second cell under the heading of a column, if the kind has one."""

    @property
    def share(self) -> float:
        """How much of the header was understood."""
        named = [field for column, field in zip(self.header.columns, self.fields, strict=True) if column.path]
        return sum(field is not None for field in named) / len(named) if named else 0.0


def read(grid: Grid, found: Mapped, names: Sequence[str], lexicon: Lexicon, left: Collection[int] = ()) -> list[Row]:
    """Return the rows with anything printed in them, but for those `left` out.

    `names` are the names of the columns without a field.
    """
    held, own = _held(grid, found)
    pages = grid.pages if len(grid.pages) == grid.n_rows else grid.pages * grid.n_rows
    known = any(found.fields)
    reader, called = (_known, _names(grid, found, names)) if known else (_unknown, names)
    return [
        reader(held[index], index, found, called, lexicon) | {"page": pages[index]}
        for index in range(found.header.body, grid.n_rows)
        if own[index] and index not in left and not header.repeats(_own(held[index], index), found.header, lexicon)
    ]


def _names(grid: Grid, found: Mapped, names: Sequence[str]) -> list[str]:
    """Return a name for each column of the grid.

    In a dump several columns may share one heading, since all headings of a merged one were written in a row: they are
    marked by their order, so that a figure never has the name of another column where blanks stand before it.
    """
    called = [""] * grid.n_columns
    body = (cell for cell in grid.cells if cell.parts and cell.row >= found.header.body)
    filled = {cell.column for cell in body} if grid.basis == lost.BASIS else set[int]()
    for column, name in zip(found.header.columns, names, strict=True):
        for index in range(column.start, column.end):
            called[index] = name + "'" * len(filled & set(range(column.start, index)))
    return called


def _held(grid: Grid, found: Mapped) -> tuple[list[dict[int, list[Cell]]], list[bool]]:
    """Return the filled cells by row and column, a merged one in each row it covers; and which rows have own cells."""
    at = [0] * grid.n_columns
    for index, column in enumerate(found.header.columns):
        at[column.start : column.end] = [index] * (column.end - column.start)
    held: list[dict[int, list[Cell]]] = [{} for _ in range(grid.n_rows)]
    own = [False] * grid.n_rows
    for cell in grid.cells:
        if cell.parts:
            own[cell.row] = True
            for row in range(max(cell.row, found.header.body), cell.row + cell.rowspan):
                held[row].setdefault(at[cell.column], []).append(cell)
    return held, own


def _own(cells: dict[int, list[Cell]], row: int) -> list[Cell]:
    return [cell for held in cells.values() for cell in held if cell.row == row]


def _unknown(cells: dict[int, list[Cell]], index: int, _found: Mapped, names: Sequence[str], lexicon: Lexicon) -> Row:
    """Read a row of a table of no known kind: all its cells under the names of their columns."""
    row: dict[str, Value] = dict.fromkeys(names)
    for column, held in cells.items():
        for cell in held:
            if cell.row == index or not values.is_figure(cell, lexicon):
                row[_free(row, names[column])] = values.text(cell)
    return {"cells": row}


def _known(cells: dict[int, list[Cell]], index: int, found: Mapped, names: Sequence[str], lexicon: Lexicon) -> Row:
    """Read a row of a known table: each cell where its column says, else under `other` by its name in the grid."""
    row: Row = {field.name: None for field in (*found.fields, *found.spares) if field is not None}
    other: dict[str, Value] = {}
    for column, held in cells.items():
        for cell in _whole(held, found.fields[column]):
            if cell.row != index and values.is_figure(cell, lexicon):
                # A figure merged over several rows is stated once, in the first of them.
                continue
            field, value = _place(cell, column, found, row, lexicon)
            if field is not None:
                row[field.name] = value
            elif not lexicon.is_absent(labels.plain(cell.text)):
                other[_free(other, names[cell.column])] = values.text(cell)
    if other:
        row["other"] = other
    return row


def _whole(held: list[Cell], field: Field | None) -> list[Cell]:
    """Join the pieces of a code that was ruled into several cells under one heading."""
    if field is None or field.type != "code" or len(held) == 1 or not all(c.text.strip().isdecimal() for c in held):
        return held
    return [replace(held[0], parts=tuple(part for cell in held for part in cell.parts))]


def _place(cell: Cell, column: int, found: Mapped, row: Row, lexicon: Lexicon) -> tuple[Field | None, Value]:
    """Return the free field for a cell: its column's, the second one there, one it spans, or a name's beside a code."""
    columns = found.header.columns
    end = cell.column + cell.colspan
    spanned = [found.fields[i] for i in range(column + 1, len(columns)) if columns[i].start < end]
    for field in (found.fields[column], found.spares[column], *spanned):
        if field is not None and row[field.name] is None:
            value = values.typed(cell, field, lexicon)
            if value is not None:
                return field, value
    own = found.fields[column]
    if own is not None and own.type in ("code", "ordinal") and not values.is_figure(cell, lexicon):
        beside = next((f for f in found.fields[column + 1 :] if f is not None and f.type == "text"), None)
        if beside is not None and row[beside.name] is None:
            return beside, values.text(cell)
    return None, None


def _free(taken: dict[str, Value], name: str) -> str:
    """Return the name, marked if it is taken already."""
    while taken.get(name) is not None:
        name += "'"
    return name
