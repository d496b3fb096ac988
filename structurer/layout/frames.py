"""Where tables stand that no lattice bounds: between rules of one length, or where lines of figures align."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from structurer.layout import gaps
from structurer.layout.edges import rulings_to_edges
from structurer.records import Box

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from structurer.layout.edges import Edge
    from structurer.layout.gaps import Piece
    from structurer.records import Ruling, Word

    Line = list[Piece]

# Rules of one table begin and end at the same x up to this (points).
_SAME_END = 6.0
# A table's rules are at least this long (points), and so much of a rule in pieces is drawn.
_LONG, _DRAWN = 120.0, 0.85
# A table without lattice has at least this many rows and columns.
FEWEST = 3
# So many spaces between rules of one length are the rows of a table; one this many times as high as most is none.
_MANY_ROWS, _HIGHER = 6, 1.4
# Of all lines of one table, two with figures stand at most this far apart (shares of their height).
_APART = 6.0
# Header lines stand at most this far apart; one with a single text nearer (shares of their height).
_ABOVE, _CLOSE = 1.6, 1.3
# A lone text centred over all of the table up to this is its title (share of its width).
_CENTRED = 0.06
# A piece wider than this share of its table belongs to running text; one larger than this is a title.
_WIDE, _LARGE = 0.55, 1.25
# Figures of one column are flush, on one side or in the middle, up to this (points), most of them.
_FLUSH, _MOST = 2.5, 0.8
# Gaps this wide (share of the height) are no blanks; so many of a table's lines have them.
_GAP, _SPREAD = 0.7, 0.5
_LEADERS = re.compile(r"[.…·．]{4,}|…{2,}")
_COLON = re.compile("[:：].")
_SENTENCE = re.compile("[。；;，]$")


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a table stands: its sides, its full rules or ends from top to bottom, its short rules (y, x0, x1)."""

    x0: float
    x1: float
    ys: tuple[float, ...]
    short: tuple[Edge, ...] = ()
    ruled: bool = False
    """Whether the full rules tell the header from the body."""

    def holds(self, word: Word) -> bool:
        """Tell whether the middle of a word stands inside."""
        return stands_in(word, Box(self.x0, self.ys[0], self.x1, self.ys[-1]))


def stands_in(word: Word, box: Box) -> bool:
    """Tell whether the middle of a word stands inside a box."""
    x, y = (word.box.x0 + word.box.x1) / 2, (word.box.top + word.box.bottom) / 2
    return box.x0 <= x <= box.x1 and box.top <= y <= box.bottom


def rulings_to_rules(rulings: Iterable[Ruling], taken: Sequence[Box]) -> tuple[list[list[Edge]], list[Edge]]:
    """Return the horizontal rules outside the boxes: groups of one length and place, and the shorter ones."""
    flat = [r for r in rulings if r.top == r.bottom and not any(_inside(r, box) for box in taken)]
    by_y: dict[float, list[Edge]] = {}
    for edge in rulings_to_edges(flat)[0]:
        by_y.setdefault(edge[0], []).append(edge)
    groups: list[list[Edge]] = []
    for y, edges in by_y.items():
        x0, x1 = min(e[1] for e in edges), max(e[2] for e in edges)
        if x1 - x0 < _LONG or sum(e[2] - e[1] for e in edges) < _DRAWN * (x1 - x0):
            continue
        group = next((g for g in groups if max(abs(g[0][1] - x0), abs(g[0][2] - x1)) <= _SAME_END), None)
        if group is None:
            groups.append([(y, x0, x1)])
        else:
            group.append((y, x0, x1))
    groups.sort(key=lambda g: g[0][1] - g[0][2])
    outer: list[list[Edge]] = []
    for group in groups:
        if not any(_within(group, other) for other in outer):
            outer.append(sorted(group))
    full = {y for group in outer for y, _, _ in group}
    return outer, [edge for y, edges in by_y.items() if y not in full for edge in edges]


def _inside(ruling: Ruling, box: Box) -> bool:
    return box.top - 2 <= ruling.top <= box.bottom + 2 and ruling.x0 < box.x1 and ruling.x1 > box.x0


def _within(group: list[Edge], other: list[Edge]) -> bool:
    """Tell whether all rules of a group lie between those of a longer one: they are its spanners."""
    sides = other[0][1] - _SAME_END <= group[0][1] and group[0][2] <= other[0][2] + _SAME_END
    return sides and all(other[0][0] < y < other[-1][0] for y, _, _ in group)


