"""How likely a text is, character by character: the model that tells mended text from garble.

Words follow one another independently, each as often as jieba's dictionary (dict.txt, 349,000 words) and the document
itself have it; a word is spelled along the tree of all words. A model of three characters without word ends was tried
and is worse: in 责任意识 it counts the word 任意. All in simplified characters. Built once per process, when a text
first needs it.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import regex

LENGTH = 4  # longest word, in characters: four of 16 bits fill one number of 64
OWN = 0.1  # the weight of the document's own words beside the dictionary
OWN_CHARS = 200_000  # of the document that are looked at
TIMES = 2  # how often a string must stand in the document to count as a word of its own
ANY = 0.02  # the share of a character's occurrences that counts as if it were a word by itself
ALONE = -1.5  # ln of how much rarer words of one character are in a report than in the dictionary's sources
FLOOR = 1e-8  # the chance of a character that no word begins with
# Chances of what is no Chinese character, by its look; in reports about one character in nine is a mark.
MARKS = {"，": 0.04, "。": 0.03, "、": 0.02, ",": 0.03, "“": 0.004, "”": 0.004, "：": 0.004, ":": 0.004, "；": 0.005,
         ";": 0.004, ".": 0.003, "《": 0.002, "》": 0.002, "（": 0.003, "）": 0.003, "(": 0.003, ")": 0.003, " ": 0.004,
         "！": 0.0005, "？": 0.0005, "—": 0.001, "\u3000": 0.002}  # fmt: skip
DIGIT, LETTER, SYMBOL = 0.01, 0.0005, 1e-7
WORD = regex.compile(r"^([\u4e00-\u9fff]{1,4}+) ([0-9]{1,9}+)", regex.MULTILINE)
OTHER = regex.compile(r"[^\u4e00-\u9fff]++")

Word = int  # up to four characters, 16 bits each
EDGE: Word = 0  # no word is open
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Tree:
    """How often each word stands, and how often any word that begins with given characters."""

    def __init__(self, words: Ints, times: Floats) -> None:
        """`words` has a row of LENGTH code points for each word, filled up with 0."""
        keys = np.zeros(len(words), np.int64)
        self.mass: dict[Word, float] = {}
        self.whole: dict[Word, float] = {}
        for i in range(LENGTH):
            longer = words[:, i] > 0
            keys, words, times = (keys << 16 | words[:, i])[longer], words[longer], times[longer]
            ends = words[:, i + 1] == 0 if i + 1 < LENGTH else np.ones(len(words), bool)
            self.mass |= _sums(keys, times)
            self.whole |= _sums(keys[ends], times[ends])
        self.total = sum(n for word, n in self.mass.items() if word < 1 << 16)


def _sums(keys: Ints, times: Floats) -> Iterator[tuple[Word, float]]:
    """Each key with the sum of its `times`."""
    unique, place = np.unique(keys, return_inverse=True)
    return zip(unique.tolist(), np.bincount(place, times).tolist(), strict=True)


def _codes(text: str) -> Ints:
    return np.frombuffer(text.encode("utf-32-le"), np.uint32).astype(np.int64)


@lru_cache(maxsize=1)
def dictionary() -> Tree:
    """The words of jieba's dictionary; its module is not imported, only its word list read."""
    found = importlib.util.find_spec("jieba")
    home = Path(found.origin).parent if found and found.origin else Path()
    rows = WORD.findall((home / "dict.txt").read_text("utf-8"))
    words = _codes("".join(word.ljust(LENGTH, "\0") for word, _ in rows)).reshape(-1, LENGTH)
    times = np.array([float(n) for _, n in rows])
    # Any character may stand alone: 驻 in 驻村, which is no word of the dictionary.
    spread = np.bincount(words.reshape(-1), np.repeat(times * ANY, LENGTH))
    chars = np.flatnonzero(spread[1:]) + 1
    alone = np.pad(chars.reshape(-1, 1), ((0, 0), (0, LENGTH - 1)))
    return Tree(np.concatenate([words, alone]), np.concatenate([times, spread[chars]]))


def _repeated(document: str) -> Tree:
    """The strings of two to four characters that a document repeats."""
    text = _codes(OTHER.sub("\0", document[:OWN_CHARS]) + LENGTH * "\0")
    rows: list[Ints] = []
    counts: list[Floats] = []
    for n in range(2, LENGTH + 1):
        grams = np.stack([text[i : len(text) - LENGTH + i] for i in range(n)], axis=1)
        unique, times = np.unique(grams[(grams > 0).all(axis=1)], axis=0, return_counts=True)
        unique, times = unique[times >= TIMES], times[times >= TIMES]
        rows.append(np.pad(unique, ((0, 0), (0, LENGTH - n))))
        counts.append(times.astype(np.float64))
    return Tree(np.concatenate(rows), np.concatenate(counts))


class Model:
    """Log chances of words, from the dictionary and one document (of simplified characters).

    `mass` is how often words begin with given characters; the search reads it directly, for that is what it does most.
    """

    def __init__(self, document: str = "") -> None:
        words, own = dictionary(), _repeated(document)
        self.mass, self._whole = words.mass, words.whole
        if own.total:
            scale = OWN / (1 - OWN) * words.total / own.total
            self.mass, self._whole = _joined(words.mass, own.mass, scale), _joined(words.whole, own.whole, scale)
        self._memo: dict[Word, float | None] = {EDGE: 0.0}

    def closes(self, word: Word) -> float | None:
        """ln P that an open word ends; None if it is none."""
        if word not in self._memo:
            whole = self._whole.get(word, 0.0)
            alone = word < 1 << 16
            chance = math.log(whole / self.mass[word]) if whole else 0.0 if alone else None
            self._memo[word] = chance if chance is None or not alone else chance + ALONE
        return self._memo[word]


def _joined(one: Mapping[Word, float], other: Mapping[Word, float], scale: float) -> dict[Word, float]:
    joined = dict(one)
    for word, times in other.items():
        joined[word] = joined.get(word, 0.0) + scale * times
    return joined


def opens(char: str) -> float:
    """ln P that a word begins with `char`."""
    return math.log(max(FLOOR, dictionary().mass.get(ord(char), 0.0) / dictionary().total))


def mark(char: str) -> float:
    """ln P of what is no Chinese character."""
    return math.log(MARKS.get(char) or (DIGIT if char.isdigit() else LETTER if char.isascii() else SYMBOL))
