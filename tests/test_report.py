"""Messages from templates, summaries in few lines, and document text that cannot act on a terminal."""

from __future__ import annotations

import io
import tomllib
from typing import Any

import pytest
from rich.console import Console

from structurer import report, resources
from structurer.report import messages, terminal


def table(number: int, **facts: Any) -> dict[str, Any]:  # noqa: ANN401  any member of a table
    plain = {"id": f"t{number:02d}", "kind": "revenue", "title": "收入总表", "pages": [number], "unit": "万元"}
    return {**plain, "rows": [{}, {}], "empty": False, **facts}


def result(**members: Any) -> dict[str, Any]:  # noqa: ANN401  any member of a result
    pages = [{"number": 1, "how": "text"}, {"number": 2, "how": "text"}, {"number": 3, "how": "unread"}]
    plain = {"source": {"name": "a.pdf", "pages": pages}, "tables": [table(1)], "cards": [], "claims": []}
    return {**plain, "verification": {"findings": []}, **members}


def finding(code: str, where: str = "", page: int | None = None, **facts: str) -> dict[str, Any]:
    return {"code": code, "where": where, "page": page, "facts": facts}


def shown(data: dict[str, Any], lang: str = "en") -> str:
    out = io.StringIO()
    words = report.load(lang)
    terminal.show(report.summarize(data), list(report.finding_lines(data, words)), words, terminal.console(out))
    return out.getvalue()


def lines(*findings: dict[str, Any], lang: str = "en") -> list[str]:
    return list(report.finding_lines(result(verification={"findings": list(findings)}), report.load(lang)))


def test_finding_says_where_and_what() -> None:
    unknown = finding("unknown_table", "/tables/0", 7, title="附表")
    assert lines(unknown) == ["p.7 t01: The table titled “附表” fits no kind and is kept whole as unknown."]
    assert lines(unknown, lang="zh")[0].startswith("第7页 t01：标题为“附表”")


def test_finding_without_page_or_place_says_what() -> None:
    assert lines(finding("unread_page", reason="a scan")) == ["The page could not be read: a scan."]
    misfit = finding("schema", "/tables/9/rows", reason="x")
    assert lines(misfit) == ["/tables/9/rows: This does not fit the schema: x."]


def test_fact_that_is_missing_or_blank_is_said() -> None:
    assert "“(none)”" in lines(finding("unknown_table", title=""))[0]
    assert "“?”" in lines(finding("unknown_table"))[0]


def test_unknown_code_shows_code_and_facts() -> None:
    assert lines(finding("no_such", a="1", b="2")) == ["no_such: a=1, b=2"]
    assert lines(finding("no_such")) == ["no_such: (none)"]


@pytest.mark.parametrize("hostile", ["{reason}", "{0.__class__}", "%(title)s", "${title}", "{title}{title}"])
def test_fact_is_never_a_template(hostile: str) -> None:
    assert f"“{hostile}”" in lines(finding("unknown_table", title=hostile))[0]


def test_long_fact_is_cut() -> None:
    assert len(lines(finding("unknown_table", title="长" * 5000))[0]) < 300


def test_every_message_is_in_both_languages_with_the_same_facts() -> None:
    raw = tomllib.loads((resources.folder("schemas") / "messages.toml").read_text("utf-8"))
    entries = [*raw.pop("words").values(), *raw.pop("suggestions").values(), *raw.values()]
    assert {"unknown_table", "unread_page", "schema", "does_not_tie"} <= raw.keys()
    facts = [
        {lang: set(messages._FACT.findall(entry[lang])) for lang in report.messages.LANGUAGES} for entry in entries
    ]
    assert [entry for entry in facts if entry["en"] != entry["zh"]] == []


@pytest.mark.parametrize(
    ("environment", "lang"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "LC_MESSAGES": "zh_TW"}, "zh"),
        ({"LANG": "de_DE", "LC_ALL": ""}, "en"),
    ],
)
def test_language_is_that_of_the_locale(environment: dict[str, str], lang: str) -> None:
    assert report.language(environment) == lang


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("\x1b[2J\x1b[31m红\x1b[0m", "红"),
        ("\x1b]0;title\x07a", "a"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b31ma", "a"),
        ("a\r\nb\tc\x00\x08d", "a b cd"),
        ("a\u202eb\u200bc", "abc"),
        ("a\udcffb", "a\ufffdb"),
        ("[red]a[/red]", "[red]a[/red]"),
    ],
)
def test_printable_keeps_the_text_and_nothing_that_acts(text: str, safe: str) -> None:
    assert report.printable(text) == safe


def test_printable_cuts() -> None:
    assert report.printable("abcdef", 4) == "abc…"
    assert report.printable("abcd", 4) == "abcd"


@pytest.mark.parametrize(
    ("pages", "text"),
    [([], ""), ([None], ""), ([3], "3"), ([5, 4, 3, 4], "3-5"), ([1, 3, 4, 9, None], "1,3-4,9")],
)
def test_ranges(pages: list[int | None], text: str) -> None:
    assert report.ranges(pages) == text


def test_summary_folds_cards_and_counts_pages() -> None:
    cards = [{"kind": "project_performance", "pages": [page]} for page in (5, 6, 7)]
    claims = [{"page": 9}, {"page": 9}]
    text = shown(result(cards=cards, claims=claims))
    assert "cards: 3 × project_performance p.5-7\n" in text
    assert "claims: 2 p.9\n" in text
    assert "pages: 2 text, 1 unread\n" in text
    assert "findings: 0\n" in text
    assert text.startswith("a.pdf\n")


def test_summary_shows_each_table() -> None:
    text = shown(result(tables=[table(1, pages=[1, 2]), table(2, rows=[], empty=True, unit=None, title=None)]))
    first, second = text.splitlines()[3:5]
    assert first.split() == ["t01", "revenue", "收入总表", "1-2", "2", "万元"]
    assert second.split() == ["t02", "revenue", "2", "0", "empty"]


def test_summary_in_chinese() -> None:
    text = shown(result(), "zh")
    assert "编号" in text
    assert "2 页有文字层" in text


def test_summary_of_nothing() -> None:
    nothing = result(tables=[], source={"name": "a.md", "pages": []})
    assert shown(nothing) == "a.md\npages: (none)\nfindings: 0\n"


def test_document_text_is_shown_not_interpreted() -> None:
    hostile = "[bold red]x[/] :smile: \x1b[31m"
    text = shown(
        result(
            tables=[table(1, title=hostile, unit="[blink]元")],
            verification={"findings": [finding("unknown_table", "/tables/0", 1, title=hostile)]},
        )
    )
    assert text.count("[bold red]x[/] :smile:") == 2
    assert "[blink]元" in text
    assert "\x1b" not in text


def test_table_is_not_folded_where_the_output_is_no_terminal() -> None:
    long = "部门预算一般公共预算财政拨款基本支出表" * 2
    assert long in shown(result(tables=[table(1, title=long)]))


def test_table_fits_a_narrow_terminal() -> None:
    out = Console(file=io.StringIO(), width=50, force_terminal=True, color_system=None)
    words = report.load("en")
    terminal.show(report.summarize(result(tables=[table(1, title="部门预算" * 10)])), [], words, out)
    printed = out.file.getvalue()  # type: ignore[attr-defined]
    assert "revenue" in printed
