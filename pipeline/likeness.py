"""How much a text looks like Chinese: the log frequencies of its characters, from the dictionary that jieba ships.

Readers choose an encoding by it and repairs their cases; neither needs words, so a count of characters is enough.
"""

from __future__ import annotations

import math
from collections import Counter
from functools import lru_cache

from pipeline.lexicon import word_counts

# Log frequencies of what the dictionary does not have.
LOST = -14.0  # U+FFFD: about one damaged character in a thousand, and any of 256 bytes
CONTROL = -30.0  # one outweighs several likely characters
UNSEEN = -17.0
PLAIN = -7.0  # ASCII: neither for nor against
MARK = -9.0  # punctuation, full-width forms, accented letters
FEW = 100  # characters that are not worth counting


class Frequencies(dict[str, float]):
    """Log frequency of every character; those that the dictionary does not have are judged by their block."""

    def __missing__(self, char: str) -> float:
        self[char] = value = _by_block(char)
        return value


def _by_block(char: str) -> float:
    if char == "\ufffd":
        return LOST
    if char <= "\x7f":
        return CONTROL if char == "\x7f" or (char < " " and char not in "\t\r\n\f") else PLAIN
    accented = "\xa0" <= char <= "\u01dc" and char.isalpha()
    return MARK if accented or "\u2010" <= char <= "\u2026" or "\uff01" <= char <= "\uff5e" else UNSEEN


@lru_cache(maxsize=1)
def frequencies() -> Frequencies:
    """Log frequency of each character, simplified and traditional: a traditional one counts like its simplified one."""
    import numpy as np
    from opencc import OpenCC

    # In one go over all words: a loop over their characters would take a second of every run.
    known = word_counts()
    codes = np.frombuffer("".join(known).encode("utf-32-le"), "<u4")
    totals = np.bincount(codes, np.repeat(list(known.values()), list(map(len, known))))
    counts = Counter({char: int(totals[ord(char)]) for char in dict.fromkeys("".join(known))})
    traditional = OpenCC("s2t").convert("".join(counts))
    for simple, other in zip(list(counts), traditional, strict=True):
        counts[other] = max(counts[other], counts[simple])
    common = max(counts.values())  # the dictionary has no punctuation: the usual marks are as frequent as characters
    for mark in "，。、；：“”（）《》！？\u3000":
        counts[mark] = common if mark in "，。、" else common // 10
    total = sum(counts.values())
    return Frequencies((c, math.log(n / total)) for c, n in counts.items() if n and c > "\x7f")


def log_likelihood(text: str) -> float:
    """The sum of the log frequencies of the characters of `text`."""
    known = frequencies()
    if len(text) < FEW:
        return sum(map(known.__getitem__, text))
    return sum(n * known[c] for c, n in Counter(text).items())


def likeness(text: str) -> float:
    """The mean log frequency: -8 to -9 of a Chinese text, below -12 of one read in a wrong encoding; 0.0 of none."""
    return log_likelihood(text) / len(text) if text else 0.0
