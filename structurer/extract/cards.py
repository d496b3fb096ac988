"""A performance card to a record: labels to fields, the indicator part row by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from structurer import labels
from structurer.catalog import paths
from structurer.extract import captions, indicators, lost, mirrored, values

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from structurer.catalog import Catalog
    from structurer.catalog.kinds import Kind
    from structurer.catalog.lexicon import Lexicon
    from structurer.catalog.paths import Field
    from structurer.extract.values import Value
    from structurer.records import Cell, Chunk, Grid

    Place = tuple[int, int]

# A label is not longer than this (characters of its key).
_LONGEST_LABEL = 24
_PAIR = 2


@dataclass(frozen=True, slots=True)
class Form:
    """The cells of a card by slot, and which of them are labels."""

    grid: Grid
    slots: tuple[tuple[Cell | None, ...], ...]
    known: frozenset[tuple[int, int]]
    """Cells that a field of the kind is labelled with."""
    labels: frozenset[tuple[int, int]]
    """These, and cells that can only be labels by where they stand."""


def labelled(kind: Kind, grid: Grid, lexicon: Lexicon) -> Form:
    """Return the cells of a grid that are labels under a card kind."""

    def is_label(cell: Cell) -> bool:
        return bool(cell.parts) and _is_label(lexicon.heading(cell.text), kind, lexicon)

    grid = lost.restored(grid, is_label, lambda cell: values.is_figure(cell, lexicon), lexicon)
    slots: list[list[Cell | None]] = [[None] * grid.n_columns for _ in range(grid.n_rows)]
    for cell in grid.cells:
        for row in range(cell.row, cell.row + cell.rowspan):
            for column in range(cell.column, cell.column + cell.colspan):
                slots[row][column] = cell
    frozen = tuple(tuple(row) for row in slots)
    known = frozenset((cell.row, cell.column) for cell in grid.cells if is_label(cell))
    known -= _answers(frozen, known, lexicon)
    by_place = _by_place(frozen, known, lexicon)
    if grid.basis == lost.BASIS:
        by_place |= mirrored.part_labels(frozen)
    return Form(grid, frozen, known, known | by_place)


def _answers(
    slots: Sequence[Sequence[Cell | None]], known: frozenset[tuple[int, int]], lexicon: Lexicon
) -> frozenset[tuple[int, int]]:
    """Return the cells of a row of pairs that read like labels but stand where the label beside them is answered.

    They do if the next cell is a label again or the row ends, and nothing below needs them as a heading.
    """
    found: set[tuple[int, int]] = set()
    for index, row in enumerate(slots):
        cells = distinct(row)
        if len(cells) % _PAIR or any(cell.row != index or cell.rowspan > 1 for cell in cells):
            continue
        places = [(cell.row, cell.column) for cell in cells]
        for label, value in zip(places[::2], places[1::2], strict=True):
            cell = slots[value[0]][value[1]]
            if label in known and value in known and cell and not _is_heading(cell, slots, known, lexicon):
                found.add(value)
    return frozenset(found)


def _is_heading(
    cell: Cell, slots: Sequence[Sequence[Cell | None]], known: frozenset[tuple[int, int]], lexicon: Lexicon
) -> bool:
    """Tell whether a cell that reads like a label labels what stands below it, or a blank at a card's foot."""
    if lexicon.heading(cell.text) in lexicon.tail_keys:
        return True
    below = slots[cell.row + 1][cell.column] if cell.row + 1 < len(slots) else None
    if below is None or (below.row, below.column) in known or not below.column:
        return False
    beside = slots[below.row][below.column - 1]
    return beside is None or (beside.row, beside.column) not in known


def distinct(row: Sequence[Cell | None]) -> list[Cell]:
    """Return the cells of a row of slots, each once."""
    return list({id(cell): cell for cell in row if cell is not None}.values())


def has_part(form: Form, kind: Kind, lexicon: Lexicon) -> bool:
    """Tell whether a table that belongs into such a card (its indicators) is in the form."""
    return any(indicators.read(form.grid, form.slots, part, form.known, lexicon)[0] for part in kind.parts)


def _is_label(key: str, kind: Kind, lexicon: Lexicon) -> bool:
    return 0 < len(key) <= _LONGEST_LABEL and (kind.is_label(key) or key in lexicon.tail_keys)


