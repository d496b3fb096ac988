"""Pages of a PDF: words and rulings of the text layer, in the coordinates of the page as displayed."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

import pymupdf

from structurer import errors
from structurer.document import strokes, trust
from structurer.records import DAMAGED, Box, How, Page, Word

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Upright = tuple[float, float, float]
    _Raw = tuple[float, float, float, float, str, int, int, int]

# A PDF starts with its mark, possibly after some debris; readers look this far for it.
_MARK, _MARK_WITHIN = b"%PDF-", 1024
# Text this close to a ruling still counts as beside it, not across it (points).
_TOUCH = 1.0
# The store of the library is emptied after so many pages.
_SHRINK_EVERY = 16
# A page with a picture over most of it and no more words than this is a scan.
_FEW_WORDS = 12
# What no list of pictures and paths of a page names: pictures inside its content, masks, shades.
_PAINTED = frozenset({"fill-image", "fill-imgmask", "fill-shade"})
_NO_MEANING = "\ufffd"
# Without this, a character whose meaning nothing tells is one of no meaning, and not its number in the font.
_GUESSED = pymupdf.TEXT_CID_FOR_UNKNOWN_UNICODE
# A ruling may touch a character beside it by this share of its width.
_INTO_GLYPH = 0.2
# Between two figures the gap is wider than between two digits of one by at least this much (points).
_WIDER = 0.2
_NUMERIC = frozenset("0123456789.,-%").__contains__
# With fewer vertical rulings there is no column between them; columns are told by gaps alone.
_FEW_VERTICALS = 3
# A name and the figure of the next column, read as one word across a narrow gap.
_NAME_AND_FIGURE = re.compile(r"[^\W0-9A-Za-z_][)\uff09]?-?[0-9][0-9,]*(?:\.[0-9]+)?%?\Z")
# A page of more vector paths than this is a drawing; its rulings are not worth the time.
_MOST_PATHS = 300_000

pymupdf.TOOLS.mupdf_display_errors(False)
pymupdf.TOOLS.mupdf_display_warnings(False)


def pages(path: Path) -> Iterator[Page]:
    """Yield the pages of the PDF one by one; earlier ones are not kept.

    Raises DocumentError if the file is no PDF, is encrypted, has no page or cannot be opened.
    """
    with path.open("rb") as file:
        if _MARK not in file.read(_MARK_WITHIN):
            raise errors.DocumentError(str(path), "this is not a PDF (no %PDF mark at its start)")
    try:
        document = pymupdf.open(str(path), filetype="pdf")
    except (pymupdf.FileDataError, pymupdf.mupdf.FzErrorBase, RuntimeError, ValueError) as error:
        raise errors.DocumentError(str(path), f"the PDF is damaged and cannot be opened ({_brief(error)})") from error
    with document:
        if document.needs_pass:
            raise errors.DocumentError(str(path), "the PDF is encrypted; remove its password first")
        count = _count(document, path)
        if count == 0:
            raise errors.DocumentError(str(path), "the PDF has no page; it may be truncated")
        fonts = trust.Fonts(document)
        for index in range(count):
            yield _page(document, index, fonts)


def _count(document: pymupdf.Document, path: Path) -> int:
    try:
        return int(document.page_count)
    except (pymupdf.mupdf.FzErrorBase, RuntimeError, ValueError) as error:
        raise errors.DocumentError(str(path), f"the list of pages of the PDF is damaged ({_brief(error)})") from error


def _page(document: pymupdf.Document, index: int, fonts: trust.Fonts) -> Page:
    try:
        page = document[index]
        return _read(page, index + 1, fonts)
    except (pymupdf.mupdf.FzErrorBase, RuntimeError, ValueError, IndexError) as error:
        reason = f"{DAMAGED}: {_brief(error)}"
        return Page(index + 1, 0.0, 0.0, How.UNREAD, reason=reason)
    finally:
        # Fonts and pictures of earlier pages would pile up in the store of the library.
        if index % _SHRINK_EVERY == 0:
            pymupdf.TOOLS.store_shrink(100)


def _read(page: pymupdf.Page, number: int, fonts: trust.Fonts) -> Page:
    width, height = page.rect.width, page.rect.height
    matrix = page.rotation_matrix if page.rotation else None
    text, raw, suspect = _text(page)
    if not raw:
        how, reason = _without_text(page)
        return Page(number, width, height, how, reason=reason)
    if page.get_images() and trust.covered(page):
        if len(raw) <= _FEW_WORDS:
            reason = f"picture_only: {' '.join(word[4] for word in raw)[:80]}"
            return Page(number, width, height, How.UNREAD, reason=reason)
        suspect = suspect or trust.hidden(page)
    suspect = suspect or fonts.suspect(page)
    paths = page.get_cdrawings()
    rulings = strokes.rulings(paths, matrix) if len(paths) <= _MOST_PATHS else ()
    if matrix is None:
        words = [(Word(word[4], Box(word[0], word[1], word[2], word[3])), word[5]) for word in raw]
    else:
        words = [(Word(word[4], _placed(word[:4], matrix)), word[5]) for word in raw]
    verticals = sorted((r.x0, r.top, r.bottom) for r in rulings if r.x0 == r.x1)
    crossed = _crossed(words, verticals) if len(verticals) >= _FEW_VERTICALS else _glued(words)
    whole = [word for word, block in words if block not in crossed]
    if crossed:
        whole += _cut(text, crossed, verticals, matrix)
    return Page(number, width, height, How.TEXT, tuple(whole), rulings, suspect=suspect)


def _text(page: pymupdf.Page) -> tuple[pymupdf.TextPage, list[_Raw], str | None]:
    """Return the text of a page, its words, and why they cannot be what is displayed.

    Where something has no meaning, the text is read again with what the library takes it for: better than nothing
    where nothing else reads the page.
    """
    text = page.get_textpage(flags=pymupdf.TEXTFLAGS_WORDS & ~_GUESSED)
    raw = [word for word in text.extractWORDS() if word[4].strip()]
    suspect = trust.unreadable([word[4] for word in raw])
    if any(_NO_MEANING in word[4] for word in raw):
        text = page.get_textpage(flags=pymupdf.TEXTFLAGS_WORDS)
        raw = [word for word in text.extractWORDS() if word[4].strip()]
    return text, raw, suspect


def _without_text(page: pymupdf.Page) -> tuple[How, str | None]:
    if page.get_images() or page.get_cdrawings() or any(kind in _PAINTED for kind, *_ in page.get_bboxlog()):
        return How.UNREAD, "no_text_layer"
    if page.parent.is_repaired:
        # The file has lost parts, and what was printed here may be one of them.
        return How.UNREAD, f"{DAMAGED}: nothing is left of it in a PDF that had to be repaired"
    return How.BLANK, None


def _placed(box: tuple[float, float, float, float], matrix: pymupdf.Matrix | None) -> Box:
    if matrix is None:
        return Box(*box)
    rect = pymupdf.Rect(box) * matrix
    return Box(rect.x0, rect.y0, rect.x1, rect.y1)


def _crossed(words: list[tuple[Word, int]], verticals: list[Upright]) -> set[int]:
    """Return the text blocks with a word that a vertical ruling runs through: it may be two cells' text."""
    xs = [x for x, _, _ in verticals]
    crossed: set[int] = set()
    for word, block in words:
        box = word.box
        middle = (box.top + box.bottom) / 2
        for index in range(bisect_left(xs, box.x0 + _TOUCH), len(xs)):
            x, top, bottom = verticals[index]
            if x > box.x1 - _TOUCH:
                break
            if top <= middle <= bottom:
                crossed.add(block)
                break
    return crossed


