"""Performance cards to records, in the notation of the document; adding a case = adding a file in examples/cards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from structurer import catalog, extract, ground
from structurer.records import Chunk, Form, Grid, How, Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Table = Callable[..., Grid]

CATALOG = catalog.load()
EXAMPLES = sorted((Path(__file__).parent / "examples" / "cards").glob("*.txt"))
# What every card has, and no example repeats.
AROUND = {"id", "kind", "title", "pages", "unit", "department", "fiscal_year", "head", "notes", "labels"}


def answers(grid: Grid, title: str | None, head: str = "") -> extract.Answers:
    lines = tuple(Line(text, None) for text in head.splitlines())
    chunk = Chunk(Form.TABLE, (None,), grid, Line(title, None) if title else None, head=lines)
    return extract.records([chunk], CATALOG)


def read(grid: Grid, title: str | None = "项目绩效目标表", head: str = "") -> dict[str, Any]:
    (card,) = answers(grid, title, head).cards
    return ground.placed(card, "", ground.Places({None: How.MARKUP}))


def leaves(node: object, pointer: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield from leaves(value, f"{pointer}/{name}" if pointer else name)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from leaves(value, f"{pointer}/{index}")
    elif node is not None:
        yield pointer, node


def stated(card: dict[str, Any]) -> dict[str, object]:
    return dict(leaves({name: value for name, value in card.items() if name not in AROUND}))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path: Path, table: Table) -> None:
    """An example has three parts: title and lines above the grid; the grid; the kind and every value, by its place."""
    above, grid, told = (part.removesuffix("\n") for part in path.read_text(encoding="utf-8").split("===\n"))
    title, _, head = above.partition("\n")
    kind, *lines = told.splitlines()
    card = read(table(grid), title, head)
    assert card["kind"] == kind
    assert stated(card) == dict(line.split(" = ", 1) for line in lines)


FORM = """
    项目编码 | P01      | 项目名称 | 设备     | <
    一级指标 | 二级指标 | 三级指标 | 指标值   | 备注
