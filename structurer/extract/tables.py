"""A table to a record: its captions, which column is which field, its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from structurer import labels
from structurer.catalog import kinds, paths
from structurer.extract import captions, codes, rows, values
from structurer.extract.rows import Mapped
from structurer.records import Leaf

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from structurer.catalog import Catalog
    from structurer.catalog.kinds import Kind
    from structurer.extract.header import Column, Header
    from structurer.extract.values import Row, Value
    from structurer.records import Chunk, Grid

UNKNOWN = "unknown"
# Headings of one column are written one after the other with this between them.
_ARROW = "/"


def mapped(kind: Kind, head: Header) -> Mapped:
    """Return the fields of the columns of a header under a kind."""
    fields = kinds.columns(kind, tuple(column.path for column in head.columns))
    spares = tuple(
        paths.spare(kind, column.path, fields) if column.end - column.start > 1 else None for column in head.columns
    )
    return Mapped(head, fields, spares)


def unmapped(head: Header) -> Mapped:
    """Return the columns of a table that fits no kind."""
    none = (None,) * len(head.columns)
    return Mapped(head, none, none)


def record(  # noqa: PLR0913, PLR0917  what a table is made of
    chunk: Chunk, grid: Grid, kind: Kind | None, found: Mapped, catalog: Catalog, notes: Collection[int] = ()
) -> Row:
    """Return the table as a record of its kind; without a kind all cells are kept under column names.

    `notes` are rows of the grid that are notes below the table.
    """
    printed = [_heading(column) for column in found.header.columns]
    names = _unique(printed) if kind else [f"c{index}" for index in range(1, len(printed) + 1)]
    fields = [field.name if field else name for field, name in zip(found.fields, names, strict=True)]
    body = rows.read(grid, found, names, catalog.lexicon, notes)
    if kind:
        codes.normalise(body, kind)
    around = captions.read(chunk, catalog.lexicon, found.header.columns)
    if notes:
        around["notes"] = [*_notes(grid, notes), *cast("list[Value]", around["notes"])]
    return {
        "id": None,
        "kind": kind.name if kind else UNKNOWN,
        **around,
        "columns": [
            {"field": field, "heading": _leaf(column)}
            for field, column in zip(fields, found.header.columns, strict=True)
        ],
        "rows": [*body],
        "empty": _is_empty(body, found),
    }


def _notes(grid: Grid, notes: Collection[int]) -> list[Value]:
    return [values.text(cell) for cell in grid.cells if cell.parts and cell.row in notes]


def _heading(column: Column) -> str:
    return _ARROW.join(labels.plain(heading) for heading in column.headings)


def _leaf(column: Column) -> Leaf | None:
    parts = tuple(part for cell in column.cells for part in cell.parts)
    return Leaf(_heading(column), parts) if parts else None


def _unique(names: Sequence[str]) -> list[str]:
    """Return the names with those that come again, or are blank, told apart by their place."""
    unique: list[str] = []
    for index, name in enumerate(names, 1):
        unique.append(name if name and name not in unique and not name.isdecimal() else f"{name} ({index})".strip())
    return unique


def _is_empty(body: list[Row], found: Mapped) -> bool:
    """Tell whether a table states nothing: no figure in its amounts, or no row where it has none."""
    amounts = [field.name for field in found.fields if field is not None and field.type == "amount"]
    return not any(row.get(name) is not None for row in body for name in amounts) if amounts else not body
