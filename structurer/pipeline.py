"""Every stage, once, in order: the body of `extract_file` is the data flow of the program."""

from __future__ import annotations

import math
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from structurer import __version__, check, chunks, document, extract, ground, layout, ocr, prompts, validate
from structurer.ocr import ahead, stored
from structurer.records import DAMAGED, FONTS, OTHERWISE, Finding, Grid, How, Matrix, Page

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator, Iterable, Iterator
    from decimal import Decimal
    from pathlib import Path

    from structurer.catalog import Catalog
    from structurer.records import Ask, Item, Json, Question, Reply, Sheet, Source

OCR = ("auto", "always", "never")
"""Which pages are recognised in their picture: without a text layer to be trusted, all that can be drawn, none."""
_QUARTER = 90
# Sizes that differ by less than this share differ by the rounding of pixels.
_SAME_SIZE = 0.01
# Grids whose columns no ruling and no markup shows.
_TOLD_BY_TEXT = frozenset({"aligned", "dump"})


@dataclass(frozen=True, slots=True)
class Recognition:
    """How pages are recognised in their picture."""

    which: str = OCR[0]
    """One of OCR."""
    workers: int = 1
    """By how many processes at a time."""
    folder: Path | None = None
    """Where recognised pages are kept, and found when the same picture comes again; None: nowhere."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model to be asked about a document, by its name, and how."""

    name: str
    ask: Ask
    always: bool = False
    """Whether it is asked about every table and card, not only about what layout and schema cannot map fully."""
    transcribe: bool = False
    """Whether it types every value a second time, instead of naming cells."""
    pictures: bool = False
    """Whether the pages go along as pictures."""
    currency: str | None = None


def extract_file(  # noqa: PLR0913  what may be asked for
    path: Path,
    catalog: Catalog,
    *,
    pages: Collection[int] | None = None,
    progress: Callable[[Page], None] | None = None,
    model: Model | None = None,
    recognise: str | Recognition = OCR[0],
) -> Item:
    """Return the result for one document; raises DocumentError if it cannot be read.

    `pages` limits the reading to these page numbers; `progress` is told of every page when it was read. Without a
    `model` the document is read by layout and schema alone. `recognise` is one of OCR, or says more. Pages flow
    through one by one: what is kept of a page is what was found on it.
    """
    read: list[Sheet] = []
    recognition = recognise if isinstance(recognise, Recognition) else Recognition(recognise)
    with closing(seen(path, recognition, pages)) as opened:
        sheets = _noted((layout.sheet(page) for page in _chosen(opened, pages, progress)), read)
        questions = chunks.cut(layout.tables(sheets, catalog.lexicon), catalog.lexicon)
        asked = _Asked(model, path) if model else None
        answers = extract.records(questions, catalog, asked.way() if asked else None)
    result = _result(document.source(path), read, answers, catalog, partial=pages is not None)
    if asked:
        result["run"] = {**_object(result["run"]), **asked.told()}
    return result


def _object(value: Json) -> Item:
    return value if isinstance(value, dict) else {}


@dataclass(slots=True)
class _Asked:
    """The questions to a model about one document, and what its answers took."""

    model: Model
    path: Path
    outcomes: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: Decimal | None = None

    def way(self) -> extract.Model:
        pictures = (lambda numbers: document.drawn(self.path, numbers)) if self.model.pictures else None
        way = extract.model.Way(prompts.load(), self.model.transcribe, pictures)
        return extract.Model(self._ask, way, self.model.always)

    def _ask(self, questions: Iterable[Question]) -> Iterator[Reply]:
        for reply in self.model.ask(questions):
            self.outcomes[reply.outcome.value] += 1
            self.calls += reply.usage.calls
            self.tokens_in += reply.usage.tokens_in
            self.tokens_out += reply.usage.tokens_out
            if reply.usage.cost is not None:
                self.cost = reply.usage.cost + (self.cost or 0)
            yield reply

    def told(self) -> Item:
        """Return what of it belongs into a result."""
        return {
            "model": self.model.name,
            "asked": {
                "engine": "model" if self.model.always else "auto",
                "transcribed": self.model.transcribe,
                "pictures": self.model.pictures,
                "prompts": prompts.load().digest,
                "questions": self.outcomes.total(),
                "outcomes": dict(sorted(self.outcomes.items())),
                "calls": self.calls,
                "tokens_in": self.tokens_in,
                "tokens_out": self.tokens_out,
                "cost": None if self.cost is None else f"{self.cost:f}",
                "currency": self.model.currency,
            },
        }


def _chosen(
    opened: Iterable[Page], pages: Collection[int] | None, progress: Callable[[Page], None] | None
) -> Iterator[Page]:
    for page in opened:
        if progress:
            progress(page)
        if _is_chosen(page, pages):
            yield page


def _is_chosen(page: Page, pages: Collection[int] | None) -> bool:
    return pages is None or page.number is None or page.number in pages


