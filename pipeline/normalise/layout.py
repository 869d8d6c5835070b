"""Lines broken in mid-sentence at a fixed width, as e-mail and old editors left them."""

from __future__ import annotations

from collections.abc import Iterator

import regex

from pipeline.spans import Edit

MIN_LINES = 8
OPENS = regex.compile(r"[\s\u3000]*+(?:\p{Han}{1,3}[、．.]|[（(][\p{Han}0-9]{1,3}[）)]|[0-9]{1,2}[、．](?![0-9])|$)")


def line_break(text: str) -> Iterator[Edit]:
    """Joins the lines of a hard-wrapped text, where full lines have about one width and end in mid-sentence."""
    lines = [m for m in regex.finditer(r"[^\n]++", text) if m[0].strip()]
    if len(lines) < MIN_LINES:
        return
    widths = sorted(len(m[0].rstrip()) for m in lines)
    full = widths[len(widths) * 3 // 4]
    if not 20 <= full <= 80 or widths[-1] > full + 6:
        return
    broken = [m for m in lines if _breaks(text, m, full)]
    if len(broken) < len(lines) * 0.3:
        return
    for m in broken:
        yield Edit(m.end(), m.end() + 1, "", "line_break")


def _breaks(text: str, line: regex.Match[str], full: int) -> bool:
    """Whether the sentence of `line` goes on in the next one."""
    following = text[line.end() + 1 : line.end() + 40].partition("\n")[0]
    ends = line[0].rstrip()[-1:] in "。！？：:；;”）)"
    return len(line[0].rstrip()) >= full - 6 and not ends and bool(following.strip()) and not OPENS.match(following)
