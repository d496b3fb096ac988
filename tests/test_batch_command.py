"""`structurer batch` as a user runs it."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from structurer import errors
from structurer.batch.records import State
from structurer.batch.view import View

BUDGET = Path(__file__).parent.parent / "golden/quyang-2024/excerpt.pdf"
TABLE = """# 表一 部门收支总表

单位：万元

| 项目 | 预算数 |
| --- | --- |
| 一般公共预算拨款收入 | {amount} |
| 本年收入合计 | {amount} |
"""
# Takes its time over some files.
SLOW = """
import time
from structurer import pipeline
read = pipeline.extract_file
def extract_file(path, *words, **more):
    if path.stem.startswith("slow"):
        time.sleep(3)
    return read(path, *words, **more)
pipeline.extract_file = extract_file
"""


def made(folder: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TABLE.format(amount=f"{100 + number}.00"), encoding="utf-8")
    return folder


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "structurer", *map(str, words)]


def run(*words: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  our own command
        command(*words),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
        env={**os.environ, "LC_ALL": "C.UTF-8", **more},
    )


def slowed(folder: Path) -> dict[str, str]:
    """Return an environment in which files of some names take their time."""
    (folder / "slow").mkdir()
    (folder / "slow/sitecustomize.py").write_text(SLOW, encoding="utf-8")
    return {"PYTHONPATH": f"{folder / 'slow'}{os.pathsep}{Path.cwd()}"}


def states(out: Path) -> dict[str, State]:
    with View(out) as view:
        return {row.name: row.state for row in view.rows()}


def test_it_gives_the_results_of_extract(tmp_path: Path) -> None:
    folder = made(tmp_path / "in", "a.md", "x/b.md")
    (folder / "c.pdf").write_bytes(BUDGET.read_bytes())
    batch = run("batch", folder, "-o", tmp_path / "out", "--workers", "2", "--csv")
    extract = run("extract", *sorted(folder.rglob("*.*")), "-o", tmp_path / "one", "--csv")
    assert batch.returncode == extract.returncode == 1, batch.stderr
    for name in ("a", "x/b", "c"):
        own = name.rpartition("/")[2]
        assert (tmp_path / f"out/{name}.json").read_bytes() == (tmp_path / f"one/{own}.json").read_bytes()
        sheets = sorted(path.name for path in (tmp_path / "out" / name).iterdir())
        assert sheets == sorted(path.name for path in (tmp_path / "one" / own).iterdir())
        for sheet in sheets:
            assert (tmp_path / "out" / name / sheet).read_bytes() == (tmp_path / "one" / own / sheet).read_bytes()
    with (tmp_path / "out/summary.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert {name: (row["state"], row["tables"]) for name, row in rows.items()} == {
        "a": ("done", "1"),
        "x/b": ("done", "1"),
        "c": ("done", rows["c"]["tables"]),
    }
    assert int(rows["c"]["figures"]) > 0


def started(*words: str | Path, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603  our own command
        command(*words),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "LC_ALL": "C.UTF-8", **more},
    )


def wait_until_running(out: Path, name: str) -> None:
    for _ in range(400):
        time.sleep(0.05)
        with suppress(errors.OutputError), View(out) as view:
            if any(row.name == name for row in view.rows(State.RUNNING)):
                return
    pytest.fail(f"{name} was never read")


@pytest.mark.heavy
@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_leaves_a_ledger_that_continues(tmp_path: Path, times: int) -> None:
    folder, out = made(tmp_path / "in", "a.md", "slow.md", "z.md"), tmp_path / "out"
    environment = slowed(tmp_path)
    words = ("batch", folder, "-o", out, "--workers", "1")
    process = started(*words, **environment)
    wait_until_running(out, "slow")
    children = psutil.Process(process.pid).children(recursive=True)
    for _ in range(times):
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Ctrl-C again stops at once" in said
    assert "Traceback" not in said
    assert psutil.wait_procs(children, timeout=10)[1] == []
    slow = State.DONE if times == 1 else State.WAITING
    assert states(out) == {"a": State.DONE, "slow": slow, "z": State.WAITING}
    assert run(*words, **environment).returncode == 0
    assert set(states(out).values()) == {State.DONE}


@pytest.mark.heavy
def test_a_second_run_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    folder, out = made(tmp_path / "in", "slow.md"), tmp_path / "out"
    process = started("batch", folder, "-o", out, **slowed(tmp_path))
    wait_until_running(out, "slow")
    second = run("batch", folder, "-o", out)
    assert second.returncode == 3
    assert (
        second.stderr == f"structurer: {out}: another run is at work here; wait for it to end, or name another folder\n"
    )
    status = run("batch", "status", out)
    assert "1 files: done 0" in status.stdout
    assert "being read 1" in status.stdout
    process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["in"], 2, "-o is missing"),
        (["empty", "-o", "out"], 2, "there is no document here"),
        (["in/*.pdf", "-o", "out"], 2, "no file has a name like this"),
        (["in", "-o", "in/a.md"], 3, "this is a file; a folder for the results is expected"),
        (["in", "-o", "out", "--engine", "model"], 2, "needs a model"),
        (["status", "in"], 3, "there is no batch here"),
        (["in", "-o", "out", "--model", "m", "--request-timeout", "0"], 2, "--request-timeout: a number of seconds"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_line(tmp_path: Path, words: list[str], code: int, said: str) -> None:
    made(tmp_path / "in", "a.md")
    (tmp_path / "empty").mkdir()
    done = subprocess.run(  # noqa: S603  our own command
        command("batch", *words), cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60, env=os.environ
    )
    assert done.returncode == code
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out/summary.csv").exists()


def test_what_asking_would_take_is_told_and_nothing_written(tmp_path: Path) -> None:
    made(tmp_path / "in", "a.md", "x/b.md")
    done = run("batch", tmp_path / "in", "-o", tmp_path / "out", "--dry-run", "--model", "m", "--engine", "model")
    assert done.returncode == 0, done.stderr
    assert [line.split()[1] for line in done.stdout.splitlines() if ".md" in line] == ["1", "1"]
    assert not (tmp_path / "out").exists()


@pytest.mark.heavy
def test_a_manifest_is_read_from_standard_input(tmp_path: Path) -> None:
    made(tmp_path, "a.md")
    lines = [str(tmp_path / "a.md"), json.dumps({"path": str(BUDGET), "name": "x/budget", "pages": "1"})]
    done = subprocess.run(  # noqa: S603  our own command
        command("batch", "-", "-o", tmp_path / "out"),
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode in {0, 1}, done.stderr
    assert states(tmp_path / "out") == {"a": State.DONE, "x/budget": State.DONE}
    result = json.loads((tmp_path / "out/x/budget.json").read_bytes())
    assert [page["number"] for page in result["source"]["pages"]] == [1]
    assert result["source"]["partial"]


@pytest.mark.heavy
def test_pages_that_are_not_there_are_a_failure_of_the_file_in_chinese_too(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(f"path,pages\n{BUDGET},999\n", encoding="utf-8")
    done = run("batch", tmp_path / "m.csv", "-o", tmp_path / "out", "--lang", "zh")
    assert done.returncode == 4
    assert "there is no page 999" in done.stdout
    assert "共 1 个文件：完成 0，部分完成 0，失败 1" in done.stdout


@pytest.mark.heavy
def test_what_a_killed_run_left_half_written_is_swept(tmp_path: Path) -> None:
    made(tmp_path / "in", "a.md")
    made(tmp_path / "out", "x/.structurer-0123456789ab.tmp")
    assert run("batch", tmp_path / "in", "-o", tmp_path / "out").returncode == 0
    assert not list((tmp_path / "out").rglob("*.tmp"))


@pytest.mark.heavy
def test_the_name_of_a_file_need_not_be_text(tmp_path: Path) -> None:
    folder = made(tmp_path / "in", "a.md")
    (folder / os.fsdecode(b"caf\xe9 \xff.pdf")).write_bytes(b"no PDF")
    (folder / os.fsdecode(b"b\xe9.md")).write_bytes((folder / "a.md").read_bytes() + b"\n")
    done = run("batch", folder, "-o", tmp_path / "out")
    assert done.returncode == 4, done.stderr
    assert "Traceback" not in done.stderr
    assert states(tmp_path / "out") == {"a": State.DONE, "b_": State.DONE, "caf_ _": State.FAILED}
    assert (tmp_path / "out/b_.json").is_file()
    assert len(json.loads(run("batch", "status", tmp_path / "out", "--json").stdout)["files"]) == 3
