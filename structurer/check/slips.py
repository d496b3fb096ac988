"""Slips of the pen and of the eye: what makes one figure of another."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TEN_THOUSAND = Decimal(10_000)


def slip(was: str, would: str) -> str | None:
    """Return the code of the one slip that makes the printed figure of the one needed; None if none does.

    >>> slip("1436.01", "1346.01"), slip("29440", "294400"), slip("1.00", "3.50")
    ('swapped_digits', 'lost_digit', None)
    """
    was = was.rstrip("%")
    return next((code for code, made in SLIPS.items() if made(was, would)), None)


def _one_digit(was: str, would: str) -> bool:
    return len(was) == len(would) and sum(a != b for a, b in zip(was, would, strict=True)) == 1


def _swapped(was: str, would: str) -> bool:
    if len(was) != len(would):
        return False
    at = [index for index, (a, b) in enumerate(zip(was, would, strict=True)) if a != b]
    return len(at) == 2 and at[1] - at[0] == 1 and was[at[0]] == would[at[1]] and was[at[1]] == would[at[0]]  # noqa: PLR2004


def _sign(was: str, would: str) -> bool:
    return was != would and was.lstrip("-") == would.lstrip("-")


def _unit(was: str, would: str) -> bool:
    one, other = Decimal(was), Decimal(would)
    return bool(one) and other in {one * TEN_THOUSAND, one / TEN_THOUSAND}


def _lost(was: str, would: str) -> bool:
    """One digit more is needed."""
    return len(would) == len(was) + 1 and any(would[:i] + would[i + 1 :] == was for i in range(len(would)))


def _doubled(was: str, would: str) -> bool:
    """One digit too many is printed."""
    return _lost(would, was)


SLIPS: Mapping[str, Callable[[str, str], bool]] = {
    "swapped_digits": _swapped,
    "one_digit": _one_digit,
    "sign": _sign,
    "unit_slip": _unit,
    "lost_digit": _lost,
    "doubled_digit": _doubled,
}
