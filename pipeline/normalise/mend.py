"""What of the readings of shifted text is believed, and the edits that put it into the text."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

from pipeline.normalise.straddle import Found, Piece
from pipeline.spans import Edit

SURE = 0.75  # the chance from which a character is believed
WINDOW = 4  # characters
TRUST = -11.0  # mean ln P of as many characters below which the text is not believed from there on


def chances(found: Sequence[Found]) -> list[float]:
    """For each piece of the best reading, the share of all readings' chances that have it too."""
    weights = [math.exp(f.score - found[0].score) for f in found]
    having: dict[tuple[int, int, str], float] = {}
    for reading, weight in zip(found, weights, strict=True):
        for piece in {p[:3] for p in reading.pieces}:
            having[piece] = having.get(piece, 0.0) + weight
    total = sum(weights)
    return [having[p[:3]] / total for p in found[0].pieces]


def believed(found: Sequence[Found]) -> list[bool]:
    """For each piece of the best reading, whether it is believed."""
    pieces = found[0].pieces
    likely = _likely(pieces)
    return [i < likely and chance >= SURE for i, chance in enumerate(chances(found))]


def _likely(pieces: Sequence[Piece]) -> int:
    """How many pieces stand before the first WINDOW characters that are less likely than TRUST in the mean."""
    chars = [i for i, p in enumerate(pieces) if p.char]
    for i in range(1, len(chars) + 1):
        window = chars[max(0, i - WINDOW) : i]
        if sum(pieces[at].score for at in window) < TRUST * WINDOW:
            return window[0]
    return len(pieces)


def edits(pieces: Sequence[Piece], sure: Sequence[bool], at: int, shown: str, kind: str) -> Iterator[Edit]:
    """The edits that put what is believed of `pieces` into a text in which `shown` begins at `at`.

    What is not believed stays as it is, and an edit that changes nothing says so (its kind ends with _tail).
    """
    for good, pairs in groupby(zip(sure, pieces, strict=True), key=lambda p: p[0]):
        run = [piece for _, piece in pairs]
        if good:
            yield from _mended(run, at, kind)
        else:
            yield kept(run[0].start, run[-1].end, at, shown, kind)


def kept(start: int, end: int, at: int, shown: str, kind: str) -> Edit:
    """A flag on shown[start:end], which stays as it is."""
    return Edit(at + start, at + end, shown[start:end], f"{kind}_tail")


def _mended(pieces: Sequence[Piece], at: int, kind: str) -> Iterator[Edit]:
    """Characters that replace one each make one edit, so that each keeps its own place.

    A dropped pair is put to the character before it, which holds its first byte.
    """
    group: list[Piece] = []
    for piece in pieces:
        if group and piece.start == piece.end:
            yield from _edit(group[:-1], at, kind)
            group = [Piece(group[-1].start, piece.end, group[-1].char + piece.char, 0.0)]
        elif group and _one(group[-1]) and _one(piece) and group[-1].end == piece.start:
            group.append(piece)
        else:
            yield from _edit(group, at, kind)
            group = [piece]
    yield from _edit(group, at, kind)


def _one(piece: Piece) -> bool:
    return piece.end - piece.start == len(piece.char) == 1


def _edit(group: Sequence[Piece], at: int, kind: str) -> Iterator[Edit]:
    if group and (group[0].start < group[-1].end or group[0].char):
        yield Edit(at + group[0].start, at + group[-1].end, "".join(p.char for p in group), kind)
