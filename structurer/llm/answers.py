"""What an endpoint answered, as little of it as we use: read from its JSON, kept, and handed on without the key."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from structurer.llm.faults import Redaction
    from structurer.records import Json

FILTERED = frozenset({"content_filter", "sensitive"})
"""What endpoints call it when their content filter ended an answer."""
# Ends of an answer that say the endpoint broke it off; the same request may be answered later.
_BROKEN = frozenset({"insufficient_system_resource", "network_error"})
# No answer we ask for is nested deeper; what walks through it may recurse so far.
_DEEPEST = 64
_TOO_DEEP = "nested too deep"
_FENCE = re.compile(r"\s*```(?:json)?\s*(.*?)\s*```\s*", re.DOTALL)
# Reasoning that some servers leave in the text.
_THOUGHT = re.compile(r"\s*<think>.*?</think>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a model."""

    text: str
    """The arguments of the call if it made one, else what it wrote."""
    finish: str
    """Why it ended, as the endpoint says."""
    refusal: str
    """What it said when it refused; empty if it did not."""
    tokens_in: int | None
    """None where the endpoint does not say."""
    tokens_out: int | None
    model: str
    """What the endpoint calls the model that answered."""


def read(body: bytes, redaction: Redaction) -> Answer:
    """Return the answer in a body; raises ValueError if it holds none."""
    try:
        whole = json.loads(body)
    except (ValueError, RecursionError) as error:
        msg = "the body is no JSON"
        raise ValueError(msg) from error
    return of(whole, redaction)


def of(completion: Any, redaction: Redaction) -> Answer:  # noqa: ANN401  whatever came
    """Return the answer in a completion; raises ValueError if it holds none."""
    try:
        answer = _answer(completion, redaction)
    except (KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        msg = "the body is no completion"
        raise ValueError(msg) from error
    if answer.finish in _BROKEN:
        msg = f"the endpoint broke off the answer ({answer.finish})"
        raise ValueError(msg)
    return answer


def _answer(body: dict[str, Any], redaction: Redaction) -> Answer:
    choice = body["choices"][0]
    message = choice["message"]
    calls = message.get("tool_calls")
    arguments = calls[0]["function"].get("arguments") if calls else None
    text = arguments if arguments is not None else message.get("content") or ""
    usage = body.get("usage") or {}
    return Answer(
        text=_unescaped(redaction.text(_text(text)), redaction),
        finish=redaction.reason(str(choice.get("finish_reason") or "")),
        refusal=redaction.text(str(message.get("refusal") or "")),
        tokens_in=_count(usage.get("prompt_tokens")),
        tokens_out=_count(usage.get("completion_tokens")),
        model=redaction.reason(str(body.get("model") or "")),
    )


def _text(said: object) -> str:
    """Return what was said as text: some endpoints give arguments as an object, content as a list of parts."""
    if isinstance(said, str):
        return said
    if isinstance(said, list):
        return "".join(str(part.get("text") or "") for part in said if isinstance(part, dict))
    return json.dumps(said, ensure_ascii=False)


def _unescaped(text: str, redaction: Redaction) -> str:
    r"""Return the text, without a key that `\u0073k-…` hid from the first look."""
    if "\\" not in text:
        return text
    try:
        value = parse(text)
    except ValueError:
        return text
    clean = redaction.value(value)
    return text if clean == value else json.dumps(clean, ensure_ascii=False)


def is_cut(answer: Answer, longest: int) -> bool:
    """Tell whether an answer was cut off at its most tokens; some servers call the end of such a call another name."""
    if answer.finish == "length":
        return True
    # Some count the token that ends an answer.
    if answer.tokens_out not in {longest, longest + 1}:
        return False
    try:
        parse(answer.text)
    except ValueError:
        return True
    return False


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def parse(text: str) -> Json:
    """Return the JSON in an answer, also out of a fence of Markdown; raises ValueError if there is none."""
    text = _THOUGHT.sub("", text, count=1) if "<think>" in text else text
    fenced = _FENCE.fullmatch(text)
    try:
        value: Json = json.loads(fenced[1] if fenced else text, parse_constant=_no_number, parse_float=_finite)
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    if text.count("{") + text.count("[") > _DEEPEST and _is_deeper(value, _DEEPEST):
        raise ValueError(_TOO_DEEP)
    return value


def _is_deeper(value: Json, most: int) -> bool:
    """Tell whether objects and lists stand in one another more often than that."""
    level = [value]
    while level and most >= 0:
        held = (item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list))
        level = [inner for items in held for inner in items]
        most -= 1
    return most < 0


def _no_number(text: str) -> NoReturn:
    msg = f"{text} is no JSON"
    raise ValueError(msg)


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        _no_number(text[:20])
    return value


def to_json(answer: Answer) -> dict[str, Json]:
    """Return the answer as it is stored."""
    return asdict(answer)


def from_json(stored: object) -> Answer:
    """Return a stored answer; raises ValueError if that is none."""
    if not isinstance(stored, dict) or set(stored) != set(Answer.__slots__):
        msg = "no stored answer"
        raise ValueError(msg)
    counts = (stored["tokens_in"], stored["tokens_out"])
    texts = (stored["text"], stored["finish"], stored["refusal"], stored["model"])
    if not all(isinstance(text, str) for text in texts) or any(c is not None and _count(c) is None for c in counts):
        msg = "no stored answer"
        raise ValueError(msg)
    return Answer(**stored)
