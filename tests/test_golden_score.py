"""`structurer golden score`: the measures, and that each of them can fall."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from structurer import golden
from structurer.cli import app
from structurer.golden.structure import structure
from structurer.records import Cell, Grid, Part

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PAGE = """# 2024年部门支出总表

单位：万元

| 科目编码 | 科目名称 | 合计 | 基本支出 | 项目支出 |
| --- | --- | --- | --- | --- |
| | 合计 | 30.00 | 10.00 | 20.00 |
| 2040201 | 行政运行 | 10.00 | 10.00 | |
| 2040202 | 一般行政管理事务 | 20.00 | | 20.00 |
"""
ROWS = [line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith("|") and "---" not in line]


def truth() -> dict[str, Any]:
    cells = [
        {"r": row, "c": column, "text": text.strip(), "page": None}
        for row, texts in enumerate(ROWS)
        for column, text in enumerate(texts)
    ]
    table = {"id": "t01", "kind": "table", "title": "2024年部门支出总表", "header_rows": 1, "cells": cells}
    return {"tables": [table], "paragraphs": []}


def run(*words: str | Path) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["golden", *map(str, words)], env={"LC_ALL": "C.UTF-8"})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Return a golden folder with one document whose printed truth is known."""
    (tmp_path / "budget.md").write_text(PAGE, "utf-8")
    assert run("record", tmp_path / "budget.md", "-o", tmp_path / "golden")[0] == 0
    (tmp_path / "golden" / "budget" / "truth.json").write_text(json.dumps(truth(), ensure_ascii=False), "utf-8")
    return tmp_path / "golden"


def measured(*words: str | Path) -> dict[str, Any]:
    code, said, _ = run("score", *words, "--json")
    assert code == 0
    (one,) = json.loads(said)
    return dict(one)


def counts(one: dict[str, Any], *names: str) -> list[tuple[int, int]]:
    return [(one[name]["hit"], one[name]["total"]) for name in names]


RIGHT = ("figure_precision", "figure_recall", "rows", "columns_tables", "codes", "table_text", "silent_errors")


def test_a_document_that_is_read_as_printed(out: Path) -> None:
    one = measured("-o", out)
    assert counts(one, *RIGHT) == [(7, 7), (7, 7), (7, 7), (7, 7), (2, 2), (3, 3), (0, 7)]
    assert (one["teds"]["value"], one["cell_f1"]["value"]) == ("1.000000", "1.000000")
    assert one["mutation_source"]["hit"] == one["mutation_source"]["total"] > 0
    assert one["wrong"] == []
    assert one["asked"] is None if "asked" in one else True


def test_two_runs_give_the_same_bytes(out: Path) -> None:
    assert run("score", "-o", out, "--json") == run("score", "-o", out, "--json")


def test_a_person_can_read_it(out: Path) -> None:
    code, said, _ = run("score", "-o", out, "--mutations", "0", "--wrong")
    assert code == 0
    told = [" ".join(line.split()) for line in said.splitlines()]
    assert "figure F1 100% 14/14" in told
    assert "silent errors (wrong and unmarked) 0.0% 0/7" in told


# Each fault is seen by the measure that is for it, and by no other.


def result_of(out: Path) -> dict[str, Any]:
    return dict(json.loads((out / "budget" / "result.json").read_text("utf-8")))


def scored(out: Path, tmp_path: Path, change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    result = copy.deepcopy(result_of(out))
    change(result)
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(result), "utf-8")
    return measured("--result", path, "--truth", out / "budget" / "truth.json", "--mutations", "0")


def rows(result: dict[str, Any]) -> list[dict[str, Any]]:
    return list(result["tables"][0]["rows"])


def test_another_digit_is_wrong_and_silent(out: Path, tmp_path: Path) -> None:
    def change(result: dict[str, Any]) -> None:
        rows(result)[2]["total"] = "20.01"

    one = scored(out, tmp_path, change)
    assert counts(one, "figure_precision", "figure_recall", "silent_errors") == [(6, 7), (6, 7), (2, 7)]
    assert one["invented_figures"]["hit"] == 1


def test_a_figure_in_doubt_is_wrong_and_not_silent(out: Path, tmp_path: Path) -> None:
    def change(result: dict[str, Any]) -> None:
        rows(result)[2]["total"] = "20.01"
        result["provenance"]["/tables/0/rows/2/total"]["doubtful"] = "ocr"
        result["verification"]["findings"].append(
            {"code": "unread_page", "where": "", "page": None, "facts": {"reason": "x"}, "blame": None}
        )

    one = scored(out, tmp_path, change)
    assert counts(one, "figure_precision", "silent_errors") == [(6, 7), (0, 7)]
    assert all(wrong["marks"] for wrong in one["wrong"])


def test_a_lost_figure_costs_recall_alone(out: Path, tmp_path: Path) -> None:
    def change(result: dict[str, Any]) -> None:
        rows(result)[1]["basic"] = None

    one = scored(out, tmp_path, change)
    assert counts(one, "figure_precision", "figure_recall") == [(6, 6), (6, 7)]


def moved(result: dict[str, Any], one: str, other: str) -> None:
    """Let two values of rows, given as row/field, change places, each with its provenance."""
    (row, field), (other_row, other_field) = (place.split("/") for place in (one, other))
    held, places = rows(result), result["provenance"]
    values = held[int(row)][field], held[int(other_row)][other_field]
    held[int(other_row)][other_field], held[int(row)][field] = values
    ours, its = (places.pop(f"/tables/0/rows/{place}", None) for place in (one, other))
    for place, kept in ((one, its), (other, ours)):
        if kept is not None:
            places[f"/tables/0/rows/{place}"] = kept


