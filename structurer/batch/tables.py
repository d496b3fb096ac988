"""What a batch came to as two tables for spreadsheets: a line a file, and a line a finding."""

from __future__ import annotations

import csv
import io
from dataclasses import fields
from typing import TYPE_CHECKING

from structurer import export
from structurer.batch.records import Facts
from structurer.batch.view import View

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

SUMMARY, FINDINGS = "summary.csv", "findings.csv"
_COUNTS = tuple(each.name for each in fields(Facts))
_FIRST = ("name", "path", "state", "sha256", "attempts", "started", "ended", "seconds")
_LAST = ("reason",)
_FOUND = ("name", "code", "blame", "page", "place", "rule", "message")


def write(folder: Path) -> None:
    """Write both tables of the ledger in a folder."""
    with View(folder) as view:
        summary, findings = _sheet(_summary(view)), _sheet(_findings(view))
    export.write({folder / SUMMARY: summary, folder / FINDINGS: findings})


def _summary(view: View) -> Iterator[Iterable[object]]:
    yield (*_FIRST, *_COUNTS, "proven_share", *_LAST)
    for row in view.rows():
        facts = row.facts
        share = f"{facts.proven / facts.figures:.4f}" if facts.figures else ""
        first, last = ([getattr(row, name) for name in names] for names in (_FIRST, _LAST))
        yield (*first, *(getattr(facts, name) for name in _COUNTS), share, *last)


def _findings(view: View) -> Iterator[Iterable[object]]:
    yield _FOUND
    for name, one in view.findings():
        yield (name, *(getattr(one, column) for column in _FOUND[1:]))


def _sheet(rows: Iterable[Iterable[object]]) -> bytes:
    """Return rows as CSV in UTF-8 with the mark by which spreadsheet programs know it."""
    out = io.StringIO()
    csv.writer(out).writerows([export.guarded("" if cell is None else str(cell)) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig", "backslashreplace")
