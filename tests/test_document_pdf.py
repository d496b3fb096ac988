"""Pages of a PDF: how each was read, words parted where rulings part cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pymupdf
import pytest

from structurer import errors
from structurer.document import pdf
from structurer.records import How

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from structurer.records import Page


@pytest.fixture
def drawn(tmp_path: Path) -> Callable[[Callable[[pymupdf.Page], None]], Page]:
    """Return the only page of a PDF on which the given function drew."""

    def read(draw: Callable[[pymupdf.Page], None]) -> Page:
        path = tmp_path / "a.pdf"
        with pymupdf.open() as document:
            draw(document.new_page(width=400, height=300))
            document.save(path)
        (page,) = pdf.pages(path)
        return page

    return read


def picture(page: pymupdf.Page, share: float) -> None:
    pixels = pymupdf.Pixmap(pymupdf.csRGB, pymupdf.IRect(0, 0, 40, 30), 0)
    pixels.clear_with(200)
    page.insert_image(pymupdf.Rect(0, 0, 400 * share, 300), pixmap=pixels)


def test_nothing_on_it_is_blank(drawn: Callable[..., Page]) -> None:
    assert drawn(lambda _page: None).how is How.BLANK


def test_a_picture_is_unread(drawn: Callable[..., Page]) -> None:
    page = drawn(lambda page: picture(page, 1.0))
    assert (page.how, page.reason) == (How.UNREAD, "no_text_layer")


def test_a_scan_with_a_page_number_is_unread_and_says_so(drawn: Callable[..., Page]) -> None:
    def scan(page: pymupdf.Page) -> None:
        picture(page, 1.0)
        page.insert_text((200, 290), "- 3 -")

    page = drawn(scan)
    assert page.how is How.UNREAD
    assert page.reason == "picture_only: - 3 -"


def test_a_small_picture_beside_text_is_read(drawn: Callable[..., Page]) -> None:
    def text(page: pymupdf.Page) -> None:
        picture(page, 0.2)
        page.insert_text((200, 100), "12.50")

    assert [word.text for word in drawn(text).words] == ["12.50"]


def ruled(page: pymupdf.Page, *texts: tuple[float, str]) -> None:
    """Draw two cells side by side, parted at x = 150, and texts that start at the given x."""
    for x in (50, 150, 250):
        page.draw_line((x, 80), (x, 110))
    for y in (80, 110):
        page.draw_line((50, y), (250, y))
    for x, text in texts:
        page.insert_text((x, 100), text, fontname="helv", fontsize=10)


def test_a_figure_wider_than_its_cell_is_never_cut(drawn: Callable[..., Page]) -> None:
    page = drawn(lambda page: ruled(page, (120, "936647884.33")))
    assert [word.text for word in page.words] == ["936647884.33"]


@pytest.mark.parametrize(("left", "right"), [("1", "346.01"), ("4364.82", "4150.15")])
def test_figures_that_touch_across_a_ruling_are_two(drawn: Callable[..., Page], left: str, right: str) -> None:
    start = 149.6 - pymupdf.get_text_length(left, fontname="helv", fontsize=10)
    page = drawn(lambda page: ruled(page, (start, left), (150.4, right)))
    assert [word.text for word in page.words] == [left, right]


def test_a_page_on_its_side_is_read_as_displayed(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    with pymupdf.open() as document:
        page = document.new_page(width=300, height=400)
        page.insert_text((100, 50), "12.50", rotate=90)
        page.draw_line((20, 20), (20, 380))
        page.set_rotation(90)
        document.save(path)
    (read,) = pdf.pages(path)
    assert (read.width, read.height) == (400, 300)
    (ruling,) = read.rulings
    assert ruling.top == ruling.bottom
    (word,) = read.words
    assert word.box.x1 - word.box.x0 > word.box.bottom - word.box.top


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"hello", "this is not a PDF (no %PDF mark at its start)"),
        (b"\0" * 5000, "this is not a PDF (no %PDF mark at its start)"),
        (b"%PDF-1.7\nnothing else", "damaged"),
    ],
)
def test_what_is_no_pdf_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(content)
    with pytest.raises(errors.DocumentError, match=r"a\.pdf: ") as raised:
        list(pdf.pages(path))
    assert reason in str(raised.value) or "no page" in str(raised.value)


def test_an_encrypted_pdf_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    with pymupdf.open() as document:
        document.new_page()
        document.save(path, encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="a", user_pw="b")
    with pytest.raises(errors.DocumentError, match="encrypted"):
        list(pdf.pages(path))
