"""What an endpoint can do, tried on it with the smallest questions."""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

from structurer.llm.model import Model
from structurer.llm.settings import RETRIES, Limits, Mode, Report, Trial
from structurer.records import Fault, Outcome, Question

if TYPE_CHECKING:
    from collections.abc import Mapping

    from structurer.llm.settings import Endpoint, Price, Spent
    from structurer.records import Json

_COLOURS = ("red", "green", "blue")
_VISION = "vision"
_SIDE = 64
_LONGEST = 2000
_ASKS = "Name the colour that the message names, or that fills the picture. Answer in JSON."
_SHOWN = "See the picture."
_BLIND = {Outcome.FAULTY: "it answers, but not what was asked for"}
_SCHEMA: dict[str, Json] = {
    "type": "object",
    "properties": {"colour": {"type": "string", "enum": list(_COLOURS)}},
    "required": ["colour"],
    "additionalProperties": False,
}


def probe(endpoint: Endpoint, price: Price | None) -> Report:
    """Return what the endpoint can do; never raises for a fault of the endpoint's.

    It costs a request or two for each mode and for a picture, and no more after a failure that all would share.
    """
    trials: dict[str, Trial] = {}
    spent: list[Spent] = []
    for mode in (Mode.TOOLS, Mode.JSON_SCHEMA, Mode.JSON):
        trials[mode] = _tried(replace(endpoint, mode=mode), price, _question(_COLOURS[0]), spent)
        if trials[mode].down:
            return _report(dict.fromkeys((*Mode, _VISION), trials[mode]), price, spent)
    works = next((Mode(mode) for mode, trial in trials.items() if trial.ok), Mode.JSON)
    trials[_VISION] = _tried(replace(endpoint, mode=works), price, _question(_COLOURS[-1], _png()), spent)
    return _report(trials, price, spent)


def _question(colour: str, *pictures: bytes) -> Question:
    def judge(answer: Json) -> list[Fault]:
        right = isinstance(answer, dict) and answer.get("colour") == colour
        return [] if right else [Fault("/colour", "another colour")]

    material = _SHOWN if pictures else colour
    return Question(_ASKS, material, _SCHEMA, judge, _LONGEST, pictures)


def _tried(endpoint: Endpoint, price: Price | None, question: Question, spent: list[Spent]) -> Trial:
    with Model(endpoint, memory=None, limits=Limits(concurrency=1), price=price) as model:
        reply = next(model.ask([question]))
        spent.append(model.spent)
        ok = reply.outcome is Outcome.ANSWERED
        # What fails however often it is sent is the endpoint, not the mode: to try the others takes as long again.
        down = bool(model.down) or (reply.outcome is Outcome.FAILED and model.spent.requests > RETRIES)
        return Trial(ok, "" if ok else reply.reason or _BLIND.get(reply.outcome, reply.outcome), down=down)


def _png() -> bytes:
    """Return a square of the last colour."""
    row = b"\0" + b"\0\0\xff" * _SIDE
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(row * _SIDE)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _report(trials: Mapping[str, Trial], price: Price | None, spent: list[Spent]) -> Report:
    tokens_in, tokens_out = sum(s.tokens_in for s in spent), sum(s.tokens_out for s in spent)
    return Report(
        tools=trials[Mode.TOOLS],
        json_schema=trials[Mode.JSON_SCHEMA],
        json=trials[Mode.JSON],
        vision=trials[_VISION],
        requests=sum(s.requests for s in spent),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        cost=None if price is None else price.of(tokens_in, tokens_out),
    )
