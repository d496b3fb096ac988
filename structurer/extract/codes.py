"""Classification codes with their levels joined, also where a level is printed once for the rows below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from structurer.records import Leaf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structurer.catalog.kinds import Kind
    from structurer.extract.values import Row


def normalise(rows: Sequence[Row], kind: Kind) -> None:
    """Add to each row the codes that the kind normalises: `204 02 01`, in one column or three, is `2040201`.

    A blank level stands for the one printed above it; a code without its upper levels is left out.
    """
    for target, ways in kind.normalised:
        there = next((way for way in ways if rows and all(name in rows[0] for name in way)), ())
        if not any(row.get(name) is not None for row in rows for name in there):
            continue
        above: list[str] = []
        for row in rows:
            digits = [_digits(row, name) for name in there]
            last = max((level for level, own in enumerate(digits) if own), default=None)
            if last is None:
                row[target] = None
                continue
            first = next(level for level, own in enumerate(digits) if own)
            code = [*above[:first], *(own or "" for own in digits[first : last + 1])]
            whole = len(code) == last + 1 and all(code)
            above = code if whole else []
            row[target] = "".join(code) if whole else None


def _digits(row: Row, name: str) -> str:
    value = row.get(name)
    text = value.value if isinstance(value, Leaf) else ""
    return "".join(char for char in text if char.isdecimal()) if not any(char.isalpha() for char in text) else ""
