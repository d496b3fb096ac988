"""How alike two tables are: TEDS, TEDS-Struct, and the F1 of their cells.

TEDS is the measure of Zhong, ShafieiBavani and Jimeno Yepes, "Image-based table recognition: data,
model, and evaluation" (2020): TEDS(A, B) = 1 - EditDist(A, B) / max(|A|, |B|), where A and B are the
tables as HTML trees (table > thead, tbody > tr > td) and |A| counts the nodes of A, the root included.
Inserting or deleting a node costs 1. Replacing one costs 1 if the tags or the spans differ; else
nothing, but for two cells the edits between their texts (Levenshtein) over the longer one's length.

The distance is exact, by Zhang and Shasha, "Simple fast algorithms for the editing distance between
trees and related problems" (1989). Aligning rows first and cells within them would be faster and wrong:
a row cut in two keeps its cells if the *row* is deleted and inserted, and a `tbody` may become a `tr`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import accumulate
from math import ceil
from operator import sub
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

_FIGURE = re.compile(r"-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?%?")
# The minus signs that NFKC leaves as they are, and the triangle of accountants.
_MINUS = str.maketrans(dict.fromkeys((0x2212, 0x25B3, 0x25B2), "-"))
# How far apart nodes are looked for first, and how many times farther if that does not do.
_REACH, _WIDER = 32, 4
_BITS_SET = bytes(byte.bit_count() for byte in range(256))


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table; it covers `rowspan` x `colspan` slots from (`row`, `column`), counted from 0."""

    row: int
    column: int
    rowspan: int
    colspan: int
    text: str


class F1(NamedTuple):
    """How many cells agree; a rate is None where there was nothing to count."""

    precision: Decimal | None
    """The share of what was read that is printed so."""
    recall: Decimal | None
    """The share of what is printed that was read so."""
    f1: Decimal | None
    hit: int
    read: int
    printed: int


