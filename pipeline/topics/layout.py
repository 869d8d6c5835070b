"""The build of a sentence: its clauses, brackets and semicolons, and where one place stands seen from another.

A bracket opens clauses of its own; the clause around it goes on after it closes: in 低保户51户(贫困户45户)、185人 the
two ends belong to one clause, and 贫困户45户 stands one level deeper, with that clause as its host.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

import regex

MARKS = regex.compile(r"[,，:：;；。!！?？\n()（）\[\]【】]")
OPENING = frozenset("(（[【")
CLOSING = frozenset(")）]】")
SEMICOLONS = frozenset(";；。!！?？\n")
MAX_DEPTH = 4  # deeper brackets are treated as level text: damaged texts may open brackets without end


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: `host` is the clause around its bracket (-1: none), `ordinal` its place among the host's clauses."""

    host: int
    ordinal: int
    stretch: int  # number of the semicolon stretch it stands in, counted within its host


@dataclass(slots=True)
class Layout:
    """The clauses of one sentence, and which clause every offset belongs to."""

    starts: list[int] = field(default_factory=list)
    owners: list[int] = field(default_factory=list)
    clauses: list[Clause] = field(default_factory=list)

    def clause_at(self, at: int) -> int:
        """The number of the clause that offset `at` belongs to."""
        return self.owners[bisect_right(self.starts, at) - 1]

    def place(self, other: int, own: int) -> str:
        """Where clause `other` stands, seen from clause `own`: here, before, earlier, after, later, host or aside."""
        if other == own:
            return "here"
        a, b = self.clauses[other], self.clauses[own]
        if a.host == b.host:
            gap = a.ordinal - b.ordinal
            near = a.stretch == b.stretch
            if gap < 0:
                return ("before" if gap == -1 else "earlier") if near else "past"
            return ("after" if gap == 1 else "later") if near else "future"
        if b.host == other:
            return "host"
        if a.host == own:
            return "aside"
        return self.place(other, b.host) if b.host >= 0 and b.host > a.host else "aside"


def lay_out(text: str, start: int, end: int) -> Layout:
    """The layout of the sentence `text[start:end]`; offsets count in `text`."""
    layout = Layout([start], [0], [Clause(-1, 0, 0)])
    current, stack = 0, []
    for mark in MARKS.finditer(text, start, end):
        char = mark[0]
        if char in OPENING and len(stack) < MAX_DEPTH:
            stack.append(current)
            fresh = Clause(current, 0, 0)
        elif char in CLOSING:
            if not stack:
                continue
            current = stack.pop()
            _begin(layout, mark.end(), current)
            continue
        else:
            last = layout.clauses[current]
            fresh = Clause(last.host, last.ordinal + 1, last.stretch + (char in SEMICOLONS))
        layout.clauses.append(fresh)
        current = len(layout.clauses) - 1
        _begin(layout, mark.end(), current)
    return layout


def _begin(layout: Layout, at: int, clause: int) -> None:
    layout.starts.append(at)
    layout.owners.append(clause)
