"""Where the settings of a model come from, what wins, and what is refused; a key is never repeated."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from structurer import errors, llm, resources
from structurer.cli import asking, options, own_file, prices, setting_values, settings

KEY = "sk-neverShow0123456789"
URL = "http://127.0.0.1:9/v1"


@pytest.fixture(autouse=True)
def _nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start in an empty folder, with nothing in the environment."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "STRUCTURER_MODEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def write(text: str) -> None:
    settings.FILE.write_text(text, "utf-8")


def given(**said: object) -> options.Asking:
    return options.Asking(**said)  # type: ignore[arg-type]  whatever a test says


# What wins


def test_option_wins_over_environment_and_that_over_file(monkeypatch: pytest.MonkeyPatch) -> None:
    write(f'model = "file"\nbase_url = "{URL}/file"\nmode = "json"\napi_key = "file-key-0123"\n')
    found = settings.load(given())
    assert (found.model, found.base_url, found.mode, found.api_key) == ("file", f"{URL}/file", "json", "file-key-0123")
    monkeypatch.setenv("STRUCTURER_MODEL", "environment")
    monkeypatch.setenv("OPENAI_BASE_URL", f"{URL}/environment/")
    monkeypatch.setenv("OPENAI_API_KEY", f" {KEY}\n")
    found = settings.load(given(mode="tools"))
    assert (found.model, found.base_url, found.mode, found.api_key) == (
        "environment",
        f"{URL}/environment",
        "tools",
        KEY,
    )
    found = settings.load(given(model="option", base_url=f"{URL}/option"))
    assert (found.model, found.base_url) == ("option", f"{URL}/option")
    assert found.sources == {
        "model": "--model",
        "base_url": "--base-url",
        "api_key": "OPENAI_API_KEY",
        "mode": "structurer.toml",
    }


def test_empty_variables_are_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "STRUCTURER_MODEL", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, " " if name != "XDG_CACHE_HOME" else "")
    monkeypatch.setenv("HOME", "/nowhere")
    found = settings.load(given())
    assert (found.model, found.base_url, found.api_key) == (None, "https://api.openai.com/v1", None)
    assert found.answers == Path("/nowhere/.cache/structurer/answers")


def test_answers_are_in_the_cache_unless_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.load(given()).answers == tmp_path / "cache" / "structurer" / "answers"
    write('answers = "~/answers"\n')
    monkeypatch.setenv("HOME", "/nowhere")
    assert settings.load(given()).answers == Path("/nowhere/answers")
    assert settings.load(given(answers="mine")).answers == Path("mine")


def test_everything_in_the_file_arrives() -> None:
    write(
        'model = "m"\ntimeout = 1.5\ntemperature = 1\nmax_cost = 0.10\n'
        "max_calls = 3\nrpm = 4\ntpm = 5\nconcurrency = 6\n"
        '[prices."m"]\ntokens_in = "0.1"\ntokens_out = "0.30"\ncurrency = "CNY"\n'
    )
    found = settings.load(given())
    # A binary 0.10 would be another number.
    assert found.max_cost == Decimal("0.10")
    assert found.price == llm.Price(Decimal("0.1"), Decimal("0.30"), "CNY")
    assert found.price_from == "structurer.toml"
    assert asking.limits(found) == llm.Limits(6, 3, Decimal("0.10"), 4, 5)
    endpoint = asking.endpoint(found)
    assert (endpoint.timeout, endpoint.temperature, endpoint.key, endpoint.mode) == (1.5, 1, None, llm.Mode.AUTO)


def test_defaults_are_those_of_the_endpoint() -> None:
    found = settings.load(given(model="m"))
    assert asking.limits(found) == llm.Limits()
    reasking = asking.endpoint(found).reasking
    assert asking.endpoint(found) == llm.Endpoint("m", base_url="https://api.openai.com/v1", reasking=reasking)
    # What a model is told is in the language of the prompts.
    assert "document" in reasking.intro
    assert reasking.intro != llm.Reasking().intro


# What is refused


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("modle = 1", "modle is no setting; the settings are model, base_url"),
        ("model = 1", "model: the name of a model, as text, is expected here"),
        ('model = ""', "model: the name of a model"),
        ('model = "a\\nb"', "model: the name of a model"),
        ('base_url = "example.org"', "base_url: an address like https://"),
        ('base_url = "https://example.org/v1/chat/completions"', "without /chat/completions"),
        ('base_url = "http://[::1"', "base_url: an address like https://"),
        ('base_url = "http://a:99999"', "base_url: an address like https://"),
        ('mode = "best"', "mode: one of auto, tools, json_schema, json, is expected here"),
        ("api_key = 123456789", "api_key: the key, as text, is expected here"),
        ('api_key = "schlüssel"', "api_key: the key, as text, is expected here"),
        ('timeout = "10"', "timeout: a number of seconds from 1 to 3600, is expected here"),
        ("timeout = nan", "timeout: a number of seconds"),
        ("timeout = inf", "timeout: a number of seconds"),
        ("timeout = true", "timeout: a number of seconds"),
        ("timeout = 1e999999", "timeout: a number of seconds"),
        ("temperature = 3", "temperature: a number from 0 to 2"),
        ("answers = 1", "answers: a folder, as text"),
        ('answers = "~nobody-of-this-name/x"', "answers: a folder, as text"),
        ("max_cost = -1", 'max_cost: an amount like "1.50", is expected here'),
        ('max_cost = "1,5"', "max_cost: an amount"),
        ("max_cost = nan", "max_cost: an amount"),
        ("max_cost = 1e30", "max_cost: an amount"),
        ("max_cost = false", "max_cost: an amount"),
        ("max_calls = 1.0", "max_calls: a whole number from 0 on"),
        ("max_calls = true", "max_calls: a whole number from 0 on"),
        ("rpm = 0", "rpm: a whole number from 1 on"),
        ('tpm = "1"', "tpm: a whole number from 1 on"),
        ("concurrency = 1000", "concurrency: a whole number from 1 to 256"),
        ("prices = 1", 'prices: a table for each model, [prices."NAME"]'),
        ('[prices]\nm = "1"', "prices.m: tokens_in, tokens_out, currency, and nothing else"),
        ('[prices.m]\ntokens_in = "1"', "prices.m: tokens_in, tokens_out, currency, and nothing else"),
        (
            '[prices.m]\ntokens_in = "x"\ntokens_out = "1"\ncurrency = "USD"',
            'prices.m: tokens_in: what a million tokens of input cost, like "2.50", is expected here',
        ),
        ('[prices.m]\ntokens_in = "1"\ntokens_out = "1"\ncurrency = 1', "prices.m: currency: a currency"),
    ],
)
def test_wrong_file_is_refused_with_its_key(line: str, reason: str) -> None:
    write(line)
    with pytest.raises(errors.UsageError) as refused:
        # What the file says wrong is wrong also where an option would win.
        settings.load(given(model="m", base_url=URL, mode="json", timeout=3.0))
    assert str(refused.value).startswith("structurer.toml: ")
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"model": " "}, "--model: the name of a model"),
        ({"base_url": "ftp://a"}, "--base-url: an address"),
        ({"timeout": 0.0}, "--timeout: a number of seconds"),
        ({"timeout": float("nan")}, "--timeout: a number of seconds"),
        ({"answers": ""}, "--answers: a folder"),
        ({"max_cost": "much"}, "--max-cost: an amount"),
        ({"max_calls": -1}, "--max-calls: a whole number"),
        ({"rpm": 0}, "--rpm: a whole number"),
        ({"concurrency": 0}, "--concurrency: a whole number"),
    ],
)
def test_wrong_option_is_refused_with_its_name(said: dict[str, object], reason: str) -> None:
    with pytest.raises(errors.UsageError, match=reason):
        settings.load(given(**said))


def test_wrong_variable_is_refused_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "nowhere")
    with pytest.raises(errors.UsageError, match="OPENAI_BASE_URL: an address"):
        settings.load(given())


# The key


@pytest.mark.parametrize(
    "text",
    [
        f"api_key = {KEY}",
        f'api_key = "{KEY}',
        f"api_key = '{KEY}'{KEY}",
        f"{KEY}",
        f'"{KEY}" = 1',
        f"{KEY} = 1\n{KEY} = 2",
        f"[{KEY}]\n[{KEY}]",
        f"[{KEY}]",
        f'api_key = ["{KEY}"]',
        f'api_key = "{KEY}\\q"',
        f'api_key = "{KEY}\x00"',
        f'api_key = "{KEY}\\nx"',
        f'mode = "{KEY}"',
        f'base_url = "{KEY}"',
        f'max_cost = "{KEY}"',
        f'prices = "{KEY}"',
        f'[prices."{KEY}"]',
        f'[prices.m]\ntokens_in = "{KEY}"\ntokens_out = "1"\ncurrency = "USD"',
        f'[prices.m]\n"{KEY}" = 1',
        f'model = "{KEY}"\napi_key = "{KEY}"',
        f'base_url = "https://example.org/{KEY}"\napi_key = "{KEY}"',
        f'api_key = "{KEY}" # \udcff',
        f'api_key = "{KEY}"\nx = {"[" * 10_000}',
        f'api_key = "{KEY}"\nrpm = {"1" * 10_000}',
        f'api_key = "{KEY}"\ntimeout = 1e{"9" * 30}',
    ],
)
def test_no_error_repeats_the_key(text: str) -> None:
    settings.FILE.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(errors.UsageError) as refused:
        settings.load(given())
    assert KEY not in str(refused.value)
    assert refused.value.__cause__ is None
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("variable", ["STRUCTURER_MODEL", "OPENAI_BASE_URL", "OPENAI_API_KEY"])
def test_no_error_repeats_a_key_of_the_environment(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv(variable, f"{KEY}\x07")
    with pytest.raises(errors.UsageError, match=variable) as refused:
        settings.load(given())
    assert KEY not in str(refused.value)


def test_settings_do_not_show_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    found = settings.load(given(model="m"))
    assert found.api_key == KEY
    assert KEY not in repr(found)
    assert KEY not in repr(asking.endpoint(found))


def test_key_that_is_a_word_may_stand_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "ollama")
    assert settings.load(given(model="ollama/qwen")).model == "ollama/qwen"


def test_unreadable_file_is_refused() -> None:
    settings.FILE.mkdir()
    with pytest.raises(errors.UsageError, match=r"structurer\.toml: it cannot be read \(Is a directory\)"):
        own_file.read(settings.FILE)


def test_place_of_a_toml_error_is_said() -> None:
    write('model = "m"\nmode =\n')
    with pytest.raises(errors.UsageError, match=r"this is no TOML \(line 2, column 7\)"):
        own_file.read(settings.FILE)


# Prices


def test_price_of_the_file_wins_over_ours() -> None:
    ours = settings.load(given(model="deepseek-flash"))
    assert ours.price is not None
    assert (ours.price.currency, ours.price_from) == ("CNY", "schemas/prices.toml")
    write('[prices."deepseek-flash"]\ntokens_in = "1"\ntokens_out = "1"\ncurrency = "EUR"\n')
    assert settings.load(given(model="deepseek-flash")).price == llm.Price(Decimal(1), Decimal(1), "EUR")
    # Another name of the same model is not the one that the file speaks of.
    assert settings.load(given(model="deepseek-v4-flash")).price == ours.price


def test_every_price_of_ours_can_be_looked_up_by_each_of_its_names() -> None:
    listed = tomllib.loads((resources.folder("schemas") / "prices.toml").read_text("utf-8"))["price"]
    for one in listed:
        price = llm.Price(Decimal(one["tokens_in"]), Decimal(one["tokens_out"]), one["currency"])
        assert [prices.known(name) for name in (one["model"], *one["aliases"])] == [price] * (1 + len(one["aliases"]))
    assert prices.known("") is None
    assert prices.known("deepseek") is None


# What goes together


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"engine": "model"}, "--engine model needs a model; name one with --model, in STRUCTURER_MODEL"),
        ({"transcribe": True}, "--transcribe needs a model"),
        ({"vision": True}, "--vision needs a model"),
        ({"base_url": URL}, "--base-url needs a model"),
        ({"replay": "."}, "--replay needs a model"),
        ({"engine": "layout", "model": "m", "vision": True}, "--engine layout asks no model; leave out --vision"),
        ({"replay": ".", "answers": ".", "model": "m"}, "give one of the two"),
        ({"replay": "nowhere", "model": "m"}, "--replay: nowhere: there is no such folder"),
        ({"replay": "", "model": "m"}, "--replay: a folder"),
        ({"max_cost": "1", "model": "m"}, r'--max-cost: the price of m is not known; .*\[prices\."m"\] with tokens_in'),
    ],
)
def test_options_that_do_not_go_together_are_wrong_use(said: dict[str, object], reason: str) -> None:
    with pytest.raises(errors.UsageError, match=reason):
        asking.settled(given(**said))


def test_dry_run_by_layout_is_wrong_use() -> None:
    with pytest.raises(errors.UsageError, match="--engine layout asks no model; leave out --dry-run"):
        asking.configured(given(engine="layout", dry_run=True))


def test_nobody_is_asked_without_a_name_or_by_layout() -> None:
    write('base_url = "http://localhost/v1"\nmax_cost = 1\n')
    assert asking.settled(given()) is None
    assert asking.settled(given(engine="layout", model="m")) is None


def test_file_does_not_matter_by_layout() -> None:
    write("no TOML")
    assert asking.settled(given(engine="layout")) is None
    with pytest.raises(errors.UsageError):
        asking.settled(given())


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.org/v1", "https://example.org/v1"),
        ("https://user:secret@example.org:8443/v1?api-version=1#x", "https://***@example.org:8443/v1?***"),
        ("https://user@example.org/v1", "https://***@example.org/v1"),
    ],
)
def test_address_is_shown_without_secrets(url: str, shown: str) -> None:
    assert setting_values.shown(url) == shown