"""


def levels(table: Table, rows: str) -> list[str]:
    """Return the levels of each indicator, `·` where there is none."""
    card = read(table(FORM.strip() + "\n" + rows.strip()))
    return ["/".join(row[name] or "·" for name in ("level1", "level2", "level3")) for row in card["indicators"]]


def test_levels_carry_down_merged_cells(table: Table) -> None:
    rows = """
        产出 | 数量 | 台数 | ≥1 |
        ^    | ^    | 套数 | ≥2 |
        ^    | 质量 | 合格 | ≥3 |
        效益 | 社会 | 影响 | ≥4 |
    """
    assert levels(table, rows) == ["产出/数量/台数", "产出/数量/套数", "产出/质量/合格", "效益/社会/影响"]


def test_levels_carry_down_blank_cells(table: Table) -> None:
    rows = """
        产出 | 数量 | 台数 | ≥1 |
             |      | 套数 | ≥2 |
             | 质量 | 合格 | ≥3 |
        效益 |      | 影响 | ≥4 |
    """
    assert levels(table, rows) == ["产出/数量/台数", "产出/数量/套数", "产出/质量/合格", "效益/·/影响"]


def test_lowest_level_is_never_carried_down(table: Table) -> None:
    rows = """
        产出 | 数量 | 台数 | ≥1 |
             | 质量 |      | ≥3 |
    """
    assert levels(table, rows) == ["产出/数量/台数", "产出/质量/·"]


def test_card_goes_on_with_labels_after_the_indicators(table: Table) -> None:
    card = read(table(FORM.strip() + "\n产出 | 数量 | 台数 | ≥1 | 无\n项目概况 | 购置设备 | < | < | <"))
    assert card["overview"] == "购置设备"
    assert len(card["indicators"]) == 1


def test_value_under_no_known_label_is_kept_by_its_label(table: Table) -> None:
    card = read(table("项目编码 | P01 | 项目名称 | 设备\n苗木规格 | 10cm | 预算数 | 3.00\n绩效目标 | 绿化 | < | <"))
    assert card["other"] == {"苗木规格": "10cm"}
    assert card["amounts"]["total"] == "3.00"


def test_text_in_the_place_of_an_amount_is_kept(table: Table) -> None:
    card = read(table("项目编码 | P01 | 项目名称 | 设备\n预算数 | 见附件 | 其他资金 | 3.00\n绩效目标 | 绿化 | < | <"))
    assert card["amounts"] == {"other_funds": "3.00"}
    assert card["other"] == {"预算数": "见附件"}


def test_two_figures_in_one_cell_are_no_amount(table: Table) -> None:
    card = read(
        table("项目编码 | P01 | 项目名称 | 设备\n预算数 | 1.00 2.00 | 其他资金 | 3.00\n绩效目标 | 绿化 | < | <")
    )
    assert card["amounts"] == {"other_funds": "3.00"}
    assert card["other"] == {"预算数": "1.00 2.00"}


def test_labels_tell_the_fields_they_name(table: Table) -> None:
    card = read(table("项目编码 | P01 | 项目名称 | 设备\n苗木规格 | 10cm | 预算数 | 3.00\n绩效目标 | 绿化 | < | <"))
    assert {label["label"]: label["field"] for label in card["labels"]} == {
        "项目编码": "project_code",
        "项目名称": "project_name",
        "苗木规格": None,
        "预算数": "amounts/total",
        "绩效目标": "goals/total",
    }


def test_unit_is_read_from_a_label(table: Table) -> None:
    card = read(
        table("项目编码 | P01 | 项目名称 | 设备\n项目总金额（万元） | 3.00 | 其他资金 | 1.00\n绩效目标 | 绿化 | < | <")
    )
    assert card["unit"] == "万元"


@pytest.mark.parametrize(
    ("label", "value", "field"),
    [
        ("开始时间", "2021年1月", "start_date"),
        ("开始时间", "12月", "start_date"),
        ("资金性质", "一般公共预算", "category"),
        ("资金性质", "政府性基金", "category"),
        ("项目属性", "上年结转", "category"),
    ],
)
def test_value_that_reads_like_a_label_is_a_value(table: Table, label: str, value: str, field: str) -> None:
    card = read(table(f"项目编码 | P01 | 项目名称 | 设备\n{label} | {value} | 预算数 | 3.00\n绩效目标 | 绿化 | < | <"))
    assert card["attributes"][field] == value


def test_card_that_begins_with_name_and_amount(table: Table) -> None:
    grid = table("""
        项目名称 | 设备购置 | 预算数   | 3.00
        项目概况 | 购置     | 实施单位 | 支队
        立项依据 | 文件     | 其他资金 | 1.00
        绩效目标 | 绿化     | <        | <
    """)
    assert read(grid)["amounts"]["total"] == "3.00"


def test_card_without_a_title_is_known_by_its_labels(table: Table) -> None:
    grid = table("""
        项目编码 | P01  | 项目名称 | 设备
        预算数   | 3.00 | 其他资金 | 1.00
        项目概况 | 绿化 | 实施单位 | 支队
        一级指标 | 二级指标 | 三级指标 | 指标值
        产出     | 数量     | 台数     | ≥1台
    """)
    assert read(grid, None)["kind"] == "project_performance"


def test_every_leaf_of_a_card_has_its_place(table: Table) -> None:
    places = ground.Places({1: How.TEXT})
    (card,) = answers(table(FORM.strip() + "\n产出 | 数量 | 台数 | ≥7万米 |", page=1), "项目绩效目标表").cards
    ground.placed(card, "/cards/0", places)
    assert places.provenance["/cards/0/indicators/0/value/number"] == {
        "page": 1,
        "box": None,
        "text": "≥7万米",
        "how": "text",
        "grounding": "part",
    }
