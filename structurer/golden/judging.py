"""Figures of a result that are not as printed, and what marks them as such: one without a mark is silent."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from structurer.golden.marks import Marks
from structurer.golden.matching import apart, is_inside, item_of, may_be, middle
from structurer.golden.printed import Spot, numbers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from decimal import Decimal

    from structurer.golden.matching import Leaf
    from structurer.golden.printed import Box, Data, Printed

# Before a negative number, or instead of its sign.
_MINUS = re.compile("[-\u2010-\u2015\u2212\uff0d\u25b3\u25b2]")


class Wrong(NamedTuple):
    """A figure that was not read as printed."""

    page: int | None
    printed: str
    """Empty where nothing is printed."""
    read: tuple[str, ...]
    """What the result has in its place."""
    pointers: tuple[str, ...]
    confidence: tuple[float | None, ...]
    box: Box | None
    marks: tuple[str, ...]


class Reading(NamedTuple):
    """A result found again in print."""

    result: Data
    truth: Data
    cells: Sequence[Printed]
    """The printed figures."""
    leaves: Sequence[Leaf]
    unplaced: Sequence[Leaf]
    """Values without provenance, which are nowhere."""
    read: Mapping[Spot, Leaf]
    right: Collection[Spot]
    """Those that are read in the right item, row and column."""
    again: Sequence[Leaf]
    """Values that repeat what is read elsewhere."""
    figures: Collection[str]
    """Pointers of the result that its schema calls figures."""


class _Text(NamedTuple):
    """A printed cell that is no figure, with the numbers in it."""

    item: int
    page: int | None
    box: Box | None
    numbers: set[Decimal]


def printed_numbers(truth: Data) -> dict[int | None, set[Decimal]]:
    """Return by page all numbers that are printed."""
    found: dict[int | None, set[Decimal]] = defaultdict(set)
    for cell in (*(cell for item in truth["tables"] for cell in item["cells"]), *truth.get("paragraphs", ())):
        found[cell["page"]].update(numbers(cell["text"]))
    return found


def is_invented(leaf: Leaf, printed: Mapping[int | None, Collection[Decimal]]) -> bool:
    """Tell whether a value is a figure that is not printed, as a whole number, on the page it claims."""
    if leaf.figure is None:
        return False
    if leaf.page is None:
        return not any(abs(leaf.figure) in on_page for on_page in printed.values())
    return abs(leaf.figure) not in printed.get(leaf.page, ())


class Judge:
    """Tells what of a reading is wrong."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._marks = Marks(reading.result)
        self._by_spot = {cell.spot: cell for cell in reading.cells}

    def mistaken(self) -> list[Leaf]:
        """Return the figures of the result that are wrong: not printed there, or not in this row and column."""
        reading = self._reading
        said: dict[tuple[object, ...], set[str]] = defaultdict(set)
        for leaf in (*(reading.read[spot] for spot in reading.right), *reading.again):
            said[_place(leaf)].add(leaf.row)
        return [
            leaf
            for leaf in (*reading.leaves, *reading.unplaced)
            if leaf.pointer in reading.figures
            and leaf.figure is not None
            # What is printed once may be had whole and in parts, or in two items; a second row of it is invented.
            and not _is_repeated(leaf, said.get(_place(leaf), ()))
            and not self._is_in_text(leaf)
        ]

    def wrong(self) -> Iterator[Wrong]:
        """Yield every figure that is wrong."""
        told: set[str] = set()
        for cell in self._reading.cells:
            if cell.spot not in self._reading.right:
                here = self._here(cell)
                told.update(leaf.pointer for leaf in here)
                marks = self._marks.on(cell.page, [leaf.pointer for leaf in here])
                if all(leaf.figure is None for leaf in here):
                    marks |= self._marks.around(cell.spot, self._item(cell.spot), self._spots)
                yield self._told(cell.page, cell.text, here, cell.box, marks)
        for leaf in self.mistaken():
            if leaf.pointer not in told:
                yield self._told(leaf.page, "", [leaf], leaf.box, self._marks.on(leaf.page, [leaf.pointer]))

    def _told(
        self, page: int | None, text: str, here: Sequence[Leaf], box: Box | None, marks: Collection[str]
    ) -> Wrong:
        places = [self._reading.result["provenance"].get(leaf.pointer, {}) for leaf in here]
        return Wrong(
            page,
            text,
            tuple(leaf.text for leaf in here),
            tuple(leaf.pointer for leaf in here),
            tuple(place.get("confidence") for place in places),
            box,
            tuple(sorted(marks)),
        )

    def _here(self, cell: Printed) -> list[Leaf]:
        """Return what was read in the place of a figure that is wrong."""
        found = self._reading.read.get(cell.spot)
        if found is not None:
            return [found]
        return [leaf for leaf in self._free if may_be(leaf, cell.page) and self._is_of(leaf, cell)]

    def _is_of(self, leaf: Leaf, cell: Printed) -> bool:
        if leaf.box is None or cell.box is None:
            return False
        return _covers(leaf.box, cell.box) or (is_inside(leaf, cell.box) and self._nearest(leaf) == cell.spot)

    @cached_property
    def _free(self) -> list[Leaf]:
        """Values that no printed cell was found in."""
        used = {leaf.pointer for leaf in self._reading.read.values()}
        places = {_place(leaf) for leaf in self._reading.read.values()}
        return [leaf for leaf in self._reading.leaves if leaf.pointer not in used and _place(leaf) not in places]

    @cached_property
    def _lost(self) -> list[Printed]:
        return [cell for cell in self._reading.cells if cell.spot not in self._reading.read]

    def _nearest(self, leaf: Leaf) -> Spot | None:
        """Return the lost figure that a value stands nearest to: what was read beside it speaks for another."""
        lost = [cell for cell in self._lost if may_be(leaf, cell.page)]
        return min(lost, key=lambda cell: apart(leaf.box, cell.box)).spot if lost else None

    def _is_in_text(self, leaf: Leaf) -> bool:
        """Tell whether a figure stands within a printed cell that is none: a text, a code, the number of a row."""
        if leaf.figure is None or leaf.figure not in _signed(leaf.shown):
            return False
        items = self._items.get(leaf.item)
        return any(
            leaf.figure in text.numbers
            and may_be(leaf, text.page)
            and is_inside(leaf, text.box)
            and (items is None or text.item in items)
            for text in self._texts
        )

    @cached_property
    def _items(self) -> dict[str, set[int]]:
        """By table or card of the result: the printed ones that something of it was found in."""
        found: dict[str, set[int]] = defaultdict(set)
        for spot, leaf in self._reading.read.items():
            found[leaf.item].add(spot.item)
        return dict(found)

    @cached_property
    def _texts(self) -> list[_Text]:
        return [
            _Text(number, cell["page"], cell.get("bbox"), within)
            for number, item in enumerate(self._reading.truth["tables"])
            for cell in item["cells"]
            if Spot(number, cell["r"], cell["c"]) not in self._by_spot and (within := _signed(cell["text"]))
        ]

    def _item(self, spot: Spot) -> str | None:
        """Return the table or card of the result in which most neighbours of a figure were read."""
        items = [leaf.item for other, leaf in self._reading.read.items() if other.item == spot.item]
        return max(dict.fromkeys(items), key=items.count, default=None)

    @cached_property
    def _spots(self) -> dict[str, Spot]:
        """The printed cells of the figures that are read, by pointer; what is read twice has one cell."""
        by_place = {_place(leaf): spot for spot, leaf in self._reading.read.items() if spot in self._by_spot}
        return {leaf.pointer: by_place[_place(leaf)] for leaf in self._reading.leaves if _place(leaf) in by_place}


def _signed(text: str) -> set[Decimal]:
    """Return the numbers within a text; if it has a minus sign, they may be negative as well."""
    found = set(numbers(text))
    return found | {-number for number in found} if _MINUS.search(text) else found


def _is_repeated(leaf: Leaf, rows: Collection[str]) -> bool:
    """Tell whether a figure repeats a right one of its place: in the same row, or in another table or card."""
    return leaf.row in rows or (bool(rows) and all(item_of(row) != leaf.item for row in rows))


def _place(leaf: Leaf) -> tuple[object, ...]:
    """Return where a figure was read: had twice, it has the same place."""
    return leaf.page, leaf.place, leaf.figure


def _covers(box: Box, cell: Box) -> bool:
    """Tell whether a box covers the middle of a printed cell."""
    x, y = middle(cell)
    return bool(box[0] <= x <= box[2] and box[1] <= y <= box[3])
