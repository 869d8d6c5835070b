"""RawText -> Text: ordered, named fixers; each yields the edits it makes, and all are kept as repairs.

Unsure means leave alone: on clean text every fixer must do nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pipeline.normalise.byte_shift import byte_shift
from pipeline.normalise.gloss import gloss
from pipeline.normalise.inline_shift import inline_shift
from pipeline.normalise.layout import line_break
from pipeline.normalise.log import Log, keeps_places
from pipeline.normalise.lookalike import lookalike
from pipeline.normalise.markup import control, entity, markup
from pipeline.normalise.mojibake import double_decoding
from pipeline.normalise.script import script_of, simplify
from pipeline.normalise.width import blank, decimal_point, width
from pipeline.records import RawText, Text
from pipeline.spans import Edit, OffsetMap, apply

Fixer = Callable[[str], Iterable[Edit]]

# The order matters: double decoding needs the controls of Latin-1 and its non-breaking blank, a gloss must go before
# 3。5 is looked at, and traditional characters help to see a byte shift.
FIXERS: tuple[Fixer, ...] = (
    double_decoding, entity, control, markup, byte_shift, inline_shift, gloss, lookalike, width, blank, decimal_point,
    line_break, simplify,
)  # fmt: skip


def normalise(raw: RawText) -> Text:
    """The repaired, simplified text of `raw`, with the way back and the list of repairs."""
    text, offsets, log = raw.text, OffsetMap(), Log(raw.text)
    traditional = 0
    for fixer in FIXERS:
        edits = sorted(fixer(text))
        if not edits:
            continue
        log.add(edits, offsets)
        traditional += sum(len(e.after) for e in edits if e.kind == "traditional")
        text = apply(text, edits)
        if moved := [e for e in edits if not keeps_places(e)]:
            offsets = offsets.then(OffsetMap.of(moved))
    return Text(raw, text, offsets, log.repairs(text), script_of(traditional, len(text)))
