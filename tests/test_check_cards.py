"""What must hold in cards, between cards and tables, and in what is paid by when."""

from __future__ import annotations

from typing import Any

import pytest

from structurer.check import cards
from tests.checked import codes, outcomes, result, table, verification

Card = dict[str, Any]


def card(name: str, total: str | None, *, unit: str = "万元", code: str | None = None, **more: object) -> Card:
    return {
        "id": "k",
        "kind": "project_performance",
        "title": "项目绩效目标表",
        "pages": [9],
        "unit": unit,
        "project_code": code,
        "project_name": name,
        "amounts": {"total": total},
        **more,
    }


def test_the_sources_of_a_card_add_up_to_its_total() -> None:
    levels = {"total": "10", "central": "4", "provincial": "0", "city_county": "6"}
    made = card("甲", None, unit="元", amounts={"annual": levels, "implementation": {**levels, "central": "5"}})
    assert outcomes(result(cards=(made,)), "card_levels") == ["ties", "rounding"]
    made = card("甲", None, amounts={"annual": {**levels, "city_county": "16"}})
    assert outcomes(result(cards=(made,)), "card_levels") == ["broken"]


def test_a_single_source_counts_only_where_other_cards_vouch_for_it() -> None:
    made = [card(name, None, amounts={"total": "5.00", "fiscal": "5.00"}) for name in "甲乙丙"]
    odd = card("丁", None, amounts={"total": "5.00", "fiscal": "3.00"})
    assert outcomes(result(cards=(*made, odd)), "card_funds") == ["ties", "ties", "ties", "broken"]
    assert outcomes(result(cards=(odd,)), "card_funds") == []


PROJECTS = """
    project_name             | total
    合计                     | 385.00
    装备保障经费（1）        | 200.00
    装备保障经费（2）        | 100.00
    四个直属大队工作经费—差旅费 | 50.00
    停车场租赁及营房租赁服务经费 | 35.00
    """


def test_a_card_in_yuan_and_its_row_in_ten_thousand_yuan() -> None:
    listed = table("project_expenditure", PROJECTS)
    made = (
        card("装备保障经费(1)", "2000000", unit="元"),
        card("装备保障经费(2)", "1000040", unit="元"),
        card("四个直属大队工作经费-差旅费", "500000", unit="元"),
        card("停车场租赁及普房租赁服务经费", "360000", unit="元"),
    )
    assert outcomes(result(listed, cards=made), "card_is_project") == ["ties", "rounding", "ties", "broken"]


def test_cards_that_share_a_name_are_taken_together() -> None:
    listed = table("project_expenditure", "project_name | total\n合计 | 6.00\n设备购置 | 2.00\n设备购置 | 4.00")
    made = (card("设备购置", "4.00"), card("设备购置", "2.00"))
    assert outcomes(result(listed, cards=made), "card_is_project") == ["ties"]


def test_purchases_are_within_the_project_they_belong_to() -> None:
    bought = table("procurement", "project_name | total\n合计 | 12.00\n甲项目 | 3.00\n甲项目 | 3.50\n乙项目 | 5.50")
    made = (card("甲项目", "6.00"), card("乙项目", "9.00"))
    assert outcomes(result(bought, cards=made), "card_is_ceiling") == ["broken", "ties"]


def test_the_cards_add_up_to_project_expenditure_if_every_project_has_one() -> None:
    listed = table("project_expenditure", "project_name | total\n合计 | 10.00\n甲项目 | 4.00\n乙项目 | 6.00")
    both = (card("甲项目", "4.00"), card("乙项目", "6.00"))
    assert outcomes(result(listed, cards=both), "sum_of_cards") == ["ties"]
    lost = result(listed, cards=(both[0], card("丙项目", "1.00")))
    assert outcomes(lost, "sum_of_cards") == []


def test_projects_without_cards_and_cards_without_projects() -> None:
    names = ["甲项目", "乙项目", "丙项目", "丁项目"]
    rows = "\n".join(f"{name} | 1.00" for name in names)
    listed = table("project_expenditure", f"project_name | total\n合计 | 4.00\n{rows}")
    made = result(listed, cards=tuple(card(name, "1.00") for name in [*names[:3], "戊项目"]))
    found = verification(made)["findings"]
    assert [(one["code"], one["facts"]["project"]) for one in found] == [
        ("project_without_card", "丁项目"),
        ("card_without_project", "戊项目"),
    ]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("停车场租赁及营房租赁服务经费", "停车场租赁及普房租赁服务经费", True),
        ("停车场租赁及营房租赁服务经费停车场租赁费", "停车场租赁及普房租赁服务费停车场租赁费", True),
        ("装备保障经费1", "装备保障经费2", False),
        ("物业费", "物管费", False),
        ("工作业务经费水费", "工作业务经费电费", True),
        ("办公设备购置", "办公设备购置费", False),
    ],
)
def test_names_that_differ_by_a_slip(one: str, other: str, *, same: bool) -> None:
    assert cards._near(one, other) is same


def test_an_exact_name_goes_before_a_near_one() -> None:
    rows = "合计 | 3.00\n工作业务经费-水费 | 1.00\n工作业务经费-电费 | 2.00"
    listed = table("project_expenditure", f"project_name | total\n{rows}")
    made = (card("工作业务经费-水费", "1.00"), card("工作业务经费-电费", "2.00"))
    assert outcomes(result(listed, cards=made), "card_is_project") == ["ties", "ties"]


def paid(**steps: str) -> Card:
    return card("甲", "482.10", payment_schedule=steps)


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ({"m03": "30%", "m06": "60%", "m10": "90%", "m12": "100%"}, ["ties"] * 4),
        ({"m03": "30%", "m06": "60%", "m10": "90%"}, ["ties"] * 2),
        ({"m03": "30%", "m06": "6%", "m10": "90%"}, ["broken", "ties"]),
        ({"m03": "30%", "m06": "60%", "m12": "90%"}, ["ties", "ties", "broken"]),
        ({"m03": "144.63", "m06": "289.26", "m12": "482.10"}, ["ties"] * 3),
        ({"m03": "144.63", "m06": "289.26", "m12": "482.40"}, ["ties", "ties", "broken"]),
        ({"q1": "100.00", "q2": "200.00", "q3": "100.00", "q4": "82.10"}, ["ties"]),
        ({"m12": "100%"}, []),
    ],
)
def test_what_is_paid_by_each_date(steps: dict[str, str], expected: list[str]) -> None:
    assert outcomes(result(cards=(paid(**steps),)), "schedule") == expected


def test_a_year_is_within_the_whole_term() -> None:
    amounts = {"annual": {"total": "10"}, "implementation": {"total": "9"}}
    assert outcomes(result(cards=(card("甲", None, amounts=amounts),)), "annual_within_term") == ["rounding"]
    amounts = {"annual": {"total": "10"}, "implementation": {"total": "8"}}
    assert codes(result(cards=(card("甲", None, amounts=amounts),))) == ["does_not_tie"]
