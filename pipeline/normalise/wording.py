"""How likely a text is, character by character: the model that tells mended text from garble.

Words follow one another independently, each as often as jieba's dictionary (dict.txt, 349,000 words) and the document
itself have it; a word is spelled along the tree of all words. A model of three characters without word ends was tried
and is worse: in 责任意识 it counts the word 任意. All in simplified characters. Built once per process, when a text
first needs it.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import regex

from pipeline.lexicon import written

LENGTH = 4  # longest word, in characters: four of 16 bits fill one number of 64
OWN = 0.1  # the weight of the document's own words beside the dictionary
OWN_CHARS = 200_000  # of the document that are looked at
TIMES = 2  # how often a string must stand in the document to count as a word of its own
ANY = 0.02  # the share of a character's occurrences that counts as if it were a word by itself
ALONE = -1.5  # ln of how much rarer words of one character are in a report than in the dictionary's sources
FLOOR = 1e-8  # the chance of a character that no word begins with
SELDOM = math.log(FLOOR)
# Chances of what is no Chinese character, by its look; in reports about one character in nine is a mark.
MARKS = {"，": 0.04, "。": 0.03, "、": 0.02, ",": 0.03, "“": 0.004, "”": 0.004, "：": 0.004, ":": 0.004, "；": 0.005,
         ";": 0.004, ".": 0.003, "《": 0.002, "》": 0.002, "（": 0.003, "）": 0.003, "(": 0.003, ")": 0.003, " ": 0.004,
         "！": 0.0005, "？": 0.0005, "—": 0.001, "\u3000": 0.002}  # fmt: skip
DIGIT, CAPITAL, LETTER, SYMBOL = 0.01, 0.0005, 1e-5, 1e-7
OTHER = regex.compile(r"[^\u4e00-\u9fff]++")

Word = int  # up to four characters, 16 bits each
EDGE: Word = 0  # no word is open
PLACES = np.array([1 << 16 * i for i in reversed(range(LENGTH))], np.uint64)
Keys = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]


class Level(NamedTuple):
    """What words of a tree begin with, as far as n characters go: sorted keys, so that those alike are neighbours."""

    keys: Keys
    mass: Floats  # how often any word that begins so stands
    whole: Floats  # how often the word that is no longer stands


class Stem(NamedTuple):
    """One beginning: how often words that begin so stand, how often it is the word, and what follows in the others."""

    mass: float
    whole: float
    codes: Keys
    following: Floats


class Tree:
    """How often each word stands, and how often any word that begins with given characters."""

    def __init__(self, words: Keys, times: Floats) -> None:
        """`words` has a row of LENGTH code points for each word, filled up with 0."""
        keys = np.zeros(len(words), np.uint64)
        self.levels: list[Level] = []
        for i in range(LENGTH):
            longer = words[:, i] > 0
            keys, words, times = (keys << np.uint64(16) | words[:, i])[longer], words[longer], times[longer]
            ends = words[:, i + 1] == 0 if i + 1 < LENGTH else np.ones(len(words), bool)
            unique, place = _distinct(keys)
            mass, whole = (np.bincount(place, t, len(unique)).astype(np.float64) for t in (times, times * ends))
            self.levels.append(Level(unique, mass, whole))
        self.levels.append(Level(keys[:0], times[:0], times[:0]))
        self.total = float(self.levels[0].mass.sum())
        self._keys = [level.keys.data for level in self.levels]  # bisect is quicker on these for a single word

    def stem(self, word: Word) -> Stem:
        """What the tree knows of words that begin with `word`."""
        at = (word.bit_length() - 1) // 16
        known, longer = self._keys[at], self._keys[at + 1]
        i = bisect_left(known, word)
        if i == len(known) or known[i] != word:
            return Stem(0.0, 0.0, self.levels[-1].keys, self.levels[-1].mass)
        first = bisect_left(longer, word << 16)
        span = slice(first, bisect_right(longer, word << 16 | 0xFFFF, first))
        level, following = self.levels[at], self.levels[at + 1]
        codes = following.keys[span] & np.uint64(0xFFFF)
        return Stem(float(level.mass[i]), float(level.whole[i]), codes, following.mass[span])


def _distinct(keys: Keys) -> tuple[Keys, npt.NDArray[np.intp]]:
    """The different keys in order, and the place of each key among them; quick where most are in order already."""
    order = keys.argsort(kind="stable")
    ordered = keys[order]
    fresh = np.ones(len(keys), bool)
    fresh[1:] = ordered[1:] != ordered[:-1]
    place = np.empty(len(keys), np.intp)
    place[order] = np.cumsum(fresh) - 1
    return ordered[fresh], place


def _codes(text: str) -> Keys:
    return np.frombuffer(text.encode("utf-32-le"), np.uint32).astype(np.uint64)


@lru_cache(maxsize=1)
def dictionary() -> Tree:
    """The words of jieba's dictionary."""
    words, times = _listed(written())
    # Any character may stand alone: 驻 in 驻村, which is no word of the dictionary.
    spread = np.bincount(words.reshape(-1).astype(np.int64), np.repeat(times * ANY, LENGTH))
    chars = np.flatnonzero(spread[1:]) + 1
    alone = np.pad(chars.reshape(-1, 1), ((0, 0), (0, LENGTH - 1))).astype(np.uint64)
    return Tree(np.concatenate([words, alone]), np.concatenate([times, spread[chars]]))


