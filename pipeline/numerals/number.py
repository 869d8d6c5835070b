"""What a numeral says: Chinese, Arabic, mixed, masked, or as a share."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from pipeline.numerals.signs import (
    BIG,
    DIGITS,
    HALF,
    HUNDREDTH,
    LARGEST,
    MASK,
    MINUS,
    MOST_DIGITS,
    NOUGHTS,
    OF,
    PART,
    POINT,
    SMALL,
    TENS,
    TENTH,
)

TOKEN = re.compile(r"[0-9]+(?:\.[0-9]+)?|.", re.DOTALL)
MASKED = re.compile(rf"([0-9{MASK}-]{{1,20}}(?:\.[0-9{MASK}]{{1,12}})?)([百千万亿]{{0,2}})")
HIDDEN = re.compile(rf"[{MASK}-]")
# The scale that a number carries over to its unit: 190万|元, 18万余|元, 5百万|元; 三千元 and 2千3百元 carry none.
CLOSING = re.compile(
    rf"(?:[0-9{MASK}.,-]{{1,40}}+[余多来几\s]{{0,2}}(?P<arabic>[百千]?[万亿]{{0,2}})|[^0-9万亿]{{1,24}}+(?P<han>[万亿]{{1,2}}))[余多来几\s]{{0,2}}"
)
ONE_HALF = Decimal("0.5")
Amount = int | Decimal
TWO_DIGITS = re.compile(rf"[{''.join(DIGITS)}]{{2}}")
SIGNS_OF_DIGITS = frozenset(DIGITS)
BIG_SCALE = re.compile("([万亿兆])")
LONGEST = 64  # characters of a numeral
NOT_SAID = str.maketrans("", "", ",， \u00a0\u3000")
EXACT = Decimal("1e-8")
# Two digits side by side that bound a number: 三四, and 三五 and 三两, which skip or turn round.
SKIPPING = {("三", "五"): (3, 5), ("三", "两"): (2, 3), ("三", "二"): (2, 3)}


class Number(NamedTuple):
    """What a numeral says: `value`, or bounds where digits are masked (20__) or two are named (三四十)."""

    value: Decimal | None
    low: Decimal | None = None
    high: Decimal | None = None
    masked: bool = False
    qualifier: str = "exact"  # said by the numeral itself: about (几十), over (十余万), range (三四十)


@lru_cache(maxsize=4096)
def parse(text: str) -> Number | None:
    """The number of a numeral, or None if `text` is none. Commas, spaces and underscores as masks are understood."""
    if text.isdecimal() and text.isascii() and len(text) <= MOST_DIGITS:
        return Number(Decimal(text))
    text = text.translate(NOT_SAID)
    if not text or len(text) > LONGEST:
        return None
    if any(c in MASK for c in text) or "--" in text:
        return _masked(text)
    spread = _spread(text)
    if spread is not None:
        return spread
    value = written(text)
    return None if value is None else Number(value)


def written(text: str) -> Decimal | None:
    """The value of a numeral without masks (一百二十三, 两千四百五, 二〇一八, 十二点五, 2千3百); None if it is none."""
    whole, point, part = text.partition(POINT)
    if point:
        return _with_point(whole, part)
    if not text:
        return None
    if text.isdecimal() and text.isascii():
        return Decimal(text) if len(text) <= MOST_DIGITS else None
    if len(text) > 1 and SIGNS_OF_DIGITS.issuperset(text):
        return Decimal("".join(str(DIGITS[c]) for c in text)) if len(text) <= MOST_DIGITS else None
    return _positional(text)


def _with_point(whole: str, part: str) -> Decimal | None:
    """三点五万: the whole part, the digits behind the point, and the scale of both."""
    digits = part.rstrip("".join(BIG))
    head = _positional(whole) if whole else None
    if head is None or not digits or any(c not in DIGITS for c in digits):
        return None
    value = head + Decimal("0." + "".join(str(DIGITS[c]) for c in digits))
    return _bounded(value * size_of(part[len(digits) :]))


def size_of(scale: str) -> Decimal:
    """What a scale multiplies by: 10000 for 万, 1 for ""."""
    size = Decimal(1)
    for c in scale:
        size *= BIG.get(c) or SMALL[c]
    return size


def closing_scale(text: str) -> str:
    """The scale characters that end a number as written before its unit: 万 of 190万, "" of 2千3百."""
    m = CLOSING.fullmatch(text)
    return (m["arabic"] or m["han"] or "") if m else ""


def _bounded(value: Decimal) -> Decimal | None:
    return value if value <= LARGEST else None


class _Section(NamedTuple):
    """What stands between two big scales: 四百 and 五 of 四百五, or 3456."""

    value: Amount  # without the last digit
    digit: Amount | None  # that no scale follows
    short: bool  # whether the digit may stand for more: 5 in 四百五, not in 四百零五
    lowest: int  # the last scale, 0 where there is none

    def whole(self) -> Amount:
        """The section before a big scale."""
        return self.value + (self.digit or 0)

    def rest(self, last: int) -> Amount | None:
        """The section at the end of a numeral, behind the scale `last`: 两千四百五 is 2450."""
        last = self.lowest or last
        if not self.digit or not last:
            return self.whole()
        if self.digit >= last:
            return None
        return self.value + self.digit * (last // 10 if self.short and last >= 100 else 1)


EMPTY = _Section(0, None, short=False, lowest=0)


def _positional(text: str) -> Decimal | None:
    """Closed terms (三万), then the section below the last 万 or 亿."""
    first, *others = BIG_SCALE.split(text)
    section = _section(first)
    terms: list[tuple[Amount, int]] = []
    last = 0
    pieces = iter(others)
    for scale in pieces:
        last = BIG[scale]
        if section is None or not _close(terms, section, last):
            return None
        section = _section(next(pieces))
    total = section and section.rest(last)
    if total is None:
        return None
    for value, _ in terms:
        total += value
    return _bounded(Decimal(total))


def _close(terms: list[tuple[Amount, int]], section: _Section, size: int) -> bool:
    """Puts a section, and the smaller terms before it, under a big scale; False if that makes no numeral."""
    below: Amount = 0
    while terms and terms[-1][1] < size:
        below += terms.pop()[0]
    same = bool(terms) and terms[-1][1] == size
    if section is not EMPTY or below:
        if same:
            return False
        terms.append(((below + section.whole()) * size, size))
    elif same:  # 四万万
        terms[-1] = (terms[-1][0] * size, size)
    elif terms:
        return False
    else:
        terms.append((size, size))
    return True


@lru_cache(maxsize=16384)
def _section(text: str) -> _Section | None:
    """A numeral without big scales, or None if it is none."""
    if not text:
        return EMPTY
    value: Amount = 0
    digit: Amount | None = None
    short, lowest, nought = False, 0, False
    for token in TOKEN.findall(text):
        if token in SMALL or token in TENS:
            size = SMALL.get(token, 10)
            if (lowest and lowest <= size) or (token in TENS and digit is not None):
                return None
            value += size * (TENS[token] // 10 if token in TENS else 1 if digit is None else digit)
            digit, lowest, nought = None, size, False
        elif digit is not None:
            return None
        elif token in NOUGHTS:
            nought = True
        else:
            digit = _digit_of(token)
            if digit is None or (token == HALF and text[0] != HALF):
                return None
            short = len(token) == 1 and not nought and token != HALF
    return _Section(value, digit, short, lowest)


def _digit_of(token: str) -> Amount | None:
    """A sign, or a number in Arabic digits, that a scale may follow."""
    if token in DIGITS:
        return DIGITS[token]
    if token == HALF:
        return ONE_HALF
    if not (token[0].isdecimal() and token.isascii() and len(token) <= 2 * MOST_DIGITS):
        return None
    return int(token) if token.isdecimal() else Decimal(token)


def _spread(text: str) -> Number | None:
    """三四十, 十五六, 一万六七, 两三: two digits side by side are the bounds of a number."""
    pair = TWO_DIGITS.search(text)
    if pair is None or POINT in text or TWO_DIGITS.search(text, pair.start() + 1) or not NOUGHTS.isdisjoint(text):
        return None
    i = pair.start()
    first, second = text[i], text[i + 1]
    one, two = SKIPPING.get((first, second), (DIGITS[first], DIGITS[second]))
    if two - one != 1 and (first, second) not in SKIPPING:
        return None
    if one != DIGITS[first]:
        first, second = second, first
    low, high = written(text[:i] + first + text[i + 2 :]), written(text[:i] + second + text[i + 2 :])
    if low is None or high is None or low >= high:
        return None
    return Number(None, low, high, qualifier="range")


def _masked(text: str) -> Number | None:
    """xx, 20__, 1x.x, 4**万: bounds where a digit still stands."""
    m = MASKED.fullmatch(text)
    if not m:
        return None
    digits, scale = m[1], size_of(m[2])
    if not any(c.isdigit() for c in digits):
        return Number(None, masked=True)
    low, high = Decimal(HIDDEN.sub("0", digits)), Decimal(HIDDEN.sub("9", digits))
    return Number(None, low * scale, high * scale, masked=True)


def fraction(text: str) -> Number | None:
    """百分之九十, 百分之12.5, 千分之三, 三分之一, 八成五, 一成半 in percent; None if it is none."""
    text = text.translate(NOT_SAID)
    minus = 1 if text[:1] not in MINUS else -1
    text = text.lstrip("负-－−的")
    bottom, part, top = text.partition(PART)
    if part:
        top = top.removeprefix(OF)
        sign = minus if top[:1] not in MINUS else -minus
        return share(parse(top.lstrip("负-－−")), parse(bottom), sign)
    tens, tenth, ones = text.partition(TENTH)
    whole, rest = parse(tens), parse(ones)
    if not tenth or whole is None or rest is None or whole.value is None or rest.value is None:
        return None
    return Number(minus * (whole.value * 10 + (5 if ones == HALF else rest.value)))


def share(top: Number | None, bottom: Number | None, sign: int = 1) -> Number | None:
    """A fraction in percent, rounded to two places where it does not end."""
    if top is None or bottom is None or not bottom.value:
        return None

    def percent(value: Decimal | None) -> Decimal | None:
        if value is None or bottom.value is None:
            return None
        exact = sign * value * 100 / bottom.value
        ended = exact.quantize(EXACT)
        return (ended if ended == exact else exact.quantize(HUNDREDTH)).normalize()

    return top._replace(value=percent(top.value), low=percent(top.low), high=percent(top.high))
