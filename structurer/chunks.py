"""Cut the document into questions: one table or card each, and the passages between them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from structurer import labels
from structurer.records import Chunk, Form

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from structurer.catalog.lexicon import Lexicon
    from structurer.records import Line

# A page is a contents page if this share of its lines look like an entry of one.
_CONTENTS_SHARE = 0.5
# A cover holds at most so many characters.
_COVER = 120


def cut(chunks: Iterable[Chunk], lexicon: Lexicon) -> Iterator[Chunk]:
    """Yield the chunks with each passage named (cover, contents, text) and running text made whole over pages."""
    held: Chunk | None = None
    first = True
    in_contents = False
    for chunk in chunks:
        named = chunk
        if chunk.form is Form.PASSAGE:
            named = replace(chunk, form=_form(chunk, lexicon, first=first, in_contents=in_contents))
            in_contents = named.form is Form.CONTENTS
        first = False
        if held is not None and held.form is named.form is Form.PASSAGE:
            pages = held.pages + tuple(page for page in named.pages if page not in held.pages)
            held = replace(held, pages=pages, lines=held.lines + named.lines)
            continue
        if held is not None:
            yield held
        held = named
    if held is not None:
        yield held


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
