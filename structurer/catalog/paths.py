"""Heading patterns: which field a printed heading path means."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    Pattern = tuple[re.Pattern[str], ...]
    Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """One property of a kind that is read from the page."""

    pointer: tuple[str, ...]
    """Where it stands in the row (tables) or in the card."""
    type: str
    """`amount`, `code`, `text`, `value` or `ordinal`."""
    patterns: tuple[Pattern, ...]

    @property
    def name(self) -> str:
        """The pointer as a path."""
        return "/".join(self.pointer)


@dataclass(frozen=True, slots=True)
class Group:
    """Fields that are taken together or not at all: those below `name`, if all of `required` are found."""

    name: str
    required: tuple[str, ...]


def compiled(patterns: Sequence[str], year: int | None = None) -> tuple[Pattern, ...]:
    """Compile `a/b|c` patterns, a segment each; raises re.error if one is no regular expression.

    `{year}` and `{last_year}` stand for the budget year and the one before; without a year they match nothing.
    """
    if year is not None:
        patterns = [p.replace("{year}", str(year)).replace("{last_year}", str(year - 1)) for p in patterns]
    return tuple(tuple(re.compile(segment) for segment in pattern.split("/")) for pattern in patterns)


def fit(patterns: tuple[Pattern, ...], path: Sequence[str]) -> int:
    """Return how many segments of the best fitting pattern match the path; 0 if none fits.

    The last segment must match the last heading, the others earlier headings in order.
    """
    best = 0
    for pattern in patterns:
        if len(pattern) > best and path and _fits(pattern, path):
            best = len(pattern)
    return best


def _fits(pattern: Pattern, path: Sequence[str]) -> bool:
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


class Owner(Hashable, Protocol):
    """What has fields: a kind, or a part of a card. Compared by identity, so what was looked up is remembered."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields in the order of the schema."""


@lru_cache(maxsize=65536)
def fitting(owner: Owner, path: Path) -> tuple[tuple[int, Field], ...]:
    """Return the fields that fit a path, each with how well it does, in the order of the fields."""
    return tuple((score, field) for field in owner.fields if (score := fit(field.patterns, path)))


@lru_cache(maxsize=65536)
def is_last(owner: Owner, key: str) -> bool:
    """Tell whether a heading or label with this key ends a path of any of the fields."""
    return _lasts(owner).fullmatch(key) is not None


@lru_cache(maxsize=256)
def _lasts(owner: Owner) -> re.Pattern[str]:
    """Return one pattern for the last segments of all the fields' patterns."""
    lasts = dict.fromkeys(pattern[-1].pattern for field in owner.fields for pattern in field.patterns)
    return re.compile("|".join(f"(?:{last})" for last in lasts) or "(?!)")


def assigned(owner: Owner, paths: Sequence[Path], groups: Sequence[Group] = ()) -> list[Field | None]:
    """Return the field of each column: best fit first, then the order of the fields, then of the columns.

    A group of fields that is not complete is left out, and its columns are offered to the others.
    """
    ranks = {field: rank for rank, field in enumerate(owner.fields)}
    offers = sorted(
        (-score, ranks[field], column) for column, path in enumerate(paths) for score, field in fitting(owner, path)
    )
    taken = _best(offers, owner.fields, len(paths))
    for group in groups:
        inside = {field.pointer[1] for field in taken if field is not None and field.pointer[0] == group.name}
        if inside and not inside.issuperset(group.required):
            offers = [offer for offer in offers if owner.fields[offer[1]].pointer[0] != group.name]
            taken = _best(offers, owner.fields, len(paths))
    return taken


def _best(offers: Sequence[tuple[int, int, int]], fields: Sequence[Field], count: int) -> list[Field | None]:
    taken: list[Field | None] = [None] * count
    used: set[int] = set()
    for _, rank, column in offers:
        if taken[column] is None and rank not in used:
            taken[column] = fields[rank]
            used.add(rank)
    return taken


def spare(owner: Owner, path: Path, taken: Sequence[Field | None]) -> Field | None:
    """Return the next field that fits a column but has none of its own: for a second cell under one heading."""
    return next((field for _, field in fitting(owner, path) if field not in taken), None)
