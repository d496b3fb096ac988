"""A result against a second reading of its source."""

from __future__ import annotations

import copy
import json
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from structurer import catalog, mutants, pipeline, reread

if TYPE_CHECKING:
    from collections.abc import Callable

GOLDEN = Path(__file__).parent.parent / "golden"
NAMES = sorted(path.parent.name for path in GOLDEN.glob("*/excerpt.pdf"))
CATALOG = catalog.load()


@lru_cache
def extracted(path: Path) -> dict[str, Any]:
    return pipeline.extract_file(path, CATALOG)


def ours() -> dict[str, Any]:
    """Return a small second reading, made by hand."""
    rows = [
        {"code": None, "name": "合计", "total": "1,500.50", "basic": "1000.25", "project": "500.25", "page": 7},
        {"code": "204", "name": "公共安全支出", "total": "1200.00", "basic": "800.00", "project": "400.00", "page": 7},
        {"code": "208", "name": "社会保障支出", "total": "300.50", "basic": "200.25", "project": "100.25", "page": 7},
    ]
    columns = [
        {"field": "code", "heading": "科目编码"},
        {"field": "name", "heading": "科目名称"},
        {"field": "total", "heading": "合计"},
        {"field": "basic", "heading": "基本支出"},
        {"field": "project", "heading": "项目支出"},
    ]
    result: dict[str, Any] = {
        "source": {"pages": [{"number": n, "how": "unread" if n == 9 else "text"} for n in range(1, 10)]},
        "tables": [
            {"id": "t01", "kind": "expenditure", "title": "支出总表", "pages": [7], "unit": "万元"}
            | {"columns": columns, "rows": rows, "notes": [], "empty": False}
        ],
        "cards": [
            {"id": f"k0{n}", "kind": "project_performance", "title": "项目绩效目标表", "pages": [8], "unit": "万元"}
            | {"project_name": name, "project_code": f"P{n}", "amounts": {"total": amount}}
            | {"indicators": [{"level3": "数量", "value": {"text": f"≥{n}0台", "number": f"{n}0", "unit": "台"}}]}
            for n, name, amount in [(1, "路口信号灯", "300.00"), (2, "车辆购置", "100.00")]
        ],
        "claims": [
            {"id": f"s0{n}", "page": 3, "kind": "amount", "subject": subject, "value": value, "unit": "万元"}
            | {"sentence": "支出合计1500.50万元，其中基本支出1000.25万元。"}
            for n, subject, value in [(1, "支出合计", "1500.50"), (2, "基本支出", "1000.25")]
        ],
    }
    result["provenance"] = {
        pointer: {"page": page, "box": None, "text": text}
        for pointer in reread.figures(result, CATALOG)
        for page, text in [(3 if pointer.startswith("/claims") else 7 if "rows" in pointer else 8, at(result, pointer))]
    }
    return result


def at(held: Any, pointer: str) -> Any:  # noqa: ANN401  a value of the result
    for step in pointer.split("/")[1:]:
        held = held[int(step)] if isinstance(held, list) else held[step]
    return held


def changed(change: Callable[[dict[str, Any]], object]) -> list[tuple[str, str]]:
    """Return code and place of what is found after a change in a result without provenance."""
    result = ours() | {"provenance": {}}
    change(result)
    return [(finding.code, finding.where) for finding in reread.compare(result, ours(), CATALOG).findings]


def row(result: dict[str, Any], index: int) -> dict[str, Any]:
    return result["tables"][0]["rows"][index]  # type: ignore[no-any-return]


# Where both read the same.


@pytest.mark.parametrize("name", NAMES)
def test_a_result_agrees_with_itself(name: str) -> None:
    result = extracted(GOLDEN / name / "excerpt.pdf")
    assert reread.compare(result, result, CATALOG) == reread.Comparison((), frozenset())


@pytest.mark.parametrize("name", NAMES)
def test_order_ids_and_provenance_do_not_matter(name: str) -> None:
    again = extracted(GOLDEN / name / "excerpt.pdf")
    result = copy.deepcopy(again)
    result["provenance"] = {}
    for item in result["tables"] + result["cards"]:
        item["id"] = "x"
        del item["kind"], item["pages"]
        for listed in (item.get("rows", []), item.get("indicators", [])):
            listed.reverse()
        for entry in item.get("rows", []):
            del entry["page"]
    for root in ("tables", "cards", "claims"):
        result[root].reverse()
    assert reread.compare(result, again, CATALOG) == reread.Comparison((), frozenset())


@pytest.mark.parametrize("text", ["1500.5", "1500.50", "1,500.50", "１５００．５０", 1500.5])
def test_the_same_number_is_confirmed(text: object) -> None:
    assert changed(lambda result: row(result, 0).update(total=text)) == []


def test_labels_may_differ() -> None:
    def rename(result: dict[str, Any]) -> None:
        row(result, 1).update(name="公共安全 支岀", code="2040")
        result["cards"][0].update(project_name="路口信号灯-2024", title=None)

    assert changed(rename) == []


