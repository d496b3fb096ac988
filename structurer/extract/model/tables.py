"""A model on a table: what it is asked, and its answer beside our own reading of the headings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from structurer.catalog import paths
from structurer.extract import header, tables, values
from structurer.extract.model import marks, view
from structurer.extract.model.marks import ALL, Mark, Reading
from structurer.extract.rows import Mapped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from structurer.catalog.kinds import Kind
    from structurer.catalog.lexicon import Lexicon
    from structurer.catalog.paths import Field
    from structurer.extract.choice import Choice
    from structurer.extract.model.view import View
    from structurer.records import Grid, Json

    Answer = Mapping[str, Any]

OTHER = "other"
# What a row may be.
HEADER, DATA, TOTALS, NOTES = "header", "data", "totals", "notes"
ROWS = (HEADER, DATA, TOTALS, NOTES)


def schema(kind: Kind, fields: Sequence[Field]) -> dict[str, Json]:
    """Return the schema of an answer: the kind, the column of each field, and what each row is."""
    return {
        "type": "object",
        "properties": {
            "kind": {"enum": [kind.name, OTHER]},
            "columns": {
                "type": "object",
                "propertyNames": view.one_of(field.name for field in fields),
                "additionalProperties": {"type": "string"},
            },
            **{name: {"type": "string"} for name in ROWS},
        },
        "required": ["kind", "columns", HEADER, DATA],
        "additionalProperties": False,
    }


def fields(kind: Kind, head: header.Header) -> tuple[Field, ...]:
    """Return the fields that the headings of a table may mean; all of them where one heading means none."""
    offered: dict[str, Field] = {}
    for column in head.columns:
        fitting = [field for _, field in paths.fitting(kind, column.path)] if column.path else []
        if column.path and not fitting:
            return kind.fields
        offered |= {field.name: field for field in fitting}
    return tuple(field for field in kind.fields if field.name in offered) or kind.fields


class Rows(NamedTuple):
    """The rows of an answer, counted from 0."""

    of: Mapping[str, frozenset[int]]
    marks: list[Mark]


def rows(answer: Answer, seen: View) -> Rows:
    """Return what each row is said to be, with what is wrong in that: no such row, said twice, left out."""
    found: dict[str, frozenset[int]] = {}
    wrong: list[Mark] = []
    before: set[int] = set()
    for name in ROWS:
        listed = view.ranges(answer.get(name, ""), seen.grid.n_rows)
        if listed is None:
            wrong.append(Mark(marks.WRONG, "no_row", f"/{name}", said=str(answer.get(name))[:40]))
            listed = []
        twice = sorted({row for row in listed if row in before or listed.count(row) > 1})
        if twice:
            wrong.append(Mark(marks.WRONG, "row_twice", f"/{name}", facts={"rows": view.said(twice)}))
        before.update(listed)
        found[name] = frozenset(listed)
    lost = sorted(seen.filled - before)
    if lost:
        wrong.append(Mark(marks.WRONG, "row_left_out", "", facts={"rows": view.said(lost)}))
    return Rows(found, wrong)


def compared(answer: Answer, kind: Kind, ours: Choice, seen: View, lexicon: Lexicon) -> Reading:
    """Return our reading with what the answer adds to it; where both read, ours stays and the difference is marked."""
    told = rows(answer, seen)
    found = list(told.marks)
    known = ours.kind is not None and ours.kind.name == kind.name
    head = ours.mapped.header if known else _header(seen.grid, told, lexicon)
    base = ours.mapped if known else tables.mapped(kind, head)
    found += _header_rows(told, head, seen, lexicon)
    taken, doubted = list(base.fields), set()
    by_name = {field.name: field for field in kind.fields}
    said = _said(answer, head, found)
    for index, name in said.items():
        field, mine = by_name.get(name), base.fields[index]
        if field is None:
            found.append(Mark(marks.WRONG, "no_field", f"/columns/{name}", name[:40]))
        if field is None or field is mine:
            continue
        column = view.letters(head.columns[index].start)
        at = f"/columns/{name}"
        if mine is None and field not in base.fields and field not in taken:
            taken[index] = field
            doubted.add(field.name)
            heading = "/".join(head.columns[index].headings)
            found.append(Mark(marks.ALONE, "column", at, name, heading, {"column": column}))
        else:
            found.append(Mark(marks.AGAINST, "column", at, name, mine.name if mine else "", {"column": column}))
    for index, field in enumerate(base.fields):
        if field is not None and index not in said and _holds(head.columns[index], head, seen):
            facts = {"column": view.letters(head.columns[index].start)}
            found.append(Mark(marks.AGAINST, "column_left_out", "/columns", "", field.name, facts))
    notes = _notes(told, head, seen, found, lexicon)
    if not known:
        found.append(Mark(marks.ALONE, "kind", "/kind", kind.name))
        doubted.add(ALL)
    mapped = Mapped(head, tuple(taken), base.spares)
    return Reading(kind, mapped, marks=found, doubted=doubted, left=notes)


def _holds(column: header.Column, head: header.Header, seen: View) -> bool:
    """Tell whether anything is printed in a column below its heading."""
    return any(
        column.start <= cell.column < column.end for row in seen.filled if row >= head.body for cell in seen.own(row)
    )


def _header(grid: Grid, told: Rows, lexicon: Lexicon) -> header.Header:
    """Return the header in as many rows as the answer says without a gap, if those beyond our own hold no figure."""
    ours = header.read(grid, lexicon)
    depth = 0
    while depth in told.of[HEADER]:
        depth += 1
    stated = any(values.is_figure(cell, lexicon) for cell in grid.cells if ours.body <= cell.row < depth)
    return ours if stated or not depth else header.read(grid, lexicon, depth)


def _header_rows(told: Rows, head: header.Header, seen: View, lexicon: Lexicon) -> list[Mark]:
    """Return a mark where the answer and we do not agree on which rows hold no data."""
    ours = {row for row in seen.filled if row < head.body or header.repeats(seen.own(row), head, lexicon)}
    theirs = told.of[HEADER] & seen.filled
    odd = sorted(ours ^ theirs)
    if not odd:
        return []
    facts = {"rows": view.said(odd)}
    return [Mark(marks.AGAINST, "header_rows", "/header", view.said(sorted(theirs)), view.said(sorted(ours)), facts)]


def _said(answer: Answer, head: header.Header, found: list[Mark]) -> dict[int, str]:
    """Return the field of each printed column that the answer names, the first of several."""
    said: dict[int, str] = {}
    listed = answer.get("columns")
    for name, text in listed.items() if isinstance(listed, dict) else ():
        slot = view.slot(text)
        index = next((i for i, c in enumerate(head.columns) if slot is not None and c.start <= slot < c.end), None)
        if index is None:
            found.append(Mark(marks.WRONG, "no_column", f"/columns/{name}", str(text)[:20]))
        elif index in said:
            facts = {"column": str(text)}
            found.append(Mark(marks.WRONG, "column_twice", f"/columns/{name}", name, said[index], facts))
        else:
            said[index] = name
    return said


def _notes(told: Rows, head: header.Header, seen: View, found: list[Mark], lexicon: Lexicon) -> frozenset[int]:
    """Return the rows of the body that the answer calls notes and that can be: one text, no figure."""
    notes = set()
    for row in sorted(told.of[NOTES] & seen.filled):
        own = seen.own(row)
        facts = {"rows": str(row + 1)}
        if row < head.body or len(own) > 1 or any(values.is_figure(cell, lexicon) for cell in own):
            found.append(Mark(marks.AGAINST, "no_note", "/notes", facts=facts))
        else:
            notes.add(row)
            found.append(Mark(marks.ALONE, "note", "/notes", facts=facts))
    return frozenset(notes)


def said(reading: Choice, seen: View, lexicon: Lexicon) -> dict[str, Json]:
    """Return what an answer that agrees with our reading says."""
    head = reading.mapped.header
    top = {row for row in seen.rows if row < head.body}
    again = {row for row in seen.filled - top if header.repeats(seen.own(row), head, lexicon)}
    rest = sorted(seen.filled - top - again)
    totals = [row for row in rest if any(lexicon.is_total(cell.text) for cell in seen.own(row))]
    what = {
        HEADER: sorted(top | again),
        DATA: [row for row in rest if row not in totals],
        TOTALS: totals,
    }
    return {
        "kind": reading.kind.name if reading.kind else OTHER,
        "columns": {
            field.name: view.letters(column.start)
            for column, field in zip(head.columns, reading.mapped.fields, strict=True)
            if field is not None
        },
        **{name: view.said(listed) for name, listed in what.items() if listed or name in {HEADER, DATA}},
    }