def rules_to_frames(group: Sequence[Edge], short: Sequence[Edge], words: Sequence[Word]) -> list[Frame]:
    """Return the frames that rules of one length draw; a title or unit line between two rules parts two tables."""
    x0, x1 = min(e[1] for e in group), max(e[2] for e in group)
    whole = Frame(x0, x1, tuple(y for y, _, _ in group))
    lines = gaps.words_to_pieces([word for word in words if whole.holds(word)])
    spaces = [[line for line in lines if top <= line[0].middle <= bottom] for top, bottom in pairwise(whole.ys)]
    heights = [bottom - top for top, bottom in pairwise(whole.ys)]
    # Where every row has its rules, what is no higher than a row is one, whatever it says.
    row = sorted(heights)[len(heights) // 2] * _HIGHER if len(heights) >= _MANY_ROWS else 0.0
    frames: list[Frame] = []
    first = 0
    for index in range(len(spaces) + 1):
        if index < len(spaces) and (heights[index] <= row or not _parts(spaces, index, x1 - x0)):
            continue
        # Two rules may be those at the head and foot of a page; what is between them must align by itself.
        if index > first + 1 or (index > first and _is_aligned([x for x in spaces[first] if _is_body(x)])):
            ys = whole.ys[first : index + 1]
            held = tuple(e for e in short if ys[0] < e[0] < ys[-1] and x0 - 2 <= e[1] and e[2] <= x1 + 2)
            frames.append(Frame(x0, x1, ys, held, ruled=len(ys) > FEWEST - 1))
        first = index + 1
    return frames


def _parts(spaces: Sequence[Sequence[Line]], index: int, width: float) -> bool:
    """Tell whether what stands between two rules is no part of a table: running text, or captions above a header."""
    lines = spaces[index]
    if any(len(line) == 1 and line[0].x1 - line[0].x0 > _WIDE * width and not line[0].figure for line in lines):
        return True
    after = spaces[index + 1] if index + 1 < len(spaces) else []
    return bool(lines and after) and _is_caption(lines) and not has_figures(after) and max(map(len, after)) > 1


def _is_caption(lines: Sequence[Line]) -> bool:
    return not has_figures(lines) and all(len(line) < FEWEST for line in lines)


def has_figures(lines: Sequence[Line]) -> bool:
    """Tell whether a figure stands in the lines."""
    return any(piece.figure for line in lines for piece in line)


def lines_to_frames(lines: Sequence[Line], full: Sequence[Edge], short: Sequence[Edge]) -> list[Frame]:
    """Return the frames around lines whose figures align, each with the header lines above."""
    runs: list[list[int]] = []
    for index, line in enumerate(lines):
        if not _is_body(line):
            continue
        if runs and _goes_on(lines, runs[-1], index):
            runs[-1].append(index)
        else:
            runs.append([index])
    frames = []
    for run in runs:
        rows = [lines[index] for index in run]
        if len(run) >= FEWEST and _is_aligned(rows):
            first, last = _first_line(lines, run), _last_line(lines, run)
            frames.append(_around(lines[first : last + 1], full, short))
    return frames


def is_row(line: Line) -> bool:
    """Tell whether a line may be a table row by itself: two figures, or one and two texts."""
    figures = sum(piece.figure for piece in line)
    return figures > 1 or (figures == 1 and len(line) >= FEWEST)


def _is_body(line: Line) -> bool:
    return is_row(line) and not _has_leaders(line)


def _has_leaders(line: Line) -> bool:
    return any(_LEADERS.search(word.text) for piece in line for word in piece.words)


def _extent(lines: Iterable[Line]) -> tuple[float, float]:
    pieces = [piece for line in lines for piece in line]
    return min(p.x0 for p in pieces), max(p.x1 for p in pieces)


def _height(line: Line) -> float:
    return max(piece.bottom - piece.top for piece in line)


def _goes_on(lines: Sequence[Line], run: Sequence[int], index: int) -> bool:
    """Tell whether a line belongs to the run above it: near, with nothing between that no cell could hold."""
    x0, x1 = _extent(lines[i] for i in (*run, index))
    between = [piece for line in lines[run[-1] + 1 : index] for piece in line]
    near = lines[index][0].middle - lines[run[-1]][0].middle <= _APART * _height(lines[index])
    return near and all(piece.x1 - piece.x0 <= _WIDE * (x1 - x0) for piece in between)


def _is_aligned(rows: Sequence[Line]) -> bool:
    """Tell whether the lines have columns enough, and figures flush in them, one column at least of amounts."""
    columns = gaps.gaps_to_columns(rows) if rows else []
    if len(columns) < FEWEST or sum(map(_is_spread, rows)) < max(FEWEST, _SPREAD * len(rows)):
        return False
    figures = [piece for row in rows for piece in row if piece.figure]
    flush, amounts = 0, False
    for x0, x1 in columns:
        own = [p for p in figures if x0 - 1 <= p.x0 and p.x1 <= x1 + 1]
        sides = ([p.x0 for p in own], [p.x1 for p in own], [(p.x0 + p.x1) / 2 for p in own])
        if len(own) > 1 and any(_same(side) for side in sides):
            flush += len(own)
            amounts = amounts or 2 * sum(gaps.is_amount(p.words[0].text) for p in own) > len(own)
    return amounts and flush >= _MOST * len(figures)


def _is_spread(row: Line) -> bool:
    """Tell whether wide gaps part a line; running text with figures has blanks between its words."""
    wide = sum(b.x0 - a.x1 >= _GAP * (b.bottom - b.top) for a, b in pairwise(row))
    return wide > 1 or (wide > 0 and all(p.figure for p in row))


def _same(positions: list[float]) -> bool:
    """Tell whether most positions agree."""
    positions.sort()
    middle = positions[len(positions) // 2]
    return sum(abs(x - middle) <= _FLUSH for x in positions) >= _MOST * len(positions)


def _first_line(lines: Sequence[Line], run: Sequence[int]) -> int:
    """Return the index of the first line of the header above a run."""
    x0, x1 = _extent(lines[i] for i in run)
    size = _height(lines[run[0]])
    first = run[0]
    while first > 0:
        above, below = lines[first - 1], lines[first]
        gap = min(p.top for p in below) - max(p.bottom for p in above)
        if gap > (_ABOVE if len(above) > 1 else _CLOSE) * size or _has_leaders(above):
            break
        if (
            len(above) == 1
            and gap > _CLOSE / 2 * size
            and abs(above[0].x0 + above[0].x1 - x0 - x1) < _CENTRED * (x1 - x0)
        ):
            break
        if any(p.x1 - p.x0 > _WIDE * (x1 - x0) or p.bottom - p.top > _LARGE * size for p in above):
            break
        if _is_head(above, x0, x1) or not all(x0 - size <= (p.x0 + p.x1) / 2 <= x1 + size for p in above):
            break
        first -= 1
    return first


def _is_head(line: Line, x0: float, x1: float) -> bool:
    """Tell whether a line reads like department and unit (`a:b`), or ends a sentence."""
    texts = ["".join(word.text for word in piece.words) for piece in line]
    at_side = line[0].x0 < x0 + 0.05 * (x1 - x0) or line[-1].x1 > x1 - 0.05 * (x1 - x0)
    colon = any(map(_COLON.search, texts)) and at_side and len(line) <= FEWEST
    return colon or (len(line) == 1 and bool(_SENTENCE.search(texts[0])))


def _last_line(lines: Sequence[Line], run: Sequence[int]) -> int:
    """Return the index of the last line of the last row: a wrapped text reaches as far below it as above."""
    last = run[-1]
    middle, slack = lines[last][0].middle, 0.35 * _height(lines[last])
    above = [p for line in lines[run[-2] + 1 : last] for p in line]
    while last + 1 < len(lines):
        line = lines[last + 1]
        mirrored = [2 * middle - p.middle for p in line]
        if not all(
            any(abs(q.middle - at) <= slack and abs(q.x0 - p.x0) < q.x1 - q.x0 for q in above)
            for p, at in zip(line, mirrored, strict=True)
        ):
            break
        last += 1
    return last


def _around(lines: Sequence[Line], full: Sequence[Edge], short: Sequence[Edge]) -> Frame:
    """Return the frame of the lines; rules that lie over all of them end it or part its header from its body."""
    x0, x1 = _extent(lines)
    top, bottom = min(p.top for p in lines[0]), max(p.bottom for p in lines[-1])
    body = next(p.top for line in lines if is_row(line) for p in line)
    reach = 2 * _height(lines[0])
    over = [
        e for e in full if e[1] <= x0 + _SAME_END and e[2] >= x1 - _SAME_END and top - reach < e[0] < bottom + reach
    ]
    inner = [y for y, _, _ in over if y <= body + 1]
    if over:
        x0, x1 = min(x0, *(e[1] for e in over)), max(x1, *(e[2] for e in over))
    if len(inner) > 1:
        return Frame(x0, x1, (inner[-2], inner[-1], bottom + 1), _held(short, inner[-2], bottom), ruled=True)
    return Frame(x0 - 1, x1 + 1, (top - 1, bottom + 1), _held(short, top, bottom))


def _held(short: Sequence[Edge], top: float, bottom: float) -> tuple[Edge, ...]:
    return tuple(edge for edge in short if top < edge[0] < bottom)
