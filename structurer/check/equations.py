"""What must hold between printed figures, and how it ends: an equation and its verdict."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ZERO = Decimal(0)


class Outcome(StrEnum):
    """How an equation ends."""

    TIES = "ties"
    """Both sides are equal to the last digit."""
    ROUNDING = "rounding"
    """They differ by no more than what was rounded away in print."""
    BROKEN = "broken"
    """No rounding explains the difference."""
    UNKNOWN = "unknown"
    """It cannot be told: a figure is absent, or nothing shows that the equation is meant to hold here."""


class Relation(StrEnum):
    """How the stated figure stands to what the operands come to."""

    EQUAL = "="
    AT_LEAST = ">="
    """The stated figure may be larger: its parts are not all told."""


class Standing(StrEnum):
    """How an equation that does not tie is taken."""

    STRICT = "strict"
    """It must hold wherever it can be formed."""
    PRESUMED = "presumed"
    """It must hold, unless most of its family fail: then the table is built otherwise."""
    TENTATIVE = "tentative"
    """It counts only where its family vouches for it by holding."""
    FRAIL = "frail"
    """The same, but nearly all of its family must hold: little else speaks for it."""


class Operand(NamedTuple):
    """One printed figure in an equation, in the unit that the equation is counted in."""

    pointer: str
    """RFC 6901 pointer of the value in the result."""
    text: str
    """Its digits as the result has them."""
    value: Decimal
    slack: Decimal
    """Half a unit of its last printed digit."""
    page: int | None
    firm: bool
    """Whether it stands on the page digit for digit, was read without doubt, and its column is shown by rulings."""
    power: int = 0
    """By how many powers of ten its printed figure was multiplied to be counted."""


class Computed(NamedTuple):
    """What operands come to: the exact result of their printed values, and the interval they allow."""

    low: Decimal
    value: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Equation:
    """One figure stated, and the figures it follows from."""

    rule: str
    """Id of the rule in `checks.toml`."""
    where: str
    """Pointer of the row, table, card or claim it is about."""
    stated: Operand | None
    """None where it is not printed."""
    operands: tuple[Operand, ...]
    computed: Computed | None
    """None where too little is printed to compute it."""
    absent: tuple[str, ...] = ()
    """What is not printed: a pointer, or a field's name."""
    relation: Relation = Relation.EQUAL
    cuts: bool = False
    """Whether the stated figure may have been cut instead of rounded: shares and rates in prose."""
    family: str = ""
    """Equations of one family have one structure; those that tie vouch for it where one does not."""
    standing: Standing = Standing.STRICT
    unread: bool = False
    """Whether digits that nothing could be made of stand where an operand may be missing."""
    signs: tuple[int, ...] = ()
    """1 or -1 for each operand of a sum; empty where all are added, or where it is no sum."""


class Verdict(NamedTuple):
    """How one equation ended."""

    equation: Equation
    outcome: Outcome
    reason: str = ""
    """Of `unknown`: `absent` or `structure`; of `rounding`: `truncated` where only cutting explains it."""


def summed(operands: Sequence[Operand], signs: Sequence[int] = ()) -> Computed:
    """Return the sum of the operands; their slacks add up."""
    value = slack = ZERO
    for index, operand in enumerate(operands):
        value += operand.value if not signs or signs[index] > 0 else -operand.value
        slack += operand.slack
    return Computed(value - slack, value, value + slack)


def product(left: Operand, right: Operand) -> Computed:
    """Return the product of two operands, each anywhere in its interval."""
    ends = [
        a * b
        for a in (left.value - left.slack, left.value + left.slack)
        for b in (right.value - right.slack, right.value + right.slack)
    ]
    return Computed(min(ends), left.value * right.value, max(ends))


def percentage(part: Computed, whole: Computed) -> Computed | None:
    """Return the part in percent of the whole; None where the whole may be zero."""
    if whole.low <= 0 <= whole.high:
        return None
    ends = [100 * a / b for a in (part.low, part.high) for b in (whole.low, whole.high)]
    return Computed(min(ends), 100 * part.value / whole.value, max(ends))


