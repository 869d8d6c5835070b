"""The dictionary that jieba ships: its words, how often each stood in the texts that were counted, and their tags.

The file is read where it lies, once and in one go: jieba's own ways to load it and the tags take seconds of every run.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple


class Lexicon(NamedTuple):
    """A word, its count and its ICTCLAS tag stand at the same place of each list."""

    words: list[str]
    counts: list[int]
    tags: list[str]


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The dictionary as it lies in the package."""
    fields = written().split()
    return Lexicon(fields[::3], list(map(int, fields[1::3])), fields[2::3])


def written() -> str:
    """The text of the dictionary: a word, its count and its tag a line, with a blank between them."""
    spec = find_spec("jieba")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("jieba is not installed; run make .venv")
    return (Path(spec.origin).parent / "dict.txt").read_bytes().decode()


@lru_cache(maxsize=1)
def word_counts() -> dict[str, int]:
    """How often each word stands in the texts that were counted."""
    return dict(zip(lexicon().words, lexicon().counts, strict=True))
