"""Prompts as validated data: one Markdown file each, its variables named in its head and checked."""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from structurer import errors, resources

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_HEAD = re.compile(r"\+\+\+\n(?P<head>.*?)\n\+\+\+\n(?P<body>.*)", re.DOTALL)
_VARIABLE = re.compile(r"\{(\w+)\}")
# Not a prompt: what is said of a faulty answer, a line each.
_REASK = "reask.toml"


@dataclass(frozen=True, slots=True)
class Prompt:
    """One instruction to a model; a document's text is never a part of it."""

    name: str
    text: str
    variables: frozenset[str]

    def filled(self, **values: str) -> str:
        """Return the instruction; raises KeyError unless exactly its variables are given.

        A value is put in as it is: braces in it mean nothing.
        """
        if values.keys() != self.variables:
            raise KeyError(*sorted(values.keys() ^ self.variables))
        return _VARIABLE.sub(lambda match: values[match[1]], self.text)


@dataclass(frozen=True, slots=True)
class Prompts:
    """All prompts, the lines that tell what is wrong with an answer, and the hash of the files."""

    prompts: Mapping[str, Prompt]
    reask: Mapping[str, str]
    digest: str

    def filled(self, name: str, **values: str) -> str:
        """Return a prompt with its variables filled."""
        return self.prompts[name].filled(**values)

    def fault(self, code: str, **facts: str) -> str:
        """Return what is said of one fault."""
        return _VARIABLE.sub(lambda match: facts.get(match[1], match[0]), self.reask[code])


@lru_cache(maxsize=1)
def load() -> Prompts:
    """Read every prompt; raises CatalogError at the first that is wrong."""
    folder = resources.folder("prompts")
    files = sorted(folder.glob("*.md"))
    if not files:
        raise errors.CatalogError(str(folder), "the prompts are missing; install the program again")
    reask = folder / _REASK
    digest = hashlib.sha256()
    for path in (*files, reask):
        digest.update(path.name.encode() + b"\0" + _bytes(path))
    return Prompts({path.stem: _prompt(path) for path in files}, _lines(reask), digest.hexdigest())


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise errors.CatalogError(str(path), f"cannot be read ({error.strerror})") from error


def _prompt(path: Path) -> Prompt:
    match = _HEAD.fullmatch(_bytes(path).decode("utf-8"))
    if match is None:
        raise errors.CatalogError(str(path), "a prompt begins with its variables between two lines of +++")
    try:
        named = tomllib.loads(match["head"])["variables"]
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise errors.CatalogError(str(path), f"its head names no variables ({error})") from error
    text = match["body"].strip()
    if set(named) != set(_VARIABLE.findall(text)):
        odd = ", ".join(sorted(set(named) ^ set(_VARIABLE.findall(text))))
        raise errors.CatalogError(str(path), f"named and used variables differ: {odd}")
    return Prompt(path.stem, text, frozenset(named))


def _lines(path: Path) -> Mapping[str, str]:
    try:
        lines = tomllib.loads(_bytes(path).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise errors.CatalogError(str(path), f"not TOML: {error}") from error
    wrong = next((name for name, line in lines.items() if not isinstance(line, str)), None)
    if wrong is not None:
        raise errors.CatalogError(str(path), f"{wrong} is no text")
    return lines
