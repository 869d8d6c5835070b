"""Where the reports of a text begin: several may stand in one file, with nothing but the numbering between them.

A report begins at a chapter title (篇二：), at a title after the signature of the one before, and where the first-level
numbering starts again: at the title or the introduction before it, if there is one. A list 一、二、 inside a section,
a table of contents, and 三、 after 四、 begin none.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.lines import Line, patterns, reads_as
from pipeline.rules import RuleSet
from pipeline.segment.closing import closes

MOST_TITLE = 80  # characters
MOST_BEFORE = 10  # lines that a title and an introduction may take up
MOST_APART = 4  # lines between a title and the text under it
SHORT_PARAGRAPH = 120  # characters: so short an introduction (现将情况汇报如下) may have another paragraph before it


def report_bounds(lines: Sequence[Line], rules: RuleSet) -> list[tuple[int, int]]:
    """The (first, last) lines of each report; together they are all lines."""
    cuts = [0]
    numbered = False  # whether the report has begun its first-level numbering
    for i, line in enumerate(lines):
        cut = None
        if line.level == 0:
            cut = i if _titles(lines, i, cuts[-1], rules) else None
            numbered = numbered and cut is None
        elif line.is_part:
            numbered = False  # 第二部分 has a numbering of its own
        elif line.level == 1 and line.number == 1 and _is_first(line, rules):
            cut = _restart(lines, i, cuts[-1], rules) if numbered else None
            numbered = True
        if cut is not None:
            cuts.append(cut)
    return list(zip(cuts, [*cuts[1:], len(lines)], strict=True))


def _is_first(line: Line, rules: RuleSet) -> bool:
    return any(p.match(line.text) for p in patterns(rules, "first"))


def _titles(lines: Sequence[Line], i: int, floor: int, rules: RuleSet) -> bool:
    """Whether line `i` is the title of a further report: a chapter's, or one that follows on a signature."""
    text = lines[i].text
    if not 2 <= len(text) <= MOST_TITLE or i == floor:
        return False
    chapter = reads_as(text, "chapter", rules)
    if not chapter and not (_is_title(text, rules) and _after_closing(lines, i, rules)):
        return False
    return _holds_text(lines[floor:i], rules) and _has_text_below(lines, i, rules)


def _is_title(text: str, rules: RuleSet) -> bool:
    """Whether a line within a file reads as the title of a report, and not as a heading without number."""
    return len(text) <= MOST_TITLE and reads_as(text, "title.start", rules) and not closes(text, rules)


def _after_closing(lines: Sequence[Line], i: int, rules: RuleSet) -> bool:
    before = next((x for x in reversed(lines[:i]) if x.text), None)
    return before is not None and not before.level and closes(before.text, rules)


def _holds_text(lines: Sequence[Line], rules: RuleSet) -> bool:
    """Whether there is text of a report among the lines: more than titles, headings, and what a page puts there."""
    return any(x.is_prose and not (x.level == 0 and closes(x.text, rules)) for x in lines)


def _has_text_below(lines: Sequence[Line], i: int, rules: RuleSet) -> bool:
    """Whether text stands under a title before the next title does; a list of titles (相关阅读) has none."""
    below = [x for x in lines[i + 1 : i + 1 + 2 * MOST_APART] if x.text][:MOST_APART]
    for line in below:
        if line.level or line.is_prose or len(line.text) > MOST_TITLE:
            return True
        if reads_as(line.text, "chapter", rules):
            return False
    return False


def _restart(lines: Sequence[Line], i: int, floor: int, rules: RuleSet) -> int | None:
    """Where the report begins whose numbering starts again at line `i`; None if no new report begins."""
    before = next((x for x in reversed(lines[:i]) if x.text), None)
    if before is not None and before.level == 1 and before.is_bare_heading:
        return None  # a list of headings
    cut = _introduction(lines, i, floor, rules)
    numbered = next(k for k in range(floor, i) if lines[k].level == 1)
    if not _holds_text(lines[numbered:cut], rules):
        return None  # a table of contents
    if cut == i and _is_list(lines, i, floor, before):
        return None
    return cut


def _is_list(lines: Sequence[Line], i: int, floor: int, before: Line | None) -> bool:
    """Whether 一、 opens a list inside a section: the numbering outside is taken up again behind it.

    After 一 二 [一 二 三] 三 the second 三 does not count on from the list, but from the section that holds it.
    """
    if before is None or not (before.is_bare_heading or before.text.endswith(("：", ":"))):
        return False
    outer = next(x.number for x in reversed(lines[floor:i]) if x.level == 1)
    last = 1
    for line in lines[i + 1 :]:
        if line.level != 1:
            continue
        if line.number == 1:
            return False
        if line.number == outer + 1 and line.number != last + 1:
            return True
        last = line.number
    return False


def _introduction(lines: Sequence[Line], i: int, floor: int, rules: RuleSet) -> int:
    """The line at which the report begins whose first heading is line `i`: its title, its introduction, or `i`."""
    above: list[int] = []  # the lines with text before `i`, nearest first, back to a heading or a closing line
    closed = False
    for k in range(i - 1, floor, -1):
        if lines[k].level or len(above) == MOST_BEFORE:
            break
        if lines[k].text and closes(lines[k].text, rules):
            closed = True
            break
        if lines[k].text:
            above.append(k)
    titles = [k for k in above if _is_title(lines[k].text, rules) or reads_as(lines[k].text, "chapter", rules)]
    if titles:
        return titles[0]
    if closed and above and any(_opens(lines[k].text, rules) for k in above):
        return above[-1]
    cut = i
    for k in above:
        if not _opens(lines[k].text, rules) or (cut < i and len(lines[cut].text) > SHORT_PARAGRAPH):
            break
        cut = k
    return cut


def _opens(text: str, rules: RuleSet) -> bool:
    """Whether a paragraph reads as the introduction of a report."""
    return reads_as(text, "addressee", rules) or any(p.match(text) for p in patterns(rules, "opening"))
