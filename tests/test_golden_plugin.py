"""Golden folders as tests: a planted regression fails its table, and document, table, row and column are said."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from structurer import catalog, document, pipeline, regression, resources
from structurer.cli import app
from structurer.extract import header
from structurer.golden import compare, folder, parts
from structurer.golden.places import Address
from structurer.regression import telling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from structurer.catalog.lexicon import Lexicon
    from structurer.records import Cell, Page

    Edit = Callable[[Any], object]
    Plant = Callable[[Path, pytest.MonkeyPatch], None]

pytest_plugins = ["pytester"]

NAME = "quyang-2024"
TABLES = [
    "table 1 部门预算收支总表",
    "table 2 部门预算一般公共预算财政拨款支出表",
    "table 3 部门预算政府性基金预算财政拨款支出表",
    "table 4 部门预算国有资本经营预算财政拨款支出表",
    "table 5 部门预算财政拨款“三公”经费支出表",
    "table 6 部门政府采购预算",
    "table 7 部门固定资产占用情况表",
    "card 1 交警专项公用项目经费",
]
# The heading under which the excerpt prints the figures of projects, as the schema knows it.
SCHEMA = "schemas/department_budget/general_budget_expenditure.schema.json"
ALIAS = '"(其中)?(本年|当年)?项目(支出|经费)(预算)?(数|总数|小计|合计)?(.{0,6}元)?", '

# These are imported anew in every inner run, at a second or two each time.
FEW = "-p no:benchmark -p no:hypothesispytest -p no:anyio"


@pytest.fixture(scope="module")
def recorded(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an excerpt of a real disclosure, and its golden folder."""
    root = tmp_path_factory.mktemp("recorded")
    source = root / f"{NAME}.pdf"
    shutil.copy(golden / NAME / "excerpt.pdf", source)
    result = pipeline.extract_file(source, catalog.load())
    regression.record(result, source, root / "golden" / NAME, {"pages": None, "ocr": "auto"})
    regression.accept(root / "golden" / NAME, ["/tables/1/rows/1"], "Li Hua", "2026-11-21")
    return root


