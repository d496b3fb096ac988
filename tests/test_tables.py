"""Tables to records, in the notation of the document; adding a case = adding a file in examples/tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from structurer import catalog, extract, ground
from structurer.catalog import kinds
from structurer.extract import header, rows, tables
from structurer.records import Chunk, Form, Grid, How, Line

if TYPE_CHECKING:
    from collections.abc import Callable

    Table = Callable[..., Grid]

CATALOG = catalog.load()
EXAMPLES = sorted((Path(__file__).parent / "examples" / "tables").glob("*.txt"))
EXPENDITURE = """
    科目编码 | 科目名称 | 合计  | 基本支出 | 项目支出
    204      | 公安     | 30.00 | 10.00    | 20.00
"""


def broken(grid: Grid) -> Grid:
    """Return the grid with each `\\n` in a cell made the line break it stands for."""
    cells = (replace(c, parts=tuple(replace(p, text=p.text.replace("\\n", "\n")) for p in c.parts)) for c in grid.cells)
    return replace(grid, cells=tuple(cells))


def chunk(grid: Grid, title: str | None = None, head: str = "", notes: str = "") -> Chunk:
    page = grid.pages[0]
    lines = {
        name: tuple(Line(text, page) for text in texts.splitlines())
        for name, texts in (("head", head), ("notes", notes))
    }
    return Chunk(Form.TABLE, (page,), broken(grid), Line(title, page) if title else None, **lines)


def answers(*chunks: Chunk) -> extract.Answers:
    return extract.records(chunks, CATALOG)


def read(grid: Grid, title: str | None = "2024年部门支出总表", head: str = "", notes: str = "") -> dict[str, Any]:
    """Return the one table as JSON."""
    (found,) = answers(chunk(grid, title, head, notes)).tables
    return ground.placed(found, "", ground.Places({None: How.MARKUP}))


def flat(row: dict[str, Any]) -> dict[str, str]:
    """Return what a row prints, without its page, the codes joined from others, and what is null."""
    row = {
        name: value
        for name, value in row.items()
        if value is not None and name != "page" and not name.endswith("classification")
    }
    return row | {f"other/{name}": value for name, value in row.pop("other", {}).items()}


def expected(text: str) -> list[dict[str, str]]:
    """Read rows from lines of `code | total`; what is blank there is null."""
    names, *lines = [[slot.strip() for slot in line.split("|")] for line in text.splitlines()] if text else [[]]
    assert all(len(line) == len(names) for line in lines), "a row has more or fewer values than there are names"
    return [
        {name: value.replace("\\n", "\n") for name, value in zip(names, line, strict=True) if value} for line in lines
    ]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path: Path, table: Table) -> None:
    """An example has three parts: title and lines above the grid; the grid; the kind and the rows."""
    above, grid, told = (part.removesuffix("\n") for part in path.read_text(encoding="utf-8").split("===\n"))
    title, _, head = above.partition("\n")
    kind, _, body = told.partition("\n")
    found = read(table(grid), title or None, head)
    assert found["kind"] == kind
    assert [flat(row) for row in found["rows"]] == expected(body)
    assert found["empty"] == (not body)
    assert answers(chunk(table(grid), title or None, head)).findings == []


# What is around the rows.


def test_captions_are_in_the_record(table: Table) -> None:
    found = read(table(EXPENDITURE), "部门支出总表", "编制部门：某市公安局\t单位：万元\n预算年度：2024", "注：无。")
    assert found["title"] == "部门支出总表"
    assert found["unit"] == "万元"
    assert found["department"] == "某市公安局"
    assert found["fiscal_year"] == 2024
    assert found["notes"] == ["注：无。"]


def test_unit_is_read_from_a_heading(table: Table) -> None:
    grid = table("项目 | 数量 | 价值（金额单位：万元）\n房屋 | 1 | 2.00")
    assert read(grid, "部门固定资产占用情况表")["unit"] == "万元"


def test_units_that_disagree_are_none(table: Table) -> None:
    grid = table("项目 | 原值（万元） | 净值（元）\n房屋 | 1 | 2.00")
    assert read(grid, "部门固定资产占用情况表")["unit"] is None


def test_columns_tell_their_headings_and_fields(table: Table) -> None:
    grid = table("""
        功能分类 | <        | 合计  | 绿化
        科目编码 | 科目名称 | ^     | ^
        204      | 公安     | 30.00 | 1.00
    """)
    assert [(column["field"], column["heading"]) for column in read(grid)["columns"]] == [
        ("code", "功能分类/科目编码"),
        ("name", "功能分类/科目名称"),
        ("total", "合计"),
        ("绿化", "绿化"),
    ]


def test_rows_keep_their_pages(table: Table) -> None:
    grid = replace(table(EXPENDITURE + "    205 | 教育 | 1 | 1 | 0"), pages=(3, 3, 4))
    assert [row["page"] for row in read(grid)["rows"]] == [3, 4]


# Unknown tables.


def test_unknown_table_is_kept_whole_with_a_finding(table: Table) -> None:
    grid = table("""
        苗木 | 规格 | 株数
        银杏 | 10cm | 1,200
        国槐 |      | —
        国槐 | 8cm  | 0
    """)
    found = answers(chunk(table(EXPENDITURE), "部门支出总表"), chunk(grid, "绿化苗木清单"))
    assert [(finding.code, finding.where, finding.facts["title"]) for finding in found.findings] == [
        ("unknown_table", "/tables/1", "绿化苗木清单")
    ]
    kept = read(grid, "绿化苗木清单")
    assert kept["kind"] == "unknown"
    assert [column["heading"] for column in kept["columns"]] == ["苗木", "规格", "株数"]
    names = [column["field"] for column in kept["columns"]]
    assert [[row["cells"][name] for name in names] for row in kept["rows"]] == [
        ["银杏", "10cm", "1,200"],
        ["国槐", None, None],
        ["国槐", "8cm", "0"],
    ]


def test_unknown_table_without_a_header_loses_no_cell(table: Table) -> None:
    kept = read(table("苗木 | 10cm | 3\n国槐 | 8cm | 5"), None)
    printed = [column["heading"] for column in kept["columns"]]
    assert [*printed, *(value for row in kept["rows"] for value in row["cells"].values())] == [
        *("苗木", "10cm", "3"),
        *("国槐", "8cm", "5"),
    ]


def test_title_does_not_make_a_kind_of_other_columns(table: Table) -> None:
    assert read(table("苗木 | 规格 | 株数\n银杏 | 10cm | 1,200"), "部门支出总表")["kind"] == "unknown"


# Values.


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("1,234.50", "1234.50"),
        ("0", "0"),
        ("0.00", "0.00"),
        ("12.5%", "12.5%"),
        ("", None),
        ("-", None),
        ("——", None),
        ("/", None),
    ],
)
def test_amount(table: Table, printed: str, value: str | None) -> None:
    (row,) = read(table(f"科目编码 | 科目名称 | 合计 | 基本支出\n204 | 公安 | 1.00 | {printed}"))["rows"]
    assert row["basic"] == value


@pytest.mark.parametrize("printed", ["1.00 2.00", "1.00\\n2.00", "1,23.4", "12.3.4", "约3", "1.00/2.00", "A12"])
def test_what_is_no_one_figure_is_no_amount_and_is_kept(table: Table, printed: str) -> None:
    (row,) = read(table(f"科目编码 | 科目名称 | 合计 | 基本支出\n204 | 公安 | 1.00 | {printed}"))["rows"]
    assert row["basic"] is None
    assert row["other"] == {"基本支出": printed.replace("\\n", "\n")}


def test_a_figure_merged_over_rows_is_stated_once_a_name_in_each(table: Table) -> None:
    grid = table("""
        科目编码 | 科目名称 | 合计  | 基本支出
        204      | 公安     | 30.00 | 10.00
        205      | ^        | ^     | 20.00
    """)
    assert [(row["name"], row["total"]) for row in read(grid)["rows"]] == [("公安", "30.00"), ("公安", None)]


def test_a_figure_beside_its_column_is_kept(table: Table) -> None:
    grid = table("""
        科目编码 | 科目名称 | 合计 | 基本支出 | <
        204      | 公安     | 1.00 | 2.00     | 3.00
    """)
    (row,) = read(grid)["rows"]
    assert (row["basic"], row["other"]) == ("2.00", {"基本支出": "3.00"})


def test_columns_of_one_heading_are_told_apart(table: Table) -> None:
    (row,) = read(table("科目编码 | 科目名称 | 合计 | 绿化 | 绿化 | \n204 | 公安 | 1.00 | 2.00 | 3.00 | 4.00"))["rows"]
    assert sorted(row["other"].values()) == ["2.00", "3.00", "4.00"]


# Columns to fields.


def fields(paths: list[list[str]], *declared: tuple[str, list[str]], year: int | None = None) -> list[str | None]:
    """Return the names of the fields that columns with these heading paths get."""
    properties = {name: {"x-headings": patterns} for name, patterns in declared}
    kind = kinds._built({"x-form": "table", "properties": {"rows": {"items": {"properties": properties}}}}, "t", year)
    return [field and field.name for field in kinds.columns(kind, tuple(map(tuple, paths)))]


def test_field_with_the_longer_path_wins() -> None:
    declared = ("total", ["合计"]), ("current", ["本年收入/合计"])
    assert fields([["本年收入", "合计"], ["合计"]], *declared) == ["current", "total"]


def test_of_equal_fits_the_first_field_takes_the_first_column() -> None:
    declared = ("one", ["金额"]), ("other", ["金额"])
    assert fields([["金额"], ["金额"], ["金额"]], *declared) == ["one", "other", None]


def test_segments_between_may_be_skipped_but_not_reordered() -> None:
    declared = (("current", ["本年收入/小计"]),)
    assert fields([["本年收入", "财政", "小计"]], *declared) == ["current"]
    assert fields([["小计", "本年收入"]], *declared) == [None]
    assert fields([["小计"]], *declared) == [None]


def test_last_segment_matches_the_whole_heading() -> None:
    assert fields([["合计数额"], ["总合计"], ["合计"]], ("total", ["合计"])) == [None, None, "total"]


def test_year_stands_for_the_budget_year_alone() -> None:
    declared = ("last", ["{last_year}年预算"]), ("this", ["{year}年预算"])
    columns = [["2023年预算"], ["2024年预算"]]
    assert fields(columns, *declared, year=2024) == ["last", "this"]
    assert fields(columns, *declared, year=2025) == [None, "last"]
    assert fields(columns, *declared) == [None, None]


def test_share_is_of_the_columns_with_a_heading(table: Table) -> None:
    head = header.read(table("科目编码 | 科目名称 | 绿化 | \n1 | 2 | 3 | 4"), CATALOG.lexicon)
    found = tables.mapped(CATALOG.kind("expenditure"), head)
    assert found.share == pytest.approx(2 / 3)
    assert tables.unmapped(head).share == 0.0
    assert rows.Mapped(replace(head, columns=()), (), ()).share == 0.0
