"""A table to a record: each column to its field, each cell to its row, nothing left out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from structurer import amounts, labels
from structurer.catalog import kinds
from structurer.extract import captions, header, indicator_value
from structurer.records import Leaf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structurer.catalog import Catalog
    from structurer.catalog.kinds import Kind
    from structurer.catalog.lexicon import Lexicon
    from structurer.catalog.paths import Field
    from structurer.extract.header import Column, Header
    from structurer.records import Cell, Chunk, Grid

    Value = Leaf | str | int | bool | None | list["Value"] | dict[str, "Value"]
    Row = dict[str, Value]

UNKNOWN = "unknown"
# Headings of one column are written one after the other with this between them.
_ARROW = "/"


@dataclass(frozen=True, slots=True)
class Mapped:
    """A header read against a kind: the field of each column, None where no field takes it."""

    header: Header
    fields: tuple[Field | None, ...]

    @property
    def share(self) -> float:
        """How much of the header was understood."""
        named = [field for column, field in zip(self.header.columns, self.fields, strict=True) if column.path]
        return sum(field is not None for field in named) / len(named) if named else 0.0


def mapped(kind: Kind, head: Header) -> Mapped:
    """Return the fields of the columns of a header under a kind."""
    return Mapped(head, kinds.columns(kind, tuple(column.path for column in head.columns)))


def record(chunk: Chunk, kind: Kind | None, found: Mapped, catalog: Catalog) -> Row:
    """Return the table as a record of its kind; without a kind all cells are kept under column names."""
    lexicon = catalog.lexicon
    grid = chunk.grid
    assert grid is not None
    names = _names(found, known=kind is not None)
    rows = [row for row in _rows(grid, found, names, lexicon) if row]
    notes = captions.notes(chunk)
    return {
        "id": None,
        "kind": kind.name if kind else UNKNOWN,
        "title": captions.title(chunk),
        "pages": list(chunk.pages),
        **captions.head(chunk, lexicon),
        "columns": _headings(found, names),
        "rows": rows,
        "notes": notes,
        "empty": not any(_has_figure(row) for row in rows),
    }


def _names(found: Mapped, *, known: bool) -> list[str]:
    """Return the field of each column; under `other`, and in an unknown table, the name that stands for it."""
    names: list[str] = []
    for index, (column, field) in enumerate(zip(found.header.columns, found.fields, strict=True)):
        if field is not None:
            name = field.name
        elif known:
            name = _ARROW.join(labels.plain(text) for text in column.headings) or f"column {index + 1}"
        else:
            name = f"c{index + 1}"
        while name in names:
            name += "'"
        names.append(name)
    return names


def _headings(found: Mapped, names: Sequence[str]) -> list[Value]:
    """Return which printed heading each field was read from."""
    columns: list[Value] = []
    for column, name in zip(found.header.columns, names, strict=True):
        parts = tuple(part for cell in column.cells for part in cell.parts)
        text = _ARROW.join(labels.plain(heading) for heading in column.headings)
        columns.append({"field": name, "heading": Leaf(text, parts) if parts else None})
    return columns


def _rows(grid: Grid, found: Mapped, names: Sequence[str], lexicon: Lexicon) -> list[Row]:
    columns = found.header.columns
    at: list[int] = [0] * grid.n_columns
    for index, column in enumerate(columns):
        at[column.start : column.end] = [index] * (column.end - column.start)
    held: list[dict[int, list[Cell]]] = [{} for _ in range(grid.n_rows)]
    own: list[bool] = [False] * grid.n_rows
    for cell in grid.cells:
        if cell.row + cell.rowspan <= found.header.body or not cell.parts:
            continue
        last = cell.row + cell.rowspan if cell.rowspan > 1 else cell.row + 1
        for row in range(max(cell.row, found.header.body), last):
            held[row].setdefault(at[cell.column], []).append(cell)
        own[cell.row] = True
    pages = grid.pages if len(grid.pages) == grid.n_rows else grid.pages * grid.n_rows
    rows: list[Row] = []
    for index in range(found.header.body, grid.n_rows):
        cells = held[index]
        if not own[index] or _repeats_header(cells, index, found.header, lexicon):
            continue
        rows.append(_row(cells, index, pages[index], found, names, lexicon))
    return rows


def _repeats_header(cells: dict[int, list[Cell]], row: int, head: Header, lexicon: Lexicon) -> bool:
    texts = [cell.text for held in cells.values() for cell in held if cell.row == row]
    return tuple(labels.key(text) for text in texts) in head.rows or header.is_guide(texts, lexicon)


def _row(
    cells: dict[int, list[Cell]],
    index: int,
    page: int | None,
    found: Mapped,
    names: Sequence[str],
    lexicon: Lexicon,
) -> Row:
    """Read one row: every cell into its field, or under `other` with the name of its column."""
    row: Row = {"page": page}
    other: dict[str, Value] = {}
    known = any(field is not None for field in found.fields)
    for column, field in enumerate(found.fields):
        if field is not None:
            row[field.name] = None
        elif known:
            other[names[column]] = None
    plain: dict[str, Value] = {} if known else dict.fromkeys(names)
    for column, held in cells.items():
        for cell in _whole(held, found.fields[column]):
            _put(cell, column, index, found, names, lexicon, (row, other, plain))
    if known:
        if any(value is not None for value in other.values()):
            row["other"] = {name: value for name, value in other.items() if value is not None}
    else:
        row["cells"] = plain
    return row


def _whole(held: list[Cell], field: Field | None) -> list[Cell]:
    """Join the pieces of a code that was ruled into several cells under one heading."""
    if field is None or field.type != "code" or len(held) == 1 or not all(c.text.strip().isdecimal() for c in held):
        return held
    first = held[0]
    parts = tuple(part for cell in held for part in cell.parts)
    return [type(first)(first.row, first.column, first.rowspan, first.colspan, parts)]


def _put(
    cell: Cell,
    column: int,
    index: int,
    found: Mapped,
    names: Sequence[str],
    lexicon: Lexicon,
    into: tuple[Row, dict[str, Value], dict[str, Value]],
) -> None:
    """Put one cell where it fits: its own column's field, a field beside it that it spans, or `other`."""
    row, other, plain = into
    if cell.row != index and amounts.figure(cell.text, lexicon.notation) is not None:
        # A figure merged over several rows is stated once, in the first of them.
        return
    if not any(found.fields):
        name = names[column]
        plain[name if plain[name] is None else _free(plain, name)] = text_leaf(cell)
        return
    for at in _reach(cell, column, found.header.columns):
        field = found.fields[at]
        if field is not None and row[field.name] is None:
            value = typed(cell, field, lexicon)
            if value is not None:
                row[field.name] = valued(value, lexicon) if field.type == "value" else value
                return
    if lexicon.is_absent(labels.plain(cell.text)):
        return
    spare = _text_field(column, found.fields, row)
    if spare is not None and amounts.figure(cell.text, lexicon.notation) is None:
        row[spare.name] = text_leaf(cell)
        return
    other[_free(other, names[column])] = text_leaf(cell)


