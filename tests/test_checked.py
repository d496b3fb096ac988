"""What a check found, as text and Markdown: every count is shown, and no text of the document acts."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from structurer import report
from structurer.report import markdown, places, terminal
from structurer.report.checked import share

REASONS = {"parts": {"en": "The total is the sum of its parts.", "zh": "合计＝各项之和"}}
TITLES = {"revenue": "收入总表"}
ROWS = [
    {"code": None, "name": "合计", "total": "30.00", "basic": "10.00", "page": 4},
    {"code": "2040201", "name": "行政运行", "total": "12.64", "basic": None, "page": 4},
    {"code": "2040299", "name": None, "total": "1", "basic": None, "page": 5},
]
TABLE = {
    "id": "t01",
    "kind": "expenditure",
    "title": "支出总表",
    "pages": [4, 5],
    "unit": "万元",
    "columns": [{"field": "name", "heading": "科目/名称"}, {"field": "total", "heading": "预算数/合计："}],
    "rows": ROWS,
}
ABREAST = {
    "id": "t02",
    "columns": [{"field": "revenue_amount", "heading": "收入/金额"}, {"field": "expenditure_total", "heading": None}],
    "rows": [
        {
            "revenue_item": "一、一般公共预算",
            "revenue_amount": "1",
            "expenditure_item": "一、外交",
            "expenditure_total": "2",
        }
    ],
}
CARD = {
    "id": "k01",
    "project_code": "1306",
    "project_name": "办案经费",
    "labels": [{"field": "amounts/total", "label": "预算数："}, {"field": "indicators/value", "label": "指标值"}],
    "amounts": {"total": "5"},
    "indicators": [{"level1": "产出指标", "level3": "办案数量", "value": {"text": "≥5件", "number": "5"}}],
    "other": {"备注/甲": "x"},
}
CLAIM = {"id": "s01", "subject": "基本支出", "value": "5", "page": 9, "sentence": "基本支出5万元。"}
RESULT: dict[str, Any] = {
    "tables": [TABLE, ABREAST],
    "cards": [CARD],
    "claims": [CLAIM],
    "provenance": {"/tables/0/rows/1/total": {"page": 4, "text": "12.64"}},
}
SUGGESTION = {
    "code": "swapped_digits",
    "where": "/tables/0/rows/1/total",
    "page": 4,
    "facts": {"was": "12.64", "would": "12.46"},
}
FACTS = {
    "rule": "parts",
    "stated": "30.00",
    "computed": "29.82",
    "difference": "0.18",
    "larger": "stated",
    "operands": "12.64 (p.4) + 17.18 (p.5)",
    "unit": "万元",
}


def finding(code: str = "does_not_tie", **members: Any) -> dict[str, Any]:  # noqa: ANN401  any member
    plain = {"code": code, "where": "/tables/0/rows/0/total", "page": 4, "facts": FACTS}
    return {**plain, "blame": "document", "rule": "parts", "operands": [], "suggestions": [], **members}


def equation(verdict: str, **members: Any) -> dict[str, Any]:  # noqa: ANN401  any member
    plain = {"rule": "parts", "where": "/tables/0/rows/0", "verdict": verdict, "reason": None, "absent": []}
    return {**plain, **members}


def verification(**members: Any) -> dict[str, Any]:  # noqa: ANN401  any member
    listed = [
        equation("ties"),
        equation("broken"),
        equation("unknown", reason="absent", absent=["/tables/0/rows/1/basic"]),
        equation("unknown", reason="absent", absent=["total"], rule="other_rule"),
        equation("unknown", reason="structure", rule="other_rule"),
    ]
    plain: dict[str, Any] = {
        "figures": 2000,
        "grounded": 1999,
        "proven": 1999,
        "equations": {"ties": 900, "rounding": 12, "broken": 1, "unknown": 3, "list": listed},
        "coverage": [
            {"where": "/tables/0", "figures": 5, "grounded": 5, "proven": 4, "unproven": ["/tables/0/rows/2/total"]},
            {"where": "/claims", "figures": 1, "grounded": 1, "proven": 0, "unproven": ["/claims/0/value"]},
        ],
        "completeness": [
            {"kind": "revenue", "state": "missing", "where": []},
            {"kind": "expenditure", "state": "present", "where": ["/tables/0"]},
        ],
        "findings": [finding(suggestions=[SUGGESTION]), finding("row_missing", blame=None, facts={"text": "某行"})],
    }
    return {**plain, **members}


def words(lang: str = "en") -> report.Messages:
    return report.load(lang, reasons=REASONS, titles=TITLES)


def shown(lang: str = "en", result: dict[str, Any] | None = None, **members: Any) -> str:  # noqa: ANN401  any member
    out, known = io.StringIO(), words(lang)
    one = report.checked("a.json", result or RESULT, verification(**members), known)
    terminal.show_check(one, known, terminal.console(out))
    return out.getvalue()


def written(lang: str = "en", result: dict[str, Any] | None = None, **members: Any) -> str:  # noqa: ANN401  any member
    known = words(lang)
    return report.as_markdown([report.checked("a.json", result or RESULT, verification(**members), known)], known)


# Places


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("/tables/0", "t01"),
        ("/tables/0/rows/1/total", "t01 行政运行 / 预算数/合计"),
        ("/tables/0/rows/1", "t01 行政运行"),
        ("/tables/0/rows/2/total", "t01 row 3 / 预算数/合计"),
        ("/tables/0/rows/1/unnamed", "t01 行政运行 / unnamed"),
        ("/tables/0/rows/9/total", "t01 row 10 / 预算数/合计"),
        ("/tables/0/pages/0", "t01 pages"),
        ("/tables/1/rows/0/revenue_amount", "t02 一、一般公共预算 / 收入/金额"),
        ("/tables/1/rows/0/expenditure_total", "t02 一、外交 / expenditure_total"),
        ("/cards/0", "k01 办案经费"),
        ("/cards/0/amounts/total", "k01 办案经费 / 预算数"),
        ("/cards/0/indicators/0/value/number", "k01 办案经费 / 办案数量 / 指标值"),
        ("/cards/0/other/备注~1甲", "k01 办案经费 / 备注/甲"),
        ("/claims/0/value", "s01 基本支出"),
        ("/cards", "cards"),
        ("/source/pages/0/how", "/source/pages/0/how"),
        ("/tables/7/rows", "/tables/7/rows"),
        ("/tables/x", "/tables/x"),
        ("/tables/²", "/tables/²"),
        ("/tables/" + "9" * 5000, "/tables/" + "9" * 151 + "…"),
        ("/tables/0/rows/" + "9" * 5000 + "/total", "t01 rows/total"),
        ("", ""),
        ("/", "/"),
        ("no pointer", "no pointer"),
    ],
)
def test_place_is_one_a_reader_finds(pointer: str, place: str) -> None:
    assert places.place(RESULT, pointer, words()) == place


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"tables": 3},
        {"tables": [3]},
        {"tables": [{}]},
        {"tables": [{"id": 7, "rows": "x", "columns": 3, "labels": [1]}]},
        {"tables": [{"id": None, "rows": [3], "columns": [{"heading": 3}]}]},
        {"tables": [{"id": "t01", "rows": [{"name": ["x"], "": "y"}]}], "provenance": []},
    ],
)
def test_place_in_what_is_no_result_is_no_fault(result: dict[str, Any]) -> None:
    for pointer in ("/tables/0", "/tables/0/rows/0/total", "/tables/0/rows/0"):
        assert isinstance(places.place(result, pointer, words()), str)
        assert isinstance(places.within(result, pointer, words()), str)


# Counts


def test_all_four_counts_are_always_shown() -> None:
    line = "equations: 900 tie, 12 tie by rounding, 1 do not tie, 3 cannot be told"
    assert line in shown()
    assert line in written()
    zeros = {"ties": 0, "rounding": 0, "broken": 0, "unknown": 0, "list": []}
    assert "equations: 0 tie, 0 tie by rounding, 0 do not tie, 0 cannot be told" in shown(equations=zeros)
    assert "等式：相符 900，四舍五入内相符 12，不符 1，无法判断 3" in shown("zh")


def test_only_all_is_a_hundred_percent() -> None:
    assert "figures: 2000, grounded 1999, proven 1999 (99.9%)" in shown()
    assert "proven 2000 (100%)" in shown(proven=2000)
    assert share(0, 0) == "-"


def test_summary_of_a_checked_result_has_the_counts() -> None:
    result = {
        **RESULT,
        "source": {"name": "a.pdf", "pages": []},
        "tables": [],
        "cards": [],
        "claims": [],
        "verification": verification(),
    }
    found = report.summarize(result)
    out = io.StringIO()
    terminal.show(found, list(report.finding_lines(result, words())), words(), terminal.console(out))
    printed = out.getvalue()
    assert "proven 1999 (99.9%)\nequations: 900 tie" in printed
    assert "[document]\n    → p.4 " in printed


# Findings


def test_finding_says_both_numbers_the_difference_the_place_and_the_rule() -> None:
    assert (
        "p.4 t01 合计 / 预算数/合计: 30.00 is printed, 29.82 is computed from 12.64 (p.4) + 17.18 (p.5): "
        "the printed figure is larger by 0.18 万元. Rule: The total is the sum of its parts.\n"
    ) in shown()
    assert (
        "第4页 t01 合计 / 预算数/合计：印刷数为30.00，由12.64（第4页） + 17.18（第5页）计算得29.82："
        "印刷数大出0.18万元。依据：合计＝各项之和\n"
    ) in shown("zh")


def test_suggestion_stands_beneath_its_finding() -> None:
    printed = shown()
    assert "\n    → p.4 t01 行政运行 / 预算数/合计: It would tie if this read 12.46 instead of 12.64 (two " in printed
    assert "\n  - → p.4 t01 行政运行 / 预算数/合计: It would tie if this read 12.46" in written()
    assert "若此处不是12.64而是12.46" in shown("zh")


def test_findings_are_grouped_by_fault() -> None:
    found = [finding(blame=blame) for blame in ("reading", None, "document", "reading", "nobody")]
    one = report.checked("a.json", RESULT, verification(findings=found), words())
    assert {group: len(remarks) for group, remarks in one.groups.items()} == {"document": 1, "reading": 2, "other": 2}
    assert one.findings == 5
    printed = shown(findings=found)
    assert printed.index("The document: ") < printed.index("The reading: ") < printed.index("Other findings")
    assert "责任在读取" in shown("zh", findings=found)


def test_no_findings_are_said() -> None:
    assert "findings: 0\n" in shown(findings=[])
    assert "No findings." in written(findings=[])


def test_every_code_has_its_message() -> None:
    codes = (
        "does_not_tie truncated stale_year ungrounded not_printed misplaced row_missing row_extra table_missing "
        "table_extra other_source no_place not_text missing_table row_numbers project_without_card "
        "card_without_project schedule schema unread_page unknown_table"
    )
    slips = "swapped_digits one_digit sign row_dropped row_twice unit_slip stale_figure crossing shared lost_digit"
    for lang in ("en", "zh"):
        assert set(codes.split()) <= words(lang).findings.keys()
        assert set(slips.split()) <= words(lang).suggestions.keys()


@pytest.mark.parametrize(
    ("relation", "said"),
    [(">=", "must be at least 29.82"), ("<=", "must be at most 29.82"), ("=", "29.82 is computed")],
)
def test_what_must_only_be_at_least_is_said_so(relation: str, said: str) -> None:
    assert said in shown(findings=[finding(facts={**FACTS, "relation": relation})])


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({**FACTS, "unit": ""}, "larger by 0.18. Rule"),
        ({**FACTS, "larger": "computed"}, "smaller by 0.18"),
        ({**FACTS, "larger": "neither"}, "neither by 0.18"),
        ({**FACTS, "rule": "no_such_rule"}, "Rule: no_such_rule"),
        ({**FACTS, "operands": "1 (p.4) + 9 more"}, "from 1 (p.4) and 9 more:"),
        ({}, "? is printed, ? is computed"),
        ({"stated": 3, "computed": None, "unit": ["x"]}, "3 is printed, None is computed"),
    ],
)
def test_facts_that_are_missing_or_unknown_are_no_fault(facts: dict[str, Any], said: str) -> None:
    assert said in shown(findings=[finding(facts=facts)])


def test_unknown_codes_show_their_facts() -> None:
    odd = finding("no_such", facts={"a": "1"}, suggestions=[{**SUGGESTION, "code": "also_not"}])
    printed = shown(findings=[odd])
    assert "no_such: a=1" in printed
    assert "also_not: was=12.64, would=12.46" in printed


def test_pointers_in_facts_are_places() -> None:
    moved = finding("misplaced", facts={"value": "1", "expected": "2", "found": "/tables/0/rows/1/total"})
    assert "and 1 at t01 行政运行 / 预算数/合计" in shown(findings=[moved])
    counted = finding("row_numbers", facts={"expected": "3", "found": "5"})
    assert "go from 5 where 3 is next" in shown(findings=[counted])


def test_kinds_have_their_titles() -> None:
    assert "revenue (收入总表)  missing" in shown()
    assert "收入总表（revenue）" in shown("zh")
    assert "expenditure  " in shown()


@pytest.mark.parametrize(
    ("facts", "english", "chinese"),
    [
        ({"reason": "no_text_layer"}, "has no text layer", "没有文字层"),
        ({"reason": "picture_only: - 3 -"}, "holds only: - 3 -", "文字层只有：- 3 -"),
        ({"reason": "damaged: no objects"}, "is damaged (no objects)", "已损坏（no objects）"),
        ({"reason": "anything else: x"}, "anything else: x", "anything else: x"),
    ],
)
def test_why_a_page_is_unread_is_said_in_both_languages(facts: dict[str, str], english: str, chinese: str) -> None:
    unread = finding("unread_page", where="", facts=facts)
    assert english in shown(findings=[unread])
    assert chinese in shown("zh", findings=[unread])


@pytest.mark.parametrize(
    ("keyword", "chinese"),
    [
        ("required", "缺少 rows"),
        ("type", "应为 rows，实为 {…}"),
        ("pattern", "“{…}”不合格式 rows"),
        ("additionalProperties", "有不认识的成员：{…}"),
        ("maxItems", "不合 maxItems rows"),
    ],
)
def test_what_breaks_a_schema_is_said_in_chinese(keyword: str, chinese: str) -> None:
    facts = {"reason": "'rows' is a required property", "keyword": keyword, "expected": "rows", "found": "{…}"}
    assert chinese in shown("zh", findings=[finding("schema", facts=facts)])


# Rules, coverage, completeness


def test_rules_say_what_cannot_be_told() -> None:
    one = report.checked("a.json", RESULT, verification(), words())
    parts, other = one.rules
    assert (parts.rule, parts.counts) == ("The total is the sum of its parts.", (1, 0, 1, 1))
    assert parts.why == "t01 行政运行 / basic"
    assert (other.rule, other.counts) == ("other_rule", (0, 0, 0, 2))
    assert other.why == "t01 合计 / 预算数/合计; the table is built otherwise"


def test_unproven_cells_are_listed_and_folded() -> None:
    assert "t01 not proven: row 3 / 预算数/合计\n" in shown()
    assert "claims not proven: s01 基本支出\n" in shown()
    many = ["/tables/0/rows/1/total"] * 50
    part = {"where": "/tables/0", "figures": 60, "grounded": 60, "proven": 10, "unproven": many}
    for text in (shown(coverage=[part]), written(coverage=[part])):
        assert text.count("行政运行 / 预算数/合计;") == 20
        assert "; and 30 more" in text


def test_report_fits_a_narrow_terminal() -> None:
    out = Console(file=io.StringIO(), width=50, force_terminal=True, color_system=None)
    terminal.show_check(report.checked("a.json", RESULT, verification(), words()), words(), out)
    assert "cannot be told" in out.file.getvalue()  # type: ignore[attr-defined]


# Text of the document

HOSTILE = (
    "[bold red]x[/] \x1b[31m<img src=x onerror=y> ![i](http://a.b/c.png) `x` | </td> @me www.a.b https://a.b # &lt;"
)


def hostile() -> dict[str, Any]:
    table = {
        **TABLE,
        "id": HOSTILE,
        "rows": [{"name": HOSTILE, "total": "1"}] * 3,
        "columns": [{"field": "total", "heading": HOSTILE}],
    }
    return {**RESULT, "tables": [table, ABREAST], "claims": [{**CLAIM, "subject": HOSTILE}]}


def test_terminal_shows_and_obeys_nothing() -> None:
    printed = shown(result=hostile(), findings=[finding("row_missing", facts={"text": HOSTILE})])
    assert "[bold red]x[/]" in printed
    assert "\x1b" not in printed


def test_markdown_has_only_our_markup() -> None:
    facts = dict.fromkeys(FACTS, HOSTILE)
    rendered = (
        MarkdownIt("commonmark", {"html": True})
        .enable(["table", "strikethrough"])
        .render(
            written(result=hostile(), findings=[finding(facts=facts, suggestions=[{**SUGGESTION, "facts": facts}])])
        )
    )
    tags = set(re.findall(r"<(\w+)", rendered))
    assert tags <= {"h1", "h2", "h3", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "code", "p"}
    assert "&lt;img src=x" in rendered
    # The columns hold: no text has opened a cell of its own.
    assert {row.count("<td>") for row in rendered.split("<tr>") if "<td>" in row} <= {3, 5, 6}


@given(st.text(st.sampled_from("ab1`*_[]()<>!|~&#@:/.-+=^$\\ w\n合计；0)."), max_size=40))
@example("http://a.b www.a.b @a #1 a@b.c")
@example("1. a")
@example("- a")
@example("`@`")
@example("@@`@:// www.")
@example("&lt;b&gt;")
@example("```")
def test_escaped_text_reads_as_it_is(text: str) -> None:
    (*_, inline, _, _, _) = MarkdownIt("commonmark", {"html": True}).parse(
        f"- {markdown.escaped('x' * (not text.strip()) + text)}\n"
    )
    assert inline.type == "inline"
    assert {token.type for token in inline.children or ()} <= {"text", "code_inline", "text_special"}
    read = "".join(token.content for token in inline.children or ())
    assert read.strip() == report.printable("x" * (not text.strip()) + text)


@pytest.mark.parametrize("text", ["http://a.b", "WWW.a.b", "www.a.b", "a@b.cd", "@me", "#12", "see https://a"])
def test_nothing_is_left_that_links_by_itself(text: str) -> None:
    plain = re.sub(r"`[^`]*`", " ", markdown.escaped(text))
    assert not re.search(r"://|www\.|@|#\d", plain, flags=re.IGNORECASE)


def test_markdown_begins_with_the_counts() -> None:
    assert written().splitlines()[:10] == [
        "# a.json",
        "",
        "- tables: 2, cards: 1, claims: 1",
        "- figures: 2000, grounded 1999, proven 1999 (99.9%)",
        "- equations: 900 tie, 12 tie by rounding, 1 do not tie, 3 cannot be told",
        "- findings: 2",
        "",
        "## Findings",
        "",
        "### The document: its figures stand on the page as read, and do not agree",
    ]
