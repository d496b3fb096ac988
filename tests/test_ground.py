"""Every printed value to its place: pointers, parts, and how a value stands in its text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from structurer import ground
from structurer.records import Box, How, Leaf, Part

HOW = {1: How.TEXT, 2: How.TEXT, None: How.MARKUP}


def placed(tree: Any, pointer: str = "") -> tuple[Any, dict[str, Any]]:  # noqa: ANN401  # any JSON
    places = ground.Places(HOW)
    return ground.placed(tree, pointer, places), dict(places.provenance)


def leaf(value: str, *printed: str, page: int | None = 1, figure: bool = False) -> Leaf:
    return Leaf(value, tuple(Part(text, page) for text in printed or (value,)), figure=figure)


def test_leaves_become_values_and_the_rest_stays() -> None:
    tree = {"id": "t01", "pages": [1, None], "empty": False, "total": leaf("1.00"), "rows": [{"name": leaf("公安")}]}
    assert placed(tree)[0] == {
        "id": "t01",
        "pages": [1, None],
        "empty": False,
        "total": "1.00",
        "rows": [{"name": "公安"}],
    }


def test_only_leaves_have_a_place() -> None:
    _, found = placed({"id": "t01", "rows": [{"name": leaf("公安"), "page": 1}, {"name": None}]}, "/tables")
    assert list(found) == ["/tables/rows/0/name"]


@pytest.mark.parametrize(
    ("name", "step"),
    [("合计/小计", "合计~1小计"), ("a~b", "a~0b"), ("~1", "~01"), ("/", "~1"), ("", ""), ("单位：元", "单位：元")],
)
def test_pointers_are_escaped(name: str, step: str) -> None:
    assert list(placed({name: leaf("1")}, "/x")[1]) == [f"/x/{step}"]


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_pointers_lead_back(names: list[str]) -> None:
    tree: Any = leaf("1.00")
    for name in reversed(names):
        tree = {name: [None, tree]}
    value, found = placed(tree)
    (pointer,) = found
    node = value
    for step in pointer.split("/")[1:]:
        node = node[int(step)] if isinstance(node, list) else node[step.replace("~1", "/").replace("~0", "~")]
    assert node == "1.00"


def test_place_says_page_box_text_and_how() -> None:
    part = Part("1,234.50 ", 1, Box(10.04, 20.06, 30, 40))
    _, found = placed({"a": Leaf("1234.50", (part,), figure=True)})
    assert found["/a"] == {
        "page": 1,
        "box": [10.0, 20.1, 30, 40],
        "text": "1,234.50 ",
        "how": "text",
        "grounding": "normalised",
    }


def test_value_of_a_file_without_pages() -> None:
    place = placed(leaf("公安", page=None), "/a")[1]["/a"]
    assert (place["page"], place["box"], place["how"]) == (None, None, "markup")


def test_cut_cell_lists_its_parts() -> None:
    parts = Part("其他社会保障", 1, Box(1, 2, 3, 4)), Part("和就业支出", 2)
    place = placed({"name": Leaf("其他社会保障和就业支出", parts)})[1]["/name"]
    assert (place["page"], place["text"], place["grounding"]) == (1, "其他社会保障和就业支出", "exact")
    assert place["parts"] == [
        {"page": 1, "box": [1, 2, 3, 4], "text": "其他社会保障"},
        {"page": 2, "box": None, "text": "和就业支出"},
    ]


@pytest.mark.parametrize(
    ("value", "printed", "word"),
    [
        ("公安", "公安", "exact"),
        ("其他支出", "其他\n支 出", "exact"),
        ("某某局", "编制部门：某某局", "part"),
        ("万元", "（单位：万元）", "part"),
        ("≥", "≥7万米", "part"),
        ("=", "＝26个", "none"),
        ("教育", "公安", "none"),
        ("单位:元", "单位：元", "normalised"),
    ],
)
def test_grounding_of_a_text(value: str, printed: str, word: str) -> None:
    assert ground.grounding(value, printed) == word


@pytest.mark.parametrize(
    ("value", "printed", "word"),
    [
        ("1234.50", "1234.50", "exact"),
        ("1234.50", "1,234.50", "normalised"),
        ("1234.50", "１，２３４．５０", "normalised"),
        ("1234.50", "1 234.50", "exact"),
        ("-12.5", "△12.5", "normalised"),
        ("-12.5", "（12.5）", "normalised"),
        ("-12.5", "-12.5", "exact"),
        ("0.5", ".5", "part"),
        ("7", "≥7万米", "part"),
        ("12.5%", "12.5％", "part"),
        ("60", "60%", "part"),
        ("9934111.89", "1,234,222.89", "none"),
        ("34.50", "1,234.50", "none"),
        ("234", "1234", "none"),
        ("12", "12.50", "none"),
        ("12.5", "12.50", "none"),
        ("1", "1.1.1", "none"),
        ("1234.5", "1234.05", "none"),
    ],
)
def test_figure_is_grounded_digit_for_digit_and_whole(value: str, printed: str, word: str) -> None:
    assert ground.grounding(value, printed, figure=True) == word


@given(st.decimals(0, 10**9, places=2), st.decimals(0, 10**9, places=2))
def test_figure_is_grounded_in_its_own_print_alone(one: object, other: object) -> None:
    printed = f"{one:,}"
    assert ground.grounding(str(one), printed, figure=True) != "none"
    assert (ground.grounding(str(other), printed, figure=True) != "none") == (one == other)
