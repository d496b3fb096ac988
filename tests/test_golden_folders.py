"""Golden folders: recorded, verified by people, and held up."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from structurer import resources
from structurer.cli import app
from structurer.golden import folder

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = """# 2024年部门支出总表

单位：万元

| 科目编码 | 科目名称 | 合计 | 基本支出 | 项目支出 |
| --- | --- | --- | --- | --- |
| | 合计 | 30.00 | 10.00 | 20.00 |
| 2040201 | 行政运行 | 10.00 | 10.00 | |
| 2040202 | 一般行政管理事务 | 20.00 | | 20.00 |
"""


def run(*words: str | Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["golden", *map(str, words)], env={"LC_ALL": "C.UTF-8"})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return a golden folder with one document, in which a person has verified a row."""
    (tmp_path / "budget.md").write_text(PAGE, "utf-8")
    assert run("record", tmp_path / "budget.md", "-o", tmp_path / "golden")[0] == 0
    assert run("accept", "budget", "/tables/0/rows/2", "--by", "Li Hua", "-o", tmp_path / "golden")[0] == 0
    return tmp_path / "golden"


def contents(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def verdict(out: Path) -> dict[str, Any]:
    code, said, _ = run("verify", "-o", out, "--json")
    (found,) = json.loads(said)
    assert code == int(found["fallen"])
    return dict(found)


def test_what_was_recorded_holds(out: Path) -> None:
    code, said, _ = run("verify", "-o", out)
    assert (code, said) == (0, "budget: holds: nothing differs; 4 values verified by people\n")


def test_recorded_again_nothing_changes(out: Path) -> None:
    before = contents(out)
    assert run("record", out.parent / "budget.md", "-o", out)[0] == 0
    assert contents(out) == before


def test_what_is_verified_names_its_place_and_who_and_when(out: Path) -> None:
    entries = folder.verified(out / "budget")
    assert {one.by for one in entries} == {"Li Hua"}
    assert {(one.place.field, one.value) for one in entries} == {
        ("code", "2040202"),
        ("name", "一般行政管理事务"),
        ("total", "20.00"),
        ("project", "20.00"),
    }
    assert {one.place.row for one in entries} == {"2040202 一般行政管理事务"}


def rerecorded(out: Path, page: str) -> None:
    """Have another result recorded of the document than is read of it now."""
    (out.parent / "budget.md").write_text(page, "utf-8")
    assert run("record", out.parent / "budget.md", "-o", out)[0] == 0
    (out.parent / "budget.md").write_text(PAGE, "utf-8")
    recorded = json.loads((out / "budget/recorded.json").read_text("utf-8"))
    result = json.loads((out / "budget/result.json").read_text("utf-8"))
    assert run("record", out.parent / "budget.md", "-o", out)[0] == 0
    recorded["source"] = json.loads((out / "budget/recorded.json").read_text("utf-8"))["source"]
    (out / "budget/recorded.json").write_text(json.dumps(recorded), "utf-8")
    (out / "budget/result.json").write_text(json.dumps(result), "utf-8")


def test_verified_values_survive_another_recording_and_other_rows(out: Path) -> None:
    before = (out / "budget/verified.json").read_bytes()
    more = PAGE.replace("| 2040201 |", "| 2040200 | 别的 | 1.00 | 1.00 | |\n| 2040201 |")
    (out.parent / "budget.md").write_text(more, "utf-8")
    assert run("record", out.parent / "budget.md", "-o", out)[0] == 0
    assert (out / "budget/verified.json").read_bytes() == before
    assert verdict(out)["wrong"] == []


@pytest.mark.parametrize(
    ("was", "now", "kind"),
    [
        ("| 2040201 | 行政运行 | 10.00 | 10.00 | |", "| 2040201 | 行政运行 | 11.00 | 10.00 | |", "changed"),
        ("| | 合计 |", "| 2040299 | 其他 | 7.00 | 7.00 | |\n| | 合计 |", "lost"),
        ("| 2040201 | 行政运行 | 10.00 | 10.00 | |", "| 2040201 | 行政运行 | 10.00 | | 10.00 |", "moved"),
    ],
)
def test_a_fall_names_document_table_row_and_column(out: Path, was: str, now: str, kind: str) -> None:
    rerecorded(out, PAGE.replace(was, now))
    found = verdict(out)
    assert found["fallen"]
    assert kind in {change["kind"] for change in found["changes"]}
    code, said, _ = run("verify", "budget", "-o", out)
    assert code == 1
    assert said.startswith("budget: FALLEN")
    assert "2024年部门支出总表" in said
    assert found["changes"][0]["row"] in said
    assert found["changes"][0]["column"] in said


def test_what_is_new_is_no_fall(out: Path) -> None:
    rerecorded(out, PAGE.replace("| 2040201 | 行政运行 | 10.00 | 10.00 | |\n", ""))
    found = verdict(out)
    assert {change["kind"] for change in found["changes"]} == {"new"}
    assert not found["fallen"]


def test_a_verified_value_that_is_read_otherwise_is_a_fall(out: Path) -> None:
    path = out / "budget/verified.json"
    path.write_text(path.read_text("utf-8").replace('"20.00"', '"25.00"', 1), "utf-8")
    code, said, _ = run("verify", "-o", out)
    assert code == 1
    assert "25.00 (Li Hua, " in said
    assert "now 20.00" in said


def edited(name: str, edit: Callable[[Any], Any]) -> Callable[[Path], None]:
    def change(document: Path) -> None:
        path = document / name
        path.write_text(json.dumps(edit(json.loads(path.read_text("utf-8")))), "utf-8")

    return change


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda document: (document.parent.parent / "budget.md").unlink(), "the document cannot be read (no such file"),
        (
            lambda document: (document.parent.parent / "budget.md").write_text("other"),
            "the document has another content",
        ),
        (lambda document: (document / "result.json").write_text("{}"), "this is no result"),
        (lambda document: (document / "recorded.json").write_text("{"), "this is no JSON (line 1"),
        (lambda document: (document / "verified.json").write_text("[3]"), "entry 1: an object is expected"),
        (edited("verified.json", lambda all_: [*all_, all_[0]]), "entry 5: its place stands in an entry before"),
        (edited("verified.json", lambda all_: [{**all_[0], "on": "soon"}]), "entry 1: on is no day: 'soon'"),
        (edited("verified.json", lambda all_: [{**all_[0], "value": 20}]), "entry 1: value is missing, or is not"),
        (edited("verified.json", lambda all_: [{**all_[0], "by": " "}]), "entry 1: by names nobody"),
        (edited("verified.json", lambda all_: [{**all_[0], "extra": 1}]), "entry 1: nobody knows 'extra'"),
        (
            edited("recorded.json", lambda one: {**one, "made_by": {**one["made_by"], "prompts": "0" * 64}}),
            "other prompts",
        ),
    ],
)
def test_a_folder_that_makes_no_sense_is_named(out: Path, spoil: Callable[[Path], object], said: str) -> None:
    spoil(out / "budget")
    found = verdict(out)
    assert found["fallen"]
    assert said in found["faults"][0]


