"""Every stage in order: a file becomes one result, every page accounted for."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pymupdf
import pytest

from structurer import __version__, catalog, errors, pipeline, validate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from structurer.records import Page

CATALOG = catalog.load()
GOLDEN = Path(__file__).parent.parent / "golden"
QUYANG = GOLDEN / "quyang-2024" / "excerpt.pdf"
NAMES = sorted(path.parent.name for path in GOLDEN.glob("*/excerpt.pdf"))


@pytest.fixture(scope="module")
def quyang() -> dict[str, Any]:
    return pipeline.extract_file(QUYANG, CATALOG)


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Return a PDF of a page of prose, a blank one and one that is a picture."""
    document = pymupdf.open()
    document.new_page().insert_text((72, 90), "预算收入 100 万元。", fontname="china-s")
    document.new_page()
    pixels = pymupdf.Pixmap(pymupdf.csGRAY, pymupdf.IRect(0, 0, 60, 60))
    pixels.clear_with(90)
    document.new_page().insert_image(pymupdf.Rect(20, 20, 570, 800), pixmap=pixels)
    path = tmp_path / "mixed.pdf"
    document.save(path)
    return path


def leaves(node: object, pointer: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield from leaves(value, f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from leaves(value, f"{pointer}/{index}")
    else:
        yield pointer, node


def test_result_has_all_its_members_in_order(quyang: dict[str, Any]) -> None:
    assert list(quyang) == [
        "source",
        "disclosure",
        "tables",
        "cards",
        "claims",
        "provenance",
        "verification",
        "run",
    ]
    assert list(validate.whole(quyang, CATALOG)) == []


def test_source_and_run_say_what_was_read_with_what(quyang: dict[str, Any]) -> None:
    source = quyang["source"]
    assert (source["name"], source["media_type"]) == ("excerpt.pdf", "application/pdf")
    assert source["sha256"] == hashlib.sha256(QUYANG.read_bytes()).hexdigest()
    assert quyang["run"] == {"version": __version__, "schemas": CATALOG.digest, "model": None}


def test_disclosure_says_who_and_when(quyang: dict[str, Any]) -> None:
    assert quyang["disclosure"] == {
        "kind": "department_budget",
        "department_code": "451",
        "department": "曲阳县公安局交通管理大队",
        "fiscal_year": 2024,
    }


def test_items_are_numbered_in_printed_order(quyang: dict[str, Any]) -> None:
    assert [table["id"] for table in quyang["tables"]] == [f"t{n:02d}" for n in range(1, len(quyang["tables"]) + 1)]
    assert [card["id"] for card in quyang["cards"]] == ["k01"]
    firsts = [table["pages"][0] for table in quyang["tables"]]
    assert firsts == sorted(firsts)


@pytest.mark.parametrize("name", NAMES)
def test_every_place_belongs_to_a_value_that_stands_there(name: str) -> None:
    result = pipeline.extract_file(GOLDEN / name / "excerpt.pdf", CATALOG)
    values = dict(leaves(result))
    assert result["provenance"]
    for pointer, place in result["provenance"].items():
        assert isinstance(values[pointer], str), pointer
        assert place["grounding"] != "none", (pointer, place)
    assert result["verification"]["grounded"] == result["verification"]["figures"] > 0


@pytest.mark.parametrize("name", NAMES)
def test_two_runs_give_the_same_bytes(name: str) -> None:
    path = GOLDEN / name / "excerpt.pdf"
    one, other = (json.dumps(pipeline.extract_file(path, kinds)) for kinds in (CATALOG, catalog.load()))
    assert one == other


def test_pages_limit_what_is_read(quyang: dict[str, Any]) -> None:
    part = pipeline.extract_file(QUYANG, CATALOG, pages={2, 4})
    assert [page["number"] for page in part["source"]["pages"]] == [2, 4]
    assert [table["kind"] for table in part["tables"]] == ["general_budget_expenditure"]
    assert part["tables"][0]["rows"] == quyang["tables"][1]["rows"]
    assert len(part["cards"]) == 1


def test_pages_that_are_not_there_give_nothing() -> None:
    part = pipeline.extract_file(QUYANG, CATALOG, pages={99})
    assert part["source"]["pages"] == part["tables"] == part["cards"] == part["claims"] == []


def test_progress_is_told_of_every_page() -> None:
    told: list[Page] = []
    pipeline.extract_file(QUYANG, CATALOG, pages={2}, progress=told.append)
    assert [page.number for page in told] == [1, 2, 3, 4, 5, 6]


def test_every_page_is_accounted_for(mixed: Path) -> None:
    result = pipeline.extract_file(mixed, CATALOG)
    pages = result["source"]["pages"]
    assert [(page["number"], page["how"], page["holds"]) for page in pages] == [
        (1, "text", ["passage"]),
        (2, "blank", []),
        (3, "unread", []),
    ]
    assert pages[2]["reason"]
    assert [page["reason"] for page in pages[:2]] == [None, None]


def test_unread_page_is_a_finding(mixed: Path) -> None:
    (finding,) = pipeline.extract_file(mixed, CATALOG)["verification"]["findings"]
    assert (finding["code"], finding["where"], finding["page"]) == ("unread_page", "", 3)
    assert finding["facts"]["reason"]


def test_claim_of_a_sentence(mixed: Path) -> None:
    (claim,) = pipeline.extract_file(mixed, CATALOG)["claims"]
    assert (claim["id"], claim["page"], claim["value"], claim["unit"]) == ("s01", 1, "100", "万元")
    assert claim["sentence"] == "预算收入 100 万元。"


def test_unknown_table_is_a_finding_that_points_to_it(tmp_path: Path) -> None:
    path = tmp_path / "trees.md"
    path.write_text("苗木清单\n\n| 苗木 | 株数 |\n| --- | --- |\n| 银杏 | 1,200 |\n", encoding="utf-8")
    result = pipeline.extract_file(path, CATALOG)
    (finding,) = result["verification"]["findings"]
    assert (finding["code"], finding["where"]) == ("unknown_table", "/tables/0")
    assert list(result["tables"][0]["rows"][0]["cells"].values()) == ["银杏", "1,200"]
    assert list(validate.whole(result, CATALOG)) == []


def test_document_of_markup_has_no_page_numbers(tmp_path: Path) -> None:
    path = tmp_path / "budget.md"
    path.write_text(
        "部门支出总表\n\n单位：万元\n\n"
        "| 科目编码 | 科目名称 | 合计 | 基本支出 | 项目支出 |\n| --- | --- | --- | --- | --- |\n"
        "| 204 | 公安 | 1,234.50 | — | 0.00 |\n",
        encoding="utf-8",
    )
    result = pipeline.extract_file(path, CATALOG)
    (table,) = result["tables"]
    assert (table["kind"], table["unit"], table["pages"]) == ("expenditure", "万元", [None])
    row = table["rows"][0]
    assert (row["total"], row["basic"], row["project"]) == ("1234.50", None, "0.00")
    assert result["provenance"]["/tables/0/rows/0/total"]["how"] == "markup"


@pytest.mark.parametrize("name", ["nothing.pdf", "broken.pdf", "budget.xyz", "folder.pdf", "empty.pdf"])
def test_what_cannot_be_read_is_said_in_one_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "folder.pdf":
        path.mkdir()
    elif name != "nothing.pdf":
        path.write_bytes(b"" if name == "empty.pdf" else b"no document")
    with pytest.raises(errors.DocumentError) as caught:
        pipeline.extract_file(path, CATALOG)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_title_at_the_foot_of_the_page_before(tmp_path: Path) -> None:
    document = pymupdf.open()
    page = document.new_page()
    page.insert_text((200, 740), "部门支出总表", fontname="china-s", fontsize=16)
    page.insert_text((400, 770), "单位：万元", fontname="china-s")
    page = document.new_page()
    rows = ("科目编码", "科目名称", "合计", "基本支出", "项目支出"), ("204", "公安", "30.00", "10.00", "20.00")
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            box = pymupdf.Rect(50 + 90 * column, 80 + 24 * row, 140 + 90 * column, 104 + 24 * row)
            page.draw_rect(box)
            page.insert_text((box.x0 + 4, box.y1 - 7), text, fontname="china-s")
    path = tmp_path / "foot.pdf"
    document.save(path)
    (table,) = pipeline.extract_file(path, CATALOG)["tables"]
    assert (table["kind"], table["title"], table["unit"]) == ("expenditure", "部门支出总表", "万元")
