"""The sentences of a section; its heading is one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import regex

from pipeline.records import Section, Sentence

SENTENCE_END = regex.compile(r"[。！？!?]+[”’」』）)]*+|\n+")
QUOTES = {"“": "”", "‘": "’", "《": "》", "（": "）", "(": ")", "「": "」"}
OPENING = regex.compile("[" + "".join(map(regex.escape, QUOTES)) + "]")
# A line without a full stop is cut after this many characters, at a comma where there is one: the work on a number
# grows with the length of its sentence, and the tables repeat the sentence for each.
LONGEST = 2000
COMMA = regex.compile(r"(?r)[，,；;、\s]")
QUOTED_REACH = 40  # a bracket or quote that stays open longer than this does not hold a sentence together


def sentences_of(body: str, number: int, section: Section) -> list[Sentence]:
    """The sentences of the section with index `number`. They tile it.

    A stop inside a quote or bracket ends none (“不忘初心。”活动), and a semicolon never does (一是…;二是…).
    """
    cuts = [section.start]
    if section.start < section.body < section.end:
        cuts.append(section.body)
    at = cuts[-1]
    for m in SENTENCE_END.finditer(body, at, section.end):
        if m.end() < section.end and (m[0][0] == "\n" or not _inside_quotes(body, cuts[-1], m)):
            cuts.append(m.end())
    cuts.append(section.end)
    if all(end - start <= LONGEST for start, end in pairwise(cuts)):
        return [Sentence(number, start, end) for start, end in pairwise(cuts) if start < end]
    return [Sentence(number, a, b) for start, end in pairwise(cuts) for a, b in _bounded(body, start, end)]


def _bounded(body: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """`start` to `end` in pieces of at most LONGEST characters; none if it is empty."""
    while end - start > LONGEST:
        comma = COMMA.search(body, start + LONGEST // 2, start + LONGEST)
        stop = comma.end() if comma else start + LONGEST
        yield start, stop
        start = stop
    if end > start:
        yield start, end


def _inside_quotes(body: str, start: int, stop: regex.Match[str]) -> bool:
    """Whether a stop stands inside a quote or bracket that closes soon after."""
    at = stop.start()
    first = max(start, at - QUOTED_REACH)
    if stop[0][-1] in "”’」』）)" or OPENING.search(body, first, at) is None:
        return False
    left, right = body[first:at], body[at : at + QUOTED_REACH].partition("\n")[0]
    return any(left.rfind(o) > left.rfind(c) and c in right for o, c in QUOTES.items())
