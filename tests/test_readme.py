"""The READMEs cannot lie about the commands, and say the same in both languages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pytest
import typer

from structurer.cli import app

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).parent.parent
TEXTS = {name: (CHECKOUT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md")}
# Typer adds these to every program.
COMMON = {"--help", "--install-completion", "--show-completion"}

Commands = dict[str, set[str]]


def commands_of(program: typer.Typer) -> Commands:
    """Return the options of every command that does something, by its whole name: `schemas list`."""
    return dict(_walk(typer.main.get_command(program), ()))


def _walk(command: Any, name: tuple[str, ...]) -> Iterator[tuple[str, set[str]]]:  # noqa: ANN401  typer's own click
    options = {option for param in command.params if param.param_type_name == "option" for option in param.opts}
    children = getattr(command, "commands", {})
    if not children or not name:
        yield " ".join(name), options - COMMON
    for child in children.values():
        yield from _walk(child, (*name, child.name))


def blocks_in(text: str) -> list[str]:
    return re.findall(r"^```\w*\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def headings_in(text: str) -> list[int]:
    """Return the level of every heading, in order."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return [len(marks) for marks in re.findall(r"^(#+) ", prose, flags=re.MULTILINE)]


def tables_in(text: str) -> list[tuple[int, list[str]]]:
    """Return the number of columns and the first code span of every row of every table, in order."""
    tables = re.findall(r"(?:^\|.*\|\n)+", text, flags=re.MULTILINE)
    return [
        (
            table.splitlines()[0].count("|"),
            [code for row in table.splitlines() for code in re.findall(r"`[^`]+`", row)[:1]],
        )
        for table in tables
    ]


def calls_in(text: str) -> list[list[str]]:
    """Return the words after `structurer` of every call in a code block or a code span."""
    lines = [line for block in blocks_in(text) for line in block.splitlines()] + re.findall(
        r"`(structurer [^`\n]+)`", text
    )
    return [line.split()[1:] for line in lines if line.startswith("structurer ")]


def option_spans_in(text: str) -> set[str]:
    return set(re.findall(r"`(--?[a-z][a-z-]*)`", text))


def breaches(text: str, commands: Commands) -> list[str]:
    """Return what the text says of the commands and is not so, and what it does not say."""
    groups = {name.split(" ")[0] for name in commands if " " in name}
    called: set[str] = set()
    said = option_spans_in(text)
    wrong = [
        f"{option} is no option"
        for option in sorted(said)
        if not any(option in options for options in commands.values())
    ]
    for words in calls_in(text):
        name = " ".join(words[:2]) if words[0] in groups else words[0] if not words[0].startswith("-") else ""
        if name in groups and len(words) == 1:
            continue  # the group as a whole
        if name not in commands and f"{words[0]} run" in commands:
            name = f"{words[0]} run"  # what the group does where no command is named
        if name not in commands:
            wrong.append(f"{' '.join(words)}: no such command")
            continue
        called.add(name)
        options = {word for word in words if re.fullmatch(r"--?[a-z][a-z-]*", word)} - COMMON
        wrong += [f"{name} has no {option}" for option in sorted(options - commands[name])]
        said |= options
    silent = [f"{name} is not documented" for name in commands if name and name not in called]
    silent += [
        f"{option} of {name} is not documented"
        for name, options in commands.items()
        for option in sorted(options)
        if option.startswith("--") and option not in said
    ]
    return wrong + silent


@pytest.mark.parametrize("name", TEXTS)
def test_commands_are_documented_as_they_are(name: str) -> None:
    assert breaches(TEXTS[name], commands_of(app)) == []


@pytest.mark.parametrize("name", TEXTS)
def test_the_two_commands_come_first(name: str) -> None:
    assert blocks_in(TEXTS[name])[0] == "make demo\nmake test\n"


@pytest.mark.parametrize("name", TEXTS)
def test_every_recipe_and_file_exists(name: str) -> None:
    recipes = set(re.findall(r"^(\w+):", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert set(re.findall(r"^make (\w+)$", "".join(blocks_in(TEXTS[name])), flags=re.MULTILINE)) == recipes
    links = re.findall(r"\]\(([^)#]+)\)", TEXTS[name])
    assert [link for link in links if "://" not in link and not (CHECKOUT / link).exists()] == []


def test_both_say_the_same() -> None:
    english, chinese = TEXTS.values()
    assert headings_in(english) == headings_in(chinese)
    assert blocks_in(english) == blocks_in(chinese)
    assert tables_in(english) == tables_in(chinese)
    assert re.findall(r"^- ", english, flags=re.MULTILINE) == re.findall(r"^- ", chinese, flags=re.MULTILINE)


# The checks can fail.

COMMANDS: Commands = {"": {"--version"}, "extract": {"-o", "--out"}, "schemas list": set()}
TRUE_TEXT = (
    "```sh\nstructurer extract a.pdf -o out\nstructurer schemas list\n```\n`--out`, `--version`, `structurer schemas`\n"
)


@pytest.mark.parametrize(
    ("old", "new", "breach"),
    [
        ("schemas list", "schemas show", "schemas show: no such command"),
        ("extract a", "read a", "extract is not documented"),
        ("-o out", "--csv", "extract has no --csv"),
        ("`--out`", "", "--out of extract is not documented"),
        ("`--version`", "`--verbose`", "--verbose is no option"),
        ("`--version`", "", "--version of  is not documented"),
    ],
)
def test_breach_is_seen(old: str, new: str, breach: str) -> None:
    assert breaches(TRUE_TEXT, COMMANDS) == []
    assert breach in breaches(TRUE_TEXT.replace(old, new), COMMANDS)


def test_commands_are_seen() -> None:
    def show(kind: Annotated[str, typer.Option("--kind", "-k")]) -> None:
        assert kind

    program, group = typer.Typer(), typer.Typer()
    program.add_typer(group, name="schemas")
    program.command("extract")(lambda: None)
    group.command("list")(lambda: None)
    group.command("show")(show)
    assert commands_of(program) == {
        "": set(),
        "extract": set(),
        "schemas list": set(),
        "schemas show": {"--kind", "-k"},
    }


def test_headings_and_tables_are_seen() -> None:
    assert headings_in("# a\n```sh\n# no\n```\n## b\n") == [1, 2]
    assert tables_in("| a | b |\n| --- | --- |\n| `x` | `y` |\n") == [(3, ["`x`"])]
