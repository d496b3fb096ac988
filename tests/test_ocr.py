"""Recognising a page: stamps, doubt, dust, and the way up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pymupdf
import pytest

from structurer import ocr
from structurer.ocr import doubt, page, paper, recogniser, regions, rules, seal, stamp
from structurer.ocr.lines import Strip
from structurer.ocr.recogniser import Reading
from structurer.records import Picture

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DPI = 200
UNIT = DPI / 72
ROWS = (("Amount", "Basic"), ("1,234.56", "78.90"), ("512.00", "600.35"))


def table(turned: int = 0, edge: int = 0) -> Any:  # noqa: ANN401  an array
    """Return the picture of a page with a small ruled table; `edge` columns at the right are a shadow."""
    with pymupdf.open() as document:
        made = document.new_page(width=400, height=300)
        for y in (100, 125, 150, 175):
            made.draw_line((60, y), (340, y))
        for x in (60, 200, 340):
            made.draw_line((x, 100), (x, 175))
        for row, texts in enumerate(ROWS):
            for column, text in enumerate(texts):
                made.insert_text((70 + 140 * column, 117 + 25 * row), text, fontsize=11)
        drawn = made.get_pixmap(dpi=DPI, alpha=False)
    found = np.frombuffer(drawn.samples, np.uint8).reshape(drawn.height, drawn.width, 3).copy()
    if edge:
        found[:, -edge:] = 60
    return np.ascontiguousarray(np.rot90(found, -turned // 90))


def picture(colours: Any) -> Picture:  # noqa: ANN401  an array
    height, width = colours.shape[:2]
    return Picture(colours.tobytes(), width, height, (width / UNIT, height / UNIT))


def texts(scan: ocr.Scan) -> list[str]:
    return [word.text for word in sorted(scan.words, key=lambda word: (round(word.box.top), word.box.x0))]


PRINTED = [text for row in ROWS for text in row]


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_a_page_is_read_whichever_way_it_lies(turned: int) -> None:
    scan = ocr.read(picture(table(turned)))
    assert texts(scan) == PRINTED
    assert scan.turned == -turned % 360
    assert all(word.confidence > 0.9 for word in scan.words)
    flat = [ruling for ruling in scan.rulings if ruling.top == ruling.bottom]
    assert len(flat) == 4


def test_the_shadow_at_the_edge_of_a_sheet_is_no_text() -> None:
    assert texts(ocr.read(picture(table(edge=4)))) == PRINTED


def ring(colours: Any, colour: tuple[int, int, int]) -> Any:  # noqa: ANN401  an array
    """Stamp a ring over the figures."""
    stamped = np.full_like(colours, 255)
    cv2.circle(stamped, (round(120 * UNIT), round(137 * UNIT)), round(58 * UNIT), colour, round(3 * UNIT))
    return np.minimum(colours, stamped)


def test_print_under_a_red_seal_is_read_without_doubt() -> None:
    scan = ocr.read(picture(ring(table(), (220, 60, 60))))
    assert texts(scan) == PRINTED
    assert [word.text for word in scan.words if word.confidence < 0.9] == []


def test_what_lies_under_a_stamp_without_colour_is_in_doubt() -> None:
    scan = ocr.read(picture(ring(table(), (110, 110, 110))))
    sure = {word.text for word in scan.words if word.confidence >= 0.9}
    assert "600.35" in sure
    assert not sure & {"1,234.56", "512.00"}


def test_a_stamp_is_found_where_it_is_and_nowhere_else() -> None:
    def found(colours: Any) -> list[stamp.Stamp]:  # noqa: ANN401  an array
        grey = paper.evened(seal.colours_to_greys(colours, UNIT)[0], UNIT)
        return stamp.find(np.where(rules.find(grey, UNIT).mask > 0, np.uint8(255), grey), UNIT)

    assert found(table()) == []
    (only,) = found(ring(table(), (110, 110, 110)))
    assert (only.x / UNIT, only.y / UNIT) == (pytest.approx(120, abs=3), pytest.approx(137, abs=3))
    assert only.covers(only.x + only.radius - 2, only.y, only.x + only.radius + 40, only.y + 9)
    assert not only.covers(only.x + only.radius + 2, only.y, only.x + only.radius + 40, only.y + 9)


def test_a_rule_stays_whole_under_a_seal() -> None:
    scan = ocr.read(picture(ring(table(), (220, 60, 60))))
    flat = sorted((r.top, r.x0, r.x1) for r in scan.rulings if r.top == r.bottom)
    assert [(x0, x1) for _, x0, x1 in flat] == [(pytest.approx(60, abs=2), pytest.approx(340, abs=2))] * 4


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> Callable[[Sequence[Reading], Sequence[Reading]], None]:
    """Let the recogniser say these of the lines, and those when it is asked again."""

    def says(first: Sequence[Reading], again: Sequence[Reading]) -> None:
        answers = iter((list(first), list(again)))
        monkeypatch.setattr(recogniser, "read", lambda _: next(answers))

    return says


LINE = np.full((30, 90), 255, np.uint8)


@pytest.mark.parametrize(
    ("first", "again", "text", "other"),
    [
        (Reading("12.50", 0.7), Reading("12.50", 0.99), "12.50", "12.50"),
        (Reading("12.50", 0.7), Reading("12.60", 0.99), "12.60", "12.50"),
        (Reading("12.50", 0.7), Reading("12.60", 0.65), "12.50", "12.60"),
        (Reading("12.50", 0.7), Reading("2.50", 0.85), "12.50", "2.50"),
        (Reading("112.50", 0.4), Reading("12.50", 0.99), "12.50", "112.50"),
        (Reading("S12.50", 0.3), Reading("12.50", 0.6), "12.50", "S12.50"),
        (Reading("1.823.2", 0.99), Reading("1.823.2", 0.99), "1,823.2", "1.823.2"),
        (Reading("74,5", 0.95), Reading("", 0.0), "74.5", doubt.UNREADABLE),
        (Reading("A12", 0.5), Reading("(3)", 0.9), "A12", "(3)"),
    ],
)
def test_a_figure_in_doubt_is_read_again_and_both_are_kept(
    second: Callable[..., None], first: Reading, again: Reading, text: str, other: str
) -> None:
    second([first], [again])
    ((reading, kept),) = doubt.read([LINE], {})
    assert (reading.text, kept) == (text, other)


@pytest.mark.parametrize("reading", [Reading("12.50", 0.95), Reading("no digit", 0.2), Reading("No. 4-1", 0.95)])
def test_what_is_sure_or_no_figure_is_read_once(second: Callable[..., None], reading: Reading) -> None:
    second([reading], [])
    assert doubt.read([LINE], {}) == [(reading, "")]


def test_what_a_stamp_left_beside_a_figure_goes_and_leaves_a_mark() -> None:
    area = [(Reading("x", 0.2), ""), (Reading("786.90", 0.99), ""), (Reading("", 0.0), "")]
    kept = doubt.without_remnants(area)
    assert [reading.text for reading, _ in kept] == ["", "786.90", ""]
    assert kept[1][1] == "x786.90" + doubt.UNREADABLE
    for beside in (Reading("x", 0.8), Reading("12.00", 0.95)):
        untouched = [(beside, ""), (Reading("786.90", 0.99), "")]
        assert doubt.without_remnants(untouched) == untouched


def test_ink_in_a_cell_that_says_nothing_is_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(lines: Sequence[Any], _: object) -> list[tuple[Reading, str]]:
        return [(recogniser.NOTHING, "") for _ in lines]

    monkeypatch.setattr(doubt, "read", nothing)
    grey = np.full((100, 100), 255, np.uint8)
    inside, outside = (regions.Area([Strip(10, 10, 40, 30)], inside, Strip(10, 10, 40, 30)) for inside in (True, False))
    none = rules.Rules((), (), grey * 0)
    (word,) = page._words(page.Found(grey, none, [], [inside], 20.0), 1.0)
    assert (word.text, word.confidence) == (doubt.UNREADABLE, 0.0)
    assert page._words(page.Found(grey, none, [], [outside], 20.0), 1.0) == []
