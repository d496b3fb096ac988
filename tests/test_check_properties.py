"""Generated tables: what was made consistent never fails, and one digit outside the interval always does."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.checked import result, table, verification

PARTS = ("basic", "project", "operating_expenditure")
UNITS = {"元": 0, "万元": 4, "亿元": 8}


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, list[list[Decimal]], int]:
    """Draw exact amounts in yuan for rows of a class, its sections and their items; printed in a unit with decimals."""
    unit = draw(st.sampled_from(sorted(UNITS)))
    decimals = draw(st.integers(0, 6 if unit != "元" else 2))
    fen = st.integers(0, 10**12).map(lambda number: Decimal(number).scaleb(-2))
    count = draw(st.integers(1, 8))
    rows = [[draw(fen) for _ in PARTS] for _ in range(count)]
    return unit, rows, decimals


def printed(amount: Decimal, unit: str, decimals: int) -> str:
    return f"{amount.scaleb(-UNITS[unit]).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP):f}"


def made(unit: str, rows: list[list[Decimal]], decimals: int) -> list[list[str]]:
    """Return the cells of a table whose totals are rounded sums of the exact amounts, classes over items."""
    lines = []
    whole = [sum(column, Decimal(0)) for column in zip(*rows, strict=True)]
    levels = [("", "合计", whole), ("204", "类", whole), ("20402", "款", whole)]
    levels += [(f"20402{number:02d}", "项", row) for number, row in enumerate(rows, 1)]
    for code, name, amounts in levels:
        figures = [sum(amounts, Decimal(0)), *amounts]
        lines.append([code, code, name, *(printed(amount, unit, decimals) for amount in figures)])
    return lines


def as_table(lines: list[list[str]], unit: str) -> dict[str, object]:
    head = ["code", "classification", "name", "total", *PARTS]
    text = "\n".join(" | ".join(cell or "—" for cell in line) for line in [head, *lines])
    return table("expenditure", text, unit=unit)


@settings(max_examples=150, deadline=None)
@given(tables())
def test_consistent_tables_never_fail(drawn: tuple[str, list[list[Decimal]], int]) -> None:
    unit, rows, decimals = drawn
    told = verification(result(as_table(made(unit, rows, decimals), unit)))
    assert told["equations"]["broken"] == 0
    assert [one["code"] for one in told["findings"] if one["code"] != "only_rounding"] == []


@settings(max_examples=150, deadline=None)
@given(tables(), st.data())
def test_one_digit_outside_the_interval_always_fails(
    drawn: tuple[str, list[list[Decimal]], int], data: st.DataObject
) -> None:
    unit, rows, decimals = drawn
    lines = made(unit, rows, decimals)
    at = data.draw(st.integers(0, len(lines) - 1))
    column = data.draw(st.integers(3, 3 + len(PARTS)))
    was = lines[at][column]
    places = [index for index, char in enumerate(was) if char.isdigit()]
    place = data.draw(st.sampled_from(places))
    digit = data.draw(st.sampled_from([char for char in "0123456789" if char != was[place]]))
    now = was[:place] + digit + was[place + 1 :]
    # Every figure stands in the row's sum of four figures: no rounding explains more than two units of the last digit.
    off = abs(Decimal(now) - Decimal(was))
    exact = Decimal(lines[at][3]) == sum(map(Decimal, lines[at][4:]), Decimal(0))
    if off <= 2 * Decimal(1).scaleb(-decimals) or not exact:
        return
    lines[at][column] = now
    told = verification(result(as_table(lines, unit)))
    assert told["equations"]["broken"] > 0, (was, now)
