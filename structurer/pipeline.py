"""Every stage, once, in order: the body of `extract` is the data flow of the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from structurer import __version__, chunks, document, extract, ground, layout, validate
from structurer.records import Finding, How

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from structurer.catalog import Catalog
    from structurer.records import Chunk, Json, Page, Sheet, Source


def extract_file(
    path: Path,
    catalog: Catalog,
    *,
    pages: Collection[int] | None = None,
    progress: Callable[[Page], None] | None = None,
) -> dict[str, Json]:
    """Return the result for one document; raises DocumentError if it cannot be read.

    `pages` limits the reading to these page numbers; `progress` is told of every page opened.
    """
    source = document.source(path)
    opened = _chosen(document.open_pages(path), pages, progress)
    sheets = [layout.sheet(page) for page in opened]
    questions = chunks.cut(layout.tables(sheets, catalog.lexicon), catalog.lexicon)
    answers = extract.records(questions, catalog)
    return _result(source, sheets, questions, answers, catalog)


def _chosen(
    opened: Iterable[Page], pages: Collection[int] | None, progress: Callable[[Page], None] | None
) -> Iterator[Page]:
    for page in opened:
        if progress:
            progress(page)
        if pages is None or page.number is None or page.number in pages:
            yield page


def _result(
    source: Source, sheets: list[Sheet], questions: list[Chunk], answers: extract.Answers, catalog: Catalog
) -> dict[str, Json]:
    places = ground.Places({sheet.number: sheet.how for sheet in sheets})
    tables = ground.placed(answers.tables, "/tables", places)
    cards = ground.placed(answers.cards, "/cards", places)
    claims = ground.placed(answers.claims, "/claims", places)
    disclosure = ground.placed(answers.disclosure, "/disclosure", places)
    findings = [
        *_unread(sheets),
        *answers.findings,
        *validate.records(tables, "tables", catalog),
        *validate.records(cards, "cards", catalog),
    ]
    return {
        "source": {
            "name": source.name,
            "sha256": source.sha256,
            "media_type": source.media_type,
            "pages": _pages(sheets, questions),
        },
        "disclosure": disclosure,
        "tables": tables,
        "cards": cards,
        "claims": claims,
        "provenance": places.provenance,
        "verification": {
            "figures": len(places.figures),
            "grounded": sum(places.figures.values()),
            "findings": [_finding(finding) for finding in findings],
        },
        "run": {"version": __version__, "schemas": catalog.digest, "model": None},
    }


def _pages(sheets: list[Sheet], questions: list[Chunk]) -> list[Json]:
    """Account for every page: how it was read and what was found on it."""
    holds: dict[int | None, list[str]] = {}
    for question in questions:
        for page in question.pages:
            names = holds.setdefault(page, [])
            if question.form.value not in names:
                names.append(question.form.value)
    return [
        {"number": s.number, "how": s.how.value, "holds": holds.get(s.number, []), "reason": s.reason} for s in sheets
    ]


def _unread(sheets: list[Sheet]) -> Iterator[Finding]:
    for sheet in sheets:
        if sheet.how is How.UNREAD:
            yield Finding("unread_page", "", sheet.number, {"reason": sheet.reason or ""})


def _finding(finding: Finding) -> Json:
    return {"code": finding.code, "where": finding.where, "page": finding.page, "facts": dict(finding.facts)}
