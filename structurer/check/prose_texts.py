"""Texts that reckon: where they stand in a result, their numbers with units, and the amounts they list."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from structurer import amounts
from structurer.check.equations import ZERO, Computed, Equation, Operand, Outcome, Standing, judge, summed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from structurer.amounts import Notation
    from structurer.catalog.prose_rules import Worked
    from structurer.check.figures import Figures, Record

_SUM, _SHARE = "worked_sum", "worked_share"
NUMBER = r"(?<![\d.])(?:\d{1,3}(?:,\d{3})+|\d{1,15})(?:\.\d{1,8})?(?![\d.])"
_STOPS = re.compile(r"[\u3002;!?]")
# Shorter texts reckon nothing, longer ones are no sentences.
_SHORTEST, _LONGEST = 8, 20000
# Members of a card that reckon nothing: how it is labelled, and the values of its indicators.
_SILENT = frozenset({"labels", "value"})
# A scale that may stand before a unit; smaller ones are parts of units.
_LARGE = 4
_HUNDRED = Decimal(100)


class Quantity(NamedTuple):
    """A number with its unit: money in yuan, a percentage as a fraction, everything else as a count."""

    digits: str
    value: Decimal
    slack: Decimal
    """Of a number that may be rounded: half its last digit."""
    half: Decimal
    """Half its last digit."""
    money: bool
    unit: str
    """What is counted; empty for money and where nothing says."""
    per: tuple[str, ...]
    """What a price is for: `元/人/月` is for a person and a month."""


class Text(NamedTuple):
    """A text with its place; every operand taken from it has the same."""

    pointer: str
    plain: str
    page: int | None
    known: dict[str, str]
    """By digits: the pointer of the claim that has them."""
    figures: Figures

    def operand(self, quantity: Quantity) -> Operand:
        """Return a number of the text as an operand."""
        pointer = self.known.get(quantity.digits, self.pointer)
        firm = self.figures.firm(pointer, quantity.digits)
        return Operand(pointer, quantity.digits, quantity.value, quantity.half, self.page, firm)


@dataclass(frozen=True, slots=True)
class Units:
    """Reads numbers with units."""

    scales: tuple[tuple[str, int], ...]
    coins: tuple[str, ...]
    amount: re.Pattern[str]
    """An amount of money; the group `per` where it is a price for something."""

    def read(self, number: str, unit: str) -> Quantity:
        """Return a number with what follows it."""
        digits = number.replace(",", "")
        decimals = len(digits.partition(".")[2])
        word, power = unit.strip(), 0
        for scale, tens in self.scales:
            if word.startswith(scale):
                word, power = word.removeprefix(scale), tens
                break
        coin = next((coin for coin in self.coins if word.startswith(coin)), "")
        if word.startswith("%"):
            word, power = "", -2
        named = [piece for piece in word.removeprefix(coin).split("/") if piece]
        value, half = Decimal(digits).scaleb(power), Decimal(5).scaleb(power - decimals - 1)
        # What is told in a large unit with decimals may be rounded; counts and prices are exact.
        slack = half if decimals and power >= _LARGE else ZERO
        return Quantity(
            digits, value, slack, half, bool(coin), "" if coin or not named else named[0], tuple(named) if coin else ()
        )


def units(notation: Notation) -> Units:
    """Return the reader of numbers for a notation."""
    return _units(tuple(sorted(notation.scales.items())), notation.money)


@lru_cache(maxsize=8)
def _units(scales: tuple[tuple[str, int], ...], money: tuple[str, ...]) -> Units:
    by_length = sorted(scales, key=lambda item: -len(item[0]))
    coins = tuple(sorted(money, key=len, reverse=True))
    coin, scale = "|".join(map(re.escape, coins)), "|".join(re.escape(word) for word, _ in by_length)
    amount = re.compile(rf"(?P<number>{NUMBER})\s*(?P<unit>(?:{scale})?\s*(?:{coin}))(?P<per>\s*/)?")
    large = tuple((word, power) for word, power in by_length if power >= _LARGE)
    return Units(large, coins, amount)


def texts(result: Record, figures: Figures) -> Iterator[Text]:
    """Yield the texts of cards and sentences that may reckon; what a card says twice, once."""
    reckons = _reckons(figures.notation.money)
    for index, card in enumerate(_items(result, "cards")):
        seen: set[str] = set()
        for pointer, value in _strings(card, f"/cards/{index}", reckons):
            if value not in seen:
                seen.add(value)
                plain = amounts.fold(value).replace("\n", "")
                place = figures.provenance.get(pointer)
                page = place.get("page") if isinstance(place, dict) else None
                yield Text(pointer, plain, page if isinstance(page, int) else None, {}, figures)
    yield from _sentences(result, figures)


def _sentences(result: Record, figures: Figures) -> Iterator[Text]:
    """Yield the sentences that have a sign of equality, with the claims that have their figures."""
    known: dict[str, dict[str, str]] = {}
    pages: dict[str, int | None] = {}
    for index, claim in enumerate(_items(result, "claims")):
        sentence = claim.get("sentence") if isinstance(claim, dict) else None
        if not isinstance(claim, dict) or not isinstance(sentence, str) or len(sentence) > _LONGEST:
            continue
        plain = amounts.fold(sentence)
        if "=" in plain:
            page = claim.get("page")
            known.setdefault(plain, {}).setdefault(str(claim.get("value")), f"/claims/{index}/value")
            pages.setdefault(plain, page if isinstance(page, int) else None)
    for plain, pointers in known.items():
        yield Text(next(iter(pointers.values())), plain, pages[plain], pointers, figures)


def _items(result: Record, name: str) -> Sequence[object]:
    listed = result.get(name)
    return listed if isinstance(listed, list) else ()


def _strings(item: object, pointer: str, reckons: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Yield the texts inside an item that may reckon, each with its pointer; its labels are no texts."""
    if isinstance(item, dict):
        inner = [(name, value) for name, value in item.items() if value is not None and name not in _SILENT]
    else:
        inner = list(enumerate(item)) if isinstance(item, list) else []
    for name, value in inner:
        if isinstance(value, str):
            if _SHORTEST <= len(value) <= _LONGEST and reckons.search(value):
                yield f"{pointer}/{name}", value
        elif isinstance(value, (dict, list)):
            yield from _strings(value, f"{pointer}/{name}", reckons)