def _listed(text: str) -> tuple[Keys, Floats]:
    """The Chinese words of up to LENGTH characters that a dictionary's text lists, a row each, and their counts.

    All lines at once: read one by one they take ten times as long.
    """
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    blanks = np.flatnonzero(codes == ord(" ")).reshape(-1, 2)  # behind the word, and behind the count
    starts = np.concatenate([[0], np.flatnonzero(codes == ord("\n"))[: len(blanks) - 1] + 1])
    short = blanks[:, 0] - starts <= LENGTH
    starts, (ends, stops) = starts[short], blanks[short].T
    words = codes[starts[:, None] + np.arange(LENGTH)]
    words[np.arange(LENGTH) >= (ends - starts)[:, None]] = 0
    taken = (((words >= 0x4E00) & (words <= 0x9FFF)) | (words == 0)).all(axis=1)
    words, ends, stops = words[taken].astype(np.uint64), ends[taken], stops[taken]
    times, at = np.zeros(len(words)), ends + 1
    for _ in range(int((stops - at).max())):
        inside = at < stops
        times = np.where(inside, times * 10 + codes[at] - ord("0"), times)
        at += inside
    keys = words @ PLACES
    order = keys.argsort(kind="stable")
    last = np.ones(len(keys), bool)  # of lines with the same word the last one counts
    last[order[:-1]] = keys[order[1:]] != keys[order[:-1]]
    return words[last], times[last]


def _repeated(document: str) -> Tree:
    """The strings of two to four characters that a document repeats."""
    text = _codes(OTHER.sub("\0", document[:OWN_CHARS]) + LENGTH * "\0")
    last = len(text) - LENGTH
    rows, counts = [np.zeros((0, LENGTH), np.uint64)], [np.zeros(0)]
    for n in range(2, LENGTH + 1):
        chars = [text[i : last + i] for i in range(n)]
        keys = sum((c << np.uint64(16 * i) for i, c in enumerate(chars)), start=np.zeros(last, np.uint64))
        unique, times = np.unique(keys[np.all(chars, axis=0)], return_counts=True)
        unique, times = unique[times >= TIMES], times[times >= TIMES]
        rows.append(np.stack([unique >> np.uint64(16 * i) & np.uint64(0xFFFF) for i in range(LENGTH)], axis=1))
        counts.append(times.astype(np.float64))
    return Tree(np.concatenate(rows), np.concatenate(counts))


class After(NamedTuple):
    """How an open word can go on: ln P that it ends (None if it is no word), and of each character in it."""

    closes: float | None
    gains: Mapping[int, float]  # what the dictionary says, which is rarer where the document says something too
    most: float  # no gain is larger
    rarer: float = 0.0  # is added to `gains`
    own: Mapping[int, float] = MappingProxyType({})  # for characters that the document has here: instead of `gains`


START = After(0.0, {}, -math.inf)


class Model:
    """Log chances of words, from the dictionary and one document (of simplified characters)."""

    def __init__(self, document: str = "") -> None:
        self._own = own = _repeated(document)
        self._scale = OWN / (1 - OWN) * dictionary().total / own.total if own.total else 0.0
        self._said = {key for level in own.levels for key in level.keys.tolist()}  # words of the document, and stems
        self._memo: dict[Word, After] = {EDGE: START}

    def after(self, word: Word) -> After:
        """How the open word goes on."""
        found = self._memo.get(word)
        if found is None:
            found = self._memo[word] = self._joined(word) if word in self._said else _known(word).after
        return found

    def _joined(self, word: Word) -> After:
        """How a word goes on of which the document says something."""
        known, own, scale = _known(word), self._own.stem(word), self._scale
        mass = known.mass + scale * own.mass
        gains, rarer = known.after.gains, math.log(known.mass / mass) if known.mass else 0.0
        said = {}
        for code, times in zip(own.codes.tolist(), own.following.tolist(), strict=True):
            before = math.exp(gains[code] + rarer) if code in gains else 0.0
            said[code] = math.log(before + scale * times / mass)
        most = max(known.after.most + rarer, max(said.values(), default=-math.inf))
        return After(_closes(word, mass, known.whole + scale * own.whole), gains, most, rarer, said)


class Known(NamedTuple):
    """What the dictionary says of a beginning: how often it stands, and how often as a word; how it goes on."""

    mass: float
    whole: float
    after: After


@lru_cache(maxsize=20_000)
def _known(word: Word) -> Known:
    """What the dictionary says of `word`."""
    mass, whole, codes, following = dictionary().stem(word)
    gains = dict(zip(codes.tolist(), np.log(following / mass).tolist(), strict=True)) if len(codes) else {}
    return Known(mass, whole, After(_closes(word, mass, whole), gains, max(gains.values(), default=-math.inf)))


def _closes(word: Word, mass: float, whole: float) -> float | None:
    alone = word < 1 << 16
    closes = math.log(whole / mass) if whole else 0.0 if alone else None
    return closes if closes is None or not alone else closes + ALONE


@lru_cache(maxsize=1)
def openings() -> Mapping[int, float]:
    """ln P that a word begins with each character; SELDOM of any other."""
    first, total = dictionary().levels[0], dictionary().total
    return {
        code: math.log(max(FLOOR, mass / total))
        for code, mass in zip(first.keys.tolist(), first.mass.tolist(), strict=True)
    }


def mark(char: str) -> float:
    """ln P of what is no Chinese character."""
    chance = MARKS.get(char) or (DIGIT if char.isdigit() else CAPITAL if "A" <= char <= "Z" else 0.0)
    return math.log(chance or (LETTER if char.isascii() else SYMBOL))
