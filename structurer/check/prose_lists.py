"""Sums that sentences tell with their parts, where a rule knows what these are."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from structurer.check.equations import Equation, Outcome, Standing, judge, summed
from structurer.check.prose_said import MONEY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from structurer.catalog.prose_rules import ListRule, Part
    from structurer.check.equations import Computed, Operand
    from structurer.check.prose_facts import Facts
    from structurer.check.prose_said import Said

# A list is not told over more figures than this.
_LONGEST = 60


class Told(NamedTuple):
    """A sum with its parts, as a rule knows them."""

    rule: ListRule
    head: Said
    parts: Mapping[str, Said]
    others: tuple[Said, ...]
    """Amounts in the same passage that are none of its parts."""
    mentioned: frozenset[str]
    """Parts that are not told as amounts, but stand in some sentence of the passage with figures."""


def told(listed: Sequence[Said], facts: Facts) -> list[Told]:
    """Return the sums that rules know, outer ones first."""
    return [*_told([said for said in listed if said.own], listed, facts), *_told(_of_before(listed), (), facts)]


def _of_before(listed: Sequence[Said]) -> list[Said]:
    """Return the amounts of last year, told beside this year's."""
    return [said for said in listed if said.kind == "amount" and said.base]


def _told(amounts: Sequence[Said], listed: Sequence[Said], facts: Facts) -> Iterator[Told]:
    money = [said for said in amounts if said.group == MONEY]
    heads = [[rule for rule in facts.prose.lists if rule.head.search(said.key)] for said in money]
    for at, head in enumerate(money):
        for rule in heads[at]:
            if _part(head, rule) is not None:
                continue
            span = _span(money, at, rule, heads)
            if not span or _part(span[0], rule) is None:
                continue
            parts: dict[str, Said] = {}
            others = []
            for said in span:
                part = _part(said, rule)
                if part is None:
                    others.append(said)
                else:
                    parts.setdefault(part.id, said)
            yield Told(rule, head, parts, tuple(others), _mentioned(rule, parts, head, span, listed))


def _span(money: Sequence[Said], at: int, rule: ListRule, heads: Sequence[Sequence[ListRule]]) -> list[Said]:
    """Return the amounts that may be parts of a head: up to the next sum that is not one of its parts."""
    head, span = money[at], []
    for index in range(at + 1, min(at + 1 + _LONGEST, len(money))):
        said = money[index]
        if said.dated and head.dated and said.year != head.year:
            break
        if heads[index] and _part(said, rule) is None:
            break
        span.append(said)
    last = max((i for i, said in enumerate(span) if _part(said, rule)), default=-1)
    # What else the sentence of the last part lists may be a part too.
    return [said for i, said in enumerate(span) if i <= last or (last >= 0 and said.number == span[last].number)]


def _part(said: Said, rule: ListRule) -> Part | None:
    return next((part for part in rule.parts if part.key.search(said.key)), None)


def _mentioned(
    rule: ListRule, parts: Mapping[str, Said], head: Said, span: Sequence[Said], listed: Sequence[Said]
) -> frozenset[str]:
    missing = [part for part in rule.parts if part.id not in parts]
    last = span[-1].place if span else head.place
    subjects = [said.key for said in listed if head.place < said.place <= last and said.kind == "count"]
    return frozenset(part.id for part in missing if any(part.key.search(key) for key in subjects))


def under(sums: Sequence[Told], facts: Facts) -> dict[int, str]:
    """Return by place of a figure which fact it is as a part of a sum that is a fact itself."""
    found: dict[int, str] = {}
    for rule, head, parts, _, _ in sorted(sums, key=lambda told: told.head.place):
        if head.base:
            continue
        whole = found.get(head.place) or facts.of_head(head)
        for part in rule.parts:
            if whole in part.facts and part.id in parts:
                found.setdefault(parts[part.id].place, part.facts[whole])
    return found


def of_rules(sums: Sequence[Told]) -> Iterator[Equation]:
    """Yield for each sum that it is that of its parts."""
    now = {(told.rule.id, told.head.key): told for told in sums if not told.head.base}
    for each in sums:
        same = now.get((each.rule.id, each.head.key)) if each.head.base else each
        # Of last year, all must be told that is told of this one.
        if same is not None and {part.id for part in _taken(same)} <= each.parts.keys():
            equation = _sum(each)
            if equation is not None:
                yield equation


def _taken(each: Told) -> list[Part]:
    """Return the parts that count: those told, but for what is within another one."""
    return [part for part in each.rule.parts if part.id in each.parts and part.within not in each.parts]


def _sum(each: Told) -> Equation | None:
    """Return the sum with those parts that meet it, of the parts that only some passages count in; else with all."""
    taken = _taken(each)
    fixed = [each.parts[part.id].operand for part in taken if not part.optional]
    free = [each.parts[part.id].operand for part in taken if part.optional]
    others = [said.operand for said in each.others if said.depth <= each.head.depth]
    if not fixed:
        return None
    more = [chosen for count in range(len(free) + 1) for chosen in combinations(free, count)]
    made = [_equation(each, [*fixed, *chosen], certain=False) for chosen in [*more, others]]
    tied = next((equation for equation in made if judge(equation).outcome is not Outcome.BROKEN), None)
    if tied or len(fixed) == 1:
        return tied
    return _equation(each, [*fixed, *free], certain=_is_certain(each, summed(fixed), summed([*fixed, *free])))


def _is_certain(each: Told, fixed: Computed, largest: Computed) -> bool:
    """Tell whether a sum that does not tie must: nothing is left out that could make up for it."""
    stated = each.head.operand
    if each.mentioned:
        return False
    needed = {part.id for part in each.rule.parts if part.needed and not part.within}
    missing = {name for name in needed if not _is_told(name, each)}
    if not missing:
        return largest.low > stated.value + stated.slack or not each.others
    # A part that no sentence gives a figure for cannot make up for parts that are already too much.
    too_much = stated.value + stated.slack
    return fixed.low > too_much or (each.rule.silent and largest.low > too_much and largest.value > fixed.value)


def _is_told(name: str, each: Told) -> bool:
    """Tell whether a part is told, or all that it consists of."""
    inner = [part.id for part in each.rule.parts if part.within == name and part.needed]
    return name in each.parts or (bool(inner) and all(part in each.parts for part in inner))


def _equation(each: Told, operands: Sequence[Operand], *, certain: bool) -> Equation:
    head = each.head
    return Equation(
        each.rule.id,
        head.where,
        head.operand,
        tuple(operands),
        summed(operands),
        family=f"{each.rule.id}{head.where}",
        standing=Standing.STRICT if certain else Standing.TENTATIVE,
    )
