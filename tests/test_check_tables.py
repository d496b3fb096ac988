"""What must hold in tables: in a row, down a column, side by side, across tables."""

from __future__ import annotations

import pytest

from tests.checked import codes, equations, outcomes, result, table, verification

# In a row.


def test_a_total_is_the_sum_of_its_parts() -> None:
    made = table(
        "expenditure",
        """
        code    | name | total | basic | project
        2010101 | 甲   | 10.00 | 4.00  | 6.00
        2010102 | 乙   | 10.01 | 4.00  | 6.00
        2010103 | 丙   | 10.03 | 4.00  | 6.00
        2010104 | 丁   | —     | 4.00  | 6.00
        2010105 | 戊   | 4.00  | 4.00  | —
        """,
    )
    assert outcomes(result(made), "basic_and_project") == ["ties", "rounding", "broken", "unknown", "ties"]


def test_what_is_absent_is_named() -> None:
    made = table("expenditure", "name | total | basic | project\n甲 | — | 4.00 | 6.00\n乙 | 1.00 | — | 1.00")
    first = equations(result(made), "basic_and_project")[0]
    assert first["absent"] == ["/tables/0/rows/0/total"]


def test_a_blank_column_that_the_table_has_is_nothing_and_one_it_lacks_is_left_out() -> None:
    made = table("expenditure", "name | total | basic | project | subsidy_to_affiliates\n甲 | 9.50 | 4.00 | 5.50 | —")
    assert outcomes(result(made), "basic_and_project") == ["ties"]


def test_parts_that_have_no_column_are_replaced_by_their_own_parts() -> None:
    made = table(
        "revenue",
        """
        name | total | general_budget | government_fund | business_income | other_income | carryover
        甲   | 10.00 | 4.00           | 1.00            | 2.00            | 1.00         | 2.00
        乙   | 10.00 | 4.00           | 1.00            | 2.00            | 1.00         | 1.00
        """,
    )
    assert outcomes(result(made), "current_and_carryover") == ["ties", "broken"]


def test_columns_that_nothing_is_known_of_make_a_sum_tentative() -> None:
    text = "name | total | basic | project | {}\n甲 | 10.00 | 4.00 | 5.00 | 1.00\n乙 | 12.00 | 4.00 | 5.00 | 3.00"
    assert outcomes(result(table("expenditure", text.format("carryover"))), "basic_and_project") == []
    text = "name | total | basic | project\n甲 | 10.00 | 4.00 | 5.00\n乙 | 12.00 | 4.00 | 8.00"
    assert outcomes(result(table("expenditure", text)), "basic_and_project") == ["broken", "ties"]


def test_what_fails_in_most_rows_is_built_otherwise() -> None:
    rows = "\n".join(f"甲 | 10.00 | 4.00 | {number}.00" for number in (5, 3, 2, 1, 6))
    made = result(table("expenditure", f"name | total | basic | project\n{rows}"))
    assert set(outcomes(made, "basic_and_project")) == {"ties", "unknown"}
    assert codes(made) == []


def test_of_which_may_be_less_but_not_more() -> None:
    made = table(
        "revenue",
        """
        name | total | general_budget | general_budget_fiscal
        甲   | 5.00  | 5.00           | 3.00
        乙   | 5.00  | 5.00           | 6.00
        """,
    )
    assert outcomes(result(made), "general_budget_of_which") == ["ties", "broken"]


def test_quantity_times_a_rounded_price() -> None:
    made = table(
        "procurement",
        """
        project_name | quantity | unit_price | total
        甲           | 12       | 1.00       | 12.00
        乙           | 10000    | 0.03       | 300.00
        丙           | 10000    | 0.03       | 340.00
        丁           | 15       | 20.00      | 300.00
        戊           | 15       | 20.00      | 310.00
        """,
    )
    assert outcomes(result(made), "quantity_times_price") == ["ties", "ties", "rounding", "ties", "broken"]


def test_a_change_is_this_year_less_last_year_and_its_rate() -> None:
    made = table(
        "general_budget_expenditure",
        """
        code    | name | total  | last_year | change | change_rate
        2010101 | 甲   | 110.00 | 100.00    | 10.00  | 10.00%
        2010102 | 乙   | 95.00  | 100.00    | -5.00  | -5.00%
        2010103 | 丙   | 120.00 | 100.00    | 20.00  | 21.00%
        """,
    )
    assert outcomes(result(made), "change") == ["ties"] * 5 + ["broken"]


