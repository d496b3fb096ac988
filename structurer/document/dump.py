"""Pages of a plain-text dump: its lines, and the tables it keeps as tab-separated rows or as one cell a line."""

from __future__ import annotations

import codecs
import itertools
import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from structurer import errors
from structurer.document import dump_rows
from structurer.records import Block, How, Line, Page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Row = list[str]

_PIECE = 1 << 20
_MOST_CHARACTERS = 1_000_000
# A character takes at most four bytes.
_MOST_BYTES = 4 * _MOST_CHARACTERS
_MOST_CELLS = 2_000_000
# A dump without page breaks is handed on in pieces of this many blocks; no real one has so many.
_MOST_BLOCKS = 100_000
# Characters of a label that stands apart from its value (a unit of money) on the next line.
_LONGEST_LABEL = 6
_LONGEST_UNIT = 6
# Points; deeper headings are set as text.
_SIZE_OF_LEVEL = {1: 18.0, 2: 16.0, 3: 14.0}
_DEBRIS = re.compile(r"\[bookmark: [^\]\n]{0,200}\]")
_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_LIST_MARK = re.compile(r"^[-*+] +(?=\S)")
_STRONG = re.compile(r"\*\*([^*\n]+)\*\*")
_PAGE_NUMBER = re.compile(r"\d{1,3}")
_LABELLED = re.compile(r"[^:\uff1a]+[:\uff1a].+")


class _Kind(Enum):
    BLANK = "blank"
    TEXT = "text"
    ROWS = "a row a line"
    STACK = "a cell a line"


@dataclass(frozen=True, slots=True)
class _Run:
    """Lines of one kind that follow each other on one page."""

    kind: _Kind
    page: int | None
    lines: list[str]


def pages(path: Path) -> Iterator[Page]:
    """Yield the pages of the dump; it has pages only where form feeds part them, else its one page has no number.

    Raises DocumentError if it is no text, or has a line or a table no disclosure has.
    """
    encoding, parted = _survey(path)
    blocks: list[Block] = []
    number = 1 if parted else None
    for page, block in _blocks(_runs(_lines(path, encoding, parted=parted)), path):
        while number is not None and page is not None and number < page:
            yield _page(number, blocks)
            number, blocks = number + 1, []
        if number is None and len(blocks) == _MOST_BLOCKS:
            yield _page(number, blocks)
            blocks = []
        if block is not None:
            blocks.append(block)
    yield _page(number, blocks)


def _page(number: int | None, blocks: list[Block]) -> Page:
    return Page(number, 0, 0, How.MARKUP if blocks else How.BLANK, blocks=tuple(blocks))


# Bytes to lines.


