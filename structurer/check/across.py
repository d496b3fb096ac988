"""What must hold across tables: the same quantity, the same rows, and a table that is the sum of others."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from structurer import labels
from structurer.catalog.rules import GRAND, TOTAL, MatchRule
from structurer.check.columns import total_index
from structurer.check.equations import ZERO, Computed, Equation, Relation, Standing, alone, meet, summed
from structurer.check.figures import scaled
from structurer.check.outline import bare
from structurer.check.sides import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from structurer.catalog.lexicon import Lexicon
    from structurer.catalog.rules import PairRule, Place, Rules, WholeRule
    from structurer.check.equations import Operand
    from structurer.check.figures import Row, Table

    # By column and key: the figures of all rows with this key, in yuan.
    Keyed = Mapping[str, Mapping[str, Sequence[Operand]]]

# The key of the rows that are the total of their table.
_TOTAL = ""
# The digits of a class, the highest level of a code.
_CLASS = 3


class _Printed(NamedTuple):
    """A table with its figures by key."""

    table: Table
    keyed: Keyed


def of_tables(
    tables: Sequence[Table], facts: Mapping[str, Sequence[Operand]], rules: Rules, lexicon: Lexicon
) -> Iterator[Equation]:
    """Yield what must hold across the tables of a document."""
    yield from _of_facts(facts, rules)
    yield from _silent(tables, facts, rules)
    for match in rules.matches:
        yield from _matches(match, tables, rules, lexicon)
    for whole in rules.wholes:
        yield from _wholes(whole, tables, rules, lexicon)
    for pair in rules.pairs:
        yield from _pairs(pair, tables, rules, lexicon)


def total_row(table: Table, lexicon: Lexicon) -> Row | None:
    """Return the row that speaks for the whole table: its total, or its only row."""
    rows = [row for row in table.rows if row.figures]
    if len(rows) == 1:
        return rows[0]
    at = total_index(rows, lexicon)
    return rows[at] if at is not None else None


def facts(tables: Sequence[Table], rules: Rules, lexicon: Lexicon) -> dict[str, list[Operand]]:
    """Return by fact what the tables print of it, in yuan; of a kind with several tables nothing is taken."""
    single: dict[str, list[Table]] = defaultdict(list)
    for table in tables:
        if any(row.figures for row in table.rows):
            single[table.kind.name].append(table)
    found: dict[str, list[Operand]] = {}
    for fact in rules.facts:
        printed: list[Operand] = []
        for place in fact.places:
            here = single.get(place.table, [])
            if len(here) == 1 and here[0].scale is not None:
                operand = _at(place, here[0], rules, lexicon)
                if operand is not None and operand.pointer not in {known.pointer for known in printed}:
                    printed.append(scaled(operand, here[0].scale))
                    if fact.first:
                        break
        if printed:
            found[fact.id] = printed
    return found


def _at(place: Place, table: Table, rules: Rules, lexicon: Lexicon) -> Operand | None:
    if place.column not in table.columns:
        return None
    if place.row == TOTAL:
        row = total_row(table, lexicon)
        return row.figures.get(place.column) if row else None
    side = next((side for side in rules.sides if place.column in side.columns), None)
    found = listed(table, side, lexicon) if side else None
    if place.row == GRAND:
        return found.rows[found.grand].figures.get(place.column) if found and found.grand is not None else None
    if place.pattern is None:
        return None
    named = zip(found.rows, found.names, strict=True) if found else ((row, row.label) for row in table.rows)
    for row, name in named:
        if place.pattern.search(bare(name, lexicon)) and place.column in row.figures:
            return row.figures[place.column]
    return None


def is_scope(one: Computed, other: Computed, found: Mapping[str, Sequence[Operand]], rules: Rules) -> bool:
    """Tell whether two quantities differ by what was carried over: one is told with it, the other without."""
    low, high = sorted((one, other), key=lambda computed: computed.value)
    between = Computed(high.low - low.high, high.value - low.value, high.high - low.low)
    carried = (alone(operand) for name in rules.scope for operand in found.get(name, ()) if operand.value)
    return between.low > ZERO and any(meet(between, amount) for amount in carried)


def _of_facts(found: Mapping[str, Sequence[Operand]], rules: Rules) -> Iterator[Equation]:
    for fact in rules.facts:
        printed = found.get(fact.id, ())
        for other in printed[1:]:
            first = printed[0]
            if not is_scope(alone(first), alone(other), found, rules):
                standing = Standing(fact.standing)
                family = f"fact/{fact.id}"
                yield Equation(fact.id, _item(other), other, (first,), alone(first), family=family, standing=standing)
    for rule in rules.sums:
        total, parts = found.get(rule.total), [found[part][0] for part in rule.parts if part in found]
        if (
            total
            and parts
            and all(part.pointer.rpartition("/")[2] == total[0].pointer.rpartition("/")[2] for part in parts)
        ):
            where = _item(total[0])
            yield Equation(
                rule.id, where, total[0], tuple(parts), summed(parts), standing=Standing.PRESUMED, family=rule.id
            )


def _silent(tables: Sequence[Table], found: Mapping[str, Sequence[Operand]], rules: Rules) -> Iterator[Equation]:
    """Yield that it cannot be told whether a table agrees with a fact that it has a column for, all blank."""
    for fact in rules.facts:
        printed = found.get(fact.id)
        for place in fact.places if printed and printed[0].value else ():
            for table in tables:
                if table.kind.name == place.table and place.column in table.columns and place.row == TOTAL:
                    blank = not any(place.column in row.figures for row in table.rows)
                    if blank and printed and not fact.first:
                        yield Equation(fact.id, table.pointer, None, (printed[0],), None, (place.column,))


def _item(operand: Operand) -> str:
    """Return the pointer of the row a figure stands in."""
    return operand.pointer.rpartition("/")[0]


def _matches(rule: MatchRule, tables: Sequence[Table], rules: Rules, lexicon: Lexicon) -> Iterator[Equation]:
    held = [_Printed(table, _keyed(table, rule, rules, lexicon)) for table in tables if table.kind.name in rule.tables]
    held = [printed for printed in held if printed.keyed]
    held.sort(key=lambda printed: rule.tables.index(printed.table.kind.name))
    kinds = Counter(printed.table.kind.name for printed in held)
    for left, right in combinations(held, 2):
        # Several tables of a kind are those of several units: only equal totals tell that two belong together.
        single = kinds[left.table.kind.name] == kinds[right.table.kind.name] == 1
        family = f"{rule.id}{left.table.pointer}{right.table.pointer}"
        for column in sorted(left.keyed.keys() & right.keyed.keys()):
            yield from _matched(rule.id, (left.keyed[column], right.keyed[column]), f"{family}/{column}", single=single)


def _matched(
    rule: str,
    both: tuple[Mapping[str, Sequence[Operand]], Mapping[str, Sequence[Operand]]],
    family: str,
    *,
    single: bool,
) -> Iterator[Equation]:
    """Yield that rows of one key are the same in two tables, or at least that where the total is larger."""
    wide, narrow = both
    totals = [summed(held[_TOTAL]) for held in both if _TOTAL in held]
    same = meet(*totals) if len(totals) == len(both) else single
    if not same and not single:
        return
    if not same and totals[0].value < totals[1].value:
        wide, narrow = narrow, wide
    # Without two totals, nothing tells whether the tables have the same scope.
    standing = Standing.TENTATIVE if len(totals) == len(both) else Standing.FRAIL
    for key in [key for key in wide if key in narrow]:
        if same:
            yield replace(_same(rule, narrow[key], wide[key], family), standing=standing)
        else:
            yield _same(rule, wide[key], narrow[key], f"{family}/wide", Relation.AT_LEAST)


def _same(
    rule: str,
    left: Sequence[Operand],
    right: Sequence[Operand],
    family: str,
    relation: Relation = Relation.EQUAL,
) -> Equation:
    """Return the equation that two groups of figures come to the same, or the first at least to the second."""
    stated, *rest = left
    operands = (*right, *rest)
    signs = (1,) * len(right) + (-1,) * len(rest)
    computed = summed(operands, signs)
    return Equation(
        rule,
        _item(stated),
        stated,
        operands,
        computed,
        relation=relation,
        family=family,
        standing=Standing.TENTATIVE,
        signs=signs if rest else (),
    )


def _keyed(table: Table, rule: MatchRule, rules: Rules, lexicon: Lexicon) -> Keyed:
    """Return the figures of a table by column and key; columns are named as elsewhere."""
    if table.scale is None:
        return {}
    found: dict[str, dict[str, list[Operand]]] = defaultdict(lambda: defaultdict(list))
    sided = [name for name in rule.lists if any(name in row.cells for row in table.rows)]
    if sided:
        whole, others = _sums_of_list(table, sided, rules, lexicon)
    else:
        whole, others = total_row(table, lexicon), frozenset[int]()
    for row in table.rows:
        key = _key(row, rule, sided, rules, lexicon) if row is not whole else _TOTAL
        if key is None or row.index in others:
            continue
        for column, operand in row.figures.items():
            name = rule.columns.get(column) if sided else column
            if name is not None and name not in rules.aside:
                found[name][key].append(scaled(operand, table.scale))
    return found


def _sums_of_list(
    table: Table, items: Sequence[str], rules: Rules, lexicon: Lexicon
) -> tuple[Row | None, frozenset[int]]:
    """Return the row that closes a list, and the other rows that are sums in it."""
    for side in rules.sides:
        found = listed(table, side, lexicon) if side.items[0] in items else None
        if found is not None:
            grand = found.rows[found.grand] if found.grand is not None else None
            names = [bare(name, lexicon) for name in found.names]
            marked = {
                row.index
                for row, name in zip(found.rows, names, strict=True)
                if row is not grand and (side.current.search(name) or side.grand.search(name))
            }
            return grand, frozenset(marked)
    return None, frozenset()


def _key(row: Row, rule: MatchRule, sided: Sequence[str], rules: Rules, lexicon: Lexicon) -> str | None:
    """Return what a row is matched by; None if it is not."""
    if sided:
        name = next((text for side in sided if isinstance(text := row.cells.get(side), str)), "")
    elif rule.key in rules.codes:
        code = row.cells.get(rule.key)
        other = any(row.cells.get(name) for name in rules.codes)
        return code if isinstance(code, str) else (row.code or None) if not other else None
    elif rule.lists:
        name = row.label if len(row.code) == _CLASS else ""
    else:
        name = str(row.cells.get(rule.key) or "")
    key = bare(name, lexicon) if rule.lists else labels.key(name)
    return (rule.drop.sub("", key) if rule.drop else key) or None


def _wholes(rule: WholeRule, tables: Sequence[Table], rules: Rules, lexicon: Lexicon) -> Iterator[Equation]:
    match = _as_match(rule.id, rule.key, (rule.whole, *rule.parts))
    held: dict[str, list[_Printed]] = defaultdict(list)
    for table in tables:
        if table.kind.name in match.tables:
            printed = _Printed(table, _keyed(table, match, rules, lexicon))
            if printed.keyed:
                held[table.kind.name].append(printed)
    parts = [printed for name in rule.parts for printed in held.get(name, ())]
    if len(held.get(rule.whole, ())) != 1 or len(parts) <= 1 or any(len(found) > 1 for found in held.values()):
        return
    whole = held[rule.whole][0]
    for column in rule.columns:
        wide = whole.keyed.get(column, {})
        narrow = {
            key: [operand for part in parts for operand in part.keyed.get(column, {}).get(key, ())] for key in wide
        }
        same = not narrow.get(_TOTAL) or meet(summed(wide[_TOTAL]), summed(narrow[_TOTAL]))
        for key, operands in wide.items():
            if narrow[key] and same:
                yield _same(rule.id, operands, narrow[key], f"{rule.id}/{column}")


def _pairs(rule: PairRule, tables: Sequence[Table], rules: Rules, lexicon: Lexicon) -> Iterator[Equation]:
    ends: list[Mapping[str, Sequence[Operand]]] = []
    for kind, column, key in (rule.left, rule.right):
        match = _as_match(rule.id, key, (kind,))
        held = [_keyed(table, match, rules, lexicon).get(column, {}) for table in tables if table.kind.name == kind]
        ends.append(held[0] if len(held) == 1 else {})
    for left, right in rule.codes:
        if len(ends[0].get(left, ())) == len(ends[1].get(right, ())) == 1:
            yield _same(rule.id, ends[1][right], ends[0][left], rule.id)


def _as_match(rule: str, key: str, tables: tuple[str, ...]) -> MatchRule:
    return MatchRule(rule, key, tables, (), {}, None)
