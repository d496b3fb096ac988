"""What sentences say against what the tables say: facts of the budget, rows by code and by name."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from structurer import amounts, labels
from structurer.check.equations import ZERO, Equation, Standing, alone
from structurer.check.figures import scale, scaled
from structurer.check.prose_said import MONEY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from structurer.catalog.prose_rules import ProseRules, Scope
    from structurer.catalog.rules import Rules
    from structurer.check.equations import Operand
    from structurer.check.figures import Figures, Record, Table
    from structurer.check.prose_said import Said

_FACT, _ROW, _AGAIN = "claim_is_fact", "claim_is_row", "told_again"
# A figure printed with so much less precision than the table's may have been cut.
_COARSER = 5


class Named(NamedTuple):
    """What a subject may be the name of."""

    sure: str
    """The fact it names in full; empty where it names none, or several."""
    maybe: tuple[str, ...]


class Facts:
    """Which facts subjects name, and what the tables print of them."""

    def __init__(self, rules: Rules, printed: Mapping[str, Sequence[Operand]], carried: Iterable[Operand] = ()) -> None:
        self.prose: ProseRules = rules.prose
        self.printed = printed
        self.patterns = [(fact.id, pattern) for fact in rules.facts for pattern in fact.claims]
        known = (operand for name in rules.scope for operand in printed.get(name, ()))
        self.carried = [operand for operand in (*known, *carried) if operand.value]
        self.known: dict[str, Named] = {}
        self.scope_of = {fact: scope for scope in self.prose.scopes for fact in scope.facts}
        self.any = _any(tuple(pattern.pattern for _, pattern in self.patterns))

    def named(self, key: str) -> Named:
        """Return what a subject's key may be the name of."""
        known = self.known.get(key)
        if known is None:
            known = self.known[key] = self._named(key) if key and self.any.search(key) else Named("", ())
        return known

    def _named(self, key: str) -> Named:
        scopes = [scope for scope in self.prose.scopes if scope.pattern.search(key)]
        found: dict[str, int] = {}
        sure: dict[str, int] = {}
        for fact, pattern in self.patterns:
            match = pattern.search(key)
            if match and self._is_of(fact, scopes):
                length = len(match[0])
                found[fact] = max(found.get(fact, 0), length)
                kind = "before_unscoped" if fact in self.prose.unscoped else "before"
                if self.prose.patterns[kind].fullmatch(key, 0, match.start()):
                    sure[fact] = max(sure.get(fact, 0), length)
        longest = max(sure.values(), default=0)
        best = [fact for fact, length in sure.items() if length == longest]
        return Named(best[0] if len(best) == 1 else "", tuple(found))

    def _is_of(self, fact: str, scopes: Sequence[Scope]) -> bool:
        """Tell whether a subject with words for these parts of the budget can be the name of a fact."""
        own = self.scope_of.get(fact)
        return fact in self.prose.unscoped or list(scopes) == ([own] if own else [])

    def of_head(self, said: Said) -> str:
        """Return the fact that the head of a list is: the one it names, or one like it, whichever it meets."""
        sure = self.named(said.key).sure
        if sure in self.prose.contextual or said.foreign:
            return ""
        like = sorted(self.prose.alike - {sure}) if sure in self.prose.alike else []
        return next((name for name in (sure, *like) if self._is_met(said.operand, name)), "")

    def _is_met(self, stated: Operand, name: str) -> bool:
        return any(meets(stated, operand) for operand in self.printed.get(name, ()))

    def equation(self, said: Said, sure: str, maybe: Iterable[str]) -> Equation | None:
        """Return the equation of a figure with the fact it meets; it must meet the one that it names in full."""
        stated = said.operand
        certain = self.printed.get(sure, ())
        operands = [*certain, *(operand for name in maybe for operand in self.printed.get(name, ()))]
        met = next((operand for operand in operands if meets(stated, operand)), None)
        if met is None and (not operands or (sure and not certain)):
            return None
        best = operands[0] if met is None else met
        strict = certain and not (met is None and self._is_scope(stated, best))
        return against(_FACT, said, best, Standing.STRICT if strict else Standing.TENTATIVE)

    def _is_scope(self, stated: Operand, operand: Operand) -> bool:
        """Tell whether only what was carried over lies between the two."""
        off = abs(stated.value - operand.value)
        return any(abs(off - part.value) <= stated.slack + operand.slack + part.slack for part in self.carried)