def _reach(cell: Cell, column: int, columns: Sequence[Column]) -> list[int]:
    """Return the columns a cell covers, its own first."""
    end = cell.column + cell.colspan
    return [column, *(i for i in range(column + 1, len(columns)) if columns[i].start < end)]


def _free(taken: dict[str, Value], name: str) -> str:
    while taken.get(name) is not None:
        name += "'"
    return name


def _text_field(column: int, fields: Sequence[Field | None], row: Row) -> Field | None:
    """Return the empty text field just right of a code column, for a name printed in place of the code."""
    field = fields[column]
    if field is None or field.type not in ("code", "ordinal"):
        return None
    for beside in fields[column + 1 :]:
        if beside is not None and beside.type == "text":
            return beside if row[beside.name] is None else None
    return None


def typed(cell: Cell, field: Field, lexicon: Lexicon) -> Leaf | None:
    """Return the cell as a value of the field's type, or None if it is not one."""
    if field.type == "amount":
        figure = amounts.figure(_unbroken(cell), lexicon.notation)
        return Leaf(figure.digits + ("%" if figure.percent else ""), cell.parts) if figure else None
    if field.type in ("code", "ordinal"):
        digits = "".join(cell.text.split())
        return Leaf(digits, cell.parts) if digits.isascii() and digits.isalnum() else None
    return None if lexicon.is_absent(labels.plain(cell.text)) else text_leaf(cell)


def _unbroken(cell: Cell) -> str:
    return cell.text.strip()


def text_leaf(cell: Cell) -> Leaf:
    return Leaf(cell.text.strip(), cell.parts)


def _has_figure(row: Row) -> bool:
    return any(isinstance(value, Leaf) and any(char.isdecimal() for char in value.value) for value in row.values())


def valued(leaf: Leaf, lexicon: Lexicon) -> Value:
    """Return an indicator's value with its parts, where its whole text is one number."""
    found = indicator_value.parts(labels.plain(leaf.value), _value_words(lexicon), lexicon.notation)
    parts = {name: getattr(found, name) for name in ("comparator", "number", "scale", "unit")}
    return {
        "text": leaf,
        **{name: Leaf(text, leaf.parts) if text is not None else None for name, text in parts.items()},
    }


@lru_cache(maxsize=8)
def _value_words(lexicon: Lexicon) -> indicator_value.ValueWords:
    return indicator_value.from_lexicon(lexicon.raw)
