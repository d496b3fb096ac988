"""Real inference servers with a model of random weights: nonsense in good form, and none of it passes for a figure.

Not part of the default run: `STRUCTURER_REAL_SERVER=1 python -m pytest -m real_server`, with `gguf`
installed and a server: `llama-cpp-python[server]` (built from source, which takes minutes), or llama.cpp's
`llama-server` on the path.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import jsonschema
import openai
import pytest
import tiny_model
from typer.testing import CliRunner

from structurer import ground
from structurer.cli import app
from structurer.llm import Endpoint, Limits, Mode, Model
from structurer.records import Fault, Outcome, Question

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from structurer.records import Reply

pytestmark = [
    pytest.mark.real_server,
    pytest.mark.skipif(os.environ.get("STRUCTURER_REAL_SERVER") != "1", reason="STRUCTURER_REAL_SERVER=1 asks for it"),
]

SEED = 3
KEY = "any-word"
PRINTED = {"1.2": "12.50", "2.2": "3.20", "3.2": "9.30"}
MATERIAL = "#|1|2\n1|合计|12.50\n2|教育支出|3.20\n3|住房保障支出|9.30"
# A figure as it is printed, and its cell: row.column.
PAIR = {
    "type": "array",
    "prefixItems": [
        {"type": "string", "pattern": "^[1-9][0-9]{0,5}[.][0-9]{2}$"},
        {"type": "string", "pattern": "^[1-3][.][1-2]$"},
    ],
    "minItems": 2,
    "maxItems": 2,
}
ROW = {"type": "object", "properties": {"total": PAIR}, "required": ["total"], "additionalProperties": False}
SCHEMA = {
    "type": "object",
    "properties": {"rows": {"type": "array", "items": ROW, "minItems": 3, "maxItems": 5}},
    "required": ["rows"],
    "additionalProperties": False,
}
FORMS = {
    "json_object": {"response_format": {"type": "json_object", "schema": SCHEMA}},
    "json_schema": {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}}},
    "tools": {
        "tools": [{"type": "function", "function": {"name": "answer", "parameters": SCHEMA}}],
        "tool_choice": {"type": "function", "function": {"name": "answer"}},
    },
}


class Kind(NamedTuple):
    """One kind of server."""

    command: tuple[str, ...] | None
    """None where it is not installed."""
    options: Mapping[str, object]
    forms: tuple[str, ...]
    """The requests by which a schema becomes its grammar; it rejects or passes over the others."""
    mode: Mode
    """Of ours, the one that is such a request."""


_PYTHON = (sys.executable, "-m", "llama_cpp.server") if importlib.util.find_spec("llama_cpp") else None
_NATIVE = shutil.which("llama-server")
KINDS = {
    "llama-cpp-python": Kind(
        _PYTHON,
        {
            "--n_ctx": tiny_model.CONTEXT,
            "--n_threads": 1,
            "--n_threads_batch": 1,
            "--logits_all": False,
            "--api_key": KEY,
        },
        ("json_object", "tools"),
        Mode.TOOLS,
    ),
    "llama-server": Kind(
        (_NATIVE,) if _NATIVE else None,
        {"--ctx-size": tiny_model.CONTEXT, "--threads": 1, "--threads-batch": 1, "--parallel": 1, "--api-key": KEY},
        ("json_object", "json_schema"),
        Mode.JSON_SCHEMA,
    ),
}


class Server(NamedTuple):
    url: str
    kind: Kind


@pytest.fixture(scope="module", params=KINDS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a server of the tiny model; it is killed after the last test that asks it."""
    kind = KINDS[request.param]
    if kind.command is None:
        pytest.skip(f"{request.param} is not installed")
    folder = tmp_path_factory.mktemp("server")
    model, log = folder / "model.gguf", folder / "log"
    tiny_model.write(model, SEED)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = {"--model": model, "--host": "127.0.0.1", "--port": port, "--seed": SEED, **kind.options}
    command = [*kind.command, *(str(word) for option in options.items() for word in option)]
    url = f"http://127.0.0.1:{port}/v1"
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output) as process,  # noqa: S603  ours
    ):
        try:
            _await(url, process, log)
            yield Server(url, kind)
        finally:
            process.kill()


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 60
    with openai.OpenAI(base_url=url, api_key=KEY, max_retries=0) as client:
        while process.poll() is None and time.monotonic() < end:
            try:
                client.models.list(timeout=5)
            except (openai.APIConnectionError, openai.InternalServerError):
                time.sleep(0.2)
            else:
                return
    pytest.fail(f"The server did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


# The servers themselves: the form of an answer is their doing, not the model's.


@pytest.fixture
def client(server: Server) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.url, api_key=KEY, max_retries=0) as client:
        yield client


