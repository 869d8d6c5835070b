"""RawText -> Text: ordered, named fixers; each yields the edits it makes, and all are kept as repairs.

Unsure means leave alone: on clean text every fixer must do nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pipeline.normalise.byte_shift import byte_shift
from pipeline.normalise.gloss import gloss
from pipeline.normalise.inline_shift import inline_shift
from pipeline.normalise.layout import line_break
from pipeline.normalise.markup import control, entity, markup
from pipeline.normalise.script import script_of, simplify
from pipeline.normalise.width import decimal_point, width
from pipeline.records import RawText, Repair, Text
from pipeline.spans import Edit, OffsetMap, apply

Fixer = Callable[[str], Iterable[Edit]]

# The order matters: a gloss must go before 3。5 is looked at, and traditional characters help to see a byte shift.
FIXERS: tuple[Fixer, ...] = (
    control, entity, markup, byte_shift, inline_shift, gloss, width, decimal_point, line_break, simplify,
)  # fmt: skip


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
        # Edits that keep the length put one character for each (OpenCC's t2s): each keeps its own place.
        if moved := [e for e in edits if len(e.after) != e.end - e.start]:
            offsets = offsets.then(OffsetMap.of(moved))
    traditional = sum(len(r.before) for r in repairs if r.kind == "traditional")
    return Text(raw, text, offsets, tuple(repairs), script_of(traditional, len(raw.text)))
