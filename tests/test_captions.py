"""What stands around a grid: its title, the lines above it, the notes below it, also inside its rulings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from conftest import text_to_grid

from structurer import catalog
from structurer.extract import captions as extract_captions
from structurer.extract import header
from structurer.layout import captions
from structurer.records import Box, Chunk, Form, Grid, How, Leaf, Line, Sheet, Word

if TYPE_CHECKING:
    from collections.abc import Sequence

LEXICON = catalog.load().lexicon
GRID = text_to_grid("科目编码 | 合计\n204 | 1.00", 1)


def sheet(*blocks: Line | Grid) -> Sheet:
    return Sheet(1, How.MARKUP, blocks)


def around(*above: str, below: Sequence[str] = (), grid: Grid = GRID) -> list[Chunk]:
    """Cut a sheet without coordinates: lines, a grid, lines."""
    lines = [Line(text, 1) for text in above], [Line(text, 1) for text in below]
    return captions.sheet_to_chunks(sheet(*lines[0], grid, *lines[1]), LEXICON)


def told(chunk: Chunk) -> tuple[str | None, list[str], list[str]]:
    """Return title, head and notes of a table."""
    title = chunk.title.text if chunk.title else None
    return title, [line.text for line in chunk.head], [line.text for line in chunk.notes]


def printed(text: str, top: float, x0: float, x1: float, size: float = 12.0) -> Line:
    return Line(text, 1, Box(x0, top, x1, top + size), size)


# Above.


def test_title_and_head() -> None:
    (table,) = around("部门预算支出总表", "部门：公安局\t单位：万元")
    assert told(table) == ("部门预算支出总表", ["部门：公安局\t单位：万元"], [])


@pytest.mark.parametrize(
    "head",
    [
        "单位：万元",
        "金额单位：元",
        "单位:万元",
        "单 位：万元",
        "（单位：万元）",
        "编制部门：某市公安局",
        "451 石家庄市公安局交通管理局\t预算年度：2024\t单位：万元",
        "预算年度：2024",
        "（2024年度）",
        "截止时间：2023-12-31",
    ],
)
def test_head_line(head: str) -> None:
    (table,) = around("部门预算支出总表", head)
    assert told(table) == ("部门预算支出总表", [head], [])


@pytest.mark.parametrize("mark", ["表1", "附件2", "公开表03", "预算02表"])
def test_mark_above_the_title_belongs_to_the_table(mark: str) -> None:
    passage, table = around("正文在此。", mark, "部门预算支出总表", "单位：万元")
    assert passage.form is Form.PASSAGE
    assert told(table) == ("部门预算支出总表", [mark, "单位：万元"], [])


def test_prose_above_is_a_passage_of_its_own() -> None:
    passage, table = around("一、收支情况。", "本表反映全部收入，共计三项。", "部门预算支出总表", "单位：万元")
    assert [line.text for line in passage.lines] == ["一、收支情况。", "本表反映全部收入，共计三项。"]
    assert told(table) == ("部门预算支出总表", ["单位：万元"], [])


@pytest.mark.parametrize(
    "line", ["本部门没有支出预算表。", "部门预算支出总表……3", "预算" * 41 + "表", "我单位人员经费增加"]
)
def test_no_title(line: str) -> None:
    passage, table = around(line)
    assert told(table) == (None, [], [])
    assert [line.text for line in passage.lines] == [line]


def test_page_number_is_nothing() -> None:
    blocks = [
        printed("部门预算支出总表", 20, 100, 200),
        replace(GRID, box=Box(50, 50, 250, 90)),
        printed("- 3 -", 800, 140, 160),
    ]
    (table,) = captions.sheet_to_chunks(replace(sheet(*blocks), how=How.TEXT), LEXICON)
    assert told(table) == ("部门预算支出总表", [], [])


def test_wrapped_title_is_one_line() -> None:
    grid = replace(GRID, box=Box(50, 80, 450, 200))
    blocks = [
        printed("二〇二四年某某市公安局交通管理支队一般公共预", 20, 70, 430),
        printed("算支出表", 34, 225, 275),
        grid,
    ]
    (table,) = captions.sheet_to_chunks(sheet(*blocks), LEXICON)
    assert told(table)[0] == "二〇二四年某某市公安局交通管理支队一般公共预算支出表"


def test_short_line_above_a_title_is_not_its_start() -> None:
    grid = replace(GRID, box=Box(50, 80, 450, 200))
    blocks = [printed("第二部分", 20, 230, 270), printed("一般公共预算支出表", 34, 200, 300), grid]
    passage, table = captions.sheet_to_chunks(sheet(*blocks), LEXICON)
    assert [line.text for line in passage.lines] == ["第二部分"]
    assert told(table)[0] == "一般公共预算支出表"


def test_centred_line_is_a_title_whatever_it_says() -> None:
    grid = replace(GRID, box=Box(50, 80, 450, 200))
    (table,) = captions.sheet_to_chunks(sheet(printed("绿化苗木清单", 50, 215, 285), grid), LEXICON)
    assert told(table)[0] == "绿化苗木清单"
    passage, table = captions.sheet_to_chunks(sheet(printed("绿化苗木清单", 50, 50, 120), grid), LEXICON)
    assert told(table)[0] is None
    assert passage.form is Form.PASSAGE


def test_two_tables_have_their_own_captions() -> None:
    second = text_to_grid("苗木 | 株数\n银杏 | 5", 1)
    lines = [Line(text, 1) for text in ("部门收入总表", "单位：万元", "注：无。", "部门支出总表", "单位：元")]
    found = captions.sheet_to_chunks(sheet(*lines[:2], GRID, *lines[2:], second), LEXICON)
    assert [told(table) for table in found] == [
        ("部门收入总表", ["单位：万元"], ["注：无。"]),
        ("部门支出总表", ["单位：元"], []),
    ]


# Below.


@pytest.mark.parametrize(
    "note", ["注：空表列示。", "备注：上年结转资金统一在表12反映", "说明：无。", "（注：无此项支出）", "注1：含上年。"]
)
def test_note(note: str) -> None:
    (table,) = around("部门支出总表", below=[note])
    assert told(table) == ("部门支出总表", [], [note])


def test_prose_below_is_no_note() -> None:
    table, passage = around("部门支出总表", below=["二、支出情况。", "注意安全。"])
    assert told(table)[2] == []
    assert [line.text for line in passage.lines] == ["二、支出情况。", "注意安全。"]


def test_note_of_two_lines_is_whole() -> None:
    grid = replace(GRID, box=Box(50, 80, 450, 200))
    blocks = [grid, printed("注：按照有关规定，三公经费包括", 205, 50, 450), printed("出国费和接待费。", 219, 50, 150)]
    (table,) = captions.sheet_to_chunks(sheet(*blocks), LEXICON)
    assert told(table)[2] == ["注：按照有关规定，三公经费包括出国费和接待费。"]


# Inside.


def test_title_and_head_ruled_into_the_grid() -> None:
    grid = text_to_grid("部门支出总表 | < | <\n部门：公安局 | < | 单位：万元\n编码 | 名称 | 合计\n204 | 公安 | 1.00", 1)
    (table,) = around(grid=grid)
    assert told(table) == ("部门支出总表", ["部门：公安局", "单位：万元"], [])
    assert table.grid is not None
    assert [cell.text for cell in table.grid.cells] == ["编码", "名称", "合计", "204", "公安", "1.00"]


def test_note_ruled_into_the_grid() -> None:
    grid = text_to_grid("编码 | 名称 | 合计\n204 | 公安 | 1.00\n注：空表列示。 | < | <", 1)
    (table,) = around("部门支出总表", grid=grid)
    assert told(table) == ("部门支出总表", [], ["注：空表列示。"])
    assert table.grid is not None
    assert table.grid.n_rows == 2


def test_total_row_of_one_cell_stays_in_the_grid() -> None:
    grid = text_to_grid("合计 | <\n编码 | 名称\n204 | 公安", 1)
    (table,) = around("部门支出总表", grid=grid)
    assert table.grid == grid


def test_rows_cut_a_merged_cell_at_the_border() -> None:
    grid = text_to_grid("a | b\n^ | c\nd | e", 1)
    lower = captions.rows(grid, 1, 3)
    assert [(c.row, c.column, c.rowspan, c.text) for c in lower.cells] == [
        (0, 0, 1, ""),
        (0, 1, 1, "c"),
        (1, 0, 1, "d"),
        (1, 1, 1, "e"),
    ]
    assert (lower.n_rows, captions.rows(grid, 0, 1).n_rows) == (2, 1)


# What the lines state.


def read(title: str, *head: str, grid: Grid = GRID) -> dict[str, object]:
    lines = tuple(Line(text, 1) for text in head)
    chunk = Chunk(Form.TABLE, (1,), grid, Line(title, 1), head=lines)
    found = extract_captions.read(chunk, LEXICON, header.read(grid, LEXICON).columns)
    return {name: value.value if isinstance(value, Leaf) else value for name, value in found.items()}


@pytest.mark.parametrize(
    ("head", "unit"),
    [
        ("单位：万元", "万元"),
        ("金额单位：元", "元"),
        ("编制单位：某局\t单位：万元", "万元"),
        ("单位：某局\t单位:千元", "千元"),
        ("单位：万元、%", "万元"),
        ("单位：人民币万元", "人民币万元"),
        ("单位：公安局", None),
    ],
)
def test_unit(head: str, unit: str | None) -> None:
    assert read("支出总表", head)["unit"] == unit


@pytest.mark.parametrize(
    ("head", "department"),
    [
        ("编制部门：安阳市公安局交通管理支队\t单位：万元", "安阳市公安局交通管理支队"),
        ("单位：济源市公安局\t单位：万元", "济源市公安局"),
        ("451 石家庄市公安局交通管理局\t预算年度：2024\t单位：万元", "石家庄市公安局交通管理局"),
        ("单位：万元", None),
    ],
)
def test_department(head: str, department: str | None) -> None:
    assert read("支出总表", head)["department"] == department


@pytest.mark.parametrize(
    ("title", "head", "year"),
    [
        ("支出总表", "预算年度：2024", 2024),
        ("2023年部门支出预算表", "单位：万元", 2023),
        ("绩效目标表", "(2024年度)", 2024),
        ("支出总表", "单位：万元", None),
    ],
)
def test_year(title: str, head: str, year: int | None) -> None:
    assert read(title, head)["fiscal_year"] == year


def test_stated_place_is_that_of_its_own_words() -> None:
    words = (Word("部门：某局", Box(50, 10, 100, 22)), Word("单位：万元", Box(400, 10, 450, 22)))
    line = Line("部门：某局\t单位：万元", 1, Box(50, 10, 450, 22), 12.0, words)
    found = extract_captions.read(Chunk(Form.TABLE, (1,), GRID, head=(line,)), LEXICON)
    unit = found["unit"]
    assert isinstance(unit, Leaf)
    assert unit.parts[0].box == Box(400, 10, 450, 22)
    assert unit.parts[0].page == 1


@pytest.mark.parametrize("gap", ["\t", "　　"])
def test_title_with_the_unit_beside_it(gap: str) -> None:
    (table,) = around(f"部门预算支出总表{gap}单位：万元")
    title, _, _ = told(table)
    assert title is not None
    assert title.startswith("部门预算支出总表")
