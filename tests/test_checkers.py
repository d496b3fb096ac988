"""Three judges of the same sums: the checker, exact equality, and a tolerance."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from checked import CATALOG, result, table, verification

from benchmarks import checkers
from structurer import mutation

if TYPE_CHECKING:
    from collections.abc import Iterator

# In ten thousand yuan: exact sums, one within rounding, one that does not tie by less than the tolerance.
ROWS = """
name | total    | basic    | project
甲   | 40001.00 | 1.00     | 40000.00
乙   | 20.00    | 5.00     | 15.00
丙   | 30.00    | 10.00    | 20.00
丁   | 40.00    | 15.00    | 25.00
戊   | 7.01     | 3.00     | 4.00
己   | 80001.00 | 40000.00 | 40000.00
"""


def made(**more: str) -> dict[str, Any]:
    lines = ROWS
    for name, line in more.items():
        start = next(each for each in ROWS.splitlines() if each.startswith(name))
        lines = lines.replace(start, line)
    return result(table("expenditure", lines))


def in_rows(found: dict[str, Any]) -> list[checkers.Sum]:
    return [one for one in checkers.sums(found, verification(found)) if one.where.startswith("/tables/0/rows/")]


def flagged(judge: str) -> list[str]:
    return [one.where.rpartition("/")[2] for one in in_rows(made()) if checkers.JUDGES[judge](one)]


@pytest.mark.parametrize(("judge", "rows"), [("structurer", ["5"]), ("exact", ["4", "5"]), ("±0.1%", ["4"])])
def test_what_each_judge_flags(judge: str, rows: list[str]) -> None:
    assert flagged(judge) == rows


@pytest.mark.parametrize(
    ("printed", "computed", "verdict", "flags"),
    [
        ("10.00", "10.00", "ties", []),
        ("10.00", "10.01", "rounding", ["exact"]),
        ("1.00", "1.01", "rounding", ["exact", "±0.1%"]),
        ("1000.00", "1001.00", "broken", ["structurer", "exact"]),
        ("1000.00", "1001.01", "broken", ["structurer", "exact", "±0.1%"]),
        ("-10.00", "-10.00", "ties", []),
        ("-10.00", "10.00", "broken", ["structurer", "exact", "±0.1%"]),
        ("0.00", "0.01", "rounding", ["exact", "±0.1%"]),
    ],
)
def test_one_sum_before_three_judges(printed: str, computed: str, verdict: str, flags: list[str]) -> None:
    one = checkers.Sum("rule", "/w", "/s", ("/o",), Decimal(printed), Decimal(computed), verdict)
    assert [name for name, judge in checkers.JUDGES.items() if judge(one)] == flags


def equation(**more: object) -> dict[str, Any]:
    known = {"rule": "r", "where": "/w", "verdict": "ties", "relation": "=", "stated": "/a", "operands": ["/b", "/c"]}
    return {"equations": {"list": [{**known, "signs": [], "difference": None, **more}]}}


FIGURES = {"a": "5.00", "b": "2.00", "c": "3.00", "d": "7.00", "e": "10.00", "f": "30 in all", "g": "4.99999"}


@pytest.mark.parametrize(
    ("more", "computed"),
    [
        ({}, "5.00"),
        ({"operands": ["/d", "/b"], "signs": [1, -1]}, "5.00"),
        ({"verdict": "broken", "stated": "/d", "difference": "2.00"}, "5.00"),
        ({"verdict": "rounding", "stated": "/g", "operands": ["/a"], "difference": "-0.00001"}, "5.00"),
        # A product, a sum of other units, an inequality, a figure in a text, and what cannot be told.
        ({"stated": "/e", "operands": ["/a", "/b"]}, None),
        ({"verdict": "broken", "stated": "/e", "difference": "9.995"}, None),
        ({"relation": ">="}, None),
        ({"operands": ["/f"]}, None),
        ({"verdict": "unknown", "stated": None}, None),
    ],
)
def test_what_is_a_plain_sum(more: dict[str, object], computed: str | None) -> None:
    found = [str(one.computed) for one in checkers.sums(FIGURES, equation(**more))]
    assert found == ([computed] if computed else [])


def outcomes(found: dict[str, Any], count: int) -> Iterator[checkers.Outcome]:
    field = checkers.field("made", found, CATALOG)
    return (outcome for task in mutation.tasks(1, count, 7) if (outcome := checkers.tried(field, task)))


def test_what_one_catches_the_others_may_miss() -> None:
    tried = list(outcomes(made(), 130))
    caught = {name: sum(outcome.caught[name] for outcome in tried if outcome.held) for name in checkers.JUDGES}
    assert caught["exact"] >= caught["structurer"] > caught["±0.1%"] > 0
    assert not any(outcome.caught["structurer"] and not outcome.caught["exact"] for outcome in tried)


def test_what_was_flagged_before_is_no_catch(monkeypatch: pytest.MonkeyPatch) -> None:
    always = {name: (lambda _: True) for name in checkers.JUDGES}
    monkeypatch.setattr(checkers, "JUDGES", always)
    field = checkers.field("made", made(), CATALOG)
    again = list(checkers.sums(made(), verification(made())))
    assert again
    assert all(not field.flagged[name].isdisjoint(checkers.keys(one)) for one in again for name in always)


def test_the_section_counts_alarms_and_tells_who_is_better() -> None:
    field = checkers.field("made", made(), CATALOG)
    lines = list(checkers.report([field], list(outcomes(made(), 130)), 7))
    assert lines[0].startswith("130 errors planted (seed 7) into 1 documents (made).")
    alarm = next(line for line in lines if "a false alarm" in line and line.startswith("|"))
    assert alarm.endswith("| 1 | 0 | 1 | 1 |")
    truth = next(line for line in lines if "rightly" in line)
    assert truth.endswith("| 1 | 1 | 1 | 0 |")
    heads = next(line for line in lines if line.startswith("| error "))
    rows = [line for line in lines if line.startswith("| one_digit ")]
    assert [line.count("|") for line in rows] == [heads.count("|")]
    assert any(line.startswith("- By the same sums exact catches ") for line in lines)
