"""Which encoding a file is in: its byte order mark, else valid UTF-8, else the reading that looks most like Chinese.

The likeness is the mean log frequency of the characters, by jieba's dictionary; a character that it never saw and
U+FFFD count as very rare. Statistical detectors alone (chardet, charset-normalizer) fail once one byte is damaged.
"""

from __future__ import annotations

import codecs
import math
from collections import Counter
from functools import lru_cache

from pipeline.errors import ReadError

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
CANDIDATES = ("utf-8", "gb18030", "big5hkscs", "utf-16-le", "utf-16-be")
WINDOW = 8192
LOST = -30.0  # log frequency of U+FFFD and of control characters: one such outweighs several likely characters
UNSEEN = -17.0
PLAIN = -7.0  # of ASCII: neither for nor against
WORST = -13.5  # a reading below this mean is no Chinese text


def decode(data: bytes, source: str) -> tuple[str, str, str]:
    """The text of `data`, its encoding, and how that was found.

    Undecodable bytes become U+FFFD and are counted in the third value. Raises ReadError if the bytes are no text.
    """
    for mark, name in MARKS:
        if data.startswith(mark):
            return _lenient(data[len(mark) :], "utf-8" if name == "utf-8-sig" else name, "byte order mark", name)
    if b"\0" not in data:
        try:
            return data.decode("utf-8"), "utf-8", "valid UTF-8"
        except UnicodeDecodeError:
            pass
    scores = {name: _likeness(data[: WINDOW + WINDOW % 2].decode(name, "replace")) for name in CANDIDATES}
    best = max(scores, key=lambda n: scores[n])
    if scores[best] < WORST:
        raise ReadError(f"{source}: this is no text in any known encoding (binary data?); save it as .txt in UTF-8")
    return _lenient(data, best, f"character frequencies ({scores[best]:.1f})", best)


def _lenient(data: bytes, name: str, how: str, shown: str) -> tuple[str, str, str]:
    text = data.decode(name, "replace")
    lost = text.count("\ufffd")
    return text, shown, how + (f", {lost} undecodable" if lost else "")


def _likeness(text: str) -> float:
    """The mean log frequency of the characters of `text`."""
    frequencies = _frequencies()
    counts = Counter(text)
    total = sum(n * _rarity(c, frequencies) for c, n in counts.items())
    return total / max(1, len(text))


def _rarity(char: str, frequencies: dict[str, float]) -> float:
    if char == "\ufffd" or (char < " " and char not in "\t\r\n\f"):
        return LOST
    return PLAIN if char < "\x7f" else frequencies.get(char, UNSEEN)


@lru_cache(maxsize=1)
def _frequencies() -> dict[str, float]:
    """Log frequency of each character, simplified and traditional, from the word counts that jieba ships."""
    from importlib.resources import files

    from opencc import OpenCC

    counts: Counter[str] = Counter()
    for line in files("jieba").joinpath("dict.txt").read_text("utf-8").splitlines():
        word, n, *_ = line.split(" ")
        for char in word:
            counts[char] += int(n)
    traditional = OpenCC("s2t").convert("".join(counts))
    for simple, other in zip(list(counts), traditional, strict=False):
        if other not in counts:
            counts[other] = counts[simple]
    common = max(counts.values())  # the dictionary has no punctuation: the usual marks are as frequent as characters
    for mark in "，。、；：“”（）《》！？\u3000":
        counts[mark] = common if mark in "，。、" else common // 10
    total = sum(counts.values())
    return {c: math.log(n / total) for c, n in counts.items() if n}
