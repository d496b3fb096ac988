"""`extract` with a model and `doctor`, as a user meets them: real HTTP to an endpoint on the loopback interface."""

from __future__ import annotations

import functools
import json
import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import endpoint
import honest
import pytest
from typer.testing import CliRunner

from structurer import catalog, validate
from structurer.cli import app, extraction, progress
from structurer.llm import transport

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from endpoint import Asked, Respond, Spoken

KEY = "sk-neverShow0123456789"
VARIABLES = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "STRUCTURER_MODEL")
CHECKOUT = Path(__file__).parent.parent
EXCERPT = CHECKOUT / "golden" / "shijiazhuang-2024" / "excerpt.pdf"
# Two tables; the second has a column with figures that no schema knows.
DOCUMENT = """# 2024年部门收入总表

单位：万元

| 科目编码 | 科目名称 | 合计 | 一般公共预算 |
| --- | --- | --- | --- |
| | 合计 | 30.00 | 30.00 |
| 2040201 | 行政运行 | 30.00 | 30.00 |

# 2024年部门支出总表

单位：万元

| 科目编码 | 科目名称 | 合计 | 基本支出 | 项目支出 | 某种支出 |
| --- | --- | --- | --- | --- | --- |
| | 合计 | 30.00 | 10.00 | 20.00 | 1.00 |
| 2040201 | 行政运行 | 10.00 | 10.00 | | 1.00 |
| 2040202 | 一般行政管理事务 | 20.00 | | 20.00 | |
"""
PRICED = '[prices."m"]\ntokens_in = "2"\ntokens_out = "8"\ncurrency = "CNY"\n'
_LOAD = functools.cache(catalog.load)


@pytest.fixture(autouse=True)
def _apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder with nothing configured; read the schemas once."""
    monkeypatch.setattr(catalog, "load", _LOAD)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", *VARIABLES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def budget(tmp_path: Path) -> Path:
    path = tmp_path / "budget.md"
    path.write_text(DOCUMENT, "utf-8")
    return path


def run(*words: object) -> Any:  # noqa: ANN401  the result class is typer's own
    return CliRunner().invoke(app, [str(word) for word in words], prog_name="structurer")


def result(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))


def truth(asked: Asked) -> Spoken:
    assert asked.schema is not None
    if "colour" in asked.schema["properties"]:
        return endpoint.answer({"colour": "blue" if asked.pictures else asked.user.strip()})
    return endpoint.answer(honest.answer(asked.user, asked.schema))


def without_run(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in {"run", "verification"}}


@contextmanager
def served(respond: Respond, monkeypatch: pytest.MonkeyPatch, key: str | None = KEY) -> Iterator[endpoint.Endpoint]:
    with endpoint.Endpoint(respond) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("STRUCTURER_MODEL", "m")
        if key:
            monkeypatch.setenv("OPENAI_API_KEY", key)
        yield server


@pytest.fixture
def honest_model(monkeypatch: pytest.MonkeyPatch) -> Iterator[endpoint.Endpoint]:
    with served(truth, monkeypatch) as server:
        yield server


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be opened that leads anywhere."""

    def refused(*_: object, **__: object) -> None:
        pytest.fail("a connection was opened")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)


# Who is asked about what


def test_auto_asks_about_what_layout_cannot_map(budget: Path, honest_model: endpoint.Endpoint) -> None:
    done = run("extract", budget, "-o", "out")
    assert honest_model.requests == 1
    assert "某种支出" in honest_model.asked[0].user
    assert honest_model.headers[0]["authorization"] == f"Bearer {KEY}"
    found = result(Path("out/budget.json"))
    assert list(validate.shape(found, _LOAD())) == []
    assert found["run"]["model"] == "m"
    assert found["run"]["asked"]["engine"] == "auto"
    first, second = done.stderr.splitlines()
    port = honest_model.url.split(":")[-1].removesuffix("/v1")
    assert first == f"model m at 127.0.0.1:{port}: questions 1, answers 1, of them remembered 0"
    assert second.startswith("paid now: requests 1, ")
    assert second.endswith(f", cost unknown; the answers are in {Path('cache/structurer/answers').absolute()}")
    assert done.stdout.startswith("budget.md\n")


def test_engine_model_asks_about_every_table(budget: Path, honest_model: endpoint.Endpoint) -> None:
    run("extract", budget, "-o", "out", "--engine", "model")
    assert honest_model.requests == 2
    assert result(Path("out/budget.json"))["run"]["asked"]["outcomes"] == {"answered": 2}


