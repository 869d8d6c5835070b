"""Numerals <-> numbers: Chinese, Arabic, mixed, masked; and where they stand in a text. Knows no documents."""

from __future__ import annotations

from pipeline.numerals.naming import to_chinese
from pipeline.numerals.number import Number, closing_scale, fraction, parse, size_of, written
from pipeline.numerals.scan import Found, scan
from pipeline.numerals.signs import (
    BLANK,
    DIGITS,
    FORMAL,
    LARGE,
    LARGEST,
    LETTERS,
    LIST_SIGNS,
    MASK,
    MONEY_SIGNS,
    MORE,
    ONE,
    RANGE_SIGNS,
    SCALES,
    SOME,
)

__all__ = [
    "BLANK", "DIGITS", "FORMAL", "LARGE", "LARGEST", "LETTERS", "LIST_SIGNS", "MASK", "MONEY_SIGNS", "MORE", "ONE",
    "RANGE_SIGNS", "SCALES", "SOME",
    "Found", "Number", "closing_scale", "fraction", "parse", "scan", "size_of", "to_chinese", "written",
]  # fmt: skip
