"""What must hold down a column: totals of rows, of units, of classes and their sections and items."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from structurer import labels
from structurer.check.equations import Equation, Relation, Standing, summed
from structurer.check.outline import Sum, numbering, outline

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from structurer.catalog.lexicon import Lexicon
    from structurer.catalog.rules import Rules
    from structurer.check.figures import Row, Table

RULE, OF_WHICH = "column", "of_which"
# A table with fewer rows has no total.
_FEWEST = 2


class Tree(NamedTuple):
    """The sums of a table; indices are those of the rows it was made of."""

    total: int | None
    """The row that is the sum of all."""
    sums: tuple[Sum, ...]
    clear: bool
    """Whether names and codes say all of it."""


def of_table(table: Table, rules: Rules, lexicon: Lexicon, units: Collection[str]) -> Iterator[Equation]:
    """Yield a sum for each row with parts and each column in which it or a part is printed."""
    rows = [row for row in table.rows if row.figures or row.label]
    columns = sorted(table.columns - rules.aside)
    named = {
        row.index
        for row in rows
        if row.label and not row.code and row.label in (row.cells.get(name) for name in rules.unit_names)
    }
    made = tree(rows, lexicon, {row.index for row in rows if row.index in named or _is_unit(row, units)})
    made = _by_arithmetic(made, rows, columns)
    if made.clear and any(_fails(rows, sum_, columns) for sum_ in made.sums if not rows[sum_.total].code):
        made = made._replace(clear=made.total is not None and len(made.sums) == 1)
    standing = Standing.PRESUMED if made.clear else Standing.TENTATIVE
    for sum_ in made.sums:
        for column in columns:
            yield from equation(rows, sum_, column, (f"{RULE}{table.pointer}", standing))


def equation(rows: Sequence[Row], sum_: Sum, column: str, shape: tuple[str, Standing]) -> Iterator[Equation]:
    """Yield one sum in one column, if anything of it is printed."""
    family, standing = shape
    stated = rows[sum_.total].figures.get(column)
    operands = tuple(operand for part in sum_.parts if (operand := rows[part].figures.get(column)) is not None)
    where = rows[sum_.total].pointer
    rule = OF_WHICH if sum_.of_which else RULE
    relation = Relation.AT_LEAST if sum_.of_which else Relation.EQUAL
    if stated is not None and operands:
        unread = any(rows[at].unread for at in (sum_.total, *sum_.parts))
        computed = summed(operands)
        yield Equation(
            rule, where, stated, operands, computed, relation=relation, family=family, standing=standing, unread=unread
        )
    elif operands and not sum_.of_which and any(operand.value for operand in operands):
        yield Equation(rule, where, None, operands, None, (f"{where}/{column}",), family=family, standing=standing)
    elif stated is not None and stated.value and not sum_.of_which:
        absent = tuple(f"{rows[part].pointer}/{column}" for part in sum_.parts)
        yield Equation(rule, where, stated, (), None, absent, family=family, standing=standing)


def tree(rows: Sequence[Row], lexicon: Lexicon, units: Collection[int]) -> Tree:
    """Return the sums that the names and codes of rows stand for; `units` are the indices of rows of a unit."""
    total = total_index(rows, lexicon)
    rest = [index for index in range(len(rows)) if index != total]
    unit_rows = {index for index in rest if rows[index].index in units}
    above: dict[int, int] = {}
    clear = True
    if len(unit_rows) == len(rest):
        _under_units(rows, rest, above, {})
    else:
        clear = _under_codes(rows, rest, unit_rows, above, lexicon)
    children: dict[int, list[int]] = {}
    partial: dict[int, list[int]] = {}
    for index in rest:
        owner = above.get(index, total)
        if owner is not None and owner < 0:
            partial.setdefault(~owner, []).append(index)
        # What is part of a row without any figure is part of what that row is a part of.
        elif rows[index].figures or rows[index].unread:
            while owner is not None and owner != total and not rows[owner].figures:
                owner = above.get(owner, total)
            if owner is not None and owner >= 0:
                children.setdefault(owner, []).append(index)
    sums = [Sum(owner, tuple(parts)) for owner, parts in sorted(children.items())]
    sums += [Sum(owner, tuple(parts), of_which=True) for owner, parts in sorted(partial.items())]
    return Tree(total, tuple(sums), clear)


def total_index(rows: Sequence[Row], lexicon: Lexicon) -> int | None:
    """Return the row that is the sum of all: the first or last, if it says so; the first if it alone says nothing."""
    if len(rows) < _FEWEST:
        return None
    first, second, last = rows[0], rows[1], rows[-1]
    if lexicon.is_total(first.label) if first.label else not _is_named(first) and _is_named(second):
        return 0
    return len(rows) - 1 if lexicon.is_total(last.label) else None


def _is_named(row: Row) -> bool:
    return bool(row.label or row.code or row.unit)


def is_total(row: Row, lexicon: Lexicon) -> bool:
    """Tell whether a row is a sum: it says so, or it says nothing at all."""
    return lexicon.is_total(row.label) if row.label else not _is_named(row)


def _is_unit(row: Row, units: Collection[str]) -> bool:
    key = labels.key(row.label)
    return key in units or (bool(row.unit) and key == row.unit)


def _under_units(rows: Sequence[Row], order: Sequence[int], above: dict[int, int], seen: dict[str, int]) -> None:
    """Put each unit under the one whose code begins its own, or whose name it repeats."""
    for before, index in pairwise([-1, *order]):
        row = rows[index]
        shorter = (row.unit[:end] for end in range(len(row.unit) - 1, 0, -1))
        owner = next((seen[code] for code in shorter if code in seen), None)
        if owner is None and before >= 0 and labels.key(rows[before].label) == labels.key(row.label):
            owner = before
        if owner is not None:
            above[index] = owner
        if row.unit and row.unit not in seen:
            seen[row.unit] = index


def _under_codes(
    rows: Sequence[Row], rest: Sequence[int], unit_rows: set[int], above: dict[int, int], lexicon: Lexicon
) -> bool:
    """Put each row under its unit or subtotal, its class or section, or what it is numbered under.

    Return whether all is told: rows have a code, or none of them has one.
    """
    heads = {index for index in rest if index in unit_rows or _is_subtotal(rows[index], lexicon)}
    behind = bool(heads) and rest[-1] in heads and rest[0] not in heads and not unit_rows
    units: dict[str, int] = {}
    loose = coded = 0
    segment: list[int] = []
    for before, index in pairwise([None, *(reversed(rest) if behind else rest), None]):
        if index in heads or index is None:
            head = _head(segment, heads)
            coded += _codes(rows, [at for at in segment if at not in heads], head, above)
            loose += _numbers(rows, [at for at in segment if at not in heads and not rows[at].code], above, lexicon)
            segment = []
        if index is None:
            break
        if index in unit_rows:
            nested = before if before in unit_rows else None
            _under_units(rows, [index] if nested is None else [nested, index], above, units)
            if nested is not None:
                above.setdefault(index, nested)
        segment.append(index)
    return not loose or not coded


def _head(segment: Sequence[int], heads: Collection[int]) -> int | None:
    return segment[0] if segment and segment[0] in heads else None


def _codes(rows: Sequence[Row], segment: Sequence[int], head: int | None, above: dict[int, int]) -> int:
    """Put the rows of a segment under the nearest row before whose code begins theirs, else under its head."""
    seen: dict[str, int] = {}
    for index in sorted(segment):
        code = rows[index].code
        owner = next((seen[code[:end]] for end in range(len(code) - 1, 0, -1) if code[:end] in seen), head)
        if owner is not None:
            above[index] = owner
        if code:
            seen[code] = index
    return len(seen)


def _is_subtotal(row: Row, lexicon: Lexicon) -> bool:
    return not row.code and bool(row.label) and lexicon.is_total(row.label)


def _numbers(rows: Sequence[Row], loose: Sequence[int], above: dict[int, int], lexicon: Lexicon) -> int:
    """Put rows under those they are numbered under; of a list of “of which”, the owner is noted as ~owner."""
    names = [rows[index].label for index in loose]
    if any(way >= 0 or partial for way, partial in (numbering(name, lexicon) for name in names)):
        for sum_ in outline(names, lexicon).sums:
            for part in sum_.parts:
                above[loose[part]] = ~loose[sum_.total] if sum_.of_which else loose[sum_.total]
    return len(loose)


def _by_arithmetic(made: Tree, rows: Sequence[Row], columns: Sequence[str]) -> Tree:
    """Return another tree where the total is no sum of the rows in any column, but is with subtotals left out.

    A row is a subtotal that nothing names if it is the sum of the rows behind it in every column. Where that
    does not help though there are such rows, or rows are made up differently, nothing is clear.
    """
    whole = next((sum_ for sum_ in made.sums if sum_.total == made.total), None)
    if whole is None or made.total is None:
        return made
    told = [column for column in columns if _is_told(rows[made.total], column)]
    if not told or any(_ties(rows, whole, column) for column in told):
        return made
    rest = [index for index in range(len(rows)) if index != made.total and rows[index].figures]
    sums: list[Sum] = []
    for fewest in (2, 1):
        top, sums = _nested(rows, rest, columns, fewest)
        found = Sum(made.total, tuple(top))
        if sums and all(_ties(rows, found, column) for column in told):
            return Tree(made.total, (found, *sums), clear=True)
    makes = {(bool(rows[index].code), bool(rows[index].unit), bool(rows[index].label)) for index in whole.parts}
    coded = any(rows[index].code for index in whole.parts)
    return made._replace(clear=made.clear and len(makes) == 1 and (coded or not sums))


def _nested(
    rows: Sequence[Row], rest: Sequence[int], columns: Sequence[str], fewest: int
) -> tuple[list[int], list[Sum]]:
    """Return the rows that are part of no other, and the sums: each row takes the rows behind it that it comes to.

    A sum has at least so many parts; a single part that has the name of its sum is the same row again.
    """
    top: list[int] = []
    sums: list[Sum] = []
    for index in reversed(rest):
        for count in range(fewest, len(top) + 1):
            sum_ = Sum(index, tuple(top[:count]))
            again = count == 1 and labels.key(rows[top[0]].label) == labels.key(rows[index].label)
            if not again and all(_ties(rows, sum_, column) for column in columns):
                sums.append(sum_)
                del top[:count]
                break
        top.insert(0, index)
    return top, sums


def _fails(rows: Sequence[Row], sum_: Sum, columns: Sequence[str]) -> bool:
    """Tell whether a row is the sum of its parts in none of the columns it prints."""
    told = [column for column in columns if _is_told(rows[sum_.total], column)]
    return bool(told) and not any(_ties(rows, sum_, column) for column in told)


def _is_told(row: Row, column: str) -> bool:
    """Tell whether a row prints a figure in a column that is more than nothing."""
    return column in row.figures and bool(row.figures[column].value)


def _ties(rows: Sequence[Row], sum_: Sum, column: str) -> bool:
    """Tell whether the printed figures add up, but for rounding; blanks are nothing."""
    stated = rows[sum_.total].figures.get(column)
    parts = [operand for part in sum_.parts if (operand := rows[part].figures.get(column)) is not None]
    computed = summed(parts)
    value, slack = (stated.value, stated.slack) if stated else (computed.low * 0, computed.low * 0)
    return computed.low <= value + slack and value - slack <= computed.high