def test_zeros_that_a_spreadsheet_leaves_out_are_as_exact_as_the_rest() -> None:
    text = "name | total | basic | project\n甲 | 1505.65 | 1485.65 | 20\n乙 | 20.4 | 10.4 | {}"
    assert outcomes(result(table("expenditure", text.format("10"))), "basic_and_project") == ["ties", "ties"]
    assert outcomes(result(table("expenditure", text.format("10.3"))), "basic_and_project") == ["ties", "broken"]


# Down a column.


def test_a_total_row_classes_sections_and_items() -> None:
    made = table(
        "general_budget_expenditure",
        """
        code    | classification | name     | total
        —       | —              | 合计     | 12643.18
        204     | 204            | 公共安全 | 12643.18
        20402   | 20402          | 公安     | 12643.18
        2040201 | 2040201        | 行政运行 | 4338.66
        2040202 | 2040202        | 一般     | 6874.51
        2040299 | 2040299        | 其他     | 1430.00
        """,
    )
    assert outcomes(result(made), "column") == ["ties", "ties", "rounding"]


def test_codes_in_columns_of_their_own_and_units_between() -> None:
    made = table(
        "expenditure",
        """
        class | section | item | classification | unit_code | name   | total
        —     | —       | —    | —              | —         | 合计   | 10.00
        —     | —       | —    | —              | 122004    | 某支队 | 10.00
        204   | 02      | 01   | 2040201        | 122004    | 运行   | 4.00
        204   | 02      | 02   | 2040202        | 122004    | 事务   | 6.00
        """,
    )
    units = table("revenue", "unit_name | total\n合计 | 10.00\n某支队 | 10.00")
    verdicts = [(one["where"], one["verdict"]) for one in equations(result(made, units), "column")]
    assert verdicts[:2] == [("/tables/0/rows/0", "ties"), ("/tables/0/rows/1", "ties")]


def test_a_subtotal_before_and_after_its_rows() -> None:
    before = "project_name | total\n合计 | 6.00\n甲小计 | 3.00\nA项目 | 1.00\nB项目 | 2.00\n乙小计 | 3.00\nC项目 | 3.00"
    after = "project_name | total\n合计 | 6.00\nA项目 | 1.00\nB项目 | 2.00\n甲小计 | 3.00\nC项目 | 3.00\n乙小计 | 3.00"
    for text in (before, after):
        assert outcomes(result(table("project_expenditure", text)), "column") == ["ties"] * 3


def test_a_subtotal_that_nothing_names_is_found_by_its_rows() -> None:
    text = """
        project_name | total | general_budget
        合计         | 9.00  | 8.00
        某某所       | 6.00  | 5.00
        A项目        | 1.00  | 1.00
        B项目        | 5.00  | 4.00
        某某站       | 3.00  | 3.00
        C项目        | 1.50  | 1.50
        D项目        | 1.50  | 1.50
        """
    assert set(outcomes(result(table("project_expenditure", text)), "column")) == {"ties"}


def test_a_numbered_list_with_of_which() -> None:
    text = """
        name                 | total
        “三公”经费小计       | 6.00
        一、因公出国（境）费 | —
        二、公务用车         | 5.00
        其中：购置费         | 2.00
        运行维护费           | 3.00
        三、公务接待费       | 1.00
        """
    made = result(table("three_public_expenses", text))
    assert outcomes(made, "column") == ["ties"]
    assert outcomes(made, "of_which") == ["ties"]


def test_a_row_without_figures_hands_its_parts_on() -> None:
    text = """
        code    | classification | name | total
        —       | —              | 合计 | 3.00
        204     | 204            | 类   | —
        2040201 | 2040201        | 项   | 1.00
        2040202 | 2040202        | 项   | 2.00
        """
    assert outcomes(result(table("expenditure", text)), "column") == ["ties"]


@pytest.mark.parametrize("digits", ["12", "12.5", "12.50"])
def test_a_list_of_projects_and_its_total(digits: str) -> None:
    good = table("project_expenditure", f"project_name | total\n合计 | {digits}\n甲 | {digits}\n乙 | —")
    assert set(outcomes(result(good), "column")) == {"ties"}
    bad = table("project_expenditure", f"project_name | total\n合计 | 9{digits}\n甲 | {digits}\n乙 | 1.00")
    assert outcomes(result(bad), "column") == ["broken"]


# Side by side.

