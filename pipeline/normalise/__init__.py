"""RawText -> Text: ordered, named fixers; each yields the edits it makes, and all are kept as repairs.

Unsure means leave alone: on clean text every fixer must do nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pipeline.normalise.byte_shift import byte_shift
from pipeline.normalise.gloss import gloss
from pipeline.normalise.inline_shift import inline_shift
from pipeline.normalise.layout import line_break
from pipeline.normalise.lookalike import lookalike
from pipeline.normalise.markup import control, entity, markup
from pipeline.normalise.mojibake import double_decoding
from pipeline.normalise.script import script_of, simplify
from pipeline.normalise.width import blank, decimal_point, width
from pipeline.records import RawText, Repair, Text
from pipeline.spans import Edit, OffsetMap, apply

Fixer = Callable[[str], Iterable[Edit]]

# The order matters: double decoding needs the controls of Latin-1 and its non-breaking blank, a gloss must go before
# 3。5 is looked at, and traditional characters help to see a byte shift.
FIXERS: tuple[Fixer, ...] = (
    double_decoding, entity, control, markup, byte_shift, inline_shift, gloss, lookalike, width, blank, decimal_point,
    line_break, simplify,
)  # fmt: skip
# Kinds of edits that, where they keep the length, put one character for each, so each keeps its own place.
ONE_FOR_ONE = {"traditional", "width", "byte_shift", "byte_shift_tail", "inline_shift", "inline_shift_tail"}


def normalise(raw: RawText) -> Text:
    """The repaired, simplified text of `raw`, with the way back and the list of repairs."""
    text, offsets = raw.text, OffsetMap()
    repairs: list[Repair] = []
    for fixer in FIXERS:
        edits = sorted(fixer(text))
        if not edits:
            continue
        for edit in edits:
            start, end = offsets.span(edit.start, edit.end)
            repairs.append(Repair(start, end, raw.text[start:end], edit.after, edit.kind))
        text = apply(text, edits)
        if moved := [e for e in edits if not _keeps_places(e)]:
            offsets = offsets.then(OffsetMap.of(moved))
    traditional = sum(len(r.after) for r in repairs if r.kind == "traditional")
    return Text(raw, text, offsets, tuple(repairs), script_of(traditional, len(text)))


def _keeps_places(edit: Edit) -> bool:
    """Whether every character of `edit.after` came from the one at the same place."""
    return len(edit.after) == edit.end - edit.start and (len(edit.after) == 1 or edit.kind in ONE_FOR_ONE)
