"""Ctrl-C at any moment: the exit code is 130, and nothing is said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer

from structurer import errors
from structurer.cli import interruption, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHECKOUT = Path(__file__).parent.parent
EXCERPT = CHECKOUT / "golden" / "quyang-2024" / "excerpt.pdf"
# Runs the program, and presses Ctrl-C when it looks for a module.
PRESSED = """
import os, signal, sys
how, moment = sys.argv[1:3]
signal.signal(signal.SIGINT, signal.SIG_IGN if how == "ignored" else signal.default_int_handler)
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name == moment:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Watch())
sys.argv = ["structurer", *sys.argv[3:]]
if how == "script":
    from structurer.__main__ import main
    sys.exit(main())
import runpy
runpy.run_module("structurer", run_name="__main__", alter_sys=True)
"""


def pressed(how: str, moment: str, *words: object) -> subprocess.CompletedProcess[str]:
    """Run the program and press Ctrl-C when it loads a module."""
    return subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-c", PRESSED, how, moment, *map(str, words)],
        capture_output=True,
        check=False,
        text=True,
        cwd=CHECKOUT,
    )


@pytest.mark.parametrize("how", ["module", "script"])
@pytest.mark.parametrize(
    "moment", ["structurer.cli", "typer", "structurer.cli.running", "structurer.pipeline", "pymupdf", "lxml.etree"]
)
def test_ctrl_c_while_modules_are_loaded(how: str, moment: str) -> None:
    done = pressed(how, moment, "layout", EXCERPT, "--page", 1)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("structurer.catalog", ("schemas", "list")),
        ("structurer.cli.checking", ("check", "none.json")),
        ("structurer.cli.extraction", ("extract", "none.pdf")),
        ("structurer.cli.diagnosis", ("doctor",)),
    ],
)
def test_ctrl_c_while_a_command_is_loaded(moment: str, words: tuple[str, ...]) -> None:
    done = pressed("module", moment, *words)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_job_in_the_background_goes_on() -> None:
    done = pressed("ignored", "structurer.pipeline", "layout", EXCERPT, "--page", 1)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("excerpt.pdf, page 1: ")


def test_the_installed_command_begins_there_too() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["scripts"] == {"structurer": "structurer.__main__:main"}


# While a command runs.


@pytest.fixture
def press(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Return Ctrl-C, in a program that was started by its own entry."""
    monkeypatch.setattr(interruption._HANDLER, "heard", False)
    before = signal.signal(signal.SIGINT, lambda *_: pytest.fail("this is the handler of the entry"))
    yield lambda: os.kill(os.getpid(), signal.SIGINT)
    signal.signal(signal.SIGINT, before)


def as_it_is(press: Callable[[], None]) -> None:
    press()


def as_an_error_of_a_library(press: Callable[[], None]) -> None:
    try:
        press()
    except KeyboardInterrupt as error:
        msg = "initialization failed"
        raise ImportError(msg) from error


def as_a_fault_in_a_document(press: Callable[[], None]) -> None:
    """Do as the loop over documents does: the fault of one does not stop the others."""
    try:
        with errors.reading(Path("a.pdf")):
            try:
                press()
            except KeyboardInterrupt as error:
                raise KeyError from error
    except errors.StructurerError as error:
        running.complain(str(error))
    pytest.fail("it goes on")


def swallowed(press: Callable[[], None]) -> None:
    try:
        press()
    except KeyboardInterrupt:
        return


@pytest.mark.parametrize("way", [as_it_is, as_an_error_of_a_library, as_a_fault_in_a_document, swallowed])
def test_whatever_comes_of_it_is_an_interruption(
    way: Callable[..., None], press: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    outside = signal.getsignal(signal.SIGINT)
    with pytest.raises(typer.Exit) as ended, running.running():
        way(press)
    assert ended.value.exit_code == 130
    assert capsys.readouterr() == ("", "")
    assert signal.getsignal(signal.SIGINT) is outside


@pytest.mark.usefixtures("press")
def test_errors_without_it_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended, running.running():
        raise errors.DocumentError("a.pdf", "the file is empty")  # noqa: EM101  a message
    assert (ended.value.exit_code, capsys.readouterr().err) == (3, "structurer: a.pdf: the file is empty\n")


@pytest.mark.parametrize("ignored", [signal.SIG_IGN, signal.default_int_handler])
def test_other_handlers_stay(ignored: Any) -> None:  # noqa: ANN401  the signal module's own
    before = signal.signal(signal.SIGINT, ignored)
    try:
        with running.running():
            assert signal.getsignal(signal.SIGINT) is ignored
    finally:
        signal.signal(signal.SIGINT, before)
