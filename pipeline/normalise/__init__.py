"""RawText -> Text: ordered, named fixers; each yields the edits it makes, and all are kept as repairs.

Unsure means leave alone: on clean text every fixer must do nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pipeline.normalise.damage import byte_shift, gloss
from pipeline.normalise.layout import line_break
from pipeline.normalise.markup import control, entity, markup
from pipeline.normalise.script import script_of, simplify
from pipeline.normalise.width import decimal_point, width
from pipeline.records import RawText, Repair, Text
from pipeline.spans import Edit, OffsetMap, apply

Fixer = Callable[[str], Iterable[Edit]]

# The order matters: a gloss must go before 3。5 is looked at, and traditional characters help to see a byte shift.
FIXERS: tuple[Fixer, ...] = (
    control, entity, markup, byte_shift, gloss, width, decimal_point, line_break, simplify,
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
        # Edits that keep the length of each character need no shift (OpenCC's t2s).
        if any(len(e.after) != e.end - e.start for e in edits):
            offsets = offsets.then(OffsetMap.of(edits))
    traditional = sum(len(r.before) for r in repairs if r.kind == "traditional")
    return Text(raw, text, offsets, tuple(repairs), script_of(traditional, len(raw.text)))
