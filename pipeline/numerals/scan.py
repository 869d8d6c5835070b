"""Where the numerals of a text stand: a search finds runs of signs; what touches a run decides how far it reaches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from pipeline.numerals.number import Number, fraction, parse, share, size_of
from pipeline.numerals.signs import (
    AND,
    BELOW_ZERO,
    BIG,
    BLANK,
    HALF,
    HAN,
    LETTERS,
    MASKS,
    MINUS,
    MORE,
    NOUGHTS,
    ONE,
    PAIR,
    PART,
    SCALES,
    SOME,
    TENTH,
    WHOLE_MASK,
)

# 千 of 五千瓦 belongs to the unit, that of 一万五千米 to the number; 兆 is one only before money and numerals
# (四十九兆元), not in 兆宽带.
KILO = r"千(?! ?(?:瓦|伏(?!牛)|克|米|卡(?!车|点|口)|赫|帕|字节|比特|焦(?!点|急)))"
MEGA = r"兆(?= ?[0-9元美日欧港台韩人户吨零〇一二两三四五六七八九十百千万亿])"
SCALE = rf"(?:[十万亿拾佰仟]|百(?! ?分)|{KILO}|{MEGA})"
GROUP = (
    rf"(?: ?[零〇]?(?:[0-9]{{1,8}}|[一二两三四五六七八九])(?: ?(?:千|{SCALE})){{1,2}}|[零〇]?[0-9]{{1,8}}(?![0-9.,年]))"
)
ARABIC = (
    rf"[0-9{MASKS}]{{0,40}}+(?:,[0-9{MASKS}]{{3}}(?![0-9{MASKS}]))*+(?:\.[0-9{MASKS}]{{1,12}}+)?"
    rf"(?: {{0,2}}{SCALE}{{1,3}}(?:{GROUP}{{1,5}}[一二三四五六七八九]?)?)?"  # 5亿1万4千6百, 3万4000, 2千4百五
)
CHINESE = (
    rf"[{HAN}]{{0,40}}+(?: {{1,2}}[{HAN}]{{1,10}}+){{0,8}}"
    r"(?: ?点 ?[零〇○一二三四五六七八九叁肆伍](?: ?[零〇○一二三四五六七八九叁肆伍]){0,11}(?! ?[十百两])[万亿]{0,2})?"
)
# Bounded or possessive throughout, so that a page of digits costs one pass.
RUN = re.compile(
    rf"[0-9{MASKS}{HAN}{WHOLE_MASK}-]"
    rf"(?:(?<=[0-9{MASKS}]){ARABIC}|(?<=[{HAN}]){CHINESE}|(?<={WHOLE_MASK}){WHOLE_MASK}{{0,3}}|(?<=-)-{{0,5}}+)"
)
HAN_SIGNS = frozenset(HAN)
# Letters that may follow a number as its unit; any other letter makes a code of it (5G, 3P).
LATIN_UNIT = re.compile(
    r"(?:[kKcmdμu]?m(?:[23²³]|/[sh]|/)?|s|min|mol|CM|MM|[kK]M2?|Km|[hH]m[2²]?|ha|M[2²]?|[mkKμ]?g(?:/[a-zA-Z]{1,2}|/)?|KG|Kg|m?[lL]|ml|d?L|cc|[tThV]"
    r"|[kKMG]?[wW][hH]?|[kKMG]W|[kK]V|[kKMV]?VA|m?Ah|[kKMG]?Hz|[KMGT]B|G|[MG]bps|[kM]?Pa|ppm|PPM|bp|USD|usd|EUR|eur|GBP|JPY|HKD)"
    r"(?![A-Za-z0-9])"
)

MORE_SCALE = re.compile(rf" ?([余多来几]) ?({SCALE}{{1,3}})")  # 十|余万, 2000|多万
DIVIDED = re.compile(r" {0,2}分 {0,2}(之 {0,2})?(?:[负-] ?)?")
SLASH = re.compile(r"[/／]([1-9][0-9]{0,3})(?![0-9/.])")
TENTHS = re.compile(r" ?成 ?([半一二三四五六七八九1-9])(?![0-9一二三四五六七八九十百千万亿])")
# 3×5米 has two numbers, and so has 3.5*2米; 1x3人 and 1*8米 have one, with a digit blanked out.
LENGTH = r" ?(?:米|mm?(?![a-z])|cm|厘米|毫米|公分|平方|寸)"
PRODUCT = re.compile(
    rf"([0-9]{{1,5}}(?:\.[0-9]{{1,3}})?)(?: ?× ?| [xX*] |(?<=\.[0-9])[xX*]"
    r"|(?<=[0-9]{2})[xX*](?=[0-9]{2,4} ?(?:cm|mm|[厘毫]米)))"
    rf"(?=[0-9]{{1,5}}(?:\.[0-9]{{1,3}})?(?: ?[×xX*] ?[0-9]{{1,5}}(?:\.[0-9]{{1,3}})?)?{LENGTH}|24 ?小时)"
)
LEADING_SIGN = re.compile(r"(?<=[米m厘毫寸尺)）])[×xX*](?=[0-9])")  # 1.8米×2.4米
BLANKED_OUT = re.compile(rf"[{MASKS}]{{2,40}}(?=[0-9])")  # ___15条: a name is blanked out, and a number follows
BLANKED_TAIL = re.compile(r"-{2,4}(?=[\u4e00-\u9fff%])")  # 20--头
DIGITS_ONLY = re.compile(r"[0-9]{1,64}")
JOINED = re.compile(
    rf"(?<=[{''.join(SCALES)}点]) +(?=[{HAN}])|(?<=[{HAN}]) +(?=[{''.join(SCALES)}点])"
)  # blanks inside one numeral: 一百 五 十 二
ENDS_OF_SCALES = re.compile(f"[{''.join(SCALES)}]")
OWN_KILO = re.compile(r"[万亿][零〇]?[一二两三四五六七八九壹贰叁肆伍陆柒捌玖]千$")
KILO_UNIT, MEGA_NUMBER = re.compile(KILO), re.compile(MEGA)
BELOW_ZERO_NUMBER = re.compile(r"零下 ?[0-9一二三四五六七八九十]")
ONE_OR_TWO = re.compile(r"[一三]两(?=[个户人名次年天件亩万千百处项家头只株位岁月周日公米吨里元条座间台套份所])")

# What stands left of a numeral and belongs to it. 户数十户 is 户数 and 十户, but 约数十户 several tens.
SEVERAL = re.compile(r"(?<![人户总次个基件岁参指份额头只亩台间座年天月位字班票倍分])数|几")
ABOVE = re.compile(r"(?<![以网会路山线晚早地天身手村马树床楼车船图书纸台桌墙门街])上")
# A minus sign is no dash of a range: it opens a line or a bracket, or follows a mark or the verb of its number.
SIGN = re.compile(
    r"(?<![^\s（(,，:：;；、。=为是达率长幅度温至到比差减增降约和])(?<![0-9]\s)[-－−]"
    r"|(?<![抱肩担胜欺自正辜背减身])负(?:的(?=[百千万]分))? ?|零下 ?"
)
LEFT = frozenset("负-－−下几数上的" + " ")
SLASHES = frozenset("/／")
RIGHT = MORE | BLANK | LETTERS | SLASHES | frozenset("分又成×xX*-几点")
NEAR_BARE = frozenset(BIG)
SIGNED_UNITS = frozenset("%％‰℃°")
NUMERAL_SIGNS = HAN_SIGNS | frozenset("0123456789")
FIFTY = Decimal(50)  # percent: 一半
MISSING = Number(None, masked=True)


class Found(NamedTuple):
    """A numeral of the scan: where it stands and what it says (percent where `kind` is fraction)."""

    start: int
    end: int
    kind: str  # plain, han: a number; fraction; bare: 万 alone; some: 某; dashes: --; factor: 3 of 3×5米; rest: a code
    number: Number | None


def scan(text: str) -> Iterator[Found]:
    """The numerals of `text`, masks among them, in order."""
    search = RUN.search
    at = end = 0
    while run := search(text, at):
        start, stop = run.span()
        found = _read(text, start, stop)
        if found is None:
            at = stop
            continue
        yield found if found.start >= end else found._replace(start=start)
        at = end = found.end
        if found.kind == "factor" and (sign := PRODUCT.match(text, start)):
            at = sign.end()


def _read(text: str, start: int, stop: int) -> Found | None:
    """The numeral that begins with the run of signs text[start:stop], or None if none does."""
    first = text[start]
    if first in HAN_SIGNS:
        return _han(text, start, stop)
    if first == "-":
        return _dashes(text, start, stop)
    if first == WHOLE_MASK:
        return Found(start, stop, "some", MISSING)
    if text[stop : stop + 1] in RIGHT or text[start - 1 : start] in LEFT or text[start - 1 : start] in LETTERS:
        return _arabic(text, start, stop)
    number = parse(text[start:stop])
    if number is None or number.masked:
        return _arabic(text, start, stop)
    return Found(start, stop, "plain", number)


def _dashes(text: str, start: int, stop: int) -> Found | None:
    """--户: digits blanked out. Dashes between words, and of 县-村-户四级, are none."""
    if text[stop : stop + 1] in "—0123456789 \u3000" or text[start - 1 : start] == "—":
        return None
    if stop - start > 4 or (stop - start == 1 and "-" in text[max(0, start - 3) : start]):
        return None
    return Found(start, stop, "dashes", MISSING)


def _arabic(text: str, start: int, stop: int) -> Found | None:
    """A run of Arabic digits and masks that something touches."""
    before, after = text[start - 1 : start], text[stop : stop + 1]
    if before in LETTERS or (after in LETTERS and not LATIN_UNIT.match(text, stop)):
        digits = DIGITS_ONLY.search(text, start, stop)
        return Found(*digits.span(), "rest", parse(digits[0])) if digits else None
    if LEADING_SIGN.match(text, start):
        return _read(text, start + 1, stop)
    product = PRODUCT.match(text, start)
    if product:
        return Found(start, product.end(1), "factor", parse(product[1]))
    tail = BLANKED_TAIL.match(text, stop)
    if tail:
        stop = tail.end()
    return _touching(text, start, stop, _whole(text, start, stop, "plain", parse(text[start:stop])))


def _whole(text: str, start: int, stop: int, kind: str, number: Number | None) -> Found:
    """The run as one numeral, or as much of its beginning as is one: 五六万|七八千, ___|15."""
    blanked = BLANKED_OUT.match(text, start, stop)
    if blanked:
        return Found(start, blanked.end(), kind, MISSING)
    if number is None:
        for cut in [m.end() for m in ENDS_OF_SCALES.finditer(text, start, stop)][5::-1]:
            number = parse(text[start:cut])
            if number is not None:
                return Found(start, cut, kind, number)
        digits = DIGITS_ONLY.match(text, start, stop)
        if digits and digits.end() < stop:
            return Found(start, digits.end(), kind, parse(digits[0]))
    return Found(start, stop, kind if number else "rest", number)


def _han(text: str, start: int, stop: int) -> Found | None:
    """A run of Chinese numeral signs."""
    stop = _end_of_han(text, start, stop)
    if stop == start:
        return None
    run = text[start:stop]
    if run[0] in SCALES and (several := _several(text, start, stop)):
        return several
    if run in NEAR_BARE and text[stop : stop + 1] != PART:
        return Found(start, stop, "bare", parse(run))
    if len(run) > 1 and NOUGHTS.issuperset(run):
        return Found(start, stop, "plain", MISSING if "○" in run else parse(run))
    if run == ONE + HALF:
        return Found(start, stop, "fraction", Number(FIFTY))
    found = _whole(text, start, stop, "han", parse(run))
    return _touching(text, start, stop, found) if found.end == stop else found


def _end_of_han(text: str, start: int, stop: int) -> int:
    """Where a run of Chinese signs ends once what belongs to the unit behind it is left out: 五|千瓦, 三十|两."""
    run = text[start:stop]
    if " " in run:
        gap = JOINED.sub(lambda m: "_" * len(m[0]), run).find(" ")
        if gap >= 0:
            stop = start + gap
            run = text[start:stop]
    if run.endswith("千") and not KILO_UNIT.match(text, stop - 1) and not OWN_KILO.search(run):
        return stop - 1
    if run.endswith("兆") and not MEGA_NUMBER.match(text, stop - 1):
        return stop - 1
    if run == BELOW_ZERO[0] and BELOW_ZERO_NUMBER.match(text, start):
        return start
    if len(run) > 1 and run.endswith(PAIR) and not ONE_OR_TWO.match(text, stop - 2):
        return stop - 1
    if len(run) > 1 and run.endswith(HALF) and run != ONE + HALF:
        return stop - 1
    return stop


def _several(text: str, start: int, stop: int) -> Found | None:
    """几十, 数百万, 上千: a scale without a digit, and what leaves it open."""
    run = text[start:stop]
    if not SCALES.keys() >= set(run):
        return None
    if ABOVE.match(text, start - 1):
        number = parse(run)
        return number and Found(start - 1, stop, "han", number._replace(qualifier="about"))
    if not SEVERAL.match(text, start - 1):
        return None
    first, rest = size_of(run[0]), size_of(run[1:])
    return Found(start - 1, stop, "han", Number(None, 2 * first * rest, (10 * first - 1) * rest, qualifier="about"))


def _touching(text: str, start: int, stop: int, found: Found) -> Found:
    """The numeral with what touches it on either side: 十|余万, 百|分之三十, 八|成五, 三|又二分之一, 负|五."""
    if found.number is None or found.end != stop:
        return found
    beyond = text[stop : stop + 3].lstrip()[:1]
    if beyond == PART and (part := _share(text, start, stop)):
        found = part
    elif beyond in SLASHES and (slash := SLASH.match(text, stop)):
        found = Found(start, slash.end(), "fraction", share(found.number, parse(slash[1])))
    elif beyond == TENTH and (tenths := TENTHS.match(text, stop)):
        whole = fraction(text[start : tenths.end()])
        found = Found(start, tenths.end(), "fraction", whole) if whole else found
    elif beyond in MORE and (more := MORE_SCALE.match(text, stop)):
        found = _with_more(found, more)
    elif beyond == AND:
        found = _and_share(text, found)
    return _signed(text, found) if text[start - 1 : start] in LEFT else found


def _share(text: str, start: int, stop: int) -> Found | None:
    """百分之三十, 三分之一, 百分三十, 百分百."""
    divided = DIVIDED.match(text, stop)
    if not divided or not (divided[1] or text[start:stop] == "百"):
        return None
    top = _number_at(text, divided.end())
    if top is None:
        return None
    percent = share(top.number, parse(text[start:stop]), -1 if divided[0].rstrip()[-1:] in MINUS else 1)
    return percent and Found(start, top.end, "fraction", percent)


def _number_at(text: str, at: int) -> Found | None:
    """The numeral that begins at `at`, without what touches it."""
    run = RUN.match(text, at)
    if run is None or run[0][0] == "-":
        return None
    stop = _end_of_han(text, at, run.end()) if run[0][0] in HAN_SIGNS else run.end()
    found = _whole(text, at, stop, "plain", parse(text[at:stop])) if stop > at else None
    return found if found and found.number else None


def _with_more(found: Found, more: re.Match[str]) -> Found:
    """十余万, 二十几万, 一百几十万."""
    number, scale = found.number, more[2].replace(" ", "")
    if number is None or number.value is None:
        return found
    if more[1] == SOME and scale[0] not in BIG:  # 一百几十万 is 一百万 and something
        scale = scale[1:]
    value = number.value * size_of(scale)
    return Found(found.start, more.end(), found.kind, Number(value, qualifier="about" if more[1] == SOME else "over"))


def _and_share(text: str, found: Found) -> Found:
    """三又二分之一 is 3.5."""
    at = text.index(AND, found.end) + 1
    below = _number_at(text, at + (text[at : at + 1] == " "))
    part = _share(text, below.start, below.end) if below else None
    if part is None or part.number is None or part.number.value is None:
        return found
    if found.number is None or found.number.value is None:
        return found
    return Found(found.start, part.end, found.kind, Number(found.number.value + part.number.value / 100))


def _is_minus(text: str, start: int, end: int) -> bool:
    """有-13%, 为-5℃: a dash between a word and a rate or a temperature; behind 3户 it is that of a range."""
    return (
        text[start - 1] in MINUS
        and text[end : end + 1] in SIGNED_UNITS
        and "\u4e00" <= text[start - 2 : start - 1] <= "\u9fff"
        and NUMERAL_SIGNS.isdisjoint(text[max(0, start - 4) : start - 1])
    )


def _signed(text: str, found: Found) -> Found:
    """负五, -5, 零下5: the sign belongs to the numeral."""
    number, start = found.number, found.start
    if number is None or number.masked:
        return found
    for width in (1, 2, 3):
        sign = SIGN.match(text, start - width) if start >= width else None
        if (sign and sign.end() == start) or (width == 1 and _is_minus(text, start, found.end)):
            low, high = number.low, number.high
            number = number._replace(
                value=None if number.value is None else -number.value,
                low=None if high is None else -high,
                high=None if low is None else -low,
            )
            return Found(start - width, found.end, found.kind, number)
    return found
