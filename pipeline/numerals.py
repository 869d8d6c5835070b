"""Numerals <-> numbers: Chinese, Arabic, mixed, masked; and where they stand in a text. Knows no documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import regex

DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {c: i for i, c in enumerate("〇壹贰叁肆伍陆柒捌玖")}
DIGITS |= {"两": 2, "俩": 2, "仨": 3}
SMALL = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
TENS = {"廿": 20, "卅": 30}
BIG = {"万": 10_000, "亿": 100_000_000, "兆": 1_000_000_000_000}
MASK = "xX×＊*_□某"
ONE = "一"
MORE = frozenset("余多来几")  # between number and unit: 200余份
SOME = "几"  # of these the one that leaves the number open
SCALES = {"万": Decimal(10_000), "亿": Decimal(100_000_000)}
BLANK = " \u00a0\u3000"
OF = "分之"
TENTH, HALF = "成", "半"
MOST_DIGITS = 18  # longer runs of digits are no numbers of a report
HUNDREDTH = Decimal("0.01")  # 三分之一 is 33.33 percent
DASH = regex.compile(r"\s?[—–\-~～]{1,2}\s?|至|到")
# 元/人·年: what a rate is per.
RATE = regex.compile(r"\s?/\s?\p{Han}{1,2}(?:[·.・/每]\p{Han}{1,2})?+")

MIXED = regex.compile(r"([0-9]{1,18}(?:\.[0-9]{1,12})?)([千百十万亿]{0,3})(.{0,20})", regex.DOTALL)
MASKED = regex.compile(r"([0-9xX×*_□某-]{1,20}(?:\.[0-9xX×*_□某]{1,8})?)([百千万亿]{0,2})")
BLANKED = regex.compile(r"[xX×*_□某-]")

# The scale that a number carries over to its unit: 190万|元, 18万余|元, 5百万|元; 三千元 and 2千3百元 carry none.
CLOSING = regex.compile(
    r"(?:[0-9xX×*＊_□.,-]{1,30}+[余多来几\s]{0,2}(?P<scale>[百千]?[万亿]{0,2})|[^0-9万亿]{1,24}+(?P<scale>[万亿]{1,2}))[余多来几\s]{0,2}"
)

# Bounded or possessive throughout, so that a page of digits costs one pass. 千 of 千瓦 and 千伏 belongs to the unit; a
# letter behind the digits makes a code of them (G312, 3D), unless it is a unit.
SCAN = regex.compile(
    r"""
    (?P<plain>(?<![A-Za-z0-9.])[0-9xX×*＊_□]{1,20}+(?:,[0-9xX×*_]{3}(?![0-9]))*+(?:\.[0-9xX×*_]{1,8}+)?+
      (?:(?:[百万亿]|千(?![瓦伏克米])){1,2}+(?:[0-9]{1,4}(?:[百万]|千(?![瓦伏克米]))){0,3})?+
      (?!(?!(?:k[mgwWV]|K[MGWV]|Km|kVA|KVA|MW|Mbps|kWh|m[m23]?|cm|M2?|[thL]|ml)(?![A-Za-z]))[A-WYZa-wyz]))
  | (?P<dashes>(?<![-—])-{1,4}+(?![-—0-9]))
  | (?P<rest>[0-9]{1,64}+)
  | (?P<some>某)
  | (?P<fraction>百分之[零〇一二三四五六七八九十百点两]{1,10}+|千分之[零〇一二三四五六七八九十点]{1,8}+
      |[一二三四五六七八九十]{1,3}+分之[一二三四五六七八九十]{1,3}+|[一二三四五六七八九]成[半一二三四五六七八九])
  | (?P<han>(?:[零〇一二三四五六七八九十百万亿两廿卅半壹贰叁肆伍陆柒捌玖拾佰仟]|千(?![瓦伏克米]))
      (?:[零〇一二三四五六七八九十百万亿两壹贰叁肆伍陆柒捌玖拾佰仟]|千(?![瓦伏克米])|点(?=[零〇一二三四五六七八九])){0,24}+)
    """,
    regex.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Number:
    """What a numeral says: `value`, or bounds where digits are masked; all None if nothing stands."""

    value: Decimal | None
    low: Decimal | None = None
    high: Decimal | None = None
    masked: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A numeral of the scan: where it stands and what it says (percent where `kind` is fraction)."""

    start: int
    end: int
    kind: str  # plain, rest, han, fraction, dashes or some: the group of SCAN
    number: Number | None


def scan(text: str) -> Iterator[Found]:
    """The numerals of `text`, masks among them, in order."""
    for m in SCAN.finditer(text):
        kind = m.lastgroup or ""
        yield Found(m.start(), m.end(), kind, _number(m[0], kind))


def _number(text: str, kind: str) -> Number | None:
    if kind in ("dashes", "some"):
        return Number(None, masked=True)
    return fraction(text) if kind == "fraction" else parse(text)


def closing_scale(text: str) -> str:
    """The scale characters that end a number as written before its unit: 万 of 190万, "" of 2千3百."""
    m = CLOSING.fullmatch(text)
    return m["scale"] if m else ""


