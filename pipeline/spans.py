"""Spans, edits, and the exact map from an edited text back to the text it was made from.

The map is built from the edits themselves, never from a diff: a diff between "3。5" and "3.5" or around a removed
gloss has several shortest answers, and most of them misplace the span.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple


class Edit(NamedTuple):
    """`before[start:end]` is replaced by `after`; `kind` names the fixer. A tuple: damaged texts have thousands."""

    start: int
    end: int
    after: str
    kind: str


@dataclass(frozen=True, slots=True)
class OffsetMap:
    """Maps offsets of an edited text to offsets of the original.

    Built by `OffsetMap.of(edits)`; `first.then(second)` maps through two rounds of edits.
    """

    # Parallel tuples, one entry for each piece of the edited text, in order: where the piece starts in the edited
    # text, where it starts in the original, and how long it is in the original if an edit made it (-1: untouched).
    edited: tuple[int, ...] = (0,)
    original: tuple[int, ...] = (0,)
    extent: tuple[int, ...] = (-1,)
    before: OffsetMap | None = None  # the map of the round of edits before this one

    @classmethod
    def of(cls, edits: Iterable[Edit]) -> OffsetMap:
        """The map for `edits`, sorted and not overlapping.

        Raises ValueError if two edits overlap or one is inverted.
        """
        ordered = sorted(edits)
        if any(a.end > b.start for a, b in pairwise(ordered)) or any(e.end < e.start for e in ordered):
            raise ValueError("edits overlap or are inverted")
        edited, original, extent = [0], [0], [-1]
        shift = 0
        for edit in ordered:
            at = edit.start + shift
            if edit.after:
                edited.append(at)
                original.append(edit.start)
                extent.append(edit.end - edit.start)
            edited.append(at + len(edit.after))
            original.append(edit.end)
            extent.append(-1)
            shift += len(edit.after) - (edit.end - edit.start)
        return cls(tuple(edited), tuple(original), tuple(extent))

    def _char(self, at: int) -> tuple[int, int]:
        """The stretch of the original that the character at offset `at` of the edited text came from."""
        i = bisect_right(self.edited, at) - 1
        length = self.extent[i]
        if length < 0:
            start = self.original[i] + at - self.edited[i]
            return start, start + 1
        return self.original[i], self.original[i] + length

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The stretch of the original that `edited[start:end]` came from.

        Text removed at either edge is left out: 3個(gè) gives 3個. An empty span maps to an empty span.
        """
        i = bisect_right(self.edited, start)
        if self.extent[i - 1] < 0 and start < end and (i == len(self.edited) or end <= self.edited[i]):
            first = self.original[i - 1] + start - self.edited[i - 1]  # one untouched piece holds it, as mostly
            last = first + end - start
        else:
            first = self._char(start)[0]
            last = first if end <= start else max(first, self._char(end - 1)[1])
        return (first, last) if self.before is None else self.before.span(first, last)

    def then(self, later: OffsetMap) -> OffsetMap:
        """The map of a text that was edited by `self` first and by `later` afterwards.

        Rounds are chained, not merged: (a then b) then c and a then (b then c) map every span alike.
        """
        before = self if later.before is None else self.then(later.before)
        if later.edited == (0,):
            return before
        return OffsetMap(later.edited, later.original, later.extent, None if before == OffsetMap() else before)


def apply(text: str, edits: Iterable[Edit]) -> str:
    """`text` with the edits made; they must be sorted and must not overlap."""
    pieces: list[str] = []
    at = 0
    for edit in edits:
        pieces += (text[at : edit.start], edit.after)
        at = edit.end
    pieces.append(text[at:])
    return "".join(pieces)
