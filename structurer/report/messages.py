"""Findings to one-line messages, from templates that are data."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from structurer import errors, resources
from structurer.report import places
from structurer.report.printable import printable
from structurer.report.summary import ranges

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    # A result or a part of it, read by name; its shape is that of disclosure.schema.json.
    Record = Mapping[str, Any]

LANGUAGES = ("en", "zh")
_FACT = re.compile(r"\{(\w+)\}")
# A fact is cut at this many characters in a message; the whole text stands in the result.
_LONGEST_FACT, _LONGEST_SUM = 160, 600
_WORDS, _SUGGESTIONS = "words", "suggestions"
# How the operands of a sum name their pages.
_ON_PAGE = re.compile(r" ?\(p\.([\d,-]+)\)")
_MORE = re.compile(r" \+ (\d+) more$")
# What must only be at least or at most something has a message of its own.
_RELATIONS = {">=": "_at_least", "<=": "_at_most"}
# Facts that are pointers.
_POINTERS = ("found", "pointer")


@dataclass(frozen=True, slots=True)
class Messages:
    """The templates of one language: by code of a finding, and the other words of a report."""

    lang: str
    findings: Mapping[str, str]
    suggestions: Mapping[str, str]
    words: Mapping[str, str]
    reasons: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By id of a rule: why it must hold, in each language."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """By name of a kind: its title."""

    def word(self, name: str, **facts: object) -> str:
        """Return a word or phrase of the report."""
        return filled(self.words.get(name, name), {key: str(value) for key, value in facts.items()})

    def finding(self, finding: Record, result: Record | None = None) -> str:
        """Return what a finding says; one of unknown code shows its code and its facts."""
        return self._said(self.findings, finding, result)

    def suggestion(self, suggestion: Record, result: Record | None = None) -> str:
        """Return what a suggestion says, as a finding."""
        return self._said(self.suggestions, suggestion, result)

    def rule(self, name: str) -> str:
        """Return the reason of a rule as a sentence; one without a reason is named by its id."""
        return printable(self.reasons.get(name, {}).get(self.lang) or name, _LONGEST_FACT)

    def kind(self, name: str) -> str:
        """Return the name of a kind with its title."""
        title = self.titles.get(name)
        return self.word("kind_named", kind=printable(name), title=printable(title)) if title else printable(name)

    def _said(self, templates: Mapping[str, str], said: Record, result: Record | None) -> str:
        raw = {str(name): str(value) for name, value in said["facts"].items()}
        facts = {name: self._fact(name, value, raw, result) for name, value in raw.items()}
        # What counts has no unit.
        facts.setdefault("unit", "")
        code = str(said["code"])
        template = templates.get(code + _variant(raw), templates.get(code))
        if template is None:
            absent = self.word("absent")
            listed = ", ".join(f"{printable(name)}={facts[name] or absent}" for name in raw)
            return self.word("unknown_code", code=printable(code), facts=listed or absent)
        return filled(template, facts)

    def _fact(self, name: str, value: str, facts: Mapping[str, str], result: Record | None) -> str:
        """Return a fact as it is shown: names of rules, kinds, words and places said in the language."""
        text = printable(value[: 20 * _LONGEST_SUM], _LONGEST_SUM if name == "operands" else _LONGEST_FACT)
        named = {"rule": self.rule, "kind": self.kind, "operands": self._operands, "larger": self._larger}
        if name == "unit":
            return self.word("in_unit", unit=text) if text else ""
        if name == "reason":
            text = self._reason(text, facts)
        elif name in named:
            text = named[name](text)
        elif name in _POINTERS and value.startswith("/") and result is not None:
            text = places.place(result, value, self)
        return text or self.word("absent")

    def _operands(self, text: str) -> str:
        text = _MORE.sub(lambda found: self.word("more_operands", count=found[1]), text)
        return _ON_PAGE.sub(lambda found: self.word("on_page", pages=found[1]), text)

    def _larger(self, text: str) -> str:
        return self.words.get(f"larger_{text}", text)

    def _reason(self, text: str, facts: Mapping[str, str]) -> str:
        """Return why a page is unread (`code: detail`), or what does not fit a schema (by its keyword)."""
        code, _, detail = text.partition(": ")
        if f"reason_{code}" in self.words:
            return self.word(f"reason_{code}", detail=detail)
        if "keyword" not in facts:
            return text
        shown = {name: printable(facts.get(name, ""), _LONGEST_FACT) for name in ("keyword", "expected", "found")}
        named = f"schema_{shown['keyword']}"
        return self.word(named if named in self.words else "schema_other", **shown)


def _variant(facts: Mapping[str, str]) -> str:
    """Return the end of a message's code for such facts: what it is about, another relation, or several at once."""
    if "what" in facts:
        return f"_{facts['what']}"
    if "relation" in facts:
        return _RELATIONS.get(facts["relation"], "")
    return "_counted" if "count" in facts else ""


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


def load(
    lang: str, *, reasons: Mapping[str, Mapping[str, str]] | None = None, titles: Mapping[str, str] | None = None
) -> Messages:
    """Return the messages of a language, with the reasons of the rules and the titles of the kinds.

    Raises CatalogError if their file is wrong.
    """
    path = resources.folder("schemas") / "messages.toml"
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
        words = {name: entry[lang] for name, entry in raw.pop(_WORDS).items()}
        suggestions = {code: entry[lang] for code, entry in raw.pop(_SUGGESTIONS).items()}
        findings = {code: entry[lang] for code, entry in raw.items()}
    except OSError as error:
        raise errors.CatalogError(str(path), error.strerror or "cannot be read") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise errors.CatalogError(str(path), f"not TOML: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise errors.CatalogError(str(path), f"an entry lacks {error}") from error
    return Messages(lang, findings, suggestions, words, reasons or {}, titles or {})


def finding_lines(result: Record, messages: Messages) -> Iterator[str]:
    """Yield one line for each finding: its page, where it is, what it says and whose fault it is; then suggestions."""
    for finding in result["verification"]["findings"]:
        blame = finding.get("blame")
        yield line(result, finding, messages) + (f" [{messages.word(f'blame_{blame}')}]" if blame else "")
        for suggestion in suggestion_lines(result, finding, messages):
            yield f"  → {suggestion}"


def line(result: Record, finding: Record, messages: Messages, again: Record | None = None) -> str:
    """Return what a finding says, behind its page and its place; what it found elsewhere is in a second reading."""
    return _headed(result, finding, messages) + messages.finding(finding, again or result)


def suggestion_lines(result: Record, finding: Record, messages: Messages) -> Iterator[str]:
    """Yield what each suggestion of a finding says, behind its page and its place."""
    for suggestion in finding.get("suggestions") or ():
        yield _headed(result, suggestion, messages) + messages.suggestion(suggestion, result)


def _headed(result: Record, said: Record, messages: Messages) -> str:
    page, where = said["page"], said["where"]
    pages = "" if page is None else messages.word("page", pages=ranges([page]))
    about = places.place(result, where, messages) if where else ""
    head = " ".join(filter(None, (pages, about)))
    return messages.word("headed", place=head) if head else ""
