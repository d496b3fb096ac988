"""A chunk with a grid, by layout and by a model: a reading that neither of them made alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from structurer.extract import cards as by_label
from structurer.extract import header, values
from structurer.extract.model import cards, marks, tables, talk, transcribed, view
from structurer.extract.model.marks import ALONE, Mark, Reading
from structurer.extract.model.tables import OTHER, ROWS
from structurer.records import Question

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from structurer.catalog import Catalog
    from structurer.catalog.kinds import Kind
    from structurer.extract.choice import Choice
    from structurer.extract.model.talk import Dialogue, Piece, Way
    from structurer.extract.model.view import View
    from structurer.records import Cell, Chunk, Fault, Grid, Json, Outcome

    Answer = Mapping[str, Any]
    Judge = Callable[[Json], Sequence[Fault]]
    Read = Callable[[Answer, View], Reading]

_NONE: list[Mark] = []
# So much is told of a fault.
_BRIEF = 80
# So many rows of a table tell its kind.
_TELLING = 8
# Tokens that one named cell, and one typed value beside its text, take in an answer.
_NAMED, _TYPED = 14, 16


@dataclass(frozen=True, slots=True)
class Asked:
    """A chunk that a model is asked about."""

    chunk: Chunk
    ours: Choice
    catalog: Catalog
    way: Way
    labels: frozenset[tuple[int, int]] = frozenset()
    """Cells that we know to be headings or labels: they are shown whole."""
    rows_alike: bool = False
    """Whether its figures stand in columns, so that those far down need not be shown."""

    def question(self, prompt: str, shown: View, schema: Mapping[str, Json], judge: Judge, longest: int) -> Question:
        """Return a question about rows of its grid, answered in about so many tokens beside a frame."""
        material = view.material(self.chunk, shown, None if self.way.transcribe else self._brief)
        pictures = self.way.pictures(self.chunk.pages) if self.way.pictures else ()
        return Question(prompt, material, schema, judge, talk.FRAME + longest, pictures)

    def _brief(self, cell: Cell) -> str:
        if (cell.row, cell.column) in self.labels:
            return cell.text
        return view.shortened(cell, figure=self.rows_alike and values.is_figure(cell, self.catalog.lexicon))


def of_layout(ours: Choice) -> Reading:
    """Return what layout alone reads."""
    return Reading(ours.kind, ours.mapped, ours.form, ours.picked)


def is_whole(chunk: Chunk, ours: Choice, catalog: Catalog) -> bool:
    """Tell whether layout and schema map a grid fully: its kind is known, and every figure of it has a field."""
    grid, lexicon = chunk.grid, catalog.lexicon
    if grid is None:
        return True
    figures = [cell for cell in grid.cells if values.is_figure(cell, lexicon)]
    if ours.kind is None:
        return not figures
    if ours.form is not None and ours.picked is not None:
        inside = {row for region in ours.picked.regions for row in region.rows}
        free = [
            cell
            for cell in ours.form.grid.cells
            if values.is_figure(cell, lexicon) and by_label.is_value(cell, ours.form) and cell.row not in inside
        ]
        return bool(ours.picked.values) and all((c.row, c.column) in ours.picked.values for c in free)
    head = ours.mapped.header
    at = {slot: index for index, c in enumerate(head.columns) for slot in range(c.start, c.end)}
    return all(ours.mapped.fields[at[cell.column]] is not None for cell in figures if cell.row >= head.body)


def reading(asked: Asked, grid: Grid) -> Dialogue[Reading]:
    """Ask about a grid and return what comes of it; without an answer, what layout reads."""
    kind, failed = asked.ours.kind, None
    if kind is None:
        kind, failed = yield from _kind(asked, view.of_grid(grid))
    if kind is None:
        return replace(of_layout(asked.ours), marks=[failed] if failed else [])
    return (yield from (_card if kind.form == "card" else _table)(asked, grid, kind))


def _kind(asked: Asked, seen: View) -> Dialogue[tuple[Kind | None, Mark | None]]:
    """Ask which kind a table is of that layout does not know."""
    catalog = asked.catalog
    names = [kind.name for kind in catalog.kinds]
    listed = "\n".join(f"{kind.name} {kind.schema.get('title', '')}" for kind in catalog.kinds)
    schema: dict[str, Json] = {
        "type": "object",
        "properties": {"kind": {"enum": [*names, OTHER]}},
        "required": ["kind"],
        "additionalProperties": False,
    }
    asked = replace(asked, labels=frozenset((cell.row, cell.column) for cell in seen.grid.cells))
    prompt = asked.way.prompts.filled("choose_kind", kinds=listed, other=OTHER)
    shown = replace(seen, rows=seen.rows[:_TELLING])
    reply = yield asked.question(prompt, shown, schema, lambda _: (), 0)
    if not isinstance(reply.value, dict):
        return None, failure(reply.outcome, reply.reason, shown.rows)
    return catalog.kind(str(reply.value.get("kind"))), None


def failure(outcome: Outcome, reason: str, rows: Sequence[int]) -> Mark:
    """Return what is told of a question without an answer."""
    return Mark("model_failed", outcome.value, "", reason, facts={"rows": view.said(rows)})


def _table(asked: Asked, grid: Grid, kind: Kind) -> Dialogue[Reading]:
    ours, way, lexicon, seen = asked.ours, asked.way, asked.catalog.lexicon, view.of_grid(grid)
    known = ours.kind is not None
    head = ours.mapped.header if known else header.read(grid, lexicon)
    asked = replace(
        asked, labels=frozenset((c.row, c.column) for c in grid.cells if c.row < head.body), rows_alike=True
    )
    offered = tables.fields(kind, head)
    prompt = _prompt("table", way)
    schema = (transcribed.table_schema if way.transcribe else tables.schema)(kind, offered)

    def read(answer: Answer, shown: View) -> Reading:
        selected, wrong = answer, _NONE
        if way.transcribe:
            selected, wrong = transcribed.table(answer, head, head.body if known else None, shown, lexicon.notation)
        found = tables.compared(selected, kind, ours, shown, lexicon)
        return replace(found, marks=[*wrong, *found.marks])

    def make(shown: View) -> Question:
        longest = _typed(shown) if way.transcribe else _NAMED * len(offered) + 4 * grid.n_rows
        return asked.question(prompt, shown, schema, _judge(read, shown, way), longest)

    pieces = yield from talk.in_pieces(seen, max(head.body, 1), make, _leaves_out(read))
    return _joined(pieces, ours, lambda answer: read(answer, seen), _add_table)


def _card(asked: Asked, grid: Grid, kind: Kind) -> Dialogue[Reading]:
    ours, way, lexicon = asked.ours, asked.way, asked.catalog.lexicon
    known = ours.form is not None
    form = ours.form if ours.form is not None else by_label.labelled(kind, grid, lexicon)
    base = ours.picked if ours.picked is not None else by_label.picked(kind, form, lexicon)
    mine = Reading(kind, ours.mapped, form, base)
    seen = view.of_grid(form.grid)
    heads = {(cell.row, cell.column) for region in base.regions for cell, _ in region.heads}
    asked = replace(asked, labels=form.known | heads)
    offered, parts = cards.fields(kind, seen, lexicon, base, form)
    prompt = _prompt("card", way)
    schema = (transcribed.card_schema if way.transcribe else cards.schema)(kind, offered, parts)

    def read(answer: Answer, shown: View) -> Reading:
        selected, wrong = answer, _NONE
        if way.transcribe:
            selected, wrong = transcribed.card(answer, kind, shown, lexicon.notation)
        found = cards.compared(selected, mine, shown, lexicon, known=known)
        return replace(found, marks=[*wrong, *found.marks])

    def make(shown: View) -> Question:
        named = len(offered) + sum(len(inner) for _, inner in parts)
        longest = _typed(shown) if way.transcribe else _NAMED * named
        return asked.question(prompt, shown, schema, _judge(read, shown, way), longest)

    pieces = yield from talk.in_pieces(seen, 0, make, lambda _answer, _shown: False)
    return _joined(pieces, ours, lambda answer: read(answer, seen), _add_card)


def _prompt(what: str, way: Way) -> str:
    if way.transcribe:
        return way.prompts.filled(f"transcribe_{what}", other=OTHER)
    return way.prompts.filled(f"select_{what}")


def _judge(read: Read, shown: View, way: Way) -> Judge:
    """Return what tells a model what is wrong with its answer; what it alone says is no fault."""

    def judge(answer: Json) -> list[Fault]:
        if not isinstance(answer, dict) or answer.get("kind") == OTHER:
            return []
        return [mark.fault(way.prompts) for mark in read(answer, shown).marks if mark.code != ALONE]

    return judge


def _typed(shown: View) -> int:
    """Return about how many tokens it takes to type all that is shown: no character takes more than one."""
    cells = [cell for row in shown.rows for cell in shown.own(row)]
    return sum(_TYPED + len(cell.text) for cell in cells)


def _leaves_out(read: Read) -> Callable[[Answer, View], bool]:
    return lambda answer, shown: any(mark.what == "row_left_out" for mark in read(answer, shown).marks)


def _joined(
    pieces: Sequence[Piece],
    ours: Choice,
    read: Callable[[Answer], Reading],
    add: Callable[[Answer, Answer], Answer],
) -> Reading:
    """Return what the answers to all pieces come to together; what failed is told beside it."""
    failed = [failure(p.reply.outcome, p.reply.reason, p.seen.rows) for p in pieces if p.answer is None]
    answers = [piece.answer for piece in pieces if piece.answer is not None]
    said = [answer for answer in answers if answer.get("kind") != OTHER]
    if not said:
        odd = [Mark(marks.AGAINST, "kind", "/kind", OTHER, ours.kind.name)] if answers and ours.kind else []
        return replace(of_layout(ours), marks=[*odd, *failed])
    whole: Answer = said[0]
    for answer in said[1:]:
        whole = add(whole, answer)
    found = read(whole)
    if failed:
        # What was not asked about is not left out.
        found = replace(found, marks=[mark for mark in found.marks if not mark.what.endswith("left_out")])
    return replace(found, marks=[*found.marks, *_unfit(pieces, found), *failed])


def _unfit(pieces: Sequence[Piece], found: Reading) -> list[Mark]:
    """Return a mark for an answer that stayed faulty, where nothing else tells of it."""
    if any(mark.code != ALONE for mark in found.marks):
        return []
    faults = [piece.reply.faults[0] for piece in pieces if piece.answer is not None and piece.reply.faults]
    return [Mark(marks.WRONG, "form", fault.pointer, fault.reason[:_BRIEF]) for fault in faults[:1]]


def _add_table(whole: Answer, more: Answer) -> Answer:
    """Return an answer with one on further rows; the rows of the header, shown with every piece, count once."""
    if transcribed.ROWS in more:
        return {**whole, transcribed.ROWS: [*_listed(whole, transcribed.ROWS), *_listed(more, transcribed.ROWS)]}
    columns = {**_object(more, "columns"), **_object(whole, "columns")}
    before = {row for name in ROWS for row in view.ranges(whole.get(name, ""), _ANY) or ()}
    rows: dict[str, Json] = {}
    for name in ROWS:
        mine, its = view.ranges(whole.get(name, ""), _ANY), view.ranges(more.get(name, ""), _ANY)
        # What cannot be read stays as it is, to be marked.
        rows[name] = more.get(name) if its is None else whole.get(name)
        if mine is not None and its is not None:
            rows[name] = view.said([*mine, *(row for row in its if row not in before)])
    return {**whole, "columns": columns, **rows}


# More rows than any grid has.
_ANY = 99_999


def _add_card(whole: Answer, more: Answer) -> Answer:
    """Return an answer with one on further rows of a card."""
    joined = dict(whole)
    for name, value in more.items():
        if isinstance(value, dict):
            joined[name] = {**value, **_object(whole, name)}
        elif isinstance(value, list):
            joined[name] = [*_listed(whole, name), *value]
    return joined


def _listed(answer: Answer, name: str) -> list[Any]:
    value = answer.get(name)
    return value if isinstance(value, list) else []


def _object(answer: Answer, name: str) -> dict[str, Any]:
    value = answer.get(name)
    return value if isinstance(value, dict) else {}
