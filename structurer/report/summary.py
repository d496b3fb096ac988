"""What a result holds, in few lines: its tables, and counts of the rest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    # A result or a part of it, read by name; its shape is that of disclosure.schema.json.
    Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TableLine:
    """One table of a result."""

    id: str
    kind: str
    title: str | None
    pages: str
    rows: int
    unit: str | None
    empty: bool


@dataclass(frozen=True, slots=True)
class Count:
    """How many things of one kind there are, and on which pages."""

    kind: str
    count: int
    pages: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What a result holds."""

    name: str
    tables: tuple[TableLine, ...]
    cards: tuple[Count, ...]
    claims: Count
    how: tuple[Count, ...]
    findings: int
    verification: Record | None
    """None for a result that was not checked."""


def summarize(result: Record) -> Summary:
    """Return what the result holds."""
    pages, verification = result["source"]["pages"], result["verification"]
    claims = result["claims"]
    return Summary(
        result["source"]["name"],
        tuple(_line(table) for table in result["tables"]),
        _by((card["kind"], card["pages"]) for card in result["cards"]),
        Count("claims", len(claims), ranges(claim["page"] for claim in claims)),
        _by((page["how"], [page["number"]]) for page in pages),
        len(verification["findings"]),
        verification if "equations" in verification else None,
    )


def _line(table: Record) -> TableLine:
    pages = ranges(table["pages"])
    return TableLine(
        table["id"], table["kind"], table["title"], pages, len(table["rows"]), table["unit"], bool(table["empty"])
    )


def _by(named: Iterable[tuple[str, Iterable[int | None]]]) -> tuple[Count, ...]:
    counts: Counter[str] = Counter()
    pages: dict[str, list[int | None]] = {}
    for name, numbers in named:
        counts[name] += 1
        pages.setdefault(name, []).extend(numbers)
    return tuple(Count(name, count, ranges(pages[name])) for name, count in counts.items())


def ranges(pages: Iterable[int | None]) -> str:
    """Return page numbers as ranges; empty where the input has no pages.

    >>> ranges([5, 3, 4, 9])
    '3-5,9'
    """
    numbers = sorted({page for page in pages if page is not None})
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
