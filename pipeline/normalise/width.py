"""Full-width digits and letters, and the points, commas and blanks that keyboards and scans put into numbers.

A blank between a number and its unit (709 人) is left alone: it is usual, and the numerals are read across it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.normalise.units import measures
from pipeline.numerals import SCALES
from pipeline.spans import Edit

SHIFT = 0xFEE0
WIDE = re.compile(r"[０-９Ａ-Ｚａ-ｚ％]")  # one by one: re finds a class faster than a repeated one
WIDE_POINT = re.compile(r"(?<=[0-9０-９])．(?=[0-9０-９])")
# A number in groups of three: 1，034, １２，３４５, 1,234，567; 10，100，20 is a list, 2018，500 a year and something.
THOUSANDS = re.compile(
    r"(?<![0-9０-９.．,，])[1-9１-９][0-9０-９]{0,2}(?:[,，][0-9０-９]{3}){1,5}(?![0-9０-９]|[,，、][0-9０-９])"
)

WIDE_GROUP = re.compile(r"，(?=[0-9０-９]{3})")

BLANKS = " \u00a0\u2002-\u200a\u202f"
BLANK_INSIDE = re.compile(rf"[{BLANKS}](?<=[0-9.,].)(?=[{BLANKS}]?[0-9.,])")
# 1 034元, 3 000 000余元: groups of three between a Chinese character or mark and one that goes on; no row of a table.
SPACED = re.compile(
    rf"(?<![0-9.,，{BLANKS}\n])[1-9][0-9]{{0,2}}(?P<rest>(?:[{BLANKS}][0-9]{{3}}){{1,4}})"
    rf"(?=(?:\.[0-9]{{1,4}})?[{BLANKS}]?[\u4e00-\u9fff%％])"
)
NARROW = re.compile(r"[\u00a0\u2002-\u200a\u202f]")  # blanks that typesetters put between groups of three
BESIDE_COMMA = re.compile(
    rf"(?<![0-9.,，])[1-9][0-9]{{0,2}}(?P<gap>[{BLANKS}]{{1,2}},|,[{BLANKS}]{{1,2}}(?=0))[0-9]{{3}}(?![0-9.,])"
)
# 73 .5公里; 3. 5万元 only inside a sentence and before 万 or %: at its head 3. is an enumerator.
BEFORE_POINT = re.compile(rf"(?<=[0-9])[{BLANKS}]{{1,2}}(?=\.[0-9])")
BEHIND_POINT = re.compile(
    rf"(?<=[\u4e00-\u9fff])[0-9]{{1,6}}\.(?P<gap>[{BLANKS}]{{1,2}})[0-9]{{1,4}}(?=[{BLANKS}]?[%％{''.join(SCALES)}])"
)

STOP = re.compile(r"[。．·](?<=[0-9].)(?=[0-9])")
FRACTION = re.compile(r"([0-9]{1,4})(?![0-9])[ \u00a0\u3000]?")
WHOLE = re.compile(r"(?<![0-9.．])(?:[0-9]{1,9}|[0-9]{1,3}(?:,[0-9]{3}){1,3})$")
YEAR = re.compile(r"(?:19|20)[0-9]{2}$")
GOES_ON = "，；,;"  # behind a number: a sentence does not consist of 68， alone


def width(text: str) -> Iterator[Edit]:
    """１２．４万 -> 12.4万; Chinese punctuation elsewhere stays as it is."""
    for m in WIDE.finditer(text):
        yield Edit(m.start(), m.end(), chr(ord(m[0]) - SHIFT), "width")
    if "．" in text:
        for m in WIDE_POINT.finditer(text):
            yield Edit(m.start(), m.end(), ".", "width")
    if WIDE_GROUP.search(text):
        for m in THOUSANDS.finditer(text):
            for at in (i for i in range(*m.span()) if text[i] == "，"):
                yield Edit(at, at + 1, ",", "width")


def blank(text: str) -> Iterator[Edit]:
    """1 034元 -> 1034元: blanks inside a number, only where nothing else can be meant.

    That is where a group begins with 0 (no number does), where the blank is a typesetter's, or where the text writes
    other numbers so; 130 485 11200 is a row of a table.
    """
    if not BLANK_INSIDE.search(text):
        return
    spaced = list(SPACED.finditer(text))
    for m in spaced if any(_certain(m["rest"]) for m in spaced) else ():
        start = m.start("rest")
        yield from (Edit(start + i, start + i + 1, "", "blank") for i in range(0, len(m["rest"]), 4))
    for pattern, group in ((BESIDE_COMMA, "gap"), (BEHIND_POINT, "gap"), (BEFORE_POINT, 0)):
        for m in pattern.finditer(text):
            yield Edit(m.start(group), m.end(group), "," if "," in m[group] else "", "blank")


def _certain(rest: str) -> bool:
    """Whether the groups behind the first blank of a number can be nothing but a part of it."""
    return rest[1] == "0" or len(rest) > 4 or NARROW.match(rest) is not None


def decimal_point(text: str) -> Iterator[Edit]:
    """168。68平方公里 -> 168.68平方公里, 4。3万 -> 4.3万: a full stop or a raised dot that is a decimal point.

    It is one where a unit of measure, a scale or a comma follows the digits behind it. A date, an enumerator or things
    that come in wholes may open a sentence (返贫人口为0。2019年, 得分98。5月, 共356。3户未脱贫): there it stays.
    """
    for m in STOP.finditer(text):
        number = FRACTION.match(text, m.end())
        whole = WHOLE.search(text, max(0, m.start() - 16), m.start())
        if number and whole and _goes_on(text, number, whole[0], dot=m[0]):
            yield Edit(m.start(), m.end(), ".", "decimal_point")


def _goes_on(text: str, fraction: re.Match[str], whole: str, *, dot: str) -> bool:
    """Whether what follows a fraction belongs to a number; 5·12 is rather a date, so · wants a scale or %."""
    at = fraction.end()
    if text.startswith((*SCALES, "%", "％", "‰"), at):
        return True
    if dot == "·":
        return False
    if text.startswith(tuple(GOES_ON), fraction.end(1)):
        return not YEAR.match(whole)
    return text.startswith(measures(), at)
