"""How a document stands against its golden folder, in words: each value with its table, row, column and page."""

from __future__ import annotations

from collections import Counter
from itertools import groupby, islice
from typing import TYPE_CHECKING

from structurer import report
from structurer.golden.parts import FALLS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from structurer.golden.compare import Kind
    from structurer.golden.parts import Difference, Misread, Part, Where
    from structurer.regression.verifying import Verdict
    from structurer.report import Messages

_KINDS: tuple[Kind, ...] = ("changed", "lost", "new", "moved")
# So many lines are said of a part; the rest is counted.
MOST_LINES = 20
# A name or a value is cut at so many characters; the whole stands in the JSON.
_LONGEST = 60


def summary(verdict: Verdict, messages: Messages) -> str:
    """Return how a document stands, in one line."""
    told = _counts(verdict.parts, messages)
    word = "golden_fallen" if verdict.has_fallen else "golden_holds"
    counts = told or (messages.word("diff_none") if not verdict.faults else "-")
    return messages.word(word, file=report.printable(verdict.name), counts=counts, verified=verdict.verified)


def findings(verdict: Verdict, messages: Messages) -> str:
    """Return which findings are new or gone, in one line; empty if none are."""
    if not verdict.findings:
        return ""
    codes = report.printable(", ".join(verdict.findings))
    return f"{messages.word('findings', count=len(verdict.findings))}: {codes}"


def title(part: Part, messages: Messages) -> str:
    """Return what a part is called, and what has become of it."""
    called, counts = _called(part, messages), _counts([part], messages)
    return messages.word("headed", place=called) + counts if counts else called


def lines(part: Part, messages: Messages) -> Iterator[str]:
    """Yield a line for each value of a part that is not as it was: falls first, and not more than can be read."""
    told = _values(part, messages)
    yield from islice(told, MOST_LINES)
    left = sum(1 for _ in told)
    if left:
        yield messages.word("golden_more", count=left)


def text(verdict: Verdict, part: Part, messages: Messages) -> str:
    """Return all that is to be said of a part, on its own: the document, the part, and each value."""
    name = messages.word("headed", place=report.printable(verdict.name))
    head = name + title(part, messages)
    if part.faults:
        # A fault is the document's; in a table it is the reason.
        word = "golden_not_compared" if part.pointer else "golden_fault"
        fault = report.printable("; ".join(part.faults))
        head = messages.word(word, part=name + _called(part, messages), fault=fault)
    found = findings(verdict, messages) if not part.pointer else ""
    return "\n  ".join(filter(None, (head, *lines(part, messages), found)))


def _called(part: Part, messages: Messages) -> str:
    called = messages.word(f"golden_{part.called}", number=part.number, title=report.printable(part.title))
    return called + (messages.word("on_page", pages=report.ranges(part.pages)) if part.pages else "")


def _counts(parts: Iterable[Part], messages: Messages) -> str:
    """Return how many values are not as verified, and how many are not as recorded, by what became of them."""
    own = list(parts)
    kinds = Counter(one.change.kind for part in own for one in part.differences)
    misread = sum(len(part.misread) for part in own)
    said = [messages.word("golden_misread", count=misread)] if misread else []
    return ", ".join([*said, *(f"{messages.word(f'diff_{kind}')} {kinds[kind]}" for kind in _KINDS if kinds[kind])])


def _values(part: Part, messages: Messages) -> Iterator[str]:
    yield from (_misread(one, part, messages) for one in part.misread)
    if part.is_lost:
        yield messages.word("golden_lost_whole", count=part.values)
    for one in part.differences:
        if one.change.kind in FALLS and (one.where.listed or not part.is_lost):
            yield _difference(one, part, messages)
    for item, group in groupby(part.differences, key=lambda one: one.new_item):
        own = [one for one in group if one.change.kind == "new"]
        if item is not None:
            yield messages.word("golden_new_whole", item=_short(own[0].change.item), count=len(own))
        else:
            yield from (_difference(one, part, messages) for one in own)


def _difference(one: Difference, part: Part, messages: Messages) -> str:
    change = one.change
    page = "" if change.page is None else messages.word("on_page", pages=change.page)
    said = messages.word(
        f"golden_{change.kind}",
        where=_where(one.where, part, messages),
        before=_short(change.before or ""),
        after=_short(change.after or ""),
        to=_target(one, part, messages),
    )
    return f"{said}{page}"


def _target(one: Difference, part: Part, messages: Messages) -> str:
    """Return where a value has moved to; in the same row, the column alone."""
    if one.to is None:
        return ""
    if (one.to.listed, one.to.number) == (one.where.listed, one.where.number):
        return messages.word("golden_column", column=_short(one.to.column))
    return _where(one.to, part, messages)


def _misread(one: Misread, part: Part, messages: Messages) -> str:
    verified, found = one.wrong.verified, one.wrong.found
    where = _where(one.where, part, messages)
    if not part.pointer and verified.place.item:
        where = f"{_short(verified.place.item)}: {where}"
    said = messages.word(
        "golden_wrong",
        where=where,
        value=_short(verified.value),
        found=_short(found) if found is not None else messages.word("absent"),
        by=_short(verified.by),
        day=verified.on,
    )
    return said + ("" if one.page is None else messages.word("on_page", pages=one.page))


def _where(where: Where, part: Part, messages: Messages) -> str:
    """Return a place as a reader finds it; what an item says of itself is in no row."""
    column = _short(where.column)
    name = _short(where.row)
    if where.number is not None:
        word = ("golden_row" if name else "row") if where.listed == "rows" else "golden_entry"
        name = messages.word(word, number=where.number, listed=_short(where.listed), called=name)
    row = name or _short(where.listed) or messages.word(f"golden_{part.called}_itself")
    return messages.word("golden_where", row=row, column=column)


def _short(value: str) -> str:
    return report.printable(value, _LONGEST)
