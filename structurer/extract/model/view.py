"""A chunk as a model is shown it: rows by number, columns by letter, so that it can name a cell and type no digit."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from structurer.catalog.paths import Field
    from structurer.records import Cell, Chunk, Grid, Json, Line

# The quoted document stands between these; its own such marks are widened, so nothing in it ends the quotation.
OPEN, CLOSE = "<document>", "</document>"
_BAR, _LEFT, _UP, _RULER = "|", "-", '"', "#"
_WIDE = str.maketrans({"<": "＜", ">": "＞", "|": "｜"})
# A cell that holds nothing but such a mark would read as one.
_ALONE = {_LEFT: "－", _UP: "＂"}
# Of a longer text only a beginning is shown.
_LONG, _SHOWN = 12, 7
# Below so many rows a figure is shown as a mark: what it is is told by the rows above.
_FIGURES, _FIGURE = 6, "#"
_MORE = "…"
_LETTERS, _LONGEST_NAME = 26, 3
_PLACE = re.compile(r"\s*(?P<column>[A-Za-z]{1,3})\s*(?P<row>[0-9]{1,5})\s*")
_COMMAS = re.compile(r"[,;\uff0c\uff1b\u3001]")
_RANGE = re.compile(r"\s*(\d{1,5})\s*(?:[-\u2013~\uff5e]\s*(\d{1,5}))?\s*")


@dataclass(frozen=True, slots=True)
class View:
    """Rows of a grid as they are shown: numbered from 1, with columns A, B, …, as in a spreadsheet."""

    grid: Grid
    slots: tuple[tuple[Cell | None, ...], ...]
    rows: tuple[int, ...]
    """The rows that are shown, counted from 0."""

    def cell(self, row: int, column: int) -> Cell | None:
        """Return the cell that covers a slot (counted from 0), None outside the grid."""
        inside = 0 <= row < self.grid.n_rows and 0 <= column < self.grid.n_columns
        return self.slots[row][column] if inside else None

    def own(self, row: int) -> list[Cell]:
        """Return the printed cells that begin in a row."""
        cells = {id(cell): cell for cell in self.slots[row] if cell is not None and cell.row == row and cell.parts}
        return list(cells.values())

    @property
    def filled(self) -> frozenset[int]:
        """The shown rows in which something printed begins."""
        return frozenset(row for row in self.rows if self.own(row))


def of_grid(grid: Grid) -> View:
    """Return the view of a whole grid."""
    slots: list[list[Cell | None]] = [[None] * grid.n_columns for _ in range(grid.n_rows)]
    for cell in grid.cells:
        for row in range(cell.row, cell.row + cell.rowspan):
            slots[row][cell.column : cell.column + cell.colspan] = [cell] * cell.colspan
    return View(grid, tuple(map(tuple, slots)), tuple(range(grid.n_rows)))


def material(chunk: Chunk, view: View, brief: Callable[[Cell], str] | None = None) -> str:
    """Return the quoted chunk: the lines around the grid, a ruler, and its rows, a line each.

    `brief` gives what is shown of a cell; without it all is shown, and the notes too.
    `|` parts the slots; `-` is covered by the cell on its left (at the end of a row it is left out), `"` by the
    one above.
    """
    head = [*([chunk.title] if chunk.title else []), *chunk.head]
    ruler = _BAR.join([_RULER, *map(letters, range(view.grid.n_columns))])
    rows = [_row(view, row, brief) for row in view.rows]
    return quoted([*map(line_text, head), ruler, *rows, *(line_text(line) for line in chunk.notes if brief is None)])


def quoted(lines: Iterable[str]) -> str:
    """Return lines of a document between the marks of a quotation."""
    return "\n".join([OPEN, *lines, CLOSE])


def line_text(line: Line) -> str:
    """Return a line of the document without the characters that mean something in a quotation."""
    return safe(line.text)


def numbered(lines: Sequence[Line]) -> str:
    """Return lines of running text, quoted and numbered from 1."""
    return quoted(f"{number}{_BAR}{line_text(line)}" for number, line in enumerate(lines, 1))


def safe(text: str) -> str:
    """Return a text in one line, with other forms of the characters that mean something in a quotation."""
    return " ".join(text.split()).translate(_WIDE)


def _row(view: View, row: int, brief: Callable[[Cell], str] | None) -> str:
    shown = []
    for column, cell in enumerate(view.slots[row]):
        if cell is None:
            shown.append("")
        elif (cell.row, cell.column) == (row, column):
            text = safe(brief(cell) if brief else cell.text)
            shown.append(_ALONE.get(text, text))
        else:
            shown.append(_LEFT if cell.column < column else _UP)
    while shown[-1] == _LEFT:
        del shown[-1]
    return _BAR.join([str(row + 1), *shown])


def shortened(cell: Cell, *, figure: bool) -> str:
    """Return what is shown of a cell that is no label: the beginning of a long text, far down no figure."""
    if figure and cell.row >= _FIGURES:
        return _FIGURE
    text = " ".join(cell.text.split())
    return text if len(text) <= _LONG or text.isascii() else text[:_SHOWN] + _MORE


def place(text: object) -> tuple[int, int] | None:
    """Return the row and column (from 0) that a cell's name means; None for anything else.

    >>> place("C2")
    (1, 2)
    """
    match = _PLACE.fullmatch(text) if isinstance(text, str) else None
    column = slot(match["column"]) if match else None
    return (int(match["row"]) - 1, column) if match and column is not None else None


def named(row: int, column: int) -> str:
    """Return the name of a cell.

    >>> named(1, 2)
    'C2'
    """
    return f"{letters(column)}{row + 1}"


def letters(column: int) -> str:
    """Return the name of a column.

    >>> letters(0), letters(25), letters(26)
    ('A', 'Z', 'AA')
    """
    name = ""
    while column >= 0:
        column, rest = divmod(column, _LETTERS)
        name = chr(ord("A") + rest) + name
        column -= 1
    return name


def slot(text: object) -> int | None:
    """Return the column (from 0) that a name means; None for anything else."""
    name = text.strip().upper() if isinstance(text, str) else ""
    if not 0 < len(name) <= _LONGEST_NAME or not (name.isascii() and name.isalpha()):
        return None
    number = 0
    for char in name:
        number = number * _LETTERS + ord(char) - ord("A") + 1
    return number - 1


def ranges(text: object, most: int) -> list[int] | None:
    """Return the rows (from 0) that `1-3,5` names, in that order; None for anything else, or beyond `most` rows.

    >>> ranges("1-3,5", 9)
    [0, 1, 2, 4]
    """
    if not isinstance(text, str):
        return None
    found: list[int] = []
    for piece in filter(str.strip, _COMMAS.split(text)):
        match = _RANGE.fullmatch(piece)
        if match is None:
            return None
        first, last = int(match[1]), int(match[2] or match[1])
        if not 1 <= first <= last or last > most:
            return None
        found.extend(range(first - 1, last))
    return found


def said(rows: Iterable[int]) -> str:
    """Return rows (from 0) as a model says them.

    >>> said([0, 1, 2, 4])
    '1-3,5'
    """
    runs: list[list[int]] = []
    for row in rows:
        if runs and row == runs[-1][1] + 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    return ",".join(f"{a + 1}-{b + 1}" if b > a else f"{a + 1}" for a, b in runs)


def names(fields: Sequence[Field]) -> dict[str, Field]:
    """Return the fields by what a model calls them: without their group, where that leaves no doubt."""
    rests = Counter("/".join(field.pointer[1:]) or field.name for field in fields)
    found = {}
    for field in fields:
        rest = "/".join(field.pointer[1:])
        found[rest if rests[rest] == 1 else field.name] = field
    return found


def one_of(names: Iterable[str]) -> dict[str, Json]:
    """Return the schema of a text that is one of these names; what they begin with alike is said once.

    >>> one_of(["a", "b/c", "b/d/e"])
    {'pattern': '^(a|b/(c|d/e))$'}
    """
    return {"pattern": f"^{_alternatives([name.split('/') for name in names])}$"}


def _alternatives(paths: Sequence[Sequence[str]]) -> str:
    """Return an expression for these paths, grouped by their first step."""
    inner: dict[str, list[Sequence[str]]] = {}
    for first, *rest in paths:
        inner.setdefault(first, []).append(rest)
    found = []
    for first, rests in inner.items():
        below = [rest for rest in rests if rest]
        tail = "/" + (_alternatives(below) if len(below) > 1 else "/".join(below[0])) if below else ""
        found += [first + tail] if len(below) == len(rests) else [first, *([first + tail] if tail else [])]
    return f"({'|'.join(found)})"