def seen(path: Path, recognition: Recognition, pages: Collection[int] | None = None) -> Generator[Page]:
    """Yield the pages of a document, those that are recognised with what their picture shows.

    Of those that are not among `pages` none is recognised. Raises DocumentError if the document cannot be read.
    """

    def wanted(page: Page) -> bool:
        return _wanted(page, recognition.which) and _is_chosen(page, pages)

    opened = document.open_pages(path)
    if recognition.which == "never" or document.page_count(path) is None or not ocr.available():
        yield from map(_distrusted, opened)
        return
    opened = _compared(opened, path, recognition, pages)
    reader = stored.Reader(partial(document.picture, path), recognition.folder)
    with closing(ahead.scans(opened, wanted, reader, recognition.workers)) as scans:
        for page, scan in scans:
            yield _distrusted(page) if scan is None else _recognised(page, scan)


def _wanted(page: Page, which: str) -> bool:
    """Tell whether a page is to be recognised, one of OCR being asked for; its suspicion was compared before."""
    if which == "auto":
        return page.how is How.UNREAD or page.suspect is not None
    return which == "always"


def _compared(
    opened: Iterable[Page], path: Path, recognition: Recognition, pages: Collection[int] | None
) -> Iterator[Page]:
    """Yield the pages, those whose fonts are suspected after a look at what they display."""
    for page in opened:
        looked_at = page.suspect == FONTS and recognition.which == "auto" and _is_chosen(page, pages)
        picture = document.picture(path, page.number) if looked_at else None
        if picture is None:
            yield page
        else:
            yield replace(page, suspect=None if ocr.agrees(picture, page.words) else OTHERWISE)


def _distrusted(page: Page) -> Page:
    """Return a page that was not recognised; where its text layer is not to be trusted, it says so."""
    return replace(page, reason=page.suspect) if page.suspect else page


def _recognised(page: Page, scan: ocr.Scan) -> Page:
    if scan.reason and page.suspect and page.words:
        return _distrusted(page)
    if scan.reason == ocr.BLANK and (page.reason or "").startswith(DAMAGED):
        # What cannot be drawn looks blank, and is not.
        return page
    if scan.reason == ocr.BLANK:
        return replace(page, how=How.BLANK, words=(), rulings=(), blocks=(), reason=None)
    if scan.reason:
        return replace(page, how=How.UNREAD, words=(), rulings=(), blocks=(), reason=scan.reason)
    return Page(
        page.number,
        scan.width,
        scan.height,
        How.OCR,
        scan.words,
        scan.rulings,
        reason=page.suspect,
        upright=_enlarged(_upright(scan), page.width / (scan.height if scan.turned % (2 * _QUARTER) else scan.width)),
    )


def _enlarged(matrix: Matrix | None, by: float) -> Matrix | None:
    """Return what also enlarges: a page that is larger than any paper was recognised as if it were paper."""
    if abs(by - 1) <= _SAME_SIZE or not by:
        return matrix
    own = matrix or Matrix(1, 0, 0, 1, 0, 0)
    return Matrix(by * own.a, by * own.b, by * own.c, by * own.d, by * own.e, by * own.f)


def _upright(scan: ocr.Scan) -> Matrix | None:
    """Return what takes a point of the straightened page to the page as displayed."""
    if not scan.turned and not scan.skew:
        return None
    width, height = scan.width, scan.height
    # Straightened about its middle: turned back there by the same angle.
    cos, sin = math.cos(math.radians(scan.skew)), math.sin(math.radians(scan.skew))
    x, y = width / 2, height / 2
    e, f = x - cos * x - sin * y, y + sin * x - cos * y
    a, b, c, d = cos, -sin, sin, cos
    # (x, y) of the turned page on the one displayed.
    if scan.turned == _QUARTER:
        return Matrix(b, -a, d, -c, f, width - e)
    if scan.turned == 2 * _QUARTER:
        return Matrix(-a, -b, -c, -d, width - e, height - f)
    if scan.turned == 3 * _QUARTER:
        return Matrix(-b, a, -d, c, height - f, e)
    return Matrix(a, b, c, d, e, f)


def _noted(sheets: Iterable[Sheet], read: list[Sheet]) -> Iterator[Sheet]:
    """Pass the sheets on and note each, without its blocks, in `read`."""
    for sheet in sheets:
        unruled = any(isinstance(block, Grid) and block.basis in _TOLD_BY_TEXT for block in sheet.blocks)
        read.append(replace(sheet, blocks=(), unruled=unruled))
        yield sheet


def _result(source: Source, read: list[Sheet], answers: extract.Answers, catalog: Catalog, *, partial: bool) -> Item:
    upright = {sheet.number: sheet.upright for sheet in read if sheet.upright}
    distrusted = {sheet.number for sheet in read if _is_distrusted(sheet)}
    places = ground.Places({sheet.number: sheet.how for sheet in read}, upright, distrusted)
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
        elif _is_distrusted(sheet):
            yield Finding("distrusted_page", "", sheet.number, {"reason": sheet.reason or ""})


def _is_distrusted(sheet: Sheet) -> bool:
    """Tell whether a page was read from a text layer that is not to be trusted."""
    return sheet.how is How.TEXT and sheet.reason is not None
