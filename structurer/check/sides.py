"""What must hold in lists that stand side by side: items, this year's sum, what is carried over, the total."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from structurer.check.columns import equation
from structurer.check.equations import Equation, Standing, alone
from structurer.check.outline import Sum, bare, outline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from structurer.catalog.lexicon import Lexicon
    from structurer.catalog.rules import Rules, Side
    from structurer.check.equations import Operand
    from structurer.check.figures import Row, Table


class Listed(NamedTuple):
    """One side of a table: its rows in order, and what each is called."""

    rows: tuple[Row, ...]
    names: tuple[str, ...]
    groups: tuple[str, ...]
    """The item a row is a part of; empty where it is an item itself."""
    grand: int | None


def listed(table: Table, side: Side, lexicon: Lexicon) -> Listed | None:
    """Return one side of a table; None if the table has no such list."""
    if not any(column in table.columns for column in side.columns):
        return None
    found: list[tuple[Row, str, str]] = []
    for row in table.rows:
        texts = [text for name in side.items if isinstance(text := row.cells.get(name), str) and text]
        if texts:
            found.append((row, texts[-1], texts[0] if len(texts) > 1 else ""))
    if not any(column in row.figures for row, _, _ in found for column in side.columns):
        return None
    rows, names, groups = zip(*found, strict=True)
    grand = next((at for at in reversed(range(len(rows))) if side.grand.search(bare(names[at], lexicon))), None)
    return Listed(rows, names, groups, grand)


def of_table(table: Table, rules: Rules, lexicon: Lexicon) -> Iterator[Equation]:
    """Yield the sums of each side, and the balance of one with the other."""
    totals: dict[tuple[str, str], Operand] = {}
    for side in rules.sides:
        found = listed(table, side, lexicon)
        if found is None:
            continue
        columns = [column for column in side.columns if column in table.columns]
        for sum_ in _best(found, _sums(found, side, lexicon), columns):
            for column in columns:
                family = f"{side.id}{table.pointer}/{sum_.total}"
                for made in equation(found.rows, sum_, column, (family, Standing.PRESUMED)):
                    yield made if sum_.of_which else _of(made, side.id)
        if found.grand is not None:
            held = found.rows[found.grand].figures
            totals |= {(side.id, column): held[column] for column in columns if column in held}
    for balance in rules.balances:
        left, right = totals.get(balance.left), totals.get(balance.right)
        if left is not None and right is not None:
            yield Equation(balance.id, table.pointer, left, (right,), alone(right))


def _of(made: Equation, rule: str) -> Equation:
    return Equation(
        rule,
        made.where,
        made.stated,
        made.operands,
        made.computed,
        made.absent,
        made.relation,
        family=made.family,
        standing=made.standing,
    )


def _sums(found: Listed, side: Side, lexicon: Lexicon) -> Iterator[Sum]:
    """Yield the sums of a side: within groups, this year's items, what follows them, and the total."""
    grand = found.grand if found.grand is not None else len(found.rows)
    current = next(
        (at for at in range(1, grand) if side.current.search(bare(found.names[at], lexicon)) and not found.groups[at]),
        None,
    )
    before = range(current if current is not None else grand)
    top, sums = _level(found, before, lexicon)
    yield from sums
    if current is not None:
        yield Sum(current, tuple(top))
        carried, sums = _level(found, range(current + 1, grand), lexicon)
        yield from sums
        top = [current, *carried]
    if found.grand is not None and top:
        yield Sum(found.grand, tuple(top))


def _level(found: Listed, span: range, lexicon: Lexicon) -> tuple[list[int], list[Sum]]:
    """Return the items that are part of no other, and the sums below them."""
    top: list[int] = []
    sums: list[Sum] = []
    single: list[int] = []
    at = span.start
    while at < span.stop:
        group = found.groups[at]
        end = at + 1
        while group and end < span.stop and found.groups[end] == group:
            end += 1
        if not group:
            single.append(at)
        elif lexicon.is_total(found.names[at]):
            top.append(at)
            if end > at + 1:
                sums.append(Sum(at, tuple(range(at + 1, end))))
        else:
            top.extend(range(at, end))
        at = end
    made = outline([found.names[at] for at in single], lexicon)
    top.extend(single[at] for at in made.top)
    sums.extend(Sum(single[sum_.total], tuple(single[at] for at in sum_.parts), sum_.of_which) for sum_ in made.sums)
    return sorted(top), sums


def _best(found: Listed, sums: Iterator[Sum], columns: Sequence[str]) -> Iterator[Sum]:
    """Yield the sums; parts that do not come to the row before them but to one further up are taken as its parts."""
    known = list(sums)
    owner = {part: sum_ for sum_ in known for part in sum_.parts}
    for sum_ in known:
        best, most = sum_, _held(found, sum_, columns)
        above = owner.get(sum_.total)
        while not sum_.of_which and above is not None and len(sum_.parts) > 1:
            other = Sum(above.total, sum_.parts)
            held = _held(found, other, columns)
            if held > most:
                best, most = other, held
            above = owner.get(above.total)
        yield best


def _held(found: Listed, sum_: Sum, columns: Sequence[str]) -> int:
    """Return in how many columns a sum is exact and not of nothing."""
    count = 0
    for column in columns:
        stated = found.rows[sum_.total].figures.get(column)
        parts = [operand.value for part in sum_.parts if (operand := found.rows[part].figures.get(column))]
        count += stated is not None and bool(stated.value) and stated.value == sum(parts)
    return count
