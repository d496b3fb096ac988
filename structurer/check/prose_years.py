"""Sentences that state the budget of another year than the document's: left standing from the year before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from structurer import amounts
from structurer.check.prose_said import MONEY
from structurer.records import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from structurer.catalog.prose_rules import ProseRules
    from structurer.check.prose_said import Said


def stale(listed: Sequence[Said], rules: ProseRules, year: int) -> Iterator[Finding]:
    """Yield a finding for each passage that states, as the budget of an earlier year, what is due for this one."""
    # Where this year's is stated too, the other is told for comparison.
    due = {said.key for said in listed if said.own and said.dated and said.year == year}
    passage: int | None = None
    for said in listed:
        if said.dated and said.year == year:
            passage = None
        if said.key not in due and _is_stale(said, listed, rules, year) and said.year != passage:
            passage = said.year
            facts = {"stated_year": str(said.year), "fiscal_year": str(year), "sentence": said.sentence}
            yield Finding("stale_year", said.operand.pointer, said.operand.page, facts)


def _is_stale(said: Said, listed: Sequence[Said], rules: ProseRules, year: int) -> bool:
    """Tell whether a sentence opens with an earlier year and then states a sum of the budget."""
    return (
        said.own
        and said.dated
        and said.year is not None
        and said.year < year
        and said.group == MONEY
        and (said.place == 0 or listed[said.place - 1].number != said.number)
        and str(said.year) in amounts.fold(said.lead)
        and str(year) not in amounts.fold(said.sentence)
        and rules.patterns["headline"].search(said.key) is not None
        and rules.patterns["past"].search(said.lead) is None
    )
