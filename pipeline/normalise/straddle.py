"""Text of GBK one byte out of step: each shown character holds the second byte of one and the first of the next.

娊M織 is 組織: 8A|BD 4D. The shift ends at an ASCII trail byte, or where a byte was left that makes no pair. The site
dropped pairs that fell into cells without a character (強化責任 is shown as 娀熑我: 8A|BB AF|D8 9F|C8 CE); they are put
back. What is possible is found exactly, by bytes; which of the possibilities it is, by a beam search (Lowerre 1976)
over the characters, scored by the words that they make. LONGEST and BEAM bound its cost; no clock is asked.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import NamedTuple

import regex

from pipeline.normalise import choices
from pipeline.normalise.choices import IN_STEP, Leads, Option, Options
from pipeline.normalise.gbk import cells, pair
from pipeline.normalise.readings import LOST_GLOSS, WHOLE_GLOSS, read_as
from pipeline.normalise.wording import EDGE, Model, Word

LONGEST = 80  # shown characters of one stretch that are looked at
BEAM = 32  # readings that are kept at each character
GAP = 10.0  # nats behind the best reading at which one is given up
MORE = 5.0  # nats that one may be further behind which has put in a character that is not shown
FEW = 12  # of the best are asked about what is seldom: a second dropped pair, an end of the shift without a trace
DOUBT = 0.8  # the most that the last character is believed if the shift ends without a trace
LONE = -4.0  # ln P of an end without a trace at a given character
MIXED = -4.0  # ln P of a character that only simplified texts have in a traditional one, or the other way round
LOOSE = -6.0  # ln P that a line ends with a mark that joins or opens, or that one of LINKS begins it or follows one
GARBLE = -10.0  # mean ln P of characters that follow the end of a shift below which that was not the end
CLEAR = 5.0  # nats behind the best at which a reading says nothing of where the shift ends
AHEAD = 4  # characters in step after which the shift is over for good
SCORE = attrgetter("score")


class Piece(NamedTuple):
    """A character found, and the stretch of the shown text that it replaces (empty for a dropped pair).

    Without a character: a gloss that goes.
    """

    start: int
    end: int
    char: str
    score: float  # ln P
    chance: float = 1.0  # of all possible readings together that have it too


Stretch = tuple[int, int]  # of the shown text
Place = tuple[int, int, str]  # what a piece replaces, and by what


# All that matters of a reading for how it goes on: the open word (simplified); the lead byte that waits for its trail
# byte, several possible ones after a dropped pair; its script; how many characters, up to AHEAD, it is in step; whether
# its last character is of JOINING, or there is none. A bare tuple, like Step: a line has thousands of them.
State = tuple[Word, Leads, int, int, bool]
# How a reading came to a node: the node before, ln P of the whole reading, what the character replaces (None if it is
# as it is shown), and the character.
Step = tuple["Node | None", float, Stretch | None, str]


class Node:
    """All readings that go on alike from here; the best of `steps` gave it its `score`."""

    __slots__ = ("best", "score", "share", "state", "steps", "weight")

    def __init__(self, state: State, step: Step) -> None:
        self.state = state
        self.best = step
        self.score = step[1]
        self.steps = [step]
        self.weight = 0.0  # of all readings together, where that of the best is 1
        self.share = 0.0  # of the readings of the whole that come through here

    def join(self, step: Step) -> None:
        """One more way to come here."""
        self.steps.append(step)
        if step[1] > self.score:
            self.best, self.score = step, step[1]


class Layer:
    """The readings up to one place; `floor` is ln P below which one is given up."""

    __slots__ = ("floor", "nodes")

    def __init__(self, floor: float = -math.inf) -> None:
        self.floor = floor
        self.nodes: dict[State, Node] = {}

    def add(self, state: State, step: Step) -> None:
        """One more step to `state`."""
        score = step[1]
        if score < self.floor:
            return
        node = self.nodes.get(state)
        if node is None:
            self.nodes[state] = Node(state, step)
        else:
            node.join(step)
        if score - GAP > self.floor:
            self.floor = score - GAP

    def kept(self, seen: list[Node]) -> list[Node]:
        """The best of the readings, best first; they are put to those `seen`, later ones behind earlier ones."""
        nodes = _best(self.nodes.values())
        seen += nodes
        return nodes


@dataclass(frozen=True, slots=True)
class Found:
    """The best reading of a stretch: its pieces, where the shift ended (-1: no end was found), and how likely it is."""

    pieces: tuple[Piece, ...]
    end: int
    score: float


@dataclass
class Search:
    """One search over one stretch of shown text."""

    shown: str
    model: Model
    whole: bool  # whether the line ends where `shown` ends
    reached: int = 0  # how far the search went

    def run(self, starts: Iterable[tuple[int, Leads, Stretch | None, float]]) -> Found | None:
        """The best reading of `shown` from given places on (with what waits there, what ends there, and ln P)."""
        todo: dict[int, Layer] = defaultdict(Layer)
        for at, waiting, before, score in starts:
            behind = 0 if before else -LONGEST  # no shift has ended where none has begun
            todo[at].add((EDGE, waiting, 0, behind, True), (None, score, before, ""))
        end, last, seen = len(self.shown), list[Node](), list[Node]()
        for i in range(end + 1):
            nodes = todo.pop(i).kept(seen) if i in todo else []
            if between := self._between(nodes, i, seen):
                nodes = _best([*nodes, *between])
            if i == end and self.whole:
                nodes = self._ended(nodes, seen)
            if nodes:
                last, self.reached = nodes, i
            if not todo and (not nodes or i == end or _over(nodes)):
                break
            self._across(nodes, i, todo, seen)
        return self._doubted(_found(last, seen)) if last else None

    def _ended(self, nodes: Iterable[Node], seen: list[Node]) -> list[Node]:
        """The nodes at the end of the line, where the text must be in step and the open word must end."""
        layer = Layer()
        for node in nodes:
            word, waiting, _, _, joins = node.state
            closes = None if waiting else self.model.after(word).closes
            if closes is not None:
                layer.add(node.state, (node, node.score + closes + (LOOSE if joins else 0.0), None, ""))
        return layer.kept(seen)

    def as_shown(self) -> float:
        """ln P of the text up to where the search went, if nothing is wrong with it."""
        nodes = [Node((EDGE, IN_STEP, 0, 0, False), (None, 0.0, None, ""))]
        for char in WHOLE_GLOSS.sub("", self.shown[: self.reached]):
            layer = Layer()
            for node in nodes:
                self._grow(layer, node, choices.as_shown(char), None)
            nodes = layer.kept([])
        return nodes[0].score

    def _grow(self, layer: Layer, node: Node, options: Options, at: Stretch | None, extra: float = 0.0) -> None:
        """Adds `node` and one more character, which replaces the characters of `at` (None: it is as shown) to `layer`.

        Most of the time of a search goes by here, so it asks for itself what Layer.add would.
        """
        before, nodes = node.score, layer.nodes
        _, _, script_before, in_step, joined = node.state
        in_step = in_step + 1 if in_step < AHEAD else AHEAD
        for (char, waiting, _, _, script, links, joins), word, gain in self._ways(layer, node, options, extra):
            if script * script_before < 0:
                gain += MIXED
            if joined and links:
                gain += LOOSE
            score = before + gain
            if score < layer.floor:
                continue
            state = (word, waiting, script_before or script, 0 if waiting else in_step, joins)
            step = (node, score, at, char)
            alike = nodes.get(state)
            if alike is None:
                nodes[state] = Node(state, step)
            else:
                alike.join(step)
            if score - GAP > layer.floor:
                layer.floor = score - GAP

    def _ways(self, layer: Layer, node: Node, options: Options, extra: float) -> Iterator[tuple[Option, Word, float]]:
        """The characters that `node` can go on with: the word that is then open, and what they add to ln P.

        The open word goes on with the character, or it ends and the character begins another.
        """
        word, score = node.state[0], node.score + extra
        closes, gains, most, rarer, own = self.model.after(word)
        coded = options.coded
        if score + most >= layer.floor:
            shared = coded.keys() & gains.keys()
            for code in shared | (coded.keys() & own.keys()) if own else shared:
                gain = own[code] if code in own else gains[code] + rarer
                if score + gain >= layer.floor:
                    for option in coded[code]:
                        yield option, word << 16 | code, gain + extra
        if closes is None:
            return
        score += closes
        for option in options.ordered:
            if score + option[3] < layer.floor:
                break
            yield option, option[2], closes + option[3] + extra

    # What may have stood between two shown characters.

    def _between(self, nodes: Sequence[Node], i: int, seen: list[Node]) -> list[Node]:
        """Dropped pairs, and a byte without a trace that ends the shift."""
        shifted = [n for n in nodes if n.state[1]]
        if not shifted:
            return []
        floor = nodes[0].score - GAP
        once = self._dropped(shifted, i, floor, seen)
        found = [*once, *self._dropped(once[:FEW], i, floor, seen)]
        at_end = i == len(self.shown)
        if at_end and not self.whole:
            return found
        layer = Layer(floor - MORE)
        certain = at_end or (not self._paired(i) and not "@" <= self.shown[i] <= "~")
        # Where neither byte of a character is shown, it could be any.
        for node in [*shifted, *once[:FEW]] if certain else [n for n in shifted[:FEW] if len(n.state[1]) == 1]:
            self._grow(layer, node, choices.lost(node.state[1]), (i, i), 0.0 if certain else LONE)
        return [*found, *layer.kept(seen)]

    def _paired(self, i: int) -> bool:
        """Whether a character of two bytes is shown."""
        return bool(pair(self.shown[i : i + 1]))

    def _dropped(self, nodes: Iterable[Node], i: int, floor: float, seen: list[Node]) -> list[Node]:
        layer = Layer(floor)
        for node in nodes:
            self._grow(layer, node, choices.dropped(node.state[1]), (i, i))
        return layer.kept(seen)

    # The shown character itself.

    def _across(self, nodes: Sequence[Node], i: int, todo: dict[int, Layer], seen: list[Node]) -> None:
        """The shown character at `i` (or the gloss there) taken in by every node."""
        if i >= len(self.shown):
            return
        shown = self.shown[i]
        if shown in "(（" and (gloss := WHOLE_GLOSS.match(self.shown, i)):
            for node in nodes:
                todo[gloss.end()].add(node.state, _without(node, i, gloss.end()))
            return
        gloss = LOST_GLOSS.match(self.shown, i) if shown in "?\ufffd" else None
        if shown == "?" and not gloss and self._paired(i + 1):
            self._alone([n for n in nodes if n.state[1]], i, todo[i + 1], seen)
            nodes = [n for n in nodes if not n.state[1]]
        for node in nodes:
            waiting = node.state[1]
            if gloss and waiting:
                options = choices.glossed(waiting, gloss["reading"])
                self._grow(todo[gloss.end()], node, options, (i, gloss.end()))
            elif gloss:
                self._out_of_step(node, i, gloss, todo[gloss.end()])
            elif waiting:
                self._grow(todo[i + 1], node, choices.straddling(waiting, shown), (i, i + 1))
            else:
                self._grow(todo[i + 1], node, choices.as_shown(shown), None)

    def _alone(self, nodes: Iterable[Node], i: int, layer: Layer, seen: list[Node]) -> None:
        """A lone byte in front of a pair would have made one with it, if it had not taken a mark of ASCII along.

        文化活?yú)?受到 is 文化活動,受到: the last ? is the trail byte of 動 and the comma behind it.
        """
        between = Layer()
        for node in nodes:
            self._grow(layer, node, choices.lone(node.state[1]), (i, i + 1))
            self._grow(between, node, choices.lost(node.state[1]), (i, i + 1))
        for node in between.kept(seen):
            self._grow(layer, node, choices.swallowed(), (i + 1, i + 1))

    def _doubted(self, found: Found) -> Found:
        """`found`; if the shift ended without a trace in front of a pair, a mark may be gone that nothing tells of."""
        end = found.pieces[-1] if found.pieces else None
        if end is None or end.start < end.end or found.end < 0 or not self._paired(end.end):
            return found
        if end.char.encode("gbk").endswith(b"\x80"):
            return found
        return replace(found, pieces=(*found.pieces[:-1], end._replace(chance=min(end.chance, DOUBT))))

    def _out_of_step(self, node: Node, i: int, gloss: regex.Match[str], layer: Layer) -> None:
        """A gloss that swallowed its bracket puts the text out of step again."""
        before = pair(self.shown[i - 1]) if i else b""
        for trail in read_as(before[1], gloss["reading"]) if before else ():
            if trail in cells():
                word, _, script, _, joins = node.state
                layer.add((word, frozenset([trail]), script, 0, joins), (node, node.score, (i, gloss.end()), ""))


def _best(nodes: Iterable[Node]) -> list[Node]:
    """The best BEAM nodes out of step and as many in step, best first."""
    ordered = sorted(nodes, key=SCORE, reverse=True)
    kept: list[Node] = []
    least = ordered[0].score - GAP - MORE if ordered else 0.0
    room = {True: BEAM, False: BEAM}
    for node in ordered:
        if node.score < least:
            break
        shifted = bool(node.state[1])
        if room[shifted]:
            kept.append(node)
            room[shifted] -= 1
    return kept


def _over(nodes: Sequence[Node]) -> bool:
    """Whether the shift has ended for good in all readings that count."""
    least = nodes[0].score - CLEAR
    return all(n.state[3] >= AHEAD for n in nodes if n.score >= least)


def _parts(node: Node) -> list[float]:
    """How much each step has part in the weight of a node."""
    if len(node.steps) == 1:
        before = node.best[0]
        return [before.weight if before else 1.0]
    parts = [(before, math.exp(score - node.score)) for before, score, _, _ in node.steps]
    return [part * before.weight if before else part for before, part in parts]


def _chances(last: Sequence[Node], seen: Sequence[Node]) -> Mapping[Place, float]:
    """For each piece, the share of all readings that have it."""
    lead_on = set(last)  # the nodes on a way to the last ones: of all others no weight is asked
    for node in reversed(seen):
        if node in lead_on:
            lead_on.update(before for before, _, _, _ in node.steps if before)
    reached = [node for node in seen if node in lead_on]
    for node in reached:
        node.weight = sum(_parts(node))
    found: dict[Place, float] = defaultdict(float)
    for node in last:
        node.share = node.weight * math.exp(node.score - last[0].score)
    total = sum(node.share for node in last)
    for node in reversed(reached):
        for (before, _, at, char), part in zip(node.steps, _parts(node), strict=True):
            share = node.share * part / node.weight
            if before:
                before.share += share
            if at:
                found[*at, char] += share / total
    return found


def _found(last: Sequence[Node], seen: Sequence[Node]) -> Found:
    """The best path, as far as the first place where the text is in step."""
    path = [last[0]]
    while before := path[-1].best[0]:
        path.append(before)
    path.reverse()
    pieces: list[Piece] = []
    ended = 0
    for i, node in enumerate(path):
        before, gained, at, char = node.best
        if pieces and node.state[3] > 1 and not at:
            break
        ended = i
        if at:
            pieces.append(Piece(*at, char, gained - before.score if before else gained))
    score = last[0].score
    follows = score - path[ended].score
    over = not last[0].state[1] and follows >= GARBLE * (len(path) - 1 - ended)
    return Found(_judged(pieces, _chances(last, seen)), (pieces[-1].end if pieces else 0) if over else -1, score)


def _judged(pieces: Sequence[Piece], chances: Mapping[Place, float]) -> tuple[Piece, ...]:
    """The pieces with their chances; readings that put in something before a piece do not have it (安全，開展)."""
    own = {piece[:3] for piece in pieces}
    other: dict[int, float] = defaultdict(float)
    for (start, end, char), chance in chances.items():
        if start == end and (start, end, char) not in own:
            other[start] += chance
    return tuple(p._replace(chance=chances[p[:3]] - (other[p.start] if p.start < p.end else 0.0)) for p in pieces)


def _without(node: Node, start: int, end: int) -> Step:
    """`node` behind a gloss, which goes if it stands in the shift or behind the ASCII letter that ended it."""
    goes = node.state[1] or (node.state[3] == 1 and node.best[2])
    return (node, node.score, (start, end) if goes else None, "")
