"""How characters are read: the pinyin that websites inject, and the characters it can stand for.

The table (readings.txt) is taken from pypinyin; its head says under which terms.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import regex

TABLE = Path(__file__).resolve().parent / "readings.txt"
TONED = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ"
# A mark may be a character of its own, and some fonts' g and a are letters of their own (ɡ, ɑ).
MARKED = f"{TONED}\u0251\u0261\u0300\u0301\u0304\u030c"
LETTERS = f"a-zü{MARKED}\u0308"
READING = rf"(?P<reading>[{LETTERS}]{{1,9}}+)"
WHOLE_GLOSS = regex.compile(rf"[(（]{READING}[)）]")
# A gloss whose opening bracket was swallowed: 們?nèi)
LOST_GLOSS = regex.compile(rf"[?\ufffd][(（]?{READING}[)）]")
PLAIN = str.maketrans("\u0251\u0261", "ag")


@lru_cache(maxsize=4096)
def spelled(reading: str) -> str:
    """A reading as the table writes it: composed, with common letters."""
    return unicodedata.normalize("NFC", reading.translate(PLAIN))


@lru_cache(maxsize=4096)
def toneless(reading: str) -> str:
    """The letters of a reading: lǜ -> lü."""
    letters = unicodedata.normalize("NFD", reading)
    return unicodedata.normalize("NFC", regex.sub(r"[\u0300\u0301\u0304\u030c]", "", letters))


@lru_cache(maxsize=1)
def readings() -> Mapping[str, str]:
    """Reading -> the characters of GBK that are read so; loaded when a text first has a gloss."""
    lines = TABLE.read_text("utf-8").splitlines()
    rows = (line.partition(" ") for line in lines if not line.startswith("#"))
    return {reading: chars for reading, _, chars in rows}


@lru_cache(maxsize=1)
def sounds() -> Mapping[str, frozenset[str]]:
    """Character -> its readings without their tones."""
    found: dict[str, set[str]] = {}
    for reading, chars in readings().items():
        plain = toneless(reading)
        for char in chars:
            found.setdefault(char, set()).add(plain)
    return {char: frozenset(said) for char, said in found.items()}


@lru_cache(maxsize=4096)
def read_as(lead: int, reading: str) -> tuple[int, ...]:
    """The trail bytes of the characters that are read `reading` and whose first byte is `lead`.

    內 is the only character from 8340 to 83FE that is read nèi, so `們?nèi)` (們 ends in 83) has lost C8.
    """
    data = (char.encode("gbk") for char in readings().get(spelled(reading), ""))
    return tuple(trail for first, trail in data if first == lead)