def said(client: openai.OpenAI, **form: Any) -> str:  # noqa: ANN401  a part of a request
    reply = client.chat.completions.create(
        model="random",
        messages=[{"role": "user", "content": MATERIAL}],
        max_tokens=300,
        temperature=0,
        extra_body=form,
        timeout=60,
    )
    message = reply.choices[0].message
    return message.tool_calls[0].function.arguments if message.tool_calls else message.content or ""


def test_model_alone_writes_no_json(client: openai.OpenAI) -> None:
    with pytest.raises(json.JSONDecodeError):
        json.loads(said(client))


def test_schema_is_the_grammar(server: Server, client: openai.OpenAI) -> None:
    for form in server.kind.forms:
        jsonschema.validate(json.loads(said(client, **FORMS[form])), SCHEMA)


# The servers behind our own door.


def judge(answer: Any) -> list[Fault]:  # noqa: ANN401  JSON that fits the schema
    """Fault each figure that is not printed in the cell it is said to stand in."""
    pairs = enumerate(row["total"] for row in answer["rows"])
    return [
        Fault(f"/rows/{index}/total", f"not printed in {cell}")
        for index, (figure, cell) in pairs
        if ground.grounding(figure, PRINTED.get(cell, ""), figure=True) == ground.NONE
    ]


def ask(server: Server, mode: Mode, *, longest: int = 300) -> Reply:
    question = Question("Answer in JSON.", MATERIAL, SCHEMA, judge, longest)
    endpoint = Endpoint("random", server.url, KEY, mode, timeout=60, first_wait=0)
    with Model(endpoint, memory=None, limits=Limits(), price=None) as model:
        (reply,) = model.ask([question])
    return reply


def test_every_figure_of_nonsense_in_good_form_is_faulted(server: Server) -> None:
    reply = ask(server, server.kind.mode)
    assert reply.outcome is Outcome.FAULTY
    jsonschema.validate(reply.value, SCHEMA)
    assert [fault.pointer for fault in reply.faults] == [
        f"/rows/{row}/total" for row in range(len(reply.value["rows"]))
    ]
    assert reply.usage.calls == 3


def test_cut_answer_is_not_given(server: Server) -> None:
    reply = ask(server, server.kind.mode, longest=20)
    # llama-cpp-python gives every call that was asked for by name the same end, as if it were whole.
    assert reply.outcome in {Outcome.CUT, Outcome.GARBLED}
    assert reply.value is None


@pytest.mark.parametrize("mode", Mode)
def test_no_mode_makes_an_answer_of_nonsense(server: Server, mode: Mode) -> None:
    reply = ask(server, mode)
    assert reply.outcome is not Outcome.ANSWERED


# The whole way, as a user goes it.


def extracted(document: Path, *words: str) -> Any:  # noqa: ANN401  a result
    """Return what `structurer extract` makes of a table and a card in the current folder."""
    command = ["extract", str(document), "--pages", "3-4,8-9", "-o", "out", *words]
    ran = CliRunner().invoke(app, command, prog_name="structurer")
    # Nothing found, something found, some questions without an answer.
    assert ran.exit_code in {0, 1, 4}, ran.output
    return json.loads(Path("out", f"{document.stem}.json").read_text("utf-8"))


def test_nonsense_changes_nothing_that_is_printed_and_is_reported(
    server: Server, golden: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    monkeypatch.setenv("STRUCTURER_MODEL", "random")
    # Without the temperature it would say one thing over and over, to the longest that an answer may be.
    Path("structurer.toml").write_text(f'mode = "{server.kind.mode}"\ntemperature = 1\n', "utf-8")
    document = golden / "shijiazhuang-2024" / "excerpt.pdf"
    plain = extracted(document, "--engine", "layout")
    asked = extracted(document, "--engine", "model", "--transcribe", "--answers", "answers", "--max-calls", "20")
    assert plain["provenance"].items() <= asked["provenance"].items()
    assert asked["verification"]["grounded"] == asked["verification"]["figures"] >= plain["verification"]["figures"] > 0
    assert asked["run"]["asked"]["calls"] > 0
    told = [
        finding for finding in asked["verification"]["findings"] if finding not in plain["verification"]["findings"]
    ]
    assert {finding["code"] for finding in told} <= {"model_only", "model_disagrees", "model_wrong", "model_failed"}
    assert {finding["where"] for finding in told} >= {"/tables/0", "/cards/0"}
