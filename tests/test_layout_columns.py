"""Tables drawn with and without rulings read back; running text left alone; no word lost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import make_tables
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from structurer import layout
from structurer.document import pdf
from structurer.layout import columns, frames
from structurer.records import Box, Grid, How, Page, Ruling, Word

if TYPE_CHECKING:
    from pathlib import Path

    from structurer.records import Sheet

SEEDS = range(2)
# PyMuPDF gives a name and the figure close behind it as one word; such a table is not the layout's to judge.
HEADER = (104, ((90, "科目编码"), (200, "科目名称"), (320, "合计"), (400, "基本支出"), (470, "项目支出")))


def page(rows: list[tuple[float, tuple[tuple[float, str], ...]]], *rules: float) -> Page:
    """Return a page of words at (y, ((x, text), …)) and of horizontal rules."""
    words = []
    for y, items in rows:
        for x, text in items:
            width = sum(10.5 if not char.isascii() else 5.25 for char in text)
            words.append(Word(text, Box(x, y, x + width, y + 12.6)))
    return Page(1, 595, 842, How.TEXT, tuple(words), tuple(Ruling(80, y, 520, y) for y in rules))


def body(top: float, count: int) -> list[tuple[float, tuple[tuple[float, str], ...]]]:
    rows = []
    for i in range(count):
        figures = ((360, f"{1234 * (i + 1):,}.50"), (440, f"{14 * (i + 1) ** 2:,}.50"), (510, f"{i}.50"))
        at_right = tuple((x - 5.25 * len(text), text) for x, text in figures)
        rows.append((top + 16 * i, ((90, f"20{i % 10}"), (190, "行政运行支出"[: 4 + i % 3]), *at_right)))
    return rows


def grids(sheet: Sheet) -> list[Grid]:
    return [block for block in sheet.blocks if isinstance(block, Grid)]


def right(sample: make_tables.Sample, sheet: Sheet) -> int:
    """Return how many figures stand in their column, beside their name, in the row they were drawn in."""
    found = grids(sheet)
    if len(found) != 1 or found[0].n_columns != sample.n_columns:
        return 0
    at = {(cell.row, cell.column): re.sub(r"\s", "", cell.text) for cell in found[0].cells}
    return sum(
        at.get((sample.levels + r, c)) == text and at.get((sample.levels + r, 1)) == row[1]
        for r, row in enumerate(sample.rows)
        for c, text in enumerate(row)
        if c > 1 and text
    )


def recall(samples: list[make_tables.Sample], path: Path) -> float:
    read = wanted = 0
    for sample, opened in zip(samples, pdf.pages(path), strict=True):
        read += right(sample, layout.sheet(opened))
        wanted += sum(bool(text) for row in sample.rows for text in row[2:])
    return read / wanted


@pytest.mark.parametrize("levels", [1, 2, 3])
@pytest.mark.parametrize("style", make_tables.STYLES)
def test_figures_stand_where_they_were_drawn(style: str, levels: int, tmp_path: Path) -> None:
    rotation = 90 * (levels % 2)
    samples = make_tables.write(tmp_path / "t.pdf", SEEDS, style, levels, rotation)
    assert recall(samples, tmp_path / "t.pdf") >= (0.97 if style == "borderless" else 0.99)


@pytest.mark.heavy
@pytest.mark.parametrize("style", make_tables.STYLES)
def test_figures_of_two_hundred_tables(style: str, tmp_path: Path) -> None:
    shares = []
    for levels in (1, 2, 3):
        samples = make_tables.write(tmp_path / f"{levels}.pdf", range(67), style, levels)
        shares.append(recall(samples, tmp_path / f"{levels}.pdf"))
    assert sum(shares) / 3 >= 0.99


def test_header_under_spanner_rules(tmp_path: Path) -> None:
    (sample,) = make_tables.write(tmp_path / "t.pdf", range(1, 2), "three_rules_spanners", 3)
    (opened,) = pdf.pages(tmp_path / "t.pdf")
    (grid,) = grids(layout.sheet(opened))
    read = {(c.row, c.column): (c.rowspan, c.colspan, c.text.replace("\n", "")) for c in grid.cells if c.row < 3}
    assert read == sample.header
    assert grid.basis == "aligned"


TEXT = {
    "contents with leaders": [
        (100 + 18 * i, ((80, f"{i}、"), (110, "收支总表" + "." * 60), (500, f"{i}"))) for i in range(9)
    ],
    "contents": [
        (100 + 18 * i, ((80, f"{i}"), (110, "收支总表"), (300, "公开表"), (500, f"{9 * i}"))) for i in range(12)
    ],
    "prose": [
        (100 + 18 * i, ((80, "收入预算"), (130, "1,234.56"), (180, "万元，增加"), (240, "23.40"), (272, "万元，增长")))
        for i in range(9)
    ],
    "two columns of prose": [
        (100 + 18 * i, ((60, "本单位收入预算一千"), (320, "其中财政拨款增加"))) for i in range(20)
    ],
    "lists": [
        (100 + 18 * i, ((60, f"{i}."), (80, "办公费"), (200, f"{i}2.50万元"), (330, f"增长{i}%"))) for i in range(8)
    ],
    "head lines": [
        (100 + 18 * i, ((60, "部门："), (130, "某局"), (300, "2024"), (330, "年"), (480, "单位：元"))) for i in range(3)
    ],
    "signature": [
        (700, ((60, "负责人："), (240, "填表人："), (460, "83456789"))),
        (720, ((60, "2024"), (110, "3"), (140, "5"))),
    ],
}


@pytest.mark.parametrize("name", TEXT)
def test_running_text_is_no_table(name: str) -> None:
    assert grids(layout.sheet(page(TEXT[name]))) == []
    assert grids(layout.sheet(page(TEXT[name], 75, 780))) == []


@pytest.mark.parametrize(
    ("rows", "rules", "sizes"),
    [
        ([HEADER, *body(124, 40)], (100, 120), [(41, 5)]),
        (body(60, 6), (160,), [(6, 5)]),
        ([HEADER, *body(124, 1)], (100, 120, 140), [(2, 5)]),
        ([HEADER, *body(124, 3)], (99, 100.5, 120, 121.4, 175, 176.5), [(4, 5)]),
        ([HEADER], (100, 120, 180), [(2, 5)]),
        (
            [HEADER, *body(124, 2), (180, ((230, "支出表"),)), (214, HEADER[1]), *body(234, 3)],
            (100, 120, 170, 210, 230, 290),
            [(3, 5), (4, 5)],
        ),
    ],
    ids=["cut at the end", "cut at the start", "one row", "double rules", "blank", "two tables"],
)
def test_tables_between_rules(rows: list, rules: tuple[float, ...], sizes: list[tuple[int, int]]) -> None:
    assert [(grid.n_rows, grid.n_columns) for grid in grids(layout.sheet(page(rows, *rules)))] == sizes


TEXTS = st.sampled_from(["合计", "行政运行", "204", "1,234.50", "0.00", "-12.30", "单位：万元", "……", "项", "12"])
PLACES = st.tuples(st.integers(0, 7), st.integers(0, 14), st.integers(-4, 4), TEXTS)
RULES = st.tuples(st.booleans(), st.integers(0, 14), st.integers(0, 7), st.integers(1, 7))


@settings(max_examples=300, deadline=None)
@given(st.lists(PLACES, max_size=60), st.lists(RULES, max_size=12))
def test_every_word_stands_once_and_grids_are_tilings(places: list, rules: list) -> None:
    words = []
    for index, (column, line, shift, text) in enumerate(places):
        x, y = 50 + 60 * column + shift, 60 + 16 * line + shift / 2
        words.append(Word(text, Box(x + index / 1000, y, x + 5 * len(text), y + 11)))
    drawn = [
        Ruling(45 + 60 * start, 57 + 16 * at, 45 + 60 * (start + size), 57 + 16 * at)
        if flat
        else Ruling(45 + 60 * start, 57 + 16 * at, 45 + 60 * start, 57 + 16 * (at + size))
        for flat, at, start, size in rules
    ]
    opened = Page(1, 595, 842, How.TEXT, tuple(words), tuple(drawn))
    found, outside = columns.unruled(words, opened, [])
    assert len(set(map(id, outside))) == len(outside)
    assert set(map(id, outside)) <= set(map(id, words))
    assert_tiled(found)
    sheet = layout.sheet(opened)
    assert_tiled(grids(sheet))
    texts = [part.text for grid in grids(sheet) for cell in grid.cells for part in cell.parts]
    texts += [block.text for block in sheet.blocks if not isinstance(block, Grid)]
    assert sorted(re.sub(r"\s", "", "".join(texts))) == sorted("".join(word.text for word in words))


def assert_tiled(found: list[Grid]) -> None:
    for grid in found:
        slots = [
            (row, column)
            for cell in grid.cells
            for row in range(cell.row, cell.row + cell.rowspan)
            for column in range(cell.column, cell.column + cell.colspan)
        ]
        assert sorted(slots) == [(row, column) for row in range(grid.n_rows) for column in range(grid.n_columns)]
        assert list(grid.edges) == sorted(grid.edges)


def test_frame_holds_by_the_middle() -> None:
    frame = frames.Frame(0, 10, (0, 10))
    assert frame.holds(Word("a", Box(8, 8, 11, 11)))
    assert not frame.holds(Word("a", Box(9, 9, 12, 12)))
