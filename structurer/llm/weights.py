"""How many tokens a text may be, without the tokenizer of any model; meant to be too many rather than too few."""

from __future__ import annotations

import base64
import json
import math
import re
import struct
from typing import TYPE_CHECKING, Any

from structurer.llm.settings import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from structurer.llm.answers import Answer
    from structurer.llm.settings import Price
    from structurer.records import Json, Question

# Printed Chinese: ideographs, their punctuation, full-width forms, and symbols such as box drawing.
_WIDE = re.compile(r"[\u2000-\uffff\U00010000-\U0010ffff]+")
_DIGITS = re.compile(r"[0-9]+")
_MARKS = re.compile(r"[^\w\s]+")
# What a request takes beyond its texts: roles, the wrapping of the schema.
_FRAME = 24
_PNG = b"\x89PNG\r\n\x1a\n"
# The densest usage among providers is about a token for 28 by 28 pixels.
_PIXELS = 750
_PICTURE = 1600


def tokens(text: str) -> int:
    """Return an estimate of the tokens of a text, rounded up.

    Three quarters of a token for each wide character, one for two digits or marks, one for four of anything else.
    The tokenizers in use differ by a third from one another, so no estimate is better than that.

    >>> tokens("合计 12.50")
    5
    """
    digits = _taken(_DIGITS, text)
    wide = _taken(_WIDE, text)
    marks = _taken(_MARKS, _WIDE.sub("", text))
    rest = len(text) - digits - wide - marks
    return math.ceil(0.75 * wide + (digits + marks) / 2 + rest / 4)


def _taken(pattern: re.Pattern[str], text: str) -> int:
    return len(text) - len(pattern.sub("", text))


def of_picture(png: bytes) -> int:
    """Return an estimate of the tokens of a PNG, by its pixels."""
    if not png.startswith(_PNG) or len(png) < len(_PNG) + 16:
        return _PICTURE
    width: int
    height: int
    width, height = struct.unpack(">II", png[16:24])
    return max(_PICTURE // 10, math.ceil(width * height / _PIXELS))


def of_schema(schema: Mapping[str, Json]) -> int:
    """Return an estimate of the tokens of a schema."""
    return tokens(json.dumps(dict(schema), ensure_ascii=False))


def of_question(question: Question) -> int:
    """Return an estimate of the tokens that one request for the question sends."""
    texts = tokens(question.instructions) + tokens(question.material) + of_schema(question.schema)
    return _FRAME + texts + sum(map(of_picture, question.pictures))


def of_request(request: Mapping[str, Any]) -> int:
    """Return an estimate of the tokens that a request of chat completions sends."""
    parts = [part for message in request["messages"] for part in _parts(message["content"])]
    shape = json.dumps([request.get("tools"), request.get("response_format")], ensure_ascii=False)
    texts = sum(tokens(part["text"]) for part in parts if "text" in part)
    urls = [part["image_url"]["url"] for part in parts if "image_url" in part]
    pictures = sum(of_picture(base64.b64decode(url.partition(",")[2])) for url in urls)
    return _FRAME + texts + tokens(shape) + pictures


def most_out(request: Mapping[str, Any]) -> int:
    """Return the most tokens that the answer to a request may have."""
    most: int = request.get("max_tokens") or request["max_completion_tokens"]
    return most


def _parts(content: str | list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"text": content}] if isinstance(content, str) else content


def taken(request: Mapping[str, Any], answer: Answer) -> tuple[int, int]:
    """Return the tokens that a request and its answer took, estimated where the endpoint does not say."""
    tokens_in = of_request(request) if answer.tokens_in is None else answer.tokens_in
    return tokens_in, tokens(answer.text) if answer.tokens_out is None else answer.tokens_out


def estimate(questions: Iterable[Question], price: Price | None) -> Estimate:
    """Return what the questions would take; asks nothing, and keeps none of them."""
    calls = tokens_in = tokens_out = 0
    for question in questions:
        calls += 1
        tokens_in += of_question(question)
        tokens_out += question.longest
    return Estimate(calls, tokens_in, tokens_out, None if price is None else price.of(tokens_in, tokens_out))
