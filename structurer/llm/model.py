"""A language model behind an endpoint: questions in, replies out, in their order and at bounded cost."""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Self

from structurer.errors import UsageError
from structurer.llm import faults
from structurer.llm.ledger import Ledger
from structurer.llm.modes import Ladder
from structurer.llm.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future

    from structurer.llm.ledger import Books
    from structurer.llm.memory import Memory
    from structurer.llm.outbox import Outbox
    from structurer.llm.settings import Endpoint, Limits, Price, Spent
    from structurer.llm.way import Way
    from structurer.records import Question, Reply


class Model:
    """Puts questions to an endpoint; a context manager, since it holds connections.

    Raises UsageError if the cost is limited and there is no price. `books` that others share stand in for the limits
    but the concurrency. With an outbox nothing is sent: what the memory cannot answer waits there.
    """

    def __init__(  # noqa: PLR0913  what a model is put together from
        self,
        endpoint: Endpoint,
        *,
        memory: Memory | None,
        limits: Limits,
        price: Price | None,
        books: Books | None = None,
        outbox: Outbox | None = None,
    ) -> None:
        if outbox is not None and memory is None:
            msg = "Requests that wait need a memory, where their answers will be found."
            raise UsageError(msg)
        self._endpoint, self._memory, self._limits, self._price = endpoint, memory, limits, price
        self._outbox = outbox
        self._closing = threading.Event()
        self._ledger = books or Ledger(limits, price, Pace(limits.rpm, limits.tpm, time.monotonic, self._sleep))
        self._opening = threading.Lock()
        self._way: Way | None = None

    def __enter__(self) -> Self:
        """Open nothing yet: the first question does."""
        return self

    def __exit__(self, *_: object) -> None:
        """Break off what is under way, and close the connections."""
        self._closing.set()
        if self._way is not None:
            self._way.close()

    @property
    def spent(self) -> Spent:
        """What it took so far."""
        return self._ledger.spent()

    @property
    def down(self) -> str:
        """Why the endpoint is not asked any more; empty while it is."""
        return "" if self._way is None else self._way.down()

    def ask(self, questions: Iterable[Question]) -> Iterator[Reply]:
        """Yield a reply to each question, in their order.

        Questions are taken as replies are: no more than twice the concurrency are ahead of the last reply. Raises
        OutputError if the memory cannot be written, and what the questions or a judge raise.
        """
        way = self._opened()
        asked = iter(questions)
        ahead: deque[Future[Reply]] = deque()
        pool = ThreadPoolExecutor(self._limits.concurrency, thread_name_prefix="ask")
        try:
            ahead.extend(pool.submit(way.reply, question) for question in islice(asked, 2 * self._limits.concurrency))
            while ahead:
                reply = ahead.popleft().result()
                ahead.extend(pool.submit(way.reply, question) for question in islice(asked, 1))
                yield reply
        except KeyboardInterrupt:
            self.__exit__()
            raise
        finally:
            pool.shutdown(cancel_futures=True)

    def _sleep(self, seconds: float) -> None:
        if self._closing.wait(seconds):
            msg = "the run was stopped"
            raise faults.EndpointError(msg)

    def _opened(self) -> Way:
        with self._opening:
            if self._way is None:
                # openai and instructor take a second and a half: only who asks pays for them.
                from structurer.llm.way import Way  # noqa: PLC0415

                faults.quiet()
                ladder = Ladder(self._endpoint.mode)
                shared = (self._endpoint, self._memory, self._ledger, ladder, self._price, self._closing)
                self._way = Way(*shared, outbox=self._outbox)
            return self._way
