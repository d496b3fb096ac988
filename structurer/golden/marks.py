"""What marks a value of a result as one that may be wrong.

A value is *marked* when it is in doubt, when a finding of the check names it, or when its page is unread. A figure that
was lost is marked when a finding tells of the place where it would stand.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from structurer.golden.matching import item_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from structurer.golden.printed import Data, Spot

# Findings that name the members of an equation that fails,
_EQUATIONS = frozenset({"does_not_tie", "only_rounding", "total_absent", "truncated"})
# and those that say that a place, with all that is in it, was not understood.
_PLACES = frozenset({"unknown_table", "unknown_kind", "row_numbers", "schema", "ungrounded", "not_text", "no_place"})


class Marks:
    """What a result says against its own values."""

    def __init__(self, result: Data) -> None:
        self._provenance: Mapping[str, Data] = result.get("provenance", {})
        verification = result.get("verification", {})
        self._findings: Sequence[Data] = verification.get("findings", ())
        self._equations: Sequence[Data] = verification.get("equations", {}).get("list", ())

    def on(self, page: int | None, pointers: Iterable[str]) -> set[str]:
        """Return what tells that these values, or what should be on this page, may be wrong."""
        marks = {
            f"unread page: {finding['facts'].get('reason')}"
            for finding in self._findings
            if finding["code"] == "unread_page" and finding["page"] == page
        }
        for pointer in pointers:
            if self._provenance.get(pointer, {}).get("doubtful"):
                marks.add("doubtful")
            marks.update(
                finding["code"]
                for finding, members in self._members
                if pointer in members or _is_within(pointer, finding)
            )
        return marks

    def around(self, spot: Spot, item: str | None, spots: Mapping[str, Spot]) -> set[str]:
        """Return what tells that a figure is lost of which nothing was read.

        That is an equation that fails, all of whose other members stand in its row, or in its column around it or next
        to it; or a finding about the item in which its neighbours were read. `spots` tells where values are printed.
        """
        marks = set()
        for finding, members in self._members:
            if finding["code"] in _PLACES and finding["where"] and finding["where"] == item:
                marks.add(finding["code"])
            known = [spots[pointer] for pointer in members if pointer in spots]
            if not known or any(other.item != spot.item for other in known):
                continue
            rows = [other.row for other in known]
            in_column = {other.column for other in known} == {spot.column}
            # The first or last row of a sum may be the one that is lost.
            if set(rows) == {spot.row} or (in_column and min(rows) - 1 <= spot.row <= max(rows) + 1):
                marks.add(f"{finding['code']} around it")
        return marks

    @cached_property
    def _members(self) -> list[tuple[Data, set[str]]]:
        """Each finding with the pointers that it names; of absent totals it tells only the first."""
        return [(finding, self._named(finding)) for finding in self._findings]

    def _named(self, finding: Data) -> set[str]:
        if finding["code"] not in _EQUATIONS:
            return set()
        named = {finding["where"], *finding["operands"]}
        if finding["code"] == "total_absent":
            asked = finding["rule"], item_of(finding["where"])
            for equation in self._equations:
                if not equation["stated"] and (equation["rule"], item_of(equation["where"])) == asked:
                    named.update(equation["operands"])
        return named


def _is_within(pointer: str, finding: Data) -> bool:
    """Tell whether a finding says of the place of a value that it was not understood."""
    where = finding["where"]
    return finding["code"] in _PLACES and bool(where) and f"{pointer}/".startswith(f"{where}/")