def normalised(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """Return the cells with their texts as `cell_f1` compares them: compatibility forms folded, no white space."""
    return tuple(replace(cell, text=_plain(cell.text)) for cell in cells)


def teds(
    one: Sequence[Cell], other: Sequence[Cell], *, header_rows: tuple[int, int] = (0, 0), texts: bool = True
) -> float:
    """Return how alike two tables are, from 0 to 1; without `texts`, how alike their structure is (TEDS-Struct).

    The first `header_rows` of each make its `thead`, the rest its `tbody`; neither is there without rows.
    Texts are compared as they are given. As in the authors' program, a table with no cells is like no
    other table (0), and no score is negative: trees of very different shape may be further apart than
    the larger is big.

    >>> teds([Cell(0, 0, 1, 1, "12.50")], [Cell(0, 0, 1, 1, "12.40")])
    0.95
    """
    if not one or not other:
        return float(not one and not other)
    first, second = _tree(one, header_rows[0]), _tree(other, header_rows[1])
    return max(0.0, 1 - _distance(first, second, texts=texts) / max(len(first), len(second)))


def cell_f1(read: Iterable[Cell], printed: Iterable[Cell], *, figures: bool = False) -> F1:
    """Compare cells one by one: row, column, both spans and the normalised text have to be the same.

    With `figures` only cells that are a figure as a whole count, codes in digits among them, and they have
    to be the same exact decimal in the same row and column: `1,234.50` is 1234.5, `34%` is 34. Blank cells
    never count, as they would drown the others.
    """
    keys = _figure_keys if figures else _text_keys
    found, truth = Counter(keys(read)), Counter(keys(printed))
    return rates((found & truth).total(), found.total(), truth.total())


def rates(hit: int, read: int, printed: int) -> F1:
    """Return precision, recall and F1 of these counts; those of several tables are summed before.

    >>> rates(2, 4, 5).precision, rates(2, 4, 5).recall, rates(2, 5, 5).f1
    (Decimal('0.5'), Decimal('0.4'), Decimal('0.4'))
    """
    return F1(_share(hit, read), _share(hit, printed), _share(2 * hit, read + printed), hit, read, printed)


def _share(part: int, whole: int) -> Decimal | None:
    return Decimal(part) / whole if whole else None


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _text_keys(cells: Iterable[Cell]) -> list[Hashable]:
    return [(cell.row, cell.column, cell.rowspan, cell.colspan, cell.text) for cell in normalised(cells) if cell.text]


def _figure_keys(cells: Iterable[Cell]) -> list[Hashable]:
    values = ((cell, _figure(cell.text)) for cell in normalised(cells))
    return [(cell.row, cell.column, value) for cell, value in values if value is not None]


def _figure(text: str) -> Decimal | None:
    signed = text.translate(_MINUS)
    return Decimal(signed.rstrip("%").replace(",", "")) if _FIGURE.fullmatch(signed) else None


class _Node(NamedTuple):
    """One node of a tree in post-order: its subtree are the nodes from `first`, its leftmost leaf, up to itself."""

    tag: str
    first: int
    cell: Cell | None = None


_Tree = list[_Node]
_Table = list[list[float]]


def _tree(cells: Sequence[Cell], header_rows: int) -> _Tree:
    by_row: dict[int, list[Cell]] = defaultdict(list)
    for cell in sorted(cells, key=lambda cell: (cell.row, cell.column)):
        by_row[cell.row].append(cell)
    end = max(cell.row + cell.rowspan for cell in cells)
    cut = min(header_rows, end)
    tree: _Tree = []
    for tag, rows in (("thead", range(cut)), ("tbody", range(cut, end))):
        start = len(tree)
        for row in rows:
            first = len(tree)
            tree += [_Node("td", first + place, cell) for place, cell in enumerate(by_row[row])]
            tree.append(_Node("tr", first))
        if rows:
            tree.append(_Node(tag, start))
    return [*tree, _Node("table", 0)]


def _distance(one: _Tree, other: _Tree, *, texts: bool) -> float:
    """Return the edit distance: all nodes of both trees, less the most that can be kept.

    A pair of nodes that is mapped saves a deletion and an insertion, and costs the replacement: it keeps 2
    less that cost. Zhang and Shasha's recurrence is run on what is kept, where all borders are 0. Most pairs
    of subtrees have a leaf on one side, and need no recurrence: a leaf is mapped to the best node of the other.
    The two roots are always mapped to one another, so no other pair with a root has to be known: where neither
    is mapped, mapping them keeps 2 more; where one is, to a node below the other, mapping it to the root
    instead keeps 1 more, as the tags are the same; both cannot be mapped to nodes below.

    Nodes whose places in post-order are more than k apart are mapped only if the distance is more than k, as
    what stands before the one is mapped to what stands before the other. So only pairs within `reach` are
    looked at: what is found is a distance of some mapping, and the least one if it is within reach itself.
    """
    kept = _pairs(one, other, texts=texts)
    _keep_leaves(kept, one, other)
    reach = 0
    distance: float = _REACH
    while reach < distance:
        reach = min(ceil(distance), _WIDER * reach or _REACH)
        _keep_trees(kept, one, other, reach)
        distance = len(one) + len(other) - kept[-1][-1]
    return distance


def _keep_trees(kept: _Table, one: _Tree, other: _Tree, reach: int) -> None:
    roots = _key_roots(other[:-1])
    for root in _key_roots(one[:-1]):
        for other_root in roots:
            if one[root].first - other_root <= reach and other[other_root].first - root <= reach:
                _keep_forests((kept, one, other), (root, other_root), reach)
    _keep_forests((kept, one, other), (len(one) - 1, len(other) - 1), reach)


def _key_roots(tree: _Tree) -> list[int]:
    """Return the inner nodes, in order, that share their leftmost leaf with no node above them."""
    highest = {node.first: index for index, node in enumerate(tree)}
    return sorted(index for first, index in highest.items() if index != first)


def _keep_leaves(kept: _Table, one: _Tree, other: _Tree) -> None:
    """Put what is kept between a leaf and a subtree into the table, in both directions."""
    inner = [(index, node.first) for index, node in enumerate(other) if index != node.first]
    leaves = [index for index, node in enumerate(other) if index == node.first]
    for index, node in enumerate(one):
        row = kept[index]
        if index == node.first:
            for at, first in inner:
                row[at] = max(row[first : at + 1])
        else:
            best = list(map(max, *kept[node.first : index + 1]))
            for at in leaves:
                row[at] = best[at]


def _keep_forests(trees: tuple[_Table, _Tree, _Tree], roots: tuple[int, int], reach: int) -> None:
    """Put what is kept between every two subtrees along the leftmost paths below two key roots into the table."""
    kept, one, other = trees
    start, low = one[roots[0]].first, other[roots[1]].first
    before = [node.first - low for node in other[low : roots[1] + 1]]
    path = [place for place, first in enumerate(before) if not first and place]
    forests = [[0.0] * (len(before) + 1)]
    for index in range(start, roots[0] + 1):
        tag, first, _ = one[index]
        above, left, right = forests[-1], max(index - reach - low, 0), min(index + reach + 1 - low, len(before))
        if left >= right:
            forests.append(above)
            continue
        base = list(map(forests[first - start].__getitem__, before[left:right]))
        worth = kept[index][low + left : low + right]
        along = [place for place in path if left <= place < right] if first == start and index != first else ()
        for place in along:
            base[place - left], worth[place - left] = above[place], _worth(tag, other[low + place].tag)
        row = [*above[: left + 1], *_next_row(above[left : right + 1], base, worth)]
        forests.append(row + row[-1:] * (len(before) - right))
        for place in along:
            kept[index][low + place] = row[place + 1]


def _next_row(above: Sequence[float], base: Sequence[float], worth: Sequence[float]) -> list[float]:
    """Return the best of: without this node, without that one, with their subtrees mapped to one another."""
    best = above[0]
    row = []
    for without, rest, pair in zip(above[1:], base, worth, strict=True):
        mapped = rest + pair
        # Run some millions of times: a call of `max` would double its time.
        if without > best:  # noqa: PLR1730
            best = without
        if mapped > best:  # noqa: PLR1730
            best = mapped
        row.append(best)
    return row


def _worth(tag: str, other: str) -> float:
    return 2.0 if tag == other else 1.0


def _pairs(one: _Tree, other: _Tree, *, texts: bool) -> _Table:
    """Return what every node of one tree keeps if it alone is mapped to each node of the other."""
    alike = _alike(_texts(one) if texts else {""}, list(dict.fromkeys(_texts(other))) if texts else [""])
    by_tag = {tag: [_worth(tag, node.tag) for node in other] for tag in {node.tag for node in one}}
    cells = [(index, node.cell) for index, node in enumerate(other) if node.cell]
    table = []
    for node in one:
        row = by_tag[node.tag].copy()
        if node.cell:
            spans, near = (node.cell.rowspan, node.cell.colspan), alike[node.cell.text if texts else ""]
            for index, cell in cells:
                same = (cell.rowspan, cell.colspan) == spans
                row[index] = 1 + near[cell.text if texts else ""] if same else 1.0
        table.append(row)
    return table


def _texts(tree: _Tree) -> list[str]:
    return [node.cell.text for node in tree if node.cell]


def _alike(texts: Iterable[str], others: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return 1 less the normalised Levenshtein distance of every text to every other."""
    pack = _pack(others)
    alike = {}
    for text in set(texts):
        size = len(text)
        edits = zip(others, _edits(text, pack), strict=True)
        alike[text] = {other: 1 - count / (max(size, len(other)) or 1) for other, count in edits}
    return alike


class _Pack(NamedTuple):
    """Texts side by side in the bits of one number, each in whole bytes with a bit left free above it."""

    starts: Sequence[int]
    """The byte where each text starts; at the end, how many bytes there are."""
    lowest: int
    """The lowest bit of every text."""
    used: int
    """The bits of all characters."""
    where: dict[str, int]
    """The bits where a character stands."""


def _pack(texts: Sequence[str]) -> _Pack:
    starts = list(accumulate((len(text) // 8 + 1 for text in texts), initial=0))
    where: dict[str, int] = defaultdict(int)
    lowest = used = 0
    for start, text in zip(starts, texts, strict=False):
        lowest |= 1 << start * 8
        used |= ((1 << len(text)) - 1) << start * 8
        for place, character in enumerate(text):
            where[character] |= 1 << start * 8 + place
    return _Pack(starts, lowest, used, where)


def _edits(text: str, pack: _Pack) -> list[int]:
    """Return the Levenshtein distance of a text to each packed one, all at once.

    A column of every distance matrix is two bit vectors, its steps up and its steps down (Myers 1999, as
    given by Hyyro 2003); they stand side by side as in Hyyro, Fredriksson and Navarro 2005.
    """
    up, down = pack.used, 0
    for character in text:
        same = pack.where.get(character, 0)
        diagonal = ((((same & up) + up) ^ up) | same | down) & pack.used
        right = down | pack.used & ~(diagonal | up)
        left = (diagonal & up) << 1 & pack.used
        right = (right << 1 | pack.lowest) & pack.used
        up, down = left | pack.used & ~(diagonal | right), right & diagonal
    size = pack.starts[-1]
    steps = map(sub, *(bits.to_bytes(size, "little").translate(_BITS_SET) for bits in (up, down)))
    sums = list(accumulate(steps, initial=len(text)))
    return [len(text) + sums[end] - sums[start] for start, end in zip(pack.starts, pack.starts[1:], strict=False)]
