"""What speaks for which topic beside the votes of cues (votes.py): keys of the context, and neighbouring quantities.

The feature of a vote is a short string such as "previous.pair.thing.same"; its weight is shared by all topics.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from pipeline.clauses import Piece, lay_out, relation
from pipeline.records import Context
from pipeline.topics.pairs import Around
from pipeline.topics.votes import STAND, Vote

TOUCHING = range(1, 5)  # how many of the characters that touch a number are looked at
HEADING_WINDOW = 40  # characters of the heading whose pairs are looked at
VOTE = "v"  # what the key of a vote begins with


class Scene(NamedTuple):
    """How the quantities of a sentence, its cues and its clauses lie to each other."""

    stands: tuple[tuple[int, ...], ...]  # for each quantity, where each of the cues stands (votes.STAND)
    joints: tuple[str, ...]  # how each quantity but the first is joined to the one before it


def scene_of(context: Context, starts: Sequence[int]) -> Scene:
    """The scene of the sentence of `context`; `starts` are the starts of the cues of the file."""
    zero, end = context.sentence.start, context.sentence.end
    layout = lay_out(context.text[zero:end])
    mine = starts[bisect_left(starts, zero) : bisect_left(starts, end)]
    cue_pieces = [layout.at(start - zero) for start in mine]
    pieces = [layout.at(q.start - zero) for q in context.row]
    clauses = {piece.clauses[0]: piece for piece in cue_pieces}
    stands = {}
    for own in {piece.clauses[0]: piece for piece in pieces}.values():
        relations = {clause: STAND[relation(piece, own)] for clause, piece in clauses.items()}
        stands[own.clauses[0]] = tuple([relations[piece.clauses[0]] for piece in cue_pieces])
    gaps = [context.text[left.end : right.start] for left, right in pairwise(context.row)]
    joints = ("", *(_joint(gap, *both) for gap, both in zip(gaps, pairwise(pieces), strict=True)))
    return Scene(tuple([stands[piece.clauses[0]] for piece in pieces]), joints)


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
    context: Context,
    joints: Sequence[str],
    near: str,
    before: str | None,
    after: str | None,
    sentence_before: str | None,
) -> list[Vote]:
    """The votes of the quantities before and after, given their topics (None: there is none)."""
    row, i = context.row, context.nth
    measure = row[i].measure
    votes = []
    if before is not None and i:
        same = "same" if row[i - 1].measure == measure else "other"
        votes.append(Vote(f"previous.{joints[i]}.{near}.{same}", before, "neighbour.previous"))
        votes.append(Vote(f"previous.{joints[i]}.{near}.{measure}", before, "neighbour.previous"))
    if after is not None and i + 1 < len(row):
        money = measure if measure in ("yuan", "mu", "square_metres") else "count"
        votes.append(Vote(f"next.{joints[i + 1]}.{near}.{money}", after, "neighbour.next"))
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
    sections, reports = [c.section.start for c in contexts], [c.report.start for c in contexts]
    by_section, by_report = _shares("section", sections, topics), _shares("report", reports, topics)
    each = zip(sections, reports, topics, strict=True)
    return [by_section[section, own] + by_report[report, own] for section, report, own in each]


def _shares(place: str, starts: Sequence[int], topics: Sequence[str]) -> dict[tuple[int, str], tuple[Vote, ...]]:
    """The votes of a section or report, by its start, for one of its quantities that itself counts a topic."""
    pairs = Counter(zip(starts, topics, strict=True))
    groups: dict[int, dict[str, int]] = defaultdict(dict)
    for (start, topic), n in pairs.items():
        groups[start][topic] = n
    others = {start: sum(group.values()) - 1 for start, group in groups.items()}
    found = {}
    for start, own in pairs:
        sized = [(topic, _size_of(n - (topic == own), others[start])) for topic, n in groups[start].items()]
        found[start, own] = tuple(
            [Vote(f"{place}.{size}", topic, f"neighbour.{place}") for topic, size in sized if size]
        )
    return found


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
