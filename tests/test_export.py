"""Results as files: the same bytes for the same result, cells that are no formulas, nothing half-written."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from structurer import errors, export
from structurer.export import csv_files

if TYPE_CHECKING:
    from pathlib import Path

VALUE = {"text": "≥7万米", "comparator": "≥", "number": "7", "scale": "万", "unit": "米"}
TABLE = {
    "id": "t01",
    "kind": "expenditure",
    "columns": [{"field": "name", "heading": "项目"}, {"field": "total", "heading": "金额"}],
    "rows": [
        {"name": "合计", "total": "1,234.50", "page": 3},
        {"name": "=1+1", "total": None, "page": 4, "other": {"备注": "-见附件", "total": "@x"}},
    ],
}
CARD = {
    "id": "k01",
    "kind": "project_performance",
    "title": "绩效目标表",
    "pages": [5, 6],
    "project_code": "13",
    "project_name": "道路",
    "amounts": {"total": "200.00", "fiscal": None},
    "indicators": [{"level1": "产出", "value": VALUE}, {"level1": "效益", "value": None, "other": {"附": "x"}}],
    "tasks": [{"name": "巡逻"}],
    "labels": [{"field": None, "label": "项目名称"}],
}


def result(**members: Any) -> dict[str, Any]:  # noqa: ANN401  any member of a result
    return {"tables": [], "cards": [], "claims": [], **members}


def rows_in(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


# JSON


def test_json_is_readable_and_ends_with_a_newline() -> None:
    assert export.as_json({"a": "元", "b": None}) == '{\n  "a": "元",\n  "b": null\n}\n'.encode()


def test_json_of_a_name_that_is_no_text_is_json() -> None:
    content = export.as_json({"name": "a\udcff.pdf"})
    assert content.decode("utf-8")
    assert json.loads(content) == {"name": "a\udcff.pdf"}


# CSV


def test_table_has_its_fields_then_the_rest() -> None:
    files = export.as_csv(result(tables=[TABLE]))
    assert list(files) == ["t01-expenditure.csv"]
    assert files["t01-expenditure.csv"].startswith(b"\xef\xbb\xbf")
    assert rows_in(files["t01-expenditure.csv"]) == [
        ["page", "name", "total", "备注", "other/total"],
        ["3", "合计", "1,234.50", "", ""],
        ["4", "'=1+1", "", "'-见附件", "'@x"],
    ]


def test_empty_table_has_its_header() -> None:
    files = export.as_csv(result(tables=[{**TABLE, "rows": []}]))
    assert rows_in(files["t01-expenditure.csv"]) == [["page", "name", "total"]]


def test_unknown_table_has_its_printed_headings() -> None:
    columns = [{"field": "c1", "heading": "事项"}, {"field": "c2", "heading": None}]
    table = {"id": "t02", "kind": "unknown", "columns": columns, "rows": [{"cells": {"c1": "a", "c2": "b"}, "page": 1}]}
    files = export.as_csv(result(tables=[table]))
    assert rows_in(files["t02-unknown.csv"]) == [["page", "c1 事项", "c2"], ["1", "a", "b"]]


def test_cards_are_flattened() -> None:
    files = export.as_csv(result(cards=[CARD]))
    assert sorted(files) == ["cards-tasks.csv", "cards.csv", "indicators.csv"]
    header, row = rows_in(files["cards.csv"])
    assert dict(zip(header, row, strict=True))["amounts/total"] == "200.00"
    assert dict(zip(header, row, strict=True))["pages"] == "5 6"
    assert not {"labels", "indicators", "tasks"} & set(header)


def test_value_has_its_text_and_its_parts() -> None:
    header, first, second = rows_in(export.as_csv(result(cards=[CARD]))["indicators.csv"])
    assert header == [
        *("card", "project_code", "project_name", "level1"),
        *("value", "value/comparator", "value/number", "value/scale", "value/unit", "附"),
    ]
    assert first == ["k01", "13", "道路", "产出", "≥7万米", "≥", "7", "万", "米", ""]
    assert second == ["k01", "13", "道路", "效益", "", "", "", "", "", "x"]


def test_claims_have_a_file() -> None:
    files = export.as_csv(result(claims=[{"id": "s01", "page": 1, "value": "-0.50%", "sentence": "a,b\nc"}]))
    assert rows_in(files["claims.csv"]) == [["id", "page", "value", "sentence"], ["s01", "1", "-0.50%", "a,b\nc"]]


@pytest.mark.parametrize(
    "cell", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "－", "＝1", "-", "+"]
)
def test_formula_is_disarmed(cell: str) -> None:
    assert csv_files.guarded(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "-12.50", "+3", "-1,234.00", "-3%", "12", "合计", "a=b", "≥7", "'x", "2-3"])
def test_plain_cell_is_as_printed(cell: str) -> None:
    assert csv_files.guarded(cell) == cell


def test_heading_is_disarmed_too() -> None:
    table = {**TABLE, "rows": [{"name": "a", "page": 1, "other": {"=HYPERLINK(1)": "x"}}]}
    assert rows_in(export.as_csv(result(tables=[table]))["t01-expenditure.csv"])[0][-1] == "'=HYPERLINK(1)"


def test_file_name_comes_from_ids_and_kinds_alone() -> None:
    table = {**TABLE, "kind": "../../x y"}
    assert list(export.as_csv(result(tables=[table]))) == ["t01-______x_y.csv"]


# Writing


def test_write_replaces_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.json"
    export.write({path: b"1"})
    export.write({path: b"2"})
    assert path.read_bytes() == b"2"
    assert [p.name for p in path.parent.iterdir()] == ["a.json"]


def test_name_may_be_as_long_as_the_file_system_takes(tmp_path: Path) -> None:
    export.write({tmp_path / ("n" * 250 + ".json"): b"1"})
    with pytest.raises(errors.OutputError, match="cannot be written"):
        export.write({tmp_path / ("n" * 300 + ".json"): b"1"})


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_what_stops_the_writing_leaves_the_old_file(
    fault: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises((errors.OutputError, KeyboardInterrupt)) as caught:
        export.write({path: b"new"})
    if isinstance(fault, OSError):
        assert str(caught.value) == f"{path}: cannot be written (No space left on device)"
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_folder_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.json").mkdir()
    with pytest.raises(errors.OutputError, match="cannot be written"):
        export.write({tmp_path / "a.json": b"1"})
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_files_are_written_together_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "b.json").mkdir()
    (tmp_path / "in the way").touch()
    with pytest.raises(errors.OutputError, match="in the way"):
        export.write({tmp_path / "a.json": b"1", tmp_path / "in the way" / "b.json": b"2"})
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.json", "in the way"]


def test_csv_of_an_earlier_run_goes_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    for name in ("t01-revenue.csv", "t02-unknown.csv", "claims.csv", "cards-tasks.csv", "mine.csv", "t01.csv"):
        (tmp_path / name).touch()
    export.clear(tmp_path, ["t01-revenue.csv"])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine.csv", "t01-revenue.csv", "t01.csv"]
    export.clear(tmp_path / "not there", [])


def test_check_accepts_a_folder_that_is_or_can_be(tmp_path: Path) -> None:
    export.check(tmp_path)
    export.check(tmp_path / "new" / "deeper")
    assert list(tmp_path.iterdir()) == []


def test_check_refuses_a_file_and_what_is_below_one(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(errors.OutputError, match="this is a file"):
        export.check(tmp_path / "a")
    with pytest.raises(errors.OutputError, match="cannot be made there"):
        export.check(tmp_path / "a" / "b")


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes where it likes")
def test_check_refuses_a_folder_without_leave(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(errors.OutputError, match="cannot be written to"):
        export.check(tmp_path)
