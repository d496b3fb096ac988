"""Page numbers as they are asked for: `3-9,12`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from structurer import errors

if TYPE_CHECKING:
    from collections.abc import Collection

_RANGE = re.compile(r"\s*([0-9]{1,6})\s*(?:-\s*([0-9]{1,6})\s*)?")


def parse(text: str) -> frozenset[int]:
    """Return the page numbers that the text names; raises UsageError if it names none.

    >>> sorted(parse("3-5,12"))
    [3, 4, 5, 12]
    """
    pages: set[int] = set()
    for part in text.split(","):
        match = _RANGE.fullmatch(part)
        if match is None:
            msg = f"--pages: {part.strip()!r} is no page number or range; write it like 3-9,12"
            raise errors.UsageError(msg)
        first, last = int(match[1]), int(match[2] or match[1])
        if not 1 <= first <= last:
            msg = f"--pages: {part.strip()!r}: pages count from 1, and a range goes up"
            raise errors.UsageError(msg)
        pages.update(range(first, last + 1))
    return frozenset(pages)


def check(asked: Collection[int] | None, opened: Collection[int | None], path: str) -> None:
    """Raise UsageError if a page was asked for that the opened document does not have."""
    if asked is None:
        return
    numbers = {page for page in opened if page is not None}
    if not numbers:
        msg = f"{path}: this file has no page numbers; leave --pages out"
        raise errors.UsageError(msg)
    missing = min(set(asked) - numbers, default=None)
    if missing is not None:
        msg = f"{path}: there is no page {missing}; the document has {said(len(numbers))}"
        raise errors.UsageError(msg)


def said(count: int) -> str:
    """Return how many pages there are, in words.

    >>> said(1)
    '1 page'
    """
    return f"{count} page" if count == 1 else f"{count} pages"
