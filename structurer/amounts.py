"""The one place where printed text becomes a number.

A figure is one atom: it keeps its printed digits, is compared as an exact decimal, and has a
boundary on both sides. Outside it stands no further digit, no Latin letter (but for a unit) and no
point or comma with a digit behind, so neither `A12B` nor `13010024P00971` nor `1.2.3` holds one.
Digits with a leading zero (`020008`) are a code; badly grouped ones (`1,23`) are no figure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Other forms of a character, one for one, so that offsets into the text stay true. (NFKC would
# also make digits of superscripts and circled numbers, and several characters of one.)
_FOLD = str.maketrans(
    {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
    | {0xFE50: ",", 0xFE52: ".", 0xFE62: "+", 0xFE63: "-", 0xFE6A: "%", 0xFFE5: "\xa5"}
    | dict.fromkeys((0x3000, 0xA0, 0x2007, 0x2009, 0x202F), " ")
    | dict.fromkeys((0x2212, 0x2013, 0x25B3, 0x25B2), "-")
)
_NUMBER = (
    r"(?:[1-9][0-9]{0,2}(?:(?P<gap>[, ])[0-9]{3}(?:(?P=gap)[0-9]{3})*+)(?![0-9])"
    r"|0|[1-9][0-9]*+)(?:\.[0-9]++)?|\.[0-9]++"
)
_WHOLE = re.compile(
    rf"\s*(?P<open>\()?\s*(?P<sign>[-+]?)\s*\xa5?\s*(?P<inner>[-+]?)(?P<number>{_NUMBER})"
    r"\s*(?P<ratio>[%\u2030]?)\s*(?P<close>\))?\s*"
)
_SIMPLE = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,4})?")
_ONE = re.compile(_NUMBER)
# In running text a blank never groups: `5 100` may be two figures, `5,100` may not.
_RUN = re.compile(
    r"(?<![0-9A-Za-z.])(?<![0-9],)(?<![A-Za-z][-_/\\])\.?[0-9]++(?:[.,][0-9]++)*+"
    r"(?P<ratio>(?: ?[%\u2030])?)"
)
_DIGIT = re.compile("[0-9\uff10-\uff19]")
_LETTER = re.compile("[A-Za-z]")
_JOINED = re.compile("[0-9A-Za-z]")
# A thousands separator, but not a comma between two figures.
_SEPARATOR = re.compile(r"(?<=\d)[,'\u2019 ](?=\d{3}(?!\d))")
# A comma that groups no digits: no three follow, or decimals stand before it.
_COMMA = re.compile(r"[,\uff0c](?!\d{3}(?!\d))|(?<=\.\d)[,\uff0c]|(?<=\.\d\d)[,\uff0c]|(?<=\.\d{4})[,\uff0c]")
# Smaller scales are also prefixes of units (kilo-, per cent); a unit that begins with a larger one is two words.
_LARGE = 4
# No amount is longer; with this bound every difference and sum is exact at Decimal's precision.
_MOST_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Notation:
    """How figures are written: the words of the lexicon's `notation`."""

    minus_words: tuple[str, ...] = ()
    scales: Mapping[str, int] = field(default_factory=dict)
    """Word to power of ten."""
    money: tuple[str, ...] = ()
    absent_marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """One printed number: `raw` as it stands there, `digits` its exact decimal, as many decimals as printed."""

    raw: str
    digits: str
    percent: bool = False
    permille: bool = False

    @property
    def value(self) -> Decimal:
        """The number itself; a percentage in percent (`34.5%` is 34.5)."""
        return Decimal(self.digits)

    @property
    def decimals(self) -> int:
        """How many decimals are printed."""
        return len(self.digits.partition(".")[2])

    def interval(self, scale: int = 0) -> tuple[Decimal, Decimal]:
        """Return what the print can stand for: half a unit of the last digit around it, times ten to the `scale`.

        >>> Figure("4.48", "4.48").interval()
        (Decimal('4.475'), Decimal('4.485'))
        """
        half = Decimal(5).scaleb(-self.decimals - 1)
        return (self.value - half).scaleb(scale), (self.value + half).scaleb(scale)


@dataclass(frozen=True, slots=True)
class Found:
    """A figure in running text: `text[start:end]` is the figure, `text[start:stop]` has scale and unit too."""

    figure: Figure
    scale: str | None
    unit: str | None
    start: int
    end: int
    stop: int


def fold(text: str) -> str:
    """Return the text with full-width and no-break forms made plain; every character keeps its offset."""
    return text if text.isascii() else text.translate(_FOLD)


def is_absent(text: str, notation: Notation) -> bool:
    """Whether a cell says that there is nothing: blank, or one of the marks for it."""
    plain = text.strip()
    return not plain or plain in notation.absent_marks


def figure(text: str, notation: Notation) -> Figure | None:
    """Return the figure that this text is as a whole, or None.

    A minus is a sign, a triangle, a word, or brackets around the figure; never two of them.
    """
    if _SIMPLE.fullmatch(text):
        return Figure(text, _signed(text.lstrip("-"), minus=text.startswith("-")))
    if not _DIGIT.search(text):
        return None
    plain = fold(text).strip()
    word = next((w for w in notation.minus_words if plain.startswith(w)), "")
    match = _WHOLE.fullmatch(plain[len(word) :])
    if match is None or not _is_amount(match["number"]):
        return None
    brackets = match["open"] is not None
    signs = match["sign"] + match["inner"]
    if brackets != (match["close"] is not None) or len(signs) + brackets + bool(word) > 1:
        return None
    return _figure(text, match["number"], match["ratio"], minus=brackets or bool(word) or signs == "-")