def test_figures_in_another_row_are_not_right(out: Path, tmp_path: Path) -> None:
    def change(result: dict[str, Any]) -> None:
        moved(result, "1/total", "2/total")

    one = scored(out, tmp_path, change)
    # Without coordinates and pages the neighbours tell where a value belongs.
    assert counts(one, "figure_recall", "rows", "columns_tables") == [(5, 7), (5, 7), (7, 7)]
    assert len(one["wrong"]) == 2


def test_figures_in_another_column_are_not_right(out: Path, tmp_path: Path) -> None:
    def change(result: dict[str, Any]) -> None:
        moved(result, "0/basic", "0/project")

    one = scored(out, tmp_path, change)
    assert counts(one, "figure_recall", "rows", "columns_tables") == [(5, 7), (7, 7), (5, 7)]


def test_a_dropped_table_is_not_found_and_nothing_is_right(out: Path, tmp_path: Path) -> None:
    def change(result: dict[str, Any]) -> None:
        result["tables"], result["provenance"] = [], {}

    one = scored(out, tmp_path, change)
    assert counts(one, "figure_recall", "tables", "table_text", "silent_errors") == [(0, 7), (0, 1), (0, 3), (7, 7)]


def grid(texts: Sequence[Sequence[str]]) -> Grid:
    cells = tuple(
        Cell(row, column, 1, 1, (Part(text.strip(), None),) if text.strip() else ())
        for row, line in enumerate(texts)
        for column, text in enumerate(line)
    )
    return Grid(len(texts), len(texts[0]), cells)


def test_structure_falls_with_a_lost_row_a_lost_cell_and_a_grid_that_is_none() -> None:
    whole = structure([grid(ROWS)], truth())
    assert (whole.teds, whole.shape, whole.cells.f1) == (1, 1, 1)
    less = structure([grid(ROWS[:-1])], truth())
    assert less.teds is not None
    assert less.teds < 1
    changed = structure([grid([*ROWS[:-1], [*ROWS[-1][:-1], "20.01"]])], truth())
    assert changed.shape == 1
    assert changed.teds is not None
    assert changed.teds < 1
    assert (changed.figures.hit, changed.figures.printed) == (whole.figures.hit - 1, whole.figures.printed)
    more = structure([grid(ROWS), grid([["9", "8"], ["7", "6"]])], truth())
    assert more.teds == 1
    assert (more.cells.hit, more.cells.read) == (whole.cells.hit, whole.cells.read + 4)
    assert structure([], truth()).teds == 0


# What people have verified.


def test_verified_values_are_measured(out: Path) -> None:
    assert run("accept", "budget", "/tables/0/rows/2", "--by", "Li Hua", "-o", out)[0] == 0
    assert counts(measured("-o", out), "verified") == [(4, 4)]
    path = out / "budget" / "verified.json"
    path.write_text(path.read_text("utf-8").replace('"20.00"', '"21.00"').replace('"20"', '"21"'), "utf-8")
    one = measured("-o", out)
    assert counts(one, "verified") == [(2, 4)]
    assert one["verified_silent"]["hit"] == 2


def test_what_a_model_took_is_told(out: Path) -> None:
    path = out / "budget" / "result.json"
    result = json.loads(path.read_text("utf-8"))
    result["run"]["asked"] = {"calls": 3, "tokens_in": 900, "tokens_out": 120, "cost": "0.0042", "currency": "CNY"}
    path.write_text(json.dumps(result), "utf-8")
    told = [" ".join(line.split()) for line in run("score", "-o", out, "--mutations", "0")[1].splitlines()]
    assert {"model calls 3", "tokens in 900", "tokens out 120", "cost 0.0042 CNY"} <= set(told)


# Folders and files that make no sense.


def test_a_damaged_truth_is_named_and_the_others_are_measured(out: Path) -> None:
    assert run("record", out.parent / "budget.md", "--name", "other", "-o", out)[0] == 0
    wrong = truth()
    wrong["tables"][0]["cells"][3]["r"] = "3"
    (out / "budget" / "truth.json").write_text(json.dumps(wrong), "utf-8")
    code, said, complained = run("score", "-o", out, "--json")
    assert code == 3
    assert [one["document"] for one in json.loads(said)] == ["other"]
    assert "budget: " in complained
    assert "$.tables[0].cells[3].r" in complained
    assert "Traceback" not in complained


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"tables": 3}', '{"tables": [{}]}', "\x00", "[" * 100_000])
def test_what_is_no_truth_is_refused(out: Path, content: str) -> None:
    path = out / "budget" / "truth.json"
    path.write_text(content, "utf-8")
    code, _, complained = run("score", "-o", out)
    assert code == 3
    assert complained.startswith("structurer: budget: ")
    assert str(path) in complained


def test_a_document_that_is_gone_or_another_is_named(out: Path) -> None:
    source = out.parent / "budget.md"
    source.write_text(PAGE.replace("30.00", "31.00"), "utf-8")
    assert "another content" in run("score", "-o", out)[2]
    source.unlink()
    code, _, complained = run("score", "-o", out)
    assert code == 3
    assert "cannot be read" in complained


@pytest.mark.parametrize(
    "words", [("--result", "x.json"), ("--truth", "x.json"), ("budget", "--result", "a", "--truth", "b")]
)
def test_wrong_use_is_said(out: Path, words: tuple[str, ...]) -> None:
    code, _, complained = run("score", "-o", out, *words)
    assert code == 2
    assert "give both" in complained


def test_the_truths_of_the_project_fit_their_schema() -> None:
    paths = sorted((Path(__file__).parent.parent / "golden").glob("*/truth.json"))
    assert len(paths) >= 5
    assert all(golden.truth(path)["tables"] for path in paths)
