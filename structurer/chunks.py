"""Cut the document into questions: one table or card each, and the passages between them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from structurer import labels
from structurer.records import Chunk, Form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structurer.catalog.lexicon import Lexicon
    from structurer.records import Line

# A page is a contents page if this share of its lines look like an entry of one.
_CONTENTS_SHARE = 0.5
# A cover holds at most so many characters.
_COVER = 120


def cut(chunks: Sequence[Chunk], lexicon: Lexicon) -> list[Chunk]:
    """Return the chunks with each passage named (cover, contents, text) and running text made whole over pages."""
    result: list[Chunk] = []
    in_contents = False
    for chunk in chunks:
        if chunk.form is not Form.PASSAGE:
            result.append(chunk)
            continue
        form = _form(chunk, lexicon, first=not result, in_contents=in_contents)
        in_contents = form is Form.CONTENTS
        before = result[-1] if result else None
        if before is not None and before.form is form and form is Form.PASSAGE:
            pages = before.pages + tuple(page for page in chunk.pages if page not in before.pages)
            result[-1] = replace(before, pages=pages, lines=before.lines + chunk.lines)
        else:
            result.append(replace(chunk, form=form))
    return result


def _form(chunk: Chunk, lexicon: Lexicon, *, first: bool, in_contents: bool) -> Form:
    texts = [labels.plain(line.text) for line in chunk.lines]
    entries = sum(_is_entry(line, lexicon) for line in chunk.lines)
    titled = any(p.fullmatch(labels.key(text)) for p in lexicon.contents_title_keys for text in texts[:3])
    prose = any(lexicon.sentence_end.search(text) for text in texts)
    if entries > _CONTENTS_SHARE * len(texts) or ((titled or in_contents) and not prose):
        return Form.CONTENTS
    if first and not prose and sum(map(len, texts)) <= _COVER:
        return Form.COVER
    return Form.PASSAGE


def _is_entry(line: Line, lexicon: Lexicon) -> bool:
    """Tell whether a line is an entry of a table of contents: leaders, or a tab, then a page number."""
    head, _, tail = line.text.strip().rpartition("\t")
    return lexicon.is_contents_entry(labels.plain(line.text)) or bool(head and tail.strip().isdecimal())