SIDES = """
    revenue_item       | revenue_amount | expenditure_item | expenditure_total
    一、一般公共预算   | 8.00           | 一、公共安全     | 7.00
    二、政府性基金     | 1.00           | 二、教育         | 3.00
    其中：某项         | 0.50           | —                | —
    本年收入合计       | {current}      | 本年支出合计     | 10.00
    上年结转           | 1.00           | 年终结转         | —
    收入总计           | 10.00          | 支出总计         | {total}
    """


def test_both_sides_of_a_summary() -> None:
    made = result(table("revenue_expenditure_summary", SIDES.format(current="9.00", total="10.00")))
    assert outcomes(made, "revenue_items") == ["ties", "ties"]
    assert outcomes(made, "expenditure_items") == ["ties", "ties"]
    assert outcomes(made, "of_which") == ["ties"]
    assert outcomes(made, "revenue_is_expenditure") == ["ties"]


def test_a_summary_that_does_not_tie() -> None:
    made = result(table("revenue_expenditure_summary", SIDES.format(current="9.10", total="10.20")))
    assert outcomes(made, "revenue_items") == ["broken", "broken"]
    assert outcomes(made, "revenue_is_expenditure") == ["broken"]


def test_a_year_that_stands_above_its_items_and_groups_with_a_head() -> None:
    text = """
        revenue_item             | revenue_subitem | revenue_amount
        一般公共预算收入         | 小计            | 5.00
        一般公共预算收入         | 财政拨款        | 3.00
        一般公共预算收入         | 专项收入        | 2.00
        国有资本经营预算         | —               | 1.00
        收入合计                 | —               | 6.00
        """
    assert outcomes(result(table("appropriation_summary", text)), "revenue_items") == ["ties", "ties"]
    text = """
        revenue_item           | revenue_amount
        一、本年收入           | 5.00
        （一）一般公共预算拨款 | 4.00
        （二）政府性基金       | 1.00
        二、上年结转           | 2.00
        （一）一般公共预算拨款 | 2.00
        收入总计               | 7.00
        """
    assert outcomes(result(table("appropriation_summary", text)), "revenue_items") == ["ties"] * 3


# Across tables.

CODES = """
    code | classification | name | total
    —    | —              | 合计 | {}
    204  | 204            | 安全 | {}
    208  | 208            | 社保 | {}
    210  | 210            | 卫生 | {}
    """


def test_the_same_function_in_several_tables() -> None:
    wide = table("expenditure", CODES.format("6.00", "1.00", "2.00", "3.00"))
    narrow = table("general_budget_expenditure", CODES.format("6.00", "1.00", "2.00", "3.50"))
    assert outcomes(result(wide, narrow), "function_codes") == ["ties", "ties", "ties", "broken"]


def test_tables_of_different_scope_are_not_equal_row_by_row() -> None:
    wide = table("expenditure", CODES.format("6.00", "1.00", "2.00", "3.00"))
    narrow = table("general_budget_expenditure", CODES.format("5.00", "1.00", "2.00", "2.00"))
    made = result(wide, narrow)
    assert set(outcomes(made, "function_codes")) == {"ties"}
    assert {one["relation"] for one in equations(made, "function_codes")} == {">="}


def test_units_of_tables_are_counted_in_yuan() -> None:
    wide = table("expenditure", CODES.format("6.00", "1.00", "2.00", "3.00"))
    narrow = table("general_budget_expenditure", CODES.format("60000", "10000", "20000", "30000"), unit="元")
    assert outcomes(result(wide, narrow), "function_codes") == ["ties"] * 4


def test_a_fact_with_and_without_what_was_carried_over() -> None:
    wide = table("revenue", "name | total | current | carryover\n合计 | 10.00 | 9.00 | 1.00")
    for total, expected in (("10.00", ["ties"]), ("9.00", []), ("9.50", ["broken"])):
        narrow = table("expenditure", f"name | total\n合计 | {total}")
        assert outcomes(result(wide, narrow), "revenue_total") == expected


def test_the_three_public_expenses_as_rows() -> None:
    text = "name | total\n因公出国（境）费 | 1.00\n公务接待费 | 2.00\n公务用车购置及运行费 | 3.00\n合计 | {}"
    for total, expected in (("6.00", "ties"), ("6.40", "broken")):
        made = result(table("three_public_expenses", text.format(total)))
        assert outcomes(made, "column") == [expected]


# Whose fault it is, and what would explain it.


