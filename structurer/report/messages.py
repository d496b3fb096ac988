"""Findings to one-line messages, from templates that are data."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from structurer import errors, resources
from structurer.report.printable import printable
from structurer.report.summary import ranges

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    # A result or a part of it, read by name; its shape is that of disclosure.schema.json.
    Record = Mapping[str, Any]

LANGUAGES = ("en", "zh")
_FACT = re.compile(r"\{(\w+)\}")
# A fact is cut at this many characters in a message; the whole text stands in the result.
_LONGEST_FACT = 160
_WORDS = "words"


@dataclass(frozen=True, slots=True)
class Messages:
    """The templates of one language: by code of a finding, and the other words of a report."""

    findings: Mapping[str, str]
    words: Mapping[str, str]

    def word(self, name: str, **facts: object) -> str:
        """Return a word or phrase of the report."""
        return filled(self.words.get(name, name), {key: str(value) for key, value in facts.items()})

    def finding(self, finding: Record) -> str:
        """Return what a finding says; one of unknown code shows its code and its facts."""
        absent = self.word("absent")
        facts = {name: printable(str(value), _LONGEST_FACT) or absent for name, value in finding["facts"].items()}
        template = self.findings.get(finding["code"])
        if template is None:
            listed = ", ".join(f"{printable(name)}={value}" for name, value in facts.items())
            return self.word("unknown_code", code=printable(finding["code"]), facts=listed or absent)
        return filled(template, facts)


def filled(template: str, facts: Mapping[str, str]) -> str:
    """Return the template with `{name}` replaced by facts, in one pass: a fact is never read as a template.

    >>> filled("{a} of {b}", {"a": "{b}", "b": "2"})
    '{b} of 2'
    """
    return _FACT.sub(lambda found: facts.get(found[1], "?"), template)


def language(environment: Mapping[str, str]) -> str:
    """Return the language of the locale: `zh` where it is Chinese, else `en`."""
    named = (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "zh" if next(filter(None, named), "").lower().startswith("zh") else "en"


def load(lang: str) -> Messages:
    """Return the messages of a language; raises CatalogError if their file is wrong."""
    path = resources.folder("schemas") / "messages.toml"
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
        words = {name: entry[lang] for name, entry in raw.pop(_WORDS).items()}
        return Messages({code: entry[lang] for code, entry in raw.items()}, words)
    except OSError as error:
        raise errors.CatalogError(str(path), error.strerror or "cannot be read") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise errors.CatalogError(str(path), f"not TOML: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise errors.CatalogError(str(path), f"an entry lacks {error}") from error


def finding_lines(result: Record, messages: Messages) -> Iterator[str]:
    """Yield one line for each finding: its page, the table or card it is about, and what it says."""
    for finding in result["verification"]["findings"]:
        page = [] if finding["page"] is None else [messages.word("page", pages=ranges([finding["page"]]))]
        about = _about(result, finding["where"])
        yield " ".join([*page, *([about] if about else []), messages.finding(finding)])


def _about(result: Record, pointer: str) -> str:
    """Return the id of the table, card or claim that a pointer leads into."""
    _, root, index, *_ = (*pointer.split("/"), "", "", "")
    items = result.get(root)
    if not isinstance(items, list) or not index.isdecimal() or int(index) >= len(items):
        return ""
    return printable(str(items[int(index)]["id"]))
