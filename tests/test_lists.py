"""One wide table of many projects' indicators: kept as a table, and one card a project."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from structurer import catalog, extract, ground
from structurer.extract import lists
from structurer.records import Chunk, Form, Grid, How, Line

if TYPE_CHECKING:
    from collections.abc import Callable

    Table = Callable[..., Grid]

CATALOG = catalog.load()
WIDE = (Path(__file__).parent / "examples" / "lists" / "projects-in-one-table.txt").read_text(encoding="utf-8")


def read(grid: Grid) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    chunk = Chunk(Form.TABLE, (28,), grid, Line("2024年部门预算项目绩效目标表", 28))
    found = extract.records([chunk], CATALOG)
    places = ground.Places({28: How.TEXT, 29: How.TEXT})
    (whole,) = found.tables
    return ground.placed(whole, "/tables/0", places), ground.placed(found.cards, "/cards", places)


def test_the_table_is_kept(table: Table) -> None:
    whole, _ = read(table(WIDE, page=28))
    assert whole["kind"] == "project_performance_list"
    assert [row["total"] for row in whole["rows"]] == ["1303.79", "214.59", None, "1089.2"]


def test_a_card_a_project(table: Table) -> None:
    _, cards = read(table(WIDE, page=28))
    assert [(c["id"], c["kind"], c["project_code"], c["project_name"], c["amounts"]) for c in cards] == [
        ("k01", "project_performance", "41050024000000043658", "车管证照成本", {"total": "214.59", "fiscal": "214.59"}),
        (
            "k02",
            "project_performance",
            "41050024000000044801",
            "考场购买服务",
            {"total": "1089.2", "fiscal": "1089.2", "special_account": "0"},
        ),
    ]


def test_indicators_take_their_first_level_from_the_heading(table: Table) -> None:
    _, (first, second) = read(table(WIDE, page=28))
    assert [(i["level1"], i["level3"], i["value"]["text"]) for i in first["indicators"]] == [
        ("成本指标", "证照成本", "≤3万元"),
        ("产出指标", "制证数", "≥5万本"),
        ("效益指标", "办证率", "≥95%"),
        ("产出指标", "合格率", "100%"),
    ]
    assert first["indicators"][1]["value"] == {
        "text": "≥5万本",
        "comparator": "≥",
        "number": "5",
        "scale": "万",
        "unit": "本",
    }
    assert second["indicators"][2]["value"]["number"] is None


def test_the_row_of_the_whole_unit_is_no_project(table: Table) -> None:
    _, cards = read(table(WIDE, page=28))
    assert "某支队" not in {card["project_name"] for card in cards}


def test_each_card_has_the_pages_of_its_rows(table: Table) -> None:
    grid = table(WIDE, page=28)
    _, cards = read(replace(grid, pages=(28, 28, 28, 28, 28, 29, 29)))
    assert [card["pages"] for card in cards] == [[28, 29], [29]]
    assert [indicator["page"] for indicator in cards[0]["indicators"]] == [28, 28, 28, 29]


def test_leaves_are_those_of_the_table(table: Table) -> None:
    chunk = Chunk(Form.TABLE, (28,), table(WIDE, page=28), Line("2024年部门预算项目绩效目标表", 28))
    found = extract.records([chunk], CATALOG)
    rows = found.tables[0]["rows"]
    assert isinstance(rows, list)
    assert found.cards[0]["project_name"] is rows[1]["project_name"]


@pytest.mark.parametrize("count", [1, 12, 100])
def test_items_are_numbered(count: int) -> None:
    items: list[dict[str, Any]] = [{} for _ in range(count)]
    lists.numbered(items, "t")
    assert items[0] == {"id": "t01"}
    assert items[-1] == {"id": f"t{count:02d}"}
