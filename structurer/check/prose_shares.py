"""Shares that sentences tell: each is a part in percent of the whole that its list is of."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from structurer import amounts, labels
from structurer.check.equations import Equation, Outcome, Standing, alone, judge, percentage
from structurer.check.prose_said import MONEY, PERCENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from structurer.catalog.prose_rules import ProseRules
    from structurer.check.equations import Operand
    from structurer.check.prose_facts import Facts
    from structurer.check.prose_said import Said

_SHARE = "told_share"
# A whole is looked for among so many amounts before its first part.
_NEAR = 6
# So many shares of a list that say something show which whole it is of.
_SHOWN = 2
_HUNDRED = Decimal(100)


class Share(NamedTuple):
    """A share and the part it is said of."""

    said: Said
    part: Said
    of: str
    """The key of what it says to be a share of; empty where it does not say."""


def shares(listed: Sequence[Said], facts: Facts) -> Iterator[Equation]:
    """Yield for each share that its part is so much of the whole."""
    for group in _groups(listed, facts.prose):
        first = group[0].part.place
        before = [said for said in listed[:first] if said.own and said.group == MONEY][-_NEAR:][::-1]
        wholes = [said.operand for said in before if said.operand.value > 0]
        yield from _of_list(group, wholes, facts)


def _groups(listed: Sequence[Said], rules: ProseRules) -> Iterator[list[Share]]:
    """Yield the shares of each list: parts with their shares, one after the other."""
    group: list[Share] = []
    for said in listed:
        part = listed[said.place - 1] if said.place else None
        if said.kind == "share":
            if part is not None and _is_part(part, said):
                group.append(Share(said, part, _whole_named(said, rules)))
            continue
        following = listed[said.place + 1] if said.place + 1 < len(listed) else None
        if group and not (following is not None and following.kind == "share" and _is_part(said, following)):
            yield group
            group = []
    if group:
        yield group


def _is_part(part: Said, share: Said) -> bool:
    return (
        share.group == PERCENT
        and part.own
        and part.group == MONEY
        and part.number == share.number
        and part.key == share.key
    )


def _whole_named(share: Said, rules: ProseRules) -> str:
    match = rules.patterns["share_of"].search(amounts.fold(share.lead))
    return labels.key(match[1]) if match else ""


def _of_list(group: Sequence[Share], wholes: Sequence[Operand], facts: Facts) -> Iterator[Equation]:
    """Yield the shares with the whole that makes most of them tie; one that says another whole has that one."""
    plain = [share for share in group if not share.of]
    inner = [share.part.operand for share in group if share.part.operand.value > 0]
    best = max([*wholes, *inner], key=lambda whole: sum(_ties(share, whole) for share in plain), default=None)
    certain = best is not None and _is_shown(plain, best)
    for share in group:
        named = [operand for name in facts.named(share.of).maybe for operand in facts.printed.get(name, ())]
        # Where it is known what the list is of, a part may still be of a part.
        others = inner if certain and not share.of else (*wholes, *inner)
        candidates = [*([best] if best and not share.of else []), *named, *others]
        tied = next((whole for whole in candidates if _ties(share, whole)), None)
        whole = tied or (best if not share.of else None)
        if whole is not None:
            strict = tied is None and certain and not (best is not None and _is_filled_up(share, plain, best))
            yield _equation(share, whole, Standing.STRICT if strict else Standing.TENTATIVE)


def _is_shown(plain: Sequence[Share], whole: Operand) -> bool:
    """Tell whether most shares that say something tie with a whole, or one does and the parts come to the whole."""
    telling = [share for share in plain if share.part.operand.value]
    shown = sum(_ties(share, whole) for share in telling)
    return (shown >= _SHOWN and 2 * shown > len(telling)) or (len(plain) > 1 and _is_filled(plain, whole))


def _is_filled(plain: Sequence[Share], whole: Operand) -> bool:
    """Tell whether the parts come to the whole."""
    off = whole.value - sum(share.part.operand.value for share in plain)
    return abs(off) <= whole.slack + sum(share.part.operand.slack for share in plain)


def _is_filled_up(share: Share, plain: Sequence[Share], whole: Operand) -> bool:
    """Tell whether a share may have been bent so that all come to 100 %: each may be off by what was rounded."""
    stated = share.said.operand
    exact = _HUNDRED * share.part.operand.value / whole.value
    off = abs(exact - stated.value)
    return sum(other.said.operand.value for other in plain) == _HUNDRED and off <= 2 * stated.slack * len(plain)


def _ties(share: Share, whole: Operand) -> bool:
    return judge(_equation(share, whole, Standing.STRICT)).outcome in {Outcome.TIES, Outcome.ROUNDING}


def _equation(share: Share, whole: Operand, standing: Standing) -> Equation:
    part = share.part.operand
    # Of itself, it is all.
    computed = percentage(alone(part), alone(whole)) if part is not whole else None
    return Equation(
        _SHARE,
        share.said.where,
        share.said.operand,
        (part, whole),
        computed,
        cuts=True,
        family=f"{_SHARE}{share.said.where}",
        standing=standing,
    )
