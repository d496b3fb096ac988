"""What must hold within one row, or within the amounts of one card."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from structurer.check.equations import Equation, Relation, Standing, percentage, product, summed
from structurer.check.figures import cells

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from structurer.catalog.rules import ChangeRule, ProductRule, RowRule, Rules
    from structurer.check.equations import Operand
    from structurer.check.figures import Figures, Record, Table

# A sum of fewer parts proves nothing about the structure of a table.
_FEWEST = 2


def of_table(table: Table, rules: Rules) -> Iterator[Equation]:
    """Yield the sums, changes and products in the rows of a table."""
    columns = table.columns
    for rule in rules.rows:
        if rule.total in columns and (not rule.tables or table.kind.name in rule.tables) and not rule.under:
            parts = expanded(rule.parts, rule, columns, rules.rows)
            if parts:
                standing = _standing(rule, parts, table, rules)
                for row in table.rows:
                    yield from _sum(rule, row.pointer, row.figures, (parts, standing, f"{rule.id}{table.pointer}"))
    for change in rules.changes:
        yield from _changes(change, table)
    for made in rules.products:
        yield from _products(made, table)


def of_cards(cards: Sequence[tuple[str, Record]], rules: Rules, figures: Figures) -> Iterator[Equation]:
    """Yield the sums in the amounts of cards, each with its pointer; cards of one kind vouch for one another."""
    paths = {path: [rule for rule in rules.rows if path in rule.under] for rule in rules.rows for path in rule.under}
    for path, here in paths.items():
        for pointer, card in cards:
            kind = str(card.get("kind"))
            for under, held in cells(card, path.split("/")):
                where = pointer + under
                printed = {name: made for name in held if (made := figures.operand(f"{where}/{name}", held[name]))}
                for rule in here:
                    if kind in rule.tables and rule.total in printed:
                        yield from _card_sum(rule, (where, f"{rule.id}/{kind}{under}"), printed, rules)


def _card_sum(
    rule: RowRule, place: tuple[str, str], printed: Mapping[str, Operand], rules: Rules
) -> Iterator[Equation]:
    where, family = place
    parts = expanded(rule.parts, rule, frozenset(printed), rules.rows)
    if parts:
        standing = Standing.PRESUMED if len(parts) >= _FEWEST else Standing.TENTATIVE
        yield from _sum(rule, where, printed, (parts, standing, family))


@lru_cache(maxsize=4096)
def expanded(
    parts: tuple[str, ...], rule: RowRule, columns: frozenset[str], rules: tuple[RowRule, ...]
) -> tuple[str, ...]:
    """Return the parts that have a column; one that has none is replaced by its own parts."""
    found: list[str] = []
    for part in parts:
        if part in columns:
            if part not in found:
                found.append(part)
            continue
        for other in rules:
            if other.total == part and other.relation == "=" and other.tables == rule.tables and other is not rule:
                inner = expanded(other.parts, other, columns, rules)
                if inner:
                    found.extend(name for name in inner if name not in found)
                    break
    return tuple(found)


def _standing(rule: RowRule, parts: Sequence[str], table: Table, rules: Rules) -> Standing:
    """Presume the rule where no column is left that it says nothing of."""
    if len(parts) < _FEWEST and rule.relation == Relation.EQUAL:
        return Standing.FRAIL
    if rule.standing is not None:
        return Standing(rule.standing)
    named = {rule.total, *rule.parts, *parts, *rules.aside, *_below(parts, rules.rows)}
    changes = tuple(prefix for change in rules.changes for prefix in (change.change, change.before))
    rest = {name for name in table.columns - named if not f"{name}_".startswith(changes)}
    return Standing.TENTATIVE if rest or table.unread else Standing.PRESUMED


def _below(parts: Sequence[str], rules: Sequence[RowRule]) -> set[str]:
    """Return what the parts are made of, at any depth."""
    found: set[str] = set()
    todo = list(parts)
    while todo:
        part = todo.pop()
        for rule in rules:
            if rule.total == part:
                new = set(rule.parts) - found
                found |= new
                todo.extend(new)
    return found


def _sum(
    rule: RowRule, where: str, held: Mapping[str, Operand], shape: tuple[Sequence[str], Standing, str]
) -> Iterator[Equation]:
    """Yield the sum, if the row prints anything of it; a blank part adds nothing to a printed one."""
    parts, standing, family = shape
    operands = tuple(held[part] for part in parts if part in held)
    stated = held.get(rule.total)
    if stated is None and not operands:
        return
    relation = Relation(rule.relation)
    if stated is not None and operands:
        yield Equation(
            rule.id, where, stated, operands, summed(operands), relation=relation, family=family, standing=standing
        )
    elif relation is Relation.EQUAL and standing in {Standing.STRICT, Standing.PRESUMED}:
        absent = (f"{where}/{rule.total}",) if stated is None else tuple(f"{where}/{part}" for part in parts)
        yield Equation(rule.id, where, stated, operands, None, absent, relation, family=family, standing=standing)


def _changes(rule: ChangeRule, table: Table) -> Iterator[Equation]:
    for column in sorted(table.columns):
        if not column.startswith(rule.before):
            continue
        now = column.removeprefix(rule.before)
        change = rule.change + now
        now = now if now in table.columns else rule.alone
        change = change if change in table.columns else rule.change.rstrip("_")
        for row in table.rows:
            yield from _change(
                rule, table, row.pointer, (row.figures.get(change), row.figures.get(now), row.figures.get(column))
            )
    last, change = rule.before.rstrip("_"), rule.change.rstrip("_")
    if last in table.columns:
        for row in table.rows:
            found = row.figures
            yield from _change(rule, table, row.pointer, (found.get(change), found.get(rule.alone), found.get(last)))
            yield from _rate(rule, table, row.pointer, (found.get(rule.rate), found.get(change), found.get(last)))


def _change(
    rule: ChangeRule, table: Table, where: str, held: tuple[Operand | None, Operand | None, Operand | None]
) -> Iterator[Equation]:
    stated, now, before = held
    if stated is not None and now is not None and before is not None:
        operands, signs = (now, before), (1, -1)
        family = f"{rule.id}{table.pointer}"
        yield Equation(
            rule.id,
            where,
            stated,
            operands,
            summed(operands, signs),
            family=family,
            standing=Standing.TENTATIVE,
            signs=signs,
        )


def _rate(
    rule: ChangeRule, table: Table, where: str, held: tuple[Operand | None, Operand | None, Operand | None]
) -> Iterator[Equation]:
    stated, change, before = held
    if stated is not None and change is not None and before is not None:
        computed = percentage(summed((change,)), summed((before,)))
        family = f"{rule.id}/rate{table.pointer}"
        yield Equation(
            rule.id, where, stated, (change, before), computed, cuts=True, family=family, standing=Standing.TENTATIVE
        )


def _products(rule: ProductRule, table: Table) -> Iterator[Equation]:
    left, right = rule.factors
    if {rule.total, left, right} <= table.columns:
        for row in table.rows:
            stated, a, b = (row.figures.get(name) for name in (rule.total, left, right))
            if stated is not None and a is not None and b is not None:
                factors = tuple(
                    operand._replace(slack=operand.slack * 0) if name in rule.exact else operand
                    for name, operand in ((left, a), (right, b))
                )
                family = f"{rule.id}{table.pointer}"
                computed = product(factors[0], factors[1])
                yield Equation(
                    rule.id, row.pointer, stated, (a, b), computed, family=family, standing=Standing.TENTATIVE
                )
