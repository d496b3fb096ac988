"""Which straight strokes are rules of a table: those that others hold at their ends, and long ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# An end this close to a rule across touches it (points).
_TOUCH = 3.0
# A stroke this long needs nobody to hold it (points).
_LONG = 60.0
# Strokes that hold one another but fill no more than this in both directions are a character (points).
_TINY = 26.0
# Pieces of one rule: no further apart along and across (points).
_GAP, _SLIP = 9.0, 1.3


@dataclass(frozen=True)
class Stroke:
    """A straight run of dark pixels along one direction: where it lies across it, its start and end along it."""

    at: float
    start: float
    end: float
    thick: float
    labels: tuple[int, ...] = ()


def tied(flat: Sequence[Stroke], upright: Sequence[Stroke], unit: float) -> tuple[list[Stroke], list[Stroke]]:
    """Return the strokes that are rules; what is pruned may leave another without hold, so it is done again."""
    flat, upright = list(flat), list(upright)
    count = -1
    while count != len(flat) + len(upright):
        count = len(flat) + len(upright)
        flat = [stroke for stroke in flat if _is_held(stroke, upright, unit)]
        upright = [stroke for stroke in upright if _is_held(stroke, flat, unit)]
    return _without_characters(flat, upright, unit)


def _is_held(stroke: Stroke, across: Sequence[Stroke], unit: float) -> bool:
    if stroke.end - stroke.start >= _LONG * unit:
        return True
    near = _TOUCH * unit
    ends = [other.at for other in across if other.start - near <= stroke.at <= other.end + near]
    return all(any(abs(at - end) <= near for at in ends) for end in (stroke.start, stroke.end))


def _without_characters(flat: list[Stroke], upright: list[Stroke], unit: float) -> tuple[list[Stroke], list[Stroke]]:
    """Drop groups of strokes that touch one another and are no larger than a character of a title."""
    near, tiny = _TOUCH * unit, _TINY * unit
    small_flat = {s for s in flat if s.end - s.start <= tiny}
    small_upright = {s for s in upright if s.end - s.start <= tiny}
    free_flat = {s for s in small_flat if not any(_cross(s, u, near) for u in upright if u not in small_upright)}
    free_upright = {s for s in small_upright if not any(_cross(f, s, near) for f in flat if f not in small_flat)}
    # What touches a small stroke that itself reaches a long one belongs to a table.
    while True:
        bound = {s for s in free_flat if any(_cross(s, u, near) for u in small_upright - free_upright)}
        bound |= {s for s in free_upright if any(_cross(f, s, near) for f in small_flat - free_flat)}
        if not bound:
            break
        free_flat, free_upright = free_flat - bound, free_upright - bound
    return [s for s in flat if s not in free_flat], [s for s in upright if s not in free_upright]


def _cross(flat: Stroke, upright: Stroke, near: float) -> bool:
    return flat.start - near <= upright.at <= flat.end + near and upright.start - near <= flat.at <= upright.end + near


def joined(pieces: Sequence[Stroke], unit: float) -> list[Stroke]:
    """Return the strokes with the pieces of broken rules made one."""
    whole: list[Stroke] = []
    for piece in sorted(pieces, key=lambda s: (s.start, s.at)):
        for index, stroke in enumerate(whole):
            if abs(stroke.at - piece.at) <= _SLIP * unit and piece.start - stroke.end <= _GAP * unit:
                whole[index] = _one(stroke, piece)
                break
        else:
            whole.append(piece)
    return whole


def _one(left: Stroke, right: Stroke) -> Stroke:
    longer = max(left, right, key=lambda s: s.end - s.start)
    return replace(longer, start=min(left.start, right.start), end=max(left.end, right.end), labels=())
