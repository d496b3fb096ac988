"""What is told apart of a golden document: itself, and each table and card of its recorded result."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from structurer.golden import compare, folder, places

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from structurer.golden.compare import Change
    from structurer.golden.folder import Verified, Wrong
    from structurer.golden.places import Item, Row

    Record = Mapping[str, Any]

# The pointer of the document; what stands in no recorded table or card is its own.
DOCUMENT = ""
# What a table or card is called in the name of its part.
_CALLED = {"tables": "table", "cards": "card"}
# A title is cut at so many characters in the name of a part.
_LONGEST = 60
# A value that is new is no fall.
FALLS = frozenset({"changed", "lost", "moved"})
_LETTER = re.compile(r"[^\W\d_]")


class Where(NamedTuple):
    """A place as a reader finds it: in the fifth of the rows, which is called so, the column `total`."""

    listed: str
    """The list that its row is in, as `rows` or `indicators`; empty for what an item says of itself."""
    number: int | None
    """The number of the row in its list, from 1."""
    row: str
    column: str


class Difference(NamedTuple):
    """A change, and where it is in the recorded result; what is new, in the other."""

    change: Change
    where: Where
    to: Where | None
    """Where a value is that has moved."""
    new_item: str | None
    """Pointer of the table or card that is new as a whole."""


class Misread(NamedTuple):
    """A verified value that is read otherwise, and where it is in the recorded result."""

    wrong: Wrong
    where: Where
    page: int | None


@dataclass(frozen=True, slots=True)
class Part:
    """How a document, a table or a card of a recorded result stands."""

    pointer: str
    """Where it is in the recorded result."""
    title: str
    pages: tuple[int, ...] = ()
    values: int = 0
    """How many values the recorded result has in it."""
    faults: tuple[str, ...] = ()
    """What is wrong with the golden folder. In a table or card: why it was not compared."""
    differences: tuple[Difference, ...] = ()
    misread: tuple[Misread, ...] = ()

    @property
    def called(self) -> str:
        """What it is: a document, a table or a card."""
        return _CALLED[self.pointer.split("/")[1]] if self.pointer else "document"

    @property
    def number(self) -> int:
        """Its number among the tables, or among the cards, from 1."""
        return int(self.pointer.rpartition("/")[2]) + 1 if self.pointer else 0

    @property
    def name(self) -> str:
        """A name that no other part of the document has; the recorded result alone says which."""
        return f"{self.called} {self.number} {self.title}".rstrip() if self.pointer else self.called

    @property
    def has_fallen(self) -> bool:
        """Whether anything in it is worse than it was, or cannot be told."""
        return bool(self.faults or self.misread or any(one.change.kind in FALLS for one in self.differences))

    @property
    def is_lost(self) -> bool:
        """Whether nothing of it is there any more."""
        lost = sum(one.change.kind == "lost" for one in self.differences)
        return bool(self.pointer) and lost == self.values > 0


def parts(result: Record) -> list[Part]:
    """Return the parts of a recorded result, the document first; nothing is said of how they stand."""
    found = [Part(DOCUMENT, "")]
    for item in places.items(result):
        if _is_part(item.pointer):
            _, root, number = item.pointer.split("/")
            pages = [page for page in result[root][int(number)].get("pages") or () if page is not None]
            values = sum(len(row.leaves) for row in item.rows)
            found.append(Part(item.pointer, _title(item), tuple(pages), values))
    return found


def split(before: Record, after: Record, entries: Sequence[Verified]) -> list[Part]:
    """Return how the parts of a recorded result stand against another result, and against what people have verified."""
    differences, misread = _differences(before, after), _misread(before, after, entries)
    return [
        replace(part, differences=tuple(differences[part.pointer]), misread=tuple(misread[part.pointer]))
        for part in parts(before)
    ]


def _is_part(pointer: str) -> bool:
    return pointer.split("/")[1] in _CALLED


def _title(item: Item) -> str:
    """Return what an item is called, in one line of characters that can be seen."""
    seen = "".join(char if char.isprintable() else " " for char in item.name or item.kind)
    # pytest parts the names of tests by two colons.
    return re.sub(":{2,}", ":", " ".join(seen.split()))[:_LONGEST].rstrip()


def _differences(before: Record, after: Record) -> defaultdict[str, list[Difference]]:
    """Return the changes by the pointer of their part."""
    found: defaultdict[str, list[Difference]] = defaultdict(list)
    was, now = _places(before), _places(after)
    # The changes of an item follow each other, with one and the same item.
    for _, group in groupby(compare.compared(before, after)[0], key=lambda pair: id(pair[1])):
        own = list(group)
        changes, item = [change for change, _ in own], own[0][1]
        is_new = _is_part(item.pointer) and _is_new(item, changes)
        at = item.pointer if _is_part(item.pointer) and not is_new else DOCUMENT
        for change in changes:
            to = now[change.is_at] if change.is_at else None
            where = was[change.was_at] if change.was_at else to
            if where is not None:
                moved = to if change.kind == "moved" else None
                found[at].append(Difference(change, where, moved, item.pointer if is_new else None))
    return found


def _is_new(item: Item, changes: Sequence[Change]) -> bool:
    """Tell whether an item is none of the recorded: all that it holds is new, what kind it is, too."""
    return all(change.kind == "new" for change in changes) and {change.is_at for change in changes} == {
        leaf.pointer for row in item.rows for leaf in row.leaves
    }


def _misread(before: Record, after: Record, entries: Sequence[Verified]) -> defaultdict[str, list[Misread]]:
    """Return the verified values that are read otherwise, by the pointer of the part in which they stand."""
    found: defaultdict[str, list[Misread]] = defaultdict(list)
    pointers = {place: leaf.pointer for place, leaf in places.addresses(before).items()}
    was, items = _places(before), _numbered(before)
    for one in folder.wrong(entries, after):
        place = one.verified.place
        pointer = pointers.get(place)
        where = was[pointer] if pointer else Where("", None, place.row, place.field)
        page = before["provenance"].get(pointer, {}).get("page")
        found[items.get((place.kind, place.item, place.item_number), DOCUMENT)].append(Misread(one, where, page))
    return found


def _numbered(result: Record) -> dict[tuple[str, str, int], str]:
    """Return the pointers of tables and cards by what an address says of them."""
    seen: Counter[tuple[str, str]] = Counter()
    found = {}
    for item in places.items(result):
        seen[item.kind, item.name] += 1
        if _is_part(item.pointer):
            found[item.kind, item.name, seen[item.kind, item.name]] = item.pointer
    return found


def _places(result: Record) -> dict[str, Where]:
    """Return where each value of a result is, by its pointer."""
    return {
        leaf.pointer: _where(row, leaf.field)
        for item in places.items(result)
        for row in item.rows
        for leaf in row.leaves
    }


def _where(row: Row, field: str) -> Where:
    steps = row.pointer.split("/")[1:]
    last = steps[-1]
    if not last.isdecimal():
        # The headings of a table; or what is said of the document.
        return Where(last, None, row.name, field)
    is_own = len(steps) == len(("tables", last)) and _is_part(row.pointer)
    return Where("", None, "", field) if is_own else Where(steps[-2], int(last) + 1, _named(row, field), field)


def _named(row: Row, field: str) -> str:
    """Return what names a row: its name, else the item on the field's side, else its first text."""
    texts = {leaf.field: leaf.value for leaf in row.leaves if _LETTER.search(leaf.value)}
    own = f"{field.split('_', 1)[0]}_item"
    return row.name or texts.get(own) or next(iter(texts.values()), "")
