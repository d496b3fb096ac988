"""What asking a model takes: throughput against the ideal, memory over a thousand questions, tokens against the page.

    python -m benchmarks.asking

The endpoint is on loopback, in a process of its own, and answers after 200 ms. Tokens are counted with a vocabulary in
the format of tiktoken if one is named by --vocabulary, else estimated; typing is what the same model would type.
"""

from __future__ import annotations

import argparse
import base64
import json
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

CHECKOUT = Path(__file__).parent.parent
sys.path.insert(0, str(CHECKOUT / "tests"))

import endpoint  # noqa: E402  the tests' own server
import honest  # noqa: E402
import pymupdf  # noqa: E402

from structurer import catalog, chunks, document, extract, layout, llm, prompts  # noqa: E402
from structurer.extract import model  # noqa: E402
from structurer.records import Outcome, Question, Reply  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WHOLE = CHECKOUT.parent / "shared" / "disclosures"
LATENCY, AT_ONCE, QUESTIONS = 0.2, 8, 1000
SCHEMA = {
    "type": "object",
    "properties": {"kind": {"enum": ["expenditure", "other"]}, "columns": {"type": "object"}},
    "required": ["kind", "columns"],
}


def respond(_: endpoint.Asked) -> endpoint.Spoken:
    """Answer after the latency, in the other process."""
    return endpoint.slow(LATENCY, endpoint.answer({"kind": "expenditure", "columns": {"total": "C"}}))


def questions(count: int) -> Iterator[Question]:
    """Yield questions as large as those about a table."""
    for number in range(count):
        yield Question("指认各列。", f"{number}|科目编码|科目名称|合计\n" * 60, SCHEMA, lambda _: (), 300)


def throughput() -> None:
    """Print how near to the ideal so many questions at once come, and what memory grows."""
    with (
        endpoint.process(respond) as url,
        llm.Model(
            llm.Endpoint("m", base_url=url, key="sk-none", mode=llm.Mode.TOOLS),
            memory=None,
            limits=llm.Limits(concurrency=AT_ONCE),
            price=None,
        ) as asked,
    ):
        list(asked.ask(questions(2 * AT_ONCE)))
        early, start = 0, time.monotonic()
        for number, reply in enumerate(asked.ask(questions(QUESTIONS)), 1):
            assert reply.outcome is Outcome.ANSWERED
            if number == QUESTIONS // 10:
                early = peak()
        took = time.monotonic() - start
    ideal = QUESTIONS / AT_ONCE * LATENCY
    say(f"{QUESTIONS} questions, {AT_ONCE} at once, {LATENCY * 1000:.0f} ms each: {ideal / took:.1%} of the ideal rate")
    say(f"peak memory after {QUESTIONS // 10}: {early} MB, after {QUESTIONS}: {peak()} MB")


def peak() -> int:
    """Return the peak memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 * 1024 if sys.platform == "darwin" else 1024)


def tokens(vocabulary: Path | None) -> None:
    """Print what the questions about the disclosures take in both ways, and their pages as bare text."""
    count = _counter(vocabulary)
    known, size = catalog.load(), Counter[str]()
    found = sorted(WHOLE.glob("*[0-9].pdf")) or sorted(CHECKOUT.glob("golden/*/excerpt.pdf"))
    for path in found:
        with pymupdf.open(path) as pdf:
            sheets = map(layout.sheet, document.open_pages(path))
            cut = list(chunks.cut(layout.tables(sheets, known.lexicon), known.lexicon))
            pages = {page for chunk in cut if chunk.grid for page in chunk.pages if page}
            size["page"] += sum(count(pdf[page - 1].get_text()) for page in pages)
        for way in ("select", "transcribe"):

            def ask(asked: Iterable[Question], way: str = way) -> Iterator[Reply]:
                for question in asked:
                    size[f"{way} questions"] += 1
                    schema = json.dumps(question.schema, ensure_ascii=False, separators=(",", ":"))
                    size[f"{way} in"] += count(question.instructions + question.material + schema)
                    answer = honest.answer(question.material, dict(question.schema))
                    size[f"{way} out"] += count(json.dumps(answer, ensure_ascii=False, separators=(",", ":")))
                    yield Reply(Outcome.ANSWERED, answer)

            asking = extract.Model(ask, model.Way(prompts.load(), transcribe=way == "transcribe"), always=True)
            extract.records(iter(cut), known, asking)
    named = vocabulary.name if vocabulary else "our estimate"
    say(f"{size['select questions']} questions about {len(found)} documents, in tokens of {named}:")
    say(f"pages {size['page']}, select in {size['select in']} ({size['select in'] / size['page']:.2f} of the pages),")
    share = size["select out"] / size["transcribe out"]
    say(f"select out {size['select out']}, transcribe out {size['transcribe out']} ({share:.1%})")


def _counter(vocabulary: Path | None):  # noqa: ANN202  a function of text to tokens
    if vocabulary is None:
        return llm.tokens
    import tiktoken  # noqa: PLC0415  no dependency: whoever names a vocabulary has it

    ranks = dict(line.split() for line in vocabulary.read_bytes().splitlines() if line)
    pattern = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    merges = {base64.b64decode(token): int(rank) for token, rank in ranks.items()}
    encoding = tiktoken.Encoding("given", pat_str=pattern, mergeable_ranks=merges, special_tokens={})
    return lambda text: len(encoding.encode(text))


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vocabulary", type=Path, help="a .tiktoken file")
    parser.add_argument("--tokens", action="store_true", help="count tokens only")
    asked = parser.parse_args()
    tokens(asked.vocabulary)
    if not asked.tokens:
        throughput()


if __name__ == "__main__":
    main()
