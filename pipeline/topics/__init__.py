"""Quantity in context -> topic and subject.

Cues of rules/topics vote by where they stand (features.py), the fitted weights turn votes into a topic (model.py).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.records import Context, Topic
from pipeline.rules import RuleSet
from pipeline.tokens import tokeniser
from pipeline.topics.cues import Cue, CueFinder, cue_finder
from pipeline.topics.features import (
    Scene,
    Vote,
    context_keys,
    cue_votes,
    heading_keys,
    neighbour_votes,
    outer_votes,
    scene_of,
    share_votes,
    vote_key,
    whole_votes,
)
from pipeline.topics.model import PLACE, TOPICS, Spoken, TopicModel, Weights, chances, top
from pipeline.topics.pairs import NO_CODES, name_of, windows_of
from pipeline.topics.subject import subjects_of

PRECEDING = 80  # characters before the sentence, within its section, whose cues may speak for it


class Evidence(NamedTuple):
    """What speaks for a topic without looking at the topics of other quantities."""

    context: Context
    scene: Scene
    # At the number; before its sentence, alike for all quantities of it; and above it, alike for all of its section.
    spoken: tuple[Spoken, Spoken, Spoken]
    near: str
    whole: int | None  # index of the quantity that this one is a part of

    @property
    def votes(self) -> tuple[Vote, ...]:
        """The votes of all cues."""
        at, before, above = self.spoken
        return at.votes + before.votes + above.votes


class Decision(NamedTuple):
    """The topic of a quantity, its probability, and the votes that spoke for it and for others."""

    topic: str
    confidence: float
    votes: tuple[Vote, ...]


def gather(contexts: Sequence[Context], wholes: Sequence[int | None], rules: RuleSet) -> list[Evidence]:
    """The evidence for each of the quantities of one file, given in the order of the text.

    `wholes` holds for each the index of the quantity that it is stated to be a part of (attributes.link_parts).
    """
    if not contexts:
        return []
    finder = cue_finder(rules)
    cues = finder.find(contexts[0].text)
    starts = [c.start for c in cues]
    above: dict[int, Spoken] = {}
    gathered: list[Evidence] = []
    for context, window, whole in zip(contexts, windows_of(contexts), wholes, strict=True):
        if context.index == 0:
            scene = scene_of(context, cues, starts)
            before = Spoken((), outer_votes({"preceding": _preceding(context, cues, starts)}), NO_CODES)
            if context.section.start not in above:
                above[context.section.start] = _above(context, finder)
        votes, near = cue_votes(context, scene)
        at = Spoken(context_keys(context, window), votes, window.pairs)
        gathered.append(Evidence(context, scene, (at, before, above[context.section.start]), near, whole))
    return gathered


def _preceding(context: Context, cues: Sequence[Cue], starts: Sequence[int]) -> Sequence[Cue]:
    """The cues in the text before the sentence, within its section; `cues` are all of the file."""
    end = context.sentence.start
    begin = bisect_left(starts, max(context.section.body, end - PRECEDING))
    return [cue for cue in cues[begin : bisect_left(starts, end)] if cue.end <= end]


def _above(context: Context, finder: CueFinder) -> Spoken:
    """What the headings above the sentence and the title of its report say."""
    found: dict[str, list[Cue]] = {}
    for i, heading in enumerate(context.headings):
        found.setdefault(f"heading{min(i, 2)}", []).extend(finder.find(heading))
    found["title"] = finder.find(context.report.title or "")
    return Spoken(heading_keys(context), outer_votes(found), NO_CODES)


def settle(evidence: Sequence[Evidence], model: TopicModel) -> list[Decision]:
    """The topic of each quantity of one file: round one alone, round two with what round one says of the others."""
    if not evidence:
        return []
    scores = scores_of(evidence, model.both)
    alone = top(scores[:, 0])
    shares = share_votes([e.context for e in evidence], alone)
    weights = model.together.weights
    decided: list[str] = []
    votes: list[tuple[Vote, ...]] = []
    together: list[list[float]] = scores[:, 1].tolist()
    for i, (e, mine) in enumerate(zip(evidence, together, strict=True)):
        others = vote_together(evidence, i, decided, alone, shares[i])
        for feature, topic, _ in others:
            if feature in weights:
                mine[PLACE[topic]] += weights[feature]
        decided.append(TOPICS[mine.index(max(mine))])
        votes.append(e.votes + others)
    return [Decision(*d) for d in zip(decided, chances(np.array(together)), votes, strict=True)]


def scores_of(evidence: Sequence[Evidence], weights: Weights) -> NDArray[np.float32]:
    """The scores of Weights.scores for each quantity of one file."""
    spoken = {id(s): s for e in evidence for s in e.spoken}
    row = {name: i for i, name in enumerate(spoken)}
    mine = np.array([[row[id(s)] for s in e.spoken] for e in evidence])
    found: NDArray[np.float32] = weights.scores(list(spoken.values()))[mine].sum(axis=1)
    return found


def keys_of(evidence: Evidence) -> tuple[str, ...]:
    """The names of all keys of the context, as the table of weights has them; the measure comes first."""
    keys: list[str] = []
    for s in evidence.spoken:
        keys += s.keys
        keys += map(name_of, s.pairs.tolist())
        keys += [vote_key(feature, topic) for feature, topic, _ in s.votes]
    return tuple(keys)


def vote_together(
    evidence: Sequence[Evidence], i: int, decided: Sequence[str], alone: Sequence[str], shares: Sequence[Vote]
) -> tuple[Vote, ...]:
    """The votes of the neighbours of quantity `i`: `decided` before it, `alone` after it, `shares` around it."""
    e = evidence[i]
    index, last = e.context.index, len(e.context.row) - 1
    before = decided[i - 1] if index else None
    after = alone[i + 1] if index < last else None
    earlier = decided[i - 1] if i and not index and evidence[i - 1].context.section == e.context.section else None
    parts = whole_votes(e.near, e.context.quantity.measure, decided[e.whole]) if e.whole is not None else ()
    neighbours = neighbour_votes(e.context, e.scene, e.near, before, after, earlier)
    return (*shares, *parts, *neighbours)


def decide_topics(
    contexts: Sequence[Context], wholes: Sequence[int | None], rules: RuleSet, model: TopicModel
) -> tuple[Topic, ...]:
    """The topic and subject of each quantity of one file, given in the order of the text; `wholes` as for gather."""
    evidence = gather(contexts, wholes, rules)
    subjects = subjects_of(contexts, [e.scene for e in evidence], rules, tokeniser(rules))
    topics: list[Topic] = []
    for context, subject, (topic, confidence, votes) in zip(contexts, subjects, settle(evidence, model), strict=True):
        rule = model.together.decider(votes, topic) or f"bias.{context.quantity.measure}"
        topics.append(Topic(topic, subject, rule, confidence, votes))
    return _inherit_subjects(topics, contexts)


def _inherit_subjects(topics: list[Topic], contexts: Sequence[Context]) -> tuple[Topic, ...]:
    """Gives a quantity without a noun of its own the subject of the one before it, or after it for money."""
    for i, context in enumerate(contexts):
        if topics[i].subject:
            continue
        last = len(context.row) - 1
        if context.index and topics[i - 1].topic == topics[i].topic:
            topics[i] = replace(topics[i], subject=topics[i - 1].subject)
        elif context.index < last and topics[i + 1].topic == topics[i].topic:
            topics[i] = replace(topics[i], subject=topics[i + 1].subject)
    return tuple(topics)
