"""Rows that are numbered like an outline, to the sums they stand for."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from structurer import labels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structurer.catalog.lexicon import Lexicon

# Of a row that nothing numbers.
_PLAIN = -1


class Sum(NamedTuple):
    """A row and the rows it is the sum of, by their indices."""

    total: int
    parts: tuple[int, ...]
    of_which: bool = False
    """Whether its parts need not be all."""


class Outline(NamedTuple):
    """What the numbering of rows says."""

    top: tuple[int, ...]
    """The rows that are part of no other."""
    sums: tuple[Sum, ...]
    above: dict[int, int]
    """By row: the row it is a part of."""


def outline(names: Sequence[str], lexicon: Lexicon) -> Outline:
    """Return the sums that numbered rows stand for.

    A way of numbering that is new begins the parts of the row before; one met before goes back to its
    level. A row that begins with “of which” begins parts that need not be all.
    """
    stack: list[tuple[int, bool, int]] = []  # Way of numbering, whether of which, the row they are parts of (-1: none).
    parts: dict[tuple[int, bool], list[int]] = {}
    top: list[int] = []
    above: dict[int, int] = {}
    for index, name in enumerate(names):
        way, of_which = numbering(name, lexicon)
        level = next((at for at, (known, _, _) in enumerate(stack) if known == way), None)
        if of_which and index:
            if not stack[-1][1]:
                stack.append((way, True, index - 1))
        elif level is not None and not (way == _PLAIN and stack[-1][1] and level < len(stack) - 1):
            del stack[level + 1 :]
        elif stack and stack[-1][1] and way == _PLAIN:
            pass  # The list of which goes on.
        else:
            stack.append((way, False, index - 1 if stack else -1))
        _, partial, owner = stack[-1]
        if owner < 0:
            top.append(index)
        else:
            parts.setdefault((owner, partial), []).append(index)
            above[index] = owner
    sums = (Sum(owner, tuple(rows), partial) for (owner, partial), rows in parts.items())
    return Outline(tuple(top), tuple(sums), above)


@lru_cache(maxsize=4096)
def numbering(name: str, lexicon: Lexicon) -> tuple[int, bool]:
    """Return how a row is numbered, and whether it begins a list of “of which”."""
    plain = labels.plain(name)
    of_which = next((word for word in lexicon.of_which_keys if plain.startswith(word)), None)
    if of_which is not None:
        plain = plain.removeprefix(of_which).lstrip(": ")
    # A circled number is a number in the plain text.
    marks = lexicon.enumerators
    way = next((at for at, mark in enumerate(marks) if mark.match(plain) or mark.match(name)), _PLAIN)
    return way, of_which is not None


@lru_cache(maxsize=4096)
def bare(name: str, lexicon: Lexicon) -> str:
    """Return the key of a name without what numbers it.

    >>> from structurer import catalog
    >>> bare("（一）一般公共预算拨款", catalog.load().lexicon)
    '一般公共预算拨款'
    """
    plain = labels.plain(name)
    for word in lexicon.of_which_keys:
        plain = plain.removeprefix(word).lstrip(": ")
    for pattern in lexicon.enumerators:
        plain = pattern.sub("", plain, count=1)
    return labels.key(plain)
