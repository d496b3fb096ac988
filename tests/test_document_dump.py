from __future__ import annotations

import json
import re
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from structurer import errors
from structurer.document import dump, dump_rows
from structurer.records import Grid, How, Line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Read = Callable[[str], list[Line | Grid]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return the reader of a dump: all its blocks; `⇥` stands for a tab."""

    def of(text: str) -> list[Line | Grid]:
        path = tmp_path / "a.txt"
        path.write_text(text.replace("⇥", "\t"), encoding="utf-8")
        return [block for page in dump.pages(path) for block in page.blocks]

    return of


def rows_of(block: Line | Grid) -> list[str]:
    """Return the rows of a grid: `<` continues the cell to the left, `^` the one above."""
    assert isinstance(block, Grid)
    slots = [[""] * block.n_columns for _ in range(block.n_rows)]
    for cell in block.cells:
        for row in range(cell.row, cell.row + cell.rowspan):
            for column in range(cell.column, cell.column + cell.colspan):
                slots[row][column] = "^" if row > cell.row else "<" if column > cell.column else cell.text or "—"
    return [" ".join(row) for row in slots]


def assert_tiling(grid: Grid) -> None:
    covered = Counter(
        (row, column)
        for cell in grid.cells
        for row in range(cell.row, cell.row + cell.rowspan)
        for column in range(cell.column, cell.column + cell.colspan)
    )
    assert covered == Counter((row, column) for row in range(grid.n_rows) for column in range(grid.n_columns))
    assert len(grid.pages) == grid.n_rows


def test_rows_between_lines(read: Read) -> None:
    title, unit, grid, note = read(
        "## 收支表\n\n单位：万元\n\n收入⇥⇥支出⇥\n项目⇥金额⇥项目⇥金额\n甲⇥1⇥乙⇥\n⇥⇥丙⇥2\n\n备注：无\n"
    )
    assert title == Line("收支表", None, size=16.0)
    assert unit == Line("单位：万元", None)
    assert rows_of(grid) == ["收入 < 支出 <", "项目 金额 项目 金额", "甲 1 乙 —", "— — 丙 2"]
    assert note == Line("备注：无", None)


def test_header_of_three_rows(read: Read) -> None:
    (grid,) = read("代码⇥总计⇥本年⇥⇥⇥上年\n⇥⇥合计⇥预算⇥⇥\n⇥⇥⇥小计⇥其中⇥\n204⇥4⇥3⇥2⇥1⇥1\n⇥⇥⇥⇥⇥")
    assert rows_of(grid) == [
        "代码 总计 本年 < < 上年",
        "^ ^ 合计 预算 < ^",
        "^ ^ ^ 小计 其中 ^",
        "204 4 3 2 1 1",
        "— — — — — —",
    ]


def test_a_guide_row_and_what_is_below_is_never_merged(read: Read) -> None:
    (grid,) = read("序号⇥科目⇥⇥合计\n⇥编码⇥名称⇥\n栏次⇥1⇥2⇥3\n⇥⇥合计⇥1.0\n甲⇥⇥⇥\n")
    assert rows_of(grid) == ["序号 科目 < 合计", "^ 编码 名称 ^", "栏次 1 2 3", "— — 合计 1.0", "甲 — — —"]


def test_a_table_without_figures_ends_its_header_where_all_columns_have_a_name(read: Read) -> None:
    (grid,) = read("支出⇥预算数⇥⇥\n⇥合计⇥人员⇥公用\n合计⇥⇥⇥\n甲⇥⇥⇥\n")
    assert rows_of(grid) == ["支出 预算数 < <", "^ 合计 人员 公用", "合计 — — —", "甲 — — —"]


def test_a_card_is_not_merged(read: Read) -> None:
    (grid,) = read("编码⇥A1⇥⇥名称\n规模⇥预算数⇥200.00⇥其中\n⇥用于更新设备。⇥⇥\n")
    assert rows_of(grid) == ["编码 A1 — 名称", "规模 预算数 200.00 其中", "— 用于更新设备。 — —"]


def test_ragged_rows_are_padded(read: Read) -> None:
    (grid,) = read("甲⇥1\n乙⇥2⇥3\n")
    assert rows_of(grid) == ["甲 1 —", "乙 2 3"]


def test_contents_are_lines(read: Read) -> None:
    assert [
        block.text for block in read("收支总表.....⇥1\n2024年收入总表⇥3\n支出总表⇥3\n") if isinstance(block, Line)
    ] == [
        "收支总表.....\t1",
        "2024年收入总表\t3",
        "支出总表\t3",
    ]
    assert isinstance(read("房屋⇥5034\n车辆⇥20\n")[0], Grid)
    assert isinstance(read("甲⇥3\n乙⇥1\n")[0], Grid)
    assert isinstance(read("甲⇥1.5⇥3\n乙⇥2.5⇥4\n")[0], Grid)


def test_labels_in_one_row_are_a_line(read: Read) -> None:
    assert read("部门：公安局⇥单位：万元\n") == [Line("部门：公安局\t单位：万元", None)]


def test_a_unit_below_its_label_is_one_line(read: Read) -> None:
    assert read("单位：\n万元\n\n部门职责：\n（一）指导全市道路交通管理工作\n") == [
        Line("单位：万元", None),
        Line("部门职责：", None),
        Line("（一）指导全市道路交通管理工作", None),
    ]


def test_a_heading_that_changed_places_with_the_one_below_is_put_back(read: Read) -> None:
    (grid,) = read("合计⇥本年收入⇥⇥⇥上年结转⇥\n⇥小计⇥拨款⇥事业⇥⇥其他收入\n6⇥1⇥2⇥⇥⇥3\n")
    assert rows_of(grid) == ["合计 本年收入 < < < 上年结转", "^ 小计 拨款 事业 其他收入 ^", "6 1 2 — — 3"]


def test_headings_over_the_wrong_columns_are_one_that_names_none(read: Read) -> None:
    (grid,) = read("收入⇥⇥⇥支出⇥\n项目⇥金额⇥项目⇥金额⇥小计\n甲⇥一⇥1.0⇥二⇥2.0\n")
    assert rows_of(grid) == ["收入 支出 金额 项目 金额 小计 < < <", "项目 ^ ^ ^ ^", "甲 一 1.0 二 2.0"]
    (grid,) = read("科目⇥⇥单位⇥支出⇥⇥⇥项目⇥\n⇥⇥⇥小计⇥人员⇥⇥甲⇥乙\n类⇥款⇥工资⇥补助⇥⇥⇥⇥\n204⇥1⇥一⇥1⇥2⇥3⇥4⇥5\n")
    assert rows_of(grid)[0] == "科目 < 单位 支出 人员 工资 补助 < 项目 <"


def test_a_row_that_lost_a_tab_before_pairs_of_columns(read: Read) -> None:
    (grid,) = read(
        "项目⇥总额⇥其他⇥成本⇥⇥产出⇥⇥效益⇥\n⇥⇥⇥指标⇥值⇥指标⇥值⇥指标⇥值\n"
        "甲⇥900⇥价格⇥≤7元⇥数量⇥≥1套⇥⇥⇥\n乙⇥800⇥⇥⇥⇥数量⇥≥2套⇥满意⇥≥90%\n⇥发放率⇥100%⇥⇥⇥⇥⇥⇥\n"
    )
    assert rows_of(grid)[2:] == [
        "甲 900 — 价格 ≤7元 数量 ≥1套 — —",
        "乙 800 — — — 数量 ≥2套 满意 ≥90%",
        "— 发放率 100% — — — — — — —",
    ]


def test_headings_over_one_run_of_columns_share_it(read: Read) -> None:
    (grid,) = read("⇥序号\n⇥科目\n⇥支出\n\n⇥\n⇥编码\n⇥名称\n⇥合计\n\n⇥1\n⇥301\n⇥工资\n⇥2.0\n")
    assert rows_of(grid) == ["序号 科目 支出 < <", "^ 编码 名称 合计", "1 301 工资 2.0"]


def test_marks_of_markdown_and_debris_are_stripped(read: Read) -> None:
    text = "# 一\n### **(四) 国有资产。**\n#### 深\n- 1、明确目标\n**附件：**\n[bookmark: _Toc_2_2_1]二、情况\n-3\n"
    text += "** 2 - 3\n"
    assert [(block.text, block.size) for block in read(text) if isinstance(block, Line)] == [
        ("一", 18.0),
        ("(四) 国有资产。", 14.0),
        ("深", 0.0),
        ("1、明确目标", 0.0),
        ("附件：", 0.0),
        ("二、情况", 0.0),
        ("-3", 0.0),
        ("** 2 - 3", 0.0),
    ]


STACK = """ [bookmark: _Toc_2_1]部门预算收支总表
⇥451曲阳县公安局
⇥预算年度：2024
⇥单位：万元

⇥序号
⇥收入
⇥支出

⇥
⇥项  目
⇥预算数
⇥项  目
⇥预算数

⇥栏次
⇥1
⇥2
⇥3
⇥4

⇥1
⇥拨款
⇥1573.23
⇥国防支出
⇥
 1
[bookmark: _Toc_2_2]部门预算支出总表
⇥单位：万元

⇥甲
⇥乙



⇥丙
⇥丁

注：空表列示。
"""


def test_a_cell_a_line(read: Read) -> None:
    blocks = read(STACK)
    assert [block.text for block in blocks if isinstance(block, Line)] == [
        *("部门预算收支总表", "451曲阳县公安局", "预算年度：2024", "单位：万元", "1", "部门预算支出总表", "单位：万元"),
        "注：空表列示。",
    ]
    first, second, third = (block for block in blocks if isinstance(block, Grid))
    assert rows_of(first) == [
        "序号 收入 < 支出 <",
        "^ 项  目 预算数 项  目 预算数",
        "栏次 1 2 3 4",
        "1 拨款 1573.23 国防支出 —",
    ]
    assert rows_of(second) == ["甲 乙"]
    assert rows_of(third) == ["丙 丁"]


def test_a_cell_a_line_goes_on_in_the_next_line(read: Read) -> None:
    (grid,) = read("⇥编码\n⇥A1\n\n⇥\n⇥网络租赁费62.2万元：\n我单位签订合同。\n\n⇥计划\n⇥3月底\n")
    assert rows_of(grid) == ["编码 A1", "— 网络租赁费62.2万元：\n我单位签订合同。", "计划 3月底"]


def test_a_page_number_never_joins_a_figure(read: Read) -> None:
    grid, line, *_ = read("⇥合计\n⇥1573.23\n 1\n\n⇥甲\n⇥乙\n")
    assert rows_of(grid) == ["合计 1573.23"]
    assert line == Line("1", None)


def test_first_row_below_its_title_is_no_head_line(read: Read) -> None:
    title, grid = read("机构设置情况\n⇥单位名称\n⇥单位性质\n\n⇥本级\n⇥行政\n")
    assert title == Line("机构设置情况", None)
    assert rows_of(grid) == ["单位名称 单位性质", "本级 行政"]


def test_form_feeds_number_the_pages(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("甲\t1\n\f乙\t2.00\n\f\f丙\n", encoding="utf-8-sig")
    pages = list(dump.pages(tmp_path / "a.txt"))
    assert [(page.number, page.how, len(page.blocks)) for page in pages] == [
        (1, How.MARKUP, 1),
        (2, How.MARKUP, 1),
        (3, How.BLANK, 0),
        (4, How.MARKUP, 1),
    ]
    grid = pages[1].blocks[0]
    assert isinstance(grid, Grid)
    assert grid.pages == (2,)
    assert {part.page for cell in grid.cells for part in cell.parts} == {2}


def test_pages_have_no_number_without_form_feeds(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("甲\t1\n", encoding="utf-8")
    (page,) = dump.pages(tmp_path / "a.txt")
    assert (page.number, page.width, page.height) == (None, 0, 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes("收入\t金额\r\n甲\t1.00\r\n".encode(encoding))
    (page,) = dump.pages(tmp_path / "a.txt")
    assert rows_of(page.blocks[0]) == ["收入 金额", "甲 1.00"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"\0" * 5000, "NUL"), (b"a" * 5_000_000, "line of more than"), (b"\xff\xff\xff\n", "neither in UTF-8 nor")],
)
def test_what_is_no_text_is_refused_at_once(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "a.txt").write_bytes(data)
    started = time.perf_counter()
    with pytest.raises(errors.DocumentError, match=re.escape(reason)):
        list(dump.pages(tmp_path / "a.txt"))
    assert time.perf_counter() - started < 1


@given(
    st.lists(
        st.lists(st.sampled_from(["", "", "项目", "金额", "1.00"]), min_size=2, max_size=6), min_size=1, max_size=7
    )
)
def test_any_rows_give_a_tiling_that_keeps_every_text(rows: list[list[str]]) -> None:
    for made in (rows, dump_rows.spread(rows)):
        grid = dump_rows.grid(made, None, "a.txt")
        assert_tiling(grid)
        kept = Counter("".join(cell.text for cell in grid.cells).replace(" ", ""))
        assert kept == Counter("".join(text for row in rows for text in row))


@given(st.text(alphabet="\t\n\f 一1.#-*[：", max_size=60))
def test_any_text_is_read(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.txt"
    path.write_text(text, encoding="utf-8")
    blocks = [block for page in dump.pages(path) for block in page.blocks]
    kept = "".join(block.text if isinstance(block, Line) else "".join(c.text for c in block.cells) for block in blocks)
    assert kept.count("一") == text.count("一")
    for block in blocks:
        if isinstance(block, Grid):
            assert_tiling(block)


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["anyang-2024", "jiyuan-2021", "lvliang-2024", "quyang-2024", "shijiazhuang-2024"])
def test_cells_of_whole_dumps(disclosures: Path, name: str) -> None:
    truth = json.loads((disclosures / f"{name}.truth.json").read_text(encoding="utf-8"))
    want = Counter(re.sub(r"\s+", "", cell["text"]) for t in truth["tables"] for cell in t["cells"])
    blocks = [block for page in dump.pages(disclosures / f"{name}.txt") for block in page.blocks]
    texts = [c.text for block in blocks if isinstance(block, Grid) for c in block.cells]
    # Headings in doubt are one cell, with a space between them.
    pieces = Counter(piece for text in texts for piece in text.split())
    got = Counter(re.sub(r"\s+", "", text) for text in texts) | pieces
    del want[""]
    assert (want & got).total() >= 0.99 * want.total()
