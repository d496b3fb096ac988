"""Prompts are data: refused when wrong, filled with exactly their variables, never with what a document says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from structurer import errors, prompts, resources

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOM = Path(__file__).parent.parent / "structurer" / "extract" / "model"
# Marks that are no faults: what a model alone says.
_SAID_ALONE = {"kind", "note", "part", "table"}
# What is told of an answer that JSON Schema alone found fault with.
_BY_SCHEMA = {"form"}
WHOLE = '+++\nvariables = ["kinds"]\n+++\nOne of {kinds}.\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Read prompts from a folder of the test."""
    (tmp_path / "reask.toml").write_text('intro = "Again:"\nrow = "Row {rows}."\n', "utf-8")
    (tmp_path / "choose.md").write_text(WHOLE, "utf-8")
    monkeypatch.setattr(resources, "folder", lambda _: tmp_path)
    prompts.load.cache_clear()
    yield tmp_path
    prompts.load.cache_clear()


def test_a_prompt_is_filled_with_its_variables(folder: Path) -> None:
    assert prompts.load().filled("choose", kinds="a, b") == "One of a, b."
    assert prompts.load().fault("row", rows="3") == "Row 3."
    assert folder.is_dir()


def test_braces_in_a_value_mean_nothing(folder: Path) -> None:
    assert prompts.load().filled("choose", kinds="{kinds} {{7*6}} {x}") == "One of {kinds} {{7*6}} {x}."
    assert folder.is_dir()


@pytest.mark.parametrize("values", [{}, {"kinds": "a", "other": "b"}, {"other": "b"}])
def test_other_variables_than_those_named_are_refused(folder: Path, values: dict[str, str]) -> None:
    with pytest.raises(KeyError):
        prompts.load().filled("choose", **values)
    assert folder.is_dir()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("One of {kinds}.", "two lines of"),
        ("+++\nvariables = [\n+++\nx", "names no variables"),
        ("+++\nvariable = []\n+++\nx", "names no variables"),
        ('+++\nvariables = ["kinds"]\n+++\nOne.', "differ: kinds"),
        ("+++\nvariables = []\n+++\nOne of {kinds}.", "differ: kinds"),
    ],
)
def test_a_wrong_prompt_is_refused_with_its_file(folder: Path, text: str, reason: str) -> None:
    (folder / "choose.md").write_text(text, "utf-8")
    with pytest.raises(errors.CatalogError, match=rf"choose\.md: .*{reason}"):
        prompts.load()


@pytest.mark.parametrize("text", ["intro = ", 'intro = "x"\nrow = 3\n'])
def test_wrong_lines_are_refused(folder: Path, text: str) -> None:
    (folder / "reask.toml").write_text(text, "utf-8")
    with pytest.raises(errors.CatalogError, match=r"reask\.toml"):
        prompts.load()


def test_missing_prompts_are_told(folder: Path) -> None:
    (folder / "choose.md").unlink()
    with pytest.raises(errors.CatalogError, match="missing"):
        prompts.load()
    (folder / "choose.md").write_text(WHOLE, "utf-8")
    (folder / "reask.toml").unlink()
    with pytest.raises(errors.CatalogError, match="cannot be read"):
        prompts.load()


def test_a_change_of_a_prompt_changes_the_hash(folder: Path) -> None:
    before = prompts.load().digest
    (folder / "choose.md").write_text(WHOLE + "More.", "utf-8")
    prompts.load.cache_clear()
    assert prompts.load().digest != before


def test_every_fault_has_a_line_and_every_line_a_fault() -> None:
    prompts.load.cache_clear()
    lines = set(prompts.load().reask) - {"intro", "schema", "not_json", "outline"}
    text = "".join(path.read_text("utf-8") for path in ROOM.glob("*.py"))
    marks = set(re.findall(r'Mark\(\s*(?:marks\.)?[A-Z]+,\s*"(\w+)"', text))
    marks |= set(re.findall(r'what = "(\w+)" if times else "(\w+)"', text)[0])
    marks |= set(re.findall(r'"(no_field)"', text))
    assert marks - lines <= _SAID_ALONE | _BY_SCHEMA
    assert lines <= marks
