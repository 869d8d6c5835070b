"""The dictionary that jieba ships: its words, how often each stood in the texts that were counted, and their tags.

The file is read where it lies, once: jieba's own ways to load it and the tags take seconds of every run. Who needs all
words takes `lexicon`; who needs few looks them up in `Index`, which reads only their lines.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np


class Lexicon(NamedTuple):
    """A word, its count and its ICTCLAS tag stand at the same place of each list."""

    words: list[str]
    counts: list[int]
    tags: list[str]


def _file() -> Path:
    spec = find_spec("jieba")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("jieba is not installed; run make .venv")
    return Path(spec.origin).parent / "dict.txt"


def written() -> str:
    """The text of the dictionary: a word, its count and its tag a line, with a blank between them."""
    return _file().read_bytes().decode()


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The dictionary as it lies in the package."""
    fields = written().split()
    return Lexicon(fields[::3], list(map(int, fields[1::3])), fields[2::3])


@lru_cache(maxsize=1)
def word_counts() -> dict[str, int]:
    """How often each word stands in the texts that were counted."""
    return dict(zip(lexicon().words, lexicon().counts, strict=True))


class Entry(NamedTuple):
    """A word with its count and its ICTCLAS tag."""

    word: str
    times: int
    tag: str


class Index:
    """Where in the file the words are that begin with a character. `total` is the sum of all counts."""

    def __init__(self) -> None:
        import numpy as np

        self._bytes = _file().read_bytes()
        codes = np.frombuffer(self._bytes, np.uint8)
        ends = np.flatnonzero(codes == ord("\n"))
        starts = np.append(0, ends[:-1] + 1)
        chars = _first_chars(codes, starts)
        # The words of a character stand together, but for a few strays.
        changes = np.flatnonzero(np.diff(chars, prepend=0))
        self._chars = chars[changes]
        self._starts, self._ends = starts[changes], np.append(ends[changes[1:] - 1], ends[-1]) + 1
        self.total = _total(codes)
        self._lines: dict[str, str] = {}

    def beginning(self, pair: str) -> list[Entry]:
        """The word that is the first character of `pair` alone and those that begin with both, in the file's order."""
        char = pair[:1]
        if char not in self._lines:
            self._lines[char] = self._read(char)
        lines = self._lines[char]
        found: list[Entry] = []
        for start in ("\n" + char + " ", "\n" + pair) if len(pair) > 1 else ("\n" + char + " ",):
            at = lines.find(start)
            while at >= 0:
                end = lines.index("\n", at + 1)
                word, count, tag = lines[at + 1 : end].split(" ")
                found.append(Entry(word, int(count), tag))
                at = lines.find(start, end)
        return found

    def times(self, word: str) -> int:
        """How often the word stands in the texts that were counted; 0 if it is none of the dictionary."""
        return next((entry.times for entry in self.beginning(word[:2]) if entry.word == word), 0)

    def _read(self, char: str) -> str:
        """All lines that begin with `char`, each between line feeds."""
        here = (self._chars == int.from_bytes(char.encode("utf-8", "replace").ljust(4, b"\0"))).nonzero()[0]
        runs = (self._bytes[self._starts[i] : self._ends[i]] for i in here.tolist())
        return "\n" + b"".join(runs).decode("utf-8")


def _first_chars(codes: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """The UTF-8 bytes of the character at each of `starts`, as one number."""
    import numpy as np

    lead = codes[starts]
    width = np.select([lead < 0x80, lead < 0xE0, lead < 0xF0], [1, 2, 3], 4)
    found: np.ndarray = np.zeros(len(starts), np.uint32)
    for i in range(4):  # no line is shorter than four bytes
        found = found << 8 | np.where(i < width, codes[starts + i], 0)
    return found


def _total(codes: np.ndarray) -> int:
    """The sum of the numbers between the two spaces of each line, digit by digit from the right."""
    import numpy as np

    spaces = np.flatnonzero(codes == ord(" "))
    first, at = spaces[::2], spaces[1::2] - 1
    total, worth = 0, 1
    while len(at):
        total += worth * int((codes[at] - ord("0")).sum(dtype=np.int64))
        first, at, worth = first[at - 1 > first], at[at - 1 > first] - 1, worth * 10
    return total


@lru_cache(maxsize=1)
def index() -> Index:
    """The index of the dictionary, built once per process."""
    return Index()
