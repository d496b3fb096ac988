"""Results held against what is known to be right: the printed truth, or an earlier result that was looked at."""

from __future__ import annotations

from structurer.golden.compare import Change, changes
from structurer.golden.folder import Recorded, Verified, Wrong, wrong
from structurer.golden.printed import load as truth
from structurer.golden.scoring import Miss, Score, Share, score, total

__all__ = [
    "Change",
    "Miss",
    "Recorded",
    "Score",
    "Share",
    "Verified",
    "Wrong",
    "changes",
    "score",
    "total",
    "truth",
    "wrong",
]
