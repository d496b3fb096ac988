from __future__ import annotations

import random
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from structurer.golden import teds as room
from structurer.golden.teds import Cell, cell_f1, normalised, rates, teds

# The example of the authors' demo (ibm-aur-nlp/PubTabNet, src/demo.ipynb), with `<b>` and `</b>` as one character each,
# as their program counts them.
DEMO_READ = [
    ["\ue000Name of algori\ue001", "\ue000Notablefeatures\ue001"],
    ["MACS [23]", "Uses both a control library and local statistics to minimize bias"],
    ["SICER [15]", "Designed for detecting diffusely enriched regions; for example, histone modification"],
    ["PeakSEQ [24]", "Corrects for reference genome mappability and local statistics"],
    ["SISSRs [25]", "High resolution, precise identification of binding-site location"],
    ["F-seq [26]", "Uses kernel density estimation"],
]
DEMO_TRUTH = [
    ["\ue000Name of algorithm\ue001", "\ue000Notable features\ue001"],
    DEMO_READ[1],
    ["SICER [14]", DEMO_READ[2][1]],
    ["PeakSeq [24]", DEMO_READ[3][1]],
    *DEMO_READ[4:],
]
HEAD = [Cell(0, 0, 2, 1, "科目"), Cell(0, 1, 1, 2, "金额"), Cell(1, 1, 1, 1, "基本"), Cell(1, 2, 1, 1, "项目")]
BODY = [Cell(2, 0, 1, 1, "教育"), Cell(2, 1, 1, 1, "1,234.50"), Cell(2, 2, 1, 1, "")]
NODES = 1 + 2 + 3 + 7


def table(texts: list[list[str]]) -> list[Cell]:
    return [Cell(row, column, 1, 1, text) for row, line in enumerate(texts) for column, text in enumerate(line)]


def grid(rows: int, columns: int, seed: int = 0) -> list[Cell]:
    some = random.Random(seed)  # noqa: S311
    return table([[f"{some.randrange(10**7) / 100:,.2f}" for _ in range(columns)] for _ in range(rows)])


def test_published_example() -> None:
    score = teds(table(DEMO_READ), table(DEMO_TRUTH), header_rows=(1, 1))
    edits = 3 / 19 + 1 / 18 + 1 / 10 + 2 / 12
    assert score == pytest.approx(1 - edits / 21)
    # Their program divides by 22: it leaves the table out, and counts the two `b` in.
    assert 1 - (1 - score) * 21 / 22 == pytest.approx(0.9781765018607124, abs=1e-15)
    assert teds(table(DEMO_READ), table(DEMO_TRUTH), header_rows=(1, 1), texts=False) == 1


def test_one_cell_changed() -> None:
    changed = [*HEAD, BODY[0], Cell(2, 1, 1, 1, "1,234.60"), BODY[2]]
    assert teds([*HEAD, *BODY], changed, header_rows=(2, 2)) == pytest.approx(1 - 1 / 8 / NODES)
    assert teds([*HEAD, *BODY], changed, header_rows=(2, 2), texts=False) == 1


@pytest.mark.parametrize("texts", [True, False])
def test_row_or_column_dropped(texts: bool) -> None:  # noqa: FBT001
    whole = grid(4, 3)
    assert teds(whole, whole[:9], texts=texts) == pytest.approx(1 - 4 / 18)
    assert teds(whole, [cell for cell in whole if cell.column < 2], texts=texts) == pytest.approx(1 - 4 / 18)


def test_merged_header_split() -> None:
    split = [HEAD[0], Cell(0, 1, 1, 1, "金额"), Cell(0, 2, 1, 1, ""), *HEAD[2:], *BODY]
    # The spans differ (1), and there is one cell more (1).
    for texts in (True, False):
        score = teds([*HEAD, *BODY], split, header_rows=(2, 2), texts=texts)
        assert score == pytest.approx(1 - 2 / (NODES + 1))


