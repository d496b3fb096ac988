"""Planted errors counted: what is caught is told by class, and a checker that sees less has a lower score."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from structurer import catalog, check, mutants, mutation, reread
from structurer.cli import app
from structurer.records import Finding

if TYPE_CHECKING:
    from pathlib import Path

PAGE = """# 2024年部门支出总表

单位：万元

| 科目编码 | 科目名称 | 合计 | 基本支出 | 项目支出 |
| --- | --- | --- | --- | --- |
| | 合计 | 61.35 | 26.10 | 35.25 |
| 2040201 | 行政运行 | 26.10 | 26.10 | |
| 2040202 | 一般行政管理事务 | 35.25 | | 35.25 |
"""
ALONE = """# 2024年部门支出总表

单位：万元

| 科目编码 | 科目名称 | 合计 |
| --- | --- | --- |
| 2040201 | 行政运行 | 26.10 |
"""
WORDS = "# 2024年部门支出总表\n\n无。\n"
# Four of each class.
COUNT = 4 * len(mutation.CLASSES)
_LOAD = functools.cache(catalog.load)


@pytest.fixture(autouse=True)
def _once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the schemas once, not in every call."""
    monkeypatch.setattr(catalog, "load", _LOAD)


def run(*words: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["golden", *map(str, words)], env={"LC_ALL": "C.UTF-8"})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def recorded(folder: Path, **pages: str) -> Path:
    """Return a golden folder with documents of these pages."""
    for name, page in pages.items():
        (folder / f"{name}.md").write_text(page, "utf-8")
        assert run("record", folder / f"{name}.md", "-o", folder / "golden")[0] == 0
    return folder / "golden"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return recorded(tmp_path, budget=PAGE)


def mutated(out: Path, *words: object, code: int = 0) -> dict[str, Any]:
    ended, said, _ = run("mutate", "-o", out, "--count", COUNT, "--json", *words)
    assert ended == code
    return dict(json.loads(said))


def hits(found: dict[str, Any], rate: str) -> dict[str, tuple[int, int]]:
    return {name: (each[rate]["caught"], each[rate]["of"]) for name, each in found["classes"].items()}


# What is told.


def test_every_class_is_caught_with_the_source(out: Path) -> None:
    found = mutated(out)
    assert (found["planted"], found["count"], found["seed"]) == (COUNT, COUNT, 7)
    assert hits(found, "source") == {error.name: (4, 4) for error in mutation.CLASSES}
    rows = {"row_dropped", "row_doubled"}
    assert hits(found, "named") == {e.name: (0, 0) if e.name in rows else (4, 4) for e in mutation.CLASSES}
    assert found["all"]["source"] == {"caught": COUNT, "of": COUNT}
    assert found["digits"]["source"] == {"caught": 28, "of": 28}
    assert found["documents"][0]["unmutated"]["source"] == 0
    assert found["missed"] == []


def test_by_equations_a_figure_of_a_table_that_adds_up_is_missed_only_within_rounding(out: Path) -> None:
    found = mutated(out, "--missed", 9)
    missed = [each for each in found["missed"] if each["class"] in mutants.DIGITS]
    assert {(each["by"], each["before"], each["after"]) for each in missed} == {("equations", "61.35", "61.355")}
    assert found["digits"]["equal"] == {"caught": 28 - len(missed), "of": 28}
    assert found["documents"][0]["figures"] == found["documents"][0]["in_equations"] == 7


def test_by_equations_nothing_is_seen_where_nothing_adds_up(tmp_path: Path) -> None:
    found = mutated(recorded(tmp_path, alone=ALONE))
    assert found["all"]["equal"] == {"caught": 0, "of": 0}
    assert found["digits"]["alone"] == {"caught": 0, "of": 28}
    assert found["digits"]["source"] == {"caught": 28, "of": 28}
    # A row with one figure has no second cell to exchange it with, and its column no next.
    assert hits(found, "source")["cells_exchanged"] == hits(found, "source")["column_shifted"] == (0, 0)
    assert found["planted"] == COUNT - 16


def test_the_table_has_a_row_for_each_class_and_document(tmp_path: Path) -> None:
    out = recorded(tmp_path, budget=PAGE, other=PAGE)
    code, said, _ = run("mutate", "-o", out, "--count", COUNT, "--lang", "en")
    assert code == 0
    lines = said.splitlines()
    assert lines[0].startswith(f"{COUNT} errors planted of {COUNT} (seed 7).")
    rows = [line.split("  ")[0] for line in lines if "%" in line]
    assert rows[0] == "one digit misread"
    assert len(rows) == len(mutation.CLASSES) + 4
    assert rows[-4:] == ["all altered figures", "budget", "other", "all"]
    assert "before anything was planted: 0 flagged with the source (false alarms)" in said
    _, said, _ = run("mutate", "-o", out, "--count", COUNT, "--lang", "zh")
    assert "一位数字误读" in said


def test_the_same_seed_gives_the_same_bytes_and_another_plants_others(out: Path) -> None:
    call = ("mutate", "-o", out, "--count", COUNT, "--json", "--missed", 9)
    first = run(*call)[1]
    assert run(*call)[1] == first
    assert run(*call, "--workers", 2)[1] == first
    (subject,) = subjects(out)
    pointers = [[(o.pointer, o.after) for o in mutation.outcomes([subject], COUNT, seed)] for seed in (7, 7, 8)]
    assert pointers[0] == pointers[1] != pointers[2]


def subjects(out: Path) -> list[mutation.Subject]:
    results = [json.loads(path.read_text("utf-8")) for path in sorted(out.glob("*/result.json"))]
    return [mutation.prepared(result, catalog.load()) for result in results]


