"""Score a result against the printed truth of its document.

The scorer needs no field name: it follows `provenance` from the result back to the printed cells.
A printed figure is *read* when a leaf with exactly its value points at its page and, where the
truth knows the cell's box, into that box. Numbers are read here, apart from `amounts`, on purpose:
the judge must not share the eyes of the judged.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    # Results and truths are read by name at any depth.
    Data = Mapping[str, Any]
    Box = Sequence[float]

_FIGURE = re.compile(r"[-△]?[\d,]+(\.\d+)?%?")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
# A leaf's middle may stand so far outside the printed cell's text (points).
_SLACK = 6
# A printed item is found when this share of its figures is read inside one item of the result.
_FOUND = Decimal("0.8")
# A text on more than this share of the cards, where there are more than so many, is a label of the form.
_LABEL, _FEW_CARDS = Decimal("0.6"), 2
# The steps of a pointer that name an item: "", "tables", "3".
_ITEM = 3


class Share(NamedTuple):
    """How many of how many."""

    hit: int
    total: int

    @property
    def value(self) -> Decimal | None:
        """The share as a number; None where there was nothing to hit."""
        return Decimal(self.hit) / self.total if self.total else None


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
    """Printed figures read exactly; codes, row numbers and guide rows are not among them."""
    codes: Share
    rows: Share
    """Read figures that stand in the result row of their printed row."""
    columns_tables: Share
    """Read figures whose field is the one field of their printed column."""
    columns_cards: Share
    """The same for cards, where one printed column holds several fields."""
    card_text: Share
    """Texts of cards that are no labels and are read."""
    invented: int
    """Figures of the result that are printed nowhere on the page they claim."""
    misses: tuple[Miss, ...]

    @property
    def columns(self) -> Share:
        """Columns of tables and cards."""
        return _total([self.columns_tables, self.columns_cards])


@dataclass(frozen=True, slots=True)
class Headings:
    """Printed words that tell what the figures below them are."""

    ordinal: frozenset[str]
    code: frozenset[str]
    code_pattern: re.Pattern[str]
    name_pattern: re.Pattern[str]
    guide: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class _Cell:
    """One printed cell that the result must have."""

    row: int
    column: int
    text: str
    page: int | None
    box: Box | None
    role: Literal["figure", "code", "text"]


@dataclass(frozen=True, slots=True)
class _Leaf:
    """One value of the result with the place it claims."""

    pointer: str
    text: str
    box: Box | None
    figure: Decimal | None


@dataclass(frozen=True, slots=True)
class _Part:
    """The score of one printed item."""

    found: bool
    figures: Share
    codes: Share
    rows: Share
    columns: Share
    texts: Share
    misses: tuple[Miss, ...]


def headings(data: Data) -> Headings:
    """Return the words of `headings.toml`; raises KeyError if one list is missing."""
    return Headings(
        frozenset(data["ordinal"]),
        frozenset(data["code"]),
        re.compile(data["code_pattern"]),
        re.compile(data["name_pattern"]),
        frozenset(data["guide"]),
    )


def score(result: Data, truth: Data, words: Headings) -> Score:
    """Return how well the result reads the truth."""
    leaves = _leaves_by_page(result)
    titles = [_canon(item.get("title")) for item in (*result.get("tables", ()), *result.get("cards", ()))]
    form = _form_labels(truth["tables"])
    parts = {True: list[_Part](), False: list[_Part]()}
    for item in truth["tables"]:
        card = item["kind"] == "card"
        parts[card].append(_part(item, list(_cells(item, words, form)), leaves, titles))
    both = parts[False] + parts[True]
    return Score(
        tables=Share(sum(part.found for part in parts[False]), len(parts[False])),
        cards=Share(sum(part.found for part in parts[True]), len(parts[True])),
        figures=_total(part.figures for part in both),
        codes=_total(part.codes for part in both),
        rows=_total(part.rows for part in both),
        columns_tables=_total(part.columns for part in parts[False]),
        columns_cards=_total(part.columns for part in parts[True]),
        card_text=_total(part.texts for part in both),
        invented=_invented(leaves, truth),
        misses=tuple(miss for part in both for miss in part.misses),
    )


def _total(shares: Iterable[Share]) -> Share:
    both = list(shares)
    return Share(sum(share.hit for share in both), sum(share.total for share in both))


def _canon(text: str | None) -> str:
    """Return the text as it is compared: compatibility forms folded, no white space."""
    return "".join(unicodedata.normalize("NFKC", text or "").split())


def _figure(text: str) -> Decimal | None:
    if not _FIGURE.fullmatch(text):
        return None
    try:
        return Decimal(text.rstrip("%").replace(",", "").replace("△", "-"))
    except InvalidOperation:
        return None


def _leaves_by_page(result: Data) -> Mapping[int | None, list[_Leaf]]:
    """Return every leaf of tables and cards that has provenance, under the page it claims."""
    found: dict[int | None, list[_Leaf]] = defaultdict(list)
    provenance = result.get("provenance", {})
    for root in ("tables", "cards"):
        for pointer, value in _leaves(result.get(root, []), f"/{root}"):
            place = provenance.get(pointer)
            if place:
                text = _canon(str(value))
                found[place["page"]].append(_Leaf(pointer, text, place.get("box"), _figure(text)))
    return found


def _leaves(node: object, pointer: str) -> Iterator[tuple[str, object]]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _leaves(value, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _leaves(value, f"{pointer}/{index}")
    elif node is not None and node != "":
        yield pointer, node


def _item(pointer: str) -> str:
    return "/".join(pointer.split("/")[:_ITEM])


def _row(pointer: str) -> str:
    """Return the pointer of the row a leaf stands in; its item's, where it stands in none."""
    steps = pointer.split("/")
    numbers = [index for index, step in enumerate(steps) if step.isdecimal()]
    return "/".join(steps[: numbers[-1] + 1]) if len(numbers) > 1 else _item(pointer)