def test_header_rows_are_structure() -> None:
    # A row at the edge has to leave the one group for the other, with its cells: 2 nodes out, 2 in.
    assert teds(table([["a"], ["b"], ["c"]]), table([["a"], ["b"], ["c"]]), header_rows=(1, 2)) == 1 - 4 / 9
    # Without a header both groups go, and one `tbody` around both rows comes.
    assert teds(table([["a"], ["b"]]), table([["a"], ["b"]]), header_rows=(1, 0)) == pytest.approx(1 - 3 / 7)


def test_a_row_cut_in_two_keeps_its_cells() -> None:
    # One row out, two in; all six cells stay. Rows aligned first would cost 1 + 3 + 3.
    assert teds(table([list("abcdef")]), table([list("abc"), list("def")])) == pytest.approx(1 - 3 / 10)


def test_a_row_without_cells_of_its_own_is_a_row() -> None:
    assert teds([Cell(0, 0, 2, 1, "a")], [Cell(0, 0, 2, 1, "a")]) == 1
    assert teds([Cell(0, 0, 2, 1, "a")], [Cell(0, 0, 1, 1, "a")]) == pytest.approx(1 - 2 / 5)


def test_a_table_without_cells() -> None:
    assert teds([], []) == 1
    assert teds([], BODY) == teds(BODY, []) == 0


def test_texts_are_compared_as_given() -> None:
    one, other = table([["教育 支出", "１２"]]), table([["教育支出", "12"]])
    assert teds(one, other) < 1
    assert teds(normalised(one), normalised(other)) == 1


def test_no_score_is_negative() -> None:
    # The same trees turned round, with no text in common: 26 edits, but 23 nodes.
    widths = [1, 1, 1, 1, 12]
    one = [Cell(row, column, 1, 1, "a") for row, width in enumerate(widths) for column in range(width)]
    other = [Cell(row, column, 1, 1, "b") for row, width in enumerate(widths[::-1]) for column in range(width)]
    assert room._distance(room._tree(one, 0), room._tree(other, 0), texts=True) == 26
    assert teds(one, other) == 0


def levenshtein(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for count, character in enumerate(one, 1):
        above, row = row, [count]
        for place, against in enumerate(other):
            row.append(min(above[place + 1] + 1, row[place] + 1, above[place] + (character != against)))
    return row[-1]


@given(st.text("ab万1"), st.lists(st.text("ab万1", max_size=40), min_size=1, unique=True))
def test_edits_between_texts(text: str, others: list[str]) -> None:
    assert room._edits(text, room._pack(others)) == [levenshtein(text, other) for other in others]


# A node: its label (the tag; for a cell its spans and text, too) and its children.
Tree = tuple[tuple[object, ...], tuple["Tree", ...]]


def plain_tree(cells: list[Cell], header_rows: int) -> Tree:
    end = max(cell.row + cell.rowspan for cell in cells)

    def row(number: int) -> Tree:
        inside = sorted((cell for cell in cells if cell.row == number), key=lambda cell: cell.column)
        return ("tr",), tuple((("td", cell.rowspan, cell.colspan, cell.text), ()) for cell in inside)

    rows = [row(number) for number in range(end)]
    groups = [("thead", rows[:header_rows]), ("tbody", rows[header_rows:])]
    return ("table",), tuple(((tag,), tuple(members)) for tag, members in groups if members)


def replacement(one: tuple[object, ...], other: tuple[object, ...]) -> float:
    if one[:3] != other[:3]:
        return 1
    if one[0] != "td":
        return 0
    first, second = str(one[3]), str(other[3])
    return levenshtein(first, second) / max(len(first), len(second), 1)


@cache
def forest_size(forest: tuple[Tree, ...]) -> int:
    return sum(1 + forest_size(children) for _, children in forest)


@cache
def forest_distance(one: tuple[Tree, ...], other: tuple[Tree, ...]) -> float:
    """The definition: the rightmost root is deleted, inserted, or mapped to the rightmost of the other."""
    if not one or not other:
        return forest_size(one) + forest_size(other)
    (label, inside), (other_label, other_inside) = one[-1], other[-1]
    return min(
        forest_distance(one[:-1] + inside, other) + 1,
        forest_distance(one, other[:-1] + other_inside) + 1,
        forest_distance(one[:-1], other[:-1]) + forest_distance(inside, other_inside) + replacement(label, other_label),
    )


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[Cell], int]:
    widths = draw(st.lists(st.integers(0, 4), min_size=1, max_size=4).filter(any))
    span, text = st.sampled_from([1, 1, 1, 2]), st.text("ab", max_size=2)
    cells = [
        Cell(row, column, draw(span), draw(span), draw(text))
        for row, width in enumerate(widths)
        for column in range(width)
    ]
    return cells, draw(st.integers(0, len(widths)))


