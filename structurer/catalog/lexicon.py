"""The words of a document kind that are no field of one table, from `lexicon.toml`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from structurer import errors, labels
from structurer.amounts import Notation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    Patterns = tuple[re.Pattern[str], ...]
    Table = Mapping[str, object]

# A line that gives the budget year has so few characters besides it.
_AROUND_YEAR = 2
# A line that numbers a table is not longer than this.
_MARK_LINE = 12


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """Words and patterns; texts are compared as `labels.plain` makes them, `_keys` as `labels.key` does."""

    notation: Notation
    guide_marks: frozenset[str]
    total_keys: Patterns
    of_which_keys: tuple[str, ...]
    enumerators: Patterns
    codes_and_names: Patterns
    """The groups `code` and `name`, of one cell that holds both."""
    units: Patterns
    """The group `unit` is the unit of a table's figures."""
    units_in_headings: Patterns
    departments: Patterns
    """The group `name` is the reporting department."""
    years: Patterns
    """The group `year` is the budget year."""
    as_of: Patterns
    attachments: Patterns
    titles: Patterns
    continued: Patterns
    notes: Patterns
    empty: Patterns
    sentence_end: re.Pattern[str]
    page_numbers: Patterns
    contents: Patterns
    contents_title_keys: Patterns
    tail_keys: frozenset[str]
    raw: Table
    """The file itself, for rooms that read words of their own from it."""

    def is_head(self, text: str) -> bool:
        """Tell whether a line between title and grid states unit, department, year or date, or numbers the table."""
        bare = text.strip("()[] ")
        return (
            any(p.match(bare) for p in (*self.units, *self.departments, *self.as_of))
            or any((m := p.search(text)) and len(text) - len(m[0]) <= _AROUND_YEAR for p in self.years)
            or self.is_mark(text)
        )

    def is_mark(self, text: str) -> bool:
        """Tell whether a line only numbers a table or an attachment."""
        return len(text) <= _MARK_LINE and any(p.fullmatch(text) for p in self.attachments)

    def is_title(self, text: str) -> bool:
        """Tell whether a line reads like the title of a table."""
        return any(p.search(text) for p in self.titles)

    def is_note(self, text: str) -> bool:
        """Tell whether a line begins a note."""
        return any(p.match(text) for p in self.notes)

    def is_page_number(self, text: str) -> bool:
        """Tell whether a line is the number of its page."""
        return any(p.fullmatch(text) for p in self.page_numbers)

    def is_contents_entry(self, text: str) -> bool:
        """Tell whether a line is an entry of a table of contents."""
        return any(p.search(text) for p in self.contents)

    def is_total(self, text: str) -> bool:
        """Tell whether a row label names a sum."""
        return _fits_whole(labels.key(text), self.total_keys)

    def begins_item(self, text: str) -> bool:
        """Tell whether a row label begins an item: a numbered one, a part of the one above, or a sum."""
        plain = labels.plain(text)
        return (
            any(p.match(plain) for p in self.enumerators)
            or labels.key(text).startswith(self.of_which_keys)
            or self.is_total(text)
        )

    def is_absent(self, text: str) -> bool:
        """Tell whether a cell says that there is nothing."""
        return text in self.notation.absent_marks

    def without_continuation(self, title: str) -> str:
        """Return the key of a title without the marks that it goes on."""
        text = labels.plain(title)
        for pattern in self.continued:
            text = pattern.sub("", text)
        return labels.key(text)

    def heading(self, text: str) -> str:
        """Return the key of a heading or label without the unit named in it."""
        return _without(text, self.units_in_headings)


@lru_cache(maxsize=65536)
def _fits_whole(key: str, patterns: Patterns) -> bool:
    return any(pattern.fullmatch(key) for pattern in patterns)


@lru_cache(maxsize=65536)
def _without(text: str, patterns: Patterns) -> str:
    plain = labels.plain(text)
    for pattern in patterns:
        plain = pattern.sub("", plain)
    return labels.key(plain)


def load(path: Path) -> Lexicon:
    """Read a lexicon; raises CatalogError if it lacks a list or holds a pattern that is none."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
        return _lexicon(raw)
    except OSError as error:
        raise errors.CatalogError(str(path), error.strerror or "cannot be read") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise errors.CatalogError(str(path), f"not TOML: {error}") from error
    except KeyError as error:
        raise errors.CatalogError(str(path), f"the entry {error} is missing") from error
    except (re.error, TypeError, ValueError) as error:
        raise errors.CatalogError(str(path), f"{error}") from error


def _lexicon(raw: Mapping[str, Mapping[str, Any]]) -> Lexicon:
    notation, table, page, card = raw["notation"], raw["table"], raw["page"], raw["card"]
    totals = [*map(re.escape, table["total_words_keys"]), *table["total_patterns_keys"]]
    return Lexicon(
        notation=Notation(
            minus_words=tuple(notation["minus_words"]),
            scales=dict(notation["scales"]),
            money=tuple(notation["money_units"]),
            absent_marks=tuple(notation["absent_marks"]),
        ),
        guide_marks=frozenset(map(labels.plain, table["guide_marks"])),
        total_keys=_compiled(totals),
        of_which_keys=tuple(table["of_which_keys"]),
        enumerators=_compiled(table["enumerator_patterns"]),
        codes_and_names=_compiled(table["code_and_name_patterns"], "code"),
        units=_compiled(table["unit_line_patterns"], "unit"),
        units_in_headings=_compiled(table["unit_in_heading_patterns"]),
        departments=_compiled(table["department_line_patterns"], "name"),
        years=_compiled(table["year_line_patterns"], "year"),
        as_of=_compiled(table["as_of_patterns"]),
        attachments=_compiled(page["attachment_patterns"]),
        titles=_compiled(table["title_patterns"]),
        continued=_compiled(table["continuation_patterns"]),
        notes=_compiled(table["note_patterns"]),
        empty=_compiled(table["empty_statement_patterns"]),
        sentence_end=re.compile("|".join(raw["prose"]["sentence_end_patterns"])),
        page_numbers=_compiled(page["page_number_patterns"]),
        contents=_compiled(page["contents_patterns"]),
        contents_title_keys=_compiled([*page["contents_titles_keys"], *page["contents_title_patterns_keys"]]),
        tail_keys=frozenset(card["tail_labels_keys"]),
        raw=raw,
    )


def _compiled(patterns: list[str], group: str | None = None) -> Patterns:
    """Compile the patterns; each must have the named group if one is asked for."""
    compiled = tuple(re.compile(pattern) for pattern in patterns)
    for pattern in compiled:
        if group and group not in pattern.groupindex:
            message = f"the pattern {pattern.pattern!r} lacks the group {group!r}"
            raise ValueError(message)
    return compiled
