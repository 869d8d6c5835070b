"""What speaks for which topic: votes of cues by where they stand, and of the neighbouring quantities.

A feature is a short string such as "left.thing.touching"; it votes for one topic. Its weight is shared by all topics
(model.py), so a new word in rules/ needs no training to count.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import regex

from pipeline.clauses import Piece, lay_out, relation
from pipeline.records import Context, Quantity
from pipeline.topics.cues import Cue

# A cue within this many characters of its number is near: the length of a usual noun phrase (标准化村卫生室).
NEAR = 6
# The windows in which pairs of characters are looked at, in characters: about two clauses before, one behind.
LEFT_WINDOW, RIGHT_WINDOW, HEADING_WINDOW = 14, 10, 40
AT = ("left.", "right.", "inside.")  # the features of cues right at the number
DIGITS = regex.compile(r"[0-9.]++")
CLAUSE_MARK = regex.compile(r"[，,：:；;。！？\n]")


class Vote(NamedTuple):
    """One feature that speaks for `topic`; `rule` is the id of the cue behind it, if one is."""

    feature: str
    topic: str
    rule: str


@dataclass(frozen=True, slots=True)
class Scene:
    """The cues and quantities of a sentence, and in which piece of it each stands."""

    cues: tuple[Cue, ...]
    cue_pieces: tuple[Piece, ...]
    row: tuple[Quantity, ...]
    row_pieces: tuple[Piece, ...]


def scene_of(context: Context, cues: Sequence[Cue], starts: Sequence[int]) -> Scene:
    """The scene of the sentence of `context`; `starts` are the starts of all `cues` of the file."""
    sentence = context.sentence
    zero = sentence.start
    layout = lay_out(context.text[zero : sentence.end])
    mine = tuple(cues[bisect_left(starts, zero) : bisect_left(starts, sentence.end)])
    return Scene(
        mine,
        tuple(layout.at(c.start - zero) for c in mine),
        context.row,
        tuple(layout.at(q.start - zero) for q in context.row),
    )


def cue_votes(context: Context, scene: Scene) -> tuple[list[Vote], str]:
    """The votes of the cues in the sentence for the quantity of `context`, and the strongest kind of cue right at it.

    Cues farther off are weighed by what stands at the number: with a noun of its own it asks them less.
    """
    quantity, own = context.quantity, scene.row_pieces[context.index]
    left_edge, right_edge = _edges(context, scene)
    found: list[Vote] = []
    seen: set[tuple[str, str, str]] = set()
    # From the number outwards on both sides, so that the first cue of a place is the nearest one.
    middle = bisect_right([c.start for c in scene.cues], quantity.start)
    for side in (range(middle - 1, -1, -1), range(middle, len(scene.cues))):
        first: set[str] = set()
        for i in side:
            cue = scene.cues[i]
            if cue.rule.measures and quantity.measure not in cue.rule.measures:
                continue
            place = _place(cue, quantity, relation(scene.cue_pieces[i], own), left_edge, right_edge)
            rank = _rank(place, cue, quantity, first)
            key = (place, cue.rule.kind, cue.rule.topic)
            if key not in seen:
                seen.add(key)
                found.append(Vote(f"{place}.{cue.rule.kind}.{rank}", cue.rule.topic, cue.rule.id))
    near = _strength_near(found)
    return [v if v[0].startswith(AT) else Vote(f"{v[0]}.{near}", v[1], v[2]) for v in found], near


def _edges(context: Context, scene: Scene) -> tuple[int, int]:
    """How far the text directly left and right of the number reaches: to the next quantity or list comma."""
    row, i, quantity = context.row, context.index, context.quantity
    left = row[i - 1].end if i else context.sentence.start
    right = row[i + 1].start if i + 1 < len(row) else context.sentence.end
    comma = context.text.find("、", quantity.end, right)
    return left, comma if comma >= 0 else right


def _place(cue: Cue, quantity: Quantity, place: str, left_edge: int, right_edge: int) -> str:
    if place != "here":
        return place
    if cue.start < quantity.start:
        return "left" if cue.start >= left_edge else "leftmore"
    if cue.start < quantity.end:
        return "inside"
    return "right" if cue.start < right_edge else "rightmore"


def _rank(place: str, cue: Cue, quantity: Quantity, first: set[str]) -> str:
    """touching, near, first or rest: how close the cue stands among those of its place."""
    fresh = place not in first
    first.add(place)
    if place not in ("left", "right"):
        return "first" if fresh else "rest"
    gap = quantity.start - cue.end if place == "left" else cue.start - quantity.end
    if not fresh:
        return "rest"
    return "touching" if gap <= 1 else "near" if gap <= NEAR else "first"


def outer_votes(texts: Sequence[tuple[str, Sequence[Cue]]]) -> list[Vote]:
    """The votes of cues outside the sentence: (place, cues) such as ("heading0", …); one vote a place and topic."""
    votes: list[Vote] = []
    for place, cues in texts:
        seen: set[tuple[str, str]] = set()
        for cue in cues:
            if (cue.rule.kind, cue.rule.topic) not in seen:
                seen.add((cue.rule.kind, cue.rule.topic))
                votes.append(Vote(f"{place}.{cue.rule.kind}", cue.rule.topic, cue.rule.id))
    return votes


def context_keys(context: Context) -> tuple[str, ...]:
    """What stands around the number, as keys of weights that each topic has of its own.

    measure and unit; L and R: the 1 to 4 characters that touch it; l and r: pairs of characters in its clause, m and s:
    also beyond; h: of the heading; k: the kind of its section with the measure. Digits are all 0.
    """
    quantity, sentence, text = context.quantity, context.sentence, context.text
    left = DIGITS.sub("0", text[max(sentence.start, quantity.start - LEFT_WINDOW) : quantity.start])
    right = DIGITS.sub("0", text[quantity.end : min(sentence.end, quantity.end + RIGHT_WINDOW)])
    keys = {f"L{left[-k:]}" for k in range(1, min(4, len(left)) + 1)}
    keys.update(f"R{right[:k]}" for k in range(1, min(4, len(right)) + 1))
    heading = context.headings[0][:HEADING_WINDOW] if context.headings else ""
    near = (("l", CLAUSE_MARK.split(left)[-1]), ("m", left), ("r", CLAUSE_MARK.split(right)[0]), ("s", right))
    for name, window in (*near, ("h", heading)):
        keys.update(name + window[i : i + 2] for i in range(len(window) - 1))
    return (quantity.measure, f"unit.{quantity.unit}", f"k{context.section.kind}.{quantity.measure}", *sorted(keys))


def vote_keys(votes: Sequence[Vote]) -> tuple[str, ...]:
    """Each vote as a key of the context: a crop named at the left speaks, by less, for land and income too."""
    return tuple(sorted({f"v{v.feature}.{v.topic}" for v in votes}))


def _strength_near(votes: Sequence[Vote]) -> str:
    """The strongest kind of cue that stands directly at the number: thing, act, group, frame or none."""
    kinds = {v.feature.split(".")[1] for v in votes if v.feature.startswith(AT)}
    for kind in ("thing", "act", "group", "frame"):
        if kind in kinds:
            return kind
    return "none"


def neighbour_votes(
    context: Context, scene: Scene, near: str, before: str | None, after: str | None, sentence_before: str | None
) -> list[Vote]:
    """The votes of the quantities before and after, given their topics (None: there is none)."""
    row, i = context.row, context.index
    votes = []
    if before is not None and i:
        relation = _relation(context.text, row[i - 1], row[i], scene, i)
        same = "same" if row[i - 1].measure == row[i].measure else "other"
        votes.append(Vote(f"previous.{relation}.{near}.{same}", before, "neighbour.previous"))
        votes.append(Vote(f"previous.{relation}.{near}.{row[i].measure}", before, "neighbour.previous"))
    if after is not None and i + 1 < len(row):
        relation = _relation(context.text, row[i], row[i + 1], scene, i + 1)
        money = row[i].measure if row[i].measure in ("yuan", "mu", "square_metres") else "count"
        votes.append(Vote(f"next.{relation}.{near}.{money}", after, "neighbour.next"))
    if sentence_before is not None and not i:
        votes.append(Vote(f"sentence.{near}", sentence_before, "neighbour.sentence"))
    return votes


def whole_votes(near: str, measure: str, topic: str) -> tuple[Vote, ...]:
    """The votes of the total that a quantity is a part of, which counts `topic`.

    In 到位资金2386万元,其中省级568万元 only the total says what the money is for.
    """
    return tuple(Vote(f"whole.{how}", topic, "neighbour.whole") for how in (near, measure))


def share_votes(contexts: Sequence[Context], topics: Sequence[str]) -> list[tuple[Vote, ...]]:
    """For each quantity the votes of the other quantities of its section and of its report, given all their topics.

    In a section on water an 入户210户 without a noun of its own counts for water too.
    """
    groups: dict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    places = [(("section", c.section.start), ("report", c.report.start)) for c in contexts]
    for both, topic in zip(places, topics, strict=True):
        for place in both:
            groups[place][topic] += 1
    votes: list[tuple[Vote, ...]] = []
    for both, own in zip(places, topics, strict=True):
        mine: list[Vote] = []
        for place in both:
            group = groups[place]
            others = group.total() - 1
            for topic, n in group.items():
                size = _size_of(n - (topic == own), others)
                if size:
                    mine.append(Vote(f"{place[0]}.{size}", topic, f"neighbour.{place[0]}"))
        votes.append(tuple(mine))
    return votes


def _size_of(n: int, others: int) -> str:
    """most, many or some: how many of the others share a topic; "" for few."""
    if not n or n * 10 < others:
        return ""
    return "most" if n * 2 > others else "many" if n * 4 > others else "some"


def _relation(text: str, left: Quantity, right: Quantity, scene: Scene, index: int) -> str:
    """How two neighbouring quantities are joined: pair, list, clause, comma, bracket, stretch or far."""
    gap = text[left.end : right.start].strip()
    if len(gap) <= 1 and gap in ("", "、", ",", "，"):
        return "pair"
    place = relation(scene.row_pieces[index - 1], scene.row_pieces[index])
    if place == "here":
        return "list" if "、" in gap else "clause"
    return {"before": "comma", "earlier": "earlier", "host": "bracket", "aside": "aside"}.get(place, "far")