def alone(operand: Operand) -> Computed:
    """Return one operand as what it comes to."""
    return Computed(operand.value - operand.slack, operand.value, operand.value + operand.slack)


def meet(one: Computed, other: Computed) -> bool:
    """Tell whether two results may be the same, but for rounding."""
    return one.low <= other.high and other.low <= one.high


def judge(equation: Equation) -> Verdict:
    """Return how an equation ends, taken by itself: exact, by rounding or cutting, broken, or unknown."""
    stated, computed = equation.stated, equation.computed
    if stated is None or computed is None:
        return Verdict(equation, Outcome.UNKNOWN, "absent")
    if stated.value == computed.value:
        return Verdict(equation, Outcome.TIES)
    low, high = stated.value - stated.slack, stated.value + stated.slack
    if equation.relation is Relation.AT_LEAST and stated.value > computed.value:
        return Verdict(equation, Outcome.TIES)
    if low <= computed.high and computed.low <= high:
        return Verdict(equation, Outcome.ROUNDING)
    if equation.cuts and _cut(stated, computed):
        return Verdict(equation, Outcome.ROUNDING, "truncated")
    return Verdict(equation, Outcome.BROKEN)


def _cut(stated: Operand, computed: Computed) -> bool:
    """Tell whether cutting the computed figure after the printed digits may give the stated one."""
    ulp = 2 * stated.slack
    if stated.value < 0:
        return stated.value - ulp < computed.high and computed.low <= stated.value
    return stated.value <= computed.high and computed.low < stated.value + ulp


# So many equations of a family must tie, and so large a share of those that can be told, to vouch for one that
# does not. A family is rebutted where none of so many ties, or more than half of so many do not.
_VOUCHERS, _MAJORITY, _NEARLY_ALL = 2, Decimal("0.6"), Decimal("0.9")
_NONE_OF, _REBUTTAL = 3, 4


def settled(equations: Iterable[Equation]) -> list[Verdict]:
    """Judge all; one that does not tie is broken only if its standing, or its family, says that it must hold.

    A tentative family that nothing vouches for is none: where it fails, all of it is left out.
    """
    verdicts = [judge(equation) for equation in equations]
    tallies: dict[str, list[int]] = {}
    for equation, outcome, _ in verdicts:
        if equation.standing is not Standing.STRICT and outcome is not Outcome.UNKNOWN and not _is_trivial(equation):
            tally = tallies.setdefault(equation.family, [0, 0])
            tally[0] += outcome is not Outcome.BROKEN
            tally[1] += 1
    return [
        Verdict(verdict.equation, Outcome.UNKNOWN, "structure")
        if verdict.outcome is Outcome.BROKEN and not _must_hold(verdict.equation, tallies)
        else verdict
        for verdict in verdicts
        if not _is_left_out(verdict.equation, tallies)
    ]


def _must_hold(equation: Equation, tallies: Mapping[str, list[int]]) -> bool:
    if equation.standing is not Standing.PRESUMED:
        return True
    tied, told = tallies[equation.family]
    return not ((told >= _REBUTTAL and 2 * tied < told) or (told >= _NONE_OF and not tied))


def _is_left_out(equation: Equation, tallies: Mapping[str, list[int]]) -> bool:
    if equation.standing not in {Standing.TENTATIVE, Standing.FRAIL}:
        return False
    tied, told = tallies.get(equation.family, (0, 0))
    share = _MAJORITY if equation.standing is Standing.TENTATIVE else _NEARLY_ALL
    return tied < told and not (tied >= _VOUCHERS and tied >= share * told)


def _is_trivial(equation: Equation) -> bool:
    """Tell whether the equation says only that nothing is nothing."""
    return bool(equation.stated and equation.computed and not equation.stated.value and not equation.computed.value)
