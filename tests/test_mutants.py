"""Planted errors are what they are called, and nothing else is touched."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from structurer import mutants

ROWS = [
    {"name": "合计", "total": "150.50", "basic": "100.25", "project": "50.25", "page": 1},
    {"name": "甲", "total": "90.00", "basic": "60.00", "project": None, "page": 1},
    {"name": "乙", "total": "60.50", "basic": None, "project": "0", "page": 2},
]
FIELDS = ["total", "basic", "project"]


def result() -> dict[str, Any]:
    columns = [{"field": name, "heading": name} for name in ("name", *FIELDS)]
    made: dict[str, Any] = {
        "tables": [{"columns": columns, "rows": copy.deepcopy(ROWS)}],
        "cards": [{"amounts": {"total": "30%"}, "other": {"a/b": "7.5"}}],
        "claims": [{"value": "-12.5"}],
    }
    made["provenance"] = {pointer: {"text": pointer} for pointer in figures()} | {
        "/tables/0/rows/1/name": {"text": "甲"}
    }
    return made


def figures() -> list[str]:
    cells = [f"/tables/0/rows/{i}/{name}" for i, row in enumerate(ROWS) for name in FIELDS if row[name] is not None]
    return [*cells, "/cards/0/amounts/total", "/cards/0/other/a~1b", "/claims/0/value"]


def planted(kind: str, count: int = 50, *, moved: bool = False) -> list[mutants.Mutant]:
    soil = mutants.Soil(result(), figures())
    return [mutant for seed in range(count) if (mutant := soil.plant(kind, seed, moved=moved))]


@pytest.mark.parametrize("kind", mutants.KINDS)
def test_the_same_seed_plants_the_same_and_leaves_the_result(kind: str) -> None:
    made = result()
    soil = mutants.Soil(made, figures())
    first = [soil.plant(kind, seed) for seed in range(20)]
    assert first == [soil.plant(kind, seed) for seed in range(20)]
    assert made == result()
    assert all(mutant is not None and mutant.kind == kind and mutant.result != made for mutant in first)


@pytest.mark.parametrize("kind", mutants.DIGITS)
def test_one_figure_is_altered_and_nothing_else(kind: str) -> None:
    for mutant in planted(kind):
        (pointer,) = mutant.pointers
        restored = mutants._with(mutant.result, {pointer: mutant.before})
        assert restored == result()
        assert mutant.after != mutant.before


@pytest.mark.parametrize(
    ("kind", "text", "becomes"),
    [
        ("one_digit", "5", {"0", "1", "2", "3", "4", "6", "7", "8", "9"}),
        ("swapped_digits", "12.30", {"21.30", "12.03"}),
        ("swapped_digits", "10", set()),
        ("lost_digit", "205", {"20", "25"}),
        ("lost_digit", "1.50", {"1.0"}),
        ("doubled_digit", "1.50", {"11.50", "1.550"}),
        ("sign", "1.5", {"-1.5"}),
        ("sign", "-1.5", {"1.5"}),
        ("sign", "0.00", set()),
        ("decimal_point", "12.50", {"125.0", "1.250"}),
        ("decimal_point", "3", {"30", "0.3"}),
        ("decimal_point", "30%", {"300%", "3.0%"}),
        ("unit", "1.5", {"15000", "0.00015"}),
        ("unit", "-20000", {"-200000000", "-2.0000"}),
        ("unit", "0", set()),
    ],
)
def test_what_a_figure_becomes(kind: str, text: str, becomes: set[str]) -> None:
    assert {other for other in mutants.DIGITS[kind](text) if mutants._is_other(other, text)} == becomes


def test_provenance_follows_the_rows_behind_a_dropped_one() -> None:
    mutant = next(mutant for mutant in planted("row_dropped") if mutant.pointers == ("/tables/0/rows/1",))
    assert [row["name"] for row in mutant.result["tables"][0]["rows"]] == ["合计", "乙"]
    places = mutant.result["provenance"]
    assert places["/tables/0/rows/1/total"] == {"text": "/tables/0/rows/2/total"}
    assert "/tables/0/rows/1/basic" not in places
    assert not any(pointer.startswith("/tables/0/rows/2") for pointer in places)
    assert (mutant.before, mutant.after) == ("90.00 60.00", "")


def test_provenance_follows_the_rows_behind_a_doubled_one() -> None:
    mutant = next(mutant for mutant in planted("row_doubled") if mutant.pointers[0] == "/tables/0/rows/1")
    assert [row["name"] for row in mutant.result["tables"][0]["rows"]] == ["合计", "甲", "甲", "乙"]
    places = mutant.result["provenance"]
    assert places["/tables/0/rows/1/name"] == places["/tables/0/rows/2/name"] == {"text": "甲"}
    assert places["/tables/0/rows/3/total"] == {"text": "/tables/0/rows/2/total"}


@pytest.mark.parametrize("moved", [False, True])
def test_exchanged_cells(moved: bool) -> None:  # noqa: FBT001  a parameter of the test
    for mutant in planted("cells_exchanged", moved=moved):
        one, other = mutant.pointers
        assert one.rpartition("/")[0] == other.rpartition("/")[0]
        places = mutant.result["provenance"]
        assert places[one] == {"text": other if moved else one}
        assert mutants._at(mutant.result, one) == mutants._at(result(), other)


def test_a_shifted_column_loses_its_last_values() -> None:
    mutant = next(mutant for mutant in planted("column_shifted") if mutant.before == "total")
    shifted = [tuple(row[name] for name in FIELDS) for row in mutant.result["tables"][0]["rows"]]
    assert shifted == [(None, "150.50", "100.25"), (None, "90.00", "60.00"), (None, "60.50", None)]
    assert mutant.result["provenance"] == result()["provenance"]
    assert "/tables/0/rows/1/total" in mutant.pointers
    assert "/tables/0/rows/1/project" in mutant.pointers


def test_provenance_may_move_with_a_shifted_column() -> None:
    mutant = next(mutant for mutant in planted("column_shifted", moved=True) if mutant.before == "total")
    places = mutant.result["provenance"]
    assert places["/tables/0/rows/1/project"] == {"text": "/tables/0/rows/1/basic"}
    assert "/tables/0/rows/1/total" not in places
    assert "/tables/0/rows/1/name" in places


@pytest.mark.parametrize("kind", mutants.KINDS)
def test_without_figures_nothing_is_planted(kind: str) -> None:
    assert mutants.Soil(result(), []).plant(kind, 1) is None


@pytest.mark.parametrize("kind", ["row_dropped", "row_doubled", "one_digit"])
def test_a_field_may_be_called_anything(kind: str) -> None:
    rows = [{"a/b": "1.00", "c~d": "2.00"}]
    made = {"tables": [{"columns": [], "rows": rows}], "cards": [], "claims": [], "provenance": {}}
    soil = mutants.Soil(made, ["/tables/0/rows/0/a~1b", "/tables/0/rows/0/c~0d"])
    mutant = soil.plant(kind, 1)
    assert mutant is not None
    assert mutant.before in {"1.00 2.00", "1.00", "2.00"}
