"""The document cut into questions: cover, contents, passages, tables."""

from __future__ import annotations

import pytest
from conftest import text_to_grid

from structurer import catalog, chunks
from structurer.records import Chunk, Form, Line

LEXICON = catalog.load().lexicon
COVER = "石家庄市公安局交通管理局\n2024年部门预算信息公开"
CONTENTS = "目　　录\n一、部门职责……1\n二、机构设置……3\n三、名词解释……12"
PROSE = "一、部门职责\n负责全市道路交通管理工作，预算收入100万元。"
GLOSSARY = "名词解释\n一、财政拨款收入：是指财政部门当年拨付的资金。\n二、基本支出：指保障机构正常运转的支出。"


def passage(text: str, *pages: int) -> Chunk:
    return Chunk(
        Form.PASSAGE, pages or (1,), lines=tuple(Line(line, pages[0] if pages else 1) for line in text.splitlines())
    )


def table(page: int = 1) -> Chunk:
    return Chunk(Form.TABLE, (page,), text_to_grid("项目 | 金额\n公安 | 1.00", page))


def cut(*pieces: Chunk) -> list[Chunk]:
    return list(chunks.cut(pieces, LEXICON))


def forms(*pieces: Chunk) -> list[str]:
    return [chunk.form.value for chunk in cut(*pieces)]


def test_a_whole_document() -> None:
    pieces = passage(COVER, 1), passage(CONTENTS, 2), passage(PROSE, 3), table(4), passage(GLOSSARY, 5)
    assert forms(*pieces) == ["cover", "contents", "passage", "table", "passage"]


@pytest.mark.parametrize("text", [COVER, "部门预算"])
def test_cover_comes_first(text: str) -> None:
    assert forms(passage(text)) == ["cover"]
    assert forms(table(), passage(text, 2)) == ["table", "passage"]


@pytest.mark.parametrize("text", [PROSE, "职责" * 61])
def test_a_first_page_of_prose_or_much_text_is_no_cover(text: str) -> None:
    assert forms(passage(text)) == ["passage"]


@pytest.mark.parametrize(
    "text",
    [
        CONTENTS,
        "目录\n第一部分 部门概况\n一、主要职责\n第二部分 部门预算表",
        "2024年部门预算公开目录\n第一部分 概况\n第二部分 预算表",
        "一、部门职责.......1\n二、机构设置.......3",
        "一、部门职责\t1\n二、机构设置\t3",
        "一、部门职责 · · · · · · 1\n二、机构设置 · · · · · · 3",
    ],
)
def test_contents(text: str) -> None:
    assert forms(table(), passage(text, 2)) == ["table", "contents"]


def test_contents_go_on_over_the_page() -> None:
    pieces = passage(CONTENTS, 2), passage("第三部分 预算表\n四、绩效目标", 3), passage(PROSE, 4)
    assert forms(table(), *pieces) == ["table", "contents", "contents", "passage"]


def test_glossary_is_prose() -> None:
    assert forms(table(), passage(GLOSSARY, 2)) == ["table", "passage"]


def test_prose_over_pages_is_one_passage() -> None:
    first, second = passage(PROSE, 3), passage("并承担其他工作。", 4)
    (one,) = cut(first, second)[-1:]
    assert one.pages == (3, 4)
    assert one.lines == first.lines + second.lines
    assert len(cut(first, second)) == 1


def test_a_page_is_named_once() -> None:
    (one,) = cut(passage(PROSE, 3), passage("并承担其他工作。", 3))
    assert one.pages == (3,)


def test_a_table_parts_two_passages() -> None:
    assert forms(passage(PROSE, 3), table(3), passage(PROSE, 3)) == ["passage", "table", "passage"]


def test_a_table_is_handed_on_as_it_is() -> None:
    assert cut(table()) == [table()]


def test_nothing_gives_nothing() -> None:
    assert cut() == []
