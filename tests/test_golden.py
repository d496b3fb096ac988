"""The golden documents are read as they are printed, and the score can fall."""

from __future__ import annotations

import copy
import hashlib
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from structurer import catalog, golden, mutants, mutation, pipeline, reread

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parent.parent / "golden"
NAMES = sorted(path.parent.name for path in GOLDEN.glob("*/truth.json"))
MOST_BYTES = 250_000
CATALOG = catalog.load()


@lru_cache(maxsize=len(NAMES))
def truth(name: str) -> dict[str, Any]:
    return golden.truth(GOLDEN / name / "truth.json")


@lru_cache(maxsize=len(NAMES))
def result(name: str) -> dict[str, Any]:
    return pipeline.extract_file(GOLDEN / name / "excerpt.pdf", CATALOG)


def scored(read: dict[str, Any], told: dict[str, Any]) -> golden.Score:
    return golden.score(read, told, reread.figures(read, CATALOG))


@lru_cache(maxsize=len(NAMES))
def perfect(name: str) -> golden.Score:
    return scored(result(name), truth(name))


def all_hit(share: golden.Share) -> bool:
    return share.hit == share.total


def below(better: golden.Share, worse: golden.Share) -> bool:
    assert better.value is not None
    assert worse.value is not None
    return worse.value < better.value


# The documents.


@pytest.mark.parametrize("name", NAMES)
def test_read_as_printed(name: str) -> None:
    score = perfect(name)
    assert score.misses == ()
    assert all_hit(score.tables)
    assert all_hit(score.cards)
    assert all_hit(score.figures)
    assert all_hit(score.codes)
    assert all_hit(score.rows)
    assert all_hit(score.columns_tables)
    assert all_hit(score.table_text)
    assert all_hit(score.card_text)
    assert score.f1.value == 1
    assert score.wrong == ()
    assert score.invented == 0


@pytest.mark.parametrize("name", NAMES)
def test_every_document_has_figures_tables_and_cards(name: str) -> None:
    score = perfect(name)
    assert score.tables.total >= 3
    assert score.cards.total >= 1
    assert score.figures.total >= 60
    assert score.card_text.total >= 30


@pytest.mark.parametrize("name", NAMES)
def test_source_says_what_it_is(name: str) -> None:
    said = tomllib.loads((GOLDEN / name / "source.toml").read_text(encoding="utf-8"))
    excerpt = (GOLDEN / name / "excerpt.pdf").read_bytes()
    assert said["sha256"]["excerpt"] == hashlib.sha256(excerpt).hexdigest()
    assert len(excerpt) <= MOST_BYTES
    assert len(said["pages"]) == truth(name)["pages"] == len(result(name)["source"]["pages"])
    assert said["pages"] == sorted(said["pages"])
    assert said["truth"]["checked_by"]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_without_a_kind(name: str) -> None:
    assert {item["kind"] for item in result(name)["tables"]} & {"unknown"} == set()
    codes = {finding["code"] for finding in result(name)["verification"]["findings"]}
    # An excerpt lacks tables, and a real document need not add up.
    assert codes <= {"missing_table", "project_without_card", "does_not_tie", "truncated", "stale_year"}


def test_documents_hold_what_they_are_kept_for() -> None:
    read = [item for name in NAMES for item in result(name)["tables"] + result(name)["cards"]]
    assert {item["kind"] for item in read} >= {
        "revenue_expenditure_summary",
        "revenue",
        "expenditure",
        "appropriation_summary",
        "economic_classification",
        "procurement",
        "project_expenditure",
        "carryover",
        "fixed_assets",
        "project_performance",
        "project_performance_list",
        "department_performance",
    }
    assert any(item.get("empty") and item["notes"] for item in read)
    assert sum(len(item["pages"]) > 1 for item in read) >= 10
    held = {form for name in NAMES for page in result(name)["source"]["pages"] for form in page["holds"]}
    assert held == {"cover", "contents", "passage", "table"}
    assert all(result(name)["claims"] for name in ("anyang-2024", "jiyuan-2021", "lvliang-2024", "shijiazhuang-2024"))