def test_one_result_is_measured_as_the_command_does(out: Path) -> None:
    result = json.loads((out / "budget/result.json").read_text("utf-8"))
    rates = mutation.measured(result, catalog.load(), count=COUNT, seed=7)
    assert {name: tuple(rate.alone) for name, rate in rates.classes.items()} == hits(mutated(out), "alone")
    assert rates.whole.source == (COUNT, COUNT)
    assert rates.unmutated.figures == 7


def test_a_result_of_extract_is_given_by_its_file(out: Path) -> None:
    path = out.parent / "x\x1b[31m.json"
    path.write_bytes((out / "budget/result.json").read_bytes())
    code, said, _ = run("mutate", "--result", path, "--count", 13, "--lang", "en")
    assert code == 0
    assert "/x.json: 7 figures" in said
    assert "\x1b" not in said
    found = mutated(out, "budget", "--result", path)
    assert [each["document"] for each in found["documents"]] == ["budget", str(path)]
    assert [each["all"]["source"]["of"] for each in found["documents"]] == [COUNT // 2, COUNT // 2]


# A checker that sees less.


def blinded(monkeypatch: pytest.MonkeyPatch, *, rows: int) -> None:
    """Have the second reading see nothing in a result whose table has so many rows."""
    compare = reread.Reading.compare

    def half_blind(self: reread.Reading, result: Any) -> reread.Comparison:  # noqa: ANN401  any result
        blind = len(result["tables"][0]["rows"]) == rows
        return reread.Comparison((), frozenset()) if blind else compare(self, result)

    monkeypatch.setattr(reread.Reading, "compare", half_blind)


@pytest.mark.parametrize(("rows", "error"), [(2, "row_dropped"), (4, "row_doubled")])
def test_a_checker_blind_for_one_class_loses_that_class(
    out: Path, monkeypatch: pytest.MonkeyPatch, rows: int, error: str
) -> None:
    blinded(monkeypatch, rows=rows)
    found = mutated(out, "--missed", 2, code=1)
    assert {name for name, (caught, of) in hits(found, "source").items() if caught < of} == {error}
    missed = [each for each in found["missed"] if each["by"] == "source"]
    assert len(missed) == 2
    assert {(each["class"], each["document"]) for each in missed} == {(error, "budget")}
    assert missed[0]["where"].startswith("/tables/0/rows/")
    code, said, _ = run("mutate", "-o", out, "--count", COUNT, "--missed", 1, "--lang", "en")
    assert code == 1
    before, after = missed[0]["before"], missed[0]["after"] or "nothing"
    assert f"budget#{missed[0]['where']}: {before} → {after}" in said


def test_a_checker_that_always_flags_everything_catches_nothing(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = json.loads((out / "budget/result.json").read_text("utf-8"))
    everywhere = ("/tables/0", *reread.figures(result, catalog.load()))
    flags = reread.Comparison(tuple(Finding("not_printed", where, None, {}) for where in everywhere), frozenset())
    monkeypatch.setattr(reread.Reading, "compare", lambda *_: flags)
    found = mutated(out, code=1)
    assert found["all"]["source"]["caught"] == 0
    assert found["documents"][0]["unmutated"]["source"] == len(everywhere)


def test_blind_equations_lower_their_rates_and_no_exit_code(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = check.verification({"tables": []}, catalog.load())
    monkeypatch.setattr(check, "verification", lambda *_, **__: nothing)
    found = mutated(out)
    assert found["all"]["alone"] == {"caught": 0, "of": COUNT}
    assert found["all"]["source"] == {"caught": COUNT, "of": COUNT}


# What cannot be.


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["none"], 2, "there is no golden document of this name"),
        (["empty"], 2, "no result is recorded here"),
        (["-o", "nowhere"], 2, "there is no golden document here"),
        (["--count", "0"], 2, "--count"),
        (["--workers", "0"], 2, "--workers"),
        (["--result", "none.json"], 3, "none.json: no such file or directory"),
        (["--result", "torn.json"], 3, "torn.json: this is no JSON (line 1, column 2"),
        (["--result", "other.json"], 3, "other.json: it does not fit disclosure.schema.json at its root: "),
        (["--result", "odd.json"], 3, "odd.json: it does not fit disclosure.schema.json at /tables/0/rows: "),
        (["words"], 3, "it has no figures, so no error can be planted into it"),
    ],
)
def test_what_cannot_be_mutated_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    out = recorded(tmp_path, budget=PAGE, words=WORDS)
    (out / "empty").mkdir()
    (tmp_path / "torn.json").write_text("{", "utf-8")
    (tmp_path / "other.json").write_text('{"tables": []}', "utf-8")
    result = json.loads((out / "budget/result.json").read_text("utf-8"))
    result["tables"][0]["rows"] = 3
    (tmp_path / "odd.json").write_text(json.dumps(result), "utf-8")
    ended, printed, told = run("mutate", *words)
    assert (ended, printed) == (code, "")
    assert said in told


def test_a_damaged_folder_does_not_stop_the_others(out: Path) -> None:
    recorded(out.parent, more=PAGE)
    (out / "more/result.json").write_text("[]", "utf-8")
    code, said, told = run("mutate", "-o", out, "--count", 13, "--json")
    assert code == 3
    assert [each["document"] for each in json.loads(said)["documents"]] == ["budget"]
    assert "it holds no JSON object" in told


def test_where_no_error_has_a_place_that_is_said(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutants.Soil, "plant", lambda *_, **__: None)
    code, printed, told = run("mutate", "-o", out, "--count", 5)
    assert (code, printed) == (2, "")
    assert "none of 5 errors had a place in these results" in told