def test_columns_of_other_names_are_known_by_heading_or_figures() -> None:
    def rename(result: dict[str, Any]) -> None:
        table = result["tables"][0]
        table["kind"] = "unknown"
        table["columns"] = [{"field": "c1", "heading": "科目名称"}, {"field": "c2", "heading": "合 计"}]
        table["rows"] = [
            {"cells": {"c1": held["name"], "c2": held["total"], "c3": held["basic"], "c4": held["project"]}}
            for held in table["rows"]
        ]

    assert changed(rename) == []


# Where they do not.


@pytest.mark.parametrize(
    "text", ["1500.51", "1500.05", "150.05", "15005.0", "-1500.50", "1e400", "１２,３４", "9" * 30]
)
def test_another_number_is_not_printed(text: str) -> None:
    assert changed(lambda result: row(result, 0).update(total=text)) == [("not_printed", "/tables/0/rows/0/total")]


@pytest.mark.parametrize("text", [None, "", "NaN", float("nan"), True, ["1500.50"]])
def test_what_is_no_figure_leaves_the_printed_one_missing(text: object) -> None:
    assert changed(lambda result: row(result, 0).update(total=text))[0] == ("figure_missing", "/tables/0/rows/0/total")


def test_a_finding_says_what_is_printed_and_where() -> None:
    result = ours()
    row(result, 0)["total"] = "1200"
    (finding,) = reread.compare(result, ours(), CATALOG).findings
    assert (finding.code, finding.where, finding.page) == ("misplaced", "/tables/0/rows/0/total", 7)
    assert finding.facts == {"value": "1200", "expected": "1,500.50", "found": "/tables/0/rows/1/total"}


def test_doubted_are_the_figures_that_are_not_confirmed() -> None:
    result = ours()
    row(result, 1)["basic"] = "80.00"
    result["tables"][0]["rows"].append({"name": "其他支出", "total": "5.00"})
    assert reread.compare(result, ours(), CATALOG).doubted == {"/tables/0/rows/1/basic", "/tables/0/rows/3/total"}


def test_exchanged_cells_are_misplaced() -> None:
    found = changed(lambda result: row(result, 1).update(basic="400.00", project="800.00"))
    assert found == [("misplaced", "/tables/0/rows/1/basic"), ("misplaced", "/tables/0/rows/1/project")]


def test_a_shifted_cell_is_misplaced_and_missing() -> None:
    found = changed(lambda result: row(result, 1).update(basic=None, project="800.00"))
    assert sorted(found) == [("figure_missing", "/tables/0/rows/1/basic"), ("misplaced", "/tables/0/rows/1/project")]


def test_a_figure_where_none_is_printed() -> None:
    again = ours()
    row(again, 1)["basic"] = None
    (finding,) = reread.compare(ours(), again, CATALOG).findings
    assert (finding.code, finding.facts["expected"]) == ("misplaced", "")  # the provenance still has it


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda rows: rows.pop(1), [("row_missing", "/tables/0")]),
        (lambda rows: rows.insert(1, rows[1]), [("row_extra", "/tables/0/rows/2")]),
        (lambda rows: rows.append({"name": "其他", "total": "1.00"}), [("row_extra", "/tables/0/rows/3")]),
        (lambda rows: rows.append({"name": "没有数字的一行"}), []),
    ],
)
def test_rows(change: Callable[[list[object]], object], found: list[tuple[str, str]]) -> None:
    assert changed(lambda result: change(result["tables"][0]["rows"])) == found


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda result: result["tables"].clear(), [("table_missing", "")]),
        (lambda result: result["cards"].pop(0), [("card_missing", "")]),
        (
            lambda result: result["cards"].append({"pages": [8], "amounts": {"total": "7.0"}}),
            [("card_extra", "/cards/2")],
        ),
        (
            lambda result: result["tables"].append({"pages": [7], "rows": [{"total": "7.7"}]}),
            [("table_extra", "/tables/1")],
        ),
        (lambda result: result["tables"].append({"pages": [9], "rows": [{"total": "7.77"}]}), []),
        (lambda result: result["tables"][0].update(unit="元"), [("unit_differs", "/tables/0/unit")]),
        (lambda result: result["claims"][0].update(unit="元"), [("unit_differs", "/claims/0/unit")]),
        (lambda result: result["claims"][0].update(value="1500.05"), [("not_printed", "/claims/0/value")]),
        (lambda result: result["claims"].append({"page": 3, "value": "9.9"}), [("claim_extra", "/claims/2")]),
        (lambda result: result["claims"].append({"page": 3, "value": "1000.25"}), []),
        (lambda result: result["claims"].pop(), [("claim_missing", "")]),
    ],
)
def test_items_and_claims(change: Callable[[dict[str, Any]], object], found: list[tuple[str, str]]) -> None:
    assert changed(change) == found


def test_figures_of_cards() -> None:
    def misread(result: dict[str, Any]) -> None:
        result["cards"][0]["amounts"]["total"] = "100.00"
        result["cards"][1]["indicators"][0]["value"]["number"] = "21"

    found = [("misplaced", "/cards/0/amounts/total"), ("not_printed", "/cards/1/indicators/0/value/number")]
    assert changed(misread) == found


