"""A lying model behind a real endpoint, and what becomes of its lies: caught by what, or gone through in silence."""

from __future__ import annotations

import random
import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import endpoint
import honest
import lies

from structurer import catalog, chunks, document, extract, layout, llm, prompts
from structurer.extract import model
from structurer.records import Leaf

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from structurer.catalog import Catalog
    from structurer.records import Chunk


@dataclass
class Liar:
    """Answers every question with a lie, and every re-ask with the same one."""

    seed: int = 0
    truths: dict[str, dict[str, Any]] = field(default_factory=dict)
    told: tuple[str, dict[str, Any]] | None = None
    """The lie told last: its class and the answer."""
    before: dict[str, Any] | None = None
    """The truth about the chunk before."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    classes: Sequence[str] = lies.CLASSES

    def respond(self, asked: endpoint.Asked) -> endpoint.Spoken:
        material = material_of(asked.messages)
        schema = asked.schema or {}
        with self.lock:
            key = lies.key([material, schema])
            truth = self.truths.get(key)
            if truth is None:
                truth = self.truths[key] = honest.answer(material, schema)
            rng = random.Random(f"{self.seed} {key}")  # noqa: S311  a seed, not a secret
            self.told = lies.told(truth, self.before, rng)
            self.current = truth
            return endpoint.answer(self.told[1] if self.told else truth)

    def next(self) -> None:
        """Go on to the next chunk."""
        self.before, self.told = getattr(self, "current", None), None


def material_of(messages: Iterable[dict[str, Any]]) -> str:
    """Return the quoted document of a conversation: re-asks come after it."""
    for message in messages:
        content = message.get("content")
        for piece in content if isinstance(content, list) else [{"type": "text", "text": content}]:
            text = piece.get("text") or ""
            if message["role"] == "user" and text.startswith("<document>"):
                return text
    raise LookupError(messages)


@dataclass
class Tally:
    """What became of the lies of one mode."""

    planted: Counter[str] = field(default_factory=Counter)
    caught: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """By class: which marks it left."""
    reached: Counter[str] = field(default_factory=Counter)
    """Lies by which a figure of the result became another, or came into another place."""
    silent: list[tuple[str, str, str]] = field(default_factory=list)
    """Class, what went through, and the title of the table."""


def grids(path: Path, known: Catalog) -> list[Chunk]:
    """Return the chunks of a document that have a grid."""
    sheets = (layout.sheet(page) for page in document.open_pages(path))
    cut = chunks.cut(layout.tables(sheets, known.lexicon), known.lexicon)
    return [chunk for chunk in cut if chunk.grid is not None]


def tally(documents: Sequence[Path], seeds: Iterable[int], *, transcribe: bool, most: int | None = None) -> Tally:
    """Ask a liar about every chunk of the documents, once a seed, and see what comes out."""
    known = catalog.load()
    read = [grids(path, known) for path in documents]
    truth = [[extract.records(iter([chunk]), known) for chunk in found] for found in read]
    found = Tally()
    liar = Liar()
    way = model.Way(prompts.load(), transcribe=transcribe)
    with endpoint.Endpoint(liar.respond) as server, _model(server.url) as asked:
        for seed in seeds:
            liar.seed = seed
            for listed, answers in zip(read, truth, strict=True):
                for chunk, true in zip(listed, answers, strict=True):
                    liar.next()
                    lied = extract.records(iter([chunk]), known, extract.Model(asked.ask, way, always=True))
                    _judge(found, liar, chunk, lied, true)
                    if most is not None and found.planted.total() >= most:
                        return found
    return found


def _model(url: str) -> llm.Model:
    where = llm.Endpoint("liar", base_url=url, key="sk-nothing", mode=llm.Mode.TOOLS, first_wait=0.01)
    return llm.Model(where, memory=None, limits=llm.Limits(concurrency=1), price=None)


def _judge(found: Tally, liar: Liar, chunk: Chunk, lied: extract.Answers, true: extract.Answers) -> None:
    if liar.told is None:
        return
    name = liar.told[0]
    found.planted[name] += 1
    said = [finding for finding in lied.findings if finding.code.startswith("model_")]
    for what in sorted({finding.facts["what"] for finding in said}):
        found.caught[name][what] += 1
    title = chunk.title.text if chunk.title else ""
    if not said:
        found.silent.append((name, "no mark", title))
    changed = list(differences([*lied.tables, *lied.cards], [*true.tables, *true.cards]))
    if changed:
        found.reached[name] += 1
    found.silent.extend((name, pointer, title) for pointer, doubt in changed if not doubt)


def differences(one: object, other: object) -> Iterator[tuple[str, str]]:
    """Yield the pointer of each value that is not the same in both, and what makes it doubtful in the first."""
    mine, its = dict(leaves(one)), dict(leaves(other))
    for pointer in sorted({*mine, *its}):
        a, b = mine.get(pointer), its.get(pointer)
        if (a and replace(a, doubt="")) != b:
            yield pointer, a.doubt if a else ""


def leaves(tree: object, pointer: str = "") -> Iterator[tuple[str, Leaf]]:
    """Yield every printed value of a record with its pointer."""
    if isinstance(tree, Leaf):
        yield pointer, tree
    elif isinstance(tree, dict):
        for name, value in tree.items():
            yield from leaves(value, f"{pointer}/{name}")
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from leaves(value, f"{pointer}/{index}")
