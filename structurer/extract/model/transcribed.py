"""A model that types what it reads off a grid: each value beside its cell; what is in the cell goes into the data.

Such an answer says the same as one that selects (which cell is what), and each value a second time.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from structurer import amounts, labels
from structurer.extract.model import marks, view
from structurer.extract.model.marks import Mark
from structurer.extract.model.tables import DATA, HEADER, NOTES, OTHER, TOTALS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from structurer.amounts import Notation
    from structurer.catalog.kinds import Kind, Part
    from structurer.catalog.paths import Field
    from structurer.extract.header import Header
    from structurer.extract.model.view import View
    from structurer.records import Cell, Json

    Answer = Mapping[str, Any]

ROWS, VALUES = "rows", "values"
_PAIR = 2


def table_schema(kind: Kind, fields: Sequence[Field]) -> dict[str, Json]:
    """Return the schema of an answer on a table: by row, each value as printed with its cell."""
    properties: dict[str, Json] = {
        "kind": {"enum": [kind.name, OTHER]},
        ROWS: {"type": "array", "items": _values(kind, fields)},
    }
    return {"type": "object", "properties": properties, "required": ["kind", ROWS], "additionalProperties": False}


def card_schema(kind: Kind, fields: Sequence[Field], parts: Sequence[tuple[Part, Sequence[Field]]]) -> dict[str, Json]:
    """Return the schema of an answer on a card: each value as printed with its cell, and the rows of its parts."""
    rows: dict[str, Json] = {part.name: {"type": "array", "items": _values(part, inner)} for part, inner in parts}
    properties: dict[str, Json] = {"kind": {"enum": [kind.name, OTHER]}, VALUES: _values(kind, fields), **rows}
    return {
        "type": "object",
        "properties": properties,
        "required": ["kind", VALUES, *rows],
        "additionalProperties": False,
    }


def _values(whole: Kind | Part, fields: Sequence[Field]) -> dict[str, Json]:
    called = [name for name, field in view.names(whole.fields).items() if field in fields]
    pair: dict[str, Json] = {"type": "array", "items": {"type": "string"}, "minItems": _PAIR, "maxItems": _PAIR}
    return {
        "type": "object",
        "properties": {OTHER: {"type": "array", "items": pair}},
        "propertyNames": view.one_of((*called, OTHER)),
        "additionalProperties": pair,
    }


class Typed:
    """The typed values of one answer, held against the cells they are said to stand in."""

    def __init__(self, seen: View, notation: Notation) -> None:
        self.seen = seen
        self.notation = notation
        self.marks: list[Mark] = []
        self.named: Counter[tuple[int, int]] = Counter()
        """How often each cell was named."""

    def cells(self, said: object, pointer: str) -> Iterator[tuple[str, Cell]]:
        """Yield the field and the cell of each value of an object, `other` ones included; mark what is not there."""
        for name, value in said.items() if isinstance(said, dict) else ():
            pairs = list(enumerate(value)) if name == OTHER and isinstance(value, list) else [(None, value)]
            for index, pair in pairs:
                at = f"{pointer}/{_step(name)}" + ("" if index is None else f"/{index}")
                cell = self._cell(pair, at)
                if cell is not None:
                    yield name, cell

    def _cell(self, pair: object, at: str) -> Cell | None:
        text, named = pair if isinstance(pair, list) and len(pair) == _PAIR else ("", "")
        place = view.place(named)
        cell = self.seen.cell(*place) if place is not None else None
        facts = {"cell": str(named)[:20]}
        if cell is None or not cell.parts:
            self.marks.append(Mark(marks.WRONG, "no_cell", at, str(text)[:40], facts=facts))
            return None
        self.named[cell.row, cell.column] += 1
        if not same(str(text), cell.text, self.notation):
            self.marks.append(Mark(marks.WRONG, "not_there", at, str(text)[:80], cell.text[:80], facts))
        return cell

    def left_out(self, rows: Iterable[int], first: int = 0) -> None:
        """Mark the printed cells of these rows, from column `first` on, that no value named, and those named twice."""
        for row in rows:
            for cell in self.seen.own(row):
                if cell.column < first:
                    continue
                times = self.named[cell.row, cell.column]
                if times == 1 or (times and cell.rowspan > 1):
                    continue
                facts = {"cell": view.named(cell.row, cell.column)}
                what = "cell_twice" if times else "cell_unread"
                self.marks.append(Mark(marks.WRONG, what, "", ours=cell.text[:40], facts=facts))


def same(typed: str, printed: str, notation: Notation) -> bool:
    """Tell whether a typed value is what is printed: a figure digit for digit, a text but for width and spaces."""
    mine, its = amounts.figure(typed, notation), amounts.figure(printed, notation)
    if mine is not None and its is not None:
        return (mine.digits, mine.percent, mine.permille) == (its.digits, its.percent, its.permille)
    one, other = ("".join(labels.plain(view.safe(text)).split()) for text in (typed, printed))
    return one == other


def table(
    answer: Answer, head: Header, body: int | None, seen: View, notation: Notation
) -> tuple[dict[str, Json], list[Mark]]:
    """Return what an answer on a table selects, and what is wrong with its values.

    `head` tells which slots are one printed column; `body` is the row its body starts in by our reading; without
    one the body starts where the first value stands.
    """
    typed = Typed(seen, notation)
    at = {slot: column.start for column in head.columns for slot in range(column.start, column.end)}
    columns: dict[str, Counter[int]] = defaultdict(Counter)
    used: Counter[int] = Counter()
    order: list[int] = []
    listed = answer.get(ROWS)
    for index, item in enumerate(listed if isinstance(listed, list) else ()):
        cells = list(typed.cells(item, f"/{ROWS}/{index}"))
        row = _row(cells, f"/{ROWS}/{index}", typed)
        if row is not None:
            used[row] += 1
            order.append(row)
        for name, cell in cells:
            if name != OTHER:
                columns[name][at[cell.column]] += 1
    _scattered(columns, typed)
    _unordered(order, f"/{ROWS}", typed)
    first = min(used, default=0) if body is None else body
    twice = sorted(row for row, times in used.items() if times > 1)
    if twice:
        typed.marks.append(Mark(marks.WRONG, "row_twice", f"/{ROWS}", facts={"rows": view.said(twice)}))
    typed.left_out(sorted(row for row, times in used.items() if row in seen.rows and times == 1))
    header = [row for row in seen.rows if row < first and row not in used]
    return {
        "kind": answer.get("kind"),
        "columns": {name: view.letters(held.most_common(1)[0][0]) for name, held in columns.items()},
        HEADER: view.said(header),
        DATA: view.said(sorted(used)),
        TOTALS: "",
        NOTES: "",
    }, typed.marks


def _row(cells: Sequence[tuple[str, Cell]], at: str, typed: Typed) -> int | None:
    """Return the one grid row that the cells of a row stand in; mark those that do not."""
    if not cells:
        return None
    row = Counter(cell.row for _, cell in cells).most_common(1)[0][0]
    if all(cell.rowspan > 1 for _, cell in cells):
        row = max(cell.row for _, cell in cells)
    for name, cell in cells:
        if not cell.row <= row < cell.row + cell.rowspan:
            facts = {"cell": view.named(cell.row, cell.column)}
            typed.marks.append(Mark(marks.WRONG, "other_row", f"{at}/{_step(name)}", cell.text[:40], facts=facts))
    return row


def _unordered(rows: Sequence[int], at: str, typed: Typed) -> None:
    """Mark the rows that stand before one that is printed above them."""
    odd = sorted({row for row, below in pairwise(rows) if row > below})
    if odd:
        typed.marks.append(Mark(marks.WRONG, "row_order", at, facts={"rows": view.said(odd)}))


def _scattered(columns: Mapping[str, Counter[int]], typed: Typed) -> None:
    """Mark the fields whose values stand in several columns."""
    for name, at in columns.items():
        if len(at) > 1:
            odd = ", ".join(view.letters(column) for column, _ in at.most_common()[1:])
            typed.marks.append(Mark(marks.WRONG, "other_column", f"/{ROWS}", name, facts={"column": odd}))


def card(answer: Answer, kind: Kind, seen: View, notation: Notation) -> tuple[dict[str, Json], list[Mark]]:
    """Return what an answer on a card selects, and what is wrong with its values."""
    typed = Typed(seen, notation)
    values = {
        name: view.named(cell.row, cell.column)
        for name, cell in typed.cells(answer.get(VALUES), f"/{VALUES}")
        if name != OTHER
    }
    selected: dict[str, Json] = {"kind": answer.get("kind"), VALUES: {**values}}
    for part in kind.parts:
        if part.name in answer:
            selected[part.name] = _regions(answer[part.name], part.name, typed)
    inside = {row for region in _all_rows(selected, kind, seen) for row in region}
    for place, times in typed.named.items():
        cell = typed.seen.cell(*place)
        if times > 1 and cell is not None and cell.rowspan == 1 and cell.row not in inside:
            facts = {"cell": view.named(*place)}
            typed.marks.append(Mark(marks.WRONG, "cell_twice", "", ours=cell.text[:40], facts=facts))
    return selected, typed.marks


def _all_rows(selected: Answer, kind: Kind, seen: View) -> Iterator[list[int]]:
    for part in kind.parts:
        for region in selected.get(part.name, ()):
            yield view.ranges(region["rows"], seen.grid.n_rows) or []


def _regions(listed: object, name: str, typed: Typed) -> list[Json]:
    """Return the parts that an answer's rows make: rows that follow on one another below one set of headings."""
    regions: list[tuple[list[int], dict[str, Counter[int]]]] = []
    for index, item in enumerate(listed if isinstance(listed, list) else ()):
        cells = list(typed.cells(item, f"/{name}/{index}"))
        row = _row(cells, f"/{name}/{index}", typed)
        if row is None:
            continue
        if not regions or not _follows(regions[-1][0][-1], row, typed.seen):
            regions.append(([], defaultdict(Counter)))
        regions[-1][0].append(row)
        for field, cell in cells:
            if field != OTHER:
                regions[-1][1][field][_column(cell, regions[-1][0][0], typed.seen)] += 1
    found: list[Json] = []
    for rows, columns in regions:
        _scattered(columns, typed)
        _unordered(rows, f"/{name}", typed)
        typed.left_out(
            sorted(row for row in set(rows) if rows.count(row) == 1),
            min(at.most_common(1)[0][0] for at in columns.values()) if columns else 0,
        )
        twice = sorted({row for row in rows if rows.count(row) > 1})
        if twice:
            typed.marks.append(Mark(marks.WRONG, "row_twice", f"/{name}", facts={"rows": view.said(twice)}))
        heads = {field: _heading(rows[0], at.most_common(1)[0][0], typed.seen) for field, at in columns.items()}
        found.append({"headings": {field: cell for field, cell in heads.items() if cell}, "rows": view.said(rows)})
    return found


def _column(cell: Cell, first: int, seen: View) -> int:
    """Return the column of the heading above a cell, where the first row of its part is `first`."""
    head = view.place(_heading(first, cell.column, seen))
    return head[1] if head else cell.column


def _follows(before: int, row: int, seen: View) -> bool:
    """Tell whether no printed row lies between two rows."""
    return not any(seen.own(between) for between in range(before + 1, row))


def _heading(row: int, column: int, seen: View) -> str:
    """Return the lowest printed cell above a slot, that may head it."""
    for above in range(row - 1, -1, -1):
        cell = seen.cell(above, column)
        if cell is not None and cell.parts and cell.row + cell.rowspan <= row:
            return view.named(cell.row, cell.column)
    return ""


def _step(name: object) -> str:
    return str(name).replace("~", "~0").replace("/", "~1")