def test_blame_is_the_documents_where_all_stands_on_the_page_and_the_readings_where_not() -> None:
    made = result(table("expenditure", "name | total | basic | project\n甲 | 10.00 | 4.00 | 5.00"))
    assert [one["blame"] for one in verification(made)["findings"]] == ["document"]
    made["provenance"]["/tables/0/rows/0/basic"]["text"] = "4.08"
    found = verification(made)["findings"]
    assert [(one["code"], one["blame"]) for one in found] == [("does_not_tie", "reading"), ("ungrounded", "reading")]
    del made["provenance"]["/tables/0/rows/0/basic"]
    assert verification(made)["findings"][0]["blame"] == "reading"


def test_a_figure_read_with_doubt_is_a_matter_of_the_reading() -> None:
    made = result(table("expenditure", "name | total | basic | project\n甲 | 10.00 | 4.00 | 5.00"))
    made["provenance"]["/tables/0/rows/0/total"]["doubtful"] = True
    assert verification(made)["findings"][0]["blame"] == "reading"


def test_figures_recognised_once_and_surely_are_grounded_but_no_fault_of_the_document() -> None:
    made = result(table("expenditure", "name | total | basic | project\n甲 | 10.00 | 4.00 | 6.00"))
    for place in made["provenance"].values():
        place |= {"how": "ocr", "confidence": 0.99}
    held = verification(made)
    assert (held["grounded"], held["proven"]) == (held["figures"], 3)
    made["tables"][0]["rows"][0]["basic"] = "5.00"
    made["provenance"]["/tables/0/rows/0/basic"]["text"] = "5.00"
    assert [(one["code"], one["blame"]) for one in verification(made)["findings"]] == [("does_not_tie", "reading")]
    for place in made["provenance"].values():
        place["agreed"] = True
    assert [one["blame"] for one in verification(made)["findings"]] == ["document"]
    made["provenance"]["/tables/0/rows/0/basic"]["doubtful"] = "ocr"
    assert verification(made)["grounded"] == held["figures"] - 1


def test_a_second_recognition_that_makes_the_sum_tie_is_offered() -> None:
    made = result(table("expenditure", "name | total | basic | project\n甲 | 10.00 | 4.20 | 7.00"))
    made["provenance"]["/tables/0/rows/0/project"] |= {"readings": ["7.00", "5.80"], "agreed": False}
    (found,) = verification(made)["findings"]
    (offered,) = found["suggestions"]
    assert (offered["code"], offered["where"], offered["facts"]["would"]) == (
        "other_reading",
        "/tables/0/rows/0/project",
        "5.80",
    )
    made["provenance"]["/tables/0/rows/0/project"]["readings"] = ["7.00", "5.90"]
    assert [one["code"] for one in verification(made)["findings"][0]["suggestions"]] != ["other_reading"]


def test_a_sum_over_a_row_with_digits_that_no_field_took_is_a_matter_of_the_reading() -> None:
    made = table("project_expenditure", "project_name | total\n合计 | 10.00\n甲 | 4.00\n乙 | —")
    made["rows"][2]["other"] = {"合计": "费 6.00"}
    assert [one["blame"] for one in verification(result(made))["findings"]] == ["reading"]


@pytest.mark.parametrize(
    ("basic", "code", "would"),
    [
        ("1436.01", "swapped_digits", "1346.01"),
        ("1346.81", "one_digit", "1346.01"),
        ("-1346.01", "sign", "1346.01"),
        ("13460100.00", "unit_slip", "1346.01"),
    ],
)
def test_a_slip_that_explains_the_difference(basic: str, code: str, would: str) -> None:
    text = f"name | total | basic | project\n合计 | 1657.21 | {basic} | 311.20\n甲 | 311.20 | — | 311.20"
    made = result(table("expenditure", text))
    found = [one for one in verification(made)["findings"] if one["rule"] == "basic_and_project"]
    told = {(s["code"], s["facts"]["would"]) for one in found for s in one["suggestions"]}
    assert (code, would) in told


def test_where_a_row_and_a_column_fail_together_the_crossing_is_named() -> None:
    text = """
        code    | classification | name | total | basic | project
        —       | —              | 合计 | 30.00 | 10.00 | 20.00
        2010101 | 2010101        | 甲   | 10.00 | 4.00  | 6.00
        2010102 | 2010102        | 乙   | 20.00 | 9.00  | 14.00
        """
    found = verification(result(table("expenditure", text)))["findings"]
    assert {one["code"] for one in found} == {"does_not_tie"}
    told = {(s["code"], s["where"], s["facts"]["would"]) for one in found for s in one["suggestions"]}
    assert told == {("crossing", "/tables/0/rows/2/basic", "6.00")}


