"""Full-width digits and letters, and the points and commas that a Chinese keyboard puts into numbers."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from pipeline.spans import Edit

WIDE = regex.compile(r"[０-９Ａ-Ｚａ-ｚ％]")
WIDE_MARK = regex.compile(r"(?<=[0-9０-９])[．，](?=[0-9０-９]{3}(?![0-9０-９])|(?<=．)[0-9０-９])")
DECIMAL = regex.compile(r"(?<=[0-9])[。．·](?=[0-9]{1,4}(?![0-9]|[.、]))(?!(?<=(?:19|20)[0-9]{2}.)[0-9]{1,2})")
SHIFT = 0xFEE0


def width(text: str) -> Iterator[Edit]:
    """１２．４万 -> 12.4万; Chinese punctuation elsewhere stays as it is."""
    for m in WIDE.finditer(text):
        yield Edit(m.start(), m.end(), chr(ord(m[0]) - SHIFT), "width")
    for m in WIDE_MARK.finditer(text):
        yield Edit(m.start(), m.end(), chr(ord(m[0]) - SHIFT), "width")


def decimal_point(text: str) -> Iterator[Edit]:
    """168。68 -> 168.68: a stop between digits is a decimal point."""
    for m in DECIMAL.finditer(text):
        yield Edit(m.start(), m.end(), ".", "decimal_point")
