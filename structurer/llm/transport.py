"""One request to an endpoint: sent by openai, sent again by tenacity, judged by its status alone."""

from __future__ import annotations

import importlib
import importlib.util
import json
import random
import re
import time
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import openai
import tenacity

from structurer.llm import answers, weights
from structurer.llm.faults import EndpointError, Redaction
from structurer.llm.guard import Guard
from structurer.llm.settings import LONGEST_WAIT, RETRIES

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Mapping

    from structurer.llm.answers import Answer
    from structurer.llm.ledger import Ledger
    from structurer.llm.settings import Endpoint

# openai is built on httpx up to 2.x and on httpx2 from 3.0 on, with little between them that concerns us.
_HTTP = "httpx2" if hasattr(openai, "DefaultHttpx2Client") and importlib.util.find_spec("httpx2") else "httpx"
_PASSING = frozenset({408, 409, 429})
_FATAL = frozenset({401, 402, 403})
_NOT_FOUND = 404
_SERVER_ERROR = 500
_REJECTED = frozenset({400, 404, 422})
_UNKNOWN = frozenset({400, 422})
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
_STOPPED = "the run was stopped"
_LONGEST_PAUSE = 8.0
JSON_OBJECT = {"type": "json_object"}


def rejects_mode(error: EndpointError) -> bool:
    """Tell whether the endpoint may have rejected the way an answer is asked for, not the question or the model."""
    return error.status in _REJECTED and not error.fatal and not _ABOUT_LENGTH.search(str(error))


def filters(error: EndpointError) -> bool:
    """Tell whether the endpoint's content filter held the question back."""
    return error.code in _FILTER_CODES


