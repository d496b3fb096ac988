"""Golden folders: a document is recorded, read again offline, and every value that is not as recorded is told."""

from __future__ import annotations

from structurer.regression.recording import accept, check, record
from structurer.regression.telling import findings, lines, summary, text, title
from structurer.regression.verifying import Verdict, found, is_golden, parts, verify

__all__ = [
    "Verdict",
    "accept",
    "check",
    "findings",
    "found",
    "is_golden",
    "lines",
    "parts",
    "record",
    "summary",
    "text",
    "title",
    "verify",
]
