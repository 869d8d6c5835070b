"""The cells of GBK: which two bytes are which character, and which cells hold none."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from pipeline.normalise.script import simplified

LEADS = range(0x81, 0xFF)
# Marks and wide digits that a line may hold; other marks, letters and symbols of GBK are what garble looks like.
MARKS = "\u3001\u3002\uff0c\uff1a\uff1b\uff1f\uff01\u201c\u201d"  # 、。，：；？！“”
MARKS += "\u300a\u300b\uff08\uff09\u3000"  # 《》（） and the wide blank
MARKS += "".join(chr(c) for c in range(0xFF10, 0xFF1A)) + "\uff05\uff0e"  # ０ to ９, ％．


class Char(NamedTuple):
    """A character, its simplified form, and whether only traditional (1) or only simplified (-1) texts have it."""

    char: str
    plain: str
    script: int


def pair(char: str) -> bytes:
    """The two bytes of a character as a site shows it; b"" for ASCII and for what stands outside GB18030's pairs.

    ⿰ to ⿻ (A98A on) and private-use characters are no characters of GBK, but some sites show these cells.
    """
    data = char.encode("gb18030", "ignore")
    return data if len(data) == 2 else b""


def text(cell: bytes) -> str:
    """The character of GBK in a cell, or nothing."""
    char = cell.decode("gbk", "ignore")
    return char if len(char) == 1 else ""


def _in(codec: str, chars: str) -> frozenset[str]:
    """Those of `chars` that a character set has."""
    return frozenset(chars.encode(codec, "ignore").decode(codec))


@lru_cache(maxsize=1)
def cells() -> Mapping[int, Mapping[int, Char]]:
    """Chinese characters and MARKS by lead and trail byte; built when a text first needs it."""
    wanted = [*map(chr, range(0x4E00, 0xA000)), *MARKS]
    found = sorted((data, char) for char in wanted if len(data := char.encode("gbk", "ignore")) == 2)
    chars = "".join(char for _, char in found)
    plain, big5, gb2312 = simplified(chars), _in("big5", chars), _in("gb2312", chars)
    table: dict[int, dict[int, Char]] = {lead: {} for lead in LEADS}
    for ((lead, trail), char), simple in zip(found, plain, strict=True):
        table[lead][trail] = Char(char, simple, (char in big5) - (char in gb2312))
    return table


@lru_cache(maxsize=1)
def refused() -> Mapping[int, frozenset[int]]:
    """Lead byte -> the second bytes with which GBK has no character, and which can open another character."""
    cell = {lead: frozenset(t for t in LEADS if not text(bytes((lead, t)))) for lead in LEADS}
    return {lead: trails for lead, trails in cell.items() if trails}
