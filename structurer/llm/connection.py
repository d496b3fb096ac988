"""The way to one endpoint: opened by openai, tried again by tenacity, its failures put in words without the key."""

from __future__ import annotations

import importlib
import importlib.util
import random
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import openai
import tenacity

from structurer.llm import refusals
from structurer.llm.faults import EndpointError, Redaction
from structurer.llm.guard import Guard
from structurer.llm.settings import LONGEST_BODY

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

    from structurer.llm.settings import Endpoint

    Given = ParamSpec("Given")
    Made = TypeVar("Made")

# openai is built on httpx up to 2.x and on httpx2 from 3.0 on, with little between them that concerns us.
_HTTP = "httpx2" if hasattr(openai, "DefaultHttpx2Client") and importlib.util.find_spec("httpx2") else "httpx"
_http: Any = importlib.import_module(_HTTP)
STOPPED = "the run was stopped"
"""Why nothing is sent once a run has ended."""
_LONGEST_PAUSE = 8.0


class Connection:
    """Holds the client of one endpoint; threads may share it."""

    def __init__(self, endpoint: Endpoint, closing: threading.Event, retries: int) -> None:
        self._endpoint, self._closing = endpoint, closing
        self._guard = Guard()
        self.redaction = Redaction(endpoint.key)
        self.client = _client(endpoint, self._guard)
        self._retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(1 + retries),
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, EndpointError) and error.passing),
            wait=self._pause,
            sleep=self._sleep,
            reraise=True,
        )

    def close(self) -> None:
        """Break off what is under way and close every connection."""
        self._guard.break_off()
        self.client.close()

    def retried(self, attempt: Callable[Given, Made], *args: Given.args, **kwargs: Given.kwargs) -> Made:
        """Return what comes of an attempt, made again while it raises an EndpointError that may pass."""
        return self._retrying.copy()(attempt, *args, **kwargs)

    @contextmanager
    def request(self, seconds: float | None = None, longest: int = LONGEST_BODY) -> Iterator[Guard]:
        """Limit the request that is sent inside, and turn whatever fails into an EndpointError.

        A ValueError says that what was read is not what was asked for; another answer may be.
        """
        try:
            with self._guard.request(self._endpoint.timeout if seconds is None else seconds, longest):
                yield self._guard
        except openai.APIStatusError as error:
            response = error.response
            raise refusals.meaning(
                error.status_code,
                error.body,
                self.redaction,
                headers=response.headers,
                phrase=response.reason_phrase,
            ) from None
        except (openai.APIConnectionError, TimeoutError, _http.HTTPError) as error:
            raise self._broken(error) from None
        except ValueError as error:
            raise EndpointError(self.redaction.reason(str(error)), passing=True) from None

    def _pause(self, state: tenacity.RetryCallState) -> float:
        """Return the seconds before the next attempt."""
        error = state.outcome.exception() if state.outcome is not None else None
        if isinstance(error, EndpointError) and error.after is not None:
            return error.after
        most = min(_LONGEST_PAUSE, self._endpoint.first_wait * 2.0 ** (state.attempt_number - 1))
        return most * random.uniform(0.5, 1)  # noqa: S311  no secret

    def _sleep(self, seconds: float) -> None:
        if self._closing.wait(seconds):
            raise EndpointError(STOPPED)

    def _broken(self, error: BaseException) -> EndpointError:
        """Return what a connection that failed means."""
        causes = list(_causes(error))
        ours = next((cause for cause in causes if isinstance(cause, EndpointError)), None)
        if ours is not None:
            return ours
        if self._closing.is_set():
            return EndpointError(STOPPED)
        late = (openai.APITimeoutError, TimeoutError, _http.TimeoutException)
        if any(isinstance(cause, late) for cause in causes):
            return EndpointError(f"no whole answer within {self._endpoint.timeout:g} s", passing=True)
        # httpx and httpx2 have classes of the same names.
        refused = any(type(cause).__name__ in {"ConnectError", "ProxyError", "UnsupportedProtocol"} for cause in causes)
        what = "no connection" if refused else "the connection broke"
        return EndpointError(self.redaction.reason(f"{what} ({causes[-1]})"), passing=True, fatal=refused)


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
    return _http.create_ssl_context()


def _refuse_packed(response: Any) -> None:  # noqa: ANN401  of httpx or httpx2
    """Refuse a packed body, which we do not ask for: a few bytes of it may unpack to gigabytes."""
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        msg = "the answer is packed, though that was not asked for"
        raise EndpointError(msg)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and what caused it, the first cause last."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
