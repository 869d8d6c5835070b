"""Numbers -> Chinese numerals."""

from __future__ import annotations

from pipeline.numerals.signs import PLAIN


def to_chinese(number: int) -> str:
    """The Chinese numeral of 0 to 9,999,999,999,999: 250 -> 二百五十, 12 -> 十二.

    Raises ValueError outside that range.
    """
    if not 0 <= number < 10**13:
        raise ValueError(f"{number} is outside 0 to 10**13")
    if number == 0:
        return PLAIN[0]
    parts: list[str] = []
    gap = False
    for unit, name in ((10**12, "兆"), (10**8, "亿"), (10**4, "万"), (1, "")):
        head, number = divmod(number, unit)
        if head:
            parts.append((PLAIN[0] if parts and (gap or head < 1000) else "") + _thousands(head) + name)
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
            text += (PLAIN[0] if text and gap else "") + PLAIN[digit] + name
            gap = False
        elif text:
            gap = True
    return text
