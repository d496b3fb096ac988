"""The frozen records that one stage hands to the next.

Lengths are in points (1/72 inch) of the page as displayed, from its top left corner: x grows
to the right, y grows downward. A page number counts from 1. What is absent is None.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from decimal import Decimal

    Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
    Item = dict[str, Json]
    Ask = Callable[[Iterable["Question"]], Iterator["Reply"]]
    """Puts questions to a model and yields a reply to each, in their order, taking them as it goes."""


class How(StrEnum):
    """How a page was read."""

    TEXT = "text"
    """From the text layer of a PDF."""
    MARKUP = "markup"
    """From a file that says itself what is a table: DOCX, HTML, Markdown, a text dump."""
    BLANK = "blank"
    """Nothing is printed on it."""
    OCR = "ocr"
    """Recognised in its picture."""
    UNREAD = "unread"
    """Something is on it, but no text that could be read (a scan)."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page."""

    x0: float
    top: float
    x1: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Word:
    """A run of characters without a gap, as printed."""

    text: str
    box: Box
    confidence: float = 1.0
    """How sure the recogniser of a scan is, 0 to 1; a text layer leaves no doubt."""
    other: str = ""
    """What a second recognition read; empty if there was none."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """A straight printed line: horizontal where top == bottom, vertical where x0 == x1."""

    x0: float
    top: float
    x1: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Matrix:
    """Takes (x, y) to (a x + c y + e, b x + d y + f)."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    def box(self, box: Box) -> Box:
        """Return the smallest upright rectangle around a rectangle taken there."""
        corners = [(x, y) for x in (box.x0, box.x1) for y in (box.top, box.bottom)]
        xs = [self.a * x + self.c * y + self.e for x, y in corners]
        ys = [self.b * x + self.d * y + self.f for x, y in corners]
        return Box(min(xs), min(ys), max(xs), max(ys))


