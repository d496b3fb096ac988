"""Vector paths of a PDF page to rulings: strokes, thin filled bars and rows of dots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from structurer.records import Ruling

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pymupdf

    Segment = tuple[float, float, float, float]

# A filled bar at most this thick is a ruling; a thicker one is a background (points).
_THICK = 3.0
# A stroke may lean by this much and still be straight (points).
_LEAN = 1.0
# Paint as light as this is not seen on paper.
_WHITE = 0.99
# Marks of a dotted ruling stand at most this far from one another (points).
_DOT_GAP = 6.0
# This many dots in a row make a ruling.
_DOTS = 5


def rulings(paths: Iterable[Mapping[str, Any]], matrix: pymupdf.Matrix | None) -> tuple[Ruling, ...]:
    """Return the straight horizontal and vertical lines among the paths of `Page.get_cdrawings()`.

    `matrix` turns the coordinates of a rotated page into those of the page as displayed.
    """
    found: list[Segment] = []
    dots: list[Segment] = []
    for path in paths:
        if not _visible(path):
            continue
        stroked = "s" in path["type"]
        for item in path["items"]:
            for x0, y0, x1, y1 in _segments(item, stroked=stroked):
                segment = _turned(x0, y0, x1, y1, matrix) if matrix else (x0, y0, x1, y1)
                _sort_in(segment, found, dots, line=item[0] == "l")
    found += _dotted(dots)
    return tuple(Ruling(*segment) for segment in found)


def _visible(path: Mapping[str, Any]) -> bool:
    """Tell whether the path can be seen: neither transparent nor white on the white page."""
    if "s" in path["type"]:
        return bool(path.get("stroke_opacity") != 0)
    fill = path.get("fill")
    return bool(path.get("fill_opacity") != 0 and (fill is None or min(fill) < _WHITE))


def _segments(item: tuple[Any, ...], *, stroked: bool) -> Iterator[Segment]:
    """Yield what one path item contributes: lines as they are, bars as thin boxes, outlines as four lines."""
    name = item[0]
    if name == "l":
        (x0, y0), (x1, y1) = item[1], item[2]
        yield x0, y0, x1, y1
        return
    if name == "re":
        x0, y0, x1, y1 = item[1]
    elif name == "qu":
        points = item[1]
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        x0, y0, x1, y1 = min(xs), min(ys), max(xs), max(ys)
    else:
        return
    if min(abs(x1 - x0), abs(y1 - y0)) <= _THICK:
        yield x0, y0, x1, y1
    elif stroked:
        yield x0, y0, x1, y0
        yield x0, y1, x1, y1
        yield x0, y0, x0, y1
        yield x1, y0, x1, y1


def _turned(x0: float, y0: float, x1: float, y1: float, m: pymupdf.Matrix) -> Segment:
    return (
        x0 * m.a + y0 * m.c + m.e,
        x0 * m.b + y0 * m.d + m.f,
        x1 * m.a + y1 * m.c + m.e,
        x1 * m.b + y1 * m.d + m.f,
    )


def _sort_in(segment: Segment, found: list[Segment], dots: list[Segment], *, line: bool) -> None:
    """Put a segment, straightened to the middle of its thickness, into `found`, or a mark into `dots`."""
    x0, y0, x1, y1 = segment
    if x0 > x1:
        x0, x1 = x1, x0
    if y0 > y1:
        y0, y1 = y1, y0
    width, height = x1 - x0, y1 - y0
    thickness = _LEAN if line else _THICK
    if width <= _THICK and height <= _THICK:
        dots.append((x0, y0, x1, y1))
    elif height <= thickness:
        y = (y0 + y1) / 2
        found.append((x0, y, x1, y))
    elif width <= thickness:
        x = (x0 + x1) / 2
        found.append((x, y0, x, y1))


def _dotted(dots: list[Segment]) -> list[Segment]:
    """Join rows and columns of small marks into rulings."""
    if len(dots) < _DOTS:
        return []
    flat = [((y0 + y1) / 2, x0, x1) for x0, y0, x1, y1 in dots]
    upright = [((x0 + x1) / 2, y0, y1) for x0, y0, x1, y1 in dots]
    rows = [(start, at, end, at) for at, start, end in _runs(flat)]
    columns = [(at, start, at, end) for at, start, end in _runs(upright)]
    return rows + columns


def _runs(marks: list[tuple[float, float, float]]) -> Iterator[tuple[float, float, float]]:
    """Yield (position, start, end) of the runs of marks that stand on one line close to one another."""
    ordered = sorted((round(at), start, end, at) for at, start, end in marks)
    count, (row, first, last, at) = 1, ordered[0]
    for next_row, start, end, next_at in ordered[1:]:
        if next_row == row and start - last <= _DOT_GAP:
            last, count = max(last, end), count + 1
            continue
        if count >= _DOTS:
            yield at, first, last
        count, row, first, last, at = 1, next_row, start, end, next_at
    if count >= _DOTS:
        yield at, first, last
