"""`structurer check` as a user meets it: what is printed, how it ends, and what it makes of bad input."""

from __future__ import annotations

import copy
import functools
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import pymupdf
import pytest
from typer.testing import CliRunner

from structurer import catalog, check, pipeline, validate
from structurer.cli import app, checking, result_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

ROWS = [
    ("科目编码", "科目名称", "合计", "基本支出", "项目支出"),
    ("", "合计", "30.00", "10.00", "20.00"),
    ("2040201", "行政运行", "10.00", "10.00", ""),
    ("2040202", "一般行政管理事务", "20.00", "", "20.00"),
]
_LOAD = functools.cache(catalog.load)
SOURCE = "budget.pdf"


@pytest.fixture(autouse=True)
def _once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the schemas once, not in every call; the language is that of no locale."""
    monkeypatch.setattr(catalog, "load", _LOAD)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


def run(*words: object) -> Any:  # noqa: ANN401  the result class is typer's own
    done = CliRunner().invoke(app, ["check", *map(str, words)], prog_name="structurer")
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert "Traceback" not in done.output
    return done


def pdf(path: Path, rows: Sequence[Sequence[str]] = ROWS) -> Path:
    """Draw one ruled table with its title and unit line."""
    with pymupdf.open() as document:
        page = document.new_page()
        page.insert_text((200, 60), "2024年部门支出总表", fontname="china-s", fontsize=16)
        page.insert_text((420, 90), "单位：万元", fontname="china-s", fontsize=10)
        bottom = 100 + 24 * len(rows)
        for column in range(6):
            page.draw_line((50 + 90 * column, 100), (50 + 90 * column, bottom))
        for row in range(len(rows) + 1):
            page.draw_line((50, 100 + 24 * row), (500, 100 + 24 * row))
        for row, cells in enumerate(rows):
            for column, text in enumerate(cells):
                page.insert_text((54 + 90 * column, 116 + 24 * row), text, fontname="china-s", fontsize=9)
        document.save(str(path))
    return path


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the result of a document in which everything ties."""
    return pipeline.extract_file(pdf(tmp_path_factory.mktemp("plain") / SOURCE), _LOAD())


@pytest.fixture
def result(plain: dict[str, Any]) -> dict[str, Any]:
    return copy.deepcopy(plain)


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    def write(content: object, name: str = "a.json") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return write


def one_line(done: Any) -> str:  # noqa: ANN401  the result class is typer's own
    """Return the only line of an error, after the program's name."""
    assert done.stderr.startswith("structurer: ")
    assert done.stderr.count("\n") == 1
    return done.stderr.removeprefix("structurer: ").strip()  # type: ignore[no-any-return]


def wrong_total(result: dict[str, Any], figure: str = "30.10") -> dict[str, Any]:
    """Let the document print another total than its parts come to."""
    result["tables"][0]["rows"][0]["total"] = figure
    result["provenance"]["/tables/0/rows/0/total"]["text"] = figure
    return result


# What is found


def test_what_ties_is_zero_and_counted(result: dict[str, Any], save: Callable[..., Path]) -> None:
    path = save(result)
    done = run(path)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{path}\ntables: 1, cards: 0, claims: 0\nfigures: 7, grounded 7, proven 7 (100%)\n")
    assert " tie, 0 tie by rounding, 0 do not tie, 0 cannot be told\nfindings: 0\n" in done.stdout
    assert "Proof coverage" in done.stdout


def test_document_that_disagrees_is_blamed(result: dict[str, Any], save: Callable[..., Path]) -> None:
    done = run(save(wrong_total(result)))
    assert done.exit_code == 1
    assert "The document: " in done.stdout
    assert "  p.1 t01 合计 / 合计: 30.10 is printed, 30.00 is computed from " in done.stdout
    assert "the printed figure is larger by 0.10 万元. Rule: " in done.stdout


def test_reading_that_is_not_on_the_page_is_blamed(result: dict[str, Any], save: Callable[..., Path]) -> None:
    result["tables"][0]["rows"][0]["total"] = "30.10"
    done = run(save(result))
    assert done.exit_code == 1
    assert "The reading: " in done.stdout
    assert "The figure 30.10 does not stand in the text printed at its place, “30.00”" in done.stdout


