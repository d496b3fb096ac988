"""Printed labels to keys, so that spacing, punctuation and width of characters do not matter."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_NOISE = re.compile(r"[\W_]+")


@lru_cache(maxsize=65536)
def key(text: str) -> str:
    """Return the letters, digits and ideographs of the label, width and compatibility forms folded.

    >>> key("其中：财政拨款 （万元）")
    '其中财政拨款万元'
    """
    return _NOISE.sub("", unicodedata.normalize("NFKC", text))


_GAP = re.compile(r"\t|[ \u3000\xa0]{2,}|\u3000")


def fragments(text: str) -> list[str]:
    r"""Return the pieces of a line that stand apart from one another, as plain text.

    >>> fragments("单位名称：某局\t  单位：万元")
    ['单位名称:某局', '单位:万元']
    """
    return [plain(piece) for piece in _GAP.split(text) if piece.strip()]


@lru_cache(maxsize=65536)
def plain(text: str) -> str:
    """Return the text with its width folded and white space collapsed; punctuation stays."""
    return " ".join(unicodedata.normalize("NFKC", text).split())
