"""Rules of the user's own, and rules that are wrong: refused before any document is opened."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from structurer import catalog, check, errors
from tests.checked import CATALOG, result, table

if TYPE_CHECKING:
    from pathlib import Path

AMOUNT = {"$ref": "urn:structurer:common#/$defs/amount", "x-type": "amount"}
TREES: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "x-kind": "trees",
    "x-form": "table",
    "x-titles": ["苗木"],
    "type": "object",
    "properties": {
        "rows": {
            "items": {
                "properties": {
                    "name": {"type": ["string", "null"], "x-headings": ["树种"]},
                    "total": AMOUNT | {"x-headings": ["合计"]},
                    "oaks": AMOUNT | {"x-headings": ["橡树"]},
                    "pines": AMOUNT | {"x-headings": ["松树"]},
                }
            }
        }
    },
}
RULE = """
[[row]]
id = "trees"
tables = ["trees"]
total = "total"
parts = ["oaks", "pines"]
en = "All trees are oaks and pines."
zh = "合计＝橡树＋松树"
"""


def folder(path: Path, rules: str) -> Path:
    (path / "trees.schema.json").write_text(json.dumps(TREES), encoding="utf-8")
    (path / "checks.toml").write_text(rules, encoding="utf-8")
    return path


def test_a_rule_for_a_table_of_ones_own_needs_no_code(tmp_path: Path) -> None:
    known = catalog.load(folder(tmp_path, RULE))
    assert known.reasons["trees"] == {"en": "All trees are oaks and pines.", "zh": "合计＝橡树＋松树"}
    made = result(table("trees", "name | total | oaks | pines\n甲 | 3 | 1 | 2\n乙 | 9 | 1 | 2"))
    told = check.verification(made, known)
    assert [one["verdict"] for one in told["equations"]["list"] if one["rule"] == "trees"] == ["ties", "broken"]


def test_other_rules_make_another_digest(tmp_path: Path) -> None:
    known = catalog.load(folder(tmp_path, RULE)).digest
    assert known != catalog.load(folder(tmp_path, RULE.replace("All", "The"))).digest


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        (RULE.replace('"pines"', '"ashes"'), "rule trees: there is no column 'ashes' in its tables"),
        (RULE.replace('["trees"]', '["shrubs"]'), "rule trees: there is no table 'shrubs'"),
        (RULE.replace('total = "total"', ""), "a rule lacks 'total'"),
        (RULE.replace('zh = "合计＝橡树＋松树"', ""), "a rule lacks 'zh'"),
        (RULE + 'relation = "~"', "'~' is none of =, >="),
        (RULE + 'standing = "perhaps"', "'perhaps' is none of strict, presumed, tentative"),
        ("[[row", "not TOML: "),
        (
            '[[fact]]\nid="x"\nen=""\nzh=""\nplaces=[{table="trees", column="elms", row="total"}]',
            "rule x: there is no column",
        ),
        ('[[fact]]\nid="x"\nen=""\nzh=""\nplaces=[{table="trees", column="oaks", row="("}]', "missing ), unterminated"),
        ('[[sum]]\nid="x"\nen=""\nzh=""\ntotal="basic"\nparts=["nothing"]', "there is no fact 'nothing'"),
        (
            '[[balance]]\nid="x"\nen=""\nzh=""\nleft={side="a",column="b"}\nright={side="a",column="b"}',
            "rule x: there is no side 'a' with a column 'b'",
        ),
        ("[mandated]\nelms = []", "rule mandated: there is no table 'elms'"),
        ('row = "no list"', ""),
    ],
)
def test_a_rule_that_is_wrong_is_refused(rules: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(errors.CatalogError) as caught:
        catalog.load(folder(tmp_path, rules))
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'checks.toml'}: ")
    assert reason in message
    assert "\n" not in message


def test_every_rule_has_its_reason_in_both_languages() -> None:
    assert CATALOG.reasons
    for rule, reason in CATALOG.reasons.items():
        assert set(reason) == {"en", "zh"}, rule
        assert all(reason.values()), rule


def test_every_equation_of_a_result_has_a_reason() -> None:
    made = result(
        table("expenditure", "name | total | basic | project\n合计 | 3.00 | 1.00 | 2.00\n甲 | 3.00 | 1.00 | 2.00")
    )
    rules = {one["rule"] for one in check.verification(made, CATALOG)["equations"]["list"]}
    assert rules
    assert rules <= set(CATALOG.reasons)
