"""Golden folders as tests of pytest, one a document, table and card: `pytest_plugins = ["structurer.testing"]`."""

from __future__ import annotations

import os
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import pytest

from structurer import errors, report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import ModuleType

    from structurer.regression import Verdict

# The files by which a golden folder is known: what people verified, where the record is missing.
_RECORDED, _VERIFIED = "recorded.json", "verified.json"


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Return the tests of a golden folder for the record in it, a damaged one too; of other files, none."""
    if file_path.name not in {_RECORDED, _VERIFIED}:
        return None
    if file_path.name == _VERIFIED and (file_path.parent / _RECORDED).exists():
        return None
    with _regression() as regression:
        found = regression.is_golden(file_path.parent)
    return GoldenFolder.from_parent(parent, path=file_path) if found else None


class GoldenFolder(pytest.File):
    """The tests of one golden folder; its document is read once, when the first of them runs."""

    _verdict: Verdict | None = None

    def collect(self) -> Iterable[pytest.Item]:
        """Return a test for each part of the recorded result; nothing is read again."""
        with _regression() as regression:
            names = [part.name for part in regression.parts(self.path.parent)]
        return [GoldenPart.from_parent(self, name=name) for name in names]

    def fall(self, name: str) -> str | None:
        """Return what has become worse in a part, in words; None if nothing has."""
        with _regression() as regression:
            if self._verdict is None:
                self._verdict = regression.verify(self.path.parent)
            part = next((part for part in self._verdict.parts if part.name == name), None)
            if part is not None and not part.has_fallen:
                return None
            messages = report.load(report.language(os.environ))
            if part is None:
                return messages.word("golden_part_gone", file=report.printable(self._verdict.name), part=name)
            return str(regression.text(self._verdict, part, messages))


class GoldenPart(pytest.Item):
    """The test of a document, a table or a card: nothing in it is worse than it was recorded."""

    def runtest(self) -> None:
        """Fail with what has become worse."""
        folder = cast("GoldenFolder", self.parent)
        try:
            fall = folder.fall(self.name)
        except errors.StructurerError as error:
            fall = str(error)
        if fall is not None:
            pytest.fail(fall, pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Return the record of the folder, and the document and the part as a heading."""
        return self.path, None, f"{self.path.parent.name}: {self.name}"


@contextmanager
def _regression() -> Iterator[ModuleType]:
    """Give the room that reads documents again; what it imports may warn, and the tests' filters are not meant for it.

    It takes a second to load, and where no golden folder is collected nobody needs it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from structurer import regression  # noqa: PLC0415

        yield regression
