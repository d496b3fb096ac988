"""The commands as a user meets them: what is printed where, what is written, and how each ends."""

from __future__ import annotations

import csv
import errno
import functools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pymupdf
import pytest
from typer.testing import CliRunner

from structurer import __version__, catalog, document, names, page_numbers, pipeline
from structurer.cli import app, progress
from structurer.layout import drawing
from structurer.records import Box, Cell, Grid, How, Page, Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROWS = [
    ("科目编码", "科目名称", "合计", "基本支出", "项目支出"),
    ("", "合计", "30.00", "10.00", "20.00"),
    ("2040201", "行政运行", "10.00", "10.00", ""),
    ("2040202", "一般行政管理事务", "20.00", "", "20.00"),
]
_LOAD = functools.cache(catalog.load)


@pytest.fixture(autouse=True)
def _once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the schemas once, not in every call; the language is that of no locale, and no model is named."""
    monkeypatch.setattr(catalog, "load", _LOAD)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "STRUCTURER_MODEL", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def run(*words: object) -> Any:  # noqa: ANN401  the result class is typer's own
    return CliRunner().invoke(app, [str(word) for word in words], prog_name="structurer")


def subprocess_of(*words: object) -> list[str]:
    return [sys.executable, "-m", "structurer", *map(str, words)]


def draw(page: pymupdf.Page, title: str, rows: Sequence[Sequence[str]] = ROWS) -> None:
    """Draw a ruled table with its title and unit line."""
    page.insert_text((200, 60), title, fontname="china-s", fontsize=16)
    page.insert_text((420, 90), "单位：万元", fontname="china-s", fontsize=10)
    bottom = 100 + 24 * len(rows)
    for column in range(6):
        page.draw_line((50 + 90 * column, 100), (50 + 90 * column, bottom))
    for row in range(len(rows) + 1):
        page.draw_line((50, 100 + 24 * row), (500, 100 + 24 * row))
    for row, cells in enumerate(rows):
        for column, text in enumerate(cells):
            page.insert_text((54 + 90 * column, 116 + 24 * row), text, fontname="china-s", fontsize=9)


def pdf(path: Path, *titles: str, **saved: Any) -> Path:  # noqa: ANN401  options of PyMuPDF
    path.parent.mkdir(parents=True, exist_ok=True)
    with pymupdf.open() as document:
        for title in titles:
            draw(document.new_page(), title)
        document.save(str(path), **saved)
    return path


@pytest.fixture
def budget(tmp_path: Path) -> Path:
    return pdf(tmp_path / "budget.pdf", "2024年部门支出总表", "2024年一般公共预算支出表", "无此种类之表")


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return pdf(tmp_path / "good.pdf", "2024年部门支出总表")


def one_line(output: str) -> str:
    """Return the only line of an error, after the program's name."""
    assert output.startswith("structurer: ")
    assert output.count("\n") == 1
    assert "Traceback" not in output
    return output.removeprefix("structurer: ").strip()


# extract


def test_extract_writes_json_and_prints_what_was_found(good: Path, tmp_path: Path) -> None:
    done = run("extract", good, "-o", tmp_path / "out")
    assert (done.exit_code, done.stderr) == (0, "")
    result = json.loads((tmp_path / "out" / "good.json").read_text("utf-8"))
    assert [table["kind"] for table in result["tables"]] == ["expenditure"]
    assert result["tables"][0]["rows"][0]["total"] == "30.00"
    assert done.stdout.startswith("good.pdf\n")
    for word in (
        "t01",
        "expenditure",
        "2024年部门支出总表",
        "万元",
        "pages: 1 text",
        "proven 7 (100%)",
        "0 do not tie",
        "findings: 0",
    ):
        assert word in done.stdout
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["good.json"]


def test_extract_gives_the_same_bytes_again(good: Path, tmp_path: Path) -> None:
    run("extract", good, "-o", tmp_path / "a")
    run("extract", good, "-o", tmp_path / "b")
    content = (tmp_path / "a" / "good.json").read_bytes()
    assert content == (tmp_path / "b" / "good.json").read_bytes()
    assert content == run("extract", good, "-o", "-").stdout_bytes
    assert content.startswith(b'{\n  "source"')
    assert content.endswith(b"}\n")


def test_extract_prints_json_on_stdout_and_talks_on_stderr(good: Path, tmp_path: Path) -> None:
    done = run("extract", good, "-o", "-")
    assert json.loads(done.stdout)["source"]["name"] == "good.pdf"
    assert "expenditure" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["good.pdf"]


