"""Text of a document or a file name made safe for one line of a terminal."""

from __future__ import annotations

import re
import unicodedata

# Escape sequences of a terminal: CSI (colours, cursor), OSC and its kin (titles, links), and two-character ones.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)
# What may reorder or hide a line: control, format (bidirectional marks), surrogate and private characters.
_UNSEEN = {"Cc", "Cf", "Cs", "Co"}


def printable(text: str, longest: int | None = None) -> str:
    r"""Return the text as one line without terminal escapes and unseen characters, cut at `longest` characters.

    >>> printable("\x1b[31mred\x1b[0m\nline")
    'red line'
    """
    line = " ".join(_ESCAPES.sub("", text).split())
    line = "".join("\N{REPLACEMENT CHARACTER}" if _is_lost(char) else char for char in line if not _is_unseen(char))
    return line if longest is None or len(line) <= longest else line[: longest - 1] + "…"


def _is_lost(char: str) -> bool:
    """Tell whether a character stands for a byte that was no text."""
    return unicodedata.category(char) == "Cs"


def _is_unseen(char: str) -> bool:
    return unicodedata.category(char) in _UNSEEN and not _is_lost(char)
