"""Pages that were recognised: turned boxes go back to the page as displayed, and doubt stays with its figure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pymupdf
import pytest
from typer.testing import CliRunner

from structurer import catalog, document, errors, ground, layout, ocr, pipeline
from structurer.cli import app
from structurer.records import Box, How, Leaf, Matrix, Page, Ruling, Word

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = catalog.load()


def moved(point: tuple[float, float], turned: int, skew: float, size: tuple[float, float]) -> tuple[float, float]:
    """Turn a point of a displayed page clockwise, then about the middle of what comes of it."""
    (x, y), (width, height) = point, size
    for _ in range(turned // 90):
        x, y, width, height = height - y, x, height, width
    angle, dx, dy = math.radians(skew), x - width / 2, y - height / 2
    return (
        width / 2 + dx * math.cos(angle) - dy * math.sin(angle),
        height / 2 + dx * math.sin(angle) + dy * math.cos(angle),
    )


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize("skew", [0.0, 0.7, -3.0])
def test_a_box_goes_back_to_the_page_as_displayed(turned: int, skew: float) -> None:
    width, height = 600.0, 840.0
    x, y = moved((100, 200), turned, skew, (width, height))
    upright = (width, height) if turned % 180 == 0 else (height, width)
    matrix = pipeline._upright(ocr.Scan((), (), *upright, turned, skew, None))
    box = matrix.box(Box(x, y, x, y)) if matrix else Box(x, y, x, y)
    assert (box.x0, box.top) == (pytest.approx(100), pytest.approx(200))


def recognised(*words: Word) -> dict[str, Any]:
    """Return the provenance of the words of a table with one row, as recognised on a page that was turned."""
    rulings = [Ruling(0, y, 200, y) for y in (0, 20, 40)] + [Ruling(x, 0, x, 40) for x in (0, 100, 200)]
    heads = (Word("项目", Box(5, 5, 30, 15)), Word("金额", Box(105, 5, 130, 15)))
    page = Page(1, 200, 40, How.OCR, (*heads, *words), tuple(rulings), upright=Matrix(1, 0, 0, 1, 7, 0))
    (grid,) = layout.sheet(page).blocks
    cell = next(c for c in grid.cells if (c.row, c.column) == (1, 1))  # type: ignore[union-attr]
    places = ground.Places({1: How.OCR}, {1: Matrix(1, 0, 0, 1, 7, 0)})
    ground.placed(Leaf(cell.text, cell.parts, figure=True), "/x", places)
    return places.provenance["/x"]  # type: ignore[return-value]


def test_a_figure_read_twice_alike_is_agreed() -> None:
    place = recognised(Word("12.50", Box(150, 25, 190, 35), 0.97, "12.50"))
    assert place["box"] == [157.0, 25.0, 197.0, 35.0]
    assert (place["confidence"], place["agreed"], place["readings"]) == (0.97, True, ["12.50", "12.50"])
    assert "doubtful" not in place


@pytest.mark.parametrize(("confidence", "other"), [(0.97, "72.50"), (0.5, ""), (0.5, "12.50")])
def test_a_figure_in_doubt_says_so(confidence: float, other: str) -> None:
    place = recognised(Word("12.50", Box(150, 25, 190, 35), confidence, other))
    assert place["doubtful"] == "ocr"
    assert ("readings" in place) == bool(other)


def test_an_image_is_a_document_of_unread_pages(tmp_path: Path) -> None:
    path = tmp_path / "page.png"
    pymupdf.Pixmap(pymupdf.csRGB, pymupdf.IRect(0, 0, 80, 40)).save(str(path))
    (page,) = document.open_pages(path)
    assert (page.how, page.reason) == (How.UNREAD, "no_text_layer")
    picture = document.picture(path, 1)
    assert picture is not None
    assert len(picture.pixels) == 3 * picture.width * picture.height


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n" + b"0" * 50])
def test_a_bad_image_is_a_document_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "page.png"
    path.write_bytes(content)
    with pytest.raises(errors.DocumentError):
        list(document.open_pages(path))


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """Return a PDF with one page that is a picture."""
    path = tmp_path / "scan.pdf"
    with pymupdf.open() as pdf:
        drawn = pymupdf.Pixmap(pymupdf.csRGB, pymupdf.IRect(0, 0, 90, 60))
        drawn.clear_with(255)
        pdf.new_page(width=90, height=60).insert_image((0, 0, 90, 60), pixmap=drawn)
        pdf.save(path)
    return path


@pytest.mark.parametrize(("mode", "called"), [("auto", 1), ("always", 1), ("never", 0)])
def test_pages_are_recognised_where_it_is_asked_for(
    scan: Path, monkeypatch: pytest.MonkeyPatch, mode: str, called: int
) -> None:
    seen = []

    def read(picture: Any) -> ocr.Scan:  # noqa: ANN401  a picture
        seen.append(picture)
        return ocr.Scan((), (), 90, 60, 0, 0.0, "no_text")

    monkeypatch.setattr(ocr, "read", read)
    monkeypatch.setattr(ocr, "available", lambda: True)
    result: Any = pipeline.extract_file(scan, KNOWN, recognise=mode)
    assert len(seen) == called
    assert result["source"]["pages"][0]["how"] == "unread"


def test_without_the_recogniser_a_page_stays_unread(scan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "available", lambda: False)
    result: Any = pipeline.extract_file(scan, KNOWN)
    assert result["source"]["pages"][0]["reason"] == "no_text_layer"


def test_the_program_says_what_to_install(scan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "available", lambda: False)
    done = CliRunner().invoke(app, ["extract", str(scan), "-o", str(tmp_path / "out")], prog_name="structurer")
    assert done.stderr.count("structurer[ocr]") == 1
    done = CliRunner().invoke(app, ["extract", str(scan), "-o", str(tmp_path / "out"), "--ocr", "never"])
    assert "structurer[ocr]" not in done.stderr