@lru_cache(maxsize=8)
def _reckons(coins: tuple[str, ...]) -> re.Pattern[str]:
    """Match what may reckon: a sign, or two amounts."""
    # One set of characters is looked for at once, words are not.
    ends = "".join(sorted({re.escape(coin[-1]) for coin in coins if coin}))
    return re.compile(rf"[=\uff1d{ends}](?:(?<=[=\uff1d])|(?s:.*)[{ends}])" if ends else r"[=\uff1d]")


class _Listed(NamedTuple):
    """An amount that a text lists."""

    start: int
    end: int
    quantity: Quantity
    depth: int
    sentence: int
    lead: str
    """What stands in its sentence between the amount before and this one."""


def sums(text: Text, taken: Sequence[tuple[int, int]], reader: Units, words: Worked) -> Iterator[Equation]:
    """Yield that amounts which a text lists come to the sum before or behind them, and percentages of the sum."""
    patterns = _patterns(tuple(words.words.items()))
    listed = _listed(text.plain, taken, reader, patterns)
    if len(listed) < 2:  # noqa: PLR2004  a sum and a part
        return
    yield from _shares(text, listed, patterns)
    if len(listed) > 2:  # noqa: PLR2004  a sum and two parts
        for at, one in enumerate(listed):
            if patterns.total.search(one.lead):
                yield from _behind(text, listed, at)
            elif at and patterns.opens.search(one.lead):
                yield from _before(text, listed, at, patterns)


@dataclass(frozen=True, slots=True)
class _Patterns:
    price: re.Pattern[str]
    total: re.Pattern[str]
    opens: re.Pattern[str]
    of_which: re.Pattern[str]
    percent: re.Pattern[str]