def test_nothing_rewrites_what_people_have_verified(out: Path) -> None:
    path = out / "budget/verified.json"
    path.write_text(path.read_text("utf-8").replace('"20.00"', '"25.00"', 1), "utf-8")
    before = path.read_bytes()
    code, _, said = run("accept", "budget", "/tables/0/rows/2", "--by", "Wang", "-o", out)
    assert code == 2
    assert "Li Hua verified '25.00'" in said
    run("record", out.parent / "budget.md", "-o", out)
    assert path.read_bytes() == before


def test_another_document_is_not_recorded_over(out: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/budget.md").write_text(PAGE, "utf-8")
    before = contents(out)
    code, _, said = run("record", tmp_path / "other/budget.md", "-o", out)
    assert code == 2
    assert "is recorded there, not" in said
    assert contents(out) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["verify", "none"], "there is no golden document of this name"),
        (["accept", "none", "/tables/0", "--by", "x"], "there is no golden document of this name"),
        (["accept", "budget", "/tables/9", "--by", "x"], "the result has no value there"),
        (["accept", "budget", "/tables/0", "--by", " "], "the name of who has looked them up is expected"),
    ],
)
def test_what_is_not_there_is_said(out: Path, words: list[str], said: str) -> None:
    code, _, told = run(*words, "-o", out)
    assert code == 2
    assert said in told


def test_a_folder_without_golden_documents_is_said(tmp_path: Path) -> None:
    code, _, said = run("verify", "-o", tmp_path)
    assert code == 2
    assert "there is no golden document here" in said


# Kinds of one's own.


def own_kinds(folder: Path) -> Path:
    """Fill a folder with a kind of our own for the table, and return its file."""
    folder.mkdir()
    kind = resources.folder("schemas") / "department_budget" / "expenditure.schema.json"
    return Path(shutil.copy(kind, folder))


def test_a_change_of_ones_own_kinds_shows(out: Path) -> None:
    document, kinds = out.parent / "budget.md", out.parent / "kinds"
    kind = own_kinds(kinds)
    assert run("record", document, "-o", out, "--name", "own", "--schemas", kinds)[0] == 0
    assert json.loads((out / "own" / "recorded.json").read_text("utf-8"))["options"]["schemas"] == "../../kinds"
    assert run("verify", "own", "-o", out)[0] == 0
    text = kind.read_text("utf-8")
    kind.write_text(text.replace("项目(支出|经费)", "无"), "utf-8")
    assert kind.read_text("utf-8") != text
    code, said, _ = run("verify", "own", "-o", out)
    assert code == 1
    assert "own: FALLEN" in said
    assert "2024年部门支出总表" in said
    assert "row 3 (2040202 一般行政管理事务), column project: 20.00" in said
    # What was recorded without it does not know of it.
    assert run("verify", "budget", "-o", out)[0] == 0


@pytest.mark.parametrize(("content", "told"), [("{", "kinds/expenditure.schema.json: not JSON"), (None, "kinds")])
def test_kinds_that_are_wrong_or_gone_are_named(out: Path, content: str | None, told: str) -> None:
    kind = own_kinds(out.parent / "kinds")
    assert run("record", out.parent / "budget.md", "-o", out, "--name", "own", "--schemas", kind.parent)[0] == 0
    if content is None:
        shutil.rmtree(kind.parent)
    else:
        kind.write_text(content, "utf-8")
    for command in ("verify", "score", "mutate"):
        code, said, complained = run(command, "own", "-o", out)
        assert code > 0
        assert told in said + complained
        assert "fault of structurer" not in said + complained
