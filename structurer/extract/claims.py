"""The figures that prose states: each with its sentence, what it is said of, and where it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from structurer import amounts
from structurer.extract.paragraphs import Paragraph, paragraphs
from structurer.extract.prose_words import compiled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from structurer.amounts import Found, Notation
    from structurer.extract.prose_words import Patterns, ProseWords
    from structurer.records import Line, Part

_DIGIT = re.compile("[0-9\uff10-\uff19]")
_BRACKETS = re.compile(r"\([^()]*\)")
# What a subject neither begins nor ends with; quotes and brackets may stand on their own side.
_MARKS = " \t,.:;\u3001\u3002"
_LEFT, _RIGHT = _MARKS + ")]\u201d\u2019\u3011\u300b", _MARKS + "([\u201c\u2018\u3010\u300a"


class Kind(StrEnum):
    """What a stated figure says."""

    AMOUNT = "amount"
    SHARE = "share"
    CHANGE = "change"
    """By how much something rose or fell."""
    RATE = "rate"
    """By how many percent something rose or fell."""
    COUNT = "count"
    """Anything else that is counted or measured."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One figure that a sentence states; the offsets of `figure` are offsets in `sentence`."""

    sentence: str
    subject: str | None
    figure: Found
    kind: Kind
    direction: str | None
    """`up` or `down`, for a change and a rate."""
    year: str | None
    """The year stated last before the figure in its paragraph."""
    compared_with: str | None
    """The base as printed, but for gaps: of a change or rate, or the one whose own amount this is."""
    parts: tuple[Part, ...]
    """Where the figure stands; two if a line or page breaks within it."""


def claims(lines: Sequence[Line], words: ProseWords, notation: Notation) -> list[Claim]:
    """Return every figure that the passage states, in order."""
    patterns = compiled(words)
    # A word for a change may also be a minus word: in prose it says the direction.
    minus_words = tuple(word for word in notation.minus_words if word not in words.down_words)
    notation = replace(notation, minus_words=minus_words)
    return [
        claim
        for paragraph in paragraphs(lines, patterns.opening)
        if _DIGIT.search(paragraph.text)
        for claim in _Reader(paragraph, patterns, words.measures, notation).read()
    ]


@dataclass(frozen=True, slots=True)
class _Whole:
    """A claim whose parts are told after it, from brackets this deep and the sentence of claim `first` on."""

    claim: int
    depth: int
    first: int


