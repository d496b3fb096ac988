"""The judge of `benchmarks/peers.py`: figures of a tool's tables beside the printed ones."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import peers, readers
from benchmarks import peers_judge as judge
from structurer import records
from structurer.golden import truth

if TYPE_CHECKING:
    from pathlib import Path

PRINTED = [
    ["科目", "合计", "基本", "项目"],
    ["教育", "12.50", "10.00", "2.50"],
    ["卫生", "7.00", "7.00", ""],
    ["合计", "19.50", "17.00", "2.50"],
]


def printed(rows: list[list[str]], others: Counter[Decimal] | None = None) -> judge.Print:
    figures = {
        (r, c): value
        for r, row in enumerate(rows)
        for c, text in enumerate(row)
        if (value := judge.number_in(text)) is not None
    }
    return judge.Print({0: figures}, others or Counter())


def judged(*tables: list[list[str | None]]) -> judge.Tally:
    return judge.judge(printed(PRINTED), tables)


def changed(row: int, column: int, text: str | None) -> list[list[str | None]]:
    """Return the printed table with another text in one cell."""
    table: list[list[str | None]] = [[*cells] for cells in PRINTED]
    table[row][column] = text
    return table


def test_all_right_in_a_grid_of_another_shape() -> None:
    table = [[None, "2024 年", *row[:1], None, *row[1:]] for row in PRINTED]
    table.insert(2, [None] * len(table[0]))
    table[3][4:] = ["7.00", "7.00", None]
    assert judged(table) == judge.Tally(printed=8, right=8, misplaced=0, read=8)


def test_a_wrong_digit() -> None:
    tally = judged(changed(1, 2, "10.90"))
    assert tally == judge.Tally(printed=8, right=7, misplaced=0, read=8)
    assert tally.lost == 1
    assert (tally.recall, tally.precision, tally.f1) == (Decimal("0.875"),) * 3


@pytest.mark.parametrize("text", ["12.50 一、教育", "12.50\n7.00", "", None])
def test_no_figure_of_its_own(text: str | None) -> None:
    tally = judged(changed(1, 1, text))
    assert tally == judge.Tally(printed=8, right=7, misplaced=0, read=7)
    assert tally.lost == 1


@pytest.mark.parametrize("text", ["１２．５０", "12.\n50", " 1 2.50 ", "12.5"])
def test_the_same_decimal_is_the_same_figure(text: str) -> None:
    assert judged(changed(1, 1, text)).right == 8


def test_in_the_wrong_column() -> None:
    table = changed(1, 3, "")
    table[1][1:] = ["2.50", "12.50", "10.00"]
    assert judged(table) == judge.Tally(printed=8, right=5, misplaced=3, read=8)


def test_in_the_wrong_row() -> None:
    table = changed(3, 1, "")
    table.insert(3, ["", "19.50", "", ""])
    assert judged(table) == judge.Tally(printed=8, right=7, misplaced=1, read=8)


def test_rows_in_another_order() -> None:
    assert judged([PRINTED[0], PRINTED[3], PRINTED[1], PRINTED[2]]).right == 5


def test_a_row_read_twice_counts_once() -> None:
    assert judged([*PRINTED, PRINTED[3]]) == judge.Tally(printed=8, right=8, misplaced=0, read=11)
    assert judged(PRINTED, [PRINTED[3]]) == judge.Tally(printed=8, right=8, misplaced=0, read=11)


def test_cut_below_a_row_it_is_right() -> None:
    assert judged([["", *row] for row in PRINTED[:2]], PRINTED[2:]).right == 8


def test_cut_beside_a_column_the_larger_part_is_right() -> None:
    tally = judged([row[:3] for row in PRINTED], [row[3:] for row in PRINTED])
    assert (tally.right, tally.misplaced, tally.lost) == (6, 2, 0)


def test_two_items_in_one_table() -> None:
    both = judge.Print({**printed(PRINTED).items, 1: {(0, 0): Decimal(3), (0, 1): Decimal(4)}})
    assert judge.judge(both, [[*PRINTED, ["3", "4", "", ""]]]).right == 10


def test_columns_that_shift_further_down_are_wrong_there() -> None:
    rows = [[str(10 * r + c) for c in range(3)] for r in range(6)]
    shifted = [*([*row, ""] for row in rows[:4]), *(["", *row] for row in rows[4:])]
    assert judge.judge(printed(rows), [shifted]) == judge.Tally(printed=18, right=12, misplaced=6, read=18)


def test_nothing_read_and_nothing_printed() -> None:
    assert judged() == judge.Tally(printed=8, right=0, misplaced=0, read=0)
    assert judged().f1 == 0
    assert judge.judge(judge.Print(), [PRINTED]) == judge.Tally(printed=0, right=0, misplaced=0, read=8)


def test_codes_count_for_nobody() -> None:
    others = Counter({Decimal(205): 1})
    coded = printed([["", *row[1:]] for row in PRINTED], others)
    assert judge.judge(coded, [changed(1, 0, "205")]).read == 8
    twice = changed(1, 0, "205")
    twice[2][0] = "205"
    assert judge.judge(coded, [twice]).read == 9


def cell(row: int, column: int, text: str, page: int) -> dict[str, object]:
    return {"r": row, "c": column, "rowspan": 1, "colspan": 1, "text": text, "page": page, "bbox": None}


TRUTH = {
    "tables": [
        {
            "kind": "table",
            "title": "支出表",
            "header_rows": 1,
            "cells": [
                *(cell(0, column, text, 1) for column, text in enumerate(["科目编码", "2024", "基本"])),
                *(cell(1, column, text, 1) for column, text in enumerate(["205", "12.50", "10.00"])),
                *(cell(2, column, text, 2) for column, text in enumerate(["210", "7.00", "7.00"])),
            ],
        }
    ]
}


def test_what_is_printed_by_page() -> None:
    one, two = judge.prints(TRUTH)[1], judge.prints(TRUTH)[2]
    assert one.items == {0: {(1, 1): Decimal("12.50"), (1, 2): Decimal("10.00")}}
    assert two.items == {0: {(2, 1): Decimal("7.00"), (2, 2): Decimal("7.00")}}
    assert one.others == Counter([Decimal(2024), Decimal(205)])


def test_a_heading_may_be_printed_again() -> None:
    table = [["科目编码", "2024", "基本"], ["210", "7.00", "7.00"]]
    assert judge.judge(judge.prints(TRUTH)[2], [table]) == judge.Tally(printed=2, right=2, misplaced=0, read=2)


@given(st.dictionaries(st.tuples(st.integers(0, 4), st.integers(0, 4)), st.integers(1, 5), max_size=8))
def test_lines_in_order_have_the_greatest_weight(weights: dict[tuple[int, int], int]) -> None:
    def crosses(one: tuple[int, int], other: tuple[int, int]) -> bool:
        return (one[0] - other[0]) * (one[1] - other[1]) <= 0

    found = judge.in_order(weights)
    assert not any(crosses(one, other) for one, other in combinations(found.items(), 2))
    best = max(
        sum(weights[pair] for pair in chosen)
        for count in range(len(weights) + 1)
        for chosen in combinations(weights, count)
        if not any(crosses(one, other) for one, other in combinations(chosen, 2))
    )
    assert sum(weights.get(pair, 0) for pair in found.items()) == best


def test_a_grid_over_two_pages() -> None:
    cells = [
        records.Cell(0, 0, 1, 1, (records.Part("教育", 1),)),
        records.Cell(0, 1, 1, 1, (records.Part("12.50", 1),)),
        records.Cell(1, 0, 1, 1, (records.Part("卫生", 1), records.Part("健康", 2))),
        records.Cell(1, 1, 1, 1, (records.Part("7.00", 2),)),
    ]
    grid = records.Grid(2, 2, tuple(cells), (1, 2))
    assert dict(readers.by_page(grid)) == {
        1: [["教育", "12.50"], ["卫生", None]],
        2: [[None, None], ["健康", "7.00"]],
    }


def test_our_layout_of_a_real_document(golden: Path) -> None:
    on_pages = judge.prints(truth(golden / "quyang-2024" / "truth.json"))
    read = dict(enumerate(readers.layout(golden / "quyang-2024" / "excerpt.pdf"), 1))
    tally = judge.total(judge.judge(on_pages[number], tables) for number, tables in read.items())
    assert tally.printed > 100
    assert tally == judge.Tally(tally.printed, tally.printed, 0, tally.printed)
    # Every second row from the right to the left.
    for tables in read.values():
        for table in tables:
            table[::2] = [row[::-1] for row in table[::2]]
    turned = judge.total(judge.judge(on_pages[number], tables) for number, tables in read.items())
    assert turned.right < 0.8 * tally.right
    assert (turned.right + turned.misplaced, turned.read) == (tally.right, tally.read)


def test_a_report_says_where_another_is_better(golden: Path) -> None:
    path = golden / "quyang-2024" / "excerpt.pdf"
    document = peers.Document("quyang-2024", path, truth(path.with_name("truth.json")), 8)

    def report(extracted: object, found: object) -> str:
        """Return what is told of `extract` in two seconds, and of another in one."""
        readings = {peers.OURS: [peers.Reading(2.0, 2048, extracted)], "pymupdf": [peers.Reading(1.0, 4096, found)]}
        return "\n".join(peers.report(peers.Race([document], [readings])))

    result, tables = readers.extraction(path), readers.layout(path)
    lacking = {**result, "tables": [], "cards": []}
    nothing = report(result, [[] for _ in tables])
    assert "| structurer, `extract` | 140 (100.00%) | 100.00% | 1.0000 | 0 | 0 |  |  | 1 | 1.00 |" in nothing
    assert "| PyMuPDF, `find_tables()` | 0 (0.00%) | 0.00% | 0.0000 | 0 | 140 | 0 | 6 | 2 | 2.00 |" in nothing
    assert "\n- PyMuPDF, `find_tables()`: is 2.0 times as fast.\n" in nothing
    assert "\n- PyMuPDF, `find_tables()`: has as many figures right, is 2.0 times as fast.\n" in report(result, tables)
    more = report(lacking, tables)
    assert "`find_tables()`: has more figures right, has more figures right on quyang-2024 p.1, quyang-2024 p.2" in more
