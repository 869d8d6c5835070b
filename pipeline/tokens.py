"""spaCy's documents over the words of jieba, with the domain lexicon of rules/ in its dictionary.

Tokenising is slow (about 1 MB/s), so only the few words around a number are ever tokenised. Parts of speech come from
jieba's own dictionary (ICTCLAS tags); words of the topic rules are nouns, or verbs where their rule is an act.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from importlib.util import find_spec, module_from_spec
from typing import NamedTuple

from pipeline.lexicon import index
from pipeline.rules import RuleSet

# High enough that jieba never splits a domain word, low enough that a longer dictionary word still wins.
DOMAIN_FREQUENCY = 20_000
MARK = "。"  # between texts that are cut in one go: a word of its own, whatever stands beside it


class Word(NamedTuple):
    """A word and its ICTCLAS tag."""

    text: str
    tag: str


class Tokeniser:
    """Cuts a stretch of text into words with parts of speech."""

    def __init__(self, rules: RuleSet) -> None:
        with warnings.catch_warnings(), _without("pkg_resources"):
            warnings.simplefilter("ignore")  # jieba 0.42 has invalid escapes
            import jieba
        with _unopened("spacy"):
            from spacy.tokens import Doc
            from spacy.util import get_words_and_spaces
            from spacy.vocab import Vocab
        # Its own copy: each word added to a shared one changes the likelihood of all others, so that 在建设中 was cut
        # as 在建设|中 or not, depending on how many rule sets the process had loaded.
        dictionary = jieba.Tokenizer()
        self._tags: dict[str, str] = {}
        self._own: dict[str, list[str]] = {}  # the words of the rules, by their first two characters
        words = [(w, "v" if r.kind == "act" else "n") for r in rules.topics for w in r.words if len(w) > 1]
        # 新打|冷库: the verb must not be swallowed by what follows
        words += [(w, "x") for cue in rules.cues["subject"] for w in cue.words if len(w) > 1]
        for word, tag in words:
            self._own.setdefault(word[:2], []).append(word)
            self._tags.setdefault(word, tag)
        self._counts: dict[str, int] = {}
        self._lengths: dict[str, tuple[int, ...]] = {}  # of words, by the first two characters, where looked up
        dictionary.FREQ, dictionary.total, dictionary.initialized = self._counts, index().total, True
        dictionary.total += DOMAIN_FREQUENCY * len(words)
        dictionary.get_DAG = self._ends
        self._cut, self._split, self._document = dictionary.cut, get_words_and_spaces, partial(Doc, Vocab())

    def __call__(self, texts: Sequence[str]) -> list[tuple[Word, ...]]:
        """The words of each text in order; no text may hold a MARK.

        All are cut in one go: to make a document costs as much as to cut the few words that most texts are.
        """
        if not texts:
            return []
        joined = MARK.join(texts)
        words, spaces = self._split([word for word in self._cut(joined) if word], joined)
        found: list[list[Word]] = [[]]
        for token in self._document(words=words, spaces=spaces):
            text = token.text
            if text == MARK:
                found.append([])
            else:
                found[-1].append(Word(text, self._tag(text)))
        return [tuple(words) for words in found]

    def _tag(self, word: str) -> str:
        if word[:2] not in self._lengths:
            self._learn(word[:2])
        return self._tags.get(word, "x")

    def _ends(self, sentence: str) -> dict[int, list[int]]:
        """For each character where the words end that begin there; at itself if none does.

        As jieba finds it, but the words are looked up as they are needed: a run over few files needs one in a hundred,
        and to load them all took half a second.
        """
        counts, known, length = self._counts, self._lengths, len(sentence)
        found: dict[int, list[int]] = {}
        for at in range(length):
            pair = sentence[at : at + 2]
            lengths = known[pair] if pair in known else self._learn(pair)
            ends = [at + n - 1 for n in lengths if at + n <= length and sentence[at : at + n] in counts]
            found[at] = ends or [at]
        return found

    def _learn(self, pair: str) -> tuple[int, ...]:
        """Looks up the words that begin with two characters, or are the first alone; returns their lengths."""
        entries, own = index().beginning(pair), self._own.get(pair, [])
        self._counts.update((e.word, e.times) for e in entries if e.times)
        self._tags.update((e.word, e.tag) for e in entries)
        self._counts.update((word, DOMAIN_FREQUENCY) for word in own)
        self._lengths[pair] = tuple(sorted({*(len(e.word) for e in entries), *map(len, own)}))
        return self._lengths[pair]


@contextmanager
def _without(name: str) -> Iterator[None]:
    """Lets no module of this name be found: jieba does as well without the one it looks for, which takes long to load.

    One that is loaded already stays.
    """
    spared = name not in sys.modules
    if spared:
        sys.modules[name] = None  # type: ignore[assignment]  # what the import system takes for "there is none"
    try:
        yield
    finally:
        if spared:
            del sys.modules[name]


@contextmanager
def _unopened(name: str) -> Iterator[None]:
    """Lets modules of the package be imported without its `__init__`, which is run when something else of it is used.

    That of spaCy imports every component and its command line with web clients: four tenths of a second of every run.
    """
    spec = None if name in sys.modules else find_spec(name)
    if spec is None or spec.loader is None:
        yield
        return
    loader, package = spec.loader, module_from_spec(spec)
    sys.modules[name] = package
    try:
        yield
    except BaseException:
        del sys.modules[name]
        raise

    def open_package(wanted: str) -> object:
        del package.__getattr__
        loader.exec_module(package)
        return getattr(package, wanted)

    package.__getattr__ = open_package  # type: ignore[method-assign]


@lru_cache(maxsize=2)
def tokeniser(rules: RuleSet) -> Tokeniser:
    """The tokeniser for `rules`, built once per process."""
    return Tokeniser(rules)
