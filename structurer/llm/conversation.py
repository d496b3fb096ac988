"""One question and its answers: asked through instructor, each answer remembered and judged here."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import instructor

# instructor would load its modes when they are first used, and threads that do so at the same time miss some.
import instructor.v2.providers.openai.handlers
from instructor.core import InstructorRetryException, ResponseParsingError
from openai.types.chat import ChatCompletion

from structurer.llm import answers, memory, shape, weights
from structurer.llm.faults import EndpointError, LimitError, UnstoredError
from structurer.llm.refusals import filters, rejects_mode
from structurer.llm.settings import REASKS, Mode
from structurer.records import Fault, Outcome, Reply, Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from structurer.llm.answers import Answer
    from structurer.llm.way import Way
    from structurer.records import Json, Question

_MODES = {
    Mode.TOOLS: instructor.Mode.TOOLS,
    Mode.JSON_SCHEMA: instructor.Mode.JSON_SCHEMA,
    Mode.JSON: instructor.Mode.JSON,
}
# What instructor is given in place of the messages: it renders, rewrites and logs what it sees, so it sees nothing.
_UNSEEN = [{"role": "system", "content": ""}, {"role": "user", "content": ""}]
# So many faults are told at a time.
_MOST_LINES = 24
# Stands for an answer that was empty: many endpoints reject an empty message.
_NOTHING = "{}"


class RejectedError(Exception):
    """The endpoint does not take the mode."""


class EndedError(Exception):
    """There is an answer, and it is none that could be corrected."""

    def __init__(self, outcome: Outcome, reason: str = "") -> None:
        super().__init__(reason)
        self.outcome, self.reason = outcome, reason


class Conversation:
    """One question in one mode; without `sends` only the memory is asked."""

    def __init__(self, question: Question, way: Way, mode: Mode, *, sends: bool) -> None:
        self._question, self._way, self._mode, self._sends = question, way, mode, sends
        self._shape = shape.of(question.schema)
        self._said: list[dict[str, Any]] = self._opening()
        self._calls = self._remembered = self._tokens_in = self._tokens_out = 0
        self._best: tuple[Json, tuple[Fault, ...], bool] | None = None
        self._outcome = Outcome.GARBLED

    def _opening(self) -> list[dict[str, Any]]:
        question = self._question
        instructions = question.instructions
        if self._mode is Mode.JSON:
            schema = json.dumps(dict(question.schema), ensure_ascii=False)
            instructions += "\n\n" + self._way.endpoint.reasking.outline.replace("{schema}", schema)
        content: str | list[dict[str, Any]] = _whole(question.material)
        if question.pictures:
            urls = (memory.PICTURE + base64.b64encode(picture).decode() for picture in question.pictures)
            content = [{"type": "text", "text": content}]
            content += [{"type": "image_url", "image_url": {"url": url}} for url in urls]
        return [{"role": "system", "content": _whole(instructions)}, {"role": "user", "content": content}]

    def reply(self) -> Reply:
        """Return what came of it.

        Raises RejectedError if the endpoint may not take the mode, UnstoredError if the memory has no answer and
        nothing is sent, OutputError if the memory cannot be written.
        """
        token = shape.HEARS.set(self._hear)
        try:
            self._create()
        except EndedError as ended:
            return self._replied(ended.outcome, reason=ended.reason)
        except LimitError as error:
            return self._replied(Outcome.LIMITED, reason=str(error))
        except EndpointError as error:
            return self._failed(error)
        except ResponseParsingError:
            return self._unanswered()
        finally:
            shape.HEARS.reset(token)
        value, _, _ = self._best or (None, (), False)
        return self._replied(Outcome.ANSWERED, value)

    def _create(self) -> None:
        """Let instructor shape the request, read the answers and ask again; raises what ended it."""
        endpoint = self._way.endpoint
        create: Any = instructor.patch(create=self._send, mode=_MODES[self._mode])
        parameters = {} if endpoint.temperature is None else {"temperature": endpoint.temperature}
        try:
            create(
                response_model=self._shape.model,
                max_retries=REASKS,
                model=endpoint.model,
                messages=_UNSEEN,
                max_tokens=self._question.longest,
                **parameters,
            )
        except InstructorRetryException as error:
            raise error.__cause__ or error from None

    def _send(self, **request: Any) -> ChatCompletion:  # noqa: ANN401  what instructor makes of it
        """Return an answer to what was said so far: every request of instructor comes through here."""
        request["messages"] = list(self._said)
        self._shape.put_into(request)
        answer, remembered = self._answer(request)
        tokens_in, tokens_out = weights.taken(request, answer)
        self._calls += 1
        self._remembered += remembered
        self._tokens_in += tokens_in
        self._tokens_out += tokens_out
        if answer.refusal:
            raise EndedError(Outcome.REFUSED, self._way.redaction.reason(answer.refusal))
        if answer.finish in answers.FILTERED:
            raise EndedError(Outcome.FILTERED, answer.finish)
        if answers.is_cut(answer, self._question.longest):
            raise EndedError(Outcome.CUT)
        return _completion(answer, self._mode)

    def _answer(self, request: dict[str, Any]) -> tuple[Answer, bool]:
        """Return an answer and whether it was remembered."""
        stored = self._way.memory
        if stored is None:
            return self._sent(request), False
        asked = memory.described(request)
        name = memory.key(asked)
        with stored.alone(name):
            answer = stored.load(name)
            if answer is not None:
                return answer, True
            if stored.replay:
                msg = f"no stored answer {name[:2]}/{name}.json"
                raise UnstoredError(msg)
            answer = self._sent(request)
            stored.store(name, asked, answer)
        return answer, False

    def _sent(self, request: dict[str, Any]) -> Answer:
        if not self._sends:
            msg = "nothing is remembered"
            raise UnstoredError(msg)
        answer = self._way.transport().send(request)
        self._way.ladder.settle(self._mode)
        return answer

    def _hear(self, text: str) -> None:
        """Judge an answer; raises ResponseParsingError with the lines to ask again with."""
        faults = self._judged(text)
        if not faults:
            return
        intro = self._way.endpoint.reasking.intro
        lines = "\n".join(f"{fault.pointer}: {_line(fault.reason)}" for fault in faults[:_MOST_LINES])
        self._said += [
            {"role": "assistant", "content": text if text.strip() else _NOTHING},
            {"role": "user", "content": _whole(f"{intro}\n{lines}")},
        ]
        raise ResponseParsingError(lines, mode=self._mode.value)

    def _judged(self, text: str) -> Sequence[Fault]:
        reasking = self._way.endpoint.reasking
        self._outcome = Outcome.GARBLED if text.strip() else Outcome.EMPTY
        try:
            value = answers.parse(text)
        except ValueError:
            value = None
        if "\\" in text:
            # An escape may have hidden the key, or half a surrogate pair.
            value = self._way.redaction.value(value)
        if not isinstance(value, dict):
            return (Fault("", reasking.not_json),)
        faults = self._shape.faults(value, reasking.schema)
        fits = not faults
        if fits:
            faults = tuple(self._question.judge(value))
        if fits or self._best is None or not self._best[2]:
            self._best = (value, faults, fits)
        return faults

    def _unanswered(self) -> Reply:
        """Return the best of the answers that were no good."""
        if self._best is None:
            reason = "the answer was empty" if self._outcome is Outcome.EMPTY else "no answer was a JSON object"
            return self._replied(self._outcome, reason=reason)
        value, faults, _ = self._best
        return self._replied(Outcome.FAULTY, value, faults)

    def _failed(self, error: EndpointError) -> Reply:
        if filters(error):
            return self._replied(Outcome.FILTERED, reason=str(error))
        if not self._calls and rejects_mode(error):
            raise RejectedError(str(error)) from None
        self._way.ledger.failed()
        return self._replied(Outcome.FAILED, reason=str(error))

    def _replied(self, outcome: Outcome, value: Json = None, faults: tuple[Fault, ...] = (), reason: str = "") -> Reply:
        self._way.ledger.used(self._calls, self._remembered)
        price = self._way.price
        cost = None if price is None else price.of(self._tokens_in, self._tokens_out)
        return Reply(outcome, value, faults, reason, Usage(self._calls, self._tokens_in, self._tokens_out, cost))


def _whole(text: str) -> str:
    """Return the text fit to be sent: half a surrogate pair cannot be written as UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _line(text: str) -> str:
    return " ".join(text.split())


def _completion(answer: Answer, mode: Mode) -> ChatCompletion:
    """Return an answer as instructor reads it, the same whether it was sent or remembered."""
    message: dict[str, Any] = {"role": "assistant", "content": answer.text}
    if mode is Mode.TOOLS:
        function = {"name": shape.NAME, "arguments": answer.text}
        message = {"role": "assistant", "tool_calls": [{"id": "1", "type": "function", "function": function}]}
    return ChatCompletion.model_validate(
        {
            "id": "1",
            "object": "chat.completion",
            "created": 0,
            "model": answer.model,
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
        }
    )
