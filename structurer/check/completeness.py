"""What a disclosure must hold: its mandated tables, rows that count up, a card for each project."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from structurer.records import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from structurer.catalog import Catalog
    from structurer.check.cards import Card
    from structurer.check.figures import Record, Row, Table
    from structurer.records import Json

# A document with fewer of the mandated tables is no whole disclosure, and none is missed in it.
_FEWEST = 4
PRESENT, EMPTY, MISSING = "present", "empty", "missing"


def tables(result: Record, catalog: Catalog) -> list[Json]:
    """Return for each mandated kind whether its table is there, is empty, or is missing."""
    where: dict[str, list[str]] = {}
    filled: set[str] = set()
    for root in ("tables", "cards"):
        listed = result.get(root)
        for index, item in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(item, dict):
                name = str(item.get("kind"))
                where.setdefault(name, []).append(f"/{root}/{index}")
                if not item.get("empty"):
                    filled.add(name)
    states: list[Json] = []
    for name, others in catalog.rules.mandated.items():
        here = [pointer for kind in (name, *others) for pointer in where.get(kind, ())]
        state = MISSING if not here else PRESENT if filled & {name, *others} else EMPTY
        states.append({"kind": name, "state": state, "where": [*here]})
    return states


def missing(states: Sequence[Json], catalog: Catalog) -> Iterator[Finding]:
    """Yield one finding for the mandated tables that a disclosure lacks."""
    names = [str(state["kind"]) for state in states if isinstance(state, dict) and state["state"] == MISSING]
    if names and len(states) - len(names) >= _FEWEST:
        kinds = {kind.name: str(kind.schema.get("title") or kind.name) for kind in catalog.kinds}
        yield Finding("missing_table", "", None, {"kind": ", ".join(kinds.get(name, name) for name in names)})


def row_numbers(table: Table, lines: Sequence[str]) -> Iterator[Finding]:
    """Yield a finding where the printed numbers of the rows do not count up by one."""
    for name in lines:
        numbered = [(row, int(text)) for row in table.rows if (text := _number(row.cells.get(name)))]
        for (_, before), (row, number) in pairwise(numbered):
            if number not in {before + 1, 1}:
                facts = {"expected": str(before + 1), "found": str(number)}
                yield Finding("row_numbers", row.pointer, _page(row), facts)


def _number(text: object) -> str:
    return text if isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) < 6 else ""  # noqa: PLR2004


def _page(row: Row) -> int | None:
    page = row.cells.get("page")
    return page if isinstance(page, int) else None


def unmatched(rows: Sequence[Row], cards: Sequence[Card]) -> Iterator[Finding]:
    """Yield a finding for each project without a card, and each card without a project."""
    for row in rows:
        yield Finding("project_without_card", row.pointer, _page(row), {"project": row.label})
    for card in cards:
        pages = card.record.get("pages")
        page = pages[0] if isinstance(pages, list) and pages and isinstance(pages[0], int) else None
        name = card.record.get("project_name")
        yield Finding("card_without_project", card.pointer, page, {"project": str(name or "")})
