"""A chunk and the schemas to a record: by layout, and by a model where it is asked."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING

from structurer.extract import cards, choice, claims, disclosure, lists, model, prose_words, tables
from structurer.extract.model import marks
from structurer.records import Finding, Form, Leaf

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from structurer.catalog import Catalog
    from structurer.catalog.lexicon import Lexicon
    from structurer.extract.model import Lined, Mark, Reading
    from structurer.extract.values import Row
    from structurer.records import Ask, Chunk, Grid

    Found = Reading | list[Lined] | None

# So many chunks at the start of a document tell its budget year.
_FIRST = 40
# What is said of a place of which one side says nothing.
_NOTHING = "—"


@dataclass(frozen=True, slots=True)
class Answers:
    """What the chunks say, with leaves where something is printed."""

    tables: list[Row]
    cards: list[Row]
    claims: list[Row]
    disclosure: Row
    findings: list[Finding]
    holds: dict[int | None, list[str]]
    """By page: what was found on it, in order."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model to be asked, and for which chunks."""

    ask: Ask
    way: model.Way
    always: bool
    """Whether every table and card is asked about, not only what layout and schema cannot map fully."""


def records(questions: Iterable[Chunk], catalog: Catalog, asked: Model | None = None) -> Answers:
    """Return a record for every table and card, and a claim for every figure that prose states.

    The chunks are taken one by one and not kept, but for the first ones, which tell the budget year, and
    those a model is being asked about.
    """
    answers = Answers([], [], [], {}, [], {})
    stream = iter(questions)
    first = list(islice(stream, _FIRST))
    year = disclosure.year(first, catalog.lexicon)
    dated = catalog.of_year(year) if year else catalog
    code = None
    for chunk, reading in _readings(chain(first, stream), dated, asked):
        _note_pages(chunk, answers)
        code = code or disclosure.code(chunk, catalog.lexicon)
        if chunk.grid is not None and isinstance(reading, model.Reading):
            _table(chunk, chunk.grid, reading, dated, answers)
        elif chunk.form is Form.PASSAGE:
            answers.claims.extend(_claims(chunk, dated))
            _lined(reading if isinstance(reading, list) else (), answers)
    lists.numbered(answers.tables, "t")
    lists.numbered(answers.cards, "k")
    lists.numbered(answers.claims, "s")
    items = answers.tables + answers.cards
    answers.disclosure.update(disclosure.read(items, catalog.document_kind, code, year))
    return answers


def _readings(chunks: Iterable[Chunk], catalog: Catalog, asked: Model | None) -> Iterator[tuple[Chunk, Found]]:
    """Yield each chunk with what it says by layout, and by the model where it is asked."""

    def way(chunk: Chunk) -> tuple[Chunk, Found | model.Dialogue[Found]]:
        if chunk.grid is None:
            ask = asked is not None and chunk.form is Form.PASSAGE and model.regions(chunk, catalog)
            return chunk, model.of_lines(chunk, catalog, asked.way) if asked and ask else None
        ours = choice.choose(chunk.grid, chunk.title.text if chunk.title else None, catalog)
        if asked is None or not (asked.always or not model.is_whole(chunk, ours, catalog)):
            return chunk, model.of_layout(ours)
        return chunk, model.reading(model.Asked(chunk, ours, catalog, asked.way), chunk.grid)

    if asked is not None:
        yield from model.held(map(way, chunks), asked.ask)
        return
    for chunk, found in map(way, chunks):
        if not isinstance(found, Generator):
            yield chunk, found


def _note_pages(chunk: Chunk, answers: Answers) -> None:
    for page in chunk.pages:
        held = answers.holds.setdefault(page, [])
        if chunk.form.value not in held:
            held.append(chunk.form.value)


def _table(chunk: Chunk, grid: Grid, found: Reading, catalog: Catalog, answers: Answers) -> None:
    kind = found.kind
    if kind is not None and found.form is not None and found.picked is not None:
        card = cards.record(chunk, kind, found.form, found.picked, catalog)
        answers.findings.extend(_told(found.marks, f"/cards/{len(answers.cards)}", chunk.pages[0]))
        answers.cards.append(marks.doubtful(card, found.doubted))
        return
    where = f"/tables/{len(answers.tables)}"
    table = tables.record(chunk, grid, kind, found.mapped, catalog, found.left)
    if kind is None:
        title = chunk.title.text.strip() if chunk.title else ""
        answers.findings.append(Finding("unknown_table", where, chunk.pages[0], {"title": title}))
    answers.findings.extend(_told(found.marks, where, chunk.pages[0]))
    _doubt_rows(table, found)
    answers.tables.append(table)
    if kind is not None and kind.card:
        listed = lists.cards(table, found.mapped, kind.card)
        answers.cards.extend(marks.doubtful(card, found.doubted) for card in listed)


def _lined(found: Sequence[Lined], answers: Answers) -> None:
    """Add the tables that a model read off lines."""
    for table in found:
        where = "" if table.record is None else f"/tables/{len(answers.tables)}"
        answers.findings.extend(_told(table.marks, where, table.page))
        if table.record is not None:
            answers.tables.append(table.record)


def _doubt_rows(table: Row, found: Reading) -> None:
    """Put the fields that a model alone says in doubt in every row of a table."""
    rows = table["rows"]
    if isinstance(rows, list):
        table["rows"] = [marks.doubtful(row, found.doubted) if isinstance(row, dict) else row for row in rows]


def _told(found: Iterable[Mark], where: str, page: int | None) -> Iterator[Finding]:
    """Yield what the reader must know of a model's answer, a finding a mark."""
    for mark in found:
        place = next((mark.facts[name] for name in ("cell", "column", "rows", "row") if name in mark.facts), "")
        facts = {
            "what": mark.what,
            "place": place,
            "said": mark.said or _NOTHING,
            "ours": mark.ours or _NOTHING,
            "pointer": mark.pointer,
        }
        yield Finding(mark.code, where, page, facts)


def _claims(chunk: Chunk, catalog: Catalog) -> list[Row]:
    found = claims.claims(chunk.lines, _prose_words(catalog.lexicon), catalog.lexicon.notation)
    return [_claim(claim) for claim in found]


def _claim(claim: claims.Claim) -> Row:
    figure = claim.figure
    percent = "%" if figure.figure.percent else ""
    return {
        "id": None,
        "page": claim.parts[0].page if claim.parts else None,
        "kind": claim.kind.value,
        "subject": claim.subject,
        "value": Leaf(figure.figure.digits, claim.parts, figure=True),
        "unit": (figure.scale or "") + (figure.unit or "") or percent or None,
        "year": claim.year,
        "direction": claim.direction,
        "compared_with": claim.compared_with,
        "sentence": claim.sentence,
    }


@lru_cache(maxsize=8)
def _prose_words(lexicon: Lexicon) -> prose_words.ProseWords:
    return prose_words.from_lexicon(lexicon.raw)
