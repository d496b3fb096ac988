"""Two results of one document compared: every difference once, under its table, row and column."""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from structurer import catalog, golden, pipeline
from structurer.cli import app

if TYPE_CHECKING:
    from pathlib import Path

    from structurer.golden import Change


@pytest.fixture(scope="module")
def result(golden: Path) -> dict[str, Any]:
    """Return what an excerpt holds."""
    return json.loads(json.dumps(pipeline.extract_file(golden / "quyang-2024" / "excerpt.pdf", catalog.load())))


def table(result: dict[str, Any]) -> dict[str, Any]:
    """Return the table with most amounts."""
    found: dict[str, Any] = max(result["tables"], key=lambda each: sum(len(amounts(row)) for row in each["rows"]))
    return found


def amounts(row: dict[str, Any]) -> list[str]:
    return [name for name in ("total", "basic", "project") if row.get(name)]


def told(found: list[Change]) -> list[tuple[str, str, str | None, str | None]]:
    return [(each.kind, each.column, each.before, each.after) for each in found]


def test_a_result_does_not_differ_from_itself(result: dict[str, Any]) -> None:
    assert golden.changes(result, copy.deepcopy(result)) == []


def test_a_changed_figure_is_one_change_in_its_place(result: dict[str, Any]) -> None:
    other = copy.deepcopy(result)
    row = next(row for row in table(other)["rows"] if amounts(row))
    name = amounts(row)[0]
    was, row[name] = row[name], "98765.43"
    (change,) = golden.changes(result, other)
    assert told([change]) == [("changed", name, was, "98765.43")]
    assert change.item == table(result)["title"]
    assert change.row.endswith(row["name"])
    assert change.page == row["page"]


def test_a_dropped_row_is_that_row_lost_and_no_other_changed(result: dict[str, Any]) -> None:
    for number in range(len(table(result)["rows"])):
        other = copy.deepcopy(result)
        dropped = table(other)["rows"].pop(number)
        found = golden.changes(result, other)
        assert {each.kind for each in found} == {"lost"}
        assert {each.before for each in found} <= set(dropped.values())
        assert len({each.was_at.rpartition("/")[0] for each in found if each.was_at}) == 1


def test_a_doubled_row_is_one_row_new(result: dict[str, Any]) -> None:
    other = copy.deepcopy(result)
    rows = table(other)["rows"]
    rows.insert(2, copy.deepcopy(rows[1]))
    found = golden.changes(result, other)
    assert {each.kind for each in found} == {"new"}
    assert {each.after for each in found} <= set(rows[1].values())


def test_a_figure_in_another_column_has_moved(result: dict[str, Any]) -> None:
    other = copy.deepcopy(result)
    row = next(row for row in table(other)["rows"] if row.get("total"))
    value, row["total"], row["elsewhere"] = row["total"], None, row["total"]
    (change,) = golden.changes(result, other)
    assert told([change]) == [("moved", "total", value, "elsewhere")]
    assert (change.was_at, change.is_at) == (_at(result, "total"), _at(result, "elsewhere"))


def _at(result: dict[str, Any], name: str) -> str:
    tables = result["tables"].index(table(result))
    rows = next(n for n, row in enumerate(table(result)["rows"]) if row.get("total"))
    return f"/tables/{tables}/rows/{rows}/{name}"


def test_a_lost_table_is_lost_alone(result: dict[str, Any]) -> None:
    for number, each in enumerate(result["tables"]):
        other = copy.deepcopy(result)
        del other["tables"][number]
        found = golden.changes(result, other)
        assert {(change.kind, change.item) for change in found} == {("lost", each["title"])}


def test_a_table_that_is_called_otherwise_is_found_again(result: dict[str, Any]) -> None:
    other = copy.deepcopy(result)
    was, table(other)["title"] = table(other)["title"], "another title"
    assert told(golden.changes(result, other)) == [("changed", "title", was, "another title")]


def test_the_order_of_tables_makes_no_difference(result: dict[str, Any]) -> None:
    other = copy.deepcopy(result)
    other["tables"].reverse()
    assert golden.changes(result, other) == []


@pytest.mark.parametrize("seed", range(10))
def test_every_planted_change_is_found_once(result: dict[str, Any], seed: int) -> None:
    moments, other = random.Random(seed), copy.deepcopy(result)  # noqa: S311  no secrets
    places = [(row, name) for each in other["tables"] for row in each["rows"] for name in amounts(row)]
    planted = {}
    for number, (row, name) in enumerate(moments.sample(places, 12)):
        planted[f"{900000 + number}.00"] = row[name]
        row[name] = f"{900000 + number}.00"
    found = golden.changes(result, other)
    assert {each.after: each.before for each in found} == planted
    assert len(found) == len(planted)


def test_the_way_back_says_the_same(result: dict[str, Any]) -> None:
    other = copy.deepcopy(result)
    del table(other)["rows"][3]
    there, back = golden.changes(result, other), golden.changes(other, result)
    assert [(each.row, each.column, each.before) for each in there] == [
        (each.row, each.column, each.after) for each in back
    ]


# The command.


@pytest.fixture
def files(result: dict[str, Any], tmp_path: Path) -> tuple[Path, Path]:
    """Return two folders with a result in each, which differ in one figure."""
    other = copy.deepcopy(result)
    next(row for row in table(other)["rows"] if row.get("total"))["total"] = "98765.43"
    for name, each in (("before", result), ("after", other)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.json").write_text(json.dumps(each), "utf-8")
    return tmp_path / "before", tmp_path / "after"


def test_the_command_shows_what_differs(files: tuple[Path, Path]) -> None:
    done = CliRunner().invoke(app, ["golden", "diff", *map(str, files), "--lang", "en"])
    assert done.exit_code == 1
    assert "a.json: changed 1" in done.stdout
    assert "98765.43" in done.stdout
    alike = CliRunner().invoke(app, ["golden", "diff", str(files[0]), str(files[0]), "--lang", "zh"])
    assert (alike.exit_code, alike.stdout) == (0, "a.json：没有差别\n")


def test_the_command_gives_json(files: tuple[Path, Path]) -> None:
    done = CliRunner().invoke(app, ["golden", "diff", *(str(each / "a.json") for each in files), "--json"])
    (change,) = json.loads(done.stdout)["a.json"]
    assert (change["kind"], change["column"], change["after"]) == ("changed", "total", "98765.43")


def test_a_result_that_is_in_one_folder_only_is_lost(files: tuple[Path, Path]) -> None:
    (files[1] / "a.json").unlink()
    done = CliRunner().invoke(app, ["golden", "diff", *map(str, files), "--lang", "en"])
    assert done.exit_code == 1
    assert "a.json: lost" in done.stdout


@pytest.mark.parametrize(("second", "code"), [("", 2), ("none.json", 3)])
def test_what_cannot_be_compared_is_said(files: tuple[Path, Path], second: str, code: int) -> None:
    done = CliRunner().invoke(app, ["golden", "diff", str(files[0] / "a.json"), str(files[1] / second)])
    assert done.exit_code == code
    assert len(done.stderr.splitlines()) == 1
