"""What in one reading belongs to what in the other: by equal keys first, then by likeness.

Only labels are ever compared by likeness; digits are equal or not.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from structurer import labels

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from structurer.reread.shapes import Item, Row

T = TypeVar("T")
Matched = tuple[list[tuple[T, T]], list[T], list[T]]
"""The pairs, and what is left on either side."""

# Less alike than this are two different rows, or two different items.
_ALIKE = 0.4
# What share of a column's figures must agree with those of the one it is taken for.
_AGREE = 0.5
# With more pairs than this to be tried, what is left is taken in order.
_MOST = 40_000
# Sentences that are the same so far are the same.
_SENTENCE = 1000


def rows(mine: Sequence[Row], ours: Sequence[Row]) -> Matched[Row]:
    """Pair the rows of two lists; their order does not matter where their cells are the same."""
    same, left, right = _equal(mine, ours, _cells)
    matched, left, right = _keyed(left, right, (_texts_and_page, _texts, _figures))
    alike, left, right = _greedy(left, right, _row_likeness)
    return same + matched + alike, left, right


def claims(mine: Sequence[Row], ours: Sequence[Row]) -> Matched[Row]:
    """Pair claims: the same sentence of the same page, in order."""
    same, left, right = _equal(mine, ours, _claim)
    matched, left, right = _keyed(left, right, (_claim_place, _sentence_and_page, _sentence))
    alike, left, right = _greedy(left, right, _claim_likeness)
    return same + matched + alike, left, right


def items(mine: Sequence[Item], ours: Sequence[Item]) -> Matched[Item]:
    """Pair tables, or cards."""
    keys = (_item_names, _item_texts)
    matched, left, right = _keyed(mine, ours, keys)
    alike, left, right = _greedy(left, right, _item_likeness)
    return matched + alike, left, right


def _equal(mine: Sequence[T], ours: Sequence[T], key: Callable[[T], Hashable]) -> Matched[T]:
    """Pair what is the same, in order; what one side has once more is left."""
    waiting: dict[Hashable, list[T]] = defaultdict(list)
    for one in reversed(ours):
        waiting[key(one)].append(one)
    matched, left = [], []
    for one in mine:
        same = waiting.get(key(one))
        if same:
            matched.append((one, same.pop()))
        else:
            left.append(one)
    taken = {id(one) for _, one in matched}
    return matched, left, [one for one in ours if id(one) not in taken]


def _keyed(mine: Sequence[T], ours: Sequence[T], keys: Iterable[Callable[[T], Hashable]]) -> Matched[T]:
    """Pair what has the same key, one key after the other, where both sides have it equally often."""
    matched: list[tuple[T, T]] = []
    left, right = list(mine), list(ours)
    for key in keys:
        if not left or not right:
            break
        mine_by, ours_by = _grouped(left, key), _grouped(right, key)
        even = {k for k, group in mine_by.items() if k is not None and len(group) == len(ours_by.get(k, ()))}
        matched += [pair for k in mine_by if k in even for pair in zip(mine_by[k], ours_by[k], strict=True)]
        left = [one for one in left if key(one) not in even]
        right = [one for one in right if key(one) not in even]
    return matched, left, right


def _grouped(many: Sequence[T], key: Callable[[T], Hashable]) -> dict[Hashable, list[T]]:
    groups: dict[Hashable, list[T]] = defaultdict(list)
    for one in many:
        groups[key(one)].append(one)
    return groups


def _greedy(mine: list[T], ours: list[T], likeness: Callable[[T, T], float]) -> Matched[T]:
    """Pair the most alike first; of equally alike ones, those nearest in order."""
    if len(mine) * len(ours) > _MOST:
        short = min(len(mine), len(ours))
        return list(zip(mine, ours, strict=False)), mine[short:], ours[short:]
    offers = sorted(
        (-like, abs(i - j), i, j)
        for i, one in enumerate(mine)
        for j, other in enumerate(ours)
        if (like := likeness(one, other)) >= _ALIKE
    )
    taken: dict[int, int] = {}
    used: set[int] = set()
    for _, _, i, j in offers:
        if i not in taken and j not in used:
            taken[i] = j
            used.add(j)
    matched = [(mine[i], ours[j]) for i, j in sorted(taken.items())]
    left = [one for i, one in enumerate(mine) if i not in taken]
    return matched, left, [one for j, one in enumerate(ours) if j not in used]


# Keys; None belongs to nothing.


def _cells(row: Row) -> Hashable:
    return frozenset(row.cells.items())


def _texts(row: Row) -> Hashable:
    return row.texts or None


def _texts_and_page(row: Row) -> Hashable:
    return (row.texts, row.page) if row.texts else None


def _figures(row: Row) -> Hashable:
    return frozenset(row.figures.items()) or None


def _claim(row: Row) -> Hashable:
    return row.page, row.texts, row.figures.get("value")


def _claim_place(row: Row) -> Hashable:
    return row.page, row.texts


def _sentence(row: Row) -> Hashable:
    return labels.key(row.cells.get("sentence", "")[:_SENTENCE]) or None


def _sentence_and_page(row: Row) -> Hashable:
    return row.page, _sentence(row)


def _item_names(item: Item) -> Hashable:
    return (item.kind, item.title, item.pages, item.head.texts) if item.title else None


def _item_texts(item: Item) -> Hashable:
    return (item.title, item.head.texts) if item.title or item.head.texts else None


# Likeness, from 0 to 1.


def _row_likeness(one: Row, other: Row) -> float:
    label = _label_likeness(one.texts, other.texts)
    if not one.figures and not other.figures:
        return label
    same = sum(other.figures.get(path) == value for path, value in one.figures.items())
    shifted = _overlap(frozenset(one.figures.values()), frozenset(other.figures.values()))
    figures = max(same / max(len(one.figures), len(other.figures)), 0.8 * shifted)
    return (label + figures) / 2 if one.texts or other.texts else (1 + 3 * figures) / 4


def _claim_likeness(one: Row, other: Row) -> float:
    same = sum(one.cells.get(name) == other.cells.get(name) for name in ("value", "unit", "kind"))
    first, second = (row.cells.get("sentence", "")[:_SENTENCE] for row in (one, other))
    sentence = _label_likeness((first,), (second,))
    return sentence * (0.8 + 0.05 * same + 0.05 * (one.page == other.page))


def _item_likeness(one: Item, other: Item) -> float:
    kind = one.kind == other.kind
    title = _label_likeness((one.title,), (other.title,))
    pages = _overlap(one.pages, other.pages)
    texts = _label_likeness(one.head.texts, other.head.texts) if one.head.texts and other.head.texts else title
    return 0.2 * kind + 0.15 * title + 0.15 * texts + 0.2 * pages + 0.3 * _overlap(one.values, other.values)


def _label_likeness(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    if one == other:
        return 1
    return _overlap(_bigrams(one), _bigrams(other))


@lru_cache(maxsize=4096)
def _bigrams(texts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(text[i : i + 2] for text in texts for i in range(max(1, len(text) - 1)))


def _overlap(one: frozenset[T], other: frozenset[T]) -> float:
    both = len(one) + len(other)
    return 2 * len(one & other) / both if both else 0


# Fields.


def names(matched: Sequence[tuple[Row, Row]], mine: Item, ours: Item) -> Mapping[str, str]:
    """Return what our fields are called that the other result names otherwise: by heading, else by their figures."""
    known = {path for _, row in matched for path in row.cells} | set(ours.headings)
    foreign = dict.fromkeys(path for row, _ in matched for path in row.figures if path not in known)
    free = known - {path for row, _ in matched for path in row.cells}
    found: dict[str, str] = {}
    paths = {_last(path): path for path in free}
    headings = {heading: paths[field] for field, heading in ours.headings.items() if heading and field in paths}
    for path in foreign:
        field = headings.pop(mine.headings.get(_last(path), ""), None)
        if field is not None:
            found[path] = field
            free.discard(field)
    for path in foreign:
        if path not in found:
            agreeing = Counter(
                field
                for row, other in matched
                for field, value in other.figures.items()
                if field in free and row.figures.get(path) == value
            )
            field, count = agreeing.most_common(1)[0] if agreeing else ("", 0)
            if count and count >= _AGREE * sum(path in row.figures for row, _ in matched):
                found[path] = field
                free.discard(field)
    return found


def _last(path: str) -> str:
    return path.rpartition("/")[2]
