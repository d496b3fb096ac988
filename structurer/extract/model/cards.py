"""A model on a performance card: what it is asked, and its answer beside our own reading of the labels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from structurer.extract import cards, values
from structurer.extract.cards import Form, Pick, Picked
from structurer.extract.indicators import Region
from structurer.extract.model import marks, view
from structurer.extract.model.marks import ALL, Mark, Reading
from structurer.extract.model.tables import OTHER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from structurer.catalog.kinds import Kind, Part
    from structurer.catalog.lexicon import Lexicon
    from structurer.catalog.paths import Field
    from structurer.extract.choice import Choice
    from structurer.extract.model.view import View
    from structurer.records import Cell, Json

    Answer = Mapping[str, Any]
    Place = tuple[int, int]


def schema(kind: Kind, fields: Sequence[Field], parts: Sequence[tuple[Part, Sequence[Field]]]) -> dict[str, Json]:
    """Return the schema of an answer: the kind, the cell of each field, the headings and rows of each part."""
    return {
        "type": "object",
        "properties": {
            "kind": {"enum": [kind.name, OTHER]},
            "values": _cells(_called(kind, fields)),
            **{part.name: _part(_called(part, inner)) for part, inner in parts},
        },
        "required": ["kind", "values", *(part.name for part, _ in parts)],
        "additionalProperties": False,
    }


def _called(whole: Kind | Part, fields: Sequence[Field]) -> list[str]:
    """Return what a model calls some of the fields of a card or a part of it."""
    return [name for name, field in view.names(whole.fields).items() if field in fields]


def _part(called: Sequence[str]) -> dict[str, Json]:
    items: dict[str, Json] = {
        "type": "object",
        "properties": {"headings": _cells(called), "rows": {"type": "string"}},
        "additionalProperties": False,
    }
    return {"type": "array", "items": items}


def _cells(called: Sequence[str]) -> dict[str, Json]:
    return {
        "type": "object",
        "propertyNames": view.one_of(called),
        "additionalProperties": {"type": "string"},
    }


def fields(
    kind: Kind, seen: View, lexicon: Lexicon, base: Picked, form: Form
) -> tuple[tuple[Field, ...], list[tuple[Part, tuple[Field, ...]]]]:
    """Return the fields, and those of the parts, that a label of the card may mean; all if a figure has no field."""
    inside = {(cell.row, cell.column) for region in base.regions for row in region.rows for cell in seen.own(row)}
    free = [c for c in seen.grid.cells if cards.is_value(c, form) and (c.row, c.column) not in inside]
    unread = [c for c in free if (c.row, c.column) not in base.values and values.is_figure(c, lexicon)]
    if unread or not base.values:
        return kind.fields, [(part, part.fields) for part in kind.parts]
    offered = {field.name for cell in free for field in cards.offered(cell, form, kind, lexicon)}
    keys = {lexicon.heading(cell.text) for region in base.regions for cell, _ in region.heads}
    parts = [
        (part, tuple(field for field in part.fields if _may_be(field, keys) or field.name in _heads_of(part, base)))
        for part in kind.parts
        if any(region.part.name == part.name for region in base.regions)
    ]
    return tuple(field for field in kind.fields if field.name in offered), parts


def _heads_of(part: Part, base: Picked) -> set[str]:
    return {field.name for region in base.regions if region.part.name == part.name for _, field in region.heads}


def _may_be(field: Field, keys: set[str]) -> bool:
    return any(len(pattern) == 1 and pattern[0].fullmatch(key) for pattern in field.patterns for key in keys)


class _Told(NamedTuple):
    """An answer in progress: what it adds, and what is to be told of it."""

    seen: View
    form: Form
    lexicon: Lexicon
    marks: list[Mark]
    doubted: set[str]
    free: set[Place]
    """Labels by place alone that the answer names as values."""


def compared(answer: Answer, ours: Reading, seen: View, lexicon: Lexicon, *, known: bool) -> Reading:
    """Return our reading with what the answer adds to it; where both read, ours stays and the difference is marked.

    `known` tells whether we know the kind ourselves; `seen` is of the grid of our form.
    """
    kind, form, base = ours.kind, ours.form, ours.picked
    if kind is None or form is None or base is None:
        return ours
    told = _Told(seen, form, lexicon, [], set(), set())
    regions = _regions(answer, kind, base, told)
    inside = {(cell.row, cell.column) for r in regions for row in r.rows for cell in told.seen.own(row)}
    inside |= {(cell.row, cell.column) for r in regions for cell, _ in r.heads}
    picks = _values(answer, kind, base, told, inside)
    if not known:
        told.marks.append(Mark(marks.ALONE, "kind", "/kind", kind.name))
        told.doubted.add(ALL)
    ordered = {place: picks[place] for place in sorted(picks)} if len(picks) > len(base.values) else base.values
    what = Picked(ordered, tuple(regions))
    shown = Form(form.grid, form.slots, form.known, form.labels - told.free) if told.free else form
    return replace(ours, form=shown, picked=what, marks=told.marks, doubted=told.doubted)


def _values(answer: Answer, kind: Kind, base: Picked, told: _Told, inside: set[Place]) -> dict[Place, Pick]:
    """Return our values with those that the answer alone knows."""
    picks = dict(base.values)
    taken = {pick.field.pointer for pick in base.values.values()}
    by_name = view.names(kind.fields)
    said: dict[Place, str] = {}
    listed = answer.get("values")
    for name, text in listed.items() if isinstance(listed, dict) else ():
        cell = _printed(text, told.seen)
        at, facts = f"/values/{_step(name)}", {"cell": str(text)[:20]}
        field = by_name.get(name)
        if cell is None or field is None:
            what, said_so = ("no_cell", str(text)[:20]) if field else ("no_field", name[:40])
            told.marks.append(Mark(marks.WRONG, what, at, said_so, facts=facts))
            continue
        place = cell.row, cell.column
        if place in said:
            told.marks.append(Mark(marks.WRONG, "cell_twice", at, name, said[place], facts))
            continue
        said[place] = name
        mine = base.values.get(place)
        if mine is not None and mine.field is field:
            continue
        value = values.typed(cell, field, told.lexicon)
        fresh = mine is None and place not in inside and place not in told.form.known and field.pointer not in taken
        if not fresh:
            told.marks.append(Mark(marks.AGAINST, "cell", at, name, mine.field.name if mine else "", facts))
        elif value is None:
            told.marks.append(Mark(marks.WRONG, "no_value", at, cell.text[:40], facts=facts))
        else:
            picks[place] = Pick(field, _label(cell, told.form), marks.doubting(value))
            taken.add(field.pointer)
            if place in told.form.labels:
                told.free.add(place)
            told.marks.append(Mark(marks.ALONE, "cell", at, name, cell.text[:40], facts))
    for place, pick in base.values.items():
        if place not in said and place[0] in told.seen.rows:
            facts = {"cell": _named(place)}
            told.marks.append(Mark(marks.AGAINST, "cell_left_out", "/values", "", pick.field.name, facts))
    return picks


def _label(cell: Cell, form: Form) -> Cell | None:
    """Return the label nearest to a value: the one on its left, else the one above."""
    ways = cards.ways(cell, form)
    return ways[0][-1] if ways else None


def _regions(answer: Answer, kind: Kind, base: Picked, told: _Told) -> list[Region]:
    """Return our parts with those that the answer alone knows."""
    found = list(base.regions)
    matched: set[int] = set()
    for part in kind.parts:
        listed = answer.get(part.name)
        for index, item in enumerate(listed if isinstance(listed, list) else ()):
            at = f"/{part.name}/{index}"
            heads = _heads(item, part, at, told)
            rows = view.ranges(item.get("rows"), told.seen.grid.n_rows) if isinstance(item, dict) else None
            if rows is None:
                told.marks.append(Mark(marks.WRONG, "no_row", f"{at}/rows", str(item)[:40]))
                rows = []
            mine = next((i for i, r in enumerate(base.regions) if r.part is part and _shares(r, heads)), None)
            if mine is not None:
                matched.add(mine)
                _beside(base.regions[mine], heads, rows, at, told)
            elif heads:
                told.marks.append(_alone(heads, rows, at, _Into(part, found), told))
                if told.marks[-1].code == marks.ALONE:
                    told.doubted.add(part.name)
    for index, region in enumerate(base.regions):
        shown = any(told.seen.own(row) for row in region.rows if row in told.seen.rows)
        if index not in matched and shown:
            row = str(region.heads[0][0].row + 1)
            told.marks.append(Mark(marks.AGAINST, "part_left_out", f"/{region.part.name}", "", row, {"rows": row}))
    return sorted(found, key=lambda region: region.heads[0][0].row)


def _heads(item: object, part: Part, at: str, told: _Told) -> dict[str, Cell]:
    """Return the cells that the answer calls headings, by field."""
    listed = item.get("headings") if isinstance(item, dict) else None
    heads: dict[str, Cell] = {}
    called = view.names(part.fields)
    for name, text in listed.items() if isinstance(listed, dict) else ():
        cell = _printed(text, told.seen)
        if cell is None or name not in called:
            facts = {"cell": str(text)[:20]}
            told.marks.append(Mark(marks.WRONG, "no_cell", f"{at}/headings/{_step(name)}", str(text)[:20], facts=facts))
        elif cell in heads.values():
            facts = {"cell": str(text)[:20]}
            told.marks.append(Mark(marks.WRONG, "cell_twice", f"{at}/headings/{_step(name)}", name, facts=facts))
        else:
            heads[called[name].name] = cell
    return heads


def _shares(region: Region, heads: Mapping[str, Cell]) -> bool:
    """Tell whether an answer's headings stand in the rows of a region's headings, or overlap its rows."""
    rows = {row for cell, _ in region.heads for row in range(cell.row, cell.row + cell.rowspan)} | set(region.rows)
    return any(cell.row in rows for cell in heads.values())


def _beside(region: Region, heads: Mapping[str, Cell], rows: Sequence[int], at: str, told: _Told) -> None:
    """Mark where an answer on a part differs from our reading of it."""
    mine = {field.name: cell for cell, field in region.heads}
    for name in sorted({*mine, *heads}):
        if mine.get(name) is not heads.get(name) and (name in heads or _holds(region, mine[name], told.seen)):
            cell = heads.get(name) or mine[name]
            facts = {"cell": _named((cell.row, cell.column))}
            ours = _named((mine[name].row, mine[name].column)) if name in mine else ""
            told.marks.append(Mark(marks.AGAINST, "heading", f"{at}/headings/{_step(name)}", name, ours, facts))
    _rows(region.rows, rows, at, told)


def _holds(region: Region, head: Cell, seen: View) -> bool:
    """Tell whether anything is printed below a heading in the rows of its part."""
    columns = range(head.column, head.column + head.colspan)
    return any(cell.column in columns for row in region.rows for cell in seen.own(row))


def _rows(mine: Sequence[int], theirs: Sequence[int], at: str, told: _Told) -> None:
    shown = {row for row in told.seen.rows if told.seen.own(row)}
    odd = sorted((set(mine) ^ set(theirs)) & shown)
    if odd or len(set(theirs)) < len(theirs):
        facts = {"rows": view.said(odd or sorted({r for r in theirs if theirs.count(r) > 1}))}
        told.marks.append(
            Mark(marks.AGAINST, "part_rows", f"{at}/rows", view.said(theirs), view.said(sorted(mine)), facts)
        )


class _Into(NamedTuple):
    """The part that a region may be one of, and the regions of the card."""

    part: Part
    regions: list[Region]


def _alone(heads: Mapping[str, Cell], rows: Sequence[int], at: str, into: _Into, told: _Told) -> Mark:
    """Take a part that we do not see, as far as it touches none of ours and is headed by no figure."""
    part, found = into
    ours = {row for region in found for row in region.rows}
    ours |= {cell.row for region in found for cell, _ in region.heads}
    facts = {"rows": view.said(sorted(set(rows)))}
    stated = any(values.is_figure(cell, told.lexicon) for cell in heads.values())
    if stated or not rows or ours & {*rows, *(cell.row for cell in heads.values())}:
        return Mark(marks.AGAINST, "part_rows", f"{at}/rows", view.said(rows), facts=facts)
    by_name = {field.name: field for field in part.fields}
    paired = tuple((cell, by_name[name]) for name, cell in sorted(heads.items(), key=lambda pair: pair[1].column))
    found.append(Region(part, paired, tuple(sorted(set(rows)))))
    return Mark(marks.ALONE, "part", at, part.name, facts=facts)


def _printed(text: object, seen: View) -> Cell | None:
    """Return the printed cell that its name names."""
    at = view.place(text)
    cell = seen.cell(*at) if at is not None else None
    return cell if cell is not None and cell.parts else None


def _named(place: Place) -> str:
    return view.named(*place)


def _step(name: object) -> str:
    return str(name).replace("~", "~0").replace("/", "~1")


def said(reading: Choice, seen: View, parts: Sequence[str]) -> dict[str, Json]:
    """Return what an answer that agrees with our reading says; `parts` are the names of those that are asked for."""
    what, kind = reading.picked or Picked({}, ()), reading.kind
    called = {field: name for name, field in view.names(kind.fields if kind else ()).items()}
    answer: dict[str, Json] = {
        "kind": kind.name if kind else OTHER,
        "values": {called[pick.field]: _named(place) for place, pick in what.values.items()},
    }
    for name in parts:
        answer[name] = [
            {
                "headings": {
                    _of_part(region.part, field): _named((cell.row, cell.column)) for cell, field in region.heads
                },
                "rows": view.said(row for row in region.rows if seen.own(row)),
            }
            for region in what.regions
            if region.part.name == name
        ]
    return answer


def _of_part(part: Part, field: Field) -> str:
    return next(name for name, known in view.names(part.fields).items() if known is field)
