"""The words of sentences, as the lexicon gives them: which join a figure to its subject, which to another year."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from structurer import amounts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class ProseWords:
    """The words of the lexicon's `prose`; a field named `patterns` holds regular expressions over plain text."""

    sentence_end_patterns: tuple[str, ...] = ()
    clause_marks: tuple[str, ...] = ()
    year_patterns: tuple[str, ...] = ()
    """The first group is the year's digits."""
    compare_words: tuple[str, ...] = ()
    last_year_words: tuple[str, ...] = ()
    base_tail_words: tuple[str, ...] = ()
    """What may follow the year that is compared with, and is no subject."""
    share_words: tuple[str, ...] = ()
    up_words: tuple[str, ...] = ()
    down_words: tuple[str, ...] = ()
    level_words: tuple[str, ...] = ()
    """Behind a word for a change: the figure is where it ended, not by how much."""
    of_which_words: tuple[str, ...] = ()
    """What introduces the parts of the sum before."""
    opener_words: tuple[str, ...] = ()
    """At the start of a clause, no part of its subject."""
    filler_words: tuple[str, ...] = ()
    """Between a subject and its figure."""
    enumerator_patterns: tuple[str, ...] = ()
    ignore_patterns: tuple[str, ...] = ()
    """Numbers that state nothing: dates, document numbers, codes, references."""
    measures: tuple[str, ...] = ()
    """Units but for money."""


@dataclass(frozen=True, slots=True)
class Patterns:
    """The words, compiled."""

    opening: re.Pattern[str]
    ends: re.Pattern[str]
    clause: re.Pattern[str]
    """Matches a clause read backwards."""
    years: re.Pattern[str]
    bases: re.Pattern[str]
    ignored: re.Pattern[str]
    shares: re.Pattern[str]
    up: re.Pattern[str]
    down: re.Pattern[str]
    parts: re.Pattern[str]
    before: re.Pattern[str]
    """Words that introduce a clause."""
    head: re.Pattern[str]
    """The same, and words for a change."""
    after: re.Pattern[str]
    """Words between a subject and its figure."""
    tail: re.Pattern[str]
    """The same, and words for a change."""


def from_lexicon(raw: Mapping[str, object]) -> ProseWords:
    """Take the words from the tables of a lexicon; a list that is not there is empty."""
    prose = table(raw, "prose")
    lists = {name: strings(prose.get(name)) for name in ProseWords.__dataclass_fields__}
    enumerators = strings(table(raw, "table").get("enumerator_patterns"))
    lists["enumerator_patterns"] = tuple(pattern.removeprefix("^") for pattern in enumerators)
    lists["filler_words"] += strings(table(raw, "card").get("comparators"))
    lists["measures"] = strings(prose.get("rate_measures")) + strings(prose.get("count_measures"))
    return ProseWords(**lists)


def table(raw: Mapping[str, object], name: str) -> Mapping[str, object]:
    """Return one table of a lexicon, empty if it is not there."""
    found = raw.get(name)
    return found if isinstance(found, dict) else {}


def strings(value: object) -> tuple[str, ...]:
    """Return the strings of a list, or the keys of a table."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, (list, tuple, dict)) else ()


def unnamed(pattern: str) -> str:
    """Return the expression without the names of its groups, so that it can stand beside others."""
    return re.sub(r"\(\?P<\w+>", "(", pattern)


@lru_cache(maxsize=8)
def compiled(words: ProseWords) -> Patterns:
    """Compile the words, once for each lexicon."""
    # An enumeration comma joins nouns, and brackets are matched in pairs: neither ends a clause.
    ending = {*map(amounts.fold, words.clause_marks)} - {"\u3001", "(", ")"}
    marks = "".join(map(re.escape, sorted(ending))) or r"\0"
    opening = rf"\s*(?:{_any(words.enumerator_patterns)})"
    year, compare = _any(words.year_patterns), _either(words.compare_words)
    up, down, filler = _either(words.up_words), _either(words.down_words), _either(words.filler_words)
    level = _either(words.level_words)
    before = rf"\s|{opening}|{_either((*words.opener_words, *words.of_which_words))}"
    long = [w for w in (*words.compare_words, *words.up_words, *words.down_words) if len(w) > 1]
    return Patterns(
        opening=re.compile(opening),
        ends=re.compile(_any(words.sentence_end_patterns)),
        clause=re.compile(rf"(?:[^{marks}()]++|\)[^()]*+\()*+"),
        years=re.compile(year),
        bases=re.compile(
            rf"{compare}\s*({year}|{_either(words.last_year_words)})"
            rf"(?:\s|{_either(words.base_tail_words)})*(?:{compare})?"
        ),
        ignored=re.compile(rf"{year}|{_any(words.ignore_patterns)}|(?<=[{marks}]){opening}"),
        shares=re.compile(_either(words.share_words)),
        up=_change(words.up_words, level),
        down=_change(words.down_words, level),
        parts=re.compile(_either(words.of_which_words)),
        before=re.compile(rf"^(?:{before})+"),
        head=re.compile(rf"^(?:{before}|{_either(long)})+"),
        after=re.compile(rf"(?:\s|{filler})+$"),
        tail=re.compile(rf"(?:\s|{filler}|{up}|{down})+$"),
    )


def _change(words: Sequence[str], level: str) -> re.Pattern[str]:
    """Match a word for a change at the end of a clause, or a longer one at its start."""
    long = [word for word in words if len(word) > 1]
    return re.compile(rf"^{_either(long)}(?!{level})|{_either(words)}$")


def _any(patterns: Sequence[str]) -> str:
    return "|".join(f"(?:{unnamed(pattern)})" for pattern in patterns) or "(?!)"


def _either(words: Sequence[str]) -> str:
    """Return an expression for any of the words, the longest first."""
    plain = sorted((amounts.fold(word) for word in words), key=len, reverse=True)
    return f"(?:{'|'.join(map(re.escape, plain)) or '(?!)'})"
