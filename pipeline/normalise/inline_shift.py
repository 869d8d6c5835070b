"""Text of GBK out of step inside a line, where a gloss went into the middle of two characters.

A site put the reading behind 內 (83C8) wherever it saw its bytes, also inside 們如 (8283 C8E7): `們?nèi)缙` holds 們,
then C8 and the bracket that made no pair with it (the ?), and then E7 and what follows, one byte out of step.
"""

from __future__ import annotations

from collections.abc import Iterator

import regex

from pipeline.normalise.choices import IN_STEP
from pipeline.normalise.gbk import pair
from pipeline.normalise.mend import edits, kept, trust
from pipeline.normalise.readings import LOST_GLOSS, read_as
from pipeline.normalise.script import simplified
from pipeline.normalise.straddle import LONGEST, Found, Search
from pipeline.normalise.wording import Model
from pipeline.spans import Edit

KIND = "inline_shift"
BEFORE = 4  # characters in front of the gloss that are read along: the open word helps (當|地)
SEARCHED = 3000  # characters of a text that are searched; what stands behind them stays as it is


def inline_shift(text: str) -> Iterator[Edit]:
    """當?shù)厝罕姽仓\\ -> 當地群眾共謀: 94 of 當 (AE94) and the lost byte are read shù, so they were 數 (94B5).

    From there bytes and words tell how the text goes, until it is in step again. What cannot be believed stays as it
    is, and an edit of the kind inline_shift_tail that changes nothing says so.
    """
    if "?" not in text and "\ufffd" not in text:
        return
    places = [m for m in LOST_GLOSS.finditer(text) if _possible(text, m)]
    if not places:
        return
    model = Model(simplified(text))
    done = spent = 0
    for m in places:
        if m.start() < done or spent >= SEARCHED:
            continue
        begin = max(done, m.start() - BEFORE, text.rfind("\n", 0, m.start()) + 1)
        line, more, _ = text[begin : m.end() + LONGEST].partition("\n")
        search = Search(line, model, whole=bool(more) or begin + len(line) == len(text))
        for edit in _mend(search, begin, m):
            yield edit
            done = edit.end
        spent += search.reached


def _possible(text: str, m: regex.Match[str]) -> bool:
    """Whether the character before the gloss ends with a byte that can open one of this reading."""
    before = pair(text[m.start() - 1 : m.start()])
    return bool(before) and bool(read_as(before[1], m["reading"]))


def _mend(search: Search, at: int, gloss: regex.Match[str]) -> Iterator[Edit]:
    """The edits of one shift; `at` is where the text that is searched begins, `gloss` what it was found by."""
    line = search.shown
    found = search.run([(0, IN_STEP, None, 0.0)])
    if not found:
        return
    if _says(found, len(line)):
        pieces, trusts = found.pieces, trust(found)
        trusts[0] = min(trusts[:2])  # without the first character behind the gloss, the gloss stays too
        yield from edits(pieces, trusts, at, line, KIND)
        if found.end < 0:
            yield kept(pieces[-1].end, len(line), at, line, KIND)
    else:
        yield kept(gloss.start(), gloss.end(), 0, gloss.string, KIND)


def _says(found: Found, length: int) -> bool:
    """Whether a Chinese character comes out that is believed, or but a mark ends the line (很高?zhé)? is 很高。)."""
    said = [(piece, trusted) for piece, trusted in zip(found.pieces, trust(found), strict=True) if piece.char]
    ends = len(said) == 1 and found.end == length and not "\u4e00" <= said[0][0].char <= "\u9fff"
    return ends or any(trusted for piece, trusted in said if "\u4e00" <= piece.char <= "\u9fff")
