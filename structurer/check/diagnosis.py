"""Why a sum may fail: the one slip that would explain it, offered beside the page and never written into the data."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from structurer.check.equations import Outcome, Relation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from structurer.check.equations import Equation, Operand, Verdict

_TEN_THOUSAND = Decimal(10_000)


class Suggestion(NamedTuple):
    """A slip that would explain a failing sum."""

    code: str
    operand: Operand
    would: str
    """What the figure would have to read."""


class _Needed(NamedTuple):
    """What one figure would have to be for its sum to tie."""

    equation: Equation
    operand: Operand
    value: Decimal
    would: str


def suggestions(verdicts: Sequence[Verdict]) -> dict[int, list[Suggestion]]:
    """Return by the index of a failing equation the slips that explain it, where one explanation fits.

    A figure that stands in another equation that ties is taken to be right. Where the same change of one
    figure mends two failing equations, that is the explanation of both.
    """
    broken = [index for index, verdict in enumerate(verdicts) if verdict.outcome is Outcome.BROKEN]
    if not broken:
        return {}
    proven = {
        operand.pointer
        for equation, outcome, _ in verdicts
        if outcome in {Outcome.TIES, Outcome.ROUNDING} and equation.relation is Relation.EQUAL
        for operand in (equation.stated, *equation.operands)
        if operand is not None
    }
    needed = {index: list(_needed(verdicts[index].equation)) for index in broken}
    mends: dict[tuple[str, str], set[int]] = defaultdict(set)
    for index, found in needed.items():
        for need in found:
            mends[need.operand.pointer, need.would].add(index)
    return {
        index: made
        for index, found in needed.items()
        if (made := _explained([need for need in found if need.operand.pointer not in proven], mends) or _rows(found))
    }


def _explained(found: Sequence[_Needed], mends: Mapping[tuple[str, str], set[int]]) -> list[Suggestion]:
    crossing = [need for need in found if len(mends[need.operand.pointer, need.would]) > 1]
    if len(crossing) == 1:
        return [Suggestion("crossing", crossing[0].operand, crossing[0].would)]
    slips = [Suggestion(code, need.operand, need.would) for need in found if (code := slip(need.operand, need.would))]
    return slips if len(slips) == 1 else []


def _rows(found: Sequence[_Needed]) -> list[Suggestion]:
    """Tell that a row was counted twice: leaving out one of two that are the same would mend the sum."""
    counts: dict[Decimal, list[_Needed]] = defaultdict(list)
    for need in found:
        if need.operand is not need.equation.stated:
            counts[need.operand.value].append(need)
    twice = [needs[0] for needs in counts.values() if len(needs) > 1 and not needs[0].value and needs[0].operand.value]
    return [Suggestion("row_twice", twice[0].operand, "0")] if len(twice) == 1 else []


def _needed(equation: Equation) -> Iterator[_Needed]:
    """Yield what each figure of a sum would have to be; only what can be printed as it is."""
    stated, computed = equation.stated, equation.computed
    if stated is None or computed is None or not equation.operands:
        return
    if equation.relation is not Relation.EQUAL and len(equation.operands) > 1:
        return  # How much more it would be cannot be told.
    signs = equation.signs or (1,) * len(equation.operands)
    total = sum((o.value if s > 0 else -o.value for o, s in zip(equation.operands, signs, strict=True)), Decimal(0))
    if total != computed.value:
        return  # No sum: a product or a share.
    off = stated.value - total
    yield from _need(equation, stated, stated.value - off)
    for operand, sign in zip(equation.operands, signs, strict=True):
        yield from _need(equation, operand, operand.value + (off if sign > 0 else -off))


def _need(equation: Equation, operand: Operand, value: Decimal) -> Iterator[_Needed]:
    printed = Decimal(operand.text.rstrip("%"))
    factor = operand.value / printed if printed else Decimal(1)
    would = f"{(value / factor).normalize():f}"
    decimals = len(operand.text.partition(".")[2].rstrip("%"))
    short = len(would.partition(".")[2])
    if short <= decimals:
        if decimals and not short:
            would += "."
        yield _Needed(equation, operand, value, would + "0" * (decimals - short))


def slip(operand: Operand, would: str) -> str | None:
    """Return the code of the one slip that makes the printed figure of the one needed; None if none does."""
    was = operand.text.rstrip("%")
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
    return bool(one) and other in {one * _TEN_THOUSAND, one / _TEN_THOUSAND}


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
