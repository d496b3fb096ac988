"""What `layout` shows of scans: the pages as `extract` reads them, with the words on the ink they were read from."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pymupdf
import pytest
import scans
from typer.testing import CliRunner

from structurer import document, ocr, pipeline
from structurer.cli import app
from structurer.records import Box, How, Matrix, Page, Ruling, Word

if TYPE_CHECKING:
    from collections.abc import Callable

    from structurer.records import Picture

QUYANG = Path(__file__).parent.parent / "golden" / "quyang-2024" / "excerpt.pdf"
WIDTH, HEIGHT = 420, 300
ROWS = ("科目编码", "科目名称", "合计"), ("204", "公安", "30.00"), ("205", "教育", "12.50")
RULINGS = (
    *(Ruling(50, 60 + 26 * row, 350, 60 + 26 * row) for row in range(4)),
    *(Ruling(50 + 100 * column, 60, 50 + 100 * column, 138) for column in range(4)),
)
Sample = tuple[Path, ocr.Scan]


def run(*words: object) -> Any:  # noqa: ANN401  the result class is typer's own
    return CliRunner().invoke(app, [str(word) for word in words], prog_name="structurer")


def printed(folder: Path, pages: int = 1) -> Path:
    """Return a PDF of pages with a small table each, far from the middle."""
    with pymupdf.open() as pdf:
        for number in range(pages):
            page = pdf.new_page(width=WIDTH, height=HEIGHT)
            page.insert_text((130, 40), f"2024年部门支出总表{number or ''}", fontname="china-s", fontsize=16)
            for ruling in RULINGS:
                page.draw_line((ruling.x0, ruling.top), (ruling.x1, ruling.bottom))
            for row, texts in enumerate(ROWS):
                for column, text in enumerate(texts):
                    page.insert_text((58 + 100 * column, 78 + 26 * row), text, fontname="china-s")
        pdf.save(folder / "printed.pdf")
    return folder / "printed.pdf"


def words_of(path: Path) -> tuple[Word, ...]:
    with pymupdf.open(path) as pdf:
        return tuple(Word(word[4], Box(*word[:4]), 0.97) for word in pdf[0].get_text("words"))


@pytest.fixture
def scanned(tmp_path: Path) -> Callable[..., Sample]:
    """Return a scan and what a perfect recogniser would read in it."""

    def make(turned: int, ending: str = ".pdf") -> Sample:
        source, out = printed(tmp_path), tmp_path / "scan.pdf"
        askew = scans.Condition("askew", dpi=100, skew=6.0, turned=turned)
        ((_, way, _),) = scans.scan(source, out, askew, 3)
        angle = (math.degrees(math.atan2(way[1], way[0])) - turned + 180) % 360 - 180
        if ending != ".pdf":
            with pymupdf.open(out) as pdf:
                pdf[0].get_pixmap(dpi=100).save(tmp_path / f"scan{ending}")
        scan = ocr.Scan(words_of(source), RULINGS, WIDTH, HEIGHT, -turned % 360, -angle, None)
        return out.with_suffix(ending), scan

    return make


@pytest.fixture
def recognising(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Picture]]:
    """Have the pages read as these scans, one after the other; return a list of what is read."""

    def install(*scans: ocr.Scan) -> list[Picture]:
        seen: list[Picture] = []

        def read(picture: Picture) -> ocr.Scan:
            seen.append(picture)
            return scans[(len(seen) - 1) % len(scans)]

        monkeypatch.setattr(ocr, "available", lambda: True)
        monkeypatch.setattr(ocr, "read", read)
        return seen

    return install


def ink(page: Page, picture: Picture, inset: float = 2.0) -> tuple[float, float]:
    """Return how dark a picture of a page is inside the boxes of the words, and outside, leaving out the rulings."""
    inside = np.zeros((picture.height, picture.width), bool)
    ruled = inside.copy()
    zoom = picture.width / page.width
    for ruling in page.rulings:
        ruled[_within(Box(ruling.x0, ruling.top, ruling.x1, ruling.bottom), -3, zoom)] = True
    for word in page.words:
        inside[_within(word.box, inset, zoom)] = True
    pixels = np.frombuffer(picture.pixels, np.uint8).reshape(picture.height, picture.width, 3)
    darkness = 255 - pixels.min(axis=2).astype(float)
    return float(darkness[inside & ~ruled].mean()), float(darkness[~inside & ~ruled].mean())


def _within(box: Box, inset: float, zoom: float) -> tuple[slice, slice]:
    inset = min(inset, (box.bottom - box.top) / 4)
    x0, top, x1, bottom = (
        max(round(edge * zoom), 0) for edge in (box.x0 + inset, box.top + inset, box.x1 - inset, box.bottom - inset)
    )
    return slice(top, bottom), slice(x0, x1)


def seen(path: Path, number: int = 1, how: pipeline.Recognition | None = None) -> tuple[Page, Picture]:
    """Return a page of a document as it is read, with what lies behind its words."""
    pages = {page.number: page for page in pipeline.seen(path, how or pipeline.Recognition())}
    picture = document.behind(path, pages[number], 2.0)
    assert picture is not None
    return pages[number], picture


# Where the words are drawn.


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize("ending", [".pdf", ".png"])
def test_words_lie_on_their_ink(
    turned: int, ending: str, scanned: Callable[..., Sample], recognising: Callable[..., list[Picture]]
) -> None:
    path, scan = scanned(turned, ending=ending)
    recognising(scan)
    page, picture = seen(path)
    assert (page.how, page.upright is not None) == (How.OCR, True)
    assert (picture.width, picture.height) == (2 * WIDTH, 2 * HEIGHT)
    inside, outside = ink(page, picture)
    assert inside > 60 * outside
    # In another frame they do not.
    for wrong in (None, Matrix(1, 0, 0, 1, 6, 6)):
        other = document.behind(path, replace(page, upright=wrong), 2.0)
        assert other is not None
        inside, outside = ink(page, other)
        assert inside < 15 * outside


def test_a_native_page_on_its_side_and_cut_is_drawn_as_displayed(tmp_path: Path) -> None:
    path = printed(tmp_path)
    with pymupdf.open(path) as pdf:
        pdf[0].set_cropbox(pymupdf.Rect(20, 10, 400, 290))
        pdf[0].set_rotation(90)
        pdf.save(tmp_path / "turned.pdf")
    page, picture = seen(tmp_path / "turned.pdf", how=pipeline.Recognition("never"))
    assert (page.how, page.width, page.height) == (How.TEXT, 280, 380)
    inside, outside = ink(page, picture)
    assert inside > 60 * outside


def test_a_page_larger_than_paper_is_drawn_as_it_was_recognised(
    tmp_path: Path, recognising: Callable[..., list[Picture]]
) -> None:
    source = printed(tmp_path)
    with pymupdf.open(source) as pdf, pymupdf.open() as large:
        page = large.new_page(width=8 * WIDTH, height=8 * HEIGHT)
        page.insert_image(page.rect, pixmap=pdf[0].get_pixmap(dpi=150))
        large.save(tmp_path / "large.pdf")
    recognising(ocr.Scan(words_of(source), RULINGS, WIDTH, HEIGHT, 0, 0.0, None))
    page, picture = seen(tmp_path / "large.pdf")
    assert (page.width, picture.width) == (WIDTH, 2 * WIDTH)
    inside, outside = ink(page, picture)
    assert inside > 60 * outside
    assert (
        "turned clockwise by 0.0 degrees, made 8.00 times smaller"
        in run("layout", tmp_path / "large.pdf", "--page", 1).stdout
    )


# The command.


def test_layout_shows_a_scan_as_it_was_recognised(
    tmp_path: Path, scanned: Callable[..., Sample], recognising: Callable[..., list[Picture]]
) -> None:
    path, scan = scanned(90)
    words = [replace(word, confidence=0.61, other="12.58") if word.text == "12.50" else word for word in scan.words]
    recognising(replace(scan, words=tuple(words)))
    done = run("layout", path, "--page", 1, "--png", tmp_path / "page.png")
    assert (done.exit_code, done.stderr) == (0, "")
    for line in (
        f"scan.pdf, page 1: {WIDTH} x {HEIGHT} pt, ocr, {len(words)} words, 8 rulings\n",
        "x and y are those of the page as it was recognised: turned anticlockwise by ",
        f"1 of {len(words)} words recognised with doubt:\n",
        "12.50: confidence 0.61, the second time 12.58\n",
        "lattice 1: 3 rows x 3 columns, 9 cells, 0 merged\n",
        "table taken for expenditure (table), p.1: 3 rows x 3 columns, ruled\n",
    ):
        assert line in done.stdout
    drawn = pymupdf.Pixmap(str(tmp_path / "page.png"))
    assert drawn.width == pytest.approx(2.5 * WIDTH, abs=1)
    pixels = np.frombuffer(drawn.samples, np.uint8).reshape(drawn.height, drawn.width, 3).astype(int)
    # Only the word in doubt is orange, and its ink is under it.
    orange = (pixels[:, :, 0] > pixels[:, :, 2] + 40) & (pixels[:, :, 1] > pixels[:, :, 2] + 15)
    down, right = np.nonzero(orange)
    (box,) = (word.box for word in words if word.other)
    edges = [edge / 2.5 for edge in (right.min(), down.min(), right.max(), down.max())]
    assert edges == pytest.approx([box.x0, box.top, box.x1, box.bottom], abs=1.5)
    within = pixels[down.min() + 8 : down.max() - 8, right.min() : right.max()].min(axis=2)
    assert (within < 110).sum() > 100


def test_every_page_is_recognised_once_and_a_table_runs_over_two(
    tmp_path: Path, recognising: Callable[..., list[Picture]]
) -> None:
    source = printed(tmp_path, pages=2)
    scans.scan(source, tmp_path / "scan.pdf", replace(scans.PRESETS["clean"], dpi=72), 7)
    first = ocr.Scan(words_of(source), RULINGS, WIDTH, HEIGHT, 0, 0.0, None)
    # No title, the header again, and two other rows.
    below = (replace(word, text=word.text.replace("20", "21")) for word in first.words if word.box.top > 50)
    read = recognising(first, replace(first, words=tuple(below)))
    kept = ("--ocr-cache", tmp_path / "kept", "--workers", 1)
    done = run("layout", tmp_path / "scan.pdf", "--page", 2, *kept)
    assert "table taken for expenditure (table), p.1-2: 5 rows x 3 columns, ruled\n" in done.stdout
    assert len(read) == 2
    # What extract would recognise is recognised already.
    assert run("extract", tmp_path / "scan.pdf", "-o", tmp_path / "out", *kept).exit_code in {0, 1}
    assert run("layout", tmp_path / "scan.pdf", "--page", 1, *kept).exit_code == 0
    assert len(read) == 2
    assert run("layout", tmp_path / "scan.pdf", "--page", 1, "--no-ocr-cache", "--workers", 1).exit_code == 0
    assert len(read) == 4


def test_pages_of_an_image_are_pages(tmp_path: Path, recognising: Callable[..., list[Picture]]) -> None:
    cv2 = pytest.importorskip("cv2")
    paper = np.full((300, 420), 255, np.uint8)
    paper[100:120, 100:200] = 0
    assert cv2.imwritemulti(str(tmp_path / "scan.tif"), [np.full_like(paper, 255), paper])
    recognising(ocr.Scan((Word("12.50", Box(100, 100, 200, 120)),), (), WIDTH, HEIGHT, 0, 0.0, None))
    done = run("layout", tmp_path / "scan.tif", "--page", 2, "--png", tmp_path / "page.png")
    assert done.exit_code == 0
    assert "scan.tif, page 2: 420 x 300 pt, ocr, 1 words" in done.stdout
    drawn = pymupdf.Pixmap(str(tmp_path / "page.png"))
    assert max(drawn.pixel(round(150 * 2.5), round(110 * 2.5))) < 120
    assert min(drawn.pixel(round(300 * 2.5), round(110 * 2.5))) > 240


def test_a_page_that_is_not_there_costs_no_recognition(
    scanned: Callable[..., Sample], recognising: Callable[..., list[Picture]]
) -> None:
    path, scan = scanned(0)
    read = recognising(scan)
    done = run("layout", path, "--page", 2)
    assert (done.exit_code, read) == (2, [])
    assert done.stderr == f"structurer: {path}: there is no page 2; the document has 1 page\n"


@pytest.mark.parametrize(("words", "said"), [((), f"structurer: {ocr.MISSING}\n"), (("--ocr", "never"), "")])
def test_without_the_recogniser_it_is_said_what_is_missing(
    words: tuple[str, ...], said: str, scanned: Callable[..., Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "available", lambda: False)
    path, _ = scanned(0)
    done = run("layout", path, "--page", 1, *words)
    assert (done.exit_code, done.stderr) == (0, said)
    assert ", unread (no_text_layer), 0 words" in done.stdout


def test_a_page_without_a_size_cannot_be_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = printed(tmp_path)
    damaged = Page(1, 0.0, 0.0, How.UNREAD, reason="damaged: x")
    monkeypatch.setattr(document, "open_pages", lambda _: iter([damaged]))
    done = run("layout", path, "--page", 1, "--ocr", "never", "--png", tmp_path / "page.png")
    assert done.exit_code == 2
    assert "can be drawn" in done.stderr


# The recogniser itself.


@pytest.mark.heavy
@pytest.mark.parametrize(("turned", "ending"), [(0, ".pdf"), (90, ".pdf"), (270, ".png")])
def test_recognised_words_lie_on_their_ink(tmp_path: Path, turned: int, ending: str) -> None:
    pytest.importorskip("rapidocr")
    path = tmp_path / "scan.pdf"
    scans.scan(QUYANG, path, replace(scans.PRESETS["skew"], dpi=150, turned=turned), 7, [2])
    if ending != ".pdf":
        with pymupdf.open(path) as pdf:
            pdf[0].get_pixmap(dpi=150).save(tmp_path / f"scan{ending}")
    page, picture = seen(path.with_suffix(ending))
    assert page.how is How.OCR
    inside, outside = ink(page, picture)
    assert inside > 20 * outside
