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
    if len(text) > 1 and all(c in DIGITS for c in text):
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


class _Tally:
    """A numeral read from left to right: closed terms (三万), and the section below the next 万 or 亿 (四百|五十)."""

    def __init__(self) -> None:
        self.terms: list[tuple[Decimal, int]] = []
        self.section = Decimal(0)
        self.lowest = 0  # the last scale inside the section, 0 where there is none yet
        self.open = False  # whether the section holds anything
        self.digit: Decimal | None = None
        self.short = False  # whether `digit` may stand for more: 5 in 一万五, not in 一万零五
        self.last = 0  # the last scale of all
        self.nought = False

    def add_digit(self, value: Decimal, *, single: bool) -> bool:
        if self.digit is not None:
            return False
        self.digit, self.open = value, True
        self.short = single and not self.nought
        return True

    def add_small(self, size: int) -> bool:
        if self.lowest and self.lowest <= size:
            return False
        self.section += (1 if self.digit is None else self.digit) * size
        self.lowest = self.last = size
        self.digit, self.open, self.nought = None, True, False
        return True

    def add_big(self, size: int) -> bool:
        section = self.section + (self.digit or 0)
        below = Decimal(0)
        while self.terms and self.terms[-1][1] < size:
            below += self.terms.pop()[0]
        if self.open or below:
            if self.terms and self.terms[-1][1] == size:
                return False
            self.terms.append(((below + section) * size, size))
        elif self.terms and self.terms[-1][1] == size:  # 四万万
            self.terms[-1] = (self.terms[-1][0] * size, size)
        elif not self.terms:
            self.terms.append((Decimal(size), size))
        else:
            return False
        self.section, self.lowest, self.last = Decimal(0), 0, size
        self.digit, self.open, self.nought = None, False, False
        return True

    def total(self) -> Decimal | None:
        rest = self.digit or Decimal(0)
        if self.digit is not None and self.last:
            if rest >= self.last:
                return None
            if self.short and self.last >= 100:  # 两千四百五 is 2450
                rest *= self.last // 10
        return _bounded(sum((value for value, _ in self.terms), self.section + rest))


def _positional(text: str) -> Decimal | None:
    tally = _Tally()
    for token in TOKEN.findall(text):
        if token in NOUGHTS:
            tally.nought = tally.open = True
            fits = tally.digit is None
        elif token in DIGITS:
            fits = tally.add_digit(Decimal(DIGITS[token]), single=True)
        elif token in SMALL:
            fits = tally.add_small(SMALL[token])
        elif token in BIG:
            fits = tally.add_big(BIG[token])
        elif token in TENS:
            fits = tally.add_digit(Decimal(TENS[token] // 10), single=False) and tally.add_small(10)
        elif token == HALF:
            fits = not tally.open and not tally.terms and tally.add_digit(Decimal("0.5"), single=False)
        else:
            fits = token[0].isdecimal() and token.isascii() and len(token) <= 2 * MOST_DIGITS
            fits = fits and tally.add_digit(Decimal(token), single=len(token) == 1)
        if not fits:
            return None
    return tally.total()


def _spread(text: str) -> Number | None:
    """三四十, 十五六, 一万六七, 两三: two digits side by side are the bounds of a number."""
    pairs = [i for i in range(len(text) - 1) if _digit(text[i]) and _digit(text[i + 1])]
    if len(pairs) != 1 or any(c in NOUGHTS for c in text):
        return None
    i = pairs[0]
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


def _digit(char: str) -> int:
    return DIGITS.get(char, 0)


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
