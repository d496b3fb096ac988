"""Arithmetic written out in texts."""

from __future__ import annotations

import pytest

from structurer.check import worked
from structurer.check.equations import settled
from structurer.check.figures import Figures
from tests.checked import CATALOG, result


def told(text: str) -> list[str]:
    """Return each equation of a card's text as `rule stated outcome`."""
    made = result(cards=({"kind": "project_performance", "unit": "万元", "purpose": text},))
    verdicts = settled(list(worked.equations(made, CATALOG.rules.prose, Figures(made, CATALOG))))
    return [
        f"{equation.rule} {equation.stated.text if equation.stated else '-'} {reason or outcome.value}"
        for equation, outcome, reason in verdicts
    ]


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("全体208人*1200元/人=24.96万元。", "24.96 ties"),
        ("全体208人×1200元/人＝24.96万元。", "24.96 ties"),
        ("208人x1,200元/人=249600元", "249600 ties"),
        ("552元/月*3人*12月=19872元，补发12408元", "19872 ties"),
        ("印刷宣传资料，1元/张*/120000张=12万元。", "12 ties"),
        ("正式警察服装15人*2856元=42840元", "42840 ties"),
        ("3人*100元+2人*200元=700元", "700 ties"),
        ("3人*1.25万元=3.8万元", "3.8 rounding"),
        ("20万人*500元/人=1亿元", "1 ties"),
        ("协勤130\n人*1800元/月*12月=280.8万元", "280.8 ties"),
        ("100万元*30%=30万元", "30 ties"),
    ],
)
def test_products(text: str, outcome: str) -> None:
    assert told(text) == [f"worked_product {outcome}"]


@pytest.mark.parametrize(
    "text",
    [
        "全体208人*1200元/人=24.69万元。",
        "552元/月*3人*12月=19827元",
        "正式警察服装15人*2856元=42480元",
        "3人*100元+2人*200元=800元",
        "1元/张*/120000张=21万元",
    ],
)
def test_a_product_that_cannot_be_is_broken(text: str) -> None:
    assert [line.rpartition(" ")[2] for line in told(text)] == ["broken"]


@pytest.mark.parametrize(
    "text",
    [
        "协勤130人，每月1800元，全年130人*1800元/月=280.8万元。",  # twelve months are meant
        "130人*1800元/月=280.8万元。",  # and here perhaps
        "130人*1800元/月=208.8万元。",
        "208*1200=2496",
        "208人*1200=24.96万元",
        "约200人*1200元/人=25.5万元",
        "(100+50)人*3元/人=450元",
        "100-3人*20元=40元",
        "2天*3场*500元/人/天=9000元",  # persons are not told
        "指标值=100%",
        "≥90%；=100%",
        "A4*2=3元",
        "1*2*3*",
        "2024*12月=",
    ],
)
def test_what_leaves_something_open_is_not_broken(text: str) -> None:
    assert [line for line in told(text) if line.endswith("broken")] == []


def test_a_year_that_is_named_has_twelve_months() -> None:
    assert told("每月1800元，全年130人*1800元/月=280.8万元。") == ["worked_product 280.8 ties"]


def test_unit_prices_in_words() -> None:
    assert told("电脑4台，单价4700元，共计18800元。") == ["worked_product 18800 ties"]
    assert told("电脑4台，单价4700元，共计18080元。") == ["worked_product 18080 broken"]
    assert told("合同共计139条，每条300元，共计50.36万元。") == [], "for how long, it does not say"


def test_amounts_come_to_the_sum_behind_them() -> None:
    text = "552元/月*3人*12月=19872元，补发2023年1位遗属补助12408元，补发2位遗属补助24元/月*10月*2人=480元，共{}元。"
    assert "worked_sum 32760 ties" in told(text.format(32760))
    assert [line for line in told(text.format(32670)) if "sum" in line] == []


def test_amounts_come_to_the_sum_before_them() -> None:
    text = (
        "交警专项业务需安排经费482.1万元，其中一般预算资金482.1万元，明细如下：服装购置费24.96万元，全体208人*1200元/人=24.96万元。"
        "劳务费280.8万元，协勤130人，每月1800元，全年130人*1800元/月=280.8万元。委托业务费25万元。维修费9.34万元。"
        "专用材料费120万元，其中单位执法车辆运行费90万，车辆维修20万元，车辆保险10万元。"
        "印刷费12万元，1元/张*/120000张=12万元。办公费10万元。"
        "第一季度支出本项目的30%，合款144.63万元，第二季度支出本项目的60%，合款289.26万元，第三季度支出本项目的90%,合款433.89万元。"
    )
    lines = told(text)
    assert "worked_sum 482.1 ties" in lines
    assert [line for line in lines if "share" in line] == [
        f"worked_share {x} ties" for x in ("144.63", "289.26", "433.89")
    ]
    assert [line for line in lines if line.endswith("broken")] == []
    wrong = told(text.replace("289.26", "298.26"))
    assert "worked_share 298.26 broken" in wrong


def test_items_of_one_sentence() -> None:
    text = (
        "本项目共需要资金50万元，其中中央转移支付安排50万元。主要支出为：电子警察存储设备40万元，电脑4台，单价4700元，共计18800元，"
        "专用高拍仪2台，单价3080元，共计6160元，正式警察服装15人*2856元=42840元，抽血费32200元。"
    )
    lines = told(text)
    assert "worked_sum 50 ties" in lines
    assert [line for line in lines if line.endswith("broken")] == []


def test_what_a_card_says_twice_is_reckoned_once() -> None:
    card = {"kind": "project_performance", "unit": "万元", "purpose": "2人*3元=6元共", "plan": "2人*3元=6元共"}
    made = result(cards=(card,))
    assert len(list(worked.equations(made, CATALOG.rules.prose, Figures(made, CATALOG)))) == 1


@pytest.mark.parametrize(
    "text", ["1" * 30000 + "=", "1*" * 9000 + "=", "=" * 15000, "元" * 15000, "1元" * 9000, "(" * 19000 + "="]
)
def test_long_texts_cost_little(text: str) -> None:
    told(text)
