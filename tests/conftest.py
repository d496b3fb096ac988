"""What the tests share: where documents are, grids in the notation of the document, snapshots."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from structurer import records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TESTS = Path(__file__).parent
CHECKOUT = TESTS.parent
SNAPSHOTS = TESTS / "__snapshots__"
USED = pytest.StashKey[set[Path]]()
DESELECTED = pytest.StashKey[set[str]]()
UNUSED = pytest.StashKey[list[Path]]()
ASKED = "snapshots"


# Documents.


@pytest.fixture(scope="session")
def disclosures() -> Path:
    """Return the folder of the five whole disclosures; they are not part of the checkout."""
    folder = CHECKOUT.parent / "shared" / "disclosures"
    if not folder.is_dir():
        pytest.skip("the whole disclosures are not here: no folder ../shared/disclosures beside the checkout")
    return folder


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep nothing in the cache of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def golden() -> Path:
    """Return the folder of the golden documents."""
    return CHECKOUT / "golden"


# Grids.


def text_to_grid(text: str, page: int | None = None) -> records.Grid:
    """Read a grid from lines of `code | total`.

    A cell that is empty or `—` is blank; `<` continues the cell to its left, `^` the one above it.
    """
    slots = [[slot.strip() for slot in line.split("|")] for line in text.strip().splitlines()]
    if len({len(row) for row in slots}) != 1:
        msg = f"The rows have {[len(row) for row in slots]} cells; every row must have the same number."
        raise ValueError(msg)
    owned: dict[tuple[int, int], list[tuple[int, int]]] = {}
    owner_at: dict[tuple[int, int], tuple[int, int]] = {}
    for row, line in enumerate(slots):
        for column, slot in enumerate(line):
            before = {"<": (row, column - 1), "^": (row - 1, column)}.get(slot)
            if before is not None and before not in owner_at:
                msg = f"Row {row + 1}, column {column + 1}: {slot} continues a cell outside the grid."
                raise ValueError(msg)
            owner = owner_at[before] if before else (row, column)
            owner_at[row, column] = owner
            owned.setdefault(owner, []).append((row, column))
    cells = tuple(_cell(slots, covered, page) for covered in owned.values())
    return records.Grid(len(slots), len(slots[0]), cells, pages=(page,), basis="markup")


def _cell(slots: list[list[str]], covered: list[tuple[int, int]], page: int | None) -> records.Cell:
    (row, column), (last_row, last_column) = covered[0], max(covered)
    rowspan, colspan = last_row - row + 1, last_column - column + 1
    if len(covered) != rowspan * colspan:
        msg = f"The cell at row {row + 1}, column {column + 1} is no rectangle."
        raise ValueError(msg)
    text = slots[row][column]
    parts = () if text in {"", "—"} else (records.Part(text, page),)
    return records.Cell(row, column, rowspan, colspan, parts)


@pytest.fixture(scope="session")
def table() -> Callable[..., records.Grid]:
    """Return the reader of grids: `table("a | b")`."""
    return text_to_grid


# Snapshots: our output shape, in files that only a flag writes.


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("snapshots")
    group.addoption(
        "--snapshot-update", action="store_true", help="write what the tests see, and delete what none asks for"
    )
    group.addoption("--snapshot-strict", action="store_true", help="fail where no test asks for a snapshot file")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[USED], config.stash[DESELECTED], config.stash[UNUSED] = set(), set(), []


def pytest_deselected(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function):
            item.config.stash[DESELECTED].add(_stem(item))


def _stem(item: pytest.Function) -> str:
    return f"{item.module.__name__.removeprefix('test_')}-{item.function.__name__.removeprefix('test_')}"


@pytest.fixture
def snapshot(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Return the comparison of JSON data with its file, `__snapshots__/<module>-<test>[-name].json`."""
    used, update = request.config.stash[USED], request.config.getoption("--snapshot-update")

    def compare(data: object, name: str = "") -> None:
        path = SNAPSHOTS / f"{_stem(request.node)}{'-' if name else ''}{name}.json"
        assert path not in used, f"Two snapshots are called {path.name}: give each a name."
        used.add(path)
        if update:
            SNAPSHOTS.mkdir(exist_ok=True)
            path.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        assert path.is_file(), f"No snapshot {path.name} yet: write it with `pytest --snapshot-update`, then read it."
        assert json.loads(json.dumps(data)) == json.loads(path.read_text(encoding="utf-8"))

    return compare


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Find the snapshots no test asked for; only a whole, passed run can say so."""
    config = session.config
    if hasattr(config, "workeroutput"):
        # One of several processes: the one that started it hears of all.
        config.workeroutput[ASKED] = [[path.name for path in config.stash[USED]], list(config.stash[DESELECTED])]
        return
    whole = exitstatus == 0 and not config.getoption("keyword") and not config.getoption("file_or_dir")
    if not whole or not (config.getoption("--snapshot-strict") or config.getoption("--snapshot-update")):
        return
    unasked = sorted(set(SNAPSHOTS.glob("*.json")) - config.stash[USED])
    resting = tuple(config.stash[DESELECTED])
    unused = [
        path for path in unasked if not any(path.stem == stem or path.stem.startswith(f"{stem}-") for stem in resting)
    ]
    if config.getoption("--snapshot-update"):
        for path in unused:
            path.unlink()
    elif unused:
        config.stash[UNUSED].extend(unused)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:  # noqa: ANN401  of pytest-xdist
    used, deselected = getattr(node, "workeroutput", {}).get(ASKED, ([], []))
    node.config.stash[USED].update(SNAPSHOTS / name for name in used)
    node.config.stash[DESELECTED].update(deselected)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for path in config.stash[UNUSED]:
        terminalreporter.write_line(
            f"FAILED: no test asks for the snapshot {path.name}; `pytest --snapshot-update` deletes it."
        )
