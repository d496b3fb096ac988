"""Headers: how many rows they have, and the path of headings above each column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from structurer import catalog
from structurer.extract import header

if TYPE_CHECKING:
    from collections.abc import Callable

    from structurer.records import Grid

    Table = Callable[..., Grid]

LEXICON = catalog.load().lexicon


def paths(grid: Grid) -> list[str]:
    return ["/".join(column.path) for column in header.read(grid, LEXICON).columns]


def body(grid: Grid) -> int:
    return header.read(grid, LEXICON).body


def test_one_level(table: Table) -> None:
    grid = table("科目编码 | 科目名称 | 合计\n204 | 公安 | 1.00")
    assert paths(grid) == ["科目编码", "科目名称", "合计"]
    assert body(grid) == 1


def test_two_levels(table: Table) -> None:
    grid = table("""
        序号 | 功能分类科目 | <        | 合计
        ^    | 科目编码     | 科目名称 | ^
        1    | 204          | 公安     | 1.00
    """)
    assert paths(grid) == ["序号", "功能分类科目/科目编码", "功能分类科目/科目名称", "合计"]
    assert body(grid) == 2


def test_three_levels(table: Table) -> None:
    grid = table("""
        名称 | 总计 | 本年收入 | <            | <              | 上年结转
        ^    | ^    | 合计     | 一般公共预算 | <              | ^
        ^    | ^    | ^        | 小计         | 其中：财政拨款 | ^
        公安 | 9.00 | 9.00     | 9.00         | 9.00           |
    """)
    assert paths(grid) == [
        "名称",
        "总计",
        "本年收入/合计",
        "本年收入/一般公共预算/小计",
        "本年收入/一般公共预算/其中财政拨款",
        "上年结转",
    ]
    assert body(grid) == 3


def test_two_sides_divided_below(table: Table) -> None:
    grid = table("""
        收入     | <    | 支出     | <    | <        | <
        项目     | 金额 | 项目     | 合计 | 本年支出 | <
        ^        | ^    | ^        | ^    | 小计     | 基金
        财政拨款 | 3.00 | 基本支出 | 3.00 | 3.00     |
    """)
    assert paths(grid) == [
        "收入/项目",
        "收入/金额",
        "支出/项目",
        "支出/合计",
        "支出/本年支出/小计",
        "支出/本年支出/基金",
    ]
    assert body(grid) == 3


def test_a_merged_first_row_of_the_body_is_no_header(table: Table) -> None:
    grid = table("科目编码 | 科目名称 | 合计\n合计 | < | 3.00\n204 | 公安 | 3.00")
    assert paths(grid) == ["科目编码", "科目名称", "合计"]
    assert body(grid) == 1


def test_a_merged_heading_that_is_not_divided_is_one_column(table: Table) -> None:
    grid = table("项目 | < | 金额\n公共 | 财政拨款 | 3.00\n^ | 专项收入 | 1.00")
    head = header.read(grid, LEXICON)
    assert [(column.start, column.end, column.path) for column in head.columns] == [
        (0, 2, ("项目",)),
        (2, 3, ("金额",)),
    ]


def test_header_is_known_again(table: Table) -> None:
    head = header.read(table("科目 编码 | 合计\n204 | 1.00"), LEXICON)
    assert head.rows == {("科目编码", "合计")}


@pytest.mark.parametrize(
    "guide",
    [
        "栏次 | 1 | 2 | 3",
        "** | ** | 1 | 2",
        "甲 | 乙 | 1 | 2",
        "1 | 2 | 3 | 4",
        " | 1 | 2 | 3",
        "栏次 | 1 | 2=3+4 | 3",
        " | （1） | （2） | （3）",
    ],
)
def test_guide_row_is_neither_header_nor_body(table: Table, guide: str) -> None:
    grid = table(f"序号 | 科目编码 | 科目名称 | 合计\n{guide}\n1 | 204 | 公安 | 3.00")
    assert paths(grid) == ["序号", "科目编码", "科目名称", "合计"]
    assert body(grid) == 2


@pytest.mark.parametrize("row", ["1 | 204 | 公安 | 3.00", "5 | 7 | 9 | 11", "1 | 2 | 公安 | 3", " |  |  | 3.00"])
def test_row_of_data_is_no_guide(table: Table, row: str) -> None:
    assert body(table(f"序号 | 科目编码 | 科目名称 | 合计\n{row}")) == 1


@pytest.mark.parametrize("row", ["1.50 | 2.00", "1.00 | 2.00"])
def test_amounts_are_no_guide(row: str) -> None:
    assert not header.is_guide([text.strip() for text in row.split("|")], LEXICON)


def test_header_without_a_body(table: Table) -> None:
    assert body(table("科目编码 | 科目名称 | 合计")) == 1
    assert body(table("功能分类 | < | 合计\n科目编码 | 科目名称 | ^\n栏次 | 1 | 2")) == 3


def test_table_without_a_header_has_the_columns_of_its_grid(table: Table) -> None:
    grid = table("1 | 2 | 3\n204 | 公安 | 1.00")
    assert paths(grid) == ["", "", ""]
    assert body(grid) == 1


def test_unit_in_a_heading_is_not_part_of_its_key(table: Table) -> None:
    grid = table("项目 | 价值（金额单位：万元） | 项目资金(元)\n房屋 | 1.00 | 2.00")
    assert paths(grid) == ["项目", "价值", "项目资金"]
    assert header.read(grid, LEXICON).columns[1].headings == ("价值（金额单位：万元）",)


def test_blank_headings_have_no_path(table: Table) -> None:
    grid = table("科目编码 | | 合计\n204 | 公安 | 1.00")
    assert paths(grid) == ["科目编码", "", "合计"]