def test_findings_end_with_one_and_a_line_each(tmp_path: Path) -> None:
    rows = [("甲", "乙", "丙", "丁", "戊"), ("子", "丑", "寅", "卯", "辰")]
    with pymupdf.open() as document:
        draw(document.new_page(), "无此种类之表", rows)
        document.save(str(tmp_path / "odd.pdf"))
    done = run("extract", tmp_path / "odd.pdf", "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert "findings: 1\n  p.1 t01: The table titled “无此种类之表” fits no kind" in done.stdout
    done = run("extract", tmp_path / "odd.pdf", "-o", tmp_path / "out", "--lang", "zh")
    assert "第1页 t01：标题为“无此种类之表”的表格" in done.stdout


def test_scanned_page_is_a_finding(tmp_path: Path) -> None:
    with pymupdf.open() as document:
        document.new_page().draw_rect((50, 50, 300, 300), fill=(0, 0, 0))
        document.save(str(tmp_path / "scan.pdf"))
    done = run("extract", tmp_path / "scan.pdf", "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert "1 unread" in done.stdout
    assert "p.1: The page could not be read: no text could be recognised in its picture" in done.stdout


def test_chinese_locale_gives_a_chinese_report(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "发现：0" in run("extract", good, "-o", tmp_path / "out").stdout


def test_pages_limit_the_reading(budget: Path, tmp_path: Path) -> None:
    run("extract", budget, "-o", tmp_path / "out", "--pages", "2-3")
    result = json.loads((tmp_path / "out" / "budget.json").read_text("utf-8"))
    assert [page["number"] for page in result["source"]["pages"]] == [2, 3]


@pytest.mark.parametrize(
    ("pages", "reason"),
    [
        ("9", "there is no page 9; the document has 3 pages"),
        ("2-4", "there is no page 4; the document has 3 pages"),
        ("0", "pages count from 1"),
        ("3-2", "a range goes up"),
        ("x", "no page number or range"),
        ("", "no page number or range"),
        ("1-999999999999", "no page number or range"),
    ],
)
def test_pages_that_are_not_there_are_wrong_use(pages: str, reason: str, budget: Path, tmp_path: Path) -> None:
    done = run("extract", budget, "-o", tmp_path / "out", "--pages", pages)
    assert done.exit_code == 2
    assert reason in one_line(done.stderr)
    assert not (tmp_path / "out").exists()


def test_pages_of_a_file_without_pages_are_wrong_use(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("| a | b |\n| --- | --- |\n| 1 | 2 |\n", "utf-8")
    done = run("extract", tmp_path / "a.md", "-o", tmp_path / "out", "--pages", "1")
    assert done.exit_code == 2
    assert "has no page numbers; leave --pages out" in one_line(done.stderr)


def test_csv_stands_beside_the_json(good: Path, tmp_path: Path) -> None:
    run("extract", good, "-o", tmp_path / "out", "--csv")
    files = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*"))
    assert files == ["good.json", "good/t01-expenditure.csv"]
    with (tmp_path / "out" / files[1]).open(encoding="utf-8-sig", newline="") as file:
        header, first, *_ = csv.reader(file)
    assert (header[0], first[0]) == ("page", "1")
    assert "30.00" in first


def test_inputs_that_share_a_stem_are_told_apart(tmp_path: Path) -> None:
    files = [pdf(tmp_path / folder / "a.pdf", "2024年部门支出总表") for folder in ("x", "y")]
    (tmp_path / "a.md").write_text("# 说明\n", "utf-8")
    done = run("extract", *files, tmp_path / "a.md", "-o", tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a-md.json", "a-pdf-2.json", "a-pdf.json"]
    assert "its result is called a-pdf-2" in done.stderr


def test_file_given_twice_is_read_once(good: Path, tmp_path: Path) -> None:
    done = run("extract", good, good, "-o", tmp_path / "out")
    assert "is given twice and read once" in one_line(done.stderr)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["good.json"]


def test_bad_file_does_not_stop_the_others(good: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"junk")
    done = run("extract", tmp_path / "bad.pdf", tmp_path / "none.pdf", good, "-o", tmp_path / "out")
    assert done.exit_code == 3
    assert [line.split(": ", 2)[1] for line in done.stderr.splitlines()] == [
        str(tmp_path / "bad.pdf"),
        str(tmp_path / "none.pdf"),
    ]
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["good.json"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["a.pdf"], "-o is missing"),
        (["a.pdf", "-o", ""], "-o is missing"),
        (["a.pdf", "b.pdf", "-o", "-"], "prints the JSON of one file"),
        (["a.pdf", "-o", "-", "--csv"], "--csv writes files"),
        (["a.pdf", "-o", "out", "--schemas", "nowhere"], "nowhere: this is no folder"),
    ],
)
def test_wrong_use_is_said_before_anything_is_read(words: list[str], reason: str) -> None:
    done = run("extract", *words)
    assert done.exit_code == 2
    assert reason in one_line(done.stderr)


@pytest.mark.parametrize("words", [["extract", "--nonsense"], ["extract", "a.pdf", "--lang", "xx"], ["nonsense"]])
def test_unknown_options_are_wrong_use(words: list[str]) -> None:
    assert run(*words).exit_code == 2


def test_schema_that_is_wrong_is_wrong_use(good: Path, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "x.schema.json").write_text("{", "utf-8")
    done = run("extract", good, "-o", tmp_path / "out", "--schemas", tmp_path / "own")
    assert done.exit_code == 2
    assert "x.schema.json: not JSON" in one_line(done.stderr)


# Bad input


def truncated(path: Path) -> None:
    pdf(path, "表")
    path.write_bytes(path.read_bytes()[:200])


def zero_pages(path: Path) -> None:
    objects = "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\n"
    path.write_text(f"%PDF-1.4\n{objects}trailer<</Root 1 0 R>>\n")


def large_junk(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(50 << 20)


BAD = {
    "not a PDF": lambda path: path.write_bytes(b"junk" * 100),
    "empty": lambda path: path.touch(),
    "encrypted": lambda path: pdf(path, "表", encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="a", owner_pw="b"),
    "PDF": zero_pages,
    "truncated": truncated,
    "no %PDF mark": large_junk,
    "folder": lambda path: path.mkdir(),
    "no such file": Path.absolute,
}


@pytest.mark.parametrize("reason", BAD)
@pytest.mark.parametrize("command", ["extract", "layout"])
def test_bad_input_is_one_line_and_three(command: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.pdf"
    BAD[reason](path)
    words = ["-o", tmp_path / "out"] if command == "extract" else ["--page", 1]
    done = run(command, path, *words)
    assert done.exit_code == 3
    assert one_line(done.stderr).startswith(f"{path}: ")
    assert reason in done.stderr or "damaged" in done.stderr
    assert not (tmp_path / "out").exists()


def test_unknown_ending_is_three(tmp_path: Path) -> None:
    (tmp_path / "a.xyz").write_text("a")
    done = run("extract", tmp_path / "a.xyz", "-o", tmp_path / "out")
    assert done.exit_code == 3
    assert "unknown file ending" in one_line(done.stderr)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_file_without_leave_is_three(good: Path, tmp_path: Path) -> None:
    good.chmod(0)
    done = run("extract", good, "-o", tmp_path / "out")
    assert done.exit_code == 3
    assert one_line(done.stderr) == f"{good}: Permission denied"


@pytest.mark.parametrize("command", [["extract", "-o", "-"], ["layout", "--page", 1]])
def test_what_the_system_refuses_is_three(command: list[object], good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(document, "open_pages", refused)
    done = run(command[0], good, *command[1:])
    assert done.exit_code == 3
    assert one_line(done.stderr) == f"{good}: Input/output error"


def test_a_fault_of_ours_costs_one_file(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "other.pdf"
    other.write_bytes(good.read_bytes())
    opened = document.open_pages

    def stumbling(path: Path) -> Iterator[Page]:
        if path.name == "good.pdf":
            raise IndexError
        return opened(path)

    monkeypatch.setattr(document, "open_pages", stumbling)
    done = run("extract", good, other, "-o", tmp_path / "out")
    assert done.exit_code == 3
    assert f"{good}: a fault of structurer (IndexError in test_cli.py, line " in one_line(done.stderr)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["other.json"]


def test_name_that_acts_on_a_terminal_is_shown_harmless(tmp_path: Path) -> None:
    name = "a\n\x1b[31m[red]\udcff.pdf"
    done = run("extract", tmp_path / name, "-o", tmp_path / "out")
    assert done.exit_code == 3
    assert one_line(done.stderr) == f"{tmp_path}/a [red]\ufffd.pdf: there is no such file"
    name = "a\n\x1b[31m[red].pdf"
    pdf(tmp_path / "good.pdf", "表").rename(tmp_path / name)
    done = run("extract", tmp_path / name, "-o", tmp_path / "out")
    assert "\x1b" not in done.stdout + done.stderr
    (written,) = (tmp_path / "out").iterdir()
    assert written.name == "a__[31m[red].json"
    assert json.loads(written.read_bytes())["source"]["name"] == name


# Bad output


def test_output_that_is_a_file_is_three(good: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    done = run("extract", good, "-o", tmp_path / "out")
    assert done.exit_code == 3
    assert "this is a file; a folder" in one_line(done.stderr)
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes where it likes")
def test_output_without_leave_is_three(good: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir(mode=0o500)
    done = run("extract", good, "-o", tmp_path / "out")
    assert done.exit_code == 3
    assert "cannot be written to" in one_line(done.stderr)


def test_full_disk_is_three_and_leaves_nothing(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "replace", full)
    done = run("extract", good, "-o", tmp_path / "out", "--csv")
    assert done.exit_code == 3
    assert "cannot be written (No space left on device)" in one_line(done.stderr)
    assert [path.name for path in tmp_path.iterdir()] == ["good.pdf"]


def test_interrupt_is_130_and_quiet(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "extract_file", interrupted)
    done = run("extract", good, "-o", tmp_path / "out")
    assert (done.exit_code, done.stdout, done.stderr) == (130, "", "")
    assert not (tmp_path / "out").exists()


# The process itself


@pytest.mark.parametrize("out", ["-", "out"])
def test_full_stdout_is_three(out: str, good: Path, tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no device that is always full")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(  # noqa: S603  our own program
            subprocess_of("extract", good, "-o", out if out == "-" else tmp_path / out),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            text=True,
        )
    assert done.returncode == 3
    assert one_line(done.stderr) == "standard output: No space left on device"


def test_reader_that_goes_away_is_quiet(good: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(  # noqa: S603  our own program
        subprocess_of("extract", good, "-o", "-"), stdout=writing, stderr=subprocess.PIPE, check=False, text=True
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


# A job started in the background ignores the interrupt, and so would its children.
STUCK = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from structurer.cli import app
os.replace = lambda *_: (print("ready", flush=True), time.sleep(60))
app(sys.argv[1:])
"""


def test_signal_is_130_and_leaves_nothing(good: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-c", STUCK, "extract", str(good), "-o", str(tmp_path / "out")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as started:  # noqa: S603
        assert started.stdout is not None
        assert started.stdout.readline() == "ready\n"
        assert len(list((tmp_path / "out").iterdir())) == 1
        started.send_signal(signal.SIGINT)
        printed, said = started.communicate(timeout=20)
    assert (started.returncode, printed, said) == (130, "", "")
    assert not (tmp_path / "out").exists()


def test_help_imports_nothing_heavy() -> None:
    code = "import sys; from structurer.cli import app; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)  # noqa: S603
    heavy = {"pymupdf", "lxml", "jsonschema", "rich.progress", "structurer.pipeline", "structurer.catalog"}
    assert heavy & set(done.stdout.split()) == set()


# schemas


def test_schemas_are_listed() -> None:
    done = run("schemas", "list")
    assert done.exit_code == 0
    assert {kind.name for kind in _LOAD().kinds} <= set(done.stdout.split())


def test_schema_is_shown() -> None:
    shown = run("schemas", "show", "project_performance").stdout
    assert "indicators/level1" in shown
    assert "一级指标" in shown
    schema = json.loads(run("schemas", "show", "project_performance", "--json").stdout)
    assert schema["x-kind"] == "project_performance"


def test_schema_that_is_not_there_is_wrong_use() -> None:
    done = run("schemas", "show", "expenditur")
    assert done.exit_code == 2
    assert "did you mean expenditure" in one_line(done.stderr)


def test_own_schemas_are_checked(tmp_path: Path) -> None:
    own = {
        "title": "[red]自有表",
        "x-kind": "own",
        "x-form": "table",
        "x-titles": ["自有"],
        "properties": {"rows": {"items": {"properties": {"name": {"x-headings": ["名称"]}}}}},
    }
    (tmp_path / "own.schema.json").write_text(json.dumps(own), "utf-8")
    done = run("schemas", "check", tmp_path)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[2].split() == ["own", "table", "[red]自有表", "1", "new"]


@pytest.mark.parametrize(
    ("content", "reason"), [("{", "not JSON"), ("[]", "a JSON object"), ('{"x-kind": "own"}', "x-form is None")]
)
def test_own_schema_that_is_wrong_is_said(content: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "own.schema.json").write_text(content, "utf-8")
    done = run("schemas", "check", tmp_path)
    assert done.exit_code == 2
    assert reason in one_line(done.stderr)


# layout


def test_layout_says_what_a_page_was_taken_for(budget: Path) -> None:
    done = run("layout", budget, "--page", 1)
    assert done.exit_code == 0
    for line in (
        "budget.pdf, page 1: 595 x 842 pt, text, ",
        "lattice 1: 4 rows x 5 columns, 20 cells, 0 merged\n",
        "pt: 2024年部门支出总表\n",
        "pt: 单位：万元\n",
        "grid 1: 4 rows x 5 columns, ruled\n",
        "table taken for expenditure (table), p.1: 4 rows x 5 columns, ruled\n",
        "column 0: 科目编码 → code\n",
    ):
        assert line in done.stdout


def test_layout_draws_the_page(budget: Path, tmp_path: Path) -> None:
    done = run("layout", budget, "--page", 1, "--png", tmp_path / "page.png")
    assert done.exit_code == 0
    picture = pymupdf.Pixmap(str(tmp_path / "page.png"))
    assert picture.width > 1000
    # Across the first row of cells: white paper, grey words, red rulings, blue cells.
    row = [picture.pixel(x, int(112 * picture.height / 842)) for x in range(picture.width)]
    assert any(red > blue + 100 for red, _, blue in row)
    assert any(blue > red + 60 for red, _, blue in row)


def test_cells_without_rulings_are_drawn_where_their_words_stand() -> None:
    box = Box(60, 400, 100, 410)
    cells = (Cell(0, 0, 1, 1, (Part("a", 1, box),)), Cell(0, 1, 1, 1))
    grid = Grid(1, 2, cells, (1,), Box(50, 390, 300, 420), (50, 150, 300), "aligned")
    content = drawing.png(drawing.Drawing(Page(1, 595, 842, How.TEXT), (grid,), (), ()))
    picture = pymupdf.Pixmap(content)
    scale = picture.width / 595
    pixels = [(x, picture.pixel(x, y)) for x in range(picture.width) for y in range(int(407 * scale), int(409 * scale))]
    assert {round(x / scale / 10) * 10 for x, (red, _, blue) in pixels if blue > red + 40} == {50, 60, 100, 150, 300}


def test_layout_of_a_file_without_pages_is_that_of_its_only_one(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# 表\n\n| 甲 | 乙 |\n| --- | --- |\n| 1 | 2 |\n", "utf-8")
    done = run("layout", tmp_path / "a.md", "--page", 1)
    assert "a.md, no page numbers: markup, 2 blocks as the file gives them" in done.stdout
    done = run("layout", tmp_path / "a.md", "--page", 1, "--png", tmp_path / "a.png")
    assert done.exit_code == 2
    assert "only a page of a PDF or of an image can be drawn" in one_line(done.stderr)


def test_layout_of_a_page_that_is_not_there_is_wrong_use(budget: Path) -> None:
    done = run("layout", budget, "--page", 4)
    assert done.exit_code == 2
    assert one_line(done.stderr) == f"{budget}: there is no page 4; the document has 3 pages"


def test_picture_that_cannot_be_written_is_three(budget: Path, tmp_path: Path) -> None:
    done = run("layout", budget, "--page", 1, "--png", tmp_path)
    assert done.exit_code == 3
    assert "cannot be written" in one_line(done.stderr)


# The parts


def test_version() -> None:
    assert run("--version").stdout == f"structurer {__version__}\n"


def test_no_command_is_help() -> None:
    assert "extract" in run().stdout


@pytest.mark.parametrize(
    ("text", "pages"), [("3", {3}), ("3-5", {3, 4, 5}), (" 1 , 4 - 5 ", {1, 4, 5}), ("2,2-3", {2, 3})]
)
def test_page_numbers_are_read(text: str, pages: set[int]) -> None:
    assert page_numbers.parse(text) == pages


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["a.pdf", "b.pdf"], ["a", "b"]),
        (["a.pdf", "A.docx"], ["a-pdf", "A-docx"]),
        (["x/a.pdf", "y/a.pdf", "a-pdf.txt"], ["a-pdf-2", "a-pdf-3", "a-pdf"]),
        (["...pdf", "a\nb.pdf", ".hidden.pdf"], ["document", "a_b", "hidden"]),
    ],
)
def test_results_have_names_of_their_own(paths: list[str], expected: list[str]) -> None:
    assert names.output_names([Path(path) for path in paths]) == expected


def test_bar_moves_on_a_terminal_alone(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with progress.bar(good) as step:
        step()
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with progress.bar(good) as step:
        step()
