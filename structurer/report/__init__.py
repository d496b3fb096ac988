"""What was found, for people: a summary of a result, its findings in one line each, and what a check says of it."""

from __future__ import annotations

from structurer.report.checked import Checked, checked
from structurer.report.markdown import as_markdown
from structurer.report.messages import Messages, finding_lines, language, load
from structurer.report.printable import printable
from structurer.report.summary import Summary, ranges, summarize

__all__ = [
    "Checked",
    "Messages",
    "Summary",
    "as_markdown",
    "checked",
    "finding_lines",
    "language",
    "load",
    "printable",
    "ranges",
    "summarize",
]