def size_of(scale: str) -> Decimal:
    """What a scale multiplies by: 10000 for 万, 1 for ""."""
    size = Decimal(1)
    for c in scale:
        size *= BIG.get(c) or SMALL[c]
    return size


def fraction(text: str) -> Number | None:
    """百分之九十, 千分之三, 三分之一, 八成五, 一成半, in percent; None if it is none."""
    denominator, of, numerator = text.partition(OF)
    if of:
        top, bottom = chinese(numerator), chinese(denominator)
        return Number((top * 100 / bottom).quantize(HUNDREDTH).normalize()) if top is not None and bottom else None
    tens, _, ones = text.partition(TENTH)
    whole, part = chinese(tens), Decimal(5) if ones == HALF else chinese(ones)
    return None if whole is None or part is None else Number(whole * 10 + part)


@lru_cache(maxsize=4096)
def parse(text: str) -> Number | None:
    """The number of a numeral, or None if `text` is none. Commas, spaces and underscores as masks are understood."""
    if text.isdecimal() and text.isascii() and len(text) <= MOST_DIGITS:
        return Number(Decimal(text))
    text = text.replace(",", "").replace("，", "").replace(" ", "")
    if not text:
        return None
    if any(c in MASK for c in text) or "--" in text:
        return _masked(text.replace("--", "**"))
    value = _mixed(text)
    return None if value is None else Number(value)


def _mixed(text: str) -> Decimal | None:
    m = MIXED.fullmatch(text)
    if not m:
        return chinese(text)
    scale = size_of(m[2])
    value = Decimal(m[1]) * scale
    if not m[3]:
        return value
    rest = _mixed(m[3])
    if rest is None or not m[2]:
        return None
    if m[3].isdigit() and len(m[3]) == 1 and scale >= 100:  # 2千3 = 2300
        rest *= scale / 10
    return value + rest if rest < scale else None


def chinese(text: str) -> Decimal | None:
    """The number of a numeral in Chinese characters: 一百二十三, 两千四百五, 二〇一八, 十二点五."""
    if "点" in text:
        whole, _, part = text.partition("点")
        head = chinese(whole)
        scale = ""
        while part and part[-1] in BIG:
            scale, part = part[-1] + scale, part[:-1]
        if head is None or not part or any(c not in DIGITS for c in part):
            return None
        value = head + Decimal("0." + "".join(str(DIGITS[c]) for c in part))
        for c in scale:
            value *= BIG[c]
        return value
    if not text or any(c not in DIGITS and c not in SMALL and c not in BIG and c not in TENS for c in text):
        return None
    if all(c in DIGITS for c in text):
        return Decimal("".join(str(DIGITS[c]) for c in text))
    return _positional(text)


def _positional(text: str) -> Decimal | None:
    total, section, digit, last = 0, 0, -1, 1
    for c in text:
        if c in DIGITS:
            if digit > 0:
                return None
            digit = DIGITS[c]
            if digit == 0:
                last = 1
        elif c in TENS:
            section += TENS[c]
            last, digit = 10, -1
        elif c in SMALL:
            section += (1 if digit < 0 else digit) * SMALL[c]
            last, digit = SMALL[c], -1
        else:
            section += max(digit, 0)
            total = (total + section) * BIG[c] if total and BIG[c] > total else total + (section or 1) * BIG[c]
            section, last, digit = 0, BIG[c], -1
    if digit > 0:
        section += digit * (last // 10 if last >= 100 else 1)  # 两千四百五 = 2450
    return Decimal(total + section)


def _masked(text: str) -> Number | None:
    m = MASKED.fullmatch(text)
    if not m:
        return None
    digits, scale = m[1], Decimal(1)
    for c in m[2]:
        scale *= BIG.get(c) or SMALL[c]
    if not any(c.isdigit() for c in digits):
        return Number(None, masked=True)
    low, high = BLANKED.sub("0", digits), BLANKED.sub("9", digits)
    return Number(None, Decimal(low) * scale, Decimal(high) * scale, masked=True)


def to_chinese(number: int) -> str:
    """The Chinese numeral of 0 to 9,999,999,999,999: 250 -> 二百五十, 12 -> 十二.

    Raises ValueError outside that range.
    """
    if not 0 <= number < 10**13:
        raise ValueError(f"{number} is outside 0 to 10**13")
    if number == 0:
        return "零"
    parts: list[str] = []
    gap = False
    for unit, name in ((10**12, "兆"), (10**8, "亿"), (10**4, "万"), (1, "")):
        head, number = divmod(number, unit)
        if head:
            parts.append(("零" if parts and (gap or head < 1000) else "") + _thousands(head) + name)
            gap = False
        elif parts:
            gap = True
    text = "".join(parts)
    return text[1:] if text.startswith("一十") else text


def _thousands(number: int) -> str:
    text, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            text += ("零" if text and gap else "") + "零一二三四五六七八九"[digit] + name
            gap = False
        elif text:
            gap = True
    return text
