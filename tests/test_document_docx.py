from __future__ import annotations

import io
import json
import re
import zipfile
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from structurer import errors
from structurer.document import docx, docx_body, docx_flow
from structurer.records import Grid, How, Line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
SECTION = (
    "<w:sectPr>{}<w:pgSz w:w='4000' w:h='{}'/><w:pgMar w:top='200' w:bottom='200' w:left='0' w:right='0'/></w:sectPr>"
)


def packed(body: str, name: str = "word/document.xml") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        mc = "http://schemas.openxmlformats.org/markup-compatibility/2006"
        archive.writestr(name, f'<w:document xmlns:w="{W}" xmlns:mc="{mc}"><w:body>{body}</w:body></w:document>')
    return buffer.getvalue()


def p(text: str = "", properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def tc(text: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{p(text)}</w:tc>"


def tr(*cells: str, properties: str = "") -> str:
    return f"<w:tr><w:trPr>{properties}</w:trPr>{''.join(cells)}</w:tr>"


def tbl(*rows: str) -> str:
    return f"<w:tbl>{''.join(rows)}</w:tbl>"


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str], list[tuple[int | None, str | Grid]]]:
    """Return the reader of a body: every block with the page it is on."""

    def of(body: str) -> list[tuple[int | None, str | Grid]]:
        path = tmp_path / "a.docx"
        path.write_bytes(packed(body))
        return [
            (page.number, block.text if isinstance(block, Line) else block)
            for page in docx.pages(path)
            for block in page.blocks
        ]

    return of


def rows_of(grid: Grid) -> list[list[str]]:
    """Return the grid in the notation of the tests: `<` continues the cell to the left, `^` the one above."""
    slots = [[""] * grid.n_columns for _ in range(grid.n_rows)]
    for cell in grid.cells:
        for row in range(cell.row, cell.row + cell.rowspan):
            for column in range(cell.column, cell.column + cell.colspan):
                slots[row][column] = "^" if row > cell.row else "<" if column > cell.column else cell.text
    return slots


def assert_tiling(grid: Grid) -> None:
    covered = Counter(
        (row, column)
        for cell in grid.cells
        for row in range(cell.row, cell.row + cell.rowspan)
        for column in range(cell.column, cell.column + cell.colspan)
    )
    assert covered == Counter((row, column) for row in range(grid.n_rows) for column in range(grid.n_columns))
    assert len(grid.pages) == grid.n_rows


def test_printed_text_of_a_paragraph(read: Callable[[str], list[tuple[int | None, str]]]) -> None:
    body = (
        "<w:p><w:r><w:rPr><w:sz w:val='32'/></w:rPr><w:t>单位：</w:t><w:tab/></w:r>"
        "<w:hyperlink><w:r><w:t>公安</w:t></w:r></w:hyperlink><w:ins><w:r><w:t>局</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>无</w:delText><w:t>无</w:t></w:r></w:del><w:smartTag><w:r><w:t>4</w:t></w:r></w:smartTag>"
        "<w:r><w:rPr><w:vanish/></w:rPr><w:t>隐</w:t></w:r><w:r><w:instrText>PAGE</w:instrText></w:r>"
        "<w:sdt><w:sdtPr><w:text/></w:sdtPr><w:sdtContent><w:r><w:t>年</w:t></w:r></w:sdtContent></w:sdt></w:p>"
    )
    assert read(body + "<w:p/>" + p(" ")) == [(1, "单位：\t公安局4年")]


