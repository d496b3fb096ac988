"""The model of one call, asked about all its files: one budget, one memory, one account at the end."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from structurer import errors, export, llm, pipeline, prompts
from structurer.cli import running, setting_values, settings
from structurer.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from decimal import Decimal
    from pathlib import Path

    from structurer.cli.options import Asking
    from structurer.cli.settings import Settings
    from structurer.records import Question, Reply
    from structurer.report import Messages

# What makes no sense without a model.
_ABOUT_MODELS = ("base_url", "mode", "transcribe", "vision", "answers", "replay")
# How a question ends without an answer; one that was cut off is asked again in halves.
_UNANSWERED = frozenset(Outcome) - {Outcome.ANSWERED, Outcome.FAULTY, Outcome.CUT}


@dataclass(slots=True)
class Asker:
    """A model, and what came of asking it."""

    given: Asking
    found: Settings
    _model: llm.Model
    _outcomes: Counter[Outcome] = field(default_factory=Counter)
    _reason: str = ""
    """Why the last question without an answer has none."""

    def model(self) -> pipeline.Model:
        """Return the model as the pipeline takes it."""
        return piped(self.given, self.found, self._ask)

    def _ask(self, questions: Iterable[Question]) -> Iterator[Reply]:
        for reply in self._model.ask(questions):
            self._outcomes[reply.outcome] += 1
            if reply.outcome in _UNANSWERED:
                self._reason = reply.reason or self._reason
            yield reply

    def exit_code(self) -> int:
        """Return 3 if the endpoint answered nothing of what it was sent, 4 if a limit was reached, else 0."""
        spent = self._model.spent
        if spent.failed and spent.calls == spent.remembered:
            return errors.StructurerError.exit_code
        return running.IN_PART if spent.limited else 0

    def account(self, messages: Messages) -> None:
        """Say on stderr what was asked, what it took and where the answers are; nothing if nothing was asked."""
        if not self._outcomes:
            return
        for line in self._lines(messages):
            running.say(line)
        if self._model.down or self.exit_code() == errors.StructurerError.exit_code:
            where, reason = setting_values.shown(self.found.base_url), self._model.down or self._reason
            running.complain(
                f"{where}: {reason}; what was not answered is read by layout alone. "
                "`structurer doctor` tries the endpoint and says what is configured"
            )

    def _lines(self, messages: Messages) -> Iterator[str]:
        spent = self._model.spent
        yield messages.word(
            "model_asked",
            model=self.found.model,
            place=urlsplit(setting_values.shown(self.found.base_url)).netloc,
            questions=self._outcomes.total(),
            calls=spent.calls,
            remembered=spent.remembered,
        )
        yield messages.word(
            "model_paid",
            requests=spent.requests,
            tokens_in=spent.tokens_in,
            tokens_out=spent.tokens_out,
            cost=money(spent.cost, self.found, messages),
            answers=self.found.answers,
        )
        ends = {outcome.value: count for outcome, count in self._outcomes.items() if outcome in _UNANSWERED}
        if ends:
            said = ", ".join(f"{outcome} {count}" for outcome, count in sorted(ends.items()))
            yield messages.word("model_unanswered", count=sum(ends.values()), outcomes=said, reason=self._reason or "-")


def configured(given: Asking) -> Settings:
    """Return the settings of a call that asks a model, or would; raises UsageError if its options make no sense."""
    if given.engine == "layout":
        named = _named(given) or ["--dry-run"]
        msg = f"--engine layout asks no model; leave out {', '.join(named)}"
        raise errors.UsageError(msg)
    if given.answers is not None and given.replay is not None:
        msg = "--replay takes stored answers alone, and --answers stores more of them; give one of the two"
        raise errors.UsageError(msg)
    found = settings.load(given)
    return found if given.replay is None else replace(found, answers=_replayed(given.replay))


def _named(given: Asking) -> list[str]:
    """Return the options given that make no sense without a model."""
    return [f"--{name.replace('_', '-')}" for name in _ABOUT_MODELS if getattr(given, name) not in {None, False}]


def settled(given: Asking) -> Settings | None:
    """Return what a model is asked with, None if none is to be asked; raises UsageError for wrong use."""
    named = _named(given)
    if given.engine == "layout" and not named:
        return None
    found = configured(given)
    if found.model is None:
        if given.engine == "model" or named:
            msg = f"{'--engine model' if given.engine == 'model' else named[0]} needs a model; {settings.HOW}"
            raise errors.UsageError(msg)
        return None
    if found.max_cost is not None and found.price is None:
        msg = (
            f"{found.sources['max_cost']}: the price of {found.model} is not known; write it into structurer.toml: "
            f'[prices."{found.model}"] with tokens_in, tokens_out (what a million of each cost) and currency'
        )
        raise errors.UsageError(msg)
    return found


@contextmanager
def opened(given: Asking, found: Settings | None, messages: Messages) -> Iterator[Asker | None]:
    """Give who is asked, None if nobody is; at the end say what it took, also if the end is early."""
    if found is None:
        yield None
        return
    with llm.Model(endpoint(found), memory=_memory(given, found), limits=limits(found), price=found.price) as model:
        asker = Asker(given, found, model)
        try:
            yield asker
        finally:
            asker.account(messages)


def piped(given: Asking, found: Settings, ask: Any) -> pipeline.Model:  # noqa: ANN401  `Ask`, by name
    """Return what the pipeline is told of a model."""
    return pipeline.Model(
        name=found.model or "",
        ask=ask,
        always=given.engine == "model",
        transcribe=given.transcribe,
        pictures=given.vision,
        currency=found.price.currency if found.price else None,
    )


def endpoint(found: Settings) -> llm.Endpoint:
    """Return the endpoint that the settings name; what it is told beside the questions comes from the prompts."""
    left = {name: value for name in ("timeout", "temperature") if (value := getattr(found, name)) is not None}
    return llm.Endpoint(
        found.model or "",
        base_url=found.base_url,
        key=found.api_key,
        mode=llm.Mode(found.mode),
        reasking=llm.Reasking.of(prompts.load().reask),
        **left,
    )


def limits(found: Settings) -> llm.Limits:
    """Return what a run may take."""
    names = [one.name for one in fields(llm.Limits)]
    return llm.Limits(**{name: value for name in names if (value := getattr(found, name)) is not None})


def _replayed(said: str) -> Path:
    """Return the folder of stored answers that --replay names."""
    folder: Path = setting_values.read(setting_values.KINDS["answers"], said, "--replay")
    if not folder.is_dir():
        msg = f"--replay: {folder}: there is no such folder"
        raise errors.UsageError(msg)
    return folder


def _memory(given: Asking, found: Settings) -> llm.Memory:
    if given.replay is None:
        export.check(found.answers)
    return llm.Memory(found.answers, replay=given.replay is not None)


def money(cost: Decimal | None, found: Settings, messages: Messages) -> str:
    """Return a cost with its currency, or that the price is not known."""
    if cost is None or found.price is None:
        return messages.word("price_unknown")
    return f"{cost.normalize():f} {found.price.currency}"
