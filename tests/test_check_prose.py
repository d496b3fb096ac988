"""Figures of sentences: against the tables, among themselves, and of which year they are."""

from __future__ import annotations

from typing import Any

import pytest

from structurer import check
from structurer.check import across, prose
from structurer.check.equations import settled
from structurer.check.figures import Figures, tables
from structurer.extract import claims, prose_words
from structurer.records import Line
from tests.checked import CATALOG, result, table

WORDS = prose_words.from_lexicon(CATALOG.lexicon.raw)
DEPARTMENT = "吕梁市公安局交通警察支队"


def claimed(text: str) -> tuple[dict[str, Any], ...]:
    """Return the claims of a text, each line a paragraph."""
    found = claims.claims([Line(line, 1) for line in text.splitlines()], WORDS, CATALOG.lexicon.notation)
    return tuple(
        {
            "id": f"s{number}",
            "page": 1,
            "kind": claim.kind.value,
            "subject": claim.subject,
            "value": claim.figure.figure.digits,
            "unit": f"{claim.figure.scale or ''}{claim.figure.unit or ''}" or None,
            "year": claim.year,
            "direction": claim.direction,
            "compared_with": claim.compared_with,
            "sentence": claim.sentence,
        }
        for number, claim in enumerate(found, 1)
    )


def told(
    text: str, *printed: dict[str, Any], year: int | None = 2024, department: str | None = DEPARTMENT
) -> list[str]:
    """Return each equation of a text as `rule stated outcome`."""
    made = result(*printed, claims=claimed(text))
    made["disclosure"] |= {"fiscal_year": year, "department": department}
    figures = Figures(made, CATALOG)
    here = tables(made, CATALOG, figures)
    facts = across.facts(here, CATALOG.rules, CATALOG.lexicon)
    verdicts = settled(list(prose.equations(prose.read(made, CATALOG, figures), facts, here)))
    return [
        f"{equation.rule} {equation.stated.text if equation.stated else '-'} {reason or outcome.value}"
        for equation, outcome, reason in verdicts
    ]


def only(rule: str, text: str, *printed: dict[str, Any]) -> list[str]:
    return [line.removeprefix(f"{rule} ") for line in told(text, *printed) if line.startswith(f"{rule} ")]


def broken(text: str, *printed: dict[str, Any]) -> list[str]:
    return [line.removesuffix(" broken") for line in told(text, *printed) if line.endswith(" broken")]


def stale(text: str, year: int | None = 2024) -> list[tuple[str, str]]:
    made = result(claims=claimed(text))
    made["disclosure"]["fiscal_year"] = year
    read = prose.read(made, CATALOG, Figures(made, CATALOG))
    return [(finding.where, finding.facts["stated_year"]) for finding in prose.findings(read)]


EXPENDITURE = table("expenditure", "name | total | basic | project\n合计 | 4364.82 | 1505.65 | 2859.17")
GENERAL = table("general_budget_expenditure", "name | total | basic | project\n合计 | 4150.15 | 1505.65 | 2644.50")


# What the tables say.


def test_a_total_is_that_of_the_tables() -> None:
    assert only("claim_is_fact", f"2024年{DEPARTMENT}支出总计4,364.82万元。", EXPENDITURE) == ["4364.82 ties"]
    assert only("claim_is_fact", "2024年支出总计4365万元。", EXPENDITURE) == ["4365 rounding"]
    assert only("claim_is_fact", "2024年支出总计0.44亿元。", EXPENDITURE) == ["0.44 rounding"]
    assert only("claim_is_fact", "2024年支出总计43,648,200元。", EXPENDITURE) == ["43648200 ties"]
    assert only("claim_is_fact", "2024年支出总计4364.28万元。", EXPENDITURE) == ["4364.28 broken"]


