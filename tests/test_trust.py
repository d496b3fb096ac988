"""Text layers that do not say what the page displays: seen, compared, put aside, and never trusted in silence."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pymupdf
import pytest

from structurer import catalog, document, ground, ocr, pipeline, validate
from structurer.cli import checking
from structurer.document import pdf, trust
from structurer.records import FONTS, HIDDEN, OTHERWISE, UNKNOWN, Box, How, Leaf, Part, Word

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
    return pipeline.extract_file(path, KNOWN, **options)


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


# What was read from such a layer.

ROWS = ("科目编码", "科目名称", "合计"), ("", "合计", "50.00"), ("204", "公安", "30.00"), ("205", "教育", "12.50")


def table(page: pymupdf.Page, title: str = "2024年部门支出总表") -> None:
    """Draw a table whose sum does not tie: 30.00 and 12.50 are no 50.00."""
    page.insert_text((150, 60), title, fontname="china-s", fontsize=16)
    page.insert_text((350, 85), "单位：万元", fontname="china-s")
    for row, texts in enumerate(ROWS):
        for column, text in enumerate(texts):
            page.draw_rect((50 + 120 * column, 100 + 26 * row, 170 + 120 * column, 126 + 26 * row))
            page.insert_text((58 + 120 * column, 118 + 26 * row), text, fontname="china-s")


def behind_paper(page: pymupdf.Page, title: str = "2024年部门支出总表") -> None:
    table(page, title)
    paper(page)


def doubts(result: dict[str, Any]) -> set[str | None]:
    return {place.get("doubtful") for place in result["provenance"].values()}


def broken(verification: dict[str, Any]) -> list[str | None]:
    """Return whom the failing sums are blamed on."""
    return [found["blame"] for found in verification["findings"] if found["code"] == "does_not_tie"]


def test_a_sum_over_a_layer_in_doubt_is_no_fault_of_the_document(made: Callable[..., Path]) -> None:
    honest = result_of(made(table))
    assert (doubts(honest), broken(honest["verification"])) == ({None}, ["document"])
    result = result_of(made(behind_paper), recognise="never")
    assert told(result) == ("text", HIDDEN, ["distrusted_page"])
    assert result["tables"][0]["rows"] == honest["tables"][0]["rows"]
    assert doubts(result) == {"distrusted"}
    assert len(result["provenance"]) == len(honest["provenance"]) > 8
    held = result["verification"]
    assert broken(held) == ["reading"]
    assert (held["figures"], held["grounded"], held["proven"]) == (3, 0, 0)
    assert {found["code"] for found in held["findings"]} == {
        "distrusted_page",
        *(found["code"] for found in honest["verification"]["findings"]),
    }
    assert list(validate.shape(result, KNOWN)) == []


def test_a_layer_in_doubt_confirms_nothing(made: Callable[..., Path]) -> None:
    honest = result_of(made(table))
    result = result_of(made(behind_paper), recognise="never")
    assert broken(checking.verified(result, None, KNOWN)) == ["reading"]
    # Read again, the same layer says the same; what can be trusted may say it, too.
    assert broken(checking.verified(result, result, KNOWN)) == ["reading"]
    assert broken(checking.verified(result, honest, KNOWN)) == ["document"]
    assert broken(checking.verified(honest, result, KNOWN)) == ["reading"]
    # Of another program's result the pages may not be known.
    other = {**honest, "provenance": {}}
    for row in other["tables"][0]["rows"]:
        row.pop("page", None)
    assert broken(checking.verified(other, result, KNOWN)) == ["reading"]


def test_only_values_of_the_page_in_doubt_are_doubtful(tmp_path: Path) -> None:
    with pymupdf.open() as pdf_file:
        table(pdf_file.new_page())
        behind_paper(pdf_file.new_page(), "2024年一般公共预算支出表")
        pdf_file.save(tmp_path / "two.pdf")
    result = result_of(tmp_path / "two.pdf", recognise="never")
    found = {(place["page"], place.get("doubtful")) for place in result["provenance"].values()}
    assert found == {(1, None), (2, "distrusted")}
    assert sorted(filter(None, broken(result["verification"]))) == ["document", "reading"]


def test_a_value_is_in_doubt_with_any_of_its_parts() -> None:
    places = ground.Places({1: How.OCR, 2: How.TEXT}, distrusted={2})
    sure, unsure, behind = Part("12.", 1), Part("12.", 1, confidence=0.5), Part("50", 2)
    leaves = {
        "/sure": Leaf("12.", (sure,)),
        "/both": Leaf("12.50", (sure, behind), figure=True),
        "/ocr": Leaf("12.50", (unsure, behind), figure=True),
        "/model": Leaf("50", (behind,), doubt="model"),
    }
    for pointer, leaf in leaves.items():
        ground.placed(leaf, pointer, places)
    found = {pointer: place.get("doubtful") for pointer, place in places.provenance.items()}  # type: ignore[union-attr]
    assert found == {"/sure": None, "/both": "distrusted", "/ocr": "ocr", "/model": "model"}


def test_what_was_recognised_instead_is_not_in_doubt(
    made: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "available", lambda: True)
    path = made(behind_paper)
    (page,) = document.open_pages(path)
    monkeypatch.setattr(ocr, "read", lambda _: ocr.Scan(page.words, page.rulings, 595, 842, 0, 0.0, None))
    result = result_of(path)
    assert told(result) == ("ocr", HIDDEN, [])
    assert doubts(result) == {None}


@pytest.mark.heavy
@needs_recogniser
@pytest.mark.parametrize(("change", "why"), [(EXCHANGED, OTHERWISE), (PRIVATE, UNKNOWN)])
def test_a_layer_that_lies_is_put_aside(made: Callable[..., Path], change: Any, why: str) -> None:  # noqa: ANN401
    result = result_of(made(written, change))
    how, reason, codes = told(result)
    assert (how, reason and reason.partition(":")[0], codes) == ("ocr", why, [])
    assert "26038.01" in str(result)
