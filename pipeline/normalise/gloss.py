"""Pinyin that websites inject after characters."""

from __future__ import annotations

import re
from collections.abc import Iterator

import regex

from pipeline.normalise.readings import MARKED, READING, readings, sounds, spelled, toneless
from pipeline.spans import Edit

MARK = re.compile(f"[{MARKED}]")  # of a tone; a text without any is searched but once
GLOSS = regex.compile(rf"[(（](?<=\p{{Han}}.){READING}[)）]")


def gloss(text: str) -> Iterator[Edit]:
    """統(tǒng)一 -> 統一: a reading in brackets behind its character.

    (GDP), (A级) and (app) have no tone mark; 简历(résumé) is no reading; 里(là) is none of this character.
    """
    if not MARK.search(text):
        return
    for m in GLOSS.finditer(text):
        if _reads(text[m.start() - 1], spelled(m["reading"])):
            yield Edit(m.start(), m.end(), "", "gloss")


def _reads(char: str, reading: str) -> bool:
    """Whether `reading` is Chinese, has its tone, and is one of `char` (or nothing is known of `char`).

    Of another tone is well: sites gloss 質 as zhì or zhí.
    """
    return reading in readings() and toneless(reading) in sounds().get(char, {toneless(reading)})
