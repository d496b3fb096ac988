"""Why a sum may fail: the one slip that would explain it, offered beside the page and never written into the data."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from structurer.check.columns import RULE as COLUMN
from structurer.check.equations import ZERO, Computed, Outcome, Relation, alone, meet
from structurer.check.slips import TEN_THOUSAND, slip

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from structurer.catalog.rules import Rules
    from structurer.check.equations import Equation, Operand, Verdict
    from structurer.check.figures import Table


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


def suggestions(
    verdicts: Sequence[Verdict], tables: Sequence[Table], rules: Rules, others: Mapping[str, str]
) -> dict[int, list[Suggestion]]:
    """Return by the index of a failing equation the slips that explain it, where one explanation fits.

    `others` has by pointer what the second recognition of a figure read. A figure that stands in another
    equation that ties is taken to be right. Where the same change of one figure mends two failing
    equations, that is the explanation of both.
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
    needed = {
        index: [need for need in _needed(verdicts[index].equation) if need.operand.pointer not in proven]
        for index in broken
    }
    mends = _mends(needed.values())
    before = _last_year(tables, rules)
    made = {}
    for index in broken:
        equation, found = verdicts[index].equation, needed[index]
        explained = (
            _read_otherwise(found, needed.values(), others)
            or _explained(found, mends, before)
            or _units(equation, proven)
            or _rows(equation)
            or _lost(equation, tables, rules)
        )
        if explained:
            made[index] = explained
    return made


def _read_otherwise(
    found: Sequence[_Needed], everywhere: Iterable[Sequence[_Needed]], others: Mapping[str, str]
) -> list[Suggestion]:
    """Return the one figure whose second reading is what it would have to be, in every sum it fails in."""
    would = defaultdict(set)
    for need in (need for needs in everywhere for need in needs):
        would[need.operand.pointer].add(need.value)
    fitting = [
        need
        for need in found
        if _is(others.get(need.operand.pointer, ""), need.would) and len(would[need.operand.pointer]) == 1
    ]
    return [Suggestion("other_reading", fitting[0].operand, fitting[0].would)] if len(fitting) == 1 else []


def _is(reading: str, would: str) -> bool:
    return "".join(reading.split()).replace(",", "").replace("\uff0c", "") == would


class _Mends(NamedTuple):
    """By what a change makes of a figure: the failing equations it would mend."""

    figures: Mapping[tuple[str, str], list[Equation]]
    """By the pointer of the figure and what it would read."""
    texts: Mapping[tuple[str, str], list[Equation]]
    """By what any figure reads and would read."""


def _mends(found: Iterable[Sequence[_Needed]]) -> _Mends:
    made = _Mends(defaultdict(list), defaultdict(list))
    for needs in found:
        for need in needs:
            made.figures[need.operand.pointer, need.would].append(need.equation)
            made.texts[need.operand.text, need.would].append(need.equation)
    return made


def _explained(found: Sequence[_Needed], mends: _Mends, before: Mapping[str, Decimal]) -> list[Suggestion]:
    together = [need for need in found if len(mends.figures[need.operand.pointer, need.would]) > 1]
    if len(together) == 1:
        need = together[0]
        crossed = {equation.rule == COLUMN for equation in mends.figures[need.operand.pointer, need.would]}
        return [Suggestion("crossing" if len(crossed) > 1 else "shared", need.operand, need.would)]
    slips = [(code, need) for need in found if (code := slip(need.operand.text, need.would))]
    same = [(code, need) for code, need in slips if len(mends.texts[need.operand.text, need.would]) > 1]
    if len(same) == 1:
        return [Suggestion("shared", same[0][1].operand, same[0][1].would)]
    if len(slips) == 1:
        return [Suggestion(slips[0][0], slips[0][1].operand, slips[0][1].would)]
    stale = [need for need in found if before.get(need.operand.pointer) == need.operand.value]
    return [Suggestion("stale_figure", stale[0].operand, stale[0].would)] if len(stale) == 1 and not slips else []


def _last_year(tables: Sequence[Table], rules: Rules) -> dict[str, Decimal]:
    """Return by the pointer of a figure what the same row prints for last year, where the table has both."""
    found: dict[str, Decimal] = {}
    for rule in rules.changes:
        alone = rule.before.rstrip("_")
        for table in tables:
            for row in table.rows:
                for column, operand in row.figures.items():
                    last = row.figures.get(rule.before + column) or (
                        row.figures.get(alone) if column == rule.alone else None
                    )
                    if last is not None:
                        found[operand.pointer] = last.value
    return found


def _off(equation: Equation) -> Decimal | None:
    """Return the stated figure less the sum of its operands; None where it is no sum of them."""
    stated, computed = equation.stated, equation.computed
    if stated is None or computed is None or equation.signs or equation.relation is not Relation.EQUAL:
        return None
    total = sum((operand.value for operand in equation.operands), ZERO)
    return stated.value - total if total == computed.value else None


def _units(equation: Equation, proven: Collection[str]) -> list[Suggestion]:
    """Tell that one figure is printed in another unit: the sum then ties but for rounding."""
    stated, computed = equation.stated, equation.computed
    if stated is None or computed is None or _off(equation) is None:
        return []
    found = []
    for operand in equation.operands:
        for factor in (TEN_THOUSAND, 1 / TEN_THOUSAND):
            more = operand.value * factor - operand.value
            slack = computed.high - computed.value + operand.slack * (factor - 1)
            value = computed.value + more
            other = Computed(value - slack, value, value + slack)
            if operand.value and operand.pointer not in proven and meet(alone(stated), other):
                printed = Decimal(operand.text.rstrip("%")) * factor
                found.append(Suggestion("unit_slip", operand, f"{printed.normalize():f}"))
    return found if len(found) == 1 else []


def _rows(equation: Equation) -> list[Suggestion]:
    """Tell that a row was counted twice: the sum is too large by one of two rows that are the same."""
    off = _off(equation)
    same = [operand for operand in equation.operands if off and operand.value == -off]
    return [Suggestion("row_twice", same[-1], "0")] if len(same) == 2 else []  # noqa: PLR2004


def _lost(equation: Equation, tables: Sequence[Table], rules: Rules) -> list[Suggestion]:
    """Tell that a row is missing: the sum is too small by a row that another table has, and this one has not."""
    off = _off(equation)
    stated = equation.stated
    if equation.rule != COLUMN or stated is None or not off or off < 0:
        return []
    here = next((table for table in tables if stated.pointer.startswith(f"{table.pointer}/")), None)
    if here is None or here.scale is None:
        return []
    column, codes = stated.pointer.rpartition("/")[2], {row.code for row in here.rows}
    kinds = {name for match in rules.matches if here.kind.name in match.tables for name in match.tables}
    found = {
        row.code: row.figures[column]
        for table in tables
        if table.kind.name in kinds and table.scale is not None
        for row in table.rows
        if row.code not in codes
        and column in row.figures
        and row.figures[column].value.scaleb(table.scale) == off.scaleb(here.scale)
    }
    return [Suggestion("row_dropped", next(iter(found.values())), "")] if len(found) == 1 else []


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
    would = f"{value.scaleb(-operand.power).normalize():f}"
    decimals = len(operand.text.partition(".")[2].rstrip("%"))
    short = len(would.partition(".")[2])
    if short <= decimals:
        if decimals and not short:
            would += "."
        yield _Needed(equation, operand, value, would + "0" * (decimals - short))
