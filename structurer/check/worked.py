"""Arithmetic written out in texts: products and sums of products, unit prices, lists of amounts, percentages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from structurer.check import prose_texts
from structurer.check.equations import ZERO, Computed, Equation, Outcome, Standing, judge
from structurer.check.prose_texts import NUMBER, Quantity, Text, Units

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from structurer.catalog.prose_rules import ProseRules, Worked
    from structurer.check.equations import Operand
    from structurer.check.figures import Figures, Record

_PRODUCT = "worked_product"
# Behind a number up to the next sign: its unit.
_UNIT = r"[^\d\s+*=(),;:\u3002\u3001\u00d7xX\u00b7\u2022\u2715\u2573\u2217]"
# What an expression does not begin behind: it would have begun before.
_GOES_ON = re.compile(r"(?:[\d.+\-*/%\u00d7\u00f7xX\u00b7]|\d,)\s*$")
# So many signs an expression has at most.
_SIGNS = 8
# A word that makes the first number approximate is this long at most.
_CLOSE = 2
# Words that say how long are looked for in so many characters before an expression.
_REACH = 40


class Factor(NamedTuple):
    """One number of an expression."""

    quantity: Quantity
    operand: Operand


@dataclass(frozen=True, slots=True)
class _Patterns:
    expression: re.Pattern[str]
    times: re.Pattern[str]
    factor: re.Pattern[str]
    priced: re.Pattern[str]
    approximate: re.Pattern[str]
    spans: Mapping[str, tuple[int, re.Pattern[str]]]


def equations(result: Record, rules: ProseRules, figures: Figures) -> Iterator[Equation]:
    """Yield what the texts of cards and sentences reckon."""
    patterns = _compiled(_words(rules.worked))
    units = prose_texts.units(figures.notation)
    for text in prose_texts.texts(result, figures):
        taken: list[tuple[int, int]] = []
        for match in patterns.expression.finditer(text.plain) if "=" in text.plain else ():
            if not _GOES_ON.search(text.plain, max(0, match.start() - _CLOSE), match.start()):
                taken.append((match.start(), match.start("result")))
                yield _product(match, text, patterns, units)
        for match in patterns.priced.finditer(text.plain):
            taken.append((match.start(), match.start("total")))
            yield _priced(match, text, units)
        yield from prose_texts.sums(text, taken, units, rules.worked)


def _product(match: re.Match[str], text: Text, patterns: _Patterns, units: Units) -> Equation:
    terms = [
        [_factor(one, text, units) for one in patterns.factor.finditer(term)] for term in re.split(r"\+", match["left"])
    ]
    result = _quantity(match["result"], match["unit"], text, units)
    doubtful = patterns.approximate.search(text.plain, max(0, match.start() - _CLOSE), match.end()) is not None
    made = _made(terms, result, text, 1, certain=not doubtful and _is_clean(terms, result.quantity))
    if judge(made).outcome is not Outcome.BROKEN:
        return made
    for times in _others(terms, result.quantity, match, text, patterns):
        other = _made(terms, result, text, times, certain=False)
        if judge(other).outcome is not Outcome.BROKEN:
            return other
    return made


def _factor(match: re.Match[str], text: Text, units: Units) -> Factor:
    return _quantity(match["number"], match["unit"], text, units)


def _quantity(number: str, unit: str, text: Text, units: Units) -> Factor:
    quantity = units.read(number, unit)
    return Factor(quantity, text.operand(quantity))


def _made(
    terms: Sequence[Sequence[Factor]], result: Factor, text: Text, times: Decimal | int, *, certain: bool
) -> Equation:
    low = value = high = ZERO
    for term in terms:
        low += prod((one.quantity.value - one.quantity.slack for one in term), start=Decimal(times))
        value += prod((one.quantity.value for one in term), start=Decimal(times))
        high += prod((one.quantity.value + one.quantity.slack for one in term), start=Decimal(times))
    return Equation(
        _PRODUCT,
        text.pointer,
        result.operand,
        tuple(one.operand for term in terms for one in term),
        Computed(low, value, high),
        family=f"{_PRODUCT}{text.pointer}{result.operand.text}",
        standing=Standing.STRICT if certain else Standing.TENTATIVE,
    )


def _is_clean(terms: Sequence[Sequence[Factor]], result: Quantity) -> bool:
    """Tell whether the units leave no doubt: one price a term, and what it is for is counted, all of it."""
    if not result.money:
        return False
    for term in terms:
        prices = [one.quantity for one in term if one.quantity.money]
        counted = [one.quantity.unit for one in term if not one.quantity.money]
        if len(prices) != 1 or not set(prices[0].per) <= set(counted) or not all(counted):
            return False
    return True


def _others(
    terms: Sequence[Sequence[Factor]], result: Quantity, match: re.Match[str], text: Text, patterns: _Patterns
) -> Iterator[Decimal]:
    """Yield what the product may also be taken times: the months of a year that is named, a scale left out."""
    before = text.plain[max(0, match.start() - _REACH) : match.start()]
    units = {one.quantity.unit for term in terms for one in term}
    spans = {per for term in terms for one in term for per in one.quantity.per} - units
    for unit, (count, words) in patterns.spans.items():
        if unit in spans and words.search(before):
            yield Decimal(count)
    money = any(one.quantity.money for term in terms for one in term)
    if money != result.money:
        yield Decimal(10) ** (4 if result.money else -4)
    if not result.money and not money:
        yield Decimal(10) ** -4


def _priced(match: re.Match[str], text: Text, units: Units) -> Equation:
    """Return the equation of a count, a unit price and what they come to, told in words."""
    terms = [[_quantity(match["count"], "", text, units), _quantity(match["price"], match["coin"], text, units)]]
    total = _quantity(match["total"], match["coins"], text, units)
    return _made(terms, total, text, 1, certain=match["each"] is None)


def _words(worked: Worked) -> tuple[tuple[str, str], ...]:
    spans = ((f"span {unit}", f"{count} {words}") for unit, (count, words) in worked.spans.items())
    return (*worked.words.items(), *spans)


@lru_cache(maxsize=8)
def _compiled(items: tuple[tuple[str, str], ...]) -> _Patterns:
    words = dict(items)
    times = rf"\s*(?:{words['times']}\s*/?)\s*"
    factor = rf"(?:{_UNIT}{{0,6}}?)(?:{NUMBER})(?:{_UNIT}{{0,8}})"
    first = rf"(?:{NUMBER})(?:{_UNIT}{{0,8}})"
    spans = {}
    for name, text in items:
        if name.startswith("span "):
            count, _, said = text.partition(" ")
            spans[name.removeprefix("span ")] = (int(count), re.compile(said))
    return _Patterns(
        expression=re.compile(
            rf"(?P<left>{first}(?:(?:{times}|\s*\+\s*){factor}){{1,{_SIGNS}}})\s*=\s*(?P<result>{NUMBER})(?P<unit>{_UNIT}{{0,4}})"
        ),
        times=re.compile(times),
        factor=re.compile(rf"(?P<number>{NUMBER})(?P<unit>{_UNIT}{{0,8}})"),
        priced=re.compile(
            rf"(?P<count>{NUMBER}){_UNIT}{{1,4}}[,\u3001]?(?:{words['unit_price']}|(?P<each>{words['each']}){_UNIT}{{0,3}}?)"
            rf"(?P<price>{NUMBER})(?P<coin>{_UNIT}{{1,8}}?)[,\u3001]?(?:{words['sums']})"
            rf"(?P<total>{NUMBER})(?P<coins>{_UNIT}{{1,4}})"
        ),
        approximate=re.compile(words["approximate"]),
        spans=spans,
    )
