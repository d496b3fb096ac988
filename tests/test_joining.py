"""Tables continued over pages: what is joined, what is not, and where each piece came from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conftest import text_to_grid
from hypothesis import given
from hypothesis import strategies as st

from structurer import catalog
from structurer.layout import joining
from structurer.records import Cell, Chunk, Form, Grid, Line, Part

if TYPE_CHECKING:
    from collections.abc import Sequence

LEXICON = catalog.load().lexicon
HEADER = "序号 | 科目编码 | 科目名称 | 合计\n"


def chunk(text: str, page: int | None, title: str | None = None, head: str = "", notes: str = "") -> Chunk:
    lines = [tuple(Line(line, page) for line in around.splitlines()) for around in (head, notes)]
    return Chunk(
        Form.TABLE,
        (page,),
        text_to_grid(text, page),
        Line(title, page) if title else None,
        head=lines[0],
        notes=lines[1],
    )


def passage(page: int) -> Chunk:
    return Chunk(Form.PASSAGE, (page,), lines=(Line("正文。", page),))


def joined(*chunks: Chunk) -> list[Chunk]:
    return list(joining.joined(chunks, LEXICON))


def one(*chunks: Chunk) -> Grid:
    (found,) = joined(*chunks)
    assert found.grid is not None
    assert_tiling(found.grid)
    return found.grid


def assert_tiling(grid: Grid) -> None:
    covered = [
        (row, column)
        for cell in grid.cells
        for row in range(cell.row, cell.row + cell.rowspan)
        for column in range(cell.column, cell.column + cell.colspan)
    ]
    assert sorted(covered) == [(row, column) for row in range(grid.n_rows) for column in range(grid.n_columns)]


def shown(grid: Grid) -> list[list[str]]:
    """Return the texts row by row, each cell in the row it begins."""
    rows: list[list[str]] = [[] for _ in range(grid.n_rows)]
    for cell in sorted(grid.cells, key=lambda c: (c.row, c.column)):
        rows[cell.row].append(cell.text)
    return rows


def at(grid: Grid, row: int, column: int) -> Cell:
    return next(cell for cell in grid.cells if (cell.row, cell.column) == (row, column))


# Joined.


def test_header_repeated_is_left_out() -> None:
    grid = one(
        chunk(HEADER + "1 | 204 | 公安 | 1.00\n2 | 205 | 教育 | 2.00", 3, "支出总表", "单位：万元"),
        chunk(HEADER + "3 | 206 | 科学 | 3.00", 4, None, "单位：万元"),
    )
    assert shown(grid)[1:] == [
        ["1", "204", "公安", "1.00"],
        ["2", "205", "教育", "2.00"],
        ["3", "206", "科学", "3.00"],
    ]
    assert grid.pages == (3, 3, 3, 4)


def test_header_not_repeated() -> None:
    grid = one(chunk(HEADER + "1 | 204 | 公安 | 1.00", 3, "支出总表"), chunk("2 | 205 | 教育 | 2.00", 4))
    assert shown(grid)[2] == ["2", "205", "教育", "2.00"]
    assert grid.pages == (3, 3, 4)


def test_header_of_two_levels_with_its_guide_row_repeated() -> None:
    header = "序号 | 分类 | < | 合计\n^ | 科目编码 | 科目名称 | ^\n栏次 | 1 | 2 | 3\n"
    grid = one(chunk(header + "1 | 204 | 公安 | 1.00", 3, "支出总表"), chunk(header + "2 | 205 | 教育 | 2.00", 4))
    assert shown(grid)[3:] == [["1", "204", "公安", "1.00"], ["2", "205", "教育", "2.00"]]


@pytest.mark.parametrize("title", ["支出总表", "支出总表（续）", "支出总表(续表)", "支 出 总 表 续表"])
def test_title_repeated_or_marked_as_going_on(title: str) -> None:
    grid = one(
        chunk(HEADER + "1 | 204 | 公安 | 1.00", 3, "支出总表", "单位：万元"),
        chunk(HEADER + "2 | 205 | 教育 | 2.00", 4, title, "单位：万元"),
    )
    assert grid.n_rows == 3


def test_three_pages() -> None:
    parts = [chunk(f"{HEADER}{i} | 20{i} | 公安 | {i}.00", i, "支出总表") for i in (3, 4, 5)]
    (found,) = joined(*parts)
    assert found.pages == (3, 4, 5)
    assert found.grid is not None
    assert found.grid.pages == (3, 3, 4, 5)


def test_header_alone_on_the_next_page_adds_its_page_only() -> None:
    (found,) = joined(chunk(HEADER + "1 | 204 | 公安 | 1.00", 3, "支出总表"), chunk(HEADER, 4))
    assert found.pages == (3, 4)
    assert found.grid is not None
    assert found.grid.n_rows == 2


def test_notes_of_the_last_page_are_kept() -> None:
    (found,) = joined(
        chunk(HEADER + "1 | 204 | 公安 | 1.00", 3, "支出总表"),
        chunk(HEADER + "2 | 205 | 教育 | 2.00", 4, notes="注：无。"),
    )
    assert [note.text for note in found.notes] == ["注：无。"]


# Not joined.


@pytest.mark.parametrize(
    "second",
    [
        chunk(HEADER + "1 | 204 | 公安 | 1.00", 4, "收入总表"),
        chunk(HEADER + "2 | 205 | 教育 | 2.00", 5),
        chunk(HEADER + "2 | 205 | 教育 | 2.00", 3),
        chunk("科目编码 | 科目名称 | 合计\n205 | 教育 | 2.00", 4),
        passage(4),
    ],
    ids=["other title", "a page between", "same page", "other columns", "no table"],
)
def test_another_table(second: Chunk) -> None:
    first = chunk(HEADER + "1 | 204 | 公安 | 1.00", 3, "支出总表", "单位：万元")
    assert joined(first, second) == [first, second]


def test_text_between_two_tables_keeps_them_apart() -> None:
    chunks = [
        chunk(HEADER + "1 | 204 | 公安 | 1.00", 3, "支出总表"),
        passage(3),
        chunk(HEADER + "2 | 205 | 教育 | 2.00", 4),
    ]
    assert joined(*chunks) == chunks


def test_a_card_that_begins_as_the_last_did_is_another_card() -> None:
    first = chunk("项目名称 | 设备\n金额 | 1.00\n目标 | 购置", 3, "绩效目标表")
    second = chunk("项目名称 | 电梯\n金额 | 2.00\n目标 | 维护", 4)
    assert joined(first, second) == [first, second]


def test_a_table_closed_by_a_note_does_not_go_on_without_its_header() -> None:
    first = chunk(HEADER + "1 | 204 | 公安 | 1.00", 3, "支出总表", notes="注：无。")
    second = chunk("2 | 205 | 教育 | 2.00", 4)
    assert joined(first, second) == [first, second]


def test_another_department_under_the_same_title() -> None:
    first = chunk(HEADER + "1 | 204 | 公安 | 1.00", 3, "支出总表", "部门：公安局")
    second = chunk(HEADER + "1 | 204 | 公安 | 1.00", 4, "支出总表", "部门：教育局")
    assert joined(first, second) == [first, second]


# Cells.


def test_a_cell_cut_by_the_page_break_is_one_cell_of_two_pages() -> None:
    grid = one(
        chunk(HEADER + "1 | 204 | 公安 | 1.00\n2 | 208 | 其他社会保障 | 2.00", 3, "支出总表"),
        chunk(HEADER + " |  | 和就业支出 | \n3 | 210 | 卫生 | 3.00", 4),
    )
    assert shown(grid)[2:] == [["2", "208", "其他社会保障和就业支出", "2.00"], ["3", "210", "卫生", "3.00"]]
    assert at(grid, 2, 2).parts == (Part("其他社会保障", 3), Part("和就业支出", 4))
    assert grid.pages == (3, 3, 3, 4)


def test_a_row_with_a_figure_is_a_row_of_its_own() -> None:
    grid = one(
        chunk(HEADER + "1 | 204 | 公安 | 1.00\n2 | 208 | 社保 | 2.00", 3, "支出总表"),
        chunk(HEADER + " |  | 其中 | 3.00\n3 | 210 | 卫生 | 3.00", 4),
    )
    assert shown(grid)[3] == ["", "", "其中", "3.00"]


def test_a_merged_cell_over_the_page_break_is_one_cell() -> None:
    grid = one(
        chunk("一级 | 二级 | 值\n产出 | 数量 | ≥1\n^ | 质量 | ≥2", 3, "指标表"),
        chunk("一级 | 二级 | 值\n | 时效 | ≥3\n^ | 成本 | ≥4\n效益 | 社会 | ≥5", 4),
    )
    cell = at(grid, 1, 0)
    assert (cell.rowspan, cell.text) == (4, "产出")
    assert at(grid, 5, 0).text == "效益"


def test_a_merged_cell_named_again_on_the_next_page_stays_two() -> None:
    grid = one(
        chunk("一级 | 二级 | 值\n产出 | 数量 | ≥1\n^ | 质量 | ≥2", 3, "指标表"),
        chunk("一级 | 二级 | 值\n产出 | 时效 | ≥3\n^ | 成本 | ≥4", 4),
    )
    assert [(cell.row, cell.rowspan) for cell in grid.cells if cell.text == "产出"] == [(1, 2), (3, 2)]


def test_columns_a_hair_apart_are_the_same() -> None:
    first = chunk(HEADER + "1 | 204 | 公安 | 1.00", 3, "支出总表")
    second = chunk("2 | 205 | 教育 | 2.00", 4)
    assert first.grid is not None
    assert second.grid is not None
    near = [
        replace(first, grid=replace(first.grid, edges=(10.0, 50.0, 90.0, 200.0, 300.0))),
        replace(second, grid=replace(second.grid, edges=(12.0, 53.0, 91.0, 203.0, 302.0))),
    ]
    assert one(*near).n_rows == 3
    far = [near[0], replace(second, grid=replace(second.grid, edges=(10.0, 70.0, 120.0, 250.0, 300.0)))]
    assert len(joined(*far)) == 2


def test_a_column_merged_on_the_second_page_keeps_its_place() -> None:
    first = chunk(HEADER + "1 | 204 | 公安 | 1.00", 3, "支出总表")
    second = chunk("合计 | < | 1.00", 4)
    assert first.grid is not None
    assert second.grid is not None
    grid = one(
        replace(first, grid=replace(first.grid, edges=(10.0, 50.0, 90.0, 200.0, 300.0))),
        replace(second, grid=replace(second.grid, edges=(10.0, 90.0, 200.0, 300.0))),
    )
    last = sorted((cell.column, cell.colspan, cell.text) for cell in grid.cells if cell.row == 2)
    assert last == [(0, 3, "合计"), (3, 1, "1.00")]


@st.composite
def grids(draw: st.DrawFn, n_columns: int, page: int) -> Grid:
    """Return a grid of merged and blank cells, tiled from its top left."""
    n_rows = draw(st.integers(1, 5))
    free = {(row, column) for row in range(n_rows) for column in range(n_columns)}
    cells = []
    for row in range(n_rows):
        for column in range(n_columns):
            if (row, column) not in free:
                continue
            rowspan, colspan = draw(st.integers(1, n_rows - row)), draw(st.integers(1, n_columns - column))
            while not _slots(row, column, 1, colspan) <= free:
                colspan -= 1
            while not _slots(row, column, rowspan, colspan) <= free:
                rowspan -= 1
            free -= _slots(row, column, rowspan, colspan)
            text = draw(st.sampled_from(["", "合计", "公安", "204", "1.00", "产出"]))
            cells.append(Cell(row, column, rowspan, colspan, (Part(text, page),) if text else ()))
    return Grid(n_rows, n_columns, tuple(cells), (page,))


def _slots(row: int, column: int, rowspan: int, colspan: int) -> set[tuple[int, int]]:
    return {(r, c) for r in range(row, row + rowspan) for c in range(column, column + colspan)}


def texts(items: Sequence[Grid]) -> list[str]:
    return sorted(part.text for grid in items for cell in grid.cells for part in cell.parts)


@given(st.data(), st.integers(1, 4))
def test_joined_grids_are_tilings_and_lose_only_repeated_rows(data: st.DataObject, n_columns: int) -> None:
    pieces = [data.draw(grids(n_columns, page)) for page in (1, 2, 3)]
    chunks = [Chunk(Form.TABLE, (grid.pages[0],), grid) for grid in pieces]
    found = [chunk.grid for chunk in joined(*chunks) if chunk.grid is not None]
    for grid in found:
        assert_tiling(grid)
        assert len(grid.pages) in {1, grid.n_rows}
    kept = texts(found)
    printed = texts(pieces)
    assert not [text for text in set(kept) if kept.count(text) > printed.count(text)]
    assert set(kept) == set(printed)


@pytest.mark.parametrize("name", ["三、公务接待费", "其中：人员经费", "合计"])
def test_a_row_without_amounts_is_no_rest_of_the_row_above(name: str) -> None:
    rows = "一、因公出国费 | 1.00 | 1.00\n二、公务用车 | 2.00 | 2.00"
    grid = one(
        chunk(f"项目 | 预算数 | 备注\n{rows}", 3, "三公经费表"),
        chunk(f"{name} |  | \n四、会议费 | 1.00 | 1.00", 4),
    )
    assert [row[0] for row in shown(grid)] == ["项目", "一、因公出国费", "二、公务用车", name, "四、会议费"]
