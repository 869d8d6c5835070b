"""Lines on pages -> paragraphs: what stands on every page is left out, and lines that a margin broke are joined.

A line was broken by the margin if what follows would not have fitted on it; where a paragraph ends, there was room.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import regex

EDGE = 3  # lines at the head and the foot of a page among which running headers and page numbers stand
MARGIN = 0.12  # share of a page's height at its edges where a lone number can only be its page number
NEAR = 4.0  # points within which a running header keeps its height
REACH = 0.7  # share of a page's width that a full line spans at least: a list of short lines has no full one
INDENT = 1.3  # characters by which a line must be set in to open a paragraph: Chinese ones are set in by two
GAP = 1.7  # times the usual distance of lines that separates paragraphs
SLACK = 0.6  # characters that justified setting may leave open at the end of a full line
OTHER_SIZE = 1.12  # headings are set in larger letters than text

NUMBER = regex.compile(r"[0-9]{1,5}")
PAGE_NUMBER = regex.compile(r"[^\p{L}\p{N}]{0,6}[0-9]{1,4}(?:\s{0,2}/\s{0,2}[0-9]{1,4})?[^\p{L}\p{N}]{0,6}")
FIRST = regex.compile(r"[A-Za-z0-9.,%+\-/]{1,40}[\p{P}]?|.[，。、；：！？）》”’%]?", regex.DOTALL)
# How a paragraph of its own begins, where the line before it ended with a stop: 一、 （一） 1. ① 一是
OPENS = regex.compile(r"\s*(?:[\p{Han}0-9]{1,3}[、．.](?![0-9])|[（(][\p{Han}0-9]{1,3}[）)]|[\u2460-\u249b])")
STOP = regex.compile(r"[。！？；：:;]\s*$")


@dataclass(frozen=True, slots=True)
class Line:
    """A line on a page, or a row of a table; lengths in points, measured from the top left corner."""

    text: str
    page: int
    left: float
    right: float
    top: float
    bottom: float
    size: float  # of its letters; 0 for a row
    height: float  # of the page
    width: float


def paragraphs(lines: Sequence[Line]) -> list[str]:
    """The paragraphs and rows of a document, from its lines in order."""
    kept = _without_running(lines)
    margins = {width: _margins([x for x in kept if x.width == width]) for width in {x.width for x in kept}}
    texts: list[str] = []
    before: Line | None = None
    for line in kept:
        if before is not None and _continues(before, line, *margins[line.width]):
            texts[-1] = _joined(texts[-1], line.text)
        else:
            texts.append(line.text)
        before = line
    return texts


def _without_running(lines: Sequence[Line]) -> list[Line]:
    """Without headers and footers that recur from page to page, and without page numbers."""
    pages: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        pages[line.page].append(line)
    edges = [line for page in pages.values() for line in {*page[:EDGE], *page[-EDGE:]}]
    alike: dict[tuple[str, int], list[Line]] = defaultdict(list)
    for line in edges:
        if line.size:
            alike[NUMBER.sub("#", line.text), round(line.top / NEAR)].append(line)
    running = {line for group in alike.values() if _recurs(group) for line in group}
    running |= {line for line in edges if _is_page_number(line)}
    return [line for line in lines if line not in running]


def _recurs(group: Sequence[Line]) -> bool:
    """Whether lines of one height and wording run through the pages: the same text, or numbers that count pages."""
    if len({line.page for line in group}) < 2:
        return False
    offsets = {int(m[0]) - line.page if (m := NUMBER.search(line.text)) else 0 for line in group}
    return len({line.text for line in group}) == 1 or len(offsets) == 1


def _is_page_number(line: Line) -> bool:
    at_edge = line.bottom < MARGIN * line.height or line.top > (1 - MARGIN) * line.height
    return at_edge and PAGE_NUMBER.fullmatch(line.text) is not None


def _margins(lines: Sequence[Line]) -> tuple[float, float, float]:
    """(left edge, right edge, usual distance of lines) of the text; a few lines may stick out."""
    text = [x for x in lines if x.size] or list(lines)
    out = len(text) // 50
    steps = sorted(b.top - a.top for a, b in pairwise(text) if a.page == b.page and b.top > a.top)
    return (
        sorted(x.left for x in text)[out],
        max(sorted(x.right for x in text)[-1 - out], REACH * text[0].width),
        steps[len(steps) // 2] if steps else 0.0,
    )


def _continues(before: Line, line: Line, left: float, right: float, step: float) -> bool:
    """Whether `line` goes on with the sentence or paragraph of the line before it."""
    if not before.size or not line.size or before.width != line.width:
        return False
    if max(before.size, line.size) > OTHER_SIZE * min(before.size, line.size):
        return False
    if line.left - left > INDENT * line.size or (STOP.search(before.text) and OPENS.match(line.text)):
        return False
    if before.page == line.page and step and line.top - before.top > GAP * step:
        return False
    room = right - before.right
    return room < _width(FIRST.match(line.text), line.size) + SLACK * line.size


def _width(first: regex.Match[str] | None, size: float) -> float:
    """How much room the first unbreakable piece of a line takes: a Han character one em, a digit or letter half."""
    return sum(size * (0.5 if c.isascii() else 1.0) for c in first[0]) if first else 0.0


def _joined(before: str, after: str) -> str:
    """Two lines of a paragraph in one; a blank stands only between words of letters."""
    words = before[-1:].isascii() and before[-1:].isalpha() and after[:1].isascii() and after[:1].isalpha()
    return before + (" " if words else "") + after


def placed(rows: Iterable[str], line: Line) -> list[Line]:
    """Rows of a table as lines that keep their place among the lines of the page."""
    return [replace(line, text=row, top=line.top + i / 1000, size=0.0) for i, row in enumerate(rows)]