def test_chinese_report(result: dict[str, Any], save: Callable[..., Path]) -> None:
    printed = run(save(wrong_total(result)), "--lang", "zh").stdout
    for said in ("不符 2", "责任在文件", "印刷数为30.10", "大出0.10万元。依据：", "证实范围"):
        assert said in printed


def test_several_results_are_checked_one_after_the_other(result: dict[str, Any], save: Callable[..., Path]) -> None:
    files = [save(result), save(wrong_total(copy.deepcopy(result)), "b.json"), save(result, "c.json")]
    done = run(*files, files[0])
    assert done.exit_code == 1
    assert [line for line in done.stdout.splitlines() if line.endswith(".json")] == [*map(str, files)]
    assert "is given twice" in one_line(done)


def test_what_the_reading_found_is_said_again(result: dict[str, Any], save: Callable[..., Path]) -> None:
    result["tables"][0] |= {"kind": "unknown", "title": "附表", "rows": []}
    result["source"]["pages"].append({"number": 2, "how": "unread", "holds": [], "reason": "no_text_layer"})
    done = run(save(result))
    assert done.exit_code == 1
    assert "p.2: The page could not be read: the page has no text layer" in done.stdout
    assert "p.1 t01: The table titled “附表” fits no kind" in done.stdout


def test_old_verification_is_not_believed(result: dict[str, Any], save: Callable[..., Path]) -> None:
    for verification in ({}, {"findings": [{"code": 3}]}, "none", None):
        assert run(save({**result, "verification": verification})).exit_code == 0
    assert run(save({name: value for name, value in result.items() if name != "verification"})).exit_code == 0


# The formats


def test_json_holds_the_verification_of_each_file(result: dict[str, Any], save: Callable[..., Path]) -> None:
    files = [save(result), save(wrong_total(copy.deepcopy(result)), "b.json")]
    done = run(*files, "--format", "json")
    assert done.exit_code == 1
    listed = json.loads(done.stdout)
    assert [one["file"] for one in listed] == [*map(str, files)]
    assert [one["verification"]["equations"]["broken"] for one in listed] == [0, 2]
    for one in listed:
        assert list(validate.whole({**result, "verification": one["verification"]}, _LOAD())) == []
    assert run(files[0], "--format", "json").stdout_bytes == run(files[0], "--format", "json").stdout_bytes


def test_json_of_what_cannot_be_checked_is_still_json(save: Callable[..., Path]) -> None:
    done = run(save(b"{"), "--format", "json")
    assert (done.exit_code, json.loads(done.stdout)) == (3, [])


def test_markdown_has_the_counts_and_the_findings(result: dict[str, Any], save: Callable[..., Path]) -> None:
    done = run(save(wrong_total(result)), "--format", "markdown")
    assert done.exit_code == 1
    for line in ("- tables: 1, cards: 0, claims: 0", "## Findings", "## Equations by rule", "## Proof coverage"):
        assert line in done.stdout.splitlines()
    assert "- p.1 t01 合计 / 合计: 30.10 is printed" in done.stdout


def test_no_text_of_a_result_acts(result: dict[str, Any], save: Callable[..., Path]) -> None:
    hostile = "\x1b[31m[red]<script>alert(1)</script>![x](http://a.b)"
    wrong_total(result)["tables"][0]["rows"][0]["name"] = hostile
    result["tables"][0]["id"] = hostile
    path = save(result)
    for words in ([], ["--format", "markdown"], ["--lang", "zh"]):
        assert "\x1b" not in run(path, *words).stdout
    written = run(path, "--format", "markdown").stdout
    assert "\\<script\\>" in written
    assert "<script>" not in written
    assert not re.search(r"(?<!\\)\]\(", written)


# The source


def test_source_that_agrees_is_zero(result: dict[str, Any], save: Callable[..., Path], tmp_path: Path) -> None:
    source = pdf(tmp_path / SOURCE)
    result["source"]["sha256"] = hashlib.sha256(source.read_bytes()).hexdigest()
    done = run(save(result), "--source", source)
    assert (done.exit_code, done.stderr) == (0, "")


