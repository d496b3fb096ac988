"""Errors cross from one process to another."""

from __future__ import annotations

import pickle

import pytest

from structurer import errors
from structurer.llm import faults

_ALL = [
    (errors.UsageError("--x: no"), "--x: no", 2),
    (errors.CatalogError("a.json", "no schema"), "a.json: no schema", 2),
    (errors.DocumentError("a.pdf", "no PDF"), "a.pdf: no PDF", 3),
    (errors.OutputError("out", "full"), "out: full", 3),
    (faults.EndpointError("busy", status=429, passing=True), "busy", 3),
    (faults.LimitError("no more"), "no more", 3),
    (faults.DeferredError(), "waits for the provider's batch", 3),
]


@pytest.mark.parametrize(("error", "text", "code"), _ALL, ids=[type(error).__name__ for error, _, _ in _ALL])
def test_an_error_arrives_as_it_was_sent(error: errors.StructurerError, text: str, code: int) -> None:
    arrived = pickle.loads(pickle.dumps(error))  # noqa: S301  our own bytes
    assert type(arrived) is type(error)
    assert str(arrived) == str(error) == text
    assert arrived.exit_code == code
    assert vars(arrived) == vars(error)
