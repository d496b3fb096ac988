"""Every stage, once, in order: the body of `extract_file` is the data flow of the program."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from structurer import __version__, check, chunks, document, extract, ground, layout, validate
from structurer.records import Finding, Grid, How

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from structurer.catalog import Catalog
    from structurer.records import Item, Json, Page, Sheet, Source

# Grids whose columns no ruling and no markup shows.
_TOLD_BY_TEXT = frozenset({"aligned", "dump"})


def extract_file(
    path: Path,
    catalog: Catalog,
    *,
    pages: Collection[int] | None = None,
    progress: Callable[[Page], None] | None = None,
) -> Item:
    """Return the result for one document; raises DocumentError if it cannot be read.

    `pages` limits the reading to these page numbers; `progress` is told of every page opened.
    Pages flow through one by one: what is kept of a page is what was found on it.
    """
    read: list[Sheet] = []
    opened = _chosen(document.open_pages(path), pages, progress)
    sheets = _noted((layout.sheet(page) for page in opened), read)
    questions = chunks.cut(layout.tables(sheets, catalog.lexicon), catalog.lexicon)
    answers = extract.records(questions, catalog)
    return _result(document.source(path), read, answers, catalog, partial=pages is not None)


def _chosen(
    opened: Iterable[Page], pages: Collection[int] | None, progress: Callable[[Page], None] | None
) -> Iterator[Page]:
    for page in opened:
        if progress:
            progress(page)
        if pages is None or page.number is None or page.number in pages:
            yield page


def _noted(sheets: Iterable[Sheet], read: list[Sheet]) -> Iterator[Sheet]:
    """Pass the sheets on and note each, without its blocks, in `read`."""
    for sheet in sheets:
        unruled = any(isinstance(block, Grid) and block.basis in _TOLD_BY_TEXT for block in sheet.blocks)
        read.append(replace(sheet, blocks=(), unruled=unruled))
        yield sheet


def _result(source: Source, read: list[Sheet], answers: extract.Answers, catalog: Catalog, *, partial: bool) -> Item:
    places = ground.Places({sheet.number: sheet.how for sheet in read})
    tables = ground.items(answers.tables, "/tables", places)
    cards = ground.items(answers.cards, "/cards", places)
    claims = ground.items(answers.claims, "/claims", places)
    disclosure = ground.member(answers.disclosure, "/disclosure", places)
    findings = [
        *_unread(read),
        *answers.findings,
        *validate.records(tables, "tables", catalog),
        *validate.records(cards, "cards", catalog),
    ]
    result: Item = {
        "source": {
            "name": source.name,
            "sha256": source.sha256,
            "media_type": source.media_type,
            "pages": [_page(sheet, answers.holds.get(sheet.number, [])) for sheet in read],
            "partial": partial,
        },
        "disclosure": disclosure,
        "tables": [*tables],
        "cards": [*cards],
        "claims": [*claims],
        "provenance": places.provenance,
        "verification": {},
        "run": {"version": __version__, "schemas": catalog.digest, "model": None},
    }
    result["verification"] = check.verification(result, catalog, found=findings)
    return result


def _page(sheet: Sheet, holds: list[str]) -> Json:
    """Account for a page: how it was read and what was found on it."""
    return {
        "number": sheet.number,
        "how": sheet.how.value,
        "unruled": sheet.unruled,
        "holds": list(holds),
        "reason": sheet.reason,
    }


def _unread(sheets: list[Sheet]) -> Iterator[Finding]:
    for sheet in sheets:
        if sheet.how is How.UNREAD:
            yield Finding("unread_page", "", sheet.number, {"reason": sheet.reason or ""})