def test_a_lone_rounding_among_sums_that_are_all_exact() -> None:
    rows = "\n".join(f"2{n:06d} | 2{n:06d} | 项 | {n}.10 | {n}.00 | 0.10" for n in range(1, 40))
    made = result(table("expenditure", f"code | classification | name | total | basic | project\n{rows}"))
    assert codes(made) == []
    made["tables"][0]["rows"][4]["total"] = "5.11"
    made["provenance"]["/tables/0/rows/4/total"]["text"] = "5.11"
    assert codes(made) == ["only_rounding"]


# What is proven, and what is missing.


def test_coverage_counts_what_ties_and_lists_what_does_not() -> None:
    made = result(table("expenditure", "name | total | basic | project\n甲 | 10.00 | 4.00 | 6.00\n乙 | 1.00 | — | —"))
    told = verification(made)
    assert (told["figures"], told["grounded"], told["proven"]) == (4, 4, 3)
    assert told["coverage"] == [
        {"where": "/tables/0", "figures": 4, "grounded": 4, "proven": 3, "unproven": ["/tables/0/rows/1/total"]}
    ]


def test_an_inequality_proves_nothing() -> None:
    made = table("revenue", "name | general_budget | general_budget_fiscal\n甲 | 5.00 | 3.00")
    assert verification(result(made))["proven"] == 0


def test_mandated_tables_that_are_missing_are_named_once() -> None:
    kinds = ("revenue", "expenditure", "general_budget_expenditure", "basic_expenditure", "three_public_expenses")
    made = result(*(table(kind, "name | total\n合计 | 1.00") for kind in kinds if kind != "basic_expenditure"))
    states = {one["kind"]: one["state"] for one in verification(made)["completeness"]}
    assert states["revenue"] == "present"
    assert states["basic_expenditure"] == "missing"
    assert codes(made).count("missing_table") == 1


def test_an_empty_table_is_there() -> None:
    made = result(table("government_fund_expenditure", "name | total\n合计 | —", empty=True))
    states = {one["kind"]: one["state"] for one in verification(made)["completeness"]}
    assert states["government_fund_expenditure"] == "empty"


def test_row_numbers_that_jump() -> None:
    made = result(table("expenditure", "line | name | total\n1 | 甲 | 1.00\n2 | 乙 | 1.00\n4 | 丁 | 1.00"))
    found = [one for one in verification(made)["findings"] if one["code"] == "row_numbers"]
    assert [(one["where"], one["facts"]) for one in found] == [("/tables/0/rows/2", {"expected": "3", "found": "4"})]


def test_a_figure_that_stands_under_two_fields_is_counted_once() -> None:
    made = result(table("expenditure", "name | total | basic\n甲 | 1.00 | 1.00"))
    place = {"page": 1, "box": [1, 2, 3, 4], "text": "1.00", "how": "text", "grounding": "exact"}
    made["provenance"] |= {"/tables/0/rows/0/total": place, "/tables/0/rows/0/basic": place}
    assert verification(made)["figures"] == 1


def test_of_a_document_read_in_part_only_rows_are_judged() -> None:
    text = """
        name | total | basic | project
        合计 | 9.00  | 4.00  | 5.00
        甲   | 3.00  | 2.00  | 2.00
        乙   | 5.00  | 2.00  | 3.00
        """
    made = result(table("expenditure", text))
    assert {one["rule"] for one in verification(made)["findings"]} == {"basic_and_project", "column"}
    made["source"]["partial"] = True
    assert {one["rule"] for one in verification(made)["findings"]} == {"basic_and_project"}


def test_a_row_that_another_table_has_and_a_row_that_stands_twice() -> None:
    wide = table("expenditure", CODES.format("6.00", "1.00", "2.00", "3.00"))
    narrow = table("general_budget_expenditure", CODES.format("6.00", "1.00", "2.00", "3.00"))
    del narrow["rows"][3]
    (found,) = verification(result(wide, narrow))["findings"]
    assert [(one["code"], one["where"]) for one in found["suggestions"]] == [("row_dropped", "/tables/0/rows/3/total")]
    twice = table("project_expenditure", "project_name | total\n合计 | 7.00\n甲 | 3.00\n乙 | 4.00\n乙 | 4.00")
    (found,) = verification(result(twice))["findings"]
    assert [(one["code"], one["where"]) for one in found["suggestions"]] == [("row_twice", "/tables/0/rows/3/total")]