class Transport:
    """Sends requests to one endpoint; after a failure that all would share, it sends no more."""

    def __init__(self, endpoint: Endpoint, ledger: Ledger, closing: threading.Event) -> None:
        self._endpoint, self._ledger, self._closing = endpoint, ledger, closing
        self._redaction = Redaction(endpoint.key)
        self._guard = Guard()
        self._client = _client(endpoint, self._guard)
        self._create = self._client.chat.completions.with_raw_response.create
        self._fatal: EndpointError | None = None
        self._other_limit = self._no_temperature = self._no_format = False
        self._retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(1 + RETRIES),
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, EndpointError) and error.passing),
            wait=self._pause,
            sleep=self._sleep,
            reraise=True,
        )

    def close(self) -> None:
        """Break off what is under way and close every connection."""
        self._guard.break_off()
        self._client.close()

    def down(self) -> str:
        """Return the failure after which nothing is sent any more; empty while there is none."""
        return "" if self._fatal is None else str(self._fatal)

    def send(self, request: Mapping[str, Any]) -> Answer:
        """Return the answer; raises EndpointError if there is none, LimitError if the request may not be sent."""
        try:
            return self._retrying.copy()(self._attempt, request)
        except EndpointError as error:
            if error.fatal:
                self._fatal = error
            raise

    def _pause(self, state: tenacity.RetryCallState) -> float:
        """Return the seconds before the next attempt."""
        error = state.outcome.exception() if state.outcome is not None else None
        if isinstance(error, EndpointError) and error.after is not None:
            return error.after
        most = min(_LONGEST_PAUSE, self._endpoint.first_wait * 2.0 ** (state.attempt_number - 1))
        return most * random.uniform(0.5, 1)  # noqa: S311  no secret

    def _sleep(self, seconds: float) -> None:
        if self._closing.wait(seconds):
            raise EndpointError(_STOPPED)

    def _attempt(self, request: Mapping[str, Any]) -> Answer:
        """Send a request, and once more without each parameter that the endpoint turns out not to know."""
        while True:
            sent = self._adapted(request)
            try:
                return self._once(sent)
            except EndpointError as error:
                if not self._adapts(error, sent):
                    raise

    def _once(self, request: Mapping[str, Any]) -> Answer:
        if self._closing.is_set():
            raise EndpointError(_STOPPED)
        if self._fatal is not None:
            raise EndpointError(str(self._fatal), fatal=True)
        tokens_in = weights.of_request(request) if self._ledger.weighs else 0
        hold = self._ledger.enter(tokens_in, request.get("max_tokens") or request["max_completion_tokens"])
        taken = (0, 0)
        try:
            answer = self._exchanged(request)
            taken = weights.taken(request, answer)
        finally:
            self._ledger.settle(hold, *taken)
        return answer

    def _exchanged(self, request: Mapping[str, Any]) -> Answer:
        try:
            with self._guard.request(self._endpoint.timeout):
                # As an extra body: openai walks through typed arguments for as long as all else takes.
                body = self._create(model=request["model"], messages=(), extra_body=request).http_response.content
            return answers.read(body, self._redaction)
        except openai.APIStatusError as error:
            raise self._status(error) from None
        except openai.APIConnectionError as error:
            raise self._connection(error) from None
        except ValueError as error:
            raise EndpointError(self._redaction.reason(str(error)), passing=True) from None

    def _adapted(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the request with the parameters that this endpoint is known to take."""
        sent = dict(request)
        if self._other_limit:
            sent["max_completion_tokens"] = sent.pop("max_tokens")
        if self._no_temperature:
            sent.pop("temperature", None)
        if self._no_format and sent.get("response_format") == JSON_OBJECT:
            del sent["response_format"]
        return sent

    def _adapts(self, error: EndpointError, sent: Mapping[str, Any]) -> bool:
        """Tell whether the endpoint rejected a parameter that we can do without, and do without it from now on."""
        if error.status not in _UNKNOWN:
            return False
        said = str(error)
        if "max_completion_tokens" in said and "max_tokens" in sent:
            self._other_limit = True
        elif "temperature" in said and "temperature" in sent:
            self._no_temperature = True
        elif "response_format" in said and sent.get("response_format") == JSON_OBJECT:
            self._no_format = True
        else:
            return False
        return True

    def _status(self, error: openai.APIStatusError) -> EndpointError:
        """Return what a response with a bad status means."""
        status = error.status_code
        code, message = _said(error.body)
        reason = self._redaction.reason(f"HTTP {status}: {message or error.response.reason_phrase}")
        failure = EndpointError(
            reason,
            status=status,
            passing=(status in _PASSING or status >= _SERVER_ERROR) and code not in _FATAL_CODES,
            fatal=status in _FATAL or code in _FATAL_CODES or _is_no_model(status, message),
        )
        failure.code = code
        failure.after = _after(error.response.headers)
        if failure.after is not None and failure.after > LONGEST_WAIT:
            failure.passing = False
            failure.args = (self._redaction.reason(f"it asks to wait {failure.after:.0f} s; {reason}"),)
        return failure

    def _connection(self, error: openai.APIConnectionError) -> EndpointError:
        """Return what a connection that failed means."""
        causes = list(_causes(error))
        ours = next((cause for cause in causes if isinstance(cause, EndpointError)), None)
        if ours is not None:
            return ours
        if self._closing.is_set():
            return EndpointError(_STOPPED)
        if isinstance(error, openai.APITimeoutError) or any(isinstance(cause, TimeoutError) for cause in causes):
            return EndpointError(f"no whole answer within {self._endpoint.timeout:g} s", passing=True)
        # httpx and httpx2 have classes of the same names.
        refused = any(type(cause).__name__ in {"ConnectError", "ProxyError", "UnsupportedProtocol"} for cause in causes)
        what = "no connection" if refused else "the connection broke"
        return EndpointError(self._redaction.reason(f"{what} ({causes[-1]})"), passing=True, fatal=refused)


def _client(endpoint: Endpoint, guard: Guard) -> openai.OpenAI:
    make = openai.DefaultHttpx2Client if _HTTP == "httpx2" else openai.DefaultHttpxClient
    http = make(event_hooks={"response": [_refuse_packed]}, timeout=endpoint.timeout, verify=_certificates())
    guard.protect(http)
    return openai.OpenAI(
        api_key=(endpoint.key or "").strip() or "none",
        base_url=endpoint.base_url,
        max_retries=0,
        timeout=endpoint.timeout,
        http_client=http,
        default_headers={"Accept-Encoding": "identity"},
    )


@lru_cache(maxsize=1)
def _certificates() -> Any:  # noqa: ANN401  an SSL context, as httpx or httpx2 makes it
    """Return the certificates to trust; they take a tenth of a second to load."""
    return importlib.import_module(_HTTP).create_ssl_context()


def _refuse_packed(response: Any) -> None:  # noqa: ANN401  of httpx or httpx2
    """Refuse a packed body, which we do not ask for: a few bytes of it may unpack to gigabytes."""
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        msg = "the answer is packed, though that was not asked for"
        raise EndpointError(msg)


def _said(body: object) -> tuple[str, str]:
    """Return the code and the message of an error."""
    if isinstance(body, str):
        return "", body
    if not isinstance(body, dict):
        return "", ""
    inner = body.get("error")
    if isinstance(inner, dict | str) and inner:
        return _said(inner)
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


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and what caused it, the first cause last."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