def test_a_larger_unit_may_be_cut() -> None:
    yuan = table("expenditure", "name | total | basic | project\n合计 | 943864999.96 | 1.00 | 2.00", unit="元")
    assert only("claim_is_fact", "2024年支出总计94386.49万元。", yuan) == ["94386.49 truncated"]
    assert only("claim_is_fact", "2024年支出总计94386.48万元。", yuan) == ["94386.48 broken"]


@pytest.mark.parametrize(
    "text",
    [
        "某某局2024年支出总计12.00万元。",  # another unit's
        "2024年其他支出12.00万元。",
        "2024年财政拨款支出预算12.00万元。",  # may be less than all
        "2023年支出总计12.00万元。",
        "2024年支出总计4364.82万元，比2023年12.00万元增加4352.82万元。",
        "2024年项目支出12.00万元。",  # of what, it does not say
        "预算支出100万元及100万元以上重点项目共4个。",
        "涉及资金12.00万元。",
        "2024年支出总计约4400.00万元。",
        "2024年支出总计4400万元左右。",
        "安排本年收入12.00万元。",
    ],
)
def test_what_may_be_something_else_is_not_broken(text: str) -> None:
    assert broken(text, EXPENDITURE, GENERAL) == []


def test_parts_mean_what_their_list_is_of() -> None:
    text = (
        "2024年支出合计4364.82万元，其中：基本支出1505.65万元，占34.5%；项目支出2859.17万元，占65.5%。\n"
        "2024年一般公共预算支出年初预算为4150.15万元。其中：基本支出1505.65万元，占36.28%；"
        "项目支出2644.5万元，占63.72%。\n"
        "2024年政府性基金预算支出年初预算为214.67万元，其中：基本支出0万元，占0%；项目支出214.67万元，占100%。"
    )
    assert only("claim_is_fact", text, EXPENDITURE, GENERAL) == [
        "4364.82 ties",
        "1505.65 ties",
        "2859.17 ties",
        "4150.15 ties",
        "1505.65 ties",
        "2644.5 ties",
    ]
    wrong = text.replace("2644.5万元", "2859.17万元")
    assert "claim_is_fact 2859.17" in broken(wrong, EXPENDITURE, GENERAL)


def test_a_zero_that_the_tables_contradict_is_broken() -> None:
    text = f"2024年度{DEPARTMENT}一般公共预算安排基本支出0万元,其中:\n人员经费0万元;公用经费0万元。"
    assert broken(text, GENERAL) == ["claim_is_fact 0"]


def test_with_and_without_what_was_carried_over_is_not_broken() -> None:
    revenue = table("revenue", "name | total | general_budget | carryover\n合计 | 110.00 | 100.00 | 10.00")
    assert broken("2024年收入合计100.00万元。", revenue) == []
    assert broken("2024年收入合计101.00万元。", revenue) == ["claim_is_fact 101.00"]


def test_rows_are_named_by_code_or_by_their_last_level() -> None:
    rows = table(
        "general_budget_expenditure",
        """
        classification | name           | total
        204            | 公共安全支出   | 60.00
        2040201        | 行政运行       | 50.00
        2040202        | 一般行政管理事务 | 10.00
        2210201        | 住房公积金     | 8.00
        """,
    )
    coded = "（1）行政运行（2040201）支出50.00万元；（2）一般行政管理事务（2040202）支出10.00万元；"
    assert only("claim_is_row", coded + "（3）住房公积金（2210201）支出8.00万元。", rows) == [
        "50.00 ties",
        "10.00 ties",
        "8.00 ties",
    ]
    assert only("claim_is_row", coded + "（3）住房公积金（2210201）支出8.50万元。", rows)[2] == "8.50 broken"
    named = "公共安全（类）公安（款）行政运行（项）50.00万元；住房保障（类）住房公积金（项）8.00万元。"
    assert only("claim_is_row", named, rows) == ["50.00 ties", "8.00 ties"]
    assert only("claim_is_row", "公共安全支出61.00万元。", rows) == [], "nothing vouches that this is its row"


# Lists.


