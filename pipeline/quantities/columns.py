"""Tables flattened to text: a cell without a unit has that of the head of its column.

序号 安置点 户数(户) 人数(人) 投资(万元)
1 望江小区 120 492 2706
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from pipeline.numerals import LARGE, Found, size_of
from pipeline.quantities.lexicon import Lexicon
from pipeline.quantities.units import ONCE, Unit, unwritten

# The ways to part the cells of a row, surest first.
GAPS = (re.compile(r"\t"), re.compile(r"[|｜]"), re.compile(r"[ \u3000]+"))
HEAD_CELL = re.compile(r"[(（]([^()（）\s]{1,8})[)）][ ]?(?=[\t|｜ \u3000])|\t")
UNIT_IN = re.compile(r"[(（/]([^()（）/]{1,8})[)）]?$")
PROSE = re.compile(r"[。；，,;]")
DIGIT = re.compile(r"[0-9]")
MOST_ROWS = 2000
Cell = tuple[int, str]  # where its text begins, and the text


def heads_of(text: str, found: Sequence[Found], lexicon: Lexicon) -> dict[int, Unit]:
    """The unit that the head of a column gives to a numeral, by where the numeral starts."""
    heads: dict[int, Unit] = {}
    starts: list[int] | None = None
    done = 0
    for m in HEAD_CELL.finditer(text):
        if m.start() < done:
            continue
        begin, done = _line_at(text, m.start())
        units = _units_of_head(text[begin:done], lexicon)
        if units is None:
            continue
        if starts is None:
            starts = [f.start for f in found]
        gap, columns = units
        done = _read_rows(text, done, gap, columns, (found, starts), heads)
    return heads


def _line_at(text: str, at: int) -> tuple[int, int]:
    end = text.find("\n", at)
    return text.rfind("\n", 0, at) + 1, len(text) if end < 0 else end


def _units_of_head(line: str, lexicon: Lexicon) -> tuple[re.Pattern[str], list[Unit | None]] | None:
    """The unit of each column, if `line` is the head of a table."""
    if len(line) > 400 or PROSE.search(line) or DIGIT.search(line):
        return None
    gap = next((g for g in GAPS if g.search(line.strip())), None)
    if gap is None:
        return None
    columns = [_unit_of_column(cell, lexicon) for _, cell in _cells(line, 0, gap)]
    return (gap, columns) if len(columns) > 1 and any(columns) else None


def _unit_of_column(head: str, lexicon: Lexicon) -> Unit | None:
    """投资(万元) gives 元 with its 万, 户数 gives households."""
    written = UNIT_IN.search(head)
    if written:
        word = written[1].lstrip("".join(LARGE))
        scale = written[1][: len(written[1]) - len(word)]
        kinds = lexicon.units.get(word) or lexicon.units.get(word.split("/")[0])
        if kinds:
            return Unit(0, 0, kinds[-1], "", size_of(scale) if scale else ONCE)
    for pattern, cue in lexicon.heads:
        if pattern.search(head):
            return unwritten(0, cue.id, cue.value)
    return None


def _cells(line: str, offset: int, gap: re.Pattern[str]) -> Iterator[Cell]:
    """The cells of a line with their places; a row that is drawn with | has none before the first."""
    inner = line.strip(" \u3000|｜\r") if gap is not GAPS[0] else line.rstrip("\r")
    at = line.index(inner) if inner else 0
    for cell in gap.split(inner):
        stripped = cell.strip()
        yield offset + at + (cell.index(stripped) if stripped else 0), stripped
        at += len(cell)
        skipped = gap.match(inner, at - (line.index(inner) if inner else 0))
        at += len(skipped[0]) if skipped else 0


def _read_rows(
    text: str,
    at: int,
    gap: re.Pattern[str],
    columns: list[Unit | None],
    numerals: tuple[Sequence[Found], list[int]],
    heads: dict[int, Unit],
) -> int:
    """Notes the units of the numerals in the rows below a head; returns where the table ends."""
    found, starts = numerals
    for _ in range(MOST_ROWS):
        begin, end = at + 1, _line_at(text, at + 1)[1]
        cells = list(_cells(text[begin:end], begin, gap)) if begin < len(text) else []
        missing = len(columns) - len(cells)
        if missing not in (0, 1) or PROSE.search(text[begin:end].replace(",", "")):
            return at
        for (start, cell), unit in zip(cells, columns[missing:], strict=True):
            k = bisect_left(starts, start)
            if unit and k < len(found) and found[k].start == start and found[k].end == start + len(cell):
                heads[start] = unit._replace(start=found[k].end, end=found[k].end)
        at = end
    return at
