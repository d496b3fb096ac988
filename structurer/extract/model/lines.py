"""Tables that no layout sees, in running text: a model types each value with the line it stands in; all is doubtful."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from structurer import amounts, labels
from structurer.extract import captions, codes
from structurer.extract.model import marks, view
from structurer.extract.model.grids import failure
from structurer.extract.model.marks import DOUBT, WRONG, Mark
from structurer.extract.model.tables import OTHER
from structurer.extract.model.talk import FRAME, MOST
from structurer.records import Chunk, Form, Leaf, Part, Question

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from structurer.amounts import Notation
    from structurer.catalog import Catalog
    from structurer.catalog.kinds import Kind
    from structurer.catalog.paths import Field
    from structurer.extract.model.talk import Dialogue, Way
    from structurer.extract.values import Row, Value
    from structurer.records import Fault, Json, Line

    Answer = Mapping[str, Any]

# So many figures that stand apart make a line one of a table, and so many such lines make a table.
_FIGURES, _LINES = 2, 3
# Its lines stand no further apart than this; so many lines above may be its title and headings.
_APART, _ABOVE = 2, 8
# Tokens that one typed value takes beside its text.
_TYPED = 12
_PAIR = 2
# A line has a number of so many digits at most.
_DIGITS = 5
_GAP = re.compile(r"\t|\s{2,}")


@dataclass(frozen=True, slots=True)
class Lined:
    """A table read off lines, and what is to be told of it."""

    record: Row | None
    marks: Sequence[Mark]
    page: int | None


def regions(chunk: Chunk, catalog: Catalog) -> list[tuple[Line, ...]]:
    """Return the lines of a passage that look like tables, each with what may be its title and headings."""
    rows = [i for i, line in enumerate(chunk.lines) if _is_row(line, catalog)]
    groups: list[list[int]] = []
    for index in rows:
        if groups and index - groups[-1][-1] <= _APART:
            groups[-1].append(index)
        else:
            groups.append([index])
    found, end = [], 0
    for group in groups:
        if len(group) < _LINES:
            continue
        start = group[0]
        while start > max(end, group[0] - _ABOVE) and not catalog.lexicon.sentence_end.search(
            labels.plain(chunk.lines[start - 1].text)
        ):
            start -= 1
        end = group[-1] + 1
        found.append(chunk.lines[start:end])
    return found


def _is_row(line: Line, catalog: Catalog) -> bool:
    notation = catalog.lexicon.notation
    if catalog.lexicon.sentence_end.search(labels.plain(line.text)):
        return False
    return sum(amounts.figure(piece.text, notation) is not None for piece in pieces(line)) >= _FIGURES


def pieces(line: Line) -> list[Part]:
    """Return what stands apart on a line: its words, or what wide gaps part where words are not known."""
    if line.words:
        return [Part(word.text, line.page, word.box) for word in line.words]
    return [Part(text.strip(), line.page, line.box) for text in _GAP.split(line.text) if text.strip()]


def reading(chunk: Chunk, catalog: Catalog, way: Way) -> Dialogue[list[Lined]]:
    """Ask about each region of a passage and return the tables that come of it."""
    found = []
    for lines in regions(chunk, catalog):
        table = yield from _region(lines, catalog, way)
        if table is not None:
            found.append(table)
    return found


def _region(lines: tuple[Line, ...], catalog: Catalog, way: Way) -> Dialogue[Lined | None]:
    pictures = way.pictures(sorted({line.page for line in lines if line.page is not None})) if way.pictures else ()
    material = view.numbered(lines)
    tables = [kind for kind in catalog.kinds if kind.form != "card"]
    listed = "\n".join(f"{kind.name} {kind.schema.get('title', '')}" for kind in tables)
    prompt = way.prompts.filled("choose_kind", kinds=listed, other=OTHER)
    schema: dict[str, Json] = {
        "type": "object",
        "properties": {"kind": {"enum": [*(kind.name for kind in tables), OTHER]}},
        "required": ["kind"],
        "additionalProperties": False,
    }
    reply = yield Question(prompt, material, schema, lambda _: (), FRAME, pictures)
    page = lines[0].page
    if not isinstance(reply.value, dict):
        return Lined(None, [failure(reply.outcome, reply.reason, range(len(lines)))], page)
    kind = catalog.kind(str(reply.value.get("kind")))
    if kind is None or kind.form == "card":
        return None
    known = kind
    prompt = way.prompts.filled("transcribe_lines", other=OTHER)

    def judge(answer: Json) -> list[Fault]:
        wrong = _Read(lines, known, catalog).marks_of(answer) if isinstance(answer, dict) else []
        return [mark.fault(way.prompts) for mark in wrong]

    longest = FRAME + sum(_TYPED * len(pieces(line)) + len(line.text) for line in lines)
    reply = yield Question(prompt, material, _schema(known), judge, min(longest, MOST), pictures)
    if not isinstance(reply.value, dict):
        return Lined(None, [failure(reply.outcome, reply.reason, range(len(lines)))], page)
    read = _Read(lines, known, catalog)
    wrong = read.marks_of(reply.value)
    alone = Mark(marks.ALONE, "table", "", known.name, facts={"rows": f"1-{len(lines)}"})
    return Lined(read.record(reply.value), [alone, *wrong], page)


def _schema(kind: Kind) -> dict[str, Json]:
    pair: dict[str, Json] = {"type": "array", "items": {"type": "string"}, "minItems": _PAIR, "maxItems": _PAIR}
    row: dict[str, Json] = {
        "type": "object",
        "properties": {OTHER: {"type": "array", "items": pair}},
        "propertyNames": view.one_of((*view.names(kind.fields), OTHER)),
        "additionalProperties": pair,
    }
    return {
        "type": "object",
        "properties": {
            "kind": {"enum": [kind.name, OTHER]},
            "title": {"type": "integer"},
            "rows": {"type": "array", "items": row},
        },
        "required": ["kind", "title", "rows"],
        "additionalProperties": False,
    }


class _Read:
    """One answer held against the lines it was read off."""

    def __init__(self, lines: Sequence[Line], kind: Kind, catalog: Catalog) -> None:
        self.lines, self.kind, self.catalog = lines, kind, catalog
        self.notation: Notation = catalog.lexicon.notation
        self.fields = view.names(kind.fields)

    def marks_of(self, answer: Answer) -> list[Mark]:
        """Return what in an answer is not on its line, is of another line, was left out, or said twice."""
        if answer.get("kind") == OTHER:
            return []
        wrong: list[Mark] = []
        used: Counter[tuple[int, str]] = Counter()
        for index, row in enumerate(self._rows(answer)):
            at = f"/rows/{index}"
            homes: Counter[int] = Counter()
            for name, text, line in self._values(row):
                facts = {"row": str(line)[:20]}
                where = f"{at}/{name}"
                number = self._number(line)
                if number is None:
                    wrong.append(Mark(WRONG, "no_line", where, text[:40], facts=facts))
                    continue
                figure = amounts.figure(text, self.notation)
                if figure is not None:
                    homes[number] += 1
                    used[number, figure.digits] += 1
                if not self._stands(text, number):
                    wrong.append(Mark(WRONG, "not_in_line", where, text[:80], self.lines[number].text[:80], facts))
            if len(homes) > 1:
                rows = ", ".join(str(number + 1) for number in sorted(homes))
                wrong.append(Mark(WRONG, "other_row", at, facts={"cell": rows}))
        return wrong + list(self._counted(used, self._first(answer)))

    def _counted(self, used: Counter[tuple[int, str]], first: int) -> Iterator[Mark]:
        """Yield a mark for each line of the table of which a figure was left out or typed more often than printed."""
        for number, line in enumerate(self.lines):
            figures = (amounts.figure(piece.text, self.notation) for piece in pieces(line))
            printed = Counter(figure.digits for figure in figures if figure is not None)
            typed = Counter({digits: times for (at, digits), times in used.items() if at == number})
            facts = {"row": str(number + 1)}
            if printed - typed and number >= first:
                yield Mark(WRONG, "figure_left_out", "/rows", ours=", ".join(printed - typed)[:80], facts=facts)
            if typed - printed and all(self._stands(digits, number) for digits in typed - printed):
                yield Mark(WRONG, "row_twice", "/rows", ", ".join(typed - printed)[:80], facts={"rows": facts["row"]})

    def _first(self, answer: Answer) -> int:
        """Return the first line that is no heading: the first of which a value was typed, or that is a row."""
        typed = [
            number
            for row in self._rows(answer)
            for _, _, line in self._values(row)
            if (number := self._number(line)) is not None
        ]
        rows = [number for number, line in enumerate(self.lines) if _is_row(line, self.catalog)]
        return min([*typed, *rows], default=0)

    def record(self, answer: Answer) -> Row | None:
        """Return the table as a record of its kind, every value in doubt."""
        if answer.get("kind") == OTHER:
            return None
        body = [row for item in self._rows(answer) if (row := self._row(item))]
        names = [field.name for field in self.kind.fields if any(field.name in row for row in body)]
        rows: list[Row] = [{**dict.fromkeys(names), **row} for row in body]
        codes.normalise(rows, self.kind)
        first = self._first(answer)
        title = self._number(answer.get("title"))
        head = tuple(line for number, line in enumerate(self.lines[:first]) if number != title)
        pages = tuple(dict.fromkeys(line.page for line in self.lines))
        named = self.lines[title] if title is not None and title < first else None
        chunk = Chunk(Form.TABLE, pages, title=named, head=head)
        found = captions.read(chunk, self.catalog.lexicon)
        return {
            "id": None,
            "kind": self.kind.name,
            **found,
            "columns": [{"field": name, "heading": None} for name in names],
            "rows": [*rows],
            "empty": not rows,
        }

    def _row(self, row: Mapping[str, Any]) -> Row:
        found: Row = {}
        other: Row = {}
        page: int | None = None
        for name, text, line in self._values(row):
            number = self._number(line)
            if number is None:
                continue
            page = self.lines[number].page
            field = self.fields.get(name)
            part = self._part(text, number)
            value = self._typed(text, field, part) if field is not None and field.name not in found else None
            if field is not None and value is not None:
                found[field.name] = value
            else:
                key = name
                while key in other:
                    key += "'"
                other[key] = Leaf(text, (part,), doubt=DOUBT)
        if other:
            found["other"] = other
        return {**found, "page": page} if found else {}

    def _typed(self, text: str, field: Field, part: Part) -> Value:
        if field.type == "amount":
            figure = amounts.figure(text, self.notation)
            if figure is None or figure.permille:
                return None
            return Leaf(figure.digits + ("%" if figure.percent else ""), (part,), figure=True, doubt=DOUBT)
        if field.type in {"code", "ordinal"}:
            digits = "".join(text.split())
            return Leaf(digits, (part,), doubt=DOUBT) if digits.isascii() and any(map(str.isdigit, digits)) else None
        return Leaf(text.strip(), (part,), doubt=DOUBT) if text.strip() else None

    def _part(self, text: str, number: int) -> Part:
        """Return the word of a line that is this value, else the whole line."""
        mine = "".join(labels.plain(text).split())
        for piece in pieces(self.lines[number]):
            if "".join(labels.plain(piece.text).split()) == mine:
                return piece
        line = self.lines[number]
        return Part(line.text, line.page, line.box)

    def _stands(self, text: str, number: int) -> bool:
        line = self.lines[number].text
        figure = amounts.figure(text, self.notation)
        if figure is not None:
            return amounts.stands(figure.digits, line) is not None
        return "".join(labels.plain(text).split()) in "".join(labels.plain(line).split())

    def _number(self, text: object) -> int | None:
        """Return the line (from 0) that a number or its text names."""
        said = str(text).strip()
        number = int(said) - 1 if said.isdecimal() and len(said) <= _DIGITS else -1
        return number if 0 <= number < len(self.lines) else None

    @staticmethod
    def _rows(answer: Answer) -> list[Mapping[str, Any]]:
        listed = answer.get("rows")
        return [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []

    @staticmethod
    def _values(row: Mapping[str, Any]) -> Iterator[tuple[str, str, object]]:
        for name, value in row.items():
            for pair in value if name == OTHER and isinstance(value, list) else [value]:
                if isinstance(pair, list) and len(pair) == _PAIR:
                    yield name, str(pair[0]), pair[1]