def test_parts_come_to_their_sum() -> None:
    text = (
        "2024年支出预算1573.23万元，其中基本支出978.93万元，"
        "包括人员经费888.90万元和日常公用经费90.03万元；项目支出{}万元。"
    )
    lines = told(text.format("594.30"))
    assert "told_expenditure 1573.23 ties" in lines
    assert "told_basic 978.93 ties" in lines
    assert broken(text.format("594.30")) == []
    assert broken(text.format("549.30")) == ["told_expenditure 1573.23"]


def test_a_unit_that_slipped_breaks_the_sum() -> None:
    text = "2023年预算支出50672.21万元。其中，人员经费支出23250.86元，正常公用经费3849.56万元，项目支出23571.8万元。"
    assert broken(text) == ["told_expenditure 50672.21"]
    assert broken(text.replace("86元", "86万元")) == []


PUBLIC = (
    "2023年“三公”经费预算1329.73万元，与上年1330.52万元相比减少0.79万元。其中，因公出国（境）费为零，与上年持平；"
    "公务用车购置及运维费1184.9万元（其中：公务用车购置费为0万元，公务用车运维费1184.9万元），与上年1184.9万元持平；"
    "会议费29.43万元，与上年29.64万元相比减少0.21万元；招待费{}万元，与上年{}万元持平；"
    "培训费64.45万元，与上年65.03万元减少0.58万元。"
)


def test_meetings_and_training_may_count_as_the_passage_has_them() -> None:
    assert broken(PUBLIC.format("59.95", "59.95")) == ["told_three_public 1329.73", "told_three_public 1330.52"]
    assert broken(PUBLIC.format("50.95", "50.95")) == []
    assert "told_three_public 1330.52 ties" in told(PUBLIC.format("50.95", "50.95"))
    text = (
        "三公经费预算20万元，其中：因公出国（境）费0万元，公务用车购置及运行费18万元，公务接待费2万元。"
        "会议费3万元，培训费4万元。"
    )
    assert "told_three_public 20 ties" in told(text)


@pytest.mark.parametrize(
    "text",
    [
        "“三公”经费预算100万元，其中：公务用车购置及运行费80万元，公务接待费10万元。",  # travel is not told
        "“三公”经费预算100万元，其中公务接待费10万元。",
        "因公出国经费5，“三公”经费预算100万元，其中：因公出国费5，公务用车购置及运行费80万元，公务接待费15万元。",
        "政府采购预算100万元，其中：货物10万元，服务80万元。",
        "基本支出100万元，其中：人员经费80万元，公用经费10万元，资本性支出10万元。",
        "收入总计100万元，其中：财政拨款收入80万元。",
        "支出总计100万元，主要包括：教育支出40万元，卫生健康支出20万元等。",
        "支出预算100万元，其中：基本支出60万元，占60%，其中人员经费40万元，占40%，公用经费20万元，占20%；项目支出40万元，占40%。",
        "共有车辆7辆，其中：机要通信用车1辆、执法执勤用车2辆。",
        "项目30个，其中：重点项目4个、一般项目20个。",
    ],
)
def test_a_list_that_may_leave_something_out_is_not_broken(text: str) -> None:
    assert broken(text) == []


def test_a_list_with_a_part_for_the_rest_leaves_nothing_out() -> None:
    text = (
        "共有公务用车编制64辆，实有{}辆，其中：领导用车0辆，执法执勤用车53辆，特种专业技术用车4辆，其他公务用车27辆。"
    )
    assert only("told_parts", text.format(84)) == ["84 ties"]
    assert only("told_parts", text.format(85)) == ["85 broken"]
    text = "共有车辆76辆，其中：一般公务用车4辆、一般执法执勤用车48辆、其他用车24辆，其他用车主要是特种车辆24辆；"
    assert only("told_parts", text) == ["76 ties"]