def carried(listed: Sequence[Said], tables: Sequence[Table], rules: Rules) -> Iterator[Operand]:
    """Yield every amount that the text or a table says was carried over."""
    scopes = [scope for scope in rules.prose.scopes if scope.facts & set(rules.scope)]
    for said in listed:
        if said.group == MONEY and said.own and any(scope.pattern.search(said.key) for scope in scopes):
            yield said.operand
    for table in tables:
        if table.kind.name in rules.scope and table.scale is not None:
            for row in table.rows:
                yield from (scaled(operand, table.scale) for operand in row.figures.values())


@lru_cache(maxsize=8)
def _any(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns) or "(?!)")


def meets(left: Operand, right: Operand) -> bool:
    """Tell whether two figures may stand for the same."""
    return abs(left.value - right.value) <= left.slack + right.slack


def against(rule: str, said: Said, operand: Operand, standing: Standing, family: str = "") -> Equation:
    """Return the equation that what is said is another figure."""
    return Equation(
        rule,
        said.where,
        said.operand,
        (operand,),
        alone(operand),
        cuts=said.operand.slack > _COARSER * operand.slack,
        family=family or f"{rule}{said.where}",
        standing=standing,
    )


def of_facts(listed: Sequence[Said], facts: Facts, under: Mapping[int, str], year: int | None) -> Iterator[Equation]:
    """Yield the equations of what is said with the facts; `under` says what a figure is in the list it stands in."""
    for said in listed:
        if said.kind != "amount" or said.base or said.group != MONEY or not is_of(said, year):
            continue
        told = under.get(said.place, "")
        named = facts.named(said.key)
        sure = told or (named.sure if named.sure not in facts.prose.contextual and not said.foreign else "")
        maybe = () if told else (*named.maybe, *_others(said.key, sure, named, facts))
        equation = facts.equation(said, sure, maybe)
        if equation is not None:
            yield equation if year else replace(equation, standing=Standing.TENTATIVE)


def _others(key: str, sure: str, named: Named, facts: Facts) -> Iterator[str]:
    """Yield what else a figure may be whose heading or list is not known."""
    if sure in facts.prose.alike:
        yield from sorted(facts.prose.alike)
    if not sure and any(fact in facts.prose.contextual for fact in named.maybe):
        for rule in facts.prose.lists:
            for part in rule.parts:
                if part.key.search(key):
                    yield from part.facts.values()


def is_of(said: Said, year: int | None) -> bool:
    """Tell whether a figure is of the budget's year; where the text says no year, it is taken to be."""
    return said.year is None or year is None or said.year == year


def of_others(listed: Sequence[Said], facts: Facts, year: int | None) -> Iterator[Equation]:
    """Yield that sentences agree with one another: on facts that no table prints, and on an item just named."""
    first: dict[tuple[str, int | None], Said] = {}
    item: Said | None = None
    for said in listed:
        if not said.own or said.group != MONEY:
            continue
        if facts.prose.patterns["again"].search(said.key):
            if item is not None and is_of(said, year) and said.number == item.number + 1:
                yield against(_AGAIN, said, item.operand, Standing.TENTATIVE, f"{_AGAIN}/item")
            continue
        sure = facts.named(said.key).sure
        if (
            sure
            and not said.foreign
            and sure not in facts.prose.contextual
            and not (is_of(said, year) and sure in facts.printed)
        ):
            before = first.setdefault((sure, said.year), said)
            if before is not said and (said.operand.value, before.operand.value) != (ZERO, ZERO):
                same = before.key == said.key and sure not in facts.prose.alike
                standing = Standing.STRICT if same else Standing.TENTATIVE
                yield against(_AGAIN, said, before.operand, standing)
        item = said if not said.dated else item


