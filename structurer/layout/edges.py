"""Rulings to edges: straight, merged, snapped to common positions and sorted into separate tables."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from structurer.records import Ruling

    Edge = tuple[float, float, float]

# Rulings closer than this are one (double lines, borders of neighbouring cells drawn twice), in points.
SNAP = 2.5
# A gap of this width in a ruling is closed, in points.
GAP = 3.0
# A table has at least so many flat edges.
_FEW = 2
# A row is at most this many times as high as the middle one of its table.
_ROW = 1.6


@dataclass(frozen=True, slots=True)
class Edges:
    """The edges of one table: (position, start, end), sorted; flat ones by y, upright ones by x."""

    flat: tuple[Edge, ...]
    upright: tuple[Edge, ...]


def rulings_to_edges(rulings: Iterable[Ruling]) -> tuple[list[Edge], list[Edge]]:
    """Return the horizontal and the vertical edges: touching or doubled rulings merged."""
    flat: list[Edge] = []
    upright: list[Edge] = []
    for ruling in rulings:
        if ruling.top == ruling.bottom:
            flat.append((ruling.top, ruling.x0, ruling.x1))
        else:
            upright.append((ruling.x0, ruling.top, ruling.bottom))
    return _merged(flat), _merged(upright)


def _merged(edges: list[Edge]) -> list[Edge]:
    merged: list[Edge] = []
    for position, members in _clusters(edges):
        members.sort()
        start, end = members[0]
        for next_start, next_end in members:
            if next_start > end + GAP:
                merged.append((position, start, end))
                start, end = next_start, next_end
            elif next_end > end:
                end = next_end
        merged.append((position, start, end))
    return merged


def _clusters(edges: list[Edge]) -> list[tuple[float, list[tuple[float, float]]]]:
    """Group edges by position; a group spans at most SNAP, its position is its longest edge's."""
    clusters: list[tuple[float, list[tuple[float, float]]]] = []
    first, longest = float("-inf"), 0.0
    for position, start, end in sorted(edges):
        if position - first > SNAP:
            clusters.append((position, [(start, end)]))
            first, longest = position, end - start
            continue
        members = clusters[-1][1]
        members.append((start, end))
        if end - start > longest:
            longest = end - start
            clusters[-1] = (position, members)
    return clusters


def edges_to_tables(flat: list[Edge], upright: list[Edge]) -> list[Edges]:
    """Return the groups of edges that touch one another, each the skeleton of one table."""
    parent = list(range(len(flat) + len(upright)))

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    upright_sorted = sorted(range(len(upright)), key=lambda i: upright[i][0])
    xs = [upright[i][0] for i in upright_sorted]
    for row, (y, x0, x1) in enumerate(flat):
        for index in range(bisect_left(xs, x0 - GAP), len(xs)):
            column = upright_sorted[index]
            x, top, bottom = upright[column]
            if x > x1 + GAP:
                break
            if top - GAP <= y <= bottom + GAP:
                one, other = root(row), root(len(flat) + column)
                if one != other:
                    parent[one] = other
    groups: dict[int, tuple[list[Edge], list[Edge]]] = {}
    for item in range(len(parent)):
        group = groups.setdefault(root(item), ([], []))
        if item < len(flat):
            group[0].append(flat[item])
        else:
            group[1].append(upright[item - len(flat)])
    return _stacked([Edges(tuple(sorted(f)), tuple(sorted(u))) for f, u in groups.values()])


def _stacked(tables: list[Edges]) -> list[Edges]:
    """Join the halves of an open-sided table that a row of one cell, without any upright, keeps apart."""
    tables.sort(key=lambda table: table.flat[0][0] if table.flat else 0.0)
    joined: list[Edges] = []
    for table in tables:
        above = next((t for t in reversed(joined) if _continues(t, table)), None)
        if above is None:
            joined.append(table)
        else:
            whole = Edges(above.flat + table.flat, tuple(sorted(above.upright + table.upright)))
            joined[joined.index(above)] = whole
    return joined


def _continues(above: Edges, below: Edges) -> bool:
    """Tell whether two groups of edges are one open-sided table with a row of one cell between them."""
    if len(above.flat) < _FEW or len(below.flat) < _FEW or not above.upright or not below.upright:
        return False
    (bottom, *one), (top, *other) = above.flat[-1], below.flat[0]
    same = all(abs(a - b) <= SNAP for a, b in zip(one, other, strict=True))
    open_sided = all(t.upright[0][0] - one[0] > GAP and one[1] - t.upright[-1][0] > GAP for t in (above, below))
    heights = sorted(b[0] - a[0] for t in (above, below) for a, b in pairwise(t.flat))
    return same and open_sided and 0 < top - bottom <= _ROW * heights[len(heights) // 2]
