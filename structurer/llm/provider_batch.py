"""What waits in an outbox, answered by batches of the provider: sent, waited for, and taken into the memory.

Every step is noted before it is taken, so each method may be called again after the process was ended at any moment.
"""

from __future__ import annotations

import tempfile
import threading
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Self

from structurer.errors import OutputError
from structurer.llm import faults, notes, weights
from structurer.llm.batch_records import BatchLimits, BatchStatus, Collected
from structurer.llm.faults import EndpointError, Redaction
from structurer.llm.harvest import Harvest
from structurer.llm.notes import Note, Notes
from structurer.llm.parcels import Packer, url
from structurer.llm.settings import Estimate, Spent
from structurer.llm.verdicts import Verdicts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from structurer.llm.memory import Memory
    from structurer.llm.outbox import Outbox
    from structurer.llm.parcels import Parcel
    from structurer.llm.provider import Provider, Remote
    from structurer.llm.settings import Endpoint, Price


class ProviderBatch:
    """Sends the requests of an outbox and collects their answers; a context manager, since it holds connections.

    A method raises EndpointError if the provider fails, and OutputError if the folder cannot be read or written, or
    another process is at it.
    """

    def __init__(
        self, endpoint: Endpoint, outbox: Outbox, memory: Memory, *, limits: BatchLimits | None = None
    ) -> None:
        self._endpoint, self._outbox, self._memory = endpoint, outbox, memory
        self._limits = limits or BatchLimits()
        self._redaction = Redaction(endpoint.key)
        self._closing = threading.Event()

    def __enter__(self) -> Self:
        """Open nothing yet: the first request does."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections; what the provider has goes on there."""
        self._closing.set()
        if "_provider" in self.__dict__:
            self._provider.close()

    def waiting(self) -> int:
        """Return how many requests would be sent now."""
        return len(self._ready(Notes.load(self._outbox.folder)))

    def under_way(self) -> int:
        """Return how many requests the provider has whose answers are not collected."""
        return sum(note.requests for note in Notes.load(self._outbox.folder).open())

    def estimate(self, price: Price | None) -> Estimate:
        """Return what sending them would take, if each is answered at its longest."""
        calls = tokens_in = tokens_out = 0
        for name in self._ready(Notes.load(self._outbox.folder)):
            request = self._outbox.load(name)
            if request is not None:
                calls += 1
                tokens_in += weights.of_request(request)
                tokens_out += weights.most_out(request)
        return Estimate(calls, tokens_in, tokens_out, None if price is None else price.of(tokens_in, tokens_out))

    def spent(self, price: Price | None) -> Spent:
        """Return what all batches took that were ever collected from this folder."""
        ended = [note for note in Notes.load(self._outbox.folder).batches if note.ended]
        tokens_in, tokens_out = sum(note.tokens_in for note in ended), sum(note.tokens_out for note in ended)
        return Spent(
            requests=sum(note.requests for note in ended),
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            cost=None if price is None else price.of(tokens_in, tokens_out),
        )

    def clear(self) -> int:
        """Drop what waits and was not sent, and return how much that was: who still wants it asks again."""
        with self._alone() as noted:
            sent = {key for note in noted.batches for key in note.keys}
            idle = [name for name in self._outbox.waiting() if name not in sent]
            for name in idle:
                self._outbox.drop(name)
            return len(idle)

    def submit(self) -> tuple[BatchStatus, ...]:
        """Send what waits, and return the new batches."""
        with self._alone() as noted:
            self._resume(noted)
            ready = self._ready(noted)
            self._tidy(noted, ready)
            if noted.alone and noted.open():
                return ()
            made = []
            for parcel in self._packer(noted).parcels(ready):
                made.append(self._sent(parcel, noted))
                if noted.alone:
                    break
            return tuple(made)

    def poll(self) -> tuple[BatchStatus, ...]:
        """Return how the batches stand that are not collected yet."""
        with self._alone() as noted:
            return tuple(_status(note, self._provider.retrieve(note.id)) for note in noted.open())

    def collect(self, price: Price | None = None) -> Collected:
        """Take in the batches that have ended, and return what came of them."""
        with self._alone() as noted:
            under_way = noted.open()
            done = Collected()
            for note in under_way:
                remote = self._provider.retrieve(note.id)
                if not remote.running:
                    done += self._collected(note, remote, noted, crowd=len(under_way) > 1)
            return done if price is None else replace(done, cost=price.of(done.tokens_in, done.tokens_out))

    @cached_property
    def _provider(self) -> Provider:
        # openai takes a second: only who sends pays for it.
        from structurer.llm.provider import Provider  # noqa: PLC0415

        faults.quiet()
        return Provider(self._endpoint, self._closing)

    @contextmanager
    def _alone(self) -> Iterator[Notes]:
        folder = self._outbox.folder
        with notes.alone(folder) as noted:
            try:
                yield noted
            except OSError as error:
                raise OutputError(str(folder), f"cannot be written ({error.strerror})") from error

    def _ready(self, noted: Notes) -> list[str]:
        """Return the requests that nobody has answered, refused or been sent."""
        sent = {key for note in noted.open() for key in note.keys}
        done = sent.union(self._outbox.refused())
        return [name for name in self._outbox.waiting() if name not in done and self._memory.load(name) is None]

    def _tidy(self, noted: Notes, ready: list[str]) -> None:
        """Drop what needs no sending: a process may have ended before it did so."""
        stay = {key for note in noted.open() for key in note.keys}.union(ready)
        for name in self._outbox.waiting():
            if name not in stay:
                self._outbox.drop(name)

    def _packer(self, noted: Notes) -> Packer:
        most = self._limits
        limits = most if noted.most is None else replace(most, requests=min(most.requests, noted.most))
        return Packer(self._outbox, self._endpoint, noted.adaptation, limits)

    def _resume(self, noted: Notes) -> None:
        """Find out what became of batches that a process was sending when it ended."""
        for note in noted.intents():
            found = self._provider.find(note.file, note.digest, noted.ids())
            if found is None:
                noted.batches.remove(note)
            else:
                note.id = found.id
            noted.save()

    def _sent(self, parcel: Parcel, noted: Notes) -> BatchStatus:
        """Send one file, and return its batch."""
        note = Note(parcel.digest, len(parcel.keys), parcel.keys, tuple(sorted(noted.adaptation.without)))
        noted.batches.append(note)
        noted.save()
        try:
            note.file = self._provider.upload(parcel)
        except EndpointError:
            noted.batches.remove(note)
            noted.save()
            raise
        noted.save()
        remote = self._provider.create(note.file, url(self._endpoint), note.digest, noted.ids())
        note.id = remote.id
        noted.save()
        return _status(note, remote)

    def _collected(self, note: Note, remote: Remote, noted: Notes, *, crowd: bool) -> Collected:
        """Take in one batch; what it answered and what was refused leaves the outbox last."""
        harvest = Harvest(frozenset(note.keys), self._outbox, self._memory, self._redaction)
        try:
            incomplete = self._taken(remote, harvest)
        except EndpointError as error:
            return Collected(faults=(f"{note.id}: {error}",))
        verdicts = Verdicts(note, remote, noted, self._outbox, self._redaction)
        verdicts.judge(harvest, crowd=crowd)
        self._outbox.refuse(verdicts.refused)
        note.keys, note.ended = (), remote.status
        note.tokens_in, note.tokens_out = harvest.tokens_in, harvest.tokens_out
        noted.save()
        for name in harvest.answered.union(verdicts.refused):
            self._outbox.drop(name)
        return Collected(
            batches=1,
            answered=len(harvest.answered),
            kept=verdicts.kept,
            refused=len(verdicts.refused),
            expired=int(remote.status == "expired"),
            cancelled=int(remote.status == "cancelled"),
            unknown=harvest.unknown,
            garbage=harvest.garbage,
            duplicates=harvest.duplicates,
            tokens_in=harvest.tokens_in,
            tokens_out=harvest.tokens_out,
            faults=(f"{note.id}: {incomplete}",) if incomplete else (),
        )

    def _taken(self, remote: Remote, harvest: Harvest) -> str:
        """Take in the files of a batch, and return what was left out; raises EndpointError if one cannot be had."""
        if remote.completed and not remote.output:
            msg = "the file with the answers is missing"
            raise EndpointError(msg)
        left = ""
        for name in (remote.output, remote.errors):
            if name:
                # It has no name here, so nothing that is not redacted stays when the process ends.
                with tempfile.TemporaryFile(dir=self._outbox.folder) as file:
                    if not self._provider.download(name, file):
                        left = "a file is too long; what lies beyond is asked again"
                    harvest.take(file)
        return left


def _status(note: Note, remote: Remote) -> BatchStatus:
    total = remote.total or note.requests
    return BatchStatus(remote.id, remote.status, remote.completed, remote.failed, total, remote.running)