def test_engine_layout_asks_nobody(budget: Path, honest_model: endpoint.Endpoint) -> None:
    done = run("extract", budget, "-o", "out", "--engine", "layout")
    assert (honest_model.connections, done.stderr) == (0, "")
    assert result(Path("out/budget.json"))["run"]["model"] is None


def test_model_that_is_not_needed_is_not_asked(tmp_path: Path, honest_model: endpoint.Endpoint) -> None:
    (tmp_path / "plain.md").write_text(DOCUMENT.partition("# 2024年部门支出总表")[0], "utf-8")
    done = run("extract", "plain.md", "-o", "out")
    assert (honest_model.connections, done.stderr) == (0, "")
    assert not Path("cache").exists()


def test_honest_model_changes_no_value(honest_model: endpoint.Endpoint) -> None:
    run("extract", EXCERPT, "-o", "out", "--engine", "layout")
    run("extract", EXCERPT, "-o", "asked", "--engine", "model")
    assert honest_model.requests > 3
    assert without_run(result(Path("asked/excerpt.json"))) == without_run(result(Path("out/excerpt.json")))


def test_values_typed_and_pictures_sent(honest_model: endpoint.Endpoint) -> None:
    done = run("extract", EXCERPT, "-o", "out", "--engine", "model", "--transcribe", "--vision", "--pages", "3-6")
    assert all(asked.pictures for asked in honest_model.asked)
    asked = result(Path("out/excerpt.json"))["run"]["asked"]
    assert (asked["transcribed"], asked["pictures"]) == (True, True)
    assert done.exit_code in {0, 1}


def test_json_goes_to_stdout_alone(budget: Path, honest_model: endpoint.Endpoint) -> None:
    done = run("extract", budget, "-o", "-")
    assert json.loads(done.stdout)["run"]["model"] == "m"
    assert "model m at " in done.stderr
    assert honest_model.requests == 1


def test_one_model_for_all_files(budget: Path, tmp_path: Path, honest_model: endpoint.Endpoint) -> None:
    (tmp_path / "again.md").write_text(DOCUMENT, "utf-8")
    done = run("extract", budget, "again.md", "-o", "out", "--engine", "model", "--lang", "zh")
    # The second file asks the same, and is answered from memory.
    assert honest_model.requests == 2
    assert "提问 4 个，所用回答 4 个，其中 2 个取自存档" in done.stderr


