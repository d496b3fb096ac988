"""The pages of a document in their order, while those further on are recognised already."""

from __future__ import annotations

import multiprocessing
from collections import deque
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from structurer.ocr.processes import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from structurer.ocr import Scan
    from structurer.ocr.stored import Reader
    from structurer.records import Page

# Processes are started for so many pages that have to be recognised; fewer are done before a process is ready.
_FEW = 3
# No more pages than this are opened before the first of them is passed on.
_AHEAD = 32


def scans(
    opened: Iterable[Page], wanted: Callable[[Page], bool], reader: Reader, workers: int
) -> Generator[tuple[Page, Scan | None]]:
    """Yield every page, with what its picture shows if that is wanted and it can be drawn."""
    # A process that was started to work alone may start no other.
    if workers > 1 and not multiprocessing.current_process().daemon:
        with closing(Workers(reader, workers)) as others:
            yield from _Queue(wanted, reader, others).run(opened)
        return
    for page in opened:
        yield page, reader(page.number) if wanted(page) else None


@dataclass(slots=True, eq=False)
class _Place:
    """A page in the queue."""

    page: Page
    settled: bool
    scan: Scan | None = None


class _Queue:
    """Pages that are opened and not yet passed on."""

    def __init__(self, wanted: Callable[[Page], bool], reader: Reader, workers: Workers) -> None:
        self._wanted, self._reader, self._workers = wanted, reader, workers
        self._places: deque[_Place] = deque()
        self._waiting: dict[int | None, _Place] = {}
        self._shared = False

    def run(self, opened: Iterable[Page]) -> Iterator[tuple[Page, Scan | None]]:
        source = iter(opened)
        while True:
            page = next(source, None) if self._room() else None
            if page is not None:
                self._add(page)
            elif self._places:
                self._settle()
            else:
                return
            while self._places and self._places[0].settled:
                place = self._places.popleft()
                yield place.page, place.scan

    def _room(self) -> bool:
        return len(self._places) < _AHEAD and (not self._shared or self._workers.free())

    def _add(self, page: Page) -> None:
        place = _Place(page, settled=not self._wanted(page))
        self._places.append(place)
        if place.settled:
            return
        if not self._shared:
            place.scan = self._reader.stored(page.number)
            place.settled = place.scan is not None
        if not place.settled:
            self._waiting[page.number] = place
            self._share(page.number)

    def _share(self, number: int | None) -> None:
        """Hand the page over to a process, and those before it when they become many."""
        if self._shared:
            self._workers.put(number)
        elif len(self._waiting) == _FEW:
            self._shared = True
            for each in self._waiting:
                self._workers.put(each)

    def _settle(self) -> None:
        """Wait for a page, or recognise the first here."""
        number = self._places[0].page.number
        number, scan = self._workers.take() if self._shared else (number, self._reader(number))
        place = self._waiting.pop(number)
        place.scan, place.settled = scan, True
