"""Lines broken in mid-sentence: at a fixed width, as e-mail and old editors left them, or here and there."""

from __future__ import annotations

import re
from collections.abc import Iterator

import regex

from pipeline.spans import Edit

MIN_LINES = 8
NARROWEST, WIDEST = 20, 80  # characters of a line in a hard-wrapped text
OPENS = regex.compile(r"[\s\u3000]*+(?:\p{Han}{1,3}[、．.]|[（(][\p{Han}0-9]{1,3}[）)]|[0-9]{1,2}[、．](?![0-9])|$)")
INDENT = ("\u3000", "  ", "\t")  # opens a paragraph
LINE = re.compile(r"[^\n]*\S[^\n]*")
BLANK = (" ", "\t", "\u3000")
# A sentence ends neither with a comma nor inside a bracket that the next line closes.
NEWLINE = re.compile(r"\n(?=\S)")
COMMAS = ("，", ",", "、")
BRACKET = re.compile(r"[（(《][^（()）《》\n]{0,60}\n(?=[^\s（()）《》][^（()）《》\n]{0,40}[）)》])")
LETTERS = re.compile(r"(?<=[A-Za-z])\n(?=[A-Za-z])")


def line_break(text: str) -> Iterator[Edit]:
    """Joins the lines of a hard-wrapped text, and single lines that certainly break a sentence (…，耕地 / 1860亩)."""
    certain = [m.start() for m in NEWLINE.finditer(text) if text.endswith(COMMAS, 0, _trimmed(text, m.start()))]
    certain += [m.end() - 1 for m in BRACKET.finditer(text)]
    ends = {end for end in certain if not OPENS.match(_next(text, end))} | set(_wrapped(text))
    for end in sorted(ends):
        start = _trimmed(text, end)
        yield Edit(start, end + 1, " " if LETTERS.match(text, end) else "", "line_break")


def _next(text: str, end: int) -> str:
    """The head of the line behind the newline at `end`."""
    return text[end + 1 : end + 40].partition("\n")[0]


def _trimmed(text: str, end: int) -> int:
    """Where the blanks before the newline at `end` begin."""
    if not text.endswith(BLANK, 0, end):
        return end
    return end - 20 + len(text[max(0, end - 20) : end].rstrip()) if end >= 20 else len(text[:end].rstrip())


def _wrapped(text: str) -> list[int]:
    """The newlines within sentences of a hard-wrapped text, whose full lines have about one width."""
    lines = list(LINE.finditer(text))
    if len(lines) < MIN_LINES:
        return []
    widths = sorted(len(m[0].rstrip()) for m in lines)
    full = widths[len(widths) * 3 // 4]
    if not NARROWEST <= full <= WIDEST or widths[-1] > full + 6:
        return []
    broken = [m.end() for m in lines if _breaks(text, m, full)]
    return broken if len(broken) >= len(lines) * 0.3 else []


def _breaks(text: str, line: re.Match[str], full: int) -> bool:
    """Whether the sentence of `line` goes on in the next one."""
    following = _next(text, line.end())
    ends = line[0].rstrip()[-1:] in "。！？：:；;”）)"
    long = len(line[0].rstrip()) >= full - 6
    return long and not ends and not following.startswith(INDENT) and not OPENS.match(following)
