"""The record of what fixers changed: each stretch of raw text once, with what it was read as in the end."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from operator import attrgetter

from pipeline.records import Repair
from pipeline.spans import Edit, OffsetMap

# Kinds of edits that, where they keep the length, put one character for each, so each keeps its own place.
SHIFTS = {f"{fixer}{how}" for fixer in ("byte_shift", "inline_shift") for how in ("", "_unsure", "_tail")}
ONE_FOR_ONE = {"traditional", "width", *SHIFTS}


def keeps_places(edit: Edit) -> bool:
    """Whether every character of `edit.after` came from the one at the same place."""
    return len(edit.after) == edit.end - edit.start and (len(edit.after) == 1 or edit.kind in ONE_FOR_ONE)


@dataclass(slots=True)
class Rewritten:
    """A repair, and where what it put in (it may be nothing) stands in the text as it is now."""

    repair: int
    start: int
    end: int


class Log:
    """The repairs of one text.

    What a later fixer changes inside a stretch that an earlier one rewrote (強 of 訌娊M, once that is 加強組) has no
    raw text of its own: it goes into the earlier repair. A run of characters is parted where something was removed
    (領(lǐng)導).
    """

    def __init__(self, raw: str) -> None:
        self._raw = raw
        self._repairs: list[Repair] = []
        self._rewritten: list[Rewritten] = []  # in order, without overlap

    def add(self, edits: Sequence[Edit], offsets: OffsetMap) -> None:
        """Records the edits of one fixer, which are made to a text that maps to the raw one by `offsets`."""
        shifts = [0, *accumulate(len(after) - (end - start) for start, end, after, _ in edits)]
        found: list[Rewritten] = []
        before = [r.end for r in self._rewritten]
        for edit, shift in zip(edits, shifts, strict=False):
            for at, to, after, kind in self._outside(edit, bisect_right(before, edit.start)):
                start, end = offsets.span(at, to)
                stood = self._raw[start:end]
                if after != stood:
                    found.append(Rewritten(len(self._repairs), at + shift, at + shift + len(after)))
                self._repairs.append(Repair(start, end, stood, after, kind))
        if any(shifts):
            starts, ends = [e.start for e in edits], [e.end for e in edits]
            for one in self._rewritten:
                one.start += shifts[bisect_right(ends, one.start)]
                one.end = max(one.start, one.end + shifts[bisect_left(starts, one.end)])
        self._rewritten = sorted([*self._rewritten, *found], key=attrgetter("start"))

    def _outside(self, edit: Edit, first: int) -> Iterable[Edit]:
        """The parts of an edit that stand in no rewritten stretch from the `first` on; all if it cannot be parted."""
        if first == len(self._rewritten) or self._rewritten[first].start >= edit.end:
            return (edit,)
        return self._parts(edit, first)

    def _parts(self, edit: Edit, first: int) -> Iterator[Edit]:
        at = edit.start
        for i in range(first, len(self._rewritten)):
            stretch = self._rewritten[i]
            if stretch.start >= edit.end:
                break
            if stretch.start <= edit.start and edit.end <= stretch.end > stretch.start:
                return
            if not keeps_places(edit):
                break
            if at < stretch.start:
                yield _part(edit, at, stretch.start)
            at = min(stretch.end, edit.end)
        if at < edit.end or edit.start == edit.end:
            yield _part(edit, at, edit.end) if at > edit.start else edit

    def repairs(self, text: str) -> tuple[Repair, ...]:
        """All repairs; `text` is the text after the last of them."""
        found = list(self._repairs)
        for one in self._rewritten:
            if found[one.repair].after != (after := text[one.start : one.end]):
                found[one.repair] = replace(found[one.repair], after=after)
        return tuple(found)


def _part(edit: Edit, start: int, end: int) -> Edit:
    """The edits of text[start:end] of one that puts a character for each."""
    return Edit(start, end, edit.after[start - edit.start : end - edit.start], edit.kind)
