"""Classification codes with their levels joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from structurer import catalog
from structurer.extract import codes
from structurer.records import Leaf, Part

if TYPE_CHECKING:
    from structurer.catalog.kinds import Kind
    from structurer.extract.values import Row


@pytest.fixture(scope="module")
def kind() -> Kind:
    found = catalog.load().kind("expenditure")
    assert found is not None
    return found


def classified(kind: Kind, names: tuple[str, ...], *printed: str) -> list[object]:
    """Return the joined code of each row; a row is its codes, `-` for a blank one."""
    rows: list[Row] = [
        {
            name: None if text == "-" else Leaf(text, (Part(text, 1),))
            for name, text in zip(names, row.split(), strict=True)
        }
        for row in printed
    ]
    codes.normalise(rows, kind)
    return [row.get("classification", "not there") for row in rows]


LEVELS = ("class", "section", "item")


def test_three_columns(kind: Kind) -> None:
    assert classified(kind, LEVELS, "- - -", "204 02 01", "204 02 -", "204 - -") == [None, "2040201", "20402", "204"]


def test_a_level_stands_for_the_rows_below_it(kind: Kind) -> None:
    rows = ("201 - -", "- 05 -", "- - 01", "- - 07", "205 - -", "- 08 -", "- - 03")
    assert classified(kind, LEVELS, *rows) == ["201", "20105", "2010501", "2010507", "205", "20508", "2050803"]


def test_a_level_without_those_above_it_is_no_code(kind: Kind) -> None:
    assert classified(kind, LEVELS, "- - 01", "201 - 07", "- - 02") == [None, None, None]


def test_one_column(kind: Kind) -> None:
    assert classified(kind, ("code",), "204", "204-02-01", "A02") == ["204", "2040201", None]


def test_nothing_is_added_where_no_code_is_printed(kind: Kind) -> None:
    assert classified(kind, ("code",), "-", "-") == ["not there", "not there"]


def test_derived_codes_have_no_place_of_their_own(kind: Kind) -> None:
    rows: list[Row] = [{"code": Leaf("204", (Part("204", 1),))}]
    codes.normalise(rows, kind)
    assert rows[0]["classification"] == "204"
    assert not isinstance(rows[0]["classification"], Leaf)


def test_every_source_is_a_column() -> None:
    for known in catalog.load().kinds:
        names = {field.name for field in known.fields}
        for target, ways in known.normalised:
            assert {name for way in ways for name in way} <= names, (known.name, target)
