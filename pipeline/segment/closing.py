"""Where a report ends: its signature and date, and what a web page puts behind them."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.lines import Line, reads_as
from pipeline.rules import RuleSet

MOST_LINE = 300  # characters: no closing line is longer
MOST_SIGNER = 40
TAIL = 40  # lines at the end in which the list of other articles may begin
STRAY = 2  # lines that may stand between closing lines and are none themselves: a page number, a blank form
MOST_STRAY = 16  # characters
MOST_ATTACHMENT = 80  # characters


def closes(text: str, rules: RuleSet) -> bool:
    """Whether a line is a date, a signed date, or belongs to the page around the report."""
    return len(text) <= MOST_LINE and any(reads_as(text, v, rules) for v in ("closing", "chrome", "related"))


def closing_line(lines: Sequence[Line], rules: RuleSet) -> int | None:
    """The index of the first closing line of a report; None if it has none."""
    first, stray = None, 0
    for i in range(_end(lines, rules) - 1, -1, -1):
        line = lines[i]
        if not line.text:
            continue
        if line.level:
            break
        if closes(line.text, rules) or (first is not None and _signs(lines, i, first, rules)):
            first, stray = i, 0
            continue
        stray += 1
        if stray > STRAY or len(line.text) > MOST_STRAY or line.is_prose:
            break
    tail = _end(lines, rules)
    if first is None:
        first = tail if tail < len(lines) else None
    return first if first is None else _attached(lines, first, rules)


def _attached(lines: Sequence[Line], first: int, rules: RuleSet) -> int:
    """The line from which only papers that are enclosed are named (附件：1.统计表), or `first`."""
    for i in range(first - 1, max(-1, first - TAIL), -1):
        if lines[i].is_prose or len(lines[i].text) > MOST_ATTACHMENT:
            break
        if reads_as(lines[i].text, "attachment", rules):
            return i
    return first


def _end(lines: Sequence[Line], rules: RuleSet) -> int:
    """The line from which only other articles are named (相关阅读), or the number of lines."""
    for i in range(max(0, len(lines) - TAIL), len(lines)):
        text = lines[i].text
        named = not lines[i].level and len(text) <= MOST_LINE and reads_as(text, "related", rules)
        if named and not any(x.level or x.is_prose for x in lines[i + 1 :]):
            return i
    return len(lines)


def _signs(lines: Sequence[Line], i: int, first: int, rules: RuleSet) -> bool:
    """Whether line `i` signs: an organisation or a name directly above the date or above another signature."""
    text, below = lines[i].text, lines[first].text
    if len(text) > MOST_SIGNER or any(x.text for x in lines[i + 1 : first]):
        return False
    return reads_as(text, "signature", rules) and any(reads_as(below, v, rules) for v in ("closing", "signature"))
