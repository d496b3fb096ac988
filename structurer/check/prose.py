"""What sentences and texts state must hold: against the tables, among themselves, and as written-out arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from structurer.check import (
    prose_changes,
    prose_facts,
    prose_lists,
    prose_parts,
    prose_said,
    prose_shares,
    prose_years,
    worked,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from structurer.catalog import Catalog
    from structurer.check.equations import Equation, Operand
    from structurer.check.figures import Figures, Record, Table
    from structurer.check.prose_said import Said
    from structurer.records import Finding


class Prose(NamedTuple):
    """The sentences of a result, read."""

    result: Record
    catalog: Catalog
    figures: Figures
    said: list[Said]
    """Their figures, in order."""
    year: int | None
    """The budget year of the document."""


def read(result: Record, catalog: Catalog, figures: Figures) -> Prose:
    """Return the sentences of a result as the rules need them."""
    disclosure = result.get("disclosure")
    year = disclosure.get("fiscal_year") if isinstance(disclosure, dict) else None
    stated = year if isinstance(year, int) and not isinstance(year, bool) else None
    return Prose(result, catalog, figures, prose_said.read(result, catalog.rules.prose, figures), stated)


def equations(prose: Prose, facts: Mapping[str, Sequence[Operand]], tables: Sequence[Table]) -> Iterator[Equation]:
    """Yield what must hold of the figures that sentences state, and of the arithmetic in texts.

    `facts` are what the tables print of each fact, in yuan.
    """
    result, catalog, figures, listed, year = prose
    rules = catalog.rules
    known = prose_facts.Facts(rules, facts, prose_facts.carried(listed, tables, rules))
    told = prose_lists.told(listed, known)
    under = prose_lists.under(told, known)
    rows = prose_facts.Rows(tables, result, rules, figures)
    yield from prose_facts.of_facts(listed, known, under, year)
    yield from prose_facts.of_rows(listed, rows, known, year)
    yield from prose_facts.of_others(listed, known, year)
    yield from prose_lists.of_rules(told)
    yield from prose_parts.lists(listed, rules.prose)
    yield from prose_changes.changes(listed)
    yield from prose_changes.rates(listed, rules.prose)
    yield from prose_shares.shares(listed, known)
    yield from worked.equations(result, rules.prose, figures)


def findings(prose: Prose) -> Iterator[Finding]:
    """Yield a finding for each passage that was left standing from the year before."""
    if prose.year is not None:
        yield from prose_years.stale(prose.said, prose.catalog.rules.prose, prose.year)
