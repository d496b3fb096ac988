"""Heading patterns: which field a printed heading path means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a kind that is read from the page."""

    pointer: tuple[str, ...]
    """Where it stands in the row (tables) or in the card."""
    type: str
    """`amount`, `code`, `text`, `value` or `ordinal`."""
    patterns: tuple[tuple[re.Pattern[str], ...], ...]

    @property
    def name(self) -> str:
        """The pointer as a path."""
        return "/".join(self.pointer)


def compiled(patterns: Sequence[str]) -> tuple[tuple[re.Pattern[str], ...], ...]:
    """Compile `a/b|c` patterns, a segment each; raises re.error if one is no regular expression."""
    return tuple(tuple(re.compile(segment) for segment in pattern.split("/")) for pattern in patterns)


def fit(patterns: tuple[tuple[re.Pattern[str], ...], ...], path: Sequence[str]) -> int:
    """Return how many segments of the best fitting pattern match the path; 0 if none fits.

    The last segment must match the last heading, the others earlier headings in order.
    """
    best = 0
    for pattern in patterns:
        if len(pattern) > best and path and _fits(pattern, path):
            best = len(pattern)
    return best


def _fits(pattern: tuple[re.Pattern[str], ...], path: Sequence[str]) -> bool:
    if not pattern[-1].fullmatch(path[-1]):
        return False
    position = 0
    for segment in pattern[:-1]:
        while position < len(path) - 1 and not segment.fullmatch(path[position]):
            position += 1
        if position >= len(path) - 1:
            return False
        position += 1
    return True


def assigned(fields: Sequence[Field], paths: Sequence[tuple[str, ...]]) -> list[Field | None]:
    """Return the field of each column: best fit first, then the order of the fields, then of the columns."""
    offers = sorted(
        (-score, rank, column)
        for column, path in enumerate(paths)
        for rank, field in enumerate(fields)
        if (score := fit(field.patterns, path))
    )
    taken: list[Field | None] = [None] * len(paths)
    used: set[int] = set()
    for _, rank, column in offers:
        if taken[column] is None and rank not in used:
            taken[column] = fields[rank]
            used.add(rank)
    return taken
