"""Results made of tables in the notation of the document, and what the checks say of them."""

from __future__ import annotations

from typing import Any

from structurer import catalog, check

CATALOG = catalog.load()
Result = dict[str, Any]


def table(kind: str, text: str, *, unit: str | None = "万元", title: str = "表", **more: object) -> Result:
    """Read a table from lines of `name | total`, the first line its fields; `—` is blank."""
    lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    fields, rows = lines[0], lines[1:]
    assert {len(row) for row in lines} == {len(fields)}, "every row must have the same number of cells"
    return {
        "id": "t",
        "kind": kind,
        "title": title,
        "pages": [1],
        "unit": unit,
        "columns": [{"field": field, "heading": field} for field in fields],
        "rows": [
            {field: None if cell in {"", "—"} else cell for field, cell in zip(fields, row, strict=True)}
            for row in rows
        ],
        "notes": [],
        "empty": False,
        **more,
    }


def result(*tables: Result, cards: tuple[Result, ...] = (), claims: tuple[Result, ...] = (), **more: object) -> Result:
    """Return a result whose figures all stand on page 1 as they are."""
    made: Result = {
        "source": {"name": "a.pdf", "sha256": "0" * 64, "media_type": "application/pdf", "pages": []},
        "disclosure": {"kind": "department_budget", "department_code": None, "department": None, "fiscal_year": 2024},
        "tables": [*tables],
        "cards": [*cards],
        "claims": [*claims],
        "provenance": {},
        "run": {"version": "0", "schemas": "0", "model": None},
        **more,
    }
    for root in ("tables", "cards", "claims"):
        _place(made[root], f"/{root}", made["provenance"])
    return made


def _place(node: object, pointer: str, provenance: Result) -> None:
    if isinstance(node, dict):
        for name, value in node.items():
            _place(value, f"{pointer}/{name}", provenance)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            _place(value, f"{pointer}/{index}", provenance)
    elif isinstance(node, str):
        provenance[pointer] = {"page": 1, "box": None, "text": node, "how": "text", "grounding": "exact"}


def verification(made: Result) -> Result:
    return check.verification(made, CATALOG)


def equations(made: Result, rule: str) -> list[Result]:
    return [equation for equation in verification(made)["equations"]["list"] if equation["rule"] == rule]


def outcomes(made: Result, rule: str) -> list[str]:
    """Return the verdicts of a rule in the order of what they are about."""
    return [equation["verdict"] for equation in equations(made, rule)]


def codes(made: Result) -> list[str]:
    return [finding["code"] for finding in verification(made)["findings"]]