def test_a_list_whose_shares_come_to_all_leaves_nothing_out() -> None:
    text = "上年结转资金584.88万元，其中：一般公共预算{}万元，占26.03%；政府性基金预算432.61万元，占73.97%。"
    assert only("told_parts", text.format("152.27")) == ["584.88 ties"]
    assert "told_parts 584.88" in broken(text.format("162.27"))
    some = "支出总计100万元，其中：教育支出40万元，占40%；卫生健康支出20万元，占20%。"
    assert only("told_parts", some) == []


def test_changes_of_the_parts_come_to_the_change() -> None:
    text = (
        "2024年预算收支安排1573.23万元，较2023年预算减少14.00万元，其中：基本支出增加16.22万元；项目支出减少30.22万元。"
    )
    assert only("told_changes", text) == ["14.00 ties"]
    assert only("told_changes", text.replace("30.22", "20.22")) == [], "there may be other reasons"


REVENUE = (
    "2024年收入总计110.00万元，其中：一般公共预算收入{}万元，政府性基金收入10.00万元，国有资本经营预算收入0.00万元，"
    "其他收入0.00万元，上年结转{}万元。"
)


def test_revenue_comes_from_all_its_sources() -> None:
    assert "told_revenue 110.00 ties" in told(REVENUE.format("90.00", "10.00"))
    assert broken(REVENUE.format("90.00", "10.00")) == []
    assert broken(REVENUE.format("90.00", "20.00")) == ["told_revenue 110.00"]
    assert broken(REVENUE.format("80.00", "10.00")) == ["told_revenue 110.00"]
    within = "2024年收入总计100万元，其中：一般公共预算收入100万元，上年结转20万元。"
    assert broken(within) == [], "what was carried over may be counted in already"
    some = "2024年收入总计100万元，其中：财政拨款收入90万元（一般公共预算拨款80万元，政府性基金拨款10万元）。"
    assert broken(some) == []
    assert broken("2024年收入总计100.00万元，其中：一般公共预算80.00万元，政府性基金预算21.00万元。") == [
        "told_revenue 100.00"
    ]


def test_this_year_and_what_was_carried_over_come_to_the_total() -> None:
    text = "2024年支出总计110.00万元，其中：本年预算安排{}万元，上年结转10.00万元，比上年增加5.00万元。"
    assert "told_current 110.00 ties" in told(text.format("100.00"))
    assert broken(text.format("100.10")) == ["told_current 110.00"]


def test_a_total_may_be_of_a_part_of_the_budget_that_only_the_heading_names() -> None:
    text = "2024年支出预算4150.15万元，其中：基本支出1505.65万元，项目支出2644.50万元。"
    assert broken(text, EXPENDITURE, GENERAL) == []
    assert broken(text.replace("4150.15", "4150.51"), EXPENDITURE, GENERAL) == [
        "claim_is_fact 4150.51",
        "told_expenditure 4150.51",
    ]


def test_nothing_is_nothing_where_other_figures_have_decimals() -> None:
    text = "".join(f"第{number}项项目支出{number}.25万元。" for number in range(1, 9))
    three = "2024年“三公”经费预算13.00万元，其中：因公出国费{}万元，公务用车购置及运行费10.00万元，公务接待费3.00万元。"
    assert broken(text + three.format("0")) == []
    zero = "2024年“三公”经费预算13.30万元，其中：因公出国费0万元，公务用车购置及运行费10.00万元，公务接待费3.00万元。"
    assert broken(text + zero) == ["told_three_public 13.30"]
    assert broken(zero) == []


# Changes, rates, shares.


