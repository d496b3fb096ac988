"""Headings side by side over the same columns, without rules: which columns each of them spans."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import TYPE_CHECKING

from structurer.layout.gaps import columns_to_edges

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from structurer.layout.gaps import Column, Piece

    Span = tuple[int, int]
    Distance = Callable[[tuple[int, ...]], float]

# Headings whose middles differ by less than this share of their height stand side by side.
_LEVEL = 0.35
# More headings than this over one run of columns are not told apart.
_MOST = 5


def parted(items: Sequence[Piece], spans: Sequence[Span | None], columns: Sequence[Column]) -> list[Span | None]:
    """Return the spans with those of headings on one line that overlap parted among them, from left to right.

    Each heading gets adjacent columns; of all ways to part them, the one in which the headings are
    centred best over theirs is taken. A heading over one column spans none.
    """
    edges = columns_to_edges(columns, columns[0][0], columns[-1][1])
    found = list(spans)
    for group in _overlapping(items, spans):
        first = min(span[0] for index in group if (span := spans[index]))
        last = max(span[1] for index in group if (span := spans[index]))
        if len(group) > min(_MOST, last - first + 1):
            continue
        middles = [(items[index].x0 + items[index].x1) / 2 for index in group]
        ways = list(combinations(range(first + 1, last + 1), len(group) - 1))
        # A heading that spans anything spans two columns at least, if there are enough for all.
        wide = [cuts for cuts in ways if all(b - a > 1 for a, b in pairwise((first, *cuts, last + 1)))]
        cuts = min(wide or ways, key=_distance(middles, edges, first, last))
        borders = (first, *cuts, last + 1)
        for index, (start, end) in zip(group, pairwise(borders), strict=True):
            found[index] = (start, end - 1) if end - start > 1 else None
    return found


def _distance(middles: Sequence[float], edges: Sequence[float], first: int, last: int) -> Distance:
    """Return a function that tells how far the headings stand from the middles of the columns that cuts give them."""

    def distance(cuts: tuple[int, ...]) -> float:
        borders = (first, *cuts, last + 1)
        return sum(
            abs((edges[start] + edges[end]) / 2 - middle)
            for middle, (start, end) in zip(middles, pairwise(borders), strict=True)
        )

    return distance


def _overlapping(items: Sequence[Piece], spans: Sequence[Span | None]) -> list[list[int]]:
    """Return the indices of headings on one line whose spans overlap, from left to right."""
    groups: list[list[int]] = []
    for index, (item, span) in enumerate(zip(items, spans, strict=True)):
        if span is None:
            continue
        for group in groups:
            other, taken = items[group[-1]], spans[group[-1]]
            beside = abs(item.middle - other.middle) < _LEVEL * (item.bottom - item.top)
            if taken and beside and span[0] <= taken[1] and taken[0] <= span[1]:
                group.append(index)
                break
        else:
            groups.append([index])
    return [sorted(group, key=lambda i: items[i].x0) for group in groups if len(group) > 1]
