"""Schemas and lexicon: ours are right, and what is wrong is refused with the file and the reason."""

from __future__ import annotations

import copy
import json
import shutil
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from structurer import catalog, errors, resources
from structurer.catalog import kinds, lexicon

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SCHEMAS = resources.folder("schemas")
OURS = SCHEMAS / catalog.DOCUMENT_KIND
LEXICON = (OURS / "lexicon.toml").read_text(encoding="utf-8")
TEXT = {"type": ["string", "null"]}
TABLE: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "x-kind": "trees",
    "x-form": "table",
    "x-titles": ["苗木"],
    "x-required": ["species"],
    "type": "object",
    "properties": {
        "rows": {
            "items": {
                "properties": {
                    "species": TEXT | {"x-headings": ["苗木|树种"]},
                    "number": TEXT | {"x-headings": ["{year}年?株数"], "x-type": "amount"},
                }
            }
        }
    },
}
CARD: dict[str, Any] = {
    "x-kind": "tree_card",
    "x-form": "card",
    "type": "object",
    "properties": {
        "species": TEXT | {"x-labels": ["苗木"]},
        "size": {"type": "object", "properties": {"height": TEXT | {"x-labels": ["高度"]}}},
        "care": {"type": "array", "items": {"properties": {"month": TEXT | {"x-headings": ["月份"]}}}},
    },
}


def written(folder: Path, schema: object, name: str = "trees") -> Path:
    (folder / f"{name}.schema.json").write_text(json.dumps(schema, ensure_ascii=False), encoding="utf-8")
    return folder


def refused(folder: Path, file: str = "trees.schema.json") -> str:
    """Load a folder that is wrong; return the reason after checking that the file is named, in one line."""
    with pytest.raises(errors.CatalogError) as caught:
        catalog.load(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{folder / file}: ")
    return message.removeprefix(f"{folder / file}: ")


# Ours.


@pytest.mark.parametrize("path", sorted(SCHEMAS.rglob("*.schema.json")), ids=lambda path: path.name)
def test_our_schemas_are_schemas(path: Path) -> None:
    schema = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    assert schema["title"]


def test_our_kinds_load_when_checked() -> None:
    found = kinds.load(OURS)
    assert len(found) == len(list(OURS.glob("*.schema.json")))
    assert {kind.name for kind in found} == {kind.name for kind in catalog.load().kinds}


def test_kinds_of_the_design_are_there() -> None:
    known = {kind.name: kind.form for kind in catalog.load().kinds}
    cards = {"project_performance", "department_performance"}
    assert (
        cards
        | {
            "revenue_expenditure_summary",
            "revenue",
            "expenditure",
            "appropriation_summary",
            "general_budget_expenditure",
            "basic_expenditure",
            "government_fund_expenditure",
            "state_capital_expenditure",
            "three_public_expenses",
            "operating_expenses",
            "project_expenditure",
            "economic_classification",
            "carryover",
            "procurement",
            "fixed_assets",
        }
        <= known.keys()
    )
    assert {name for name, form in known.items() if form == "card"} == cards


def test_kinds_are_sorted_by_rank() -> None:
    ranks = [kind.rank for kind in catalog.load().kinds]
    assert ranks == sorted(ranks)


def test_every_field_of_our_kinds_is_in_its_schema() -> None:
    for kind in catalog.load().kinds:
        node = (
            kind.schema["properties"]
            if kind.form == "card"
            else kind.schema["properties"]["rows"]["items"]["properties"]
        )
        for field in kind.fields:
            inner = node
            for step in field.pointer[:-1]:
                inner = inner[step]["properties"]
            assert field.pointer[-1] in inner, (kind.name, field.name)


def test_every_list_of_the_lexicon_is_used_by_the_code() -> None:
    found = lexicon.load(OURS / "lexicon.toml")
    assert found.raw == tomllib.loads(LEXICON)
    assert found.notation.scales["万"] == 4
    assert found.is_total("合　计")
    assert found.without_continuation("支出总表（续）") == "支出总表"


# A user's own.


def test_own_kind_stands_beside_ours(tmp_path: Path) -> None:
    both = catalog.load(written(tmp_path, TABLE))
    assert both.kind("trees") is not None
    assert len(both.kinds) == len(catalog.load().kinds) + 1
    assert both.digest != catalog.load().digest


def test_own_kind_wins_a_name(tmp_path: Path) -> None:
    both = catalog.load(written(tmp_path, TABLE | {"x-kind": "expenditure"}, "expenditure"))
    kind = both.kind("expenditure")
    assert kind is not None
    assert [field.name for field in kind.fields] == ["species", "number"]
    assert len(both.kinds) == len(catalog.load().kinds)


def test_card_has_fields_at_any_depth_and_parts(tmp_path: Path) -> None:
    kind = catalog.load(written(tmp_path, CARD, "tree_card")).kind("tree_card")
    assert kind is not None
    assert [field.name for field in kind.fields] == ["species", "size/height"]
    assert [(part.name, [field.name for field in part.fields]) for part in kind.parts] == [("care", ["month"])]
    assert kind.is_label("高度")
    assert not kind.is_label("月份")


def test_year_is_put_into_patterns(tmp_path: Path) -> None:
    kind = catalog.load(written(tmp_path, TABLE)).of_year(2024).kind("trees")
    assert kind is not None
    assert kinds.columns(kind, (("2024年株数",), ("2023年株数",))) == (kind.fields[1], None)


def test_unknown_kind_is_none() -> None:
    assert catalog.load().kind("trees") is None


# What is wrong.


def set_at(*steps: str, value: object) -> Callable[[dict[str, Any]], None]:
    def change(schema: dict[str, Any]) -> None:
        for step in steps[:-1]:
            schema = schema[step]
        schema[steps[-1]] = value

    return change


ROW = ("properties", "rows", "items", "properties")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (set_at("x-kind", value="shrubs"), "x-kind is 'shrubs', expected the name of the file"),
        (set_at("x-kind", value=None), "x-kind is None"),
        (set_at("x-form", value="chart"), "x-form is 'chart', expected one of table, card, list"),
        (set_at("x-form", value=None), "x-form is None"),
        (set_at("type", value="objekt"), "not a valid JSON Schema at $.type"),
        (set_at("x-titles", value=["(苗木"]), "unterminated subpattern"),
        (set_at("x-not-titles", value=["*"]), "nothing to repeat"),
        (set_at("x-required", value=["species", "colour"]), "x-required names 'colour', which is read from nowhere"),
        (set_at(*ROW, "species", "x-headings", value=["苗木/[株"]), "unterminated character set"),
        (set_at(*ROW, "species", "x-headings", value=None), "x-headings is None, expected a list of texts"),
        (set_at(*ROW, "number", "x-type", value="money"), "x-type of number is 'money', expected one of amount, code"),
        (set_at("properties", value={}), "KeyError: 'rows'"),
        (set_at("properties", "rows", value=True), "TypeError"),
        (set_at(*ROW, value={"species": TEXT}), "'species', which is read from nowhere"),
        (set_at(*ROW, value=[]), "is not of type 'object'"),
        (set_at("x-titles", value="苗木"), "x-titles is '苗木', expected a list of texts"),
        (set_at("x-required", value="species"), "x-required is 'species', expected a list of texts"),
        (set_at("x-rank", value="first"), "x-rank is 'first', expected a whole number"),
        (set_at(*ROW, "species", "x-headings", value="苗木"), "x-headings is '苗木', expected a list of texts"),
    ],
)
def test_wrong_schema_is_refused(tmp_path: Path, change: Callable[[dict[str, Any]], None], reason: str) -> None:
    schema = copy.deepcopy(TABLE)
    change(schema)
    assert reason in refused(written(tmp_path, schema))


