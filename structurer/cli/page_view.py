"""What one page was taken for, found by the functions that read whole documents."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from structurer import chunks, document, errors, ground, layout, page_numbers, pipeline
from structurer.cli import progress, recognising
from structurer.extract import choice, disclosure
from structurer.layout import captions, drawing
from structurer.records import Form, Grid, How, Line

if TYPE_CHECKING:
    from pathlib import Path

    from structurer.catalog import Catalog
    from structurer.catalog.lexicon import Lexicon
    from structurer.extract.choice import Choice
    from structurer.layout.lattice import Lattice
    from structurer.records import Chunk, Page, Sheet


@dataclass(frozen=True, slots=True)
class View:
    """A page, what was found on it, and the tables of the document that stand on it, whole."""

    name: str
    page: Page
    sheet: Sheet
    lattices: tuple[Lattice, ...]
    roles: dict[Line, str]
    """What each line is: title, head, note, cover, contents, text; no role for a page number."""
    tables: tuple[tuple[Chunk, Choice], ...]
    catalog: Catalog

    @property
    def grids(self) -> tuple[Grid, ...]:
        """The grids of the page from top to bottom."""
        return tuple(block for block in self.sheet.blocks if isinstance(block, Grid))


def view(path: Path, number: int, catalog: Catalog, recognition: pipeline.Recognition) -> View:
    """Return the view of a page; raises UsageError if the document does not have it.

    The whole document is read as it is for its result: a table may run over pages, and the year stands on any.
    """
    count = document.page_count(path)
    if count and number > count:
        raise _absent(path, number, count)
    sheets: list[Sheet] = []
    found: tuple[Page, Sheet] | None = None
    with errors.reading(path), closing(pipeline.seen(path, recognition)) as pages, progress.bar(path) as step:
        for index, page in enumerate(pages, 1):
            step(slow=page.how is How.OCR)
            sheets.append(layout.sheet(page))
            if (page.number or index) == number:
                found = page, sheets[-1]
    if found is None:
        raise _absent(path, number, len(sheets))
    recognising.advise(recognition, (sheet.how for sheet in sheets))
    page, sheet = found
    questions = list(chunks.cut(layout.tables(sheets, catalog.lexicon), catalog.lexicon))
    # The year of the whole document decides which column is this year's and which the last.
    year = disclosure.year(questions, catalog.lexicon)
    catalog = catalog.of_year(year) if year else catalog
    here = [chunk for chunk in questions if page.number in chunk.pages]
    tables = [
        (chunk, choice.choose(chunk.grid, chunk.title.text if chunk.title else None, catalog))
        for chunk in here
        if chunk.grid is not None
    ]
    lattices = () if page.blocks else tuple(layout.lattices(page))
    return View(path.name, page, sheet, lattices, _roles(sheet, here, catalog.lexicon), tuple(tables), catalog)


def _absent(path: Path, number: int, count: int) -> errors.UsageError:
    return errors.UsageError(f"{path}: there is no page {number}; the document has {page_numbers.said(count)}")


def _roles(sheet: Sheet, here: list[Chunk], lexicon: Lexicon) -> dict[Line, str]:
    roles: dict[Line, str] = {}
    passages = [chunk for chunk in here if chunk.form is not Form.TABLE]
    titles: list[Line] = []
    for chunk in captions.sheet_to_chunks(sheet, lexicon):
        titles += [chunk.title] if chunk.title else []
        roles |= dict.fromkeys(chunk.notes, "note") | dict.fromkeys(chunk.head, "head")
        for line in chunk.lines:
            roles[line] = next((p.form.value for p in passages if line in p.lines), "text")
    for block in sheet.blocks:
        if isinstance(block, Line) and any(_part_of(block, title) for title in titles):
            roles[block] = "title"
    return roles


def _part_of(line: Line, title: Line) -> bool:
    """Tell whether a line is a title or one line of it."""
    return line == title or (len(line.words) > 0 and set(line.words) <= set(title.words))


def picture(path: Path, seen: View) -> bytes:
    """Return the page drawn as a PNG; raises UsageError if its input has no coordinates."""
    if not seen.page.width:
        msg = f"{path}: only a page of a PDF or of an image can be drawn, and only one that can be opened"
        raise errors.UsageError(msg)
    lines = tuple((role, line) for line, role in seen.roles.items() if role in ("title", "head", "note"))
    under = document.behind(path, seen.page, drawing.zoom(seen.page))
    doubted = frozenset(filter(ground.unsure, seen.page.words))
    return drawing.png(drawing.Drawing(seen.page, seen.grids, seen.lattices, lines, doubted), under)
