"""What must add up: the records of the rules in `checks.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from structurer.catalog.prose_rules import ProseRules

    Raw = Mapping[str, Any]

STANDINGS = ("strict", "presumed", "tentative")
RELATIONS = ("=", ">=")
# Rows of a fact that are no pattern: the total row; the last total of a two-sided list.
TOTAL, GRAND = "total", "grand"


@dataclass(frozen=True, slots=True, eq=False)
class RowRule:
    """In a row, a total is the sum of its parts."""

    id: str
    total: str
    parts: tuple[str, ...]
    tables: tuple[str, ...]
    """Kinds it holds in; none for every table that has the columns."""
    under: tuple[str, ...]
    """Of a card: the paths of the objects it holds in."""
    relation: str
    standing: str | None
    """None: presumed where the rule accounts for every column of the table, else tentative."""


@dataclass(frozen=True, slots=True, eq=False)
class ChangeRule:
    """A change is this year's figure less last year's, and a rate that change in percent."""

    id: str
    change: str
    before: str
    rate: str
    alone: str


@dataclass(frozen=True, slots=True, eq=False)
class ProductRule:
    """A total is a product of two columns."""

    id: str
    total: str
    factors: tuple[str, str]
    exact: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One of the lists that stand side by side in a summary."""

    id: str
    items: tuple[str, ...]
    columns: tuple[str, ...]
    current: re.Pattern[str]
    grand: re.Pattern[str]


@dataclass(frozen=True, slots=True, eq=False)
class Balance:
    """Two sides that come to the same; each a side and a column."""

    id: str
    left: tuple[str, str]
    right: tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class MatchRule:
    """Rows with the same key have the same amounts in several tables."""

    id: str
    key: str
    tables: tuple[str, ...]
    lists: tuple[str, ...]
    """Columns of items whose names are keys too."""
    columns: Mapping[str, str]
    """What a column is called elsewhere."""
    drop: re.Pattern[str] | None
    """What an item's name may lack."""


@dataclass(frozen=True, slots=True, eq=False)
class WholeRule:
    """Row by row, one table is the sum of others."""

    id: str
    key: str
    whole: str
    parts: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a fact is printed."""

    table: str
    column: str
    row: str
    pattern: re.Pattern[str] | None


@dataclass(frozen=True, slots=True, eq=False)
class Fact:
    """One quantity that is printed in several places."""

    id: str
    places: tuple[Place, ...]
    claims: tuple[re.Pattern[str], ...]
    standing: str
    first: bool
    """Whether its places stand for one another: only the first that is printed counts."""


@dataclass(frozen=True, slots=True, eq=False)
class SumRule:
    """A fact is the sum of others."""

    id: str
    total: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PairRule:
    """Rows of two tables that are the same by their codes; each a table, a column and the key of its codes."""

    id: str
    left: tuple[str, str, str]
    right: tuple[str, str, str]
    codes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class JoinRule:
    """The amount of a card is that of the rows with its name."""

    id: str
    card: str
    amounts: tuple[tuple[str, ...], ...]
    names: tuple[str, ...]
    table: str
    column: str
    each: bool
    """Whether every row has the amount, instead of all rows together."""
    relation: str
    standing: str


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """What is to be paid by when."""

    id: str
    card: str
    under: str
    steps: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """All that must add up, and what names a row."""

    names: tuple[str, ...]
    codes: tuple[str, ...]
    unit_codes: tuple[str, ...]
    unit_names: tuple[str, ...]
    unit_suffixes: tuple[str, ...]
    """What a unit adds to the name of its department to name itself."""
    aside: frozenset[str]
    rows: tuple[RowRule, ...]
    changes: tuple[ChangeRule, ...]
    products: tuple[ProductRule, ...]
    sides: tuple[Side, ...]
    balances: tuple[Balance, ...]
    matches: tuple[MatchRule, ...]
    wholes: tuple[WholeRule, ...]
    facts: tuple[Fact, ...]
    sums: tuple[SumRule, ...]
    pairs: tuple[PairRule, ...]
    scope: tuple[str, ...]
    joins: tuple[JoinRule, ...]
    cards: Raw
    schedules: tuple[Schedule, ...]
    mandated: Mapping[str, tuple[str, ...]]
    prose: ProseRules
    reasons: Mapping[str, Mapping[str, str]]
    """By id: the reason of a rule in each language."""