def test_no_property_is_read(tmp_path: Path) -> None:
    schema = copy.deepcopy(TABLE) | {"x-required": []}
    schema["properties"]["rows"]["items"]["properties"] = {"species": TEXT}
    assert refused(written(tmp_path, schema)) == "no property carries x-headings or x-labels"


def test_a_group_that_needs_an_unknown_field(tmp_path: Path) -> None:
    schema = copy.deepcopy(CARD)
    month = TEXT | {"x-headings": ["月份"]}
    group = {"type": "object", "x-required": ["year"], "properties": {"month": month}}
    schema["properties"]["care"]["items"]["properties"] = {"plan": group}
    assert "year" in refused(written(tmp_path, schema, "tree_card"), "tree_card.schema.json")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON: Expecting value in line 1"),
        ('{\n  "x-kind": ', "not JSON: Expecting value in line 2"),
        ("[]", "a JSON object is expected"),
        ('"trees"', "a JSON object is expected"),
    ],
)
def test_what_is_no_json_object_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "trees.schema.json").write_text(text, encoding="utf-8")
    assert refused(tmp_path) == reason


def test_what_is_no_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "trees.schema.json").write_bytes("{“".encode("gbk"))
    assert refused(tmp_path).startswith("cannot be read")


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(errors.CatalogError, match=r"no-such: this is no folder"):
        catalog.load(tmp_path / "no-such")


def test_folder_that_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(errors.CatalogError, match=r"file: this is no folder"):
        catalog.load(path)


def test_folder_without_a_schema(tmp_path: Path) -> None:
    (tmp_path / "trees.json").write_text("{}", encoding="utf-8")
    with pytest.raises(errors.CatalogError, match=r"there is no \*\.schema\.json file in it"):
        catalog.load(tmp_path)


@pytest.mark.parametrize("reference", ["urn:structurer:nowhere#/$defs/text", "urn:structurer:common#/$defs/nothing"])
def test_reference_that_leads_nowhere(tmp_path: Path, reference: str) -> None:
    schema = copy.deepcopy(TABLE)
    schema["properties"]["rows"]["items"]["properties"]["species"] = {"$ref": reference, "x-headings": ["苗木"]}
    with pytest.raises(errors.CatalogError) as caught:
        catalog.load(written(tmp_path, schema))
    assert f"trees.schema.json: it refers to {reference}, which is not there" in str(caught.value)
    assert "\n" not in str(caught.value)


# A lexicon that is wrong.


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('minus_words = ["负"]', 'minus_words = ["负"', "not TOML"),
        ("\nguide_marks =", "\nguide_marcs =", "the entry 'guide_marks' is missing"),
        ("[page]\n", "[pages]\n", "the entry 'page' is missing"),
        ("(?P<unit>", "(?P<measure>", "lacks the group 'unit'"),
        ("(?P<name>", "(?P<who>", "lacks the group 'name'"),
        ("page_number_patterns = ['", "page_number_patterns = ['(", "missing ), unterminated subpattern"),
    ],
)
def test_wrong_lexicon_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    assert old in LEXICON
    path = tmp_path / "lexicon.toml"
    path.write_text(LEXICON.replace(old, new), encoding="utf-8")
    with pytest.raises(errors.CatalogError) as caught:
        lexicon.load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_lexicon_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(errors.CatalogError, match="No such file"):
        lexicon.load(tmp_path / "lexicon.toml")


def test_installation_without_its_schemas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "folder", lambda name: tmp_path / name)
    with pytest.raises(errors.CatalogError, match="the folder of the schemas is missing"):
        catalog.load()
    shutil.copytree(SCHEMAS, tmp_path / "schemas")
    assert catalog.load().digest
