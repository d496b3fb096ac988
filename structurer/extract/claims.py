"""The figures that prose states: each with its sentence, what it is said of, and where it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from structurer import amounts
from structurer.extract.paragraphs import Paragraph, paragraphs
from structurer.extract.prose_words import unnamed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from structurer.amounts import Found, Notation
    from structurer.extract.prose_words import ProseWords
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
    """The base as printed: of a change or rate, or the one whose own amount this is."""
    parts: tuple[Part, ...]
    """Where the figure stands; two if a line or page breaks within it."""


@dataclass(frozen=True, slots=True)
class _Patterns:
    """The words, compiled."""

    opening: re.Pattern[str]
    ends: re.Pattern[str]
    clause: re.Pattern[str]
    """Matches a clause read backwards."""
    years: re.Pattern[str]
    bases: re.Pattern[str]
    ignored: re.Pattern[str]
    shares: re.Pattern[str]
    up: re.Pattern[str]
    down: re.Pattern[str]
    parts: re.Pattern[str]
    before: re.Pattern[str]
    after: re.Pattern[str]
    """Words between a subject and its figure."""
    tail: re.Pattern[str]
    """The same, and words for a change."""


def claims(lines: Sequence[Line], words: ProseWords, notation: Notation) -> list[Claim]:
    """Every figure that the passage states, in order."""
    patterns = _compiled(words)
    # A word for a change may also be a minus word: in prose it says the direction.
    minus_words = tuple(word for word in notation.minus_words if word not in words.down_words)
    notation = replace(notation, minus_words=minus_words)
    return [
        claim
        for paragraph in paragraphs(lines, patterns.opening)
        if _DIGIT.search(paragraph.text)
        for claim in _Reader(paragraph, patterns, words.measures, notation).read()
    ]


class _Reader:
    """Reads one paragraph from its start; what was said before decides what a bare share is a share of."""

    def __init__(self, paragraph: Paragraph, patterns: _Patterns, units: tuple[str, ...], notation: Notation) -> None:
        self.paragraph, self.patterns, self.units, self.notation = paragraph, patterns, units, notation
        self.plain = amounts.fold(paragraph.text)
        bases = list(patterns.bases.finditer(self.plain))
        self.bases = [(m.end(), m[m.lastindex or 0].strip()) for m in bases]
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
        self.whole = -1
        """The index of the claim whose parts are being told; negative if none is."""

    def read(self) -> list[Claim]:
        for start, end in _sentences(self.plain, self.patterns.ends):
            if self.plain[start - 1 : start] != ";":
                self.full_stop = start
            sentence = self.paragraph.text[start:end]
            before = start
            for found in amounts.find(sentence, self.notation, self.units):
                at = start + found.start
                if self._is_money(found) or not any(a <= at and start + found.end <= b for a, b in self.ignored):
                    self._state(sentence, found, start, before)
                    before = start + found.stop
        return [claim for claim, _ in self.said]

    def _state(self, sentence: str, found: Found, start: int, before: int) -> None:
        at = start + found.start
        if self.said and self.patterns.parts.search(self.plain, before, at):
            self.whole = len(self.said) - 1
        backwards = self.patterns.clause.match(self.plain[before:at][::-1])
        clause = at - (backwards.end() if backwards else 0)
        lead = self.plain[clause:at]
        kind, direction = self._kind(lead, found)
        depth = self.plain.count("(", 0, at) - self.plain.count(")", 0, at)
        based = self.patterns.bases.search(lead)
        subject = None if kind is Kind.SHARE else self._subject(clause, at)
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
            if pattern.search(core):
                return Kind.RATE if ratio else Kind.CHANGE, direction
        return Kind.AMOUNT if self._is_money(found) else Kind.COUNT, None

    def _is_money(self, found: Found) -> bool:
        coin = (found.unit or "").partition("/")[0]
        return coin in self.notation.money and coin not in self.units

    def _subject(self, start: int, end: int) -> str | None:
        """What the clause says before the figure, without the words for year, comparison and change."""
        core = self.patterns.bases.sub("", self.plain[start:end])
        years = list(self.patterns.years.finditer(core))
        pieces = [core[years[-1].end() :], core[: years[-1].start()]] if years else [core]
        for piece in pieces:
            noun = self.patterns.before.sub("", piece.lstrip(_LEFT), count=1)
            noun = self.patterns.tail.sub("", noun, count=1).lstrip(_LEFT).rstrip(_RIGHT)
            if noun:
                at = self.plain.find(noun, start, end)
                return self.paragraph.text[at : at + len(noun)] if at >= 0 else noun
        return None

    def _subject_before(self, depth: int, *, anew: bool) -> str | None:
        """The subject said last outside closed brackets; after a list of parts, a comparison is of the whole."""
        parts = self.said[self.whole + 1 :]
        if anew and self.whole >= 0 and len(parts) > 1 and all(c.kind is Kind.AMOUNT for c, _ in parts):
            return self.said[self.whole][0].subject
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


@lru_cache(maxsize=8)
def _compiled(words: ProseWords) -> _Patterns:
    # An enumeration comma joins nouns, and brackets are matched in pairs: neither ends a clause.
    marks = "".join(re.escape(mark) for mark in {*map(amounts.fold, words.clause_marks)} - {"\u3001", "(", ")"})
    opening = rf"\s*(?:{_any(words.enumerator_patterns)})"
    year, compare = _any(words.year_patterns), _either(words.compare_words)
    up, down, filler = _either(words.up_words), _either(words.down_words), _either(words.filler_words)
    level = _either(words.level_words)
    return _Patterns(
        opening=re.compile(opening),
        ends=re.compile(_any(words.sentence_end_patterns)),
        clause=re.compile(rf"(?:[^{marks}()]++|\)[^()]*+\()*+"),
        years=re.compile(year),
        bases=re.compile(
            rf"{compare}\s*({year}|{_either(words.last_year_words)})"
            rf"(?:\s|{_either(words.base_tail_words)})*(?:{compare})?"
        ),
        ignored=re.compile(rf"{year}|{_any(words.ignore_patterns)}|(?<=[{marks}]){opening}"),
        shares=re.compile(_either(words.share_words)),
        up=_change(words.up_words, level),
        down=_change(words.down_words, level),
        parts=re.compile(_either(words.of_which_words)),
        before=re.compile(rf"^(?:\s|{opening}|{_either((*words.opener_words, *words.of_which_words))})+"),
        after=re.compile(rf"(?:\s|{filler})+$"),
        tail=re.compile(rf"(?:\s|{filler}|{up}|{down})+$"),
    )


def _change(words: Sequence[str], level: str) -> re.Pattern[str]:
    """A word for a change at the end of a clause; or at its start, if it is no single character of another word."""
    long = [word for word in words if len(word) > 1]
    return re.compile(rf"^{_either(long)}(?!{level})|{_either(words)}$")


def _any(patterns: Sequence[str]) -> str:
    return "|".join(f"(?:{unnamed(pattern)})" for pattern in patterns) or "(?!)"


def _either(words: Sequence[str]) -> str:
    """Any of the words, the longest first."""
    plain = sorted((amounts.fold(word) for word in words), key=len, reverse=True)
    return f"(?:{'|'.join(map(re.escape, plain)) or '(?!)'})"
