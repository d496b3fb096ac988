"""Which documents are measured, and the ratios printed at the end: both sides of each are timed in the same run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CHECKOUT = Path(__file__).parent.parent
WHOLE = CHECKOUT.parent / "shared" / "disclosures"
REPORT = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[REPORT] = []


@pytest.fixture
def document_path() -> Callable[[str], Path]:
    """Return the finder of a document by name: the whole one if it is here, else its golden excerpt."""

    def find(name: str) -> Path:
        found = [path for path in (WHOLE / f"{name}.pdf", CHECKOUT / "golden" / name / "excerpt.pdf") if path.is_file()]
        if not found:
            pytest.skip(f"neither ../shared/disclosures/{name}.pdf nor golden/{name}/excerpt.pdf is here")
        return found[0]

    return find


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Return the writer of a line for the end of the run."""
    return request.config.stash[REPORT].append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines: Sequence[str] = config.stash[REPORT]
    if lines:
        terminalreporter.section("ratios")
    for line in lines:
        terminalreporter.write_line(line)
