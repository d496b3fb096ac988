"""Lists that a sentence opens itself, with a word like `of which`: their members come to what was said before."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from structurer.check.equations import ZERO, Equation, Standing, summed
from structurer.check.prose_said import MONEY, PERCENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from structurer.catalog.prose_rules import ProseRules
    from structurer.check.equations import Operand
    from structurer.check.prose_said import Said

    # Figures of one kind and unit.
    Group = tuple[str, str]

_PARTS, _CHANGES = "told_parts", "told_changes"
_KINDS = {"amount": _PARTS, "count": _PARTS, "change": _CHANGES}
_WHOLE = Decimal(100)
# The whole is said at most so many sentences before its list.
_NEAR = 2
# A list with a part for the rest, and so many parts, leaves nothing out.
_FULL = 3


@dataclass(slots=True)
class _List:
    """A list on its way: it may hold figures of several kinds, each with its own whole."""

    first: Said
    wholes: dict[Group, Said]
    members: dict[Group, list[Said]] = field(default_factory=dict)
    shares: dict[int, Said] = field(default_factory=dict)
    """By place of the member before it."""
    over: bool = False
    """Whether a comparison has been told since the sentence began: what follows tells why."""
    last: Said | None = None


def lists(listed: Sequence[Said], rules: ProseRules) -> Iterator[Equation]:
    """Yield for each list of a sentence that its members come to the whole said before it."""
    opened: list[_List] = []
    for said in listed:
        last = opened[-1].last if opened else None
        if last is not None and said.number != last.number:
            # A list goes on over semicolons; what opened within it does not.
            closed = opened if last.done else opened[1:]
            yield from _sums(closed, rules)
            opened = [one for one in opened if one not in closed]
        deep = [one for one in opened if one.first.depth > said.depth]
        yield from _sums(deep, rules)
        opened = [one for one in opened if one not in deep]
        if said.kind in _KINDS and rules.patterns["parts"].search(said.lead):
            wholes = _wholes(listed, said)
            if wholes:
                opened.append(_List(said, wholes))
        if opened:
            _take(opened[-1], said)
    yield from _sums(opened, rules)


def _wholes(listed: Sequence[Said], first: Said) -> dict[tuple[str, str], Said]:
    """Return by kind what was said last before a list."""
    found: dict[tuple[str, str], Said] = {}
    for said in reversed(listed[max(0, first.place - 6) : first.place]):
        if first.number - said.number > _NEAR or (said.done and first.number - said.number > 1):
            break
        if said.kind in _KINDS and not (said.kind == "amount" and said.base) and said.depth <= first.depth:
            found.setdefault(_group(said), said)
    return found


def _group(said: Said) -> tuple[str, str]:
    return said.kind, said.group


def _take(one: _List, said: Said) -> None:
    if one.last is not None and said.number != one.last.number:
        one.over = False
    before, one.last = one.last, said
    group = _group(said)
    if said.kind == "share" and before is not None and said.group == PERCENT:
        one.shares[before.place] = said
    elif said.kind in _KINDS and group in one.wholes and not (said.kind == "amount" and (said.base or one.over)):
        one.members.setdefault(group, []).append(said)
    one.over |= said.kind in {"change", "rate"}


def _sums(closed: Sequence[_List], rules: ProseRules) -> Iterator[Equation]:
    for one in closed:
        for group, members in one.members.items():
            whole = one.wholes[group]
            if len(members) > 1 and group[1] != PERCENT:
                yield _sum(one, whole, members, rules)


def _sum(one: _List, whole: Said, members: Sequence[Said], rules: ProseRules) -> Equation:
    rule = _KINDS[whole.kind]
    signs = tuple(said.way * whole.way for said in members) if whole.kind == "change" else ()
    operands = tuple(said.operand for said in members)
    return Equation(
        rule,
        whole.where,
        whole.operand,
        operands,
        summed(operands, signs),
        family=f"{rule}{one.first.where}",
        standing=Standing.STRICT if _is_full(one, whole, members, rules) else Standing.TENTATIVE,
        signs=signs,
    )


def _is_full(one: _List, whole: Said, members: Sequence[Said], rules: ProseRules) -> bool:
    """Tell whether a list leaves nothing out: its shares come to 100 %, or what it counts has a part for the rest."""
    if whole.group == MONEY:
        shared = [(said, one.shares[said.place].operand) for said in members if said.place in one.shares]
        # Each share may be cut by all but one unit of its last digit.
        slack = sum((2 * share.slack for _, share in shared), ZERO)
        # The whole may be what is wrong.
        totals = (whole.operand.value, sum((said.operand.value for said in members), ZERO))
        return (
            len(shared) == len(members)
            and abs(_WHOLE - sum(share.value for _, share in shared)) <= slack
            and any(_is_share(said.operand, share, total) for said, share in shared for total in totals)
        )
    rest = rules.patterns["rest"]
    return (
        whole.kind == "count"
        and len(members) >= _FULL
        and any(rest.search(said.key) for said in members)
        # All are of one kind of thing, each counted once.
        and len({said.key[-1:] for said in members}) == 1
        and all(said.number == one.first.number for said in members)
    )


def _is_share(part: Operand, share: Operand, whole: Decimal) -> bool:
    """Tell whether a share that says something is about that of the whole."""
    return bool(part.value and whole) and abs(_WHOLE * part.value / whole - share.value) <= 4 * share.slack