class Rows:
    """The amounts of the tables' rows, by code and by name."""

    def __init__(self, tables: Sequence[Table], result: Record, rules: Rules, figures: Figures) -> None:
        self.prose: ProseRules = rules.prose
        self.by_code: dict[str, list[Operand]] = defaultdict(list)
        self.by_name: dict[str, list[Operand]] = defaultdict(list)
        self.projects: dict[str, list[Operand]] = defaultdict(list)
        self.totals: dict[str, set[object]] = defaultdict(set)
        for table in tables:
            if table.scale is not None:
                self._take(table, table.scale)
        self._take_cards(result, rules, figures)

    def _take(self, table: Table, power: int) -> None:
        kind = table.kind.name
        for row in table.rows:
            held = [scaled(row.figures[name], power) for name in self.prose.row_columns if name in row.figures]
            if not held:
                continue
            if row.code and kind in self.prose.code_tables:
                self.by_code[row.code] += held
            name = labels.key(row.label)
            if kind in self.prose.row_tables and name:
                name = self.prose.patterns["row_tail"].sub("", name) or name
                self.by_name[name] += held
                self.totals[name].add(held[0].value)
            elif kind in self.prose.project_tables and name:
                self.projects[name] += held

    def _take_cards(self, result: Record, rules: Rules, figures: Figures) -> None:
        cards = result.get("cards")
        for index, card in enumerate(cards if isinstance(cards, list) else ()):
            name = card.get("project_name") if isinstance(card, dict) else None
            power = scale(card.get("unit"), figures.notation) if isinstance(name, str) else None
            if not isinstance(name, str) or power is None:
                continue
            for path in rules.cards["amounts"]:
                held: object = card
                for step in path.split("/"):
                    held = held.get(step) if isinstance(held, dict) else None
                operand = figures.operand(f"/cards/{index}/{path}", held)
                if operand is not None:
                    self.projects[labels.key(name)].append(scaled(operand, power))

    def of(self, said: Said) -> tuple[str, list[Operand], bool]:
        """Return how a subject names rows, their amounts, and whether it leaves no doubt which."""
        code = self.prose.patterns["row_code"].search(amounts.fold(said.subject))
        if code:
            return "code", self.by_code.get(code[1], []), True
        if said.key in self.projects:
            return "project", self.projects[said.key], True
        pieces = self.prose.patterns["row_levels"].split(amounts.fold(said.subject))
        # What is behind the last level is no part of the name.
        name = labels.key(pieces[-2] if len(pieces) > 1 else pieces[0])
        name = self.prose.patterns["row_tail"].sub("", name)
        return "name", self.by_name.get(name, []), len(self.totals.get(name, ())) == 1

    def leaves(self, said: Said) -> int:
        """Return how many rows the row that a subject names by its code is the sum of."""
        code = self.prose.patterns["row_code"].search(amounts.fold(said.subject))
        return sum(1 for other in self.by_code if code and other.startswith(code[1]))


def of_rows(listed: Sequence[Said], rows: Rows, facts: Facts, year: int | None) -> Iterator[Equation]:
    """Yield the equations of what is said of a function, an economic class or a project with its rows."""
    for said in listed:
        if not said.own or said.group != MONEY or not is_of(said, year):
            continue
        how, operands, clear = rows.of(said)
        if not operands or (how == "name" and facts.named(said.key).maybe):
            continue
        best = next((operand for operand in operands if meets(said.operand, operand)), operands[0])
        # Told in a larger unit, it may be the sum of parts that were rounded one by one.
        coarse = said.operand.slack > _COARSER * best.slack
        ulps = abs(said.operand.value - best.value) / (2 * said.operand.slack)
        family = f"{_ROW}/{how}" if clear and not (coarse and ulps <= rows.leaves(said)) else ""
        yield against(_ROW, said, best, Standing.TENTATIVE, family)
