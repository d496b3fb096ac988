"""What must hold between the figures of sentences, from the `prose` of `checks.toml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    Raw = Mapping[str, Any]

_PATTERNS = (
    "owner",
    "before",
    "before_unscoped",
    "before_year",
    "again",
    "past",
    "headline",
    "parts",
    "share_of",
    "bound",
    "vague",
    "otherwise",
    "rest",
    "row_levels",
    "row_tail",
    "row_code",
)
_WORKED = (
    "times",
    "sums",
    "unit_price",
    "each",
    "price_words",
    "parts",
    "of_which",
    "percent_of",
    "approximate",
)


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of the budget, and the facts that are of it."""

    pattern: re.Pattern[str]
    facts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a sum that sentences tell."""

    id: str
    key: re.Pattern[str]
    needed: bool
    optional: bool
    """Whether some passages count it in and others do not."""
    within: str
    """The part it belongs to; it counts where that one is not told."""
    facts: Mapping[str, str]
    """By fact of the sum: the fact of the part."""


@dataclass(frozen=True, slots=True)
class ListRule:
    """A sum that sentences tell, and its parts."""

    id: str
    head: re.Pattern[str]
    parts: tuple[Part, ...]
    silent: bool
    """Whether a part that no figure is told of is nothing."""


@dataclass(frozen=True, slots=True)
class Worked:
    """The words of arithmetic written out."""

    words: Mapping[str, str]
    """By name: an expression to build patterns of."""
    spans: Mapping[str, tuple[int, str]]
    """By unit of time: how many a year has, and an expression for what says that a year is meant."""


@dataclass(frozen=True, slots=True)
class ProseRules:
    """The words of sentences that state figures of a budget, and what must hold between these."""

    patterns: Mapping[str, re.Pattern[str]]
    unscoped: frozenset[str]
    alike: frozenset[str]
    """Totals that may stand for one another."""
    contextual: frozenset[str]
    scopes: tuple[Scope, ...]
    lists: tuple[ListRule, ...]
    row_tables: tuple[str, ...]
    code_tables: tuple[str, ...]
    row_columns: tuple[str, ...]
    project_tables: tuple[str, ...]
    worked: Worked


def from_raw(raw: Raw) -> ProseRules:
    """Return the rules of the table `prose`."""
    return ProseRules(
        patterns={name: re.compile(raw[name]) for name in _PATTERNS},
        unscoped=frozenset(raw["unscoped"]),
        alike=frozenset(raw["alike"]),
        contextual=frozenset(raw["contextual"]),
        scopes=tuple(Scope(re.compile(entry["pattern"]), frozenset(entry["facts"])) for entry in raw["scope"]),
        lists=tuple(
            ListRule(
                entry["id"],
                re.compile(entry["head"]),
                tuple(map(_part, entry["parts"])),
                bool(entry.get("silent", False)),
            )
            for entry in raw["list"]
        ),
        row_tables=tuple(raw["row_tables"]),
        code_tables=tuple(raw["code_tables"]),
        row_columns=tuple(raw["row_columns"]),
        project_tables=tuple(raw["project_tables"]),
        worked=_worked(raw["worked"]),
    )


def reasons(raw: Raw) -> dict[str, dict[str, str]]:
    """Return by id of a rule its reason in each language."""
    listed = {**raw["reasons"], **{entry["id"]: entry for entry in raw["list"]}}
    return {name: {"en": entry["en"], "zh": entry["zh"]} for name, entry in listed.items()}


def check(rules: ProseRules, facts: Collection[str], tables: Collection[str]) -> None:
    """Refuse what names a fact or a table that does not exist; raises ValueError that says which."""
    _known("fact", _facts(rules), facts)
    _known("table", (*rules.row_tables, *rules.code_tables, *rules.project_tables), tables)


def _part(entry: Raw) -> Part:
    return Part(
        entry["id"],
        re.compile(entry["key"]),
        bool(entry.get("needed", False)),
        bool(entry.get("optional", False)),
        str(entry.get("within", "")),
        dict(entry["facts"]),
    )


def _worked(raw: Raw) -> Worked:
    for name in _WORKED:
        re.compile(raw[name])
    return Worked(
        {name: str(raw[name]) for name in _WORKED},
        {unit: (int(count), str(words)) for unit, (count, words) in raw["span"].items()},
    )


def _facts(rules: ProseRules) -> Iterable[str]:
    yield from rules.unscoped | rules.alike | rules.contextual
    for scope in rules.scopes:
        yield from scope.facts
    for listed in rules.lists:
        for part in listed.parts:
            yield from (*part.facts, *part.facts.values())


def _known(what: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            message = f"prose: there is no {what} {name!r}"
            raise ValueError(message)
