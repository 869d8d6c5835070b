"""How a sentence is built: items, clauses, stretches between semicolons, and brackets.

A bracket opens a frame of its own inside the clause around it, and that clause goes on after it closes: in
低保户51户(其中贫困户45户)、共185人 both ends belong to one clause, and 45户 stands one frame deeper.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from typing import NamedTuple

import regex

# A comma between digits belongs to the number (1,034元), unless what follows is no group of three.
MARKS = regex.compile(r"[，:：;；。!！?？\n、()（）\[\]【】]|(?<![0-9]),|,(?![0-9xX*_]{3}(?![0-9]))")
OPENING = frozenset("(（[【")
CLOSING = frozenset(")）]】")
FULL_STOPS = frozenset("。!！?？\n")
SEMICOLONS = frozenset(";；") | FULL_STOPS
ITEMS = frozenset("、")
MAX_DEPTH = 4  # deeper brackets count as level text: damaged texts open brackets without end


class Piece(NamedTuple):
    """The text between two marks.

    `items`, `clauses`, `stretches` and `frames` hold numbers, the piece's own first, then those of the clause around
    its bracket, and so on outwards; equal numbers mean the same item (between 、), clause, stretch or bracket.
    `ordinals` count the clauses within each bracket.
    """

    start: int
    clause_start: int
    items: tuple[int, ...]
    clauses: tuple[int, ...]
    stretches: tuple[int, ...]
    frames: tuple[int, ...]
    ordinals: tuple[int, ...]


class Layout(NamedTuple):
    """The pieces of one sentence, in order, and where each starts."""

    starts: tuple[int, ...]
    pieces: tuple[Piece, ...]

    def at(self, offset: int) -> Piece:
        """The piece that holds `offset` (counted from the sentence's start)."""
        return self.pieces[bisect_right(self.starts, offset) - 1]

    def next_mark(self, offset: int, length: int) -> int:
        """Where the piece that holds `offset` ends; `length` is the sentence's."""
        i = bisect_right(self.starts, offset)
        return self.starts[i] - 1 if i < len(self.starts) else length


@lru_cache(maxsize=1024)
def lay_out(sentence: str) -> Layout:
    """The layout of `sentence`; offsets count from its start."""
    piece = Piece(0, 0, (0,), (0,), (0,), (0,), (0,))
    pieces, stack, fresh = [piece], [piece], 0
    for mark in MARKS.finditer(sentence):
        char, end = mark[0], mark.end()
        fresh += 1
        if char in OPENING and len(stack) <= MAX_DEPTH:
            stack.append(piece)
            piece = Piece(end, end, (fresh, *piece.items), (fresh, *piece.clauses), (fresh, *piece.stretches),
                          (fresh, *piece.frames), (0, *piece.ordinals))  # fmt: skip
        elif char in OPENING:
            continue
        elif char in CLOSING:
            if len(stack) == 1:
                continue
            outer = stack.pop()
            piece = Piece(end, *outer[1:])
        else:
            piece = _after(piece, char, end, fresh)
        pieces.append(piece)
    return Layout(tuple([p.start for p in pieces]), tuple(pieces))


def _after(piece: Piece, char: str, end: int, fresh: int) -> Piece:
    """The piece that follows `piece` after the mark `char`, in the same bracket."""
    _, clause_start, items, clauses, stretches, frames, ordinals = piece
    own = (fresh,)
    items = own + items[1:]
    if char in ITEMS:
        return Piece(end, clause_start, items, clauses, stretches, frames, ordinals)
    if char in SEMICOLONS:
        stretches = own + stretches[1:]
    return Piece(end, end, items, own + clauses[1:], stretches, frames, (ordinals[0] + 1, *ordinals[1:]))


def relation(other: Piece, own: Piece) -> str:
    """Where `other` stands, seen from `own`.

    here: in one clause; host: around its bracket; aside: in a bracket of its own; before, after: the next clause to the
    left or right; earlier, later: farther in the same stretch; past, future: beyond a semicolon.
    """
    if other.clauses[0] in own.clauses:
        return "here" if other.clauses[0] == own.clauses[0] else "host"
    if other.frames[0] not in own.frames:
        return "aside"
    depth = own.frames.index(other.frames[0])
    gap = other.ordinals[0] - own.ordinals[depth]
    if other.stretches[0] != own.stretches[depth]:
        return "past" if gap < 0 else "future"
    if gap < 0:
        return "before" if gap == -1 else "earlier"
    return "after" if gap == 1 else "later"