def test_settings_of_the_folder_are_used(
    budget: Path, tmp_path: Path, honest_model: endpoint.Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f'model = "own"\nmode = "json"\nanswers = "kept"\ntemperature = 0.5\nbase_url = "{honest_model.url}"\n'
    (tmp_path / "structurer.toml").write_text(text + PRICED.replace('"m"', '"own"'), "utf-8")
    for name in VARIABLES:
        monkeypatch.delenv(name)
    done = run("extract", budget, "-o", "out")
    (body,) = honest_model.bodies
    assert (body["model"], body["temperature"], honest_model.asked[0].mode) == ("own", 0.5, "json")
    asked = result(Path("out/budget.json"))["run"]["asked"]
    assert asked["currency"] == "CNY"
    assert f", cost {asked['cost']} CNY; the answers are in kept" in done.stderr
    assert len(list(Path("kept").rglob("*.json"))) == 1


def test_engine_model_without_a_model_is_wrong_use(budget: Path) -> None:
    done = run("extract", budget, "-o", "out", "--engine", "model")
    assert done.exit_code == 2
    assert done.stderr.startswith(
        "structurer: --engine model needs a model; name one with --model, in STRUCTURER_MODEL"
    )
    assert done.stderr.count("\n") == 1
    assert not Path("out").exists()


def test_wrong_file_of_settings_is_wrong_use(budget: Path, tmp_path: Path) -> None:
    (tmp_path / "structurer.toml").write_text(f'api_key = "{KEY}', "utf-8")
    done = run("extract", budget, "-o", "out")
    assert done.exit_code == 2
    assert done.stderr.startswith("structurer: structurer.toml: this is no TOML (")
    assert KEY not in done.output


# Remembered answers


def test_replay_needs_no_key_and_gives_the_same_bytes(
    budget: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "structurer.toml").write_text(PRICED, "utf-8")
    with served(truth, monkeypatch):
        run("extract", budget, "-o", "asked", "--engine", "model", "--answers", "cassette")
    monkeypatch.delenv("OPENAI_API_KEY")
    files = {path: path.read_bytes() for path in Path("cassette").rglob("*.json")}
    done = run("extract", budget, "-o", "again", "--engine", "model", "--replay", "cassette")
    assert Path("again/budget.json").read_bytes() == Path("asked/budget.json").read_bytes()
    assert "answers 2, of them remembered 2" in done.stderr
    assert "paid now: requests 0, tokens in 0, out 0, cost 0 CNY; the answers are in cassette" in done.stderr
    assert files == {path: path.read_bytes() for path in Path("cassette").rglob("*.json")}
    assert result(Path("again/budget.json"))["run"]["asked"]["cost"] > "0"


@pytest.mark.usefixtures("offline")
def test_replay_without_a_stored_answer_is_in_part(budget: Path) -> None:
    Path("empty").mkdir()
    done = run("extract", budget, "-o", "out", "--replay", "empty", "--model", "m")
    assert done.exit_code == 4
    assert "questions without an answer: 1 (unstored 1; no stored answer " in done.stderr
    assert result(Path("out/budget.json"))["tables"][1]["rows"][0]["total"] == "30.00"
    assert list(Path("empty").iterdir()) == []


def test_folder_of_answers_that_cannot_be_is_three(budget: Path, honest_model: endpoint.Endpoint) -> None:
    Path("taken").write_text("mine")
    done = run("extract", budget, "-o", "out", "--answers", "taken")
    assert done.exit_code == 3
    assert "taken: this is a file" in done.stderr
    assert honest_model.connections == 0


# Estimates


@pytest.mark.usefixtures("offline")
def test_dry_run_writes_nothing_and_opens_nothing(budget: Path, tmp_path: Path) -> None:
    (tmp_path / "structurer.toml").write_text(PRICED, "utf-8")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    words = ("extract", budget, EXCERPT, "-o", "out", "--dry-run", "--engine", "model", "--model", "m")
    done = run(*words)
    assert (done.exit_code, done.stderr) == (0, "")
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
    head, _, one, other, total, note = done.stdout.splitlines()
    assert head.split("  ")[0] == "file"
    counts = [[int(word) for word in line.split()[1:5]] for line in (one, other, total)]
    assert one.split()[:3] == [str(budget), "2", "0"]
    assert counts[2] == [sum(pair) for pair in zip(*counts[:2], strict=True)]
    tokens_in, tokens_out = counts[2][2:]
    assert total.split()[-2:] == [f"{(2 * tokens_in + 8 * tokens_out) / 1_000_000:.6f}".rstrip("0"), "CNY"]
    assert "12 requests at most" in note
    assert "合计" in run(*words, "--lang", "zh").stdout


@pytest.mark.usefixtures("offline")
def test_dry_run_needs_no_model(budget: Path) -> None:
    done = run("extract", budget, "--dry-run")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[2].split()[:3] == [str(budget), "1", "0"]
    assert done.stdout.splitlines()[2].endswith("unknown")


def test_dry_run_counts_what_is_remembered_apart(budget: Path, honest_model: endpoint.Endpoint) -> None:
    run("extract", budget, "-o", "out")
    done = run("extract", budget, "--dry-run", "--engine", "model")
    assert done.stdout.splitlines()[2].split()[1:3] == ["1", "1"]
    assert honest_model.requests == 1


def test_dry_run_tells_of_a_bad_file(budget: Path) -> None:
    done = run("extract", "none.pdf", budget, "--dry-run", "--model", "m")
    assert done.exit_code == 3
    assert "none.pdf: there is no such file" in done.stderr
    assert str(budget) in done.stdout


# Limits and failures


def test_limit_of_calls_ends_with_four_and_a_result(budget: Path, honest_model: endpoint.Endpoint) -> None:
    done = run("extract", budget, "-o", "out", "--engine", "model", "--max-calls", "1")
    assert (done.exit_code, honest_model.requests) == (4, 1)
    found = result(Path("out/budget.json"))
    assert found["run"]["asked"]["outcomes"] == {"answered": 1, "limited": 1}
    assert [finding["code"] for finding in found["verification"]["findings"]].count("model_failed") == 1
    assert [len(table["rows"]) for table in found["tables"]] == [2, 3]
    assert "questions without an answer: 1 (limited 1; the limit of 1 requests is reached)" in done.stderr


def test_limit_of_cost_ends_with_four(budget: Path, tmp_path: Path, honest_model: endpoint.Endpoint) -> None:
    (tmp_path / "structurer.toml").write_text(PRICED, "utf-8")
    done = run("extract", budget, "-o", "out", "--engine", "model", "--max-cost", "0.0001")
    assert (done.exit_code, honest_model.requests) == (4, 0)
    assert "cost 0 CNY" in done.stderr
    assert Path("out/budget.json").is_file()


def test_limit_of_cost_without_a_price_is_wrong_use(budget: Path, honest_model: endpoint.Endpoint) -> None:
    done = run("extract", budget, "-o", "out", "--max-cost", "1")
    assert (done.exit_code, honest_model.connections) == (2, 0)
    assert 'the price of m is not known; write it into structurer.toml: [prices."m"] with tokens_in' in done.stderr


def test_question_without_an_answer_ends_with_four(budget: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def respond(asked: Asked) -> Spoken:
        return endpoint.refusal("no") if "某种支出" in asked.user else truth(asked)

    with served(respond, monkeypatch):
        done = run("extract", budget, "-o", "out", "--engine", "model")
    assert done.exit_code == 4
    assert "questions without an answer: 1 (refused 1; no)" in done.stderr
    assert Path("out/budget.json").is_file()


def test_endpoint_that_refuses_the_key_ends_with_three(budget: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def respond(asked: Asked) -> Spoken:
        return endpoint.error(401, f"Incorrect API key provided: {asked.headers['authorization']}")

    with served(respond, monkeypatch) as server:
        done = run("extract", budget, "-o", "out", "--engine", "model")
        last = done.stderr.splitlines()[-1]
        assert last.startswith(f"structurer: {server.url}: ")
    assert done.exit_code == 3
    assert "401" in last
    assert last.endswith("`structurer doctor` tries the endpoint and says what is configured")
    assert KEY not in done.output
    assert result(Path("out/budget.json"))["tables"][1]["rows"][0]["total"] == "30.00"


def test_endpoint_that_is_not_there_ends_with_three(budget: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "RETRIES", 0)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    done = run("extract", budget, "-o", "out", "--model", "m", "--base-url", url)
    assert done.exit_code == 3
    assert done.stderr.splitlines()[-1].startswith(f"structurer: {url}: no connection (")
    assert result(Path("out/budget.json"))["tables"][1]["rows"][0]["total"] == "30.00"


def test_endpoint_that_failed_once_is_in_part(budget: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def respond(asked: Asked) -> Spoken:
        return endpoint.error(500, "sorry") if "某种支出" in asked.user else truth(asked)

    monkeypatch.setattr(transport, "RETRIES", 0)
    with served(respond, monkeypatch):
        done = run("extract", budget, "-o", "out", "--engine", "model")
    assert done.exit_code == 4
    assert "structurer: " not in done.stderr


def test_file_that_cannot_be_read_is_worse_than_an_answer_left_out(
    budget: Path, honest_model: endpoint.Endpoint
) -> None:
    done = run("extract", "none.pdf", budget, "-o", "out", "--max-calls", "0")
    assert (done.exit_code, honest_model.requests) == (3, 0)
    assert "without an answer: 1 (limited 1" in done.stderr


def test_key_stands_nowhere(budget: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def respond(asked: Asked) -> Spoken:
        """Repeat the key wherever there is room."""
        spoken = endpoint.bent(truth(asked), model=KEY, id=KEY, system_fingerprint=KEY)
        return endpoint.text(f"{KEY} is your key") if asked.number == 1 else spoken

    with served(respond, monkeypatch) as server:
        done = run("extract", budget, "-o", "out", "--engine", "model", "--answers", "answers")
        assert all(headers["authorization"] == f"Bearer {KEY}" for headers in server.headers)
        doctor = run("doctor")
        as_json = run("doctor", "--json")
    written = [path for path in Path().rglob("*") if path.is_file()]
    assert len(written) > 3
    assert [path for path in written if KEY.encode() in path.read_bytes()] == []
    assert KEY not in done.output + doctor.output + as_json.output


# The parts


def test_bar_counts_answers_on_a_terminal(budget: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with progress.bar(budget) as step:
        step()
        step(progress.ANSWERS)


@pytest.mark.parametrize("words", [["extract", "--help"], ["extract", "budget.md", "-o", "out"]])
def test_without_a_model_nothing_of_it_is_imported(words: list[str], budget: Path) -> None:
    code = f"import sys; from structurer.cli import app; app({words}, standalone_mode=False); print(*sys.modules)"
    told = {**os.environ, "PYTHONPATH": str(CHECKOUT), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(  # noqa: S603  our own program
        [sys.executable, "-c", f"try:\n  {code}\nexcept SystemExit:\n  print(*sys.modules)"],
        capture_output=True,
        check=True,
        text=True,
        env=told,
        cwd=budget.parent,
    )
    imported = set(done.stdout.split())
    assert "structurer.cli" in imported
    heavy = {"openai", "instructor", "tenacity", "httpx", "httpx2", "structurer.llm.way"}
    assert heavy & imported == set()


def test_interrupt_tells_what_was_paid(
    budget: Path, honest_model: endpoint.Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(extraction, "_write", interrupted)
    done = run("extract", budget, "-o", "out")
    assert (done.exit_code, honest_model.requests) == (130, 1)
    assert "paid now: requests 1, " in done.stderr


# doctor


def test_doctor_says_what_is_configured_and_what_works(tmp_path: Path, honest_model: endpoint.Endpoint) -> None:
    (tmp_path / "structurer.toml").write_text(PRICED, "utf-8")
    done = run("doctor")
    assert (done.exit_code, done.stderr) == (0, "")
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    for line in (
        "model m STRUCTURER_MODEL",
        f"base URL {honest_model.url} OPENAI_BASE_URL",
        "key present yes OPENAI_API_KEY",
        "mode auto default",
        f"answers {tmp_path / 'cache' / 'structurer' / 'answers'} default",
        "price 2 CNY in, 8 CNY out, for a million tokens structurer.toml",
        "tools yes",
        "json_schema yes",
        "json yes",
        "vision yes",
    ):
        assert line in lines
    assert any(line.startswith(f"the trial requests {honest_model.requests}, ") for line in lines)
    assert "是否有密钥" in run("doctor", "--lang", "zh").stdout
    assert not Path("cache").exists()


def test_doctor_speaks_json(honest_model: endpoint.Endpoint) -> None:
    done = run("doctor", "--json", "--model", "deepseek-flash")
    said = json.loads(done.stdout)
    assert (done.exit_code, said["usable"], said["key"], said["model"]) == (0, True, True, "deepseek-flash")
    assert said["price"] == {"tokens_in": "2", "tokens_out": "8", "currency": "CNY"}
    assert said["trials"] == {
        name: {"works": True, "reason": ""} for name in ("tools", "json_schema", "json", "vision")
    }
    assert said["took"]["requests"] == honest_model.requests
    assert said["sources"]["model"] == "--model"


def test_doctor_advises_the_mode_that_works(monkeypatch: pytest.MonkeyPatch) -> None:
    def respond(asked: Asked) -> Spoken:
        if asked.mode == "json":
            return truth(asked)
        return endpoint.error(400, f"{asked.mode} is not supported by this endpoint")

    with served(respond, monkeypatch):
        done, other = run("doctor", "--json"), run("doctor", "--mode", "tools")
        plain = run("doctor")
    said = json.loads(done.stdout)
    assert (done.exit_code, said["advised_mode"]) == (0, "json")
    assert (said["trials"]["tools"]["works"], said["trials"]["json"]["works"]) == (False, True)
    assert 'set mode = "json" in structurer.toml' in plain.stdout
    # The mode that is asked for does not work.
    assert other.exit_code == 3
    assert "not supported" in other.stderr


def test_doctor_of_an_endpoint_that_refuses_is_three(monkeypatch: pytest.MonkeyPatch) -> None:
    with served(lambda _: endpoint.error(401, f"wrong key {KEY}"), monkeypatch) as server:
        done, as_json = run("doctor"), run("doctor", "--json")
    assert (done.exit_code, as_json.exit_code) == (3, 3)
    assert done.stderr.startswith(f"structurer: {server.url}: ")
    assert done.stderr.count("\n") == 1
    assert "401" in done.stderr
    said = json.loads(as_json.stdout)
    assert said["usable"] is False
    assert "401" in said["trials"]["vision"]["reason"]
    assert KEY not in done.output + as_json.output


@pytest.mark.usefixtures("offline")
def test_doctor_with_nothing_configured_is_two() -> None:
    done, as_json = run("doctor"), run("doctor", "--json")
    assert (done.exit_code, as_json.exit_code) == (2, 2)
    assert "no model is configured; name one with --model" in done.stderr
    assert "key present  no" in done.stdout
    assert json.loads(as_json.stdout)["usable"] is False