@pytest.mark.heavy
@settings(max_examples=300, deadline=None)
@given(tables(), tables(), st.booleans(), st.sampled_from([1, 2, 32]))
def test_distance_is_the_defined_one(
    one: tuple[list[Cell], int],
    other: tuple[list[Cell], int],
    texts: bool,  # noqa: FBT001
    reach: int,
) -> None:
    forest_distance.cache_clear()
    cells = [[Cell(c.row, c.column, c.rowspan, c.colspan, c.text if texts else "") for c in t] for t, _ in (one, other)]
    trees = [plain_tree(t, header) for t, header in zip(cells, (one[1], other[1]), strict=True)]
    expected = forest_distance((trees[0],), (trees[1],))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "_REACH", reach)
        distance = room._distance(room._tree(*one), room._tree(*other), texts=texts)
        score = teds(one[0], other[0], header_rows=(one[1], other[1]), texts=texts)
        assert score == pytest.approx(teds(other[0], one[0], header_rows=(other[1], one[1]), texts=texts))
        assert teds(one[0], one[0], header_rows=(one[1], one[1]), texts=texts) == 1
    assert distance == pytest.approx(expected)
    assert 0 <= score <= 1
    assert score == pytest.approx(max(0, 1 - expected / max(forest_size((tree,)) for tree in trees)))


@pytest.mark.heavy
def test_a_thousand_cells() -> None:
    whole = grid(100, 10)
    read = [Cell(c.row, c.column, 1, 1, c.text[:-1] + "x" if i % 10 == 0 else c.text) for i, c in enumerate(whole)]
    score = teds(whole, [cell for cell in read if cell.row != 50], header_rows=(2, 2))
    assert 0.97 < score < 0.99


def test_cells_agree_in_place_spans_and_text() -> None:
    moved = [*HEAD[:3], Cell(1, 2, 1, 2, "项目"), Cell(2, 0, 1, 1, " 教 育"), Cell(2, 2, 1, 1, "1,234.50")]
    result = cell_f1(moved, [*HEAD, *BODY])
    assert result[3:] == (4, 6, 6)
    assert result.precision == result.recall == result.f1 == Decimal(2) / 3


def test_figures_agree_as_decimals() -> None:
    read = table([["教育", "1234.5", "△3.10", "5%"], ["", "7", "A8", ","]])
    printed = table([["卫生", "1,234.50", "−3.1", "6%"], ["", "", "A8", ","]])
    result = cell_f1(read, printed, figures=True)
    assert result[3:] == (2, 4, 3)
    assert (result.precision, result.recall) == (Decimal("0.5"), Decimal(2) / 3)


def test_the_same_cell_twice_hits_once() -> None:
    assert cell_f1([BODY[0]] * 2, [BODY[0]])[3:] == (1, 2, 1)


def test_nothing_to_count_is_no_rate() -> None:
    assert cell_f1([], [])[:3] == (None, None, None)
    assert cell_f1([], BODY)[:3] == (None, 0, 0)
    assert rates(0, 0, 0).f1 is None
