"""The value of an indicator: its text, and its parts where the whole text is one number."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from structurer import amounts
from structurer.extract.prose_words import strings, table, unnamed

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ValueWords:
    """The words around an indicator's number."""

    comparators: Mapping[str, str] = field(default_factory=dict)
    """As printed before the number or behind the unit, to its sign."""
    lead_words: tuple[str, ...] = ()
    """What may stand before the number and compares nothing."""
    measures: tuple[str, ...] = ()
    """Units but for money."""
    date_patterns: tuple[str, ...] = ()
    """A text that is one of these as a whole is no quantity."""


@dataclass(frozen=True, slots=True)
class IndicatorValue:
    """What has no number, or more than one, is its text only."""

    text: str
    comparator: str | None = None
    number: str | None = None
    scale: str | None = None
    unit: str | None = None


def from_lexicon(raw: Mapping[str, object]) -> ValueWords:
    """Take the words from the tables of a lexicon; a list that is not there is empty."""
    card, prose = table(raw, "card"), table(raw, "prose")
    return ValueWords(
        {word: str(sign) for word, sign in table(card, "comparators").items()},
        strings(card.get("lead_words")),
        strings(prose.get("rate_measures")) + strings(prose.get("count_measures")),
        strings(prose.get("ignore_patterns")),
    )


def parts(text: str, words: ValueWords, notation: amounts.Notation) -> IndicatorValue:
    """Take the value apart if it is comparator, number, scale and unit and nothing else."""
    plain = amounts.fold(text).strip()
    if _dates(words.date_patterns).fullmatch(plain):
        return IndicatorValue(text)
    signs = _longest_first(tuple(words.comparators.items()), words.lead_words)
    first, before = next((pair for pair in signs if plain.startswith(pair[0])), ("", ""))
    rest = plain[len(first) :]
    last, after = next((pair for pair in signs if rest.endswith(pair[0])), ("", ""))
    rest = rest[: len(rest) - len(last)].strip()
    found = next(amounts.find(rest, notation, words.measures), None)
    if found is None or (found.start, found.stop) != (0, len(rest)) or (before and after and before != after):
        return IndicatorValue(text)
    return IndicatorValue(text, before or after or None, found.figure.digits, found.scale, found.unit)


@lru_cache(maxsize=16)
def _longest_first(signs: tuple[tuple[str, str], ...], lead_words: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Each word, in the plain form it is compared in, with its sign."""
    plain = ((amounts.fold(word), sign) for word, sign in (*signs, *((word, "") for word in lead_words)))
    return tuple(sorted(plain, key=lambda pair: len(pair[0]), reverse=True))


@lru_cache(maxsize=16)
def _dates(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{unnamed(pattern)})" for pattern in patterns) or "(?!)")
