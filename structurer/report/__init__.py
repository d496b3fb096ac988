"""What was found, for people: a summary of a result and its findings in one line each."""

from __future__ import annotations

from structurer.report.messages import Messages, finding_lines, language, load
from structurer.report.printable import printable
from structurer.report.summary import Summary, ranges, summarize

__all__ = ["Messages", "Summary", "finding_lines", "language", "load", "printable", "ranges", "summarize"]