def find(text: str, notation: Notation, units: tuple[str, ...] = ()) -> Iterator[Found]:
    """Every figure in running text, in order, with the scale and the unit (the longest) behind it.

    Brackets are no minus here. A dash is one only where it does not join the figure to another.
    """
    plain = fold(text)
    suffix = _suffix(tuple(notation.scales.items()), notation.money, units)
    last = -1
    for run in _RUN.finditer(plain):
        for start, stop in _pieces(text, plain, run.start(), run.start("ratio")):
            ratio = run["ratio"] if stop == run.start("ratio") else ""
            behind = None if ratio else suffix.match(plain, stop)
            if not ratio and not behind and _LETTER.match(plain, stop):
                continue
            first, minus = _lead(plain, start, last, notation.minus_words)
            end = stop + len(ratio)
            read = _figure(text[first:end], plain[start:stop], ratio, minus=minus)
            scale, unit, last = _tail(behind, ratio.strip() or None, end)
            yield Found(read, scale, unit, first, end, last)


def stands(digits: str, text: str) -> str | None:
    """Tell whether a figure stands in a text digit for digit and whole, never as a part of a longer number.

    `part`: as it is; `normalised`: with separators, another sign, or no zero before the point; else None.

    >>> stands("1234.5", "1,234.5"), stands("234.5", "1,234.5"), stands("4.53", "4.53,2022")
    ('normalised', None, 'part')
    """
    plain = fold(_COMMA.sub(";", text))
    unsigned = digits.lstrip("-")
    forms = (unsigned, unsigned.removeprefix("0")) if unsigned.startswith("0.") else (unsigned,)
    for form in forms:
        pattern = rf"(?<![\d.,]){re.escape(form)}(?![\d]|[.,]\d)"
        if unsigned == digits and re.search(pattern, plain):
            return "part"
        if re.search(pattern, _SEPARATOR.sub("", plain)):
            return "normalised"
    return None


def _is_amount(number: str) -> bool:
    return sum(map(str.isdigit, number)) <= _MOST_DIGITS


def _figure(raw: str, number: str, ratio: str, *, minus: bool) -> Figure:
    digits = number.replace(",", "").replace(" ", "")
    digits = f"0{digits}" if digits.startswith(".") else digits
    return Figure(raw, _signed(digits, minus=minus), "%" in ratio, "\u2030" in ratio)


def _signed(digits: str, *, minus: bool) -> str:
    """Put the sign before the digits; before nothing but zeros it says nothing."""
    return f"-{digits}" if minus and digits.strip("0.") else digits


def _pieces(text: str, plain: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where in a run the figures stand: it is one, or a list, or none.

    A comma separates two figures where it is full-width or follows decimals, if the run as a whole
    is not one grouped figure.
    """
    whole = _ONE.fullmatch(plain, start, end)
    commas = [] if whole else [i for i in range(start, end) if plain[i] == ","]
    first = start
    for comma in [*commas, end]:
        if comma == end or text[comma] != "," or "." in plain[first:comma]:
            if _ONE.fullmatch(plain, first, comma) and _is_amount(plain[first:comma]):
                yield first, comma
            first = comma + 1


def _lead(plain: str, start: int, last: int, minus_words: tuple[str, ...]) -> tuple[int, bool]:
    """Where the figure starts with its sign and currency mark, and whether it is negative."""
    first = start - 1 if plain[start - 1 : start] == "\xa5" else start
    for word in minus_words:
        if plain.endswith(word, 0, first):
            return first - len(word), True
    at = first - 1
    joined = at == last or _JOINED.match(plain, at - 1)
    if at >= 0 and plain[at] in "+-" and not joined:
        return at, plain[at] == "-"
    return first, False


def _tail(behind: re.Match[str] | None, ratio: str | None, end: int) -> tuple[str | None, str | None, int]:
    if behind is None:
        return None, ratio, end
    scale = behind["scale"] or behind["scale_"] or behind["scale__"]
    return scale, behind["money"] or behind["unit"] or behind["unit_"], behind.end()


@lru_cache(maxsize=32)
def _suffix(scales: tuple[tuple[str, int], ...], money: tuple[str, ...], units: tuple[str, ...]) -> re.Pattern[str]:
    """Match what may follow a figure: a scale, a unit, both, or a unit by a unit."""
    large = tuple(word for word, power in scales if power >= _LARGE)
    units = tuple(unit for unit in units if not unit.startswith(large))
    scale, coin, unit = _either([word for word, _ in scales]), _either(money), _either((*money, *units))
    by = rf"(?:[/\xb7]{unit})*"
    return re.compile(
        rf" *(?:(?P<scale>{scale})? *(?P<money>{coin}{by})|(?P<unit>{unit}{by})"
        rf"|(?P<scale_>{scale}) *(?P<unit_>{unit}{by})|(?P<scale__>{scale}))"
    )


def _either(words: Sequence[str]) -> str:
    """Any of the words, the longest first; one that ends in a Latin letter ends there."""
    longest_first = sorted((fold(word) for word in words), key=len, reverse=True)
    ends = ((re.escape(w), "(?![A-Za-z0-9])" if w[-1].isascii() and w[-1].isalnum() else "") for w in longest_first)
    return f"(?:{'|'.join(w + end for w, end in ends) or '(?!)'})"