def test_a_change_is_between_two_amounts() -> None:
    text = "2024年预算安排总支出50672.21万元，较2023年54439.43万元{}{}万元。"
    assert only("told_change", text.format("减少", "3767.22")) == ["3767.22 ties"]
    assert only("told_change", text.format("减少", "3767.2")) == ["3767.2 rounding"]
    assert only("told_change", text.format("减少", "3776.22")) == ["3776.22 broken"]
    assert only("told_change", text.format("增加", "3767.22")) == ["3767.22 broken"]
    assert only("told_change", "会议费29.43万元，与上年29.43万元相比增加0.00万元。") == ["0.00 ties"]


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (
            "2024年收入总计4364.82万元，支出总计4364.82万元，与2023年相比，收、支总计各减少422.93万元，下降8.83%。",
            "8.83 rounding",
        ),
        (
            "2024年收入总计4055.5万元，支出总计4055.5万元，与2023年相比，收、支总计各减少208.8万元，减少4.89%。",
            "4.89 truncated",
        ),
        (
            "2024年收入总计4055.5万元，支出总计4055.5万元，与2023年相比，收、支总计各减少208.8万元，减少4.80%。",
            "4.80 broken",
        ),
        ("机关运行经费520.91万元，比2023年预算增加21.84万元，增长4.38%。", "4.38 rounding"),
        ("公务用车运行维护费预算7.5万元，比2023年增加6万元，增幅400%；", "400 ties"),
        ("公务用车运行维护费预算7.50万元，比2023年增加6.00万元，增幅500%；", "500 broken"),
        ("机关运行经费2.00亿元，比上年增加1.50亿元，增长300%。", "300 ties"),
    ],
)
def test_a_rate_is_of_last_years_amount(text: str, outcome: str) -> None:
    assert only("told_rate", text) == [outcome]


@pytest.mark.parametrize(
    "text",
    [
        "机关运行经费520.91万元，比上年增长4.38%。",
        "公务接待费45.14万元，比上年增加45.14万元，增长100%，原因是上年无此项。",
        "公务接待费3万元，与上年持平。",
        "公务接待费3万元，与2023年相比增加0.00万元，增长0.00%。",
        "绩效目标：垫付救助起数较上年增加10%以上。",
        "机关运行经费100万元，比上年增加10万元，增长3个百分点。",
        "机关运行经费100.00万元，比上年增加10.00万元，同口径增长3.00%。",
        "收入预算100万元，其中：财政拨款收入80万元，比上年增加10万元，增长11.11%。",  # of the whole
        "收入预算100万元，其中：财政拨款收入80万元，比上年增加10万元，增长14.29%。",  # of the part
        (
            "“三公”经费支出12.63万元，比上年增加0.69万元，增幅5.78%；其中：因公出国预算0万元；"
            "公务接待费预算5.13万元，比上年减少5.31万元，减幅50.86%。"
        ),
    ],
)
def test_what_does_not_tell_enough_or_ties_otherwise_is_not_broken(text: str) -> None:
    assert broken(text) == []


def test_rates_between_two_amounts_vouch_for_one_another() -> None:
    text = "\n".join(
        f"2023年当年预算执行数为{before}万元，2024年预算安排{now}万元，比2023年预算执行数{rate}%。"
        for before, now, rate in [
            ("60.13", "25.77", "减少57.14"),
            ("45.41", "42.60", "减少6.19"),
            ("15.00", "30.00", "增加100.00"),
            ("348.52", "352.67", "增加0.53"),
        ]
    )
    assert only("told_rate", text) == ["57.14 rounding", "6.19 rounding", "100.00 ties", "0.53 broken"]
    assert only("told_rate", text.splitlines()[3]) == []


def test_a_share_is_of_the_whole_of_its_list() -> None:
    text = "2024年支出合计4364.82万元，其中：基本支出1505.65万元，占34.{}%；项目支出2859.17万元，占65.5%。"
    assert only("told_share", text.format("5")) == ["34.5 rounding", "65.5 rounding"]
    cut = "支出总计13,893.49万元，其中：卫生健康支出190.63万元,占1.37%；住房保障支出373.44万元,占2.68%等。"
    assert only("told_share", cut) == ["1.37 rounding", "2.68 truncated"]
    assert only("told_share", text.format("8")) == ["34.8 broken", "65.5 rounding"]
    nested = (
        "支出预算100万元，其中：基本支出60万元，占60%，其中人员经费40万元，占40%，公用经费20万元，占20%；"
        "项目支出40万元，占40%。"
    )
    assert only("told_share", nested) == ["60 ties", "40 ties", "20 ties", "40 ties"]