def _survey(path: Path) -> tuple[str, bool]:
    """Return the encoding, and whether form feeds part the text into pages."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    encoding, parted, since_break, first = "utf-8-sig", False, 0, True
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            if first and b"\0" in piece:
                reason = "this is no text in UTF-8 or GB18030 (it holds NUL bytes); save it as UTF-8"
                raise errors.DocumentError(str(path), reason)
            first, parted = False, parted or b"\f" in piece
            end = piece.rfind(b"\n")
            since_break = since_break + len(piece) if end < 0 else len(piece) - end
            if since_break > _MOST_BYTES:
                raise _too_long(path)
            if encoding == "utf-8-sig":
                try:
                    decoder.decode(piece)
                except UnicodeDecodeError:
                    encoding = "gb18030"
    if encoding == "utf-8-sig":
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            encoding = "gb18030"
    return encoding, parted


def _too_long(path: Path) -> errors.DocumentError:
    reason = f"it has a line of more than {_MOST_CHARACTERS} characters, so it is no dump of a document; save it anew"
    return errors.DocumentError(str(path), reason)


def _lines(path: Path, encoding: str, *, parted: bool) -> Iterator[tuple[int | None, str]]:
    """Yield every line with its page."""
    page = 1
    try:
        with path.open(encoding=encoding) as file:
            while line := file.readline(_MOST_CHARACTERS + 1):
                if len(line) > _MOST_CHARACTERS:
                    raise _too_long(path)
                for order, piece in enumerate(line.rstrip("\n").split("\f")):
                    page += order > 0
                    yield (page if parted else None), _DEBRIS.sub("", piece)
    except UnicodeDecodeError as error:
        reason = f"this is text neither in UTF-8 nor in GB18030 (byte {error.start}); save it as UTF-8"
        raise errors.DocumentError(str(path), reason) from error


# Lines to runs.


def _runs(lines: Iterator[tuple[int | None, str]]) -> Iterator[_Run]:
    for (page, kind), group in itertools.groupby(lines, key=lambda line: (line[0], _kind(line[1]))):
        # Text and blank lines may go on for ever; only the rows of a table must be seen together.
        while run := [line for _, line in itertools.islice(group, _MOST_CELLS if kind is _Kind.ROWS else 1000)]:
            stacked = kind is _Kind.ROWS and _is_stack(run)
            yield _Run(_Kind.STACK if stacked else kind, page, run)


def _kind(line: str) -> _Kind:
    if "\t" in line:
        return _Kind.ROWS
    return _Kind.TEXT if line.strip() else _Kind.BLANK


def _is_stack(lines: list[str]) -> bool:
    """Return whether each line is a cell: it starts with a tab, and most have no other."""
    return all(line.startswith("\t") for line in lines) and 2 * sum("\t" in line[1:] for line in lines) <= len(lines)


# Runs to blocks.


def _blocks(runs: Iterator[_Run], path: Path) -> Iterator[tuple[int | None, Block | None]]:
    """Yield every block with its page; None in its place where a page has no block yet."""
    stack: list[Row] = []
    before: _Run | None = None
    open_row = False
    for run, after in itertools.pairwise(itertools.chain(runs, [_Run(_Kind.TEXT, None, [])])):
        if before is None or before.page != run.page:
            yield from _stack_to_blocks(stack, before.page if before else None, path)
            stack, open_row = [], False
            yield run.page, None
        if run.kind is _Kind.STACK:
            cells = [line[1:].strip() for line in run.lines]
            if open_row:
                stack[-1] += cells
            elif before and before.kind is _Kind.TEXT and _is_labelled(cells):
                yield from ((run.page, Line(cell, run.page)) for cell in cells if cell)
            else:
                stack.append(cells)
            open_row = False
        elif run.kind is _Kind.TEXT and stack and before and _continues(stack[-1], before, run, after):
            stack[-1][-1] = "\n".join([stack[-1][-1], *(line.strip() for line in run.lines)])
            open_row = after.kind is _Kind.STACK
        elif run.kind is not _Kind.BLANK or len(run.lines) > 1:
            yield from _stack_to_blocks(stack, run.page, path)
            stack = []
            yield from ((run.page, block) for block in _run_to_blocks(run, path))
        before = run
    if before:
        yield from _stack_to_blocks(stack, before.page, path)


def _continues(row: Row, before: _Run, run: _Run, after: _Run) -> bool:
    """Return whether the text goes on the last cell: it follows at once, and neither of the two is a figure.

    A line that stands at once above labelled cells is the title of the next table.
    """
    if before.kind is not _Kind.STACK or after.page != run.page or after.kind not in {_Kind.BLANK, _Kind.STACK}:
        return False
    if after.kind is _Kind.STACK and _is_labelled([line[1:].strip() for line in after.lines]):
        return False
    return not any(dump_rows.is_figure(text.strip()) for text in (row[-1], *run.lines))


def _is_labelled(cells: Row) -> bool:
    """Return whether the cells are head lines such as `label: value`, not a row."""
    return any(_LABELLED.fullmatch(cell) for cell in cells) and not any(dump_rows.is_figure(cell) for cell in cells)


def _run_to_blocks(run: _Run, path: Path) -> Iterator[Block]:
    if run.kind is _Kind.TEXT:
        yield from (_line(line, run.page) for line in _whole(run.lines) if line.strip())
    elif run.kind is _Kind.ROWS:
        rows = [[cell.strip() for cell in line.split("\t")] for line in run.lines]
        if _is_contents(rows) or (len(rows) == 1 and all(_LABELLED.fullmatch(cell) for cell in rows[0] if cell)):
            yield from (Line(line.strip(), run.page) for line in run.lines if line.strip())
        else:
            yield dump_rows.grid(rows, run.page, path)


def _whole(lines: list[str]) -> list[str]:
    """Return the lines, a short label that ends in a colon on one line with the short text below it.

    >>> _whole(["unit:", "yuan", "note"])
    ['unit:yuan', 'note']
    """
    whole: list[str] = []
    for line in map(str.strip, lines):
        label = whole[-1] if whole else ""
        opens = label.endswith((":", "\uff1a")) and len(label) <= _LONGEST_LABEL
        if opens and len(line) <= _LONGEST_UNIT and ":" not in line and "\uff1a" not in line:
            whole[-1] += line
        else:
            whole.append(line)
    return whole


def _stack_to_blocks(rows: list[Row], page: int | None, path: Path) -> Iterator[tuple[int | None, Block]]:
    if len(rows) == 1 and (len(rows[0]) == 1 or _is_labelled(rows[0])):
        yield from ((page, Line(cell, page)) for cell in rows[0] if cell)
    elif rows:
        yield page, dump_rows.grid(dump_rows.spread(rows), page, path)


def _is_contents(rows: list[Row]) -> bool:
    """Return whether every row is words and a page number, and the page numbers never fall."""
    if not all(_PAGE_NUMBER.fullmatch(row[-1]) for row in rows):
        return False
    numbers = [int(row[-1]) for row in rows]
    worded = all(any(map(str.isalpha, "".join(row[:-1]))) for row in rows)
    figures = any(dump_rows.is_figure(cell) for row in rows for cell in row[:-1])
    return worded and numbers == sorted(numbers) and not figures


def _line(text: str, page: int | None) -> Line:
    """Return the line without its Markdown marks; a heading keeps its level as its size."""
    text, size = text.strip(), 0.0
    if heading := _HEADING.fullmatch(text):
        text, size = heading[2].strip(), _SIZE_OF_LEVEL.get(len(heading[1]), 0.0)
    text = _STRONG.sub(r"\1", _LIST_MARK.sub("", text, count=1))
    return Line(text, page, size=size)
