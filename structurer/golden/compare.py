"""Two results of one document, figure by figure: what has changed, was lost, is new, or has moved."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Literal

from structurer.golden import places

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

    from structurer.golden.places import Item, Leaf, Row

    Record = Mapping[str, Any]

Kind = Literal["changed", "lost", "new", "moved"]


@dataclass(frozen=True, slots=True)
class Change:
    """One value that is not where and what it was."""

    kind: Kind
    item: str
    """What it stands in: the title of a table, the project of a card, else what kind of item it is."""
    row: str
    column: str
    before: str | None
    after: str | None
    was_at: str | None
    """Pointer into the earlier result; None where it was in none."""
    is_at: str | None
    page: int | None


def changes(before: Record, after: Record) -> list[Change]:
    """Return how one result differs from an earlier one, in the order of the earlier."""
    return [change for change, _ in compared(before, after)[0]]


def compared(before: Record, after: Record) -> tuple[list[tuple[Change, Item]], dict[str, str]]:
    """Return the changes with their items, and where each pointer of the earlier result is in the later one."""
    found: list[tuple[Change, Item]] = []
    same: dict[str, str] = {}
    for one, other in _items(list(places.items(before)), list(places.items(after))):
        item = one or other
        if item is not None:
            own = list(_in_item(one, other, _pages(before, after), same))
            found += [(change, item) for change in _with_moves(own, same)]
    return found, same


def _pages(before: Record, after: Record) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    return before.get("provenance", {}), after.get("provenance", {})


def _items(before: Sequence[Item], after: Sequence[Item]) -> list[tuple[Item | None, Item | None]]:
    """Pair the items: those of one kind and name in their order, then what is left of a kind."""
    pairs = dict(_paired([(each.kind, each.name) for each in before], [(each.kind, each.name) for each in after]))
    free = [n for n in range(len(after)) if n not in set(pairs.values())]
    for number, each in enumerate(before):
        if number not in pairs:
            like = next((n for n in free if _are_like(each, after[n])), None)
            if like is not None:
                pairs[number] = like
                free.remove(like)
    found: list[tuple[Item | None, Item | None]] = [
        (each, after[pairs[n]] if n in pairs else None) for n, each in enumerate(before)
    ]
    return found + [(None, after[n]) for n in free]


def _are_like(one: Item, other: Item) -> bool:
    """Tell whether two items are one that is named or taken otherwise: most of their values are the same."""
    root = one.pointer.split("/")[1] == other.pointer.split("/")[1]
    own, its = (Counter(leaf.value for row in item.rows for leaf in row.leaves) for item in (one, other))
    return root and 2 * (own & its).total() > max(own.total(), its.total())


def _paired(before: Sequence[Hashable], after: Sequence[Hashable]) -> Iterator[tuple[int, int]]:
    """Yield the numbers of those that are alike, in their order; those out of order after that."""
    matched = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    pairs = [(a + n, b + n) for a, b, size in matched for n in range(size)]
    yield from pairs
    taken, used = {a for a, _ in pairs}, {b for _, b in pairs}
    left: defaultdict[Hashable, list[int]] = defaultdict(list)
    for number, key in enumerate(after):
        if number not in used:
            left[key].append(number)
    for number, key in enumerate(before):
        if number not in taken and left[key]:
            yield number, left[key].pop(0)


def _in_item(
    one: Item | None, other: Item | None, pages: tuple[Mapping[str, Any], Mapping[str, Any]], same: dict[str, str]
) -> Iterator[Change]:
    item = one or other
    if item is None:
        return
    title = item.name or item.kind
    rows = one.rows if one else ()
    its = other.rows if other else ()
    pairs = dict(_paired([row.name for row in rows], [row.name for row in its]))
    free = [n for n in range(len(its)) if n not in set(pairs.values())]
    for number, row in enumerate(rows):
        if number not in pairs:
            best = max(free, key=lambda n: _common(row, its[n]), default=None)
            if best is not None and 2 * _common(row, its[best]) > len(row.leaves):
                pairs[number] = best
                free.remove(best)
    for number, row in enumerate(rows):
        yield from _in_row(title, row, its[pairs[number]] if number in pairs else None, pages, same)
    for number in free:
        yield from _in_row(title, None, its[number], pages, same)


def _common(one: Row, other: Row) -> int:
    return len({(leaf.field, leaf.value) for leaf in one.leaves} & {(leaf.field, leaf.value) for leaf in other.leaves})


def _in_row(
    title: str,
    one: Row | None,
    other: Row | None,
    pages: tuple[Mapping[str, Any], Mapping[str, Any]],
    same: dict[str, str],
) -> Iterator[Change]:
    own = {leaf.field: leaf for leaf in one.leaves} if one else {}
    its = {leaf.field: leaf for leaf in other.leaves} if other else {}
    row = (one or other or places.Row("", "", ())).name
    for field in dict.fromkeys([*own, *its]):
        was, now = own.get(field), its.get(field)
        if was is not None and now is not None:
            same[was.pointer] = now.pointer
            if was.value == now.value:
                continue
        kind: Kind = "changed" if was and now else "lost" if was else "new"
        yield Change(kind, title, row, field, *_values(was, now), *_pointers(was, now), _page(was, now, pages))


def _values(was: Leaf | None, now: Leaf | None) -> tuple[str | None, str | None]:
    return was.value if was else None, now.value if now else None


def _pointers(was: Leaf | None, now: Leaf | None) -> tuple[str | None, str | None]:
    return was.pointer if was else None, now.pointer if now else None


def _page(was: Leaf | None, now: Leaf | None, pages: tuple[Mapping[str, Any], Mapping[str, Any]]) -> int | None:
    for leaf, provenance in zip((was, now), pages, strict=True):
        place = provenance.get(leaf.pointer) if leaf else None
        if place:
            page: int | None = place["page"]
            return page
    return None


def _with_moves(found: list[Change], same: dict[str, str]) -> Iterator[Change]:
    """Yield the changes of an item; a value lost in one place and new in another has moved."""
    new: defaultdict[str, list[int]] = defaultdict(list)
    for number, change in enumerate(found):
        if change.kind == "new" and change.after is not None:
            new[change.after].append(number)
    gone: set[int] = set()
    moved: dict[int, Change] = {}
    for number, change in enumerate(found):
        if change.kind == "lost" and change.before is not None and new[change.before]:
            to = new[change.before].pop(0)
            gone.add(to)
            target = found[to]
            if change.was_at and target.is_at:
                same[change.was_at] = target.is_at
            where = f"{target.row} / {target.column}" if target.row != change.row else target.column
            moved[number] = Change(
                "moved",
                change.item,
                change.row,
                change.column,
                change.before,
                where,
                change.was_at,
                target.is_at,
                change.page,
            )
    for number, change in enumerate(found):
        if number not in gone:
            yield moved.get(number, change)
