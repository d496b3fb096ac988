"""What sentences say of the year before: changes and rates, against this year's amount and last year's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from structurer.check.equations import Computed, Equation, Outcome, Standing, alone, judge, percentage, summed
from structurer.check.prose_said import MONEY, PERCENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from structurer.catalog.prose_rules import ProseRules
    from structurer.check.equations import Operand
    from structurer.check.prose_said import Said

_CHANGE, _RATE = "told_change", "told_rate"
# An amount is looked for among so many figures before its change.
_NEAR = 12


def changes(listed: Sequence[Said]) -> Iterator[Equation]:
    """Yield for each change that it is this year's amount less last year's, where both are told."""
    for said in listed:
        if said.kind != "change" or not said.way or said.group != MONEY:
            continue
        near = [other for other in _before(listed, said) if other.key == said.key and other.group == MONEY]
        before = next((other for other in near if other.kind == "amount" and other.base), None)
        now = next((other for other in near if other.own), None)
        if before is None or now is None or before.place < now.place or before.base != said.base:
            continue
        signs = (said.way, -said.way)
        operands = (now.operand, before.operand)
        computed = summed(operands, signs)
        yield Equation(_CHANGE, said.where, said.operand, operands, computed, signs=signs)


def _before(listed: Sequence[Said], said: Said) -> Sequence[Said]:
    """Return the figures shortly before one, the nearest first."""
    return listed[max(0, said.place - _NEAR) : said.place][::-1]


def rates(listed: Sequence[Said], rules: ProseRules) -> Iterator[Equation]:
    """Yield for each rate that it is the change in percent of last year's amount."""
    for said in listed:
        if said.kind != "rate" or not said.way or said.group != PERCENT:
            continue
        if rules.patterns["otherwise"].search(said.lead):
            continue
        change = listed[said.place - 1] if said.place else None
        if change is not None and _is_change_of(change, said):
            yield from _of_change(listed, change, said)
        else:
            yield from _of_amounts(listed, said)


def _is_change_of(change: Said, rate: Said) -> bool:
    return (
        change.kind == "change"
        and change.group == MONEY
        and change.number == rate.number
        and (change.way, change.base, change.key) == (rate.way, rate.base, rate.key)
    )


def _of_change(listed: Sequence[Said], change: Said, rate: Said) -> Iterator[Equation]:
    """Yield the rate from the change and this year's amount; of several that may be it, with the one that fits."""
    near = [other for other in _before(listed, change) if other.own and other.group == MONEY]
    named = next((other for other in near if other.key == change.key), None)
    # A comparison may be of another amount of its sentence than the one it seems to be of.
    others = [other for other in near if other.number == change.number or (named is None and _goes_on(other, change))]
    told = [*([named] if named else []), *others]
    made = [_rate(rate, change.operand, now.operand, rate.way, certain=False) for now in told]
    fits = next((equation for equation in made if judge(equation).outcome is not Outcome.BROKEN), None)
    if fits or not told:
        yield from [fits] if fits else []
        return
    certain = named is not None or len({now.operand.value for now in told}) == 1
    yield _rate(rate, change.operand, told[0].operand, rate.way, certain=certain)


def _goes_on(before: Said, said: Said) -> bool:
    """Tell whether a sentence follows on the one before."""
    return said.number - before.number == 1


def _rate(rate: Said, change: Operand, now: Operand, way: int, *, certain: bool) -> Equation:
    moved = alone(change)
    present = alone(now)
    # The more was there, the smaller the rate: its ends are at opposite ends of the two figures.
    low = percentage(_point(moved.low), _point(present.high - way * moved.low))
    high = percentage(_point(moved.high), _point(present.low - way * moved.high))
    middle = percentage(_point(moved.value), _point(present.value - way * moved.value))
    computed = Computed(low.value, middle.value, high.value) if low and middle and high else None
    return Equation(
        _RATE,
        rate.where,
        rate.operand,
        (change, now),
        computed if computed and computed.low <= computed.high else None,
        absent=() if computed else ("before",),
        cuts=True,
        family=f"{_RATE}{rate.where}",
        standing=Standing.STRICT if certain else Standing.TENTATIVE,
    )


def _point(value: Decimal) -> Computed:
    return Computed(value, value, value)


def _of_amounts(listed: Sequence[Said], rate: Said) -> Iterator[Equation]:
    """Yield the rate from this year's amount and last year's, both told in its sentence just before it."""
    near = [said for said in _before(listed, rate) if said.number == rate.number]
    if len(near) < 2 or any(said.kind != "amount" or said.group != MONEY for said in near[:2]):  # noqa: PLR2004  a pair
        return
    now, before = near[0], near[1]
    if before.base and not now.base:
        is_pair = before.base == rate.base and before.key == now.key
    elif now.base and not before.base:
        now, before = before, now
        is_pair = before.base == rate.base and before.key == now.key
    else:
        # Last year's amount is the one whose year is the year compared with.
        is_pair = now.dated and before.dated and rate.base.startswith(str(before.year)) and now.year != before.year
    if not is_pair:
        return
    signs = (rate.way, -rate.way)
    computed = percentage(summed((now.operand, before.operand), signs), alone(before.operand))
    yield Equation(
        _RATE,
        rate.where,
        rate.operand,
        (now.operand, before.operand),
        _exact(now.operand, before.operand, rate.way) if computed else None,
        absent=() if computed else ("before",),
        cuts=True,
        family=f"{_RATE}/amounts",
        standing=Standing.TENTATIVE,
        signs=signs,
    )


def _exact(now: Operand, before: Operand, way: int) -> Computed:
    """Return the rate between two amounts, with the interval that both together allow."""
    ratios = [
        100 * a / b
        for a in (now.value - now.slack, now.value, now.value + now.slack)
        for b in (before.value - before.slack, before.value, before.value + before.slack)
    ]
    ends = [way * (ratio - 100) for ratio in ratios]
    return Computed(min(ends), way * (100 * now.value / before.value - 100), max(ends))
