"""Golden folders with a model: its answers are replayed, and what has none is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from structurer import regression
from structurer.golden import folder

GOLDEN = Path(__file__).parent.parent / "golden"
# The model was asked again about two of its cards: a follow-up is replayed, too.
NAME = "jiyuan-2021"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Return a golden folder of our own, beside its document."""
    (tmp_path / NAME).mkdir()
    shutil.copy(GOLDEN / NAME / "excerpt.pdf", tmp_path / NAME)
    shutil.copytree(GOLDEN / f"{NAME}-model", tmp_path / f"{NAME}-model")
    return tmp_path / f"{NAME}-model"


def answers(target: Path) -> list[Path]:
    return sorted((target / folder.ANSWERS).rglob("*.json"))


def follow_ups(target: Path) -> list[Path]:
    return [path for path in answers(target) if len(json.loads(path.read_bytes())["request"]["messages"]) > 2]


def test_a_follow_up_is_answered_as_it_was(target: Path) -> None:
    assert len(follow_ups(target)) == 3
    verdict = regression.verify(target)
    assert not verdict.has_fallen
    assert verdict.findings == ()


def test_a_question_without_a_stored_answer_is_told(target: Path) -> None:
    for path in follow_ups(target):
        path.unlink()
    verdict = regression.verify(target)
    assert verdict.has_fallen
    assert verdict.faults == ("3 of the model's questions have no stored answer in answers/; record it again",)


def test_an_answer_that_was_changed_by_hand_is_told(target: Path) -> None:
    path = follow_ups(target)[0]
    stored = json.loads(path.read_bytes())
    stored["request"]["messages"][1]["content"] += " "
    path.write_text(json.dumps(stored), "utf-8")
    verdict = regression.verify(target)
    assert verdict.has_fallen
    assert "no stored answer" in verdict.faults[0]