def test_another_source_is_said_and_compared(result: dict[str, Any], save: Callable[..., Path], tmp_path: Path) -> None:
    source = pdf(tmp_path / SOURCE)
    result["source"]["sha256"] = "0" * 64
    done = run(save(result), "--source", source)
    assert done.exit_code == 1
    assert "The result was made from another file: its SHA-256 is 000" in done.stdout
    assert "figures: 7, grounded 7" in done.stdout


def test_figure_that_the_source_does_not_print_is_found(
    result: dict[str, Any], save: Callable[..., Path], tmp_path: Path
) -> None:
    source = pdf(tmp_path / SOURCE)
    result["source"]["sha256"] = hashlib.sha256(source.read_bytes()).hexdigest()
    # The result says itself that this is printed; only the source can tell.
    done = run(save(wrong_total(result)), "--source", source)
    assert done.exit_code == 1
    assert "30.10" in done.stdout
    assert "The reading: " in done.stdout


def test_pages_that_the_result_was_made_without_are_said(save: Callable[..., Path], tmp_path: Path) -> None:
    with pymupdf.open(pdf(tmp_path / "one.pdf")) as document:
        document.fullcopy_page(0)
        document.save(str(tmp_path / SOURCE))
    part = pipeline.extract_file(tmp_path / SOURCE, _LOAD(), pages={2})
    printed = run(save(part), "--source", tmp_path / SOURCE).stdout
    assert "findings: 1\n" in printed
    assert "The result was made without p.1 of the file; these 1 pages were not compared." in printed
    whole = pipeline.extract_file(tmp_path / SOURCE, _LOAD())
    assert run(save(whole), "--source", tmp_path / SOURCE).exit_code == 0
    whole["source"]["pages"].append({"number": 9, "how": "text", "holds": [], "reason": None})
    assert run(save(whole), "--source", tmp_path / SOURCE).exit_code in {0, 1}


@pytest.mark.parametrize("count", [0, 2])
def test_source_is_that_of_one_result(
    count: int, result: dict[str, Any], save: Callable[..., Path], tmp_path: Path
) -> None:
    files = [save(result, f"{index}.json") for index in range(count)]
    done = run(*files, "--source", tmp_path / SOURCE)
    assert done.exit_code == 2
    assert count == 0 or "--source is the document of one result, and 2 are given" in one_line(done)


def test_source_that_cannot_be_read_is_three(result: dict[str, Any], save: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / SOURCE).write_bytes(b"junk")
    done = run(save(result), "--source", tmp_path / SOURCE)
    assert done.exit_code == 3
    assert "not a PDF" in one_line(done)
    done = run(save(result), "--source", tmp_path / "none.pdf")
    assert done.exit_code == 3
    assert "no such file" in one_line(done)


# Bad input


def nested(levels: int) -> bytes:
    return b'{"tables": ' + b"[" * levels + b"]" * levels + b"}"


BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "this is no JSON (line 1, column 1: Expecting value)"),
    "broken": (b'{"tables": [', "this is no JSON (line 1, column 13"),
    "two": (b"{} {}", "Extra data"),
    "binary": (b"\x00\xff\xfe", "no JSON in UTF-8 (byte 1)"),
    "gbk": ("部门".encode("gb18030"), "no JSON in UTF-8"),
    "list": (b"[]", "no JSON object"),
    "null": (b"null", "no JSON object"),
    "text": (b'"tables"', "no JSON object"),
    "other JSON": (b'{"name": "structurer"}', "no list of tables, cards or claims"),
    "wrong lists": (b'{"tables": {}, "cards": null, "claims": "x"}', "no list of tables, cards or claims"),
    "NaN": (b'{"tables": [NaN]}', "NaN is no JSON"),
    "infinity": (b'{"tables": [-Infinity]}', "-Infinity is no JSON"),
    "large": (b'{"tables": [1e400]}', "the number 1e400 is out of range"),
    "digits": (b'{"tables": [' + b"9" * 10_000 + b"]}", "a number of 10000 digits"),
    "twice": (b'{"tables": [], "tables": []}', "the member 'tables' twice"),
    "deep": (nested(60), "nested more than 40 levels"),
    "very deep": (nested(200_000), "nested more than 40 levels"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_result_is_one_line_and_three(name: str, save: Callable[..., Path]) -> None:
    content, reason = BAD[name]
    path = save(content)
    done = run(path)
    assert (done.exit_code, done.stdout) == (3, "")
    assert one_line(done).startswith(f"{path}: ")
    assert reason in done.stderr


def test_file_that_is_not_there_is_three(tmp_path: Path) -> None:
    assert one_line(run(tmp_path / "none.json")) == f"{tmp_path}/none.json: no such file or directory"
    assert one_line(run(tmp_path)) == f"{tmp_path}: is a directory"


def test_file_that_is_too_large_is_refused(
    result: dict[str, Any], save: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(result_file, "_MOST_BYTES", 1 << 20)
    assert "more than 1 MB" in one_line(run(save({**result, "x": "y" * (2 << 20)})))


def test_mark_at_the_start_is_no_fault(result: dict[str, Any], save: Callable[..., Path]) -> None:
    assert run(save(b"\xef\xbb\xbf" + json.dumps(result).encode())).exit_code == 0


def test_bad_file_does_not_stop_the_others(result: dict[str, Any], save: Callable[..., Path]) -> None:
    good = save(result, "good.json")
    done = run(save(b"{"), good)
    assert done.exit_code == 3
    assert done.stdout.startswith(f"{good}\n")
    assert "no JSON" in one_line(done)


def test_fault_of_ours_costs_one_file(
    result: dict[str, Any], save: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = check.verification

    def stumbling(one: dict[str, Any], *rest: Any, **named: Any) -> Any:  # noqa: ANN401  passed on
        if one["source"]["name"] == "bad":
            raise IndexError
        return judge(one, *rest, **named)

    monkeypatch.setattr(check, "verification", stumbling)
    bad = copy.deepcopy(result)
    bad["source"]["name"] = "bad"
    done = run(save(bad), save(result, "good.json"))
    assert done.exit_code == 3
    assert "a fault of structurer (IndexError in test_check_command.py, line " in one_line(done)
    assert "findings: 0" in done.stdout


LONG = "长" * (1 << 20)
CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "no source": lambda r: r.pop("source"),
    "source is text": lambda r: r.update(source="x"),
    "pages are text": lambda r: r["source"].update(pages="x"),
    "page of a list": lambda r: r["source"].update(pages=[{"number": [1], "how": {}, "reason": 3}]),
    "page is a number": lambda r: r["source"].update(pages=[3]),
    "no disclosure": lambda r: r.pop("disclosure"),
    "year is text": lambda r: r["disclosure"].update(fiscal_year="2024"),
    "tables are no list": lambda r: r.update(tables={"a": 1}),
    "table is text": lambda r: r["tables"].append("x"),
    "table is null": lambda r: r["tables"].append(None),
    "table is empty": lambda r: r["tables"].append({}),
    "kind is a list": lambda r: r["tables"][0].update(kind=["revenue"]),
    "kind is no kind": lambda r: r["tables"][0].update(kind="no_such"),
    "rows are text": lambda r: r["tables"][0].update(rows="x"),
    "row is null": lambda r: r["tables"][0]["rows"].append(None),
    "columns are numbers": lambda r: r["tables"][0].update(columns=[1, 2]),
    "unit is a number": lambda r: r["tables"][0].update(unit=4),
    "amount is a number": lambda r: r["tables"][0]["rows"][0].update(total=30),
    "amount is a list": lambda r: r["tables"][0]["rows"][0].update(total=["30.00"]),
    "amount is 1e400": lambda r: r["tables"][0]["rows"][0].update(total="1e400"),
    "amount is NaN": lambda r: r["tables"][0]["rows"][0].update(total="NaN"),
    "amount is full-width": lambda r: r["tables"][0]["rows"][0].update(total="１２,３４"),
    "amount is long": lambda r: r["tables"][0]["rows"][0].update(total="9" * (10 << 20)),
    "name is long": lambda r: r["tables"][0]["rows"][0].update(name=LONG, total="30.10"),
    "member is long": lambda r: r["tables"][0]["rows"][0].update({LONG: "1"}),
    "half a character": lambda r: r["tables"][0]["rows"][0].update(name="\ud800", total="\udfff"),
    "card is text": lambda r: r.update(cards=["x", 3, None, {}]),
    "card of numbers": lambda r: r.update(cards=[{"kind": "project_performance", "amounts": [1], "indicators": 3}]),
    "claims are wrong": lambda r: r.update(claims=["x", {}, {"value": 3}, {"value": "x", "sentence": None}]),
    "provenance is a list": lambda r: r.update(provenance=[]),
    "provenance is wrong": lambda r: r.update(provenance={"": 3, "/tables/0/rows/0/total": "x", "/x": {"page": "y"}}),
    "pointer leads nowhere": lambda r: r["provenance"].update(
        {"/tables/9/rows/9/total": r["provenance"]["/tables/0/rows/0/total"]}
    ),
    "page is text": lambda r: r["provenance"]["/tables/0/rows/0/total"].update(page="1", text=None),
    "unknown member": lambda r: r.update(extra=1),
}


@pytest.mark.parametrize("name", CHANGES)
def test_result_that_is_wrong_in_part_has_findings(
    name: str, result: dict[str, Any], save: Callable[..., Path]
) -> None:
    CHANGES[name](result)
    path = save(result)
    for words in ([], ["--format", "markdown", "--lang", "zh"], ["--format", "json"]):
        done = run(path, *words)
        assert (done.exit_code, done.stderr) == (1, ""), done.stderr
        assert len(done.stdout) < 100_000


@pytest.mark.parametrize("name", CHANGES)
def test_result_that_is_wrong_in_part_is_compared(
    name: str, result: dict[str, Any], save: Callable[..., Path], tmp_path: Path
) -> None:
    source = pdf(tmp_path / SOURCE)
    result["source"]["sha256"] = hashlib.sha256(source.read_bytes()).hexdigest()
    CHANGES[name](result)
    done = run(save(result), "--source", source)
    assert (done.exit_code, done.stderr) == (1, ""), done.stderr


def test_misfits_are_told_with_their_places(result: dict[str, Any], save: Callable[..., Path]) -> None:
    result["tables"][0]["rows"][0]["total"] = "1,5"
    result["tables"][0]["colour"] = "red"
    result["run"] = {}
    printed = run(save(result)).stdout
    assert "/run: This does not fit the schema: version, schemas, model is missing." in printed
    assert "t01" in printed
    assert "“1,5”" in printed


def test_many_misfits_are_folded(result: dict[str, Any], save: Callable[..., Path]) -> None:
    result["source"]["pages"] = [{"number": 0}] * 500
    printed = run(save(result)).stdout
    assert printed.count("does not fit the schema") == 50
    assert " more places do not fit the schema." in printed


# The parts


def test_no_result_is_wrong_use() -> None:
    assert run().exit_code == 2
    assert run("a.json", "--format", "xml").exit_code == 2
    assert run("a.json", "--schemas", "nowhere").exit_code == 2


def test_every_format_has_its_printer() -> None:
    command = next(command for command in app.registered_commands if command.name == "check")
    assert command.callback is not None
    assert set(checking.FORMATS) == {"text", "json", "markdown"}


def test_figures_that_the_source_confirms_count_as_grounded(
    result: dict[str, Any], save: Callable[..., Path], tmp_path: Path
) -> None:
    result["provenance"] = {}
    path, source = save(result), pdf(tmp_path / SOURCE)
    alone = json.loads(run(path, "--format", "json").stdout)[0]["verification"]
    both = json.loads(run(path, "--source", source, "--format", "json").stdout)[0]["verification"]
    assert alone["grounded"] == 0
    assert both["grounded"] == both["figures"] > 0
