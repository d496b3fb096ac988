"""Records against their schemas: what does not fit is a finding, never an exception."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from structurer import catalog, validate

if TYPE_CHECKING:
    from structurer.records import Finding

CATALOG = catalog.load()
ROW: dict[str, Any] = {"code": "204", "name": "公安", "total": "1234.50", "basic": "0", "project": None, "page": 3}
TABLE: dict[str, Any] = {
    "id": "t01",
    "kind": "expenditure",
    "title": "部门支出总表",
    "pages": [3],
    "unit": "万元",
    "department": None,
    "fiscal_year": 2024,
    "head": [],
    "notes": [],
    "columns": [{"field": "code", "heading": "科目编码"}],
    "rows": [ROW],
    "empty": False,
}


def found(item: dict[str, Any], root: str = "tables") -> list[Finding]:
    return list(validate.records([item], root, CATALOG))


def changed(**row: object) -> dict[str, Any]:
    table = copy.deepcopy(TABLE)
    table["rows"][0] |= row
    return table


def test_what_fits_gives_nothing() -> None:
    assert found(TABLE) == []


@pytest.mark.parametrize("amount", ["0", "0.00", "-1.5", "1234.50", "12.5%", None])
def test_amount_that_fits(amount: str | None) -> None:
    assert found(changed(total=amount)) == []


@pytest.mark.parametrize("amount", ["1,234.50", "", "约3", "1.", ".5", "－3", "--3", "1e5", 12, 12.5, True, ["1"]])
def test_bad_amount_is_a_finding_at_its_place(amount: object) -> None:
    (finding,) = found(changed(total=amount))
    assert (finding.code, finding.where, finding.page) == ("schema", "/tables/0/rows/0/total", 3)
    assert finding.facts["reason"]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"pages": ["3"]}, "/tables/0/pages/0"),
        ({"rows": None}, "/tables/0/rows"),
        ({"empty": "no"}, "/tables/0/empty"),
        ({"colour": "red"}, "/tables/0"),
        ({"fiscal_year": 24}, "/tables/0/fiscal_year"),
        ({"columns": [{"field": "code"}]}, "/tables/0/columns/0"),
    ],
)
def test_bad_member_is_a_finding(change: dict[str, Any], where: str) -> None:
    (finding,) = found(TABLE | change)
    assert finding.where == where


def test_missing_member_is_a_finding() -> None:
    (finding,) = found({name: value for name, value in TABLE.items() if name != "rows"})
    assert finding.where == "/tables/0"
    assert "rows" in finding.facts["reason"]


def test_pointer_is_escaped() -> None:
    (finding,) = found(changed(other={"合计/小计~": 3}))
    assert finding.where == "/tables/0/rows/0/other/合计~1小计~0"


def test_reason_is_short() -> None:
    (finding,) = found(changed(total="x" * 10_000))
    assert len(finding.facts["reason"]) <= 200


def test_table_without_pages_has_no_page() -> None:
    (finding,) = found(changed(total="x") | {"pages": []})
    assert finding.page is None


def test_each_item_has_its_own_finding() -> None:
    items = [TABLE, changed(total="x"), TABLE, changed(basic="y")]
    assert [finding.where for finding in validate.records(items, "tables", CATALOG)] == [
        "/tables/1/rows/0/total",
        "/tables/3/rows/0/basic",
    ]


def test_unknown_kind_is_not_judged() -> None:
    assert found({"kind": "unknown", "rows": "anything"}) == []


def test_card_is_judged_as_a_card() -> None:
    card = {"id": "k01", "kind": "project_performance", "title": None, "pages": [3], "amounts": {"total": "1,0"}}
    (finding,) = found(card, "cards")
    assert finding.where == "/cards/0/amounts/total"


def test_whole_result_is_told_what_is_wrong() -> None:
    reasons = list(validate.whole({"tables": []}, CATALOG))
    assert any("'source' is a required property" in reason for reason in reasons)
    assert all(reason.startswith("$") and "\n" not in reason for reason in reasons)