def test_a_number_that_has_only_its_text_is_confirmed() -> None:
    assert changed(lambda result: result["cards"][0]["indicators"][0].update(value={"text": "≥10台"})) == []


# Malformed results.


def test_pointers_that_lead_nowhere_are_told_and_counted() -> None:
    wrong = ["", "/", "nowhere", "/tables/9/title", "/tables/-1", "/tables/٣", "/tables/0/~2", "/" * 9_000]
    wrong += [f"/claims/{number}/value" for number in range(100, 120)]
    result = ours() | {"provenance": {key: {} for key in [*wrong, "/tables/0/rows/0/total", "/claims"]}}
    found = reread.compare(result, ours(), CATALOG).findings
    assert [finding.code for finding in found] == ["no_place"] * 21
    assert found[0].facts == {"pointer": ""}
    assert found[-1].facts["count"] == "8"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["1.50", "万元"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(data=st.data())
def test_no_malformed_member_is_an_exception(data: st.DataObject) -> None:
    result = ours()
    pointers = [
        "/tables",
        "/cards",
        "/claims",
        "/provenance",
        "/source",
        "/tables/0",
        "/tables/0/rows",
        "/tables/0/pages",
    ]
    pointers += ["/tables/0/columns", "/tables/0/rows/0", "/tables/0/rows/1/total", "/cards/0/amounts", "/claims/1"]
    pointers += ["/cards/1/indicators", "/claims/0/sentence", "/provenance/~1claims~10~1value"]
    pointer = data.draw(st.sampled_from(pointers))
    above, _, last = pointer.rpartition("/")
    holder = at(result, above)
    holder[int(last) if isinstance(holder, list) else last.replace("~1", "/")] = data.draw(JSON)
    for one, other in [(result, ours()), (ours(), result), (result, result)]:
        for finding in reread.compare(one, other, CATALOG).findings:
            assert all(isinstance(fact, str) for fact in finding.facts.values())


@pytest.mark.parametrize("result", [None, [], "x", 5, {}, {"tables": {}}, {"tables": [None, [], {"rows": {"a": 1}}]}])
def test_what_is_no_result_lacks_everything(result: object) -> None:
    codes = {finding.code for finding in reread.compare(result, ours(), CATALOG).findings}
    assert codes == {"table_missing", "card_missing", "claim_missing"}


def test_ten_megabytes_in_one_cell_take_no_time() -> None:
    huge = "9" * 10_000_000

    def swell(result: dict[str, Any]) -> None:
        row(result, 0).update(total=huge)
        row(result, 1).update(name=huge)
        result["claims"][0].update(value=huge, sentence=huge)
        result["tables"][0]["title"] = huge

    start = time.perf_counter()
    assert ("not_printed", "/tables/0/rows/0/total") in changed(swell)
    assert time.perf_counter() - start < 5
    result = ours()
    swell(result)
    assert len(json.dumps([dict(f.facts) for f in reread.compare(result, ours(), CATALOG).findings])) < 10_000


# Whole documents.


@pytest.mark.heavy
def test_planted_errors_of_whole_disclosures_are_flagged(disclosures: Path) -> None:
    paths = [path for path in sorted(disclosures.glob("*.pdf")) if not path.stem.endswith(".scan")]
    for path in paths:
        result = extracted(path)
        soil, reading = mutants.Soil(result, reread.figures(result, CATALOG)), reread.Reading(result, CATALOG)
        for kind in mutants.KINDS:
            for number in range(2_000 // len(paths) // len(mutants.KINDS)):
                mutant = soil.plant(kind, number, moved=number % 2 == 1)
                assert mutant is None or flagged(mutant, reading), (path.name, kind, mutant and mutant.pointers)


@pytest.mark.heavy
@pytest.mark.parametrize("kind", ["docx"])
def test_another_format_of_the_same_document_agrees(disclosures: Path, kind: str) -> None:
    for path in sorted(disclosures.glob(f"*.{kind}")):
        compared = reread.compare(extracted(path), extracted(path.with_suffix(".pdf")), CATALOG)
        assert compared.findings == ()


def flagged(mutant: mutants.Mutant, reading: reread.Reading) -> bool:
    """Tell whether every altered figure is named, or a row of the table."""
    places = {finding.where for finding in reading.compare(mutant.result).findings}
    if mutant.kind.startswith("row_"):
        table = mutant.pointers[0].partition("/rows/")[0]
        return any(place.startswith(table) for place in places)
    return places.issuperset(mutant.pointers)


@pytest.mark.parametrize("kind", mutants.KINDS)
def test_planted_errors_are_flagged(kind: str) -> None:
    for name in NAMES:
        result = extracted(GOLDEN / name / "excerpt.pdf")
        soil, reading = mutants.Soil(result, reread.figures(result, CATALOG)), reread.Reading(result, CATALOG)
        for number in range(10):
            mutant = soil.plant(kind, number, moved=number % 2 == 1)
            assert mutant is None or flagged(mutant, reading), (name, mutant and mutant.pointers)
