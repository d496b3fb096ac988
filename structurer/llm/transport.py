"""One request to an endpoint, and what became of it: an answer, booked, or the reason why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from structurer.llm import answers, weights
from structurer.llm.adaptation import Adaptation
from structurer.llm.connection import STOPPED, Connection
from structurer.llm.faults import EndpointError
from structurer.llm.settings import RETRIES

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from structurer.llm.answers import Answer
    from structurer.llm.ledger import Books
    from structurer.llm.settings import Endpoint


class Transport:
    """Sends requests to one endpoint; after a failure that all would share, it sends no more."""

    def __init__(self, endpoint: Endpoint, ledger: Books, closing: threading.Event) -> None:
        self._ledger, self._closing = ledger, closing
        self._connection = Connection(endpoint, closing, RETRIES)
        self._create = self._connection.client.chat.completions.with_raw_response.create
        self._adaptation = Adaptation()
        self._fatal: EndpointError | None = None

    def close(self) -> None:
        """Break off what is under way and close every connection."""
        self._connection.close()

    def down(self) -> str:
        """Return the failure after which nothing is sent any more; empty while there is none."""
        return "" if self._fatal is None else str(self._fatal)

    def send(self, request: Mapping[str, Any]) -> Answer:
        """Return the answer; raises EndpointError if there is none, LimitError if the request may not be sent."""
        try:
            return self._connection.retried(self._attempt, request)
        except EndpointError as error:
            if error.fatal:
                self._fatal = error
            raise

    def _attempt(self, request: Mapping[str, Any]) -> Answer:
        """Send a request, and once more without each parameter that the endpoint turns out not to know."""
        while True:
            sent = self._adaptation.of(request)
            try:
                return self._once(sent)
            except EndpointError as error:
                if not self._adaptation.learns(error, sent):
                    raise

    def _once(self, request: Mapping[str, Any]) -> Answer:
        if self._closing.is_set():
            raise EndpointError(STOPPED)
        if self._fatal is not None:
            raise EndpointError(str(self._fatal), fatal=True)
        tokens_in = weights.of_request(request) if self._ledger.weighs else 0
        hold = self._ledger.enter(tokens_in, weights.most_out(request))
        taken = (0, 0)
        try:
            answer = self._exchanged(request)
            taken = weights.taken(request, answer)
        finally:
            self._ledger.settle(hold, *taken)
        return answer

    def _exchanged(self, request: Mapping[str, Any]) -> Answer:
        with self._connection.request():
            # As an extra body: openai walks through typed arguments for as long as all else takes.
            body = self._create(model=request["model"], messages=(), extra_body=request).http_response.content
            return answers.read(body, self._connection.redaction)
