"""Which kind a grid is taken for: by its title, confirmed by its columns or labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from structurer import catalog
from structurer.extract import choice

if TYPE_CHECKING:
    from collections.abc import Callable

    from structurer.records import Grid

    Table = Callable[..., Grid]

CATALOG = catalog.load().of_year(2024)
FUNCTIONAL = "科目编码 | 科目名称 | 合计 | 基本支出 | 项目支出\n204 | 公安 | 3.00 | 1.00 | 2.00"
CARD = "项目编码 | P01 | 项目名称 | 设备\n预算数 | 3.00 | 其他资金 | 1.00\n绩效目标 | 绿化 | < | <"


def kind(grid: Grid, title: str | None) -> str | None:
    chosen = choice.choose(grid, title, CATALOG).kind
    return chosen and chosen.name


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("部门预算支出总表", "expenditure"),
        ("2024年部门支出总体情况表", "expenditure"),
        ("部门预算一般公共预算财政拨款支出表", "general_budget_expenditure"),
        ("2024年一般公共预算支出情况表", "general_budget_expenditure"),
        ("部门预算政府性基金预算财政拨款支出表", "government_fund_expenditure"),
        ("部门预算国有资本经营预算财政拨款支出表", "state_capital_expenditure"),
        ("表 3　部门支出总表", "expenditure"),
    ],
)
def test_same_columns_are_told_apart_by_the_title(table: Table, title: str, name: str) -> None:
    assert kind(table(FUNCTIONAL), title) == name


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("部门预算收支总表", "revenue_expenditure_summary"),
        ("部门预算财政拨款收支总表", "appropriation_summary"),
        ("2024年财政拨款收支预算表", "appropriation_summary"),
    ],
)
def test_two_sided_tables(table: Table, title: str, name: str) -> None:
    grid = table("收入 | < | 支出 | <\n项目 | 金额 | 项目 | 金额\n拨款 | 1.00 | 公安 | 1.00")
    assert kind(grid, title) == name


@pytest.mark.parametrize("title", [None, "附表", "苗木清单"])
def test_too_little_is_no_kind(table: Table, title: str | None) -> None:
    assert kind(table("苗木 | 株数\n银杏 | 5"), title) is None
    assert kind(table("项目 | 金额\n银杏 | 5"), title) is None


def test_title_alone_is_not_enough(table: Table) -> None:
    assert kind(table("苗木 | 规格 | 株数\n银杏 | 10cm | 5"), "部门预算支出总表") is None


def test_other_columns_than_the_title_says(table: Table) -> None:
    grid = table(
        "采购项目名称 | 采购物品名称 | 采购目录序号 | 计量单位 | 数量 | 单价 | 总计\n办公 | 电脑 | A02 | 台 | 5 | 1 | 5"
    )
    assert kind(grid, "部门政府采购预算") == "procurement"
    assert kind(grid, None) == "procurement"


def test_card(table: Table) -> None:
    chosen = choice.choose(table(CARD), "设备购置绩效目标表", CATALOG)
    assert chosen.kind is not None
    assert chosen.kind.name == "project_performance"
    assert chosen.form is not None
    assert len(chosen.form.known) == 5


@pytest.mark.parametrize("title", [None, "情况表"])
def test_few_labels_make_no_card_without_its_title(table: Table, title: str | None) -> None:
    assert choice.choose(table(CARD), title, CATALOG).form is None


def test_whole_department_is_told_from_a_project(table: Table) -> None:
    grid = table(
        "部门名称 | 支队 | 预算总额 | 3.00\n年度目标 | 畅通 | < | <\n"
        "一级指标 | 二级指标 | 三级指标 | 指标值\n产出 | 数量 | 台数 | ≥1"
    )
    assert kind(grid, "部门整体支出绩效目标表") == "department_performance"


def test_kinds_of_a_users_folder_take_part(table: Table) -> None:
    own = [k for k in CATALOG.kinds if k.name == "expenditure"]
    assert kind(table(FUNCTIONAL), "部门预算支出总表") == own[0].name


def test_choice_tells_what_was_understood(table: Table) -> None:
    chosen = choice.choose(table(FUNCTIONAL), "部门预算支出总表", CATALOG)
    assert [field and field.name for field in chosen.mapped.fields] == ["code", "name", "total", "basic", "project"]
    assert choice.choose(table("苗木 | 株数\n银杏 | 5"), None, CATALOG).mapped.fields == (None, None)
