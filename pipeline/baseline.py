"""Topics by the rules alone, without a learned weight: what the fitted scorer has to beat.

Precedence, in this order: a frame speaks only where nothing else does (rules/README.md); the nearest place wins; in one
place a thing comes before an act, and both before a group; then the earlier topic of the closed list
(tests/gold/README.md, part 4). A number that no cue speaks for is `other`. The order was written down from those
documents, not fitted.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.topics.cues import PLACE
from pipeline.topics.votes import Vote
from pipeline.train import Example

# Places of the votes (topics/features.py), nearest first: at the number, in its clause, in its sentence, around it.
NEAREST = (
    "inside", "right.touching", "left.touching", "right.near", "left.near", "left.first", "right.first", "left.rest",
    "right.rest", "leftmore", "rightmore", "host", "before", "aside", "after", "earlier", "later", "past", "future",
    "preceding", "heading0", "heading1", "heading2", "title",
)  # fmt: skip
KINDS = ("thing", "act", "group", "frame")
SILENT = "other"


def topics_by_rules(examples: Sequence[Example]) -> list[str]:
    """The topic of every quantity of `examples`, in their order, by precedence of the cues."""
    return [topic_by_rules(e.votes) for x in examples for e in x.evidence]


def topic_by_rules(votes: Sequence[Vote]) -> str:
    """The topic of the vote that comes first."""
    return min(votes, key=_rank).topic if votes else SILENT


def _rank(vote: Vote) -> tuple[bool, int, int, int]:
    place, kind, *rank = vote.feature.split(".")
    near = f"{place}.{rank[0]}" if place in ("left", "right") else place
    return kind == "frame", NEAREST.index(near), KINDS.index(kind), PLACE[vote.topic]
