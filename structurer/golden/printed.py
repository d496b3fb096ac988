"""The printed truth of a document: which of its cells a result must have, and as what.

Numbers are read here, apart from `amounts`, on purpose: the judge must not share the eyes of the judged.
"""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from structurer import errors, resources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    # Truths and results are read by name at any depth.
    Data = Mapping[str, Any]
    Box = Sequence[float]

_FIGURE = re.compile(r"[-△]?[\d,]+(\.\d+)?%?")
# So much is told of a value that should not be.
_SAID = 200
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
# A text on more than this share of the cards, where there are more than so many, is a label of the form.
_LABEL, _FEW_CARDS = Decimal("0.6"), 2


class Spot(NamedTuple):
    """A printed cell, known by its item, row and column."""

    item: int
    row: int
    column: int


@dataclass(frozen=True, slots=True, eq=False)
class Printed:
    """One printed cell that the result must have."""

    spot: Spot
    role: Literal["figure", "code", "text"]
    text: str
    """Without white space, compatibility forms folded."""
    figure: Decimal | None
    page: int | None
    box: Box | None
    rowspan: int = 1


@dataclass(frozen=True, slots=True)
class _Headings:
    """Printed words that tell what the figures below them are."""

    ordinal: frozenset[str]
    code: frozenset[str]
    code_pattern: re.Pattern[str]
    name_pattern: re.Pattern[str]
    guide: frozenset[str]


@cache
def _headings() -> _Headings:
    data = tomllib.loads((resources.folder("schemas") / "headings.toml").read_text("utf-8"))
    return _Headings(
        frozenset(data["ordinal"]),
        frozenset(data["code"]),
        re.compile(data["code_pattern"]),
        re.compile(data["name_pattern"]),
        frozenset(data["guide"]),
    )


def load(path: Path) -> Data:
    """Return the printed truth of a document; raises DocumentError with what is wrong with it."""
    try:
        truth: Data = json.loads(path.read_bytes())
    except OSError as error:
        raise errors.DocumentError(str(path), (error.strerror or "cannot be read").lower()) from error
    except (ValueError, RecursionError) as error:
        raise errors.DocumentError(str(path), "this is no JSON") from error
    schema = json.loads((resources.folder("schemas") / "truth.schema.json").read_bytes())
    wrong = best_match(Draft202012Validator(schema).iter_errors(truth))
    if wrong is not None:
        raise errors.DocumentError(str(path), f"{wrong.json_path}: {wrong.message[:_SAID]}")
    return truth


def canon(text: str | None) -> str:
    """Return a text as it is compared: compatibility forms folded, no white space."""
    return "".join(unicodedata.normalize("NFKC", text or "").split())


def figure(text: str) -> Decimal | None:
    """Return the figure that a compared text is; None where it is none.

    >>> figure("1,234.50"), figure("34%"), figure("x")
    (Decimal('1234.50'), Decimal('34'), None)
    """
    if not _FIGURE.fullmatch(text):
        return None
    try:
        return Decimal(text.rstrip("%").replace(",", "").replace("△", "-"))
    except InvalidOperation:
        return None


def numbers(text: str) -> Iterator[Decimal]:
    """Yield the whole numbers that stand in a text; one broken over two lines of its cell counts joined, too."""
    for number in _NUMBER.findall(f"{unicodedata.normalize('NFKC', text)} {canon(text)}"):
        yield Decimal(number.replace(",", ""))


def cells(truth: Data) -> list[Printed]:
    """Return the cells that a result must have; no headings, labels of forms, row numbers and guide rows."""
    form, words = _form_labels(truth["tables"]), _headings()
    return [cell for number, item in enumerate(truth["tables"]) for cell in _cells(number, item, words, form)]


def _form_labels(items: Sequence[Data]) -> frozenset[str]:
    """Return the texts that most cards share: labels of the form."""
    cards = [item for item in items if item["kind"] == "card"]
    if len(cards) <= _FEW_CARDS:
        return frozenset()
    on = Counter(text for card in cards for text in {canon(cell["text"]) for cell in card["cells"]})
    return frozenset(text for text, count in on.items() if count > _LABEL * len(cards))


def _cells(number: int, item: Data, words: _Headings, form: frozenset[str]) -> Iterator[Printed]:
    ordinals, codes = _special_columns(item["cells"], item["header_rows"], words)
    guides = {cell["r"] for cell in item["cells"] if canon(cell["text"]) in words.guide}
    card = item["kind"] == "card"
    for cell in item["cells"]:
        text, row, column = canon(cell["text"]), cell["r"], cell["c"]
        if not text or (row < item["header_rows"] and not card):
            continue
        value = figure(text) if row not in guides else None
        spot, place = Spot(number, row, column), (cell["page"], cell.get("bbox"), cell.get("rowspan", 1))
        if value is not None and column in codes:
            yield Printed(spot, "code", text, value, *place)
        elif value is not None and column not in ordinals:
            yield Printed(spot, "figure", text, value, *place)
        elif (card and text not in form) or not (card or row in guides or column in ordinals | codes):
            yield Printed(spot, "text", text, None, *place)


def _special_columns(told: Iterable[Data], header_rows: int, words: _Headings) -> tuple[set[int], set[int]]:
    """Return the columns of row numbers and those of codes."""
    above: dict[int, set[str]] = defaultdict(set)
    for cell in told:
        if cell["r"] < header_rows:
            for column in range(cell["c"], cell["c"] + cell.get("colspan", 1)):
                above[column].add(canon(cell["text"]))
    ordinals = {column for column, texts in above.items() if texts & words.ordinal}
    codes = {column for column, texts in above.items() if _is_code(texts, words)}
    return ordinals, codes


def _is_code(texts: set[str], words: _Headings) -> bool:
    if texts & words.code:
        return True
    return any(map(words.code_pattern.search, texts)) and not any(map(words.name_pattern.search, texts))