def _glued(words: list[tuple[Word, int]]) -> set[int]:
    """Return the text blocks with a word that ends in a figure: where no ruling parts columns, it may be two."""
    return {block for word, block in words if _NAME_AND_FIGURE.search(word.text)}


def _cut(
    text: pymupdf.TextPage, blocks: set[int], verticals: list[Upright], matrix: pymupdf.Matrix | None
) -> list[Word]:
    """Go through these blocks character by character and end a word where a ruling parts two cells."""
    words: list[Word] = []
    for block in text.extractRAWDICT()["blocks"]:
        for line in block.get("lines", ()) if block["number"] in blocks else ():
            run: list[tuple[str, Box]] = []
            for char in (char for span in line["spans"] for char in span["chars"]):
                box = _placed(char["bbox"], matrix)
                blank = char["c"].isspace()
                if run and (blank or _apart(run[-1][1], box) or _parted(run, (char["c"], box), verticals)):
                    words.append(_word(run))
                    run = []
                if not blank:
                    run.append((char["c"], box))
            if run:
                words.append(_word(run))
    return words


def _parted(run: list[tuple[str, Box]], right: tuple[str, Box], verticals: list[Upright]) -> bool:
    """Tell whether a ruling stands between a run of characters and the next, in the gap and not across one of them.

    A text too wide for its cell runs over the ruling; it is one text all the same. Digits on both sides
    are one number, unless the gap between them is wider than the gap before: a number is never cut.
    """
    (before, one), (after, other) = run[-1], right
    slack = _INTO_GLYPH * (one.x1 - one.x0)
    if _NUMERIC(before) and _NUMERIC(after):
        usual = one.x0 - run[-2][1].x1 if len(run) > 1 else 0.0
        if other.x0 - one.x1 < max(usual, 0.0) + _WIDER:
            return False
        slack = 0.0
    middle = (one.top + one.bottom) / 2
    start, end = one.x1 - slack, other.x0 + slack
    return any(
        start <= x <= end and top <= middle <= bottom
        for x, top, bottom in verticals[bisect_left(verticals, (start,)) : bisect_left(verticals, (end,)) + 1]
    )


def _apart(left: Box, right: Box) -> bool:
    """Tell whether the gap between two characters is as wide as a space."""
    return right.x0 - left.x1 > 0.3 * (left.bottom - left.top) and right.top < left.bottom


def _word(run: list[tuple[str, Box]]) -> Word:
    boxes = [box for _, box in run]
    text = "".join(char for char, _ in run)
    x0, top = min(b.x0 for b in boxes), min(b.top for b in boxes)
    return Word(text, Box(x0, top, max(b.x1 for b in boxes), max(b.bottom for b in boxes)))


def _brief(error: BaseException) -> str:
    return str(error).strip().splitlines()[0][:80] if str(error).strip() else type(error).__name__
