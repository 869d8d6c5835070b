"""Role: whether a number is a level, by how much something rose or fell, or a gap to something else."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.attributes.cues import DEFAULT, Place, book_of, decide, heard_in
from pipeline.records import Context, Finding, Quantity
from pipeline.rules import RuleSet

MAX_PAIR = 4  # 减少3户8人 is a pair; longer runs of touching numbers are tables
MAX_LIST = 12  # parts of a bracket that are looked back over for the total before it
MAX_GAP = 3  # the macro `pair` matches nothing longer


def role_of(context: Context, place: Place, rules: RuleSet) -> Finding:
    """level, increase, decrease or difference; level where nothing speaks.

    A pair shares its cue (自然减少11户25人), and a bracket what stands before it (增加9人(新生6人、迁入3人)).
    """
    index = context.nth
    found = Finding("level", DEFAULT)
    silent = not heard_in(book_of(rules, "role"), place.scene)  # then no other number of the sentence has a cue either
    for _ in range(MAX_PAIR):
        found = decide(context, place, rules, "role", "level")
        leader = None if silent or found.rule != DEFAULT else _leader(context.row, index, place, rules)
        if leader is None:
            break
        index, place = leader
    return found


def _leader(row: Sequence[Quantity], index: int, place: Place, rules: RuleSet) -> tuple[int, Place] | None:
    """The quantity that the `index`-th of `row` continues, and its place: the one it touches, or the one of its measure
    before its bracket.
    """
    before = place.before
    if before is None:
        return None
    pair = rules.compile_text("<<pair>>")
    if place.start - place.free <= MAX_GAP and pair.fullmatch(place.scene.sentence, place.free, place.start):
        return index - 1, before
    if len(place.piece.frames) == 1:
        return None
    for i in range(index - 1, max(-1, index - MAX_LIST), -1):
        if before.piece.frames[0] != place.piece.frames[0]:
            return (i, before) if row[i].measure == row[index].measure else None
        if before.before is None:
            return None
        before = before.before
    return None
