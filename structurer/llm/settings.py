"""What a model is asked with: the endpoint, its prices, the limits of a run, and what was spent."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from structurer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

REASKS = 2
"""How often a faulty answer is asked for again."""
RETRIES = 3
"""How often a request that failed on its way is sent again."""
MOST_REQUESTS = (1 + REASKS) * (1 + RETRIES)
"""The most HTTP requests one question costs where the mode is given; `auto` and a rejected parameter add one each."""
LONGEST_BODY = 16 * 1024 * 1024
"""Bytes of an HTTP response that are read; a longer one is a failure."""
LONGEST_WAIT = 60.0
"""Seconds an endpoint may ask us to wait; if it asks for more, the question fails."""


class Mode(StrEnum):
    """How an answer is made to fit its schema."""

    AUTO = "auto"
    """The first of the others, in their order, that the endpoint does not reject."""
    TOOLS = "tools"
    JSON_SCHEMA = "json_schema"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Reasking:
    """What a model is told beside the question, in the language of the prompts."""

    intro: str = "These places are wrong. Look again and give the whole new answer:"
    """Stands above the faults, which are a line each: `pointer: reason`."""
    schema: str = "does not fit the schema: {message}"
    """The reason of a fault that JSON Schema found."""
    not_json: str = "Answer with one JSON object only."
    """The reason where an answer was empty or no JSON object."""
    outline: str = "Answer with one JSON object only. It must fit this JSON Schema: {schema}"
    """Stands below the instructions in the mode `json`, where no field of the request carries the schema."""

    @classmethod
    def of(cls, lines: Mapping[str, str]) -> Self:
        """Return what is told in the lines of the prompts; what they leave out, in ours."""
        return cls(**{one.name: lines[one.name] for one in fields(cls) if one.name in lines})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model and where it is served; raises UsageError where these can be no address and no key."""

    model: str
    base_url: str | None = None
    """Address without `/chat/completions`; None leaves it to the openai package."""
    key: str | None = field(default=None, repr=False)
    mode: Mode = Mode.AUTO
    timeout: float = 120.0
    """Seconds that one whole request may take."""
    temperature: float | None = 0
    first_wait: float = 0.5
    """Seconds before a request is sent again for the first time."""
    reasking: Reasking = Reasking()

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if self.base_url is not None and not self.base_url.startswith(("http://", "https://")):
            msg = f"The base URL must begin with http:// or https://, not {self.base_url[:40]!r}."
            raise UsageError(msg)
        if self.key is not None and not (self.key.isascii() and self.key.isprintable()):
            msg = "The key holds a line break or another character that no key has."
            raise UsageError(msg)
        if self.timeout <= 0 or self.first_wait < 0:
            msg = "The timeout must be more than 0 seconds, and the first wait no less."
            raise UsageError(msg)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may take; None is no limit."""

    concurrency: int = 4
    """Questions under way at the same time."""
    max_calls: int | None = None
    """HTTP requests, those sent again included."""
    max_cost: Decimal | None = None
    """In the currency of the price."""
    rpm: int | None = None
    """HTTP requests in any 60 seconds."""
    tpm: int | None = None
    """Tokens in any 60 seconds, estimated before a request and corrected after it."""

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if self.concurrency < 1 or any(limit is not None and limit < 1 for limit in (self.rpm, self.tpm)):
            msg = "The concurrency, and limits of requests and tokens a minute, must be at least 1."
            raise UsageError(msg)


@dataclass(frozen=True, slots=True)
class Price:
    """What a million tokens cost."""

    tokens_in: Decimal
    tokens_out: Decimal
    currency: str

    def of(self, tokens_in: int, tokens_out: int) -> Decimal:
        """Return what so many tokens cost."""
        return (self.tokens_in * tokens_in + self.tokens_out * tokens_out) / 1_000_000


@dataclass(frozen=True, slots=True)
class Spent:
    """What a model took so far."""

    requests: int = 0
    """HTTP requests sent, those sent again included."""
    calls: int = 0
    """Answers used, those remembered included."""
    remembered: int = 0
    """Answers that came from memory and cost nothing now."""
    tokens_in: int = 0
    """Paid now."""
    tokens_out: int = 0
    """Paid now."""
    cost: Decimal | None = None
    """Paid now; None where the model has no known price."""
    limited: bool = False
    """Whether a limit kept a question from being asked."""
    failed: int = 0
    """Questions that the endpoint failed."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What questions would take if each were answered once, at its longest."""

    calls: int
    tokens_in: int
    tokens_out: int
    cost: Decimal | None
    """None without a price."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Whether an endpoint did one thing it was asked for."""

    ok: bool
    reason: str = ""
    """Why not."""
    down: bool = False
    """Whether every request would fail alike: a wrong key, no such model, nobody there."""


@dataclass(frozen=True, slots=True)
class Report:
    """What an endpoint can do, tried on it."""

    tools: Trial
    json_schema: Trial
    json: Trial
    vision: Trial
    requests: int
    tokens_in: int
    tokens_out: int
    cost: Decimal | None
    """Of the whole trial; None without a price."""
