"""The house rules a linter cannot check. Every check is shown a breach, so that it can fail."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from structurer.records import Grid

pytest_plugins = ["pytester"]

CHECKOUT = Path(__file__).parent.parent
PACKAGE = CHECKOUT / "structurer"
MODULES = {path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
READMES = ["README.md", "README.zh-CN.md"]
PROJECT_FILES = [
    *READMES,
    "CHANGELOG.md",
    "Makefile",
    "pyproject.toml",
    "requirements.lock",
    "docs/dependencies.md",
    ".ci/run",
]

MODULE_LINES = 350
FUNCTION_LINES = 60
# The rooms that open or draw a page.
PYMUPDF_ROOMS = ("document/", "document.py", "layout/drawing.py")
IDEOGRAPH = r"[\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
ABSOLUTE = r"(?<![\w.~/:-])/(?:home|root|work|tmp|usr|opt|var|etc|mnt|Users)/|\b[A-Z]:\\\w"
UNNUMBERED = r"\b(?:TODO|FIXME|XXX|HACK)\b(?!.*#\d)"


def without_docstring(text: str) -> bool:
    return ast.get_docstring(ast.parse(text)) is None


def long_functions(text: str, limit: int = FUNCTION_LINES) -> list[str]:
    functions = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return [node.name for node in functions if (node.end_lineno or 0) - node.lineno >= limit]


def ideographs(text: str) -> list[str]:
    """Return the strings that carry a printed word; docstrings may, and so may the ends of a range as escapes."""
    tree = ast.parse(text)
    nodes = list(ast.walk(tree))
    said = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    strings = [
        node
        for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said
    ]
    return [
        node.value
        for node in strings
        if re.search(IDEOGRAPH * 2, node.value)
        or (re.search(IDEOGRAPH, node.value) and re.search(IDEOGRAPH, ast.get_source_segment(text, node) or ""))
    ]


def lines_with(pattern: str, text: str) -> list[str]:
    return [line for line in text.splitlines() if re.search(pattern, line) and not line.startswith("#!")]


def broad_excepts(text: str) -> list[int]:
    def names(caught: ast.expr | None) -> set[str]:
        return (
            {"everything"} if caught is None else {node.id for node in ast.walk(caught) if isinstance(node, ast.Name)}
        )

    handlers = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ExceptHandler))
    return [node.lineno for node in handlers if names(node.type) & {"everything", "Exception", "BaseException"}]


def imported(text: str) -> set[str]:
    """Return the first name of everything imported, at the top or inside a function."""
    nodes = list(ast.walk(ast.parse(text)))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    from_ = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    return {name.split(".")[0] for name in plain | from_}


def rooms_in(readme: str) -> set[str]:
    """Return the rooms of the table whose rows start with a floor: `| 3 | `layout/` | … |`."""
    rows = re.findall(r"^\| *\d+ *\|([^|]*)\|", readme, flags=re.MULTILINE)
    return {room.strip("/") for row in rows for room in re.findall(r"`([^`]+)`", row)}


def rooms_of(package: Path) -> set[str]:
    files = {path.stem for path in package.glob("*.py") if path.stem not in {"__init__", "__main__"}}
    return files | {path.parent.name for path in package.glob("*/__init__.py")}


@pytest.fixture(params=sorted(MODULES))
def module(request: pytest.FixtureRequest) -> str:
    return MODULES[request.param]


def test_every_module_says_what_it_is(module: str) -> None:
    assert not without_docstring(module)


def test_modules_and_functions_are_short(module: str) -> None:
    assert module.count("\n") <= MODULE_LINES
    assert long_functions(module) == []


def test_no_printed_word_is_a_literal(module: str) -> None:
    assert ideographs(module) == []


def test_every_todo_has_an_issue(module: str) -> None:
    assert lines_with(UNNUMBERED, module) == []


def test_nothing_catches_everything(module: str) -> None:
    assert broad_excepts(module) == []


@pytest.mark.parametrize("name", [*(f"structurer/{name}" for name in sorted(MODULES)), *PROJECT_FILES])
def test_no_path_of_one_machine(name: str) -> None:
    assert lines_with(ABSOLUTE, (CHECKOUT / name).read_text(encoding="utf-8")) == []


def test_lock_names_versions_and_no_place() -> None:
    pins = [
        line
        for line in (CHECKOUT / "requirements.lock").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    ]
    assert pins
    assert [pin for pin in pins if not re.fullmatch(r"[\w.-]+==[\w.]+", pin)] == []


def test_only_documents_and_drawings_know_pymupdf() -> None:
    assert [
        name for name, text in MODULES.items() if "pymupdf" in imported(text) and not name.startswith(PYMUPDF_ROOMS)
    ] == []


@pytest.mark.parametrize("name", READMES)
def test_room_table_is_true(name: str) -> None:
    assert rooms_in((CHECKOUT / name).read_text(encoding="utf-8")) == rooms_of(PACKAGE)


# The checks can fail.


def test_missing_docstring_is_seen() -> None:
    assert without_docstring("x = 1\n")
    assert not without_docstring('"""A room."""\n')


def test_long_function_is_seen() -> None:
    assert long_functions("def f():\n    a = 1\n    return a\n", limit=2) == ["f"]
    assert long_functions("def f():\n    return 1\n", limit=2) == []


@pytest.mark.parametrize(
    "breach",
    [
        'x = "合计"',
        'x = "元"',
        'x = f"{y}万元"',
        r'x = "\u5408\u8ba1"',
        'x = {"年": 1}',
        'def f(x="亿"):\n    """合计."""',
    ],
)
def test_printed_word_is_seen(breach: str) -> None:
    assert len(ideographs(breach)) == 1


@pytest.mark.parametrize(
    "fine",
    [
        '"""合计."""',
        'x = 1\n"""合计: said of x."""',
        "x = 1  # 合计",
        r'x = "[\u4e00-\u9fff]"',
        'x = "total"',
        'x = "（，"',
    ],
)
def test_words_about_words_are_fine(fine: str) -> None:
    assert ideographs(fine) == []


def test_unnumbered_todo_is_seen() -> None:
    assert lines_with(UNNUMBERED, "x = 1  # TODO: later\n") == ["x = 1  # TODO: later"]
    assert lines_with(UNNUMBERED, "x = 1  # TODO(#12): later\n") == []


@pytest.mark.parametrize("breach", ['x = "/home/me/a.pdf"', "# see /tmp/a", r'x = "C:\data"'])
def test_path_of_one_machine_is_seen(breach: str) -> None:
    assert lines_with(ABSOLUTE, breach) == [breach]


@pytest.mark.parametrize(
    "fine", ["#!/usr/bin/env bash", "https://example.org/home/x", "out/tmp/x", "../tmp/x", "a/var/b"]
)
def test_other_paths_are_fine(fine: str) -> None:
    assert lines_with(ABSOLUTE, fine) == []


@pytest.mark.parametrize("caught", ["except:", "except Exception:", "except (OSError, BaseException) as e:"])
def test_broad_except_is_seen(caught: str) -> None:
    assert broad_excepts(f"try:\n    f()\n{caught}\n    pass\n") == [3]
    assert broad_excepts("try:\n    f()\nexcept (OSError, ValueError):\n    pass\n") == []


@pytest.mark.parametrize("text", ["import pymupdf", "from pymupdf.utils import x", "def f():\n    import pymupdf as p"])
def test_import_is_seen(text: str) -> None:
    assert imported(text) == {"pymupdf"}
    assert imported("from structurer import amounts\nfrom . import pymupdf") == {"structurer"}


def test_rooms_are_seen(tmp_path: Path) -> None:
    (tmp_path / "layout").mkdir()
    for name in ("__init__.py", "amounts.py", "layout/__init__.py"):
        (tmp_path / name).touch()
    assert rooms_of(tmp_path) == {"amounts", "layout"}
    assert rooms_in(
        "| floor | room |\n| --- | --- |\n| 3 | `layout/` | x `y` |\n| 0 | `amounts`, `errors` | z |\n"
    ) == {
        "layout",
        "amounts",
        "errors",
    }


# The tests' own tools.


def test_grid_notation(table: Callable[..., Grid]) -> None:
    grid = table(
        """
        收入 | <    | 支出
        项目 | 金额 | ^
        合计 | 1.00 | —
             | <    | 2
        """,
        page=3,
    )
    assert [(cell.text, cell.row, cell.column, cell.rowspan, cell.colspan) for cell in grid.cells] == [
        ("收入", 0, 0, 1, 2),
        ("支出", 0, 2, 2, 1),
        ("项目", 1, 0, 1, 1),
        ("金额", 1, 1, 1, 1),
        ("合计", 2, 0, 1, 1),
        ("1.00", 2, 1, 1, 1),
        ("", 2, 2, 1, 1),
        ("", 3, 0, 1, 2),
        ("2", 3, 2, 1, 1),
    ]
    assert (grid.n_rows, grid.n_columns, grid.pages) == (4, 3, (3,))
    assert grid.cells[6].parts == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a | b\nc", "same number"),
        ("< | b", "outside the grid"),
        ("a | ^", "outside the grid"),
        ("a | <\n^ | b", "no rectangle"),
    ],
)
def test_impossible_grid_is_refused(table: Callable[..., Grid], text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        table(text)


@pytest.fixture
def snapshots(pytester: pytest.Pytester) -> Iterator[pytest.Pytester]:
    # These two are imported anew in every inner run, at two seconds each time.
    pytester.makeini("[pytest]\naddopts = -p no:benchmark -p no:hypothesispytest\n")
    pytester.makeconftest((CHECKOUT / "tests" / "conftest.py").read_text(encoding="utf-8"))
    pytester.makepyfile(test_room="def test_shape(snapshot):\n    snapshot({'total': '1.00'})\n")
    return pytester


def test_snapshot_is_written_by_the_flag_alone(snapshots: pytest.Pytester) -> None:
    assert snapshots.runpytest().ret == pytest.ExitCode.TESTS_FAILED
    assert snapshots.runpytest("--snapshot-update").ret == pytest.ExitCode.OK
    assert (snapshots.path / "__snapshots__" / "room-shape.json").read_text(
        encoding="utf-8"
    ) == '{\n  "total": "1.00"\n}\n'
    assert snapshots.runpytest("--snapshot-strict").ret == pytest.ExitCode.OK


def test_snapshot_that_differs_fails(snapshots: pytest.Pytester) -> None:
    (snapshots.path / "__snapshots__").mkdir()
    (snapshots.path / "__snapshots__" / "room-shape.json").write_text('{"total": "1.0"}', encoding="utf-8")
    assert snapshots.runpytest().ret == pytest.ExitCode.TESTS_FAILED


def test_snapshot_nobody_asks_for_fails_when_strict(snapshots: pytest.Pytester) -> None:
    snapshots.runpytest("--snapshot-update")
    stray = snapshots.path / "__snapshots__" / "room-gone.json"
    stray.write_text("{}", encoding="utf-8")
    assert snapshots.runpytest().ret == pytest.ExitCode.OK
    result = snapshots.runpytest("--snapshot-strict")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*no test asks for the snapshot room-gone.json*"])
    assert snapshots.runpytest("--snapshot-strict", "-k", "shape").ret == pytest.ExitCode.OK
    snapshots.runpytest("--snapshot-update")
    assert not stray.exists()


def test_two_snapshots_of_one_name_are_refused(snapshots: pytest.Pytester) -> None:
    snapshots.makepyfile(test_room="def test_shape(snapshot):\n    snapshot(1)\n    snapshot(2)\n")
    result = snapshots.runpytest("--snapshot-update")
    result.stdout.fnmatch_lines(["*Two snapshots are called room-shape.json*"])
