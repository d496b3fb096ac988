"""Words and rulings to grids: what is drawn is what is read."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from conftest import text_to_grid
from hypothesis import given
from hypothesis import strategies as st

from structurer import catalog, layout
from structurer.layout import cells, edges, lattice, text
from structurer.records import Box, Cell, Grid, How, Line, Page, Part, Ruling, Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LEXICON = catalog.load().lexicon
WIDTH, HEIGHT, SIZE = 90.0, 24.0, 10.0
LEFT, TOP = 50.0, 100.0


def page(words: Iterable[Word] = (), rulings: Iterable[Ruling] = ()) -> Page:
    return Page(1, 595.0, 842.0, How.TEXT, tuple(words), tuple(rulings))


def word(printed: str, x: float, y: float, size: float = SIZE) -> Word:
    """Return a word that begins at x and stands on y; an ideograph is as wide as the size, other characters half."""
    width = sum(size if ord(char) > 0x2000 else size / 2 for char in printed)
    return Word(printed, Box(x, y - size, x + width, y))


def place(cell: Cell) -> Box:
    return Box(
        LEFT + WIDTH * cell.column,
        TOP + HEIGHT * cell.row,
        LEFT + WIDTH * (cell.column + cell.colspan),
        TOP + HEIGHT * (cell.row + cell.rowspan),
    )


def sides(box: Box) -> list[Ruling]:
    return [
        Ruling(box.x0, box.top, box.x1, box.top),
        Ruling(box.x0, box.bottom, box.x1, box.bottom),
        Ruling(box.x0, box.top, box.x0, box.bottom),
        Ruling(box.x1, box.top, box.x1, box.bottom),
    ]


def drawn(grid: Grid) -> Page:
    """Return the page on which every cell of the grid has its four sides, and its text in the middle."""
    words = []
    for cell in grid.cells:
        box = place(cell)
        if cell.text:
            words.append(word(cell.text, box.x0 + 3, (box.top + box.bottom) / 2 + SIZE / 2))
    return page(words, (side for cell in grid.cells for side in sides(place(cell))))


def only_grid(opened: Page) -> Grid:
    (grid,) = [block for block in layout.sheet(opened).blocks if isinstance(block, Grid)]
    return grid


def lines(opened: Page) -> list[str]:
    return [block.text for block in layout.sheet(opened).blocks if isinstance(block, Line)]


def shape(grid: Grid) -> list[tuple[int, int, int, int, str]]:
    return sorted((c.row, c.column, c.rowspan, c.colspan, c.text) for c in grid.cells)


def slots(spans: Iterable[tuple[int, int, int, int]]) -> list[tuple[int, int]]:
    return [(r, c) for row, column, rs, cs in spans for r in range(row, row + rs) for c in range(column, column + cs)]


# Ruled tables.


@pytest.mark.parametrize(
    "printed",
    [
        "a | b\nc | d",
        "序号 | 科目 | <    | 合计\n^    | 编码 | 名称 | ^\n1    | 204  | 公安 | 1.00",
        "合计 | <\n甲 | 乙",
        "产出 | 数量\n^ | 质量\n效益 | 社会",
        "a |  | b\n |  | \nc | d | ",
    ],
)
def test_drawn_grid_is_read(printed: str) -> None:
    grid = text_to_grid(printed)
    assert shape(only_grid(drawn(grid))) == shape(grid)


def test_cells_know_page_place_and_borders() -> None:
    grid = only_grid(drawn(text_to_grid("a | b\nc | d")))
    assert grid.pages in {(1,), (1, 1)}
    assert grid.box == Box(LEFT, TOP, LEFT + 2 * WIDTH, TOP + 2 * HEIGHT)
    assert grid.edges == (LEFT, LEFT + WIDTH, LEFT + 2 * WIDTH)
    assert grid.basis == "ruled"
    (part,) = grid.cells[3].parts
    assert part.page == 1
    assert part.box == Box(LEFT + WIDTH + 3, TOP + 1.5 * HEIGHT - 5, LEFT + WIDTH + 8, TOP + 1.5 * HEIGHT + 5)


def test_double_and_broken_rulings_are_one() -> None:
    opened = drawn(text_to_grid("a | b\nc | d"))
    shifted = [replace(r, x0=r.x0 + 1, x1=r.x1 + 1, top=r.top + 1, bottom=r.bottom + 1) for r in opened.rulings]
    halves = [
        half
        for r in opened.rulings
        for middle in [((r.x0 + r.x1) / 2, (r.top + r.bottom) / 2)]
        for half in (replace(r, x1=middle[0], bottom=middle[1]), replace(r, x0=middle[0], top=middle[1]))
    ]
    for rulings in ((*opened.rulings, *shifted), tuple(halves)):
        assert shape(only_grid(replace(opened, rulings=rulings))) == shape(text_to_grid("a | b\nc | d"))


def test_table_open_at_its_sides_is_closed() -> None:
    grid = text_to_grid("a | b | c\nd | e | f")
    opened = drawn(grid)
    right = LEFT + 3 * WIDTH
    inner = tuple(r for r in opened.rulings if not (r.x0 == r.x1 and r.x0 in {LEFT, right}))
    assert shape(only_grid(replace(opened, rulings=inner))) == shape(grid)


def test_two_tables_on_a_page_are_two_grids_in_order() -> None:
    upper = drawn(text_to_grid("a | b\nc | d"))
    move = 200.0
    lower = [replace(w, box=replace(w.box, top=w.box.top + move, bottom=w.box.bottom + move)) for w in upper.words]
    rulings = [replace(r, top=r.top + move, bottom=r.bottom + move) for r in upper.rulings]
    title = word("第二张表", LEFT, TOP + 150)
    opened = page((*lower, title, *upper.words), (*rulings, *upper.rulings))
    blocks = layout.sheet(opened).blocks
    assert [type(block) for block in blocks] == [Grid, Line, Grid]
    assert [block.box.top for block in blocks if block.box] == [TOP, TOP + 140, TOP + move]


def test_frame_around_text_is_no_table() -> None:
    opened = page([word("正文", 60, 120), word("第二行", 60, 140)], sides(Box(50, 100, 300, 200)))
    assert lines(opened) == ["正文", "第二行"]
    assert not any(isinstance(block, Grid) for block in layout.sheet(opened).blocks)


def test_words_outside_are_lines() -> None:
    opened = drawn(text_to_grid("a | b\nc | d"))
    around = [word("部门收支总表", 80, 60, 16), word("部门：公安局", 50, 90), word("单位：万元", 180, 90)]
    assert lines(replace(opened, words=(*opened.words, *around))) == ["部门收支总表", "部门：公安局\t单位：万元"]


def test_blank_page_has_no_blocks() -> None:
    assert layout.sheet(page()).blocks == ()


def test_blocks_that_need_no_layout_pass() -> None:
    blocks = (Line("正文", None), text_to_grid("a | b"))
    assert layout.sheet(Page(None, 0, 0, How.MARKUP, blocks=blocks)).blocks == blocks


# Text of a cell.


def part(*rows: str, width: float = 60.0) -> Part:
    """Return the text of a cell whose lines are these."""
    return text.cell_part([word(row, 0, 20 * index) for index, row in enumerate(rows, 1)], 1, width)


def test_line_that_ran_out_of_room_is_joined() -> None:
    assert part("机关事业单", "位支出").text == "机关事业单位支出"


def test_break_made_on_purpose_stays() -> None:
    assert part("1.00", "2.00").text == "1.00\n2.00"
    assert part("甲", "乙").text == "甲\n乙"


def test_figure_too_long_for_its_cell_is_one() -> None:
    assert part("1234567890", "12.50", width=58).text == "123456789012.50"


def test_words_on_one_line_keep_their_gap() -> None:
    assert text.cell_part([word("1.00", 0, 20), word("2.00", 30, 20)], 1, 100).text == "1.00 2.00"
    assert text.cell_part([word("合", 0, 20), word("计", 10.5, 20)], 1, 100).text == "合计"


def test_wide_gap_in_a_line_is_a_tab() -> None:
    (line,) = text.words_to_lines([word("单位：万元", 200, 20), word("部门", 0, 20)], 1)
    assert line.text == "部门\t单位：万元"
    assert [w.text for w in line.words] == ["部门", "单位：万元"]


def test_sub_and_superscripts_stay_in_their_line() -> None:
    (line,) = text.words_to_lines([word("平方米", 0, 20), word("2", 30.5, 17, 5)], 1)
    assert line.text == "平方米2"


# Any rulings, any words.


COORDINATES = st.one_of(st.integers(0, 30).map(lambda n: 20.0 * n), st.floats(0, 600))
UPRIGHT = st.tuples(COORDINATES, COORDINATES, COORDINATES).map(lambda t: Ruling(t[0], min(t[1:]), t[0], max(t[1:])))
FLAT = st.tuples(COORDINATES, COORDINATES, COORDINATES).map(lambda t: Ruling(min(t[1:]), t[0], max(t[1:]), t[0]))
RULINGS = st.lists(st.one_of(UPRIGHT, FLAT), max_size=30)
POINTS = st.lists(st.tuples(COORDINATES, COORDINATES, st.floats(4, 30)), max_size=20)


def numbered(points: Sequence[tuple[float, float, float]]) -> list[Word]:
    """Return words w0. w1. …, each told apart from the others by its text."""
    return [word(f"w{index}.", x, y, size) for index, (x, y, size) in enumerate(points)]


@given(RULINGS)
def test_any_rulings_give_a_tiling(rulings: list[Ruling]) -> None:
    for lat in layout.lattices(page((), rulings)):
        n_rows, n_columns = len(lat.ys) - 1, len(lat.xs) - 1
        assert sorted(slots(lat.cells)) == [(row, column) for row in range(n_rows) for column in range(n_columns)]
        assert all(a < b for a, b in pairwise(lat.xs))
        assert all(a < b for a, b in pairwise(lat.ys))


@given(RULINGS, POINTS)
def test_every_word_is_in_one_cell_or_outside(rulings: list[Ruling], points: list[tuple[float, float, float]]) -> None:
    words = numbered(points)
    found = layout.lattices(page(words, rulings))
    within, outside = cells.inside(words, found)
    assert sorted(w.text for held in [*within, outside] for w in held) == sorted(w.text for w in words)
    for lat, held in zip(found, within, strict=True):
        grid = cells.filled(lat, held, 1)
        printed = "".join(cell.text for cell in grid.cells)
        assert [printed.count(w.text) for w in held] == [1] * len(held)
        assert sorted(slots((c.row, c.column, c.rowspan, c.colspan) for c in grid.cells)) == sorted(slots(lat.cells))


@given(RULINGS, POINTS)
def test_every_word_is_on_the_sheet_once(rulings: list[Ruling], points: list[tuple[float, float, float]]) -> None:
    words = numbered(points)
    blocks = layout.sheet(page(words, rulings)).blocks
    printed = [b.text if isinstance(b, Line) else "|".join(cell.text for cell in b.cells) for b in blocks]
    assert [sum(piece.count(w.text) for piece in printed) for w in words] == [1] * len(words)


@given(st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=1, max_size=5), st.data())
def test_any_walls_give_a_tiling(rows: list[list[bool]], data: st.DataObject) -> None:
    n_rows, n_columns = len(rows), 3
    walls = [bytearray(row[column] for row in rows) for column in range(n_columns + 1)]
    floor = st.lists(st.booleans(), min_size=n_columns, max_size=n_columns)
    floors = [bytearray(data.draw(floor)) for _ in range(n_rows + 1)]
    spans = lattice.tile(n_rows, n_columns, walls, floors)
    assert sorted(slots(spans)) == [(row, column) for row in range(n_rows) for column in range(n_columns)]


@given(RULINGS)
def test_edges_of_one_table_touch_and_none_is_lost(rulings: list[Ruling]) -> None:
    flat, upright = edges.rulings_to_edges(rulings)
    tables = edges.edges_to_tables(flat, upright)
    assert sorted(edge for table in tables for edge in table.flat) == sorted(flat)
    assert sorted(edge for table in tables for edge in table.upright) == sorted(upright)


def test_a_drawing_of_far_too_many_slots_is_no_table() -> None:
    rulings = [Ruling(0.0, 4.0 * n, 4000.0, 4.0 * n) for n in range(1000)]
    rulings += [Ruling(4.0 * n, 0.0, 4.0 * n, 4000.0) for n in range(1000)]
    assert layout.lattices(page((), rulings)) == []
