"""One account for all processes of a batch: what a model may take, and what it took in every run so far.

The driver keeps the books and serves them on a socket of this machine; each thread that asks has a connection of its
own. What was entered and not settled when a process or the machine died is booked at its longest.
"""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Listener, answer_challenge, deliver_challenge
from typing import TYPE_CHECKING, Any, Protocol

from structurer.errors import StructurerError
from structurer.llm.faults import EndpointError, LimitError
from structurer.llm.ledger import Hold, Ledger
from structurer.llm.pace import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from structurer.llm.settings import Limits, Price, Spent

_HERE = "127.0.0.1"
_GONE = (EOFError, OSError, AuthenticationError)


class Journal(Protocol):
    """Where every request is noted before it is sent."""

    def entered(self, tokens: int, cost: Decimal) -> int:
        """Note a request at its longest; return its number."""

    def settled(self, number: int, tokens_in: int, tokens_out: int, cost: Decimal) -> None:
        """Note what it really took."""


class Account:
    """A ledger that notes every request in a journal, and lets no more be under way than the concurrency."""

    def __init__(self, ledger: Ledger, limits: Limits, price: Price | None, journal: Journal) -> None:
        self.ledger = ledger
        self._price, self._journal = price, journal
        self._turns = threading.BoundedSemaphore(limits.concurrency)
        self._waits = _Waits()

    def waited(self, process: int) -> float:
        """Return the seconds that the threads of a process have waited to be let through, one after another."""
        return self._waits.of(process)

    def enter(self, process: int, tokens_in: int, tokens_out: int) -> _Entered:
        """Return when a request may be sent; raises LimitError if it may not be any more."""
        with self._waits.waiting(process), ExitStack() as undo:
            self._turns.acquire()
            undo.callback(self._turns.release)
            hold = self.ledger.enter(tokens_in, tokens_out)
            undo.callback(self.ledger.settle, hold, 0, 0)
            number = self._journal.entered(tokens_in + tokens_out, hold.reserved)
            undo.pop_all()
        return _Entered(hold, number, tokens_in, tokens_out)

    def settle(self, entered: _Entered, tokens_in: int, tokens_out: int) -> None:
        """Book what a request took."""
        self._turns.release()
        self.ledger.settle(entered.hold, tokens_in, tokens_out)
        cost = self._price.of(tokens_in, tokens_out) if self._price else Decimal(0)
        self._journal.settled(entered.number, tokens_in, tokens_out, cost)

    def abandon(self, entered: _Entered) -> None:
        """Book a request at its longest: who sent it is gone, and it may have been answered."""
        self.settle(entered, entered.tokens_in, entered.tokens_out)


@dataclass(frozen=True, slots=True)
class _Entered:
    hold: Hold
    number: int
    tokens_in: int
    tokens_out: int


class _Waits:
    """How long each process has waited, the waits of its threads at one time counted once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._total: defaultdict[int, float] = defaultdict(float)
        self._since: dict[int, float] = {}
        self._threads: defaultdict[int, int] = defaultdict(int)

    @contextmanager
    def waiting(self, process: int) -> Iterator[None]:
        with self._lock:
            self._threads[process] += 1
            self._since.setdefault(process, time.monotonic())
        try:
            yield
        finally:
            with self._lock:
                self._threads[process] -= 1
                if not self._threads[process]:
                    self._total[process] += time.monotonic() - self._since.pop(process)

    def of(self, process: int) -> float:
        with self._lock:
            since = self._since.get(process)
            return self._total[process] + (time.monotonic() - since if since is not None else 0.0)


@dataclass(frozen=True, slots=True)
class Address:
    """Where an account is served, and the word by which its callers are known."""

    port: int
    word: bytes


class Server:
    """Serves an account to the processes of this machine until it is closed."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._word = os.urandom(32)
        # Whoever calls says the word in a thread of its own: one that says nothing keeps nobody waiting.
        self._listener = Listener((_HERE, 0), family="AF_INET", backlog=64)
        self.address = Address(self._listener.address[1], self._word)
        threading.Thread(target=self._accept, name="account", daemon=True).start()

    def close(self) -> None:
        """Take no more callers."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                caller = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(caller,), name="caller", daemon=True).start()

    def _serve(self, caller: Connection) -> None:
        """Answer one thread of a process until it is gone."""
        entered: dict[int, _Entered] = {}
        try:
            deliver_challenge(caller, self._word)
            answer_challenge(caller, self._word)
            process = caller.recv()
            while True:
                name, *words = caller.recv()
                answer = self._answer(process, entered, name, words)
                if answer in entered and caller.poll():
                    # Who waits for an answer says nothing: it is gone, and has sent no request.
                    self._account.settle(entered.pop(answer), 0, 0)
                caller.send(answer)
        except (*_GONE, StructurerError):
            # The caller is gone, or the ledger cannot be written, which the driver finds out as well.
            pass
        finally:
            caller.close()
            with suppress(StructurerError):
                for left in entered.values():
                    self._account.abandon(left)

    def _answer(self, process: int, entered: dict[int, _Entered], name: str, words: list[Any]) -> Any:  # noqa: ANN401
        if name == "enter":
            try:
                new = self._account.enter(process, *words)
            except LimitError as error:
                return error
            except StructurerError as error:
                return EndpointError(str(error))
            entered[new.number] = new
            return new.number
        if name == "settle":
            number, *took = words
            return self._account.settle(entered.pop(number), *took)
        return getattr(self._account.ledger, name)(*words)


class Remote:
    """The account as a process of the batch sees it: the books of its model."""

    def __init__(self, address: Address, *, weighs: bool) -> None:
        self._address, self.weighs = address, weighs
        self._own = threading.local()

    def enter(self, tokens_in: int, tokens_out: int) -> Hold:
        """Return when a request may be sent; raises LimitError if it may not be any more."""
        number = self._asked("enter", tokens_in, tokens_out)
        if isinstance(number, StructurerError):
            raise number
        return _Numbered(Entry(0.0, tokens_in + tokens_out), Decimal(0), number)

    def settle(self, hold: Hold, tokens_in: int, tokens_out: int) -> None:
        """Book what a request really took."""
        if isinstance(hold, _Numbered):
            with suppress(EndpointError):
                self._asked("settle", hold.number, tokens_in, tokens_out)

    def used(self, calls: int, remembered: int) -> None:
        """Count the answers that a reply is made of."""
        self._asked("used", calls, remembered)

    def failed(self) -> None:
        """Count a question that the endpoint failed."""
        self._asked("failed")

    def spent(self) -> Spent:
        """Return what all processes have spent so far."""
        spent: Spent = self._asked("spent")
        return spent

    def _asked(self, name: str, *words: object) -> Any:  # noqa: ANN401  what the account answers
        try:
            line = self._line()
            line.send((name, *words))
            answer = line.recv()
        except _GONE as error:
            msg = "the run was stopped"
            raise EndpointError(msg) from error
        return answer

    def _line(self) -> Connection:
        line: Connection | None = getattr(self._own, "line", None)
        if line is None:
            line = Client((_HERE, self._address.port), family="AF_INET", authkey=self._address.word)
            line.send(os.getpid())
            self._own.line = line
        return line


@dataclass(slots=True)
class _Numbered(Hold):
    number: int