@pytest.fixture
def project(pytester: pytest.Pytester, recorded: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Return a project of a user: the document, its golden folder, and one line in the conftest."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    shutil.copytree(recorded, pytester.path, dirs_exist_ok=True)
    pytester.makeconftest('pytest_plugins = ["structurer.testing"]')
    pytester.makeini(f"[pytest]\naddopts = {FEW}\n")
    return pytester


@pytest.fixture
def read(project: pytest.Pytester, recorded: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Return the same project, whose document is read as it was recorded, without the time it takes."""
    result = json.loads((recorded / "golden" / NAME / "result.json").read_text("utf-8"))
    monkeypatch.setattr(pipeline, "extract_file", lambda *_, **__: result)
    return project


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return which documents have been read since."""
    found: list[Path] = []
    extract_file = pipeline.extract_file

    def counted(path: Path, *given: Any, **more: Any) -> Any:  # noqa: ANN401  as the function itself
        found.append(path)
        return extract_file(path, *given, **more)

    monkeypatch.setattr(pipeline, "extract_file", counted)
    return found


@pytest.fixture(autouse=True)
def _plain_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pytest print what it prints to a person: in CI its summary repeats every message in full."""
    for name in ("CI", "BUILD_NUMBER", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)


def edited(project: pytest.Pytester, name: str, edit: Edit) -> None:
    path = project.path / "golden" / NAME / name
    value = json.loads(path.read_text("utf-8"))
    edit(value)
    path.write_text(json.dumps(value), "utf-8")


def ran(project: pytest.Pytester, *words: str) -> tuple[dict[str, int], str]:
    """Return what became of the tests, and all that was printed."""
    done = project.runpytest(*words)
    return {name: count for name, count in done.parseoutcomes().items() if name != "warnings"}, done.stdout.str()


# One line in a project.


def test_a_test_for_the_document_and_each_table(project: pytest.Pytester, reads: list[Path]) -> None:
    done = project.runpytest("-v")
    done.assert_outcomes(passed=9)
    done.stdout.fnmatch_lines([f"golden/{NAME}/recorded.json::{name} PASSED*" for name in ["document", *TABLES]])
    assert len(reads) == 1


def test_collecting_reads_no_document(project: pytest.Pytester, reads: list[Path]) -> None:
    _, said = ran(project, "--collect-only", "-q")
    assert "9 tests collected" in said
    assert reads == []


def test_one_table_alone(project: pytest.Pytester) -> None:
    assert ran(project, f"golden/{NAME}/recorded.json::{TABLES[5]}")[0] == {"passed": 1}


def test_a_process_of_its_own_with_warnings_as_errors(project: pytest.Pytester) -> None:
    project.makeini(f"[pytest]\naddopts = {FEW} --strict-markers --strict-config\nfilterwarnings = error\n")
    project.runpytest_subprocess("golden").assert_outcomes(passed=9)


# Planted regressions.


def without_an_alias(tmp_path: Path, patch: pytest.MonkeyPatch) -> None:
    for name in ("schemas", "prompts"):
        shutil.copytree(resources.folder(name), tmp_path / "data" / name)
    schema = tmp_path / "data" / SCHEMA
    text = schema.read_text("utf-8")
    assert ALIAS in text
    schema.write_text(text.replace(ALIAS, ""), "utf-8")
    patch.setattr(resources, "PACKAGE", tmp_path)


def with_a_header_row_too_many(_: Path, patch: pytest.MonkeyPatch) -> None:
    depth = header._depth

    def off_by_one(by_row: list[list[Cell]], lexicon: Lexicon) -> int:
        return depth(by_row, lexicon) + 1

    patch.setattr(header, "_depth", off_by_one)


def without_a_page(_: Path, patch: pytest.MonkeyPatch) -> None:
    open_pages = document.open_pages

    def dropping(path: Path) -> Iterator[Page]:
        return (page for page in open_pages(path) if page.number != 2)

    patch.setattr(document, "open_pages", dropping)


@dataclass(frozen=True)
class Planted:
    """A regression, the tests that fail of it, and what is said of one of them."""

    plant: Plant
    fallen: tuple[str, ...]
    table: str
    line: str


PLANTED = {
    "an alias removed": Planted(
        without_an_alias,
        (TABLES[1],),
        "table 2 部门预算一般公共预算财政拨款支出表 (p.2)",
        "moved: row 2 (204 2 公共安全支出), column project: 532.10, now in column other/项目支出 (p.2)",
    ),
    "an off-by-one in the header rows": Planted(
        with_a_header_row_too_many,
        tuple(TABLES[:7]),
        "table 7 部门固定资产占用情况表 (p.6)",
        "lost: row 1 (资产总额), column value: 2156.29 (p.6)",
    ),
    "a page dropped": Planted(
        without_a_page,
        (TABLES[1],),
        "table 2 部门预算一般公共预算财政拨款支出表 (p.2)",
        "lost: row 2 (204 2 公共安全支出), column total: 1267.85 (p.2)",
    ),
}


@pytest.fixture(params=PLANTED)
def planted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planted]:
    """Plant a regression."""
    one = PLANTED[request.param]
    with pytest.MonkeyPatch.context() as patch:
        one.plant(tmp_path_factory.mktemp("planted"), patch)
        yield one


def test_a_planted_regression_fails_and_names_document_table_row_and_column(
    project: pytest.Pytester, planted: Planted
) -> None:
    outcomes, said = ran(project, "-rf")
    assert outcomes == {"failed": len(planted.fallen), "passed": 9 - len(planted.fallen)}
    assert all(f"FAILED golden/{NAME}/recorded.json::{name}" in said for name in planted.fallen)
    assert f"\n{NAME}: {planted.table}: " in said
    assert f"\n  {planted.line}\n" in said
    assert "Traceback" not in said
    assert "testing.py" not in said


def test_verify_says_the_same(recorded: Path, planted: Planted) -> None:
    done = CliRunner().invoke(app, ["golden", "verify", "-o", str(recorded / "golden")], env={"LC_ALL": "C.UTF-8"})
    assert done.exit_code == 1
    assert done.stdout.startswith(f"{NAME}: FALLEN: ")
    assert f"\n  {planted.table}: " in done.stdout
    assert f"\n    {planted.line}\n" in done.stdout
    heads = [each for each in done.stdout.splitlines() if each.startswith(("  table", "  card"))]
    assert len(heads) == len(planted.fallen)


def test_a_dropped_page_is_a_table_lost_as_a_whole(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    without_a_page(project.path, monkeypatch)
    _, said = ran(project)
    assert "\n  lost as a whole, with 124 values:\n" in said
    # What is verified in it is lost, too, and told first.
    assert (
        "\n  verified row 2 (204 2 公共安全支出), column total: 1267.85 (Li Hua, 2026-11-21), now (none) (p.2)\n"
        in said
    )

    # No more lines than can be read.
    assert said.count("\n  verified row") + said.count("\n  lost") == telling.MOST_LINES
    assert "; `structurer golden verify --json` lists all\n" in said


def test_chinese_where_the_locale_is(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    without_an_alias(project.mkdir("planted"), monkeypatch)
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    _, said = ran(project)
    assert f"\n{NAME}：表 2 部门预算一般公共预算财政拨款支出表（第2页）：" in said
    assert "\n  移位：第2行（204 2 公共安全支出），列 project：532.10，现在在列 other/项目支出（第2页）\n" in said


# What is no fall, and what is.


def test_what_is_new_is_no_fall(read: pytest.Pytester) -> None:
    edited(read, "result.json", lambda result: (result["tables"].pop(4), result["tables"][0]["rows"].pop(0)))
    assert ran(read)[0] == {"passed": 8}


def test_a_new_table_is_said_of_a_document_that_has_fallen(read: pytest.Pytester) -> None:
    edited(read, "result.json", lambda result: (result["tables"].pop(4), result["disclosure"].update(fiscal_year=1)))
    outcomes, said = ran(read)
    assert outcomes == {"failed": 1, "passed": 7}
    assert f"\n{NAME}: document: changed 1, new 36\n" in said
    assert "\n  changed: disclosure, column fiscal_year: 1 → 2024\n" in said
    assert "\n  new as a whole: 部门预算财政拨款“三公”经费支出表, with 36 values\n" in said


def test_a_claim_is_the_documents(read: pytest.Pytester) -> None:
    edited(read, "result.json", lambda result: result["claims"][1].update(value="1.00"))
    outcomes, said = ran(read)
    assert outcomes == {"failed": 1, "passed": 8}
    assert "\n  changed: claims 2 (本年度拟购置固定资产总额), column value: 1.00 → " in said


def test_a_verified_value_that_is_read_otherwise_fails_its_table(read: pytest.Pytester) -> None:
    edited(read, "verified.json", lambda entries: entries[4].update(value="1.00"))
    outcomes, said = ran(read)
    assert outcomes == {"failed": 1, "passed": 8}
    assert f"\n{NAME}: {TABLES[1]} (p.2): not as verified 1\n  verified row 2 (204 2 公共安全支出), column " in said
    assert ": 1.00 (Li Hua, 2026-11-21), now " in said


def test_a_verified_value_of_no_recorded_table_is_the_documents(read: pytest.Pytester) -> None:
    edited(read, "verified.json", lambda entries: entries[4]["place"].update(item="another"))
    outcomes, said = ran(read)
    assert outcomes == {"failed": 1, "passed": 8}
    assert f"\n{NAME}: document: not as verified 1\n  verified another: 204 2 公共安全支出, column " in said


# Damaged folders.


def spoilt(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text, "utf-8")


DAMAGED = [
    pytest.param(lambda one: (one / f"../../{NAME}.pdf").unlink(), "the document cannot be read (no such file", 9),
    pytest.param(spoilt(f"../../{NAME}.pdf", "x"), "the document has another content (sha256 2d711642b726, ", 9),
    pytest.param(spoilt("verified.json", "[3]"), "verified.json: entry 1: an object is expected", 9),
    pytest.param(spoilt("recorded.json", "{"), "recorded.json: this is no JSON (line 1", 9),
    pytest.param(lambda one: (one / "result.json").unlink(), "result.json: the recorded result cannot be read", 1),
    pytest.param(spoilt("result.json", "["), "result.json: the recorded result cannot be read", 1),
    pytest.param(spoilt("result.json", "[]"), "result.json: this is no result", 1),
]


@pytest.mark.parametrize(("spoil", "fault", "tests"), DAMAGED)
def test_a_damaged_folder_fails_with_its_fault(
    spoil: Callable[[Path], object], fault: str, tests: int, read: pytest.Pytester
) -> None:
    spoil(read.path / "golden" / NAME)
    outcomes, said = ran(read)
    assert outcomes == {"failed": tests}
    assert f"\n{NAME}: document: " in said
    assert said.count(fault) == tests
    assert said.count(": not compared: ") == tests - 1
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "spoil",
    [
        lambda result: result.update(tables=None),
        lambda result: result["tables"][0].update(kind=[]),
        lambda result: result["tables"][0].update(pages="1"),
        lambda result: result["tables"][0].update(columns=[3]),
        lambda result: result["tables"][0]["rows"][0].update(code=[]),
        lambda result: result["cards"].append(3),
        lambda result: result["claims"].append(None),
        lambda result: result.update(provenance={"/tables/0/title": 3}),
        lambda result: result["verification"]["findings"].append({"code": "x"}),
        lambda result: result.pop("disclosure"),
    ],
)
def test_a_result_spoilt_by_hand_fails_and_is_named(spoil: Edit, read: pytest.Pytester) -> None:
    edited(read, "result.json", spoil)
    outcomes, said = ran(read)
    assert outcomes == {"failed": 1}
    assert "result.json: this is no result\n" in said


def test_answers_to_older_prompts_are_the_documents_fault_and_the_tables_stand(read: pytest.Pytester) -> None:
    edited(read, "recorded.json", lambda one: one["made_by"].update(prompts="0" * 64))
    outcomes, said = ran(read)
    assert outcomes == {"failed": 1, "passed": 8}
    assert f"\n{NAME}: document: the answers belong to other prompts (000000000000)" in said


def test_a_file_of_the_same_name_is_left_alone(read: pytest.Pytester) -> None:
    for name in ("other/recorded.json", "other/answers/recorded.json"):
        (read.path / name).parent.mkdir()
        (read.path / name).write_text('{"source": "a tape"}', "utf-8")
    assert ran(read)[0] == {"passed": 9}


def test_a_result_recorded_while_the_tests_run_passes_for_nothing(read: pytest.Pytester) -> None:
    read.makeconftest(
        f"""
        import json, pathlib
        pytest_plugins = ["structurer.testing"]

        def pytest_collection_finish():
            path = pathlib.Path("golden/{NAME}/result.json")
            result = json.loads(path.read_text("utf-8"))
            result["tables"][0]["title"] = "other"
            path.write_text(json.dumps(result), "utf-8")
        """
    )
    outcomes, said = ran(read)
    assert outcomes == {"failed": 1, "passed": 8}
    assert f"\n{NAME}: {TABLES[0]}: the recorded result has changed since the tests were collected\n" in said


# The parts themselves.


def result_of(*tables: dict[str, Any]) -> dict[str, Any]:
    return {"disclosure": {}, "tables": list(tables), "cards": [], "claims": [], "provenance": {}}


def table_of(title: str, *rows: dict[str, Any], kind: str = "revenue") -> dict[str, Any]:
    return {"kind": kind, "title": title, "rows": list(rows)}


def test_names_are_one_line_and_no_two_the_same() -> None:
    found = parts.parts(result_of(*(table_of(title) for title in ("a::b\n\x1b[x]\u202e", "a", "a", "", "长" * 99))))
    assert [part.name for part in found] == [
        "document",
        "table 1 a:b [x]",
        "table 2 a",
        "table 3 a",
        "table 4 revenue",
        "table 5 " + "长" * 60,
    ]


def test_a_hostile_title_is_a_test_that_can_be_chosen(read: pytest.Pytester) -> None:
    edited(read, "result.json", lambda result: result["tables"][0].update(title="a::b\n\x1b[31m[x]\u202e"))
    outcomes, said = ran(read, f"golden/{NAME}/recorded.json::table 1 a:b [31m[x]")
    assert outcomes == {"failed": 1}
    assert "\x1b" not in said
    assert "\u202e" not in said


def test_a_row_without_a_name_is_found_by_its_number_and_text() -> None:
    rows = [{"revenue_note": "税收", "revenue_amount": "1", "expenditure_note": "人员", "expenditure_amount": "2"}] * 3
    other = [*rows[:2], {**rows[2], "expenditure_amount": "3"}]
    (_, part) = parts.split(result_of(table_of("t", *rows)), result_of(table_of("t", *other)), [])
    (one,) = part.differences
    assert one.where == parts.Where("rows", 3, "税收", "expenditure_amount")


def test_a_lost_row_of_a_table_of_two_sides_is_one_row() -> None:
    rows = [
        {
            "revenue_item": f"收入{n}",
            "revenue_amount": str(n),
            "expenditure_item": f"支出{n}",
            "expenditure_amount": "0",
        }
        for n in range(5)
    ]
    (_, part) = parts.split(result_of(table_of("t", *rows)), result_of(table_of("t", *rows[:1], *rows[2:])), [])
    assert {(one.change.kind, one.where.row) for one in part.differences} == {("lost", "收入1 支出1")}


def test_a_table_that_is_new_is_the_documents_though_one_stood_in_its_place() -> None:
    one, two, three = (table_of("t", {"name": name, "total": name}) for name in ("1", "2", "3"))
    before, after = result_of(table_of("x", kind="other"), two), result_of(three, two)
    found, *tables = parts.split(before, after, [])
    assert [part.is_lost for part in tables] == [True, False]
    assert {each.new_item for each in found.differences} <= {"/tables/1", "/tables/0"}
    found, *tables = parts.split(result_of(one), result_of(one, one), [])
    assert [part.differences for part in tables] == [()]
    assert {each.new_item for each in found.differences} == {"/tables/1"}


def test_every_change_is_in_one_part(recorded: Path) -> None:
    before = json.loads((recorded / "golden" / NAME / "result.json").read_text("utf-8"))
    after = json.loads(json.dumps(before).replace("12.00", "13.00").replace("公共安全", "公安"))
    after["tables"].pop(2)
    after["cards"].append(after["cards"][0])
    told = [one.change for part in parts.split(before, after, []) for one in part.differences]
    assert sorted(map(str, told)) == sorted(map(str, compare.changes(before, after)))


def test_a_verified_value_stands_in_the_table_of_its_number() -> None:
    table = table_of("t", {"name": "a", "total": "1"})
    place = Address("revenue", "t", 2, "a", 1, "total")
    found = parts.split(result_of(table, table), result_of(table, table), [folder.Verified(place, "2", "x", "")])
    assert [len(part.misread) for part in found] == [0, 0, 1]
