"""What sentences and texts state must hold: against the tables, among themselves, and as written-out arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from structurer.check.figures import Figures

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from structurer.catalog import Catalog
    from structurer.check.equations import Equation, Operand
    from structurer.check.figures import Record, Table
    from structurer.records import Finding


def equations(
    result: Record,
    facts: Mapping[str, Sequence[Operand]],
    catalog: Catalog,
    figures: Figures,
    tables: Sequence[Table] = (),
) -> Iterator[Equation]:
    """Yield what must hold of the figures that sentences state, and of the arithmetic in texts.

    `facts` are what the tables print of each fact, in yuan.
    """
    rules = catalog.rules
    listed = prose_said.read(result, rules.prose, figures)
    known = prose_facts.Facts(rules, facts, prose_facts.carried(listed, tables, rules))
    year = _year(result)
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


def findings(result: Record, catalog: Catalog) -> Iterator[Finding]:
    """Yield a finding for each passage that was left standing from the year before."""
    year = _year(result)
    if year is not None:
        rules = catalog.rules.prose
        yield from prose_years.stale(prose_said.read(result, rules, Figures(result, catalog)), rules, year)


def _year(result: Record) -> int | None:
    disclosure = result.get("disclosure")
    year = disclosure.get("fiscal_year") if isinstance(disclosure, dict) else None
    return year if isinstance(year, int) and not isinstance(year, bool) else None
