"""Test results as JUnit XML, the form that CI systems read: the same results, the same bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from xml.etree.ElementTree import Element, SubElement, indent, tostring

if TYPE_CHECKING:
    from collections.abc import Sequence

# What XML 1.0 has no place for, not even escaped.
_NO_XML = re.compile("[^\t\n\r\\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Schemas ask for it; nothing is measured, so that two runs give the same file.
_TIME = "0"


@dataclass(frozen=True, slots=True)
class Case:
    """One test: its name, and what is wrong."""

    name: str
    wrong: Literal["failure", "error"] | None = None
    """A failure is what was tested for, an error is why nothing could be tested."""
    text: str = ""
    """What is wrong; its first line is the message."""


@dataclass(frozen=True, slots=True)
class Suite:
    """The tests of one document."""

    name: str
    cases: tuple[Case, ...]


def as_junit(name: str, suites: Sequence[Suite]) -> bytes:
    """Return test results as JUnit XML in UTF-8; characters that XML cannot hold are replaced."""
    root = Element("testsuites", {"name": _xml(name), **_counts([case for suite in suites for case in suite.cases])})
    for suite in suites:
        within = SubElement(root, "testsuite", {"name": _xml(suite.name), **_counts(suite.cases)})
        for case in suite.cases:
            named = {"classname": _xml(suite.name), "name": _xml(case.name), "time": _TIME}
            told = SubElement(within, "testcase", named)
            if case.wrong:
                message = _xml(case.text).partition("\n")[0]
                SubElement(told, case.wrong, {"message": message, "type": case.wrong}).text = _xml(case.text)
    indent(root)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _counts(cases: Sequence[Case]) -> dict[str, str]:
    failures, errors = (sum(case.wrong == each for case in cases) for each in ("failure", "error"))
    return {"tests": str(len(cases)), "failures": str(failures), "errors": str(errors), "time": _TIME}


def _xml(text: str) -> str:
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
