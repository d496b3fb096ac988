"""Printed cells found again in a result, each in a value of its own.

No field name is needed: `provenance` leads from a value to its page and, where the input has coordinates, to its box.
Where it does not lead to one cell, the neighbours tell: of all values that could be a printed cell the one is taken
that stands in the item, the row and the field where most cells of its table, its row and its column were found.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from structurer.golden.printed import canon, figure

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence
    from decimal import Decimal

    from structurer.golden.printed import Box, Data, Printed, Spot

# A leaf's middle may stand so far outside the printed cell's text (points), and on a page that was scanned askew.
_SLACK, _SLACK_ASKEW = 6.0, 11.0
# So often the neighbours are asked anew.
_ROUNDS = 4
# The steps of a pointer that name an item: "", "tables", "3".
_ITEM = 3
# What is said of the columns of a table is no value of it.
_ABOUT = "columns"
# A value that is taken apart keeps what was printed in a member of this name.
_WHOLE = "text"


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """One value of a result with the place it claims."""

    pointer: str
    item: str
    row: str
    """Pointer of the row it stands in; its item's, where it stands in none."""
    field: str
    text: str
    """Without white space, compatibility forms folded."""
    figure: Decimal | None
    page: int | None
    box: Box | None
    slack: float
    """How far its middle may be outside of its printed text (points)."""
    shown: str
    """The printed text it was read from, compared as `text` is."""
    place: Hashable
    """What is read from one place more than once, whole or in part, is one printed cell."""


def leaves(result: Data, roots: Sequence[str] = ("tables", "cards")) -> list[Leaf]:
    """Return every value of tables and cards that has provenance, or of other members of the result."""
    return [leaf for root in roots for leaf in _leaves(result, root, placed=True)]


def unplaced(result: Data, roots: Sequence[str] = ("tables", "cards")) -> list[Leaf]:
    """Return every value that has none: nobody can say where it is printed."""
    return [leaf for root in roots for leaf in _leaves(result, root, placed=False)]


def _leaves(result: Data, root: str, *, placed: bool) -> Iterator[Leaf]:
    provenance = result.get("provenance", {})
    for pointer, value in _values(result.get(root, []), f"/{root}"):
        claim = provenance.get(pointer) or {}
        if bool(claim) == placed:
            text, steps, box = canon(str(value)), pointer.split("/"), claim.get("box")
            whole = "/".join([*steps[:-1], _WHOLE])
            yield Leaf(
                pointer,
                item_of(pointer),
                _row_of(steps),
                "/".join("*" if step.isdecimal() else step for step in steps[_ITEM:]),
                text,
                figure(text),
                claim.get("page"),
                box,
                _SLACK_ASKEW if claim.get("how") == "ocr" else _SLACK,
                canon(claim.get("text")),
                tuple(box) if box else whole if whole in provenance else pointer,
            )


