"""Results that are wrong in any place are judged as far as they go, and never make the judge stumble."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest

from structurer import reread
from tests.checked import CATALOG, result, table, verification

JUNK: list[Any] = [
    None, [], {}, True, 0, -1, 1.5, "", "NaN", "1e400", "１２,３４", "9" * 60, "-", "%", "0", "-0", "00012", "1.", ".5",
    ["a"], {"a": 1}, "x" * 5000, [None], {"rows": 3}, "12.50", "/tables/0", "\0", "{t}", "9" * 19 + ".5",
]  # fmt: skip
CLAIM = {
    "id": "s1",
    "page": 1,
    "kind": "amount",
    "subject": "支出总计",
    "value": "10.00",
    "unit": "万元",
    "year": "2024",
    "direction": None,
    "compared_with": None,
    "sentence": "2024年支出总计10.00万元，其中：基本支出4.00万元，占40%。",
}
CARD = {
    "id": "k1",
    "kind": "project_performance",
    "title": None,
    "pages": [1],
    "unit": "元",
    "project_name": "甲",
    "amounts": {"total": "100", "fiscal": "100"},
    "payment_schedule": {"m03": "30%", "m12": "100%"},
    "indicators": [{"level3": "次数", "value": {"text": "≥5次", "number": "5"}}],
    "purpose": "208人*1200元/人=24.96万元",
}


def whole() -> dict[str, Any]:
    text = """
        code | classification | name | total | basic | project
        —    | —              | 合计 | 10.00 | 4.00  | 6.00
        204  | 204            | 甲   | 10.00 | 4.00  | 6.00
        """
    projects = table("project_expenditure", "project_name | total\n合计 | 6.00\n甲 | 6.00")
    return result(table("expenditure", text), projects, cards=(CARD,), claims=(CLAIM,))


def places(node: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [*([path] if path else []), *(found for name, value in inner for found in places(value, (*path, name)))]


@pytest.mark.parametrize("seed", range(150))
def test_junk_in_any_place_makes_findings_at_most(seed: int) -> None:
    chance, good = random.Random(seed), whole()  # noqa: S311  a seed makes the same junk again
    made = copy.deepcopy(good)
    for path in chance.sample(places(good), 12):
        node: Any = made
        for step in path[:-1]:
            node = node[step] if isinstance(node, dict) and step in node else None
            if not isinstance(node, (dict, list)):
                break
        if isinstance(node, dict):
            node[path[-1]] = copy.deepcopy(chance.choice(JUNK))
    told = verification(made)
    assert sum(told["equations"][name] for name in ("ties", "rounding", "broken", "unknown")) == len(
        told["equations"]["list"]
    )
    reread.compare(made, good, CATALOG)
