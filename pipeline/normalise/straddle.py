"""Text of GBK one byte out of step: each shown character holds the second byte of one and the first of the next.

娊M織 is 組織: 8A|BD 4D. The shift ends at an ASCII trail byte, or where a byte was left that makes no pair. The site
dropped pairs that fell into cells without a character (強化責任 is shown as 娀熑我: 8A|BB AF|D8 9F|C8 CE); they are put
back. What is possible is found exactly, by bytes; which of the possibilities it is, by a beam search (Lowerre 1976)
over the characters, scored by the words that they make. LONGEST and BEAM bound its cost; no clock is asked.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import regex

from pipeline.normalise import choices
from pipeline.normalise.choices import IN_STEP, Leads, Option, Options
from pipeline.normalise.gbk import cells, pair
from pipeline.normalise.readings import LOST_GLOSS, WHOLE_GLOSS, read_as
from pipeline.normalise.wording import EDGE, Model, Word

LONGEST = 80  # shown characters of one stretch that are looked at
BEAM = 32  # readings that are kept at each character
GAP = 11.0  # nats behind the best reading at which one is given up
FEW = 12  # of the best are asked about what is seldom: a second dropped pair, an end of the shift without a trace
LONE = -4.0  # ln P of an end without a trace at a given character
MIXED = -4.0  # ln P of a character that only simplified texts have in a traditional one, or the other way round
LOOSE = -6.0  # ln P that a line ends with a mark that joins or opens
JOINING = ("\u3001", "\uff0c", "\u201c", "\u300a", "\uff08")  # 、，“《（
GARBLE = -10.0  # mean ln P of characters that follow the end of a shift below which that was not the end
AHEAD = 6  # characters in step after which the shift is over for good


class Piece(NamedTuple):
    """A character found, and the stretch of the shown text that it replaces (empty for a dropped pair).

    Without a character: a gloss that goes.
    """

    start: int
    end: int
    char: str
    score: float  # ln P


class Node(NamedTuple):
    """A reading as far as it goes."""

    score: float
    text: str
    word: Word  # the open word, simplified
    waiting: Leads  # the lead byte that waits for its trail byte; several possible ones after a dropped pair
    script: int
    piece: Piece | None = None
    parent: Node | None = None
    in_step: int = 0  # characters since the shift ended


def start(piece: Piece | None, waiting: Leads, score: float = 0.0) -> Node:
    """A reading that has read nothing yet."""
    return Node(score, "", EDGE, waiting, 0, piece)


@dataclass(frozen=True, slots=True)
class Found:
    """A reading of a stretch: its pieces, where the shift ended (-1: no end was found), and how likely it is."""

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

    def run(self, starts: Iterable[tuple[int, Node]]) -> list[Found]:
        """Readings of `shown` from nodes at given places, best first; none if none is possible."""
        todo: dict[int, list[Node]] = {}
        for at, node in starts:
            todo.setdefault(at, []).append(node)
        end, last = len(self.shown), list[Node]()
        for i in range(end + 1):
            nodes = _best(todo.pop(i, ()))
            nodes = _best([*nodes, *self._between(nodes, i)])
            if i == end and self.whole:
                nodes = _best(n for node in nodes if not node.waiting for n in self._ended(node))
            if nodes:
                last, self.reached = nodes, i
            if not todo and (not nodes or i == end or all(n.in_step >= AHEAD for n in nodes)):
                break
            for after, node in self._across(nodes, i):
                todo.setdefault(after, []).append(node)
        return [_found(node) for node in last]

    def _ended(self, node: Node) -> Iterator[Node]:
        """The node at the end of the line, where its open word must end."""
        if (closes := self.model.closes(node.word)) is not None:
            loose = LOOSE if node.text.endswith(JOINING) else 0.0
            yield node._replace(score=node.score + closes + loose)

    def as_shown(self) -> float:
        """ln P of the text up to where the search went, if nothing is wrong with it."""
        nodes = [start(None, IN_STEP)]
        for i, char in enumerate(WHOLE_GLOSS.sub("", self.shown[: self.reached])):
            options = choices.as_shown(char)
            nodes = _best(n for node in nodes for n in self._grow(node, options, i, i + 1))
        return nodes[0].score

    def _grow(
        self, node: Node, options: Options, start: int, end: int, extra: float = 0.0, floor: float = -1e9
    ) -> Iterator[Node]:
        """`node` and one more character, which replaces shown[start:end]; for each option that scores above `floor`.

        The open word goes on with it, or it ends and the character begins another.
        """
        word, mass, least = node.word, self.model.mass, floor - node.score - extra
        if 0 < word < 1 << 48:
            all_ = mass.get(word, 0.0)
            for option in options:
                if option.code and (some := mass.get(word << 16 | option.code)):
                    gain = math.log(some / all_)
                    if gain >= least:
                        yield _node(node, option, word << 16 | option.code, gain + extra, start, end)
        if (closes := self.model.closes(word)) is None:
            return
        for option in options:
            if closes + option.opens < least:  # they are sorted
                break
            yield _node(node, option, option.code, closes + option.opens + extra, start, end)

    # What may have stood between two shown characters.

    def _between(self, nodes: Sequence[Node], i: int) -> Iterator[Node]:
        """Dropped pairs, and a byte without a trace that ends the shift."""
        shifted = [n for n in nodes if n.waiting]
        if not shifted:
            return
        floor = nodes[0].score - GAP
        once = _best(n for node in shifted for n in self._grow(node, choices.dropped(node.waiting), i, i, 0.0, floor))
        twice = _best(
            n for node in once[:FEW] for n in self._grow(node, choices.dropped(node.waiting), i, i, 0.0, floor)
        )
        yield from once
        yield from twice
        at_end = i == len(self.shown)
        if at_end and not self.whole:
            return
        certain = at_end or (not pair(self.shown[i]) and not "@" <= self.shown[i] <= "~")
        for node in [*shifted, *once[:FEW]] if certain else shifted[:FEW]:
            yield from self._grow(node, choices.lost(node.waiting), i, i, 0.0 if certain else LONE, floor)

    def _dropped(self, nodes: Sequence[Node], i: int, floor: float) -> list[Node]:
        grown = (self._grow(n, choices.dropped(n.waiting), i, i, 0.0, floor) for n in nodes)
        return _best(node for some in grown for node in some)

    # The shown character itself.

    def _across(self, nodes: Sequence[Node], i: int) -> Iterator[tuple[int, Node]]:
        """The shown character at `i` (or the gloss there) taken in by every node; and where to go on."""
        if i >= len(self.shown):
            return
        shown = self.shown[i]
        if shown in "(（" and (gloss := WHOLE_GLOSS.match(self.shown, i)):
            yield from ((gloss.end(), _without(n, i, gloss.end())) for n in nodes)
            return
        gloss = LOST_GLOSS.match(self.shown, i) if shown in "?\ufffd" else None
        for node in nodes:
            if not node.waiting:
                yield from self._plain(node, i, gloss)
            elif gloss:
                options = choices.glossed(node.waiting, gloss["reading"])
                yield from ((gloss.end(), n) for n in self._grow(node, options, i, gloss.end()))
            else:
                yield from ((i + 1, n) for n in self._grow(node, choices.straddling(node.waiting, shown), i, i + 1))

    def _plain(self, node: Node, i: int, gloss: regex.Match[str] | None) -> Iterator[tuple[int, Node]]:
        """In step: the character as shown; or a gloss that swallowed its bracket puts the text out of step again."""
        if not gloss:
            options = choices.as_shown(self.shown[i])
            yield from ((i + 1, n._replace(piece=None)) for n in self._grow(node, options, i, i + 1))
        elif i and (before := pair(self.shown[i - 1])):
            for trail in read_as(before[1], gloss["reading"]):
                if trail in cells():
                    gap = Piece(i, gloss.end(), "", 0.0)
                    yield gloss.end(), node._replace(waiting=frozenset([trail]), piece=gap, parent=node, in_step=0)


def _node(node: Node, option: Option, word: Word, gain: float, start: int, end: int) -> Node:
    char, waiting = option.char, option.waiting
    if char.script * node.script < 0:
        gain += MIXED
    piece = Piece(start, end, char.char, gain)
    in_step = 0 if waiting else node.in_step + 1
    return Node(
        node.score + gain, node.text + char.char, word, waiting, node.script or char.script, piece, node, in_step
    )


def _best(nodes: Iterable[Node]) -> list[Node]:
    """The best BEAM nodes out of step and as many in step, best first; only the best of those that read alike."""
    ordered = sorted(nodes, key=lambda n: -n.score)
    kept: dict[tuple[str, Word, Leads], Node] = {}
    room = {True: BEAM, False: BEAM}
    for node in ordered:
        if node.score < ordered[0].score - GAP:
            break
        key = node.text, node.word, node.waiting
        if room[bool(node.waiting)] and key not in kept:
            kept[key] = node
            room[bool(node.waiting)] -= 1
    return list(kept.values())


def _found(node: Node) -> Found:
    """The path to `node`, as far as the first place where the text is in step."""
    path = [node]
    while parent := path[-1].parent:
        path.append(parent)
    pieces: list[Piece] = []
    ended = path[-1]
    for at in reversed(path):
        if pieces and not at.waiting and at.in_step > 1:
            break
        ended = at
        if at.piece:
            pieces.append(at.piece)
    over = not node.waiting and node.score - ended.score >= GARBLE * (node.in_step - ended.in_step)
    return Found(tuple(pieces), (pieces[-1].end if pieces else 0) if over else -1, node.score)


def _without(node: Node, start: int, end: int) -> Node:
    """`node` behind a gloss, which goes if it stands in the shift or behind the ASCII letter that ended it."""
    if not node.waiting and not (node.in_step == 1 and node.piece):
        return node
    return node._replace(piece=Piece(start, end, "", 0.0), parent=node)