def test_size_is_that_of_the_first_run(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(
        packed("<w:p><w:r><w:rPr><w:sz w:val='32'/></w:rPr><w:t>题</w:t></w:r></w:p>" + p("文"))
    )
    (page,) = docx.pages(tmp_path / "a.docx")
    assert page.blocks == (Line("题", 1, size=16.0), Line("文", 1))


def test_text_box_is_read_once(read: Callable[[str], list[tuple[int | None, str]]]) -> None:
    box = f"<w:txbxContent>{p('框内')}</w:txbxContent>"
    body = f"<w:p><w:r><w:t>外</w:t><mc:AlternateContent><mc:Choice><w:drawing>{box}</w:drawing></mc:Choice>"
    body += f"<mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
    assert read(body) == [(1, "框内"), (1, "外")]


def test_merged_cells(read: Callable[[str], list[tuple[int | None, Grid]]]) -> None:
    down, on = "<w:vMerge w:val='restart'/>", "<w:vMerge/>"
    body = tbl(
        tr(tc("收入", "<w:gridSpan w:val='2'/>"), tc("合计", down)),
        tr(tc("项目"), tc("金额"), tc("", on)),
        tr(tc("甲"), tc("1.00"), properties="<w:gridBefore w:val='1'/>"),
    )
    ((_, grid),) = read(body)
    assert rows_of(grid) == [["收入", "<", "合计"], ["项目", "金额", "^"], ["", "甲", "1.00"]]
    assert grid.basis == "markup"
    assert_tiling(grid)


def test_nested_table_comes_after_its_outer_table(read: Callable[[str], list[tuple[int | None, Grid]]]) -> None:
    cell = f"<w:tc>{p('外')}{tbl(tr(tc('内'), tc('2')))}{p('后')}</w:tc>"
    (_, outer), (_, inner) = read(tbl(tr(cell, tc("乙"))))
    assert rows_of(outer) == [["外\n后", "乙"]]
    assert rows_of(inner) == [["内", "2"]]


def test_row_that_was_deleted_is_not_there(read: Callable[[str], list[tuple[int | None, Grid]]]) -> None:
    ((_, grid),) = read(tbl(tr(tc("甲")), tr(tc("乙"), properties="<w:del/>")))
    assert rows_of(grid) == [["甲"]]


BREAK = "<w:p><w:r><w:br w:type='page'/></w:r></w:p>"
TURNED = "<w:pageBreakBefore/>"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (p("甲") + p("乙"), [(1, "甲"), (1, "乙")]),
        (p("甲") + BREAK + p("乙"), [(1, "甲"), (2, "乙")]),
        (p("甲") + BREAK + p("乙", TURNED), [(1, "甲"), (2, "乙")]),
        (p("甲", TURNED) + p("乙", TURNED), [(1, "甲"), (2, "乙")]),
        (p("甲", TURNED) + p("乙", "<w:pageBreakBefore w:val='0'/>"), [(1, "甲"), (1, "乙")]),
        (p("甲", SECTION.format("", 9999)) + p("乙", TURNED), [(1, "甲"), (2, "乙")]),
        (
            p("甲", SECTION.format("", 9999)) + p("乙") + SECTION.format("<w:type w:val='continuous'/>", 9999),
            [(1, "甲"), (1, "乙")],
        ),
        (p("甲") + BREAK + "<w:p><w:r><w:lastRenderedPageBreak/><w:t>乙</w:t></w:r></w:p>", [(1, "甲"), (2, "乙")]),
        (
            "<w:p><w:r><w:t>甲</w:t><w:lastRenderedPageBreak/><w:t>乙</w:t></w:r></w:p>" + p("丙"),
            [(1, "甲乙"), (2, "丙")],
        ),
        ("<w:p><w:r><w:t>甲</w:t><w:br w:type='page'/><w:t>乙</w:t></w:r></w:p>", [(1, "甲"), (2, "乙")]),
    ],
)
def test_page_numbers(
    read: Callable[[str], list[tuple[int | None, str]]], body: str, expected: list[tuple[int, str]]
) -> None:
    assert read(body) == expected