def test_last_years_figure_left_standing() -> None:
    text = """
        code    | classification | name | total | basic | project | last_year
        2010101 | 2010101        | 甲   | 18.20 | 4.00  | 5.15    | 18.20
        2010102 | 2010102        | 乙   | 9.00  | 4.00  | 5.00    | 8.00
        """
    (found,) = verification(result(table("general_budget_expenditure", text)))["findings"]
    assert [(one["code"], one["where"]) for one in found["suggestions"]] == [("stale_figure", "/tables/0/rows/0/total")]


def test_a_table_whose_columns_nothing_shows_is_a_matter_of_the_reading() -> None:
    made = result(table("expenditure", "name | total | basic | project\n甲 | 10.00 | 4.00 | 5.00"))
    made["source"]["pages"] = [{"number": 1, "how": "text", "unruled": True, "holds": ["table"], "reason": None}]
    told = verification(made)
    assert [one["blame"] for one in told["findings"]] == ["reading"]
    assert told["grounded"] == 3


def test_tables_of_several_units_are_not_held_against_one_another() -> None:
    one = table("expenditure", CODES.format("6.00", "1.00", "2.00", "3.00"))
    other = table("general_budget_expenditure", CODES.format("5.00", "2.00", "1.00", "2.00"))
    own = table("general_budget_expenditure", CODES.format("6.00", "1.00", "2.00", "3.00"))
    made = result(one, other, own)
    assert outcomes(made, "function_codes") == ["ties"] * 4
    assert codes(made) == []


def test_the_wider_of_two_tables_is_the_one_with_the_larger_total() -> None:
    one = table("expenditure", CODES.format("5.00", "1.00", "2.00", "2.00"))
    other = table("general_budget_expenditure", CODES.format("6.00", "1.00", "2.00", "3.00"))
    assert set(outcomes(result(one, other), "function_codes")) == {"ties"}


def test_a_table_that_prints_nothing_of_a_fact_leaves_it_untold() -> None:
    full = table("general_budget_expenditure", "name | total | basic | project\n合计 | 3.00 | 1.00 | 2.00")
    empty = table("basic_expenditure", "department_name | total\n合计 | —", empty=True)
    made = result(full, empty)
    (untold,) = equations(made, "general_budget_basic")
    assert (untold["verdict"], untold["reason"], untold["where"]) == ("unknown", "absent", "/tables/1")
    assert codes(made) == []


def test_classes_and_items_without_codes() -> None:
    text = """
        name     | total
        合计     | {}
        公共安全 | 12643.18
        公安     | 12643.18
        行政运行 | 4338.66
        一般     | 6874.51
        其他     | 1430.00
        社会保障 | 686.24
        养老     | 686.24
        """
    assert set(outcomes(result(table("expenditure", text.format("13329.42"))), "column")) == {"ties", "rounding"}
    # What is not told by names or codes accuses nobody.
    assert codes(result(table("expenditure", text.format("13329.49")))) == []


def test_hundreds_of_yuan_were_multiplied_from_rounded_figures() -> None:
    rows = "\n".join(
        f"2{n:06d} | 2{n:06d} | 项 | {n * 7300 + 700} | {n * 7200} | {n * 100 + 800}" for n in range(1, 12)
    )
    text = f"code | classification | name | total | basic | project\n{rows}"
    assert set(outcomes(result(table("expenditure", text, unit="元")), "basic_and_project")) == {"rounding"}


def test_a_single_part_is_the_whole_only_where_nearly_all_rows_say_so() -> None:
    lines = [f"2{n:06d} | 2{n:06d} | 项 | {n}.00 | {n}.00" for n in range(1, 11)]
    few = "\n".join(
        ["code | classification | name | total | basic", *lines[:5], "2990000 | 2990000 | 项 | 9.00 | 3.00"]
    )
    assert outcomes(result(table("expenditure", few)), "basic_and_project") == []
    many = "\n".join(["code | classification | name | total | basic", *lines, "2990000 | 2990000 | 项 | 9.00 | 3.00"])
    assert outcomes(result(table("expenditure", many)), "basic_and_project").count("broken") == 1


def test_where_no_row_has_a_name_the_first_is_no_total() -> None:
    made = result(table("project_expenditure", "total\n9.00\n1.00\n2.00"))
    assert equations(made, "column") == []