def _values(node: object, pointer: str) -> Iterator[tuple[str, object]]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _values(value, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _values(value, f"{pointer}/{index}")
    elif node is not None and node != "":
        yield pointer, node


def item_of(pointer: str) -> str:
    """Return the pointer of the table or card that a pointer leads into.

    >>> item_of("/tables/3/rows/0/total")
    '/tables/3'
    """
    return "/".join(pointer.split("/")[:_ITEM])


def _row_of(steps: Sequence[str]) -> str:
    places = [index for index, step in enumerate(steps) if step.isdecimal()]
    return "/".join(steps[: places[-1] + 1] if len(places) > 1 else steps[:_ITEM])


def is_inside(leaf: Leaf, box: Box | None) -> bool:
    """Tell whether the middle of a value stands in a printed box; yes where one of them has no place."""
    if not leaf.box or not box:
        return True
    x, y = middle(leaf.box)
    slack = leaf.slack
    return box[0] - slack <= x <= box[2] + slack and box[1] - slack <= y <= box[3] + slack


def middle(box: Box) -> tuple[float, float]:
    """Return the middle of a box."""
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def apart(one: Box | None, other: Box | None) -> float:
    """Return how far apart the middles of two boxes are (points); 0 where one is not known."""
    if not one or not other:
        return 0.0
    (x, y), (left, top) = middle(one), middle(other)
    return float(((x - left) ** 2 + (y - top) ** 2) ** 0.5)


def may_be(leaf: Leaf, page: int | None) -> bool:
    """Tell whether a value may stand on a page; yes where one of them is not known."""
    return leaf.page is None or page is None or leaf.page == page


class _Pair(NamedTuple):
    cell: Printed
    leaf: Leaf
    apart: float


class Neighbours:
    """Where most cells of a table, a row and a column were found."""

    def __init__(self, found: Iterable[tuple[Printed, Leaf, float]]) -> None:
        """Take cells with the values they were found in, and how sure that is (above 0, to 1)."""
        self._votes: dict[Hashable, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        for cell, leaf, sure in found:
            for asked, answer in _questions(cell, leaf):
                self._votes[asked][answer] += sure

    def agree(self, cell: Printed, leaf: Leaf) -> float:
        """Return how well a value goes with its neighbours, from 0 to 3."""
        return sum(self._share(asked, answer) for asked, answer in _questions(cell, leaf))

    def _share(self, asked: Hashable, answer: str) -> float:
        votes = self._votes.get(asked)
        return votes.get(answer, 0.0) / sum(votes.values()) if votes else 0.0


def _questions(cell: Printed, leaf: Leaf) -> Iterator[tuple[Hashable, str]]:
    item, row, column = cell.spot
    yield item, leaf.item
    yield (item, "row", row), leaf.row
    yield (item, "column", column), f"{leaf.item}/{leaf.field}"


def match(printed: Sequence[Printed], found: Sequence[Leaf]) -> dict[Spot, Leaf]:
    """Return the value that is each printed figure and text; one value is one cell."""
    pairs = list(_pairs(printed, found))
    choices = Counter(pair.cell.spot for pair in pairs)
    neighbours = Neighbours((cell, leaf, 1 / choices[cell.spot]) for cell, leaf, _ in pairs)
    taken: dict[Spot, _Pair] = {}
    for _ in range(_ROUNDS):
        taken = _taken(pairs, neighbours)
        neighbours = Neighbours((cell, leaf, 1.0) for cell, leaf, _ in taken.values())
    return {spot: pair.leaf for spot, pair in taken.items()}


def _pairs(printed: Iterable[Printed], found: Iterable[Leaf]) -> Iterator[_Pair]:
    by_key: dict[Hashable, list[Leaf]] = defaultdict(list)
    for leaf in found:
        if leaf.field.partition("/")[0] != _ABOUT:
            by_key[leaf.text].append(leaf)
            if leaf.figure is not None:
                by_key[leaf.figure].append(leaf)
    for cell in printed:
        if cell.role != "code":
            for leaf in by_key[cell.text if cell.figure is None else cell.figure]:
                if may_be(leaf, cell.page) and is_inside(leaf, cell.box):
                    yield _Pair(cell, leaf, apart(leaf.box, cell.box))


def _taken(pairs: Iterable[_Pair], neighbours: Neighbours) -> dict[Spot, _Pair]:
    """Return the best pair of each cell: the nearest, printed alike, and going best with its neighbours."""
    taken: dict[Spot, _Pair] = {}
    used: set[Hashable] = set()

    def order(pair: _Pair) -> tuple[float, bool, float]:
        return pair.apart, pair.leaf.shown != pair.cell.text, -neighbours.agree(pair.cell, pair.leaf)

    for pair in sorted(pairs, key=order):
        place = pair.leaf.page, pair.leaf.place, pair.leaf.figure
        if pair.cell.spot not in taken and place not in used:
            taken[pair.cell.spot] = pair
            used.add(place)
    return taken
