"""Quantity in context -> topic and subject.

Cues of rules/topics vote by where they stand (features.py), the fitted weights turn votes into a topic (model.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.records import Context, Topic
from pipeline.rules import RuleSet
from pipeline.tokens import tokeniser
from pipeline.topics.cues import Cue, CueFinder, cue_finder
from pipeline.topics.features import (
    Scene,
    Vote,
    context_keys,
    cue_votes,
    neighbour_votes,
    outer_votes,
    scene_of,
    share_votes,
    vote_keys,
    whole_votes,
)
from pipeline.topics.model import TopicModel, best, top
from pipeline.topics.subject import subject_of

PRECEDING = 80  # characters before the sentence, within its section, whose cues may speak for it


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a topic without looking at the topics of other quantities."""

    context: Context
    scene: Scene
    keys: tuple[str, ...]  # of the context and of its votes (features.context_keys, features.vote_keys)
    votes: tuple[Vote, ...]
    near: str
    whole: int | None  # index of the quantity that this one is a part of


def gather(contexts: Sequence[Context], wholes: Sequence[int | None], rules: RuleSet) -> list[Evidence]:
    """The evidence for each of the quantities of one file, given in the order of the text.

    `wholes` holds for each the index of the quantity that it is stated to be a part of (attributes.link_parts).
    """
    if not contexts:
        return []
    text, finder = contexts[0].text, cue_finder(rules)
    cues = finder.find(text)
    starts = [c.start for c in cues]
    memo: dict[str, list[Cue]] = {}
    gathered: list[Evidence] = []
    scene: Scene | None = None
    outer: list[Vote] = []
    outer_keys: tuple[str, ...] = ()
    for context, whole in zip(contexts, wholes, strict=True):
        if scene is None or context.index == 0:
            scene = scene_of(context, cues, starts)
            outer = outer_votes(_outer(context, finder, memo))
            outer_keys = vote_keys(outer)
        own, near = cue_votes(context, scene)
        keys = (*context_keys(context), *vote_keys(own), *outer_keys)
        gathered.append(Evidence(context, scene, keys, (*own, *outer), near, whole))
    return gathered


def _outer(context: Context, finder: CueFinder, memo: dict[str, list[Cue]]) -> list[tuple[str, list[Cue]]]:
    """The cues outside the sentence: text before it in its section, the headings above, the title."""
    begin = max(context.section.body, context.sentence.start - PRECEDING)
    places = [("preceding", context.text[begin : context.sentence.start])]
    places += [(f"heading{min(i, 2)}", heading) for i, heading in enumerate(context.headings)]
    places.append(("title", context.report.title or ""))
    found = []
    for place, text in places:
        if text not in memo:
            memo[text] = finder.find(text)
        found.append((place, memo[text]))
    return found


def vote_together(
    evidence: Sequence[Evidence], i: int, decided: Sequence[str], alone: Sequence[str], shares: Sequence[Vote]
) -> list[Vote]:
    """The votes for quantity `i` with those of its neighbours: `decided` before, `alone` after, `shares` around it."""
    e = evidence[i]
    index, last = e.context.index, len(e.context.row) - 1
    before = decided[i - 1] if index else None
    after = alone[i + 1] if index < last else None
    earlier = decided[i - 1] if i and not index and evidence[i - 1].context.section == e.context.section else None
    parts = whole_votes(e.near, e.context.quantity.measure, decided[e.whole]) if e.whole is not None else ()
    return [*e.votes, *shares, *parts, *neighbour_votes(e.context, e.scene, e.near, before, after, earlier)]


def decide_topics(
    contexts: Sequence[Context], wholes: Sequence[int | None], rules: RuleSet, model: TopicModel
) -> tuple[Topic, ...]:
    """The topic and subject of each quantity of one file, given in the order of the text; `wholes` as for gather."""
    evidence = gather(contexts, wholes, rules)
    alone = [top(model.alone.scores(e.keys, e.votes)) for e in evidence]
    shares = share_votes(contexts, alone)
    decided: list[str] = []
    topics: list[Topic] = []
    tokenise = tokeniser(rules)
    for i, e in enumerate(evidence):
        quantity = e.context.quantity
        votes = vote_together(evidence, i, decided, alone, shares[i])
        topic, confidence = best(model.together.scores(e.keys, votes))
        weighed = model.together.weigh(votes, topic)
        rule = weighed[0][1] if weighed and weighed[0][0] == topic else f"bias.{quantity.measure}"
        decided.append(topic)
        topics.append(Topic(topic, subject_of(e.context, e.scene.cues, rules, tokenise), rule, confidence, weighed))
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