def test_a_cell_cut_by_the_page_break_is_whole_and_knows_both_pages() -> None:
    read = result("shijiazhuang-2024")
    table = next(t for t in read["tables"] if t["kind"] == "revenue")
    index = next(i for i, row in enumerate(table["rows"]) if row["name"] == "其他社会保障和就业支出")
    place = read["provenance"][f"/tables/{read['tables'].index(table)}/rows/{index}/name"]
    assert [(part["page"], part["text"]) for part in place["parts"]] == [(5, "其他社会保障"), (6, "和就业支出")]
    assert table["rows"][index]["total"] == "45.08"


# The score can fall.


@pytest.mark.parametrize("error", mutation.CLASSES, ids=lambda error: error.name)
@pytest.mark.parametrize("name", ["quyang-2024", pytest.param("anyang-2024", marks=pytest.mark.heavy)])
def test_every_planted_error_is_a_wrong_figure(name: str, error: mutation.Class) -> None:
    figures = [each for each in reread.figures(result(name), CATALOG) if not each.startswith("/claims/")]
    soil = mutants.Soil(result(name), figures)
    planted = [soil.plant(error.kind, seed, moved=error.moved) for seed in range(6)]
    assert all(mutant and scored(mutant.result, truth(name)).wrong for mutant in planted)


def test_a_claim_that_is_not_printed_is_wrong() -> None:
    score = perfect("anyang-2024")
    assert score.claims.hit == score.claims.total > 20

    def change(read: dict[str, Any]) -> None:
        read["claims"][0]["value"] = f"7{read['claims'][0]['value']}"

    less = mutated("anyang-2024", change)
    assert less.claims == (score.claims.total - 1, score.claims.total)
    assert [one.pointers for one in less.wrong] == [("/claims/0/value",)]
    assert less.silent.hit == 1


def mutated(name: str, change: Callable[[dict[str, Any]], None]) -> golden.Score:
    other = copy.deepcopy(result(name))
    change(other)
    return scored(other, truth(name))


def amount(read: dict[str, Any]) -> tuple[dict[str, Any], str, str]:
    """Return a row with an amount, its field and its pointer."""
    return next(
        (row, field, f"/tables/{number}/rows/{index}/{field}")
        for number, table in enumerate(read["tables"])
        for index, row in enumerate(table["rows"])
        for field, value in row.items()
        if isinstance(value, str) and "." in value and value.replace(".", "").isdecimal()
    )


@pytest.mark.parametrize("name", NAMES)
def test_one_digit_wrong_is_one_miss_and_one_invention(name: str) -> None:
    def change(read: dict[str, Any]) -> None:
        row, field, _ = amount(read)
        row[field] = f"9{row[field]}"

    score = mutated(name, change)
    assert score.figures == (perfect(name).figures.total - 1, perfect(name).figures.total)
    assert len(score.misses) == score.invented == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_dropped_row_is_missed(name: str) -> None:
    def change(read: dict[str, Any]) -> None:
        row, _, _ = amount(read)
        row.clear()

    assert below(perfect(name).figures, mutated(name, change).figures)


def test_an_amount_without_provenance_is_not_read() -> None:
    score = mutated("quyang-2024", lambda read: read["provenance"].pop(amount(read)[2]))
    assert score.figures.total - score.figures.hit == 1


def test_a_figure_that_says_no_place_is_wrong_and_silent() -> None:
    def change(read: dict[str, Any]) -> None:
        row, _, _ = amount(read)
        row["other"] = {"x": "98.76"}

    score, before = mutated("quyang-2024", change), perfect("quyang-2024")
    assert (score.right, score.claimed) == (before.right, before.claimed + 1)
    assert [(one.read, one.marks) for one in score.wrong] == [(("98.76",), ())]


@pytest.mark.parametrize(("key", "value"), [("page", 99), ("box", [0.0, 0.0, 1.0, 1.0])])
def test_an_amount_of_another_place_is_not_read(key: str, value: object) -> None:
    def change(read: dict[str, Any]) -> None:
        read["provenance"][amount(read)[2]][key] = value

    score = mutated("quyang-2024", change)
    assert score.figures.total - score.figures.hit == 1
    assert score.invented == (key == "page")


def moved(read: dict[str, Any], one: str, other: str) -> None:
    """Let two leaves change places, each with its provenance."""
    for name in (one, other):
        *_, number, _, index, field = name.split("/")
        assert read["tables"][int(number)]["rows"][int(index)][field] is not None, name
    _swap_values(read, one, other)
    places = read["provenance"]
    places[one], places[other] = places[other], places[one]