def test_break_inside_a_table(read: Callable[[str], list[tuple[int | None, str | Grid]]]) -> None:
    rendered = "<w:tc><w:p><w:r><w:lastRenderedPageBreak/><w:t>{}</w:t></w:r></w:p></w:tc>"
    split = "<w:tc><w:p><w:r><w:t>丙</w:t><w:lastRenderedPageBreak/><w:t>丙</w:t></w:r></w:p></w:tc>"
    body = tbl(tr(tc("甲"), tc("1")), tr(rendered.format("乙"), tc("2")), tr(split, split), tr(tc("丁"), tc("4")))
    (number, grid), (after, _) = read(body + p("末"))
    assert isinstance(grid, Grid)
    assert (number, grid.pages, after) == (1, (1, 2, 2, 3), 3)
    assert [cell.parts[0].page for cell in grid.cells if cell.column == 0] == [1, 2, 2, 3]


def test_page_without_anything_is_blank_but_not_one_a_table_reaches(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(packed(p("甲") + BREAK + BREAK + p("乙")))
    assert [page.how for page in docx.pages(tmp_path / "a.docx")] == [How.MARKUP, How.BLANK, How.MARKUP]
    rendered = "<w:tc><w:p><w:r><w:lastRenderedPageBreak/><w:t>乙</w:t></w:r></w:p></w:tc>"
    (tmp_path / "a.docx").write_bytes(packed(tbl(tr(tc("甲")), tr(rendered))))
    assert [page.how for page in docx.pages(tmp_path / "a.docx")] == [How.MARKUP, How.MARKUP]


def test_flow_between_breaks_is_estimated(read: Callable[[str], list[tuple[int | None, str | Grid]]]) -> None:
    """The page has room for 5 lines of 20 points; the header row is set anew on each page."""
    exact = "<w:trHeight w:val='400' w:hRule='exact'/>"
    rows = [tr(tc(str(index)), properties=exact + "<w:tblHeader/>" * (index == 0)) for index in range(8)]
    ((_, grid),) = read(tbl(*rows) + SECTION.format("", 2400).replace("<w:pgMar", "<w:pgSz/><w:pgMar", 1))
    assert isinstance(grid, Grid)
    assert grid.pages == (1, 1, 1, 1, 1, 2, 2, 2)
    line = "<w:spacing w:line='400' w:lineRule='exact'/>"
    paragraphs = [p(str(index), line) for index in range(7)]
    pages = [page for page, _ in read("".join(paragraphs) + p("末", TURNED) + SECTION.format("", 2400))]
    assert pages == [1, 1, 1, 1, 1, 2, 2, 3]


def test_lines_are_wrapped_by_the_widths_of_characters() -> None:
    style = docx_flow.Style(size=10.0, line=20.0, rule="exact")
    assert docx_flow.wrap("一二三四五六七八九十", 100.0, style).lines == 1
    assert docx_flow.wrap("一二三四五六七八九十甲", 100.0, style).lines == 2
    assert docx_flow.wrap("一二三四五六七八九1234.56", 100.0, style).lines == 2
    assert docx_flow.wrap("", 100.0, style).height == 20.0


@given(
    st.lists(
        st.lists(st.tuples(st.integers(-2, 4), st.sampled_from(["", "restart", "continue"])), max_size=5),
        max_size=6,
    )
)
def test_any_spans_give_a_tiling(rows: list[list[tuple[int, str]]]) -> None:
    merges = {"": "", "restart": "<w:vMerge w:val='restart'/>", "continue": "<w:vMerge/>"}
    body = tbl(*(tr(*(tc("x", f"<w:gridSpan w:val='{n}'/>{merges[merge]}") for n, merge in row)) for row in rows))
    stream = io.BytesIO(f'<w:body xmlns:w="{W}">{body}</w:body>'.encode())
    (item,) = docx_body.items(stream, docx_flow.Style())
    assert isinstance(item, docx_body.Table)
    grid = docx._grid(item, [1] * len(item.rows))
    assert (grid is None) == (not any(rows))
    if grid:
        assert_tiling(grid)


@pytest.mark.parametrize("span", ["99999999", "0", "-3", "many", ""])
def test_nonsense_of_a_span_is_one_or_what_there_is(
    read: Callable[[str], list[tuple[int | None, Grid]]], span: str
) -> None:
    ((_, grid),) = read(tbl(tr(tc("甲", f"<w:gridSpan w:val='{span}'/>")), tr(tc("乙"), tc("丙"))))
    assert rows_of(grid) == [["甲", "<" if span == "99999999" else ""], ["乙", "丙"]]


def test_foreign_namespaces_are_looked_through(read: Callable[[str], list[tuple[int | None, str]]]) -> None:
    assert read('<w:p><x:r xmlns:x="urn:x"><x:rPr x:val="1"/><x:br/><w:r><w:t>甲</w:t></w:r></x:r></w:p>') == [
        (1, "甲")
    ]


def test_a_row_cannot_be_higher_than_a_word_processor_makes_it(
    read: Callable[[str], list[tuple[int | None, Grid]]],
) -> None:
    high = "<w:trHeight w:val='999999999'/>"
    (*_, (number, _)) = read(tbl(tr(tc("甲"), properties=high)) + p("末", TURNED) + SECTION.format("", 1200))
    assert number is not None
    assert number < 50


def test_entities_are_not_resolved(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    doctype = f'<!DOCTYPE d [<!ENTITY e SYSTEM "file://{tmp_path / "secret"}"><!ENTITY f "ff">]>'
    xml = f'{doctype}<w:document xmlns:w="{W}"><w:body><w:p><w:r><w:t>&e;&f;甲</w:t></w:r></w:p></w:body></w:document>'
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as archive:
        archive.writestr("word/document.xml", xml)
    assert not any("secret" in str(page) or "ff" in str(page.blocks) for page in docx.pages(tmp_path / "a.docx"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"hello", "no intact DOCX"),
        (bytes.fromhex("D0CF11E0A1B11AE1") + b"x" * 99, "encrypted"),
        (packed(p("x") * 999)[:-200], "no intact DOCX"),
        (packed("", "xl/workbook.xml"), "holds no word/document.xml"),
        (packed("<w:p>"), "XML inside is broken"),
        (packed(tbl(tr(*[tc("")] * 16_400))), "more than 16384 columns"),
        (packed("<w:tbl><w:tr><w:tc>" * 120 + "<w:p/>" + "</w:tc></w:tr></w:tbl>" * 120), "tables inside tables"),
    ],
)
def test_bad_file_says_what_it_is(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(data)
    with pytest.raises(errors.DocumentError, match=re.escape(reason)) as caught:
        list(docx.pages(path))
    assert "\n" not in str(caught.value)


def test_zip_bomb_is_refused_by_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docx, "_MOST_BYTES", 10_000)
    (tmp_path / "a.docx").write_bytes(packed(p("0" * 20_000)))
    with pytest.raises(errors.DocumentError, match="the file is refused"):
        list(docx.pages(tmp_path / "a.docx"))


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["anyang-2024", "jiyuan-2021", "lvliang-2024", "quyang-2024", "shijiazhuang-2024"])
def test_pages_of_whole_disclosures(disclosures: Path, name: str) -> None:
    truth = json.loads((disclosures / f"{name}.truth.json").read_text(encoding="utf-8"))
    bare = re.compile(r"\s+")
    want = Counter(
        (bare.sub("", cell["text"]), cell["page"])
        for t in truth["tables"]
        for cell in t["cells"]
        if cell["text"].strip()
    )
    got = Counter(
        (bare.sub("", cell.text), cell.parts[0].page)
        for page in docx.pages(disclosures / f"{name}.docx")
        for block in page.blocks
        if isinstance(block, Grid)
        for cell in block.cells
        if cell.parts
    )
    assert (want & got).total() >= 0.99 * want.total()
