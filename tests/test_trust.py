"""Text layers that do not say what the page displays: seen, compared, put aside, and never trusted in silence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pymupdf
import pytest

from structurer import catalog, document, ocr, pipeline
from structurer.document import pdf, trust
from structurer.records import FONTS, HIDDEN, OTHERWISE, UNKNOWN, Box, How, Word

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KNOWN = catalog.load()
LINES = [f"{row} name {row * 1357 + 24681}.{row:02} {row * 863 + 31975}.90" for row in range(1, 25)]
needs_recogniser = pytest.mark.skipif(not ocr.available(), reason="the extra `ocr` is not installed")


def written(page: pymupdf.Page, lines: list[str] = LINES, *, invisible: bool = False) -> None:
    page.insert_font("F0", fontbuffer=pymupdf.Font("cjk").buffer)
    for number, line in enumerate(lines):
        page.insert_text((50, 60 + 25 * number), line, fontname="F0", render_mode=3 if invisible else 0)


def paper(page: pymupdf.Page, box: Any = None, *, alpha: bool = False, **where: Any) -> None:  # noqa: ANN401
    pixels = pymupdf.Pixmap(pymupdf.csRGB, pymupdf.IRect(0, 0, 60, 84), alpha)
    pixels.clear_with(255)
    if alpha:
        pixels.set_alpha(bytes([9]) * (60 * 84))
    page.insert_image(box or page.rect, pixmap=pixels, keep_proportion=False, **where)


def remapped(pdf_file: pymupdf.Document, change: Callable[[str], str]) -> None:
    """Change the ToUnicode map of the only font."""
    (font,) = {font[0] for font in pdf_file[0].get_fonts()}
    xref = int(pdf_file.xref_get_key(font, "ToUnicode")[1].split()[0])
    pdf_file.update_stream(xref, change(pdf_file.xref_stream(xref).decode()).encode())


def digits_to(*codes: str) -> Callable[[str], str]:
    """Return a change of a map: further characters, from the digit 0 on."""
    extra = "".join(f"<{0x11 + digit:04x}> <{code}>\n" for digit, code in enumerate(codes))
    return lambda text: re.sub(r"endbfrange", f"endbfrange\n{len(codes)} beginbfchar\n{extra}endbfchar", text, count=1)


EXCHANGED = digits_to("0030", "0037", "0032", "0038", "0034", "0035", "0036", "0031", "0033", "0039")
PRIVATE = digits_to(*(f"e{digit:03x}" for digit in range(10)))
MEANINGLESS = digits_to(*(["fffd"] * 10))


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., Path]:
    """Return the maker of a PDF with one page."""

    def make(draw: Callable[[pymupdf.Page], None], change: Callable[[str], str] | None = None) -> Path:
        path = tmp_path / "a.pdf"
        with pymupdf.open() as pdf_file:
            draw(pdf_file.new_page(width=595, height=842))
            if change:
                remapped(pdf_file, change)
            pdf_file.save(path)
        return path

    return make


def suspect(path: Path) -> str | None:
    (page,) = pdf.pages(path)
    assert page.how is How.TEXT
    return page.suspect and page.suspect.partition(":")[0]


@pytest.mark.parametrize(
    ("change", "found"),
    [(None, None), (EXCHANGED, FONTS), (PRIVATE, UNKNOWN), (MEANINGLESS, UNKNOWN)],
    ids=["honest", "exchanged", "private", "meaningless"],
)
def test_a_map_that_lies_is_suspected(made: Callable[..., Path], change: Any, found: str | None) -> None:  # noqa: ANN401
    assert suspect(made(written, change)) == found


def test_a_font_without_a_map_is_no_text(made: Callable[..., Path]) -> None:
    assert suspect(made(written, lambda _: "")) == UNKNOWN


def layered(*, invisible: bool, below: bool, alpha: bool = False) -> Callable[[pymupdf.Page], None]:
    def draw(page: pymupdf.Page) -> None:
        if not below:
            written(page, invisible=invisible)
        paper(page, alpha=alpha)
        if below:
            written(page, invisible=invisible)

    return draw


@pytest.mark.parametrize(
    ("draw", "found"),
    [
        (layered(invisible=True, below=True), HIDDEN),
        (layered(invisible=False, below=False), HIDDEN),
        (layered(invisible=False, below=True), None),
        (layered(invisible=False, below=False, alpha=True), None),
    ],
    ids=["invisible", "behind", "letter paper", "watermark"],
)
def test_a_layer_that_is_not_displayed(
    made: Callable[..., Path], draw: Callable[[pymupdf.Page], None], found: str | None
) -> None:
    assert suspect(made(draw)) == found


def test_a_scan_in_strips_is_a_scan(made: Callable[..., Path]) -> None:
    def strips(page: pymupdf.Page) -> None:
        for top in range(0, 840, 84):
            paper(page, (0, top, 595, top + 84))
        written(page, invisible=True)

    assert suspect(made(strips)) == HIDDEN


def test_text_is_suspected_on_a_page_on_its_side(made: Callable[..., Path]) -> None:
    def turned(page: pymupdf.Page) -> None:
        layered(invisible=True, below=True)(page)
        page.set_rotation(90)

    assert suspect(made(turned)) == HIDDEN


def test_a_picture_inside_the_content_is_seen(made: Callable[..., Path]) -> None:
    def inline(page: pymupdf.Page) -> None:
        xref = page.parent.get_new_xref()
        page.parent.update_object(xref, "<<>>")
        data = b"q 500 0 0 500 9 9 cm BI /W 2 /H 2 /BPC 8 /CS /G ID " + b"\x10\xf0\xf0\x10" + b" EI Q"
        page.parent.update_stream(xref, data)
        page.set_contents(xref)

    (page,) = pdf.pages(made(inline))
    assert (page.how, page.reason) == (How.UNREAD, "no_text_layer")


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["\uf06c", *["words"] * 20], False),  # a bullet
        (["\uf06c1.5", *["words"] * 20], False),
        (["1\uf06c.5", *["words"] * 20], True),
        (["(\ufffd\ufffd.50)", *["words"] * 20], True),
        (["\U000f1234\U000f1235", "word"], True),
        (["\x03\x04\x05"], True),
        (["（\u3000）", "①"], False),
        ([], False),
    ],
)
def test_unreadable(texts: list[str], found: bool) -> None:  # noqa: FBT001  an expected value
    assert bool(trust.unreadable(texts)) is found


def test_a_font_numbered_by_use_is_not_suspected() -> None:
    used = [ord(char) for char in "部门2024预算(公开)说明1，。3万元"]
    assert not trust.exchanged([(code, code, char) for code, char in enumerate(used, 1)])


def test_a_font_with_two_sets_of_digits_is_not_suspected() -> None:
    assert not trust.exchanged([(19, 28, 48), (900, 909, 48), (2000, 2000, 0x4E00)])


def test_a_map_that_is_no_map_says_nothing(made: Callable[..., Path]) -> None:
    broken = "1 beginbfrange\n<0001> <zz>\n<11> <1a> [<0030> 7 <0031>\nendbfrange"
    assert suspect(made(written, lambda _: broken)) in {None, UNKNOWN}


def result_of(path: Path, **options: Any) -> dict[str, Any]:  # noqa: ANN401
    return pipeline.extract_file(path, KNOWN, **options)  # type: ignore[return-value]


def told(result: dict[str, Any]) -> tuple[str, str | None, list[str]]:
    (page,) = result["source"]["pages"]
    codes = [finding["code"] for finding in result["verification"]["findings"]]
    return page["how"], page["reason"], [code for code in codes if code.endswith("_page")]


@pytest.mark.parametrize("installed", [True, False])
def test_a_layer_in_doubt_is_read_with_a_finding(
    made: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, *, installed: bool
) -> None:
    monkeypatch.setattr(ocr, "available", lambda: installed)
    path = made(written, EXCHANGED)
    result = result_of(path, recognise="never" if installed else "auto")
    assert told(result) == ("text", FONTS, ["distrusted_page"])


def test_a_picture_that_cannot_be_read_leaves_the_layer(
    made: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "available", lambda: True)
    monkeypatch.setattr(ocr, "read", lambda _: ocr.unread("blank"))
    path = made(layered(invisible=True, below=True))
    assert told(result_of(path)) == ("text", HIDDEN, ["distrusted_page"])


def test_fonts_are_compared_before_they_are_put_aside(
    made: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "available", lambda: True)
    monkeypatch.setattr(ocr, "agrees", lambda _, words: bool(words))
    monkeypatch.setattr(ocr, "read", lambda _: pytest.fail("nothing is to be recognised"))
    assert told(result_of(made(written, EXCHANGED))) == ("text", None, [])


@needs_recogniser
def test_exchanged_digits_are_recognised_as_displayed(made: Callable[..., Path]) -> None:
    path = made(written, EXCHANGED)
    (page,) = document.open_pages(path)
    picture = document.picture(path, 1)
    assert picture
    assert not ocr.agrees(picture, page.words)
    path = made(written)
    (page,) = document.open_pages(path)
    assert ocr.agrees(picture, page.words)
    beyond = Word("12.50", Box(590, 840, 700, 850))
    assert ocr.agrees(picture, [beyond])


@pytest.mark.heavy
@needs_recogniser
@pytest.mark.parametrize(("change", "why"), [(EXCHANGED, OTHERWISE), (PRIVATE, UNKNOWN)])
def test_a_layer_that_lies_is_put_aside(made: Callable[..., Path], change: Any, why: str) -> None:  # noqa: ANN401
    result = result_of(made(written, change))
    how, reason, codes = told(result)
    assert (how, reason and reason.partition(":")[0], codes) == ("ocr", why, [])
    assert "26038.01" in str(result)
