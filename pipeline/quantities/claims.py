"""Which numerals are no quantities, and why: the rules of rules/fates.toml."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pipeline.numerals import BLANK, Found
from pipeline.quantities.lexicon import END, Cue, Lexicon
from pipeline.rules import CueRule

HAN_KINDS = frozenset({"han", "bare"})
NO_CUE = CueRule.model_construct(id="", value="")


class Claim(NamedTuple):
    """A stretch of text, and the rule that says what its numerals are."""

    start: int
    end: int
    cue: CueRule
    priority: int  # of the cue: of two claims on a numeral the one with the higher priority wins


def claims_on(text: str, found: Sequence[Found], lexicon: Lexicon) -> list[CueRule | None]:
    """For each numeral the rule that claims it, or None."""
    areas = _areas(text, lexicon)
    areas.append(Claim(len(text), len(text), NO_CUE, 0))
    claimed: list[CueRule | None] = []
    live: list[Claim] = []
    at, begin = 0, areas[0].start
    for item in found:
        start = item.start
        while begin <= start:
            live.append(areas[at])
            at += 1
            begin = areas[at].start
        own = _claim_at(text, item, lexicon)
        if own:
            live.append(own)
        claimed.append(_winner(text, item, live, lexicon) if live else None)
    return claimed


def _winner(text: str, item: Found, live: list[Claim], lexicon: Lexicon) -> CueRule | None:
    """The rule of the claims that `item` goes to; those that end before it are taken out of `live`."""
    start, end = item.start, item.end
    if any(claim.end <= start for claim in live):
        live[:] = [claim for claim in live if claim.end > start]
    best: Claim | None = None
    for claim in live:
        stronger = claim.end >= end and (best is None or claim.priority > best.priority)
        if stronger and not _longer_unit(text, item, claim, lexicon):
            best = claim
    return best.cue if best else None


def _areas(text: str, lexicon: Lexicon) -> list[Claim]:
    """Titles, quoted slogans, phrases: stretches that are claimed whole."""
    areas = [Claim(*m.span(), cue, cue.priority) for pattern, cue in lexicon.areas for m in pattern.finditer(text)]
    cues = lexicon.phrase_cues
    areas += [
        Claim(start, end, cues[i], cues[i].priority) for i, start, end in lexicon.phrases.find_matches_as_indexes(text)
    ]
    areas.sort(key=lambda c: (c.start, -c.priority, -c.end))
    return areas


def _longer_unit(text: str, item: Found, over: Claim, lexicon: Lexicon) -> bool:
    """Whether a unit reaches beyond the phrase that claims a numeral: 一老一小|时 is an hour, 五美|元 dollars."""
    if not over.cue.words or over.end == item.end:
        return False
    longest = over.end - item.end
    for length in lexicon.lengths.get(text[item.end], ()):
        if length <= longest:
            return False
        word = text[item.end : item.end + length]
        if len(word) == length and word in lexicon.units:
            return True
    return False


def _claim_at(text: str, item: Found, lexicon: Lexicon) -> Claim | None:
    """What a numeral is by the characters that touch it: 2018|年, 第|3."""
    start, end, kind, number = item
    right, left = text[end : end + 1] or END, text[start - 1 : start] or END
    if right in BLANK:
        right = text[end + 1 : end + 2] or END
    if left in BLANK:
        left = text[max(0, start - 2) : start - 1] or END
    near = lexicon.of_han if kind in HAN_KINDS else lexicon.of_digits
    cues: tuple[Cue, ...] = near.right.get(right, near.always)
    if left in near.left:
        cues += near.left[left]
    if number is not None and number.masked:
        cues += lexicon.masked
    best: Claim | None = None
    for pattern, cue in cues:
        if best is None or cue.priority > best.priority:
            match = pattern.match(text, start)
            if match and match.end() >= end:
                best = Claim(start, match.end(), cue, cue.priority)
    return best
