"""What a response with a bad status means, told by its status and its words alone."""

from __future__ import annotations

import json
import re
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from structurer.llm.faults import EndpointError
from structurer.llm.settings import LONGEST_WAIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from structurer.llm.faults import Redaction

_PASSING = frozenset({408, 409, 429})
_FATAL = frozenset({401, 402, 403})
_NOT_FOUND = 404
_SERVER_ERROR = 500
_REJECTED = frozenset({400, 404, 422})
# What endpoints call a model that they do not have, and an account that has nothing left.
_NO_MODEL = re.compile(
    r"model_not_found|model.{0,120}(?:not|n't)\s+(?:\w+\s+)?(?:found|exist)", re.IGNORECASE | re.DOTALL
)
_FATAL_CODES = frozenset({"model_not_found", "insufficient_quota", "1211"})
_FILTER_CODES = frozenset({"content_filter", "content_policy_violation", "data_inspection_failed", "1301"})
_ABOUT_LENGTH = re.compile(
    r"context.{0,3}(?:length|window)|maximum context|too (?:long|many tokens)|max_\w*tokens", re.IGNORECASE
)
_ABOUT_MODE = re.compile(r"tool|function|response_format|json|schema|structured", re.IGNORECASE)


def rejects_mode(error: EndpointError) -> bool:
    """Tell whether the endpoint may have rejected the way an answer is asked for, not the question or the model."""
    return error.status in _REJECTED and not error.fatal and not _ABOUT_LENGTH.search(str(error))


def names_mode(error: EndpointError) -> bool:
    """Tell whether the endpoint rejected the way an answer is asked for, and says so."""
    return rejects_mode(error) and _ABOUT_MODE.search(str(error)) is not None


def filters(error: EndpointError) -> bool:
    """Tell whether the endpoint's content filter held the question back."""
    return error.code in _FILTER_CODES


def meaning(
    status: int, body: object, redaction: Redaction, *, headers: Mapping[str, str], phrase: str = ""
) -> EndpointError:
    """Return what a response means; the phrase of its status stands in for a message."""
    code, message = said(body)
    reason = redaction.reason(f"HTTP {status}: {message or phrase}")
    failure = EndpointError(
        reason,
        status=status,
        passing=(status in _PASSING or status >= _SERVER_ERROR) and code not in _FATAL_CODES,
        fatal=status in _FATAL or code in _FATAL_CODES or _is_no_model(status, message),
    )
    failure.code = code
    failure.after = _after(headers)
    if failure.after is not None and failure.after > LONGEST_WAIT:
        failure.passing = False
        failure.args = (redaction.reason(f"it asks to wait {failure.after:.0f} s; {reason}"),)
    return failure


def said(body: object) -> tuple[str, str]:
    """Return the code and the message of an error."""
    if isinstance(body, str):
        return "", body
    if not isinstance(body, dict):
        return "", ""
    inner = body.get("error")
    if isinstance(inner, dict | str) and inner:
        return said(inner)
    message = body.get("message") or body.get("detail") or json.dumps(body, ensure_ascii=False)
    return str(body.get("code") or ""), message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)


def _is_no_model(status: int, message: str) -> bool:
    """Tell whether the endpoint does not have the model, or nothing at all at this address."""
    if status == _NOT_FOUND and not _ABOUT_MODE.search(message):
        return True
    return status in _REJECTED and _NO_MODEL.search(message) is not None


def _after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of a Retry-After, which gives them or a date; None without one that makes sense."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time()) if text else None
    except (ValueError, TypeError, OverflowError):
        return None