@lru_cache(maxsize=8)
def _patterns(items: tuple[tuple[str, str], ...]) -> _Patterns:
    words = dict(items)
    return _Patterns(
        price=re.compile(rf"(?:{words['price_words']})[^\d,;]{{0,3}}$"),
        total=re.compile(rf"(?:{words['sums']})$"),
        opens=re.compile(words["parts"]),
        of_which=re.compile(words["of_which"]),
        percent=re.compile(rf"(?P<number>{NUMBER})%[,\u3001]?(?:{words['percent_of']})$"),
    )


def _listed(plain: str, taken: Sequence[tuple[int, int]], reader: Units, patterns: _Patterns) -> list[_Listed]:
    """Return the amounts of a text that are no factors and no prices."""
    found: list[_Listed] = []
    last = depth = sentence = 0
    for match in reader.amount.finditer(plain):
        start, end = match.span()
        stops = [stop.end() for stop in _STOPS.finditer(plain, last, start)]
        lead = plain[max([last, *stops]) : start]
        depth += plain.count("(", last, start) - plain.count(")", last, start)
        sentence += len(stops)
        last = end
        if match["per"] or patterns.price.search(lead) or any(a <= start < b for a, b in taken):
            continue
        quantity = reader.read(match["number"], match["unit"])
        found.append(_Listed(start, end, quantity, depth, sentence, lead))
    return found


def _behind(text: Text, listed: Sequence[_Listed], at: int) -> Iterator[Equation]:
    """Yield the sum of what its sentence lists before it."""
    total = listed[at]
    members = [one for one in listed[:at] if one.sentence == total.sentence and one.depth == total.depth]
    if len(members) > 1:
        made = _sum(text, total, members)
        if judge(made).outcome is not Outcome.BROKEN:
            yield made


def _before(text: Text, listed: Sequence[_Listed], at: int, patterns: _Patterns) -> Iterator[Equation]:
    """Yield the sum of what follows it: of all amounts, or of the first in each sentence, as far as they come to it."""
    head, first = listed[at - 1], listed[at]
    following = [one for one in listed[at:] if one.depth == first.depth]
    heads = [one for i, one in enumerate(following) if not i or one.sentence != following[i - 1].sentence]
    outer = [one for one in following if one.sentence == first.sentence or not patterns.of_which.search(one.lead)]
    for members in (following, heads, outer):
        value = ZERO
        for count, one in enumerate(members, 1):
            value += one.quantity.value
            if count > 1:
                made = _sum(text, head, members[:count])
                if judge(made).outcome is not Outcome.BROKEN:
                    yield made
                    return
            if value > head.quantity.value * 2:
                break


def _sum(text: Text, total: _Listed, members: Sequence[_Listed]) -> Equation:
    operands = tuple(text.operand(one.quantity) for one in members)
    stated = text.operand(total.quantity)
    family = f"{_SUM}{text.pointer}/{total.start}"
    standing = Standing.TENTATIVE
    return Equation(_SUM, text.pointer, stated, operands, summed(operands), family=family, standing=standing)


def _shares(text: Text, listed: Sequence[_Listed], patterns: _Patterns) -> Iterator[Equation]:
    """Yield that a percentage of the first amount comes to the one told behind it."""
    whole = listed[0].quantity
    for one in listed[1:]:
        percent = patterns.percent.search(one.lead)
        if percent:
            rate = Decimal(percent["number"].replace(",", ""))
            ends = [(whole.value + sign * whole.half) * rate / _HUNDRED for sign in (-1, 0, 1)]
            share = Quantity(percent["number"].replace(",", ""), rate, ZERO, ZERO, money=False, unit="", per=())
            yield Equation(
                _SHARE,
                text.pointer,
                text.operand(one.quantity),
                (text.operand(share), text.operand(whole)),
                Computed(*ends),
                cuts=True,
                family=f"{_SHARE}{text.pointer}",
                standing=Standing.TENTATIVE,
            )