def _by_place(
    slots: Sequence[Sequence[Cell | None]], known: frozenset[tuple[int, int]], lexicon: Lexicon
) -> frozenset[tuple[int, int]]:
    """Return cells that stand where labels stand.

    Those are the first, third, … cell of a row of pairs; the only cell of a row; a first cell that is
    merged over several rows and has a label beside it.
    """
    found: set[tuple[int, int]] = set()
    for index, row in enumerate(slots):
        cells = distinct(row)
        if not cells or cells[0].row != index or not _could_label(cells[0], lexicon):
            continue
        first = (cells[0].row, cells[0].column)
        beside_label = len(cells) > 1 and (cells[1].row, cells[1].column) in known
        if len(cells) <= _PAIR or (cells[0].rowspan > 1 and beside_label):
            found.add(first)
        if len(cells) % _PAIR == 0:
            found.update(_pairs(cells, known, lexicon))
    return frozenset(found)


def _pairs(cells: Sequence[Cell], known: frozenset[tuple[int, int]], lexicon: Lexicon) -> list[tuple[int, int]]:
    """Return the labels of a row that reads label, value, label, value, as far as it does."""
    found = []
    for label, value in zip(cells[::2], cells[1::2], strict=True):
        place = (label.row, label.column)
        if (value.row, value.column) in known or not (place in known or _could_label(label, lexicon)):
            break
        found.append(place)
    return found


def _could_label(cell: Cell, lexicon: Lexicon) -> bool:
    """Tell whether a cell is short enough for a label and no figure."""
    return 0 < len(labels.key(cell.text)) <= _LONGEST_LABEL and not values.is_figure(cell, lexicon)


@dataclass(frozen=True, slots=True)
class Pick:
    """A value of a card: its field, the label that says so, and what it comes to."""

    field: Field
    label: Cell | None
    value: Value


@dataclass(frozen=True, slots=True)
class Picked:
    """Which cell of a card is what."""

    values: Mapping[Place, Pick]
    """By place of the value, in reading order."""
    regions: tuple[indicators.Region, ...]


def picked(kind: Kind, form: Form, lexicon: Lexicon) -> Picked:
    """Return what the labels of a card say of its values: each field once, the best labelled value first come."""
    found = tuple(
        region for part in kind.parts for region in indicators.regions(form.grid, form.slots, part, form.known, lexicon)
    )
    inside = _inside(form, found, lexicon)
    taken: set[tuple[str, ...]] = set()
    values_: dict[Place, Pick] = {}
    for cell in form.grid.cells:
        if not is_value(cell, form) or (cell.row, cell.column) in inside:
            continue
        pick = _pick(cell, form, kind, lexicon, taken)
        if pick is not None:
            taken.add(pick.field.pointer)
            values_[cell.row, cell.column] = pick
    return Picked(values_, found)


def is_value(cell: Cell, form: Form) -> bool:
    """Tell whether a cell is printed and no label."""
    return bool(cell.parts) and (cell.row, cell.column) not in form.labels


def _inside(form: Form, found: Sequence[indicators.Region], lexicon: Lexicon) -> dict[Place, str]:
    """Return the cells of the parts, each with the field it was read into or heads."""
    return indicators.entries(form.slots, found, lexicon)[1]


def offered(cell: Cell, form: Form, kind: Kind, lexicon: Lexicon) -> list[Field]:
    """Return the fields that the labels of a value may mean."""
    found = [paths.fitting(kind, tuple(lexicon.heading(label.text) for label in way)) for way in ways(cell, form)]
    return [field for offers in found for _, field in offers]


def _pick(cell: Cell, form: Form, kind: Kind, lexicon: Lexicon, taken: Container[tuple[str, ...]]) -> Pick | None:
    """Return what a value is by its labels, if a field that is not taken fits it."""
    offers = [
        (score, field, way[-1])
        for way in ways(cell, form)
        for score, field in paths.fitting(kind, tuple(lexicon.heading(label.text) for label in way))
    ]
    for _, field, label in sorted(offers, key=lambda offer: -offer[0]):
        value = values.typed(cell, field, lexicon) if field.pointer not in taken else None
        if value is not None:
            return Pick(field, label, value)
    return None


