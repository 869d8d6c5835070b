"""Role: whether a number is a level, by how much something rose or fell, or a gap to something else."""

from __future__ import annotations

from pipeline.attributes.cues import DEFAULT, decide, every, place_in_sentence
from pipeline.records import Context, Finding
from pipeline.rules import RuleSet

MAX_PAIR = 4  # 减少3户8人 is a pair; longer runs of touching numbers are tables
MAX_LIST = 12  # parts of a bracket that are looked back over for the total before it
MAX_GAP = 3  # the macro `pair` matches nothing longer


def role_of(context: Context, rules: RuleSet) -> Finding:
    """level, increase, decrease or difference; level where nothing speaks.

    A pair shares its cue (自然减少11户25人), and a bracket what stands before it (增加9人(新生6人、迁入3人)).
    """
    index: int | None = context.index
    found = Finding("level", DEFAULT)
    for _ in range(MAX_PAIR):
        found = decide(context, rules, "role", "level", every, index=index)
        index = _leader(context, rules, index) if index and found.rule == DEFAULT else None
        if index is None:
            break
    return found


def _leader(context: Context, rules: RuleSet, index: int) -> int | None:
    """The quantity that this one continues: the one it touches, or the one of its measure before its bracket."""
    place = place_in_sentence(context, index)
    pair = rules.compile_text("<<pair>>")
    if place.start - place.free <= MAX_GAP and pair.fullmatch(place.sentence, place.free, place.start):
        return index - 1
    if len(place.piece.frames) == 1:
        return None
    zero, own = context.sentence.start, place.piece.frames[0]
    for i in range(index - 1, max(-1, index - MAX_LIST), -1):
        if place.layout.at(context.row[i].start - zero).frames[0] != own:
            return i if context.row[i].measure == context.row[index].measure else None
    return None
