"""Figures that tie only by rounding in a document that rounds nothing else.

Where figures have digits that are not printed, their sums miss the printed total now and then. Where many
sums of one unit and precision all tie to the last digit, there are no such digits: then one figure that
alone ties only by rounding is worth a look. Its equations stay what they are; it is no failure.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from structurer.check.equations import Outcome, Relation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from decimal import Decimal

    from structurer.check.equations import Equation, Operand, Verdict

# If figures had digits that are not printed, a sum of two would be exact three times in four: so many in a row
# would be so by chance less than once in five thousand times.
_ENOUGH = 30


class Alone(NamedTuple):
    """One figure, and the equation in which it ties only by rounding."""

    operand: Operand
    equation: Equation
    exact: int
    """How many sums like it are exact."""


def alone(verdicts: Sequence[Verdict], scales: Mapping[str, int | None]) -> Iterator[Alone]:
    """Yield the figures that alone tie only by rounding; `scales` are the units of tables and cards by pointer."""
    exact: dict[tuple[int, Decimal], int] = defaultdict(int)
    rounded: dict[tuple[int, Decimal], list[Equation]] = defaultdict(list)
    for equation, outcome, _ in verdicts:
        key = _precision(equation, scales)
        if key is None:
            continue
        if outcome is Outcome.TIES:
            exact[key] += 1
        elif outcome is Outcome.ROUNDING:
            rounded[key].append(equation)
    for key, equations in rounded.items():
        if exact[key] < _ENOUGH:
            continue
        shared = set.intersection(*(_pointers(equation) for equation in equations))
        first = equations[0]
        suspects = [made for made in _operands(first) if made.pointer in shared]
        if suspects:
            # Of several that would explain it, the stated figure is named first; its equation names the others.
            yield Alone(suspects[0], first, exact[key])


def _precision(equation: Equation, scales: Mapping[str, int | None]) -> tuple[int, Decimal] | None:
    """Return unit and precision of a sum of figures of one unit, that of the coarsest; None for any other equation."""
    if equation.relation is not Relation.EQUAL or equation.cuts or not equation.operands or equation.stated is None:
        return None
    first = equation.stated
    unit = scales.get(_item(first.pointer))
    if unit is None:
        return None
    something, slack = bool(first.value), first.slack
    for operand in equation.operands:
        if scales.get(_item(operand.pointer)) != unit:
            return None
        something = something or bool(operand.value)
        slack = max(slack, operand.slack)
    # Figures of several tables are counted in yuan.
    return (unit, slack.scaleb(-first.power)) if something else None


def _operands(equation: Equation) -> list[Operand]:
    return [operand for operand in (equation.stated, *equation.operands) if operand is not None]


def _pointers(equation: Equation) -> set[str]:
    return {operand.pointer for operand in _operands(equation)}


def _item(pointer: str) -> str:
    return "/".join(pointer.split("/", 3)[:3])