class _Reader:
    """Reads one paragraph from its start; what was said before decides what a bare share is a share of."""

    def __init__(self, paragraph: Paragraph, patterns: Patterns, units: tuple[str, ...], notation: Notation) -> None:
        self.paragraph, self.patterns, self.units, self.notation = paragraph, patterns, units, notation
        self.plain = amounts.fold(paragraph.text)
        bases = list(patterns.bases.finditer(self.plain))
        self.bases = [(m.end(), "".join(m[1].split())) for m in bases]
        self.years = [
            (m.end(), m[m.lastindex or 0])
            for m in patterns.years.finditer(self.plain)
            if not any(base.start() <= m.start() < base.end() for base in bases)
        ]
        self.ignored = [m.span() for m in patterns.ignored.finditer(self.plain)]
        self.said: list[tuple[Claim, int]] = []
        """Each claim with the number of brackets open around it."""
        self.full_stop = 0
        """Where the sentence began, or the one before it if only a semicolon divides them."""
        self.first = 0
        """How many claims stand before that sentence."""
        self.wholes: list[_Whole] = []

    def read(self) -> list[Claim]:
        for start, end in _sentences(self.plain, self.patterns.ends):
            if self.plain[start - 1 : start] != ";":
                self.full_stop, self.first = start, len(self.said)
            number = self.patterns.opening.match(self.plain, start)
            ignored = [*self.ignored, number.span()] if number else self.ignored
            sentence = self.paragraph.text[start:end]
            before = start
            for found in amounts.find(sentence, self.notation, self.units):
                at = start + found.start
                if self._is_money(found) or not any(a <= at and start + found.end <= b for a, b in ignored):
                    self._state(sentence, found, start, before)
                    before = start + found.stop
        return [claim for claim, _ in self.said]

    def _state(self, sentence: str, found: Found, start: int, before: int) -> None:
        at = start + found.start
        backwards = self.patterns.clause.match(self.plain[before:at][::-1])
        clause = at - (backwards.end() if backwards else 0)
        lead = self.plain[clause:at]
        kind, direction = self._kind(lead, found)
        depth = self.plain.count("(", 0, at) - self.plain.count(")", 0, at)
        if self.said and self.patterns.parts.search(self.plain, before, at):
            self.wholes.append(_Whole(len(self.said) - 1, depth, self.first))
        based = self.patterns.bases.search(lead)
        share = self.patterns.shares.search(lead) if kind is Kind.SHARE else None
        subject = self._subject(clause, clause + share.start() if share else at)
        is_base = based is not None and not lead[based.end() :].strip()
        claim = Claim(
            sentence,
            subject or self._subject_before(depth, anew=based is not None and direction is not None),
            found,
            kind,
            direction,
            None if is_base else _last(self.years, 0, at),
            _last(self.bases, self.full_stop, at) if direction or is_base else None,
            self.paragraph.parts(at, start + found.end),
        )
        self.said.append((claim, depth))

    def _kind(self, lead: str, found: Found) -> tuple[Kind, str | None]:
        ratio = found.figure.percent or found.figure.permille
        if ratio and self.patterns.shares.search(lead):
            return Kind.SHARE, None
        core = self.patterns.bases.sub("", lead)
        core = core[max((m.end() for m in self.patterns.years.finditer(core)), default=0) :]
        core = self.patterns.after.sub("", self.patterns.before.sub("", core.lstrip(_LEFT), count=1), count=1)
        for direction, pattern in (("up", self.patterns.up), ("down", self.patterns.down)):
            change = pattern.search(core)
            if change and (change.end() == len(core) or not ratio):
                return Kind.RATE if ratio else Kind.CHANGE, direction
        return Kind.AMOUNT if self._is_money(found) else Kind.COUNT, None

    def _is_money(self, found: Found) -> bool:
        coin = (found.unit or "").partition("/")[0]
        return coin in self.notation.money and coin not in self.units

    def _subject(self, start: int, end: int) -> str | None:
        """Return what the clause says before the figure, without the words for year, comparison and change."""
        core = self.patterns.bases.sub("", self.plain[start:end])
        years = list(self.patterns.years.finditer(core))
        pieces = [core[years[-1].end() :], core[: years[-1].start()]] if years else [core]
        for piece in pieces:
            noun = self.patterns.head.sub("", piece.lstrip(_LEFT), count=1)
            noun = self.patterns.tail.sub("", noun, count=1).lstrip(_LEFT).rstrip(_RIGHT)
            if noun:
                at = self.plain.find(noun, start, end)
                return self.paragraph.text[at : at + len(noun)] if at >= 0 else noun
        return None

    def _subject_before(self, depth: int, *, anew: bool) -> str | None:
        """Return the subject said last outside closed brackets; after a list of parts, a comparison is of the whole."""
        self.wholes = [whole for whole in self.wholes if whole.depth <= depth]
        fresh = len(self.said) == self.first
        if anew and self.wholes and (fresh or self.wholes[-1].first == self.first):
            whole = self.wholes[-1].claim
            parts = [claim for claim, deep in self.said[whole + 1 :] if deep <= depth]
            if len(parts) > 1 and all(claim.kind is Kind.AMOUNT for claim in parts):
                return self.said[whole][0].subject
        return next((claim.subject for claim, deep in reversed(self.said) if deep <= depth), None)


def _last(places: list[tuple[int, str]], start: int, end: int) -> str | None:
    return next((text for at, text in reversed(places) if start <= at <= end), None)


def _sentences(plain: str, ends: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Where the sentences stand that are more than blanks; a mark within brackets ends none."""
    masked = plain
    for _ in range(2):
        masked = _BRACKETS.sub(lambda m: "\0" * len(m[0]), masked)
    start = 0
    for end in [*(m.end() for m in ends.finditer(masked)), len(plain)]:
        if plain[start:end].strip():
            yield start, end
        start = end
