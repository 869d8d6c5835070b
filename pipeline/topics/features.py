"""What speaks for which topic: votes of cues by where they stand, and of the neighbouring quantities.

A feature is a short string such as "left.thing.touching"; it votes for one topic. Its weight is shared by all topics
(model.py), so a new word in rules/ needs no training to count.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from pipeline.clauses import Piece, lay_out, relation
from pipeline.records import Context, Quantity
from pipeline.topics.cues import Cue
from pipeline.topics.pairs import Around

# A cue within this many characters of its number is near: the length of a usual noun phrase (标准化村卫生室).
NEAR = 6
TOUCHING = range(1, 5)  # how many of the characters that touch a number are looked at
HEADING_WINDOW = 40  # characters of the heading whose pairs are looked at
AT = ("left", "right", "inside")  # the places of cues right at the number
VOTE = "v"  # what the key of a vote begins with
KINDS = ("thing", "act", "group", "frame")  # of cues, the strongest first


class Vote(NamedTuple):
    """One feature that speaks for `topic`; `rule` is the id of the cue behind it, if one is."""

    feature: str
    topic: str
    rule: str


class Scene(NamedTuple):
    """The cues and quantities of a sentence, and how its clauses lie to each other."""

    cues: tuple[Cue, ...]
    starts: tuple[int, ...]  # of the cues
    row: tuple[Quantity, ...]
    pieces: tuple[Piece, ...]  # of the quantities
    # Where each cue stands (clauses.relation), seen from the clause of a quantity; by the number of that clause.
    stands: Mapping[int, tuple[str, ...]]
    joints: tuple[str, ...]  # how each quantity but the first is joined to the one before it


def scene_of(context: Context, cues: Sequence[Cue], starts: Sequence[int]) -> Scene:
    """The scene of the sentence of `context`; `starts` are the starts of all `cues` of the file."""
    zero, end = context.sentence.start, context.sentence.end
    layout = lay_out(context.text[zero:end])
    mine = slice(bisect_left(starts, zero), bisect_left(starts, end))
    cue_pieces = [layout.at(start - zero) for start in starts[mine]]
    pieces = tuple([layout.at(q.start - zero) for q in context.row])
    clauses = {piece.clauses[0]: piece for piece in cue_pieces}
    stands = {}
    for own in {piece.clauses[0]: piece for piece in pieces}.values():
        relations = {clause: relation(piece, own) for clause, piece in clauses.items()}
        stands[own.clauses[0]] = tuple([relations[piece.clauses[0]] for piece in cue_pieces])
    row = context.row
    gaps = [context.text[left.end : right.start] for left, right in pairwise(row)]
    joints = ("", *(_joint(gap, *both) for gap, both in zip(gaps, pairwise(pieces), strict=True)))
    return Scene(tuple(cues[mine]), tuple(starts[mine]), row, pieces, stands, joints)


def cue_votes(context: Context, scene: Scene) -> tuple[tuple[Vote, ...], str]:
    """The votes of the cues in the sentence for the quantity of `context`, and the strongest kind of cue right at it.

    Cues farther off are weighed by what stands at the number: with a noun of its own it asks them less.
    """
    found: dict[tuple[str, str, str], tuple[str, str]] = {}  # place, kind, topic -> how close, rule
    # From the number outwards on both sides, so that the first cue of a place is the nearest one.
    middle = bisect_right(scene.starts, context.quantity.start)
    edges = _edges(context)
    _look_along(range(middle - 1, -1, -1), context, scene, edges, found)
    _look_along(range(middle, len(scene.cues)), context, scene, edges, found)
    at = {kind for place, kind, _ in found if place in AT}
    near = next((kind for kind in KINDS if kind in at), "none")
    votes = [
        Vote(f"{place}.{kind}.{rank}" if place in AT else f"{place}.{kind}.{rank}.{near}", topic, rule)
        for (place, kind, topic), (rank, rule) in found.items()
    ]
    return tuple(votes), near


def _look_along(
    side: range,
    context: Context,
    scene: Scene,
    edges: tuple[int, int],
    found: dict[tuple[str, str, str], tuple[str, str]],
) -> None:
    """Adds the cues of one side of the number, nearest first: the first of each place, kind and topic.

    In the clause of the number the place is left, right, inside, or beyond a neighbour (leftmore, rightmore);
    touching, near, first or rest tell how close a cue stands among those of its place.
    """
    quantity, (left_edge, right_edge) = context.quantity, edges
    begin, behind, measure = quantity.start, quantity.end, quantity.measure
    stands, cues = scene.stands[scene.pieces[context.index].clauses[0]], scene.cues
    taken = set()
    for i in side:
        start, end, rule = cues[i]
        if rule.measures and measure not in rule.measures:
            continue
        place, gap = stands[i], None
        if place == "here":
            if start < begin:
                place, gap = ("left", begin - end) if start >= left_edge else ("leftmore", None)
            elif start < behind:
                place = "inside"
            else:
                place, gap = ("right", start - behind) if start < right_edge else ("rightmore", None)
        if place in taken:
            rank = "rest"
        else:
            taken.add(place)
            rank = "first" if gap is None or gap > NEAR else "near" if gap > 1 else "touching"
        key = place, rule.kind, rule.topic
        if key not in found:
            found[key] = rank, rule.id


def _edges(context: Context) -> tuple[int, int]:
    """How far the text directly left and right of the number reaches: to the next quantity or list comma."""
    left, right = context.edges
    comma = context.text.find("、", context.quantity.end, right)
    return left, comma if comma >= 0 else right


def outer_votes(cues_at: Mapping[str, Sequence[Cue]]) -> tuple[Vote, ...]:
    """The votes of cues outside the sentence, by place ("heading0", …); one vote a place, kind and topic."""
    found: dict[tuple[str, str, str], Vote] = {}
    for place, cues in cues_at.items():
        for _, _, rule in cues:
            key = place, rule.kind, rule.topic
            if key not in found:
                found[key] = Vote(f"{place}.{rule.kind}", rule.topic, rule.id)
    return tuple(found.values())


def context_keys(context: Context, around: Around) -> tuple[str, ...]:
    """What stands right at the number, as keys of weights that each topic has of its own.

    measure and unit; L and R: the 1 to 4 characters that touch it; k: the kind of its section with the measure.
    """
    quantity, left, right = context.quantity, around.left, around.right
    measure = quantity.measure
    keys = [measure, f"unit.{quantity.unit}", f"k{context.section.kind}.{measure}"]
    keys += [f"L{left[-k:]}" for k in TOUCHING[: len(left)]]
    keys += [f"R{right[:k]}" for k in TOUCHING[: len(right)]]
    return tuple(keys)


def heading_keys(context: Context) -> tuple[str, ...]:
    """h: the pairs of characters of the nearest heading."""
    heading = context.headings[0][:HEADING_WINDOW] if context.headings else ""
    return tuple(dict.fromkeys([f"h{heading[i : i + 2]}" for i in range(len(heading) - 1)]))


def vote_key(feature: str, topic: str) -> str:
    """A vote as a key of the context: a crop named at the left speaks, by less, for land and income too."""
    return f"{VOTE}{feature}.{topic}"


def neighbour_votes(
    context: Context, scene: Scene, near: str, before: str | None, after: str | None, sentence_before: str | None
) -> list[Vote]:
    """The votes of the quantities before and after, given their topics (None: there is none)."""
    row, i = context.row, context.index
    measure = row[i].measure
    votes = []
    if before is not None and i:
        same = "same" if row[i - 1].measure == measure else "other"
        votes.append(Vote(f"previous.{scene.joints[i]}.{near}.{same}", before, "neighbour.previous"))
        votes.append(Vote(f"previous.{scene.joints[i]}.{near}.{measure}", before, "neighbour.previous"))
    if after is not None and i + 1 < len(row):
        money = measure if measure in ("yuan", "mu", "square_metres") else "count"
        votes.append(Vote(f"next.{scene.joints[i + 1]}.{near}.{money}", after, "neighbour.next"))
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
    known: dict[tuple[tuple[str, int], str], list[Vote]] = {}
    for both, own in zip(places, topics, strict=True):
        for place in both:
            if (place, own) not in known:
                known[place, own] = _shares_of(place[0], groups[place], own)
    return [(*known[section, own], *known[report, own]) for (section, report), own in zip(places, topics, strict=True)]


def _shares_of(place: str, group: Counter[str], own: str) -> list[Vote]:
    """The votes of a section or report for one of its quantities, which itself counts `own`."""
    others = group.total() - 1
    sized = [(topic, _size_of(n - (topic == own), others)) for topic, n in group.items()]
    return [Vote(f"{place}.{size}", topic, f"neighbour.{place}") for topic, size in sized if size]


def _size_of(n: int, others: int) -> str:
    """most, many or some: how many of the others share a topic; "" for few."""
    if not n or n * 10 < others:
        return ""
    return "most" if n * 2 > others else "many" if n * 4 > others else "some"


def _joint(gap: str, left: Piece, right: Piece) -> str:
    """How two neighbouring quantities are joined: pair, list, clause, comma, bracket, stretch or far."""
    gap = gap.strip()
    if gap in ("", "、", ",", "，"):
        return "pair"
    place = relation(left, right)
    if place == "here":
        return "list" if "、" in gap else "clause"
    return {"before": "comma", "earlier": "earlier", "host": "bracket", "aside": "aside"}.get(place, "far")
