"""What the provider's batches may hold, how they stand, and what came of them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from decimal import Decimal


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """What one batch may hold; a request that is larger goes alone."""

    requests: int = 50_000
    size: int = 95_000_000
    """Bytes of the file that is uploaded; OpenAI takes 200 MB, GLM 100 MB."""
    tokens: int | None = None
    """Estimated tokens sent; None is no limit of ours."""


@dataclass(frozen=True, slots=True)
class BatchStatus:
    """How a batch stands at the provider."""

    id: str
    status: str
    """As the provider calls it."""
    completed: int
    failed: int
    total: int
    running: bool
    """Whether there is something to wait for; what has ended is there to be collected."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What came of batches that have ended."""

    batches: int = 0
    answered: int = 0
    """Requests whose answers are in the memory now."""
    kept: int = 0
    """Requests that go out again with the next batch."""
    refused: int = 0
    """Requests that fail from now on, each with its reason."""
    expired: int = 0
    """Batches that the provider did not finish in time."""
    cancelled: int = 0
    """Batches that somebody stopped at the provider."""
    unknown: int = 0
    """Lines of requests that were not in the batch, or are not here any more."""
    garbage: int = 0
    """Lines that cannot be read."""
    duplicates: int = 0
    """Lines of requests that were answered before in the same batch."""
    tokens_in: int = 0
    tokens_out: int = 0
    faults: tuple[str, ...] = ()
    """Why a batch that has ended could not be collected, or not all of it."""
    cost: Decimal | None = None
    """At the plain price, which is more than what providers take for a batch; None without one."""

    def __add__(self, other: Collected) -> Collected:
        """Return what came of both; what it cost is for who knows the price."""
        names = [field.name for field in fields(self) if field.name != "cost"]
        return Collected(**{name: getattr(self, name) + getattr(other, name) for name in names})
