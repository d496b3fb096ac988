"""A model that tells the truth: it knows budgets, and of the document only what the prompt shows."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from structurer import catalog
from structurer.extract import cards as by_label
from structurer.extract import choice, header, tables
from structurer.extract.choice import Choice
from structurer.extract.model import cards, transcribed, view
from structurer.extract.model import tables as selected
from structurer.records import Cell, Grid, Part

if TYPE_CHECKING:
    from structurer.catalog import Catalog
    from structurer.catalog.kinds import Kind

_YEAR = re.compile(r"20\d\d")


@lru_cache(maxsize=8)
def knowledge(year: int | None) -> Catalog:
    known = catalog.load()
    return known.of_year(year) if year else known


def shown(material: str) -> tuple[list[str], Grid]:
    """Return the lines above the grid, and the grid, of a quoted chunk."""
    lines = material.splitlines()
    assert (lines[0], lines[-1]) == (view.OPEN, view.CLOSE)
    ruler = next(i for i, line in enumerate(lines) if line.startswith("#|"))
    width = len(lines[ruler].split("|")) - 1
    rows = [line.split("|") for line in lines[ruler + 1 : -1] if re.match(r"\d+\|", line)]
    texts = [row[1:] + ["-"] * (width + 1 - len(row)) for row in rows]
    return lines[1:ruler], _grid(texts, [int(row[0]) - 1 for row in rows], width)


def _grid(texts: list[list[str]], numbers: list[int], width: int) -> Grid:
    """Build the grid anew: `-` goes on from the left, `"` from above; rows that are not shown are blank."""
    at = dict(zip(numbers, texts, strict=True))
    height = max(at) + 1
    cells = []
    for row in range(height):
        for column in range(width):
            text = at[row][column] if row in at else ""
            if text in {"-", '"'}:
                continue
            right = column + 1
            while right < width and row in at and at[row][right] == "-":
                right += 1
            below = row + 1
            while below in at and at[below][column] == '"':
                below += 1
            parts = (Part(text, 1),) if text else ()
            cells.append(Cell(row, column, below - row, right - column, parts))
    return Grid(height, width, tuple(cells), (1,))


def answer(material: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return what an honest and able model answers."""
    above, grid = shown(material)
    names = schema["properties"]["kind"]["enum"]
    year = _YEAR.search(" ".join(above))
    known = knowledge(int(year[0]) if year else None)
    if set(schema["properties"]) == {"kind"}:
        found = [choice.choose(grid, title, known).kind for title in (*above[::-1], None)]
        return {"kind": next((kind.name for kind in found if kind is not None), "other")}
    kind = known.kind(names[0])
    assert kind is not None
    reading = _reading(grid, kind, known)
    if kind.form == "card":
        return _card(reading, schema)
    seen = view.of_grid(grid)
    if transcribed.ROWS in schema["properties"]:
        return typed_table(reading, seen, known)
    return selected.said(reading, seen, known.lexicon)


def _reading(grid: Grid, kind: Kind, known: Catalog) -> Choice:
    mapped = tables.mapped(kind, header.read(grid, known.lexicon))
    if kind.form != "card":
        return Choice(kind, mapped)
    form = by_label.labelled(kind, grid, known.lexicon)
    return Choice(kind, mapped, form, by_label.picked(kind, form, known.lexicon))


def _card(reading: Choice, schema: dict[str, Any]) -> dict[str, Any]:
    assert reading.form is not None
    assert reading.kind is not None
    seen = view.of_grid(reading.form.grid)
    names = [part.name for part in reading.kind.parts if part.name in schema["properties"]]
    said = cards.said(reading, seen, names)
    if schema["properties"]["values"].get("properties") is None:
        return said
    return typed_card(reading, said, seen)


def _pair(cell: Cell) -> list[str]:
    return [cell.text, view.named(cell.row, cell.column)]


def typed_table(reading: Choice, seen: view.View, known: Catalog) -> dict[str, Any]:
    head = reading.mapped.header
    rows = []
    for row in sorted(seen.filled):
        own = seen.own(row)
        if row < head.body or header.repeats(own, head, known.lexicon):
            continue
        entry: dict[str, Any] = {}
        for cell in own:
            field = next(
                (f for f, c in zip(reading.mapped.fields, head.columns, strict=True) if c.start <= cell.column < c.end),
                None,
            )
            if field is None or field.name in entry:
                entry.setdefault("other", []).append(_pair(cell))
            else:
                entry[field.name] = _pair(cell)
        rows.append(entry)
    assert reading.kind is not None
    return {"kind": reading.kind.name, "rows": rows}


def typed_card(reading: Choice, said: dict[str, Any], seen: view.View) -> dict[str, Any]:
    assert reading.picked is not None
    assert reading.kind is not None
    called = {field: name for name, field in view.names(reading.kind.fields).items()}
    values = {
        called[pick.field]: _pair(cell)
        for place, pick in reading.picked.values.items()
        if (cell := seen.cell(*place)) is not None
    }
    parts: dict[str, Any] = {}
    for part in reading.kind.parts:
        if part.name not in said:
            continue
        entries = []
        named = {field: name for name, field in view.names(part.fields).items()}
        for region in (region for region in reading.picked.regions if region.part.name == part.name):
            first = min(cell.column for cell, _ in region.heads)
            for row in region.rows:
                entry: dict[str, Any] = {}
                for cell in seen.own(row):
                    if cell.column < first:
                        continue
                    field = next((f for h, f in region.heads if h.column <= cell.column < h.column + h.colspan), None)
                    if field is None or named[field] in entry:
                        entry.setdefault("other", []).append(_pair(cell))
                    else:
                        entry[named[field]] = _pair(cell)
                if entry:
                    entries.append(entry)
        parts[part.name] = entries
    return {"kind": said["kind"], "values": values, **parts}
