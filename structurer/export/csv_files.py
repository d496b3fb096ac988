"""A result as CSV files for spreadsheets: one a table, the cards flattened, the claims."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

from structurer.export.flat import flattened

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    # A result or a part of it, read by name; its shape is that of disclosure.schema.json.
    Record = Mapping[str, Any]
    Rows = list[list[str]]

# A spreadsheet takes a cell that starts so for a formula; the full-width forms are read as these by some.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
_FIGURE = re.compile(r"[+-]?\d[\d,]*(\.\d+)?[%‰]?")
# What comes first in the sheet of the cards, and in those of their parts.
_ABOUT_CARDS = ("id", "kind", "title", "pages", "unit", "department", "fiscal_year")
_OF_A_CARD = ("card", "project_code", "project_name")


def as_csv(result: Record) -> dict[str, bytes]:
    """By file name: the CSV of each table, of the cards and their parts, and of the claims."""
    files = {f"{_safe(t['id'])}-{_safe(t['kind'])}.csv": table_rows(t) for t in result["tables"]}
    files |= {f"{name}.csv": rows for name, rows in card_rows(result["cards"]).items()}
    if result["claims"]:
        files["claims.csv"] = _sheet([flattened(claim) for claim in result["claims"]], ())
    return {name: _sheet_to_bytes(rows) for name, rows in files.items()}


def _sheet_to_bytes(rows: Iterable[Sequence[str]]) -> bytes:
    """Return the rows as CSV in UTF-8 with the mark by which spreadsheet programs know it."""
    text = io.StringIO()
    csv.writer(text).writerows([[guarded(cell) for cell in row] for row in rows])
    return text.getvalue().encode("utf-8-sig", "backslashreplace")


def guarded(cell: str) -> str:
    """Return the cell with an apostrophe before it if a spreadsheet would take it for a formula.

    >>> guarded("=1+1"), guarded("-12.50")
    ("'=1+1", '-12.50')
    """
    return f"'{cell}" if _FORMULA.match(cell) and not _FIGURE.fullmatch(cell) else cell


def table_rows(table: Record) -> Rows:
    """Return the table under its field names, the page of each row first, what no field takes last."""
    rows = [flattened(_merged(row)) for row in table["rows"]]
    sheet = _sheet(rows, ("page", *(column["field"] for column in table["columns"])))
    if any("cells" in row for row in table["rows"]):
        # A table of no known kind has no fields: its printed headings say what the columns are.
        printed = {column["field"]: column["heading"] for column in table["columns"]}
        sheet[0] = [f"{name} {printed.get(name) or ''}".strip() for name in sheet[0]]
    return sheet


def _merged(row: Record) -> dict[str, Any]:
    """Return the row with `other` (or the cells of an unknown table) as members of its own."""
    merged = {name: value for name, value in row.items() if name not in ("other", "cells")}
    for inner in (row.get("cells"), row.get("other")):
        for name, value in (inner or {}).items():
            merged[f"other/{name}" if name in merged else name] = value
    return merged


def card_rows(cards: Sequence[Record]) -> dict[str, Rows]:
    """By name: the cards, a row each, and their parts (`indicators` and so on), a row for each of these."""
    if not cards:
        return {}
    plain = [flattened({name: value for name, value in card.items() if name != "labels"}) for card in cards]
    sheets = {"cards": _sheet(plain, _ABOUT_CARDS)}
    parts: dict[str, list[dict[str, str]]] = {"indicators": []}
    for card in cards:
        about = flattened({"card": card["id"], **{name: card.get(name) for name in _OF_A_CARD[1:]}})
        for name, value in card.items():
            if name != "labels" and isinstance(value, list) and any(isinstance(item, dict) for item in value):
                own = [about | flattened(_merged(item)) for item in value]
                parts.setdefault(name if name in parts else f"cards-{_safe(name)}", []).extend(own)
    return sheets | {name: _sheet(rows, _OF_A_CARD) for name, rows in parts.items()}


def _sheet(rows: Sequence[Mapping[str, str]], first: Iterable[str]) -> Rows:
    """Return a header and the rows under it: the names in `first` before the others as they come.

    A name goes in front of those below it: `value` before `value/number`.
    """
    names = dict.fromkeys(first)
    for row in rows:
        names |= dict.fromkeys(row)
    under: dict[str, list[str]] = {}
    for name in names:
        under.setdefault(_root(name, names), []).append(name)
    header = [name for below in under.values() for name in below]
    return [header, *([row.get(name, "") for name in header] for row in rows)]


def _root(name: str, names: Container[str]) -> str:
    head, slash, _ = name.rpartition("/")
    return head if slash and head in names else name


def _safe(name: str) -> str:
    """Return an id or a kind as part of a file name."""
    return re.sub(r"[^\w-]", "_", name)
