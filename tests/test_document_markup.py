from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from structurer import errors
from structurer.document import markup
from structurer.records import Grid, How, Line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Read = Callable[..., list[Line | Grid]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return the reader of a text: all its blocks."""

    def of(text: str, name: str = "a.html", encoding: str = "utf-8") -> list[Line | Grid]:
        (tmp_path / name).write_bytes(text.encode(encoding))
        (page,) = markup.pages(tmp_path / name)
        assert page.number is None
        return list(page.blocks)

    return of


def rows_of(block: Line | Grid) -> list[str]:
    """Return the rows of a grid: `<` continues the cell to the left, `^` the one above."""
    assert isinstance(block, Grid)
    assert block.basis in {"markup", "dump"}
    assert block.pages == (None,) * block.n_rows
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


def test_lines_of_html(read: Read) -> None:
    page = """<html><head><title>无</title><style>p {}</style></head><body><h1>第一部分 <b>概况</b></h1>
        <h4>深</h4><p>一、<span>职责</span><br>二、\n  机构&nbsp;</p><script>var a = "无";</script>尾
        <template>无</template><hr class="pagebreak">
        <div style="page-break-before: always">新<p>段</p>末</div><!-- 无 --><pre>甲</pre></body>"""
    assert [(line.text, line.size) for line in read(page) if isinstance(line, Line)] == [
        ("第一部分 概况", 18.0),
        *((text, 0.0) for text in ("深", "一、职责", "二、 机构", "尾", "新", "段", "末", "甲")),
    ]


def test_spans_and_groups(read: Read) -> None:
    caption, grid = read(
        "<table><caption>收支总表</caption><tfoot><tr><td>合计<td>3<td></tr></tfoot>"
        "<thead><tr><th rowspan=2>项目<th colspan=2>金额</tr><tr><th>基本<th>项目</tr></thead>"
        "<tbody><tr><td rowspan=9>甲<td>1<td>&nbsp;</tr><tr><td>2<br/>万<p>元</p></tr></tbody></table>"
    )
    assert caption == Line("收支总表", None)
    assert rows_of(grid) == ["项目 金额 <", "^ 基本 项目", "甲 1 —", "^ 2\n万\n元 —", "合计 3 —"]


def test_nested_table_comes_after_its_outer_table(read: Read) -> None:
    outer, inner, after = read("<table><tr><td>外<table><tr><td>内</td></tr></table>后</td><td>乙</td></tr></table>末")
    assert rows_of(outer) == ["外\n后 乙"]
    assert rows_of(inner) == ["内"]
    assert after == Line("末", None)


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ("colspan=99999999 rowspan=99999999", ["甲 <", "^ ^"]),
        ("colspan=0 rowspan=0", ["甲 —", "乙 丙"]),
        ("colspan=-2 rowspan=-1", ["甲 —", "乙 丙"]),
        ("colspan=two rowspan='1.5'", ["甲 —", "乙 丙"]),
    ],
)
def test_nonsense_of_a_span(read: Read, spans: str, expected: list[str]) -> None:
    cells = "" if "9" in spans else "<td>乙<td>丙"
    rows = rows_of(read(f"<table><tr><td {spans}>甲</tr><tr>{cells}</tr></table>")[0])
    assert rows == (["甲", "^"] if "9" in spans else expected)


def test_a_cell_stops_where_one_from_above_reaches_down(read: Read) -> None:
    (grid,) = read("<table><tr><td>a<td rowspan=2>b<td>c</tr><tr><td colspan=3>d<td>e</tr></table>")
    assert rows_of(grid) == ["a b c", "d ^ e"]


@given(
    st.lists(st.lists(st.tuples(st.integers(-1, 5), st.integers(-1, 5)), max_size=5), min_size=1, max_size=6),
    st.integers(0, 5),
)
def test_any_spans_give_a_tiling(rows: list[list[tuple[int, int]]], cut: int) -> None:
    marked = ["".join(f"<td rowspan={r} colspan={c}>x" for r, c in row) for row in rows]
    body = "".join("<tbody>" * (index == cut) + f"<tr>{row}</tr>" for index, row in enumerate(marked))
    grids = [block for block in markup._html_blocks(f"<table>{body}</table>") if isinstance(block, Grid)]
    assert bool(grids) == any(rows)
    for grid in grids:
        assert_tiling(grid)
        assert sum(cell.text == "x" for cell in grid.cells) == sum(map(len, rows))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("<meta charset='gb2312'><p>收入·镕</p>", "gb18030"),
        ("<meta http-equiv='Content-Type' content='text/html; charset=gbk'><p>收入·镕</p>", "gbk"),
        ("<meta charset='utf-8'><p>收入·镕</p>", "gb18030"),
        ("<p>收入·镕</p>", "gb18030"),
        ("<p>收入·镕</p>", "utf-8-sig"),
        ("<meta charset='x-unknown'><p>收入·镕</p>", "utf-8"),
        ("<?xml version='1.0' encoding='utf-8'?><p>收入·镕</p>", "utf-16"),
    ],
)
def test_encodings(read: Read, text: str, encoding: str) -> None:
    assert read(text, encoding=encoding) == [Line("收入·镕", None)]


def test_markdown(read: Read) -> None:
    text = r"""# 第一部分 ##
### **一、职责**
- 1、明确目标

| 项目 | 金额 |
|:-----|-----:|
| a\|b | **1.00** |
| 乙<br>丙 |

---
注：无
```
# 不是标题
```
<table><tr><th colspan="2">收入</th></tr>
<tr><td>甲</td><td>2</td></tr></table>
<center>末</center>
"""
    first, second, item, grid, note, code, table, last = read(text, "a.md")
    assert [first, second] == [Line("第一部分", None, size=18.0), Line("一、职责", None, size=14.0)]
    assert [item, note, code, last] == [Line(each, None) for each in ("1、明确目标", "注：无", "# 不是标题", "末")]
    assert rows_of(grid) == ["项目 金额", "a|b 1.00", "乙\n丙 —"]
    assert rows_of(table) == ["收入 <", "甲 2"]


def test_rows_between_bars_need_no_alignment_row(read: Read) -> None:
    (grid,) = read("| 甲 | 1 |\n| 乙 | 2 |\n", "a.markdown")
    assert rows_of(grid) == ["甲 1", "乙 2"]
    assert read("甲 | 乙\n", "a.md") == [Line("甲 | 乙", None)]


def test_text_is_only_text(read: Read) -> None:
    assert read("<p>{{7*6}} %s $x</p>") == [Line("{{7*6}} %s $x", None)]
    assert read("{{7*6}} ${x}", "a.md") == [Line("{{7*6}} ${x}", None)]


@pytest.mark.parametrize("text", ["", " ", "<!-- -->", "<script>x</script>"])
def test_nothing_printed_is_a_blank_page(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.html").write_text(text, encoding="utf-8")
    assert [page.how for page in markup.pages(tmp_path / "a.html")] == [How.BLANK]


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(b"PK\3\4\0\0")
    with pytest.raises(errors.DocumentError, match="NUL"):
        list(markup.pages(tmp_path / "a.html"))


def test_a_table_of_millions_is_refused(tmp_path: Path) -> None:
    rows = "<tr><td></tr>" * 30_000
    (tmp_path / "a.html").write_text(f"<table><tr>{'<td>' * 100}</tr>{rows}</table>", encoding="utf-8")
    with pytest.raises(errors.DocumentError, match="more than 2000000 cells"):
        list(markup.pages(tmp_path / "a.html"))


def test_merged_headings_of_markdown_are_inferred(read: Read) -> None:
    text = """| 收入 |  | 支出 |  |
|---|---|---|---|
| 项目 | 金额 | 项目 | 金额 |
| 甲 | 1.00 |  | 2.00 |
"""
    (grid,) = read(text, "a.md")
    assert rows_of(grid) == ["收入 < 支出 <", "项目 金额 项目 金额", "甲 1.00 — 2.00"]
