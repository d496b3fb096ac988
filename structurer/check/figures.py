"""The figures of a result as operands of equations, and its tables as rows of them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from structurer import amounts, labels
from structurer.check.equations import Operand
from structurer.records import How

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from structurer.amounts import Notation
    from structurer.catalog import Catalog
    from structurer.catalog.kinds import Kind
    from structurer.catalog.lexicon import Patterns

    # A result or a part of it, read by name; any of it may be wrong.
    Record = Mapping[str, Any]

_AMOUNT = re.compile(r"-?[0-9]{1,20}(?:\.([0-9]{1,20}))?%?")
_CLAIMS = "/claims/"
# What tells one place from another, and what of it can be compared as it is.
_PLACE, _PLAIN_PARTS = ("page", "text"), (str, float, int)
# No amount is longer; with this bound every sum is exact at Decimal's precision.
_MOST_DIGITS = 20
# Pages read by these hold characters, not guesses at them.
_READ = frozenset({How.TEXT.value, How.MARKUP.value})


class General(NamedTuple):
    """How a table prints that leaves out closing zeros: with so many decimals, in so many characters."""

    decimals: int
    width: int
    coarse: bool = False
    """Whether its figures are hundreds, multiplied from a larger unit with two decimals."""


PLAIN = General(0, 0)
# So many figures show that a table prints hundreds only.
_HUNDREDS, _SHOWN = Decimal(100), 10
_ANY_WIDTH = 1000
# So large a share of the figures of a table shows its number of decimals.
_NEARLY_ALL = 0.9


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table."""

    pointer: str
    index: int
    label: str
    """The first text that names it; empty where nothing does."""
    code: str
    """Its digits; empty where it has none."""
    unit: str
    """The code of its unit; empty where it has none."""
    figures: Mapping[str, Operand]
    unread: bool
    """Whether digits stand in it that no field takes."""
    cells: Record


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a result."""

    pointer: str
    kind: Kind
    scale: int | None
    """Its unit as a power of ten of the yuan; None where no unit is known."""
    rows: tuple[Row, ...]
    columns: frozenset[str]
    """Amount fields that the printed table has."""
    unread: bool
    """Whether figures stand in columns that no field takes."""
    record: Record


class Figures:
    """Makes operands from the values of one result; what is no amount makes none."""

    def __init__(
        self, result: Record, catalog: Catalog, doubted: Collection[str] = (), confirmed: Collection[str] = ()
    ) -> None:
        provenance = result.get("provenance")
        self.provenance: Record = provenance if isinstance(provenance, dict) else {}
        self.notation: Notation = catalog.lexicon.notation
        self.doubted, self.confirmed = doubted, confirmed
        self.unruled = frozenset(_unruled(result))
        """Pages where it is not certain in which column a figure stands."""
        self._made: dict[str, tuple[str, General, Operand | None]] = {}
        self._firms: dict[str, tuple[str, bool]] = {}
        self._stands: dict[tuple[str, str], bool] = {}

    def operand(self, pointer: str, text: object, general: General = PLAIN) -> Operand | None:
        """Return the value at a pointer as an operand; None for what is no amount."""
        if not isinstance(text, str):
            return None
        known = self._made.get(pointer)
        if known is None or known[0] != text or known[1] is not general:
            known = self._made[pointer] = text, general, self._operand(pointer, text, general)
        return known[2]

    def _operand(self, pointer: str, text: str, general: General) -> Operand | None:
        known = _number(text)
        if known is None:
            return None
        value, decimals = known
        # With the zeros it leaves out, it would be no wider than the widest.
        if decimals < general.decimals and len(text) + general.decimals - decimals + (not decimals) <= general.width:
            decimals = general.decimals
        place = self.provenance.get(pointer)
        at = place.get("page") if isinstance(place, dict) else None
        page = at if isinstance(at, int) else None
        slack = _HUNDREDS / 2 if general.coarse else _half(decimals)
        sure = page not in self.unruled or pointer.startswith(_CLAIMS)
        return Operand(pointer, text, value, slack, page, sure and self.firm(pointer, text))

    @staticmethod
    def is_amount(text: object) -> bool:
        """Tell whether a value is one that operands are made of."""
        return isinstance(text, str) and _number(text) is not None

    def firm(self, pointer: str, text: object) -> bool:
        """Tell whether a value stands on its page digit for digit and was read without doubt."""
        if not isinstance(text, str):
            return False
        known = self._firms.get(pointer)
        if known is None or known[0] != text:
            known = self._firms[pointer] = text, self._firm(pointer, text, self.provenance.get(pointer))
        return known[1]

    def grounded(self, pointer: str, text: object) -> bool:
        """Tell whether a value stands on its page digit for digit; one recognition that was sure suffices for that."""
        place = self.provenance.get(pointer)
        if isinstance(place, dict) and place.get("how") == How.OCR.value and pointer not in self.doubted:
            return not place.get("doubtful") and isinstance(text, str) and self.stands(text, place.get("text"))
        return self.firm(pointer, text)

    def place(self, pointer: str) -> object:
        """Return what tells one printed figure from another: page, box and text; the pointer where none is known."""
        place = self.provenance.get(pointer)
        box = place.get("box") if isinstance(place, dict) else None
        if not isinstance(place, dict) or not isinstance(box, list):
            return pointer
        return tuple(part if isinstance(part, _PLAIN_PARTS) else str(part) for part in (*box, *map(place.get, _PLACE)))

    def _firm(self, pointer: str, text: str, place: object) -> bool:
        """Tell whether the value stands digit for digit in the text printed at its place, read without doubt."""
        if pointer in self.confirmed:
            return True
        if not isinstance(place, dict) or pointer in self.doubted or place.get("doubtful"):
            return False
        if str(place.get("how")) not in _READ and not place.get("agreed"):
            return False
        return self.stands(text, place.get("text"))

    def stands(self, text: object, printed: object) -> bool:
        """Tell whether a figure stands digit for digit in a printed text, with the sign it has there."""
        if text == printed:
            return True
        if not isinstance(printed, str) or not isinstance(text, str):
            return False
        both = text, printed
        if both not in self._stands:
            whole = amounts.figure(printed, self.notation)
            digits = text.rstrip("%")
            self._stands[both] = whole.digits == digits if whole else amounts.stands(digits, printed) is not None
        return self._stands[both]


def _unruled(result: Record) -> Iterator[int | None]:
    source = result.get("source")
    pages = source.get("pages") if isinstance(source, dict) else None
    for page in pages if isinstance(pages, list) else ():
        if isinstance(page, dict) and page.get("unruled") is True:
            number = page.get("number")
            yield number if isinstance(number, int) else None


@lru_cache(maxsize=65536)
def _number(text: str) -> tuple[Decimal, int] | None:
    """Return value and printed decimals of an amount as results write it."""
    match = _AMOUNT.fullmatch(text) if len(text) < 50 else None  # noqa: PLR2004  more characters than the longest has
    if match is None or sum(map(str.isdigit, text)) > _MOST_DIGITS:
        return None
    return Decimal(text.removesuffix("%")), len(match[1] or "")


@lru_cache(maxsize=64)
def _half(decimals: int) -> Decimal:
    return Decimal(5).scaleb(-decimals - 1)


@lru_cache(maxsize=64)
def _ten(power: int) -> Decimal:
    return Decimal(1).scaleb(power)


def scaled(operand: Operand, power: int) -> Operand:
    """Return the operand counted in a unit that is so many powers of ten smaller."""
    if not power:
        return operand
    ten = _ten(power)
    return operand._replace(value=operand.value * ten, slack=operand.slack * ten, power=operand.power + power)


def scale(unit: object, notation: Notation) -> int | None:
    """Return a unit of money as a power of ten of the yuan; None if it is none."""
    if not isinstance(unit, str):
        return None
    word = amounts.fold(unit).strip()
    for coin in sorted(notation.money, key=len, reverse=True):
        if word.endswith(coin):
            before = word.removesuffix(coin).strip()
            return notation.scales.get(before) if before else 0
    return None


def tables(result: Record, catalog: Catalog, figures: Figures) -> list[Table]:
    """Return the tables of known kind, lists too; those that are no table at all are left out."""
    kinds = {kind.name: kind for kind in catalog.kinds if kind.form != "card"}
    found = []
    listed = result.get("tables")
    for index, record in enumerate(listed if isinstance(listed, list) else ()):
        kind = kinds.get(str(record.get("kind"))) if isinstance(record, dict) else None
        if kind is not None and isinstance(record.get("rows"), list):
            found.append(_table(f"/tables/{index}", kind, record, catalog, figures))
    return found


def _table(pointer: str, kind: Kind, record: Record, catalog: Catalog, figures: Figures) -> Table:
    rows = [(i, cells) for i, cells in enumerate(record["rows"]) if isinstance(cells, dict)]
    fields = amount_fields(kind)
    printed = _columns(record)
    columns = frozenset(fields if printed is None else (name for name in fields if name in printed))
    general = _general(cells.get(name) for _, cells in rows for name in columns)
    made = tuple(_row(f"{pointer}/rows/{i}", i, cells, (columns, general, catalog), figures) for i, cells in rows)
    return Table(
        pointer,
        kind,
        scale(record.get("unit"), figures.notation),
        made,
        columns,
        any(row.unread for row in made),
        record,
    )


def _row(
    pointer: str, index: int, cells: Record, fields: tuple[frozenset[str], General, Catalog], figures: Figures
) -> Row:
    columns, general, catalog = fields
    rules = catalog.rules
    held = {}
    texts = {name: text for name, text in cells.items() if text is not None}
    for name in columns & texts.keys():
        operand = figures.operand(f"{pointer}/{name}", texts[name], general)
        if operand is not None:
            held[name] = operand
    label, code, unit = (_first(texts, names) for names in (rules.names, rules.codes, rules.unit_codes))
    if label and not code:
        code = _code_before(label, catalog.lexicon.codes_and_names)
    other = cells.get("other")
    unread = isinstance(other, dict) and any(map(_has_digit, other.values()))
    return Row(pointer, index, label, code, unit, held, unread, cells)


def _has_digit(text: object) -> bool:
    return isinstance(text, str) and any(map(str.isdigit, text))


@lru_cache(maxsize=4096)
def _code_before(label: str, patterns: Patterns) -> str:
    """Return the code that is printed in one cell with the name."""
    plain = labels.plain(label) if any(map(str.isdigit, label)) else ""
    return next((match["code"] for pattern in patterns if (match := pattern.match(plain))), "")


def _first(cells: Record, names: Iterable[str]) -> str:
    for name in names:
        if name in cells and isinstance(text := cells[name], str) and text:
            return text
    return ""


@lru_cache(maxsize=256)
def amount_fields(kind: Kind) -> tuple[str, ...]:
    """Return the columns of a kind that hold amounts."""
    return tuple(field.pointer[0] for field in kind.fields if field.type == "amount" and len(field.pointer) == 1)


def _columns(record: Record) -> set[str] | None:
    """Return the fields that the printed table has; None where the result does not say."""
    columns = record.get("columns")
    if not isinstance(columns, list) or not columns:
        return None
    return {str(column.get("field")) for column in columns if isinstance(column, dict)}


def _general(texts: Iterable[object]) -> General:
    """Tell with how many decimals a table prints at least, where single figures leave out closing zeros.

    A table in the general format of spreadsheets shows figures with different numbers of decimals, and none
    that ends in a zero: its `20` is no less exact than its `19.67`. In a table where nearly all figures have
    two decimals, one with fewer was typed, not rounded.
    """
    counts: Counter[int] = Counter()
    width = hundreds = nothing = 0
    zeros = thousands = False
    for text in texts:
        known = _number(text) if isinstance(text, str) else None
        if known and isinstance(text, str):
            zeros |= known[1] > 0 and text.endswith("0")
            counts[known[1]] += 1
            width = max(width, len(text))
            nothing += not known[0]
            hundreds += bool(known[0]) and not known[0] % _HUNDREDS
            thousands |= bool(known[0] % 1000)
    if thousands and hundreds >= _SHOWN and hundreds == counts.total() - nothing:
        return General(0, 0, coarse=True)
    if len(counts) < 2:  # noqa: PLR2004  all have the same number of decimals
        return PLAIN
    usual, often = counts.most_common(1)[0]
    if usual and often >= _NEARLY_ALL * counts.total():
        return General(usual, _ANY_WIDTH)
    return PLAIN if zeros else General(max(counts), width)


def cells(record: Record, path: Sequence[str]) -> Iterator[tuple[str, Record]]:
    """Yield the object at a path inside a record with its pointer relative to it; nothing where it is none."""
    inner: object = record
    for step in path:
        inner = inner.get(step) if isinstance(inner, dict) else None
    if isinstance(inner, dict):
        yield "".join(f"/{step}" for step in path), inner
