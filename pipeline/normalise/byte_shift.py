"""Lines of GBK whose enumerator was pushed out of step by one byte: 。ㄒ唬┘訌娊M織 is （一）加強組織.

A filter ate one byte of the wide spaces before the line, so the other (A1) took the first byte of the bracket: A1A3 is
the stop, A8D2 is ㄒ, and so on. The enumerator is certain; what follows it is found by a search (straddle.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import regex

from pipeline.normalise.choices import IN_STEP, Leads
from pipeline.normalise.gbk import cells, pair, refused
from pipeline.normalise.gbk import text as char_in
from pipeline.normalise.mend import Trust, edits, kept, trust
from pipeline.normalise.script import simplified
from pipeline.normalise.straddle import LONE, LONGEST, Found, Piece, Search, Stretch
from pipeline.normalise.wording import Model
from pipeline.numerals import to_chinese
from pipeline.spans import Edit

OPEN, CLOSE = "（".encode("gbk"), "）".encode("gbk")
KIND = "byte_shift"
LAST = 20  # （二十）
SEARCHED = 3000  # shown characters of a text that are searched; enumerators behind them are mended, tails flagged
EACH = 20  # characters that a line counts besides its own
CERTAIN = 1  # shown characters behind the stop that make an enumerator certain; （六） has none
GAIN = 5.0  # nats by which a line that begins with a stop must be likelier mended than as it is shown
STOP = "\u3002"  # 。
BEFORE = ("\n", "\u3000", " ", "\t")
LINE = regex.compile(
    rf"^[ \t\u3000]{{0,8}}+(?P<head>{STOP})(?P<rest>[^\n]{{0,{LONGEST}}})(?P<more>[^\n]?)", regex.MULTILINE
)


class Head(NamedTuple):
    """An enumerator as it is shown: its number, and how many characters behind the stop show it."""

    number: int
    length: int


def _cells(n: int) -> tuple[bytes, ...]:
    """The pairs into which （n） falls, but for the first (the stop) and the one that holds its last byte."""
    data = (OPEN + to_chinese(n).encode("gbk") + CLOSE)[1:-1]
    return tuple(data[i : i + 2] for i in range(0, len(data), 2))


CELLS = {n: _cells(n) for n in range(1, LAST + 1)}


def byte_shift(text: str) -> Iterator[Edit]:
    """。ㄒ唬┘訌娊M織 -> （一）加強組織, and the rest of the line as far as it is out of step and can be believed.

    What cannot be believed stays as it is; an edit of the kind byte_shift_tail that changes nothing says so.
    """
    if not text.startswith(STOP) and not any(before + STOP in text for before in BEFORE):
        return
    lines = [(m, heads) for m in LINE.finditer(text) if (heads := _heads(m["rest"]))]
    if not lines:
        return
    model = Model(_others(text, [m for m, _ in lines]))
    number = spent = 0
    for m, heads in lines:
        head = next((h for h in heads if h.number == number + 1), heads[0])
        search = Search(m["rest"], model, whole=not m["more"])
        more = spent < SEARCHED and len(m["rest"]) > head.length
        found = _search(search, head, follows=head.number == number + 1) if more else None
        spent += search.reached + EACH
        if found or head.length >= CERTAIN:
            number = head.number
            yield from _edits(m, head, found)


def _heads(rest: str) -> list[Head]:
    """The enumerators that a line may show behind its stop; those that explain most of it."""
    heads = [head for n in CELLS if (head := _head(rest, n))]
    longest = max((head.length for head in heads), default=0)
    # A stop alone may be （六）, or nothing but a stop; and a stop with ǘ says nothing by itself.
    return [head for head in heads if head.length == longest and (longest > 1 or len(rest) > longest)]


def _head(rest: str, n: int) -> Head | None:
    """（n） if `rest` begins with the pairs it falls into; where GBK has no character for one, nothing may stand."""
    at = 0
    for cell in CELLS[n]:
        if pair(rest[at : at + 1]) == cell or (not char_in(cell) and rest[at : at + 1] == "\ufffd"):
            at += 1
        elif char_in(cell):
            return None
    return Head(n, at)


def _others(text: str, lines: list[regex.Match[str]]) -> str:
    """The text without the damaged lines, simplified: its words tell how they go."""
    ends = [text.find("\n", m.end()) for m in lines]
    cuts = [0, *(at for m, end in zip(lines, ends, strict=True) for at in (m.start(), end)), len(text)]
    if ends[-1] < 0:
        cuts = cuts[:-2]
    return simplified("\n".join(text[a:b] for a, b in zip(cuts[::2], cuts[1::2], strict=True)))


def _search(search: Search, head: Head, *, follows: bool) -> Found | None:
    """The reading of what follows the enumerator; None if the line may be undamaged.

    Of （六） only a stop is left, and only what follows can tell; the less if the line `follows` （五）.
    """
    rest = search.shown
    found = search.run(_starts(rest, head))
    if not found or head.length >= CERTAIN:
        return found
    gain = found.score - search.as_shown()
    chars = [(p, trusted) for p, trusted in zip(found.pieces, trust(found), strict=True) if p.char]
    if not chars or not "\u4e00" <= chars[0][0].char <= "\u9fff" or gain < (0 if follows else GAIN):
        return None
    enough = sum(trusted > Trust.NONE for _, trusted in chars)
    if pair(rest[0])[:1] == CLOSE[1:]:  # 。┌──┐ is a drawing: words must stand in a damaged line
        near, far = (sum("\u4e00" <= char <= "\u9fff" for char in rest[1:end]) for end in (4, 12))
        drawn = pair(rest[1:2])[:1] == CLOSE[1:]
        return found if near > 1 or (far > 1 and enough > drawn) else None
    return found if follows or enough else None


def _starts(rest: str, head: Head) -> Iterator[tuple[int, Leads, Stretch, float]]:
    """The ways in which the last byte of the enumerator can be shown: in a pair, in a dropped one, or alone."""
    at = head.length
    data = pair(rest[at : at + 1])
    lost = rest[at : at + 1] in ("?", "\ufffd")
    if data and data[0] == CLOSE[1] and data[1] in cells():
        yield at + 1, frozenset(data[1:]), (at, at + 1), 0.0
    yield at + lost, refused()[CLOSE[1]], (at, at + lost), 0.0
    if head.length >= CERTAIN:
        yield at + lost, IN_STEP, (at, at + lost), LONE


def _edits(m: regex.Match[str], head: Head, found: Found | None) -> Iterator[Edit]:
    """The enumerator, the part of the tail that is believed, and flags on what is not."""
    at, rest = m.start("rest"), m["rest"]
    first, *pieces = found.pieces if found else (_close(rest, head),)
    whole = (OPEN + to_chinese(head.number).encode("gbk") + CLOSE).decode("gbk")
    yield Edit(m.start("head"), at + first.end, whole, KIND)
    if found:
        yield from edits(pieces, trust(found)[1:], at, rest, KIND)
    cut = pieces[-1].end if pieces else first.end
    shown = rest + m["more"]
    if (not found or found.end < 0) and cut < len(shown):
        yield kept(cut, len(shown), at, shown, KIND)


def _close(rest: str, head: Head) -> Piece:
    """The character that holds the last byte of the enumerator, if one is shown."""
    data = pair(rest[head.length : head.length + 1])
    return Piece(head.length, head.length + (data[:1] == CLOSE[1:]), "", 0.0)
