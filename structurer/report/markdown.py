"""A check as Markdown: text of the document is shown, and can never become markup, a link or HTML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from structurer.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from structurer.report.checked import Checked, Remark
    from structurer.report.messages import Messages

# What opens markup anywhere in a line; and at its start: lists, headings, rules.
_MARKUP = re.compile(r"[\\`*_\[\]<>|~&$^#]")
_OPENING = re.compile(r"^([-+=:]|\d{1,9}(?=[.)]))")
# Bare addresses and names become links even where they are escaped; a code span parts them.
_LINKING = re.compile(r"(?:@|(?<=[A-Za-z]):(?=//)|(?<=[Ww]{3})\.|#(?=\d))+")


def escaped(text: str) -> str:
    r"""Return the text as Markdown that shows it as it is.

    >>> escaped("[x](http://a.b) *1*")
    '\\[x\\](http`:`//a.b) \\*1\\*'
    """
    line = printable(text)
    parts = _LINKING.split(line)
    linking = _LINKING.findall(line)
    plain = [_MARKUP.sub(r"\\\g<0>", part) for part in parts]
    whole = plain[0] + "".join(f"`{mark}`{part}" for mark, part in zip(linking, plain[1:], strict=True))
    return _OPENING.sub(_opening, whole)


def _opening(found: re.Match[str]) -> str:
    return f"{found[1]}\\" if found[1].isdigit() else f"\\{found[1]}"


def as_markdown(found: Iterable[Checked], messages: Messages) -> str:
    """Return the report of several checks, one after the other."""
    return "\n".join(line for one in found for line in _document(one, messages))


def _document(found: Checked, messages: Messages) -> Iterator[str]:
    yield from (f"# {escaped(found.name)}", "")
    for line in (found.counts, found.figures, found.equations, messages.word("findings", count=found.findings)):
        yield f"- {escaped(line)}"
    yield from ("", f"## {messages.word('findings_heading')}", "")
    if not found.groups:
        yield from (messages.word("no_findings"), "")
    for group, remarks in found.groups.items():
        yield from (f"### {escaped(messages.word(f'group_{group}'))}", "", *_remarks(remarks), "")
    yield from _tables(found, messages)


def _remarks(remarks: Sequence[Remark]) -> Iterator[str]:
    for remark in remarks:
        yield f"- {escaped(remark.text)}"
        for suggestion in remark.suggestions:
            yield f"  - → {escaped(suggestion)}"


def _tables(found: Checked, messages: Messages) -> Iterator[str]:
    rules = [(rule.rule, *map(str, rule.counts), rule.why) for rule in found.rules]
    yield from _table("rules", ("rule", "ties", "rounding", "broken", "unknown", "why_unknown"), rules, messages)
    coverage = [
        (part.where, *map(str, (part.figures, part.grounded, part.proven)), "; ".join(part.unproven))
        for part in found.coverage
    ]
    yield from _table("coverage", ("where", "figures_column", "grounded", "proven", "unproven"), coverage, messages)
    yield from _table("completeness", ("kind", "state", "where"), found.completeness, messages)


def _table(name: str, headings: Sequence[str], rows: Sequence[Sequence[str]], messages: Messages) -> Iterator[str]:
    if not rows:
        return
    yield from (f"## {messages.word(name)}", "")
    yield f"| {' | '.join(messages.word(heading) for heading in headings)} |"
    yield f"|{' --- |' * len(headings)}"
    for row in rows:
        yield f"| {' | '.join(map(escaped, row))} |"
    yield ""
