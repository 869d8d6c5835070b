"""Traditional to simplified characters, one for one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from pathlib import Path

import regex
from opencc import OpenCC

from pipeline.spans import Edit

# What t2s leaves, because the character is also a simplified or a rare one: in these texts it is never that.
# One pair a line: as written, as read.
CHARACTERS = Path(__file__).with_name("characters.txt")


@lru_cache(maxsize=1)
def _overrides() -> dict[int, str]:
    pairs = (line.split() for line in CHARACTERS.read_text("utf-8").splitlines())
    return str.maketrans(dict(pair for pair in pairs if pair))


@lru_cache(maxsize=1)
def _converter() -> OpenCC:
    return OpenCC("t2s")


@lru_cache(maxsize=1)
def _traditional() -> regex.Pattern[str]:
    """A class of every character that the conversion can change."""
    han = "".join(chr(c) for c in range(0x3400, 0xA000)) + "".join(chr(c) for c in range(0xF900, 0xFB00))
    changed = [a for a, b in zip(han, _convert(han), strict=True) if a != b]
    return regex.compile("[" + "".join(changed) + "]")


def _convert(text: str) -> str:
    """`text` simplified; the length stays (OpenCC's t2s tables map one character to one)."""
    plain: str = _converter().convert(text)
    return plain.translate(_overrides())


def simplify(text: str) -> Iterator[Edit]:
    """統一 -> 统一: one edit for each run of changed characters."""
    if not _traditional().search(text):
        return
    plain = _convert(text)
    if plain == text or len(plain) != len(text):  # OpenCC keeps the length of every code point but NUL and surrogates
        return
    changed = (i for i, (a, b) in enumerate(zip(text, plain, strict=True)) if a != b)
    for _, run in groupby(enumerate(changed), key=lambda p: p[1] - p[0]):
        places = [i for _, i in run]
        yield Edit(places[0], places[-1] + 1, plain[places[0] : places[-1] + 1], "traditional")


def script_of(traditional: int, length: int) -> str:
    """hans, hant or mixed, by how many of a text's characters were traditional.

    In traditional texts about a third of the characters differ from simplified ones; quotes in a simplified text few.
    """
    share = traditional / max(1, length)
    return "hant" if share > 0.12 else "mixed" if share > 0.008 else "hans"
