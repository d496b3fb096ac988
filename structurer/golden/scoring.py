"""How well a result reads the printed truth of its document; each measure is defined in docs/golden.md.

The truth is `truth.json`: every printed table and card with its cells, and the paragraphs. No field name is needed.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from structurer.golden import judging, matching, printed, prose
from structurer.golden.printed import canon

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence

    from structurer.golden.judging import Wrong
    from structurer.golden.matching import Leaf
    from structurer.golden.printed import Data, Printed, Spot

# A printed item is found when this share of its figures is read inside one item of the result.
_FOUND = Decimal("0.8")
# The labels of a form are listed for themselves, apart from the values beside them.
_LABELS = "labels/"


class Share(NamedTuple):
    """How many of how many."""

    hit: int
    total: int

    @property
    def value(self) -> Decimal | None:
        """The share as a number; None where there was nothing to hit."""
        return Decimal(self.hit) / self.total if self.total else None


def total(shares: Iterable[Share]) -> Share:
    """Return shares taken together."""
    both = list(shares)
    return Share(sum(share.hit for share in both), sum(share.total for share in both))


class Miss(NamedTuple):
    """A printed figure or text that was not read."""

    item: str
    page: int | None
    row: int
    column: int
    text: str


@dataclass(frozen=True, slots=True)
class Score:
    """How well a result reads the printed truth."""

    tables: Share
    """Printed tables that are in the result."""
    cards: Share
    figures: Share
    """Printed figures that are read in their place; codes, row numbers and guide rows are not among them."""
    right: int
    """Of these, those that stand in the right item, the row and, in a table, the column, too."""
    claimed: int
    """Figures of tables and cards of the result that are right or wrong."""
    codes: Share
    rows: Share
    """Read figures that stand in the result row of their printed row."""
    columns_tables: Share
    """Read figures whose field is the one field of their printed column."""
    columns_cards: Share
    """The same for cards, where one printed column holds several fields."""
    table_text: Share
    """Texts in the rows of tables that are read whole."""
    card_text: Share
    """Texts of cards that are no labels and are read."""
    invented: int
    """Figures of the result that are printed nowhere on the page they claim."""
    misses: tuple[Miss, ...]
    """Figures and texts of cards."""
    claims: Share
    """Claims of the prose whose figure is printed in a paragraph of their page."""
    wrong: tuple[Wrong, ...]
    """Figures and claims that are not right, and what marks them."""

    @property
    def columns(self) -> Share:
        """Columns of tables and cards."""
        return total([self.columns_tables, self.columns_cards])

    @property
    def recall(self) -> Share:
        """Right figures of those that are printed."""
        return Share(self.right, self.figures.total)

    @property
    def precision(self) -> Share:
        """Right figures of those that the result has."""
        return Share(self.right, self.claimed)

    @property
    def f1(self) -> Share:
        """The harmonic mean of precision and recall."""
        return Share(2 * self.right, self.figures.total + self.claimed)

    @property
    def silent(self) -> Share:
        """Wrong figures that nothing marks, of those that are printed and of the claims."""
        return Share(sum(not one.marks for one in self.wrong), self.figures.total + self.claims.total)


def score(result: Data, truth: Data, figures: Iterable[str]) -> Score:
    """Return how well a result reads the truth; `figures` are the pointers of the result that its schema calls so."""
    cells, leaves = printed.cells(truth), matching.leaves(result)
    read = matching.match(cells, leaves)
    of_figures = [cell for cell in cells if cell.role == "figure"]
    cards = frozenset(number for number, item in enumerate(truth["tables"]) if item["kind"] == "card")
    places = _Places(cells, read, cards)
    right = places.right()
    again = list(_again(cells, leaves, read).values())
    judge = judging.Judge(
        judging.Reading(
            result, truth, of_figures, leaves, matching.unplaced(result), read, right, again, frozenset(figures)
        )
    )
    numbers = judging.printed_numbers(truth)
    claims = prose.claims(result, frozenset(figures)) if truth.get("paragraphs") else []
    false = list(prose.wrong(result, truth, claims))
    missed = {cell.spot for cell in of_figures if cell.spot not in read} | _lost(cells, leaves, read, cards)
    tables, in_cards = _items(truth, of_figures, read, result)
    return Score(
        tables=tables,
        cards=in_cards,
        figures=Share(sum(cell.spot in read for cell in of_figures), len(of_figures)),
        right=len(right),
        claimed=len(right) + len(judge.mistaken()),
        codes=_codes(cells, leaves),
        rows=Share(len(places.in_row), len(places.found)),
        columns_tables=places.columns(of_cards=False),
        columns_cards=places.columns(of_cards=True),
        table_text=_texts(cells, missed, lambda spot: spot.item not in cards),
        card_text=_texts(cells, missed, lambda spot: spot.item in cards),
        invented=sum(judging.is_invented(leaf, numbers) for leaf in leaves),
        misses=tuple(
            Miss(truth["tables"][cell.spot.item]["id"], cell.page, cell.spot.row, cell.spot.column, cell.text)
            for cell in cells
            if cell.spot in missed and (cell.role == "figure" or cell.spot.item in cards)
        ),
        claims=Share(len(claims) - len(false), len(claims)),
        wrong=(*judge.wrong(), *false),
    )


def _again(cells: Sequence[Printed], leaves: Iterable[Leaf], read: Mapping[Spot, Leaf]) -> dict[Spot, Leaf]:
    """Return the values of items that nothing was found in, matched for themselves.

    A wide table of all projects is in the result as a table, and its cells once more as a card each.
    """
    items = set(_most((spot.item, leaf.item, 1.0) for spot, leaf in read.items()).values())
    return matching.match(cells, [leaf for leaf in leaves if leaf.item not in items])


class _Places:
    """Where the printed figures stand in the result."""

    def __init__(self, cells: Iterable[Printed], read: Mapping[Spot, Leaf], cards: frozenset[int]) -> None:
        self._cards = cards
        known = [(cell, read[cell.spot]) for cell in cells if cell.spot in read]
        self.found = {cell.spot: leaf for cell, leaf in known if cell.role == "figure"}
        # A figure stands in the row of its name: of equal counts the one with texts is the row.
        weights = [
            (cell.spot, leaf, 1.0 if cell.role == "figure" else 1.01)
            for cell, leaf in known
            if cell.role == "figure" or not leaf.field.startswith(_LABELS)
        ]
        items = _most(((spot.item, leaf.item, weight) for spot, leaf, weight in weights))
        rows = _most((((spot.item, spot.row), leaf.row, weight) for spot, leaf, weight in weights))
        self._in_item = {spot for spot, leaf in self.found.items() if items[spot.item] == leaf.item}
        spans = {cell.spot: range(cell.spot.row, cell.spot.row + cell.rowspan) for cell, _ in known}
        self.in_row = {
            spot
            for spot, leaf in self.found.items()
            if any(rows.get((spot.item, row)) == leaf.row for row in spans[spot])
        }
        self._in_column = set(self._columns())

    def _columns(self) -> Iterator[Spot]:
        """Yield the figures in the field of their printed column; a field is one printed column of a table only."""
        counts: Counter[tuple[int, int, str]] = Counter()
        for spot, leaf in self.found.items():
            counts[spot.item, spot.column, leaf.field] += 1
        fields: dict[tuple[int, int], str] = {}
        taken: set[tuple[int, str]] = set()
        for (item, column, field), _ in counts.most_common():
            if (item, column) not in fields and (item in self._cards or (item, field) not in taken):
                fields[item, column] = field
                taken.add((item, field))
        for spot, leaf in self.found.items():
            if fields.get((spot.item, spot.column)) == leaf.field:
                yield spot

    def columns(self, *, of_cards: bool) -> Share:
        """Return the share of figures that stand in the field of their printed column."""
        found = [spot for spot in self.found if (spot.item in self._cards) == of_cards]
        return Share(sum(spot in self._in_column for spot in found), len(found))

    def right(self) -> frozenset[Spot]:
        """Return the figures in the right item and row and, in a table, in the right column."""
        both = self._in_item & self.in_row
        return frozenset(spot for spot in both if spot.item in self._cards or spot in self._in_column)


def _most(votes: Iterable[tuple[Hashable, str, float]]) -> dict[Hashable, str]:
    """Return for each that is asked about the answer of most weight."""
    weights: dict[Hashable, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for asked, answer, weight in votes:
        weights[asked][answer] += weight
    return {asked: max(answers, key=lambda answer: answers[answer]) for asked, answers in weights.items()}


def _items(truth: Data, cells: Sequence[Printed], read: Mapping[Spot, Leaf], result: Data) -> tuple[Share, Share]:
    """Return how many printed tables and cards are in the result."""
    titles = [canon(item.get("title")) for item in (*result.get("tables", ()), *result.get("cards", ()))]
    figures = Counter(cell.spot.item for cell in cells)
    within: dict[int, Counter[str]] = defaultdict(Counter)
    for cell in cells:
        if cell.spot in read:
            within[cell.spot.item][read[cell.spot].item] += 1
    found: dict[bool, list[bool]] = {False: [], True: []}
    for number, item in enumerate(truth["tables"]):
        title = canon(item["title"])
        is_found = (
            max(within[number].values(), default=0) >= _FOUND * figures[number]
            if figures[number]
            else any(title in other or (other and other in title) for other in titles)
        )
        found[item["kind"] == "card"].append(is_found)
    tables, cards = (Share(sum(found[card]), len(found[card])) for card in (False, True))
    return tables, cards


def _lost(
    cells: Iterable[Printed], leaves: Sequence[Leaf], read: Mapping[Spot, Leaf], cards: Collection[int]
) -> set[Spot]:
    """Return the texts that are not read; a text of a card may be a part of a value."""
    return {
        cell.spot
        for cell in cells
        if cell.role == "text"
        and cell.spot not in read
        and not (
            cell.spot.item in cards
            and any(cell.text in leaf.text and matching.may_be(leaf, cell.page) for leaf in leaves)
        )
    }


def _texts(cells: Iterable[Printed], missed: Collection[Spot], among: Callable[[Spot], bool]) -> Share:
    texts = [cell.spot for cell in cells if cell.role == "text" and among(cell.spot)]
    return Share(sum(spot not in missed for spot in texts), len(texts))


def _codes(cells: Iterable[Printed], leaves: Sequence[Leaf]) -> Share:
    """Return how many pieces of codes stand in some value of their page."""
    digits = [(leaf, re.sub(r"\D", "", leaf.text)) for leaf in leaves]
    codes = [cell for cell in cells if cell.role == "code"]
    return Share(
        sum(any(cell.text in own and matching.may_be(leaf, cell.page) for leaf, own in digits) for cell in codes),
        len(codes),
    )