def _field(pointer: str) -> str:
    return "/".join("*" if step.isdecimal() else step for step in pointer.split("/")[_ITEM:])


def _form_labels(items: Sequence[Data]) -> frozenset[str]:
    """Return the texts that most cards share: labels of the form."""
    cards = [item for item in items if item["kind"] == "card"]
    if len(cards) <= _FEW_CARDS:
        return frozenset()
    on = Counter(text for card in cards for text in {_canon(cell["text"]) for cell in card["cells"]})
    return frozenset(text for text, count in on.items() if count > _LABEL * len(cards))


def _cells(item: Data, words: Headings, form: frozenset[str]) -> Iterator[_Cell]:
    """Yield the cells that the result must have; no headings, labels, row numbers and guide rows."""
    ordinals, codes = _special_columns(item, words)
    guides = {cell["r"] for cell in item["cells"] if _canon(cell["text"]) in words.guide}
    card = item["kind"] == "card"
    for cell in item["cells"]:
        text, row, column = _canon(cell["text"]), cell["r"], cell["c"]
        if not text or (row < item["header_rows"] and not card):
            continue
        number = _figure(text) is not None and row not in guides
        place = (row, column, text, cell["page"], cell.get("bbox"))
        if number and column in codes:
            yield _Cell(*place, "code")
        elif number and column not in ordinals:
            yield _Cell(*place, "figure")
        elif card and text not in form:
            yield _Cell(*place, "text")


def _special_columns(item: Data, words: Headings) -> tuple[set[int], set[int]]:
    """Return the columns of row numbers and those of codes."""
    above: dict[int, set[str]] = defaultdict(set)
    for cell in item["cells"]:
        if cell["r"] < item["header_rows"]:
            for column in range(cell["c"], cell["c"] + cell.get("colspan", 1)):
                above[column].add(_canon(cell["text"]))
    ordinals = {column for column, texts in above.items() if texts & words.ordinal}
    codes = {column for column, texts in above.items() if _is_code(texts, words)}
    return ordinals, codes


def _is_code(texts: set[str], words: Headings) -> bool:
    if texts & words.code:
        return True
    return any(map(words.code_pattern.search, texts)) and not any(map(words.name_pattern.search, texts))


