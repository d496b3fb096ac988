"""The one door to a model: ask, ask again, remember, keep to a budget."""

from structurer.llm.batch_records import BatchLimits, BatchStatus, Collected
from structurer.llm.faults import EndpointError
from structurer.llm.memory import Memory
from structurer.llm.model import Model
from structurer.llm.outbox import Outbox
from structurer.llm.provider_batch import ProviderBatch
from structurer.llm.settings import (
    MOST_REQUESTS,
    Endpoint,
    Estimate,
    Limits,
    Mode,
    Price,
    Reasking,
    Report,
    Spent,
    Trial,
)
from structurer.llm.trial import probe
from structurer.llm.weights import estimate, tokens

__all__ = [
    "MOST_REQUESTS",
    "BatchLimits",
    "BatchStatus",
    "Collected",
    "Endpoint",
    "EndpointError",
    "Estimate",
    "Limits",
    "Memory",
    "Mode",
    "Model",
    "Outbox",
    "Price",
    "ProviderBatch",
    "Reasking",
    "Report",
    "Spent",
    "Trial",
    "estimate",
    "probe",
    "tokens",
]