def test_a_share_bent_so_that_all_come_to_a_hundred_is_not_broken() -> None:
    text = (
        "支出总计300.00万元，其中：教育支出100.00万元，占33.33%；卫生支出100.00万元，占33.33%；"
        "住房支出100.00万元，占{}%。"
    )
    assert broken(text.format("33.34")) == []
    assert broken(text.format("33.44")) == ["told_share 33.44"]


def test_a_share_may_be_of_something_that_was_not_told() -> None:
    assert broken("涉及项目金额8304.51万元，占部门项目支出总额的90%。") == []
    assert broken("2024年收入总计100万元。对外投资30万元，占40%。") == []
    assert broken("规上工业企业中有研发活动企业占比力争达到35%以上。") == []


def test_an_item_named_again_has_its_amount() -> None:
    lines = [("甲", "25.77", "25.77"), ("乙", "42.60", "42.60"), ("丙", "350.35", "352.67"), ("丁", "8.00", "8.00")]
    text = "\n".join(
        f"“{name}（类）”{first}万元，主要用于{name}。2023年当年预算执行数为9.00万元，2024年预算安排{again}万元。"
        for name, first, again in lines
    )
    assert only("told_again", text) == ["25.77 ties", "42.60 ties", "352.67 broken", "8.00 ties"]


def test_what_is_told_twice_agrees() -> None:
    text = "2024年“三公”经费预算100.00万元。本部门2024年“三公”经费预算{}万元。"
    assert only("told_again", text.format("100.0")) == ["100.0 ties"]
    assert only("told_again", text.format("101.00")) == ["101.00 broken"]


# Years.


@pytest.mark.parametrize(
    "text",
    [
        "2023年预算收入总计50672.21万元。其中，一般公共预算收入50672.21万元。",
        "2023年“三公”经费预算1329.73万元，与上年1330.52万元相比减少0.79万元。",
        "2023年，我部门运行经费共计安排90.03万元，主要用于办公费。",
    ],
)
def test_another_years_budget_is_found_once(text: str) -> None:
    assert stale(text) == [("/claims/0/value", "2023")]
    assert stale(text, 2023) == []
    assert stale(text, None) == []


@pytest.mark.parametrize(
    "text",
    [
        "2024年收入总计90万元，比2023年增加3万元。",
        "2023年末，我部门固定资产总额46919.03万元。",
        "截至2023年12月31日，共有车辆64辆。",
        "2023年支出决算总计80万元。",
        "2023年收入总计80万元。2024年收入总计90万元。",
        "2023年“三公”经费预算80万元，2024年“三公”经费预算90万元。",
        "2023年当年预算执行数为60.13万元，2024年预算安排25.77万元。",
        "上年“三公”经费预算80万元。",
        "2025年预算收入总计80万元。",
    ],
)
def test_a_comparison_with_another_year_is_no_finding(text: str) -> None:
    assert stale(text) == []


def test_what_another_year_states_is_not_held_against_the_tables() -> None:
    text = "2023年支出总计50672.21万元。公务接待费59.95万元。"
    public = table("three_public_expenses", "three_public | overseas | reception\n3.00 | 0.00 | 3.00")
    assert broken(text, EXPENDITURE, public) == []


# What may be wrong in a result.


@pytest.mark.parametrize("value", ["1e400", "NaN", "", "１２,３４", "1" * 60, None, 7])
@pytest.mark.parametrize("name", ["value", "subject", "sentence", "unit", "year", "compared_with", "direction", "kind"])
def test_what_is_no_claim_is_left_out(name: str, value: object) -> None:
    made = result(
        claims=claimed("2024年支出合计10万元，其中：基本支出4万元，占40%；项目支出6万元，比上年减少2万元，下降25%。")
    )
    for claim in made["claims"]:
        claim[name] = value
    made["claims"].append(value)
    check.verification(made, CATALOG)
