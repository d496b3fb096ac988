"""Results held against what is known to be right: the printed truth, or an earlier result that was looked at."""

from __future__ import annotations

from structurer.golden.compare import Change, changes
from structurer.golden.truth import Miss, Score, Share, headings, score

__all__ = ["Change", "Miss", "Score", "Share", "changes", "headings", "score"]