def _swap_values(read: dict[str, Any], one: str, other: str) -> None:
    def at(pointer: str) -> tuple[dict[str, Any], str]:
        *_, number, _, index, field = pointer.split("/")
        return read["tables"][int(number)]["rows"][int(index)], field

    (row, field), (other_row, other_field) = at(one), at(other)
    row[field], other_row[other_field] = other_row[other_field], row[field]


def test_amounts_of_two_rows_exchanged_spoil_the_rows() -> None:
    read = result("quyang-2024")
    number = next(i for i, table in enumerate(read["tables"]) if table["kind"] == "general_budget_expenditure")
    rows = [i for i, row in enumerate(read["tables"][number]["rows"]) if row["total"] and row["basic"]]
    one, other = (f"/tables/{number}/rows/{i}/basic" for i in rows[-2:])
    score = mutated("quyang-2024", lambda r: moved(r, one, other))
    assert all_hit(score.figures)
    assert below(perfect("quyang-2024").rows, score.rows)
    assert all_hit(score.columns_tables)


def test_two_columns_exchanged_spoil_the_columns() -> None:
    read = result("quyang-2024")
    number = next(i for i, table in enumerate(read["tables"]) if table["kind"] == "general_budget_expenditure")
    both = [i for i, row in enumerate(read["tables"][number]["rows"]) if row["total"] and row["basic"]]

    def change(other: dict[str, Any]) -> None:
        for i in both[:2]:
            moved(other, f"/tables/{number}/rows/{i}/total", f"/tables/{number}/rows/{i}/basic")

    score = mutated("quyang-2024", change)
    assert all_hit(score.figures)
    assert all_hit(score.rows)
    assert below(perfect("quyang-2024").columns_tables, score.columns_tables)


def test_two_columns_under_one_field_spoil_the_columns() -> None:
    def change(read: dict[str, Any]) -> None:
        places = read["provenance"]
        for number, table in enumerate(read["tables"]):
            for index, row in enumerate(table["rows"]):
                pointer = f"/tables/{number}/rows/{index}"
                if row.get("total") and row.get("basic"):
                    row["total"] = [row["total"], row.pop("basic")]
                    places[f"{pointer}/total/0"] = places.pop(f"{pointer}/total")
                    places[f"{pointer}/total/1"] = places.pop(f"{pointer}/basic")

    score = mutated("quyang-2024", change)
    assert all_hit(score.figures)
    assert below(perfect("quyang-2024").columns_tables, score.columns_tables)


@pytest.mark.parametrize("name", NAMES)
def test_a_dropped_table_and_a_dropped_card_are_not_found(name: str) -> None:
    def change(read: dict[str, Any]) -> None:
        read["tables"] = read["tables"][1:]
        read["provenance"] = {p: v for p, v in read["provenance"].items() if not p.startswith("/tables/")}
        read["cards"] = []

    score = mutated(name, change)
    assert score.cards.hit == 0
    assert score.tables.hit < score.tables.total
    assert below(perfect(name).card_text, score.card_text)


def test_a_figure_is_not_part_of_another() -> None:
    told = {"tables": [{"kind": "table", "id": "t01", "title": "表", "header_rows": 1, "cells": []}], "paragraphs": []}
    told["tables"][0]["cells"] = [
        {"r": 0, "c": 0, "text": "金额", "page": 1, "bbox": None},
        {"r": 1, "c": 0, "text": "1,234.50", "page": 1, "bbox": None},
    ]
    read = {
        "tables": [{"title": "表", "rows": [{"total": "1234.50"}, {"total": "34.50"}]}],
        "provenance": {f"/tables/0/rows/{i}/total": {"page": 1, "box": None} for i in (0, 1)},
    }
    score = scored(read, told)
    assert score.figures == (1, 1)
    assert score.invented == 1


def test_a_table_without_figures_is_found_by_its_title() -> None:
    told = {"tables": [{"kind": "table", "id": "t01", "title": "政府性基金 支出表", "header_rows": 1, "cells": []}]}
    found = scored({"tables": [{"title": "政府性基金支出表"}]}, told)
    other = scored({"tables": [{"title": "三公经费表"}, {"title": None}]}, told)
    assert (found.tables, other.tables) == ((1, 1), (0, 1))
    assert found.figures.value is None
