"""The votes of cues by where they stand, worked out for all numbers of a file at once by array operations.

A feature is a short string such as "left.thing.touching" or "before.group.first.none": the place of the cue, its kind,
how close it stands among the cues of its place, and, farther off, the strongest kind of cue right at the number. Its
weight is shared by all topics (model.py), so a new word in rules/ needs no training to count. Here it is a number, the
place of its name in FEATURES; a table of votes has a row for each: feature, topic (of TOPICS), rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from pipeline.records import Context
from pipeline.topics.cues import KINDS, MEASURES, TOPICS, CueFinder, Cues, Numbers
from pipeline.topics.pairs import characters_of, spread

# A cue within this many characters of its number is near: the length of a usual noun phrase (标准化村卫生室).
NEAR = 6
PRECEDING = 80  # characters before the sentence, within its section, whose cues may speak for it

# In the clause of the number, at it and beyond its neighbours; in other clauses (clauses.relation); outside.
AT, MORE = ("left", "right", "inside"), ("leftmore", "rightmore")
ELSEWHERE = ("host", "aside", "before", "after", "earlier", "later", "past", "future")
OUTSIDE = ("preceding", "heading0", "heading1", "heading2", "title")
PLACES = (*AT, *MORE, *ELSEWHERE, *OUTSIDE)
RANKS = ("touching", "near", "first", "rest")
STRONGEST = (*KINDS, "none")  # kinds of cue right at the number
LEFT, RIGHT, INSIDE, LEFTMORE, RIGHTMORE = range(5)
HERE = -1  # in the clause of the number
TOUCHING, CLOSE, FIRST, REST = range(4)


def _name(place: str, kind: str, rank: str, strongest: str) -> str:
    if place in OUTSIDE:
        return f"{place}.{kind}"
    return f"{place}.{kind}.{rank}" if place in AT else f"{place}.{kind}.{rank}.{strongest}"


FEATURES = [_name(*parts) for parts in product(PLACES, KINDS, RANKS, STRONGEST)]
STAND = {"here": HERE, **{place: PLACES.index(place) for place in ELSEWHERE}}


class Vote(NamedTuple):
    """One feature that speaks for `topic`; `rule` is the id of the cue behind it, if one is."""

    feature: str
    topic: str
    rule: str


def named(votes: Numbers, finder: CueFinder) -> tuple[Vote, ...]:
    """A table of votes in words."""
    return tuple([Vote(FEATURES[f], TOPICS[topic], finder.names[rule]) for f, topic, rule in votes.tolist()])


def votes_in_sentences(
    contexts: Sequence[Context], stands: Sequence[int], cues: Cues, finder: CueFinder
) -> tuple[list[Numbers], list[str]]:
    """The votes for each quantity of the cues in its sentence, and the strongest kind of cue right at it.

    `stands` tells for each quantity, and each cue of its sentence, where the cue stands seen from it (STAND). Of the
    cues of one place, kind and topic the nearest votes. Those farther off are weighed by what stands at the number:
    with a noun of its own it asks them less.
    """
    begins, behinds, lefts, rights, measures, sentence_starts, sentence_ends = _bounds(contexts)
    owner, cue = spread(np.searchsorted(cues.starts, sentence_starts), np.searchsorted(cues.starts, sentence_ends))
    place = np.array(stands, dtype=np.int64)
    heard = finder.measures[cues.rules[cue]] >> measures[owner] & 1 > 0
    owner, cue, place = owner[heard], cue[heard], place[heard]
    start, begin, behind = cues.starts[cue], begins[owner], behinds[owner]
    # In the clause of the number: where exactly, and how many characters lie between.
    here = place == HERE
    before, after = here & (start < begin), here & (start >= behind)
    place[here] = INSIDE
    place[before] = np.where(start >= lefts[owner], LEFT, LEFTMORE)[before]
    place[after] = np.where(start < rights[owner], RIGHT, RIGHTMORE)[after]
    gap = np.where(place == LEFT, begin - cues.ends[cue], np.where(place == RIGHT, start - behind, NEAR + 1))
    # From the number outwards, first on the left side, then on the right.
    right = start > begin
    side = owner * 2 + right
    order = np.lexsort((np.where(right, cue, -cue), side))
    owner, cue, place, gap = owner[order], cue[order], place[order], gap[order]
    rank = np.full(len(owner), REST)
    first = np.unique(side[order] * len(PLACES) + place, return_index=True)[1]
    rank[first] = np.where(gap[first] <= 1, TOUCHING, np.where(gap[first] <= NEAR, CLOSE, FIRST))
    rule = cues.rules[cue]
    kept = _distinct(owner, place, rule, finder)
    owner, place, rank, rule = owner[kept], place[kept], rank[kept], rule[kept]
    kind, at = finder.kinds[rule], place < len(AT)
    strongest = np.full(len(contexts), len(KINDS))
    np.minimum.at(strongest, owner[at], kind[at])
    votes = _tables(owner, place, rank, strongest[owner], rule, finder, len(contexts))
    return votes, [STRONGEST[i] for i in strongest.tolist()]


def _bounds(contexts: Sequence[Context]) -> tuple[Numbers, ...]:
    """For each quantity: start, end, how far the text right beside it reaches, its measure, and its sentence.

    That text goes left and right to the next quantity, on the right no farther than a list comma; the measure is its
    number in MEASURES, the sentence its start and its end.
    """
    rows = [
        (q.start, q.end, left, right, MEASURES[q.measure], c.sentence.start, c.sentence.end)
        for c in contexts
        for q, (left, right) in [(c.quantity, c.edges)]
    ]
    table = np.array(rows, dtype=np.int64).reshape(-1, 7).T
    text = contexts[0].text
    commas = np.append(np.flatnonzero(characters_of(text) == ord("、")), len(text))
    table[3] = np.minimum(table[3], commas[np.searchsorted(commas, table[1])])
    return tuple(table)


def votes_before(begins: Sequence[int], ends: Sequence[int], cues: Cues, finder: CueFinder) -> list[Numbers]:
    """The votes of the cues in each stretch of text from begins[i] to ends[i]."""
    end = np.array(ends, dtype=np.int64)
    owner, cue = spread(np.searchsorted(cues.starts, begins), np.searchsorted(cues.starts, end))
    within = cues.ends[cue] <= end[owner]
    return _votes_outside(
        owner[within], np.zeros(int(within.sum()), np.int64), cues.rules[cue[within]], finder, len(ends)
    )


def votes_above(texts: Sequence[Sequence[tuple[str, str]]], finder: CueFinder) -> list[Numbers]:
    """The votes of the cues in texts outside the sections: for each of these the places (of OUTSIDE) and the texts."""
    rules_in = {text: finder.find(text).rules for text in {text for some in texts for _, text in some}}
    found = [(i, OUTSIDE.index(place), rules_in[text]) for i, some in enumerate(texts) for place, text in some]
    lengths = [len(rules) for _, _, rules in found]
    owner, place = (np.repeat(np.array([f[k] for f in found], dtype=np.int64), lengths) for k in (0, 1))
    return _votes_outside(owner, place, np.concatenate([rules for _, _, rules in found]), finder, len(texts))


def _votes_outside(owner: Numbers, place: Numbers, rule: Numbers, finder: CueFinder, owners: int) -> list[Numbers]:
    """One vote for each owner, place (of OUTSIDE), kind and topic."""
    kept = _distinct(owner, place, rule, finder)
    owner, place, rule = owner[kept], place[kept], rule[kept]
    none = np.zeros(len(owner), np.int64)
    return _tables(owner, place + PLACES.index(OUTSIDE[0]), none, none, rule, finder, owners)


def _distinct(owner: Numbers, place: Numbers, rule: Numbers, finder: CueFinder) -> Numbers:
    """The indices of the first of each owner, place, kind and topic."""
    said = finder.kinds[rule] * len(TOPICS) + finder.topics[rule]
    seen = (owner * len(PLACES) + place) * (len(KINDS) * len(TOPICS)) + said
    return np.sort(np.unique(seen, return_index=True)[1])


def _tables(
    owner: Numbers, place: Numbers, rank: Numbers, strongest: Numbers, rule: Numbers, finder: CueFinder, owners: int
) -> list[Numbers]:
    """The table of votes of each owner; `owner` is sorted."""
    feature = ((place * len(KINDS) + finder.kinds[rule]) * len(RANKS) + rank) * len(STRONGEST) + strongest
    table = np.stack((feature, finder.topics[rule], rule), axis=1)
    cuts = np.searchsorted(owner, np.arange(owners + 1)).tolist()
    return [table[cuts[i] : cuts[i + 1]] for i in range(owners)]
