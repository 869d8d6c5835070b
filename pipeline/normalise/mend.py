"""What of a reading of shifted text is believed, and the edits that put it into the text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum
from itertools import groupby

from pipeline.normalise.straddle import Found, Piece
from pipeline.spans import Edit

BELIEVED = 0.35  # the chance from which a character is put into the text
SURE = 0.95  # and from which nothing is said; chosen on generated lines (tests/test_damage.py measures it on others)
WINDOW = 4  # characters
LIKELY = -11.0  # mean ln P of as many characters below which the text is not believed from there on


class Trust(IntEnum):
    """How far a character is believed."""

    NONE = 0  # it stays as it is shown
    SOME = 1  # it is put in, and flagged
    SURE = 2


def trust(found: Found) -> list[Trust]:
    """How far each piece of a reading is believed."""
    likely = _likely(found.pieces)
    return [
        Trust.NONE if i >= likely or piece.chance < BELIEVED else Trust.SURE if piece.chance >= SURE else Trust.SOME
        for i, piece in enumerate(found.pieces)
    ]


def _likely(pieces: Sequence[Piece]) -> int:
    """How many pieces stand before the first WINDOW characters that are less likely than LIKELY in the mean."""
    chars = [i for i, p in enumerate(pieces) if p.char]
    for i in range(1, len(chars) + 1):
        window = chars[max(0, i - WINDOW) : i]
        if sum(pieces[at].score for at in window) < LIKELY * WINDOW:
            return window[0]
    return len(pieces)


def edits(pieces: Sequence[Piece], trusts: Sequence[Trust], at: int, shown: str, kind: str) -> Iterator[Edit]:
    """The edits that put what is believed of `pieces` into a text in which `shown` begins at `at`.

    What is put in but not sure has a kind that ends with _unsure. What is not believed stays as it is, and an edit that
    changes nothing says so (its kind ends with _tail).
    """
    for trusted, pairs in groupby(_units(pieces, trusts), key=lambda unit: unit[1]):
        run = [piece for piece, _ in pairs]
        if trusted is Trust.NONE:
            yield kept(run[0].start, run[-1].end, at, shown, kind)
        else:
            yield from _mended(run, at, kind if trusted is Trust.SURE else f"{kind}_unsure")


def kept(start: int, end: int, at: int, shown: str, kind: str) -> Edit:
    """A flag on shown[start:end], which stays as it is."""
    return Edit(at + start, at + end, shown[start:end], f"{kind}_tail")


def _units(pieces: Sequence[Piece], trusts: Sequence[Trust]) -> list[tuple[Piece, Trust]]:
    """The pieces; dropped pairs are put to the character before them, which holds their first byte."""
    units: list[tuple[Piece, Trust]] = []
    for piece, trusted in zip(pieces, trusts, strict=True):
        if units and piece.start == piece.end:
            before, least = units.pop()
            units.append((before._replace(char=before.char + piece.char), min(least, trusted)))
        else:
            units.append((piece, trusted))
    return units


def _mended(pieces: Sequence[Piece], at: int, kind: str) -> Iterator[Edit]:
    """Characters that replace one each make one edit, so that each keeps its own place."""
    for alike, run in groupby(pieces, key=lambda p: p.end - p.start == len(p.char) == 1):
        group = list(run)
        for part in [group] if alike else [[piece] for piece in group]:
            yield Edit(at + part[0].start, at + part[-1].end, "".join(p.char for p in part), kind)