@dataclass(frozen=True, slots=True)
class Line:
    """One line (PDF) or one paragraph (markup) of text outside every grid."""

    text: str
    page: int | None
    box: Box | None = None
    size: float = 0.0
    """Height of its largest characters in points; 0 where the input does not say."""
    words: tuple[Word, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """The piece of a cell that stands on one page."""

    text: str
    page: int | None
    box: Box | None = None
    """Where its words stand (not the ruled cell); None where the input has no coordinates."""
    confidence: float = 1.0
    """The least of its words'."""
    other: str = ""
    """What a second recognition read; empty if there was none."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a grid; it covers `rowspan` x `colspan` slots from (`row`, `column`), counted from 0."""

    row: int
    column: int
    rowspan: int
    colspan: int
    parts: tuple[Part, ...] = ()
    """In reading order; none for a blank cell, several for a cell cut by a page break."""

    @property
    def text(self) -> str:
        """The printed text; lines of one cell are joined without a break."""
        if len(self.parts) == 1:
            return self.parts[0].text
        return "".join([part.text for part in self.parts])


@dataclass(frozen=True, slots=True)
class Grid:
    """A tiling of `n_rows` x `n_columns` slots by cells: every slot is covered by exactly one."""

    n_rows: int
    n_columns: int
    cells: tuple[Cell, ...]
    pages: tuple[int | None, ...] = (None,)
    """The page of each row's start if it has one entry per row, else the one page of all rows."""
    box: Box | None = None
    edges: tuple[float, ...] = ()
    """The x of the `n_columns` + 1 column borders; empty where the input has no coordinates."""
    basis: str = "ruled"
    """What the columns were taken from: `ruled`, `aligned` (text columns), `markup`, or `dump` (merges are lost)."""


Block = Line | Grid

UNKNOWN, HIDDEN, FONTS, OTHERWISE = "unknown_characters", "hidden_text", "suspect_fonts", "other_digits"
"""Why the text layer of a page is not to be trusted. Fonts are suspected, until figures of the page are compared."""

DAMAGED = "damaged"
"""Why a page of a damaged PDF is unread; the detail follows after a colon."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page as it was opened: words and rulings to be laid out, or blocks that need no layout."""

    number: int | None
    width: float
    height: float
    how: How
    words: tuple[Word, ...] = ()
    rulings: tuple[Ruling, ...] = ()
    blocks: tuple[Block, ...] = ()
    reason: str | None = None
    """Why the page is unread; else why its text layer was put aside, or should have been (`code: detail`)."""
    upright: Matrix | None = None
    """Takes a point of its words and rulings to the page as displayed; None where they are the same."""
    suspect: str | None = None
    """Why its text layer is not to be trusted (`code: detail`)."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as it looks."""

    pixels: bytes
    """Red, green and blue, a byte each, row by row."""
    width: int
    height: int
    points: tuple[float, float]
    """Width and height of the page as displayed."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page laid out: its lines and grids in reading order."""

    number: int | None
    how: How
    blocks: tuple[Block, ...] = ()
    width: float = 0.0
    height: float = 0.0
    reason: str | None = None
    unruled: bool = False
    """Whether the columns of a table on it were told by nothing but where its texts stand."""
    upright: Matrix | None = None
    """As of the page."""


@dataclass(frozen=True, slots=True)
class Source:
    """The file that was opened."""

    name: str
    sha256: str
    media_type: str


class Form(StrEnum):
    """What kind of question a chunk is."""

    TABLE = "table"
    PASSAGE = "passage"
    CONTENTS = "contents"
    COVER = "cover"


@dataclass(frozen=True, slots=True)
class Chunk:
    """One question cut from the document: a table (or card) with the lines around it, or a passage."""

    form: Form
    pages: tuple[int | None, ...]
    grid: Grid | None = None
    title: Line | None = None
    head: tuple[Line, ...] = ()
    """Lines between the title and the grid: department, year, unit."""
    notes: tuple[Line, ...] = ()
    lines: tuple[Line, ...] = ()
    """The text of a passage, a line each."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One printed value on its way into a record: what goes into the JSON and where it was read."""

    value: str
    parts: tuple[Part, ...]
    figure: bool = False
    """Whether it is a figure: an amount, a share, a count; not a code, not a text."""
    doubt: str = ""
    """What makes it doubtful that this is the value of its field; empty if nothing does."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to tell the reader about one place in the document."""

    code: str
    where: str
    """RFC 6901 pointer into the result; empty for the whole document."""
    page: int | None
    facts: Mapping[str, str] = field(default_factory=dict)
    """What the message template of this code is filled with."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a model's answer."""

    pointer: str
    """RFC 6901 pointer into the answer; empty for the whole of it."""
    reason: str
    """What is wrong and where to look again, in the language of the prompts; never the figure that is expected."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a model is asked about one chunk."""

    instructions: str
    """Ours: what to do, from a prompt file."""
    material: str
    """What the document says, quoted: data, never an instruction or a template."""
    schema: Mapping[str, Json]
    """The JSON Schema of the answer, an object."""
    judge: Callable[[Json], Sequence[Fault]]
    """What is wrong with an answer that fits the schema; called again for every new answer."""
    longest: int
    """The most tokens that an answer can need."""
    pictures: tuple[bytes, ...] = ()
    """PNG files of the pages that go along."""


class Outcome(StrEnum):
    """How a question ended."""

    ANSWERED = "answered"
    FAULTY = "faulty"
    """The last answer still has faults: it is given with them."""
    CUT = "cut"
    """The answer was cut off at the most tokens; nothing of it is given."""
    REFUSED = "refused"
    FILTERED = "filtered"
    """The endpoint's content filter held the answer back."""
    EMPTY = "empty"
    GARBLED = "garbled"
    """No answer was JSON that fits the schema in its outline."""
    FAILED = "failed"
    """The endpoint could not be reached, or kept failing."""
    LIMITED = "limited"
    """A limit of the run (calls, cost) was reached before."""
    UNSTORED = "unstored"
    """Replaying, and no stored answer belongs to this question."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What answers took, whether they were paid for now or remembered."""

    calls: int = 0
    """Answers of the endpoint; what was asked again after a failed transport counts once."""
    tokens_in: int = 0
    tokens_out: int = 0
    cost: Decimal | None = None
    """In the currency of the prices; None where the model has no known price."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for one question."""

    outcome: Outcome
    value: Json = None
    faults: tuple[Fault, ...] = ()
    reason: str = ""
    """Why there is no answer; holds no key."""
    usage: Usage = Usage()
