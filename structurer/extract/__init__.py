"""A chunk and the schemas to a record, by layout alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING

from structurer.extract import cards, choice, claims, disclosure, lists, prose_words, tables
from structurer.records import Finding, Form, Leaf

if TYPE_CHECKING:
    from collections.abc import Iterable

    from structurer.catalog import Catalog
    from structurer.catalog.lexicon import Lexicon
    from structurer.extract.values import Row
    from structurer.records import Chunk, Grid

# So many chunks at the start of a document tell its budget year.
_FIRST = 40


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


def records(questions: Iterable[Chunk], catalog: Catalog) -> Answers:
    """Return a record for every table and card, and a claim for every figure that prose states.

    The chunks are taken one by one and not kept, but for the first ones, which tell the budget year.
    """
    answers = Answers([], [], [], {}, [], {})
    stream = iter(questions)
    first = list(islice(stream, _FIRST))
    year = disclosure.year(first, catalog.lexicon)
    dated = catalog.of_year(year) if year else catalog
    code = None
    for chunk in chain(first, stream):
        _note_pages(chunk, answers)
        code = code or disclosure.code(chunk, catalog.lexicon)
        if chunk.grid is not None:
            _table(chunk, chunk.grid, dated, answers)
        elif chunk.form is Form.PASSAGE:
            answers.claims.extend(_claims(chunk, dated))
    lists.numbered(answers.tables, "t")
    lists.numbered(answers.cards, "k")
    lists.numbered(answers.claims, "s")
    items = answers.tables + answers.cards
    answers.disclosure.update(disclosure.read(items, catalog.document_kind, code, year))
    return answers


def _note_pages(chunk: Chunk, answers: Answers) -> None:
    for page in chunk.pages:
        held = answers.holds.setdefault(page, [])
        if chunk.form.value not in held:
            held.append(chunk.form.value)


def _table(chunk: Chunk, grid: Grid, catalog: Catalog, answers: Answers) -> None:
    chosen = choice.choose(grid, chunk.title.text if chunk.title else None, catalog)
    kind = chosen.kind
    if kind is not None and chosen.form is not None and chosen.picked is not None:
        answers.cards.append(cards.record(chunk, kind, chosen.form, chosen.picked, catalog))
        return
    table = tables.record(chunk, grid, kind, chosen.mapped, catalog)
    if kind is None:
        title = chunk.title.text.strip() if chunk.title else ""
        where = f"/tables/{len(answers.tables)}"
        answers.findings.append(Finding("unknown_table", where, chunk.pages[0], {"title": title}))
    answers.tables.append(table)
    if kind is not None and kind.card:
        answers.cards.extend(lists.cards(table, chosen.mapped, kind.card))


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
