"""Quantity in context -> topic and subject.

Cues of rules/topics vote by where they stand (features.py), the fitted weights turn votes into a topic (model.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.records import Context, Topic
from pipeline.rules import RuleSet
from pipeline.tokens import tokeniser
from pipeline.topics.cues import PLACE, TOPICS, CueFinder, Cues, cue_finder
from pipeline.topics.features import (
    context_keys,
    heading_keys,
    neighbour_votes,
    scene_of,
    share_votes,
    vote_key,
    whole_votes,
)
from pipeline.topics.model import Round, Spoken, TopicModel, Weights, chances, top
from pipeline.topics.pairs import NO_CODES, name_of, windows_of
from pipeline.topics.subject import subjects_of
from pipeline.topics.votes import PRECEDING, Vote, named, votes_above, votes_before, votes_in_sentences


class Evidence(NamedTuple):
    """What speaks for a topic without looking at the topics of other quantities."""

    context: Context
    joints: tuple[str, ...]  # of the quantities of its sentence (features.Scene)
    # At the number; before its sentence, alike for all quantities of it; and above it, alike for all of its section.
    spoken: tuple[Spoken, Spoken, Spoken]
    near: str  # the strongest kind of cue right at the number
    whole: int | None  # index of the quantity that this one is a part of
    finder: CueFinder

    @property
    def votes(self) -> tuple[Vote, ...]:
        """The votes of all cues."""
        return named(np.concatenate([s.votes for s in self.spoken]), self.finder)


class Decision(NamedTuple):
    """The topic of a quantity, its probability, the rule of the strongest vote for it, and the votes of others."""

    topic: str
    confidence: float
    rule: str
    others: tuple[Vote, ...]


def gather(contexts: Sequence[Context], wholes: Sequence[int | None], rules: RuleSet) -> list[Evidence]:
    """The evidence for each of the quantities of one file, given in the order of the text.

    `wholes` holds for each the index of the quantity that it is stated to be a part of (attributes.link_parts).
    """
    return _gather(contexts, wholes, cue_finder(rules), cue_finder(rules).find(contexts[0].text)) if contexts else []


def _gather(contexts: Sequence[Context], wholes: Sequence[int | None], finder: CueFinder, cues: Cues) -> list[Evidence]:
    starts = cues.starts.tolist()
    firsts = [c for c in contexts if c.nth == 0]  # of their sentences
    scenes = [scene_of(c, starts) for c in firsts]
    stands = [*chain.from_iterable(chain.from_iterable(scene.stands for scene in scenes))]
    at, near = votes_in_sentences(contexts, stands, cues, finder)
    before = _before(firsts, cues, finder)
    above = _above(firsts, finder)
    sentence, gathered = -1, []
    for i, (context, window) in enumerate(zip(contexts, windows_of(contexts), strict=True)):
        sentence += context.nth == 0
        own = Spoken(context_keys(context, window), at[i], window.pairs)
        spoken = own, before[sentence], above[context.section.start]
        gathered.append(Evidence(context, scenes[sentence].joints, spoken, near[i], wholes[i], finder))
    return gathered


def _before(firsts: Sequence[Context], cues: Cues, finder: CueFinder) -> list[Spoken]:
    """What the text before each sentence says, within its section."""
    ends = [c.sentence.start for c in firsts]
    begins = [max(c.section.body, end - PRECEDING) for c, end in zip(firsts, ends, strict=True)]
    return [Spoken((), votes, NO_CODES) for votes in votes_before(begins, ends, cues, finder)]


def _above(firsts: Sequence[Context], finder: CueFinder) -> dict[int, Spoken]:
    """What the headings above each section and the title of its report say, by the start of the section."""
    sections = list({c.section.start: c for c in firsts}.values())
    texts = [
        [*((f"heading{min(i, 2)}", heading) for i, heading in enumerate(c.headings)), ("title", c.report.title or "")]
        for c in sections
    ]
    votes = votes_above(texts, finder)
    return {c.section.start: Spoken(heading_keys(c), v, NO_CODES) for c, v in zip(sections, votes, strict=True)}


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
    for i, mine in enumerate(together):
        others = vote_together(evidence, i, decided, alone, shares[i])
        for feature, topic, _ in others:
            if feature in weights:
                mine[PLACE[topic]] += weights[feature]
        decided.append(TOPICS[mine.index(max(mine))])
        votes.append(others)
    deciders = _deciders(evidence, decided, votes, model.together)
    return [Decision(*d) for d in zip(decided, chances(np.array(together)), deciders, votes, strict=True)]


def _deciders(
    evidence: Sequence[Evidence], decided: Sequence[str], others: Sequence[Sequence[Vote]], round_: Round
) -> list[str]:
    """For each quantity the rule of the vote that spoke most for its topic, that of cues or of others."""
    strongest: list[list[tuple[float, str]]] = [[] for _ in evidence]
    finder = evidence[0].finder
    votes = np.concatenate([s.votes for e in evidence for s in e.spoken])
    owner = np.repeat(np.arange(len(evidence)), [sum(len(s.votes) for s in e.spoken) for e in evidence])
    chosen = votes[:, 1] == np.array([PLACE[topic] for topic in decided])[owner]
    (feature, _, rule), owner = votes[chosen].T, owner[chosen]
    weight = round_.of_features[feature]
    order = np.lexsort((finder.ranks[rule], -weight, owner))
    best = order[np.unique(owner[order], return_index=True)[1]]
    for i, w, name in zip(owner[best].tolist(), weight[best].tolist(), rule[best].tolist(), strict=True):
        strongest[i].append((-w, finder.names[name]))
    for found, topic, some in zip(strongest, decided, others, strict=True):
        found += [(-round_.weights.get(vote.feature, 0.0), vote.rule) for vote in some if vote.topic == topic]
    return [
        min(found)[1] if found else f"bias.{e.context.quantity.measure}"
        for found, e in zip(strongest, evidence, strict=True)
    ]


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
        keys += [vote_key(feature, topic) for feature, topic, _ in named(s.votes, evidence.finder)]
    return tuple(keys)


def vote_together(
    evidence: Sequence[Evidence], i: int, decided: Sequence[str], alone: Sequence[str], shares: Sequence[Vote]
) -> tuple[Vote, ...]:
    """The votes of the neighbours of quantity `i`: `decided` before it, `alone` after it, `shares` around it."""
    e = evidence[i]
    index, last = e.context.nth, len(e.context.row) - 1
    before = decided[i - 1] if index else None
    after = alone[i + 1] if index < last else None
    earlier = decided[i - 1] if i and not index and evidence[i - 1].context.section == e.context.section else None
    parts = whole_votes(e.near, e.context.quantity.measure, decided[e.whole]) if e.whole is not None else ()
    neighbours = neighbour_votes(e.context, e.joints, e.near, before, after, earlier)
    return (*shares, *parts, *neighbours)


def decide_topics(
    contexts: Sequence[Context],
    wholes: Sequence[int | None],
    rules: RuleSet,
    model: TopicModel,
    *,
    told: bool = False,
) -> tuple[Topic, ...]:
    """The topic and subject of each quantity of one file, given in the order of the text; `wholes` as for gather.

    `told`: with all votes, for those who show them.
    """
    if not contexts:
        return ()
    finder = cue_finder(rules)
    cues = finder.find(contexts[0].text)
    evidence = _gather(contexts, wholes, finder, cues)
    subjects = subjects_of(contexts, cues, rules, tokeniser(rules))
    topics: list[Topic] = []
    for e, subject, (topic, confidence, rule, others) in zip(evidence, subjects, settle(evidence, model), strict=True):
        topics.append(Topic(topic, subject, rule, confidence, e.votes + others if told else ()))
    return _inherit_subjects(topics, contexts)


def _inherit_subjects(topics: list[Topic], contexts: Sequence[Context]) -> tuple[Topic, ...]:
    """Gives a quantity without a noun of its own the subject of the one before it, or after it for money."""
    for i, context in enumerate(contexts):
        if topics[i].subject:
            continue
        last = len(context.row) - 1
        if context.nth and topics[i - 1].topic == topics[i].topic:
            topics[i] = topics[i]._replace(subject=topics[i - 1].subject)
        elif context.nth < last and topics[i + 1].topic == topics[i].topic:
            topics[i] = topics[i]._replace(subject=topics[i + 1].subject)
    return tuple(topics)
