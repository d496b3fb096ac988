"""The words of sentences, as the lexicon gives them: which join a figure to its subject, which to another year."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


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


def from_lexicon(raw: Mapping[str, Mapping[str, object]]) -> ProseWords:
    """Take the words from the tables of a lexicon; a list that is not there is empty."""
    prose, card = raw["prose"], raw.get("card", {})
    same_name = {name: strings(prose.get(name)) for name in ProseWords.__dataclass_fields__}
    comparators = card.get("comparators")
    return ProseWords(
        **same_name
        | {
            "filler_words": (*strings(prose.get("filler_words")), *strings(comparators)),
            "enumerator_patterns": tuple(
                pattern.removeprefix("^") for pattern in strings(raw.get("table", {}).get("enumerator_patterns"))
            ),
            "measures": (*strings(prose.get("rate_measures")), *strings(prose.get("count_measures"))),
        }
    )


def strings(value: object) -> tuple[str, ...]:
    """Return the strings of a list, or the keys of a table."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, (list, tuple, dict)) else ()


def unnamed(pattern: str) -> str:
    """Return the expression without the names of its groups, so that it can stand beside others."""
    return re.sub(r"\(\?P<\w+>", "(", pattern)