def _part(
    item: Data, cells: Sequence[_Cell], leaves: Mapping[int | None, Sequence[_Leaf]], titles: Sequence[str]
) -> _Part:
    title = _canon(item["title"])
    figures = [cell for cell in cells if cell.role == "figure"]
    read = {cell: leaf for cell in figures if (leaf := _match(cell, leaves.get(cell.page, ())))}
    items = Counter(_item(leaf.pointer) for leaf in read.values())
    most = max(items.values(), default=0)
    codes = [_has_code(cell, leaves.get(cell.page, ())) for cell in cells if cell.role == "code"]
    texts = [cell for cell in cells if cell.role == "text"]
    missed = [cell for cell in texts if not any(cell.text in leaf.text for leaf in leaves.get(cell.page, ()))]
    return _Part(
        found=most >= _FOUND * len(figures) if figures else any(title in t or (t and t in title) for t in titles),
        figures=Share(len(read), len(figures)),
        codes=Share(sum(codes), len(codes)),
        rows=Share(_in_their_rows(read), len(read)),
        columns=Share(_in_their_columns(read, card=item["kind"] == "card"), len(read)),
        texts=Share(len(texts) - len(missed), len(texts)),
        misses=tuple(
            Miss(item["id"], cell.page, cell.row, cell.column, cell.text)
            for cell in [*(cell for cell in figures if cell not in read), *missed]
        ),
    )


def _match(cell: _Cell, leaves: Sequence[_Leaf]) -> _Leaf | None:
    """Return the leaf that is this printed figure."""
    value = _figure(cell.text)
    return next((leaf for leaf in leaves if leaf.figure == value and _inside(leaf.box, cell.box)), None)


def _inside(box: Box | None, cell: Box | None) -> bool:
    """Tell whether the middle of a box stands in a printed cell; yes where one of them has no place."""
    if not box or not cell:
        return True
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return cell[0] - _SLACK <= x <= cell[2] + _SLACK and cell[1] - _SLACK <= y <= cell[3] + _SLACK


def _has_code(cell: _Cell, leaves: Sequence[_Leaf]) -> bool:
    return any(cell.text in re.sub(r"\D", "", leaf.text) for leaf in leaves)


def _in_their_rows(read: Mapping[_Cell, _Leaf]) -> int:
    """Count the figures that stand in the result row that most figures of their printed row stand in."""
    by_row: dict[int, Counter[str]] = defaultdict(Counter)
    for cell, leaf in read.items():
        by_row[cell.row][_row(leaf.pointer)] += 1
    return sum(max(rows.values()) for rows in by_row.values())


def _in_their_columns(read: Mapping[_Cell, _Leaf], *, card: bool) -> int:
    """Count the figures in the field of their printed column; a field counts for one column of a table only."""
    by_column: dict[int, Counter[str]] = defaultdict(Counter)
    for cell, leaf in read.items():
        by_column[cell.column][_field(leaf.pointer)] += 1
    count = 0
    taken: set[str] = set()
    for names in by_column.values():
        name, most = names.most_common(1)[0]
        count += most if card or name not in taken else 0
        taken.add(name)
    return count


def _invented(leaves: Mapping[int | None, Sequence[_Leaf]], truth: Data) -> int:
    """Count the figures of the result that are not printed, as whole numbers, on the page they claim."""
    printed: dict[int | None, set[Decimal]] = defaultdict(set)
    for cell in (*(cell for item in truth["tables"] for cell in item["cells"]), *truth.get("paragraphs", ())):
        # A number broken over two lines of its cell is one: look at the text without its white space, too.
        numbers = _NUMBER.findall(f"{unicodedata.normalize('NFKC', cell['text'])} {_canon(cell['text'])}")
        printed[cell["page"]].update(Decimal(number.replace(",", "")) for number in numbers)
    return sum(
        leaf.figure is not None and abs(leaf.figure) not in printed[page]
        for page, found in leaves.items()
        for leaf in found
    )
