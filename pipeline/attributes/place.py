"""Place: which place a number speaks of, as the text names it."""

from __future__ import annotations

from pipeline.attributes.cues import Hit, book_of, governing, place_in_sentence
from pipeline.records import Context
from pipeline.rules import RuleSet


def place_of(context: Context, rules: RuleSet) -> str | None:
    """The place that the sentence names as its subject before the number (石桥村脱贫8户), else the report's.

    The nearest name wins; 全村, 我镇 and the like mean the report's place.
    """
    best: Hit | None = None
    for hit in governing(book_of(rules, "place"), place_in_sentence(context)):
        if best is None or (hit.cue.priority, hit.start) > (best.cue.priority, best.start):
            best = hit
    if best is None or best.cue.value != "name":
        return context.report.place
    return best.groups.get("place") or context.report.place
