"""The names in rules: each must be that of a table, a column, a side or a fact."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from structurer.catalog.rules import Rules

    Columns = Mapping[str, frozenset[str]]
    # Whose rule, the names it uses, and the tables they must be columns of; none for any table.
    Use = tuple[str, Iterable[str], Iterable[str]]


def check(rules: Rules, columns: Columns) -> None:
    """Refuse what names an unknown table or column; raises ValueError that says which."""
    anywhere = frozenset[str]().union(*columns.values())
    for rule, names, tables in (*_within(rules), *_across(rules), *_of_cards(rules)):
        held = _fields(rule, tables, columns) if tables else anywhere
        for name in names:
            if name not in held:
                message = f"rule {rule}: there is no column {name!r} in its tables"
                raise ValueError(message)
    _fields("mandated", [name for kind, others in rules.mandated.items() for name in (kind, *others)], columns)
    sides = {side.id: side.columns for side in rules.sides}
    for balance in rules.balances:
        for name, column in (balance.left, balance.right):
            if column not in sides.get(name, ()):
                message = f"rule {balance.id}: there is no side {name!r} with a column {column!r}"
                raise ValueError(message)
    facts = {fact.id for fact in rules.facts}
    named = [name for sum_ in rules.sums for name in (sum_.total, *sum_.parts)]
    for name in (*named, *rules.scope, rules.cards["sum_of"]):
        if name not in facts:
            message = f"there is no fact {name!r}"
            raise ValueError(message)


def _fields(rule: str, tables: Iterable[str], columns: Columns) -> frozenset[str]:
    fields = frozenset[str]()
    for table in tables:
        if table not in columns:
            message = f"rule {rule}: there is no table {table!r}"
            raise ValueError(message)
        fields |= columns[table]
    return fields


def _within(rules: Rules) -> Iterator[Use]:
    for row in rules.rows:
        # A rule may be wider than one kind: each of its columns must be one of some kind it holds in.
        under = [f"{path}/" for path in row.under] or [""]
        yield row.id, [path + name for path in under for name in (row.total, *row.parts)], row.tables
    for change in rules.changes:
        yield change.id, [change.rate, f"{change.change}{change.alone}", f"{change.before}{change.alone}"], ()
    for made in rules.products:
        yield made.id, [made.total, *made.factors, *made.exact], ()
    for side in rules.sides:
        yield side.id, [*side.items, *side.columns], ()
    yield "names", [*rules.names, *rules.codes, *rules.unit_codes, *rules.unit_names, *rules.aside], ()


def _across(rules: Rules) -> Iterator[Use]:
    for match in rules.matches:
        yield match.id, [match.key, *match.lists, *match.columns, *match.columns.values()], match.tables
    for whole in rules.wholes:
        yield whole.id, [whole.key, *whole.columns], (whole.whole, *whole.parts)
    for fact in rules.facts:
        for place in fact.places:
            yield fact.id, [place.column], (place.table,)
    for pair in rules.pairs:
        for table, column, key in (pair.left, pair.right):
            yield pair.id, [column, key], (table,)


def _of_cards(rules: Rules) -> Iterator[Use]:
    for join in rules.joins:
        yield join.id, [join.column], (join.table,)
        yield join.id, [*map("/".join, join.amounts), *join.names], (join.card,)
    for schedule in rules.schedules:
        yield schedule.id, [f"{schedule.under}/{name}" for steps in schedule.steps for name in steps], (schedule.card,)
