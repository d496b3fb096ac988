"""The figures of sentences as the equations need them: in order, in yuan, with the words before each."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from structurer import amounts, labels
from structurer.check.equations import ZERO
from structurer.check.figures import PLAIN, General, scale, scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from structurer.catalog.prose_rules import ProseRules
    from structurer.check.equations import Operand
    from structurer.check.figures import Figures, Record

MONEY, PERCENT = "money", "%"
_YEAR = re.compile(r"\d{4}")
_WAYS = {"up": 1, "down": -1}
# So many figures of a unit, and so large a share of them, show how many decimals a text tells.
_SHOWN, _MOST = 8, 0.7
_WIDE = 100
# What stands in a clause before its year.
_BEFORE_YEAR = re.compile(r"(?:^|[,;:\u3002])([^,;:\u3002]*?)\s*20\d\d\s*\u5e74[^,;:\u3002]*$")
# Words that make a figure a bound stand in so many characters after it.
_TAIL = 20
# A sentence that does not end so goes on in the next one.
_STOP = re.compile(r"[\u3002!?][\s)\u201d\u300d]*$")


class Said(NamedTuple):
    """One figure that a sentence states."""

    place: int
    """Its place among the figures that were understood."""
    where: str
    """Pointer of the claim."""
    kind: str
    key: str
    """Of its subject, without the words for whose it is; empty where it has none."""
    subject: str
    operand: Operand
    """Money in yuan, everything else as printed."""
    group: str
    """`money`, or the unit: only figures of one group are compared."""
    year: int | None
    """The year stated for it, or last before it."""
    dated: bool
    """Whether the year is stated for it."""
    way: int
    """1 for a rise, -1 for a fall, else 0."""
    base: str
    """What it is compared with, or the year whose own it is; empty where there is none."""
    sentence: str
    number: int
    """Of the sentence."""
    lead: str
    """What stands between the figure before and this one."""
    depth: int
    """How many brackets are open around it."""
    done: bool
    """Whether its sentence is over at a full stop."""
    foreign: bool
    """Whether words before the year say that it is another's than the department's."""

    @property
    def own(self) -> bool:
        """Whether it is an amount of the year the text is about."""
        return self.kind == "amount" and not self.base


def owner(result: Record, rules: ProseRules) -> Callable[[str], str]:
    """Return what makes the key of a subject without the words for whose figure it is."""
    disclosure = result.get("disclosure")
    name = disclosure.get("department") if isinstance(disclosure, dict) else None
    department = labels.key(name) if isinstance(name, str) else ""

    def bare(subject: str) -> str:
        key = labels.key(subject)
        if department and key.startswith(department):
            key = key[len(department) :]
        return rules.patterns["owner"].sub("", key, count=1)

    return bare


def read(result: Record, rules: ProseRules, figures: Figures) -> list[Said]:
    """Return the figures of all sentences, in order; what is none is left out."""
    bare = owner(result, rules)
    listed = result.get("claims")
    decimals = _decimals(listed if isinstance(listed, list) else ())
    found: list[Said] = []
    year: int | None = None
    for index, place, claim in _placed(listed if isinstance(listed, list) else (), figures):
        pointer = f"/claims/{index}"
        operand = _operand(f"{pointer}/value", claim, decimals, figures)
        stated = claim.get("year")
        dated = isinstance(stated, str) and _YEAR.fullmatch(stated) is not None
        year = int(str(stated)) if dated else year
        unit = claim.get("unit")
        power = _scale(unit, figures.notation) if isinstance(unit, str) else None
        if operand is None or _is_vague(place, rules):
            continue
        subject, base = claim.get("subject"), claim.get("compared_with")
        found.append(
            Said(
                len(found),
                pointer,
                str(claim.get("kind")),
                bare(subject) if isinstance(subject, str) else "",
                subject if isinstance(subject, str) else "",
                scaled(operand, power) if power is not None else _exact(operand) if unit != PERCENT else operand,
                MONEY if power is not None else str(unit),
                year,
                dated,
                _WAYS.get(str(claim.get("direction")), 0),
                base if isinstance(base, str) else "",
                place.sentence,
                place.number,
                place.lead,
                place.depth,
                place.done,
                _is_foreign(place.lead, bare, rules),
            )
        )
    return found


def _is_vague(place: _Place, rules: ProseRules) -> bool:
    return (
        rules.patterns["bound"].search(place.tail) is not None or rules.patterns["vague"].search(place.lead) is not None
    )


def _decimals(listed: Sequence[object]) -> dict[str, tuple[int, bool]]:
    """Return by unit with how many decimals a text tells its figures, and whether it leaves out closing zeros."""
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    zeros: set[str] = set()
    for claim in listed:
        value = claim.get("value") if isinstance(claim, dict) else None
        if isinstance(claim, dict) and isinstance(value, str) and "." in value:
            unit = str(claim.get("unit"))
            counts[unit][len(value.partition(".")[2])] += 1
            zeros |= {unit} if value.endswith("0") else set()
    found: dict[str, tuple[int, bool]] = {}
    for unit, count in counts.items():
        most, often = count.most_common(1)[0]
        general = unit not in zeros and most == max(count) and often >= _SHOWN and often >= _MOST * count.total()
        found[unit] = (most if often >= _SHOWN else 0, general)
    return found


def _operand(pointer: str, claim: Record, decimals: Mapping[str, tuple[int, bool]], figures: Figures) -> Operand | None:
    """Return the value of a claim; nothing at all, and what leaves out closing zeros, is as exact as the others."""
    value = claim.get("value")
    most, general = decimals.get(str(claim.get("unit")), (0, False))
    exact = value == "0" or (general and isinstance(value, str) and "." in value)
    return figures.operand(pointer, value, General(most, _WIDE) if exact else PLAIN)


def _exact(operand: Operand) -> Operand:
    """Return a count, which is not rounded if it is whole."""
    return operand if "." in operand.text else operand._replace(slack=ZERO)


def _is_foreign(lead: str, bare: Callable[[str], str], rules: ProseRules) -> bool:
    before = _BEFORE_YEAR.search(lead)
    return before is not None and rules.patterns["before_year"].fullmatch(bare(before[1])) is None


class _Place(NamedTuple):
    sentence: str
    number: int
    lead: str
    tail: str
    depth: int
    done: bool


def _placed(listed: Sequence[object], figures: Figures) -> Iterator[tuple[int, _Place, Record]]:
    """Yield each claim with where it stands in its sentence; figures are looked for one after the other."""
    sentence, plain, rest, at, number = "", "", "", 0, 0
    for index, claim in enumerate(listed):
        if not isinstance(claim, dict) or not isinstance(claim.get("sentence"), str):
            continue
        printed = _printed(index, claim, figures)
        found = _find(plain, printed, at) if claim["sentence"] == sentence else -1
        if found < 0:
            # What an unfinished sentence ends with belongs to the next figure.
            rest = plain[at:] if number and not _STOP.search(plain) else ""
            sentence, plain, at, number = claim["sentence"], amounts.fold(claim["sentence"]), 0, number + 1
            found = max(_find(plain, printed, 0), 0)
        else:
            rest = ""
        depth = plain.count("(", 0, found) - plain.count(")", 0, found)
        lead = rest + plain[at:found]
        at = found + len(printed) if plain.startswith(printed, found) else found
        tail = plain[at : at + _TAIL]
        yield index, _Place(sentence, number, lead, tail, depth, _STOP.search(plain) is not None), claim


def _printed(index: int, claim: Record, figures: Figures) -> str:
    place = figures.provenance.get(f"/claims/{index}/value")
    text = place.get("text") if isinstance(place, dict) else None
    return amounts.fold(text if isinstance(text, str) and text else str(claim.get("value"))).strip()


def _find(plain: str, printed: str, start: int) -> int:
    """Return where the digits stand as a whole, -1 if nowhere."""
    at = plain.find(printed, start) if printed else -1
    while at >= 0:
        end = at + len(printed)
        before, after = plain[at - 1 : at], plain[end : end + 1]
        if not (before.isdecimal() or before == ".") and not after.isdecimal():
            return at
        at = plain.find(printed, at + 1)
    return -1


@lru_cache(maxsize=256)
def _scale_of(unit: str, coins: tuple[str, ...], scales: tuple[tuple[str, int], ...]) -> int | None:
    return scale(unit, amounts.Notation(scales=dict(scales), money=coins))


def _scale(unit: str, notation: amounts.Notation) -> int | None:
    return _scale_of(unit, notation.money, tuple(notation.scales.items()))