def record(chunk: Chunk, kind: Kind, form: Form, what: Picked, catalog: Catalog) -> dict[str, Value]:
    """Return the card as a record of its kind; what no field takes stays under `other`."""
    lexicon = catalog.lexicon
    parts: dict[str, Value] = {}
    used: dict[Place, str] = {}
    for part in kind.parts:
        own = [region for region in what.regions if region.part.name == part.name]
        parts[part.name], cells = indicators.entries(form.slots, own, lexicon)
        used |= cells
    card: dict[str, Value] = {
        "id": None,
        "kind": kind.name,
        **captions.read(chunk, lexicon),
    }
    card["unit"] = card["unit"] or captions.unit_in([c for c in form.grid.cells if _at_label(c, form)], lexicon)
    other: dict[str, Value] = {}
    named: dict[Place, str] = {}
    for cell in form.grid.cells:
        place = (cell.row, cell.column)
        pick = what.values.get(place)
        if pick is not None:
            _set(card, pick.field.pointer, pick.value)
            if pick.label is not None:
                named[pick.label.row, pick.label.column] = pick.field.name
        elif is_value(cell, form) and place not in used:
            other[_free(other, cell, form)] = values.text(cell)
    card |= parts
    card["other"] = other
    card["labels"] = _labels(form, named, used)
    return card


def _at_label(cell: Cell, form: Form) -> bool:
    return bool(cell.parts) and (cell.row, cell.column) in form.labels


def _free(taken: Container[str], cell: Cell, form: Form) -> str:
    """Return the labels of a value that no field takes as its name, marked if it is taken already."""
    name = "/".join(labels.plain(label.text) for label in _named(ways(cell, form))) or "unlabelled"
    while name in taken:
        name += "'"
    return name


def ways(cell: Cell, form: Form) -> list[list[Cell]]:
    """Return the label paths of a value: labels to its left with those above them, then with the one above it."""
    left = _left(cell, form)
    above = _above(cell, form)
    ways: list[list[Cell]] = []
    if left:
        ways.append([*left[:-1], *_column_heads(left[-1], form), left[-1]])
    if above is not None and above not in left:
        ways.append([*left, above])
        ways.append([above, *left])
        ways.append([*_left(above, form), above])
    return ways


def _left(cell: Cell, form: Form) -> list[Cell]:
    """Return the labels that stand together left of a cell in its row, other values between them and it passed over."""
    left: list[Cell] = []
    column = cell.column - 1
    while column >= 0:
        beside = form.slots[cell.row][column]
        if beside is None:
            break
        if (beside.row, beside.column) in form.labels:
            left.insert(0, beside)
        elif left:
            break
        column = beside.column - 1
    return left


def _named(ways: Sequence[Sequence[Cell]]) -> Sequence[Cell]:
    """Return the labels that name a value best where no field takes it: the last of its first path, with its row's."""
    if not ways:
        return ()
    last = ways[0][-1]
    return [label for label in ways[0] if label.row + label.rowspan > last.row]


def _above(cell: Cell, form: Form) -> Cell | None:
    """Return the label right above a value that is at least as wide as it."""
    if cell.row == 0:
        return None
    upper = form.slots[cell.row - 1][cell.column]
    if upper is None or (upper.row, upper.column) not in form.labels or upper.column > cell.column:
        return None
    return upper if upper.column + upper.colspan >= cell.column + cell.colspan else None


def _column_heads(label: Cell, form: Form) -> list[Cell]:
    """Return the labels that stand above a label in an unbroken column, the topmost first."""
    heads: list[Cell] = []
    row = label.row - 1
    while row >= 0:
        upper = form.slots[row][label.column]
        if upper is None or (upper.row, upper.column) not in form.labels or upper.column != label.column:
            break
        heads.insert(0, upper)
        row = upper.row - 1
    return heads


def _labels(form: Form, named: dict[Place, str], used: dict[Place, str]) -> list[Value]:
    """Return every printed label, with the field its value went to."""
    found: list[Value] = []
    for cell in form.grid.cells:
        place = (cell.row, cell.column)
        is_label = bool(used[place]) if place in used else place in form.labels
        if cell.parts and is_label:
            found.append({"field": named.get(place) or used.get(place) or None, "label": values.text(cell)})
    return found


def _set(card: dict[str, Value], pointer: tuple[str, ...], value: Value) -> None:
    node = card
    for name in pointer[:-1]:
        node = cast("dict[str, Value]", node.setdefault(name, {}))
    node[pointer[-1]] = value
